"""Parts of a TIFF's page: only the strips or tiles that a region touches are decoded, so that memory follows the region."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.images.readers.claims import check_claim, looked_at

KEPT = 96 * 2**20  # bytes of decoded strips or tiles; a row of 512-px tiles across a 40,000-px plane of 16 bits is 40 MB
MAX_SEGMENT = 64_000_000  # values of one strip or tile; where a strip is the page, a region costs the page
_TABLES = {6, 7, 34892, 33007}  # compressions that share JPEG tables between segments


def whole_page(page: Any) -> NDArray[Any]:
    """All of a page, as tifffile's `asarray` has it. Raises Unreadable where a strip or tile says that it is far larger than it may be."""
    key = page.keyframe
    if looked_at(int(key.compression)):
        values = _values(key)
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=False):
            if count:
                page.parent.filehandle.seek(start)
                check_claim(page.parent.filehandle.read(count), int(key.compression), values)
    found: NDArray[Any] = page.asarray()
    return found


def _values(key: Any) -> int:
    """Of one strip or tile, all samples that are stored side by side."""
    _, _, length, width, contiguous = key.shaped
    tall, wide = (key.tilelength, key.tilewidth) if key.is_tiled else (min(key.rowsperstrip, length), width)
    return int(tall * wide * contiguous)


class Segments:
    """Decodes and keeps the strips or tiles of the pages of one file. `part` raises what tifffile raises."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()
        self._bytes = 0

    @staticmethod
    def can(page: Any) -> bool:
        """Whether the page's strips or tiles can be decoded one by one, and are small enough that it is worth it."""
        samples, depth, length, width, contiguous = page.shaped
        if depth != 1 or not len(page.dataoffsets) or page.dtype is None:
            return False
        if page.jpegheader is not None:  # NDPI by itself: one strip that is said to be tiles
            return False
        sides = (page.tilelength, page.tilewidth) if page.is_tiled else (min(page.rowsperstrip, length), width)
        if 0 in sides:
            return False
        grid = -(-length // sides[0]) * -(-width // sides[1]) * samples
        return sides[0] * sides[1] * contiguous <= MAX_SEGMENT and grid == len(page.dataoffsets)

    def part(self, page: Any, rows: slice, columns: slice, sample: int | None = None) -> NDArray[Any]:
        """(samples stored apart, rows, columns, samples side by side) of a page. `sample`: only this one of those stored apart."""
        key = page.keyframe
        apart, _, length, width, contiguous = key.shaped
        tall, wide = (key.tilelength, key.tilewidth) if key.is_tiled else (min(key.rowsperstrip, length), width)
        down, across = -(-length // tall), -(-width // wide)
        wanted = range(apart) if sample is None else (sample,)
        out = np.empty((len(wanted), rows.stop - rows.start, columns.stop - columns.start, contiguous), key.dtype.newbyteorder("="))
        for place, s in enumerate(wanted):
            for y in range(rows.start // tall, -(-rows.stop // tall)):
                for x in range(columns.start // wide, -(-columns.stop // wide)):
                    segment = self._segment(page, (s * down + y) * across + x, (tall, wide, contiguous))
                    top, left = max(rows.start, y * tall), max(columns.start, x * wide)
                    bottom, right = min(rows.stop, (y + 1) * tall, length), min(columns.stop, (x + 1) * wide, width)
                    cut = segment[top - y * tall : bottom - y * tall, left - x * wide : right - x * wide]
                    out[place, top - rows.start : bottom - rows.start, left - columns.start : right - columns.start] = cut
        return out

    def _segment(self, page: Any, index: int, shape: tuple[int, int, int]) -> NDArray[Any]:
        name = (page.offset, index)
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        key, handle = page.keyframe, page.parent.filehandle
        data = None
        if page.databytecounts[index]:
            handle.seek(page.dataoffsets[index])
            data = handle.read(page.databytecounts[index])
            if key.jpegheader is None:
                check_claim(data, int(key.compression), shape[0] * shape[1] * shape[2])
        more = {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader} if key.compression in _TABLES else {}
        decoded, _, _ = key.decode(data, index, _fullsize=False, **more)
        # A segment without bytes stands for the value that means nothing (sparse files): as tifffile's own reading has it.
        segment = np.full(shape, key.nodata, key.dtype) if decoded is None else decoded.reshape(decoded.shape[-3:])
        self._kept[name] = segment
        self._bytes += segment.nbytes
        while self._bytes > KEPT and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return segment
