"""`build.py import …`: the command line of the importers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.importers.idr import folder as idr
from portal import terminal
from portal.engine.run import Progress
from portal.terminal import DONE, LEFT_OUT, NOTHING

app = typer.Typer(no_args_is_help=True, help="Write study folders from another archive's files.")


@app.callback()
def importers() -> None:
    """Write study folders from another archive's files."""  # A callback: with one command alone Typer would leave its name out.


@app.command("idr")
def import_idr(sources: Annotated[list[Path], typer.Argument(help="Study folders of IDR's metadata, or parents of many.", exists=True)],
               into: Annotated[Path, typer.Option(help="The studies/ folder to write to.")]) -> None:  # fmt: skip
    """Write a study folder for each IDR study, with a report of what was read, mapped and left over."""
    with terminal.edge(NOTHING, ()):
        with terminal.progress("Importing", "studies") as shown:
            report = idr.import_idr(sources, into, lambda name, done, total: shown(Progress(name, "started", done, total)))
        print(report.text())
        raise typer.Exit(NOTHING if not report.imported else LEFT_OUT if report.refused else DONE)
