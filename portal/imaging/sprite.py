"""A plate at a glance: one WebP with a cell a well (one request instead of 384, half the bytes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portal.imaging.blocks import Block
from portal.imaging.composite import blended, boxed, webp
from portal.imaging.planes import Picture, Plane, Planes, halved, levels

CELL = 96
COLUMNS = 24
QUALITIES = (75, 60, 45, 30)
MOST_BYTES = 440_000  # of a sprite: a plate's first view, with page and scripts, shall stay below 600 kB
SPRITES = 64  # of a plate
MOST = 4_000  # cells of a sprite: WebP ends at 16,383 rows

# The more wells, the smaller they are on a screen: px of a cell, smallest last. A sheet of 384 detailed cells of 96 px is 760 KB.
SIDES = (CELL, 64, 48, 32, 24)
PIXELS = 384 * 64 * 64

Gray = NDArray[np.uint8]  # (y, x)


@dataclass(frozen=True)
class Sheet:
    """Cell i lies at x = (i mod columns)·cell, y = (i div columns)·cell. `places` maps a name to i."""

    picture: bytes
    cell: int
    columns: int
    rows: int
    places: dict[str, int]


def cell_of(wells: int) -> int:
    """The side of a well's cell in px.

    >>> [cell_of(n) for n in (1, 96, 384, 1536, 3456)]
    [96, 96, 64, 32, 24]
    """
    return next((side for side in SIDES if wells * side * side <= PIXELS), SIDES[-1])


def sheet(pictures: Mapping[str, Picture | Gray], background: tuple[int, int, int] = (0, 0, 0), names: Sequence[str] = ()) -> Sheet:
    """One cell (see `cell_of`) for each of `names`, in their order; for each picture, where none are given. At least one, at most MOST.

    A name without a picture has an empty cell and no place: so the cells of several sheets of the same names lie alike. A picture
    is (y, x, 3), or gray (y, x).
    """
    names = names or list(pictures)
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    cell = cell_of(len(names))
    whole = np.empty((rows * cell, columns * cell, 3), np.uint8)
    whole[:] = np.array(background, np.uint8)
    places = {name: i for i, name in enumerate(names) if name in pictures}
    for name, i in places.items():
        picture = pictures[name]
        y, x = i // columns * cell, i % columns * cell
        whole[y : y + cell, x : x + cell] = boxed(picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1), cell, background)
    return Sheet(_packed(whole), cell, columns, rows, places)


def _packed(whole: Picture) -> bytes:
    """As WebP of the best quality that keeps it within MOST_BYTES; noise needs a lower one, which cells of this size hardly show."""
    for quality in QUALITIES:
        picture = webp(whole, quality)
        if len(picture) <= MOST_BYTES:
            break
    return picture


class Singles:
    """A Watcher of `strips`: each of the first 64 channels alone, as a small gray picture. Keeps the coarsest level (at most 512 px)
    of the first time point: the middle plane, and the maximum over z.
    """

    def __init__(self, planes: Planes):
        self._middle, sizes = planes.z // 2, levels(planes.width, planes.height)
        self._depth = len(sizes) - 1
        self._size = sizes[-1].height, sizes[-1].width
        self._kept: dict[tuple[int | str, int], Plane] = {}

    def __call__(self, t: int, channels: Sequence[int], z: int | str, block: Block) -> None:
        if t == 0 and block.depth == self._depth and (z == self._middle or isinstance(z, str)):
            for c, part in zip(channels, block.parts, strict=True):
                if c >= SPRITES:
                    continue
                self._kept.setdefault((z, c), np.empty(self._size, part.dtype))[block.cut] = part

    def cells(self, windows: Sequence[tuple[float, float]], shows: int | str, background: tuple[int, int, int]) -> list[Gray]:
        """A cell of 96 px for each channel, black where its value is at its window's low end, white at its high one; `shows`: the
        plane's number, or "max".
        """
        return [self._cell(self._kept[shows, c], window, background) for c, window in enumerate(windows[:SPRITES])]

    @staticmethod
    def _cell(plane: Plane, window: tuple[float, float], background: tuple[int, int, int]) -> Gray:
        while max(plane.shape) >= 2 * CELL:
            plane = halved(plane)
        return boxed(blended([plane], [window], ["#ffffff"]), CELL, background)[..., 0]
