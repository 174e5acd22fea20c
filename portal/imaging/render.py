"""One image from its source to its folder of tiles: tiles, info.json, thumbnail.webp, preview.webp, rois.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.imaging.composite import PREVIEW, THUMBNAIL, blended, fitted, webp
from portal.imaging.limits import Coding, Limits, coding_for
from portal.imaging.planes import TILE, Picture, Plane, Planes, Rgb, Source, halved, levels
from portal.imaging.rgb import tile_rgb
from portal.imaging.strips import STACKED, groups, strips


@dataclass(frozen=True)
class Channel:
    """How a channel is shown first. `window`: the values shown as black and as the full colour."""

    name: str
    label: str | None
    colour: str
    window: tuple[float, float]
    shown: bool = True


@dataclass(frozen=True)
class Look:
    """What is known about an image beside its pixels. Sizes in µm, `time_step` in s; `channels` is empty for RGB."""

    channels: tuple[Channel, ...] = ()
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None
    brightfield: bool = False
    synthetic: bool = False


@dataclass(frozen=True)
class Rendered:
    """`files`: path below `tiles/<digest>/` → where it was written. `preview`: (y, x, 3), at most 1024 px."""

    digest: str
    files: dict[str, Path]
    preview: Picture


def render(source: Source, look: Look, limits: tuple[Limits, ...], into: Path, rois: bytes | None = None) -> Rendered:
    """Writes everything below `into`, an empty folder. `limits` has one entry a channel, none for RGB.

    The digest is that of all paths and bytes, so that the same picture has the same address wherever it is made.
    Raises whatever reading the source raises.
    """
    into.mkdir(parents=True, exist_ok=True)
    if isinstance(source, Rgb):
        coding: Coding = "linear"
        preview = tile_rgb(source, into)
    else:
        coding = coding_for(source.dtype, limits, brightfield=look.brightfield)
        for path, data in strips(source, limits, coding):
            place = into / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        preview = preview_of(source, look)
    (into / "info.json").write_bytes(_json(info(source, look, limits, coding)))
    (into / "preview.webp").write_bytes(webp(preview))
    (into / "thumbnail.webp").write_bytes(webp(fitted(preview, THUMBNAIL)))
    if rois is not None:
        (into / "rois.json").write_bytes(rois)
    files = {str(p.relative_to(into).as_posix()): p for p in sorted(into.rglob("*")) if p.is_file()}
    return Rendered(digest_of_files(files), files, preview)


def digest_of_files(files: dict[str, Path]) -> str:
    """The first 16 hex digits of SHA-256 over sorted (path, SHA-256 of the bytes)."""
    every = [[path, hashlib.sha256(files[path].read_bytes()).hexdigest()] for path in sorted(files)]
    return hashlib.sha256(_json(every)).hexdigest()[:16]


def info(source: Source, look: Look, limits: tuple[Limits, ...], coding: Coding) -> dict[str, Any]:
    """info.json, version 1 of the tile grammar: all that the viewer needs to know before its first tile."""
    planes = source if isinstance(source, Planes) else None
    return {
        "version": 1,
        "kind": "strips" if planes else "rgb",
        "width": source.width,
        "height": source.height,
        "z": planes.z if planes else 1,
        "t": planes.t if planes else 1,
        "tile": TILE,
        "levels": [
            {"width": v.width, "height": v.height, "columns": v.columns, "rows": v.rows} for v in levels(source.width, source.height)
        ],
        "channels": [
            {"name": c.name, "label": c.label, "colour": c.colour, "low": c.window[0], "high": c.window[1], "shown": c.shown}
            for c in look.channels
        ],
        "groups": [list(g) for g in groups(planes.channels)] if planes else [],
        "coding": coding,
        "limits": [[v.lo, v.hi] for v in limits],
        "histograms": [list(v.histogram) for v in limits],
        "pixel_size": look.pixel_size,
        "pixel_size_z": look.pixel_size_z,
        "time_step": look.time_step,
        "dtype": str(planes.dtype) if planes else "uint8",
        "brightfield": look.brightfield,
        "synthetic": look.synthetic,
    }


def preview_of(planes: Planes, look: Look) -> Picture:
    """The shown channels blended: middle z, first t, reduced to at most 1024 px."""
    shown = [c for c, channel in enumerate(look.channels) if channel.shown] or list(range(min(planes.channels, STACKED)))
    reduced = [_reduced(planes.read(0, c, planes.z // 2)) for c in shown]
    windows = [look.channels[c].window for c in shown]
    return fitted(blended(reduced, windows, [look.channels[c].colour for c in shown]), PREVIEW)


def pooled(every: list[tuple[Limits, ...]]) -> tuple[tuple[float, float], ...]:
    """One window a channel for images that are compared with each other, such as the wells of a plate.

    The median of the darkest values, and the upper quartile of the brightest: a few outshining or empty
    wells change neither. Images are taken to have the same channels; further ones of some are ignored.
    """
    windows = []
    for limits in zip(*every, strict=False):
        lows, highs = sorted(v.low for v in limits), sorted(v.high for v in limits)
        low, high = lows[len(lows) // 2], highs[len(highs) * 3 // 4]
        windows.append((low, high if high > low else low + 1.0))
    return tuple(windows)


def _reduced(plane: Plane) -> Plane:
    """Halved while it stays at least as large as the preview."""
    plane = plane.astype("uint8") if plane.dtype.kind == "b" else plane
    while max(plane.shape) >= 2 * PREVIEW:
        plane = halved(plane)
    return plane


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
