"""Wells that a study does not count: told apart from the others by eye, by ear, in every colouring, and without scripts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.built import built
from tests.browser.published import ask
from tests.browser.watched import Browsing, Served

CASE = Path(__file__).parents[1] / "sites/counted/content"
PLATE = "studies/plates/screenA/p1-fbeae7/"

# Of an element in a well: what is drawn over it, and whether it is all of the well.
STROKE = """(strike) => {
  const [s, a] = [strike.getBoundingClientRect(), strike.closest('a').getBoundingClientRect()]
  const drawn = getComputedStyle(strike).backgroundImage.startsWith('linear-gradient')
  return {drawn, whole: s.width > 4 && Math.abs(s.width - a.width) < 2}
}"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("counted")
    shutil.copytree(CASE, folder / "content")
    with built(folder) as served:
        yield served


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_stroke_lies_across_each_well_that_is_not_counted(counted: Served, open_page: Browsing, scripts: bool) -> None:
    page = open_page(counted.root + PLATE, scripts=scripts)
    struck = page.locator("td.well:has(.well-strike)")
    assert [td.get_attribute("data-well") for td in struck.all()] == ["A2", "B1"]
    for strike in page.locator(".well-strike").all():
        assert strike.evaluate(STROKE) == {"drawn": True, "whole": True}
    expect(page.locator('td[data-well="A2"] > a')).to_have_accessible_name("A2: SGO1: not counted")
    expect(page.locator(".plate-legend")).to_contain_text("not counted by the study 2")


def test_the_well_says_why(counted: Served, open_page: Browsing) -> None:
    page = open_page(counted.root + PLATE)
    page.locator('td[data-well="B1"] > a').click()
    expect(page.locator("#well")).to_contain_text("no: not with an <i>image</i>")
    page.locator('td[data-well="A1"] > a').click()
    expect(page.locator("#well")).not_to_contain_text("not with an")


def test_marks_and_their_legend_stay_in_another_colouring(counted: Served, open_page: Browsing) -> None:
    page = open_page(counted.root + PLATE)
    page.get_by_label("Colour by").select_option("control_type")
    expect(page.locator("td.coloured").first).to_be_visible()
    legend = page.locator(".plate-legend li")
    expect(legend.first).to_contain_text("negative control")
    expect(legend.filter(has_text="not counted by the study 2")).to_have_count(1)
    assert page.locator(".well-strike").first.evaluate(STROKE) == {"drawn": True, "whole": True}
    page.get_by_label("Colour by").select_option("")
    expect(page.locator(".plate-legend li").filter(has_text="not counted")).to_have_count(1)


def test_a_phone_has_no_sideways_scroll(counted: Served, open_page: Browsing) -> None:
    for address in (PLATE, "studies/plates/screenA/", "studies/plates/screenA/p2-acbbb7/", "studies/pictures/experimentA/one/"):
        page = open_page(counted.root + address, width=390)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), address


def test_every_table_tells_the_same(counted: Served) -> None:
    """Rows are all there; studies, components and containers count what `samples` marks."""
    marked = "SELECT {by}, count(*), count(*) FILTER (counted) FROM 'data/samples.parquet' GROUP BY ALL ORDER BY ALL"
    for name, by in (("studies", "study"), ("components", "study, component"), ("containers", "study, component, container")):
        stated = ask(counted.site, f"SELECT {by}, samples, counted FROM 'data/{name}.parquet' ORDER BY ALL")
        assert stated == ask(counted.site, marked.format(by=by)), name
    assert ask(counted.site, "SELECT study, samples, counted FROM 'data/studies.parquet' ORDER BY 1") == [
        ("pictures", 3, 1),
        ("plates", 12, 8),
    ]
