"""A plate at a glance: one WebP with a cell a well (one request instead of 384, half the bytes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from portal.imaging.composite import boxed, webp
from portal.imaging.planes import Picture

CELL = 96
COLUMNS = 24
QUALITY = 75


@dataclass(frozen=True)
class Sheet:
    """Cell i lies at x = (i mod columns)·cell, y = (i div columns)·cell. `places` maps a name to i."""

    picture: bytes
    cell: int
    columns: int
    rows: int
    places: dict[str, int]


def sheet(pictures: Mapping[str, Picture], background: tuple[int, int, int] = (0, 0, 0)) -> Sheet:
    """One cell of 96 px for each picture, in the mapping's order. At least one, at most 4,000 (WebP's height)."""
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    whole = np.empty((rows * CELL, columns * CELL, 3), np.uint8)
    whole[:] = np.array(background, np.uint8)
    for i, picture in enumerate(pictures.values()):
        y, x = i // columns * CELL, i % columns * CELL
        whole[y : y + CELL, x : x + CELL] = boxed(picture, CELL, background)
    return Sheet(webp(whole, QUALITY), CELL, columns, rows, {name: i for i, name in enumerate(pictures)})
