"""An opened image file, as every reader of a kind of file gives it; the bounds that all of them keep; the refusal they raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from portal.imaging.planes import LabelImage, Picture, Source

MAX_PIXELS = 150_000_000  # of a plane, where it is decoded as a whole
MAX_SIDE = 1_000_000
MAX_PLANES = 100_000
MAX_CHANNELS = 1_000  # each is a line of the image's page, and a window of the viewer


class Unreadable(Exception):
    """A plain reason, which ends the sentence 'This image …'."""


class NotInstalled(Unreadable):
    """The reader of the file's kind is not there, or does not start: it says nothing of the file."""


# What an OME-TIFF that is one of several says of itself; where they were put together it is no news.
PARTIAL = "is one of several files of an image, as its OME-XML says, and only its own planes are drawn"


def mended(why: str, otherwise: str) -> tuple[str, str]:
    """A reason as what is wrong and its mend: its own, after the first "; ", or else `otherwise`."""
    what, _, mend = why.partition("; ")
    return what, mend or otherwise


@dataclass(frozen=True)
class SourceChannel:
    """A channel as the file describes it. Wavelengths in nm. `window`: what a person chose to show as black and as the full colour."""

    name: str | None = None
    colour: str | None = None
    emission: float | None = None
    excitation: float | None = None
    window: tuple[float, float] | None = None


@dataclass(frozen=True)
class Opened:
    """A file that can be drawn. Pixel sizes in µm, `time_step` in s. `channels` is empty, or has one entry a channel.

    `notes`: what the curator should know though the file is drawn, such as images in it that are not; each reads
    "<what>; <mend>" and becomes a warning. `full`: the width and height of the image where `source` is a coarser
    copy of it, as of a remote one; the pixel size is always that of the image. `zarr_format`: of an OME-Zarr, 2 or 3.
    """

    source: Source
    channels: tuple[SourceChannel, ...] = ()
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None
    labels: tuple[LabelImage, ...] = ()
    notes: tuple[str, ...] = ()
    full: tuple[int, int] | None = None
    zarr_format: Literal[2, 3] = 3


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
