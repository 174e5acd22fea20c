"""Phenotype pages: one an ontology term, with every authors' name mapped to it, and one an authors' phenotype without a term.

Every declared phenotype has a page, also where no sample shows it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from portal import addresses
from portal.facts import Appearance, ComponentRecord, GeneLine, PhenotypeCount, PhenotypeFacts, PhenotypeLine
from portal.model import Term
from portal.warehouse.genes import sample_refs
from portal.warehouse.identity import Gene, refuse_collisions
from portal.warehouse.inputs import terms_of
from portal.warehouse.organisms import most_frequent
from portal.warehouse.rows import number

MOST_GENES = 500
MOST_TOGETHER = 12

_Use = tuple[str, str | None]  # the authors' words, a term or none


@dataclass(frozen=True)
class Phenotype:
    slug: str
    name: str
    term: str | None
    author_names: tuple[str, ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        return (Term(name=self.name, term=self.term),) if self.term else ()


def declared_uses(record: ComponentRecord) -> list[tuple[_Use, str]]:
    """((authors' words, term or None), name of the term) of everything a component declares."""
    uses: list[tuple[_Use, str]] = []
    for phenotype in record.component.phenotypes:
        terms = [t for t in phenotype.all_terms if t.term]
        uses += [((phenotype.name, t.term), t.name) for t in terms]
        if not terms:
            uses.append(((phenotype.name, None), phenotype.name))
    return uses


def phenotypes_of(declared: Iterable[tuple[_Use, str]], observed: Iterable[_Use]) -> tuple[list[Phenotype], dict[_Use, int]]:
    """The phenotypes sorted by slug, and each use → its index. A term's name is the one most often declared.

    Accessions that differ by case only are one term. Raises SlugCollision where two phenotypes would share an address.
    """
    declared = list(declared)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    curies: dict[str, Counter[str]] = defaultdict(Counter)
    uses = {use for use, _ in declared} | set(observed)
    for (_, term), name in declared:
        if term:
            names[term.casefold()][name] += 1
            curies[term.casefold()][term] += 1
    for _, term in uses:
        if term:
            curies[term.casefold()][term] += 0
    authors: dict[tuple[str, str | None], set[str]] = defaultdict(set)  # (name without a term, term)
    key_of = {}
    for author, term in uses:
        curie = most_frequent(curies[term.casefold()]) if term else None
        key_of[author, term] = key = ("" if curie else author, curie)
        authors[key].add(author)
    found = {}
    for (author, curie), author_names in authors.items():
        counted = names.get(curie.casefold()) if curie else None
        name = (most_frequent(counted) if counted else min(author_names)) if curie else author
        slug = addresses.term_slug(curie, name)
        found[author, curie] = Phenotype(slug, name, curie, tuple(sorted(author_names)))
    order = sorted(found, key=lambda key: found[key].slug)
    refuse_collisions((found[key].slug, f"phenotype {found[key].term or repr(found[key].name)}") for key in order)
    place = {key: n for n, key in enumerate(order)}
    return [found[key] for key in order], {use: place[key] for use, key in key_of.items()}


def phenotype_facts(con: duckdb.DuckDBPyConnection, records: Sequence[ComponentRecord], genes: Sequence[Gene]) -> list[PhenotypeFacts]:
    """One page a phenotype, sorted by slug. Needs `rows.load` and `genes.number_genes`."""
    declared = [(record, use, name) for record in records for use, name in declared_uses(record)]
    observed = con.execute("SELECT DISTINCT phenotype, term FROM observed ORDER BY ALL").fetchall()
    phenotypes, index = phenotypes_of(((use, name) for _, use, name in declared), observed)
    uses = sorted(index, key=lambda u: (u[0], u[1] or ""))
    number(con, "phenotype_name", {"phenotype": [u[0] for u in uses], "term": [u[1] for u in uses]}, {"p": [index[u] for u in uses]})
    con.execute("""
        CREATE TABLE phenotype_sample AS
        SELECT DISTINCT p, cid, sid, o.phenotype, control
        FROM observed o JOIN phenotype_name n ON o.phenotype = n.phenotype AND o.term IS NOT DISTINCT FROM n.term JOIN sample USING (sid)
    """)
    appearances = _appearances(con, records, declared, index)
    ranked, totals = _genes(con, genes)
    together = _together(con, phenotypes)
    return [
        PhenotypeFacts(
            slug=p.slug, name=p.name, term=p.term, author_names=p.author_names, appearances=tuple(appearances[n]),
            genes=tuple(ranked[n]), genes_total=totals.get(n, 0), together=tuple(together[n]),
        )
        for n, p in enumerate(phenotypes)
    ]  # fmt: skip


def _appearances(
    con: duckdb.DuckDBPyConnection,
    records: Sequence[ComponentRecord],
    declared: Iterable[tuple[ComponentRecord, _Use, str]],
    index: Mapping[_Use, int],
) -> dict[int, list[Appearance]]:
    """phenotype → its components, declared or observed, sorted.

    `samples` are those that carry the phenotype; `phenotypes` are the authors' names for it there.
    """
    at = {cid: (study, component) for cid, study, component in con.execute("SELECT * FROM component").fetchall()}
    place = {names: cid for cid, names in at.items()}
    terms = terms_of(records)
    record_at = {place[r.study, r.component.name]: r for r in records}
    counted = {(p, cid): (samples, samples_nc) for p, cid, samples, samples_nc in con.execute("""
        SELECT p, cid, count(DISTINCT sid), count(DISTINCT sid) FILTER (NOT control) FROM phenotype_sample GROUP BY p, cid
    """).fetchall()}  # fmt: skip
    by_author: dict[tuple[int, int], dict[str, PhenotypeCount]] = defaultdict(dict)
    for record, use, _ in declared:
        by_author[index[use], place[record.study, record.component.name]][use[0]] = PhenotypeCount(
            name=use[0], terms=terms.get((record.study, record.component.name, use[0]), ())
        )
    for p, cid, name, samples, samples_nc, genes_nc in con.execute("""
        SELECT p, cid, phenotype, count(DISTINCT sid), count(DISTINCT sid) FILTER (NOT control),
            count(DISTINCT gene) FILTER (NOT control)
        FROM phenotype_sample LEFT JOIN gene_sample USING (sid) GROUP BY p, cid, phenotype
    """).fetchall():
        told = terms.get((*at[cid], name), ())
        by_author[p, cid][name] = PhenotypeCount(name=name, terms=told, samples=samples, samples_nc=samples_nc, genes_nc=genes_nc)
    refs = defaultdict(list)
    for p, cid, ref in sample_refs(con, "phenotype_sample", ("p", "cid")):
        refs[p, cid].append(ref)
    found: dict[int, list[Appearance]] = defaultdict(list)
    for p, cid in sorted(by_author):
        samples, samples_nc = counted.get((p, cid), (0, 0))
        study, component = at[cid]
        here = record_at.get(cid)
        organisms = here.organisms if here else ()
        found[p].append(Appearance(
            study=study, component=component, label=here.label if here else None,
            organism="; ".join(o.name for o in organisms) or None, samples=samples, samples_nc=samples_nc,
            controls=samples - samples_nc, with_phenotype_nc=samples_nc,
            phenotypes=tuple(sorted(by_author[p, cid].values(), key=lambda c: (-c.samples_nc, -c.samples, c.name))),
            sample_refs=tuple(refs[p, cid]), more_samples=samples - len(refs[p, cid]),
        ))  # fmt: skip
    return found


def _genes(con: duckdb.DuckDBPyConnection, genes: Sequence[Gene]) -> tuple[dict[int, list[GeneLine]], dict[int, int]]:
    """phenotype → its first genes, ranked by the studies, components and samples in which they have it; and how many there are.

    Controls are left out.
    A line's `with_phenotype` counts those samples; its `samples_nc` all samples of the gene in components where the phenotype was met.
    """
    slugs = [g.slug for g in genes]
    order = {slug: n for n, slug in enumerate(sorted(slugs))}
    number(con, "gene_order", {}, {"gene": range(len(slugs)), "place": [order[s] for s in slugs]})
    con.execute("""
        CREATE TABLE phenotype_gene AS
        SELECT p, gene, cid, count(DISTINCT sid) AS carrying
        FROM phenotype_sample JOIN gene_sample USING (sid) WHERE NOT control GROUP BY p, gene, cid
    """)
    totals = dict(con.execute("SELECT p, count(DISTINCT gene) FROM phenotype_gene GROUP BY p").fetchall())
    found: dict[int, list[GeneLine]] = defaultdict(list)
    for p, n, studies, components, carrying, samples in con.execute(f"""
        WITH per_component AS (
            SELECT gene, cid, count(*) AS samples FROM gene_sample JOIN sample USING (sid) WHERE NOT control GROUP BY ALL
        ), met AS (SELECT DISTINCT p, cid FROM phenotype_sample), ranked AS (
            SELECT p, gene, count(DISTINCT study) AS studies, count(*) AS components, sum(carrying) AS carrying
            FROM phenotype_gene JOIN component USING (cid) GROUP BY p, gene
        ), first AS (
            SELECT *, row_number() OVER (PARTITION BY p ORDER BY studies DESC, components DESC, carrying DESC, place) AS rank
            FROM ranked JOIN gene_order USING (gene) QUALIFY rank <= {MOST_GENES}
        )
        SELECT p, f.gene, any_value(studies), any_value(components), any_value(carrying), sum(samples)
        FROM first f JOIN met USING (p) JOIN per_component c ON c.gene = f.gene AND c.cid = met.cid
        GROUP BY p, f.gene, rank ORDER BY p, rank
    """).fetchall():
        gene = genes[n]
        found[p].append(GeneLine(
            slug=gene.slug, name=gene.name, organism=gene.organism.name if gene.organism else "", identifiers=gene.identifiers,
            synonyms=gene.synonyms, studies=studies, components=components, samples_nc=int(samples), with_phenotype=int(carrying),
        ))  # fmt: skip
    return found, totals


def _together(con: duckdb.DuckDBPyConnection, phenotypes: Sequence[Phenotype]) -> dict[int, list[PhenotypeCount]]:
    """phenotype → others that the same samples have. Two terms of one authors' phenotype are not others: they always meet."""
    found: dict[int, list[PhenotypeCount]] = defaultdict(list)
    for p, other, samples, samples_nc in con.execute(f"""
        SELECT p, other, samples, samples_nc FROM (
            SELECT a.p, b.p AS other, count(DISTINCT sid) AS samples, count(DISTINCT sid) FILTER (NOT a.control) AS samples_nc
            FROM phenotype_sample a JOIN phenotype_sample b USING (sid)
            WHERE a.p <> b.p AND a.phenotype <> b.phenotype GROUP BY a.p, b.p
        )
        QUALIFY row_number() OVER (PARTITION BY p ORDER BY samples_nc DESC, samples DESC, other) <= {MOST_TOGETHER}
        ORDER BY p, samples_nc DESC, samples DESC, other
    """).fetchall():
        met = phenotypes[other]
        found[p].append(PhenotypeCount(name=met.name, terms=met.terms, samples=samples, samples_nc=samples_nc))
    return found


def line_of(page: PhenotypeFacts) -> PhenotypeLine:
    return PhenotypeLine(
        slug=page.slug, name=page.name, term=page.term, author_names=page.author_names,
        studies=len({a.study for a in page.appearances}), components=len(page.appearances),
        samples_nc=sum(a.samples_nc for a in page.appearances), genes=page.genes_total,
    )  # fmt: skip
