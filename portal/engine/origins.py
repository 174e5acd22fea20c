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
        walked: set[PurePosixPath] = set()
        for path in sorted(set(paths)):
            relative = PurePosixPath(path)
            if relative.is_absolute() or ".." in relative.parts or "\0" in path or str(relative) != path or path == ".":
                raise Unreadable(f"{path!r} is not a plain path below {folder}")
            if relative.parent not in walked:
                if (base / relative.parent).resolve() != base / relative.parent:
                    raise Unreadable(f"{folder / path} is reached by a symbolic link; write the real file's path, or copy it there")
                walked.add(relative.parent)
            entries[path] = self.digest(base / path)
        return Tree(entries)

    def digest(self, path: Path) -> Digest:
        """The digest of a regular file's bytes, by its stat if that is safe, else by reading it."""
        now = _mark(path.lstat())
        row = self._database("SELECT size, mtime, ctime, inode, digest, seen FROM origins WHERE path = ?", [_text(path)])
        if row:
            *noted, digest, seen = row[0]
            if tuple(noted) == now and max(now[1], now[2]) + RACY_NS < seen:
                return digest
        seen, now, digest = _read(path)
        self._database("INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?, ?, ?, ?)", [_text(path), *now, digest, seen])
        return digest

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
