"""What lies over an image, in a real browser: positions to the pixel, lists, colours, tracks, points, label images, pairs, address."""

from __future__ import annotations

import html
import io
import json
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.watched import Browsing, Served
from tests.js import overlaid
from tests.js.site import Site

ADDRESS = "images/over/"
# A transform with turning, shear and different scales: (x, y) of the other image → (0.5x + 0.25y + 100, −0.1x + 0.75y + 50).
MATRIX = (0.5, 0.25, 100, -0.1, 0.75, 50)


@pytest.fixture(scope="module")
def over(site: Site, site_served: Served) -> Served:
    """Pages added to the folder that is served."""
    black = np.zeros((overlaid.HEIGHT, overlaid.WIDTH), np.uint8)
    told, data = overlaid.points(20_000)
    features = overlaid.FEATURES + overlaid.TRACKS
    site.write_all(
        overlaid.image("tiles/over", black, z=2, t=4, masks={"nuclei": overlaid.labels()}, rois={"features": features, "points": told})
    )
    site.write("tiles/over/points/0.bin", data)
    moving = black.copy()
    moving[200:400, 200:400] = 255
    site.write_all(overlaid.image("tiles/moving", moving))
    pair = {"info": "../../tiles/moving/info.json", "name": "EM section", "page": "../moving/", "matrix": MATRIX}
    back = {"info": "../../tiles/over/info.json", "name": "Light", "page": "../pair/", "matrix": None}
    for name, tiles, rois, pairs in (("over", "over", True, []), ("pair", "over", False, [pair]), ("moving", "moving", False, [back])):
        div = f'<div class="viewer" data-info="../../tiles/{tiles}/info.json" data-name="{name}"'
        extra = f' data-rois="../../tiles/{tiles}/rois.json"' if rois else ""
        extra += f' data-pairs="{html.escape(json.dumps(pairs))}"' if pairs else ""
        site.page(f"images/{name}/", ("viewer",), f'{div}{extra}><img src="data:," alt="{name}"></div>')
    return site_served


def shot(page: Page) -> np.ndarray:
    png = page.locator(".viewer-stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def place(picture: np.ndarray, x: float, y: float) -> tuple[float, float]:
    """Where (x, y) of the image lies in a picture of the stage: the whole image, 700 × 600, is fitted into it."""
    scale = min(picture.shape[1] / 700, picture.shape[0] / 600)
    return (picture.shape[1] - 700 * scale) / 2 + x * scale, (picture.shape[0] - 600 * scale) / 2 + y * scale


def eventually(page: Page, holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(60)


def coloured(page: Page, x: float, y: float, wanted: tuple[int, int, int], within: int = 12) -> None:
    def same() -> bool:
        picture = shot(page)
        px, py = place(picture, x, y)
        return bool(np.all(np.abs(picture[int(py), int(px)] - wanted) <= within))

    eventually(page, same, f"({x}, {y}) is not {wanted}")


def quiet(page: Page) -> None:
    """Only regions are seen: label images hidden."""
    page.get_by_role("checkbox", name="nuclei").uncheck()


def test_shapes_lie_where_they_should_to_the_pixel(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS))
    quiet(page)
    coloured(page, 150, 100, (255, 0, 0), 90)  # the upper edge of the first square
    picture = shot(page)
    red = (picture[..., 0] > 150) & (picture[..., 1] < 20) & (picture[..., 2] < 20)
    rows, columns = np.nonzero(red)
    left, top = place(picture, 100, 100)
    right, bottom = place(picture, 200, 200)
    for found, wanted in ((columns.min(), left), (columns.max() + 1, right), (rows.min(), top), (rows.max() + 1, bottom)):
        assert abs(found - wanted) <= 1.5, (found, wanted)  # half of the line, 1.5 px wide, and rounding


@pytest.mark.parametrize("turned", ["#r=90", "#r=90&f=1"])
def test_shapes_and_labels_turn_with_the_image(turned: str, over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS + turned))
    eventually(page, lambda: bool(_orange(shot(page)).any()), "no label is seen")
    picture = shot(page)
    red = (picture[..., 0] > 200) & (picture[..., 1] < 20) & (picture[..., 2] < 20)
    # The red square lies around the orange object, wherever both are turned to.
    for axis in (0, 1):
        inner, outer = np.nonzero(_orange(picture))[axis], np.nonzero(red)[axis]
        assert abs(outer.min() - inner.min()) <= 3 and abs(outer.max() - inner.max()) <= 3
    # On the left where the image is not turned, and where it is turned and mirrored.
    assert (np.nonzero(red)[1].mean() > picture.shape[1] / 2) == (turned != "#r=90&f=1")


def middle(page: Page) -> np.ndarray:
    picture = shot(page)
    y, x = picture.shape[0] // 2, picture.shape[1] // 2
    return picture[y - 40 : y + 40, x - 40 : x + 40]


def _orange(picture: np.ndarray) -> np.ndarray:
    return np.all(np.abs(picture - (128, 64, 0)) <= 8, axis=2)


