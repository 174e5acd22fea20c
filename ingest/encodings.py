"""Bytes → text: UTF-8 where it is, else Mac Roman and Windows-1252 told apart by what makes sense.

Both legacy encodings give every byte some meaning (Windows-1252 but five), so that reading one as the
other raises nothing and gives garbage: `“` of a Mac reads as `Ò` on Windows. Each undecodable byte is
read both ways, with the characters around it, and the reading that looks like writing wins.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from itertools import islice

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LIKELY = frozenset("°µ±×·–—‘’“”™®©…²³½•\u00a0βαµ≥≤")
_OPENING, _CLOSING = frozenset("“‘"), frozenset("”’")
_SAMPLE = 4_000  # undecodable bytes that are weighed; more tell nothing new


def decode(raw: bytes) -> tuple[str, str, list[str]]:
    """(text, name of the encoding, notes). Never fails: a byte no encoding explains becomes U+FFFD.

    The encodings are utf-8, utf-8-sig, utf-16, mac-roman, windows-1252; `utf-8+mac-roman` and
    `utf-8+windows-1252` where single legacy bytes stand in a UTF-8 file.
    """
    for mark, name in _BOMS:
        if raw.startswith(mark):
            try:
                return raw.decode(name), name, ["byte order mark taken off"]
            except UnicodeDecodeError:
                raw = raw[len(mark) :]
                break
    try:
        return raw.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        pass
    # Counted by lengths: a large file that is no UTF-8 at all has as many strays as bytes, and a list of them fills the memory.
    sound = raw.decode("utf-8", "ignore")
    characters, multibyte = len(sound), len(sound) - len(sound.encode("ascii", "ignore"))
    del sound
    # Surrogates U+DC80…U+DCFF stand for the bytes that are not UTF-8.
    loose = raw.decode("utf-8", "surrogateescape")
    stray = len(loose) - characters
    sample = [m.start() for m in islice(re.finditer("[\udc80-\udcff]", loose), _SAMPLE)]
    mac, windows = (_made(loose, sample, codec) for codec in ("mac_roman", "cp1252"))
    codec, label = ("mac_roman", "mac-roman") if mac > windows else ("cp1252", "windows-1252")
    if multibyte > stray:
        # Real UTF-8 sequences outnumber the strays: two hands wrote this file.
        return _read_as(loose, codec), f"utf-8+{label}", [f"{stray} bytes are not UTF-8 and were read as {label}"]
    del loose
    return raw.decode(codec, "replace"), label, [f"read as {label}, not UTF-8"]


def _made(loose: str, sample: list[int], codec: str) -> int:
    """The sense that the strays at these places make in `codec`, all together."""
    # Each with the character before and behind it; at the very beginning there is none before.
    return sum(_sense(_read_as(loose[max(at - 1, 0) : at + 2], codec), min(at, 1)) for at in sample)


def _read_as(loose: str, codec: str) -> str:
    """The text with each stray byte read in `codec`; same length, so that positions agree."""
    return loose.translate(_strays(codec))


@cache
def _strays(codec: str) -> dict[int, str]:
    return {0xDC00 + b: bytes([b]).decode(codec, "replace") for b in range(0x80, 0x100)}


def _sense(text: str, at: int) -> int:
    """How much a character looks like writing between its neighbours, −4 … 3."""
    char = text[at]
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char == "\ufffd" or (ord(char) < 0xA0 and ord(char) > 0x7E):
        return -4
    if char in _OPENING:
        return 3 if after.isalnum() and not before.isalnum() else -1
    if char in _CLOSING:
        return 3 if before and not before.isspace() else -1
    if char in _LIKELY:
        return 2
    if char.isalpha() and char not in "ªºƒ":
        if char.islower():
            return 2 if before.isalpha() or after.isalpha() else -2
        # A capital inside a word that goes on in small letters is no writing: 'fiuhÒ', 'Hérich¡'.
        return 1 if after.isalpha() and not before.isalpha() else -2
    return -1
