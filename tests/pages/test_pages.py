"""Every page renders, stands without a script, points only to what is there, and keeps to its size."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import jinja2
import pytest

from portal import addresses
from portal.pages import entities, genes, resolve
from portal.pages.render import environment, opened
from tests.effort import effort
from tests.pages.fixtures import ASSETS, TEMPLATES, VENDOR, Portal
from tests.pages.reading import Reading

KINDS = {
    "home",
    "studies",
    "study",
    "component",
    "plate",
    "compare",
    "dataset",
    "embed",
    "image",
    "gene",
    "genes",
    "gene-list",
    "phenotype",
    "phenotypes",
    "organism",
    "organisms",
    "method",
    "imaging-methods",
    "study-type",
    "study-types",
    "cell-line",
    "cell-lines",
    "explore",
    "places",
    "search",
    "resolve",
    "query",
    "downloads",
    "changes",
    "about",
    "imports",
    "provenance",
    "missing",
    "moved",
}
PLATE = "studies/tst0001/screenA/plate1_1_013/index.html"
# What turns a name into an address, and is left as soon as it is found.
BARE = {f"{path}/index.html" for path in resolve.RESOLVERS}
# Written by other steps.
ELSEWHERE = (ASSETS, VENDOR, "data/", "tiles/")


def test_every_kind_of_page_is_made(readings: dict[str, Reading]) -> None:
    assert {r.named("html")[0].attributes["data-page"] for r in readings.values()} == KINDS


def test_every_page_has_its_frame(readings: dict[str, Reading]) -> None:
    for path, r in readings.items():
        # A page for frames of other pages has none of its own.
        if path in BARE or path.startswith("embed/"):
            continue
        head = r.elements[: next(i for i, e in enumerate(r.elements) if e.tag == "body")]
        assert head[2].attributes.get("http-equiv") == "Content-Security-Policy", path
        assert "'unsafe" not in head[2].attributes["content"], path
        # DuckDB runs in the console and the explorer, and writes the rows of a component's table that a reader filtered.
        asks = path in ("query/index.html", "explore/index.html") or any(e.attributes.get("id") == "sample-table" for e in r.named("table"))
        assert ("wasm-unsafe-eval" in head[2].attributes["content"]) == asks, path
        assert len(r.named("h1")) == 1, path
        # The frame's, the kind's, and a map's on a page that draws one beside what it is about.
        styles = [e.attributes["href"].rsplit("/", 1)[1] for e in r.named("link") if e.attributes["rel"] == "stylesheet"]
        assert len([s for s in styles if s != "map.css"]) <= 2, path
        assert ("map.css" in styles) == bool([e for e in r.named("svg") if e.attributes.get("class") == "place-map"]), path
        modules = [e.attributes["src"].rsplit("/", 1)[1] for e in r.named("script") if "src" in e.attributes]
        assert modules[0] in ("page.js", "image.js"), path  # image.js holds page.js
        assert len(modules) <= 3, path
        assert [e for e in r.named("form") if e.attributes.get("role") == "search"], path
        assert r.named("a")[0].attributes["href"] == "#content", path


def test_a_resolver_stands_alone(readings: dict[str, Reading]) -> None:
    """No header, no style, one script: who follows `/gene/?value=SGO1` waits for few bytes. Without scripts it says where to look."""
    assert set(readings) >= BARE
    for path in BARE:
        r = readings[path]
        head = [e.attributes for e in r.named("meta")]
        policy = next(a["content"] for a in head if a.get("http-equiv") == "Content-Security-Policy")
        assert r.elements[2].attributes.get("http-equiv") == "Content-Security-Policy", path
        assert "'unsafe" not in policy, path
        assert "wasm" not in policy, path
        assert [e.attributes["src"].rsplit("/", 1)[1] for e in r.named("script")] == ["resolve.js"], path
        assert not [e for e in r.named("link") if e.attributes["rel"] == "stylesheet"], path
        assert len(r.named("h1", "main")) == 2, path
        assert r.named("noscript"), path
        assert {"name": "robots", "content": "noindex"} in head, path
        up = "../" * path.count("/")
        assert f"{up}search/" in r.links, path


def test_no_id_stands_twice(readings: dict[str, Reading]) -> None:
    for path, r in readings.items():
        twice = {i for i in r.ids if r.ids.count(i) > 1}
        assert not twice, f"{path}: {twice}"
        assert not [i for i in r.ids if not i or any(c.isspace() for c in i)], path


def test_headings_skip_no_level(readings: dict[str, Reading]) -> None:
    for path, r in readings.items():
        levels = [int(e.tag[1]) for e in r.named("h1", "h2", "h3", "h4", "h5", "h6")]
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), f"{path}: {levels}"


def test_landmarks_can_be_told_apart(readings: dict[str, Reading]) -> None:
    """Two navigations or regions of one name are one to a reader who listens."""
    for path, r in readings.items():
        names = [
            (e.tag, e.attributes["aria-label"])
            for e in r.elements
            if "aria-label" in e.attributes and (e.tag == "nav" or e.attributes.get("role") == "region")
        ]
        assert len(names) == len(set(names)), f"{path}: {[n for n in names if names.count(n) > 1]}"
        assert all("aria-label" in e.attributes for e in r.named("nav")), path


def test_pictures_are_described(readings: dict[str, Reading]) -> None:
    for path, r in readings.items():
        assert all("alt" in e.attributes for e in r.named("img")), path
        # A map of places is read by its name, and each of its marks by its own.
        maps = [e for e in r.named("svg") if e.attributes.get("class") == "place-map"]
        marks = [e for e in r.named("a") if e.attributes.get("class") == "map-mark"]
        assert bool(maps) == bool(marks), path
        assert all(e.attributes.get("aria-label") for e in (*maps, *marks)), path
        assert all("aria-hidden" in e.attributes for e in r.named("svg") if e not in maps), path


def _target(page: str, link: str) -> tuple[str, str]:
    here = page.removesuffix("index.html")
    parts = urlsplit(link)
    base = urlsplit("http://x/" + here)
    joined = urlsplit(_join(base.path, parts.path))
    return joined.path.lstrip("/"), parts.fragment


def _join(base: str, path: str) -> str:
    return urljoin("http://x" + base, path or ".") if path else "http://x" + base


def test_links_lead_somewhere(pages: dict[str, bytes], readings: dict[str, Reading]) -> None:
    broken = []
    for path, r in readings.items():
        if path == "404.html":
            continue
        # The explorer reads its question from the address: no part of the page has such a name.
        questions = ("sql=", "f=", *(["c="] if path == "explore/index.html" else []))
        for link in r.links:
            if link.startswith(("http:", "https:", "mailto:", "data:")):
                continue
            target, fragment = _target(path, link)
            if target.startswith(ELSEWHERE):
                continue
            file = addresses.file_of(unquote(target))
            if file not in pages:
                broken.append(f"{path}: {link} → {file}")
            elif fragment and not fragment.startswith(questions) and file in readings and fragment not in readings[file].ids:
                broken.append(f"{path}: {link} has no #{fragment}")
    assert not broken, "\n".join(broken[:20])


def test_page_that_is_served_anywhere_links_from_the_root(readings: dict[str, Reading], pages: dict[str, bytes]) -> None:
    links = [link for link in readings["404.html"].links if not link.startswith(("#", "http", "mailto:", "data:"))]
    assert links
    assert all(link.startswith("/atlas/") for link in links)
    assert readings["404.html"].named("html")[0].attributes["data-root"] == "/atlas/"


def test_without_a_script_the_study_page_is_whole(readings: dict[str, Reading]) -> None:
    r = readings["studies/tst0001/index.html"]
    text = " ".join(" ".join(r.text).split())
    for words in (
        "CC BY-NC-ND 4.0",
        "released",
        "2016-12-16",
        "round cell",
        "The library file",
        "10.1038/msb.2010.25",
        "windows-1252",
        "growth protocol",
    ):
        assert words in text or words == "The library file", words
    assert {"description", "components", "phenotypes", "methods", "metadata", "files", "provenance", "history", "cite"} <= set(r.ids)
    ld = r.data("application/ld+json")
    assert isinstance(ld, dict)
    assert (ld["@type"], ld["license"]) == ("Dataset", "https://creativecommons.org/licenses/by-nc-nd/4.0/")
    assert ld["distribution"][0]["contentUrl"].startswith("https://example.org/atlas/data/studies/tst0001/screenA-")


def test_component_page_holds_the_first_rows(readings: dict[str, Reading], portal: Portal) -> None:
    r = readings["studies/tst0001/screenA/index.html"]
    columns = [e.attributes["data-column"] for e in r.named("th") if "data-column" in e.attributes]
    assert columns[:3] == ["container", "sample", "gene_symbol"]
    assert {"phenotypes", "Z-score", "Comments"} <= set(columns)
    data = r.data()
    assert isinstance(data, dict)
    assert data["columns"] == columns
    assert data["rows"] == len(portal.rows)
    assert data["parquet"].startswith("../../../data/studies/tst0001/screenA-")
    text = " ".join(" ".join(r.text).split())
    assert f"The first 200 of {len(portal.rows)} samples" in text
    missing = " ".join(readings["studies/tst0001/screenB/index.html"].text)
    assert "The library file was never deposited." in missing


def test_plate_is_a_labelled_grid(readings: dict[str, Reading], portal: Portal) -> None:
    r = readings[PLATE]
    wells = {e.attributes["data-well"]: e for e in r.named("td") if "data-well" in e.attributes}
    assert len(wells) == 384
    assert all(e.attributes["id"] == name for name, e in wells.items())
    hit = next(row for row in portal.rows if row["seen"] and not row["control_type"] and row["container"] == "plate1_1_013")
    assert "hit" in wells[hit["sample"]].attributes["class"].split()
    assert "control" in wells["A1"].attributes["class"].split()
    assert "failed" in wells["D6"].attributes["class"].split()
    spoken = {
        e.attributes["href"]: e.attributes["aria-label"]
        for e in r.named("a")
        if e.attributes.get("href", "").startswith("#") and "aria-label" in e.attributes
    }
    assert "phenotype found" in spoken[f"#{hit['sample']}"]
    data = r.data()
    assert isinstance(data, dict)
    assert {c["kind"] for c in data["colour_by"]} == {"category", "flag"}
    assert data["wells"]["A3"]["fields"][0]["info"].endswith("/info.json")
    second = readings[f"{addresses.container('tst0001', 'screenA', 'Plate [2] #x')}index.html"]
    assert [e for e in second.named("td") if "missing" in e.attributes.get("class", "").split()]


def test_dataset_without_pictures_says_where_they_are(readings: dict[str, Reading]) -> None:
    r = readings[f"{addresses.container('demo0002', 'experimentA', 'kept elsewhere')}index.html"]
    said = " ".join(r.text)
    assert "No image of this portal belongs to the samples of this dataset" in said, "others of its component are published"
    assert "Images of this dataset are kept at the source" not in said


def test_gene_page_tells_its_appearances(readings: dict[str, Reading]) -> None:
    r = readings["genes/sgol1--homo-sapiens/index.html"]
    assert "https://www.ensembl.org/id/ENSG00000129810" in r.links
    assert "https://www.ncbi.nlm.nih.gov/gene/151648" in r.links
    assert "../../phenotypes/CMPO_0000118/" in r.links
    assert [link for link in r.links if link.startswith("../../studies/tst0001/screenA/plate1_1_013/#")]


def test_pages_keep_to_their_size(pages: dict[str, bytes]) -> None:
    def compressed(path: str) -> int:
        return len(gzip.compress(pages[path], 6))

    assert compressed("genes/sgol1--homo-sapiens/index.html") <= 10_000
    assert compressed(PLATE) <= 60_000
    assert compressed("index.html") <= 20_000


def test_gene_pages_are_quick(portal: Portal) -> None:
    site = opened(portal.given())
    gene = portal.gene_facts[0]
    entities.gene_page(site, gene)
    # 35,000 of them: 2 ms each on a quiet machine.
    assert effort(lambda: [entities.gene_page(site, gene) for _ in range(20)]) < 3.2


def test_lists_are_cut_at_five_hundred(portal: Portal) -> None:
    line = portal.gene_lines[0]
    lines = [line.model_copy(update={"name": f"SEC{i:04}", "slug": f"sec{i:04}--homo-sapiens"}) for i in range(1201)]
    found = genes.parts("Homo sapiens", [*lines, line.model_copy(update={"name": "7SK", "slug": "7sk--homo-sapiens"})])
    assert [len(p.lines) for p in found] == [1, 500, 500, 201]
    assert [p.address.split("/")[2] for p in found] == ["digits", "s", "s-2", "s-3"]


def test_cite_files_are_read_by_programs(pages: dict[str, bytes]) -> None:
    csl = json.loads(pages["studies/tst0001/cite.json"])
    assert [r["type"] for r in csl] == ["dataset", "article-journal"]
    assert csl[1]["DOI"] == "10.1038/msb.2010.25"
    assert csl[0]["author"][0] == {"family": "Fuchs", "given": "F"}
    ris = pages["studies/tst0001/cite.ris"].decode()
    assert all(line[2:6] == "  - " for line in ris.split("\r\n") if line)
    bib = pages["studies/tst0001/cite.bib"].decode()
    assert bib.count("{") == bib.count("}")
    assert "author = {Fuchs, F and Pau, G and" in bib


def test_sitemap_names_pages_that_exist(pages: dict[str, bytes]) -> None:
    found = [e.text or "" for e in ET.fromstring(pages["sitemap.xml"]).iter() if e.tag.endswith("loc")]
    assert "https://example.org/atlas/studies/tst0001/" in found
    assert all(addresses.file_of(u.removeprefix("https://example.org/atlas/")) in pages for u in found)
    assert b"Sitemap: https://example.org/atlas/sitemap.xml" in pages["robots.txt"]


def test_without_an_address_of_its_own_a_site_claims_none(tmp_path: Path) -> None:
    pages = Portal(tmp_path, site_url=None, wells=96).pages()
    assert "sitemap.xml" not in pages
    assert b"canonical" not in pages["studies/tst0001/index.html"]
    assert b'href="/studies/"' in pages["404.html"]


def test_the_same_facts_give_the_same_bytes(pages: dict[str, bytes], tmp_path: Path) -> None:
    assert Portal(tmp_path).pages() == pages


def test_a_template_never_guesses() -> None:
    env = environment({p.name: p.read_text() for p in TEMPLATES.iterdir() if p.is_file()})
    assert env.undefined is jinja2.StrictUndefined
    assert env.autoescape is True
    with pytest.raises(jinja2.UndefinedError):
        env.get_template("entity.html").render()


@pytest.mark.parametrize("template", sorted(p.name for p in TEMPLATES.glob("*.html")))
def test_addresses_in_templates_go_through_a_filter(template: str) -> None:
    """`|link` and `|query` for ours, `|url` or `|doi` for others'; a page's own anchors stand as they are."""
    text = re.sub(r"(?s)\{#.*?#\}", "", (TEMPLATES / template).read_text())
    ours = ("{{ assets }}", "{{ canonical }}", "{{ canonical_target }}", "#")
    for match in re.finditer(r'\b(?:href|src|action)="([^"]*)"', text):
        value = match[1]
        if "{{" in value and not value.startswith(ours):
            assert re.fullmatch(r"\{\{ .*\|(link|url|doi|query) \}\}", value), value
