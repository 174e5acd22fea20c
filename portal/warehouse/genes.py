"""Pages of what samples target: every gene, protein, compound and antibody with the components that sampled it, in 64 buckets.

All counting is DuckDB's, on integers; Python sees an entity only when its page is put together, a batch of buckets
at a time, so that memory does not grow with the number of samples. Tables and columns are called after the kind:
`gene_sample(gene, sid)`. These names are ours, never content's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import duckdb

from portal import addresses
from portal.engine.step import canonical
from portal.facts import Appearance, EntityKind, GeneFacts, GeneLine, Ortholog, PhenotypeCount, SampleRef
from portal.model import Term
from portal.warehouse.identity import Gene, identify
from portal.warehouse.inputs import TermsOf
from portal.warehouse.merging import NOTHING, Known
from portal.warehouse.organisms import Organism
from portal.warehouse.rows import number

BUCKETS = 64
MOST_SAMPLES = 50
LISTED = 24  # samples of one component: beyond, a file beside the page lists them all
MOST_REAGENTS = 10
_MOST_SPELLINGS = 10
_BATCH = 30_000  # samples whose pages are put together at once


def bucket_of(slug: str) -> int:
    """The bucket of a gene's page, 0 to 63: spread evenly, and moved by nothing but the slug."""
    return int(hashlib.sha256(slug.encode()).hexdigest()[:2], 16) % BUCKETS


def number_genes(
    con: duckdb.DuckDBPyConnection, organisms: Mapping[str, Organism], kind: EntityKind = "gene", known: Known = NOTHING
) -> list[Gene]:
    """The entities of a kind in the order of their buckets, then slugs; makes gene_sample(gene, sid), `gene` being the index, and
    gene_name(organism, id, symbol, gene), the spellings that tables use.

    Needs `rows.load`. Raises identity.SlugCollision.
    """
    rows = con.execute(f"SELECT DISTINCT organism, id, symbol FROM target WHERE kind = '{kind}' ORDER BY ALL").fetchall()
    genes, of_row = identify(rows, organisms, kind=kind, known=known)
    order = sorted(range(len(genes)), key=lambda n: (bucket_of(genes[n].slug), genes[n].slug))
    rank = {n: place for place, n in enumerate(order)}
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("organism", "id", "symbol"))}
    number(con, f"{kind}_name", columns, {kind: [rank[n] for n in of_row]})
    con.execute(f"""
        CREATE TABLE {kind}_word AS
        SELECT DISTINCT {kind}, sid, t.id, t.symbol
        FROM target t JOIN {kind}_name n
        ON t.organism IS NOT DISTINCT FROM n.organism AND t.id IS NOT DISTINCT FROM n.id AND t.symbol IS NOT DISTINCT FROM n.symbol
        WHERE t.kind = '{kind}'
    """)
    con.execute(f"CREATE TABLE {kind}_sample AS SELECT DISTINCT {kind}, sid FROM {kind}_word ORDER BY {kind}, sid")
    return [genes[n] for n in order]


def gene_facts(
    con: duckdb.DuckDBPyConnection,
    genes: Sequence[Gene],
    labels: Mapping[str, str | None],
    terms: TermsOf,
    links: Mapping[tuple[str, str], str] | None = None,
    kind: EntityKind = "gene",
    orthologs: Mapping[int, tuple[Ortholog, ...]] | None = None,
) -> Iterator[GeneFacts]:
    """Every entity of a kind in the order of `genes` (as `number_genes` gives them). `labels`: study → its short name; `links`:
    (study, component) → its own link template for identifiers of the kind; `orthologs`: by index.
    """
    components = {cid: (study, component) for cid, study, component in con.execute("SELECT * FROM component").fetchall()}
    for first, last in _batches(con, len(genes), kind):
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE batch AS
            SELECT {kind} AS gene, cid, sid, container, control, has_phenotype FROM {kind}_sample JOIN sample USING (sid)
            WHERE {kind} BETWEEN {first} AND {last}
        """)
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE word AS
            SELECT {kind} AS gene, sid, id, symbol FROM {kind}_word WHERE {kind} BETWEEN {first} AND {last}
        """)
        parts = _parts(con, components, terms)
        outside = _outside(con, {cid: links[where] for cid, where in components.items() if where in links} if links else {})
        for n in range(first, last + 1):
            its = orthologs.get(n, ()) if orthologs else ()
            yield _page(genes[n], parts.get(n, {}), components, labels, outside.get(n, {}), its)
        parts.clear()  # before the next batch is put together beside it


