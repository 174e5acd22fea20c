"""A component's sample table: filters, order, export; the address keeps what is shown."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.published import ask
from tests.browser.watched import Browsing, Served


@pytest.fixture
def component(served: Served) -> tuple[str, str, int]:
    """(study, component, samples) of the largest screen."""
    sql = "SELECT study, component, samples FROM 'data/components.parquet' WHERE kind = 'screen' ORDER BY samples DESC LIMIT 1"
    found = ask(served.site, sql)[0]
    return found[0], found[1], found[2]


def opened(browsing: Browsing, served: Served, component: tuple[str, str, int], state: str = "") -> Page:
    page = browsing(served.root + f"studies/{component[0]}/{component[1]}/{state}")
    expect(page.locator(".filter-row input").first).to_be_visible()
    return page


def column(page: Page, name: str) -> list[str]:
    """The visible texts of a column."""
    heads = page.locator("#sample-table thead tr").first.locator("th")
    names = [h.get_attribute("data-column") for h in heads.all()]
    return page.locator(f"#sample-table tbody tr td:nth-child({names.index(name) + 1})").all_inner_texts()


def filterable(page: Page, *wished: str) -> str:
    """The first of these columns that the table shows."""
    shown = [h.get_attribute("data-column") for h in page.locator("#sample-table thead th[data-column]").all()]
    found = [name for name in wished if name in shown]
    assert found, f"none of {wished} is among {shown}"
    return found[0]


def field_of(page: Page, name: str) -> str:
    names = [h.get_attribute("data-column") for h in page.locator("#sample-table thead tr").first.locator("th").all()]
    return f".filter-row td:nth-child({names.index(name) + 1}) input"


def test_a_filter_leaves_what_the_table_file_holds(served: Served, open_page: Browsing, component: tuple[str, str, int]) -> None:
    study, name, _ = component
    sql = """SELECT gene_symbol, count(*) FROM 'data/samples.parquet' WHERE study = ? AND component = ? AND gene_symbol IS NOT NULL
             GROUP BY ALL ORDER BY count(*), 1 LIMIT 1"""
    wanted, count = ask(served.site, sql, study, name)[0]
    page = opened(open_page, served, component)
    gene = filterable(page, "gene_symbol", "gene.symbol")
    page.locator(field_of(page, gene)).fill(f"={wanted}")
    expect(page.locator("#sample-table tbody tr")).to_have_count(count)
    assert set(column(page, gene)) == {wanted}
    expect(page.locator(".table-count")).to_contain_text(f"{count} of")
    again = opened(open_page, served, component, "#" + page.url.partition("#")[2])
    expect(again.locator("#sample-table tbody tr")).to_have_count(count)
    expect(again.locator(field_of(again, gene))).to_have_value(f"={wanted}")


def test_a_click_on_a_head_sorts(served: Served, open_page: Browsing, component: tuple[str, str, int]) -> None:
    page = opened(open_page, served, component)
    well = filterable(page, "sample", "well")
    head = page.locator(f'#sample-table th[data-column="{well}"]')
    head.locator("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    first = column(page, well)[0]
    head.locator("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#sample-table")).not_to_have_attribute("aria-busy", "true")
    assert column(page, well)[0] != first


def test_export_holds_what_is_shown(served: Served, open_page: Browsing, component: tuple[str, str, int], tmp_path: Path) -> None:
    page = opened(open_page, served, component)
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    path = tmp_path / "samples.csv"
    download.value.save_as(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert len(rows) == component[2] + 1
    well = filterable(page, "sample", "well")
    assert {row[rows[0].index(well)] for row in rows[1:]} >= set(column(page, well)[:20])


def test_what_is_shown_opens_in_the_console(served: Served, open_page: Browsing, component: tuple[str, str, int]) -> None:
    page = opened(open_page, served, component)
    link = page.locator('.table-actions a:has-text("SQL")')
    assert "/query/" in (link.get_attribute("href") or "")


def test_nothing_left_says_so(served: Served, open_page: Browsing, component: tuple[str, str, int]) -> None:
    page = opened(open_page, served, component)
    page.locator(field_of(page, filterable(page, "sample", "well"))).fill("qqqqxzqq")
    expect(page.locator("#sample-table tbody .empty")).to_contain_text("No row")
