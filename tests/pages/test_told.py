"""What pages say of quality, of controls, of who publishes, and of texts that several phenotypes share."""

from __future__ import annotations

import json
from datetime import date

import pytest

from portal.facts import ContainerFacts, SiteFrame
from portal.model import Origin, Portal, Study, StudyComponent
from portal.pages import cite
from portal.pages.plates import grid, legend
from portal.pages.samples import SampleRow
from portal.pages.study import PhenotypeRow, shared_descriptions


def _row(well: str, **values: str) -> SampleRow:
    return SampleRow(f"s/{well}", "p", well, 1, int(well[1:]), {k: v for k, v in values.items() if k != "hit"}, bool(values.get("hit")))


@pytest.mark.parametrize("word", ["FALSE", "false", "fail", "Failed: no cells", "no", "0", "No pass"])
def test_quality_that_failed(word: str) -> None:
    assert _row("A1", quality=word).failed


@pytest.mark.parametrize("word", ["TRUE", "pass", "1", "0.87", "normal", "none"])
def test_quality_that_passed(word: str) -> None:
    assert not _row("A1", quality=word).failed


def test_legend_and_controls() -> None:
    plate = ContainerFacts(name="p", kind="plate", address="x/", samples=4, controls=2, with_phenotype=2, rows=1, columns=4)
    rows = [
        _row("A1", hit="y"),
        _row("A2", quality="FALSE"),
        _row("A3", control_type="negative"),
        _row("A4", control_type="positive", hit="y"),
    ]
    told = legend(cell for _, cells in grid(plate, rows, ()) for cell in cells)
    assert told == [
        ("hit", "phenotype found", 1),
        ("control", "control (1 with a phenotype)", 2),
        ("failed", "failed quality control", 1),
    ]


def test_an_imported_record_names_its_source() -> None:
    component = StudyComponent(name="screenA", kind="screen")
    origin = Origin(source="Image Data Resource", accession="idr0013", url="https://idr.openmicroscopy.org/study/idr0013/")
    frame = SiteFrame(title="Slidecase", tagline="t", site_url="https://here.org", assets="a/", vendor="v/", search="s/")
    study = Study(accession="x1", title="T", record="imported", origin=origin, released=date(2016, 1, 1), components=(component,))
    found = cite.references(study, frame)
    assert cite.in_words(found[0]) == "(2016) T. Image Data Resource, accession idr0013. https://idr.openmicroscopy.org/study/idr0013/"
    assert "publisher = {Image Data Resource}" in cite.bibtex(found) and "PB  - Image Data Resource\r\n" in cite.ris(found)
    assert json.loads(cite.csl(found))[0]["publisher"] == "Image Data Resource"
    own = cite.references(study.model_copy(update={"record": "deposited"}), frame)
    assert own[0].publisher == "Slidecase" and own[0].url == "https://here.org/studies/x1/"


def test_a_shared_description_is_told_once() -> None:
    def row(name: str, description: str) -> PhenotypeRow:
        return PhenotypeRow("screenA", name, "p/", description, (), 1, 0, 1, True)

    rows, shared = shared_descriptions([row("a", "same"), row("b", "same"), row("c", "own")])
    assert [r.description for r in rows] == ["", "", "own"] and shared == [("same", ("a", "b"))]
    assert shared_descriptions([row("a", "same"), row("b", "same")])[1] == [("same", ())]


def test_identifiers_have_links_without_being_asked() -> None:
    assert {"Ensembl", "NCBI Gene", "UniProt", "EFO", "RefSeq"} <= {t.name for t in Portal().links}
    assert Portal(links=()).links == ()
