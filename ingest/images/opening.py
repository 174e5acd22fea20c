"""Opening an image file: what it is, how large, what its metadata say; and a plain reason where it cannot be read.

Content is hostile: a file is known by its first bytes, sizes are read from headers and bounded before any
pixel is decoded, no other file is ever opened on a file's word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath

from openslide import OpenSlideError
from PIL import Image

from ingest.images.faults import is_ours
from ingest.images.opened import MAX_PIXELS, Opened, Unreadable
from ingest.images.readers.extras import EXTRAS, extra_of
from ingest.images.readers.mrc import is_mrc, opened_mrc
from ingest.images.readers.ome_xml import opened_ome_xml
from ingest.images.readers.pictures import opened_picture
from ingest.images.readers.slides import maker, opened_slide
from ingest.images.readers.tiff import opened_tiff
from portal.engine.attempts import Lost
from portal.imaging.planes import Rgb

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_XML = (b"<?xml", b"<OME", b"<!--")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_READ = "TIFF, OME-TIFF, PNG, JPEG, whole slides, MRC and OME-Zarr are read"
_UNPACK = "unpack it, because parts of a packed file cannot be read"
_OTHERS = {
    b"GIF8": f"a GIF; {_READ}",
    b"%PDF": f"a PDF; {_READ}",
    b"BM": f"a BMP; {_READ}",
    b"\x93NUM": f"a NumPy array; {_READ}",
    b"\x89HDF": f"an HDF5 file; {_READ}",
    b"\0\0\0\x0cjP  ": f"a JPEG 2000 file; {_READ}",
    b"\xff\x0a": f"a JPEG XL file; {_READ}",
    b"\0\0\0\x0cJXL ": f"a JPEG XL file; {_READ}",
    b"8BPS": f"a Photoshop file; {_READ}",
    b"PK\x03\x04": f"a ZIP archive; {_UNPACK}",
    b"\x1f\x8b": f"a gzip file; {_UNPACK} (gunzip)",
    b"BZh": f"a bzip2 file; {_UNPACK} (bunzip2)",
    b"\xfd7zXZ": f"an xz file; {_UNPACK} (unxz)",
    b"RIFF": f"a WebP or AVI file; {_READ}",
    b"<svg": f"an SVG drawing; {_READ}",
}
# Slides whose file is an index, or a picture beside the pixels: what lies in the others is not opened on its word.
_INDEXES = {".mrxs": "MIRAX", ".vms": "Hamamatsu VMS", ".vmu": "Hamamatsu VMU"}


@contextmanager
def opened(path: Path, name: str, *, axes: str | None = None) -> Iterator[Opened]:
    """Opens the file at `path`, called `name` by people. Planes can be read while the context lasts.

    `axes` is the order of its axes where a person says it, of the letters T, C, Z, Y, X, S (samples); else the file's.

    Raises Unreadable where this file cannot be drawn; decoders raise anything else, here or when planes are
    read: see `reason`.
    """
    with path.open("rb") as handle:
        head = handle.read(1024)
    if not head:
        raise Unreadable("is empty")
    if index := _INDEXES.get(PurePosixPath(name).suffix.casefold()):
        raise Unreadable(f"is part of a slide in several files ({index}); write it as one file: pyramidal TIFF, OME-TIFF or DICOM")
    with _reader(path, name, head, axes) as found:
        yield found


def _reader(path: Path, name: str, head: bytes, axes: str | None) -> AbstractContextManager[Opened]:
    if head.startswith(_TIFF):
        return _slide_or_tiff(path, name, axes)
    if head.startswith((_PNG, _JPEG)):
        return _given(opened_picture(path))
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_XML):
        return _given(opened_ome_xml(path))
    if is_mrc(head):
        return opened_mrc(path)
    if extra := extra_of(head, name):
        return _slide_or_extra(path, extra)
    what = next((say for magic, say in _OTHERS.items() if head.lstrip().startswith(magic)), f"of an unknown kind; {_READ}")
    raise Unreadable(f"is {what}")


@contextmanager
def _given(found: Opened) -> Iterator[Opened]:
    yield found


@contextmanager
def _slide_or_tiff(path: Path, name: str, axes: str | None) -> Iterator[Opened]:
    """A scanner's TIFF by OpenSlide, which knows its tricks; but one that libvips reads by itself, as most SVS, by libvips."""
    if (by := maker(path)) is None:
        with opened_tiff(path, name, axes) as found:
            yield found
        return
    if by == "aperio":
        with opened_tiff(path, name, axes) as found:
            if isinstance(found.source, Rgb) and found.source.file is not None:
                yield found
                return
    with opened_slide(path) as found:
        yield found


@contextmanager
def _slide_or_extra(path: Path, extra: str) -> Iterator[Opened]:
    """DICOM and CZI: slides by OpenSlide, which is always there; whatever else they hold by a reader that is installed if wanted."""
    if extra in ("dicom", "czi"):
        try:
            slide = opened_slide(path, alone=True)
            found = slide.__enter__()
        except OpenSlideError:
            pass
        else:
            try:
                yield found
            finally:
                slide.__exit__(None, None, None)
            return
    with EXTRAS[extra].opened(path) as found:
        yield found


def reason(error: Exception, path: Path) -> str:
    """Why a file was refused, for people: whatever a decoder raised, in a sentence without this machine's paths."""
    if isinstance(error, Unreadable | Lost):
        return str(error)
    if isinstance(error, MemoryError):
        return "asks for more memory than there is"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"is larger than the {MAX_PIXELS:,} pixels that are decoded at once"
    said = " ".join(str(error).replace(str(path), "the file").replace(path.name, "the file").split())[:160]
    if is_ours(error):
        return f"meets a fault of Slidecase ({type(error).__name__}{': ' + said if said else ''}); report it to the makers of Slidecase"
    return f"cannot be decoded ({type(error).__name__}{': ' + said if said else ''})"
