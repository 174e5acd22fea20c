"""Problem cases: a folder is a test. `content/` holds one mistake or a few, `expected.txt` every message, word for word.

A line of expected.txt is `error` or `warning` and the message, in the order of places. `links.txt` names symbolic links
that are made first (`where -> target`), since not every checkout can hold them. A bug arrives as a folder: add one, see
it fail, mend the code. `ACCEPT=1 pytest tests/ingest/test_problems.py` writes what is said now; read it before you commit.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.gather import gather
from portal.engine.run import Engine
from portal.engine.store import Store

FOLDER = Path(__file__).parents[1] / "problems"
CASES = sorted(p.name for p in FOLDER.iterdir() if (p / "content").is_dir())


def said(content: Path) -> str:
    with Engine(Store(content.with_name("store"))) as engine:
        return "".join(f"{p.severity} {p}\n" for p in gather(engine, content).problems)


@pytest.mark.parametrize("case", CASES)
def test_problem(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())))
    content = tmp_path / "content"
    shutil.copytree(FOLDER / case / "content", content)
    links = FOLDER / case / "links.txt"
    for line in links.read_text().splitlines() if links.exists() else ():
        where, _, target = line.partition(" -> ")
        (content / where).symlink_to(target)
    expected = FOLDER / case / "expected.txt"
    if os.environ.get("ACCEPT") == "1":
        expected.write_text(said(content), encoding="utf-8")
    assert said(content) == expected.read_text(encoding="utf-8")


def test_the_readme_sentence() -> None:
    assert (FOLDER / "readme-sentence" / "expected.txt").read_text() == (
        "error studies/idr0002/study.yaml:14: components[0].phenotypes[1].term 'CMPO_329' is not a CMPO accession; write CMPO:0000329\n"
    )


def test_twenty_mistakes_are_told_at_once() -> None:
    lines = (FOLDER / "twenty-mistakes" / "expected.txt").read_text().splitlines()
    assert len([line for line in lines if line.startswith("error ")]) >= 20
