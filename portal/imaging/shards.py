"""Arrays of Zarr 3 (https://zarr-specs.readthedocs.io, core 3.1), written chunk by chunk as pixels pass: sharded, gzip.

A shard holds whole planes' chunks one after the other in the order they came, then its index: offset and length of each
chunk, little endian, and the CRC-32C of that. Chunks of fill value alone are left out, as the specification has it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import google_crc32c
import numpy as np
from isal import isal_zlib

from portal.imaging.planes import TILE, Plane

# Of ISA-L: half the time of libdeflate's level 1 for 2 % more bytes. From SSE4.2 up, every x86-64 gives the same output; ARM gives
# another, so that an OME-Zarr written there holds equal pixels in other bytes.
GZIP = 2
_WINDOW = 16 + 15  # a gzip header, without name or time, and the largest window
SHARD = 32 << 20  # bytes of pixels: so many planes share a shard, where one is smaller than that
SIDE = 16 * TILE  # px of a shard; planes that are larger get several
SPARSE = 64  # px between those that are looked at first: one that is not 0 spares looking at all others
MISSING = 0xFFFF_FFFF_FFFF_FFFF

Shape = tuple[int, ...]


@dataclass(eq=False)
class _Shard:
    place: Path
    left: int  # chunks still to come
    index: np.ndarray
    at: int = 0
    file: IO[bytes] | None = None


@dataclass(eq=False)
class Array:
    """One array with axes TCZYX, fill value 0, below the folder `place`. Every chunk must be put once; then all is written.

    `itemsize` 1 to 8 bytes; `dtype` an integer or float type.
    """

    place: Path
    shape: Shape
    dtype: np.dtype
    chunk: Shape = field(init=False)
    shard: Shape = field(init=False)
    _open: dict[Shape, _Shard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        height, width = self.shape[3:]
        self.chunk = (1, 1, 1, min(TILE, height), min(TILE, width))
        self.shard = shard_of(self.shape, self.chunk, self.dtype.itemsize)
        self.place.mkdir(parents=True)
        (self.place / "zarr.json").write_text(json.dumps(self.metadata(), indent=1))

    def metadata(self) -> dict[str, Any]:
        """zarr.json"""
        number = {"name": "bytes", "configuration": {"endian": "little"}}
        inner = [number, {"name": "gzip", "configuration": {"level": GZIP}}]
        sharding = {"chunk_shape": self.chunk, "codecs": inner, "index_codecs": [number, {"name": "crc32c"}], "index_location": "end"}
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": self.shape,
            "data_type": self.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.shard}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "attributes": {},
            "dimension_names": ["t", "c", "z", "y", "x"],
        }

    def put(self, t: int, c: int, z: int, top: int, left: int, part: Plane) -> None:
        """Rows and columns of a plane from (`top`, `left`), multiples of the chunk's sides; edges are those of the plane."""
        high, wide = self.chunk[3:]
        for y in range(0, part.shape[0], high):
            for x in range(0, part.shape[1], wide):
                self._put((t, c, z, (top + y) // high, (left + x) // wide), part[y : y + high, x : x + wide])

    def _put(self, where: Shape, pixels: Plane) -> None:
        per = [whole // part for whole, part in zip(self.shard, self.chunk, strict=True)]
        key = tuple(n // p for n, p in zip(where, per, strict=True))
        inside = tuple(n % p for n, p in zip(where, per, strict=True))
        shard = self._open.get(key)
        if shard is None:
            # How many chunks of this shard hold pixels: those beyond the array's edge never come.
            chunks = [-(-n // p) for n, p in zip(self.shape, self.chunk, strict=True)]
            left = math.prod(min(p, n - k * p) for k, n, p in zip(key, chunks, per, strict=True))
            shard = _Shard(self.place / "c" / "/".join(map(str, key)), left, np.full((*per, 2), MISSING, "<u8"))
            self._open[key] = shard
        if pixels[::SPARSE, ::SPARSE].any() or pixels.any():
            if shard.file is None:
                shard.place.parent.mkdir(parents=True, exist_ok=True)
                shard.file = shard.place.open("wb")
            if pixels.shape != self.chunk[3:]:
                padded = np.zeros(self.chunk[3:], pixels.dtype)
                padded[: pixels.shape[0], : pixels.shape[1]] = pixels
                pixels = padded
            data = isal_zlib.compress(pixels.astype(self.dtype.newbyteorder("<"), copy=False).tobytes(), GZIP, _WINDOW)
            shard.file.write(data)
            shard.index[inside] = shard.at, len(data)
            shard.at += len(data)
        shard.left -= 1
        if shard.left == 0:
            self._finish(key, shard)

    def _finish(self, key: Shape, shard: _Shard) -> None:
        del self._open[key]
        index = shard.index.tobytes()
        index += google_crc32c.value(index).to_bytes(4, "little")
        if shard.file is None:  # nothing but fill value: an index that says so, because a browser's 404 looks like a fault
            shard.place.parent.mkdir(parents=True, exist_ok=True)
            shard.place.write_bytes(index)
        else:
            with shard.file as file:
                file.write(index)

    def close(self) -> None:
        """Lets go of open files. Raises ValueError where chunks are missing."""
        for shard in self._open.values():
            if shard.file is not None:
                shard.file.close()
        if self._open:
            raise ValueError(f"{sum(s.left for s in self._open.values())} chunks of {self.place.name} were never written")


def shard_of(shape: Shape, chunk: Shape, itemsize: int) -> Shape:
    """A plane, or a square of 8,192 px of one; where planes are small, the whole stack of them, then channels, then times."""
    found = [1, 1, 1, *(min(-(-n // c) * c, SIDE // c * c) for n, c in zip(shape[3:], chunk[3:], strict=True))]
    for axis in (2, 1, 0):
        if math.prod(found) * shape[axis] * itemsize > SHARD or any(found[i] < shape[i] for i in range(axis + 1, 5)):
            break
        found[axis] = shape[axis]
    return tuple(found)
