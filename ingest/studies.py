"""study.yaml → Study, or every problem in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from posixpath import basename

from ingest.marks import read_yaml
from ingest.rules import findings
from ingest.validation import validated
from portal.engine.step import Work, recipe
from portal.model import Study
from portal.problems import Place, Problem, dump, errors


def read_study(raw: bytes, file: str, folder: str) -> tuple[Study | None, dict[str, int], list[Problem]]:
    """Bytes of a study.yaml → (Study, dotted YAML path → line, problems).

    `file` is named in problems; `folder` is the study's folder, whose last part the accession must be.
    The Study is None where a problem is an error; warnings leave it. Never raises for bad content.
    """
    marked, problems = read_yaml(raw, file)
    if marked is None:
        return None, {}, sorted(problems)
    study, more = validated(Study, marked, file)
    problems += more
    if isinstance(marked.root, dict):
        problems += findings(marked, basename(folder), file)
    if errors(problems):
        study = None
    return study, marked.lines(), sorted(set(problems))


@recipe("code")
def study(work: Work, *, folder: str) -> dict[str, bytes | Path]:
    """The `study` step: inputs[0] holds `study.yaml`; `folder` is the study's, relative to the content folder.

    `study.json` (absent where there are errors), `lines.json` (dotted path → line), `problems.json`.
    """
    found, lines, problems = read_study(work.inputs[0].read("study.yaml"), f"{folder}/study.yaml", folder)
    out: dict[str, bytes | Path] = {
        "lines.json": json.dumps(lines, ensure_ascii=False, sort_keys=True, indent=0).encode(),
        "problems.json": dump(problems),
    }
    if found is not None:
        out["study.json"] = found.model_dump_json(indent=1).encode()
    return out


def with_lines(problems: Iterable[Problem], file: str, lines: Mapping[str, int]) -> list[Problem]:
    """Problems found by later steps in `file`, which know the path there but not the line: the line of the path,
    else of the nearest part of it that stands in the file.
    """
    return [_with_line(p, lines) if p.place.file == file and not p.place.line and p.place.path else p for p in problems]


def _with_line(problem: Problem, lines: Mapping[str, int]) -> Problem:
    path = problem.place.path
    while path and path not in lines:
        # Off with the last part: `.key`, `[0]` or `['any text']`. A key may itself hold dots (`gene.id`).
        path = re.sub(r"(\.[^.\[\]]*|\[\d+\]|\['.*?'\]|^[^.\[\]]*)$", "", path)
    return replace(problem, place=replace(problem.place, line=lines.get(path, 0)))


def not_yet_released(study: Study, file: str, lines: Mapping[str, int], as_of: date) -> list[Problem]:
    """A warning where the release lies after `as_of`. Not in the recipe: a recipe knows no clock."""
    if study.released is None or study.released <= as_of:
        return []
    place = Place(file, lines.get("released", 0), 0, "released")
    return [Problem(place, f"'{study.released}' lies in the future", "mend it, or keep the study out of the content until then", "warning")]
