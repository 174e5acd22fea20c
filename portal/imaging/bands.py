"""Parts of planes, whatever the source can do: read from it in parts, or decoded as a whole and kept where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from portal.imaging.blocks import Read
from portal.imaging.planes import Plane, Planes

IN_MEMORY = 64 << 20  # bytes of the planes of one group of channels; larger ones are kept in a file


class Kept:
    """A plane that is written and read in parts: in memory, or in the file `place` where that is given.

    A file is mapped for each part anew, so that only that part counts as memory.
    """

    def __init__(self, height: int, width: int, dtype: DTypeLike, place: Path | None = None):
        self._shape, self._dtype, self._place = (height, width), np.dtype(dtype), place
        self._array = np.empty(self._shape, self._dtype) if place is None else None
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                file.truncate(height * width * self._dtype.itemsize)

    def get(self, rows: slice, columns: slice) -> Plane:
        return np.array(self._mapped("r")[rows, columns])

    def put(self, rows: slice, columns: slice, part: Plane) -> None:
        self._mapped("r+")[rows, columns] = part

    def raise_to(self, rows: slice, columns: slice, part: Plane) -> None:
        """The larger of what is kept and `part`; NaN only where both are."""
        cut = self._mapped("r+")[rows, columns]
        (np.fmax if self._dtype.kind == "f" else np.maximum)(cut, part, out=cut)

    def _mapped(self, mode: str) -> Plane:
        if self._array is not None:
            return self._array
        assert self._place is not None
        return np.memmap(self._place, self._dtype, mode, shape=self._shape)  # type: ignore[call-overload]


class Highest:
    """The maximum over z of a group of channels, taken part by part as the planes pass."""

    def __init__(self, planes: Planes, channels: int, scratch: Path):
        size = planes.width * planes.height * drawn_type(planes).itemsize * channels
        places = [scratch / f"highest-{n}" if size > IN_MEMORY else None for n in range(channels)]
        self._kept = [Kept(planes.height, planes.width, drawn_type(planes), place) for place in places]

    def watching(self, read: Read, *, first: bool) -> Read:
        """`read`, whose bands are taken into account as they pass; those of the `first` plane are all there is yet."""

        def parts(rows: slice, columns: slice) -> Sequence[Plane]:
            found = read(rows, columns)
            for kept, part in zip(self._kept, found, strict=True):
                (kept.put if first else kept.raise_to)(rows, columns, part)
            return found

        return parts

    def read(self, rows: slice, columns: slice) -> Sequence[Plane]:
        return [kept.get(rows, columns) for kept in self._kept]


def drawn_type(planes: Planes) -> np.dtype:
    """The type that planes are drawn and published as: their own in this machine's byte order, bool as uint8."""
    return np.dtype(np.uint8) if planes.dtype.kind == "b" else planes.dtype.newbyteorder("=")


@contextmanager
def banded(planes: Planes, t: int, channels: Sequence[int], z: int, scratch: Path) -> Iterator[Read]:
    """How to read parts of some channels of (t, z). A source without `region` is decoded once a plane, here."""
    dtype = drawn_type(planes)
    if planes.region is not None:
        region = planes.region

        def parts(rows: slice, columns: slice) -> Sequence[Plane]:
            return [np.asarray(region(t, c, z, rows, columns)).astype(dtype, copy=False) for c in channels]

        yield parts
        return
    size = planes.width * planes.height * dtype.itemsize * len(channels)
    if size <= IN_MEMORY:
        arrays = [planes.read(t, c, z).astype(dtype, copy=False) for c in channels]
        yield lambda rows, columns: [array[rows, columns] for array in arrays]
        return
    everything = slice(0, planes.height), slice(0, planes.width)
    kept = [Kept(planes.height, planes.width, dtype, scratch / f"plane-{n}") for n in range(len(channels))]
    for place, c in zip(kept, channels, strict=True):
        place.put(*everything, planes.read(t, c, z))
    yield lambda rows, columns: [place.get(rows, columns) for place in kept]
