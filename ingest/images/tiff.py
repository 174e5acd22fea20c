"""TIFF by tifffile: any layout as planes with axes TCZYX, read one at a time, or as an RGB picture."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ingest.images.metadata import described
from ingest.images.opened import MAX_PIXELS, Opened, Unreadable, check_size, on_white
from portal.imaging.planes import Picture, Plane, Planes, Rgb

# tifffile tells of every oddity; what matters is checked here and told as a refusal.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

# What the letters of tifffile's axes are drawn as. Pages whose order says nothing (I, Q) are taken as a stack.
_ROLE = {"T": "t", "C": "c", "S": "c", "E": "c", "Z": "z", "I": "z", "Q": "z", "Y": "y", "X": "x"}
_VIPS = {1, 5, 7, 8, 32946}  # none, LZW, JPEG, deflate: compressions that every libvips reads


@contextmanager
def opened_tiff(path: Path, name: str) -> Iterator[Opened]:
    """The first image series of the file. Raises Unreadable, or whatever tifffile raises on corrupt bytes.

    An OME-TIFF that names further files is read for what it holds itself: another file is never opened on a
    file's word (its name could be any path).
    """
    # Opened by handle, so that OME-XML which names its own file finds it by the name people gave it.
    with path.open("rb") as handle, tifffile.TiffFile(handle, name=name, _multifile=False) as tif:
        if not tif.series:
            raise Unreadable("holds no image")
        series = tif.series[0]
        _check(series, path)
        picture = _rgb(tif, series, path)
        source = picture or _planes(series, path)
        channels = source.channels if isinstance(source, Planes) else 0
        yield described(tif, source, channels)


def _check(series: Any, path: Path) -> None:
    """Sizes and kinds from the header, and that the file is long enough for what it promises."""
    page = series.keyframe
    for letter, size in zip(series.axes, series.shape, strict=True):
        if letter not in _ROLE and size > 1:
            what = tifffile.TIFF.AXES_NAMES.get(letter, letter)
            raise Unreadable(f"has {size} positions on an axis of {what}, which is not drawn; write one file each")
    sizes = dict(zip(series.axes, series.shape, strict=True))
    if "Y" not in sizes or "X" not in sizes:
        raise Unreadable(f"has the axes {series.axes}, and not two of space")
    planes = math.prod(n for a, n in sizes.items() if a not in "YXS")
    check_size(sizes["X"], sizes["Y"], planes, whole=not _for_vips(series))
    if page.dtype is None or series.dtype is None or series.dtype.kind not in "biuf":
        kind = "complex numbers" if series.dtype is not None and series.dtype.kind == "c" else "values of an unknown type"
        raise Unreadable(f"holds {kind}, which are not drawn; write magnitude or phase as a file of its own")
    if page.photometric in (tifffile.PHOTOMETRIC.SEPARATED, tifffile.PHOTOMETRIC.CIELAB, tifffile.PHOTOMETRIC.ICCLAB,
                            tifffile.PHOTOMETRIC.ITULAB, tifffile.PHOTOMETRIC.LOGLUV, tifffile.PHOTOMETRIC.CFA):  # fmt: skip
        raise Unreadable(f"has the colour model {tifffile.PHOTOMETRIC(page.photometric).name}, which is not drawn; write RGB")
    if page.photometric == tifffile.PHOTOMETRIC.YCBCR and page.compression not in (6, 7, 33007, 33003, 33005, 34712):
        raise Unreadable("holds YCbCr values outside JPEG, which are not drawn; write RGB")
    if series.dataoffset is not None:
        if series.dataoffset + series.nbytes > path.stat().st_size:
            raise Unreadable("is truncated: its header promises more pixels than it holds")
        return
    longest = path.stat().st_size
    for i in range(len(series.pages)):
        part = series.pages[i]
        if part is None:
            raise Unreadable("lacks planes that its metadata promise")
        if any(start + count > longest for start, count in zip(part.dataoffsets, part.databytecounts, strict=False)):
            raise Unreadable("is truncated: its header promises more pixels than it holds")


def _rgb(tif: Any, series: Any, path: Path) -> Rgb | None:
    """A single 8-bit colour picture; other colour images (16 bits, stacks) are planes of red, green and blue."""
    page = series.keyframe
    wide = {a: n for a, n in zip(series.axes, series.shape, strict=True) if n > 1 or a in "YX"}
    height, width = wide["Y"], wide["X"]
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and set(wide) == {"Y", "X"} and page.colormap is not None:

        def from_palette() -> Picture:
            colours = (page.colormap >> 8).astype(np.uint8) if page.colormap.dtype.itemsize == 2 else page.colormap
            return np.ascontiguousarray(np.moveaxis(colours[:, page.asarray().reshape(height, width).astype(np.intp)], 0, -1))

        return Rgb(width, height, from_palette)
    if not (_coloured(page) and set(wide) == {"Y", "X", "S"} and series.dtype == np.uint8):
        return None

    def picture() -> Picture:
        samples = page.asarray().reshape(page.shape)
        if page.axes.index("S") < page.axes.index("Y"):
            samples = np.moveaxis(samples, page.axes.index("S"), -1)
        samples = samples.reshape(height, width, -1)
        alpha = samples.shape[2] == 4 and page.extrasamples and page.extrasamples[0] in (1, 2)
        return on_white(samples) if alpha else np.ascontiguousarray(samples[..., :3])

    return Rgb(width, height, picture, path if _for_vips(series) else None)


def _coloured(page: Any) -> bool:
    return page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR) and page.samplesperpixel in (3, 4)


def _for_vips(series: Any) -> bool:
    """Whether libvips reads the same picture from the file by itself: its first page, 8-bit RGB, interleaved."""
    page = series.keyframe
    return bool(
        _coloured(page)
        and page.samplesperpixel == 3
        and page.planarconfig == 1
        and series.dtype == np.uint8
        and page.bitspersample == 8
        and page.index == 0
        and len(series.pages) == 1
        and int(page.compression) in _VIPS
    )


def _planes(series: Any, path: Path) -> Planes:
    page = series.keyframe
    axes, shape = series.axes, series.shape
    if series.dataoffset is not None and page.is_memmappable:
        # Contiguous pixels, as ImageJ writes its stacks behind one page: mapped, so that a plane costs a plane.
        mapped = np.memmap(path, dtype=page.parent.byteorder + page.dtype.char, mode="r", offset=series.dataoffset, shape=shape)
        leading: tuple[int, ...] = ()

        def unit(index: int) -> np.ndarray:
            return mapped
    else:
        inner = len(page.shape)
        leading = tuple(shape[: len(shape) - inner])
        if tuple(shape[len(leading) :]) != tuple(page.shape) or math.prod(leading) != len(series.pages):
            raise Unreadable(f"stores its planes in a way that is not read ({axes} in pages of {page.axes})")
        if math.prod(page.shape) > 4 * MAX_PIXELS:
            raise Unreadable(f"has pages of {math.prod(page.shape):,} values; at most {4 * MAX_PIXELS:,} are decoded at once")
        kept: dict[int, np.ndarray] = {}

        def unit(index: int) -> np.ndarray:
            if index not in kept:
                kept.clear()  # one page: its samples are asked for one after the other
                kept[index] = series.pages[index].asarray().reshape(page.shape)
            return kept[index]

    by_role = {role: [i for i, a in enumerate(axes) if _ROLE.get(a) == role] for role in "tcz"}
    counts = {role: math.prod(shape[i] for i in where) for role, where in by_role.items()}
    alpha = _coloured(page) and page.samplesperpixel == 4 and page.extrasamples and counts["c"] == 4
    inverted = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and series.dtype.kind in "bu"

    def read(t: int, c: int, z: int) -> Plane:
        index: list[Any] = [slice(None) if a in "YX" else 0 for a in axes]
        for role, number in (("t", t), ("c", c), ("z", z)):
            for i, n in zip(by_role[role], np.unravel_index(number, [shape[i] for i in by_role[role]] or [1]), strict=False):
                index[i] = int(n)
        page_number = int(np.ravel_multi_index(index[: len(leading)], leading)) if leading else 0
        plane = unit(page_number)[tuple(index[len(leading) :])]
        plane = plane if axes.index("Y") < axes.index("X") else plane.T
        plane = plane.astype(plane.dtype.newbyteorder("="))
        return _upside(plane, page.bitspersample) if inverted else plane

    height, width = shape[axes.index("Y")], shape[axes.index("X")]
    return Planes(width, height, 3 if alpha else counts["c"], counts["z"], counts["t"], series.dtype.newbyteorder("="), read)


def _upside(plane: Plane, bits: int | tuple[int, ...]) -> Plane:
    """MINISWHITE: the file's 0 is white."""
    if plane.dtype.kind == "b":
        return ~plane
    depth = bits if isinstance(bits, int) else bits[0]
    return (np.array((1 << depth) - 1, plane.dtype) - plane).astype(plane.dtype)