def _batches(con: duckdb.DuckDBPyConnection, genes: int, kind: EntityKind) -> Iterator[tuple[int, int]]:
    """Ranges of genes (first and last) that have about _BATCH samples together."""
    counted = dict(con.execute(f"SELECT {kind}, count(*) FROM {kind}_sample GROUP BY {kind}").fetchall())
    first = held = 0
    for n in range(genes):
        held += counted.get(n, 0)
        if held >= _BATCH:
            yield first, n
            first, held = n + 1, 0
    if first < genes:
        yield first, genes - 1


def _outside(con: duckdb.DuckDBPyConnection, templates: Mapping[int, str]) -> dict[int, dict[str, str]]:
    """gene → identifier → its page outside, of the genes in `batch`: as the first component that has it and names one says."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    if not templates:
        return found
    listed = ", ".join(map(str, sorted(templates)))
    for gene, identifier, cid in con.execute(f"""
        SELECT gene, id, min(cid) FROM batch JOIN word USING (gene, sid)
        WHERE id IS NOT NULL AND cid IN ({listed}) GROUP BY gene, id ORDER BY gene, id
    """).fetchall():
        found[gene][identifier] = templates[cid].replace("{id}", quote(identifier, safe=":"))
    return found


def _parts(
    con: duckdb.DuckDBPyConnection, components: Mapping[int, tuple[str, str]], terms: TermsOf
) -> dict[int, dict[int, dict[str, Any]]]:
    """gene → component → what its appearance is made from, of the genes in `batch`."""
    parts: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for gene, cid, *counts in con.execute("""
        SELECT gene, cid, count(*), count(*) FILTER (NOT control), count(*) FILTER (NOT control AND has_phenotype),
            count(DISTINCT container) FILTER (NOT control)
        FROM batch GROUP BY gene, cid ORDER BY gene, cid
    """).fetchall():
        parts[gene][cid] = {"counts": counts, "phenotypes": [], "words": [], "reagents": [], "levels": [], "refs": [], "reagent": (0, 0)}
    for gene, cid, name, samples, samples_nc in con.execute("""
        SELECT gene, cid, phenotype, count(DISTINCT sid), count(DISTINCT sid) FILTER (NOT control)
        FROM batch JOIN observed USING (sid) GROUP BY gene, cid, phenotype ORDER BY gene, cid, 5 DESC, 4 DESC, phenotype
    """).fetchall():
        told = terms.get((*components[cid], name), ())
        parts[gene][cid]["phenotypes"].append(PhenotypeCount(name=name, terms=told, samples=samples, samples_nc=samples_nc))
    for gene, cid, word in con.execute(f"""
        SELECT gene, cid, word FROM (
            SELECT DISTINCT gene, cid, unnest([symbol, id]) AS word FROM batch JOIN word USING (gene, sid)
        ) WHERE word IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY gene, cid ORDER BY word) <= {_MOST_SPELLINGS} ORDER BY ALL
    """).fetchall():
        parts[gene][cid]["words"].append(word)
    for gene, cid, reagent in con.execute(f"""
        SELECT gene, cid, reagent FROM (
            SELECT DISTINCT gene, cid, coalesce(id, symbol) AS reagent FROM batch JOIN target USING (sid) WHERE kind = 'reagent'
        )
        QUALIFY row_number() OVER (PARTITION BY gene, cid ORDER BY reagent) <= {MOST_REAGENTS} ORDER BY ALL
    """).fetchall():
        parts[gene][cid]["reagents"].append(reagent)
    for gene, cid, *counts in con.execute("""
        SELECT gene, cid, count(*), max(samples) FROM (
            SELECT gene, cid, coalesce(id, symbol) AS reagent, count(DISTINCT sid) AS samples
            FROM batch JOIN target USING (sid) WHERE kind = 'reagent' AND NOT control GROUP BY ALL
        ) GROUP BY gene, cid
    """).fetchall():
        parts[gene][cid]["reagent"] = tuple(counts)
    for gene, cid, level in con.execute(f"""
        SELECT gene, cid, level FROM (SELECT DISTINCT gene, cid, level FROM batch JOIN level USING (sid) WHERE NOT control)
        QUALIFY row_number() OVER (PARTITION BY gene, cid ORDER BY level) <= {_MOST_SPELLINGS} ORDER BY ALL
    """).fetchall():
        parts[gene][cid]["levels"].append(level)
    for gene, cid, ref in sample_refs(con, "batch", ("gene", "cid")):
        parts[gene][cid]["refs"].append(ref)
    return parts


def sample_refs(con: duckdb.DuckDBPyConnection, table: str, by: tuple[str, str]) -> Iterator[tuple[int, int, SampleRef]]:
    """The first samples of each group of `table` (with columns of `by` and sid): not controls first, then in the published order.

    Yields (group, group, SampleRef), sorted. The names of table and columns are ours, never content's.
    """
    keys, chosen = ", ".join(by), ", ".join(f"g.{k}" for k in by)
    for one, two, study, component, sample_id, container, sample, control, thumbnail, phenotypes in con.execute(f"""
        WITH chosen AS (
            SELECT {chosen}, sid, row_number() OVER (PARTITION BY {chosen} ORDER BY s.control, sid) AS place
            FROM (SELECT DISTINCT {keys}, sid FROM {table}) AS g JOIN sample s USING (sid)
            QUALIFY place <= {MOST_SAMPLES}
        ), found AS (
            SELECT sid, list(DISTINCT phenotype ORDER BY phenotype) AS phenotypes
            FROM observed WHERE sid IN (SELECT sid FROM chosen) GROUP BY sid
        )
        SELECT {chosen}, c.study, c.component, s.sample_id, s.container, s.sample, s.control, p.thumbnail, f.phenotypes
        FROM chosen AS g JOIN sample s USING (sid) JOIN component c ON s.cid = c.cid LEFT JOIN found f USING (sid)
        LEFT JOIN pictured p ON p.cid = s.cid AND p.container = s.container AND p.sample = s.sample
        ORDER BY {chosen}, place
    """).fetchall():
        yield one, two, SampleRef(
            sample_id=sample_id, container=container, sample=sample, control=control, phenotypes=tuple(phenotypes or ()),
            address=addresses.sample(study, component, container, sample), thumbnail=thumbnail,
        )  # fmt: skip


def _page(
    gene: Gene,
    parts: Mapping[int, dict[str, Any]],
    components: Mapping[int, tuple[str, str]],
    labels: Mapping[str, str | None],
    outside: dict[str, str],
    orthologs: tuple[Ortholog, ...],
) -> GeneFacts:
    organism = gene.organism
    appearances = []
    for cid, part in parts.items():
        study, component = components[cid]
        samples, samples_nc, with_phenotype_nc, containers = part["counts"]
        reagents, replicates = part["reagent"]
        appearances.append(Appearance(
            study=study, component=component, label=labels.get(study), organism=organism.name if organism else None,
            samples=samples, samples_nc=samples_nc, controls=samples - samples_nc, with_phenotype_nc=with_phenotype_nc,
            phenotypes=tuple(part["phenotypes"]), annotation_levels=tuple(part["levels"]), matched_by=tuple(part["words"]),
            reagents=tuple(part["reagents"]), reagents_total=reagents, replicates=replicates, containers=containers,
            sample_refs=tuple(part["refs"]), more_samples=samples - len(part["refs"]),
        ))  # fmt: skip
    return GeneFacts(
        kind=gene.kind, slug=gene.slug, name=gene.name, symbol=gene.symbol, identifiers=gene.identifiers, synonyms=gene.synonyms,
        also=gene.also, organism=Term(name=organism.name, term=organism.term) if organism else None, appearances=tuple(appearances),
        orthologs=orthologs, eaten=gene.eaten, links=outside, aliases=gene.aliases,
        listed=any(a.samples > LISTED for a in appearances),
    )  # fmt: skip


def line_of(gene: GeneFacts) -> GeneLine:
    return GeneLine(
        kind=gene.kind, slug=gene.slug, name=gene.name, organism=gene.organism.name if gene.organism else "",
        identifiers=gene.identifiers, synonyms=(*gene.synonyms, *dict.fromkeys(e.written for e in gene.eaten if e.written != gene.name)),
        studies=len({a.study for a in gene.appearances}), components=len(gene.appearances),
        samples_nc=sum(a.samples_nc for a in gene.appearances), with_phenotype=sum(a.with_phenotype_nc for a in gene.appearances),
    )  # fmt: skip


def in_buckets(facts: Iterable[GeneFacts]) -> Iterator[tuple[int, list[bytes], list[GeneLine]]]:
    """Each bucket with its genes, canonical JSON each, and their lines. `facts` come in the order of their buckets; all 64 are given."""
    bucket = 0
    pages: list[bytes] = []
    lines: list[GeneLine] = []
    for gene in facts:
        while bucket != bucket_of(gene.slug):
            yield bucket, pages, lines
            bucket, pages, lines = bucket + 1, [], []
        pages.append(canonical(gene.model_dump(mode="json")))
        lines.append(line_of(gene))
    yield bucket, pages, lines
    for rest in range(bucket + 1, BUCKETS):
        yield rest, [], []


def bucket_file(bucket: int, pages: Sequence[bytes], kind: EntityKind = "gene") -> tuple[str, bytes]:
    return f"pages/{bucket:02d}/{kind}.json", b"[" + b",".join(pages) + b"]"
