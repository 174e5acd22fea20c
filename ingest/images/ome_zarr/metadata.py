"""What an OME-Zarr says of itself: images, labels, plates; versions 0.1 to 0.5 (ngff.openmicroscopy.org).

Metadata are hostile until parsed: bounded in bytes and depth, shapes and chunks checked before anything is read, and
no path leaves its folder. `Read` is how a key of the store becomes bytes, so that a folder and a server look the same.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.images.opened import MAX_PLANES, SourceChannel, Unreadable, check_size

Read = Callable[[str], bytes | None]
"""(key below the store) → the bytes, or None where there are none."""

Range = tuple[int, int | None]
"""First byte and the one after the last, or a negative first byte: so many from the end."""

Fetch = Callable[[str, Range | None], bytes | None]
"""(key, part or all of it) → the bytes, or None where there are none."""

Groups = Callable[[str], list[str]]
"""(path of a group) → the names of the groups right below it that are there; [] where that cannot be known."""

Many = Callable[..., Iterable[Any]]
"""`map`, or one that waits for several answers at once."""

MAX_JSON = 32 << 20  # label images list every object
MAX_DEPTH = 40
MAX_CHUNK = 256 << 20  # bytes of one chunk, decoded
MAX_WELLS = 6_144
MAX_FIELDS = 10_000
MAX_LABELS = 20
MAX_OBJECTS = 200_000
COMPRESSED = {"blosc", "gzip", "zlib", "zstd"}
CODECS = {*COMPRESSED, "bytes", "transpose", "crc32c", "sharding_indexed", "delta", "shuffle"}
FILES = ("zarr.json", ".zattrs", ".zarray", ".zgroup")

_MICROMETRES = {
    "angstrom": 1e-4, "picometer": 1e-6, "nanometer": 1e-3, "micrometer": 1.0, "millimeter": 1e3, "centimeter": 1e4, "decimeter": 1e5,
    "meter": 1e6, "inch": 25_400.0, "µm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3,
}  # fmt: skip
_SECONDS = {
    "nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0,
    "s": 1.0, "ms": 1e-3, "min": 60.0,
}  # fmt: skip


@dataclass(frozen=True)
class Array:
    """One resolution of an image. `key` is its path below the store; `order` the place of T, C, Z, Y, X in its axes, None for one it
    lacks; `scale` per axis in the axis's unit."""

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: tuple[int | None, ...]
    scale: tuple[float, ...] | None

    def size(self, axis: int) -> int:
        """Of T, C, Z, Y or X (0 to 4); 1 for an axis that is not there."""
        at = self.order[axis]
        return 1 if at is None else self.shape[at]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Multiscale:
    """An image: its arrays, finest first, and the sizes of a pixel of the first one: µm, µm, s."""

    arrays: tuple[Array, ...]
    units: tuple[str | None, ...]

    def length(self, axis: int, array: Array) -> float | None:
        """The size of a pixel of `array` along T, Z, Y or X, in s or µm; None where no unit is told."""
        at = array.order[axis]
        if at is None or array.scale is None:
            return None
        scale = (_SECONDS if axis == 0 else _MICROMETRES).get((self.units[at] or "").casefold())
        return _positive(array.scale[at] * scale) if scale else None


def attributes(read: Read, key: str) -> dict[str, Any] | None:
    """The OME metadata of a group: of zarr.json (0.5) or .zattrs (0.4 and older); None where there is no group. Raises Unreadable."""
    head = f"{key}/" if key else ""
    if (data := read(head + "zarr.json")) is not None:
        told = _json(data).get("attributes")
        ome = told.get("ome", told) if isinstance(told, dict) else {}
        return ome if isinstance(ome, dict) else {}
    if (data := read(head + ".zattrs")) is not None:
        return _json(data)
    return {} if read(head + ".zgroup") is not None else None


