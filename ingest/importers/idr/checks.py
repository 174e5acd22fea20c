"""The printed Table 1 of the paper that introduced IDR, written beside the studies it names, so that the portal sets it beside its own.

The file's first line holds the digest of the rest. Where that still fits, the file is ours to renew; where it does not, somebody has
edited it, and it stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from portal.checks import FOLDER

PATH = f"{FOLDER}/idr-table-1.yaml"  # in a content folder
_OURS = Path(__file__).with_name("table_1.yaml")
_HEAD = "# Written by the idr importer. A file that was edited stays as it is: the digest of what the importer wrote is {}.\n"


def with_digest(raw: bytes) -> bytes:
    return _HEAD.format(hashlib.sha256(raw).hexdigest()).encode() + raw


def untouched(raw: bytes) -> bool:
    """Whether the file is as an importer wrote it."""
    return with_digest(raw.partition(b"\n")[2]) == raw


def renewed(content: Path, imported: Iterable[str]) -> tuple[bytes | None, str]:
    """(what to write to `content`/PATH, a sentence about it).

    Nothing where no study that the table names was imported; the sentence alone where the file is not ours to write.
    """
    raw, path = _OURS.read_bytes(), content / PATH
    named = set(re.findall(r"(?m)^  - study: (\S+)$", raw.decode()))
    if not named & set(imported):
        return None, ""
    if path.parent.is_symlink() or path.is_symlink():
        return None, f"{PATH} is a link and was not written."
    if path.is_file() and not untouched(path.read_bytes()):
        return None, f"{PATH} was edited and stays as it is."
    return with_digest(raw), ""
