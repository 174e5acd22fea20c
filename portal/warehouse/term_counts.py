"""Counting for terms, with and without what stands below them. All counting is DuckDB's, on integers.

A scope is a set of terms of one kind that are counted together: 2n is the term n alone, 2n + 1 the term with all below it. Tables of a
kind, made anew for each:

    member(g, n)                       the terms n of scope g
    used(n, cid, sid, control, word)   each sample with the term, as its study writes it (of methods and study types: no table)
    scoped(g, cid, sid, control)       each sample of a scope once
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from portal import addresses
from portal.facts import ComponentRecord, SampleRef
from portal.terms import Met, Scope, Seen, TermGene
from portal.warehouse.rows import number
from portal.warehouse.term_nodes import Nodes

MOST_GENES = 200
MOST_MET = 12
MOST_REFS = 6

Members = Mapping[int, Sequence[int]]  # scope → the terms that it counts


def scopes_of(below: Mapping[int, Sequence[int]], used: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Scope → its terms, those that are used. A term with nothing used below it has one scope."""
    live = frozenset(used)
    found: dict[int, tuple[int, ...]] = {}
    for n, places in below.items():
        its = tuple(sorted(p for p in places if p in live))
        found[2 * n] = (n,) if n in live else ()
        if its != found[2 * n]:
            found[2 * n + 1] = its
    return found


def load_members(con: duckdb.DuckDBPyConnection, members: Members) -> None:
    pairs = sorted((g, n) for g, its in members.items() for n in its)
    con.execute("DROP TABLE IF EXISTS member")
    number(con, "member", {}, {"g": [g for g, _ in pairs], "n": [n for _, n in pairs]})


def load_phenotypes(con: duckdb.DuckDBPyConnection, nodes: Nodes) -> None:
    """`phenotype_sample(n, cid, sid, control, word)`, which other kinds ask too. Needs `rows.load`."""
    uses = sorted(nodes.index, key=lambda u: (u[0], u[1] or ""))
    columns: dict[str, list[str | None]] = {"phenotype": [u[0] for u in uses], "term": [u[1] for u in uses]}
    number(con, "phenotype_name", columns, {"n": [nodes.index[u] for u in uses], "w": range(len(uses))})
    con.execute("""
        CREATE TABLE phenotype_sample AS
        SELECT DISTINCT n, cid, sid, control, o.phenotype AS word
        FROM observed o JOIN phenotype_name p ON o.phenotype = p.phenotype AND o.term IS NOT DISTINCT FROM p.term JOIN sample USING (sid)
    """)


def load_spelt(con: duckdb.DuckDBPyConnection, nodes: Nodes, column: str) -> None:
    """`used` of organisms or cell lines, from a column of the published samples; the name is ours, never content's."""
    words = sorted(word for word, _ in nodes.index)
    con.execute("DROP TABLE IF EXISTS spelling")
    number(con, "spelling", {"word": words}, {"n": [nodes.index[w, None] for w in words]})
    con.execute(f"""
        CREATE TABLE used AS
        SELECT n, cid, sid, control, word
        FROM samples s JOIN spelling ON s.{column} = word JOIN sample USING (sample_id)
    """)


def scoped(con: duckdb.DuckDBPyConnection, of: str) -> None:
    """`scoped` from `used` or `phenotype_sample`."""
    con.execute("DROP TABLE IF EXISTS scoped")
    con.execute(f"CREATE TABLE scoped AS SELECT DISTINCT g, cid, sid, control FROM member JOIN {of} USING (n)")


def of_samples(
    con: duckdb.DuckDBPyConnection, members: Members, records: Mapping[tuple[str, str], ComponentRecord], nodes: Nodes, of: str,
    *, genes: bool,
) -> dict[int, Scope]:  # fmt: skip
    """Every scope of a kind that is told sample by sample. `genes`: whether genes are counted. Needs `scoped`."""
    at = {cid: (study, component) for cid, study, component in con.execute("SELECT * FROM component").fetchall()}
    words: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for g, cid, word, samples in con.execute(f"""
        SELECT g, cid, word, count(DISTINCT sid) FILTER (NOT control) FROM member JOIN {of} USING (n)
        GROUP BY g, cid, word ORDER BY g, cid, 4 DESC, word
    """).fetchall():
        words[g, cid].append((word, samples))
    in_component: dict[tuple[int, int], int] = {}
    totals: dict[int, int] = {}
    if genes:
        con.execute("CREATE OR REPLACE TABLE scoped_gene AS SELECT g, gene, cid, count(*) AS n FROM scoped JOIN gene_sample USING (sid) "
                    "WHERE NOT control GROUP BY ALL")  # fmt: skip
        in_component = {(g, cid): n for g, cid, n in con.execute("SELECT g, cid, count(*) FROM scoped_gene GROUP BY g, cid").fetchall()}
        totals = dict(con.execute("SELECT g, count(DISTINCT gene) FROM scoped_gene GROUP BY g").fetchall())
    refs = _refs(con, at)
    seen: dict[int, list[Seen]] = defaultdict(list)
    for g, cid, samples, controls in con.execute("""
        SELECT g, cid, count(*) FILTER (NOT control), count(*) FILTER (control) FROM scoped GROUP BY g, cid ORDER BY g, cid
    """).fetchall():
        seen[g].append(Seen(
            **_place(records, at[cid]), samples=samples, controls=controls, genes=in_component.get((g, cid), 0),
            words=tuple(words[g, cid]), refs=tuple(refs.get((g, cid), ())),
        ))  # fmt: skip
    for g, its in members.items():
        there = {(s.study, s.component) for s in seen[g]}
        silent: dict[tuple[str, str], set[str]] = defaultdict(set)
        for n in its:
            for where, word in nodes.nodes[n].declared:
                if where not in there and where in records:
                    silent[where].add(word)
        seen[g] += [Seen(**_place(records, where), words=tuple((w, 0) for w in sorted(silent[where]))) for where in sorted(silent)]
    return {g: _scope(seen[g], totals.get(g, 0)) for g in members}


