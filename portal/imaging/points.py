"""Localisations: up to a million points of an image as one small binary file, which a viewer draws by density.

`points/<n>.bin` holds Float32, little endian: x and y of every point, pair by pair, in pixels of the image (0, 0 is the top left
corner of the first pixel); then, where there are values, one for each point. What describes it stands in rois.json under
`points`: [{`name`, `file`, `count`, `value`: null or {`name`, `low`, `high`}}].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 1_000_000


@dataclass(frozen=True)
class Points:
    """`xy`: float64 of shape (n, 2), in pixels; `values`: of shape (n,), or None. `image` and `dataset` as the table names them."""

    name: str
    xy: NDArray[np.float64]
    values: NDArray[np.float64] | None = None
    value_name: str | None = None
    image: str | None = None
    dataset: str | None = None


def inside(points: Points, width: int, height: int) -> tuple[Points, int]:
    """Those in the image, edges included, thinned evenly to MAX_POINTS; and how many lie outside."""
    x, y = points.xy[:, 0], points.xy[:, 1]
    here = np.flatnonzero((x >= 0) & (x <= width) & (y >= 0) & (y <= height))
    outside = len(x) - len(here)
    if len(here) > MAX_POINTS:
        here = here[np.linspace(0, len(here) - 1, MAX_POINTS).round().astype(np.int64)]
    values = None if points.values is None else points.values[here]
    return Points(points.name, points.xy[here], values, points.value_name, points.image, points.dataset), outside


def packed(points: Points) -> bytes:
    """The binary file; what is no number becomes a value of 0."""
    pairs = np.ascontiguousarray(points.xy, "<f4").tobytes()
    return pairs if points.values is None else pairs + np.nan_to_num(points.values).astype("<f4").tobytes()


def described(points: Points, file: str) -> dict[str, Any]:
    """The entry of one file under `points`; `low` and `high` are the 1st and 99th percentile of the values."""
    value = None
    if points.values is not None and np.isfinite(points.values).any():
        low, high = np.percentile(points.values[np.isfinite(points.values)], (1, 99))
        value = {"name": points.value_name or "value", "low": float(f"{low:.5g}"), "high": float(f"{high:.5g}")}
    return {"name": points.name, "file": file, "count": len(points.xy), "value": value}
