"""What a person at a terminal sees: progress on long work, problems with place and mend, a closing line. Nothing decides here.

The options that several commands share stand here too, with their help.
"""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from portal.engine.run import Progress as Done
from portal.engine.store import Swept
from portal.pace import Pace
from portal.problems import Problem, errors


class Format(StrEnum):
    text = "text"
    json = "json"


Content = Annotated[Path, typer.Option(help="Folder with studies/ and, optionally, portal.yaml, ontologies/ and genes/.")]
Out = Annotated[Path, typer.Option(help="Where the portal is published: a link, swapped when the build is done.")]
StoreAt = Annotated[Path | None, typer.Option("--store", help="Folder of remembered results. [default: .slidecase beside --out]")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes.", show_default="one a core")]
Only = Annotated[list[str] | None, typer.Option(help="Only this study; may be given more than once.", metavar="ACCESSION")]
Strict = Annotated[bool, typer.Option("--strict", help="Publish nothing while any study has an error.")]
Form = Annotated[Format, typer.Option("--format", help="How problems are written.")]


DONE, LEFT_OUT, NOTHING = 0, 1, 2  # exit codes: all well; studies left out or problems found; nothing done
EVERY = 10.0  # seconds between two lines about long work, where there is no terminal

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    console.print(text, markup=False)


class _Stages:
    """The stages of one command, in the order in which they began."""

    def __init__(self, what: str, unit: str, begun: Callable[[Pace], None] | None = None):
        self._what, self._unit, self._begun = what, unit, begun
        self.all: list[Pace] = []

    def __call__(self, done: Done) -> None:
        now, stage = time.monotonic(), done.stage or self._what
        if not self.all or self.all[-1].stage != stage or done.total != self.all[-1].total:
            self.all.append(Pace(stage, done.unit or self._unit, now))
            self.all[-1].total = done.total
            if self._begun:
                self._begun(self.all[-1])
        # What prepares for what is counted tells nothing of its speed: before a plate is drawn, all of it is measured.
        self.all[-1].tell(done.done, done.total, done.step, done.state == "known" or not done.pieces, now)


class _Measured(ProgressColumn):
    """Counts, rate, time so far and time left of a stage."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["pace"].short(time.monotonic()), no_wrap=True)


@contextmanager
def progress(what: str, unit: str = "steps", every: float = EVERY) -> Iterator[Callable[[Done], None]]:
    """What is told to the function given: on a terminal a bar for each stage, with counts, rate, time so far and time left, gone
    when all is done; where stderr is no terminal, a line every `every` seconds, and so none for short work.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        yield from _bars(what, unit)
    else:
        yield from _lines(what, unit, every)


@contextmanager
def counting(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """`progress` of work that tells no more than how much is done, and of how much."""
    with progress(what, unit) as shown:
        yield lambda done, total: shown(Done("", "ran", done, total))


def _bars(what: str, unit: str) -> Iterator[Callable[[Done], None]]:
    now_at = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=16), _Measured(Column(no_wrap=True)),
        TextColumn("[dim]{task.fields[step]}", table_column=now_at),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        tasks: list[TaskID] = []
        stages = _Stages(what, unit, lambda pace: tasks.append(bar.add_task(pace.stage, total=pace.total, pace=pace, step="")))

        def on_progress(done: Done) -> None:
            stages(done)
            for ended in tasks[:-1]:
                bar.update(ended, visible=False)
            bar.update(tasks[-1], completed=done.done, step=escape(done.step))

        yield on_progress


def _lines(what: str, unit: str, every: float) -> Iterator[Callable[[Done], None]]:
    stages, ended = _Stages(what, unit), threading.Event()

    def speak() -> None:
        while not ended.wait(every):
            if stages.all:
                say(stages.all[-1].sentence(time.monotonic()))

    # By a clock of its own: the longest silence is a step that takes minutes.
    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield stages
    finally:
        ended.set()
        speaker.join()


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    for p in sorted(set(problems)):
        yield f"{'' if p.severity == 'error' else 'warning: '}{p}"


def report(problems: Iterable[Problem], form: Format = Format.text) -> None:
    """Problems on stdout: one line each, or JSON for tools."""
    found = sorted(set(problems))
    if form is Format.json:
        # Where the terminal may not know a character, its code: \\u00e4 is the same to a program.
        sys.stdout.write(json.dumps([p.as_dict() for p in found], ensure_ascii=not _knows_unicode(), indent=1) + "\n")
    else:
        for line in problem_lines(found):
            sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _knows_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").replace("-", "").casefold() in ("utf8", "utf16", "utf32")


def count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def summary(problems: Iterable[Problem]) -> str:
    found = set(problems)
    bad = len(errors(found))
    return f"{count(bad, 'error')}, {count(len(found) - bad, 'warning')}"


def built(out: Path, files: int, changed: bool, studies: int, left_out: Iterable[str], problems: Iterable[Problem]) -> None:
    """The closing lines of a build."""
    for accession in left_out:
        say(f"Left out: {accession} (its errors stand above).")
    state = f"{count(studies, 'study', 'studies')} in {count(files, 'file')} at {out}" + ("" if changed else ", as before")
    say(f"Published {state}. {summary(problems)}.")


def swept(gone: Swept, dry_run: bool) -> None:
    what = f"{count(gone.results, 'result')} and {count(gone.blobs, 'file')} ({gone.bytes / 1e6:,.1f} MB)"
    say(f"{'Would remove' if dry_run else 'Removed'} {what}.")


def _steady() -> None:
    """A terminal that is closed, or knows ASCII alone, never stops a command: what it cannot show is written as its code."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123  open as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk that is written to is full; make room there and try again."
    return str(error) or type(error).__name__


@contextmanager
def afterwards() -> Iterator[list[Exception]]:
    """For what follows a publication: where it fails, the site is published all the same. The command says so, goes on, and finds
    the failure in the list.
    """
    failed: list[Exception] = []
    try:
        yield failed
    except (OSError, ValueError, LookupError) as error:
        failed.append(error)
        say(f"The site is published; what comes after could not be done: {_sentence(error)}")


@contextmanager
def edge(code: int, expected: tuple[type[Exception], ...], end: bool = True) -> Iterator[None]:
    """No traceback reaches a curator: what went wrong in one sentence, and the exit code. `end=False` goes on afterwards.

    What is neither `expected` nor an OSError is a fault of ours: its traceback goes to a file that the sentence names.
    """
    _steady()
    try:
        yield
    except typer.Exit:
        raise
    except BrokenPipeError:
        # Who read it (`| head`) has read enough, and nothing went wrong: ended as a program of Unix is.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except (OSError, *expected) as error:  # type: ignore[misc]
        say(_sentence(error))
    except Exception as error:
        with tempfile.NamedTemporaryFile("w", prefix="slidecase-", suffix=".log", delete=False) as log:
            traceback.print_exc(file=log)
        say(f"Slidecase itself failed ({type(error).__name__}: {error}). Please report it, with {log.name}.")
    else:
        return
    if end:
        raise typer.Exit(code) from None
