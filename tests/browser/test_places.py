"""Places: from the coordinates in a table to a map that can be zoomed, its table, and the questions whose answers they are."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from playwright.sync_api import expect

from ingest.sample_tables.degrees import degrees
from portal.pages.outlines import EARTH, flat
from portal.publish.assets import HOME, node
from tests.browser.test_every_page import axe
from tests.browser.watched import Browsing, Served, serve
from tests.conftest import STORE, build_py

STUDY = """\
accession: walks
title: Liverworts met on walks
licence: CC-BY-4.0
organisms: [{name: Marchantia polymorpha, term: "NCBITaxon:3197"}]
components:
  - name: experimentA
    kind: experiment
    phenotypes: [{name: round}]
    samples:
      table: table.csv
      columns: {dataset: Walk, image: Image, control_type: Control, latitude: North, longitude: East}
      phenotypes: [{phenotype: round, column: Round}]
  - name: experimentB
    kind: experiment
    samples: {table: other.csv, columns: {dataset: Walk, image: Image}}
"""
# Three places near Heidelberg that one mark holds, one in Norway, one in Chile; and four cells that say no place.
ROWS = [
    ("hill", "a1", "", "49.41", "8.71", "yes"), ("hill", "a2", "", "49.41", "8.71", ""), ("hill", "a3", "blank", "49.41", "8.71", ""),
    ("wood", "b1", "", "49°30'", "8°42'36''", ""), ("wood", "b2", "", "49.46", "8.6", ""),
    ("fjord", "c1", "", "60°23'34.8'' N", "5°19'26.4'' E", ""), ("desert", "d1", "", "-23.65", "-70.4", "yes"),
    ("lost", "e1", "", "132.7", "43.08", ""), ("lost", "e2", "", "5087.2", "1440.8", ""), ("lost", "e3", "", "49.41", "", ""),
    ("lost", "e4", "", "", "", ""),
]  # fmt: skip
PLACES = {(49.41, 8.71), (49.5, 8.71), (49.46, 8.6), (60.393, 5.324), (-23.65, -70.4)}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places")
    study = folder / "content/studies/walks"
    study.mkdir(parents=True)
    (study / "study.yaml").write_text(STUDY)
    lines = ["Walk,Image,Control,North,East,Round", *(",".join(row) for row in ROWS)]
    (study / "table.csv").write_text("\n".join(lines) + "\n")
    (study / "other.csv").write_text("Walk,Image\ngarden,x\n")
    return folder / "content"


@pytest.fixture(scope="module")
def walks(content: Path) -> Iterator[Served]:
    done = build_py("build", "--content", content, "--out", content.parent / "site", "--store", STORE)
    assert done.returncode == 0, done.stdout + done.stderr
    with serve(content.parent / "site") as served:
        yield served


def test_what_is_no_coordinate_is_told_and_loses_no_sample(content: Path, walks: Served) -> None:
    said = build_py("check", content)
    assert said.returncode == 0
    for words in (
        "'132.7' is not a latitude",
        "'5087.2' is not a latitude",
        "'1440.8' is not a longitude",
        "is empty where there is a latitude",
    ):
        assert said.stdout.count(words) + said.stderr.count(words) == 1, said.stdout + said.stderr
    with duckdb.connect() as con:
        found = con.execute(f"SELECT count(*), count(latitude), count(longitude) FROM '{walks.site}/data/samples.parquet'").fetchone()
    assert found == (len(ROWS) + 1, 7, 7)


def test_degrees_minutes_and_seconds() -> None:
    assert degrees("48°38'17.79''", "latitude") == pytest.approx(48.638275)
    assert degrees("48° 38′ 17.79″ S", "latitude") == pytest.approx(-48.638275)
    assert degrees("W 71°54'", "longitude") == pytest.approx(-71.9)
    for cell in ("91", "1517.8", "48°61'", "north", "48°38'17.79'' E", "N 48° N", ""):
        assert degrees(cell, "latitude") is None, cell


def test_the_projection_is_d3s() -> None:
    points = [(lat, lon) for lat in (-90, -71.9, -23.65, 0, 12.5, 49.41, 60.393, 90) for lon in (-180, -70.4, 0, 8.71, 179.9)]
    script = (
        "import { createRequire } from 'node:module'; import { pathToFileURL } from 'node:url';"
        "const d3 = await import(pathToFileURL(createRequire(process.argv[1]).resolve('d3-geo')).href);"
        f"const project = d3.geoEqualEarth().scale({EARTH}).translate([0, 0]);"
        "process.stdout.write(JSON.stringify(JSON.parse(process.argv[2]).map(([lat, lon]) => project([lon, lat]))))"
    )
    done = subprocess.run(
        [node(), "--input-type=module", "-e", script, str(HOME / "package.json"), json.dumps(points)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    for (lat, lon), (x, y) in zip(points, json.loads(done.stdout), strict=True):
        assert flat(lat, lon) == pytest.approx((x, y), abs=0.51), (lat, lon)


def asked(page_html: str) -> dict[str, str]:
    """The SQL of each link "Open as query", by the id of the element whose figures it gives."""
    found = re.findall(r'class="as-query" data-of="([^"]+)" href="([^"]+)"', page_html)
    return {of: parse_qs(urlsplit(link).fragment)["sql"][0] for of, link in found}


def test_figures_are_the_answers_of_their_queries(walks: Served, open_page: Browsing) -> None:
    page = open_page(walks.root + "places/")
    sql = asked(page.content())
    with duckdb.connect() as con:
        for name in ("samples",):
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM '{walks.site}/data/{name}.parquet'")
        assert con.execute(sql["figures"]).fetchall() == [(5, 1, 6)]
        answer = con.execute(sql["places-table"])
        names = [d[0] for d in answer.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        assert {(r["latitude"], r["longitude"]) for r in rows} == PLACES
        figures = {e.get_attribute("data-figure"): e.inner_text() for e in page.locator("#figures [data-figure]").all()}
        assert figures == {"samples": "6", "studies": "1", "places": "5"}
        for row in rows:
            key = f"{row['latitude']} {row['longitude']} {row['study']} {row['component']}"
            line = page.locator(f'#places-table [data-row="{key}"]')
            told = {e.get_attribute("data-figure"): e.text_content() for e in line.locator("[data-figure]").all()}
            assert told == {n: str(row[n]) for n in ("samples", "controls", "with_phenotype", "containers")}, key
        for address in ("studies/walks/", "studies/walks/experimentA/"):
            page.goto(walks.root + address)
            (places, samples), *_ = con.execute(asked(page.content())["places-figures"]).fetchall()
            figures = {e.get_attribute("data-figure"): e.inner_text() for e in page.locator("#places-figures [data-figure]").all()}
            assert figures == {"places": str(places), "samples": str(samples)} == {"places": "5", "samples": "7"}


def test_without_scripts_the_map_is_whole_and_leads_to_the_table(walks: Served, open_page: Browsing) -> None:
    page = open_page(walks.root + "places/", scripts=False, settled=False)
    marks = page.locator(".map-mark")
    assert sorted(marks.evaluate_all("all => all.map(a => a.getAttribute('aria-label'))")) == [
        "23.65° S, 70.4° W: 1 sample", "3 places around 49.41° N, 8.71° E: 5 samples", "60.393° N, 5.324° E: 1 sample",
    ]  # fmt: skip
    assert page.locator(".map-tools").is_hidden()
    for link in marks.evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        assert page.locator(f'[id="{link[1:]}"]').count() == 1
    assert len(page.locator(".map-land").get_attribute("d") or "") > 5_000
    page.locator("#places-table a", has_text="hill").first.click()
    expect(page).to_have_url(re.compile(r"studies/walks/experimentA/hill/$"))


def test_places_part_when_the_map_is_zoomed_by_the_keyboard(walks: Served, open_page: Browsing) -> None:
    page = open_page(walks.root + "places/")
    expect(page.locator(".map-tools")).to_contain_text("5 of 5 places in view")
    assert page.locator(".map-mark").count() == 3
    with page.expect_response(re.compile("outlines.json")):
        page.get_by_label("3 places around").focus()
        page.keyboard.press("Enter")
    expect(page.locator(".map-mark")).to_have_count(3)
    labels = page.locator(".map-mark").evaluate_all("all => all.map(a => a.getAttribute('aria-label'))")
    assert {label.split(":")[0] for label in labels} == {"49.41° N, 8.71° E", "49.46° N, 8.6° E", "49.5° N, 8.71° E"}
    expect(page.locator(".map-tools")).to_contain_text("3 of 5 places in view")
    page.locator(".place-map").focus()
    page.keyboard.press("0")
    expect(page.locator(".map-tools")).to_contain_text("5 of 5 places in view")
    page.get_by_role("button", name="Whole Earth").click()
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()
    page.get_by_role("button", name="All places").click()
    # A single place leads to its row.
    page.get_by_label("60.393° N, 5.324° E").click()
    expect(page.locator("tr:target th")).to_have_text("60.393° N, 5.324° E")


@pytest.mark.parametrize("address", ["places/", "studies/walks/", "studies/walks/experimentA/"])
def test_the_pages_are_sound(walks: Served, open_page: Browsing, address: str) -> None:
    page = open_page(walks.root + address)
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "phone")
    assert not wrong, "\n".join(wrong)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_place_no_page_and_no_link(content: Path, tmp_path: Path) -> None:
    study = tmp_path / "content/studies/walks"
    study.mkdir(parents=True)
    (study / "study.yaml").write_text(STUDY)
    (study / "table.csv").write_text("Walk,Image,Control,North,East,Round\nhill,a1,,,,\n")
    (study / "other.csv").write_text("Walk,Image\ngarden,x\n")
    done = build_py("build", "--content", tmp_path / "content", "--out", tmp_path / "site", "--store", STORE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "site/places").exists()
    for page in (tmp_path / "site").rglob("*.html"):
        assert "places/" not in page.read_text() and 'id="places"' not in page.read_text(), page