def test_regions_are_listed_filtered_sorted_and_coloured(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS))
    quiet(page)
    names = page.locator(".roi-name")
    assert names.count() == 12 and page.get_by_text("Regions (12)").is_visible()
    drawn = page.locator(".roi").count()
    page.get_by_label("Filter by").select_option("area")
    page.get_by_label("Filter regions").fill(">10")
    assert [n.split()[0] for n in names.all_inner_texts()] == ["Nucleus", "Nucleus"]
    assert page.get_by_text("2 of 12 regions").is_visible() and page.locator(".roi").count() == 2
    page.get_by_label("Filter regions").fill("")
    page.get_by_label("Sort by").select_option("area")
    page.get_by_role("button", name="Largest first").click()
    assert names.first.inner_text() == "Nucleus 2 80"
    page.get_by_label("Colour by", exact=True).select_option("class")
    assert page.locator(".overlay-legend li").all_inner_texts()[0].split() == ["nucleus", "2"]
    colours = page.locator(".roi").evaluate_all("all => all.map(e => e.style.stroke)")
    assert len({c for c in colours if c}) == 3
    page.get_by_label("Colour by", exact=True).select_option("area")
    assert page.locator(".overlay-ramp").count() == 1
    page.get_by_label("Show regions").uncheck()
    assert page.locator(".roi").count() == 0
    # An address without a word on what lies over the image shows what it shows at first.
    page.wait_for_function("() => location.hash.includes('o=')")
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("() => !location.hash.includes('o=')")
    assert page.locator(".roi").count() == drawn > 0
    for asked, shown in (("o=r.0", 0), ("x=325&y=125&zm=400", drawn)):
        page.evaluate("asked => { location.hash = asked }", asked)
        page.wait_for_function("shown => document.querySelectorAll('.roi').length === shown", arg=shown)
    assert page.get_by_label("Sort by").input_value() == "" and page.get_by_label("Show regions").is_checked()


def test_a_click_in_the_image_chooses_in_the_list_and_back(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS + "#x=325&y=125&zm=400"))
    quiet(page)
    page.evaluate("() => scrollTo(0, 0)")
    box = page.locator(".viewer-stage").bounding_box()
    assert box

    def click(x: float, y: float) -> None:
        page.mouse.click(box["x"] + box["width"] / 2 + 4 * (x - 325), box["y"] + box["height"] / 2 + 4 * (y - 125))

    click(325, 125)  # inside of two: the smaller is meant
    chosen = page.locator('.roi-name[aria-pressed="true"]')
    chosen.wait_for()
    assert chosen.inner_text().startswith("Spot in 2") and page.locator(".roi-current").count() == 1
    assert page.locator(".overlay-facts:visible dd").all_inner_texts()[0] == "Spot in 2"
    page.wait_for_timeout(400)  # a second click would be a double one
    click(340, 150)
    eventually(page, lambda: chosen.inner_text().startswith("Nucleus 2"), "the larger one, beside the smaller")
    page.wait_for_timeout(400)
    click(290, 130)
    eventually(page, lambda: chosen.count() == 0, "a click beside everything chooses nothing")
    page.locator(".roi-name").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert chosen.inner_text().startswith("Nucleus 2")
    eventually(page, lambda: page.evaluate("() => location.hash.includes('rs.2')"), "the choice is in the address")
    again = open_page(page.url)
    again.locator('.roi-name[aria-pressed="true"]').wait_for()
    assert again.locator('.roi-name[aria-pressed="true"]').inner_text().startswith("Nucleus 2")
    assert again.get_by_role("checkbox", name="nuclei").is_checked() is False


def test_only_what_is_on_the_plane_is_drawn_and_tracks_have_tails(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS + "#z=1"))
    shapes = page.locator(".roi")
    eventually(page, lambda: shapes.count() == 5, "three squares and a spot of each track: the line is on plane 2")
    page.get_by_role("application").focus()
    page.keyboard.press("]")
    eventually(page, lambda: shapes.count() == 6, "the line is here")
    for _ in range(3):
        page.keyboard.press(".")
    tail = page.locator(".roi-tail").first
    eventually(page, lambda: tail.get_attribute("d") == "M100 450L200 460L300 470L400 480", "a tail joins its spots in order of time")
    page.get_by_label("Tails of tracks").select_option("5")
    assert tail.get_attribute("d") == "M100 450L200 460L300 470L400 480"
    colours = page.locator(".roi-tail").evaluate_all("all => all.map(e => e.style.stroke)")
    assert len(set(colours)) == 2
    page.get_by_role("button", name="spot 7.0").click()  # of another time point: the viewer goes there
    eventually(page, lambda: page.locator(".roi-tail").first.get_attribute("d") in ("", None), "the first time point has no tail")
    page.keyboard.press("Escape")
    page.get_by_label("List", exact=True).select_option("tracks")
    assert page.locator(".roi-name").all_inner_texts() == ["Track 7: 4 points, t 1–4", "Track 8: 4 points, t 1–4"]
    page.get_by_role("button", name="Track 8").click()
    assert page.locator(".roi-tail.roi-current").count() == 1
    page.get_by_label("Tails of tracks").select_option("0")
    assert page.locator(".roi-tail").count() == 0


