"""Compiled templates, kept in Python's own `__pycache__` beside this module: compiling them all takes seconds of every process.

What Jinja2 makes of a template depends on its text, on Jinja2, on the options of the environment, and on filters that it calls with
constants while compiling: so whatever changes in `portal/` makes all of it anew.
"""

from __future__ import annotations

import contextlib
import sys
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

PORTAL = Path(__file__).resolve().parents[1]
FOLDER = Path(cache_from_source(__file__)).parent


@cache
def _made_with() -> bytes:
    found = sha256(f"{jinja2.__version__} {sys.version}".encode())
    for file in sorted(PORTAL.rglob("*.py")):
        found.update(file.read_bytes())
    return found.digest()


class Kept(FileSystemBytecodeCache):
    """Jinja2's own cache of bytecode, by the code around it too. Where the folder cannot be written, nothing is kept."""

    def get_source_checksum(self, source: str) -> str:
        return sha256(_made_with() + source.encode()).hexdigest()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def kept() -> Kept | None:
    """The cache, or None where there is no folder for it."""
    if sys.dont_write_bytecode:
        return None
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return Kept(str(FOLDER), "%s.jinja")
