"""The store: whole bytes or none, one build at a time, nothing trusted that a crash may have torn."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.engine.run import Engine
from portal.engine.step import Need, Step, Tree
from portal.engine.store import Busy, Gone, Store
from tests.engine import recipes

ROOT = Path(__file__).parents[2]


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT)


def test_bytes_are_kept_once_and_read_only(store: Store) -> None:
    digest = store.put(b"plate 1")
    assert digest == hashlib.sha256(b"plate 1").hexdigest() == store.put(b"plate 1")
    assert store.read(digest) == b"plate 1"
    assert store.path(digest).stat().st_mode & 0o777 == 0o444
    with store.scratch() as scratch:
        (scratch / "same").write_bytes(b"plate 1")
        (scratch / "other").write_bytes(b"plate 2")
        os.link(scratch / "other", scratch / "second name")
        assert store.put(scratch / "same") == digest
        other = store.put(scratch / "other")
        (scratch / "second name").write_bytes(b"scribbled")
    assert store.read(other) == b"plate 2", "a file that has a second name is copied"
    assert not list((store.root / "temp").iterdir())


def test_several_processes_put_the_same_bytes(store: Store) -> None:
    code = """
import sys; from pathlib import Path; from portal.engine.store import Store; from portal.engine.step import Tree
store = Store(Path(sys.argv[1]))
for n in range(300):
    store.remember(f"key {n}", Tree({"a": store.put(f"blob {n % 100}".encode() * 50)}))
"""
    children = [python(code, store.root) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    for n in range(300):
        tree = store.recall(f"key {n}")
        assert tree is not None and store.read(tree["a"]) == f"blob {n % 100}".encode() * 50


def test_a_result_whose_bytes_are_lost_is_made_again(store: Store) -> None:
    steps = [Step("words", recipes.words, {"text": "a b"}), Step("all", recipes.joined, {}, (Need("words"),))]
    tree = Engine(store).run(steps)["all"]
    store.blob(tree["all.txt"]).unlink()
    with pytest.raises(Gone, match="build again"):
        store.read(tree["all.txt"])
    engine = Engine(store)
    assert engine.run(steps)["all"] == tree and engine.ran == ["all"]


def test_a_second_build_at_once_is_told(store: Store) -> None:
    code = "import sys; from pathlib import Path; from portal.engine.store import Store\n"
    child = python(code + "with Store(Path(sys.argv[1])).lock(): print('in', flush=True); input()", store.root)
    assert child.stdout is not None and child.stdin is not None and child.stdout.readline() == "in\n"
    with pytest.raises(Busy, match=rf"another build \(process {child.pid}\) is using .*store; wait until it has ended"), store.lock():
        pass
    child.communicate("\n")
    with store.lock(), pytest.raises(Busy), store.lock():
        pass
    with store.lock():
        pass


def test_results_of_a_dead_build_are_checked_before_they_are_trusted(store: Store) -> None:
    """What a loss of power leaves: rows that were committed, blobs that are empty."""
    steps = [Step(name, recipes.words, {"text": name}) for name in ("torn", "sound")]
    trees = Engine(store).run(steps)  # no lock: never flushed
    torn = store.blob(trees["torn"]["words/0.txt"])
    torn.chmod(0o644)
    torn.write_bytes(b"")
    with store.lock():
        engine = Engine(store)
        assert engine.run(steps) == trees
        assert engine.ran == ["torn"]
    torn.chmod(0o644)
    flushed = torn.stat()
    torn.write_bytes(b"")
    os.utime(torn, ns=(flushed.st_atime_ns, flushed.st_mtime_ns))
    with store.lock():
        engine = Engine(store)
        engine.run(steps)
        assert engine.known == 2, "what was flushed, and not written to since, is not read again"
    os.utime(torn)
    with store.lock():
        engine = Engine(store)
        assert engine.run(steps) == trees
        assert engine.ran == ["torn"], "what was written to since is"


def test_torn_bytes_are_mended_when_they_are_made_again(store: Store) -> None:
    digest = store.put(b"whole")
    for again in (b"whole", None):
        store.blob(digest).chmod(0o644)
        store.blob(digest).write_bytes(b"who")
        if again is None:
            with store.scratch() as scratch:
                (scratch / "a").write_bytes(b"whole")
                store.put(scratch / "a")
        else:
            store.put(again)
        assert store.read(digest) == b"whole"


def test_sweeping_keeps_what_recent_builds_used(store: Store, tmp_path: Path) -> None:
    def build(text: str) -> dict[str, Tree]:
        with store.lock():
            engine = Engine(store)
            trees = engine.run([Step("words", recipes.words, {"text": text}), Step("all", recipes.joined, {}, (Need("words"),))])
            store.record_build(engine.outcomes, {"index.html": "all"}, tmp_path / "site")
        return trees

    old, kept, new = build("one two three"), build("four"), build("five six")
    Engine(store).run([Step("unfinished", recipes.words, {"text": "seven"})])
    (store.root / "scratch" / "999999999-left").mkdir()

    before = store.gc(keep=2, dry_run=True)
    assert before.results == 2 and before.blobs >= 4 and before.bytes > 0
    assert store.read(old["all"]["all.txt"]) == b"3 one two three"
    swept = store.gc(keep=2)
    assert (swept.results, swept.blobs) == (2, before.blobs)
    assert store.gc(keep=2).blobs == 0
    with pytest.raises(Gone):
        store.read(old["all"]["all.txt"])
    assert store.read(kept["all"]["all.txt"]) == b"1 four" and store.read(new["all"]["all.txt"]) == b"2 five six"
    assert [b.number for b in store.builds()] == [3, 2]
    engine = Engine(store)
    engine.run([Step("words", recipes.words, {"text": "four"}), Step("unfinished", recipes.words, {"text": "seven"})])
    assert engine.known == 2, "what an interrupted build made is kept, too"