def multiscale(read: Read, key: str, told: dict[str, Any]) -> Multiscale:
    """The first multiscale image of a group whose metadata are `told`. Raises Unreadable."""
    every = told.get("multiscales")
    first = every[0] if isinstance(every, list) and every and isinstance(every[0], dict) else None
    datasets = first.get("datasets") if first else None
    if first is None or not isinstance(datasets, list) or not datasets:
        raise Unreadable("is a Zarr without an OME-Zarr image in it (no multiscales)")
    names, units = _axes(first.get("axes"))
    whole = _scale(first.get("coordinateTransformations"))
    arrays: list[Array] = []
    for dataset in datasets[:30]:
        if not isinstance(dataset, dict):
            raise Unreadable("lists its resolutions wrongly (multiscales[0].datasets)")
        path = below(key, dataset.get("path"))
        found = _array(read, path)
        if found is None:
            if not arrays:
                raise Unreadable(f"lacks the array of its finest resolution ({path})")
            continue
        shape, dtype = found
        order = names or ("t", "c", "z", "y", "x")[5 - len(shape) :]
        if len(order) != len(shape):
            raise Unreadable(f"names {len(order)} axes for an array of {len(shape)}")
        scale = _scale(dataset.get("coordinateTransformations"))
        if scale and whole and len(whole) == len(scale):
            scale = tuple(a * b for a, b in zip(scale, whole, strict=True))
        scale = scale if scale and len(scale) == len(shape) else None
        arrays.append(Array(path, shape, dtype, tuple(order.index(a) if a in order else None for a in "tczyx"), scale))
    one = arrays[0]
    check_size(one.size(4), one.size(3), one.size(0) * one.size(1) * one.size(2), whole=False)
    return Multiscale(tuple(arrays), units or (None,) * len(one.shape))


def channels(told: dict[str, Any], number: int) -> tuple[SourceChannel, ...]:
    """Names and colours of `omero`; () where it names not as many channels as there are."""
    omero = told.get("omero")
    every = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(every, list) or len(every) != number or not all(isinstance(c, dict) for c in every):
        return ()
    return tuple(SourceChannel(_clean(c.get("label")), _colour(c.get("color")), window=_window(c.get("window"))) for c in every)


def label_names(read: Read, key: str) -> list[str]:
    """The label images of an image, as `labels/` lists them."""
    told = attributes(read, below(key, "labels")) or {}
    names = told.get("labels")
    return [n for n in names if isinstance(n, str)][:MAX_LABELS] if isinstance(names, list) else []


def objects(told: dict[str, Any]) -> tuple[dict[int, str], dict[int, dict[str, Any]]]:
    """Colours (`#rrggbb`) and flat properties of a label image, by its ids."""
    said = told.get("image-label")
    said = said if isinstance(said, dict) else {}
    colours: dict[int, str] = {}
    properties: dict[int, dict[str, Any]] = {}
    for row in _rows(said.get("colors")):
        rgba = row.get("rgba")
        if isinstance(rgba, list) and len(rgba) >= 3 and all(isinstance(v, int) and 0 <= v <= 255 for v in rgba[:3]):
            colours[row["label-value"]] = "#{:02x}{:02x}{:02x}".format(*rgba[:3])
    for row in _rows(said.get("properties")):
        flat = {str(k)[:100]: v[:1000] if isinstance(v, str) else v for k, v in list(row.items())[:50] if _flat(v) and k != "label-value"}
        properties[row["label-value"]] = flat
    return colours, properties


def wells(told: dict[str, Any]) -> list[tuple[str, str]]:
    """(well, path of its group) of a plate, such as ('B3', 'B/03'). Raises Unreadable."""
    plate = told.get("plate")
    every = plate.get("wells") if isinstance(plate, dict) else None
    if not isinstance(plate, dict) or not isinstance(every, list) or len(every) > MAX_WELLS:
        raise Unreadable("does not list the wells of its plate (plate.wells)")
    rows, columns = (_names(plate.get(n)) for n in ("rows", "columns"))
    found: list[tuple[str, str]] = []
    for well in every:
        path = below("", well.get("path") if isinstance(well, dict) else None)
        # 0.1 to 0.3 name rows and columns by the path alone; the path is row/column in every version.
        row, _, column = path.partition("/")
        at_row, at_column = well.get("rowIndex"), well.get("columnIndex")
        row = rows[at_row] if isinstance(at_row, int) and 0 <= at_row < len(rows) else row
        column = columns[at_column] if isinstance(at_column, int) and 0 <= at_column < len(columns) else column
        if not re.fullmatch(r"[A-Za-z]{1,2}", row) or not re.fullmatch(r"[0-9]{1,3}", column):
            raise Unreadable(f"has a well {row}/{column}, which is no row of letters and column of digits")
        found.append((f"{row.upper()}{int(column)}", path))
    return found


def fields(told: dict[str, Any] | None) -> list[str]:
    """The paths of a well's images below its group. Raises Unreadable."""
    well = (told or {}).get("well")
    images = well.get("images") if isinstance(well, dict) else None
    if not isinstance(images, list) or len(images) > MAX_FIELDS:
        raise Unreadable("does not list the images of a well (well.images)")
    return [below("", i.get("path") if isinstance(i, dict) else None) for i in images]


