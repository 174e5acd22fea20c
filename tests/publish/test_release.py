"""Publishing: readers see the old site or the new one, whole, whatever happens."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from portal.engine.step import Tree
from portal.engine.store import Gone, Store
from portal.publish.release import BadPath, NoRelease, NotOurs, TwoNames, collect, publish, rollback

ROOT = Path(__file__).parents[2]


class Unflushed(Store):
    """Does not wait for the disk: what is killed here are processes, and on a busy disk each flush takes seconds."""

    def flush(self) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Unflushed(tmp_path / ".slidecase")


def site(store: Store, word: str, pages: int = 20) -> Tree:
    files = {f"studies/s{n % 3}/p{n}/index.html": f"{word} {n}".encode() for n in range(pages)} | {"index.html": word.encode()}
    return Tree({path: store.put(raw) for path, raw in files.items()})


def words(out: Path) -> set[str]:
    """The first word of every file; one, where a site is all of a piece."""
    return {file.read_text().split()[0] for file in out.rglob("*") if file.is_file()}


def test_a_release_is_links_behind_one_link(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    store = Store(store.root)
    tree = site(store, "one")
    release = publish(store, tree, out)
    assert release.changed and release.files == 21 and release.folder.name == tree.digest[:16]
    assert out.is_symlink() and not out.readlink().is_absolute()
    assert (out / "index.html").stat().st_ino == store.blob(tree["index.html"]).stat().st_ino
    assert {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} == set(tree)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".slidecase", "site"], "nothing is left beside"


def test_an_unchanged_tree_is_left_alone(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(store, site(store, "one"), out)
    was = out.lstat().st_ino
    assert not publish(store, site(store, "one"), out).changed
    assert out.lstat().st_ino == was
    (out / "index.html").unlink()
    assert publish(store, site(store, "one"), out).changed and words(out) == {"one"}, "a damaged release is replaced"
    assert (out / "index.html").is_file()


def test_rolling_back(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    for word in ("one", "two", "three"):
        publish(store, site(store, word), out)
    seen = []
    for _ in range(2):
        rollback(out)
        seen.append(words(out))
    assert seen == [{"two"}, {"one"}]
    with pytest.raises(NoRelease, match="no release older"):
        rollback(out)
    publish(store, site(store, "three"), out)
    assert words(out) == {"three"}
    with pytest.raises(NoRelease, match="nothing has been published"):
        rollback(tmp_path / "elsewhere")


def test_old_releases_are_collected(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    for word in ("one", "two", "three", "four", "five"):
        publish(store, site(store, word), out)
    publish(store, site(store, "other"), tmp_path / "other site")
    left = store.root / "releases" / out.readlink().parent.name / "staging-1-dead"
    left.mkdir()
    named = collect(store, dry_run=True)
    assert len(named) == 3 and all(folder.is_dir() for folder in named)
    assert collect(store) == named and not any(folder.exists() for folder in named)
    assert words(out) == {"five"} and words(tmp_path / "other site") == {"other"}
    rollback(out)
    rollback(out)
    assert words(out) == {"three"}
    assert not collect(store), "the present release stays, also when it is the oldest"
    store.gc(keep=0)
    assert words(out) == {"three"}, "a release needs no blobs"


@pytest.mark.parametrize("kind", ["folder", "file", "link", "link to a folder"])
def test_what_is_not_ours_is_not_replaced(store: Store, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "site"
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    if kind == "folder":
        mine.rename(out)
    elif kind == "file":
        out.write_text("mine")
    else:
        out.symlink_to(mine if kind == "link to a folder" else mine / "thesis.txt")
    for call in (lambda: publish(store, site(store, "one"), out), lambda: rollback(out)):
        with pytest.raises(NotOurs, match=r"site is .*; (move it away|remove the link), or choose another place"):
            call()
    kept = {"file": out, "folder": out / "thesis.txt"}.get(kind, mine / "thesis.txt")
    assert kept.read_text() == "mine"
    assert not list((store.root / "releases").iterdir())


def test_an_empty_folder_gives_way(store: Store, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    publish(store, site(store, "one"), tmp_path / "site")
    assert words(tmp_path / "site") == {"one"}


def test_a_checkout_can_be_moved(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    store = Unflushed(here / ".slidecase")
    publish(store, site(store, "one"), here / "site")
    publish(store, site(store, "two"), here / "site")
    store.close()
    here.rename(there)
    moved = Store(there / ".slidecase")
    assert words(there / "site") == {"two"}
    rollback(there / "site")
    assert collect(moved, keep=0) and words(there / "site") == {"one"}


def test_an_empty_tree_and_odd_names(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "site"
    publish(store, Tree(), out)
    assert list(out.iterdir()) == []
    odd = {"a b/c#d/é.html": b"1", ".nojekyll": b"", "x/y/z/w": b"2", "x/y.html": b"3"}
    publish(store, Tree({path: store.put(raw) for path, raw in odd.items()}), out)
    assert {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()} == odd


@pytest.mark.parametrize("wrong", ["file and folder", "lost bytes", "up"])
def test_a_failed_publication_leaves_the_site(store: Store, tmp_path: Path, wrong: str) -> None:
    out = tmp_path / "site"
    publish(store, site(store, "one"), out)
    before = out.readlink()
    a = store.put(b"a")
    tree, error = {
        "file and folder": (Tree({"a": a, "a/b": a}), TwoNames),
        "lost bytes": (Tree({"a": a, "b": "0" * 64}), Gone),
        "up": (Tree({"../a": a}), ValueError),
    }[wrong]
    with pytest.raises(error):
        publish(store, tree, out)
    assert out.readlink() == before and words(out) == {"one"}
    assert not list((store.root / "releases").glob("*/staging-*"))


def test_source_files_are_copied_not_linked(store: Store, tmp_path: Path) -> None:
    (tmp_path / "protocol.pdf").write_bytes(b"first")
    publish(store, store.sources(tmp_path, ["protocol.pdf"]), tmp_path / "site")
    (tmp_path / "protocol.pdf").write_bytes(b"edited")
    assert (tmp_path / "site" / "protocol.pdf").read_bytes() == b"first"


def test_a_file_system_that_ends_a_file_s_links(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ext4 ends at 65,000; here at 10, told by the same error."""
    link = os.link

    def limited(source: str, target: str) -> None:
        if Path(source).stat().st_nlink >= 10:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK), source)
        link(source, target)

    monkeypatch.setattr(os, "link", limited)
    same = store.put(b"one tile of black")
    tree = Tree({f"tiles/{n}.webp": same for n in range(35)})
    publish(store, tree, tmp_path / "site")
    files = list((tmp_path / "site" / "tiles").iterdir())
    assert len(files) == 35 and {f.read_bytes() for f in files} == {b"one tile of black"}
    assert len({f.stat().st_ino for f in files}) == 4, "a fresh copy is linked to in its turn"
    assert {f.stat().st_mode & 0o777 for f in files} == {0o444}


