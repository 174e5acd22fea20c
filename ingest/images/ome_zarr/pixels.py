"""The pixels of an OME-Zarr, as planes: read by zarr-python, chunk by chunk, through the same `Fetch` as its metadata.

Imported only where there is one: zarr-python takes a while, and starts threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from ingest.images.ome_zarr import metadata as ome_zarr
from ingest.images.ome_zarr.metadata import Array, Fetch, Multiscale, Range, Read
from ingest.images.opened import MAX_PIXELS, Opened, Unreadable
from portal.imaging.planes import LabelImage, Plane, Planes


class Reading(Store):
    """A store for reading what `fetch` gives."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, fetch: Fetch):
        super().__init__(read_only=True)
        self._fetch = fetch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reading) and other._fetch is self._fetch

    __hash__ = None  # type: ignore[assignment]

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        match byte_range:
            case None:
                part: Range | None = None
            case RangeByteRequest(start, end):
                part = (start, end)
            case OffsetByteRequest(offset):
                part = (offset, None)
            case SuffixByteRequest(suffix):
                part = (-suffix, None)
        data = await asyncio.to_thread(self._fetch, key, part)
        if data is None:
            return None
        ome_zarr.check_bomb(data)
        return prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._fetch, key, None) is not None

    async def set(self, key: str, value: Buffer) -> None:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    async def _nothing(self) -> AsyncIterator[str]:
        nothing: tuple[str, ...] = ()
        for name in nothing:
            yield name

    def list(self) -> AsyncIterator[str]:
        return self._nothing()

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        return self._nothing()

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        return self._nothing()


def zarr_image(fetch: Fetch, key: str, *, longest: int | None = None, most: int | None = None) -> Opened:
    """The image whose group lies at `key`. Its planes can be read as long as `fetch` works.

    With `longest`, the finest resolution is taken whose longer side has no more pixels (and whose values no more than
    `most` bytes), and no label images; `full` is then the true width and height. Raises Unreadable.
    """
    read: Read = lambda path: fetch(path, None)  # noqa: E731
    told = ome_zarr.attributes(read, key)
    if told is None:
        raise Unreadable("is no Zarr: it has neither zarr.json nor .zattrs")
    image = ome_zarr.multiscale(read, key, told)
    store = Reading(fetch)
    finest = one = image.arrays[0]
    if longest is not None:
        small = [a for a in image.arrays if max(a.size(3), a.size(4)) <= longest]
        fit = [a for a in small if most is None or a.bytes <= most]
        if not fit:
            last = image.arrays[-1]
            size = f"{last.size(4):,} × {last.size(3):,} pixels, {last.bytes:,} bytes"
            raise Unreadable(f"has no resolution coarse enough to be drawn from afar (the coarsest has {size})")
        one = fit[0]
        coarser: tuple[Array, ...] = ()
    else:
        coarser = tuple(a for a in image.arrays[1:] if _like(a, one))
    source = _planes(store, one, tuple(_planes(store, a) for a in coarser))
    labels, notes = _labels(read, store, key, one) if longest is None else ((), [])
    return Opened(
        source,
        ome_zarr.channels(told, source.channels),
        image.length(4, finest),
        image.length(2, one) if source.z > 1 else None,
        image.length(0, one) if source.t > 1 else None,
        labels=labels,
        notes=tuple(notes),
        full=(finest.size(4), finest.size(3)) if one is not finest else None,
        zarr_format=3 if read(f"{key}/zarr.json" if key else "zarr.json") is not None else 2,
    )


def _like(coarse: Array, fine: Array) -> bool:
    same = all(coarse.size(axis) == fine.size(axis) for axis in (0, 1, 2)) and coarse.dtype == fine.dtype
    return same and coarse.size(3) * coarse.size(4) < fine.size(3) * fine.size(4)


def _planes(store: Store, array: Array, levels: tuple[Planes, ...] = ()) -> Planes:
    opened: list[Any] = []
    width, height = array.size(4), array.size(3)

    def region(t: int, c: int, z: int, rows: slice, columns: slice) -> Plane:
        if not opened:
            opened.append(zarr.open_array(store, path=array.key, mode="r"))
        index: list[Any] = [0] * len(array.shape)
        for at, value in zip(array.order, (t, c, z, rows, columns), strict=True):
            if at is not None:
                index[at] = value
        found = np.asarray(opened[0][tuple(index)])
        found = found if (array.order[3] or 0) < (array.order[4] or 0) else found.T
        return np.ascontiguousarray(found.astype(array.dtype, copy=False))

    def read(t: int, c: int, z: int) -> Plane:
        if width * height > MAX_PIXELS:
            raise Unreadable(f"has planes of {width:,} × {height:,} pixels; at most {MAX_PIXELS:,} are decoded at once")
        return region(t, c, z, slice(0, height), slice(0, width))

    return Planes(width, height, array.size(1), array.size(2), array.size(0), array.dtype, read, region, levels)


def _labels(read: Read, store: Store, key: str, image: Array) -> tuple[tuple[LabelImage, ...], list[str]]:
    """The label images that fit the image, and notes on those that do not."""
    found: list[LabelImage] = []
    notes: list[str] = []
    for name in ome_zarr.label_names(read, key):
        try:
            group = ome_zarr.below(key, f"labels/{name}")
            told = ome_zarr.attributes(read, group)
            if told is None:
                raise Unreadable("is not there")
            array = _fitting(ome_zarr.multiscale(read, group, told), image)
            colours, properties = ome_zarr.objects(told)
            found.append(LabelImage(name, _planes(store, array), colours, properties))
        except Unreadable as error:
            notes.append(f"has a label image {name[:60]!r} that {error}, and is left out; correct it, or take it from the list of labels")
    return tuple(found), notes


def _fitting(label: Multiscale, image: Array) -> Array:
    for array in label.arrays:
        if (array.size(3), array.size(4)) == (image.size(3), image.size(4)) and array.size(1) == 1:
            if any(array.size(axis) not in (1, image.size(axis)) for axis in (0, 2)):
                continue
            if array.dtype.kind not in "biu":
                raise Unreadable(f"holds {array.dtype} values, not whole numbers")
            return array
    one = label.arrays[0]
    sizes = " × ".join(str(n) for n in one.shape)
    raise Unreadable(f"has the size {sizes}, which does not fit the image")
