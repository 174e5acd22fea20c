"""What a plate's grid shows of each well: any field and channel; its fields in the panel; several wells side by side."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import fielded
from tests.browser.built import built
from tests.browser.published import one
from tests.browser.test_every_page import axe, fits
from tests.browser.test_viewer import drawn
from tests.browser.watched import Browsing, Served


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("fielded")
    fielded.write(folder / "content")
    with built(folder) as served:
        yield served


def address(served: Served, container: str) -> str:
    return str(one(served.site, "SELECT address FROM 'data/containers.parquet' WHERE container = ?", container))


def opened(browsing: Browsing, served: Served, container: str = "P1", state: str = "", **context: int) -> Page:
    page = browsing(served.root + address(served, container) + state, **context)
    expect(page.locator(".plate-live")).to_have_count(1)
    return page


def brightness(page: Page, well: str) -> float:
    """Of the lower middle of a well's picture in the grid, 0–255."""
    png = page.locator(f'td[data-well="{well}"] > a').screenshot()
    shot = np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(float)
    height, width = shot.shape
    return float(shot[height // 2 : height * 6 // 10, width * 4 // 10 : width * 6 // 10].mean())


def expected(row: int, column: int, field: int, channel: int) -> float:
    return fielded.gray(row, column, field, channel) / 60_000 * 255


def asked_sprites(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("sprite.webp") else None)
    return asked


def test_the_grid_switches_field_and_channel(pictured: Served, open_page: Browsing) -> None:
    page = open_page.blank(pictured.root)
    asked = asked_sprites(page)
    page.goto(pictured.root + address(pictured, "P1"), wait_until="networkidle")
    assert len(set(asked)) == 1, "one sprite is asked for before the reader chooses"
    status = page.locator(".plate-pictured")
    page.get_by_role("radio", name="actin").check(force=True)
    expect(status).to_have_text("Shown: field 1, actin. 1 of 12 wells have no such picture.")
    for well, r, c in (("A1", 1, 1), ("B2", 2, 2), ("C3", 3, 3)):
        assert brightness(page, well) == pytest.approx(expected(r, c, 1, 1), abs=6), well
    # By keys: the chips are radio buttons.
    page.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("Shown: field 2, actin.")
    assert brightness(page, "B2") == pytest.approx(expected(2, 2, 2, 1), abs=6)
    page.get_by_role("radio", name="DNA").check(force=True)
    expect(status).to_contain_text("Shown: field 2, DNA.")
    assert brightness(page, "B2") == pytest.approx(expected(2, 2, 2, 0), abs=6)
    assert len(set(asked)) == 4
    assert page.url.endswith("#pic=f2c1")
    again = opened(open_page, pictured, state="#pic=f2c1")
    expect(again.locator(".plate-pictured")).to_contain_text("Shown: field 2, DNA.")
    assert brightness(again, "B2") == pytest.approx(expected(2, 2, 2, 0), abs=6)
    again.get_by_role("radio", name="In colour").check(force=True)
    again.get_by_role("radio", name="1", exact=True).check(force=True)
    again.wait_for_function("() => location.hash === ''")
    # What the plate does not have is not asked for.
    other = opened(open_page, pictured, state="#pic=f9c7")
    expect(other.get_by_role("radio", name="In colour")).to_be_checked()


def test_a_well_without_the_field_says_so(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, state="#pic=f3")
    expect(page.locator(".plate-pictured")).to_contain_text("Shown: field 3, in colour. 2 of 12 wells have no such picture.")
    cell = page.locator(f'td[data-well="{fielded.ONE_FIELD}"]')
    expect(cell.locator("> a")).to_have_accessible_name(re.compile("; no picture of field 3$"))
    assert cell.locator("svg").count() == 1  # of its card, for readers without scripts
    assert cell.locator("> a > svg").count() == 0
    assert brightness(page, fielded.ONE_FIELD) > 200, "an empty place is not black"
    expect(page.locator('td[data-well="A1"] > a')).to_have_accessible_name("A1: negative control")
    page.get_by_role("radio", name="1", exact=True).check(force=True)
    expect(cell.locator("> a > svg")).to_have_count(1)
    expect(cell.locator("> a")).not_to_have_accessible_name(re.compile("no picture"))


def test_a_sheet_that_cannot_be_fetched_leaves_what_was_there(pictured: Served, open_page: Browsing) -> None:
    url = pictured.root + address(pictured, "P1")
    page = open_page.blank(url, allow=("Failed to load resource",))
    page.goto(url, wait_until="networkidle")
    page.context.route("**/sprite.webp", lambda route: route.abort())
    # Not `check`, which raises where the choice went back to what it was before it could look.
    page.get_by_role("radio", name="2", exact=True).click(force=True)
    expect(page.locator(".plate-pictured")).to_contain_text("could not be fetched")
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()
    assert brightness(page, "A1") < 100
    page.context.unroute("**/sprite.webp")
    page.get_by_role("radio", name="2", exact=True).check(force=True)
    expect(page.locator(".plate-pictured")).to_contain_text("Shown: field 2")


def test_a_well_s_fields_are_seen_and_open_in_place(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, state="#pic=f2")
    expect(page.locator(".plate-pictured")).to_contain_text("field 2")
    page.locator('td[data-well="B2"] > a').click()
    fields = page.locator("#well .field")
    expect(fields).to_have_count(fielded.FIELDS)
    # A well opens with the field that the grid shows.
    expect(page.get_by_role("button", name="Field 2")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => [...document.querySelectorAll('#well .field img')].every((i) => i.complete && i.naturalWidth > 0)")
    expect(page.locator("#viewer.viewer-ready")).to_be_visible()
    second = drawn(page)
    page.get_by_role("button", name="Field 3").click()
    page.wait_for_function("() => location.hash.startsWith('#B2.f3')")
    drawn(page, other_than=second)
    # The table below leads there too, and the grid stays as it is.
    page.locator("#twin").get_by_role("link", name="A3", exact=True).click()
    page.wait_for_function("() => location.hash.startsWith('#A3.f2&pic=f2')")
    # A well that lacks the field opens with its first.
    page.locator(f'td[data-well="{fielded.ONE_FIELD}"] > a').click()
    page.wait_for_function(f"() => location.hash.startsWith('#{fielded.ONE_FIELD}&')")
    expect(page.locator("#well .field")).to_have_count(1)


def side_by_side(page: Page, n: int) -> None:
    expect(page.locator(".side-by-side .viewer-ready .openseadragon-canvas")).to_have_count(n)


def test_wells_are_selected_and_compared_in_place(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured)
    page.locator('td[data-well="A1"] > a').click(modifiers=["Shift"])
    page.locator('td[data-well="B2"] > a').click(modifiers=["Control"])
    expect(page.locator(".selected-list li")).to_have_count(2)
    expect(page.locator('td[data-well="B2"] > a')).to_have_accessible_name(re.compile("; selected, 2 of 2$"))
    page.wait_for_function("() => location.hash === '#sel=A1,B2'")
    page.get_by_role("button", name="Compare 2").click()
    side_by_side(page, 2)
    expect(page.locator("#viewer")).to_be_hidden()
    assert page.url.endswith("#sel=A1,B2&cmp=1")
    # One window for both.
    page.get_by_label("Show actin").uncheck()
    page.wait_for_function("() => location.hash.endsWith('#sel=A1,B2&cmp=1&c=-2')")
    again = opened(open_page, pictured, state="#sel=A1,B2&cmp=1&c=-2")
    side_by_side(again, 2)
    expect(again.get_by_label("Show actin")).not_to_be_checked()
    # The page of its own shows the same.
    own = again.get_by_role("link", name="On a page of its own")
    expect(own).to_have_attribute("href", re.compile(r"compare/\?images=.*%23A1,.*%23B2#c=-2$"))
    own.click()
    expect(again.locator("#compare .viewer-ready")).to_have_count(2)
    expect(again.get_by_label("Show actin")).not_to_be_checked()
    # A third joins; two more are too many; one is left out; closing leaves the selection.
    page.locator('td[data-well="B3"] > a').click(modifiers=["Shift"])
    side_by_side(page, 3)
    expect(page.get_by_label("Show actin")).not_to_be_checked()
    for well in ("C1", "C2"):
        page.locator(f'td[data-well="{well}"] > a').click(modifiers=["Shift"])
    expect(page.locator(".selected-says")).to_contain_text("4 are selected")
    page.locator(".side-by-side").get_by_role("button", name="Leave out A1").click()
    side_by_side(page, 3)
    page.locator(".side-by-side").get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".side-by-side")).to_be_hidden()
    expect(page.locator(".selected-list li")).to_have_count(3)
    page.go_back()
    side_by_side(page, 3)
    page.locator('td[data-well="A2"] > a').click()
    expect(page.locator("#viewer.viewer-ready")).to_be_visible()
    expect(page.locator(".side-by-side")).to_be_hidden()


def test_wells_are_selected_by_touch_and_by_key(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, width=390)
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.locator(".selected-says")).to_have_text("Choose two to 4 wells.")
    page.locator('td[data-well="A2"] > a').click()
    expect(page.locator(".selected-says")).to_have_text("Choose one to 3 more.")
    page.locator('td[data-well="A2"] > a').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Leave out B2")).to_be_visible()
    page.locator(f'td[data-well="{fielded.NO_IMAGE}"] > a').click()
    expect(page.locator(".selected-says")).to_have_text(f"{fielded.NO_IMAGE} has no image to compare.")
    assert page.url.endswith("#sel=A2,B2")
    page.keyboard.press("Shift+Tab")
    page.get_by_role("button", name="Leave out A2").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".selected-list li")).to_have_count(1)
    assert page.evaluate("() => document.activeElement.textContent") == "1Leave out B2 ×"
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("() => location.hash === ''")


