"""OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5/): images, their labels, and plates, written as pixels pass.

Axes are always TCZYX. Coarser levels are means of 2 × 2 pixels, of label images the top left one; scales are in µm and s
where these are known. A level's pixels lie half a pixel off those they were made of: its translation says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from portal.imaging.blocks import Block
from portal.imaging.composite import rgb
from portal.imaging.limits import Limits
from portal.imaging.look import Channel, Look
from portal.imaging.planes import LabelImage, Planes, levels
from portal.imaging.shards import Array

VERSION = "0.5"


class ImageWriter:
    """An image's group below the folder `place`, which must not exist. It is a Watcher of `strips`."""

    def __init__(self, place: Path, planes: Planes, dtype: np.dtype, name: str, look: Look):
        self.place = place
        self._name, self._look, self._planes = name, look, planes
        self._sizes = levels(planes.width, planes.height)
        stack = (planes.t, planes.channels, planes.z)
        self._arrays = [Array(place / str(d), (*stack, v.height, v.width), dtype) for d, v in enumerate(self._sizes)]

    def __call__(self, t: int, channels: Sequence[int], z: int | str, block: Block) -> None:
        if isinstance(z, int):
            for c, part in zip(channels, block.parts, strict=True):
                self._arrays[block.depth].put(t, c, z, block.top, block.left, part)

    def finish(self, limits: tuple[Limits, ...] = ()) -> None:
        """Writes what the group is. Raises ValueError where planes are missing."""
        for array in self._arrays:
            array.close()
        told: dict[str, Any] = {"multiscales": [_multiscales(self._name, len(self._arrays), self._look, averaged=True)]}
        if limits:
            told["omero"] = _omero(self._look, limits, self._planes)
        write_group(self.place, told)


class LabelWriter:
    """A label image below `labels/` of an image's group."""

    def __init__(self, image: Path, label: LabelImage, folder: str, dtype: np.dtype, look: Look):
        self._place, self._label, self._look = image / "labels" / folder, label, look
        planes = label.planes
        stack = (planes.t, 1, planes.z)
        sizes = levels(planes.width, planes.height)
        self._arrays = [Array(self._place / str(d), (*stack, v.height, v.width), dtype) for d, v in enumerate(sizes)]

    @staticmethod
    def listed(image: Path, folders: Sequence[str]) -> None:
        """The group that names all label images of an image."""
        write_group(image / "labels", {"labels": list(folders)})

    def put(self, t: int, z: int, block: Block) -> None:
        self._arrays[block.depth].put(t, 0, z, block.top, block.left, block.parts[0])

    def finish(self) -> None:
        for array in self._arrays:
            array.close()
        label: dict[str, Any] = {"source": {"image": "../../"}}
        if self._label.colours:
            label["colors"] = [{"label-value": n, "rgba": [*rgb(colour), 255]} for n, colour in sorted(self._label.colours.items())]
        if self._label.properties:
            label["properties"] = [{**told, "label-value": n} for n, told in sorted(self._label.properties.items())]
        scales = _multiscales(self._label.name, len(self._arrays), self._look, averaged=False)
        write_group(self._place, {"multiscales": [scales], "image-label": label})


def rgb_channels(look: Look) -> tuple[Look, tuple[Limits, ...]]:
    """How the three channels of a colour picture are shown: as themselves."""
    names = (("red", "#ff0000"), ("green", "#00ff00"), ("blue", "#0000ff"))
    channels = tuple(Channel(name, None, colour, (0.0, 255.0)) for name, colour in names)
    return replace(look, channels=channels), (Limits(0.0, 255.0, 0.0, 255.0, ()),) * 3


def write_plate(place: Path, name: str, fields: Mapping[tuple[str, int], int]) -> None:
    """The groups of a plate, its rows and wells. `fields`: (row letters, column from 1) → how many images, which lie at
    `<row>/<column>/<n>`, n from 0.
    """
    rows = sorted({row for row, _ in fields}, key=lambda row: (len(row), row))
    columns = sorted({column for _, column in fields})
    wells = sorted(fields, key=lambda well: (rows.index(well[0]), well[1]))
    plate = {
        "name": name,
        "field_count": max(fields.values()),
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": str(column)} for column in columns],
        "wells": [{"path": f"{row}/{column}", "rowIndex": rows.index(row), "columnIndex": columns.index(column)} for row, column in wells],
    }
    write_group(place, {"plate": plate})
    for row in rows:
        write_group(place / row, None)
    for (row, column), count in fields.items():
        write_group(place / row / str(column), {"well": {"images": [{"path": str(n)} for n in range(count)]}})


def write_group(place: Path, ome: Mapping[str, Any] | None) -> None:
    """A group's zarr.json with what OME-Zarr says of it, or none."""
    place.mkdir(parents=True, exist_ok=True)
    attributes = {} if ome is None else {"ome": {"version": VERSION, **ome}}
    text = json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}, ensure_ascii=False, allow_nan=False, indent=1)
    (place / "zarr.json").write_text(text)


def _multiscales(name: str, depth: int, look: Look, *, averaged: bool) -> dict[str, Any]:
    size, deep, pace = look.pixel_size, look.pixel_size_z, look.time_step
    axes: list[dict[str, str]] = [
        {"name": "t", "type": "time", **({"unit": "second"} if pace else {})},
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", **({"unit": "micrometer"} if deep else {})},
        *({"name": axis, "type": "space", **({"unit": "micrometer"} if size else {})} for axis in "yx"),
    ]
    datasets = []
    for d in range(depth):
        step = (size or 1.0) * 2**d
        transforms: list[dict[str, Any]] = [{"type": "scale", "scale": [pace or 1.0, 1.0, deep or 1.0, step, step]}]
        if averaged and d:
            shift = (size or 1.0) * (2**d - 1) / 2
            transforms.append({"type": "translation", "translation": [0.0, 0.0, 0.0, shift, shift]})
        datasets.append({"path": str(d), "coordinateTransformations": transforms})
    how = {"type": "mean"} if averaged else {"type": "nearest"}
    return {"name": name, "axes": axes, "datasets": datasets, **how}


def _omero(look: Look, limits: tuple[Limits, ...], planes: Planes) -> dict[str, Any]:
    channels = [
        {
            "label": channel.label or channel.name,
            "color": channel.colour.lstrip("#").upper(),
            "active": channel.shown,
            "window": {"min": found.lo, "max": found.hi, "start": channel.window[0], "end": channel.window[1]},
        }
        for channel, found in zip(look.channels, limits, strict=True)
    ]
    return {"channels": channels, "rdefs": {"defaultT": 0, "defaultZ": planes.z // 2, "model": "color"}}
