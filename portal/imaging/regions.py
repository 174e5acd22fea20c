"""Regions of interest: GeoJSON in the image's own pixels, y down, checked and bounded before it is published."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_BYTES = 8_000_000
MAX_FEATURES = 5_000
MAX_POSITIONS = 200_000
MAX_PROPERTIES = 40
MAX_TEXT = 500

# How deeply each geometry nests its positions (RFC 7946 §3.1), and how many positions the innermost list needs.
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_FEWEST = {"MultiPoint": 1, "LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}


class Unusable(Exception):
    """Why a feature, or the whole file, is not taken: `what; mend`."""


def read_features(raw: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The features of a GeoJSON FeatureCollection, cleaned, and a complaint (`what; mend`) for each that is not taken.

    A cleaned feature has `type`, `geometry` (finite x and y, two decimals) and flat `properties`. Raises Unusable
    where nothing can be read: not JSON, not a FeatureCollection, too large.
    """
    if len(raw) > MAX_BYTES:
        raise Unusable(f"holds {len(raw):,} bytes; write at most {MAX_BYTES:,}")
    try:
        found = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is not JSON ({str(error)[:100]}); write a GeoJSON FeatureCollection") from None
    if not isinstance(found, dict) or found.get("type") != "FeatureCollection" or not isinstance(found.get("features"), list):
        raise Unusable("is not a FeatureCollection; write {'type': 'FeatureCollection', 'features': […]}")
    if len(found["features"]) > MAX_FEATURES:
        raise Unusable(f"has {len(found['features']):,} features; write at most {MAX_FEATURES:,}")
    features, complaints, left = [], [], MAX_POSITIONS
    for number, feature in enumerate(found["features"]):
        try:
            clean, used = _feature(feature, left)
        except Unusable as why:
            complaints.append(f"features[{number}] {why}")
        else:
            left -= used
            features.append(clean)
    return features, complaints


def within(feature: dict[str, Any], width: int, height: int) -> bool:
    """Whether any position of a cleaned feature lies in the image, edges included."""
    return any(0 <= x <= width and 0 <= y <= height for x, y in _positions(feature["geometry"]["coordinates"]))


def collection(features: list[dict[str, Any]]) -> bytes:
    """rois.json: the same features always have the same bytes."""
    whole = {"type": "FeatureCollection", "features": features}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _feature(feature: Any, left: int) -> tuple[dict[str, Any], int]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or feature.get("type") != "Feature":
        raise Unusable("is not a Feature with a geometry; write one")
    kind = geometry.get("type")
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise Unusable(f"has the geometry {str(kind)[:40]!r}; write one of {', '.join(_DEPTH)}")
    used: list[int] = [0]
    coordinates = _nested(geometry.get("coordinates"), _DEPTH[kind], kind, used, left)
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": _properties(feature.get("properties")),
    }, used[0]


def _nested(value: Any, depth: int, kind: str, used: list[int], left: int) -> list[Any]:
    if not isinstance(value, list):
        raise Unusable(f"has no coordinates of a {kind}; write them as RFC 7946 has it")
    if depth == 0:
        used[0] += 1
        if used[0] > left:
            raise Unusable(f"brings the file above {MAX_POSITIONS:,} positions; simplify the outlines")
        return _position(value)
    inner = [_nested(v, depth - 1, kind, used, left) for v in value]
    if depth == 1:
        if len(inner) < _FEWEST[kind]:
            raise Unusable(f"has a line or ring of {len(inner)} positions; a {kind} needs {_FEWEST[kind]}")
        if kind in ("Polygon", "MultiPolygon") and inner[0] != inner[-1]:
            raise Unusable("has a ring that is not closed; repeat its first position at the end")
    return inner


def _position(value: list[Any]) -> list[float]:
    if len(value) not in (2, 3) or any(isinstance(n, bool) or not isinstance(n, int | float) for n in value):
        raise Unusable("has a position that is not two numbers; write [x, y] in pixels")
    x, y = value[:2]
    if not (abs(x) < 1e7 and abs(y) < 1e7 and math.isfinite(x) and math.isfinite(y)):
        raise Unusable("has a position far outside of any image; write [x, y] in pixels")
    return [round(float(x), 2), round(float(y), 2)]


def _properties(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_PROPERTIES:
        raise Unusable(f"has properties that are no flat mapping of at most {MAX_PROPERTIES}; shorten them")
    for name, v in value.items():
        if not (v is None or isinstance(v, str | int | float | bool)):
            raise Unusable(f"has a property {name[:40]!r} that holds a list or mapping; write a text, a number, true or false")
        if len(name) > MAX_TEXT or (isinstance(v, str) and len(v) > MAX_TEXT):
            raise Unusable(f"has a property longer than {MAX_TEXT} characters; shorten it")
    return dict(value)


def _positions(coordinates: list[Any]) -> list[list[float]]:
    if coordinates and not isinstance(coordinates[0], list):
        return [coordinates]
    return [p for inner in coordinates for p in _positions(inner)]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
