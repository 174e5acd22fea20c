"""Channel strips: one lossy gray WebP a tile, its channels stacked from top to bottom (docs/tiles.md).

`<level>/<z>/<t>/<group>/<x>_<y>.webp`, a tile of width w and height h·n for the n channels of the group; w and h
are the tile's true size, smaller at the right and bottom edges. `max` in the place of z: the maximum over z.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portal.imaging.bands import Highest, banded, drawn_type
from portal.imaging.blocks import Block, blocks
from portal.imaging.limits import Coder, Coding, Limits
from portal.imaging.planes import TILE, Planes, halved, levels

STACKED = 4  # channels a strip; 4 · 512 rows stay far below WebP's 16,383
QUALITY = 80
METHOD = 0  # half the time of 2, a fifth of the default 4; as many bytes on noise, 18 % more on dark, smooth fields
THIN = 16  # rows: below this, neighbouring channels would share a block of the encoder
MAX = "max"


class Watcher(Protocol):
    """Sees every block of a pass. `z` is the plane's number, or `max`; `channels` are those of the block's parts."""

    def __call__(self, t: int, channels: Sequence[int], z: int | str, block: Block) -> None: ...


def groups(channels: int) -> tuple[tuple[int, ...], ...]:
    """Which channels share a strip: (0, 1, 2, 3), (4, 5), …"""
    return tuple(tuple(range(first, min(first + STACKED, channels))) for first in range(0, channels, STACKED))


def strips(
    planes: Planes, limits: tuple[Limits, ...], coding: Coding, scratch: Path, watchers: Sequence[Watcher] = ()
) -> Iterator[tuple[str, bytes]]:
    """Every tile of every level, and of the maximum over z where there is more than one z, as (path, WebP).

    Each plane is read once; `watchers` see what was read. Memory follows the tile's size where the source reads
    regions, else a plane's; `scratch` is a folder for what does not fit in memory.
    """
    sizes = levels(planes.width, planes.height)
    size = drawn_type(planes).itemsize
    coders = [Coder(drawn_type(planes), found, coding) for found in limits]
    for t in range(planes.t):
        for number, group in enumerate(groups(planes.channels)):
            own = [coders[c] for c in group]
            highest = Highest(planes, len(group), scratch) if planes.z > 1 else None
            for z in range(planes.z):
                with banded(planes, t, group, z, scratch) as read:
                    for block in blocks(sizes, read, halved, size):
                        if highest and block.depth == 0:
                            highest.take(*block.cut, block.parts, first=z == 0)
                        for watch in watchers:
                            watch(t, group, z, block)
                        yield from _tiles(block, own, f"{z}/{t}/{number}")
            if highest:
                for block in blocks(sizes, highest.read, halved, size):
                    for watch in watchers:
                        watch(t, group, MAX, block)
                    yield from _tiles(block, own, f"{MAX}/{t}/{number}")


def _tiles(block: Block, coders: Sequence[Coder], place: str) -> Iterator[tuple[str, bytes]]:
    channels = [code(part) for code, part in zip(coders, block.parts, strict=True)]
    height, width = channels[0].shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            strip = np.concatenate([channel[top : top + TILE, left : left + TILE] for channel in channels])
            name = f"{block.depth}/{place}/{(block.left + left) // TILE}_{(block.top + top) // TILE}.webp"
            yield name, gray_webp(strip, thin=len(strip) < THIN * len(channels))


def gray_webp(gray: NDArray[np.uint8], *, thin: bool = False) -> bytes:
    """A gray picture as lossy WebP (quality 80); lossless where it is `thin`, since blocks would mix its channels."""
    data = BytesIO()
    # By Pillow, which takes gray as it is; the bytes are those of imagecodecs, which wants three samples.
    Image.fromarray(gray).save(data, "WEBP", quality=QUALITY, method=METHOD, lossless=thin)
    return data.getvalue()
