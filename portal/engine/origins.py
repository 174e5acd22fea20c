"""The stat cache: source files stay where they are, and one that did not change is not read again.

As git's index does (git's Documentation/technical/racy-git.txt): a file whose size, times and inode are those we
noted has the digest we noted, unless it was written so shortly before we read it that a second write could have
left the same times. Such a file is read once more.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from portal.engine.database import Database
from portal.engine.step import Digest, Tree

# The coarsest clock of a file system in use (FAT: two seconds); also covers a file server's clock that is a little off.
RACY_NS = 2_000_000_000
AT_ONCE = 200  # files from which on the database is asked for all at once, and told at once

# path, size, modification time, change time, inode, digest, when it was read
Row = tuple[str, int, int, int, int, Digest, int]


class Unreadable(Exception):
    """A source file that cannot be taken: not a regular file, reached by a symbolic link, changing while it is read."""


class Origins:
    def __init__(self, database: Database):
        self._database = database

    def sources(self, folder: Path, paths: Iterable[str]) -> Tree:
        """The tree of these files below `folder`, under these paths. Nothing is copied.

        Raises Unreadable for a path that leaves the folder, passes a symbolic link below it or is no regular file,
        FileNotFoundError for one that does not exist.
        """
        base = folder.resolve()
        entries: dict[str, Digest] = {}
        walked: set[str] = set()
        wanted = sorted(set(paths))
        noted = self._noted(base) if len(wanted) > AT_ONCE else None
        new: list[Row] = []
        for path in wanted:
            relative = PurePosixPath(path)
            if relative.is_absolute() or ".." in relative.parts or "\0" in path or str(relative) != path or path == ".":
                raise Unreadable(f"{path!r} is not a plain path below {folder}")
            above = path.rpartition("/")[0]
            while above and above not in walked:
                if (base / above).is_symlink():
                    raise Unreadable(f"{folder / path} is reached by a symbolic link; write the real file's path, or copy it there")
                walked.add(above)
                above = above.rpartition("/")[0]
            entries[path] = self._digest(base / path, noted, new)
            if len(new) > AT_ONCE:
                self._note(new)
        self._note(new)
        return Tree(entries)

    def digest(self, path: Path) -> Digest:
        """The digest of a regular file's bytes, by its stat if that is safe, else by reading it."""
        new: list[Row] = []
        found = self._digest(path, None, new)
        self._note(new)
        return found

    def _digest(self, path: Path, noted: dict[str, Row] | None, new: list[Row]) -> Digest:
        """As `digest`, from rows that were fetched before, if any; what is found goes to `new`."""
        now = _mark(path.lstat())
        name = _text(path)
        row = noted.get(name) if noted is not None else next(iter(self._rows("path = ?", [name])), None)
        if row and row[1:5] == now and max(now[1], now[2]) + RACY_NS < row[6]:
            return row[5]
        seen, now, digest = _read(path)
        new.append((name, *now, digest, seen))
        return digest

    def _noted(self, base: Path) -> dict[str, Row]:
        """What is known of all files below a folder: one question, where a folder of many small files would be as many."""
        # "0" is the character after "/".
        return {row[0]: row for row in self._rows("path > ? AND path < ?", [f"{_text(base)}/", f"{_text(base)}0"])}

    def _rows(self, where: str, values: list[str]) -> list[Row]:
        return self._database(f"SELECT path, size, mtime, ctime, inode, digest, seen FROM origins WHERE {where}", values)  # type: ignore[return-value]

    def _note(self, new: list[Row]) -> None:
        if new:
            self._database.many("INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?, ?, ?, ?)", new)
            new.clear()

    def path(self, digest: Digest) -> Path | None:
        """A source file that still is what had this digest."""
        return next((Path(path) for path in self.known_as(digest) if self.still(Path(path), digest)), None)

    def still(self, path: Path, digest: Digest) -> bool:
        """Whether the file's stat is the one it had when this was its digest."""
        rows = self._database("SELECT size, mtime, ctime, inode FROM origins WHERE path = ? AND digest = ?", [str(path), digest])
        try:
            return bool(rows) and _mark(path.lstat()) == rows[0]
        except OSError:
            return False

    def known_as(self, digest: Digest) -> list[str]:
        """Where such a file once was, for messages."""
        return [path for (path,) in self._database("SELECT path FROM origins WHERE digest = ? ORDER BY path", [digest])]


def _mark(found: os.stat_result) -> tuple[int, int, int, int]:
    # The change time beside the modification time: `touch -r`, `tar` and `rsync -t` set the latter back.
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _read(path: Path) -> tuple[int, tuple[int, int, int, int], Digest]:
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    for _ in range(3):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Unreadable(f"{path} is not a regular file")
        with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
            seen = time.time_ns()
            before = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # a raw file serves as well
            if stat.S_ISREG(before.st_mode) and _mark(before) == _mark(os.fstat(file.fileno())):
                return seen, _mark(before), digest
    raise Unreadable(f"{path} changes while it is read; build again when it is complete")


def _text(path: Path) -> str:
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable(f"{text!r} is not named in UTF-8; rename it") from None
    return text
