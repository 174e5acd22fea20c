"""The first view of four channels of 2048 × 2048 pixels, 16 bits: requests, kilobytes, and what a change of contrast fetches.

    python benchmarks/image_view.py

The image is blobs on noise, made here. Sizes are those of bodies as a host sends them that compresses text with gzip.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.first_view import measure  # noqa: E402  the checkout's own folder comes first
from tests.browser.watched import Browsing, serve  # noqa: E402
from tests.conftest import build_py  # noqa: E402

SIZE = 2048
STUDY = """
accession: view0001
label: view
record: deposited
title: Four channels of 2048 × 2048 pixels
description: Blobs on noise, for measuring.
released: 2026-01-15
licence: CC0-1.0
organisms: [{name: Homo sapiens, term: "NCBITaxon:9606"}]
components:
  - name: experimentA
    kind: experiment
    description: One image.
    sample_type: cell
    imaging_method: [{name: confocal microscopy, term: "FBbi:00000251"}]
    samples:
      table: images.tsv
      columns: {dataset: Dataset, image: Image}
    images:
      - {source: images/*/*.ome.tif, pattern: "images/{dataset}/{image}.ome.tif", synthetic: true}
"""


def pixels(channels: int = 4) -> np.ndarray:
    """CYX, uint16: 160 blobs a channel, 12–40 px wide, over noise of a camera."""
    dice = np.random.default_rng(1)
    planes = np.full((channels, SIZE, SIZE), 100, np.float32) + dice.normal(0, 12, (channels, SIZE, SIZE)).astype(np.float32)
    for plane in planes:
        for _ in range(160):
            y, x = dice.integers(0, SIZE, 2)
            s = dice.uniform(12, 40)
            rows, columns = (slice(max(0, int(v - 130)), min(SIZE, int(v + 130))) for v in (y, x))
            gy, gx = np.ogrid[rows, columns]
            plane[rows, columns] += dice.uniform(300, 2500) * np.exp(-((gy - y) ** 2 + (gx - x) ** 2) / (2 * s * s))
    return planes.clip(0, 65535).astype(np.uint16)


def write(content: Path) -> None:
    folder = content / "studies/view0001"
    (folder / "images/set").mkdir(parents=True)
    (content / "portal.yaml").write_text("title: First view\ntagline: An image.\n")
    (folder / "study.yaml").write_text(STUDY)
    (folder / "images.tsv").write_text("Dataset\tImage\nset\tcells\n")
    told = {"axes": "CYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": {"Name": ["DAPI", "GFP", "RFP", "Cy5"]}}
    tifffile.imwrite(folder / "images/set/cells.ome.tif", pixels(), ome=True, metadata=told)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        write(at / "content")
        done = build_py("build", "--content", at / "content", "--out", at / "site", "--store", at / "store")
        if not (at / "site").exists():
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
            return 2
        with serve(at / "site") as served, Browsing() as browsing:
            url = served.root + "images/view0001-experimenta-set_cells/"
            cost = measure(browsing, (at / "site").resolve(), url, "image")
            browsing.close_pages()
            page = browsing(url)
            page.locator(".viewer-ready").wait_for()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.locator("input.channel-high").first.fill("300")
            page.wait_for_timeout(1000)
            print(f"first view: {cost.requests} requests, {cost.kilobytes:.0f} kB; a change of contrast: {len(asked)} requests")
            for path, size in cost.largest:
                print(f"  {size:6.1f} kB {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