def of_components(
    members: Members, records: Mapping[tuple[str, str], ComponentRecord], nodes: Nodes
) -> dict[int, Scope]:  # fmt: skip
    """Every scope of methods or study types: the components that name one of its terms, with all their samples."""
    found = {}
    for g, its in members.items():
        named: dict[tuple[str, str], set[str]] = defaultdict(set)
        for n in its:
            for where, word in nodes.nodes[n].declared:
                named[where].add(word)
        seen = []
        for where in sorted(named):
            told = records[where].facts
            samples = told.samples - told.controls
            seen.append(Seen(
                **_place(records, where), samples=samples, controls=told.controls, words=tuple((w, samples) for w in sorted(named[where])),
            ))  # fmt: skip
        found[g] = Scope(
            studies=len({s.study for s in seen}), components=len(seen), samples=sum(s.samples for s in seen),
            controls=sum(s.controls for s in seen), seen=tuple(sorted(seen, key=lambda s: (-s.samples, s.study, s.component))),
        )  # fmt: skip
    return found


def _place(records: Mapping[tuple[str, str], ComponentRecord], where: tuple[str, str]) -> dict[str, str | None]:
    record = records.get(where)
    organism = "; ".join(o.name for o in record.organisms) if record else ""
    return {"study": where[0], "component": where[1], "label": record.label if record else None, "organism": organism or None}


def _scope(seen: Sequence[Seen], genes: int) -> Scope:
    counted = [s for s in seen if s.samples]
    order = sorted(seen, key=lambda s: (-s.genes, -s.samples, s.study, s.component))
    return Scope(
        studies=len({s.study for s in counted}), components=len(counted), samples=sum(s.samples for s in counted),
        controls=sum(s.controls for s in seen), genes=genes, seen=tuple(order),
    )  # fmt: skip


def _refs(con: duckdb.DuckDBPyConnection, at: Mapping[int, tuple[str, str]]) -> dict[tuple[int, int], list[SampleRef]]:
    """The first samples of each scope and component: not controls first, then in the published order."""
    found: dict[tuple[int, int], list[SampleRef]] = defaultdict(list)
    for g, cid, sample_id, container, name, control in con.execute(f"""
        WITH first AS (
            SELECT g, cid, sid, row_number() OVER (PARTITION BY g, cid ORDER BY control, sid) AS place FROM scoped
            QUALIFY place <= {MOST_REFS}
        )
        SELECT g, f.cid, sample_id, container, s.sample, s.control FROM first f JOIN sample s USING (sid) ORDER BY g, f.cid, place
    """).fetchall():
        found[g, cid].append(SampleRef(
            sample_id=sample_id, container=container, sample=name, control=control, address=addresses.sample(*at[cid], container, name),
        ))  # fmt: skip
    return found


def ranked_genes(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[TermGene, ...]]:
    """Scope → its first genes: those of most independent studies, then components, then samples. Controls are left out.

    Needs `scoped_gene` and `entity(gene, slug, name, organism, identifiers)`.
    """
    found: dict[int, list[TermGene]] = defaultdict(list)
    for g, slug, name, organism, identifiers, studies, components, samples, sampled in con.execute(f"""
        WITH ranked AS (
            SELECT g, gene, count(DISTINCT study) AS studies, count(*) AS components, sum(n) AS samples
            FROM scoped_gene JOIN component USING (cid) GROUP BY g, gene
        ), first AS (
            SELECT *, row_number() OVER (PARTITION BY g ORDER BY studies DESC, components DESC, samples DESC, slug) AS rank
            FROM ranked JOIN entity USING (gene) QUALIFY rank <= {MOST_GENES}
        ), per_component AS (
            SELECT gene, cid, count(*) AS n FROM gene_sample JOIN sample USING (sid)
            WHERE NOT control AND gene IN (SELECT gene FROM first) GROUP BY ALL
        ), met AS (SELECT DISTINCT g, cid FROM scoped WHERE NOT control)
        SELECT g, slug, name, organism, identifiers, studies, components, any_value(samples), sum(c.n)
        FROM first JOIN met USING (g) JOIN per_component c USING (gene, cid)
        GROUP BY g, slug, name, organism, identifiers, studies, components, rank ORDER BY g, rank
    """).fetchall():
        found[g].append(TermGene(
            slug=slug, address=addresses.gene(slug), name=name, organism=organism, identifier=(identifiers or "").split("; ")[0] or None,
            studies=studies, components=components, samples=int(samples), sampled=int(sampled),
        ))  # fmt: skip
    return {g: tuple(genes) for g, genes in found.items()}


