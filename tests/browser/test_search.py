"""The search box that is on every page, and the search page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.published import ask, one
from tests.browser.watched import SUB_PATH, Browsing, Served

GENE = """SELECT symbol, organism FROM 'data/sample_targets.parquet' WHERE kind = 'gene' AND symbol IS NOT NULL AND organism IS NOT NULL
          AND regexp_full_match(symbol, '[A-Za-z0-9]{3,}') GROUP BY ALL ORDER BY count(*) DESC, symbol LIMIT 1"""


def offered(page: Page, text: str) -> Locator:
    """What the box offers for a text."""
    box = page.locator("header form.search input[name=q]")
    expect(box).to_have_attribute("role", "combobox")
    box.click()
    box.press_sequentially(text, delay=5)
    options = page.locator("header [role=option][data-href]")
    expect(options.first).to_be_visible()
    return options


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_a_gene_is_found_and_opened_by_keyboard(served: Served, open_page: Browsing, base: str) -> None:
    symbol, _ = ask(served.site, GENE)[0]
    page = open_page(served.url(base, "downloads/"))
    first = offered(page, symbol).first
    expect(first).to_contain_text(symbol)
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    assert page.locator("header input[name=q]").get_attribute("aria-activedescendant") == first.get_attribute("id")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.startswith(served.url(base, "genes/"))
    expect(page.locator("h1")).to_contain_text(symbol)


def test_a_study_is_found_by_its_accession_and_its_title(served: Served, open_page: Browsing) -> None:
    accession, title = ask(served.site, "SELECT study, title FROM 'data/studies.parquet' ORDER BY study LIMIT 1")[0]
    page = open_page(served.root)
    first = offered(page, accession).first
    expect(first).to_contain_text(accession, ignore_case=True)
    word = max(title.split(), key=len).strip(".,:;()")
    page = open_page(served.root)
    expect(offered(page, word).filter(has_text=word).first).to_be_visible()


def test_a_phenotype_is_found(served: Served, open_page: Browsing) -> None:
    sql = "SELECT phenotype FROM 'data/sample_phenotypes.parquet' WHERE NOT control GROUP BY ALL ORDER BY count(*) DESC, 1"
    name = one(served.site, sql)
    page = open_page(served.root)
    option = offered(page, name).filter(has_text=name).first
    with page.expect_navigation():
        option.click()
    expect(page.locator("main")).to_contain_text(name)


def test_escape_closes_and_slash_opens(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root)
    page.keyboard.press("/")
    box = page.locator("header input[name=q]")
    expect(box).to_be_focused()
    offered(page, "sc")
    page.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator("header [role=listbox]")).to_be_hidden()


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_the_search_page_answers_its_address(served: Served, open_page: Browsing, base: str) -> None:
    symbol, _ = ask(served.site, GENE)[0]
    page = open_page(served.url(base, f"search/?q={symbol}"))
    link = page.locator(f'main a[href*="genes/"]:has-text("{symbol}")').first
    expect(link).to_be_visible()
    with page.expect_navigation():
        link.click()
    expect(page.locator("h1")).to_contain_text(symbol)


def test_the_search_page_says_when_nothing_is_found(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "search/?q=qqqqxzqq")
    expect(page.locator("main")).to_contain_text("qqqqxzqq")
    assert page.locator('main a[href*="genes/"][href*="--"]').count() == 0
