"""Image pages, pages for frames of other pages, and images side by side: sound, safe, and of one view."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import kinds
from tests.browser.test_every_page import axe, fits
from tests.browser.test_viewer import one_with
from tests.browser.watched import SUB_PATH, Browsing, Served


def stacks(served: Served) -> list[str]:
    """Addresses of the two stacks of the demonstration, of the same channels."""
    return [a for a in kinds.pages(served.site) if a.startswith("images/demo0003-")]


def well(served: Served) -> str:
    """A well of a plate, as an address: `studies/…/plate1/#A2`."""
    plate = next(a for a in kinds.pages(served.site) if '<table class="plate' in kinds.html(served.site, a))
    told = kinds.html(served.site, plate).split('id="page-data">')[1].split("</script>")[0]
    return plate + "#" + next(w for w, facts in json.loads(told)["wells"].items() if facts.get("fields"))


def compare(references: list[str], view: str = "") -> str:
    return f"compare/?images={','.join(quote(r, safe='') for r in references)}{view}"


def shot(page: Page, which: int = 0) -> np.ndarray:
    before = b""
    for _ in range(50):
        now = page.locator(".openseadragon-canvas canvas").nth(which).screenshot()
        if now == before:
            break
        before = now
        page.wait_for_timeout(120)
    return np.asarray(Image.open(io.BytesIO(before)).convert("RGB")).astype(int)


@pytest.mark.parametrize("what", ["image", "slide", "embed", "embed of a well", "embed of nothing", "compare", "compare of nothing"])
def test_everyone_can_use_it_in_both_themes_and_on_a_phone(served: Served, open_page: Browsing, what: str) -> None:
    stack = stacks(served)
    address = {
        "image": stack[0] + "#at=200,300",
        "slide": one_with(served, "rgb"),
        "embed": stack[0].replace("images/", "embed/", 1),
        "embed of a well": "embed/?image=" + quote(well(served), safe=""),
        "embed of nothing": "embed/",
        "compare": compare(stack),
        "compare of nothing": "compare/",
    }[what]
    page = open_page(served.root + address)
    if "nothing" not in what:
        expect(page.locator(".viewer-ready").first).to_be_visible()
    assert page.locator("h1").count() == 1
    if what == "image":
        page.locator(".viewer-menu > summary").click()
        page.locator(".channel-more > summary").first.click()
    wrong = axe(page, "light")
    if what == "image":
        page.get_by_role("button", name="Cite", exact=True).click()
        wrong += axe(page, "citing")
        page.keyboard.press("Escape")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    wrong += axe(page, "390 px")
    assert not wrong, "\n".join(wrong)
    fits(page)


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_a_view_of_an_image_is_the_same_in_a_frame(served: Served, open_page: Browsing, base: str) -> None:
    address, view = stacks(served)[0], "#c=1$fire,-2&z=2&t=2&x=256&y=256&zm=100"
    whole = shot(open_page(served.url(base, address) + view))
    page = open_page(served.url(base, address.replace("images/", "embed/", 1)) + view, width=720, height=480)
    framed = shot(page)
    cut = tuple((a - 300) // 2 for a in whole.shape[:2]), tuple((a - 300) // 2 for a in framed.shape[:2])
    one, other = (s[y : y + 300, x : x + 300] for s, (y, x) in zip((whole, framed), cut, strict=True))
    # Frames may differ by half a pixel.
    assert np.mean(np.abs(one - other)) < 8 < np.mean(np.abs(one - np.roll(other, 30, axis=0)))
    back = page.locator("#embed-back").get_attribute("href") or ""
    assert back.endswith(address + "#c=1$fire,-2&z=2&t=2&x=256&y=256&zm=100")
    assert "noindex" in (page.locator("meta[name=robots]").get_attribute("content") or "")
    assert "frame-ancestors" not in page.content()


def test_another_page_can_hold_the_viewer_in_a_frame(served: Served, open_page: Browsing) -> None:
    page = open_page.blank(served.root)
    framed = served.root + stacks(served)[0].replace("images/", "embed/", 1)
    page.set_content(f'<iframe src="{framed}" width="720" height="480" title="image"></iframe>')
    expect(page.frame_locator("iframe").locator(".viewer-ready")).to_be_visible()


def test_a_well_is_embedded_by_its_address_and_nothing_else_is(served: Served, open_page: Browsing) -> None:
    reference = well(served)
    page = open_page(served.root + "embed/?image=" + quote(reference, safe="") + "#c=-1")
    expect(page.locator(".viewer-ready")).to_be_visible()
    back = page.locator("#embed-back")
    expect(back).to_contain_text(reference.split("#")[1])
    assert (back.get_attribute("href") or "").startswith(served.root + reference)
    for bad in (
        "https://example.org/images/a/", "//example.org/images/a/", "images/../../secret/", "images/x/?y=1", "tiles/",
        "javascript:alert(1)", "data:text/html,x", "studies/a/b/c/", "images/%2e%2e/",
    ):  # fmt: skip
        page = open_page(served.root + "embed/?image=" + quote(bad, safe=""))
        assert page.locator(".viewer-ready").count() == 0 and page.locator("#embed-how").is_visible(), bad
    gone = open_page(served.root + "embed/?image=images%2Fnone%2F", allow=("404",))
    expect(gone.get_by_role("alert")).to_contain_text("there is no page images/none/ (404)")


def test_images_side_by_side_share_window_plane_and_place(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + compare(stacks(served)))
    before = [shot(page, n) for n in (0, 1)]
    expect(page.locator(".compared")).to_have_count(2)
    page.locator("input.channel-shown").first.uncheck()
    page.get_by_role("slider", name="Plane", exact=True).fill("0")
    page.get_by_role("application").nth(1).focus()
    page.keyboard.press("+")  # in the second: the first follows
    page.wait_for_timeout(600)
    after = [shot(page, n) for n in (0, 1)]
    for was, now in zip(before, after, strict=True):
        assert np.mean(np.abs(was - now) > 8) > 0.05
    scales = page.locator(".viewer-scale-line").evaluate_all("lines => lines.map(l => l.getBoundingClientRect().width)")
    assert scales[0] == pytest.approx(scales[1], abs=1)
    page.wait_for_function("() => /#c=-1&z=1/.test(location.hash) && /zm=/.test(location.hash)")
    again = open_page(page.url)
    for n in (0, 1):
        assert np.mean(np.abs(shot(again, n) - after[n]) > 8) < 0.03


def test_images_are_gathered_one_by_one(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + stacks(served)[0])
    page.locator(".viewer-menu > summary").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Open another image")
    page.goto(served.root + well(served), wait_until="networkidle")
    page.locator(".viewer-menu > summary").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("link", name="Compare 2 images").click()
    expect(page.locator(".compared .viewer-ready")).to_have_count(2)
    expect(page.locator(".compared-name").last).to_contain_text(well(served).split("#")[1])


def test_without_scripts_an_image_page_has_picture_settings_and_downloads(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + stacks(served)[0], scripts=False)
    assert page.locator(".viewer img").get_attribute("alt")
    assert page.locator(".channel-table tbody tr").count() == 4
    links = page.locator("#use a").evaluate_all("as => as.map(a => a.href)")
    assert any(link.endswith("preview.webp") for link in links) and any(link.endswith("info.json") for link in links)
    framed = open_page(served.root + stacks(served)[0].replace("images/", "embed/", 1), scripts=False)
    assert framed.locator(".viewer img").is_visible() and framed.locator("#embed-back").is_visible()


def test_embeds_are_told_of_only_where_the_portal_knows_its_address(tmp_path: Path) -> None:
    from portal.pages import embed
    from tests.pages.fixtures import Portal

    pages = Portal(tmp_path / "known").pages()
    embeds = [path for path in pages if path.startswith("embed/") and path.endswith("/index.html") and path != "embed/index.html"]
    images = [path for path in pages if path.startswith("images/")]
    assert len(embeds) == len(images) > 0
    for path in images:
        name = path.split("/")[1]
        card = json.loads(pages[f"embed/{name}/oembed.json"])
        assert card["version"] == "1.0" and card["type"] == "rich" and (card["width"], card["height"]) == (embed.WIDTH, embed.HEIGHT)
        assert card["html"].startswith(f'<iframe src="https://example.org/atlas/embed/{name}/"')
        assert card["thumbnail_url"].startswith("https://example.org/atlas/tiles/")
        address = f"https://example.org/atlas/embed/{name}/oembed.json"
        assert f'<link rel="alternate" type="application/json+oembed" href="{address}"' in pages[path].decode()
    unknown = Portal(tmp_path / "unknown", site_url=None).pages()
    assert not [path for path in unknown if path.endswith("oembed.json")] and "oembed" not in unknown[images[0]].decode()
    listed = pages["sitemap.xml"].decode()
    assert "/studies/" in listed and "/embed/" not in listed and "/compare/" not in listed


def test_other_programs_are_given_addresses_that_they_read() -> None:
    from portal.pages.open_with import ways

    found = {way.name: way for way in ways("https://example.org/a b/x.zarr", 'n"<')}
    assert found["vizarr"].address == "https://hms-dbmi.github.io/vizarr/?source=https://example.org/a%20b/x.zarr"
    state = json.loads(unquote(found["Neuroglancer"].address.split("#!")[1]))
    assert state["layers"][0]["source"] == "zarr://https://example.org/a b/x.zarr"
    assert found["napari"].text.endswith("'https://example.org/a b/x.zarr'")
    assert ways("zarr/x.zarr", "n") == [] == ways("javascript:alert(1)", "n")
