"""The page that crosses studies: its tables before scripts, and the builder, whose answers are those of native DuckDB."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
from playwright.sync_api import Page, expect

from tests.browser import crossed
from tests.browser.test_every_page import axe, fits
from tests.browser.watched import SUB_PATH, Browsing, Served, serve
from tests.conftest import STORE, build_py

SLOW = 60_000  # the engine's first start, on a busy machine


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("crossed")
    content = crossed.write(root / "content")
    done = build_py("build", "--content", content, "--out", root / "site", "--store", STORE.with_name("test-crossed"))
    assert done.returncode == 0, done.stdout + done.stderr
    with serve(root / "site") as both:
        yield both


def native(site: Path, sql: str) -> list[tuple[object, ...]]:
    """What the published tables answer, by the names that the page's SQL uses."""
    with duckdb.connect() as con:
        for file in (site / "data").glob("*.parquet"):
            if not re.search(r"-[0-9a-f]{12}$", file.stem):
                con.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM '{file}'")
        return con.execute(sql).fetchall()


def answered(page: Page) -> list[str]:
    """The genes of the answer, once it is there."""
    expect(page.locator(".ask-facts")).to_contain_text("read", timeout=SLOW)
    expect(page.locator("#builder:not(.ask-busy)")).to_be_visible(timeout=SLOW)
    assert page.get_by_role("alert").count() == 0, page.get_by_role("alert").inner_text()
    return page.locator(".ask-result tbody tr td:first-child").all_inner_texts()


def genes(site: Path, page: Page) -> list[str]:
    """What native DuckDB answers to the SQL that the page shows."""
    return [str(row[0]) for row in native(site, page.locator(".ask-sql code").inner_text())]


