"""What a command costs: wall and processor seconds, and the memory of all its processes together."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

INTERVAL = 0.1  # seconds between two looks at /proc
PROC = Path("/proc")


@dataclass(frozen=True)
class Cost:
    """`peak` is the largest sum, in bytes, of the resident memory of a process and all below it (pages that processes share count
    once for each); `largest` that of a single one; both None where there is no /proc. `text` is what was printed.
    """

    code: int
    seconds: float
    cpu: float
    peak: int | None
    largest: int | None
    text: str
    errors: str


def run(command: Sequence[str | Path], cwd: Path, environment: dict[str, str] | None = None) -> Cost:
    """Runs a command to its end. Never raises for its exit code."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), monotonic()
    child = subprocess.Popen(
        [str(part) for part in command], cwd=cwd, env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    seen, ended = [(0, 0)], threading.Event()
    watcher = threading.Thread(target=_watch, args=(child.pid, seen, ended), daemon=True)
    if PROC.is_dir():
        watcher.start()
    text, errors = child.communicate()
    seconds = monotonic() - begun
    ended.set()
    if PROC.is_dir():
        watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak, largest = (max(of) for of in zip(*seen, strict=True))
    return Cost(child.returncode, seconds, cpu, peak or None, largest or None, text, errors)


def python(cwd: Path, *arguments: str | Path) -> Cost:
    return run([sys.executable, *arguments], cwd)


def _watch(root: int, seen: list[tuple[int, int]], ended: threading.Event) -> None:
    while not ended.wait(INTERVAL):
        sizes = [_resident(pid) for pid in _family(root)]
        if sizes:
            seen.append((sum(sizes), max(sizes)))


def _family(root: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir(PROC):
        if entry.name.isdigit():
            try:
                # The name, in brackets, may hold blanks and brackets: fields are counted from its end.
                parent = int((PROC / entry.name / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue  # it ended just now
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _resident(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