def test_a_hit_is_seen_beside_its_nearest_negative_control(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, state="#B3")
    page.get_by_role("button", name="Beside negative control A1").click()  # A4, a positive one, lies nearer
    side_by_side(page, 2)
    page.wait_for_function("() => location.hash.includes('sel=B3,A1&cmp=1')")
    expect(page.locator(".compared-name").first).to_contain_text("B3 GENE23")


def test_a_plate_without_a_table_says_so(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, "Q1")
    expect(page.locator("#counts")).to_have_text(re.compile(r"^No samples; 2 images shown here\."))
    assert page.locator(".plate-pictured").count() == 0, "there is one picture of each well: nothing to switch"


def test_images_are_compared_by_their_bare_names(pictured: Served, open_page: Browsing) -> None:
    named = [str(one(pictured.site, "SELECT image_id FROM 'data/images.parquet' WHERE sample = ?", f"picture_{i}")) for i in (1, 2)]
    page = open_page(pictured.root + f"compare/?images={','.join(map(quote, named))}")
    expect(page.locator("#compare .viewer-ready")).to_have_count(2)


def test_a_gallery_has_the_controls_of_a_grid(pictured: Served, open_page: Browsing) -> None:
    page = opened(open_page, pictured, "set")
    names = page.locator("#gallery li:visible .gallery-name")
    expect(names).to_have_count(fielded.PICTURES)
    assert page.locator("#cells li").count() == 0, "every sample has a picture: squares would say nothing more"
    page.get_by_label("Colour by").select_option("Age in days")
    band = page.locator('#gallery li[data-well="picture_3"]')
    expect(band).to_have_class(re.compile("coloured"))
    expect(band.locator(".gallery-value")).to_have_text("Age in days: 10.5")
    expect(band.locator("a")).to_have_accessible_name(re.compile("picture_3 ?Age in days: 10.5$"))
    page.get_by_label("Sort by").select_option(label="Age in days, most first")
    ages = [float(page.locator("#gallery .gallery-value").nth(i).inner_text().split()[-1]) for i in range(3)]
    expect(names.first).to_have_text("picture_3")
    assert ages == sorted(ages, reverse=True)
    assert page.locator("#twin tbody tr td:first-child").first.inner_text() == "picture_3"
    page.get_by_label("Filter").fill("GENE1")
    expect(names).to_have_count(4)
    expect(page.locator(".plate-status").last).to_have_text("4 of 11 samples")
    assert page.locator("#twin tbody tr:visible").count() == 4
    page.wait_for_function("() => location.hash.includes('q=GENE1') && location.hash.includes('sort=-Age')")
    again = opened(open_page, pictured, "set", "#" + page.url.partition("#")[2])
    expect(again.locator("#gallery li:visible .gallery-name").first).to_have_text(re.compile("picture_1$"))
    expect(again.locator("#gallery li:visible")).to_have_count(4)
    # Chosen, it opens here and keeps all that; selected, it is compared.
    again.locator("#gallery li:visible a").nth(1).click()
    expect(again.locator("#viewer.viewer-ready")).to_be_visible()
    expect(again.locator("#well h2")).to_have_text("picture_4")
    again.get_by_label("Show channel 2").uncheck()
    again.wait_for_function("() => /^#picture_4&by=Age%20in%20days&q=GENE1&sort=-Age%20in%20days&c=-2$/.test(location.hash)")
    again.get_by_role("button", name="Select", exact=True).click()
    for i in (0, 1):
        again.locator("#gallery li:visible a").nth(i).click()
    again.get_by_role("button", name="Compare 2").click()
    side_by_side(again, 2)
    expect(again.get_by_label("Show channel 2")).not_to_be_checked()


@pytest.mark.parametrize("where", ["P1", "set"])
def test_everyone_can_use_it_in_both_themes_and_on_a_phone(pictured: Served, open_page: Browsing, where: str) -> None:
    state = {"P1": "#B2.f2&by=Gene&pic=f2&sel=A1,B2&cmp=1", "set": "#picture_1&by=Age%20in%20days&sel=picture_1,picture_2&cmp=1"}[where]
    page = opened(open_page, pictured, where, state)
    side_by_side(page, 2)
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    wrong += axe(page, "390 px")
    assert not wrong, "\n".join(wrong)
    fits(page)
    # Without scripts all of it is there, and nothing that needs one.
    plain = open_page(pictured.root + address(pictured, where), scripts=False)
    assert plain.locator("svg.well-picture, .gallery img").first.is_visible()
    assert plain.locator(".plate-tools, .selected-bar, #well[hidden]").evaluate_all("all => all.every((e) => e.hidden)")