def test_the_tables_are_there_before_scripts(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/", scripts=False, settled=False)
    table = page.locator("#phenotypes table")
    assert table.locator("thead a").all_inner_texts() == ["one screenA", "two screenA", "three screenA"]
    row = table.locator("tbody tr").filter(has_text="round cell phenotype")
    # Four of study one have it: one is a control. In the third it was looked for in vain.
    assert row.locator("td[data-row]").evaluate_all("cells => cells.map(c => [c.dataset.row, c.textContent.trim()])") == [
        ["CMPO:0000118 one screenA", "3"],
        ["CMPO:0000118 two screenA", "1"],
    ]
    assert row.locator(".mx").count() == 1  # no sample of the third has any phenotype
    assert "balls; rounded; spheres" in row.inner_text()
    assert [t.strip() for t in page.locator("#single li[data-row] a").all_inner_texts()] == ["odd one", "odd three", "odd two"]
    human = page.locator("#genes tbody tr")
    assert human.locator("th").all_inner_texts() == ["KIF11", "PLK1"]
    assert [t.split() for t in human.locator("td.number").all_inner_texts()] == [["2", "of", "3"], ["2", "of", "3"]]
    # Without scripts the presets are there as SQL, each with the way to run it.
    presets = page.locator(".preset")
    assert presets.count() >= 3
    assert "WITH tested" in (presets.first.locator("code").text_content() or "")
    assert (presets.first.locator("a").get_attribute("href") or "").startswith("../query/#sql=WITH")


def test_every_figure_is_the_answer_of_its_query(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/", scripts=False, settled=False)
    asked = page.locator("a.as-query").evaluate_all("links => links.map(a => [a.dataset.of, a.getAttribute('href')])")
    assert {of for of, _ in asked} >= {"phenotypes", "single", "genes-of-homo-sapiens"}
    for of, address in asked:
        with duckdb.connect() as con:
            for file in (three.site / "data").glob("*.parquet"):
                if not re.search(r"-[0-9a-f]{12}$", file.stem):
                    con.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM '{file}'")
            answer = con.execute(unquote(address.partition("#sql=")[2]))
            names = [d[0] for d in answer.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        shown = page.locator(f"#{of} [data-figure]").evaluate_all(
            "all => all.map(e => [e.dataset.figure, e.textContent.replaceAll(',', ''), e.closest('[data-row]').dataset.row])"
        )
        assert shown
        for column, figure, row in shown:
            found = [r for r in rows if row in (" ".join(str(v) for v in list(r.values())[:n]) for n in (1, 2, 3))]
            assert [str(r[column]) for r in found] == [figure], (of, column, row)


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_the_examples_are_one_click(three: Served, open_page: Browsing, base: str) -> None:
    page = open_page(three.url(base, "explore/"))
    chips = page.locator(".ask-presets button")
    written = page.locator(".preset code").all_text_contents()
    assert chips.count() == len(written) >= 3
    found = []
    for n in range(chips.count()):
        chips.nth(n).click()
        found.append(answered(page))
        assert page.locator(".ask-sql code").inner_text() == written[n]
        assert found[-1] == genes(three.site, page)
        assert "c=" in page.url
    # "… with phenotype A in study X and phenotype B in any other study"; "… sampled in 3 studies or more with no phenotype".
    assert found[0] and found[1] == ["WEE1"]
    chips.first.click()
    answered(page)
    link = page.locator(".ask-result tbody a").first
    page.goto(str(link.evaluate("a => a.href")))
    expect(page.locator("h1")).to_contain_text("KIF11")


def test_conditions_by_clicks_are_in_the_address(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/")
    page.get_by_label("Condition 1: which phenotype").select_option("CMPO:0000118")
    page.get_by_label("Condition 1: where").select_option("one")
    page.get_by_label("Condition 2: and, or and not").select_option("and not")
    page.get_by_label("Condition 2: which phenotype").select_option("CMPO:0000118")
    page.get_by_label("Condition 2: where").select_option("in any other study")
    page.get_by_role("button", name="Find genes").click()
    assert answered(page) == genes(three.site, page) == ["KIF11"]
    expect(page.locator(".ask-sentence")).to_contain_text("without “round cell phenotype” in another study")
    # Controls counted: CDK1 too.
    page.get_by_label("count controls").check()
    expect(page.locator(".ask-status")).to_contain_text("of the question before")
    page.get_by_role("button", name="Find genes").click()
    expect(page.locator(".ask-result tbody tr")).to_have_count(2, timeout=SLOW)
    assert answered(page) == genes(three.site, page)
    again = open_page(page.url)
    assert answered(again) == answered(page)
    assert again.get_by_label("count controls").is_checked()
    assert again.get_by_label("Condition 2: and, or and not").input_value() == "not"
    # Evidence: only the third study is a screen of proteins.
    again.get_by_label("Evidence: the kind of screen").select_option("protein screen")
    again.get_by_role("button", name="Find genes").click()
    expect(again.locator(".ask-facts")).to_contain_text("0 genes", timeout=SLOW)


def test_a_mark_opens_the_genes_behind_it(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/")
    mark = page.locator('td[data-row="CMPO:0000118 two screenA"] a')
    mark.click()
    assert answered(page) == genes(three.site, page) == ["PLK1"]
    assert page.get_by_label("Condition 1: where").input_value() == "two"


def test_the_console_and_a_file_get_the_same(three: Served, open_page: Browsing, tmp_path: Path) -> None:
    page = open_page(three.root + "explore/#c=and%7Csampled%7C%7C%253E%253D2")
    wanted = answered(page)
    assert len(wanted) == 4
    with page.expect_download(timeout=SLOW) as download:
        page.locator(".ask-downloads").get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "genes.csv")
    with (tmp_path / "genes.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [r["gene"] for r in rows] == wanted and all((three.site / r["address"] / "index.html").is_file() for r in rows)
    page.get_by_role("link", name="Open in the console").click()
    expect(page.locator(".console-facts")).to_contain_text("4 rows", timeout=SLOW)
    expect(page.locator(".console-result tbody a").first).to_be_visible(timeout=SLOW)
    assert page.locator(".console-result tbody tr td:first-child").all_inner_texts() == wanted


def test_nothing_is_loaded_before_it_is_asked(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/")
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map(e => new URL(e.name).pathname)")
    assert not [p for p in loaded if "duckdb-" in p or p.endswith((".wasm", ".parquet"))]


def test_an_address_that_means_nothing_does_no_harm(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/#c=and%7Chas%7CX%253A9%27%27--%7Cnowhere")
    assert answered(page) == []
    assert "not here" in page.get_by_label("Condition 1: which phenotype").locator("option:checked").inner_text()
    expect(page.locator(".ask-facts")).to_contain_text("0 genes")


def test_conditions_left_out_of_an_address_are_counted(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/#" + "&".join(["c=and%7Chas%7C%7C"] * 10 + ["c=and%7Cdance%7C%7C"]))
    answered(page)
    expect(page.locator(".ask-row")).to_have_count(8)
    expect(page.locator(".ask-cut")).to_have_text("At most 8 conditions are asked at once: the last 3 in the address are left out.")
    page.get_by_role("button", name="Remove condition 8").click()
    expect(page.locator(".ask-cut")).to_be_hidden()
    page = open_page(three.root + "explore/#c=and%7Chas%7C%7C&c=and%7Cdance%7C%7C")
    answered(page)
    expect(page.locator(".ask-cut")).to_have_text("1 condition in the address cannot be read, and is left out.")


def test_everyone_can_use_it(three: Served, open_page: Browsing) -> None:
    page = open_page(three.root + "explore/#c=and%7Chas%7C%7C")
    answered(page)
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "390 px")
    assert not wrong, "\n".join(wrong)
    fits(page)
    # On a phone the numbers are said, not only drawn.
    assert page.locator('td[data-row="CMPO:0000118 one screenA"] [data-figure]').bounding_box()["width"] > 4  # type: ignore[index]
    # By keyboard alone: a condition is added, the focus goes to it, and it is taken away.
    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Condition 2: and, or and not")).to_be_focused()
    page.get_by_role("button", name="Remove condition 2").press("Enter")
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
