"""What an import met, drawn: a bar of parts for each sort of thing, with the same in words."""

from __future__ import annotations

from dataclasses import dataclass

from portal.accounts import PARTS, Account, Shares

# What a part is called, of each sort of thing.
WORDS = {
    "files": {"mapped": "taken over", "kept": "read for settings", "compared": "compared", "left": "left behind"},
    "entries": {"mapped": "mapped", "kept": "kept as written", "empty": "without a value"},
    "rows": {"mapped": "used", "compared": "compared", "left": "met no sample"},
    "cells": {"mapped": "mapped", "kept": "kept as written", "compared": "compared", "empty": "empty"},
}
SORTS = (("Files", "files"), ("Entries of text", "entries"), ("Rows of tables", "rows"), ("Cells of tables", "cells"))
# What the words mean, for those who meet them here first.
MEANINGS = {
    "mapped": "It became part of the record: a field, a sample, a column with a name that all studies share.",
    "kept": "It stands beside these as it was written: under “Further fields of the source”, or in the component’s own table.",
    "compared": "It says again what another table says. The two were compared, and it is not published a second time.",
    "left": "It stayed behind, for a reason that is given below.",
    "empty": "The source holds a place for it, and nothing in it.",
}
LEGEND = {"mapped": "mapped, taken over or used", "kept": "kept as written", "compared": "compared", "left": "left over", "empty": "empty"}

# Of 1,000 units: a part of one in a million is still seen.
_LEAST = 6.0


@dataclass(frozen=True)
class Part:
    """One part of a bar. `start` and `width` are of 1,000 units."""

    look: str
    words: str
    n: int
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """Things of one sort by what became of them."""

    label: str
    total: int
    parts: tuple[Part, ...]

    @property
    def in_words(self) -> str:
        return ", ".join(f"{p.n:,} {p.words}" for p in self.parts)


def bar(label: str, shares: Shares, sort: str) -> Bar:
    """The parts that are there, side by side; together they always fill the bar."""
    there = [part for part in PARTS if getattr(shares, part)]
    widths = {part: max(_LEAST, 1000 * getattr(shares, part) / shares.total) for part in there}
    scale = 1000 / sum(widths.values()) if widths else 1.0
    parts, start = [], 0.0
    for part in there:
        width = widths[part] * scale
        parts.append(Part(part, WORDS[sort].get(part, part), getattr(shares, part), round(start, 2), round(width, 2)))
        start += width
    return Bar(label, shares.total, tuple(parts))


def bars(figures: Account) -> list[Bar]:
    """Files, entries, rows and cells; a sort of which there is nothing has no bar."""
    return [bar(label, shares, sort) for label, sort in SORTS if (shares := getattr(figures, sort)).total]


def legend(drawn: list[Bar]) -> list[tuple[str, str, str]]:
    """(look, name, meaning) of every part that is drawn."""
    seen = {part.look for one in drawn for part in one.parts}
    return [(look, LEGEND[look], MEANINGS[look]) for look in PARTS if look in seen]
