"""Regions of interest: GeoJSON in the image's own pixels, y down, checked and bounded before it is published.

x = 0, y = 0 is the top left corner of the first pixel. Properties that mean something: `name`, `colour` (#rrggbb), `z`, `t`, `c`
(from 0; absent: all), `track` (features of one track are joined in order of t), `radius` (of a Point that is a circle, in pixels).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

MAX_BYTES = 32_000_000
MAX_FEATURES = 20_000  # of a file; what one image may have is MAX_SHOWN
MAX_SHOWN = 5_000
MAX_POSITIONS = 400_000
MAX_PROPERTIES = 40
MAX_TEXT = 500

# How deeply each geometry nests its positions (RFC 7946 §3.1), and how many positions the innermost list needs.
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_FEWEST = {"MultiPoint": 1, "LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
_INDICES = ("z", "t", "c")


class Unusable(Exception):
    """Why a feature, or the whole file, is not taken: `what; mend`."""


@dataclass
class Taken:
    """The features of a file, cleaned, where each stands in it (`row 7`), and a complaint (`what; mend`) for each that is not taken."""

    features: list[dict[str, Any]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature; properties that are None are left out."""
    told = {name: value for name, value in properties.items() if value is not None}
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": told}


def take(found: Iterable[tuple[str, Any]]) -> Taken:
    """Cleans features as readers find them: (where, feature), or (where, Unusable) for what cannot be a feature.

    A cleaned feature has `type`, `geometry` (finite x and y, two decimals) and flat `properties`. Raises Unusable above
    MAX_FEATURES; what lies above MAX_POSITIONS is complained of, one by one.
    """
    taken, left = Taken(), MAX_POSITIONS
    for number, (where, found_here) in enumerate(found):
        if number >= MAX_FEATURES:
            raise Unusable(f"has more than {MAX_FEATURES:,} features; split it, or draw single points as localisations")
        try:
            if isinstance(found_here, Unusable):
                raise found_here
            clean, used = _feature(found_here, left)
        except Unusable as why:
            taken.complaints.append(f"{where} {why}")
        else:
            left -= used
            taken.features.append(clean)
            taken.places.append(where)
    return taken


def read_features(raw: bytes) -> Taken:
    """The features of a GeoJSON FeatureCollection (or of a bare list of features, as QuPath writes), as `take` cleans them.

    Raises Unusable where nothing can be read: not JSON, not a FeatureCollection, too large.
    """
    if len(raw) > MAX_BYTES:
        raise Unusable(f"holds {len(raw):,} bytes; write at most {MAX_BYTES:,}")
    try:
        found = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is not JSON ({str(error)[:100]}); write a GeoJSON FeatureCollection") from None
    if isinstance(found, list) and found and isinstance(found[0], dict) and found[0].get("type") == "Feature":
        found = {"type": "FeatureCollection", "features": found}
    if not isinstance(found, dict) or found.get("type") != "FeatureCollection" or not isinstance(found.get("features"), list):
        raise Unusable("is not a FeatureCollection; write {'type': 'FeatureCollection', 'features': […]}")
    if len(found["features"]) > MAX_FEATURES:
        raise Unusable(f"has {len(found['features']):,} features; write at most {MAX_FEATURES:,}")
    return take((f"features[{number}]", _plain(one)) for number, one in enumerate(found["features"]))


def within(feature: dict[str, Any], width: int, height: int) -> bool:
    """Whether any position of a cleaned feature lies in the image, edges included."""
    return any(0 <= x <= width and 0 <= y <= height for x, y in positions(feature["geometry"]["coordinates"]))


