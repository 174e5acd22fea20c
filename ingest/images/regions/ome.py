"""Regions in OME-XML: of an OME-TIFF's header, or of a companion file. Schemas 2009 to 2016-06, read by local names.

Shapes: https://docs.openmicroscopy.org/ome-model/6.1.0/developers/roi.html. Coordinates are pixels, (0, 0) the top left
corner of the first pixel. Ellipses become polygons of 64 corners (0.1 % of their radius off at most).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from ingest.images.names import SUFFIX
from ingest.images.regions.masks import bits, outlines
from portal.imaging.regions import MAX_FEATURES, Unusable, feature

MAX_XML = 50_000_000
MAX_POINTS = 4_000_000  # characters of one outline
_CORNERS = 64
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
Matrix = tuple[float, float, float, float, float, float]  # a00, a01, a02, a10, a11, a12: row by row


def of_header(path: Path) -> str | None:
    """The OME-XML of a TIFF's first page, or of a file that is OME-XML; None where it tells of no regions. Raises nothing."""
    try:
        with path.open("rb") as handle:
            head = handle.read(4)
            if head[:1] == b"<" or head.startswith(b"\xef\xbb\xbf<"):  # OME-XML that holds its pixels
                handle.seek(0)
                text = handle.read(MAX_XML + 1).decode("utf-8-sig")
                return text if "ROI" in text else None
            if head not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
                return None
        with tifffile.TiffFile(path) as tif:
            text = tif.ome_metadata
    except Exception:  # a broken file is told of where its pixels are read
        return None
    return text if text and "ROI" in text else None


def features_of(text: str, *, first: bool = False) -> Iterator[tuple[str, Any]]:
    """(where, feature or Unusable) for `portal.imaging.regions.take`, one a shape.

    Each feature has the property `image`, the name of the image that refers to it, without its suffix; a region that
    several images refer to comes once for each. `first`: of the first image (or of none), without `image`, as in the header
    of a file that is that image. Raises Unusable where the text is no OME-XML.
    """
    if len(text) > MAX_XML:
        raise Unusable(f"holds {len(text):,} characters; at most {MAX_XML:,} are read")
    # No DOCTYPE and no entities: none is ever needed.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unusable("has a DOCTYPE; remove it")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise Unusable(f"is not XML ({str(error)[:100]}); export it again") from None
    if _local(root) != "OME":
        raise Unusable("is not OME-XML; write one <OME> element around everything")
    return _shapes(root, first)


def _shapes(root: ElementTree.Element, first: bool) -> Iterator[tuple[str, Any]]:
    images = [e for e in root.iter() if _local(e) == "Image"]
    owners: dict[str, list[str]] = {}
    for image in images:
        called = SUFFIX.sub("", image.get("Name") or "")
        for reference in (e for e in image.iter() if _local(e) == "ROIRef"):
            owners.setdefault(reference.get("ID", ""), []).append(called)
    own = {e.get("ID", "") for image in images[:1] for e in image.iter() if _local(e) == "ROIRef"}
    for roi in (e for e in root.iter() if _local(e) == "ROI" and len(e)):
        number = roi.get("ID", "a ROI")[:100]
        # A region that no image refers to is taken to be of the only image.
        unclaimed = number not in owners
        if first and not (number in own or (unclaimed and len(images) <= 1)):
            continue
        names: list[str | None] = [None] if first or unclaimed else list(dict.fromkeys(owners[number]))
        for shape in _of_union(roi):
            where = f"{number} {shape[0].get('ID', '')[:100]}".strip()
            try:
                made = _made(*shape, roi.get("Name"))
            except Unusable as why:
                yield where, why
                continue
            for name in names:
                told = made["properties"] | ({"image": name} if name is not None else {})
                yield where, made | {"properties": told}


