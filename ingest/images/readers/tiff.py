"""TIFF by tifffile: any layout as planes with axes TCZYX, read one at a time or in parts, or as an RGB picture."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ingest.images.opened import MAX_PIXELS, PARTIAL, Opened, Unreadable, check_size, on_white
from ingest.images.readers import pictures
from ingest.images.readers.metadata import described
from ingest.images.readers.segments import Segments, whole_page
from portal.imaging.planes import Picture, Plane, Planes, Rgb

# tifffile tells of every oddity; what matters is checked here and told as a refusal.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

# What the letters of tifffile's axes are drawn as. Pages whose order says nothing (I, Q) are taken as a stack.
_ROLE = {"T": "t", "C": "c", "S": "c", "E": "c", "Z": "z", "I": "z", "Q": "z", "Y": "y", "X": "x"}
_VIPS = {1, 5, 7, 8, 32946}  # none, LZW, JPEG, deflate: compressions that every libvips reads
_LEVELS = 12

# Part of an image whose axes before Y and X are counted by `number`: rows and columns of it, in the order of `inner`.
Unit = Callable[[int, slice, slice], np.ndarray]


@dataclass(frozen=True)
class Layout:
    """The axes of a series and their sizes: as tifffile finds them, or as study.yaml declares them."""

    axes: str
    shape: tuple[int, ...]

    @property
    def sizes(self) -> dict[str, int]:
        return dict(zip(self.axes, self.shape, strict=True))


@contextmanager
def opened_tiff(path: Path, name: str, axes: str | None = None) -> Iterator[Opened]:
    """The first image series of the file. Raises Unreadable, or whatever tifffile raises on corrupt bytes.

    An OME-TIFF that names further files is read for what it holds itself: another file is never opened on a
    file's word (its name could be any path). `axes` as in `opening.opened`.
    """
    # Opened by handle, so that OME-XML which names its own file finds it by the name people gave it.
    with path.open("rb") as handle, tifffile.TiffFile(handle, name=name, _multifile=False) as tif:
        if not tif.series:
            raise Unreadable("holds no image")
        series = tif.series[0]
        if tif.is_eer and series.kind == "eer":
            from ingest.images.readers.eer import summed

            yield summed(tif, series, path)
            return
        layout = _layout(series, axes)
        _check(series, layout, path)
        kept = Segments()
        source = _rgb(series, layout, path, kept) or _planes(series, layout, path, kept)
        found = described(tif, source, source.channels if isinstance(source, Planes) else 0)
        yield replace(found, notes=(*_notes(tif, series, layout), *found.notes))


def _layout(series: Any, told: str | None) -> Layout:
    axes, shape = series.axes, tuple(series.shape)
    if told is None:
        return Layout(axes, shape)
    if len(told) == len(shape):
        return Layout(told, shape)
    # Axes of one position need not be told.
    wide = tuple(n for a, n in zip(axes, shape, strict=True) if n > 1 or a in "YX")
    if len(told) != len(wide):
        sizes = " × ".join(str(n) for n in wide)
        raise Unreadable(f"has {len(wide)} axes ({sizes}), and study.yaml says axes: {told}, which are {len(told)}")
    letters = iter(told)
    spare = iter([a for a in "TCZSEIQ" if a not in told])
    return Layout("".join(next(letters) if n > 1 or a in "YX" else next(spare) for a, n in zip(axes, shape, strict=True)), shape)


def _check(series: Any, layout: Layout, path: Path) -> None:
    """Sizes and kinds from the header, and that the file is long enough for what it promises."""
    page, sizes = series.keyframe, layout.sizes
    for letter, size in sizes.items():
        if letter not in _ROLE and size > 1:
            what = tifffile.TIFF.AXES_NAMES.get(letter, letter)
            raise Unreadable(f"has {size} positions on an axis of {what}, which is not drawn; write one file each")
    if "Y" not in sizes or "X" not in sizes:
        raise Unreadable(f"has the axes {layout.axes}, and not two of space")
    planes = math.prod(n for a, n in sizes.items() if a not in "YXS")
    whole = not (_for_vips(series) or series.dataoffset is not None or Segments.can(page))
    check_size(sizes["X"], sizes["Y"], planes, whole=whole)
    if page.dtype is None or series.dtype is None or series.dtype.kind not in "biuf":
        if series.dtype is not None and series.dtype.kind == "c":
            raise Unreadable("holds complex numbers, which are not drawn; write magnitude or phase as a file of its own")
        raise Unreadable("holds values of an unknown type, which are not drawn; write integers or floats")
    if page.photometric in (tifffile.PHOTOMETRIC.ITULAB, tifffile.PHOTOMETRIC.LOGLUV, tifffile.PHOTOMETRIC.CFA):
        raise Unreadable(f"has the colour model {tifffile.PHOTOMETRIC(page.photometric).name}, which is not drawn; write RGB")
    if series.dataoffset is not None:
        if series.dataoffset + series.nbytes > path.stat().st_size:
            raise Unreadable("is truncated: its header promises more pixels than it holds")
        return
    if any(series.pages[i] is None for i in range(len(series.pages))):
        raise Unreadable("lacks planes that its metadata promise; write the file with all of its planes")
    if not _inside(series, path):
        raise Unreadable("is truncated: its header promises more pixels than it holds")


def _inside(series: Any, path: Path) -> bool:
    longest = path.stat().st_size
    return all(
        start + count <= longest
        for i in range(len(series.pages))
        for start, count in zip(series.pages[i].dataoffsets, series.pages[i].databytecounts, strict=False)
    )


def _notes(tif: Any, series: Any, layout: Layout) -> list[str]:
    notes = []
    if tif.is_ome and series.kind != "ome":  # tifffile took the pages as they come, because the OME-XML promises others
        notes.append(f"{PARTIAL}; put the files together by a pattern with {{channel}}, {{z}} or {{t}} in study.yaml")
    elif series.kind in ("svs", "ndpi", "scn", "bif", "philips", "avs", "qpi"):
        pass  # what else such files hold are labels, overviews and thumbnails
    elif (more := len(tif.series) - 1) > 0:
        notes.append(f"holds {more} more image{'s' if more > 1 else ''} (series), of which none is drawn; write one file each")
    if "I" in layout.axes and layout.sizes["I"] > 1:
        notes.append(
            f"holds {layout.sizes['I']} pages and does not say what they are: they are drawn as a z stack; say axes: in study.yaml"
        )
    turned = series.keyframe.tags.get(274)
    if turned is not None and turned.value in (2, 3, 4, 5, 6, 7, 8):
        # As ImageJ, Bio-Formats and tifffile have it, so that regions and labels fit.
        notes.append(f"says that it is turned or mirrored (Orientation {turned.value}), and is drawn as it is stored; store it upright")
    return notes


def _levels(series: Any, layout: Layout, path: Path) -> Iterator[tuple[Any, Layout]]:
    """The coarser copies that a series holds, where they are what they are said to be: same axes but Y and X, smaller and smaller."""
    last = layout.sizes
    for level in list(getattr(series, "levels", []))[1 : _LEVELS + 1]:
        if len(level.axes) != len(layout.axes) or level.dtype != series.dtype or level.dataoffset is not None:
            return
        mine = Layout(layout.axes, tuple(level.shape)).sizes
        same = all(mine[a] == last[a] for a in mine if a not in "YX")
        if not same or not all(0 < mine[a] <= last[a] for a in "YX") or mine == last or not _inside(level, path):
            return
        last = mine
        yield level, Layout(layout.axes, tuple(level.shape))


def _rgb(series: Any, layout: Layout, path: Path, kept: Segments) -> Rgb | None:
    """A single 8-bit colour picture; other colour images (16 bits, stacks) are planes of red, green and blue."""
    page = series.keyframe
    wide = {a: n for a, n in layout.sizes.items() if n > 1 or a in "YX"}
    height, width = wide["Y"], wide["X"]
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and set(wide) == {"Y", "X"} and page.colormap is not None:

        def from_palette() -> Picture:
            colours = (page.colormap >> 8).astype(np.uint8) if page.colormap.dtype.itemsize == 2 else page.colormap
            return np.ascontiguousarray(np.moveaxis(colours[:, whole_page(page).reshape(height, width).astype(np.intp)], 0, -1))

        return Rgb(width, height, from_palette)
    if pictures.is_odd(page):
        if page.index != 0 or set(wide) - {"Y", "X", "S"} or page.bitspersample not in (8, (8, 8, 8), (8, 8, 8, 8)):
            model = {5: "CMYK", 6: "YCbCr"}.get(int(page.photometric), "L*a*b*")
            raise Unreadable(f"has the colour model {model} in several pages, or not in 8 bits, which is not drawn; write RGB")
        check_size(width, height)
        return Rgb(width, height, lambda: pictures.plain_rgb(path, width, height))
    if not (_coloured(page) and set(wide) == {"Y", "X", "S"} and series.dtype == np.uint8):
        return None
    alpha = page.samplesperpixel == 4 and page.extrasamples and page.extrasamples[0] in (1, 2)

    def coloured(samples: np.ndarray) -> Picture:
        return on_white(samples) if alpha else np.ascontiguousarray(samples[..., :3])

    def picture() -> Picture:
        check_size(width, height)
        samples = whole_page(page).reshape(page.shape)
        if page.axes.index("S") < page.axes.index("Y"):
            samples = np.moveaxis(samples, page.axes.index("S"), -1)
        return coloured(samples.reshape(height, width, -1))

    def part(rows: slice, columns: slice) -> Picture:
        found = kept.part(page, rows, columns)
        return coloured(found[0] if len(found) == 1 else np.moveaxis(found[..., 0], 0, -1))

    coarser = tuple(v for level, mine in _levels(series, layout, path) if (v := _rgb(level, mine, path, kept)) is not None)
    return Rgb(width, height, picture, path if _for_vips(series) else None, part if Segments.can(page) else None, coarser)


def _coloured(page: Any) -> bool:
    return page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR) and page.samplesperpixel in (3, 4)


def _for_vips(series: Any) -> bool:
    """Whether libvips reads the same picture from the file by itself: its first page, 8-bit RGB, interleaved."""
    page = series.keyframe
    return bool(
        _coloured(page)
        and not pictures.is_odd(page)
        and page.samplesperpixel == 3
        and page.planarconfig == 1
        and series.dtype == np.uint8
        and page.bitspersample == 8
        and page.index == 0
        and len(series.pages) == 1
        and int(page.compression) in _VIPS
    )


def _planes(series: Any, layout: Layout, path: Path, kept: Segments) -> Planes:
    page, axes, shape = series.keyframe, layout.axes, layout.shape
    y, x = axes.index("Y"), axes.index("X")
    if series.dataoffset is not None and page.is_memmappable:
        inner = min(y, x)
        unit: Unit = _contiguous(series, layout, path, inner)
        parts = True
    else:
        inner = len(shape) - len(page.shape)
        if tuple(shape[inner:]) != tuple(page.shape) or math.prod(shape[:inner]) != len(series.pages) or min(y, x) < inner:
            raise Unreadable(f"stores its planes in a way that is not read ({axes} in pages of {page.axes})")
        parts = Segments.can(page) and axes[-1:] in ("X", "S") and {"Y", "X"} <= set(page.axes) and page.axes.index("Y") == y - inner
        unit = _paged(series, kept, parts)
    leading = tuple(shape[:inner])
    by_role = {role: [i for i, a in enumerate(axes) if _ROLE.get(a) == role] for role in "tcz"}
    counts = {role: math.prod(shape[i] for i in where) for role, where in by_role.items()}
    alpha = _coloured(page) and page.samplesperpixel == 4 and page.extrasamples and counts["c"] == 4
    inverted = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and series.dtype.kind in "bu"

    def region(t: int, c: int, z: int, rows: slice, columns: slice) -> Plane:
        index: list[Any] = [slice(None) if a in "YX" else 0 for a in axes]
        for role, number in (("t", t), ("c", c), ("z", z)):
            for i, n in zip(by_role[role], np.unravel_index(number, [shape[i] for i in by_role[role]] or [1]), strict=False):
                index[i] = int(n)
        number = int(np.ravel_multi_index(index[:inner], leading)) if leading else 0
        plane = unit(number, rows, columns)[tuple(index[inner:])]
        plane = plane if y < x else plane.T
        plane = plane.astype(plane.dtype.newbyteorder("="), copy=False)
        return _upside(plane, page.bitspersample) if inverted else plane

    height, width = shape[y], shape[x]

    def read(t: int, c: int, z: int) -> Plane:
        check_size(width, height)
        return region(t, c, z, slice(0, height), slice(0, width))

    coarser = tuple(_planes(level, mine, path, kept) for level, mine in _levels(series, layout, path))
    channels = 3 if alpha else counts["c"]
    kind = series.dtype.newbyteorder("=")
    return Planes(width, height, channels, counts["z"], counts["t"], kind, read, region if parts else None, coarser)


def _contiguous(series: Any, layout: Layout, path: Path, inner: int) -> Unit:
    """Pixels one after the other, as ImageJ writes its stacks behind one page. Read, not mapped: mapped pages count as memory."""
    axes, shape = layout.axes[inner:], layout.shape[inner:]
    kind = np.dtype(series.keyframe.parent.byteorder + series.keyframe.dtype.char)
    line = math.prod(shape[1:])

    def unit(number: int, rows: slice, columns: slice) -> np.ndarray:
        first, second = (rows, columns) if axes[0] == "Y" else (columns, rows)
        start = series.dataoffset + (number * shape[0] + first.start) * line * kind.itemsize
        found = np.fromfile(path, kind, (first.stop - first.start) * line, offset=start).reshape(-1, *shape[1:])
        other = axes.index("X" if axes[0] == "Y" else "Y")
        return found[tuple(second if i == other else slice(None) for i in range(len(axes)))]

    return unit


def _paged(series: Any, kept: Segments, parts: bool) -> Unit:
    page = series.keyframe
    axes = page.axes
    values = math.prod(page.shape)
    if not parts and values > 4 * MAX_PIXELS:
        raise Unreadable(f"has pages of {values:,} values; at most {4 * MAX_PIXELS:,} are decoded at once")
    last: dict[int, np.ndarray] = {}

    def unit(number: int, rows: slice, columns: slice) -> np.ndarray:
        whole = (rows.start, columns.start) == (0, 0) and all(
            page.shape[axes.index(a)] == s.stop for a, s in (("Y", rows), ("X", columns)) if a in axes
        )
        if parts and not whole:
            found = kept.part(series.pages[number], rows, columns)
            return found.reshape([{"Y": found.shape[1], "X": found.shape[2]}.get(a, n) for a, n in zip(axes, page.shape, strict=True)])
        if number not in last:
            last.clear()  # one page: its samples are asked for one after the other
            last[number] = whole_page(series.pages[number]).reshape(page.shape)
        return last[number] if whole else last[number][tuple({"Y": rows, "X": columns}.get(a, slice(None)) for a in axes)]

    return unit


def _upside(plane: Plane, bits: int | tuple[int, ...]) -> Plane:
    """MINISWHITE: the file's 0 is white."""
    if plane.dtype.kind == "b":
        return ~plane
    depth = bits if isinstance(bits, int) else bits[0]
    return (np.array((1 << depth) - 1, plane.dtype) - plane).astype(plane.dtype)