def test_a_reader_never_finds_the_site_missing(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    trees = [site(store, word) for word in ("one", "two")]
    publish(store, trees[0], out)
    missed = looked = 0
    done = threading.Event()

    def read() -> None:
        nonlocal missed, looked
        while not done.is_set():
            looked += 1
            missed += not os.access(f"{out}/index.html", os.R_OK)

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(100):
        publish(store, trees[n % 2], out)
    done.set()
    reader.join()
    assert looked > 100 and not missed


CHILD = """
import os, sys
from itertools import count
from pathlib import Path
from portal.engine.step import Tree
from portal.engine.store import Store
from portal.publish.release import publish
Store.flush = lambda store: None  # as in Unflushed
store, out = Store(Path(sys.argv[1])), Path(sys.argv[2])
print("ready", flush=True)
for n in count():
    word = store.put(f"{os.getpid()}-{n}".encode())
    publish(store, Tree({f"p{k % 9}/{k}.html": word for k in range(300)}), out)
    print("published", flush=True)
"""


def test_killed_at_any_moment(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    publish(store, Tree({f"p{k % 9}/{k}.html": store.put(b"first") for k in range(300)}), out)
    chance = random.Random(42)
    seen: set[str] = set()
    for _ in range(20):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(store.root), str(out)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        for _ in range(chance.randrange(3)):
            child.stdout.readline()
        time.sleep(chance.uniform(0, 0.01))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        found = words(out)
        assert len(found) == 1 and len(list(out.rglob("*.html"))) == 300, f"a torn site: {found}"
        seen |= found
    assert len(seen) > 3, "hardly any got as far as a swap: the test shows nothing"
    assert list((store.root / "releases").glob("*/staging-*")), "none was cut short while staging: the test shows nothing"
    publish(store, site(store, "final"), out)
    collect(store, keep=0)
    assert words(out) == {"final"} and len(list((store.root / "releases").glob("*/*"))) == 2


def test_a_page_written_to_in_its_place_is_published_anew(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "site"
    tree = site(store, "one")
    publish(store, tree, out)
    assert not publish(store, tree, out).changed
    time.sleep(0.02)  # a file system's clock ticks every few milliseconds
    page = out / "index.html"
    page.unlink()
    page.write_text("defaced")
    assert publish(store, tree, out).changed and words(out) == {"one"}
    assert not publish(store, tree, out).changed


@pytest.mark.parametrize("path", ["a/" * 40 + "index.html", "b" * 300 + "/index.html", "/".join(["c" * 200] * 8)])
def test_paths_that_no_disk_takes_are_refused_before_anything_is_made(store: Store, tmp_path: Path, path: str) -> None:
    publish(store, site(store, "one"), tmp_path / "site")
    with pytest.raises(BadPath):
        publish(store, Tree({path: store.put(b"x")}), tmp_path / "site")
    assert words(tmp_path / "site") == {"one"} and not list(store.root.glob("releases/*/staging-*"))


def test_what_cannot_be_collected_is_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(store, site(store, "one"), tmp_path / "site")
    (family,) = (store.root / "releases").iterdir()
    (family / "staging-1-dead").mkdir()

    def refused(*arguments: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("portal.publish.release._remove", refused)
    told: list[str] = []
    assert collect(store, told=told.append) == []
    assert told == [f"{family / 'staging-1-dead'} could not be removed (Operation not permitted); remove it by hand."]
