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
    found = sorted(built_corpus.glob(f"{pattern}/index.html"))
    some = random.Random(pattern).sample(found, min(4 * PAGES[pattern], len(found)))
    # The address of another name, and a component without tables, say no figure.
    chosen = [p for p in some if "data-of=" in p.read_text()][: PAGES[pattern]]
    con = tables(built_corpus / "data")
    assert sum(check(con, page) for page in chosen) >= len(chosen) > 0


ONE_OF_A_KIND = (
    "", "explore/", "places/", "genes/", "compounds/", "phenotypes/", "organisms/", "methods/", "study-types/", "cell-lines/", "studies/",
    "downloads/",
)  # fmt: skip


@pytest.mark.parametrize("page", ONE_OF_A_KIND)
def test_figures_of_pages_that_are_one_of_a_kind(built_corpus: Path, page: str) -> None:
    assert check(tables(built_corpus / "data"), built_corpus / page / "index.html")
