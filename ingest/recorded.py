"""content/addresses.tsv, read and written as everything of the content is: links are not followed, only a file is read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ingest.folders import read_below
from portal import frozen
from portal.frozen import FILE, Row
from portal.problems import Problem


def read_recorded(content: Path) -> tuple[dict[str, Row], list[Problem]]:
    """The addresses recorded in a content folder, and what is wrong with the file; none where nothing was frozen."""
    if not content.is_dir():
        return {}, []
    raw, problem = read_below(content, FILE)
    return frozen.read(raw) if raw is not None else ({}, [problem] if problem is not None else [])


def record(content: Path, paths: Iterable[str]) -> tuple[int, list[Problem]]:
    """Writes the addresses of a published site to the content folder; how many are recorded now.

    Where the file has problems nothing is written, so that no line of it is lost. Raises OSError.
    """
    before, wrong = read_recorded(content)
    if wrong:
        return len(before), wrong
    after = frozen.write(frozen.pages_of(paths), before)
    temporary = content / f".{FILE}.next"
    temporary.write_bytes(after)
    os.replace(temporary, content / FILE)  # noqa: PTH105  in one step: a full disk leaves the old file
    return after.count(b"\n") - 1, []
