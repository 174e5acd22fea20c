"""Puts a finished tree at its place: a release folder of links, then one swap of a symbolic link.

    <store>/releases/<name>/<digest16>/     a whole site, its files linked to the store's blobs
    <store>/releases/<name>/releases.json   {"out": relative to this folder, "history": [oldest … newest]}
    <out> → one of them

A build that dies at any moment leaves `out` as it was: a folder gets its final name when it is complete and on the
disk, and the link is replaced in one step. Rolling back is the same swap.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from portal.engine.step import Digest, Tree, digest_of

KEPT = 2  # releases before the present one
LONGEST, DEEPEST = 1_000, 32  # bytes and parts of a path: every file system takes these below any folder of people
TOLD = 500  # files between two words about how far it is
FICLONE = 0x40049409  # linux/fs.h: copy by sharing blocks (Btrfs, XFS)
RELEASE = re.compile(r"[0-9a-f]{16}(\.\d+)?")


class NotOurs(Exception):
    """`out` is something we did not put there, and must not replace."""


class NoRelease(Exception):
    """There is nothing to go back to."""


class TwoNames(Exception):
    """One path of the tree is a file and a folder at once."""


class BadPath(Exception):
    """A path of the tree that not every file system takes."""


REFUSALS = (NotOurs, NoRelease, TwoNames, BadPath)


class Blobs(Protocol):
    """What is needed of the store."""

    root: Path

    def blob(self, digest: Digest) -> Path: ...

    def path(self, digest: Digest) -> Path: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class Release:
    """What is now at `out`. `changed` is false where it was there already."""

    out: Path
    folder: Path
    files: int
    changed: bool


def publish(store: Blobs, tree: Tree, out: Path, name: str = "", told: Callable[[int, int], None] | None = None) -> Release:
    """Makes `out` a link to a release of exactly this tree. `name` tells sites in one store apart (default: from `out`).
    `told` is called now and then with how many files of how many are in their place.

    Raises NotOurs when `out` is a folder, file or link that is not a release's, before anything is written; TwoNames; BadPath;
    the store's own errors and OSError (a full disk), which leave `out` as it was.
    """
    out = Path(out).absolute()
    here = current(out)
    family = store.root / "releases" / (name or f"{out.name}-{digest_of(str(out).encode())[:8]}")
    family.mkdir(parents=True, exist_ok=True)
    wanted = tree.digest[:16]
    if here is not None and here.parent == family.resolve() and here.name.partition(".")[0] == wanted and _whole(here, tree):
        if not _noted(family):
            _note(family, out, _history(family))
        return Release(out, here, len(tree), changed=False)
    folder = next((f for f in _candidates(family, wanted) if f.is_dir() and _whole(f, tree)), None)
    if folder is None:
        folder = _staged(store, tree, family, wanted, told)
    history = [entry for entry in _history(family) if entry != folder.name] + [folder.name]
    _note(family, out, history)
    _swap(out, folder)
    return Release(out, folder, len(tree), changed=True)


def rollback(out: Path) -> Release:
    """Makes `out` the release before the present one; called again, the one before that. Raises NotOurs, NoRelease."""
    out = Path(out).absolute()
    here = current(out)
    if here is None:
        raise NoRelease(f"nothing has been published at {out}")
    family = here.parent
    history = _history(family)
    before = history[: history.index(here.name)] if here.name in history else history
    folder = next((family / entry for entry in reversed(before) if (family / entry).is_dir()), None)
    if folder is None:
        raise NoRelease(f"no release older than the present one is kept for {out}")
    _swap(out, folder)
    return Release(out, folder, sum(1 for _ in _files(folder)), changed=True)


def collect(store: Blobs, keep: int = KEPT, dry_run: bool = False, told: Callable[[str], None] = lambda what: None) -> list[Path]:
    """Removes (or, with `dry_run`, only names) releases but the present one and `keep` others of each site, and what dead
    processes staged. Call it under the store's lock. What cannot be removed stays, and `told` is given a sentence about it:
    it must never stop a build.
    """
    removed: list[Path] = []
    for family in sorted((store.root / "releases").iterdir()):
        if not family.is_dir() or not (family / "releases.json").is_file():
            continue
        if (noted := _noted(family)) is None:
            # Which of them is published is not known: none is touched.
            told(f"{family / 'releases.json'} is damaged; it is written anew when this site is built again, and until then all is kept.")
            continue
        out = family / noted["out"]
        present = out.resolve() if out.is_symlink() else None
        others = [entry for entry in _history(family) if (family / entry).is_dir() and (family / entry).resolve() != present]
        kept = {*others[len(others) - min(keep, len(others)) :], *([present.name] if present is not None else [])}
        removed += [folder for folder in sorted(family.iterdir()) if folder.is_dir() and folder.name not in kept]
        if not dry_run:
            _note(family, out, [entry for entry in _history(family) if entry in kept])
    if dry_run:
        return removed
    for folder in removed:
        try:
            _remove(folder)
        except OSError as error:
            told(f"{folder} could not be removed ({error.strerror}); remove it by hand.")
    return [folder for folder in removed if not folder.exists()]


def _remove(folder: Path) -> None:
    """Removes a folder, however deep. Raises OSError."""
    try:
        shutil.rmtree(folder)
        return
    except (RecursionError, OSError):
        # What is left may lie deeper than a path can say: it is brought up, two levels at a time, and removed there.
        while left := list(os.scandir(folder)):
            for entry in left:
                if not entry.is_dir(follow_symlinks=False):
                    Path(entry.path).unlink()
                    continue
                for number, inner in enumerate(list(os.scandir(entry.path))):
                    if inner.is_dir(follow_symlinks=False):
                        Path(inner.path).rename(folder / f"up-{number}-{secrets.token_hex(8)}")
                    else:
                        Path(inner.path).unlink()
                Path(entry.path).rmdir()
        folder.rmdir()


def current(out: Path) -> Path | None:
    """The release folder `out` links to; None where `out` is free. Raises NotOurs."""
    out = Path(out).absolute()
    if out.is_symlink():
        target = out.parent.resolve() / out.readlink()
        target = target.parent.resolve() / target.name
        if RELEASE.fullmatch(target.name) and target.parent.parent.name == "releases":
            return target
        raise NotOurs(f"{out} is a link to {target}, which is no release of ours; remove the link, or choose another place with --out")
    if out.is_dir():
        if any(out.iterdir()):
            raise NotOurs(f"{out} is a folder that was not published by us; move it away, or choose another place with --out")
        return None
    if out.exists():
        raise NotOurs(f"{out} is a file; move it away, or choose another place with --out")
    return None


def _candidates(family: Path, wanted: str) -> Iterator[Path]:
    yield family / wanted
    yield from sorted(family.glob(f"{wanted}.*"))


def _staged(store: Blobs, tree: Tree, family: Path, wanted: str, told: Callable[[int, int], None] | None = None) -> Path:
    """A new folder with the tree's files, complete and on the disk, under its final name."""
    folders = _folders(tree)
    staging = family / f"staging-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        staging.mkdir()
        for path in folders:
            (staging / path).mkdir()
        head = f"{staging}/"
        sources: dict[Digest, str] = {}
        for number, (path, digest) in enumerate(tree.items()):
            if told and number % TOLD == 0:
                told(number, len(tree))
            _place(store, digest, head + path, sources)
        store.flush()
        os.utime(staging)  # a file that is younger was changed after it was published (`_whole`)
        taken = len([f for f in _candidates(family, wanted) if f.exists()])
        folder = family / (f"{wanted}.{secrets.randbelow(10**9)}" if taken else wanted)
        staging.rename(folder)
    except BaseException:
        with suppress(OSError):  # the next `collect` tries again
            _remove(staging)
        raise
    _fsync(family)
    return folder


