"""What a portal of many studies shows at a glance: plates on the home page, phenotypes by component, genes by letter."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from portal import addresses
from portal.engine.step import Work
from portal.facts import ComponentFacts, ContainerFacts
from portal.pages import genes, home
from portal.pages.platemaps import Telling, evenness, telling
from portal.pages.study import PhenotypeRow, phenotype_groups
from tests.pages.fixtures import Portal


def plate(name: str, samples: int, controls: int, hits: int, rows: int = 8, columns: int = 12) -> ContainerFacts:
    return ContainerFacts(
        name=name, kind="plate", address=addresses.container("tst0001", "screenA", name), samples=samples, controls=controls,
        with_phenotype=hits, rows=rows, columns=columns,
    )  # fmt: skip


def table(wells: list[tuple[str, int, int, str | None, bool]]) -> bytes:
    out = io.BytesIO()
    names = ("container", "row", "column", "control_type", "has_phenotype")
    given = {n: pa.array(list(v)) for n, v in zip(names, zip(*wells, strict=True), strict=True)}
    pq.write_table(pa.table(given | {"counted": pa.array([True] * len(wells))}), out)
    return out.getvalue()


def test_an_even_full_plate_says_more_than_one_of_one_colour_or_all_but_empty() -> None:
    assert evenness(plate("whole", 96, 32, 32)) == 1 - 3 / 9
    assert evenness(plate("plain", 96, 0, 0)) == 0
    assert evenness(plate("controls only", 96, 96, 96)) == 0
    assert 0 < evenness(plate("sparse", 3, 1, 1)) < evenness(plate("few", 96, 4, 4)) < evenness(plate("whole", 96, 32, 32))
    assert evenness(plate("no wells", 96, 4, 4, rows=0, columns=0)) == 0


def test_the_most_telling_plate_of_a_component_is_drawn(portal: Portal, tmp_path: Path) -> None:
    facts = ComponentFacts(study="tst0001", component="screenA", containers=(plate("dull", 4, 0, 0, 2, 2), plate("telling", 4, 1, 1, 2, 2)))
    wells = [("dull", r, c, None, False) for r in (1, 2) for c in (1, 2)]
    wells += [
        ("telling", 1, 1, "negative control", False),
        ("telling", 1, 2, None, True),
        ("telling", 2, 1, None, False),
        ("telling", 2, 2, None, False),
    ]
    given = portal.shelf.tree({"summary.json": facts.model_dump_json().encode(), "table.parquet": table(wells)})
    made = Telling.model_validate_json(telling(Work((given,), tmp_path))["map.json"])
    assert (made.plate, made.address) == ("telling", "studies/tst0001/screenA/telling/")
    assert (made.map.controls, made.map.hits, made.map.samples) == ("M0 0.5h1", "M1 0.5h1", "M0 1.5h2")
    datasets = ComponentFacts(
        study="tst0001", component="experimentA", containers=(facts.containers[0].model_copy(update={"kind": "dataset"}),)
    )
    assert telling(Work((portal.shelf.tree({"summary.json": datasets.model_dump_json().encode()}),), tmp_path)) == {}


class _Maps(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.inside |= of.get("class") == "atlas-maps"
        if self.inside and tag == "a":
            self.links.append(of["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "ul"


def test_home_shows_plates_where_no_study_has_images(portal: Portal) -> None:
    lines = portal.catalogue.studies
    bare = portal.catalogue.model_copy(update={"studies": tuple(s.model_copy(update={"thumbnails": ()}) for s in lines)})
    study = lines[0].accession

    def drawn(component: str, how_even: float) -> Telling:
        its = {"rows": 2, "columns": 2, "samples": "M0 0.5h2", "controls": "", "hits": "M0 1.5h1"}
        where = addresses.container(study, component, "<b>p&1")
        return Telling.model_validate(
            {"study": study, "component": component, "plate": "<b>p&1", "address": where, "evenness": how_even, "map": its}
        )

    maps = [portal.model("map.json", drawn(c, e)) for c, e in (("screenA", 0.2), ("screenB", 0.4), ("screenC", 0.0))]
    html = home.home(portal.given(portal.model("catalogue.json", bare), *maps, portal.shelf.tree({})))["index.html"]
    assert isinstance(html, bytes)
    found = _Maps()
    found.feed(html.decode())
    # One a study: the most even of its plates.
    assert found.links == [addresses.container(study, "screenB", "<b>p&1")]
    assert b"<b>p&1" not in html and b"&lt;b&gt;p&amp;1" in html
    pictured = home.home(portal.given(portal.model("catalogue.json", portal.catalogue), *maps))["index.html"]
    assert isinstance(pictured, bytes)
    assert b"atlas-maps" not in pictured and b"mosaic" in pictured


def test_home_draws_whole_rows_the_most_telling_first() -> None:
    its = {"rows": 2, "columns": 2, "samples": "", "controls": "", "hits": "M0 1.5h1"}
    many = [
        Telling.model_validate({"study": f"s{n:02}", "component": "a", "plate": "p", "address": f"{n}/", "evenness": n / 100, "map": its})
        for n in range(1, 21)
    ]
    assert [m.study for m in home.telling_maps(many)] == [f"s{n:02}" for n in range(20, 8, -1)]
    assert [len(home.telling_maps(many[:n])) for n in (0, 1, 2, 3, 4, 8, 13)] == [0, 1, 2, 3, 3, 6, 12]


def test_phenotypes_stand_by_component_and_the_declared_ones_last() -> None:
    def row(component: str, name: str, counted: bool) -> PhenotypeRow:
        return PhenotypeRow(component, name, "", "", (), 1 if counted else 0, 0, 0, counted)

    rows = [row("screenA", "round", False), row("screenB", "round", True), row("screenB", "large", True), row("screenC", "round", True)]
    groups = phenotype_groups("tst0001", rows)
    assert [(g.component, g.counted, [r.name for r in g.rows]) for g in groups] == [
        ("screenB", True, ["round", "large"]), ("screenC", True, ["round"]), ("screenA", False, ["round"]),
    ]  # fmt: skip
    assert groups[0].address == "studies/tst0001/screenB/"


def test_letters_come_first_and_ranges_within(portal: Portal) -> None:
    line = portal.gene_lines[0]
    lines = [line.model_copy(update={"name": f"{c}EC{i:04}", "slug": f"{c.lower()}ec{i:04}--x"}) for c in "AS" for i in range(600)]
    pages = genes.parts("Homo sapiens", [*lines, line.model_copy(update={"name": "7SK", "slug": "7sk--x"})])
    assert [(x.label, x.address.split("/")[2], x.genes) for x in genes.letters(pages)] == [
        ("0–9", "digits", 1),
        ("A", "a", 600),
        ("S", "s", 600),
    ]
    assert [p.letter for p in pages] == ["0–9", "A", "A", "S", "S"]
