"""A term's page: counts with what is below it and without, by mouse, by keyboard and without scripts; each figure is a query's answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_every_page import axe
from tests.browser.watched import Browsing, Served, serve
from tests.conftest import ROOT, STORE, build_py

TERM = "phenotypes/CMPO_0000005/"
PAGES = (TERM, "phenotypes/CMPO_0000118/", "phenotypes/", "methods/FBbi_00000246/", "methods/", "study-types/EFO_0007550/", "study-types/",
         "organisms/NCBITaxon_9606/", "organisms/", "cell-lines/u2os/", "cell-lines/")  # fmt: skip


@pytest.fixture(scope="module")
def climbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two studies and a file of terms."""
    out = tmp_path_factory.mktemp("terms") / "site"
    done = build_py("build", "--content", ROOT / "tests/sites/ontology/content", "--out", out, "--store", STORE)
    assert done.returncode == 0, done.stdout + done.stderr
    with serve(out) as both:
        yield both


def shown(page: Page) -> list[str]:
    return page.locator("[data-figure=samples]:visible").all_inner_texts()[:1]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_switch_shows_the_term_alone(climbed: Served, open_page: Browsing, scripts: bool) -> None:
    page = open_page(climbed.root + TERM, scripts=scripts, settled=scripts)
    assert shown(page) == ["5"]
    page.get_by_label("this term alone").check()
    assert shown(page) == ["0"]
    expect(page.get_by_text("No study here uses this term itself")).to_be_visible()
    page.get_by_label("this term alone").press("ArrowLeft")
    assert shown(page) == ["5"] and page.get_by_label("with 2 narrower terms").is_checked()


def test_the_tree_is_climbed_by_links(climbed: Served, open_page: Browsing) -> None:
    page = open_page(climbed.root + "phenotypes/CMPO_0000118/")
    page.locator(".term-tree").get_by_role("link", name="cell morphology phenotype").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("cell morphology phenotype")
    page.locator(".term-tree").get_by_role("link", name="elongated cell phenotype").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("elongated cell phenotype")


@pytest.mark.parametrize("address", PAGES)
def test_every_figure_is_the_answer_of_its_query(climbed: Served, open_page: Browsing, address: str) -> None:
    page = open_page(climbed.root + address)
    compared = 0
    with duckdb.connect() as con:
        for table in climbed.site.glob("data/*.parquet"):
            if "-" not in table.stem:
                con.execute(f"CREATE VIEW {table.stem} AS SELECT * FROM '{table}'")
        for link in page.locator("a.as-query").all():
            answer = con.execute(unquote((link.get_attribute("href") or "").partition("#sql=")[2]))
            columns, rows = [d[0] for d in answer.description], answer.fetchall()
            block = page.locator("#" + (link.get_attribute("data-of") or "?"))
            for figure in block.locator("[data-figure]").all():
                column = columns.index(figure.get_attribute("data-figure") or "")
                key = figure.evaluate("e => e.closest('[data-row]')?.dataset.row ?? null")
                its = [r[column] for r in rows if key is None or key in (str(r[0]), f"{r[0]} {r[1]}")]
                assert [str(v) for v in its] == [(figure.text_content() or "").replace(",", "").strip()], (address, key, columns[column])
                compared += 1
    assert compared, "a page without a figure"
    figures = page.locator("main [data-figure]").count()
    assert compared == figures, f"{figures - compared} figures belong to no query"


def test_genes_can_be_taken_away(climbed: Served, open_page: Browsing) -> None:
    page = open_page(climbed.root + TERM)
    page.get_by_role("link", name="All as CSV").wait_for()
    listed = (climbed.site / TERM / "genes.csv").read_text().splitlines()
    assert listed[0] == "gene,organism,identifiers,studies,components,samples,address"
    assert [line.split(",")[0] for line in listed[1:]] == page.locator("#gene-list tbody th").all_inner_texts() == ["PLK1", "SGO1"]


@pytest.mark.parametrize("query", ["spherical cell", "cell morphology", "fluorescence microscopy", "U-2 OS"])
def test_search_finds_synonyms_ancestors_methods_and_cell_lines(climbed: Served, open_page: Browsing, query: str) -> None:
    target = {"spherical cell": "phenotypes/CMPO_0000118/", "cell morphology": TERM, "fluorescence microscopy": "methods/FBbi_00000246/",
              "U-2 OS": "cell-lines/u2os/"}[query]  # fmt: skip
    page = open_page(climbed.root + "search/?q=" + query.replace(" ", "+"))
    page.locator(f'main a[href$="{target}"]').first.wait_for()


@pytest.mark.parametrize("address", [TERM, "phenotypes/", "methods/FBbi_00000246/", "cell-lines/"])
def test_nothing_bars_the_way(climbed: Served, open_page: Browsing, address: str) -> None:
    page = open_page(climbed.root + address)
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "390 px")
    assert not wrong, wrong
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a phone"


def test_a_phenotypes_page_is_small(climbed: Served) -> None:
    import gzip

    for path in Path(climbed.site).glob("phenotypes/*/index.html"):
        assert len(gzip.compress(path.read_bytes())) < 30_000, path
