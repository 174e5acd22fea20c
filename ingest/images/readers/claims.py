"""How large the picture in a TIFF's strip or tile says it is, by its own header: decoders make room for what it says there, not for
what the TIFF says, so that a file of some kilobytes could ask for gigabytes.

Headers: JPEG, ITU-T T.81 B.2; JPEG 2000, T.800 A.5.1; JPEG XR, T.832 8.3; JPEG XL, ISO 18181-1 6.2; PNG, RFC 2083; WebP, RFC 9649;
LERC, https://github.com/Esri/lerc (Lerc2.h, Lerc.cpp). Where a decoder looks for the header in more than one place,
the largest found counts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from ingest.images.opened import Unreadable

ROOM = 1 << 20  # values: below, no header is worth refusing

_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}


def check_claim(data: bytes, compression: int, values: int) -> None:
    """Raises Unreadable where the segment says that it holds far more than the `values` (of all samples) that it has to.

    Twice as many are let pass: writers pad. `compression` as in the TIFF; those without a header of their own are not looked at.
    """
    found = _HEADERS.get(compression)
    if found is None:
        return
    try:
        said = max(found(data), default=0)
    except (struct.error, IndexError):
        return  # cut off: the decoder says so
    if said > max(2 * values, ROOM):
        raise Unreadable(f"has a strip or tile that says it holds {said:,} values where the file says {values:,}; write the file again")


def looked_at(compression: int) -> bool:
    """Whether segments of this compression have a header of their own."""
    return compression in _HEADERS


def _jpeg(data: bytes) -> Iterator[int]:
    at, end = 0, len(data)
    while 0 <= (at := data.find(b"\xff", at)) < end - 1:
        marker = data[at + 1]
        if marker in (0x00, 0xFF, 0x01) or 0xD0 <= marker <= 0xD8:  # no marker, or one without a length
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD9, 0xDA):  # the end, or the pixels: a second frame is refused by every decoder
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _SOF:
            height, width, samples = struct.unpack_from(">HHB", data, at + 5)
            yield height * width * samples
        at += 2 + length


def _jpeg_2000(data: bytes) -> Iterator[int]:
    for at in _every(data, b"\xff\x4f\xff\x51"):
        wide, tall, left, top = struct.unpack_from(">4I", data, at + 8)
        (samples,) = struct.unpack_from(">H", data, at + 40)
        yield max(0, wide - left) * max(0, tall - top) * samples


def _jpeg_xr(data: bytes) -> Iterator[int]:
    for at in _every(data, b"WMPHOTO\0"):
        short = data[at + 10] >> 7
        wide, tall = struct.unpack_from(">2H" if short else ">2I", data, at + 12)
        yield (wide + 1) * (tall + 1)


def _jpeg_xl(data: bytes) -> Iterator[int]:
    # By itself, or in boxes: jxlc holds all of it, jxlp a numbered part.
    starts = [0, *(at + 4 for at in _every(data, b"jxlc")), *(at + 8 for at in _every(data, b"jxlp"))]
    for at in starts:
        if data[at : at + 2] == b"\xff\x0a":
            yield _size_header(int.from_bytes(data[at + 2 : at + 18].ljust(16, b"\0"), "little"))


def _size_header(bits: int) -> int:
    def take(count: int) -> int:
        nonlocal bits
        taken, bits = bits & ((1 << count) - 1), bits >> count
        return taken

    def side(small: int) -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = take(1)
    tall = side(small)
    ratio = take(3)
    if ratio == 0:
        return tall * side(small)
    over, under = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return tall * (tall * over // under)


def _png(data: bytes) -> Iterator[int]:
    wide, tall, _, colour = struct.unpack_from(">2I2B", data, 16)
    yield wide * tall * {2: 3, 3: 3, 4: 2, 6: 4}.get(colour, 1)


def _webp(data: bytes) -> Iterator[int]:
    kind = data[12:16]
    if kind == b"VP8X":
        wide, tall = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        wide, tall = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        wide, tall = (n & 0x3FFF for n in struct.unpack_from("<2H", data, 26))
    yield wide * tall * 4


def _lerc(data: bytes) -> Iterator[int]:
    bands = 0
    for at in _every(data, b"Lerc2 "):
        (version,) = struct.unpack_from("<i", data, at + 6)
        tall, wide, deep = struct.unpack_from("<3i", data, at + (14 if version >= 3 else 10))
        bands += max(0, tall) * max(0, wide) * (max(1, deep) if version >= 4 else 1)
    for at in _every(data, b"CntZImage "):
        tall, wide = struct.unpack_from("<2i", data, at + 18)
        bands += max(0, tall) * max(0, wide)
    yield bands


def _every(data: bytes, what: bytes) -> Iterator[int]:
    at = data.find(what)
    while at >= 0:
        yield at
        at = data.find(what, at + 1)


# The numbers of TIFF's compressions, as tifffile.COMPRESSION has them.
_HEADERS: dict[int, Callable[[bytes], Iterator[int]]] = {
    **dict.fromkeys((6, 7, 33007, 34892), _jpeg),
    **dict.fromkeys((33003, 33004, 33005, 34712), _jpeg_2000),
    **dict.fromkeys((22610, 34934), _jpeg_xr),
    **dict.fromkeys((50002, 52546), _jpeg_xl),
    34933: _png,
    **dict.fromkeys((34927, 50001), _webp),
    34887: _lerc,
}
