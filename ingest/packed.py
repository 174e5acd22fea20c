"""Compressed bytes → the bytes inside: gzip, and zip archives with one file in them. Bounded, for content is not to be trusted."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # The second is an archive without files.
MAX_RATIO = 400  # Tables of repeated words pack 35 to 1, zlib's own bound is 1,032 to 1.
_SMALL = 2**20  # Below this size any ratio is harmless.
_CHUNK = 2**20
_FIRST = 2**10
_NO_PADDING = re.compile(rb"[^\0]")
# What a system adds to an archive of its own accord.
_NO_MEMBERS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def gunzip(raw: bytes, limit: int) -> tuple[bytes, str]:
    """(bytes, "") or (b"", what is wrong). Never holds more than `limit` bytes + one chunk; reads all members of the file."""
    unpacked = bytearray()
    at = 0
    while at < len(raw):
        stream, feed, length = zlib.decompressobj(wbits=31), b"", _FIRST
        try:
            while not stream.eof:
                if not feed:
                    # More with every turn: a file may be one long member, or a million of no length, and what is left over is copied.
                    feed = raw[at : at + length]
                    at, length = at + len(feed), min(2 * length, _CHUNK)
                chunk = stream.decompress(feed, _CHUNK)
                if not feed and not chunk and not stream.eof:
                    return b"", "ends in the middle of its gzip data"
                feed = stream.unconsumed_tail
                if len(unpacked) + len(chunk) > limit:
                    return b"", f"unpacks to more than {limit // 2**20} MB"
                unpacked += chunk
        except zlib.error as error:
            return b"", f"is not sound gzip data ({str(error).split(':')[0].lower()})"
        at -= len(stream.unused_data)
        padded = _NO_PADDING.search(raw, at)
        at = padded.start() if padded else len(raw)
        if not raw.startswith(GZIP, at):
            break  # Bytes after the archive: gzip itself ignores them.
    return bytes(unpacked), ""


def unzip(raw: bytes, limit: int) -> tuple[bytes, str, str]:
    """(bytes, name of the member, "") or (b"", "", what is wrong) of a zip archive that holds one file.

    A spreadsheet is a zip archive too, and told as one. The sizes that the archive declares are not believed.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        names = archive.namelist()
        if "[Content_Types].xml" in names or "mimetype" in names:
            return b"", "", "is a spreadsheet or another office document"
        members = [i for i in archive.infolist() if not i.is_dir() and not _is_added(i.filename)]
        if len(members) != 1:
            shown = ", ".join(f"'{i.filename[:60]}'" for i in members[:3]) + (", …" if len(members) > 3 else "")
            return b"", "", f"is a zip archive of {len(members):,} files{f' ({shown})' if members else ''}, where one is read"
        member = members[0]
        if member.flag_bits & 1:
            return b"", "", "is a zip archive with a password"
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return b"", "", "is a zip archive packed in an unusual way"
        bound = max(_SMALL, member.compress_size * MAX_RATIO)
        parts: list[bytes] = []
        size = 0
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    return b"", "", f"unpacks to more than {limit // 2**20} MB"
                if size > bound:
                    return b"", "", f"unpacks to more than {MAX_RATIO} times its size"
                parts.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        return b"", "", f"is not a sound zip archive ({str(error)[:80].lower() or 'it ends too early'})"
    return b"".join(parts), member.filename.rpartition("/")[2], ""


def _is_added(name: str) -> bool:
    return name.startswith(_NO_MEMBERS[0]) or name.rpartition("/")[2] in _NO_MEMBERS
