"""Opening an image file: what it is, how large, what its metadata say; and a plain reason where it cannot be read.

Content is hostile: a file is known by its first bytes, sizes are read from headers and bounded before any
pixel is decoded, no other file is ever opened on a file's word.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ingest.images.opened import MAX_PIXELS, Opened, Unreadable, check_size, on_white
from ingest.images.tiff import opened_tiff
from portal.imaging.planes import Picture, Plane, Planes, Rgb

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns of no image that we decode: an image is large here from one size on
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_OTHERS = {
    b"GIF8": "a GIF",
    b"%PDF": "a PDF",
    b"BM": "a BMP",
    b"\x93NUM": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip file",
    b"RIFF": "a WebP or AVI file",
    b"<svg": "an SVG drawing",
    b"<?xm": "an XML file",
}


@contextmanager
def opened(path: Path, name: str) -> Iterator[Opened]:
    """Opens the file at `path`, called `name` by people. Planes can be read while the context lasts.

    Raises Unreadable where this file cannot be drawn; decoders raise anything else, here or when planes are
    read: see `reason`.
    """
    with path.open("rb") as handle:
        head = handle.read(512)
    if not head:
        raise Unreadable("is empty")
    if head.startswith(_TIFF):
        with opened_tiff(path, name) as found:
            yield found
    elif head.startswith((_PNG, _JPEG)):
        with warnings.catch_warnings():
            # Pillow's own words (of metadata that it could not read) reach nobody who could act on them, and name this machine's paths.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield _pillow(path)
    else:
        what = next((say for magic, say in _OTHERS.items() if head.lstrip().startswith(magic)), None)
        what = "a DICOM file" if head[128:132] == b"DICM" else what
        raise Unreadable(f"is {what or 'of an unknown kind'}; TIFF, OME-TIFF, PNG and JPEG are read")


def reason(error: Exception, path: Path) -> str:
    """Why a file was refused, for people: whatever a decoder raised, in a sentence without this machine's paths."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, MemoryError):
        return "asks for more memory than there is"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"is larger than the {MAX_PIXELS:,} pixels that are decoded at once"
    said = " ".join(str(error).replace(str(path), "the file").replace(path.name, "the file").split())[:160]
    return f"cannot be decoded ({type(error).__name__}{': ' + said if said else ''})"


def _pillow(path: Path) -> Opened:
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        check_size(*image.size)
        # A photograph's orientation is part of the picture: the header's size may have to be turned.
        turned = image.getexif().get(0x0112) in (5, 6, 7, 8)
        width, height = image.size[::-1] if turned else image.size
        mode = image.mode
    if mode in ("1", "L", "I;16", "I;16L", "I;16B", "I"):

        def plane(t: int, c: int, z: int) -> Plane:
            return _decoded(path, "L" if mode == "1" else None)

        depth = np.dtype(np.uint8 if mode in ("1", "L") else np.int32 if mode == "I" else np.uint16)
        return Opened(Planes(width, height, 1, 1, 1, depth, plane))

    def picture() -> Picture:
        straight = "RGBA" if mode in ("LA", "PA", "P", "RGBA", "La", "RGBa") else "RGB"
        pixels = _decoded(path, straight)
        return on_white(pixels) if straight == "RGBA" else pixels

    return Opened(Rgb(width, height, picture))


def _decoded(path: Path, mode: str | None) -> np.ndarray:
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        check_size(*image.size)
        image.load()
        upright = ImageOps.exif_transpose(image)
        pixels = np.asarray(upright.convert(mode) if mode and upright.mode != mode else upright)
        return pixels.astype(pixels.dtype.newbyteorder("="))
