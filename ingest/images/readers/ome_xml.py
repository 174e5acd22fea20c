"""OME-XML that holds its pixels (`.ome`, `.ome.xml`): planes as base64 in `BinData`, in each schema from 2008-02 to 2016-06.

OME model, docs.openmicroscopy.org/ome-model/6.1.0/specifications: one BinData a plane, in the DimensionOrder, compressed
by zlib, bzip2 or not. OME-XML without pixels describes files that are elsewhere, and is refused with their names.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ingest.images.opened import Opened, Unreadable, check_size
from ingest.images.readers.bin_data import NoSuchCompression, unpacked
from ingest.images.readers.metadata import MAX_XML, oblong, ome_said
from portal.imaging.planes import Plane, Planes

XML = "is an XML file; name the image files that it describes, or write its pixels as OME-TIFF"
_TYPES = {
    "int8": "i1", "int16": "i2", "int32": "i4", "uint8": "u1", "uint16": "u2", "uint32": "u4", "float": "f4", "double": "f8",
}  # fmt: skip
TOLD = 3  # files named one by one


def opened_ome_xml(path: Path) -> Opened:
    """The first image of the file, its planes with axes TCZYX. Raises Unreadable."""
    root = _root(path)
    images = [e for e in root if _local(e) == "Image"]
    pixels = next((e for image in images for e in image if _local(e) == "Pixels"), None)
    if pixels is None:
        raise Unreadable("is OME-XML that describes no image; name the image files, or remove it")
    data = [e for e in pixels.iter() if _local(e) == "BinData" and "".join(e.itertext()).strip()]
    if not data:
        raise Unreadable(_elsewhere(root))
    sizes = {axis: _whole(pixels.get(f"Size{axis}")) for axis in "XYZCT"}
    width, height, planes = sizes["X"], sizes["Y"], sizes["Z"] * sizes["C"] * sizes["T"]
    check_size(width, height, planes)
    order = pixels.get("DimensionOrder", "XYZCT")
    kind = _TYPES.get((pixels.get("Type") or pixels.get("PixelType") or "").casefold())
    if kind is None or sorted(order) != sorted("XYZCT") or not order.startswith("XY"):
        raise Unreadable("is OME-XML whose pixels have an unknown type or DimensionOrder; write them as OME-TIFF")
    if len(data) != planes:
        raise Unreadable(f"is OME-XML that promises {planes:,} planes and holds {len(data):,}; write them as OME-TIFF")
    number = [{a: sizes[a] for a in order[2:]}[a] for a in order[2:]]

    def read(t: int, c: int, z: int) -> Plane:
        at = {"Z": z, "C": c, "T": t}
        # The first letter after XY runs fastest.
        place = at[order[2]] + number[0] * (at[order[3]] + number[1] * at[order[4]])
        big = (data[place].get("BigEndian") or pixels.get("BigEndian") or "false").casefold() in ("true", "1")
        dtype = np.dtype(kind).newbyteorder(">" if big else "<")
        raw = _bytes(data[place], width * height * dtype.itemsize)
        return np.frombuffer(raw, dtype).reshape(height, width).astype(dtype.newbyteorder("="))

    source = Planes(width, height, sizes["C"], sizes["Z"], sizes["T"], np.dtype(kind), read)
    try:
        said = ome_said(pixels)
    except ValueError:  # wrong metadata are no error
        return Opened(source)
    more = len(images) - 1
    note = f"holds {more} more image{'s' if more > 1 else ''}, of which none is drawn; write one file each"
    return Opened(
        source, said.channels if len(said.channels) == source.channels else (), said.x, said.z, said.t,
        notes=(*((note,) if more else ()), *oblong(said.x, said.y)),
    )  # fmt: skip


def _root(path: Path) -> ElementTree.Element:
    if path.stat().st_size > MAX_XML:
        raise Unreadable(f"is an XML file of {path.stat().st_size:,} bytes; at most {MAX_XML:,} are read")
    text = path.read_bytes()
    # No DOCTYPE and no entities: none is ever needed. In UTF-16 neither would be seen.
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text:
        raise Unreadable("is XML with a DOCTYPE, or not in UTF-8; write it without")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise Unreadable("is XML that is broken; export it again") from None
    if _local(root) != "OME":
        raise Unreadable(XML)
    return root


def _elsewhere(root: ElementTree.Element) -> str:
    names = dict.fromkeys((e.get("FileName") or "")[:100] for e in root.iter() if _local(e) == "UUID" and e.get("FileName"))
    if not names:
        return "is OME-XML without pixels; name the image files that it describes"
    shown = ", ".join(list(names)[:TOLD]) + (f" and {len(names) - TOLD} more" if len(names) > TOLD else "")
    return f"is OME-XML without pixels: these are in {shown}; put the files beside it and name it or them in study.yaml"


def _bytes(element: ElementTree.Element, size: int) -> bytes:
    """The bytes of one plane; never more than `size` are unpacked."""
    compression = (element.get("Compression") or "none").casefold()
    try:
        raw = unpacked("".join(element.itertext()), compression, size)
    except NoSuchCompression:
        raise Unreadable(f"is OME-XML compressed by {compression[:20]!r}, which is not read; write it as OME-TIFF") from None
    except ValueError:
        raise Unreadable("is OME-XML with pixels that cannot be decoded; export it again") from None
    if len(raw) < size:
        raise Unreadable(f"is truncated: a plane of {size:,} bytes has {len(raw):,}")
    return raw[:size]


def _whole(text: str | None) -> int:
    """A size; 0, which no image has, for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
