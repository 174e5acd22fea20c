"""What is drawn: a lazily read source of planes, or one RGB picture; and the levels of its pyramid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TILE = 512
FEW = 16  # rows that are worked on together: what a processor's cache holds, so that no step waits for memory

Plane = NDArray[Any]  # (y, x)
Picture = NDArray[np.uint8]  # (y, x, 3): red, green, blue


@dataclass(frozen=True)
class Planes:
    """Single-valued pixels with axes TCZYX, read one plane at a time.

    `read(t, c, z)` gives a plane of shape (height, width) and of type `dtype`, with indices from 0. `region(t, c, z,
    rows, columns)` gives a part of it: slices with step 1 inside the plane, shape (rows, columns). Readers that can
    decode less than a plane give it; then memory does not follow the size of a plane. Both may raise anything that
    their format's reader raises.

    `levels`: coarser copies of the same pixels that the source itself holds, each next smaller, with the same
    channels, z, t and `dtype`. They serve measuring and pictures; tiles are always reduced from full resolution.
    """

    width: int
    height: int
    channels: int
    z: int
    t: int
    dtype: np.dtype[Any]
    read: Callable[[int, int, int], Plane]
    region: Callable[[int, int, int, slice, slice], Plane] | None = None
    levels: tuple[Planes, ...] = ()


@dataclass(frozen=True)
class LabelImage:
    """Pixels that say to which object they belong: 0 is background, any other integer is an id.

    `planes` has one channel and an integer (or bool) type, and the width and height of its image; its z and t are those
    of the image, or 1 where one plane holds for all. `colours`: id → `#rrggbb`; `properties`: id → flat values.
    """

    name: str
    planes: Planes
    colours: dict[int, str] = field(default_factory=dict)
    properties: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rgb:
    """One RGB picture, 8 bits a sample. `read()` gives all of it, shape (height, width, 3).

    `file` is set where libvips reads the same picture from a file by itself; `region(rows, columns)` where a reader
    decodes parts: slices with step 1 inside the picture, shape (rows, columns, 3). With either, memory does not
    follow the picture's area, and `read` is not called. `levels`: coarser copies that the source holds, as of Planes.
    """

    width: int
    height: int
    read: Callable[[], Picture]
    file: Path | None = None
    region: Callable[[slice, slice], Picture] | None = None
    levels: tuple[Rgb, ...] = ()


Source = Planes | Rgb


@dataclass(frozen=True)
class Level:
    """One size of the pyramid, in pixels, and how many tiles it has."""

    width: int
    height: int
    columns: int
    rows: int


def levels(width: int, height: int, tile: int = TILE) -> tuple[Level, ...]:
    """Level 0 is full resolution; each next is half as large, rounded up, until the longer side fits in one tile.

    Rounding up is also what libvips (`dzsave`) and OpenSeadragon do, so that all three agree on odd sizes.

    >>> [(v.width, v.height) for v in levels(1025, 3)]
    [(1025, 3), (513, 2), (257, 1)]
    """
    found = []
    while True:
        found.append(Level(width, height, -(-width // tile), -(-height // tile)))
        if max(width, height) <= tile:
            return tuple(found)
        width, height = -(-width // 2), -(-height // 2)


def halved(plane: Plane) -> Plane:
    """The mean of each 2×2 block, same type (integers rounded half up); an odd last row or column is repeated.

    Works for (y, x) and (y, x, samples). Booleans must be converted before.
    """
    plane = np.concatenate([plane, plane[-1:]]) if plane.shape[0] % 2 else plane
    plane = np.concatenate([plane, plane[:, -1:]], axis=1) if plane.shape[1] % 2 else plane
    if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
        small = np.empty((plane.shape[0] // 2, plane.shape[1] // 2, *plane.shape[2:]), plane.dtype)
        for top in range(0, len(small), FEW):
            rows = plane[2 * top : 2 * (top + FEW)]
            pairs = np.add(rows[0::2], rows[1::2], dtype=np.int32)
            total = pairs[:, 0::2] + pairs[:, 1::2]
            small[top : top + FEW] = (total + 2) >> 2
        return small
    four = (plane[0::2, 0::2], plane[0::2, 1::2], plane[1::2, 0::2], plane[1::2, 1::2])
    mean = np.mean([quarter.astype(np.float64) for quarter in four], axis=0)
    return (np.floor(mean + 0.5) if plane.dtype.kind in "iu" else mean).astype(plane.dtype)
