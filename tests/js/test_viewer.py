"""The viewer in a real browser: colours at known pixels, controls, address, what is fetched and what is not."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.watched import Browsing, Served
from tests.js.tiles import gray

ADDRESS = "images/stack/"


def pixel(page: Page, x: int, y: int) -> tuple[int, ...]:
    """The colour on the screen over a pixel of the image (zoomed so that a block is large enough to be flat)."""
    png = page.locator(".openseadragon-canvas canvas").first.screenshot()
    shot = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    # The whole image, 700 wide, is fitted into the stage: its scale is the smaller of the two ratios.
    scale = min(shot.shape[1] / 700, shot.shape[0] / 600)
    left, top = (shot.shape[1] - 700 * scale) / 2, (shot.shape[0] - 600 * scale) / 2
    return tuple(int(v) for v in shot[round(top + y * scale), round(left + x * scale)])


def settles(page: Page, x: int, y: int, wanted: tuple[int, int, int]) -> None:
    deadline = time.monotonic() + 10
    while True:
        found = pixel(page, x, y)
        if all(abs(a - b) <= 6 for a, b in zip(found, wanted, strict=True)):
            return
        assert time.monotonic() < deadline, f"({x}, {y}) is {found}, not {wanted}"
        page.wait_for_timeout(100)


def blue_green(x: int, y: int, z: int, t: int) -> tuple[int, int, int]:
    return (0, gray(1, z, t, x, y), gray(0, z, t, x, y))


@pytest.mark.parametrize("base", ["/", "below"])
def test_channels_are_coloured_and_added(base: str, site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url(base, ADDRESS))
    for x, y in ((50, 50), (150, 50), (250, 350), (650, 550), (550, 150)):
        settles(page, x, y, blue_green(x, y, 1, 0))


def test_contrast_colour_and_visibility_fetch_nothing(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    settles(page, 250, 350, blue_green(250, 350, 1, 0))
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    blue, green = gray(0, 1, 0, 250, 350), gray(1, 1, 0, 250, 350)
    page.get_by_label("Show GFP").uncheck()
    settles(page, 250, 350, (0, 0, blue))
    page.get_by_label("Colour of DAPI").evaluate("(i) => { i.value = '#ff8000'; i.dispatchEvent(new Event('input')) }")
    settles(page, 250, 350, (blue, round(blue * 128 / 255), 0))
    page.get_by_label("Brightest value shown of DAPI").evaluate("(i) => { i.value = 500; i.dispatchEvent(new Event('input')) }")
    settles(page, 250, 350, (min(255, blue * 2), min(255, blue * 2) * 128 // 255, 0))
    page.get_by_label("Show RFP").check()  # of the same strip
    assert asked == []
    page.get_by_label("Show BF").check()  # of another
    settles(page, 50, 550, (255, 255, 255)) if gray(4, 1, 0, 50, 550) == 250 else None
    page.wait_for_timeout(300)
    assert asked and all("/1/0/1/" in url for url in asked), asked
    assert green  # the block was chosen so that hiding GFP shows


def test_planes_and_time_points_step_by_slider_and_key(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    assert page.locator(".viewer-slider output").all_inner_texts() == ["2 of 3 · 2 µm", "1 of 2 · 0 s"]
    page.get_by_role("application").focus()
    page.keyboard.press("]")
    settles(page, 250, 350, blue_green(250, 350, 2, 0))
    page.keyboard.press(".")
    settles(page, 250, 350, blue_green(250, 350, 2, 1))
    page.keyboard.press("2")
    settles(page, 250, 350, (0, 0, gray(0, 2, 1, 250, 350)))
    page.wait_for_function("() => location.hash === '#c=-2&z=3&t=2'")
    again = open_page(page.url)
    settles(again, 250, 350, (0, 0, gray(0, 2, 1, 250, 350)))
    assert not again.get_by_label("Show GFP").is_checked()
    page.keyboard.press("r")
    settles(page, 250, 350, blue_green(250, 350, 1, 0))
    page.wait_for_function("() => location.hash === ''")


def test_the_address_places_the_view(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS + "#c=1|0:1000$FFFFFF,-2&x=450&y=250&zm=400"))
    page.wait_for_timeout(500)
    png = page.locator(".openseadragon-canvas canvas").first.screenshot()
    shot = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    middle = shot[shot.shape[0] // 2 + 8, shot.shape[1] // 2 + 8]
    assert np.all(np.abs(middle - gray(0, 1, 0, 452, 252)) <= 8), middle
    left = shot[shot.shape[0] // 2 + 8, 8]  # 64 − 2 pixels of the image to the left: the next block
    assert np.all(np.abs(left - gray(0, 1, 0, 388, 252)) <= 8), left
    assert page.locator(".viewer-scale-text").inner_text() == "10 µm"  # 0.125 µm a screen pixel
    assert page.locator(".viewer-scale-line").evaluate("e => e.getBoundingClientRect().width") == pytest.approx(80, abs=5)


def test_regions_are_drawn_listed_and_found(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    assert page.locator(".roi-name").all_inner_texts() == ["Nucleus <1>", "Region 2"]
    before = page.locator(".roi").first.bounding_box()
    page.get_by_role("button", name="Nucleus <1>").click()
    page.wait_for_timeout(700)
    after = page.locator(".roi-current").last.bounding_box()
    assert before and after and after["width"] > before["width"] * 1.5
    stage = page.locator(".viewer-stage").bounding_box()
    assert stage and abs(after["x"] + after["width"] / 2 - stage["x"] - stage["width"] / 2) < 3
    assert page.locator(".roi-point").first.evaluate("e => e.style.stroke") == "rgb(255, 158, 100)"


def test_values_under_the_pointer_are_called_approximate(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    settles(page, 250, 350, blue_green(250, 350, 1, 0))
    box = page.locator(".viewer-stage").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = page.locator(".viewer-readout").inner_text()
    assert "≈" in text and text.startswith("x 3"), text
    page.get_by_role("button", name="?").click()
    assert page.get_by_role("dialog").get_by_text("plane before, after").is_visible()


def test_a_slide_shows_its_jpeg_tiles(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "images/slide/"))
    settles(page, 100, 300, (200, 30, 30))
    settles(page, 600, 300, (255, 255, 255))
    assert page.locator(".viewer-panel").is_hidden()
    assert page.locator(".viewer-brightfield").count() == 1 and page.get_by_text("no pixel size declared").is_visible()


def test_a_missing_image_leaves_the_still_picture(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "images/gone/"), allow=("404",))
    assert page.locator(".viewer img").count() == 1
    assert page.get_by_role("alert").inner_text().startswith("This image could not be opened: ")


def test_wells_are_chosen_by_click_key_and_address(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/screenA/plate0/#B2.f2"))
    page.locator(".viewer-ready").wait_for()
    assert page.locator("#well h2").inner_text() == "B2"
    assert page.get_by_role("button", name="Field 2").get_attribute("aria-pressed") == "true"
    page.locator("td#B2 a").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.closest('td').dataset.well") == "A4"  # A3 is missing
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash === '#A4'")
    assert page.locator("#well h2").inner_text() == "A4" and page.locator("#viewer").is_hidden()
    page.go_back()
    page.wait_for_function("() => document.querySelector('#well h2').textContent === 'B2'")
    assert page.evaluate("() => [...document.querySelectorAll('td.well > a')].filter(a => a.tabIndex === 0).length") == 1


def test_contrast_is_kept_from_well_to_well(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/screenA/plate0/#B2"))
    page.get_by_label("Show GFP").uncheck()
    page.get_by_role("button", name="Field 2").click()
    page.wait_for_function("() => location.hash.startsWith('#B2.f2')")
    page.get_by_label("Show GFP").wait_for()
    assert not page.get_by_label("Show GFP").is_checked()


@pytest.mark.parametrize(
    "place", ["screenA/plate0/?c=1|100:600$00FF00,-2&z=1#B2", "screenA/plate0/#B2", "experimentA/set/?c=-2&other=1#two"]
)
def test_an_archive_s_own_address_is_taken_over(site_served: Served, open_page: Browsing, place: str) -> None:
    """`?c=…&z=…` in the query asks for the view of a well or sample; the page's own hash takes its place."""
    page = open_page(site_served.url("/", "studies/demo/" + place))
    page.get_by_label("Show GFP").wait_for()
    asked = "?" in place
    assert page.get_by_label("Show GFP").is_checked() is not asked
    page.wait_for_function("asked => location.hash.includes('c=') === asked", arg=asked)
    query = page.evaluate("() => location.search")
    assert query == ("?other=1" if "other" in place else "")
    if "100:600" in place:
        assert page.get_by_label("DAPI (DNA): brightest, typed").input_value() == "600"
        assert page.locator(".viewer-slider output").first.inner_text().startswith("1 of 3")
        assert page.get_by_label("Colour of DAPI").input_value() == "#00ff00"


