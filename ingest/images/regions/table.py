"""Regions in tables (CSV, TSV): a row a region, as analysis programs, IDR's studies and OMERO's export of regions write them.

IDR's outlines are files `<image>.roi.csv` with the columns x and y alone: one polygon. OMERO's export has the columns
`shape_id` and `type`, counts z and t from 1, and has a row for each channel that it measured.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from typing import Any

from ingest.images.names import SUFFIX
from ingest.images.regions.ome import ellipse
from portal.imaging.regions import MAX_BYTES, MAX_PROPERTIES, Unusable, feature

MAX_COLUMNS = 200
MAX_CELL = 200_000  # characters: the points of one outline

# What a column is called, without capitals, spaces and underscores → what it means.
_MEANT = {
    "image": ("image", "imagename", "filename", "file"),
    "dataset": ("dataset", "datasetname"),
    "x": ("x", "xpx", "centroidx", "xcentroid", "locationcenterx", "positionx", "posx"),
    "y": ("y", "ypx", "centroidy", "ycentroid", "locationcentery", "positiony", "posy"),
    "z": ("z", "plane", "thez"),
    "t": ("t", "frame", "time", "timepoint", "thet"),
    "c": ("c", "thec"),
    "radius": ("radius", "r"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "radiusx": ("radiusx", "rx"),
    "radiusy": ("radiusy", "ry"),
    "x1": ("x1",), "y1": ("y1",), "x2": ("x2",), "y2": ("y2",),
    "points": ("points",),
    "track": ("track", "trackid"),
    "name": ("name", "label", "text", "roiname"),
    "colour": ("colour", "color"),
    "kind": ("type", "kind", "shape", "shapetype"),
}  # fmt: skip
_BY_NAME = {word: meaning for meaning, words in _MEANT.items() for word in words}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def features_of(raw: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """(where, feature or Unusable) for `portal.imaging.regions.take`, one a row; the rest of a row's cells are properties.

    A row is a point (x, y), a circle (and radius), a rectangle (and width, height), an ellipse (and radiusX, radiusY), a line
    (x1, y1, x2, y2), or what `points` lists: a polygon, or a line where `type` says polyline. z, t and c count from 0.
    Raises Unusable where there is no such table.
    """
    header, rows = opened_table(raw, MAX_BYTES)
    if len(header) > MAX_COLUMNS:
        raise Unusable(f"has {len(header):,} columns; keep at most {MAX_COLUMNS}")
    columns = _columns(header)
    if not ({"x", "y"} <= columns.keys() or "points" in columns or {"x1", "y1", "x2", "y2"} <= columns.keys()):
        raise Unusable("names no columns x and y in its first row; name them so, in pixels")
    if set(columns) == {"x", "y"} and len(header) == 2 and name.casefold().endswith((".roi.csv", ".roi.tsv")):
        return iter([_outline(rows, columns)])
    return _omero(_rows(rows, header, columns)) if "shapeid" in map(_folded, header) else (one[:2] for one in _rows(rows, header, columns))


def opened_table(raw: bytes, most: int) -> tuple[list[str], Any]:
    """The first row and a `csv.reader` of the others, which may raise csv.Error. Raises Unusable, above `most` bytes too."""
    if len(raw) > most:
        raise Unusable(f"holds {len(raw):,} bytes; write at most {most:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t,;", key=text.split("\n", 1)[0].count))
    try:
        return [h.strip() for h in next(rows, [])], rows
    except csv.Error as error:
        raise Unusable(f"is no table ({error}); save it as CSV") from None


def _folded(column: str) -> str:
    return re.sub(r"[\s_.-]|[\[(](px|pixels?)[\])]", "", column.casefold())


def _columns(header: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, column in enumerate(header):
        meaning = _BY_NAME.get(_folded(column))
        # OMERO's `points` is a count and `Points` a list: the later one stands.
        if meaning and (meaning not in found or meaning == "points" or (meaning == "name" and _folded(column) == "name")):
            found[meaning] = number
    return found


def _rows(rows: Any, header: list[str], columns: dict[str, int]) -> Iterator[tuple[str, Any, dict[str, str]]]:
    others = [(n, h[:100]) for n, h in enumerate(header) if h and n not in columns.values()][: MAX_PROPERTIES - len(columns)]
    number = 1
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"row {number}", Unusable(f"cannot be read ({error}); save the table anew"), {}
            continue
        if not any(cell.strip() for cell in row):
            continue
        cells = {meaning: row[n].strip() for meaning, n in columns.items() if n < len(row) and row[n].strip()}
        plain = {h: row[n].strip() for n, h in others if n < len(row) and row[n].strip()}
        try:
            if any(len(cell) > MAX_CELL for cell in row):
                raise Unusable(f"has a cell of more than {MAX_CELL:,} characters; shorten it")
            yield f"row {number}", _made(cells, plain), {_folded(h): v for h, v in plain.items()}
        except Unusable as why:
            yield f"row {number}", why, {}


def _made(cells: dict[str, str], plain: dict[str, str]) -> dict[str, Any]:
    def at(*names: str) -> list[float]:
        return [_number(cells, name) for name in names]

    kind = cells.get("kind", "").casefold()
    listed = [float(n) for n in _NUMBER.findall(cells.get("points", ""))] if "points" in cells else []
    radius = None
    if len(listed) >= 4:
        line: Any = [list(p) for p in zip(listed[0::2], listed[1::2], strict=False)]
        geometry = "LineString" if kind in ("polyline", "line") else "Polygon"
        line = line if geometry == "LineString" else [[*line, line[0]]] if line[0] != line[-1] else [line]
    elif {"x1", "y1", "x2", "y2"} <= cells.keys():
        x1, y1, x2, y2 = at("x1", "y1", "x2", "y2")
        geometry, line = "LineString", [[x1, y1], [x2, y2]]
    elif {"radiusx", "radiusy"} <= cells.keys():
        geometry, line = "Polygon", [ellipse(*at("x", "y", "radiusx", "radiusy"))]
    elif {"width", "height"} <= cells.keys() and kind in ("", "rectangle", "rect", "mask", "box"):
        x, y, w, h = at("x", "y", "width", "height")
        geometry, line = "Polygon", [[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]]
    else:
        geometry, line = "Point", at("x", "y")
        radius = _number(cells, "radius") if "radius" in cells else None
    told: dict[str, Any] = {name: typed(value[:500]) for name, value in plain.items()}
    told |= {name: cells.get(name) for name in ("name", "dataset", "colour")}
    told |= {name: _number(cells, name) for name in ("z", "t", "c") if name in cells}
    told |= {"radius": radius, "image": SUFFIX.sub("", cells["image"].rpartition("/")[2]) if "image" in cells else None}
    told["track"] = typed(cells["track"][:100]) if "track" in cells else None
    return feature(geometry, line, **told)


def _outline(rows: Any, columns: dict[str, int]) -> tuple[str, Any]:
    ring = []
    for number, row in enumerate(rows, 2):
        try:
            ring.append([float(row[columns["x"]]), float(row[columns["y"]])] if any(row) else None)
        except (ValueError, IndexError):
            return f"row {number}", Unusable(f"is not two numbers ({','.join(row)[:60]!r}); write x and y in pixels")
    ring = [p for p in ring if p]
    return "the outline", feature("Polygon", [[*ring, *(ring[:1] if ring[:1] != ring[-1:] else [])]])


def _omero(found: Iterator[tuple[str, Any, dict[str, str]]]) -> Iterator[tuple[str, Any]]:
    """One feature a shape and plane; z and t from 0; the mean of each channel as a property of its own."""
    kept: dict[Any, tuple[str, Any]] = {}
    for where, one, plain in found:
        if isinstance(one, Unusable):
            yield where, one
            continue
        told = one["properties"]
        for axis in ("z", "t"):
            if axis in told:
                told[axis] -= 1
        channel, mean = plain.get("channel"), plain.get("mean")
        for name in [n for n in told if _folded(n) in ("imageid", "roiid", "channel", "points", "min", "max", "sum", "mean", "stddev")]:
            del told[name]
        key = (plain.get("imageid"), plain.get("shapeid"), told.get("z"), told.get("t"))
        told.pop(next((n for n in told if _folded(n) == "shapeid"), ""), None)
        first = kept.setdefault(key, (where, one))
        if channel and mean and len(first[1]["properties"]) < MAX_PROPERTIES:
            first[1]["properties"][f"mean of {channel}"[:100]] = typed(mean)
    yield from kept.values()


def _number(cells: dict[str, str], name: str) -> float:
    text = cells.get(name)
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        value = math.nan
    if text is None:
        raise Unusable(f"has no {name}; write a number of pixels")
    if not math.isfinite(value):
        raise Unusable(f"has {name} {text[:40]!r}; write a number")
    return value


def typed(text: str) -> Any:
    """A number where the whole cell is one; identifiers such as 007 stay texts."""
    if not _NUMBER.fullmatch(text) or re.match(r"[-+]?0\d", text):
        return text
    value = float(text)
    if not math.isfinite(value) or abs(value) >= 2**53:
        return text
    return int(value) if value == int(value) and not re.search(r"[.eE]", text) else value
