"""Names of wells, and the plates that hold them (ANSI/SLAS 4-2004: rows are letters from A, columns numbers from 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

# Rows × columns of the usual plates: 6, 12, 24, 48, 96, 384 and 1536 wells.
PLATES = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
# Of the largest plate that is made (3,456 wells). A well beyond is told and kept, and makes no plate larger.
LARGEST = (48, 72)

_WELL = re.compile(r"([A-Za-z]{1,2})0{0,3}([1-9][0-9]{0,2})")


@cache
def well(text: str) -> tuple[int, int] | None:
    """`A1`, `a01`, `AA12` → (row, column), both from 1; None for what is no well.

    >>> well("A1"), well("h012"), well("AF48"), well("A0"), well("1A")
    ((1, 1), (8, 12), (32, 48), None, None)
    """
    match = _WELL.fullmatch(text)
    if match is None:
        return None
    row = 0
    for letter in match[1].upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row, int(match[2])


def well_name(row: int, column: int) -> str:
    """The one spelling that addresses use: `A1`, without zeros.

    >>> well_name(1, 1), well_name(32, 48)
    ('A1', 'AF48')
    """
    letters = ""
    while row:
        row, rest = divmod(row - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{column}"


def plate_size(wells: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """(rows, columns) of the smallest usual plate that holds every well; of the wells themselves where none does."""
    met = list(wells)
    if not met:
        return 0, 0
    found = [(r, c) for r, c in met if r <= LARGEST[0] and c <= LARGEST[1]] or [PLATES[0]]
    rows, columns = max(r for r, _ in found), max(c for _, c in found)
    return next(((r, c) for r, c in PLATES if rows <= r and columns <= c), (rows, columns))


def plate_sizes(plates: Mapping[str, Iterable[tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    """(rows, columns) of each plate of one component, by its wells.

    A plate that its own wells make one of fewer than 96, among larger ones, is a larger one that was filled in part.

    >>> plate_sizes({"full": [(8, 12)], "nearly empty": [(1, 2)]})
    {'full': (8, 12), 'nearly empty': (8, 12)}
    """
    own = {name: plate_size(wells) for name, wells in plates.items()}
    largest = max(own.values(), key=lambda size: size[0] * size[1], default=(0, 0))
    return {name: largest if 0 < rows * columns < 96 else (rows, columns) for name, (rows, columns) in own.items()}
