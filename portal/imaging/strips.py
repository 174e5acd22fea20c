"""Channel strips: one lossy gray picture a tile, its channels stacked from top to bottom (docs/tiles.md).

`<level>/<z>/<t>/<group>/<x>_<y>.<format>`, a tile of width w and height h·n for the n channels of the group; w and h
are the tile's true size, smaller at the right and bottom edges. `max` in the place of z: the maximum over z.

Two formats. WebP has fewer bytes, JPEG takes a tenth of the time. So the small levels, which are what a first view asks for, are
WebP; the large ones, which hold nearly all pixels and of which a reader sees a few tiles, are JPEG.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal, Protocol

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portal.imaging.bands import Highest, banded, drawn_type
from portal.imaging.blocks import Block, blocks
from portal.imaging.limits import Coder, Coding, Limits
from portal.imaging.planes import TILE, Level, Planes, halved, levels

STACKED = 4  # channels a strip; 4 · 512 rows stay far below WebP's 16,383
QUALITY = 80
METHOD = 0  # half the time of 2, a fifth of the default 4; as many bytes on noise, 18 % more on dark, smooth fields
THIN = 16  # rows: below this, neighbouring channels would share a block of the encoder
LARGE = 2048  # px: levels whose longer side is at least this are JPEG; a first view asks for a smaller one
BLOCK = 8  # rows of a JPEG's block: each channel is filled up to whole blocks, so that none holds two channels
JPEG = 80  # quality; on dark backgrounds nearer to the pixels than WebP's 80, at 1.4 to 1.6 times the bytes (docs/benchmarks.md)
MAX = "max"

Format = Literal["webp", "jpg"]


class Watcher(Protocol):
    """Sees every block of a pass. `z` is the plane's number, or `max`; `channels` are those of the block's parts."""

    def __call__(self, t: int, channels: Sequence[int], z: int | str, block: Block) -> None: ...


def groups(channels: int) -> tuple[tuple[int, ...], ...]:
    """Which channels share a strip: (0, 1, 2, 3), (4, 5), …"""
    return tuple(tuple(range(first, min(first + STACKED, channels))) for first in range(0, channels, STACKED))


def formats(sizes: Sequence[Level]) -> tuple[Format, ...]:
    """The format of each level's strips, which is also how their names end."""
    return tuple("jpg" if max(v.width, v.height) >= LARGE else "webp" for v in sizes)


def strips(
    planes: Planes, limits: tuple[Limits, ...], coding: Coding, scratch: Path, watchers: Sequence[Watcher] = ()
) -> Iterator[tuple[str, bytes]]:
    """Every tile of every level, and of the maximum over z where there is more than one z, as (path, WebP or JPEG).

    Each plane is read once; `watchers` see what was read. Memory follows the tile's size where the source reads
    regions, else a plane's; `scratch` is a folder for what does not fit in memory.
    """
    sizes = levels(planes.width, planes.height)
    size = drawn_type(planes).itemsize
    kinds = formats(sizes)
    coders = [Coder(drawn_type(planes), found, coding) for found in limits]
    for t in range(planes.t):
        for number, group in enumerate(groups(planes.channels)):
            own = [coders[c] for c in group]
            highest = Highest(planes, len(group), scratch) if planes.z > 1 else None
            for z in range(planes.z):
                with banded(planes, t, group, z, scratch) as read:
                    for block in blocks(sizes, highest.watching(read, first=z == 0) if highest else read, halved, size):
                        for watch in watchers:
                            watch(t, group, z, block)
                        yield _tile(block, own, f"{z}/{t}/{number}", kinds[block.depth])
            if highest:
                for block in blocks(sizes, highest.read, halved, size):
                    for watch in watchers:
                        watch(t, group, MAX, block)
                    yield _tile(block, own, f"{MAX}/{t}/{number}", kinds[block.depth])


def _tile(block: Block, coders: Sequence[Coder], place: str, kind: Format) -> tuple[str, bytes]:
    high, wide = block.parts[0].shape
    room = -(-high // BLOCK) * BLOCK if kind == "jpg" else high
    strip = np.empty((room * len(coders), wide), np.uint8)
    for n, (coder, part) in enumerate(zip(coders, block.parts, strict=True)):
        own = strip[n * room : (n + 1) * room]
        coder.code(part, own[:high])
        own[high:] = own[high - 1]
    name = f"{block.depth}/{place}/{block.left // TILE}_{block.top // TILE}.{kind}"
    return name, gray_jpeg(strip) if kind == "jpg" else gray_webp(strip, thin=high < THIN)


def gray_jpeg(gray: NDArray[np.uint8]) -> bytes:
    """A gray picture as JPEG (quality 80), by libjpeg-turbo, whose bytes are the same on every processor."""
    return bytes(imagecodecs.jpeg8_encode(gray, level=JPEG))


def gray_webp(gray: NDArray[np.uint8], *, thin: bool = False) -> bytes:
    """A gray picture as lossy WebP (quality 80); lossless where it is `thin`, since blocks would mix its channels."""
    data = BytesIO()
    # By Pillow, which takes gray as it is; the bytes are those of imagecodecs, which wants three samples.
    Image.fromarray(gray).save(data, "WEBP", quality=QUALITY, method=METHOD, lossless=thin)
    return data.getvalue()
