"""One image from its source to its folder of tiles (docs/tiles.md), and to its OME-Zarr where that is wanted."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from portal.imaging.bands import drawn_type
from portal.imaging.blocks import blocks
from portal.imaging.composite import THUMBNAIL, fitted, webp
from portal.imaging.labels import check_labels, draw_labels
from portal.imaging.limits import Coding, Limits, coding_for
from portal.imaging.look import Look
from portal.imaging.ome_zarr import ImageWriter, LabelWriter, rgb_channels
from portal.imaging.planes import TILE, LabelImage, Picture, Planes, Rgb, Source, halved, levels
from portal.imaging.previews import Previews
from portal.imaging.rgb import as_planes, tile_rgb
from portal.imaging.strips import Watcher, formats, groups, strips


@dataclass(frozen=True)
class Rendered:
    """`files`: path below `tiles/<digest>/` → where it was written. `preview`: (y, x, 3), at most 1024 px.

    `zarr`: path below the group of the image's OME-Zarr → where it was written; empty where none was wanted.
    `labels`: the names of the label images that were drawn; `refused`: of those that were not, and why. `shows`: the plane of
    the preview, or "max".
    """

    digest: str
    files: dict[str, Path]
    preview: Picture
    zarr: dict[str, Path]
    labels: tuple[str, ...] = ()
    refused: tuple[tuple[str, Exception], ...] = ()
    shows: int | str = 0


def render(
    source: Source,
    look: Look,
    limits: tuple[Limits, ...],
    into: Path,
    *,
    beside: Mapping[str, bytes] | None = None,
    labels: Sequence[LabelImage] = (),
    zarr: str | None = None,
    stacked: bool = False,
    size: tuple[int, int] | None = None,
    watchers: Sequence[Watcher] = (),
) -> Rendered:
    """Writes everything below `into`, an empty folder. `limits` has one entry a channel, none for RGB.

    `beside`: further files of the folder, such as `rois.json`.
    `zarr`: the image's name in its OME-Zarr, which is written if given. `stacked`: the pictures of a z stack show its maximum
    in any case, as those of a plate do, whose wells are compared. `size`: width and height of the image, where `source` is a coarser
    copy of it; the pixel size of `look` is that of the image. `watchers` see all planes that strips are made of.
    A label image that does not fit or cannot be read costs itself alone.

    The digest is that of all paths and bytes of the tiles, so that the same picture has the same address wherever it is made.
    Raises whatever reading the source raises.
    """
    tiles, exact, scratch = into / "tiles", into / "zarr", into / "scratch"
    for folder in (tiles, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    shows: int | str = 0
    if isinstance(source, Rgb):
        coding: Coding = "linear"
        preview = tile_rgb(source, tiles)
        if zarr is not None:
            _write_rgb(source, look, exact, zarr)
    else:
        coding = coding_for(source.dtype, limits, brightfield=look.brightfield)
        previews = Previews(source, look, stacked=stacked)
        writer = ImageWriter(exact, source, drawn_type(source), zarr, look) if zarr is not None else None
        for path, data in strips(source, limits, coding, scratch, [previews, *([writer] if writer else []), *watchers]):
            place = tiles / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        if writer:
            writer.finish(limits)
        preview, shows = previews.picture()
    told, refused = _labels(source, labels, look, tiles, scratch, exact if zarr is not None else None)
    (tiles / "info.json").write_bytes(_json(info(source, look, limits, coding, labels=told, shows=shows, size=size)))
    (tiles / "preview.webp").write_bytes(webp(preview))
    (tiles / "thumbnail.webp").write_bytes(webp(fitted(preview, THUMBNAIL)))
    for path, data in (beside or {}).items():
        (tiles / path).parent.mkdir(parents=True, exist_ok=True)
        (tiles / path).write_bytes(data)
    shutil.rmtree(scratch)
    files = _below(tiles)
    return Rendered(digest_of_files(files), files, preview, _below(exact), tuple(entry["name"] for entry in told), refused, shows)


def digest_of_files(files: dict[str, Path]) -> str:
    """The first 16 hex digits of SHA-256 over sorted (path, SHA-256 of the bytes)."""
    every = [[path, hashlib.sha256(files[path].read_bytes()).hexdigest()] for path in sorted(files)]
    return hashlib.sha256(_json(every)).hexdigest()[:16]


def info(
    source: Source,
    look: Look,
    limits: tuple[Limits, ...],
    coding: Coding,
    *,
    labels: Sequence[dict[str, Any]] = (),
    shows: int | str = 0,
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """info.json, version 3 of the tile grammar: all that the viewer needs to know before its first tile."""
    planes = source if isinstance(source, Planes) else None
    width, height = size or (source.width, source.height)
    sizes = levels(source.width, source.height)
    return {
        "version": 3,
        "kind": "strips" if planes else "rgb",
        "width": width,
        "height": height,
        "z": planes.z if planes else 1,
        "t": planes.t if planes else 1,
        "tile": TILE,
        "levels": [{"width": v.width, "height": v.height, "columns": v.columns, "rows": v.rows} for v in sizes],
        "formats": formats(sizes) if planes else ["jpg"] * len(sizes),
        "channels": [
            {"name": c.name, "label": c.label, "colour": c.colour, "low": c.window[0], "high": c.window[1], "shown": c.shown}
            for c in look.channels
        ],
        "groups": [list(g) for g in groups(planes.channels)] if planes else [],
        "coding": coding,
        "limits": [[v.lo, v.hi] for v in limits],
        "histograms": [list(v.histogram) for v in limits],
        "windows": [_window(c.by, v) for c, v in zip(look.channels, limits, strict=False)],
        "projection": bool(planes and planes.z > 1),
        "preview": {"z": shows},
        "labels": list(labels),
        "pixel_size": look.pixel_size,
        "pixel_size_z": look.pixel_size_z,
        "time_step": look.time_step,
        "dtype": str(planes.dtype) if planes else "uint8",
        "brightfield": look.brightfield,
        "synthetic": look.synthetic,
    }


def pooled(every: list[tuple[Limits, ...]]) -> tuple[tuple[float, float], ...]:
    """One window a channel for images that are compared with each other, such as the wells of a plate.

    The median of the darkest values, and the upper quartile of the brightest: a few outshining or empty
    wells change neither. Both ends are round numbers, for readers, and so that one more well seldom moves them: at most 1 % of
    the window off. Each channel's is made from the images that have it.
    """
    windows = []
    for c in range(max(map(len, every), default=0)):
        limits = [one[c] for one in every if c < len(one)]
        lows, highs = sorted(v.low for v in limits), sorted(v.high for v in limits)
        low, high = lows[len(lows) // 2], highs[len(highs) * 3 // 4]
        if high > low:
            # Never beyond what there is: no image of 8 bits is shown up to 260.
            low, high = (min(max(v, min(one.lo for one in limits)), max(one.hi for one in limits)) for v in _rounded(low, high))
        windows.append((low, high if high > low else low + 1.0))
    return tuple(windows)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Both ends at whole multiples of the largest 1, 2 or 5 · 10ⁿ that is at most a 50th of the window."""
    power = Decimal(10) ** math.floor(math.log10((high - low) / 50))
    step = next(n * power for n in (5, 2, 1) if float(n * power) <= (high - low) / 50 or n == 1)
    return float(round(Decimal(low) / step) * step), float(round(Decimal(high) / step) * step)


