"""The list of studies: filters that stand in the address."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.published import one
from tests.browser.watched import Browsing, Served


def test_words_filter_the_list_and_the_address_keeps_them(served: Served, open_page: Browsing) -> None:
    title = one(served.site, "SELECT title FROM 'data/studies.parquet' ORDER BY study LIMIT 1")
    page = open_page(served.root + "studies/")
    rows = page.locator("[data-study]")
    expect(rows.locator("visible=true")).to_have_count(rows.count())
    page.locator("#study-filters input[type=search]").fill(title)
    left = page.locator("[data-study]:visible")
    expect(left.first).to_contain_text(title)
    expect(page.locator(".filter-count")).to_contain_text(" of ")
    assert all(title in text for text in left.all_inner_texts())
    again = open_page(page.url)
    expect(again.locator("[data-study]:visible")).to_have_count(left.count())
    page.locator(".filter-clear").click()
    expect(page.locator("[data-study]:visible")).to_have_count(rows.count())


def test_a_choice_filters_the_list(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "studies/")
    select = page.locator("#study-filters select").first
    value = select.locator("option").nth(1).get_attribute("value") or ""
    name = select.get_attribute("name")
    select.select_option(value)
    for row in page.locator("[data-study]:visible").all():
        assert value in (row.get_attribute(f"data-{name}") or "").split("|")
    assert page.locator("[data-study]:visible").count() >= 1
    assert f"{name}=" in page.url


def test_an_empty_result_says_what_to_try(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "studies/?q=qqqqxzqq")
    expect(page.locator("[data-study]:visible")).to_have_count(0)
    expect(page.locator(".empty:visible")).to_contain_text("No study")
