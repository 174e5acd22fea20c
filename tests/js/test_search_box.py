"""The search box and the search page in a real browser, over an index built by the real recipe."""

from __future__ import annotations

import pytest

from tests.browser.watched import Browsing, Served


@pytest.mark.parametrize("base", ["/", "below"])
def test_the_box_is_a_combobox(base: str, site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url(base, "studies/demo/screenA/"))
    box = page.get_by_role("combobox", name="Search")
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("sgo", delay=20)
    page.get_by_role("listbox").wait_for()
    assert box.get_attribute("aria-expanded") == "true" and box.get_attribute("aria-activedescendant") is None
    assert page.get_by_role("group", name="Genes").get_by_role("option").first.inner_text().startswith("SGOL1")
    box.press("ArrowDown")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true" and active.locator("mark").inner_text() == "SGO"
    box.press("Escape")
    assert page.get_by_role("listbox").count() == 0 and box.input_value() == "sgo"
    box.press("ArrowUp")
    assert page.get_by_role("option", selected=True).inner_text() == "All results for “sgo”"
    box.fill("CMPO:0000118")
    page.get_by_role("option", name="round cell phenotype").wait_for()
    assert page.locator("form.search [role=status]").inner_text() == "1 result"
    box.press("ArrowDown")
    with page.expect_navigation():
        box.press("Enter")
    assert page.url == site_served.url(base, "phenotypes/CMPO_0000118/")


def test_the_page_shows_all_and_keeps_its_state_in_the_address(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "search/") + "?q=cdk1")
    page.get_by_role("link", name="CDK1").first.wait_for()
    assert page.locator(".search-result").first.inner_text().startswith("CDK1 Homo sapiens")
    page.get_by_role("button", name="Drosophila melanogaster").click()
    assert page.locator(".search-result").all_inner_texts() == ["cdk1 Drosophila melanogaster"]
    assert "organism=Drosophila+melanogaster" in page.url
    again = open_page(page.url)
    again.locator(".search-result").first.wait_for()
    assert again.locator(".search-result").count() == 1 and again.get_by_label("Search", exact=True).input_value() == "cdk1"


def test_a_misspelt_word_is_mended_and_can_be_kept(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "search/") + "?q=elogated+cell")
    page.get_by_text("showing results for “elongated cell”").wait_for()
    assert page.locator(".search-result").first.inner_text().startswith("elongated cell phenotype")
    page.get_by_role("button", name="as it is").click()
    page.wait_for_function("() => !document.querySelector('.search-instead')")
    assert "exactly=1" in page.url


def test_hostile_words_are_only_words(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "search/") + "?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20%5E%5E%20title%3A*")
    page.locator(".search-found p, .search-result").first.wait_for()
    assert page.locator("main img").count() == 0


def test_the_theme_is_chosen_and_kept(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "search/"))
    button = page.locator(".theme-toggle")
    assert button.inner_text() == "Auto" and button.get_attribute("aria-label") == "Theme: Auto"
    button.click()
    button.click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_studies_are_filtered_and_the_address_keeps_it(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/"))
    assert page.locator(".filter-count").inner_text() == "6 studies"
    page.get_by_label("Organism").select_option("Homo sapiens")
    assert page.locator(".filter-count").inner_text() == "3 of 6 studies"
    page.get_by_label("Text").fill("nuclear PORE")
    page.wait_for_function("() => document.querySelector('.filter-count').textContent === '1 of 6 studies'")
    assert "organism=Homo+sapiens" in page.url and "q=nuclear+PORE" in page.url
    again = open_page(page.url)
    assert again.locator("li[data-study]:visible").count() == 1
    again.get_by_label("Text").fill("nothing like this")
    again.get_by_text("No study matches every filter").wait_for()
    again.get_by_role("button", name="Clear filters").click()
    assert again.locator("li[data-study]:visible").count() == 6 and again.url.endswith("/studies/")