def _write_rgb(source: Rgb, look: Look, place: Path, name: str) -> None:
    """A colour picture as three channels of an OME-Zarr; windows and colours are those of the picture itself."""
    planes = as_planes(source)
    shown, limits = rgb_channels(look)
    writer = ImageWriter(place, planes, planes.dtype, name, shown)
    region = planes.region
    assert region is not None
    for block in blocks(
        levels(source.width, source.height), lambda rows, columns: [region(0, c, 0, rows, columns) for c in range(3)], halved, 1
    ):
        writer(0, (0, 1, 2), 0, block)
    writer.finish(limits)


def _labels(
    source: Source, labels: Sequence[LabelImage], look: Look, tiles: Path, scratch: Path, zarr: Path | None
) -> tuple[list[dict[str, Any]], tuple[tuple[str, Exception], ...]]:
    """Draws label images into `tiles` and, if given, the group `zarr`: their entries in info.json, and what could not be drawn."""
    told: list[dict[str, Any]] = []
    names: list[str] = []
    refused: list[tuple[str, Exception]] = []
    planes = source if isinstance(source, Planes) else None
    for label in labels:
        folder, number = _folder(label.name, names), len(told)
        own = partial(LabelWriter, zarr, label, folder, drawn_type(label.planes), look) if zarr is not None else None
        try:
            check_labels(label, planes, source.width, source.height)
            told.append(draw_labels(label, number, tiles, scratch, own))
            names.append(folder)
        except Exception as error:  # any decoder may raise anything
            refused.append((label.name, error))
            for part in (tiles / "labels" / str(number), *([zarr / "labels" / folder] if zarr is not None else [])):
                shutil.rmtree(part, ignore_errors=True)
    if zarr is not None and names:
        LabelWriter.listed(zarr, names)
    return told, tuple(refused)


def _window(by: str, found: Limits) -> dict[str, Any]:
    if by != "percentiles":
        return {"from": by}
    low, high = found.percentiles
    return {"from": by, "low": low, "high": high, "planes": found.planes, "of": found.of, "rows": found.rows}


def _folder(name: str, taken: Sequence[str]) -> str:
    """A label image's name as that of a folder: plain, and its own."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60] or "labels"
    return plain if plain not in taken else next(f"{plain}-{n}" for n in range(2, len(taken) + 3) if f"{plain}-{n}" not in taken)


def _below(folder: Path) -> dict[str, Path]:
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
