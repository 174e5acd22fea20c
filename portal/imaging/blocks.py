"""A pyramid made depth first: all its levels in one pass over the pixels, in memory that follows the tile's size.

Bands of one tile's height are read at full resolution; two of them make one band of the next level, and so on. Bands
are at most SPAN bytes, so that a wide picture is taken a square of bands after the other. The result is the same as
halving whole planes, because every band but the last has an even number of rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from portal.imaging.planes import TILE, Level, Plane

SPAN = 16 << 20  # bytes of a band of one channel: 16,384 px of 16 bits

Reduce = Callable[[Plane], Plane]
Read = Callable[[slice, slice], Sequence[Plane]]


@dataclass(frozen=True)
class Block:
    """The tile at (`top`, `left`) of level `depth`, one array a channel; `top` and `left` are multiples of 512."""

    depth: int
    top: int
    left: int
    parts: Sequence[Plane]

    @property
    def cut(self) -> tuple[slice, slice]:
        height, width = self.parts[0].shape[:2]
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def blocks(sizes: Sequence[Level], read: Read, reduce: Reduce, itemsize: int) -> Generator[Block]:
    """Every pixel of every level once, a tile at a time, so that all that is done with it finds it in the processor's cache.

    `read(rows, columns)` gives the channels of a band of level 0, each (y, x) or (y, x, samples) of `itemsize` bytes a pixel; `reduce`
    makes a part half as large, rounded up. Part of level n + 1 follow those that it is made of.
    """
    span = TILE
    while span < sizes[0].width and 2 * span * TILE * itemsize <= SPAN:
        span *= 2

    def made(depth: int, row: int, column: int) -> Generator[Block, None, Sequence[Plane]]:
        """Yields the tiles of one band and of all below it; returns the band, reduced."""
        across = max(TILE, span >> depth)
        if depth == 0:
            height, width = sizes[0].height, sizes[0].width
            parts = read(
                slice(row * TILE, min(height, (row + 1) * TILE)), slice(column * across, min(width, (column + 1) * across))
            )  # fmt: skip
        else:
            below, bands = sizes[depth - 1], []
            wide = max(TILE, span >> (depth - 1))
            columns = [column] if wide == 2 * across else [2 * column, 2 * column + 1]
            for y in (2 * row, 2 * row + 1):
                if y * TILE < below.height:
                    beside = []
                    for x in columns:
                        if x * wide < below.width:
                            beside.append((yield from made(depth - 1, y, x)))
                    bands.append(_joined(beside, axis=1))
            parts = _joined(bands, axis=0)
        small = []
        for left in range(0, parts[0].shape[1], TILE):
            tile = [part[:, left : left + TILE] for part in parts]
            yield Block(depth, row * TILE, column * across + left, tile)
            small.append([reduce(part) for part in tile] if depth < top else tile)
        return _joined(small, axis=1)

    top = len(sizes) - 1
    across = max(TILE, span >> top)
    for column in range(-(-sizes[top].width // across)):
        yield from made(top, 0, column)


def _joined(several: Sequence[Sequence[Plane]], axis: int) -> Sequence[Plane]:
    """Parts side by side, or one below the other, channel by channel."""
    return several[0] if len(several) == 1 else [np.concatenate(parts, axis=axis) for parts in zip(*several, strict=True)]


def quartered(plane: Plane) -> Plane:
    """One of each 2×2 pixels, the top left one: for label images, whose ids must not be mixed."""
    return plane[::2, ::2]
