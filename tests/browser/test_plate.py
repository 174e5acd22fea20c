"""A plate: a well is chosen by click, key or address; its facts and its images are shown; the grid can be coloured."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import kinds
from tests.browser.published import ask
from tests.browser.test_viewer import drawn
from tests.browser.watched import SUB_PATH, Browsing, Served

BUSY = """SELECT s.container, s.sample, s.gene_symbol FROM 'data/samples.parquet' s JOIN 'data/containers.parquet' c
          ON c.container = s.container AND c.component = s.component AND c.study = s.study
          WHERE c.address = ? AND s.gene_symbol IS NOT NULL AND s.n_images > 0 ORDER BY s.sample"""


def well_of(served: Served) -> tuple[str, str]:
    """(well, gene) of a well with a gene and an image on the plate that is tried."""
    _, well, gene = ask(served.site, BUSY, kinds.of(served.site)["plate"])[0]
    return str(well), str(gene)


def opened(browsing: Browsing, served: Served, base: str = "/", state: str = "") -> Page:
    page = browsing(served.url(base, kinds.of(served.site)["plate"] + state))
    expect(page.locator(".plate-live")).to_have_count(1)
    return page


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_a_click_shows_the_well_and_the_address_keeps_it(served: Served, open_page: Browsing, base: str) -> None:
    well, gene = well_of(served)
    page = opened(open_page, served, base)
    page.locator(f'td[data-well="{well}"] > a').click()
    expect(page.locator("#well")).to_contain_text(well)
    expect(page.locator("#well")).to_contain_text(gene)
    assert page.url.endswith(f"#{well}")
    expect(page.locator("#viewer.viewer-ready")).to_be_visible()
    drawn(page)
    again = opened(open_page, served, base, f"#{well}")
    expect(again.locator("#well")).to_contain_text(gene)
    expect(again.locator(f'td[data-well="{well}"]')).to_have_class(re.compile(r"\bchosen\b"))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_a_link_to_a_well_leads_to_its_image_and_its_neighbours(served: Served, open_page: Browsing, width: int, height: int) -> None:
    wells = [str(row[1]) for row in ask(served.site, BUSY, kinds.of(served.site)["plate"])]
    asked = re.sub(r"(\d+)", lambda digits: digits[1].zfill(2), wells[0]).lower()  # a01: A1
    page = open_page(served.url("/", kinds.of(served.site)["plate"] + f"#{asked}&c=-1"), width=width)
    page.set_viewport_size({"width": width, "height": height})
    caption = page.locator(".viewer-caption")
    expect(caption.locator("b")).to_have_text(wells[0])
    expect(caption).to_be_in_viewport(ratio=1)
    expect(page.locator("#viewer .viewer-canvas")).to_be_in_viewport(ratio=0.4)
    assert page.url.endswith(f"#{wells[0]}&c=-1")
    caption.get_by_role("button", name="Next well").click()
    expect(caption.locator("b")).not_to_have_text(wells[0])
    caption.get_by_role("button", name="Previous well").press("Enter")
    expect(caption.locator("b")).to_have_text(wells[0])
    caption.get_by_role("button", name="Back to the plate").click()
    expect(page.locator(f'td[data-well="{wells[0]}"] > a')).to_be_focused()
    expect(page.locator(f'td[data-well="{wells[0]}"] > a')).to_be_in_viewport()


def test_a_well_that_is_not_there_is_said(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served, "/", "#Z99")
    expect(page.locator(".plate-main [role=status]").first).to_contain_text("a well that is not here: Z99")
    page.locator("td.well > a").first.click()
    expect(page.get_by_text("a well that is not here")).to_be_hidden()


def test_arrows_move_between_wells_and_enter_chooses(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served)
    page.locator("td.well > a").first.focus()
    first = page.evaluate("() => document.activeElement.closest('td').dataset.well")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("() => document.activeElement.closest('td').dataset.well")
    assert second != first
    page.keyboard.press("Enter")
    expect(page.locator("#well h2").first).to_have_text(second)
    assert page.locator('td.well > a[tabindex="0"]').count() == 1, "the grid is one stop for Tab"


def test_the_reader_can_go_back_to_the_well_before(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served)
    wells = [td.get_attribute("data-well") for td in page.locator("td[data-well]").all()[:2]]
    for well in wells:
        page.locator(f'td[data-well="{well}"] > a').click()
        expect(page.locator("#well h2").first).to_have_text(str(well))
    page.go_back()
    expect(page.locator("#well h2").first).to_have_text(str(wells[0]))


def test_the_grid_is_coloured_by_what_is_asked(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served)
    select = page.locator(".plate-tools select")
    key = select.locator("option").nth(1).get_attribute("value") or ""
    select.select_option(key)
    expect(page.locator("td.coloured").nth(5)).to_be_attached()  # a column may have to be read first
    expect(page.locator(".plate-legend li").first).to_be_visible()
    assert f"by={key}" in page.url
    again = opened(open_page, served, "/", "#" + page.url.partition("#")[2])
    expect(again.locator(".plate-tools select")).to_have_value(key)


def test_one_contrast_serves_all_wells(served: Served, open_page: Browsing) -> None:
    wells = [row[1] for row in ask(served.site, BUSY, kinds.of(served.site)["plate"])][:2]
    page = opened(open_page, served, "/", f"#{wells[0]}")
    expect(page.locator("#viewer.viewer-ready")).to_be_visible()
    page.locator("#viewer input.channel-shown").first.uncheck()
    page.locator(f'td[data-well="{wells[1]}"] > a').click()
    expect(page.locator("#well h2").first).to_have_text(wells[1])
    expect(page.locator("#viewer input.channel-shown").first).not_to_be_checked()