def collection(features: list[dict[str, Any]], **members: Any) -> bytes:
    """rois.json: the same features always have the same bytes. `members` stand beside them (RFC 7946 §6.1)."""
    whole = {"type": "FeatureCollection", "features": features} | members
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def measured(one: dict[str, Any]) -> tuple[float | None, float | None]:
    """Area in px² of what has one (polygons less their holes, circles), else None; length in px of a line, else None."""
    kind, c = one["geometry"]["type"], one["geometry"]["coordinates"]
    radius = one["properties"].get("radius")
    if kind == "Point":
        return (math.pi * radius**2, None) if isinstance(radius, int | float) and radius > 0 else (None, None)
    if kind in ("LineString", "MultiLineString"):
        lines = [c] if kind == "LineString" else c
        return None, sum(math.dist(a, b) for line in lines for a, b in pairwise(line))
    if kind in ("Polygon", "MultiPolygon"):
        every = [c] if kind == "Polygon" else c
        return sum(_area(rings[0]) - sum(_area(hole) for hole in rings[1:]) for rings in every if rings), None
    return None, None


def positions(coordinates: list[Any]) -> Iterator[list[float]]:
    """Every [x, y] of a geometry's coordinates."""
    if coordinates and not isinstance(coordinates[0], list):
        yield coordinates
    else:
        for inner in coordinates:
            yield from positions(inner)


def _area(ring: list[list[float]]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2


def _plain(one: Any) -> Any:
    """QuPath writes `classification: {name, color}` and `measurements: {…}` as mappings: name, colour and flat values of them."""
    told = one.get("properties") if isinstance(one, dict) else None
    if not isinstance(told, dict):
        return one
    plain = {name: value for name, value in told.items() if name not in ("classification", "measurements", "color")}
    kind, values, colour = told.get("classification"), told.get("measurements"), told.get("color")
    if isinstance(kind, dict):
        plain |= {"class": kind["name"]} if isinstance(kind.get("name"), str) else {}
        colour = colour or kind.get("color")
    elif kind is not None:
        plain["classification"] = kind
    if isinstance(colour, list) and len(colour) == 3 and all(isinstance(v, int) and 0 <= v <= 255 for v in colour):
        plain.setdefault("colour", "#{:02x}{:02x}{:02x}".format(*colour))
    elif colour is not None and not isinstance(colour, list):
        plain["color"] = colour
    if isinstance(values, dict):
        plain |= {name: v for name, v in values.items() if isinstance(v, int | float) and name not in plain}
    elif values is not None and values != []:
        plain["measurements"] = values
    return one | {"properties": plain}


def _feature(one: Any, left: int) -> tuple[dict[str, Any], int]:
    geometry = one.get("geometry") if isinstance(one, dict) else None
    if not isinstance(geometry, dict) or one.get("type") != "Feature":
        raise Unusable("is not a Feature with a geometry; write one")
    kind = geometry.get("type")
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise Unusable(f"has the geometry {str(kind)[:40]!r}; write one of {', '.join(_DEPTH)}")
    used: list[int] = [0]
    coordinates = _nested(geometry.get("coordinates"), _DEPTH[kind], kind, used, left)
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": _properties(one.get("properties")),
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
    if not inner:
        raise Unusable(f"has no coordinates of a {kind}; write them as RFC 7946 has it")
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
        if any(isinstance(text, str) and not text.isascii() and _torn(text) for text in (name, v)):
            raise Unusable(f"has a property {name[:40]!r} with half a character (a lone surrogate); write it as UTF-8")
        if isinstance(v, float) and not math.isfinite(v):
            raise Unusable(f"has a property {name[:40]!r} that is no finite number; leave it out")
    return {name: _reserved(name, v) for name, v in value.items() if v is not None}


def _torn(text: str) -> bool:
    """Whether it holds what JSON can write (`\\ud800`) and no encoding can."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def _reserved(name: str, value: Any) -> Any:
    if name in _INDICES:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not 0 <= value < 1e6:
            raise Unusable(f"has {name} {str(value)[:40]!r}; write a whole number from 0, or leave it out for all")
        return int(value)
    if name == "colour" and not (isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value)):
        raise Unusable(f"has the colour {str(value)[:40]!r}; write #rrggbb")
    if name == "radius" and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e7):
        raise Unusable(f"has the radius {str(value)[:40]!r}; write a number of pixels")
    if name == "track" and isinstance(value, bool):
        raise Unusable("has a track that is true or false; write a number or a name")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
