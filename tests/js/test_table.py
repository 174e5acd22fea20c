"""The sample table in a real browser: filters, order, pages, address, CSV, the way to the console."""

from __future__ import annotations

import csv
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from tests.browser.watched import Browsing, Served
from tests.js.site import Site

ADDRESS = "studies/demo/screenA/"


def cells(page, column: int) -> list[str]:  # type: ignore[no-untyped-def]
    return page.evaluate("c => [...document.querySelectorAll('#sample-table tbody tr')].map(r => r.cells[c].textContent)", column)


@pytest.mark.parametrize("base", ["/", "below"])
def test_filters_sorts_and_keeps_both_in_the_address(base: str, site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url(base, ADDRESS))
    assert page.locator(".table-count").inner_text() == "1,152 samples"
    assert len(cells(page, 0)) == 200
    page.get_by_label("Filter Gene Symbol").fill("sgo1")
    page.wait_for_function("() => document.querySelector('.table-count').textContent === '232 of 1,152 samples'")
    assert set(cells(page, 2)) == {"SGO1", "sgo1"}
    page.get_by_role("button", name="n_cells").click()
    page.get_by_role("button", name="n_cells").click()
    page.wait_for_function("() => document.querySelector('#sample-table tbody td:nth-child(5)').textContent === '3453'")
    assert page.locator('th[data-column="n_cells"]').get_attribute("aria-sort") == "descending"
    numbers = [int(n) for n in cells(page, 4)]
    assert numbers == sorted(numbers, reverse=True)
    assert parse_qs(urlsplit(page.url).fragment) == {"f": ["Gene Symbol:sgo1"], "s": ["-n_cells"]}
    again = open_page(page.url)
    again.wait_for_function("() => document.querySelector('.table-count').textContent === '232 of 1,152 samples'")
    assert again.get_by_label("Filter Gene Symbol").input_value() == "sgo1"
    assert cells(again, 4) == cells(page, 4)


def test_pages_reach_every_row_and_wells_are_linked(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    for rows in ("201–400", "401–600", "601–800", "801–1,000", "1,001–1,152"):
        page.get_by_role("button", name="Next").click()
        page.get_by_text(f"rows {rows} of 1,152").wait_for()
    assert page.get_by_role("button", name="Next").is_disabled()
    assert page.locator("#sample-table tbody tr").last.get_by_role("link").nth(1).get_attribute("href") == "plate11/#H12"
    assert page.locator("#sample-table tbody td.none").first.inner_text() == "–\nno value"


def test_a_filter_that_means_nothing_is_marked_and_ignored(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    page.get_by_label("Filter n_cells").fill("many")
    page.wait_for_function("() => document.querySelector('.filter-input[aria-invalid=true]')")
    assert page.locator(".table-count").inner_text() == "1,152 samples"
    page.get_by_label("Filter n_cells").fill(">=100000")
    page.get_by_text("No row matches every filter").wait_for()


def test_csv_is_what_is_shown_with_formulas_made_harmless(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS + "#f=Gene+Symbol:1"))
    page.wait_for_function("() => document.querySelector('.table-count').textContent.includes(' of ')")
    page.locator("summary", has_text="Download").click()
    page.get_by_label("the 7 shown").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert download.value.suggested_filename == "demo-screenA.csv"
    assert f"{len(rows)} of 1,152 samples" == page.locator(".table-count").inner_text()
    assert {r["Gene Symbol"] for r in rows} == {"SGO1", "sgo1", "CDK1", "'=1+1", "12"}
    assert any(r["Score (z: robust)"].startswith("-") for r in rows)  # a negative number stays a number


def test_the_sql_link_gives_the_same_rows(site: Site, site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS + "#f=Gene+Symbol:!sgo&f=n_cells:500..2000&f=phenotypes:round;+large&s=sample"))
    page.wait_for_function("() => document.querySelector('.table-count').textContent.includes(' of ')")
    link = page.get_by_role("link", name="SQL").get_attribute("href")
    assert link is not None and urlsplit(link).path == "/query/"
    sql = parse_qs(urlsplit(link).fragment)["sql"][0]
    assert "'data/studies/demo/screenA.parquet'" in sql
    rows = duckdb.sql(sql.replace("'data/", f"'{site.folder}/data/")).fetchall()
    assert [str(r[1]) for r in rows][:200] == cells(page, 1)
    assert f"{len(rows)} of 1,152 samples" == page.locator(".table-count").inner_text()
    page.get_by_role("link", name="SQL").click()
    page.locator(".console-downloads:not([hidden])").wait_for(timeout=60_000)
    wells = page.evaluate("() => [...document.querySelectorAll('table.result tbody tr')].map(r => r.cells[1].textContent)")
    assert wells == [r[1] for r in rows][:1000]  # the browser's older DuckDB says the same