def _folders(tree: Tree) -> list[str]:
    """Every folder of the tree, parents first. Raises TwoNames, BadPath."""
    folders: set[str] = set()
    for path in tree:
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"{path!r} leads out of the site")
        if len(path) > LONGEST // 4 and (len(raw := path.encode()) > LONGEST or max(map(len, raw.split(b"/"))) > 255):
            raise BadPath(f"the path '{path[:80]}…' is longer than file systems take; shorten the names in it")
        if path.count("/") >= DEEPEST:
            raise BadPath(f"the path '{path[:80]}…' is more than {DEEPEST} folders deep")
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    for path in tree:
        if path in folders:
            raise TwoNames(f"'{path}' is a file and, for '{next(p for p in tree if p.startswith(path + '/'))}', a folder")
    return sorted(folders)


def _place(store: Blobs, digest: Digest, target: str, sources: dict[Digest, str]) -> None:
    """Links the bytes to their place. A file system ends a file's links somewhere (ext4 at 65,000): then a fresh copy is
    made, and linked to from there on. A source file outside the store is copied: a link would let its owner edit the site.
    """
    source = sources.get(digest) or str(store.blob(digest))
    try:
        os.link(source, target)
        return
    except FileNotFoundError:
        source = str(store.path(digest))
    except OSError as error:
        if error.errno not in (errno.EMLINK, errno.EXDEV, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS):
            raise
    _copy(source, target)
    sources[digest] = target