def gene_files(con: duckdb.DuckDBPyConnection, scopes: Mapping[int, str]) -> dict[str, bytes]:
    """Slug → CSV of all its genes, of the scopes given: ranked as on the page. One sorted read for all of them."""
    found: dict[str, list[str]] = {}
    head = "gene,organism,identifiers,studies,components,samples,address\r\n"
    reader = con.execute("""
        SELECT g, name, coalesce(organism, ''), coalesce(identifiers, ''), count(DISTINCT study) AS studies, count(*) AS components,
            CAST(sum(n) AS BIGINT) AS samples, slug
        FROM scoped_gene JOIN component USING (cid) JOIN entity USING (gene)
        GROUP BY g, slug, name, organism, identifiers ORDER BY g, studies DESC, components DESC, samples DESC, slug
    """)
    while rows := reader.fetchmany(10_000):
        for g, name, organism, identifiers, studies, components, samples, slug in rows:
            if g in scopes:
                cells = (*(_cell(t) for t in (name, organism, identifiers)), str(studies), str(components), str(samples))
                found.setdefault(scopes[g], [head]).append(",".join((*cells, addresses.gene(slug))) + "\r\n")
    return {slug: "".join(lines).encode() for slug, lines in found.items()}


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def met_in_samples(con: duckdb.DuckDBPyConnection, phenotypes: Nodes, *, others: bool) -> dict[int, tuple[tuple[Met, ...], int]]:
    """Scope → the phenotypes found in its samples, most samples first, and how many there are.

    `others`: the scopes are of phenotypes, and only other ones count: none of the scope's own terms, and not a second term of the one
    authors' phenotype, which always meets the first.
    """
    own = ("", "")
    if others:
        own = (
            "JOIN (SELECT DISTINCT g, sid, word FROM member JOIN phenotype_sample USING (n)) w "
            "ON w.g = a.g AND w.sid = a.sid AND w.word <> b.word",
            "AND NOT EXISTS (SELECT 1 FROM member m WHERE m.g = a.g AND m.n = b.n)",
        )
    return _met(con, phenotypes, f"""
        SELECT a.g, b.n, count(DISTINCT a.sid) AS samples FROM scoped a JOIN phenotype_sample b ON a.sid = b.sid {own[0]}
        WHERE NOT a.control {own[1]} GROUP BY ALL
    """)  # fmt: skip


def met_in_components(
    con: duckdb.DuckDBPyConnection, phenotypes: Nodes, scopes: Mapping[int, Scope]
) -> dict[int, tuple[tuple[Met, ...], int]]:
    """As met_in_samples, for scopes that are components as a whole."""
    at = {(study, component): cid for cid, study, component in con.execute("SELECT * FROM component").fetchall()}
    pairs = [(g, at[s.study, s.component]) for g, scope in scopes.items() for s in scope.seen if (s.study, s.component) in at]
    con.execute("DROP TABLE IF EXISTS scoped_component")
    number(con, "scoped_component", {}, {"g": [g for g, _ in pairs], "cid": [cid for _, cid in pairs]})
    return _met(con, phenotypes, """
        SELECT g, n, sum(samples) AS samples FROM scoped_component
        JOIN (SELECT n, cid, count(DISTINCT sid) AS samples FROM phenotype_sample WHERE NOT control GROUP BY n, cid) USING (cid)
        GROUP BY g, n
    """)  # fmt: skip


def _met(con: duckdb.DuckDBPyConnection, phenotypes: Nodes, counted: str) -> dict[int, tuple[tuple[Met, ...], int]]:
    found: dict[int, list[Met]] = defaultdict(list)
    totals: dict[int, int] = {}
    for g, n, samples, total in con.execute(f"""
        WITH counted AS ({counted})
        SELECT g, n, CAST(samples AS BIGINT), count(*) OVER (PARTITION BY g) FROM counted
        QUALIFY row_number() OVER (PARTITION BY g ORDER BY samples DESC, n) <= {MOST_MET} ORDER BY g, samples DESC, n
    """).fetchall():
        node = phenotypes.nodes[n]
        found[g].append(Met(name=node.name, accession=node.accession, slug=node.slug, samples=samples))
        totals[g] = total
    return {g: (tuple(its), totals[g]) for g, its in found.items()}
