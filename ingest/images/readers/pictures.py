"""Pictures by Pillow: PNG, JPEG, and TIFF in the colour models of printing (CMYK, L*a*b*, YCbCr outside JPEG)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageCms, ImageOps

from ingest.images.opened import MAX_PIXELS, Opened, Unreadable, check_size, on_white
from portal.imaging.planes import Picture, Plane, Planes, Rgb

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns of no image that we decode: an image is large here from one size on
_JPEGS = (6, 7, 33007, 33003, 33005, 34712)  # compressions whose decoders give RGB where the file says YCbCr


def opened_picture(path: Path) -> Opened:
    """A PNG or a JPEG. Raises what Pillow raises, Image.DecompressionBombWarning too."""
    with warnings.catch_warnings():
        # Pillow's own words (of metadata that it could not read) reach nobody who could act on them, and name this machine's paths.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return _opened(path)


def _opened(path: Path) -> Opened:
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


def is_odd(page: Any) -> bool:
    """Whether a TIFF's page has a colour model that tifffile gives as it is stored, and Pillow turns into RGB."""
    models = tifffile.PHOTOMETRIC
    if page.photometric == models.YCBCR:
        return page.compression not in _JPEGS
    return page.photometric in (models.SEPARATED, models.CIELAB, models.ICCLAB)


def plain_rgb(path: Path, width: int, height: int) -> Picture:
    """The first page of a TIFF as RGB. CMYK is turned plainly, without the printer's profile: nearly the colours that were printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(path, formats=("TIFF",)) as image:
            if image.size != (width, height) or image.mode not in ("CMYK", "LAB", "YCbCr", "RGB", "RGBX", "RGBA"):
                raise Unreadable("has a colour model that is not drawn; write RGB")
            if image.mode == "LAB":
                turn = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
                turned = ImageCms.applyTransform(image, turn)
                return np.asarray(turned, np.uint8)
            return np.asarray(image.convert("RGB"), np.uint8)
