"""Two images that can be drawn, one that is cut off, one of a size that nobody has, and a text by the name of an image."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import tifffile

folder = Path(sys.argv[1]) / "studies/broken/images"
folder.mkdir(parents=True)
rng = np.random.default_rng(7)
for name in ("one", "two", "cut"):
    tifffile.imwrite(folder / f"{name}.tif", rng.integers(0, 4000, (64, 80), dtype=np.uint16))
whole = (folder / "cut.tif").read_bytes()
(folder / "cut.tif").write_bytes(whole[: len(whole) // 2])
(folder / "words.tif").write_text("These are words.\n")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 0, 0, 0, 0)
pieces = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
(folder / "vast.png").write_bytes(b"\x89PNG\r\n\x1a\n" + pieces)
