"""content/checks/*.yaml → Check, or every problem in it with its line; and what is told of a check that was counted."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ingest.marks import Marked, quoted, read_yaml
from ingest.validation import validated
from portal.checks import FOLDER, Check, Checked, agrees, compare, sums
from portal.engine.step import Work, recipe
from portal.problems import Place, Problem, dump, errors, nearest
from portal.warehouse.counting import desk, fault, queries

MAX_CHECKS = 100
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\.yaml")


def find_checks(content: Path) -> tuple[list[str], list[Problem]]:
    """Names of the files in `content/checks`, sorted, and a warning for each entry that is none. Links are not followed."""
    root = content / FOLDER
    if root.is_symlink():
        return [], [Problem(Place(FOLDER), "is a link", "put the folder itself here: links are not followed", "warning")]
    if not root.is_dir():
        return [], []
    found: list[str] = []
    problems: list[Problem] = []
    for entry in sorted(os.scandir(root), key=lambda e: e.name):
        if entry.name.startswith("."):
            continue
        place = Place(f"{FOLDER}/{quoted(entry.name, 200)[1:-1]}")
        if not _FILE.fullmatch(entry.name) or not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            problems.append(Problem(place, "is no check", "name one as table-1.yaml, or move it elsewhere", "warning"))
        elif len(found) == MAX_CHECKS:
            problems.append(Problem(Place(FOLDER), f"holds more than {MAX_CHECKS} checks", "join some of them", "warning"))
            break
        else:
            found.append(entry.name)
    return found, problems


def read_check(raw: bytes, file: str) -> tuple[Check | None, dict[str, int], list[Problem]]:
    """Bytes of a check → (Check, dotted path → line, problems). None where a problem is an error. Never raises for bad content."""
    marked, problems = read_yaml(raw, file)
    if marked is None:
        return None, {}, sorted(problems)
    check, more = validated(Check, marked, file)
    problems += more
    if check is not None:
        problems += _findings(check, marked, file)
    return None if errors(problems) else check, marked.lines(), sorted(set(problems))


@recipe("code")
def check(work: Work, *, file: str) -> dict[str, bytes | Path]:
    """The `check` step: inputs[0] holds the one file. `check.json` (absent where there are errors), `lines.json`, `problems.json`."""
    source = work.inputs[0]
    found, lines, problems = read_check(source.read(next(iter(source))), file)
    out: dict[str, bytes | Path] = {
        "lines.json": json.dumps(lines, ensure_ascii=False, sort_keys=True, indent=0).encode(),
        "problems.json": dump(problems),
    }
    if found is not None:
        out["check.json"] = found.model_dump_json(indent=1).encode()
    return out


def _findings(check: Check, marked: Marked, file: str) -> Iterator[Problem]:
    """What the model alone cannot know: names that meet, and SELECTs that can be run."""
    names = [f.name for f in check.figures]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(marked.place(file, ("figures", index, "name")), f"{quoted(name)} is the name of two figures", "name each once")
    seen: set[str] = set()
    for index, row in enumerate(check.rows):
        if row.study in seen:
            yield Problem(marked.place(file, ("rows", index, "study")), f"{quoted(row.study)} has two rows", "keep one of the two")
        seen.add(row.study)
        for key, group in (("printed", row.printed), ("sql", row.sql), ("why", row.why)):
            yield from _unknown(marked, file, ("rows", index, key), group, names)
    if check.sum is not None:
        yield from _unknown(marked, file, ("sum", "printed"), check.sum.printed, names)
        yield from _unknown(marked, file, ("sum", "why"), check.sum.why, names)
    with desk() as con:
        for path, asked in queries(check):
            if wrong := fault(con, path, asked.sql):
                yield Problem(Place(file, marked.lines().get(path, 0), 0, path), wrong.what, wrong.mend)


def _unknown(marked: Marked, file: str, path: tuple[str | int, ...], group: dict[str, str], names: list[str]) -> Iterator[Problem]:
    for name in group:
        if name not in names:
            yield Problem(marked.place(file, (*path, name), key=True), "is none of the figures", nearest(name, names))


def told(checked: Checked, lines: dict[str, int], file: str) -> list[Problem]:
    """What is wrong with a check that was counted: SELECTs that failed, differences without a reason, reasons without a difference."""
    return [
        *(Problem(Place(file, lines.get(f.path, 0), 0, f.path), f.what, f.mend) for f in checked.faults),
        *(
            Problem(Place(file, lines.get(path, 0), 0, path), what, mend, "warning")
            for path, what, mend in (*_differences(checked), *_of_sums(checked))
        ),
    ]


def _differences(checked: Checked) -> Iterator[tuple[str, str, str]]:
    for index, (row, cells) in enumerate(zip(checked.check.rows, compare(checked), strict=True)):
        for cell in cells:
            why = f"rows[{index}].why.{cell.figure}"
            if cell.state == "differs" and not cell.explained:
                ours = "nothing here to count" if cell.ours is None else f"{cell.ours:,} here"
                what = f"is {cell.printed} for {row.study} in print, and {ours}, which is not explained"
                yield f"rows[{index}].printed.{cell.figure}", what, f"say why below the row's 'why:', as '{cell.figure}: …'"
            elif cell.state == "equal" and cell.why is not None:
                yield why, f"explains a difference that is not there: both are {cell.printed}", "remove it"
            elif cell.state == "unprinted" and cell.why is not None:
                yield why, "explains a figure that was not printed", "write the figure under 'printed:', or remove this"


def _of_sums(checked: Checked) -> Iterator[tuple[str, str, str]]:
    for total in sums(checked.check, compare(checked)):
        if not total.adds_up and total.why is None:
            what = f"is {total.printed} in print, and the printed rows sum to {total.rows}, which is not explained"
            yield f"sum.printed.{total.figure}", what, f"mend the rows, or say why below 'why:' of the sum, as '{total.figure}: …'"
        elif total.why is not None and agrees(total.printed, total.rows) and (total.equal or total.ours is None):
            yield f"sum.why.{total.figure}", f"explains a difference that is not there: the printed rows sum to {total.rows}", "remove it"
