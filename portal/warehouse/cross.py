"""Phenotypes and genes across studies: what the page that crosses them shows, counted from the published tables alone."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb

from portal import addresses
from portal.crossing import CrossComponent, CrossGene, Crossing, CrossPhenotype, GenesOfOrganism, Pair, PhenotypeCell
from portal.engine.step import Work, recipe
from portal.warehouse.parquet import connect, literal

TABLES = ("component_phenotypes", "components", "entities", "sample_phenotypes", "sample_targets", "terms")
MOST_GENES = 20  # of one organism
MOST_ORGANISMS = 8


def opened(con: duckdb.DuckDBPyConnection, files: dict[str, Path]) -> None:
    """A view of each published table that is asked here, and the counts that several questions share."""
    for name in TABLES:
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({literal(str(files[name]))})")
    con.execute("""
        CREATE TABLE place AS
        SELECT CAST(row_number() OVER (ORDER BY study, component) - 1 AS INTEGER) AS cid, study, component,
            c.organisms AS organism, c.samples
        FROM (SELECT DISTINCT study, component FROM component_phenotypes) JOIN components c USING (study, component)
    """)
    # A phenotype is its term; without one, the authors' words.
    con.execute("""
        CREATE TABLE seen AS
        SELECT cid, study, sample_id, coalesce(term, phenotype) AS key, term IS NULL AS bare
        FROM sample_phenotypes JOIN place USING (study, component) WHERE NOT control
    """)


def components_of(con: duckdb.DuckDBPyConnection) -> tuple[CrossComponent, ...]:
    rows = con.execute("""
        SELECT study, component, organism, samples, cid IN (SELECT cid FROM seen) FROM place ORDER BY cid
    """).fetchall()
    return tuple(CrossComponent(study=s, component=c, organism=o, samples=n, recorded=r) for s, c, o, n, r in rows)


def phenotypes_of(con: duckdb.DuckDBPyConnection) -> tuple[CrossPhenotype, ...]:
    """Every phenotype that a component declares, those seen in most studies first, then those looked for in most."""
    cells: dict[tuple[str, bool], list[PhenotypeCell]] = defaultdict(list)
    for key, bare, at, samples in con.execute("""
        WITH looked AS (
            SELECT DISTINCT coalesce(term, phenotype) AS key, term IS NULL AS bare, cid
            FROM component_phenotypes JOIN place USING (study, component)
        ), counted AS (SELECT key, bare, cid, count(DISTINCT sample_id) AS samples FROM seen GROUP BY ALL)
        SELECT key, bare, cid, coalesce(samples, 0) FROM looked FULL JOIN counted USING (key, bare, cid) ORDER BY ALL
    """).fetchall():
        cells[key, bare].append(PhenotypeCell(at=at, samples=samples))
    words: dict[str, list[str]] = defaultdict(list)
    for term, phenotype in con.execute("""
        SELECT DISTINCT term, phenotype FROM component_phenotypes WHERE term IS NOT NULL ORDER BY ALL
    """).fetchall():
        words[term].append(phenotype)
    names = dict(con.execute("SELECT term, name FROM terms WHERE role = 'phenotype' AND name IS NOT NULL").fetchall())
    study_of = dict(con.execute("SELECT cid, study FROM place").fetchall())
    found = []
    for (key, bare), its in cells.items():
        name = key if bare else names.get(key, key)
        found.append(CrossPhenotype(
            term=None if bare else key, name=name, words=() if bare else tuple(w for w in words[key] if w.casefold() != name.casefold()),
            slug=addresses.term_slug(None if bare else key, name), cells=tuple(its), looked_for=len({study_of[c.at] for c in its}),
            studies=len({study_of[c.at] for c in its if c.samples}),
        ))  # fmt: skip
    return tuple(
        sorted(found, key=lambda p: (-p.studies, -p.looked_for, -sum(bool(c.samples) for c in p.cells), p.name.casefold(), p.slug))
    )


def genes_of(con: duckdb.DuckDBPyConnection) -> tuple[GenesOfOrganism, ...]:
    """Genes with a phenotype in two studies or more, by organism: those of most studies, then components, then samples."""
    con.execute("""
        CREATE TABLE sampled AS
        SELECT DISTINCT entity, cid, study, sample_id FROM sample_targets JOIN place USING (study, component)
        WHERE kind = 'gene' AND entity IS NOT NULL AND NOT control
    """)
    con.execute(f"""
        CREATE TABLE ranked AS
        WITH hits AS (
            SELECT entity, cid, study, count(*) AS carrying FROM sampled
            WHERE sample_id IN (SELECT sample_id FROM seen) GROUP BY ALL
        ), counted AS (
            SELECT entity, count(DISTINCT study) AS hit, count(*) AS hit_components, sum(carrying) AS hits, list(cid ORDER BY cid) AS found
            FROM hits GROUP BY entity HAVING count(DISTINCT study) > 1
        )
        SELECT entity, name, coalesce(organism, '') AS organism, hit, hit_components, hits, found,
            (
                SELECT count(DISTINCT study) FROM sample_targets t
                WHERE t.kind = 'gene' AND t.entity = counted.entity AND NOT t.control
            ) AS studies,
            count(*) OVER (PARTITION BY organism) AS several
        FROM counted JOIN entities e ON e.kind = 'gene' AND e.slug = entity
        QUALIFY row_number() OVER (PARTITION BY organism ORDER BY hit DESC, hit_components DESC, hits DESC, entity) <= {MOST_GENES}
    """)
    by: dict[str, list[CrossGene]] = defaultdict(list)
    several = {}
    # A component without any phenotype on record says nothing of its genes: it is no column.
    for slug, name, organism, studies, hit, components, found, count, sampled in con.execute("""
        SELECT entity, name, organism, studies, hit, hit_components, found, several,
            (SELECT list(DISTINCT s.cid ORDER BY s.cid) FROM sampled s WHERE s.entity = r.entity AND s.cid IN (SELECT cid FROM seen))
        FROM ranked r ORDER BY hit DESC, hit_components DESC, hits DESC, entity
    """).fetchall():
        by[organism].append(CrossGene(
            slug=slug, name=name, organism=organism, studies=studies, hit=hit, components=components, sampled=tuple(sampled),
            found=tuple(found),
        ))  # fmt: skip
        several[organism] = count
    order = sorted(by, key=lambda o: (-by[o][0].hit, -several[o], o))[:MOST_ORGANISMS]
    return tuple(GenesOfOrganism(organism=o, several=several[o], genes=tuple(by[o])) for o in order)


def pair_of(con: duckdb.DuckDBPyConnection) -> Pair | None:
    """Two terms, one in a study and one in another, that most genes have: an example that has an answer."""
    row = con.execute("""
        WITH has AS (SELECT DISTINCT entity, key, s.study FROM sampled s JOIN seen USING (sample_id) WHERE NOT bare)
        SELECT a.key, a.study, b.key FROM has a JOIN has b ON a.entity = b.entity AND a.study <> b.study AND a.key <> b.key
        GROUP BY a.key, a.study, b.key ORDER BY count(DISTINCT a.entity) DESC, a.key, a.study, b.key LIMIT 1
    """).fetchone()
    return Pair(first=row[0], study=row[1], second=row[2]) if row else None


@recipe("code")
def crossing(work: Work) -> dict[str, bytes]:
    """crossing.json (Crossing). Inputs: {<table>.parquet} of each table in TABLES, as published."""
    files = {name: tree.path(f"{name}.parquet") for tree in work.inputs for name in TABLES if f"{name}.parquet" in tree}
    with connect(work.scratch) as con:
        opened(con, files)
        genes = genes_of(con)
        organisms = con.execute("""
            SELECT organism FROM entities WHERE kind = 'gene' AND organism IS NOT NULL GROUP BY organism ORDER BY count(*) DESC, organism
        """).fetchall()
        technologies = con.execute("""
            SELECT DISTINCT unnest(string_split(technology, '; ')) AS t FROM components
            WHERE technology IS NOT NULL AND genes > 0 ORDER BY t
        """).fetchall()
        places = con.execute("SELECT study, component FROM components WHERE genes > 0 ORDER BY ALL").fetchall()
        broader = con.execute("""
            SELECT term, name FROM terms WHERE role = 'phenotype' AND studies = 0 AND all_studies > 0 AND name IS NOT NULL
                AND term NOT IN (SELECT term FROM component_phenotypes WHERE term IS NOT NULL)
            ORDER BY lower(name), term
        """).fetchall()
        told = Crossing(
            components=components_of(con), phenotypes=phenotypes_of(con), genes=genes, pair=pair_of(con),
            organisms=tuple(o for (o,) in organisms), places=tuple(places), broader=tuple(broader),
            technologies=tuple(t for (t,) in technologies),
        )  # fmt: skip
    return {"crossing.json": told.model_dump_json().encode()}
