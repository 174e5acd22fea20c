"""The first view of a 384-well plate of four channels: requests, kilobytes, sprites; and what another channel or field costs then.

    python benchmarks/plate_view.py [--rows 16 --columns 24 --fields 2]

The wells are painted here, as dense with cells as the demonstration's. Sizes are those of bodies as a host sends them that compresses
text with gzip. Exits 1 where the first view costs more than 12 requests, 600 kB or one sprite.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import tifffile

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "content")]

from synthetic_cells import counted, field, seeded  # noqa: E402  the demonstration's own painter

from benchmarks.first_view import measure  # noqa: E402  the checkout's own folder comes first
from tests.browser.watched import Browsing, serve  # noqa: E402
from tests.conftest import build_py  # noqa: E402

REQUESTS, KILOBYTES = 12, 600
CHANNELS = {"DNA": "#5a8bff", "tubulin": "#2ee57a", "actin": "#ff5a3c", "spots": "#ffd23c"}
STUDY = """
accession: view0002
title: A plate of four channels
licence: CC0-1.0
organisms: [{{name: Homo sapiens, term: "NCBITaxon:9606"}}]
components:
  - name: screenA
    kind: screen
    samples:
      table: library.csv
      columns: {{plate: Plate, well: Well, gene.symbol: Gene, control_type: Control}}
    images:
      - source: images/*.tif
        pattern: "{{plate}}_{{well}}_{{field}}.tif"
        axes: CYX
        synthetic: true
        channels: [{channels}]
"""


def write(content: Path, rows: int, columns: int, fields: int) -> None:
    folder = content / "studies/view0002"
    (folder / "images").mkdir(parents=True)
    told = ", ".join(f'{{name: {name}, colour: "{colour}"}}' for name, colour in CHANNELS.items())
    (folder / "study.yaml").write_text(STUDY.format(channels=told))
    with (folder / "library.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("Plate", "Well", "Gene", "Control"))
        for well in (f"{chr(65 + r)}{c + 1}" for r in range(rows) for c in range(columns)):
            control = "negative control" if well.endswith("1") else ""
            table.writerow(("plate1", well, "" if control else f"GENE{well}", control))
            for f in range(1, fields + 1):
                dice = seeded("view0002", well, str(f))
                planes, _ = field(dice, (256, 256), 31, frozenset(), 15)
                planes = [*planes, np.roll(planes[0], 40, axis=1) ** 2]
                pixels = np.stack([counted(dice, p * g) for p, g in zip(planes, (340, 260, 280, 200), strict=True)])
                tifffile.imwrite(folder / f"images/plate1_{well}_{f}.tif", pixels, photometric="minisblack", metadata={"axes": "CYX"})


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--rows", 16), ("--columns", 24), ("--fields", 2)):
        given.add_argument(name, type=int, default=default)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        write(at / "content", asked.rows, asked.columns, asked.fields)
        done = build_py("build", "--content", at / "content", "--out", at / "site", "--store", at / "store", "--jobs", "2")
        if not (at / "site").exists():
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
            return 2
        site = (at / "site").resolve()
        with serve(at / "site") as served, Browsing() as browsing:
            url = served.root + "studies/view0002/screenA/plate1/"
            cost = measure(browsing, site, url, "plate")
            browsing.close_pages()
            page = browsing.blank(url)
            sprites: list[str] = []
            page.on("request", lambda request: sprites.append(request.url) if request.url.endswith("sprite.webp") else None)
            page.goto(url, wait_until="networkidle")
            first = set(sprites)
            size = sum((site / urlsplit(u).path.lstrip("/")).stat().st_size for u in first) / 1000
            wells = page.locator("td.pictured").count()
            print(f"first view of {wells} wells: {cost.requests} requests, {cost.kilobytes:.0f} kB; {len(first)} sprite of {size:.0f} kB")
            for path, kilobytes in cost.largest:
                print(f"  {kilobytes:6.1f} kB {path}")
            for name in ("tubulin", "2"):
                if (chip := page.get_by_role("radio", name=name, exact=True)).count():
                    before = set(sprites)
                    chip.check(force=True)
                    page.locator(".plate-pictured", has_text="Shown").wait_for()
                    page.wait_for_load_state("networkidle")
                    more = sum((site / urlsplit(u).path.lstrip("/")).stat().st_size for u in set(sprites) - before) / 1000
                    print(f"then {name}: {len(set(sprites) - before)} sprite of {more:.0f} kB")
    within = cost.requests <= REQUESTS and cost.kilobytes <= KILOBYTES and len(first) == 1
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
