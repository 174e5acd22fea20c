"""EER, the electron events of a camera of Thermo Fisher: its frames are nearly empty each, and their sum is the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ingest.images.opened import Opened, Unreadable, check_size
from ingest.images.readers.metadata import length, number
from portal.imaging.planes import Plane, Planes

MAX_FRAMES = 20_000


def summed(tif: Any, series: Any, path: Path) -> Opened:
    """One plane, uint16: how many electrons each pixel met, over all frames. Read once, when it is first asked for."""
    page, longest = series.keyframe, path.stat().st_size
    frames = [series.pages[i] for i in range(len(series.pages))]
    height, width = page.imagelength, page.imagewidth
    check_size(width, height, len(frames))
    if len(frames) > MAX_FRAMES:
        raise Unreadable(f"claims {len(frames):,} frames; at most {MAX_FRAMES:,} are summed")
    if any(start + count > longest for f in frames for start, count in zip(f.dataoffsets, f.databytecounts, strict=False)):
        raise Unreadable("is truncated: its header promises more pixels than it holds")
    kept: list[Plane] = []

    def read(t: int, c: int, z: int) -> Plane:
        if not kept:
            total = np.zeros((height, width), np.uint16)
            for frame in frames:
                total += frame.asarray().reshape(height, width).astype(np.uint16)
            kept.append(total)
        return kept[0]

    try:
        told = tif.eer_metadata or {}
        size = length(number(told.get("sensorPixelSize.width")), "m")
    except Exception:  # metadata of a broken file may fail in any way; the pixels stand by themselves
        size = None
    notes = (
        f"is the sum of {len(frames):,} frames of electron events, not corrected for drift; publish the corrected image if there is one",
    )
    return Opened(Planes(width, height, 1, 1, 1, np.dtype(np.uint16), read), (), size, notes=notes)
