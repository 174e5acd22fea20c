"""What the portal's gene files say, beside the genes that tables name: their other names, and the orthologs among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from portal.engine.step import Opened
from portal.facts import Appearance, Ortholog, PhenotypeCount
from portal.naming import NAMES, ORTHOLOGS, nfc, read_names, read_orthologs
from portal.warehouse.identity import Gene
from portal.warehouse.inputs import paths_named
from portal.warehouse.merging import Known, Name
from portal.warehouse.organisms import UNSPECIFIED, Organism, key_of

# A group with more genes of the portal than this is a family (kinases), of which one page cannot tell.
MOST_ORTHOLOGS = 12


def _key(organism: str, organisms: Mapping[str, Organism]) -> str:
    return organisms[organism].key if organism in organisms else key_of(organism)


def known_names(con: duckdb.DuckDBPyConnection, inputs: Sequence[Opened], organisms: Mapping[str, Organism]) -> Known:
    """What files of names say of genes that the tables name, by symbol, synonym, identifier or a spreadsheet's date. Needs `rows.load`.

    Of a gene that two files list by one symbol, both files' names count; the first file is its source.
    """
    files = list(paths_named(inputs, NAMES))
    met: dict[str, set[str]] = defaultdict(set)
    if files:
        for organism, identifier, symbol in con.execute("SELECT DISTINCT organism, id, symbol FROM target WHERE kind = 'gene'").fetchall():
            of = met[organisms[organism].key if organism in organisms else UNSPECIFIED]
            of.update(nfc(name) for name in (identifier, symbol) if name)
    symbols: dict[Name, str] = {}
    of_name: dict[Name, set[str]] = defaultdict(set)
    of_identifier: dict[Name, set[str]] = defaultdict(set)
    names_of: dict[Name, dict[str, None]] = defaultdict(dict)
    identifiers_of: dict[Name, dict[str, None]] = defaultdict(dict)
    for tree, path in files:
        for gene in read_names(tree.path(path)):
            key = _key(gene.organism, organisms)
            if gene.symbol is None or met[key].isdisjoint((*gene.names, *gene.mangled)):
                continue
            symbols.setdefault((key, gene.symbol), gene.source)
            for name in gene.synonyms:
                of_name[key, name].add(gene.symbol)
                names_of[key, gene.symbol][name] = None
            for identifier in gene.identifiers:
                of_identifier[key, identifier].add(gene.symbol)
                identifiers_of[key, gene.symbol][identifier] = None
    return Known(
        symbols,
        {k: frozenset(v) for k, v in of_name.items()},
        {k: frozenset(v) for k, v in of_identifier.items()},
        {k: tuple(v) for k, v in names_of.items()},
        {k: tuple(v) for k, v in identifiers_of.items()},
    )


def _places(genes: Sequence[Gene], known: Known) -> dict[Name, int]:
    """Every name and identifier that means one gene → its index. A gene's own name comes first, then what tables write, then files."""
    found: dict[Name, int] = {}
    for names in (lambda g: (g.name,), lambda g: (*g.identifiers, *(a.name for a in g.also if a.how == "written"))):
        for n, gene in enumerate(genes):
            key = gene.organism.key if gene.organism else UNSPECIFIED
            for name in names(gene):
                found.setdefault((key, name), n)
    return found


def orthologs_of(
    con: duckdb.DuckDBPyConnection,
    inputs: Sequence[Opened],
    organisms: Mapping[str, Organism],
    genes: Sequence[Gene],
    known: Known,
    labels: Mapping[str, str | None],
) -> dict[int, tuple[Ortholog, ...]]:
    """gene → the same gene of other organisms, by index, each with the components that sampled it. Needs `genes.number_genes`.

    Groups with more than MOST_ORTHOLOGS genes of the portal are left out.
    """
    files = list(paths_named(inputs, ORTHOLOGS))
    if not files:
        return {}
    at = _places(genes, known)
    related: dict[int, dict[int, str]] = defaultdict(dict)
    for tree, path in files:
        for group in read_orthologs(tree.path(path)):
            members = sorted({n for organism, name in group.members if (n := at.get((_key(organism, organisms), name))) is not None})
            if len(members) > MOST_ORTHOLOGS:
                continue
            for one in members:
                for other in members:
                    if genes[one].organism != genes[other].organism:
                        related[one].setdefault(other, group.source)
    seen = _seen(con, {other for others in related.values() for other in others}, labels)
    return {
        one: tuple(
            Ortholog(
                slug=genes[other].slug, name=genes[other].name, organism=organism.name if (organism := genes[other].organism) else "",
                source=source, seen=seen.get(other, ()),
            )
            for other, source in sorted(others.items(), key=lambda kv: (genes[kv[0]].slug.partition("--")[2], genes[kv[0]].slug))
        )
        for one, others in related.items()
    }  # fmt: skip


def _seen(con: duckdb.DuckDBPyConnection, genes: set[int], labels: Mapping[str, str | None]) -> dict[int, tuple[Appearance, ...]]:
    """gene → a short account of each component that sampled it: counts, and phenotypes by name."""
    if not genes:
        return {}
    listed = ", ".join(map(str, sorted(genes)))
    con.execute(f"CREATE OR REPLACE TEMP TABLE related AS SELECT gene, sid FROM gene_sample WHERE gene IN ({listed})")
    components: dict[int, tuple[str, str]] = {c: (s, n) for c, s, n in con.execute("SELECT * FROM component").fetchall()}
    phenotypes: dict[tuple[int, int], list[PhenotypeCount]] = defaultdict(list)
    for gene, cid, name, samples in con.execute("""
        SELECT gene, cid, phenotype, count(DISTINCT sid) FROM related JOIN sample USING (sid) JOIN observed USING (sid)
        WHERE NOT control GROUP BY ALL ORDER BY gene, cid, 4 DESC, phenotype
    """).fetchall():
        phenotypes[gene, cid].append(PhenotypeCount(name=name, samples=samples, samples_nc=samples))
    found: dict[int, list[Appearance]] = defaultdict(list)
    counted: list[tuple[Any, ...]] = con.execute("""
        SELECT gene, cid, count(*), count(*) FILTER (NOT control), count(*) FILTER (NOT control AND has_phenotype)
        FROM related JOIN sample USING (sid) GROUP BY gene, cid ORDER BY gene, cid
    """).fetchall()
    for gene, cid, samples, samples_nc, with_phenotype in counted:
        study, component = components[cid]
        found[gene].append(Appearance(
            study=study, component=component, label=labels.get(study), samples=samples, samples_nc=samples_nc,
            controls=samples - samples_nc, with_phenotype_nc=with_phenotype, phenotypes=tuple(phenotypes[gene, cid]),
        ))  # fmt: skip
    return {gene: tuple(its) for gene, its in found.items()}
