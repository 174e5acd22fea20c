"""Images in the tile grammar, made with Pillow: flat blocks whose values are known, so that colours can be computed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

SIZE = (700, 600)  # two columns and two rows of tiles at full resolution, one tile above
BLOCK = 100


def gray(channel: int, z: int, t: int, x: int, y: int) -> int:
    """The coded value of a block: 0 in the first, then steps of 25; planes and time points shift it."""
    return ((x // BLOCK) * (channel + 1) + (y // BLOCK) * 2 + z * 3 + t) % 11 * 25


def plane(channel: int, z: int, t: int) -> np.ndarray:
    width, height = SIZE
    blocks = [[gray(channel, z, t, x, y) for x in range(0, width, BLOCK)] for y in range(0, height, BLOCK)]
    return np.kron(np.array(blocks, np.uint8), np.ones((BLOCK, BLOCK), np.uint8))


CHANNELS = (
    ("DAPI", "DNA", "#0000ff", True), ("GFP", None, "#00ff00", True), ("RFP", None, "#ff0000", False), ("Cy5", None, "#ff00ff", False),
    ("BF", None, "#ffffff", False),
)  # fmt: skip
INFO: dict[str, Any] = {
    "version": 1, "kind": "strips", "width": SIZE[0], "height": SIZE[1], "z": 3, "t": 2, "tile": 512,
    "levels": [{"width": 700, "height": 600, "columns": 2, "rows": 2}, {"width": 350, "height": 300, "columns": 1, "rows": 1}],
    "channels": [{"name": n, "label": label, "colour": c, "low": 0, "high": 1000, "shown": shown} for n, label, c, shown in CHANNELS],
    "groups": [[0, 1, 2, 3], [4]], "coding": "linear", "limits": [[0, 1000]] * 5, "histograms": [[n * n % 97 for n in range(64)]] * 5,
    "pixel_size": 0.5, "pixel_size_z": 2.0, "time_step": 30.0, "dtype": "uint16", "brightfield": False, "synthetic": True,
}  # fmt: skip

SQUARE = [[100, 100], [200, 100], [200, 200], [100, 200], [100, 100]]
ROIS = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "properties": {"name": "Nucleus <1>"}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [650, 550]}, "properties": {"colour": "#ff9e64"}},
    ],
}


def _webp(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(out, "WEBP", quality=90)
    return out.getvalue()


def strips(folder: str) -> Mapping[str, bytes]:
    """info.json, rois.json and every tile of every level, plane, time point and group."""
    files = {f"{folder}/info.json": json.dumps(INFO).encode(), f"{folder}/rois.json": json.dumps(ROIS).encode()}
    for t in range(2):
        for z in range(3):
            for number, group in enumerate(INFO["groups"]):
                planes = [plane(c, z, t) for c in group]
                for level, step in ((0, 1), (1, 2)):
                    for y in range(INFO["levels"][level]["rows"]):
                        for x in range(INFO["levels"][level]["columns"]):
                            cut = [p[::step, ::step][y * 512 : y * 512 + 512, x * 512 : x * 512 + 512] for p in planes]
                            files[f"{folder}/{level}/{z}/{t}/{number}/{x}_{y}.webp"] = _webp(np.vstack(cut))
    return files


def thumbnail() -> bytes:
    """The small picture beside tiles."""
    return _webp(np.full((8, 8), 90, np.uint8))


def rgb(folder: str) -> Mapping[str, bytes]:
    """A slide of 700 × 600: left half red, right half white; brightfield."""
    info = {
        **INFO,
        "kind": "rgb",
        "z": 1,
        "t": 1,
        "channels": [],
        "groups": [],
        "limits": [],
        "histograms": [],
        "brightfield": True,
        "pixel_size": None,
    }
    files = {f"{folder}/info.json": json.dumps(info).encode()}
    picture = np.full((600, 700, 3), 255, np.uint8)
    picture[:, :350] = (200, 30, 30)
    for level, step in ((0, 1), (1, 2)):
        part = picture[::step, ::step]
        for y in range(INFO["levels"][level]["rows"]):
            for x in range(INFO["levels"][level]["columns"]):
                out = io.BytesIO()
                Image.fromarray(part[y * 512 : y * 512 + 512, x * 512 : x * 512 + 512]).save(out, "JPEG", quality=90)
                files[f"{folder}/{level}/{x}_{y}.jpg"] = out.getvalue()
    return files
