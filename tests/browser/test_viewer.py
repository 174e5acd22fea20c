"""The image viewer: what is drawn changes with what is asked, and the address brings it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import kinds
from tests.browser.links import read, target_of
from tests.browser.watched import SUB_PATH, Browsing, Served

# Mean red, green and blue of what the viewer has drawn, over the whole canvas and over its left upper quarter.
DRAWN = """() => {
  const canvas = document.querySelector('.viewer-canvas canvas')
  if (!canvas || !canvas.width) return null
  const context = canvas.getContext('2d')
  const mean = (w, h) => {
    const { data } = context.getImageData(0, 0, w, h)
    const sum = [0, 0, 0]
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c]
    return sum.map((s) => Math.round(s / (data.length / 4) * 100) / 100)
  }
  return [...mean(canvas.width, canvas.height), ...mean(canvas.width >> 1, canvas.height >> 1)]
}"""


def images(site: Path) -> dict[str, dict[str, Any]]:
    """Address of each image's page → its info.json, with `rois` where it has regions."""
    found = {}
    for address in kinds.pages(site):
        if not address.startswith("images/"):
            continue
        page = read(kinds.html(site, address))
        carried = [where[0] for link in page.links if (where := target_of(address, link))]
        info = next(path for path in carried if path.endswith("info.json"))
        found[address] = json.loads((site / info).read_text()) | {"rois": {p for p in carried if p.endswith("rois.json")}}
    return found


def one_with(served: Served, what: str) -> str:
    """Page of an image that is `stack` (several z, t and channels), `rgb`, or has `rois`."""
    for address, info in images(served.site).items():
        fits = {
            "stack": info["z"] > 1 and info["t"] > 1 and len(info["channels"]) > 1,
            "rgb": info["kind"] == "rgb",
            "rois": bool(info["rois"]),
        }
        if fits[what]:
            return address
    pytest.fail(f"the demonstration has no image of the kind {what}")


def drawn(page: Page, other_than: list[float] | None = None) -> list[float]:
    """What is drawn once it stands still and, where given, differs from what was drawn before."""
    before: list[float] | None = None
    for _ in range(100):
        now = page.evaluate(DRAWN)
        if now and now == before and any(now) and (other_than is None or now != other_than):
            return list(now)
        before = now
        page.wait_for_timeout(100)
    pytest.fail(f"nothing new was drawn; {before} is there, and {other_than} was before")


def opened(browsing: Browsing, url: str) -> Page:
    page = browsing(url)
    expect(page.locator(".viewer-ready")).to_be_visible()
    return page


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_hiding_a_channel_changes_the_picture_and_fetches_nothing(served: Served, open_page: Browsing, base: str) -> None:
    page = opened(open_page, served.url(base, one_with(served, "stack")))
    whole = drawn(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    first = page.locator("input.channel-shown").first
    first.uncheck()
    without = drawn(page, other_than=whole)
    assert sum(without[:3]) < sum(whole[:3])
    first.check()
    assert drawn(page, other_than=without) == whole
    assert not [url for url in asked if "/tiles/" in url]


def test_contrast_and_colour_change_the_picture(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served.root + one_with(served, "stack"))
    before = drawn(page)
    page.locator("input.channel-high").first.fill("60")
    brighter = drawn(page, other_than=before)
    assert sum(brighter[:3]) > sum(before[:3])
    page.locator("input.channel-colour").first.fill("#ff0000")
    drawn(page, other_than=brighter)


def test_planes_and_time_points_are_stepped_by_slider_and_key(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served.root + one_with(served, "stack"))
    first = drawn(page)
    page.locator(".viewer-slider input").nth(0).fill("0")
    expect(page.locator(".viewer-slider output").nth(0)).to_contain_text("1 of")
    second = drawn(page, other_than=first)
    page.locator(".viewer-canvas [role=application]").focus()
    page.keyboard.press("]")
    expect(page.locator(".viewer-slider output").nth(0)).to_contain_text("2 of")
    third = drawn(page, other_than=second)
    page.keyboard.press(".")
    expect(page.locator(".viewer-slider output").nth(1)).to_contain_text("2 of")
    drawn(page, other_than=third)


def test_an_address_brings_back_the_view(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served.root + one_with(served, "stack"))
    before = drawn(page)
    page.locator("input.channel-shown").nth(1).uncheck()
    page.locator(".viewer-slider input").nth(1).fill("1")
    page.locator(".viewer-canvas [role=application]").focus()
    page.keyboard.press("+")
    there = drawn(page, other_than=before)
    page.wait_for_function("() => /zm=/.test(location.hash) && /t=2/.test(location.hash)")
    again = opened(open_page, page.url)
    assert drawn(again) == pytest.approx(there, abs=1.5)
    expect(again.locator("input.channel-shown").nth(1)).not_to_be_checked()
    expect(again.locator(".viewer-slider output").nth(1)).to_contain_text("2 of")


@pytest.mark.parametrize("what", ["stack", "rgb"])
def test_an_image_pans_and_zooms(served: Served, open_page: Browsing, what: str) -> None:
    page = opened(open_page, served.root + one_with(served, what))
    whole = drawn(page)
    stage = page.locator(".viewer-canvas")
    box = stage.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    for _ in range(3):
        page.mouse.wheel(0, -240)
    near = drawn(page, other_than=whole)
    page.mouse.down()
    page.mouse.move(middle[0] + 180, middle[1] + 90, steps=6)
    page.mouse.up()
    moved = drawn(page, other_than=near)
    page.get_by_role("button", name="Reset").click()
    assert drawn(page, other_than=moved) == pytest.approx(whole, abs=1.5)


def test_regions_are_listed_and_drawn(served: Served, open_page: Browsing) -> None:
    address = one_with(served, "rois")
    page = opened(open_page, served.root + address)
    (rois,) = images(served.site)[address]["rois"]
    features = json.loads((served.site / rois).read_text())["features"]
    assert page.locator(".viewer-stage svg [data-region], .viewer-stage svg path, .viewer-stage svg polygon").count() >= len(features)


def test_the_viewer_can_be_reached_and_left_by_tab(served: Served, open_page: Browsing) -> None:
    page = opened(open_page, served.root + one_with(served, "stack"))
    page.locator("main a, main button").first.focus()
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        inside = page.evaluate("() => !!document.activeElement.closest('.viewer')")
        name = page.evaluate("() => document.activeElement.className + ' ' + (document.activeElement.getAttribute('role') || '')")
        if seen and not inside:
            break
        if inside:
            seen.append(name)
    else:
        pytest.fail("Tab never left the viewer")
    for part in ("application", "viewer-button", "channel-shown", "channel-low", "channel-high"):
        assert any(part in name for name in seen), f"{part} cannot be reached by Tab"
