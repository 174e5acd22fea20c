"""Organisms: one page each, however the tables spell them, and a row a component that sampled them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from portal import addresses
from portal.facts import Appearance, ComponentRecord, OrganismFacts, PhenotypeCount
from portal.warehouse.inputs import terms_of
from portal.warehouse.rows import number


@dataclass(frozen=True)
class Organism:
    """`key` tells organisms apart: the last part of their genes' addresses."""

    key: str
    name: str
    term: str | None
    slug: str


def key_of(name: str | None) -> str:
    """The organism's part of a gene's address: `homo-sapiens`, or `unspecified`. Names with the same part are one organism."""
    return addresses.gene_slug("x", name).partition("--")[2]


UNSPECIFIED = key_of(None)


def fold(declared: Iterable[tuple[str, str | None]], sampled: Mapping[str, int]) -> dict[str, Organism]:
    """Every spelling → its organism.

    `declared`: (name, term) of components and studies; `sampled`: name → in how many components the tables use it.
    Spellings are one organism where their address is the same (`Homo sapiens`, `homo sapiens`) or where both are
    declared with one term. The name shown is the most frequent, then the first by code point. A name without one
    Latin letter or digit cannot be told apart in an address: it stands with what has no organism.
    """
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    terms: dict[str, Counter[str]] = defaultdict(Counter)
    for name, term in declared:
        uses[key_of(name)][name] += 1
        if term:
            terms[key_of(name)][term] += 1
    for name, times in sampled.items():
        uses[key_of(name)][name] += times
    uses.pop(UNSPECIFIED, None)
    term_of = {key: most_frequent(counted) for key, counted in terms.items()}
    groups: dict[str, list[str]] = defaultdict(list)
    for key in sorted(uses):
        groups[term_of[key].casefold() if key in term_of else key].append(key)
    found: dict[str, Organism] = {}
    for keys in groups.values():
        spellings = sum((uses[k] for k in keys), Counter[str]())
        name = most_frequent(spellings)
        term = next((term_of[k] for k in keys if k in term_of), None)
        organism = Organism(key_of(name), name, term, addresses.term_slug(term, name))
        found |= dict.fromkeys(spellings, organism)
    return found


def most_frequent(counted: Counter[str]) -> str:
    """The most frequent name; of several, the first by code point."""
    return min(counted, key=lambda name: (-counted[name], name))


def organisms_of(records: Iterable[ComponentRecord], con: duckdb.DuckDBPyConnection) -> dict[str, Organism]:
    """Every spelling that components declare or tables use → its organism. Needs `rows.load`."""
    declared = [(t.name, t.term) for r in records for t in r.organisms]
    sampled = con.execute("""
        SELECT organism, count(DISTINCT cid) FROM (
            SELECT organism, cid FROM sample UNION SELECT t.organism, cid FROM target t JOIN sample USING (sid)
        ) WHERE organism IS NOT NULL GROUP BY organism ORDER BY organism
    """).fetchall()
    return fold(declared, dict(sampled))


def organism_facts(
    con: duckdb.DuckDBPyConnection, records: Sequence[ComponentRecord], organisms: Mapping[str, Organism], genes: Mapping[str, int]
) -> list[OrganismFacts]:
    """One page an organism, sorted by slug. `genes`: organism key → genes with a page. Needs `rows.load`."""
    distinct = {o.key: o for o in organisms.values()}
    keys = sorted(distinct)
    position = {key: n for n, key in enumerate(keys)}
    spelt = sorted(organisms)
    number(con, "organism_name", {"organism": spelt}, {"o": [position[organisms[s].key] for s in spelt]})
    counted = {
        (o, cid): numbers
        for o, cid, *numbers in con.execute("""
            SELECT o, cid, count(*), count(*) FILTER (NOT control), count(*) FILTER (NOT control AND has_phenotype)
            FROM sample JOIN organism_name USING (organism) GROUP BY o, cid
        """).fetchall()
    }
    at = {cid: (study, component) for cid, study, component in con.execute("SELECT * FROM component").fetchall()}
    places = {place: cid for cid, place in at.items()}
    terms = terms_of(records)
    found: dict[tuple[int, int], list[PhenotypeCount]] = defaultdict(list)
    for o, cid, phenotype, samples, samples_nc in con.execute("""
        SELECT o, cid, phenotype, count(DISTINCT sid), count(DISTINCT sid) FILTER (NOT control)
        FROM sample JOIN organism_name USING (organism) JOIN observed USING (sid)
        GROUP BY o, cid, phenotype ORDER BY o, cid, 5 DESC, 4 DESC, phenotype
    """).fetchall():
        told = terms.get((*at[cid], phenotype), ())
        found[o, cid].append(PhenotypeCount(name=phenotype, terms=told, samples=samples, samples_nc=samples_nc))
    labels = {r.study: r.label for r in records}
    declared = {
        (position[organisms[t.name].key], places[r.study, r.component.name]) for r in records for t in r.organisms if t.name in organisms
    }
    appearances: dict[int, list[Appearance]] = defaultdict(list)
    for o, cid in sorted(set(counted) | declared):
        samples, samples_nc, with_phenotype_nc = counted.get((o, cid), (0, 0, 0))
        study, component = at[cid]
        appearances[o].append(Appearance(
            study=study, component=component, label=labels.get(study), organism=distinct[keys[o]].name, samples=samples,
            samples_nc=samples_nc, controls=samples - samples_nc, with_phenotype_nc=with_phenotype_nc,
            phenotypes=tuple(found[o, cid]),
        ))  # fmt: skip
    pages = [
        OrganismFacts(
            slug=organism.slug, name=organism.name, term=organism.term, studies=tuple(sorted({a.study for a in appearances[o]})),
            appearances=tuple(appearances[o]), genes=genes.get(key, 0), samples=sum(a.samples for a in appearances[o]),
        )
        for o, (key, organism) in enumerate((k, distinct[k]) for k in keys)
    ]  # fmt: skip
    return sorted(pages, key=lambda p: p.slug)
