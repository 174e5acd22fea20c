"""Which gene files portal.yaml names, and the steps that read them. What is wrong with one leaves the others standing."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.folders import nearest_file
from ingest.gene_files import steps
from ingest.gene_files.reading import PORTAL
from ingest.gene_files.steps import PARTS, SAID
from ingest.marks import quoted
from ingest.studies import with_lines
from ingest.tables import MAX_BYTES
from portal.engine.run import Engine
from portal.engine.step import Need, Opened, Step
from portal.model import Portal
from portal.naming import NAMES, ORTHOLOGS
from portal.problems import Place, Problem, load

_LISTED = 10_000  # Files that are looked through for the one that was meant.


@dataclass(frozen=True)
class GeneFiles:
    """Names of steps: those whose trees hold names.parquet or orthologs.parquet, and those that say what they read (sourced.json)."""

    known: tuple[str, ...]
    told: tuple[str, ...]
    problems: tuple[Problem, ...]


def read_gene_files(engine: Engine, content: Path, portal: Portal, lines: Mapping[str, int]) -> GeneFiles:
    """Runs the steps. `lines`: dotted path → line, of portal.yaml."""
    planned: list[Step] = []
    problems: list[Problem] = []
    declared = [("genes", i, f.table, steps.gene_file, f) for i, f in enumerate(portal.genes)]
    declared += [("orthologs", i, f.table, steps.ortholog_file, f) for i, f in enumerate(portal.orthologs)]  # type: ignore[misc]
    names: dict[str, int] = {}
    for key, index, table, recipe, file in declared:
        if wrong := _unreachable(content, table):
            what, mend = wrong
            problems.append(Problem(Place(PORTAL, path=f"{key}[{index}].table"), f"{quoted(table)} {what}", mend))
            continue
        name = f"{'gene' if key == 'genes' else 'ortholog'} file {table}"
        names[name] = names.get(name, 0) + 1
        name += f" ({names[name]})" if names[name] > 1 else ""
        source = engine.store.sources(content, [table])
        planned.append(Step(name, recipe, {"index": index, "declared": file.model_dump(mode="json")}, (source,)))
    trees = engine.run(planned, keep_going=True, stage="Reading gene files")
    for step in planned:
        if step.name in engine.failed:
            failed = engine.failed[step.name]
            what = f"could not be read: step '{step.name}' failed ({failed.cause})"
            problems.append(
                Problem(Place(step.params["declared"]["table"]), what, f"report it to the makers of Slidecase, with {failed.log}")
            )
        else:
            problems += load(Opened(trees[step.name], engine.store.path).read("problems.json"))
    found = [name for name, tree in trees.items() if NAMES in tree]
    if parts := [Need(name, PARTS) for name, tree in trees.items() if PARTS in tree]:
        last = Step("orthologs", steps.orthologs, {}, tuple(parts))
        # Names stand without orthologs.
        trees = {**trees, **engine.run([last], keep_going=True)}
        if last.name in engine.failed:
            failed = engine.failed[last.name]
            what = f"could not be put together: step '{last.name}' failed ({failed.cause})"
            problems.append(Problem(Place(PORTAL, path="orthologs"), what, f"report it to the makers of Slidecase, with {failed.log}"))
        found += [name for name, tree in trees.items() if ORTHOLOGS in tree]
    told = tuple(name for name, tree in trees.items() if SAID in tree)
    return GeneFiles(tuple(found), told, tuple(with_lines(problems, PORTAL, lines)))


def _unreachable(content: Path, table: str) -> tuple[str, str] | None:
    """Why a file below the content cannot be read, and the mend. Links are not followed."""
    here = content
    parts = table.split("/")
    for at, part in enumerate(parts):
        here = here / part
        try:
            state = here.lstat()
        except OSError:
            return "is not in the content folder", nearest_file(table, _files(content, parts[0]))
        if stat.S_ISLNK(state.st_mode):
            return "is a link, or lies behind one", "put the file itself there: links are not followed"
        if at + 1 < len(parts) and not stat.S_ISDIR(state.st_mode):
            return "is not in the content folder", nearest_file(table, _files(content, parts[0]))
    if not stat.S_ISREG(state.st_mode):
        return "is not a file", "name a table"
    if state.st_size > MAX_BYTES:
        return f"has {state.st_size:,} bytes", f"keep it below {MAX_BYTES:,}"
    return None


def _files(content: Path, top: str) -> tuple[str, ...]:
    """Files below a folder of the content, as paths below the content."""
    found: list[str] = []
    for folder, below, names in os.walk(content / top):
        below.sort()
        found += [Path(folder, name).relative_to(content).as_posix() for name in sorted(names)]
        if len(found) > _LISTED:
            break
    return tuple(found)
