"""What a person at a terminal sees: progress on long work, problems with place and mend, a closing line. Nothing decides here.

The options that several commands share stand here too, with their help.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from portal.engine.run import Progress as Done
from portal.engine.store import Swept
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


console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    console.print(text, markup=False)


@contextmanager
def progress(what: str) -> Iterator[Callable[[Done], None]]:
    """A bar with counts, time and time left on a terminal; nothing where stderr is a file."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.fields[step]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, step="")

        def on_progress(done: Done) -> None:
            bar.update(task, completed=done.done, total=done.total, step=done.step[:40])

        yield on_progress


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    for p in sorted(set(problems)):
        yield f"{'' if p.severity == 'error' else 'warning: '}{p}"


def report(problems: Iterable[Problem], form: Format = Format.text) -> None:
    """Problems on stdout: one line each, or JSON for tools."""
    found = sorted(set(problems))
    if form is Format.json:
        sys.stdout.write(json.dumps([p.as_dict() for p in found], ensure_ascii=False, indent=1) + "\n")
    else:
        for line in problem_lines(found):
            sys.stdout.write(line + "\n")
    sys.stdout.flush()


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


@contextmanager
def edge(code: int, expected: tuple[type[Exception], ...], end: bool = True) -> Iterator[None]:
    """No traceback reaches a curator: what went wrong in one sentence, and the exit code. `end=False` goes on afterwards.

    What is neither `expected` nor an OSError is a fault of ours: its traceback goes to a file that the sentence names.
    """
    try:
        yield
    except typer.Exit:
        raise
    except (OSError, *expected) as error:  # type: ignore[misc]
        say(str(error) or type(error).__name__)
    except Exception as error:
        with tempfile.NamedTemporaryFile("w", prefix="slidecase-", suffix=".log", delete=False) as log:
            traceback.print_exc(file=log)
        say(f"Slidecase itself failed ({type(error).__name__}: {error}). Please report it, with {log.name}.")
    else:
        return
    if end:
        raise typer.Exit(code) from None
