"""The viewer's controls in a real browser: the view is the address, and every control shows in known pixels."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.watched import Browsing, Served
from tests.js import tiles
from tests.js.site import Site
from tests.js.test_viewer import settles
from tests.js.tiles import INFO, gray

STACK = "images/stack/"
MAXIMUM, MANY = "images/maximum/", "images/many/"
WELLS = "studies/demo/experimentA/maximum/"


@pytest.fixture(scope="module")
def images(site: Site, site_served: Served) -> Iterator[Served]:
    """The fixture site with two images more: a stack with its maximum over z, and one of twelve channels in three groups."""
    made = dict(tiles.strips("tiles/maximum"))
    made["tiles/maximum/info.json"] = json.dumps({**INFO, "version": 2, "projection": True, "preview": {"z": 0}}).encode()
    for t in range(2):
        for number, group in enumerate(INFO["groups"]):
            tops = [np.max([tiles.plane(c, z, t) for z in range(3)], axis=0) for c in group]
            for level, step in ((0, 1), (1, 2)):
                for y in range(INFO["levels"][level]["rows"]):
                    for x in range(INFO["levels"][level]["columns"]):
                        cut = [p[::step, ::step][y * 512 : y * 512 + 512, x * 512 : x * 512 + 512] for p in tops]
                        made[f"tiles/maximum/{level}/max/{t}/{number}/{x}_{y}.webp"] = tiles._webp(np.vstack(cut))
    channels = [{"name": f"Ch{n}", "label": None, "colour": "#00ff00", "low": 0, "high": 1000, "shown": n < 2} for n in range(12)]
    groups = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    many = {**INFO, "z": 1, "t": 1, "channels": channels, "groups": groups, "limits": [[0, 1000]] * 12, "histograms": [[5] * 64] * 12}
    made["tiles/many/info.json"] = json.dumps(many).encode()
    for number, group in enumerate(groups):
        for level, step in ((0, 1), (1, 2)):
            for y in range(INFO["levels"][level]["rows"]):
                for x in range(INFO["levels"][level]["columns"]):
                    cut = [tiles.plane(c, 0, 0)[::step, ::step][y * 512 : y * 512 + 512, x * 512 : x * 512 + 512] for c in group]
                    made[f"tiles/many/{level}/0/0/{number}/{x}_{y}.webp"] = tiles._webp(np.vstack(cut))
    site.write_all(made)
    for name in ("maximum", "many"):
        site.page(
            f"images/{name}/", ("viewer",),
            f'<div class="viewer" data-info="../../tiles/{name}/info.json" data-name="{name}"><img src="data:," alt="{name}"></div>',
        )  # fmt: skip
    field = {"info": "../../../../tiles/maximum/info.json", "name": "field"}
    site.page(
        WELLS, ("plate-dataset",),
        '<div class="viewer" id="viewer" hidden></div>'
        '<section id="grid"><div class="plate-tools" hidden></div><div id="cells"></div></section>'
        '<table id="twin"><thead><tr><th>Image</th></tr></thead>'
        '<tbody><tr id="one"><td>one</td></tr><tr id="two"><td>two</td></tr></tbody></table>',
        {"wells": {"one": {"fields": [field]}, "two": {"fields": [field]}}, "rows": [{}, {}], "colour_by": []},
    )  # fmt: skip
    yield site_served


def shot(page: Page) -> np.ndarray:
    """What the canvas shows, once it stands still."""
    before = b""
    for _ in range(50):
        now = page.locator(".openseadragon-canvas canvas").first.screenshot()
        if now == before:
            break
        before = now
        page.wait_for_timeout(120)
    return np.asarray(Image.open(io.BytesIO(before)).convert("RGB")).astype(int)[:512, :512]


def more(page: Page, name: str) -> None:
    page.locator(f".channel-more summary[aria-label^='More for {name}']").click()


def act(page: Page, key: str) -> None:
    page.get_by_role("application").focus()
    page.keyboard.press(key)


@pytest.mark.parametrize(
    "asked",
    [
        "?show=image-7&c=1|0:800$FF0000,-2|0:255$00FF00,3|100:900$fire.lut&m=c&p=normal&z=3&t=2&x=300&y=250&zm=150",
        "#c=-1,2$viridis!,3|50:600&r=90&f=1&x=350&y=300&zm=95",
        "#m=g&c=1,-2&t=2&z=1",
    ],
)
def test_an_address_is_made_ours_and_shows_the_same_pixels_again(asked: str, site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + asked)
    first = shot(page)
    page.wait_for_timeout(400)
    assert "c=" in page.url.partition("#")[2] and "?c=" not in page.url and "&c=1%7C" not in page.url.partition("#")[0]
    if "show=" in asked:
        assert "?show=image-7#" in page.url  # what is not the viewer's stays
    again = shot(open_page(page.url))
    assert first.shape == again.shape and np.mean(np.abs(first - again) > 2) < 0.01
    plain = shot(open_page(site_served.root + STACK))
    assert np.mean(np.abs(first - plain) > 2) > 0.05  # the view asked for something


def test_grey_shows_one_channel_and_solo_one_alone(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK)
    dapi, gfp, rfp = (gray(c, 1, 0, 250, 350) for c in range(3))
    settles(page, 250, 350, (0, gfp, dapi))
    page.get_by_role("button", name="Grey: one").click()
    settles(page, 250, 350, (dapi, dapi, dapi))
    page.get_by_role("checkbox", name="Show GFP").check()
    page.get_by_role("checkbox", name="Show RFP").check()
    settles(page, 250, 350, (rfp, rfp, rfp))
    act(page, "g")
    page.get_by_role("button", name="Solo: GFP alone").click()
    settles(page, 250, 350, (0, gfp, 0))
    page.locator(".channel-name", has_text="RFP").click(modifiers=["Alt"])
    settles(page, 250, 350, (rfp, 0, 0))
    act(page, "Shift+1")
    settles(page, 250, 350, (0, 0, dapi))
    act(page, "Shift+1")  # again: as by default
    settles(page, 250, 350, (0, gfp, dapi))


def test_windows_are_typed_automatic_and_reset_and_fetch_nothing(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#c=-2")
    dapi = gray(0, 1, 0, 250, 350)
    settles(page, 250, 350, (0, 0, dapi))
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.get_by_label("DAPI (DNA): brightest, typed").fill("500")
    page.keyboard.press("Enter")
    settles(page, 250, 350, (0, 0, min(255, dapi * 2)))
    assert page.get_by_label("Brightest value shown of DAPI").get_attribute("aria-valuetext") == "500"
    page.get_by_label("DAPI (DNA): darkest, typed").fill("")  # nothing typed changes nothing
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Auto: window of DAPI").click()
    low, high = (float(page.get_by_label(f"DAPI (DNA): {end}, typed").input_value()) for end in ("darkest", "brightest"))
    assert 0 <= low < 100 and 900 < high <= 1000
    more(page, "DAPI")
    page.get_by_role("button", name="Invert DAPI").click()
    page.get_by_label("Lookup table of DAPI").select_option("grey")
    page.get_by_role("button", name="Reset DAPI").click()
    settles(page, 250, 350, (0, 0, dapi))
    page.get_by_role("button", name="Invert DAPI").click()
    settles(page, 250, 350, (0, 0, 255 - dapi))
    page.get_by_label("Lookup table of DAPI").select_option("grey")
    settles(page, 250, 350, (255 - dapi,) * 3)
    page.get_by_label("Darkest value shown of DAPI").focus()
    page.keyboard.press("PageUp")  # a tenth of the range
    assert page.get_by_label("Darkest value shown of DAPI").get_attribute("aria-valuetext") == "100"
    page.wait_for_function("() => location.hash.includes('$grey!')")
    assert asked == []


def test_the_maximum_of_all_planes(images: Served, open_page: Browsing) -> None:
    page = open_page(images.root + MAXIMUM)
    settles(page, 250, 350, tuple(gray(c, 0, 0, 250, 350) if c >= 0 else 0 for c in (-1, 1, 0)))  # its preview's plane
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.get_by_role("button", name="Max").click()
    top = [max(gray(c, z, 0, 250, 350) for z in range(3)) for c in (0, 1)]
    settles(page, 250, 350, (0, top[1], top[0]))
    assert asked and all("/max/" in url for url in asked), asked
    expect(page.get_by_role("slider", name="Plane", exact=True)).to_be_disabled()
    page.wait_for_function("() => location.hash === '#p=intmax'")
    settles(open_page(page.url), 250, 350, (0, top[1], top[0]))
    act(page, "]")  # a plane is asked for: the maximum gives way
    settles(page, 250, 350, (0, gray(1, 1, 0, 250, 350), gray(0, 1, 0, 250, 350)))
    # A pointer that rests is told the values of what comes below it.
    page.locator(".viewer-canvas").hover()
    expect(page.locator(".viewer-readout")).to_contain_text("≈")
    act(page, ".")
    expect(page.locator(".viewer-readout")).to_contain_text("≈")


def test_an_address_with_a_plane_shows_it_after_a_maximum(images: Served, open_page: Browsing) -> None:
    page = open_page(images.root + WELLS + "#one&p=intmax")
    expect(page.get_by_role("button", name="Max")).to_have_attribute("aria-pressed", "true")
    page.evaluate("() => { location.hash = 'two&z=2' }")
    expect(page.get_by_role("button", name="Max")).to_have_attribute("aria-pressed", "false")
    settles(page, 250, 350, (0, gray(1, 1, 0, 250, 350), gray(0, 1, 0, 250, 350)))


def test_time_points_play_and_pause(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK)
    said = page.locator(".viewer-slider output").nth(1)
    page.get_by_label("Speed of time points").select_option("20")
    play = page.get_by_role("button", name="Play time points")
    play.click()
    expect(said).to_contain_text("2 of 2")
    expect(said).to_contain_text("1 of 2")  # and round again
    act(page, "p")
    expect(play).to_have_attribute("aria-pressed", "false")
    before = said.inner_text()
    page.wait_for_timeout(300)
    assert said.inner_text() == before


def test_the_plane_after_next_is_here_before_it_is_asked_for(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#z=1")
    with page.expect_request(lambda r: "/2/0/0/" in r.url):  # the third plane, on the way to the second
        act(page, "]")
    here = "() => performance.getEntriesByType('resource').filter(e => e.name.includes('/0/2/0/0/') && e.responseEnd).length"
    page.wait_for_function(f"() => ({here})() >= 4")
    page.wait_for_timeout(300)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    act(page, "]")
    settles(page, 250, 350, (0, gray(1, 2, 0, 250, 350), gray(0, 2, 0, 250, 350)))
    assert not [url for url in asked if "/stack/0/" in url]  # the level that is seen


def test_an_image_turns_and_is_mirrored_with_what_lies_over_it(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#x=350&y=300&zm=70")
    upright = shot(page)
    path = page.locator(".viewer-layer path").first
    path.wait_for(state="attached")
    at = path.bounding_box()
    act(page, "t")
    turned = shot(page)
    # On a square stage a quarter turn is a turn of the picture, but for the edges of blocks, half a pixel aside.
    assert np.mean(np.abs(turned - np.rot90(upright, -1)) > 24) < 0.12 < np.mean(np.abs(turned - upright) > 24)
    act(page, "h")
    assert np.mean(np.abs(shot(page) - turned[:, ::-1]) > 24) < 0.12
    page.wait_for_function("() => /r=90&f=1/.test(location.hash)")
    box, stage = path.bounding_box(), page.locator(".viewer-stage").bounding_box()
    assert at and box and stage
    # Its place, from the middle of the stage: (x, y) turned is (−y, x), mirrored (y, x).
    middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    dx, dy = at["x"] + at["width"] / 2 - middle[0], at["y"] + at["height"] / 2 - middle[1]
    assert abs(box["x"] + box["width"] / 2 - middle[0] - dy) < 3 and abs(box["y"] + box["height"] / 2 - middle[1] - dx) < 3


def test_what_is_seen_is_saved_with_its_scale_and_citation(site_served: Served, open_page: Browsing, tmp_path: Path) -> None:
    page = open_page(site_served.root + STACK + "#c=-2&x=350&y=300&zm=80")
    seen = shot(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    assert download.value.suggested_filename == "stack.png"
    download.value.save_as(tmp_path / "saved.png")
    saved = np.asarray(Image.open(tmp_path / "saved.png").convert("RGB")).astype(int)
    height, width = seen.shape[:2]
    assert abs(saved.shape[1] - width) <= 1 and saved.shape[0] > height + 30
    middle = slice(height // 3, height * 2 // 3), slice(width // 3, width * 2 // 3)
    assert np.mean(np.abs(saved[middle] - seen[middle])) < 3
    bar = saved[height - 40 : height, 10:200].min(axis=2) > 240
    assert bar.sum() > 200, "no scale bar"
    line = saved[height:]
    assert np.all(line[0] == 255) and (line.max(axis=2) < 120).sum() > 300, "no words beneath the picture"


def test_a_citation_holds_the_whole_view(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#c=-2")
    page.get_by_role("button", name="Cite").click()
    text = page.locator(".cite-text").inner_text()
    address = text.split("View: ")[1].split(" (accessed")[0]
    assert address.endswith("#c=1|0:1000$0000FF,-2|0:1000$00FF00,-3|0:1000$FF0000,-4|0:1000$FF00FF,-5|0:1000$FFFFFF&z=2&t=1")
    assert page.url.endswith("#c=-2")  # the address bar keeps the short one
    settles(open_page(address), 250, 350, (0, 0, gray(0, 1, 0, 250, 350)))


def test_a_stack_is_cut_at_a_point(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#c=1$FFFFFF,-2")
    act(page, "o")
    page.get_by_label("x ", exact=True).fill("250")
    page.keyboard.press("Enter")
    page.get_by_label("y ", exact=True).fill("350")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /at=250,350/.test(location.hash)")
    pixels = """() => ['xz', 'yz'].map((name) => {
      const canvas = document.querySelector(`canvas[aria-label="Cut ${name}"]`)
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
      return {width: canvas.width, height: canvas.height, red: [...data].filter((_, i) => i % 4 === 0)}
    })"""
    page.wait_for_function(f"() => ({pixels})()[0].height === 3")
    page.wait_for_timeout(300)
    xz, yz = page.evaluate(pixels)
    assert (xz["width"], yz["width"]) == (700, 600)
    for z in range(3):
        for at in (50, 150, 250, 450, 550):
            assert abs(xz["red"][z * 700 + at] - gray(0, z, 0, at, 350)) <= 8
            assert abs(yz["red"][z * 600 + at] - gray(0, z, 0, 250, at)) <= 8
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.get_by_label("Brightest value shown of DAPI").evaluate("(i) => { i.value = 500; i.dispatchEvent(new Event('input')) }")
    page.wait_for_timeout(400)
    brighter = page.evaluate(pixels)[0]["red"]
    assert abs(brighter[250] - min(255, 2 * gray(0, 0, 0, 250, 350))) <= 12 and asked == []
    again = open_page(page.url)
    again.locator(".viewer-cuts").wait_for()
    again.get_by_role("button", name="Close", exact=True).first.click()
    again.wait_for_function("() => !location.hash.includes('at=')")


def test_channels_that_are_not_shown_are_not_fetched(images: Served, open_page: Browsing) -> None:
    page = open_page(images.root + MANY)
    fetched: list[str] = page.evaluate("() => performance.getEntriesByType('resource').map(e => e.name).filter(n => n.endsWith('.webp'))")
    assert fetched and all("/0/0/0/" in url for url in fetched), fetched
    assert page.locator(".channel").count() == 12
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.get_by_role("checkbox", name="Show Ch9").check()
    page.wait_for_timeout(500)
    assert asked and all("/0/0/2/" in url for url in asked), asked


def test_the_small_map_frames_what_is_seen(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK + "#x=175&y=150&zm=300")
    act(page, "n")
    frame = page.locator(".viewer-map-frame")
    frame.wait_for(state="attached")
    page.wait_for_timeout(200)
    points = [tuple(map(float, p.split(","))) for p in (frame.get_attribute("points") or "").split()]
    assert len(points) == 4
    assert abs(sum(x for x, _ in points) / 4 - 175) < 1 and abs(sum(y for _, y in points) / 4 - 150) < 1
    act(page, "n")
    expect(page.locator(".viewer-map")).to_have_count(0)


def test_keys_are_text_where_text_is_typed(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.root + STACK)
    number = page.get_by_label("DAPI (DNA): brightest, typed")
    number.fill("")
    number.press_sequentially("72.5")
    page.keyboard.press("Enter")
    assert page.locator(".viewer-slider output").nth(1).inner_text().startswith("1 of 2")  # `.` was no step in time
    page.wait_for_function("() => location.hash === '#c=1|0:72.5'")
