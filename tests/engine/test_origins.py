"""Source files stay where they are; unchanged ones are not read; changed ones are always noticed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from portal.engine import origins
from portal.engine.database import FILE
from portal.engine.origins import Unreadable
from portal.engine.step import digest_of
from portal.engine.store import Gone, Store

SIZE = 4 << 20


def bytes_read() -> int:
    """What this process has asked of the kernel so far (Linux's own count)."""
    counts = Path("/proc/self/io")
    if not counts.is_file():
        pytest.skip("no /proc/self/io on this system: reads cannot be counted")
    return int(counts.read_text().split()[1])


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file, and no wait for it to grow old."""
    monkeypatch.setattr(origins, "RACY_NS", -1)
    file = tmp_path / "study" / "images" / "a.tif"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"p" * SIZE)
    return file


def test_an_unchanged_file_is_not_read(store: Store, image: Path) -> None:
    tree = store.sources(image.parents[1], ["images/a.tif"])
    assert dict(tree) == {"images/a.tif": digest_of(b"p" * SIZE)}
    assert store.path(tree["images/a.tif"]) == image.resolve() and not any((store.root / "blobs").iterdir())
    before = bytes_read()
    assert Store(store.root).sources(image.parents[1], ["images/a.tif"]) == tree
    assert store.read(tree["images/a.tif"])[:1] == b"p"
    assert bytes_read() - before < SIZE + (1 << 20), "only the explicit read"


def test_a_touched_file_is_read_once_and_has_its_old_digest(store: Store, image: Path) -> None:
    tree = store.sources(image.parents[1], ["images/a.tif"])
    os.utime(image)
    before = bytes_read()
    assert store.sources(image.parents[1], ["images/a.tif"]) == tree
    assert bytes_read() - before > SIZE
    before = bytes_read()
    assert store.sources(image.parents[1], ["images/a.tif"]) == tree
    assert bytes_read() - before < 1 << 20


def test_changed_bytes_are_noticed_behind_an_old_time_and_size(store: Store, image: Path) -> None:
    tree = store.sources(image.parents[1], ["images/a.tif"])
    was = image.stat()
    image.write_bytes(b"q" * SIZE)
    os.utime(image, ns=(was.st_atime_ns, was.st_mtime_ns))
    with pytest.raises(Gone, match=r"a\.tif was changed or removed"):
        store.path(tree["images/a.tif"])
    assert store.sources(image.parents[1], ["images/a.tif"])["images/a.tif"] == digest_of(b"q" * SIZE)


def test_a_file_written_twice_within_one_tick_of_the_clock(store: Store, tmp_path: Path) -> None:
    """The racy case: we noted the digest of `one`, then `two` was written, and size, times and inode stayed the same.

    Whether a kernel's clock is that coarse is luck, so the note is forged instead.
    """
    file = tmp_path / "a.csv"
    file.write_bytes(b"two")

    def forge(later: int) -> str:
        store.sources(tmp_path, ["a.csv"])
        with closing(sqlite3.connect(store.root / FILE)) as database, database:
            database.execute("UPDATE origins SET digest = ?, seen = ctime + ?", [digest_of(b"one"), later])
        return store.sources(tmp_path, ["a.csv"])["a.csv"]

    assert forge(0) == forge(origins.RACY_NS) == digest_of(b"two"), "written too shortly before it was read: read again"
    assert forge(origins.RACY_NS + 1) == digest_of(b"one"), "an old file is not"


@pytest.mark.parametrize("path", ["../a", "/etc/hostname", "x/../a", "./a", "a\0b", "", "link", "out/hostname", "folder", "pipe"])
def test_only_plain_files_below_the_folder(store: Store, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "study"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "a").write_text("above")
    (folder / "link").symlink_to("/etc/hostname")
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    with pytest.raises(Unreadable):
        store.sources(folder, [path])
    with pytest.raises(FileNotFoundError):
        store.sources(folder, ["missing.csv"])
