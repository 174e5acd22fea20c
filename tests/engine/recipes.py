"""Small recipes for the tests of the engine. They live in a module so that worker processes can import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from portal.engine.attempts import Lost
from portal.engine.step import Work, recipe


@recipe("1")
def words(work: Work, *, text: str) -> dict[str, bytes]:
    """One file a word, below `words/`, and their count."""
    listed = text.split()
    return {f"words/{n}.txt": word.encode() for n, word in enumerate(listed)} | {"count.txt": str(len(listed)).encode()}


@recipe("1")
def stripped(work: Work) -> dict[str, bytes]:
    """Every input file without the white space around its lines."""
    return {path: b"\n".join(line.strip() for line in tree.read(path).splitlines()) for tree in work.inputs for path in tree}


@recipe("1")
def joined(work: Work, *, between: str = " ") -> dict[str, bytes]:
    return {"all.txt": between.join(tree.read(path).decode() for tree in work.inputs for path in tree).encode()}


@recipe("2")
def joined_again(work: Work) -> dict[str, bytes]:
    return {"all.txt": b"".join(tree.read(path) for tree in work.inputs for path in tree)}


@recipe("code")
def by_code(work: Work) -> dict[str, bytes]:
    return {"all.txt": b"made by the present code"}


@recipe("1")
def files(work: Work) -> dict[str, bytes | Path]:
    """Outputs written as files, one of them given twice."""
    (work.scratch / "deep").mkdir()
    large, small = work.scratch / "deep" / "large.bin", work.scratch / "small"
    large.write_bytes(b"x" * 100_000)
    small.write_bytes(b"small")
    return {"large.bin": large, "again/large.bin": large, "small": small, "bytes": b"small"}


@recipe("1")
def outside(work: Work, *, kind: str) -> dict[str, bytes | Path]:
    """What a recipe may not give."""
    (work.scratch / "link").symlink_to("/etc/hostname")
    (work.scratch / "file").write_bytes(b"")
    (work.scratch / "inner").symlink_to("file")
    given: dict[str, dict[str, bytes | Path]] = {
        "path": {"../up": b""},
        "absolute": {"/etc/x": b""},
        "twice": {"a": b"1", "A": b"2"},
        "file": {"a": Path("/etc/hostname")},
        "link": {"a": work.scratch / "link"},
        "inner link": {"a": work.scratch / "inner"},
        "folder": {"a": work.scratch},
        "up": {"a": work.scratch / ".." / ".." / "lock"},
        "text": {"a": "text"},  # type: ignore[dict-item]
        "hash order": {word: word.encode() for word in {"b", "a", "c", "d"}},
    }
    return given[kind]


@recipe("1")
def raises(work: Work, *, text: str) -> dict[str, bytes]:
    raise ValueError(text)


@recipe("1")
def crashes(work: Work) -> dict[str, bytes]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


HELD: list[bytes] = []


@recipe("1")
def grows(work: Work, *, megabytes: int, number: int) -> dict[str, bytes]:
    """Keeps memory, as an allocator does that gives nothing back; says in which process it ran."""
    HELD.append(b"x" * (megabytes * 2**20))
    return {f"{number}.txt": str(os.getpid()).encode()}


@recipe("1")
def slow(work: Work, *, seconds: float, number: int) -> dict[str, bytes]:
    (work.scratch / "half").write_bytes(b"half done")
    time.sleep(seconds)
    return {f"{number}.txt": str(number).encode()}


@recipe("1")
def disturbed(work: Work, *, file: str) -> dict[str, bytes]:
    """Reads its input, which somebody edits meanwhile."""
    (tree,) = work.inputs
    raw = tree.read("a.txt")
    Path(file).write_bytes(b"edited meanwhile")
    return {"copy.txt": raw}


@recipe("1", untrusted=True)
def tries(work: Work, *, names: list[str]) -> dict[str, bytes]:
    """One file a name. What a name says is done while it is tried; what became of it stands in its file."""
    made: dict[str, bytes] = {}
    for name in names:
        try:
            with work.attempt(name):
                if name.startswith("crash"):
                    os.kill(os.getpid(), signal.SIGSEGV)
                if name.startswith("hang"):
                    time.sleep(60)
                if name.startswith("swell"):
                    bytearray(3 * 2**30)
                if name.startswith("fault"):
                    made[name] = None.bytes  # type: ignore[attr-defined]  # a mistake of ours
                made[name] = f"drawn by {os.getpid()}".encode()
        except AttributeError as error:
            made[name] = work.attempts.fault(name, error).encode()
        except (Lost, MemoryError) as error:
            made[name] = f"{type(error).__name__} {error}".encode()
    return made
