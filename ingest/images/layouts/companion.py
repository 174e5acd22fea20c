"""OME-TIFF in several files: a `.companion.ome` beside TIFF files, or TIFF files that name each other (OME model, TiffData and UUID).

Only files of the same study folder are read, whatever the XML names; those that are not there are told by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from ingest.folders import read_below
from ingest.images.names import SUFFIX, Part, PartChannel, Placed
from ingest.images.opened import MAX_PLANES, Opened, SourceChannel, Unreadable, check_size
from ingest.images.readers.metadata import MAX_XML
from portal.engine.step import Opened as Files
from portal.imaging.planes import Plane, Planes

COMPANION = ".companion.ome"
TOLD = 5  # missing files named one by one
MAX_SIZE = 1_000_000
_UM = {"m": 1e6, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4}
_S = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "min": 60.0, "h": 3600.0}


def companion(path: str, files: tuple[str, ...], top: Path) -> list[Placed]:
    """The images that the OME-XML of a file describes: of a companion, or of the first page of an OME-TIFF. Raises Unreadable."""
    root = _xml(path, files, top)
    if (binary := next((e for e in root.iter() if _is(e, "BinaryOnly")), None)) is not None:
        path = _sibling(path, binary.get("MetadataFile") or "", files)[0]
        root = _xml(path, files, top)
    images = [e for e in root if _is(e, "Image")]
    if not images:
        raise Unreadable("describes no image")
    stem = SUFFIX.sub("", path.rpartition("/")[2])
    found: list[Placed] = []
    for number, image in enumerate(images, 1):
        name = stem if len(images) == 1 else f"{stem} {number}"
        pixels = next((e for e in image if _is(e, "Pixels")), None)
        if pixels is not None:
            found.append(_image(path, name, pixels, files))
    return found


def _image(path: str, name: str, pixels: ElementTree.Element, files: tuple[str, ...]) -> Placed:
    sizes = {axis: _whole(pixels.get(f"Size{axis}")) for axis in "XYZCT"}
    channels: list[PartChannel] = []
    for element in (e for e in pixels if _is(e, "Channel")):
        if _whole(element.get("SamplesPerPixel") or "1") != 1:
            raise Unreadable("holds colour pixels in several files, which are not drawn; write one file each")
        channels.append(
            PartChannel(_clean(element.get("Name") or element.get("Fluor")), _colour(element.get("Color")),
                        _number(element.get("EmissionWavelength")), _number(element.get("ExcitationWavelength")))
        )  # fmt: skip
    total = sizes["Z"] * sizes["C"] * sizes["T"]
    check_size(sizes["X"], sizes["Y"], total)
    order = pixels.get("DimensionOrder") or "XYZCT"
    if sorted(order) != sorted("XYZCT"):
        raise Unreadable("has a wrong DimensionOrder")
    taken: dict[tuple[int, int, int], Part] = {}
    missing: dict[str, None] = {}
    for data in (e for e in pixels if _is(e, "TiffData")):
        uuid = next((e for e in data if _is(e, "UUID")), None)
        file, there = _sibling(path, uuid.get("FileName") or "", files) if uuid is not None and uuid.get("FileName") else (path, True)
        if not there:
            missing[file] = None
            continue
        counts = [sizes[a] for a in order[2:]]
        first = [_whole(data.get(f"First{a}") or "0") for a in order[2:]]
        if any(n >= size for n, size in zip(first, counts, strict=True)):
            raise Unreadable("places a plane outside of its sizes")
        start = int(np.ravel_multi_index(first[::-1], counts[::-1]))
        # The OME model: without a count, an IFD is one plane; without either, the file holds all that follow.
        number = _whole(data.get("PlaneCount") or ("1" if data.get("IFD") else str(total)))
        ifd = _whole(data.get("IFD") or "0")
        for n in range(min(number, total - start)):
            at = dict(zip(order[2:], np.unravel_index(start + n, counts[::-1])[::-1], strict=True))
            place = int(at["T"]), int(at["C"]), int(at["Z"])
            taken[place] = Part(file, place[1], place[2], place[0], ifd + n)
    if missing:
        named = ", ".join(list(missing)[:TOLD]) + (f" and {len(missing) - TOLD} more" if len(missing) > TOLD else "")
        raise Unreadable(
            f"names {len(missing)} file{'s' if len(missing) > 1 else ''} that {'are' if len(missing) > 1 else 'is'} not there: {named}"
        )
    if not taken:
        raise Unreadable("names no file with pixels (no TiffData)")
    told = pixels.attrib
    return Placed(
        next(iter(taken.values())).path,
        name,
        sample=name,
        parts=tuple(taken[place] for place in sorted(taken)),
        shape=(sizes["T"], sizes["C"], sizes["Z"]),
        channels=tuple(channels) if len(channels) == sizes["C"] else (),
        pixel_size=_scaled(told.get("PhysicalSizeX"), _UM.get(told.get("PhysicalSizeXUnit", "µm"))),
        pixel_size_z=_scaled(told.get("PhysicalSizeZ"), _UM.get(told.get("PhysicalSizeZUnit", "µm"))),
        time_step=_scaled(told.get("TimeIncrement"), _S.get(told.get("TimeIncrementUnit", "s"))),
    )


@contextmanager
def opened_pages(files: Files, placed: Placed) -> Iterator[Opened]:
    """An image whose planes are pages of several TIFF files, one of them open at a time. Raises Unreadable, or what tifffile raises."""
    with ExitStack() as stack:
        kept: dict[str, tuple[ExitStack, Any]] = {}
        at = {(p.t, p.c, p.z): p for p in placed.parts}

        def page(part: Part) -> Any:
            if part.path not in kept:
                for inner, _ in kept.values():
                    inner.close()
                kept.clear()
                inner = stack.enter_context(ExitStack())
                handle = inner.enter_context(files.path(part.path).open("rb"))
                # Not as OME: what its own XML says of other files is read here, and nowhere else.
                kept[part.path] = inner, inner.enter_context(tifffile.TiffFile(handle, name=part.path, is_ome=False, _multifile=False))
            pages = kept[part.path][1].pages
            if (part.page or 0) >= len(pages):
                raise Unreadable(f"has no page {(part.page or 0) + 1} in {part.path}")
            found = pages[part.page or 0]
            if found.samplesperpixel != 1 or found.dtype is None or found.dtype.kind not in "biuf":
                raise Unreadable(f"has a page that is no grey plane in {part.path}")
            check_size(found.imagewidth, found.imagelength)
            return found

        first = page(placed.parts[0])
        width, height, dtype = first.imagewidth, first.imagelength, first.dtype.newbyteorder("=")

        def read(t: int, c: int, z: int) -> Plane:
            if (t, c, z) not in at:
                return np.zeros((height, width), dtype)
            found = page(at[t, c, z])
            if (found.imagewidth, found.imagelength, found.dtype.newbyteorder("=")) != (width, height, dtype):
                what = f"{found.imagewidth} × {found.imagelength} {found.dtype}"
                raise Unreadable(
                    f"has parts that do not fit: {at[t, c, z].path} has {what}, {placed.parts[0].path} {width} × {height} {dtype}"
                )
            return np.asarray(found.asarray()).reshape(height, width).astype(dtype, copy=False)

        t, c, z = placed.shape
        channels = tuple(SourceChannel(n.name, n.colour, n.emission, n.excitation) for n in placed.channels)
        yield Opened(Planes(width, height, c, z, t, dtype, read), channels)


def _xml(path: str, files: tuple[str, ...], top: Path) -> ElementTree.Element:
    if path.lower().endswith(".ome") or path.lower().endswith(".xml"):
        text = read_below(top, path, MAX_XML)[0] or b""
    else:
        try:
            with (top / path).open("rb") as handle, tifffile.TiffFile(handle, name=path, _multifile=False) as tif:
                text = (tif.ome_metadata or "").encode()
        except Exception as error:  # a broken file may raise anything
            raise Unreadable(f"cannot be opened as TIFF ({type(error).__name__})") from None
    if not text:
        raise Unreadable("has no OME-XML")
    # No DOCTYPE and no entities: none is ever needed.
    if len(text) > MAX_XML or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Unreadable("has OME-XML that is too long, or has a DOCTYPE")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise Unreadable("has OME-XML that is broken") from None


def _sibling(path: str, name: str, files: tuple[str, ...]) -> tuple[str, bool]:
    """The file that the XML of `path` names, below the study folder, and whether it is there."""
    plain = PurePosixPath(name.replace("\\", "/"))
    if not name or len(name) > 500 or plain.is_absolute() or ".." in plain.parts:
        return name[:200], False
    file = f"{path.rpartition('/')[0]}/{plain}".removeprefix("/")
    return file, file in files


def _is(element: ElementTree.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _whole(text: str | None) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text or "") or int(text or 0) > max(MAX_SIZE, MAX_PLANES):
        raise Unreadable(f"has a size that is none ({(text or '')[:20]!r})")
    return int(text or 0)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return float(f"{value:.6g}") if math.isfinite(value) and value > 0 else None


def _scaled(text: str | None, unit: float | None) -> float | None:
    value = _number(text)
    return float(f"{value * unit:.6g}") if value and unit else None


def _colour(text: str | None) -> str | None:
    if not re.fullmatch(r"-?[0-9]{1,11}", text or "") or int(text or 0) in (-1, -(2**31)):  # as `_colour` of metadata has it
        return None
    return f"#{(int(text or 0) >> 8) & 0xFFFFFF:06x}"


def _clean(text: str | None) -> str | None:
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:100] or None
