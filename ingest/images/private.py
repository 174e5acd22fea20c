"""What must not be published as it is: source files that can name a person, beside or inside the pixels that are drawn.

The pixels themselves are a curator's to look at. What nobody sees who looks at the drawn picture is found here: the label of a slide
and the overview that shows it, the header of a slide with what its barcode said, a patient's name in DICOM, where a photograph was taken.
"""

from __future__ import annotations

import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import tifffile
from PIL import Image

from ingest.images.readers.slides import maker

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_OTHERWISE = "write raw: ome-zarr"
_SLIDE = f"{_OTHERWISE}, which has the pixels alone; or look at the label, and write slide_label: true where it may be shown"
# What tifffile calls the files of scanners; OpenSlide does not take all of them.
_SCANNERS = ("svs", "ndpi", "scn", "bif", "philips", "qpi", "avs")
# A name may count: `Label 1`.
_NAMED = re.compile(r"(label|macro|overview|barcode|slide ?preview)( image)?( ?[0-9]+)?", re.IGNORECASE)
_PART = re.compile(r"(.*/)?(zarr\.json|\.z(array|group|attrs|metadata)|c|(c\.)?[0-9]+(\.[0-9]+)*|[^/]*\.ome\.xml)")
STRANGE = f"is no part of the OME-Zarr, so that nobody sees it who looks at the picture; remove the file, or {_OTHERWISE}"
# An entry of a CZI's directory of attachments: AttachmentEntryA1 of Zeiss' description of the format.
_ATTACHED = re.compile(rb"A1.{46}(Label|SlidePreview|Prescan)\0", re.DOTALL)
PAGES = 1_000  # of a TIFF that are looked at
_GPS, _EXIF, _OWNER, _XMP = 0x8825, 0x8769, 0xA430, 700


def withheld(path: Path, *, slide_label: bool) -> str | None:
    """Why the file at `path` is not published as it is, `what; mend`; None where nothing is known against it.

    `slide_label`: the curator has said that the labels of slides may be shown. Raises what readers raise.
    """
    with path.open("rb") as handle:
        head = handle.read(132)
    if head[128:132] == b"DICM":
        return f"is DICOM, whose header can name a patient; {_OTHERWISE}"
    slide = None if slide_label else _slide(path, head)
    if slide:
        return f"is {slide} and can name a patient; {_SLIDE}"
    if head.startswith(_TIFF):
        with tifffile.TiffFile(path, _multifile=False) as tif:
            for page in islice(tif.pages, PAGES):
                told = getattr(page, "tags", {})  # frames of a stack have none of their own
                written = bytes(told[_XMP].value or b"") if _XMP in told else b""
                own = told[_EXIF].value if _EXIF in told else {}
                if why := _place(_GPS in told, isinstance(own, dict) and bool(own.get("CameraOwnerName")), written):
                    return why
        return None
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                exif = image.getexif()
                gps, owner = bool(exif.get_ifd(_GPS)), bool(exif.get_ifd(_EXIF).get(_OWNER))
                if image.format == "PNG":
                    image.load()  # its texts may follow its pixels; it was drawn, so that it is not too large
                return _place(gps, owner, b"\n".join(_texts(image)))
    return None


def zarr_key(path: str) -> bool:
    """Whether a file below an OME-Zarr's folder is part of it: metadata, a chunk or a shard, the OME-XML that it was made from."""
    return _PART.fullmatch(path) is not None


def _texts(image: Image.Image) -> Iterator[bytes]:
    """All that is written beside the pixels. ImageMagick writes XMP and EXIF in hexadecimal, as text of a `Raw profile type …`."""
    for name, value in image.info.items():
        text = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else b""
        yield text
        if str(name).startswith("Raw profile type "):
            with suppress(ValueError):
                yield bytes.fromhex(b"".join(text.split()[2:]).decode("ascii", "replace"))


def _slide(path: Path, head: bytes) -> str | None:
    """What bears a slide's label, or what a scanner writes of it."""
    if head.startswith(b"ZISRAWFILE"):  # most are no slides
        with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = _ATTACHED.search(data)
            name = found[1].decode() if found else None
        return f"a CZI file that holds the picture {name!r}," if name else None
    if by := maker(path):
        return f"a whole slide ({by}), which holds its label and overview,"
    if not head.startswith(_TIFF):
        return None
    with tifffile.TiffFile(path, _multifile=False) as tif:
        kind = next((k for k in _SCANNERS if getattr(tif, f"is_{k}", False)), None)
        if kind:
            return f"a whole slide ({kind}), which holds its label and overview,"
        described = (page.description for page in islice(tif.pages, PAGES) if isinstance(page, tifffile.TiffPage))
        named = next((n for n in chain((s.name for s in _series(tif)), described) if _NAMED.fullmatch(n.strip())), None)
    return f"a file that holds the picture {named!r}," if named else None


def _series(tif: Any) -> list[Any]:
    return [s for s in tif.series if isinstance(s.name, str)]


def _place(gps: bool, owner: bool, xmp: bytes | str) -> str | None:
    written = xmp.encode() if isinstance(xmp, str) else xmp
    if gps or b"GPSLatitude" in written:
        return f"says where it was taken (GPS); remove that (exiftool -gps:all= -xmp:all=), or {_OTHERWISE}"
    if owner or b"OwnerName" in written:
        return f"names the owner of the camera; remove that (exiftool -OwnerName=), or {_OTHERWISE}"
    return None
