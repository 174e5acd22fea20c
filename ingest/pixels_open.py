"""Opening an image file: what it is, how large, what its metadata say; and a plain reason where it cannot be read.

Content is hostile: a file is known by its first bytes, sizes are read from headers and bounded before any
pixel is decoded, no other file is ever opened on a file's word.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from portal.imaging.planes import Picture, Plane, Planes, Rgb, Source

MAX_PIXELS = 150_000_000  # of a plane, where it is decoded as a whole
MAX_SIDE = 1_000_000
MAX_PLANES = 100_000

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


class Unreadable(Exception):
    """A plain reason, which ends the sentence 'This image …'."""


@dataclass(frozen=True)
class SourceChannel:
    """A channel as the file describes it."""

    name: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class Opened:
    """A file that can be drawn. Pixel sizes in µm, `time_step` in s. `channels` is empty, or has one entry a channel."""

    source: Source
    channels: tuple[SourceChannel, ...] = ()
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None


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
        from ingest.pixels_tiff import opened_tiff

        with opened_tiff(path, name) as found:
            yield found
    elif head.startswith((_PNG, _JPEG)):
        with warnings.catch_warnings():
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


def check_size(width: int, height: int, planes: int = 1, *, whole: bool = True) -> None:
    """Raises Unreadable where a header promises nothing, or more than is decoded. `whole`: planes are decoded as wholes."""
    if width < 1 or height < 1 or planes < 1:
        raise Unreadable("has no pixels")
    if max(width, height) > MAX_SIDE or (whole and width * height > MAX_PIXELS):
        raise Unreadable(f"claims {width:,} × {height:,} pixels; at most {MAX_PIXELS:,} a plane are decoded")
    if planes > MAX_PLANES:
        raise Unreadable(f"claims {planes:,} planes; at most {MAX_PLANES:,} are read")


def on_white(picture: np.ndarray) -> Picture:
    """(y, x, 4) with straight alpha, laid on white: (y, x, 3)."""
    alpha = picture[..., 3:].astype(np.uint16)
    return ((picture[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


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
