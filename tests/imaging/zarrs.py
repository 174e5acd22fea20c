"""Small OME-Zarr images and plates, written by zarr-python: what other programs write, in version 0.4 and 0.5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

KINDS = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
UNITS = {"t": "millisecond", "z": "nanometer", "y": "nanometer", "x": "nanometer"}
SCALES = {"t": 1500.0, "c": 1.0, "z": 400.0, "y": 250.0, "x": 250.0}


def image(
    path: Path,
    data: np.ndarray,
    axes: str = "tczyx",
    *,
    version: str = "0.5",
    levels: int = 2,
    shards: bool = False,
    side: int = 16,
    packed: Any = "auto",
    **more: Any,
) -> None:
    """`data` with its axes in this order, halved in y and x for each further level, in chunks of `side` px, compressed by `packed` of
    zarr-python; `more` joins the metadata (omero, image-label)."""
    form = 3 if version == "0.5" else 2
    group = zarr.open_group(path, mode="w", zarr_format=form)
    datasets = []
    for level in range(levels):
        step = tuple(slice(None, None, 2**level) if a in "yx" else slice(None) for a in axes)
        coarse = np.ascontiguousarray(data[step])
        chunks = tuple(min(n, side) if a in "yx" else 1 for a, n in zip(axes, coarse.shape, strict=True))
        extra: dict[str, Any] = {"shards": tuple(c * 2 if a in "yx" else c for a, c in zip(axes, chunks, strict=True))} if shards else {}
        extra |= {} if form == 3 else {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        array = group.create_array(str(level), shape=coarse.shape, dtype=coarse.dtype, chunks=chunks, compressors=packed, **extra)
        array[...] = coarse
        scale = [SCALES[a] * (2**level if a in "yx" else 1) for a in axes]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    named = [{"name": a, "type": KINDS[a]} | ({"unit": UNITS[a]} if a in UNITS else {}) for a in axes]
    describe(group, {"multiscales": [{"version": version, "axes": named, "datasets": datasets}], **more}, version)


def describe(group: zarr.Group, told: Mapping[str, Any], version: str = "0.5") -> None:
    group.attrs.update({"ome": {"version": version, **told}} if version == "0.5" else dict(told))


def plate(path: Path, wells: Mapping[str, list[np.ndarray]], version: str = "0.5") -> None:
    """`wells`: such as `B/03` → its fields, each (c, y, x)."""
    form = 3 if version == "0.5" else 2
    rows, columns = (sorted({well.split("/")[n] for well in wells}) for n in (0, 1))
    top = zarr.open_group(path, mode="w", zarr_format=form)
    listed = [{"path": w, "rowIndex": rows.index(w.split("/")[0]), "columnIndex": columns.index(w.split("/")[1])} for w in wells]
    describe(top, {"plate": {"rows": [{"name": r} for r in rows], "columns": [{"name": c} for c in columns], "wells": listed}}, version)
    for well, fields in wells.items():
        group = zarr.open_group(path / well, mode="w", zarr_format=form)
        describe(group, {"well": {"images": [{"path": str(n)} for n in range(len(fields))]}}, version)
        for n, data in enumerate(fields):
            image(path / well / str(n), data, "cyx", version=version)