def _copy(source: str, target: str) -> None:
    with Path(source).open("rb") as there, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as here:
        try:
            fcntl.ioctl(here.fileno(), FICLONE, there.fileno())
        except OSError:
            shutil.copyfileobj(there, here, 1 << 20)


def _swap(out: Path, folder: Path) -> None:
    """The one moment at which readers see the new site. The link is relative, so that a checkout can be moved as a whole."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.is_dir() and not out.is_symlink():
        out.rmdir()  # an empty one, as `current` saw
    link = out.with_name(f".{out.name}.next")
    link.unlink(missing_ok=True)  # of a publisher that died just here
    link.symlink_to(os.path.relpath(folder.resolve(), out.parent.resolve()), target_is_directory=True)
    link.replace(out)
    _fsync(out.parent)


def _whole(folder: Path, tree: Tree) -> bool:
    """Whether every file of the tree is there, and none was written to since. Their bytes are not compared: they are read-only links."""
    head = f"{folder}/"
    try:
        made = folder.stat().st_mtime_ns
        # os.stat: a path object each would double the time of a no-op
        return all(os.stat(head + path).st_mtime_ns <= made for path in tree)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return False


def _files(folder: Path) -> Iterator[str]:
    waiting = [""]
    while waiting:
        head = waiting.pop()
        with os.scandir(folder / head) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{head}{entry.name}/")
                else:
                    yield head + entry.name


def _history(family: Path) -> list[str]:
    if (noted := _noted(family)) is not None:
        return list(noted["history"])
    return sorted((f.name for f in family.iterdir() if RELEASE.fullmatch(f.name)), key=lambda name: (family / name).stat().st_mtime_ns)


def _noted(family: Path) -> dict[str, Any] | None:
    """What releases.json says; None where it is absent or damaged."""
    try:
        noted = json.loads((family / "releases.json").read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    sound = isinstance(noted, dict) and isinstance(noted.get("out"), str) and isinstance(noted.get("history"), list)
    return noted if sound and all(isinstance(name, str) and RELEASE.fullmatch(name) for name in noted["history"]) else None


def _note(family: Path, out: Path, history: list[str]) -> None:
    temporary = family / "releases.json.next"
    with temporary.open("w") as file:
        json.dump({"out": os.path.relpath(out, family), "history": history}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(family / "releases.json")


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
