"""Channel strips: one lossy gray WebP a tile, its channels stacked from top to bottom (see docs of the tile grammar).

`<level>/<z>/<t>/<group>/<x>_<y>.webp`, a tile of width w and height h·n for the n channels of the group; w and h
are the tile's true size, smaller at the right and bottom edges.
"""

from __future__ import annotations

from collections.abc import Iterator

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from portal.imaging.limits import Coding, Limits, coded
from portal.imaging.planes import TILE, Plane, Planes, halved

STACKED = 4  # channels a strip; 4 · 512 rows stay far below WebP's 16,383
QUALITY = 80
METHOD = 2  # 2.6 times as fast as the default 4, for 8 % more bytes
THIN = 16  # rows: below this, neighbouring channels would share a block of the encoder


def groups(channels: int) -> tuple[tuple[int, ...], ...]:
    """Which channels share a strip: (0, 1, 2, 3), (4, 5), …"""
    return tuple(tuple(range(first, min(first + STACKED, channels))) for first in range(0, channels, STACKED))


def pyramid(plane: Plane, smallest: int = TILE) -> Iterator[Plane]:
    """The plane, then each half of it, until the longer side is at most `smallest`; each yielded as it is made."""
    plane = plane.astype(np.uint8) if plane.dtype.kind == "b" else plane
    while True:
        yield plane
        if max(plane.shape) <= smallest:
            return
        plane = halved(plane)


def strips(planes: Planes, limits: tuple[Limits, ...], coding: Coding) -> Iterator[tuple[str, bytes]]:
    """Every tile of every level as (path, WebP). Memory: one plane, and 1⅓ byte a pixel and channel of a group."""
    for t in range(planes.t):
        for z in range(planes.z):
            for number, group in enumerate(groups(planes.channels)):
                stack = [[coded(level, limits[c], coding) for level in pyramid(planes.read(t, c, z))] for c in group]
                for depth, channels in enumerate(zip(*stack, strict=True)):
                    for x, y, tile in tiles(channels):
                        yield f"{depth}/{z}/{t}/{number}/{x}_{y}.webp", gray_webp(tile, thin=len(tile) < THIN * len(group))


def tiles(channels: tuple[NDArray[np.uint8], ...]) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """(column, row, strip) for every tile of planes of one size."""
    height, width = channels[0].shape
    for y in range(-(-height // TILE)):
        for x in range(-(-width // TILE)):
            cut = np.s_[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE]
            yield x, y, np.concatenate([channel[cut] for channel in channels])


def gray_webp(gray: NDArray[np.uint8], *, thin: bool = False) -> bytes:
    """A gray picture as lossy WebP (quality 80); lossless where it is `thin`, since blocks would mix its channels.

    imagecodecs takes no single-channel array, and is lossless unless told otherwise.
    """
    colour = np.ascontiguousarray(np.broadcast_to(gray[..., None], (*gray.shape, 3)))
    if thin:
        return bytes(imagecodecs.webp_encode(colour, level=QUALITY, lossless=True, method=METHOD))
    return bytes(imagecodecs.webp_encode(colour, level=QUALITY, lossless=False, method=METHOD))
