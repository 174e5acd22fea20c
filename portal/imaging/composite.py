"""Pictures for people: channels blended, sizes reduced, WebP."""

from __future__ import annotations

from collections.abc import Sequence

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portal.imaging.planes import Picture, Plane

PREVIEW = 1024
THUMBNAIL = 192
QUALITY = 82


def blended(planes: Sequence[Plane], windows: Sequence[tuple[float, float]], colours: Sequence[str]) -> Picture:
    """Channels added up as light on black. `windows` are (low, high) in the planes' own units, `colours` `#rrggbb`.

    A value at `low` gives black, at `high` the full colour; NaN gives black. No planes give an error.
    """
    height, width = planes[0].shape
    light = np.zeros((height, width, 3), np.float32)
    for plane, (low, high), colour in zip(planes, windows, colours, strict=True):
        with np.errstate(invalid="ignore", over="ignore"):
            part = (plane.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-30))
        part = np.clip(np.nan_to_num(part, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
        light += part[..., None] * np.array(rgb(colour), np.float32)
    return np.floor(np.clip(light, 0, 255) + 0.5).astype(np.uint8)


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def fitted(picture: Picture, longest: int) -> Picture:
    """The picture reduced so that its longer side is at most `longest`; never enlarged, never thinner than 1 px."""
    height, width = picture.shape[:2]
    scale = min(1.0, longest / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size == (width, height):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def boxed(picture: Picture, side: int, background: tuple[int, int, int]) -> Picture:
    """The picture fitted into the middle of a square of `side` px."""
    small = fitted(picture, side)
    box = np.empty((side, side, 3), np.uint8)
    box[:] = np.array(background, np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    box[top : top + small.shape[0], left : left + small.shape[1]] = small
    return box


def webp(picture: NDArray[np.uint8], quality: int = QUALITY) -> bytes:
    """Shape (y, x, 3) as lossy WebP, without metadata. Raises ValueError above WebP's 16,383 px a side."""
    if max(picture.shape[:2]) > 16_383:
        raise ValueError(f"WebP ends at 16,383 pixels; this picture has {max(picture.shape[:2]):,}")
    return bytes(imagecodecs.webp_encode(np.ascontiguousarray(picture), level=quality, lossless=False, method=4))
