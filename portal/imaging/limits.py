"""Which values black and white stand for: robust to hot pixels, dead pixels and empty planes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from portal.imaging.planes import TILE, Plane, Planes

Coding = Literal["linear", "sqrt"]

BINS = 64
SOME = 64  # rows that are coded together: their indices stay in the processor's cache
MAX_PLANES = 256  # a channel with more planes is measured on this many of them, evenly spaced
MAX_PIXELS = 64_000_000  # a channel with more is measured on bands of rows, one of every so many, others in each plane
FEW_PLANES = 4  # where planes cannot be read in parts, at least so many are decoded, however large they are
MAX_VALUES = 2_000_000  # wide types (32 bits, floats) are measured on about this many values
COARSE = 512  # px: the shorter copy that a source itself holds serves for measuring, if its longer side is no shorter
PERCENTILES, ON_WHITE = (2.0, 99.8), (0.1, 99.9)  # of the window shown first: of light on black, of brightfield


@dataclass(frozen=True)
class Limits:
    """`lo` and `hi`: the values that 0 and 255 of a tile stand for, lo < hi. `low` and `high`: the window shown first.

    `histogram` has 64 counts of equal width between lo and hi; what lies outside is counted in the first and last.
    `percentiles` are those of the window; they were found on `planes` of `of` planes, on one band of `rows` bands of each.
    """

    lo: float
    hi: float
    low: float
    high: float
    histogram: tuple[int, ...]
    percentiles: tuple[float, float] = PERCENTILES
    planes: int = 1
    of: int = 1
    rows: int = 1


def measure(planes: Planes, channel: int, *, brightfield: bool = False) -> Limits:
    """Reads some or all planes of one channel, one after the other, and finds its limits.

    Planes of one single value say nothing and are left out, unless all are. A few pixels far from all
    others (hot or dead: up to 1 in 10,000, and three) do not stretch the range. Of large images a part is read: see
    MAX_PIXELS; or a coarser copy, where the source holds one.
    """
    share = ON_WHITE if brightfield else PERCENTILES
    values, counts, how = _distribution(_coarse(planes), channel)
    total = int(counts.sum())
    if total == 0:
        return Limits(0.0, 1.0, 0.0, 1.0, (0,) * BINS, share, *how)
    reach = np.cumsum(counts)

    def at(rank: int) -> float:
        return float(values[np.searchsorted(reach, min(max(rank, 0), total - 1), side="right")])

    def quantile(q: float) -> float:
        return at(int(q * (total - 1)))

    strays = min(-(-total // 10_000) + 3, total // 100)
    floor, ceiling = at(strays), at(total - 1 - strays)
    # Bright, small things (beads, spots) may be fewer than the strays: twice the range keeps them, and costs half a bit.
    lo, hi = floor, min(at(total - 1), ceiling + (ceiling - floor)) if ceiling > floor else at(total - 1)
    if planes.dtype == np.uint8:
        lo, hi = 0.0, 255.0  # a tile then holds the very values, before the encoder's loss
    if not hi > lo:
        hi = lo + 1.0
    low, high = (quantile(q / 100) for q in share)
    if not high > low:
        low, high = lo, hi
    with np.errstate(over="ignore", invalid="ignore"):  # floats of 1e308: a range that is no number
        where = np.nan_to_num(np.clip((values - lo) / (hi - lo) * BINS, 0, BINS - 1)).astype(np.int64)
    histogram = np.bincount(where, weights=counts, minlength=BINS).astype(np.int64)
    return Limits(lo, hi, _short(low), _short(high), tuple(int(n) for n in histogram), share, *how)


def coding_for(dtype: np.dtype[Any], limits: tuple[Limits, ...], *, brightfield: bool = False) -> Coding:
    """Square root where the range exceeds 8 bits: the steps then follow the noise of counted photons."""
    integer = dtype.kind in "iub"
    if brightfield or (integer and all(v.hi - v.lo <= 255 for v in limits)):
        return "linear"
    return "sqrt"


class Coder:
    """Values as 8 bits: `round(255·f)` or `round(255·√f)`, f between lo and hi; NaN becomes 0.

    Of types of at most 16 bits, a table of all values is made once.
    """

    def __init__(self, dtype: np.dtype[Any], limits: Limits, coding: Coding):
        self._limits, self._coding = limits, coding
        self._first, self._table = 0, None
        if dtype.kind in "iu" and dtype.itemsize <= 2:
            self._first = int(np.iinfo(dtype).min)
            every = np.arange(self._first, int(np.iinfo(dtype).max) + 1, dtype=np.float64)
            self._table = _coded(every, limits, coding)

    def __call__(self, part: Plane) -> NDArray[np.uint8]:
        """Shape is kept."""
        coded = np.empty(part.shape, np.uint8)
        self.code(part, coded)
        return coded

    def code(self, part: Plane, into: NDArray[np.uint8]) -> None:
        """The same, written to `into`, which has the shape of `part` and rows without gaps."""
        if self._table is None:
            into[...] = _coded(part.astype(np.float64), self._limits, self._coding)
            return
        # In few rows and with indices of the machine's own width: `table[part]` takes two and a half times as long.
        index = np.empty((SOME, *part.shape[1:]), np.intp)
        for top in range(0, len(part), SOME):
            rows = part[top : top + SOME]
            at = index[: len(rows)]
            np.copyto(at, rows)
            if self._first:
                at -= self._first
            self._table.take(at, out=into[top : top + SOME], mode="clip")


def _coded(values: NDArray[np.float64], limits: Limits, coding: Coding) -> NDArray[np.uint8]:
    with np.errstate(invalid="ignore", over="ignore"):
        part = np.nan_to_num((values - limits.lo) / (limits.hi - limits.lo), nan=0.0, posinf=1.0, neginf=0.0)
        part = np.clip(part, 0.0, 1.0)
    return np.floor((np.sqrt(part) if coding == "sqrt" else part) * 255.0 + 0.5).astype(np.uint8)


def _coarse(planes: Planes) -> Planes:
    return next((level for level in reversed(planes.levels) if max(level.width, level.height) >= COARSE), planes)


def _distribution(planes: Planes, channel: int) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[int, int, int]]:
    """The values met, ascending, and how often each was met; on how many planes, of how many, on one of how many bands."""
    everywhere = [(t, z) for t in range(planes.t) for z in range(planes.z)]
    size = planes.width * planes.height
    most = MAX_PLANES if planes.region else min(MAX_PLANES, max(FEW_PLANES, 2 * MAX_PIXELS // size))
    chosen = everywhere[:: -(-len(everywhere) // most)]
    bands = -(-planes.height // TILE)
    rows = min(bands, -(-len(chosen) * size // MAX_PIXELS))
    narrow = planes.dtype.kind in "iub" and planes.dtype.itemsize <= 2
    share = MAX_VALUES // len(chosen) * rows // bands + 1
    kind: Callable[[], _Narrow | _Wide] = partial(_Narrow, planes.dtype) if narrow else partial(_Wide, share)
    told, dull = kind(), kind()
    for number, (t, z) in enumerate(chosen):
        one = kind()
        # Other bands in each plane, so that all parts of the picture are met.
        for part in _bands(planes, channel, t, z, range(number % rows, bands, rows)):
            one.add(part.ravel())
        (told if one.various() else dull).join(one)
    values, counts = told.met() if told.met()[0].size else dull.met()
    return values, counts, (len(chosen), len(everywhere), rows)


def _bands(planes: Planes, channel: int, t: int, z: int, numbers: range) -> Iterator[Plane]:
    whole = planes.read(t, channel, z) if planes.region is None else None
    for number in numbers:
        rows = slice(number * TILE, min(planes.height, (number + 1) * TILE))
        if whole is not None:
            yield whole[rows]
        elif planes.region is not None:
            yield planes.region(t, channel, z, rows, slice(0, planes.width))


class _Narrow:
    """Counts of each value, for types of at most 16 bits: without sorting, and in half a megabyte."""

    def __init__(self, dtype: np.dtype[Any]):
        self._first, last = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        self._counts = np.zeros(last - self._first + 1, np.int64)

    def add(self, flat: Plane) -> None:
        found = np.bincount(flat.astype(np.int32) - self._first if self._first else flat)
        self._counts[: found.size] += found

    def join(self, other: Any) -> None:
        self._counts += other._counts

    def various(self) -> bool:
        return bool(np.count_nonzero(self._counts) > 1)

    def met(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        values = np.flatnonzero(self._counts)
        return (values + self._first).astype(np.float64), self._counts[values]


class _Wide:
    """The same for other types, of which about `most` values of each band are kept."""

    def __init__(self, most: int) -> None:
        self._parts: list[NDArray[np.float64]] = []
        self._most = most

    def add(self, flat: Plane) -> None:
        some = flat[:: max(1, flat.size // self._most)].astype(np.float64)
        self._parts.append(some[np.isfinite(some)])

    def join(self, other: Any) -> None:
        self._parts += other._parts

    def various(self) -> bool:
        parts = [part for part in self._parts if part.size]
        return bool(parts and min(p.min() for p in parts) != max(p.max() for p in parts))

    def met(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        values, counts = np.unique(np.concatenate([np.zeros(0), *self._parts]), return_counts=True)
        return values, counts.astype(np.int64)


def _short(value: float) -> float:
    """Six significant digits: enough for a window, and readable in info.json."""
    return float(f"{value:.6g}")
