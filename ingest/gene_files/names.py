"""Entries of a file of names → genes: lines with one symbol are one gene. What is odd is counted, and told in `notes`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ingest.gene_files.reading import Entry, Told
from ingest.marks import quoted
from ingest.records import count
from portal.eaten import dates
from portal.naming import NamedGene

MAX_NAMES = 1_000  # Names of one gene. The most that any file seen has is far below 200.
_EXAMPLES = 3

# What a spreadsheet makes of a symbol, in the spellings that lists of such accidents hold (portal.eaten knows those met in tables).
_DATE = re.compile(r"\d{1,4}[-/]\d{1,4}(?:[-/]\d{1,4})?|\d{1,2}-(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)", re.IGNORECASE)


@dataclass(slots=True)
class _Gene:
    """Names as the lines tell them, repeats and all: a million sets would take more memory than a million short lists."""

    line: int
    ids: list[str] = field(default_factory=list)
    synonyms: list[str] = field(default_factory=list)
    mangled: list[str] = field(default_factory=list)
    groups: dict[str, str] | None = None  # group → the name that stands for the gene in it


@dataclass(frozen=True)
class Named:
    """`members`: (group, name that stands for the gene)."""

    genes: list[NamedGene]
    members: list[tuple[str, str]]
    rows: int
    notes: tuple[str, ...]


def named_genes(entries: Iterable[Entry], organism: str, source: str, told: Told) -> Named:
    """One gene a symbol; without a symbol, one an identifier (the first of its entry)."""
    found: dict[tuple[str | None, str], _Gene] = {}
    rows = silent = 0
    for entry in entries:
        rows += 1
        symbols, ids, synonyms, mangled, groups = (entry.values.get(r, ()) for r in ("symbol", "ids", "synonyms", "mangled", "group"))
        if eaten := [s for s in symbols if is_date(s)]:
            what = f"{quoted(eaten[0])} is a date that a spreadsheet made of a symbol, and is left out"
            told.tell(entry.line, what, "write the symbol, as text", "eaten")
            symbols = tuple(s for s in symbols if s not in eaten)
        if not (symbols or ids or synonyms):
            silent += 1
            continue
        symbol = symbols[0] if symbols else None
        gene = found.setdefault((symbol, "" if symbol else (*ids, *synonyms)[0]), _Gene(entry.line))
        gene.ids += ids
        # A date stands for no gene: nine genes may have become `1-Mar`.
        names = (*symbols[1:], *synonyms)
        gene.synonyms += [n for n in names if not is_date(n)]
        gene.mangled += [*mangled, *(n for n in names if is_date(n))]
        for group in groups:
            gene.groups = gene.groups or {}
            gene.groups.setdefault(group, next(iter([*ids, *symbols, *synonyms])))
    genes: list[NamedGene] = []
    members: list[tuple[str, str]] = []
    for key in list(found):
        symbol, gene = key[0], found.pop(key)
        all_ids, all_synonyms, all_mangled = set(gene.ids), set(gene.synonyms), set(gene.mangled)
        if len(all_ids) + len(all_synonyms) + len(all_mangled) > MAX_NAMES:
            what = f"{quoted(symbol or next(iter(gene.ids), ''))} has more than {MAX_NAMES:,} names, and is left out"
            told.tell(gene.line, what, "check that the column of symbols is the right one", "many")
            continue
        synonyms = tuple(sorted(s for s in all_synonyms if s != symbol and s not in all_ids))
        ids = tuple(sorted(i for i in all_ids if i != symbol))
        genes.append(NamedGene(organism, symbol, ids, synonyms, source, tuple(sorted(all_mangled))))
        members += (gene.groups or {}).items()
    notes = []
    if silent:
        notes.append(f"{count(silent, 'line')} without any name of a gene passed over")
    return Named(genes, members, rows, (*notes, *_ambiguous(genes)))


def is_date(name: str) -> bool:
    return bool(dates(name) or _DATE.fullmatch(name))


def _ambiguous(genes: list[NamedGene]) -> list[str]:
    """What is said of names that do not tell one gene alone. They stay: whoever looks one up is shown all its genes."""
    symbols = {g.symbol for g in genes if g.symbol}
    notes = []
    shared = _named_by(((g, g.identifiers) for g in genes), frozenset())
    if shared:
        notes.append(f"{count(len(shared), 'identifier')} of several genes: {_examples(shared)}; each finds all of them")
    found = _named_by(((g, g.synonyms) for g in genes), symbols)
    shared = {value: names for value, names in found.items() if len(names) > 1}
    if shared:
        notes.append(f"{count(len(shared), 'synonym')} of several genes: {_examples(shared)}; each finds all of them")
    taken = {s: names for s, names in found.items() if s in symbols}
    if taken:
        what = count(len(taken), "synonym") + (" that is" if len(taken) == 1 else " that are")
        notes.append(f"{what} another gene's symbol: {_examples(taken)}; the gene of that symbol comes first")
    return notes


def _named_by(named: Iterable[tuple[NamedGene, tuple[str, ...]]], also: AbstractSet[str]) -> dict[str, list[str]]:
    """Values of several genes, and those that are `also` told → the genes that they name. The many others are held once."""
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for gene, values in named:
        name = gene.symbol or gene.names[0]
        for value in values:
            if value not in first:
                first[value] = name
                if value in also:
                    found[value] = [name]
            else:
                found.setdefault(value, [first[value]]).append(name)
    return found


def _examples(of: Mapping[str, list[str]]) -> str:
    shown = [f"{quoted(value, 40)} of {' and '.join(quoted(n, 40) for n in names[:3])}" for value, names in sorted(of.items())[:_EXAMPLES]]
    return ", ".join(shown) + (" …" if len(of) > _EXAMPLES else "")
