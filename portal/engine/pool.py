"""Worker processes that may die. Small, because the standard pool loses every task in flight when one worker crashes,
and cannot say which task it was.

A worker holds one task at a time, so the dead one names its task; a fresh worker takes its place.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from portal.engine.attempts import PATIENCE

# A worker that has grown beyond so many bytes ends after its task, and a fresh one takes the next: what a large step has
# taken from the system, libraries and allocators seldom give back, and the steps after it would stand on top of that.
GROWN = 400 * 2**20
LOOK = 2.0  # s between looks at what the workers are trying


@dataclass(frozen=True)
class Crash:
    """A worker that ended without an answer. `at`: what it said it was trying; `passing`: nothing says that it would end so again."""

    what: str
    story: str
    at: str = ""
    passing: bool = False


@dataclass
class _Worker:
    process: Any  # multiprocessing's SpawnProcess
    pipe: connection.Connection
    faults: Path
    task: str = ""
    note: Path | None = None
    late: bool = False


class Pool:
    """At most `jobs` processes, started when they are first needed. `function` is named by its module, as pickle does.

    A worker whose note stays the same for more than `patience` s is ended.
    """

    def __init__(self, jobs: int, function: Callable[..., object], patience: float = PATIENCE):
        self._jobs = jobs
        self._function = function
        self._patience = patience
        # Spawned, not forked: a forked copy of a process with threads (pyarrow, libvips) may hang.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._folder = tempfile.TemporaryDirectory(prefix="workers-")

    @property
    def busy(self) -> int:
        return sum(1 for worker in self._workers if worker.task)

    @property
    def has_room(self) -> bool:
        return self.busy < self._jobs

    def note(self) -> Path:
        """A file for a task to write what it is trying: see portal.engine.attempts."""
        handle, name = tempfile.mkstemp(dir=self._folder.name, prefix="note-")
        os.close(handle)
        return Path(name)

    def submit(self, task: str, *values: object, note: Path | None = None) -> None:
        """Starts `function(*values)` in a worker, under a name. Only while there is room."""
        for idle in [w for w in self._workers if not w.task and not w.process.is_alive()]:
            self._bury(idle)
        worker = next((w for w in self._workers if not w.task), None) or self._hire()
        worker.task, worker.note, worker.late = task, note, False
        try:
            worker.pipe.send(values)
        except BrokenPipeError:
            pass  # it died between two tasks: `wait` meets its end of file and says so

    def wait(self) -> list[tuple[str, object]]:
        """The finished tasks, each with what its function gave, or a Crash. Waits for the first one."""
        finished: list[tuple[str, object]] = []
        while not (ready := connection.wait([worker.pipe for worker in self._workers if worker.task], timeout=LOOK)):
            self._end_the_late()
        for worker in [w for w in self._workers if w.pipe in ready]:
            task, worker.task = worker.task, ""
            try:
                answer, last = worker.pipe.recv()
                finished.append((task, answer))
                if last:
                    self._bury(worker)
            except (EOFError, ConnectionResetError):
                finished.append((task, self._bury(worker)))
        return finished

    def _end_the_late(self) -> None:
        for worker in self._workers:
            if worker.task and worker.note and worker.note.stat().st_size and time.time() - worker.note.stat().st_mtime > self._patience:
                worker.late = True
                worker.process.kill()

    def close(self) -> None:
        """Ends all workers at once, whatever they are doing."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._workers.clear()
        self._folder.cleanup()

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        faults = Path(tempfile.mkstemp(dir=self._folder.name)[1])
        process = self._context.Process(target=_work, args=(theirs, self._function, faults), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours, faults)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> Crash:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        code = worker.process.exitcode
        story = worker.faults.read_text(errors="replace")
        at = worker.note.read_text(encoding="utf-8", errors="replace") if worker.note else ""
        if worker.late:
            return Crash(f"took longer than {self._patience:g} s", story, at, passing=True)
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
            return Crash(f"the worker process was ended by {name}{hint}", story, at, passing=name == "SIGKILL")
        return Crash(f"the worker process ended with exit code {code} and no answer", story, at)


def _work(pipe: connection.Connection, function: Callable[..., object], faults: Path) -> None:
    # The parent decides about an interrupt from the keyboard, and ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with faults.open("w") as file:
        faulthandler.enable(file)
        while True:
            try:
                values = pipe.recv()
            except (EOFError, ConnectionResetError):  # the parent is gone
                return
            answer = function(*values)
            last = _resident() > GROWN
            try:
                pipe.send((answer, last))
            except (BrokenPipeError, ConnectionResetError):  # the parent is gone
                return
            if last:
                return


def _resident() -> int:
    """The memory of this process in bytes; 0 where there is no /proc to ask."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
