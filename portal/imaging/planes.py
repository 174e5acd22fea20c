"""What is drawn: a lazily read source of planes, or one RGB picture; and the levels of its pyramid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TILE = 512

Plane = NDArray[Any]  # (y, x)
Picture = NDArray[np.uint8]  # (y, x, 3): red, green, blue


@dataclass(frozen=True)
class Planes:
    """Single-valued pixels with axes TCZYX, read one plane at a time.

    `read(t, c, z)` gives a plane of shape (height, width) and of type `dtype`, with indices from 0. It may raise
    anything that its format's reader raises.
    """

    width: int
    height: int
    channels: int
    z: int
    t: int
    dtype: np.dtype[Any]
    read: Callable[[int, int, int], Plane]


@dataclass(frozen=True)
class Rgb:
    """One RGB picture, 8 bits a sample. `read()` gives all of it, shape (height, width, 3).

    `file` is set where libvips reads the same picture from a file by itself: then memory does not follow the
    picture's area, and `read` is not called.
    """

    width: int
    height: int
    read: Callable[[], Picture]
    file: Path | None = None


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
    four = (plane[0::2, 0::2], plane[0::2, 1::2], plane[1::2, 0::2], plane[1::2, 1::2])
    if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
        total = four[0].astype(np.int32) + four[1] + four[2] + four[3]
        return ((total + 2) >> 2).astype(plane.dtype)
    mean = np.mean([quarter.astype(np.float64) for quarter in four], axis=0)
    return (np.floor(mean + 0.5) if plane.dtype.kind in "iu" else mean).astype(plane.dtype)
