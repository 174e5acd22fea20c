"""RGB pictures and whole slides: 512-px JPEG tiles by libvips, in memory that does not follow the picture's area."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image

from portal.imaging.composite import PREVIEW, fitted
from portal.imaging.planes import TILE, Picture, Rgb, levels

QUALITY = 85
# Reading a whole slide for its preview would read it twice: libvips shrinks while it makes the tiles, we stitch one level.
_SUFFIX = f".jpg[Q={QUALITY},keep=none]"


def tile_rgb(source: Rgb, into: Path) -> Picture:
    """Writes `<level>/<x>_<y>.jpg` below `into` and returns the preview, at most 1024 px on its longer side.

    Level 0 is full resolution, as in `planes.levels`. Raises ValueError where the file is truncated, or is not
    the picture its header promises; pyvips.Error for whatever else libvips finds.
    """
    picture = _open(source)
    if (picture.width, picture.height, picture.bands) != (source.width, source.height, 3):
        raise ValueError(
            f"libvips reads {picture.width}×{picture.height}×{picture.bands}, the header says {source.width}×{source.height}×3"
        )
    made = into / "made"
    # `onetile`: down to the first level that fits in one tile, as the grammar has it. skip_blanks: every tile exists.
    picture.dzsave(str(made), layout="dz", suffix=_SUFFIX, overlap=0, tile_size=TILE, depth="onetile", skip_blanks=-1)
    sizes = levels(source.width, source.height)
    for depth in range(len(sizes)):
        shutil.move(into / "made_files" / str(len(sizes) - 1 - depth), into / str(depth))
    shutil.rmtree(into / "made_files")
    (into / "made.dzi").unlink()
    return fitted(_stitched(into, sizes), PREVIEW)


def _open(source: Rgb) -> pyvips.Image:
    if source.file is not None:
        return pyvips.Image.new_from_file(str(source.file), access="sequential", fail_on="truncated")
    pixels = np.ascontiguousarray(source.read())
    return pyvips.Image.new_from_memory(pixels, pixels.shape[1], pixels.shape[0], pixels.shape[2], "uchar")


def _stitched(into: Path, sizes: tuple) -> Picture:
    """The smallest level that is not smaller than the preview (or level 0), put together from its tiles."""
    depth = max((d for d, v in enumerate(sizes) if max(v.width, v.height) >= PREVIEW), default=0)
    level = sizes[depth]
    whole = np.zeros((level.height, level.width, 3), np.uint8)
    for y in range(level.rows):
        for x in range(level.columns):
            with Image.open(into / str(depth) / f"{x}_{y}.jpg", formats=("JPEG",)) as tile:
                whole[y * TILE : y * TILE + tile.height, x * TILE : x * TILE + tile.width] = np.asarray(tile)
    return whole