def images_in(read: Read, groups: Groups, many: Many = map) -> tuple[list[tuple[str, str | None, int]], list[str]]:
    """(path of its group, well or None, number) of each image of a store, and notes on what is missing. Raises Unreadable.

    A plate's images are its wells' fields. What bioformats2raw wrote holds numbered images.
    """
    told = attributes(read, "")
    if told is None:
        raise Unreadable("is a folder without Zarr metadata (zarr.json or .zattrs)")
    found: list[tuple[str, str | None, int]] = []
    notes: list[str] = []
    if "plate" in told:
        places = wells(told)
        for (well, path), below_it in zip(places, many(lambda place: attributes(read, place[1]), places), strict=True):
            try:
                names = fields(below_it)
            except Unreadable as why:
                names = groups(path)
                notes.append(f"{why} ({path}): {'those that are there are taken' if names else 'none is there'}")
            found += [(f"{path}/{name}", well, n) for n, name in enumerate(names, 1)]
        return found, notes
    if "multiscales" in told:
        return [("", None, 1)], notes
    if "bioformats2raw.layout" in told:
        series = (attributes(read, "OME") or {}).get("series")
        names = [below("", name) for name in series[:MAX_FIELDS]] if isinstance(series, list) else [n for n in groups("") if n.isdigit()]
        return [(name, None, n) for n, name in enumerate(names, 1)], notes
    raise Unreadable("is a Zarr without an OME-Zarr image or plate in it")


# ---- values


def _json(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_JSON:
        raise Unreadable(f"has metadata of {len(data):,} bytes; at most {MAX_JSON:,} are read")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("has metadata that are no JSON") from None
    if not isinstance(found, dict) or _deep(found, MAX_DEPTH):
        raise Unreadable("has metadata that are nested too deeply, or no object")
    return found


def _deep(value: object, left: int) -> bool:
    if left < 0:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_deep(v, left - 1) for v in inner if isinstance(v, dict | list))


def below(key: str, path: object) -> str:
    """A path of the metadata, below the group that says it. Raises Unreadable for one that could lead elsewhere."""
    if not isinstance(path, str | int) or isinstance(path, bool):
        raise Unreadable("has a path that is none in its metadata")
    text = str(path).strip("/") if not str(path).startswith("/") else ""
    parts = text.split("/")
    if not text or len(text) > 500 or any(p in ("", ".", "..") or "\\" in p or "\0" in p or ":" in p for p in parts):
        raise Unreadable(f"has a path in its metadata that leads elsewhere ({str(path)[:60]!r})")
    return f"{key}/{text}" if key else text


def _axes(told: object) -> tuple[tuple[str, ...] | None, tuple[str | None, ...] | None]:
    """The letters of the axes and their units; (None, None) for versions 0.1 and 0.2, which name none."""
    if told is None:
        return None, None
    names, units = [], []
    for axis in told if isinstance(told, list) else []:
        name = axis.get("name") if isinstance(axis, dict) else axis
        kind = axis.get("type") if isinstance(axis, dict) else None
        letter = str(name).casefold()
        letter = {"time": "t", "channel": "c"}.get(str(kind), letter) if letter not in ("t", "c", "z", "y", "x") else letter
        names.append(letter)
        unit = axis.get("unit") if isinstance(axis, dict) else None
        units.append(unit if isinstance(unit, str) else None)
    if set(names) - set("tczyx") or len(set(names)) != len(names) or not {"y", "x"} <= set(names):
        raise Unreadable(f"has the axes {', '.join(names)[:80]}; t, c, z, y and x are drawn")
    return tuple(names), tuple(units)


def _scale(told: object) -> tuple[float, ...] | None:
    for step in told if isinstance(told, list) else []:
        values = step.get("scale") if isinstance(step, dict) and step.get("type") == "scale" else None
        if isinstance(values, list) and all(isinstance(v, int | float) and math.isfinite(v) for v in values):
            return tuple(float(v) for v in values)
    return None


