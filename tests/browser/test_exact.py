"""Exact pixels in the viewer: from an OME-Zarr of the portal, and from one on another origin, which is a server of this process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from zarr.codecs import BloscCodec

from tests.browser import kinds, watched
from tests.browser.test_every_page import axe
from tests.browser.watched import Browsing, Served
from tests.conftest import build_py
from tests.imaging import zarrs

STUDY = """
accession: exact0001
label: exact
record: deposited
title: Values that are known
description: Made for a test.
released: 2026-01-15
licence: CC0-1.0
raw: ome-zarr
organisms: [{name: Homo sapiens, term: "NCBITaxon:9606"}]
components:
"""
COMPONENT = """
  - name: %s
    kind: %s
    description: Known values.
    sample_type: cell
    imaging_method: [{name: confocal microscopy, term: "FBbi:00000251"}]
    images:
"""
HERE, COLOUR = "images/exact0001-experimenta-cells/", "images/exact0001-experimenta-colour/"
FIVE, WIDE, SHUT = (f"images/exact0001-experimentb-{name}/" for name in ("five", "wide", "shut"))
PLATE = "studies/exact0001/screenC/plate/"


def known(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(np.uint16)


CELLS = known(1, 2, 3, 600, 700)  # z, c, y, x
COLOURS = known(2, 300, 200, 3).astype(np.uint8)
VALUES = {"five": known(3, 2, 2, 3, 70, 90), "wide": known(4, 1, 2, 2, 300, 4400), "plate": known(5, 2, 40, 50)}


@dataclass
class Elsewhere:
    """A folder on an origin of its own that pages may read, except below `/shut`; `gone`: nothing is there any more; `slow`: what is
    asked for below this is long in coming."""

    folder: Path
    url: str = ""
    gone: bool = False
    slow: str = "-"
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked.append(scope["path"])
        if scope["path"].startswith(self.slow):
            await asyncio.sleep(20)
        files = StaticFiles(directory=self.folder / "nothing" if self.gone else self.folder, check_dir=False)
        leave = [] if scope["path"].startswith("/shut") else [Middleware(CORSMiddleware, allow_origins=["*"])]
        await Starlette(routes=[Mount("/", app=files)], middleware=leave)(scope, receive, send)


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    site = Elsewhere(tmp_path_factory.mktemp("away"))
    (site.folder / "nothing").mkdir()
    zarrs.image(site.folder / "five.zarr", VALUES["five"], shards=True, omero={"channels": [{"label": "a"}, {"label": "b"}]})
    lz4 = numcodecs.Blosc(cname="lz4", shuffle=numcodecs.Blosc.SHUFFLE)
    zarrs.image(site.folder / "wide.zarr", VALUES["wide"], version="0.4", levels=3, side=256, packed=lz4)
    zarrs.image(site.folder / "shut.zarr", VALUES["five"], packed=BloscCodec(cname="zstd", shuffle="bitshuffle"))
    zarrs.plate(site.folder / "plate.zarr", {w: [VALUES["plate"]] for w in ("A/1", "C/07")}, version="0.4")
    with watched.running(site) as site.url:
        yield site


@pytest.fixture(scope="module")
def portal(away: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    at = tmp_path_factory.mktemp("exact")
    folder = at / "content/studies/exact0001"
    (folder / "images").mkdir(parents=True)
    (at / "content/portal.yaml").write_text("title: Exact\ntagline: Values.\nremote_hosts: [127.0.0.1]\n")
    told = {"axes": "ZCYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "Channel": {"Name": ["DAPI", "GFP", "RFP"]}}
    tifffile.imwrite(folder / "images/cells.ome.tif", CELLS, ome=True, metadata=told)
    Image.fromarray(COLOURS).save(folder / "images/colour.png")
    here = '      - {source: images/*.png, pattern: "images/{image}.png", synthetic: true}\n'
    here += '      - {source: images/*.ome.tif, pattern: "images/{image}.ome.tif", synthetic: true}\n'
    link = "      - {url: %s/%s.zarr, synthetic: true}\n"
    there = "".join(link % (away.url, name) for name in ("five", "wide", "shut"))
    parts = (("experimentA", "experiment", here), ("experimentB", "experiment", there), ("screenC", "screen", link % (away.url, "plate")))
    (folder / "study.yaml").write_text(STUDY + "".join(COMPONENT % part[:2] + part[2] for part in parts))
    done = build_py("build", "--content", at / "content", "--out", at / "site", "--store", at / "store")
    assert (at / "site").exists() and done.returncode == 0, done.stdout + done.stderr
    with watched.serve(at / "site") as served:
        yield served


def opened(browsing: Browsing, url: str, *allow: str, **more: int) -> Page:
    page = browsing(url, settled=False, allow=allow, **more)
    expect(page.locator(".viewer-ready")).to_be_visible()
    return page


def read_out(page: Page) -> tuple[int, int, list[float]]:
    """The pixel under the pointer, which is put into the middle, and its values, once these are exact."""
    page.locator(".viewer-canvas").hover()
    told = page.locator(".viewer-readout")
    expect(told).to_contain_text("· exact")
    text = told.inner_text()
    place = re.match(r"x (\d+), y (\d+)", text)
    assert place, text
    return int(place[1]), int(place[2]), [float(v) for v in re.findall(r"[A-Za-z][\w ]* (\d+)(?= ·)", text.split(" · ", 1)[1])]


def test_values_at_the_pointer_are_those_of_the_file(portal: Served, open_page: Browsing) -> None:
    page = opened(open_page, f"{portal.root}{HERE}#c=-2&z=2&x=600.5&y=550.5&zm=1600")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    read = page.locator(".viewer-readout")
    page.locator(".viewer-canvas").hover()
    expect(read).to_contain_text("≈")
    expect(read).to_contain_text("approximate")
    assert not [url for url in asked if "/zarr/" in url], "nothing is fetched that nobody asked for"
    page.get_by_role("button", name="Exact values").click()
    x, y, values = read_out(page)
    assert (abs(x - 600) < 3 and abs(y - 550) < 3) and values == [CELLS[1, c, y, x] for c in (0, 2)]
    assert any("/zarr/" in url for url in asked) and page.url.endswith("&e=v")


def settles(page: Page, drawn: str, value: int) -> None:
    """Waits until the viewer draws from there, and a pixel of the value fills the middle, in grey from 0 to 4000."""
    expect(page.locator(f".viewer[data-drawn={drawn}]")).to_be_visible()
    script = """() => { const c = document.querySelector('.viewer-canvas canvas')
        const { data } = c.getContext('2d').getImageData((c.width >> 1) - 1, (c.height >> 1) - 1, 3, 3)
        return [...data].filter((_, i) => i % 4 < 3) }"""
    found: list[int] = []
    for _ in range(80):
        found = page.evaluate(script)
        if max(abs(v - value / 4000 * 255) for v in found) <= 1:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{found} is drawn where {value / 4000 * 255:.1f} should be")


@pytest.mark.parametrize(("c", "z", "x", "y"), [(0, 0, 12, 590), (2, 1, 680, 3)])
def test_pixels_are_drawn_as_they_are(portal: Served, open_page: Browsing, c: int, z: int, x: int, y: int) -> None:
    shown = ",".join(f"{'' if n == c else '-'}{n + 1}|0:4000$FFFFFF" for n in range(3))
    page = opened(open_page, f"{portal.root}{HERE}#c={shown}&p=normal&z={z + 1}&x={x + 0.5}&y={y + 0.5}&zm=1600&e=p")
    expect(page.get_by_role("button", name="Exact pixels")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".viewer-note")).to_contain_text("Pixels and values are exact")
    settles(page, "all", int(CELLS[z, c, y, x]))
    page.get_by_role("button", name="Copies").click()  # the strips come back
    expect(page.locator(".viewer-note")).to_contain_text("approximate")
    expect(page.locator(".viewer[data-drawn=copies]")).to_be_visible()
    expect(page).not_to_have_url(re.compile("e=p"))


def test_of_the_maximum_nothing_is_exact(portal: Served, open_page: Browsing) -> None:
    page = opened(open_page, f"{portal.root}{HERE}#p=intmax&e=p")
    copies, pixels, maximum = (page.get_by_role("button", name=name) for name in ("Copies", "Exact pixels", "Max"))
    expect(maximum).to_have_attribute("aria-pressed", "true")
    expect(copies).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".viewer-note")).to_contain_text("who asks for exact ones is shown a plane")
    pixels.click()
    expect(maximum).to_have_attribute("aria-pressed", "false")
    expect(pixels).to_have_attribute("aria-pressed", "true")


def test_keys_reach_the_values_and_hear_them(portal: Served, open_page: Browsing) -> None:
    page = opened(open_page, f"{portal.root}{COLOUR}#x=100.5&y=150.5&zm=1600")
    page.get_by_role("application").focus()
    page.keyboard.press("e")
    page.keyboard.press("v")
    expect(page.locator(".viewer-middle")).to_be_visible()
    spoken = page.locator(".viewer-stage [role=status]")
    expect(spoken).to_have_text("x 100, y 150 · {} {} · {} {} · {} {} · exact".format(*(
        part for pair in zip(("red", "green", "blue"), COLOURS[150, 100], strict=True) for part in pair)))  # fmt: skip
    page.keyboard.press("Shift+ArrowRight")
    expect(spoken).to_contain_text("x 101, y 150")
    page.keyboard.press("ArrowRight")
    expect(spoken).not_to_contain_text("x 101,")
    expect(spoken).to_contain_text("exact")
    page.keyboard.press("v")
    expect(page.locator(".viewer-middle")).to_be_hidden()


def policy(page: Page) -> str:
    told = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    return re.findall(r"connect-src ([^;]*);", told)[0]


def test_an_image_elsewhere_is_read_where_it_lies(portal: Served, away: Elsewhere, open_page: Browsing) -> None:
    theirs = f"another origin: {away.url}"
    away.asked.clear()
    page = opened(open_page, f"{portal.root}{WIDE}#c=1|0:4000$FFFFFF,-2&p=normal&z=2")
    assert policy(page) == f"'self' {away.url}" and "unsafe" not in page.content().split("</head>")[0]
    page.locator(".viewer-canvas").hover()
    expect(page.locator(".viewer-readout")).to_contain_text("≈")
    assert not away.asked, "the first view is ours alone"
    assert "4,400 × 300 px" in page.locator("#facts").inner_text()
    page = opened(open_page, f"{portal.root}{WIDE}#c=1|0:4000$FFFFFF,-2&p=normal&z=2&x=3000.5&y=200.5&zm=1600", theirs)
    settles(page, "closer", int(VALUES["wide"][0, 0, 1, 200, 3000]))
    assert "/wide.zarr/0/0/0/1/0/11" in away.asked
    assert not [a for a in away.asked if a.startswith("/wide.zarr/0/0/1/")], "only the channel that is shown"
    assert len(away.asked) == len(set(away.asked)), "nothing is fetched twice"
    page.get_by_role("button", name="Exact values").click()
    x, y, values = read_out(page)
    assert values == [VALUES["wide"][0, 0, 1, y, x]]
    page = opened(open_page, f"{portal.root}{FIVE}#z=3&t=2&e=v", theirs)
    x, y, values = read_out(page)
    assert values == [VALUES["five"][1, c, 2, y, x] for c in (0, 1)]


def test_what_the_pointer_left_is_given_up(portal: Served, away: Elsewhere, open_page: Browsing) -> None:
    page = opened(open_page, f"{portal.root}{FIVE}#z=1&t=1&e=v", f"another origin: {away.url}")
    read_out(page)
    box = page.locator(".viewer-canvas").bounding_box()
    assert box
    left: list[str] = []
    page.on("requestfailed", lambda request: left.append(request.url))
    away.slow = "/five.zarr/0/c/0/0/2/"  # of the third plane; shards of 32 px
    try:
        page.locator(".viewer-slider input").first.fill("2")
        page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
        with page.expect_event("requestfailed"):
            page.wait_for_timeout(300)
            page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7)
    finally:
        away.slow = "-"
    assert left and all("/five.zarr/0/c/" in url for url in left), left
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 3 + box["height"] * 0.3)
    expect(page.locator(".viewer-readout")).to_contain_text("exact")


def test_a_plate_elsewhere(portal: Served, away: Elsewhere, open_page: Browsing) -> None:
    page = opened(open_page, f"{portal.root}{PLATE}#A1&e=v", f"another origin: {away.url}")
    assert policy(page) == f"'self' {away.url}"
    x, y, values = read_out(page)
    assert values == [VALUES["plate"][c, y, x] for c in (0, 1)]
    away.asked.clear()
    page.locator("td.well a[href$=C7], td[data-well=C7] a").first.click()
    expect(page).to_have_url(re.compile("#C7.*e=v"))
    x, y, values = read_out(page)
    assert values == [VALUES["plate"][c, y, x] for c in (0, 1)] and any("/C/07/0/0/" in a for a in away.asked)


def test_only_pages_that_show_the_image_may_ask_there(portal: Served, away: Elsewhere, open_page: Browsing) -> None:
    may = {a for a in kinds.pages(portal.site) if away.url in re.findall(r"connect-src([^;]*);", unescape(kinds.html(portal.site, a)))[0]}
    shown = {FIVE, WIDE, SHUT}
    assert may == {*shown, *(a.replace("images/", "embed/") for a in shown), PLATE}
    assert not [a for a in may if "eval" in kinds.html(portal.site, a).split("<link")[0]], "no decoder needs leave to make code"
    away.asked.clear()
    # Pages for any image ask this portal alone: of what lies elsewhere they show what was drawn, of ours the exact values, too.
    page = open_page(f"{portal.root}compare/?images={HERE.replace('/', '%2F')},{FIVE.replace('/', '%2F')}#x=40&y=20&zm=400&e=v")
    expect(page.locator(".viewer-ready")).to_have_count(2)
    assert policy(page) == "'self'"
    read = page.locator(".viewer-readout")
    for n, word in ((0, "exact"), (1, "approximate")):
        page.locator(".viewer-canvas").nth(n).hover()
        expect(read.nth(n)).to_contain_text(word)
    page = opened(open_page, f"{portal.root}embed/?image={WIDE}#x=3000&y=100&zm=400&e=p")
    page.wait_for_load_state("networkidle")
    assert not away.asked


def test_where_it_fails_one_sentence_says_so(portal: Served, away: Elsewhere, open_page: Browsing) -> None:
    said = f"could not be read from {away.url.removeprefix('http://')}: %s. What you see are compressed copies."
    allow = (f"another origin: {away.url}", "blocked by CORS", "net::ERR_FAILED", "404 (Not Found)")
    page = opened(open_page, f"{portal.root}{SHUT}#e=p", *allow)
    expect(page.get_by_role("alert")).to_contain_text(said % "it does not answer, or does not let this page read")
    expect(page.get_by_role("button", name="Copies")).to_have_attribute("aria-pressed", "true")
    expect(page).not_to_have_url(re.compile("e=p"))
    assert axe(page, "sentence") == []
    page = opened(open_page, f"{portal.root}{WIDE}#p=normal", *allow)
    away.gone = True
    try:
        away.asked.clear()
        page.evaluate("() => { location.hash = 'x=2000&y=100&zm=50' }")
        expect(page.get_by_role("alert")).to_contain_text(said % "it is not there")
        asked = len(away.asked)
        for zoom in (70, 120, 400):
            page.evaluate("(zoom) => { location.hash = `x=2000&y=100&zm=${zoom}` }", zoom)
            page.wait_for_timeout(150)
        page.locator(".viewer-canvas").hover()
        expect(page.locator(".viewer-readout")).to_contain_text("≈")
        expect(page.get_by_role("alert")).to_contain_text(said % "it is not there")  # and stays said
        assert len(away.asked) == asked <= 3, f"it is asked once: {away.asked}"
    finally:
        away.gone = False
    page.get_by_role("button", name="Exact values").click()
    _, _, values = read_out(page)
    assert values and page.get_by_role("alert").count() == 0, "the reader asks again, and it is there again"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_switch(portal: Served, open_page: Browsing, scheme: str) -> None:
    page = open_page(f"{portal.root}{HERE}#e=v", scheme=scheme, width=390, height=844)
    page.get_by_role("application").focus()
    page.keyboard.press("v")
    expect(page.locator(".viewer-readout")).to_contain_text("exact")
    assert axe(page, scheme) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
