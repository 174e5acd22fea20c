"""Plates of every layout and datasets as grids: coloured by any column of their table, read by parts, with the table as their twin."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import layouts
from tests.browser.built import built
from tests.browser.published import ask
from tests.browser.watched import Browsing, Served

SCORES = "SELECT sample, \"Score\" FROM 'data/studies/layouts/screen{}.parquet'"


@pytest.fixture(scope="module")
def gridded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gridded")
    layouts.write(folder / "content")
    with built(folder) as served:
        yield served


def address(served: Served, container: str) -> str:
    return str(ask(served.site, "SELECT address FROM 'data/containers.parquet' WHERE container = ?", container)[0][0])


def opened(browsing: Browsing, served: Served, container: str, state: str = "", width: int = 1280) -> Page:
    page = browsing(served.root + address(served, container) + state, width=width)
    expect(page.locator(".plate-live")).to_have_count(1)
    return page


def colour_of(page: Page, well: str) -> str:
    return str(page.locator(f'td[data-well="{well}"]').evaluate("td => td.style.getPropertyValue('--well-colour')"))


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_every_layout_has_its_wells_its_marks_and_its_twin(gridded: Served, open_page: Browsing, layout: str) -> None:
    rows, columns = layouts.LAYOUTS[layout]
    # Nine rows of thirteen are part of the next plate that is made.
    drawn = (16, 24) if layout == "odd" else (rows, columns)
    page = opened(open_page, gridded, layout)
    assert page.locator("table.plate tbody tr").count() == drawn[0]
    assert page.locator("table.plate tbody tr").last.locator("td").count() == drawn[1]
    assert page.locator("table.plate tbody th").last.inner_text() == layouts.letters(drawn[0])
    missing = drawn[0] * drawn[1] - rows * columns + 1
    assert page.locator("td.missing").count() == missing
    assert [td.get_attribute("data-well") for td in page.locator("td.empty").all()] == ["A1", "A2"]
    assert [td.get_attribute("data-well") for td in page.locator("td.control").all()] == ["B1"]
    assert [td.get_attribute("data-well") for td in page.locator("td.failed").all()] == ["B2"]
    hits = sum(row[5] == "yes" for row in layouts.cells(layout))
    legend = page.locator(".plate-legend")
    for words in (f"phenotype found {hits}", "control 1", "empty, says the source 2", "failed quality control 1", f"no sample {missing}"):
        expect(legend).to_contain_text(words)
    assert page.locator("#twin tbody tr").count() == rows * columns - 1
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("layout", ["96", "1536"])
def test_numbers_are_coloured_on_a_scale_that_one_well_cannot_take(gridded: Served, open_page: Browsing, layout: str) -> None:
    page = opened(open_page, gridded, layout)
    page.get_by_label("Colour by").select_option("Score")
    words = page.locator(".ramp-words")
    words.wait_for()  # what an expectation that is not met yet reads of so many wells would hold the page up
    numbers = sorted(float(v) for _, v in ask(gridded.site, SCORES.format(layout)) if v != "n.d.")
    expect(words).to_contain_text("most 1.0e+6")
    expect(words).to_contain_text("median")
    expect(page.locator(".ramp-figure figcaption")).to_have_text(f"Score of {len(numbers):,} wells")
    expect(page.locator(".plate-legend li").first).to_have_text("no number 1")
    # The outlier has the end's colour; the others are told apart.
    assert len({colour_of(page, well) for well in ("A3", "A4", "B3", "B6")}) == 4
    assert colour_of(page, "B2") == ""
    expect(page.locator('td[data-well="A4"] > a')).to_have_accessible_name(re.compile(r"^A4: GENE03: .*; Score: 0\.3$"))
    # The twin tells the same, well by well.
    told = "t => [...t.tBodies[0].rows].map((r) => [r.cells[0].textContent, r.cells[r.cells.length - 1].textContent])"
    twin = page.locator("#twin").evaluate(told)
    assert dict(map(tuple, twin)) == dict(ask(gridded.site, SCORES.format(layout)))
    assert page.url.endswith("#by=Score")
    again = opened(open_page, gridded, layout, "#by=Score")
    expect(again.locator(".ramp-words")).to_be_visible()


def test_the_reader_chooses_another_scale_and_the_address_keeps_it(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "96", "#by=Signed")
    scale = page.get_by_label("Scale")
    expect(scale).to_have_value("diverging")  # numbers on both sides of zero
    ends = page.locator(".ramp-ends").inner_text().split()
    assert float(ends[0]) == -float(ends[1])
    before, words = colour_of(page, "C3"), page.locator(".ramp-ends").text_content() or ""
    scale.select_option("linear")
    expect(page.locator(".ramp-ends")).not_to_have_text(words)  # the grid is painted in slices
    assert float(page.locator(".ramp-ends").inner_text().split()[0]) > float(ends[0])
    assert colour_of(page, "C3") != before
    assert "scale=linear" in page.url
    again = opened(open_page, gridded, "96", "#" + page.url.partition("#")[2])
    expect(again.get_by_label("Scale")).to_have_value("linear")


def test_one_of_many_values_is_found(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "384")
    page.get_by_label("Colour by").select_option(label="Gene symbol")
    expect(page.locator(".legend-search")).to_contain_text("40 different values")
    page.get_by_label("Find a value").fill("GENE07")
    wells = [row[1] for row in layouts.cells("384") if row[2] == "GENE07"]
    expect(page.locator(".legend-search")).to_contain_text(f"{len(wells)} wells")
    lit = page.locator("td.coloured").evaluate_all(
        "all => all.filter((td) => td.style.getPropertyValue('--well-colour').includes('--hit')).map((td) => td.dataset.well)"
    )
    assert sorted(lit) == sorted(wells)
    assert "value=GENE07" in page.url
    again = opened(open_page, gridded, "384", "#" + page.url.partition("#")[2])
    expect(again.get_by_label("Find a value")).to_have_value("GENE07")


def test_a_well_tells_every_column_of_the_source_when_asked(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "96")
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if request.url.endswith(".parquet") else None)
    page.locator('td[data-well="A4"] > a').click()
    expect(page.locator("#well")).to_contain_text("GENE03")
    assert fetched == []
    page.get_by_text("Every column of the source").click()
    facts = page.locator(".well-all-columns")
    expect(facts.locator("dt", has_text="Batch")).to_be_visible()
    told = dict(zip(facts.locator("dt").all_inner_texts(), facts.locator("dd").all_inner_texts(), strict=True))
    assert (told["Score"], told["Batch"], told["Signed"]) == ("0.3", "batch 0", "-9")
    # The next well shows its own at once.
    page.locator('td[data-well="A5"] > a').click()
    expect(page.locator(".well-all-columns")).to_contain_text("batch 1")


def test_what_nobody_looked_for_is_not_called_none(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "N1")
    assert "none found" not in page.locator("main").inner_text()
    assert "no phenotype" not in page.locator(".plate-legend").inner_text().lower()
    expect(page.locator("#table")).to_contain_text("none was looked for")
    expect(page.locator('td[data-well="A1"] > a')).to_have_accessible_name("A1: SGO1: sample")
    page.locator('td[data-well="A1"] > a').click()
    assert "Phenotype" not in page.locator("#well").inner_text()


@pytest.mark.parametrize("layout", ["384", "1536"])
def test_a_large_plate_fits_a_phone_when_asked(gridded: Served, open_page: Browsing, layout: str) -> None:
    page = opened(open_page, gridded, layout, width=390)
    scroll = page.locator(".plate-scroll")
    assert scroll.evaluate("s => s.scrollWidth > s.clientWidth")
    expect(page.locator(".plate-hint")).to_be_visible()
    page.get_by_role("button", name="Fit").click()
    assert scroll.evaluate("s => s.scrollWidth <= s.clientWidth")
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Larger").click()
    assert scroll.evaluate("s => s.scrollWidth > s.clientWidth")


def test_a_dataset_is_a_grid_of_its_images(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "few")
    squares = page.locator("#cells li.well")
    assert squares.count() == 12
    assert page.locator("#cells li.hit").count() == 1
    page.get_by_label("Colour by").select_option("Age in days")
    expect(page.locator(".ramp-figure figcaption")).to_have_text("Age in days of 12 samples")
    assert page.locator("#cells li").nth(3).evaluate("li => li.style.getPropertyValue('--well-colour')")
    squares.nth(2).locator("a").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#well h2")).to_have_text("picture 11")
    assert "#picture%2011&by=Age%20in%20days" in page.url
    again = opened(open_page, gridded, "few", "#" + page.url.partition("#")[2])
    expect(again.locator("#well h2")).to_have_text("picture 11")
    expect(again.locator(".ramp-figure")).to_be_visible()


def test_what_a_dataset_does_not_list_is_reached(gridded: Served, open_page: Browsing) -> None:
    page = opened(open_page, gridded, "many")
    expect(page.locator("#samples .note")).to_contain_text("The first 2,000 of 2,100")
    page.get_by_role("link", name="All 2,100").click()
    expect(page.locator(".table-count")).to_have_text("2,100 of 2,112 samples")
    expect(page.get_by_label("Filter Plate or dataset")).to_have_value("=many")
    expect(page.locator("#sample-table")).to_be_in_viewport()
