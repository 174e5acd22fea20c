"""Label images as lossless tiles: an id is R + 256·G + 65,536·B; coarser levels keep one of four pixels (docs/tiles.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from portal.imaging.bands import banded
from portal.imaging.blocks import Block, blocks, quartered
from portal.imaging.ome_zarr import LabelWriter
from portal.imaging.planes import TILE, LabelImage, Plane, Planes, levels

LARGEST = (1 << 24) - 1


class BadLabels(ValueError):
    """Why a label image cannot be drawn: ends the sentence 'This label image …'."""


def check_labels(label: LabelImage, planes: Planes | None, width: int, height: int) -> None:
    """Raises BadLabels where a label image does not fit its image. `planes` is None where that is an RGB picture."""
    own, z, t = label.planes, planes.z if planes else 1, planes.t if planes else 1
    if (own.width, own.height) != (width, height):
        raise BadLabels(f"is {own.width} × {own.height} where its image is {width} × {height}")
    if own.z not in (1, z) or own.t not in (1, t):
        raise BadLabels(f"has {own.z} × {own.t} planes of z and t where its image has {z} × {t}")
    if own.channels != 1:
        raise BadLabels(f"has {own.channels} channels; a label image has one")


def ids_of(planes: Planes, scratch: Path) -> NDArray[np.int64]:
    """Every id, ascending, without the background 0. Memory: a band, and 8 bytes an id.

    Raises BadLabels for values that are no integers, and for more than 16,777,215 ids.
    """
    found = np.zeros(0, np.int64)
    for _, _, block in _passes(planes, scratch, every_level=False):
        met = np.unique(_whole(block.parts[0]))
        new = met[~np.isin(met, found, assume_unique=True)]
        if new.size:
            found = np.union1d(found, new)
        if found.size > LARGEST + 1:
            raise BadLabels(f"has more than {LARGEST:,} ids, which is as many as are drawn")
    return found[found != 0]


def draw_labels(label: LabelImage, number: int, into: Path, scratch: Path, zarr: Callable[[], LabelWriter] | None = None) -> dict[str, Any]:
    """Writes `labels/<number>/…` and `labels/<number>.json` below `into`; gives its entry in info.json. Reads each plane twice.

    `zarr` begins its OME-Zarr, if that is wanted. Raises BadLabels, and whatever reading its planes raises; what was written then
    is of no use.
    """
    planes = label.planes
    ids = ids_of(planes, scratch)
    writer = zarr() if zarr is not None else None
    anew = bool(ids.size) and (int(ids[0]) < 0 or int(ids[-1]) > LARGEST)
    for t, z, block in _passes(planes, scratch):
        if writer is not None:
            writer.put(t, z, block)
        part = _whole(block.parts[0])
        drawn = np.where(part == 0, 0, np.searchsorted(ids, part) + 1) if anew else part
        for x, y, tile in _cut(block, drawn):
            place = into / f"labels/{number}/{block.depth}/{z}/{t}/{x}_{y}.webp"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(id_webp(tile))
    if writer is not None:
        writer.finish()
    as_drawn = {int(n): i + 1 if anew else int(n) for i, n in enumerate(ids)} if label.colours or label.properties else {}
    told: dict[str, Any] = {"name": label.name, "ids": int(ids.size)}
    if label.colours:
        told["colours"] = {str(as_drawn[n]): colour for n, colour in sorted(label.colours.items()) if n in as_drawn}
    if label.properties:
        told["properties"] = {str(as_drawn[n]): values for n, values in sorted(label.properties.items()) if n in as_drawn}
    if anew:
        told["source_ids"] = ids.tolist()
    (into / f"labels/{number}.json").write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    return {"name": label.name, "ids": int(ids.size), "z": planes.z, "t": planes.t}


def id_webp(ids: Plane) -> bytes:
    """Ids from 0 to 16,777,215 as lossless WebP. Shape (y, x)."""
    flat = np.ascontiguousarray(ids, "<u4")
    return bytes(imagecodecs.webp_encode(np.ascontiguousarray(flat.view(np.uint8).reshape(*flat.shape, 4)[..., :3]), lossless=True))


def _passes(planes: Planes, scratch: Path, *, every_level: bool = True) -> Iterator[tuple[int, int, Block]]:
    sizes = levels(planes.width, planes.height)
    for t in range(planes.t):
        for z in range(planes.z):
            with banded(planes, t, (0,), z, scratch) as read:
                for block in blocks(sizes, read, quartered, planes.dtype.itemsize):
                    if every_level or block.depth == 0:
                        yield t, z, block


def _whole(part: Plane) -> NDArray[np.int64]:
    if part.dtype.kind == "f" and not np.array_equal(part, np.floor(part)):
        raise BadLabels("holds fractions; ids are whole numbers")
    if part.dtype == np.uint64 and part.size and int(part.max()) > np.iinfo(np.int64).max:
        raise BadLabels("has ids above 9,223,372,036,854,775,807, which are not read")
    return part.astype(np.int64)


def _cut(block: Block, part: Plane) -> Iterator[tuple[int, int, Plane]]:
    for top in range(0, part.shape[0], TILE):
        for left in range(0, part.shape[1], TILE):
            yield (block.left + left) // TILE, (block.top + top) // TILE, part[top : top + TILE, left : left + TILE]
