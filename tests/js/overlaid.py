"""Images with everything over them, in the tile grammar: shapes at known pixels, tracks, points, label images, a pair."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image

from tests.js.tiles import INFO

WIDTH, HEIGHT = 700, 600
Z, T = 2, 4


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def square(x: float, y: float, side: float) -> list[list[list[float]]]:
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


def track(name: int, y: int) -> list[dict[str, Any]]:
    return [feature("Point", [100 + 100 * t, y + 10 * t], name=f"spot {name}.{t}", track=name, t=t, radius=8) for t in range(T)]


FEATURES = [
    feature("Polygon", square(100, 100, 100), name="Nucleus <1>", colour="#ff0000", area=12.5, **{"class": "nucleus"}),
    feature("Polygon", square(300, 100, 60), name="Nucleus 2", colour="#00ff00", area=80, **{"class": "nucleus"}),
    feature("LineString", [[50, 400], [250, 400]], name="Fibre", colour="#0000ff", z=1, **{"class": "fibre"}),
    feature("Polygon", square(320, 120, 10), name="Spot in 2", colour="#ffff00", area=1, **{"class": "spot"}),
]
TRACKS = [f for number, y in ((7, 450), (8, 520)) for f in track(number, y)]


def labels() -> np.ndarray:
    """Object 1: x 100–199, y 100–199; object 300: x 400–499, y 300–399; object 70000: one pixel at (650, 550)."""
    ids = np.zeros((HEIGHT, WIDTH), np.uint32)
    ids[100:200, 100:200] = 1
    ids[300:400, 400:500] = 300
    ids[550, 650] = 70_000
    return ids


def _picture(pixels: np.ndarray, **how: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", **how)
    return out.getvalue()


def _cut(pixels: np.ndarray, level: int, x: int, y: int) -> np.ndarray:
    return pixels[:: 2**level, :: 2**level][y * 512 : y * 512 + 512, x * 512 : x * 512 + 512]


def image(
    folder: str, gray: np.ndarray, *, z: int = 1, t: int = 1, masks: dict[str, np.ndarray] | None = None, rois: dict[str, Any] | None = None
) -> dict[str, bytes]:
    """One channel, shown in white, the same on every plane: info.json, tiles, label tiles, rois.json."""
    levels = [{"width": 700, "height": 600, "columns": 2, "rows": 2}, {"width": 350, "height": 300, "columns": 1, "rows": 1}]
    told = {"z": z, "t": t, "groups": [[0]], "limits": [[0, 255]], "histograms": [[1] * 64], "projection": False, "version": 2}
    told["channels"] = [{"name": "gray", "label": None, "colour": "#ffffff", "low": 0, "high": 255, "shown": True}]  # type: ignore[list-item]
    told["labels"] = [{"name": name, "ids": int((np.unique(m) > 0).sum()), "z": 1, "t": 1} for name, m in (masks or {}).items()]  # type: ignore[misc]
    files = {f"{folder}/info.json": json.dumps({**INFO, **told, "levels": levels}).encode()}
    for level, size in enumerate(levels):
        for y in range(size["rows"]):
            for x in range(size["columns"]):
                tile = _picture(np.repeat(_cut(gray, level, x, y)[..., None], 3, axis=2), quality=90)
                files |= {f"{folder}/{level}/{k}/{n}/0/{x}_{y}.webp": tile for k in range(z) for n in range(t)}
                for number, ids in enumerate((masks or {}).values()):
                    cut = _cut(ids, level, x, y)
                    rgb = np.stack([cut & 255, cut >> 8 & 255, cut >> 16 & 255], axis=2).astype(np.uint8)
                    files[f"{folder}/labels/{number}/{level}/0/0/{x}_{y}.webp"] = _picture(rgb, lossless=True, exact=True)
    for number, (name, ids) in enumerate((masks or {}).items()):
        known = [int(v) for v in np.unique(ids) if v]
        table: dict[str, Any] = {"name": name, "ids": len(known), "colours": {str(known[0]): "#ff8000"}}
        table["properties"] = {str(v): {"size": v * 2} for v in known}
        files[f"{folder}/labels/{number}.json"] = json.dumps(table).encode()
    if rois:
        files[f"{folder}/rois.json"] = json.dumps({"type": "FeatureCollection", "features": [], **rois}).encode()
    return files


def points(n: int) -> tuple[list[dict[str, Any]], bytes]:
    """n points: half of them within x 200–210, y 300–310, the rest all over; the value is x."""
    rng = np.random.default_rng(5)
    xy = rng.uniform((0, 0), (WIDTH, HEIGHT), (n, 2))
    xy[: n // 2] = rng.uniform((200, 300), (210, 310), (n // 2, 2))
    told = [{"name": "blinks", "file": "points/0.bin", "count": n, "value": {"name": "photons", "low": 0, "high": 700}}]
    return told, xy.astype("<f4").tobytes() + xy[:, 0].astype("<f4").tobytes()
