"""Untrusted things that a step tries one after the other: one that ends the worker costs itself alone (DESIGN §2, §8).

A recipe marked `untrusted` runs in a worker process, and says what it is about to try: `with work.attempt(name): …`. Where the worker
dies there, or stays too long, the step runs again and is told; the same `with` then raises Lost, as a decoder raises for a broken file.
"""

from __future__ import annotations

import resource
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MEMORY = 2 * 2**30  # bytes that one attempt may take beyond what its process has already
PATIENCE = 900.0  # s that one attempt may last
MOST = 20  # attempts that may end a worker, before the whole step is given up


class Lost(Exception):
    """How an earlier run of this step ended at this attempt: the end of a sentence about the thing tried."""


@dataclass(frozen=True)
class Attempts:
    """`note`: where a worker writes what it is trying (None where nobody would read it); `lost`: names that are not tried, and why.

    `passing` collects the names whose failure says nothing of their bytes (want of memory): the step is not remembered then.
    `log`: where the stories of faults of ours are written (None: nowhere).
    """

    note: Path | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    passing: list[str] = field(default_factory=list)
    log: Path | None = None

    @contextmanager
    def attempt(self, name: str, mapped: int = 0) -> Iterator[None]:
        """Raises Lost where the name is lost; MemoryError comes from within where it takes more than 2 GiB.

        `mapped`: bytes of a file that may be mapped, which are addresses and no memory.
        """
        if name in self.lost:
            raise Lost(self.lost[name])
        if self.note is None:
            yield
            return
        self.note.write_text(name, encoding="utf-8")
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        allowed = _taken() + MEMORY + mapped
        if hard == resource.RLIM_INFINITY or allowed < hard:
            resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
        try:
            yield
        except MemoryError:
            self.passing.append(name)
            raise
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
            self.note.write_bytes(b"")

    def fault(self, name: str, error: BaseException) -> str:
        """Keeps the story of an error that says nothing of the bytes tried but is a mistake of ours, so that it can be mended: the step
        goes on, and is not remembered. Gives the name of the file that holds the story, below the store; '' where there is none."""
        self.passing.append(name)
        if self.log is None:
            return ""
        story = "".join(traceback.format_exception(error))
        with suppress(OSError), self.log.open("a", encoding="utf-8") as log:  # on a full disk the image's refusal matters more
            log.write(f"at:     {name}\n\n{story}\n")
        return f"{self.log.parent.name}/{self.log.name}"


def _taken() -> int:
    """The addresses of this process in bytes; nearly all that there are where /proc cannot tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**46
