"""RGB pictures and whole slides: 512-px JPEG tiles, by libvips where it can read the file, in memory that does not follow the area."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import imagecodecs
import numpy as np
import pyvips
from PIL import Image

from portal.imaging.blocks import Block, blocks
from portal.imaging.composite import PREVIEW, fitted
from portal.imaging.planes import TILE, Picture, Plane, Planes, Rgb, halved, levels

QUALITY = 85
# Reading a whole slide for its preview would read it twice: libvips shrinks while it makes the tiles, we stitch one level.
_SUFFIX = f".jpg[Q={QUALITY},keep=none]"


def tile_rgb(source: Rgb, into: Path) -> Picture:
    """Writes `<level>/<x>_<y>.jpg` below `into` and returns the preview, at most 1024 px on its longer side.

    Level 0 is full resolution, as in `planes.levels`. Raises ValueError where the file is truncated, or is not
    the picture its header promises; pyvips.Error for whatever else libvips finds; or what `region` raises.
    """
    sizes = levels(source.width, source.height)
    if source.file is None and source.region is not None:
        _by_region(source, source.region, into)
    else:
        _by_vips(source, into)
    return fitted(_stitched(into, sizes), PREVIEW)


def as_planes(source: Rgb) -> Planes:
    """The same picture as three channels, to be written as such. Reading it may need as much memory as all its pixels."""
    region = source.region
    if source.file is not None or region is None:
        # Random access: libvips decodes tiles as they are asked for, and keeps what has none in a temporary file.
        picture = _open(source, "random")

        def region(rows: slice, columns: slice) -> Picture:
            size = columns.stop - columns.start, rows.stop - rows.start
            return np.asarray(picture.crop(columns.start, rows.start, *size).numpy())

    kept: dict[tuple[int, int, int, int], Picture] = {}

    def part(t: int, c: int, z: int, rows: slice, columns: slice) -> Plane:
        key = (rows.start, rows.stop, columns.start, columns.stop)
        if key not in kept:
            kept.clear()  # one part: its three colours are asked for one after the other
            kept[key] = region(rows, columns)
        return kept[key][..., c]

    def whole(t: int, c: int, z: int) -> Plane:
        return part(t, c, z, slice(0, source.height), slice(0, source.width))

    return Planes(source.width, source.height, 3, 1, 1, np.dtype(np.uint8), whole, part)


def _by_vips(source: Rgb, into: Path) -> None:
    picture = _open(source, "sequential")
    made = into / "made"
    # `onetile`: down to the first level that fits in one tile, as the grammar has it. skip_blanks: every tile exists.
    picture.dzsave(str(made), layout="dz", suffix=_SUFFIX, overlap=0, tile_size=TILE, depth="onetile", skip_blanks=-1)
    depths = len(levels(source.width, source.height))
    for depth in range(depths):
        shutil.move(into / "made_files" / str(depths - 1 - depth), into / str(depth))
    shutil.rmtree(into / "made_files")
    (into / "made.dzi").unlink()


def _by_region(source: Rgb, region: Callable[[slice, slice], Picture], into: Path) -> None:
    def read(rows: slice, columns: slice) -> Sequence[Plane]:
        return (region(rows, columns),)

    for block in blocks(levels(source.width, source.height), read, halved, 3):
        folder = into / str(block.depth)
        folder.mkdir(parents=True, exist_ok=True)
        _write(block, folder)


def _write(block: Block, folder: Path) -> None:
    part = block.parts[0]
    for top in range(0, part.shape[0], TILE):
        for left in range(0, part.shape[1], TILE):
            tile = np.ascontiguousarray(part[top : top + TILE, left : left + TILE])
            name = f"{(block.left + left) // TILE}_{(block.top + top) // TILE}.jpg"
            (folder / name).write_bytes(imagecodecs.jpeg8_encode(tile, level=QUALITY))


def _open(source: Rgb, access: str) -> pyvips.Image:
    if source.file is not None:
        picture = pyvips.Image.new_from_file(str(source.file), access=access, fail_on="truncated")
    else:
        pixels = np.ascontiguousarray(source.read())
        picture = pyvips.Image.new_from_memory(pixels, pixels.shape[1], pixels.shape[0], pixels.shape[2], "uchar")
    if (picture.width, picture.height, picture.bands) != (source.width, source.height, 3):
        raise ValueError(
            f"libvips reads {picture.width}×{picture.height}×{picture.bands}, the header says {source.width}×{source.height}×3"
        )
    return picture


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