def _of_union(roi: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    """(what bears the shape's attributes, the shape): the same element since 2012; <Shape> around it before."""
    for union in (e for e in roi if _local(e) == "Union"):
        for element in union:
            inner = next(iter(element), None) if _local(element) == "Shape" else element
            if inner is not None:
                yield element, inner


def _made(outer: ElementTree.Element, inner: ElementTree.Element, roi_name: str | None) -> dict[str, Any]:
    told = {k.casefold(): v for k, v in chain(inner.attrib.items(), outer.attrib.items())}
    kind, geometry = _geometry(inner, told)
    matrix = _transform(outer) or _transform(inner) or _listed(told.get("transform"))
    if matrix:
        geometry = _moved(geometry, matrix)
    said = told.get("text") or told.get("label") or told.get("value") or next((e.text for e in inner if _local(e) == "Value"), None)
    name, text = _clean(roi_name) or _clean(told.get("name")), _clean(said)
    return feature(
        kind,
        geometry,
        name=name or text,
        text=text if name and text != name else None,
        colour=_colour(told.get("strokecolor")) or _colour(told.get("fillcolor")),
        **{axis: _index(told.get(f"the{axis}")) for axis in "ztc"},
    )


def _geometry(shape: ElementTree.Element, told: dict[str, str]) -> tuple[str, Any]:
    kind = _local(shape)

    def at(*names: str) -> float:
        value = next((told[n] for n in names if n in told), None)
        if value is None or not _NUMBER.fullmatch(value.strip()):
            raise Unusable(f"is a {kind} without {names[0].upper()}; write a number")
        return float(value)

    if kind in ("Point", "Label", "Text"):
        return "Point", [at("x", "cx"), at("y", "cy")]
    if kind == "Line":
        return "LineString", [[at("x1"), at("y1")], [at("x2"), at("y2")]]
    if kind in ("Rectangle", "Rect"):
        x, y, w, h = at("x"), at("y"), at("width"), at("height")
        return "Polygon", [[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]]
    if kind in ("Ellipse", "Circle"):
        x, y = at("x", "cx"), at("y", "cy")
        rx, ry = (at("r"), at("r")) if kind == "Circle" else (at("radiusx", "rx"), at("radiusy", "ry"))
        return "Polygon", [ellipse(x, y, rx, ry)]
    if kind in ("Polyline", "Polygon"):
        # Coordinates may be written `1,1 10,20`, or with a comma after each.
        points = told.get("points", "")
        if len(points) > MAX_POINTS:
            raise Unusable(f"has points of {len(points):,} characters; simplify it to at most {MAX_POINTS:,}")
        numbers = [float(n) for n in _NUMBER.findall(points)]
        line = [list(p) for p in zip(numbers[0::2], numbers[1::2], strict=False)]
        if kind == "Polyline" and told.get("closed", "false").casefold() != "true":
            return "LineString", line
        return "Polygon", [[*line, *line[:1]]]
    if kind == "Mask":
        return _mask(shape, at("x"), at("y"), at("width"), at("height"))
    raise Unusable(f"is a {kind[:40]}, which is not drawn; write a shape of the 2016-06 schema")


def _mask(shape: ElementTree.Element, x: float, y: float, width: float, height: float) -> tuple[str, Any]:
    data = next((e for e in shape.iter() if _local(e) == "BinData"), None)
    if data is None or not data.text:
        raise Unusable("is a mask without BinData; export it again")
    if not (1 <= width < 1e6 and 1 <= height < 1e6):
        raise Unusable("is a mask without pixels; export it again")
    parts = outlines(bits(data.text, round(width), round(height), data.get("Compression", "none")))
    if not parts:
        raise Unusable("is a mask in which nothing is set; remove it")
    return "MultiPolygon", [[[[px + x, py + y] for px, py in ring] for ring in part] for part in parts]


def ellipse(x: float, y: float, rx: float, ry: float) -> list[list[float]]:
    """A closed ring of 64 corners around (x, y)."""
    turns = [2 * math.pi * n / _CORNERS for n in range(_CORNERS)]
    ring = [[x + rx * math.cos(turn), y + ry * math.sin(turn)] for turn in turns]
    return [*ring, ring[0]]


def _transform(element: ElementTree.Element) -> Matrix | None:
    found = next((e for e in element if _local(e) == "Transform"), None)
    if found is None:
        return None
    try:
        a, b, c, d, e, f = (float(found.attrib[name]) for name in ("A00", "A01", "A02", "A10", "A11", "A12"))
    except (KeyError, ValueError):
        raise Unusable("has a Transform without six numbers; write A00 A01 A02 A10 A11 A12") from None
    return a, b, c, d, e, f


def _listed(text: str | None) -> Matrix | None:
    """Before 2012: `a, b, c, d, e, f` or `matrix(a b c d e f)` as SVG orders them, column by column."""
    numbers = [float(n) for n in _NUMBER.findall(text or "")]
    if text is None or text == "none" or not numbers:
        return None
    if len(numbers) != 6:
        raise Unusable("has a Transform that is not six numbers; write them")
    a, b, c, d, e, f = numbers
    return a, c, e, b, d, f


def _moved(coordinates: Any, matrix: Matrix) -> Any:
    if coordinates and not isinstance(coordinates[0], list):
        x, y = coordinates
        return [matrix[0] * x + matrix[1] * y + matrix[2], matrix[3] * x + matrix[4] * y + matrix[5]]
    return [_moved(inner, matrix) for inner in coordinates]


def _colour(value: str | None) -> str | None:
    """A signed 32-bit RGBA. Without opacity it is no colour."""
    try:
        number = int(float(value or "")) & 0xFFFFFFFF
    except (ValueError, OverflowError):
        return None
    return f"#{number >> 8:06x}" if number & 0xFF else None


def _index(value: str | None) -> int | None:
    try:
        number = int(value or "")
    except ValueError:
        return None
    return number if 0 <= number < MAX_FEATURES * 100 else None


def _clean(text: str | None) -> str | None:
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:200] or None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
