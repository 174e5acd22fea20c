"""`BinData` of OME-XML: pixels and masks as base64, compressed by zlib, bzip2 or not (OME model 6.1.0, BinaryFile)."""

from __future__ import annotations

import base64
import bz2
import zlib


class NoSuchCompression(Exception):
    """Its name, in lower case."""


def unpacked(text: str, compression: str, size: int) -> bytes:
    """The bytes, of which never more than `size` are unpacked; fewer where there are no more.

    Raises NoSuchCompression, and ValueError where they cannot be decoded.
    """
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        if compression == "zlib":
            return zlib.decompressobj().decompress(raw, size)
        if compression == "bzip2":
            return bz2.BZ2Decompressor().decompress(raw, size)
    except (ValueError, zlib.error, OSError, EOFError) as error:
        raise ValueError(str(error)) from None
    if compression != "none":
        raise NoSuchCompression(compression)
    return raw
