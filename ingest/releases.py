"""content/releases/<name>.json: what changed with each release, as `build.py changes` records it and the portal shows it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from pydantic import ValidationError

from ingest.folders import read_below
from ingest.marks import quoted
from portal.changes import FOLDER, Changes
from portal.engine.run import Engine
from portal.engine.step import Tree
from portal.problems import Place, Problem

MOST = 200
LARGEST = 20_000_000  # bytes of one file
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AGAIN = "write it again with `build.py changes`, or remove it"


class BadName(Exception):
    """A release that cannot be called so."""


def record(content: Path, name: str, changes: Changes) -> Path:
    """Writes what changed with the release `name`, in one step; the file. Raises BadName, OSError."""
    if not _NAME.fullmatch(name):
        raise BadName(f"{quoted(name)} is no name of a release; use letters, digits, dots and hyphens, such as --name 2026-11")
    path = content / FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.next")
    temporary.write_text(changes.model_copy(update={"name": name}).model_dump_json(indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105  in one step: a full disk leaves the old file
    return path


def read_releases(engine: Engine, content: Path) -> tuple[Tree, list[Problem]]:
    """The files that could be read, by name, and a warning for each entry of the folder that could not. Links are not followed."""
    root = content / FOLDER
    if root.is_symlink():
        return Tree(), [Problem(Place(FOLDER), "is a link", "put the folder itself here: links are not followed", "warning")]
    if not root.is_dir():
        return Tree(), []
    good: list[str] = []
    problems: list[Problem] = []
    entries = sorted((e for e in os.scandir(root) if not e.name.startswith(".")), key=lambda e: e.name)
    for entry in entries[:MOST]:
        place = Place(f"{FOLDER}/{quoted(entry.name, 200)[1:-1]}")
        plain = stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
        if not plain or not entry.name.endswith(".json") or not _NAME.fullmatch(entry.name.removesuffix(".json")):
            problems.append(Problem(place, "is no list of changes", "name one as 2026-11.json, or move it elsewhere", "warning"))
        elif wrong := _wrong(content, entry.name):
            problems.append(Problem(place, wrong, _AGAIN, "warning"))
        else:
            good.append(entry.name)
    if len(entries) > MOST:
        problems.append(Problem(Place(FOLDER), f"holds more than {MOST} entries", "keep the last ones", "warning"))
    return engine.store.sources(root, good) if good else Tree(), problems


def _wrong(content: Path, name: str) -> str:
    """What keeps a file from being read; empty where nothing does."""
    raw, problem = read_below(content, f"{FOLDER}/{name}", LARGEST)
    if raw is None:
        return problem.what if problem else "cannot be read"
    try:
        Changes.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        return f"is no list of changes ({quoted(where, 100)}: {first['msg'][:100]})"
    return ""
