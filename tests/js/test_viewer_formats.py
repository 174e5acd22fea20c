"""Strips that are JPEG, whose channels are filled up to whole blocks of 8 rows: the viewer finds each where it begins."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.browser.watched import Browsing, Served
from tests.js.site import Site
from tests.js.tiles import INFO

SIDE, EDGE = 100, 82  # px; rows from EDGE on are bright. 100 rows are filled up to 104


def green(page: Page, y: float) -> int:
    """How green the screen is in the middle of a row of the image."""
    shot = np.asarray(Image.open(io.BytesIO(page.locator(".openseadragon-canvas canvas").first.screenshot())).convert("RGB"))
    scale = min(shot.shape[0], shot.shape[1]) / SIDE
    return int(shot[round((shot.shape[0] - SIDE * scale) / 2 + y * scale), shot.shape[1] // 2, 1])


def test_a_channel_begins_behind_the_rows_that_fill_a_block(site: Site, site_served: Served, open_page: Browsing) -> None:
    dark, bright = np.zeros((SIDE, SIDE), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    bright[EDGE:] = 255
    strip = io.BytesIO()
    Image.fromarray(np.vstack([np.pad(plane, ((0, 4), (0, 0)), "edge") for plane in (dark, bright)])).save(strip, "JPEG", quality=80)
    level = {"width": SIDE, "height": SIDE, "columns": 1, "rows": 1}
    info = {
        **INFO, "version": 3, "width": SIDE, "height": SIDE, "z": 1, "t": 1, "levels": [level], "formats": ["jpg"],
        "channels": INFO["channels"][:2], "groups": [[0, 1]], "limits": [[0, 1000]] * 2, "histograms": [[1] * 64] * 2,
    }  # fmt: skip
    site.write_all({"tiles/filled/info.json": json.dumps(info).encode(), "tiles/filled/0/0/0/0/0_0.jpg": strip.getvalue()})
    site.page(
        "images/filled/", ("viewer",),
        '<div class="viewer" data-info="../../tiles/filled/info.json" data-name="filled"><img src="data:," alt="filled"></div>',
    )  # fmt: skip
    page = open_page(site_served.root + "images/filled/")
    for _ in range(100):
        if green(page, 95) > 240:
            break
        page.wait_for_timeout(100)
    # Taken to begin where the first channel's own rows end, the second would be seen four rows further down.
    assert (green(page, EDGE - 2) < 15, green(page, EDGE + 2) > 240) == (True, True)
