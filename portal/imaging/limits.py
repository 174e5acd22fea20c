"""Which values black and white stand for: robust to hot pixels, dead pixels and empty planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from portal.imaging.planes import Plane, Planes

Coding = Literal["linear", "sqrt"]

BINS = 64
MAX_PLANES = 256  # a channel with more planes is measured on this many of them, evenly spaced
MAX_VALUES = 2_000_000  # wide types (32 bits, floats) are measured on about this many values


@dataclass(frozen=True)
class Limits:
    """`lo` and `hi`: the values that 0 and 255 of a tile stand for, lo < hi. `low` and `high`: the window shown first.

    `histogram` has 64 counts of equal width between lo and hi; what lies outside is counted in the first and last.
    """

    lo: float
    hi: float
    low: float
    high: float
    histogram: tuple[int, ...]


def measure(planes: Planes, channel: int, *, brightfield: bool = False) -> Limits:
    """Reads the planes of one channel, one after the other, and finds its limits.

    Planes of one single value say nothing and are left out, unless all are. A few pixels far from all
    others (hot or dead: up to 1 in 10,000, and three) do not stretch the range.
    """
    values, counts = _distribution(planes, channel)
    total = int(counts.sum())
    if total == 0:
        return Limits(0.0, 1.0, 0.0, 1.0, (0,) * BINS)
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
    low, high = (quantile(0.001), quantile(0.999)) if brightfield else (quantile(0.02), quantile(0.998))
    if not high > low:
        low, high = lo, hi
    where = np.clip(((values - lo) / (hi - lo) * BINS).astype(np.int64), 0, BINS - 1)
    histogram = np.bincount(where, weights=counts, minlength=BINS).astype(np.int64)
    return Limits(lo, hi, _short(low), _short(high), tuple(int(n) for n in histogram))


def coding_for(dtype: np.dtype[Any], limits: tuple[Limits, ...], *, brightfield: bool = False) -> Coding:
    """Square root where the range exceeds 8 bits: the steps then follow the noise of counted photons."""
    integer = dtype.kind in "iub"
    if brightfield or (integer and all(v.hi - v.lo <= 255 for v in limits)):
        return "linear"
    return "sqrt"


def coded(plane: Plane, limits: Limits, coding: Coding) -> NDArray[np.uint8]:
    """A plane as 8 bits: `round(255·f)` or `round(255·√f)`, f between lo and hi; NaN becomes 0. Shape is kept."""
    if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
        first = int(np.iinfo(plane.dtype).min)
        every = np.arange(first, int(np.iinfo(plane.dtype).max) + 1, dtype=np.float64)
        return _coded(every, limits, coding)[plane.astype(np.int32) - first if first else plane]
    return _coded(plane.astype(np.float64), limits, coding)


def _coded(values: NDArray[np.float64], limits: Limits, coding: Coding) -> NDArray[np.uint8]:
    with np.errstate(invalid="ignore", over="ignore"):
        part = np.nan_to_num((values - limits.lo) / (limits.hi - limits.lo), nan=0.0, posinf=1.0, neginf=0.0)
        part = np.clip(part, 0.0, 1.0)
    return np.floor((np.sqrt(part) if coding == "sqrt" else part) * 255.0 + 0.5).astype(np.uint8)


def _distribution(planes: Planes, channel: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The values met, ascending, and how often each was met."""
    narrow = planes.dtype.kind in "iub" and planes.dtype.itemsize <= 2
    everywhere = [(t, z) for t in range(planes.t) for z in range(planes.z)]
    every = -(-len(everywhere) // MAX_PLANES)
    told: list[tuple[Plane, NDArray[np.int64]]] = []
    dull: list[tuple[Plane, NDArray[np.int64]]] = []
    share = max(1, MAX_VALUES // max(1, len(everywhere[::every])))
    for t, z in everywhere[::every]:
        flat = planes.read(t, channel, z).ravel()
        if not narrow:
            flat = flat[:: max(1, flat.size // share)].astype(np.float64)
            flat = flat[np.isfinite(flat)]
        if flat.size == 0:
            continue
        values, counts = _counted(flat) if narrow else np.unique(flat, return_counts=True)
        (told if values.size > 1 else dull).append((values, counts))
    met = told or dull
    if not met:
        return np.zeros(0), np.zeros(0, np.int64)
    values, back = np.unique(np.concatenate([v for v, _ in met]), return_inverse=True)
    counts = np.bincount(back, weights=np.concatenate([n for _, n in met]))
    return values.astype(np.float64), counts.astype(np.int64)


def _counted(flat: Plane) -> tuple[Plane, NDArray[np.int64]]:
    """As np.unique with counts, for types of at most 16 bits, but without sorting."""
    first = 0 if flat.dtype.kind == "b" else int(np.iinfo(flat.dtype).min)
    counts = np.bincount(flat.astype(np.int32) - first)
    values = np.flatnonzero(counts)
    return values + first, counts[values]


def _short(value: float) -> float:
    """Six significant digits: enough for a window, and readable in info.json."""
    return float(f"{value:.6g}")
