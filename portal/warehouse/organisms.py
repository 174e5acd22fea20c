"""Organisms: one each, however the tables spell them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from portal import addresses
from portal.facts import ComponentRecord


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