def _array(read: Read, key: str) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
    """Shape and type of an array whose header is within bounds; None where there is none. Raises Unreadable."""
    if (data := read(f"{key}/zarr.json")) is not None:
        told = _json(data)
        grid = told.get("chunk_grid")
        chunks = grid.get("configuration", {}).get("chunk_shape") if isinstance(grid, dict) else None
        chunks = _inner(told.get("codecs")) or chunks  # a shard is never decoded as a whole
        kind = told.get("data_type")
        codecs = [*_codecs(told.get("codecs"), "name")]
    elif (data := read(f"{key}/.zarray")) is not None:
        told = _json(data)
        chunks, kind = told.get("chunks"), told.get("dtype")
        codecs = [*_codecs([told.get("compressor")], "id"), *_codecs(told.get("filters"), "id")]
    else:
        return None
    if unknown := [c for c in codecs if c not in CODECS]:
        raise Unreadable(f"is compressed by {unknown[0][:40]!r}, which is not read; {', '.join(sorted(COMPRESSED))} are")
    shape = _sizes(told.get("shape"))
    inner = _sizes(chunks)
    try:
        dtype = np.dtype(kind if isinstance(kind, str) else "V")
    except TypeError:
        dtype = np.dtype("V")
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise Unreadable(f"holds values of the type {str(kind)[:40]!r}, which are not drawn")
    if not shape or len(shape) > 5 or len(shape) < 2 or len(inner) != len(shape):
        raise Unreadable(f"has an array of {len(shape)} axes, which is not drawn")
    if math.prod(inner) * dtype.itemsize > MAX_CHUNK:
        raise Unreadable(f"has chunks of {math.prod(inner) * dtype.itemsize:,} bytes; at most {MAX_CHUNK:,} are decoded at once")
    return shape, dtype.newbyteorder("=")


def _codecs(told: object, key: str) -> Iterator[str]:
    """The names of codecs, with those inside of shards."""
    for codec in told if isinstance(told, list) else []:
        if isinstance(codec, dict):
            yield str(codec.get(key))
            settings = codec.get("configuration")
            if isinstance(settings, dict):
                yield from _codecs(settings.get("codecs"), key)


def check_bomb(data: bytes) -> None:
    """Raises Unreadable for a compressed chunk that would grow beyond all bounds; what decoders allocate, they take from these headers."""
    size = 0
    if data[:2] == b"\x1f\x8b" or (data[:1] == b"\x78" and int.from_bytes(data[:2], "big") % 31 == 0):
        if len(data) * 1032 > MAX_CHUNK:  # as much as deflate can save (zlib.net, "Maximum Compression Factor")
            size = len(zlib.decompressobj(wbits=47).decompress(data, MAX_CHUNK + 1))
    elif data[:1] == b"\x02" and len(data) >= 16 and int.from_bytes(data[12:16], "little") == len(data):  # Blosc
        size = int.from_bytes(data[4:8], "little")
    elif data[:4] == b"\x28\xb5\x2f\xfd" and len(data) > 14:  # Zstandard, RFC 8878 §3.1.1.1
        kind, single = data[4] >> 6, data[4] >> 5 & 1
        start = 5 + (1 - single) + (0, 1, 2, 4)[data[4] & 3]
        length = (single, 2, 4, 8)[kind]
        size = int.from_bytes(data[start : start + length], "little") + (256 if kind == 1 else 0)
    if size > MAX_CHUNK:
        raise Unreadable(f"has a chunk that grows to more than {MAX_CHUNK:,} bytes")


def _inner(codecs: object) -> object:
    for codec in codecs if isinstance(codecs, list) else []:
        if isinstance(codec, dict) and codec.get("name") == "sharding_indexed":
            settings = codec.get("configuration")
            return settings.get("chunk_shape") if isinstance(settings, dict) else None
    return None


def _sizes(told: object) -> tuple[int, ...]:
    if not isinstance(told, list) or not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**40 for n in told):
        raise Unreadable("has an array with no sizes, or with wrong ones")
    return tuple(told)


def _names(told: object) -> list[str]:
    return [str(r.get("name", "")) for r in told if isinstance(r, dict)][:MAX_PLANES] if isinstance(told, list) else []


def _rows(told: object) -> list[dict[str, Any]]:
    rows = told if isinstance(told, list) else []
    return [r for r in rows[:MAX_OBJECTS] if isinstance(r, dict) and isinstance(r.get("label-value"), int)]


def _flat(value: object) -> bool:
    return isinstance(value, str | int | bool) or (isinstance(value, float) and math.isfinite(value))


def _window(told: object) -> tuple[float, float] | None:
    """The window a person chose; None for the whole range, which is what programs write when nobody chose."""
    if not isinstance(told, dict):
        return None
    low, high, least, most = (told.get(n) for n in ("start", "end", "min", "max"))
    for value in (low, high):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
    return (float(low), float(high)) if low < high and (low, high) != (least, most) else None  # type: ignore[operator,arg-type]


def _colour(told: object) -> str | None:
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})([0-9a-fA-F]{2})?", told) if isinstance(told, str) else None
    return f"#{match[1].lower()}" if match else None


def _clean(told: object) -> str | None:
    text = " ".join("".join(c if c.isprintable() else " " for c in told).split())[:100] if isinstance(told, str) else ""
    return text or None


def _positive(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) and value > 0 else None
