"""Every figure of a page is the answer of a query that the page hands on: pages of every kind, a sample of each."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.figures import check, tables

# Kind → pattern of its pages, and how many of them are opened; the same ones every time.
PAGES = {
    "genes/*--*": 60, "compounds/*": 20, "proteins/*": 10, "antibodies/*": 10, "phenotypes/*": 20, "organisms/*": 8, "methods/*": 6,
    "cell-lines/*": 8, "study-types/*": 4, "studies/*": 10, "studies/*/*": 20, "studies/*/*/*": 25,
}  # fmt: skip


@pytest.mark.parametrize("pattern", PAGES)
def test_figures_are_answers(built_corpus: Path, pattern: str) -> None:
    found = sorted(p for p in built_corpus.glob(f"{pattern}/index.html") if "data-of=" in p.read_text())
    if not found and pattern.startswith(("methods", "study-types", "cell-lines")):
        pytest.fail(f"no page of {pattern} hands on a query")
    chosen = random.Random(pattern).sample(found, min(PAGES[pattern], len(found)))
    con = tables(built_corpus / "data")
    assert sum(check(con, page) for page in chosen) >= len(chosen) > 0


@pytest.mark.parametrize("page", ["index.html", "explore/index.html", "places/index.html", "genes/index.html", "phenotypes/index.html"])
def test_figures_of_pages_that_are_one_of_a_kind(built_corpus: Path, page: str) -> None:
    check(tables(built_corpus / "data"), built_corpus / page)
