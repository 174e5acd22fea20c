"""Which rows of the target tables are the same gene: one page per organism and gene.

Identity is (organism, symbol), or (organism, identifier) where a row has no symbol. Then:

- an identifier without a symbol joins the gene whose symbol it is paired with elsewhere, where that is one symbol;
- symbols that differ by case only are two genes (fly: `dl` and `Dl`), unless the tables pair both with one
  identifier; then the spelling that is first by code point names the gene (`C9ORF100` before `C9orf100`), a choice
  that no count can turn over;
- genes of different organisms never join, whatever they share;
- a symbol that a spreadsheet turned into a date (`Mar-02`) is read as the symbol that its identifier stands beside elsewhere
  and that gives this date (MARCH2); where nothing proves one, the identifier alone tells the gene, because one date may be
  several genes.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal import addresses
from portal.eaten import dates, restored
from portal.facts import Eaten
from portal.warehouse.organisms import UNSPECIFIED, Organism

# An "identifier" that stands beside more symbols than this is a filler, such as a batch number, not one gene's identifier:
# its symbols are not each other's synonyms.
_FILLER = 20
_MOST_SYNONYMS = 50

Row = tuple[str | None, str | None, str | None]  # organism, identifier, symbol, as a target row has them
Key = tuple[str, str | None, str | None]  # an organism's key, identifier, symbol


class SlugCollision(Exception):
    """Two things would have one address."""


@dataclass(frozen=True)
class Gene:
    slug: str
    name: str
    symbol: str | None
    organism: Organism | None
    identifiers: tuple[str, ...]
    synonyms: tuple[str, ...]
    eaten: tuple[Eaten, ...] = ()


def _nfc(text: str | None) -> str | None:
    return unicodedata.normalize("NFC", text) if text else None


def _spellings(pairs: Sequence[tuple[str, str, str | None]]) -> dict[tuple[str, str], str]:
    """(organism key, symbol) → the spelling that names the gene, from (organism key, symbol, identifier)."""
    symbols_of: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for organism, symbol, identifier in pairs:
        symbols_of[organism, identifier].add(symbol)
    identifiers: dict[tuple[str, str], set[str]] = defaultdict(set)
    variants: dict[tuple[str, str], set[str]] = defaultdict(set)
    for organism, symbol, identifier in pairs:
        variants[organism, symbol.casefold()].add(symbol)
        if identifier and len(symbols_of[organism, identifier]) <= _FILLER:
            identifiers[organism, symbol].add(identifier)
    named: dict[tuple[str, str], str] = {}
    for (organism, _), symbols in variants.items():
        groups: list[tuple[set[str], set[str]]] = []
        for symbol in sorted(symbols):
            mine = identifiers[organism, symbol]
            sharing = [g for g in groups if g[1] & mine]
            joined = ({symbol}.union(*(g[0] for g in sharing)), mine.union(*(g[1] for g in sharing)))
            groups = [g for g in groups if not g[1] & mine] + [joined]
        named |= {(organism, symbol): min(group) for group, _ in groups for symbol in group}
    return named


def identify(rows: Sequence[Row], organisms: Mapping[str, Organism]) -> tuple[list[Gene], list[int]]:
    """The genes of distinct target rows, sorted by slug, and for each row the index of its gene.

    Every row has an identifier or a symbol. Raises SlugCollision where two genes would share an address.
    """
    written = [(organisms[o].key if o and o in organisms else UNSPECIFIED, _nfc(i), _nfc(s)) for o, i, s in rows]
    keyed = _restored(written)
    spelling = _spellings([(o, s, i) for o, i, s in keyed if s])
    symbols_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for o, i, s in keyed:
        if i and s:
            symbols_of[o, i].add(spelling[o, s])
    names = []
    for o, i, s in keyed:
        if s:
            names.append(spelling[o, s])
        else:
            paired = symbols_of.get((o, i or ""), set())
            names.append(next(iter(paired)) if len(paired) == 1 else i or "")

    identifiers: dict[tuple[str, str], set[str]] = defaultdict(set)
    synonyms: dict[tuple[str, str], set[str]] = defaultdict(set)
    eaten: dict[tuple[str, str], set[Eaten]] = defaultdict(set)
    named_by_symbol = set()
    for (o, i, s), (_, _, cell), name in zip(keyed, written, names, strict=True):
        if cell and dates(cell):
            eaten[o, name].add(Eaten(written=cell, identifier=i, proved=s not in (None, cell)))
        identifiers[o, name].update({i} if i else ())
        if s:
            named_by_symbol.add((o, name))
            synonyms[o, name].update({s} - {name})
            if i and len(symbols_of[o, i]) <= _FILLER:
                synonyms[o, name].update(symbols_of[o, i] - {name})

    by_key = {organism.key: organism for organism in organisms.values()}
    genes = []
    for o, name in identifiers:
        organism = by_key.get(o)
        genes.append(Gene(
            slug=addresses.gene_slug(name, organism.name if organism else None), name=name,
            symbol=name if (o, name) in named_by_symbol else None, organism=organism,
            identifiers=tuple(sorted(identifiers[o, name])), synonyms=tuple(sorted(synonyms[o, name])[:_MOST_SYNONYMS]),
            eaten=tuple(sorted(eaten[o, name], key=lambda e: (e.written, e.identifier or ""))) if (o, name) in eaten else (),
        ))  # fmt: skip
    genes.sort(key=lambda g: g.slug)
    refuse_collisions((g.slug, f"gene {g.name} of {g.organism.name if g.organism else 'no organism'}") for g in genes)
    index = {(g.organism.key if g.organism else UNSPECIFIED, g.name): n for n, g in enumerate(genes)}
    return genes, [index[o, name] for (o, _, _), name in zip(keyed, names, strict=True)]


def _restored(rows: Sequence[Key]) -> list[Key]:
    """The rows with the symbols that spreadsheets ate: restored where the identifier proves it, else without symbol.

    A date without an identifier is all that its row has, and stays.
    """
    beside: dict[tuple[str, str], set[str]] = defaultdict(set)
    wanted = {(o, i) for o, i, s in rows if i and s and dates(s)}
    for o, i, s in rows:
        if i and s and (o, i) in wanted:
            beside[o, i].add(s)
    return [
        (o, i, restored(s, beside[o, i] if len(beside[o, i]) <= _FILLER else ()))
        if i and (o, i) in wanted and s and dates(s)
        else (o, i, s)
        for o, i, s in rows
    ]


def refuse_collisions(slugs: Iterable[tuple[str, str]]) -> None:
    """Raises SlugCollision for two of (slug, what it names) whose slugs are the same where case does not count."""
    claimed: dict[str, str] = {}
    for slug, what in slugs:
        other = claimed.setdefault(slug.casefold(), what)
        if other != what:
            raise SlugCollision(f"{other} and {what} would both be at '{slug}'; one of the names must change in its table")
