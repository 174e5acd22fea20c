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
from jinja2.bccache import Bucket, BytecodeCache, FileSystemBytecodeCache

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


class Remembered(BytecodeCache):
    """For this process alone: where nothing may be written (images of containers often say so), a step compiles only what no
    step before it did. Templates of one name are told apart by their text."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return name

    def get_source_checksum(self, source: str) -> str:
        return sha256(source.encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        if known := self._known.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


@cache
def kept() -> BytecodeCache:
    """The cache of this process."""
    if sys.dont_write_bytecode:
        return Remembered()
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Remembered()
    return Kept(str(FOLDER), "%s.jinja")