def test_wells_are_coloured_by_what_is_asked(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/screenA/plate0/"))
    page.get_by_label("Colour by").select_option("score")
    page.locator("td.coloured#A1").wait_for()  # colours and legend are fetched with the first colouring
    assert page.locator("td#A1").evaluate("e => e.style.getPropertyValue('--well-colour')") == "#440154"
    assert page.locator("td#B4").evaluate("e => e.style.getPropertyValue('--well-colour')") == "#fde725"
    page.get_by_label("Colour by").select_option("kind")
    page.locator(".plate-legend li", has_text="control").wait_for()
    assert page.locator(".plate-legend li").all_inner_texts() == ["sample 4", "control 2", "no value 1"]
    again = open_page(page.url)
    assert again.get_by_label("Colour by").input_value() == "kind"


def test_a_phenotype_s_colour_leaves_the_marks_of_no_other(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/screenA/plate0/"))
    marked = "() => [...document.querySelectorAll('td.hit')].map(td => td.id)"
    whole = page.evaluate(marked)
    assert len(whole) == 7
    # A grid is painted after its colours were fetched.
    for by, wells in (("round", ["A2", "B2"]), ("score", []), ("", whole)):
        page.get_by_label("Colour by").select_option(by)
        page.wait_for_function("wells => [...document.querySelectorAll('td.hit')].map(td => td.id).join() === wells", arg=",".join(wells))
        assert page.evaluate(marked) == wells


def test_a_chosen_well_s_viewer_comes_into_view(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/screenA/plate0/"))
    page.set_viewport_size({"width": 1200, "height": 560})
    page.locator("td#B2 a").click()
    page.locator(".viewer-ready").wait_for()
    place = "document.getElementById('viewer').getBoundingClientRect()"
    page.wait_for_function(f"() => {place}.bottom <= innerHeight + 1 || {place}.top <= 1", timeout=5000)
    assert page.evaluate("() => scrollY") > 0


def test_a_picture_of_a_gallery_opens_in_the_page(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "studies/demo/experimentA/set/"))
    assert page.locator("#viewer").is_hidden()
    page.get_by_role("link", name="two 2").click()
    page.locator(".viewer-ready").wait_for()
    assert page.url.endswith("/set/#two.f2")
    page.get_by_label("Show GFP").uncheck()
    page.wait_for_function("() => location.hash.startsWith('#two.f2&c=')")
    page.get_by_role("link", name="one 1").click()
    page.wait_for_function("() => location.hash.startsWith('#one')")
    page.go_back()
    page.wait_for_function("() => location.hash.startsWith('#two.f2')")
    page.go_back()
    page.wait_for_function("() => document.getElementById('viewer').hidden")


def test_a_list_of_regions_is_closed_on_a_phone(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", ADDRESS))
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    page.get_by_text("Regions (2)").wait_for()
    assert not page.locator(".roi-name").first.is_visible()
    page.get_by_text("Regions (2)").click()
    assert page.locator(".roi-name").first.is_visible()
