"""The store's SQLite file: which key gave which tree, which file had which digest, what each build did.

In WAL mode several processes read while one writes. A commit survives the death of the process; what a loss of
power may cost is found by `Store.lock`. A new layout of the tables takes a new file name, never a migration:
everything here can be made again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FILE = "store-1.sqlite"

TABLES = """
CREATE TABLE IF NOT EXISTS trees (digest TEXT PRIMARY KEY, entries TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, tree TEXT NOT NULL, after INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_unsettled ON results (settled) WHERE settled = 0;
CREATE TABLE IF NOT EXISTS origins (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, inode INTEGER NOT NULL,
    digest TEXT NOT NULL, seen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS origins_by_digest ON origins (digest);
CREATE TABLE IF NOT EXISTS parts (key TEXT PRIMARY KEY, parts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT, out TEXT NOT NULL, keys TEXT NOT NULL, site TEXT NOT NULL, states TEXT NOT NULL
);
"""


class Unusable(OSError):
    """The store cannot be used, in a sentence with the mend."""


class Database:
    """One connection, opened when first used, shared by the threads of this process."""

    def __init__(self, folder: Path):
        self._path = folder / FILE
        self._connection: sqlite3.Connection | None = None
        self._alone = threading.RLock()

    def __call__(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement, which commits by itself outside `together`."""
        with self._alone, self._told():
            return self._open().execute(sql, tuple(values)).fetchall()

    def many(self, sql: str, rows: Iterable[Iterable[Any]]) -> None:
        with self.together():
            self._open().executemany(sql, [tuple(row) for row in rows])

    @contextmanager
    def together(self) -> Iterator[None]:
        """All or nothing. Keep it short: other processes wait meanwhile."""
        with self._alone, self._told():
            connection = self._open()
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if connection.in_transaction:  # SQLite itself has ended it where the disk is full
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        with self._alone:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raises Unusable for what SQLite says of a file that is damaged, may not be written, or has no room."""
        try:
            yield
        except sqlite3.OperationalError as error:
            said = str(error)
            if "full" in said:
                raise Unusable(f"the disk of {self._path.parent} is full; make room there, or choose another place with --store") from error
            if "no such table" in said:
                raise self._damaged(error) from error
            raise Unusable(f"{self._path} cannot be used ({said}); mend its permissions, or choose another place with --store") from error
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> Unusable:
        # Not the whole folder: it holds the site that is published. (Its bytes are known again by what they are.)
        return Unusable(f"{self._path} is damaged ({error}); remove the file {self._path}, it is made again by the next build")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'builds'").fetchone():
                connection.executescript(TABLES)
            self._connection = connection
        return self._connection
