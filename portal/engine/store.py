"""The store: bytes by their digest, trees by their key. Everything a build makes lies here, once.

    blobs/ab/cdef…   read-only files, each named by its SHA-256
    store-1.sqlite   key → tree, the stat cache of source files, what each build did
    scratch/, temp/  what is being made; whatever a dead process left there is removed by the next build
    logs/            the story of each step that failed
    releases/        published sites (portal.publish.release)

A blob is written under another name and renamed, so a killed build leaves whole blobs or none. Several processes may
use one store; building takes `lock()`.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import filecmp
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from portal.engine.database import Database
from portal.engine.origins import Origins
from portal.engine.record import Build, Outcome
from portal.engine.step import Digest, Tree, canonical, digest_of

# Builds remembered for each place of output; `gc` may keep fewer.
REMEMBERED = 10
AGED = "SELECT *, row_number() OVER (PARTITION BY out ORDER BY number DESC) AS age FROM builds"


class Busy(Exception):
    """Another build holds the store."""


class Gone(Exception):
    """Bytes that a step or a release needs are neither in the store nor in the source file they came from."""


@dataclass(frozen=True)
class Swept:
    """What `gc` removed (or would remove)."""

    blobs: int
    bytes: int
    results: int


class Store:
    def __init__(self, root: Path):
        self.root = Path(root).absolute()
        for name in ("blobs", "scratch", "temp", "logs", "releases"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self._database = Database(self.root)
        self._origins = Origins(self._database)
        self._names = count()

    def close(self) -> None:
        self._database.close()

    # Bytes

    def put(self, content: bytes | Path) -> Digest:
        """Keeps these bytes, or the file's, and says their digest. A file is moved into the store, not copied.

        Nothing is flushed to the disk here: `lock` sees to what a loss of power leaves.
        """
        if isinstance(content, Path):
            with content.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            # A file with a second name may still be written through it, or be somebody's own.
            temporary = content if content.stat().st_nlink == 1 else Path(shutil.copyfile(content, self._temporary()))
            temporary.chmod(0o444)
        else:
            digest = digest_of(content)
            if self._holds(digest, content):
                return digest
            temporary = self._temporary()
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), "wb", buffering=0) as file:
                view = memoryview(content)
                while view:
                    view = view[file.write(view) :]
        blob = self.blob(digest)
        if isinstance(content, Path) and blob.is_file() and filecmp.cmp(temporary, blob, shallow=False):
            temporary.unlink()
            return digest
        try:
            temporary.replace(blob)
        except FileNotFoundError:
            blob.parent.mkdir(exist_ok=True)
            temporary.replace(blob)
        return digest

    def read(self, digest: Digest) -> bytes:
        return self.path(digest).read_bytes()

    def blob(self, digest: Digest) -> Path:
        """Where the store keeps these bytes, if it does."""
        return self.root / "blobs" / digest[:2] / digest[2:]

    def path(self, digest: Digest) -> Path:
        """Where the bytes lie: in the store, or in a source file that has not changed since. Raises Gone."""
        blob = self.blob(digest)
        if blob.is_file():
            return blob
        if origin := self._origins.path(digest):
            return origin
        where = self._origins.known_as(digest)
        raise Gone(
            f"{where[0]} was changed or removed after it was read; build again" if where
            else f"the bytes {digest[:12]}… are missing from {self.root}; build again"
        )  # fmt: skip

    def check_unchanged(self, origin: Path, digest: Digest) -> None:
        """Raises Gone where a source file is no longer what it was when `path` gave it out."""
        if not self._origins.still(origin, digest):
            raise Gone(f"{origin} was changed or removed after it was read; build again")

    def sources(self, folder: Path, paths: Iterable[str]) -> Tree:
        """The tree of these files below `folder`, which stay where they are; unchanged ones are not read. See Origins.sources."""
        return self._origins.sources(folder, paths)

    def _holds(self, digest: Digest, content: bytes) -> bool:
        # Compared in full: what a crash has left behind is mended when it is made again.
        try:
            return self.blob(digest).read_bytes() == content
        except FileNotFoundError:
            return False

    def _temporary(self) -> Path:
        return self.root / "temp" / f"{os.getpid()}-{next(self._names)}-{os.urandom(4).hex()}"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder on the store's file system, removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self.root / "scratch"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # Results

    def recall(self, key: Digest) -> Tree | None:
        """The tree that was remembered for this key, if all its bytes are still here.

        Bytes written to since they were flushed (a page edited at its place) are read; changed ones are removed and made again.
        """
        rows = self._database("SELECT tree, entries, settled FROM results JOIN trees ON trees.digest = results.tree WHERE key = ?", [key])
        if not rows:
            return None
        *named, settled = rows[0]
        tree = _tree(*named)
        head = f"{self.root}/blobs/"
        younger: set[Digest] = set()
        try:
            for digest in tree.values():
                # os.stat: a path object each would double the time of a no-op
                if os.stat(f"{head}{digest[:2]}/{digest[2:]}").st_mtime_ns > settled > 1:  # noqa: PTH116
                    younger.add(digest)
        except FileNotFoundError:
            return None
        return tree if all(self._sound(digest) for digest in younger) else None

    def remember(self, key: Digest, tree: Tree) -> None:
        with self._database.together():
            self._keep(tree)
            self._database(
                "INSERT OR REPLACE INTO results (key, tree, after) VALUES (?, ?, (SELECT coalesce(max(number), 0) FROM builds))",
                [key, tree.digest],
            )

    def tree(self, digest: Digest) -> Tree | None:
        """A tree that some build made or was given."""
        rows = self._database("SELECT entries FROM trees WHERE digest = ?", [digest])
        return _tree(digest, rows[0][0]) if rows else None

    def made(self, key: Digest) -> Tree | None:
        """As `recall`, whether or not the bytes are still here."""
        rows = self._database("SELECT tree FROM results WHERE key = ?", [key])
        return self.tree(rows[0][0]) if rows else None

    def _keep(self, tree: Tree) -> None:
        self._database("INSERT OR IGNORE INTO trees VALUES (?, ?)", [tree.digest, json.dumps(dict(tree), ensure_ascii=False)])

    # Builds

    def record_build(self, outcomes: Iterable[Outcome], site: Mapping[str, str], out: Path | str = "") -> int:
        """Notes a finished build for `why` and `gc`: its steps (`Engine.outcomes`), and which step made each path of the
        site. `out` tells the builds of different sites in one store apart. Says the build's number, which only grows.
        """
        steps = {outcome.step.name: outcome for outcome in outcomes}
        by_step: dict[str, list[str]] = {}
        for path, name in sorted(site.items()):
            by_step.setdefault(name, []).append(path)
        keys = self.put(canonical({name: o.key for name, o in steps.items()}))
        paths = self.put(canonical(by_step))
        states = canonical({name: o.state for name, o in steps.items() if o.state != "known"}).decode()
        noted = {key for (key,) in self._database("SELECT key FROM parts")}
        place = self._place(out)
        with self._database.together():
            for outcome in steps.values():
                if outcome.key not in noted:
                    for tree in outcome.trees():
                        self._keep(tree)
                    self._database("INSERT OR IGNORE INTO parts VALUES (?, ?)", [outcome.key, canonical(outcome.parts()).decode()])
            self._database("INSERT INTO builds (out, keys, site, states) VALUES (?, ?, ?, ?)", [place, keys, paths, states])
            number = self._database("SELECT max(number) FROM builds")[0][0]
            self._forget_builds(REMEMBERED)
        return int(number)

    def builds(self, out: Path | str | None = None) -> list[Build]:
        """The remembered builds, newest first; of one place of output, or of all."""
        place = None if out is None else self._place(out)
        rows = self._database(
            "SELECT number, out, keys, site, states FROM builds WHERE ?1 IS NULL OR out = ?1 ORDER BY number DESC", [place]
        )
        found = []
        for number, where, keys, site, states in rows:
            named, paths = self._listed(keys), self._listed(site)
            if named is None or paths is None:
                continue
            by_path = {path: step for step, listed in paths.items() for path in listed}
            at = os.path.normpath(self.root / where) if where else ""
            found.append(Build(number, at, named, dict.fromkeys(named, "known") | json.loads(states), by_path))
        return found

    def parts(self, key: Digest) -> dict[str, object] | None:
        """What went into a key, as `Outcome.parts` said it."""
        rows = self._database("SELECT parts FROM parts WHERE key = ?", [key])
        return json.loads(rows[0][0]) if rows else None

    def _place(self, out: Path | str) -> str:
        # Relative, so that a checkout can be moved as a whole.
        return os.path.relpath(Path(out).absolute(), self.root) if out else ""

    def _forget_builds(self, keep: int) -> None:
        self._database(f"DELETE FROM builds WHERE number NOT IN (SELECT number FROM ({AGED}) WHERE age <= ?)", [keep])

    # One build at a time

    @contextmanager
    def lock(self, wait: bool = False) -> Iterator[None]:
        """Held while building, publishing and sweeping. Raises Busy when somebody else holds it, or with `wait` waits.

        On entry: removes what dead processes left, and checks the bytes of every result that was not yet flushed to the
        disk when its build died (a killed process loses nothing, a loss of power may). On exit: flushes.
        """
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
                file.seek(0)
                who = file.read().strip()
                raise Busy(
                    f"another build{f' (process {who})' if who else ''} is using {self.root}; wait until it has ended, or stop it"
                ) from None
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            self._clear()
            self._doubt()
            try:
                yield
            finally:
                self._settle()
                file.seek(0)
                file.truncate()

    def _clear(self) -> None:
        """Removes scratch folders and temporary files of processes that are gone."""
        for folder in (self.root / "scratch", self.root / "temp"):
            for left in folder.iterdir():
                owner = re.match(r"(\d+)-", left.name)
                if owner and _alive(int(owner[1])):
                    continue
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)

    def _doubt(self) -> None:
        rows = self._database("SELECT key, entries FROM results JOIN trees ON trees.digest = results.tree WHERE settled = 0")
        judged: dict[Digest, bool] = {}
        for key, entries in rows:
            for digest in json.loads(entries).values():
                if digest not in judged:
                    judged[digest] = self._sound(digest)
            if not all(judged[digest] for digest in json.loads(entries).values()):
                self._database("DELETE FROM results WHERE key = ?", [key])

    def _sound(self, digest: Digest) -> bool:
        blob = self.blob(digest)
        try:
            with blob.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                    return True
        except FileNotFoundError:
            return False
        blob.unlink()
        return False

    def _settle(self) -> None:
        if self._database("SELECT 1 FROM results WHERE settled = 0 LIMIT 1"):
            self.flush()

    def flush(self) -> None:
        """Everything written so far reaches the disk. One call: 45,000 times fsync would take minutes."""
        results = self._database("SELECT key FROM results WHERE settled = 0")
        handle = os.open(self.root, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
                raise OSError(ctypes.get_errno(), "the store could not be flushed to its disk", str(self.root))
        except AttributeError:
            os.sync()  # no syncfs outside Linux
        finally:
            os.close(handle)
        # The time: `recall` trusts nothing that was written to later. Old stores have 1 there.
        self._database.many("UPDATE results SET settled = ? WHERE key = ?", [(time.time_ns(), key) for (key,) in results])

    def gc(self, keep: int = 3, dry_run: bool = False) -> Swept:
        """Removes whatever the last `keep` builds of each place of output did not use. Raises Busy.

        Source files are not the store's and are never touched; published releases keep their own links.
        """
        with self.lock():
            builds = self._database(f"SELECT keys, site FROM ({AGED}) WHERE age <= ?", [keep])
            used = {digest for row in builds for digest in row}
            keys = {key for listed, _ in builds for key in (self._listed(listed) or {}).values()}
            # What was made after the last build that ended well is what an interrupted one will resume from.
            last = self._database("SELECT coalesce(max(number), 0) FROM builds")[0][0]
            trees: set[Digest] = set()
            stale: list[Digest] = []
            for key, after, tree, entries in self._database("SELECT key, after, tree, entries FROM results JOIN trees ON digest = tree"):
                if key in keys or after >= last:
                    used |= set(json.loads(entries).values())
                    trees.add(tree)
                else:
                    stale.append(key)
            if not dry_run:
                with self._database.together():
                    self._forget_builds(keep)
                    self._database.many("DELETE FROM results WHERE key = ?", [[key] for key in stale])
                    self._forget_parts(keys, trees)
            blobs = size = 0
            for folder in (f for f in (self.root / "blobs").iterdir() if f.is_dir()):
                for entry in os.scandir(folder):
                    if folder.name + entry.name not in used:
                        blobs, size = blobs + 1, size + entry.stat(follow_symlinks=False).st_size
                        if not dry_run:
                            Path(entry.path).unlink()
            return Swept(blobs, size, len(stale))

    def _listed(self, digest: Digest) -> dict[str, Any] | None:
        """What a build noted of itself; None where it is swept, or lost with the power: it can no longer be told."""
        try:
            return dict(json.loads(self.read(digest)))
        except (Gone, ValueError, TypeError):
            return None

    def _forget_parts(self, keys: set[Digest], trees: set[Digest]) -> None:
        for key, parts in self._database("SELECT key, parts FROM parts"):
            if key in keys:
                said = json.loads(parts)
                trees |= {said["code"], *(digest for _, _, digest in said["inputs"])}
            else:
                self._database("DELETE FROM parts WHERE key = ?", [key])
        known = [digest for (digest,) in self._database("SELECT digest FROM trees")]
        self._database.many("DELETE FROM trees WHERE digest = ?", [[digest] for digest in known if digest not in trees])


def _tree(digest: Digest, entries: str) -> Tree:
    tree = Tree(json.loads(entries))
    tree.__dict__["digest"] = digest  # known already: the cached property need not compute it
    return tree


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
