"""The `terms` step: phenotypes, organisms, imaging methods, study types and cell lines across all studies, down the ontology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from portal.addresses import TERMS
from portal.engine.step import Work, canonical, recipe
from portal.facts import ComponentRecord, OrganismLine, PhenotypeLine
from portal.model import Model
from portal.ontology import OntologyFile
from portal.terms import Scope, TermFacts, TermLine
from portal.warehouse import rows
from portal.warehouse import term_counts as counts
from portal.warehouse.inputs import parquet_files, paths_named, read_records
from portal.warehouse.ontology import Ontologies, ancestor_rows
from portal.warehouse.parquet import connect, literal, write_rows
from portal.warehouse.schema import TABLES
from portal.warehouse.term_nodes import Nodes, cell_line_nodes, declared_nodes, organism_nodes, phenotype_nodes
from portal.warehouse.term_rows import name_rows, term_rows
from portal.warehouse.term_tree import Tree

MOST_SYNONYMS = 30  # of one term in lists and search


@recipe("code")
def terms(work: Work) -> dict[str, bytes | Path]:
    """Inputs: each component's {samples.parquet, phenotypes.parquet, targets.parquet}; each study's facts tree, whole or below
    `components`; entities.parquet and entity_names.parquet of the `entities` step; each file of terms' {ontology.json}.

    Outputs: `pages/<folder of the kind>/<slug>.json` (TermFacts), `genes/<slug>.csv` (all genes of a phenotype), `lines/terms.json`
    (TermLine, all kinds), `lines/{phenotypes,organisms}.json`, terms.parquet, term_ancestors.parquet, term_names.parquet.
    Raises identity.SlugCollision where two of a kind would share an address.
    """
    records = {(r.study, r.component.name): r for r in read_records(work.inputs)}
    files = [OntologyFile.model_validate_json(tree.read(path)) for tree, path in paths_named(work.inputs, "ontology.json")]
    ontologies = Ontologies(files)
    out: dict[str, bytes | Path] = {}
    pages: list[TermFacts] = []
    with connect(work.scratch) as con:
        rows.load(con, work.inputs, list(records))
        kinds = nodes_of(con, list(records.values()), ontologies)
        load_genes(con, work.inputs)
        scopes: dict[str, dict[int, Scope]] = {}
        for nodes in kinds:
            scopes[nodes.kind] = counted(con, nodes, kinds[0], records, ontologies)
            if nodes.kind == "phenotype":
                best = {n: 2 * n + (2 * n + 1 in scopes[nodes.kind]) for n in range(len(nodes.nodes))}
                csv = counts.gene_files(con, {g: nodes.nodes[n].slug for n, g in best.items()})
                out |= {f"genes/{slug}.csv": content for slug, content in csv.items()}
        organism_genes = dict(con.execute("SELECT organism, count(*) FROM entity WHERE organism IS NOT NULL GROUP BY organism").fetchall())
    for nodes in kinds:
        pages += facts_of(nodes, scopes[nodes.kind], ontologies, organism_genes)
    out |= {f"pages/{TERMS[p.kind]}{p.slug}.json": _json(p) for p in pages}
    lines = [line_of(p) for p in pages]
    out["lines/terms.json"] = _json(lines)
    out["lines/phenotypes.json"] = _json([phenotype_line(t) for t in pages if t.kind == "phenotype" and t.words])
    out["lines/organisms.json"] = _json([organism_line(t) for t in pages if t.kind == "organism" and t.words])
    used = {n.accession for nodes in kinds for n in nodes.nodes if n.used and n.accession}
    used |= {accession for nodes in kinds for _, accession in nodes.index if accession}
    tables = {
        "terms": term_rows(pages, list(records.values()), ontologies),
        "term_ancestors": list(ancestor_rows(ontologies, used)),
        "term_names": name_rows(kinds, list(records.values())),
    }
    for name, found in tables.items():
        schema, order, _ = TABLES[name]
        out[f"{name}.parquet"] = file = work.scratch / f"{name}.parquet"
        write_rows(file, schema, found, order)
    return out


def nodes_of(con: duckdb.DuckDBPyConnection, records: Sequence[ComponentRecord], ontologies: Ontologies) -> tuple[Nodes, ...]:
    """The terms of every kind, phenotypes first. Needs `rows.load`."""
    methods = [((r.study, r.component.name), t) for r in records for t in r.component.imaging_method]
    types = [((r.study, r.component.name), t) for r in records for t in (*r.study_types, *r.component.technology)]
    return (
        phenotype_nodes(con, records, ontologies), organism_nodes(con, records, ontologies), declared_nodes("method", methods, ontologies),
        declared_nodes("study type", types, ontologies), cell_line_nodes(con, ontologies),
    )  # fmt: skip


def load_genes(con: duckdb.DuckDBPyConnection, inputs: Sequence) -> None:
    """`entity(gene, slug, name, organism, identifiers)` and `gene_sample(gene, sid)`, from what the `entities` step tells."""
    known, names = (", ".join(literal(str(p)) for p in parquet_files(inputs, f"{n}.parquet")) for n in ("entities", "entity_names"))
    con.execute(f"""
        CREATE TABLE entity AS
        SELECT CAST(row_number() OVER (ORDER BY slug) AS INTEGER) AS gene, slug, name, organism, identifiers
        FROM read_parquet([{known}]) WHERE kind = 'gene'
    """)
    con.execute(f"""
        CREATE TABLE gene_sample AS
        SELECT DISTINCT gene, sid
        FROM target t JOIN read_parquet([{names}]) n
        ON t.kind = n.kind AND t.organism IS NOT DISTINCT FROM n.organism AND t.id IS NOT DISTINCT FROM n.id
            AND t.symbol IS NOT DISTINCT FROM n.symbol
        JOIN entity e ON n.entity = e.slug WHERE t.kind = 'gene'
    """)


def counted(
    con: duckdb.DuckDBPyConnection,
    nodes: Nodes,
    phenotypes: Nodes,
    records: Mapping[tuple[str, str], ComponentRecord],
    ontologies: Ontologies,
) -> dict[int, Scope]:
    """Every scope of a kind. Phenotypes are counted first: the others ask what they loaded."""
    members = counts.scopes_of(nodes.below(ontologies), (n for n, node in enumerate(nodes.nodes) if node.used))
    if nodes.kind in ("method", "study type"):
        scopes = counts.of_components(members, records, nodes)
        met = counts.met_in_components(con, phenotypes, scopes)
        return {g: _with(scope, met.get(g)) for g, scope in scopes.items()}
    counts.load_members(con, members)
    table = "used"
    if nodes.kind == "phenotype":
        table = "phenotype_sample"
        counts.load_phenotypes(con, nodes)
    else:
        con.execute("DROP TABLE IF EXISTS used")
        counts.load_spelt(con, nodes, "organism" if nodes.kind == "organism" else "cell_line")
    counts.scoped(con, table)
    scopes = counts.of_samples(con, members, records, nodes, table, genes=nodes.kind != "organism")
    met = counts.met_in_samples(con, phenotypes, others=nodes.kind == "phenotype")
    ranked = counts.ranked_genes(con) if nodes.kind == "phenotype" else {}
    return {g: _with(scope, met.get(g), ranked.get(g, ())) for g, scope in scopes.items()}


def _with(scope: Scope, met: tuple[tuple, int] | None, genes: tuple = ()) -> Scope:
    return scope.model_copy(update={"met": met[0] if met else (), "met_total": met[1] if met else 0, "first_genes": genes})


def facts_of(nodes: Nodes, scopes: Mapping[int, Scope], ontologies: Ontologies, organism_genes: Mapping[str, int]) -> list[TermFacts]:
    """A page a term, sorted by slug."""
    below = nodes.below(ontologies)
    if nodes.kind == "organism":
        own = {n: organism_genes.get(node.name, 0) for n, node in enumerate(nodes.nodes)}
        scopes = {
            g: s.model_copy(update={"genes": sum(own[n] for n in (below[g // 2] if g % 2 else (g // 2,)))}) for g, s in scopes.items()
        }
    best = {n: scopes.get(2 * n + 1, scopes[2 * n]) for n in range(len(nodes.nodes))}
    tree = Tree(nodes, best, ontologies)
    found = []
    for n, node in enumerate(nodes.nodes):
        told = ontologies.term(node.accession)
        place = tree.place(n)
        file = ontologies.file(told.accession) if told else None
        found.append(TermFacts(
            kind=node.kind, slug=node.slug, name=node.name, accession=node.accession, words=node.words,
            exact=scopes[2 * n], whole=scopes.get(2 * n + 1), narrower=len(below[n]) - 1,
            definition=told.definition if told else None, comment=told.comment if told else None,
            synonyms=told.synonyms if told else (), references=told.references if told else (),
            obsolete=told.obsolete if told else False, merged=told.alternative if told else (),
            source=file.file if file else None, version=file.version if file else None,
            parents=place.parents, part_of=place.part_of, instead=place.instead, tree=place.tree, tree_cut=place.cut, tree_far=place.far,
            unused=place.unused, unused_total=place.unused_total,
        ))  # fmt: skip
    return found


def line_of(page: TermFacts) -> TermLine:
    shown = page.shown
    synonyms = [s.name for s in page.synonyms if s.name != page.name]
    return TermLine(
        kind=page.kind, slug=page.slug, name=page.name, accession=page.accession, words=page.words,
        synonyms=tuple(synonyms[:MOST_SYNONYMS]),
        parents=tuple(p.slug for p in page.parents if p.slug), studies=len({s.study for s in shown.seen}), components=len(shown.seen),
        samples=shown.samples,
        genes=shown.genes, own=page.exact.samples, used=bool(page.words),
    )  # fmt: skip


def phenotype_line(page: TermFacts) -> PhenotypeLine:
    """The term itself, without what is below it: else the broadest terms would lead every list."""
    return PhenotypeLine(
        slug=page.slug, name=page.name, term=page.accession, author_names=page.words,
        studies=len({s.study for s in page.exact.seen}), components=len(page.exact.seen),
        samples_nc=page.exact.samples, genes=page.exact.genes,
    )  # fmt: skip


def organism_line(page: TermFacts) -> OrganismLine:
    """Studies and components that name the organism, also where no table has a sample of it; samples with controls."""
    seen = page.shown.seen
    return OrganismLine(
        slug=page.slug, name=page.name, term=page.accession, studies=len({s.study for s in seen}), components=len(seen),
        samples=page.shown.samples + page.shown.controls, genes=page.shown.genes,
    )  # fmt: skip


def _json(value: Model | Sequence[Model]) -> bytes:
    return canonical(value.model_dump(mode="json") if isinstance(value, Model) else [v.model_dump(mode="json") for v in value])
