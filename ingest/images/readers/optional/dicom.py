"""DICOM by pydicom: single images, stacks of frames, and slides that OpenSlide does not take. Of their metadata only sizes are read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.pixels import pixel_array

from ingest.images.opened import Opened, Unreadable, check_size
from ingest.images.readers.metadata import length, oblong
from portal.imaging.planes import Picture, Plane, Planes, Rgb

# What names a patient: the label of a slide, and the overview that shows it.
_PRIVATE = {"LABEL", "OVERVIEW", "THUMBNAIL"}
_TILES = 64


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Raises Unreadable, or what pydicom raises."""
    told = pydicom.dcmread(path, stop_before_pixels=True)
    kinds = {str(v).upper() for v in told.get("ImageType") or ()}
    if kinds & _PRIVATE:
        raise Unreadable("is the label or the overview of a slide, which can name a patient; leave it out")
    if str(told.get("BurnedInAnnotation") or "NO").upper() == "YES":
        raise Unreadable("says that text is burned into its pixels, which can name a patient; leave it out")
    if not told.get("Rows") or not told.get("Columns"):
        raise Unreadable("is a DICOM file without pixels; leave it out")
    yield _opened(path, told)


def _opened(path: Path, told: Any) -> Opened:
    rows, columns, frames = int(told.Rows), int(told.Columns), int(told.get("NumberOfFrames") or 1)
    samples = int(told.get("SamplesPerPixel") or 1)
    kept: dict[int, np.ndarray] = {}

    def frame(number: int) -> np.ndarray:
        if number not in kept:
            if len(kept) >= _TILES:
                kept.pop(next(iter(kept)))
            # One frame, decoded alone; colours as RGB.
            kept[number] = np.asarray(pixel_array(path, index=number if frames > 1 else None)).reshape(rows, columns, samples)
        return kept[number]

    spacing = _spacing(told)
    wide, tall = int(told.get("TotalPixelMatrixColumns") or 0), int(told.get("TotalPixelMatrixRows") or 0)
    check_size(columns, rows, frames)
    if wide and tall and samples == 3:
        return _slide(told, frame, (wide, tall), (columns, rows), frames, spacing)
    dtype = np.dtype(f"{'i' if int(told.get('PixelRepresentation') or 0) else 'u'}{max(1, int(told.get('BitsAllocated') or 8) // 8)}")
    if samples == 3 and frames == 1 and dtype == np.uint8:
        return Opened(Rgb(columns, rows, lambda: np.ascontiguousarray(frame(0))), pixel_size=spacing[0], notes=oblong(*spacing))
    dark = str(told.get("PhotometricInterpretation") or "").strip() == "MONOCHROME1"

    def read(t: int, c: int, z: int) -> Plane:
        plane = np.ascontiguousarray(frame(z)[..., c]).astype(dtype)
        # MONOCHROME1: the lowest value is white.
        return ((1 << int(told.BitsStored)) - 1 - plane.astype(np.int64)).astype(dtype) if dark else plane

    between = length(told.get("SpacingBetweenSlices") or None, "mm")
    return Opened(
        Planes(columns, rows, samples, frames, 1, dtype, read), (), spacing[0], between if frames > 1 else None, notes=oblong(*spacing)
    )


def _slide(
    told: Any, frame: Any, size: tuple[int, int], tile: tuple[int, int], frames: int, spacing: tuple[float | None, float | None]
) -> Opened:
    """Frames are tiles, row by row (TILED_FULL, PS3.3 C.7.6.17.3); others say where they lie, and OpenSlide reads those."""
    (width, height), (wide, tall) = size, tile
    across, down = math.ceil(width / wide), math.ceil(height / tall)
    check_size(width, height, whole=False)
    if str(told.get("DimensionOrganizationType") or "") != "TILED_FULL" or frames != across * down:
        # Taken row by row all the same, such files have been seen to come out scrambled.
        raise Unreadable("is a slide that does not say that its tiles lie row by row (TILED_FULL); write it so, or as OME-TIFF")

    def region(rows: slice, columns: slice) -> Picture:
        out = np.empty((rows.stop - rows.start, columns.stop - columns.start, 3), np.uint8)
        for y in range(rows.start // tall, math.ceil(rows.stop / tall)):
            for x in range(columns.start // wide, math.ceil(columns.stop / wide)):
                top, left = max(rows.start, y * tall), max(columns.start, x * wide)
                bottom, right = min(rows.stop, (y + 1) * tall), min(columns.stop, (x + 1) * wide)
                cut = frame(y * across + x)[top - y * tall : bottom - y * tall, left - x * wide : right - x * wide]
                out[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = cut
        return out

    def read() -> Picture:
        check_size(width, height)
        return region(slice(0, height), slice(0, width))

    return Opened(Rgb(width, height, read, None, region), pixel_size=spacing[0], notes=oblong(*spacing))


def _spacing(told: Any) -> tuple[float | None, float | None]:
    """(x, y) in µm. DICOM says mm between rows first, then between columns; functional groups say it for all frames."""
    found = told.get("PixelSpacing") or told.get("ImagerPixelSpacing")
    if not found:
        try:
            found = told.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
        except (AttributeError, IndexError):
            return None, None
    if len(found) != 2:
        return None, None
    return length(found[1], "mm"), length(found[0], "mm")
