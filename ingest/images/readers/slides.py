"""Whole slides by OpenSlide: regions are read by level, so that a slide of any size is drawn in the memory of a few tiles.

The label and the overview ("macro") of a slide show what is written on the glass, which can be a patient's name: OpenSlide
keeps them apart as associated images. `associated` alone reads them, where study.yaml says `slide_label: true`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import openslide

from ingest.images.opened import Opened, check_size, on_white
from ingest.images.readers.metadata import number, oblong, positive
from portal.imaging.planes import Picture, Rgb

# Slides of one file each, by OpenSlide's own names. `generic-tiff` is left to tifffile, which reads more of them.
_SINGLE = {"aperio", "hamamatsu", "leica", "philips", "sakura", "trestle", "ventana", "zeiss"}


def maker(path: Path) -> str | None:
    """OpenSlide's name of the slide's format, by what the file holds; None for what is no slide of one file."""
    found = openslide.OpenSlide.detect_format(path)
    return found if found in _SINGLE else None


@contextmanager
def opened_slide(path: Path, *, alone: bool = False) -> Iterator[Opened]:
    """The slide at full resolution, on white where nothing was scanned, cut to what was scanned.

    `alone`: OpenSlide reads all DICOM files of a folder together; this one is opened apart from its neighbours. Raises
    Unreadable, or openslide.OpenSlideError.
    """
    with tempfile.TemporaryDirectory(prefix="slide-") as apart:
        place = path
        if alone:
            place = Path(apart) / "slide.dcm"
            place.symlink_to(path.resolve())
        with openslide.OpenSlide(os.fspath(place)) as slide:
            yield _opened(slide)


def associated(path: Path) -> dict[str, Picture]:
    """The pictures of the label and of the whole glass that a slide holds: `label`, `macro`; none where it holds none, or is no slide.

    Raises Unreadable, or openslide.OpenSlideError.
    """
    if maker(path) is None:
        return {}
    with openslide.OpenSlide(os.fspath(path)) as slide:
        found = {}
        for name in ("label", "macro"):
            if name in slide.associated_images:
                told = slide.properties
                sides = (_whole(told.get(f"openslide.associated.{name}.{side}")) for side in ("width", "height"))
                check_size(*sides)
                found[name] = on_white(np.asarray(slide.associated_images[name].convert("RGBA")))
        return found


def _opened(slide: openslide.OpenSlide) -> Opened:
    told = slide.properties
    wide, tall = slide.dimensions
    left, top = _whole(told.get("openslide.bounds-x")), _whole(told.get("openslide.bounds-y"))
    width = _whole(told.get("openslide.bounds-width")) or wide - left
    height = _whole(told.get("openslide.bounds-height")) or tall - top
    if left < 0 or top < 0 or left + width > wide or top + height > tall:
        left, top, width, height = 0, 0, wide, tall
    check_size(width, height, whole=False)
    levels: list[Rgb] = []
    for level, (by, (w, h)) in enumerate(zip(slide.level_downsamples, slide.level_dimensions, strict=True)):
        size = (width, height) if level == 0 else (min(w, round(width / by)), min(h, round(height / by)))
        if min(size) < 1 or (levels and size[0] >= levels[-1].width):
            break
        levels.append(_level(slide, level, by, (left, top), size))
    x, y = (positive(number(told.get(f"openslide.mpp-{a}"))) for a in "xy")
    first = levels[0]
    source = Rgb(first.width, first.height, first.read, None, first.region, tuple(levels[1:]))
    return Opened(source, pixel_size=x, notes=oblong(x, y))


def _level(slide: openslide.OpenSlide, level: int, by: float, corner: tuple[int, int], size: tuple[int, int]) -> Rgb:
    width, height = size

    def region(rows: slice, columns: slice) -> Picture:
        # OpenSlide counts where a region begins in pixels of full resolution, whatever the level.
        at = (corner[0] + round(columns.start * by), corner[1] + round(rows.start * by))
        piece = slide.read_region(at, level, (columns.stop - columns.start, rows.stop - rows.start))
        return on_white(np.asarray(piece if piece.mode == "RGBA" else piece.convert("RGBA")))

    def read() -> Picture:
        check_size(width, height)
        return region(slice(0, height), slice(0, width))

    return Rgb(width, height, read, None, region)


def _whole(value: str | None) -> int:
    found = number(value)
    return int(found) if found is not None and abs(found) < 1e9 else 0