def test_points_are_fetched_when_shown_and_drawn_by_density(over: Served, open_page: Browsing) -> None:
    asked: list[str] = []
    page = open_page(over.url("/", ADDRESS))
    page.on("request", lambda r: asked.append(r.url))
    assert not any(u.endswith(".bin") for u in asked)
    quiet(page)
    page.get_by_role("checkbox", name="blinks").check()
    page.get_by_text("20,000 in view, by density").wait_for()
    assert sum(u.endswith("points/0.bin") for u in asked) == 1
    picture = shot(page)
    x, y = place(picture, 205, 305)
    dense = picture[int(y) - 2 : int(y) + 2, int(x) - 2 : int(x) + 2].sum(axis=2).mean()
    assert dense > 450 and dense > 1.5 * picture[100:300, 300:500].sum(axis=2).mean()
    near = open_page(over.url("/", ADDRESS + "#x=600&y=500&zm=1600&o=p0.1"))
    near.get_by_text("each a dot; colour: photons").wait_for()


def test_label_images_are_coloured_named_and_chosen(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", ADDRESS + "#o=r.0~l0.100"))
    coloured(page, 150, 150, (255, 128, 0))  # the colour that the source has, at full opacity
    picture = shot(page)
    x, y = place(picture, 450, 350)
    own = tuple(picture[int(y), int(x)])
    assert max(own) > 60
    filled = np.nonzero(np.all(np.abs(picture - own) <= 8, axis=2))
    left, top = place(picture, 400, 300)
    right, bottom = place(picture, 500, 400)
    for found, wanted in ((filled[1].min(), left), (filled[1].max() + 1, right), (filled[0].min(), top), (filled[0].max() + 1, bottom)):
        assert abs(found - wanted) <= 1.5, (found, wanted)
    box = page.locator(".viewer-stage").bounding_box()
    assert box
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.get_by_text("nuclei 300, size 600").wait_for()
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.locator(".overlay-facts", has_text="600").wait_for()
    eventually(page, lambda: page.evaluate("() => location.hash.includes('ls0.300')"), "the choice is in the address")
    page.get_by_label("Outlines").check()
    coloured(page, 150, 150, (0, 0, 0))
    page.get_by_label("Outlines").uncheck()
    page.get_by_label("Filter nuclei").fill("300")
    coloured(page, 150, 150, (0, 0, 0))
    # Far in, one pixel of one object is that pixel.
    near = open_page(over.url("/", ADDRESS + "#x=650.5&y=550.5&zm=3200&o=r.0~l0.100"))
    eventually(near, lambda: bool((middle(near).max(axis=2) > 60).sum() > 500), "the object of one pixel is not seen")
    seen = np.nonzero(middle(near).max(axis=2) > 60)
    assert abs(np.ptp(seen[1]) + 1 - 32) <= 2 and abs(np.ptp(seen[0]) + 1 - 32) <= 2


def test_a_pair_lies_where_its_transform_says(over: Served, open_page: Browsing) -> None:
    page = open_page(over.url("/", "images/pair/"))
    page.get_by_label("nuclei", exact=False).first.uncheck()
    a, b, c, d, e, f = MATRIX
    inside = [(a * x + b * y + c, d * x + e * y + f) for x, y in ((210, 210), (390, 390), (210, 390), (390, 210))]
    outside = [(a * x + b * y + c, d * x + e * y + f) for x, y in ((190, 300), (410, 300), (300, 190), (300, 410))]
    page.get_by_label("Opacity of EM section").evaluate("e => { e.value = 100; e.dispatchEvent(new Event('input')) }")
    for x, y in inside:
        coloured(page, x, y, (255, 255, 255), 25)
    for x, y in outside:
        coloured(page, x, y, (0, 0, 0), 25)
    page.get_by_label("Opacity of EM section").evaluate("e => { e.value = 50; e.dispatchEvent(new Event('input')) }")
    coloured(page, *inside[0], (128, 128, 128), 16)
    page.get_by_role("link", name="its page").click()
    page.locator(".viewer-ready").wait_for()
    assert page.get_by_role("link", name="Light").get_attribute("href") == "../pair/"


def test_a_long_list_is_told_in_parts_and_asks_no_more(site: Site, over: Served, open_page: Browsing) -> None:
    features = [overlaid.feature("Point", [n % 700, n // 10], n=n) for n in range(5_000)]
    site.write("tiles/moving/rois.json", json.dumps({"type": "FeatureCollection", "features": features}))
    div = '<div class="viewer" data-info="../../tiles/moving/info.json" data-rois="../../tiles/moving/rois.json" data-name="many"></div>'
    site.page("images/many/", ("viewer",), div)
    page = open_page(over.url("/", "images/many/"))
    page.get_by_text("Regions (5,000)").wait_for()
    assert page.locator(".roi-name").count() == 200 and page.locator(".roi").count() == 5_000
    page.get_by_role("button", name="Show more").click()
    assert page.locator(".roi-name").count() == 400
    page.get_by_label("Filter by").select_option("n")
    page.get_by_label("Filter regions").fill("4321")
    assert page.locator(".roi-name").count() == 1 and page.locator(".roi").count() == 1
