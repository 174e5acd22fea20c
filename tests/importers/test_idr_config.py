"""What the importer takes from bulkmap-config.yml and plates.tsv: links, splits, genes, and which rows the figures count."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.importers.idr.columns import map_columns
from ingest.importers.idr.config import Config, read_config
from ingest.importers.idr.figures import counting_rules

CONFIG = """\
---
defaults: {include: no, split: }
columns:
  - {name: Sex, include: yes}
  - {name: Secret, include: no}
  - {name: siRNA Identifier, include: yes, split: ";"}
  - {name: siRNA Identifier, clientname: URL, clientvalue: "http://example.org/{{ value|urlencode }}/overview", include: yes}
  - {name: Wild, clientvalue: "javascript:{{ value|urlencode }}", include: yes}
  - {name: Host, clientvalue: "http://{{ value|urlencode }}", include: yes}
  - {name: Cut, clientvalue: "{{ value|truncate(10) }}", include: yes}
  - {name: Pool, clientvalue: "", include: yes}
  - group:
      namespace: openmicroscopy.org/mapr/gene
      columns:
        - {name: Probe 1 Locus, clientname: Gene Identifier, include: yes}
        - name: Probe 1 Locus
          clientname: Gene Identifier URL
          clientvalue: >
            http://flybase.org/reports/{{ value|urlencode }}
          include: yes
        - {name: Probe 1 Name, clientname: Gene Symbol, include: yes}
  - group:
      namespace: openmicroscopy.org/mapr/gene
      columns:
        - {name: Probe 2 Locus, clientname: Gene Identifier, include: yes}
        - {name: Probe 2 Name, clientname: Gene Symbol, include: yes}
"""


def config_of(tmp_path: Path, text: str | bytes) -> Config:
    path = tmp_path / "screenA" / "idr9999-screenA-bulkmap-config.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config([path], tmp_path, "screenA")


def test_what_a_configuration_says(tmp_path: Path) -> None:
    config = config_of(tmp_path, CONFIG)
    assert config.splits == {"siRNA Identifier": ";"}
    assert config.links == {"siRNA Identifier": "http://example.org/{id}/overview", "Probe 1 Locus": "http://flybase.org/reports/{id}"}
    assert config.genes == (("Probe 1 Locus", "Probe 1 Name"), ("Probe 2 Locus", "Probe 2 Name"))
    assert config.shown is not None and "Sex" in config.shown and "Secret" not in config.shown
    assert [s.split("'")[1] for s in config.said] == ["Wild", "Host", "Cut"]  # said, and not taken


@pytest.mark.parametrize("text", ["", "a: b: c", "- [", b"\xff\xfe\x00", "[" * 100, "&a [*a]", "columns: 3", "? {a: b}\n: c\n"])
def test_a_configuration_that_says_nothing(tmp_path: Path, text: str | bytes) -> None:
    config = config_of(tmp_path, text)
    assert (config.splits, config.links, config.genes) == ({}, {}, ())


def test_genes_and_links_of_a_configuration_become_columns(tmp_path: Path) -> None:
    table = {
        "Plate": ["P1"], "Well": ["A1"], "Probe 1 Locus": ["FBgn0000606"], "Probe 1 Name": ["eve"], "Probe 2 Locus": ["FBgn0284084"],
        "Probe 2 Name": ["wg"],
    }  # fmt: skip
    found = map_columns(list(table), table.__getitem__, "plate", config_of(tmp_path, CONFIG))
    assert found.mapped["gene.id"] == ["Probe 1 Locus", "Probe 2 Locus"]
    assert found.mapped["gene.symbol"] == ["Probe 1 Name", "Probe 2 Name"]
    assert found.links == {"gene.id": "http://flybase.org/reports/{id}"}
    assert found.names["Probe 2 Name"] == "gene.symbol"


def test_numbered_columns_stand_beside_each_other() -> None:
    table = {
        "Plate": ["P1"], "Well": ["A1"], "Comment [Gene Identifier] 2": ["2"], "Comment [Gene Identifier] 10": ["10"],
        "Comment [Gene Identifier] 1": ["1"], "Comment [Gene Symbol] 1": ["a"], "Comment [Gene Symbol] 10": ["j"],
        "Comment [Gene Identifier] 3": [""], "Compound 1 Name": ["DMSO"], "Compound 2 Name": ["x"], "Compound 2 PubChem CID": ["679"],
        "Gene Symbol (Ensembl 81)": [""],
    }  # fmt: skip
    found = map_columns(list(table), table.__getitem__, "plate").mapped
    assert found["gene.id"] == ["Comment [Gene Identifier] 1", "Comment [Gene Identifier] 10", "Comment [Gene Identifier] 2"]
    assert found["gene.symbol"] == ["Comment [Gene Symbol] 1", "Comment [Gene Symbol] 10"]
    assert found["compound.symbol"] == ["Compound 1 Name", "Compound 2 Name"]


def rules_of(tmp_path: Path, table: dict[str, list[str]], plates: str = "", **size: str) -> tuple[list[dict], list[str]]:  # type: ignore[type-arg]
    files = []
    if plates:
        path = tmp_path / "screenA" / "idr9999-screenA-plates.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(plates)
        files.append(path)
    found = counting_rules(list(table), table.__getitem__, "Plate", size, files, tmp_path, "screenA")
    assert bool(found.copied) == any("listed_in" in rule for rule in found.rules)
    return list(found.rules), list(found.said)


PLATES = {"Plate": ["P1", "P2", "P3", "P3"]}


@pytest.mark.parametrize(
    ("plates", "rule", "said"),
    [
        ("P1\t/a\np3\t/b\n", True, "does not name 1 of the table's 3 plates, such as 'P2'"),
        ("P1\nP2\nP3\n", False, ""),
        ("/data/P1\tP1\n/data/P2\tP2\n/data/P3\tP3\n", False, ""),  # the name behind the path
        ("/data/P1.screen\n/data/P2.screen\n/data/P3.screen\n", False, ""),  # a path alone
        ("P1\nP3\nP02\n", False, "it names 1 that the table has not, such as 'P02'"),  # P2, spelt otherwise
        ("X1\nX2\n", False, "names no plate as the table does"),
        ("P1\n", False, "all rows are counted"),  # fewer than half: another kind of list
        ("\n\n", False, "is empty"),
    ],
)
def test_plates_that_were_loaded(tmp_path: Path, plates: str, rule: bool, said: str) -> None:
    rules, told = rules_of(tmp_path, PLATES, plates)
    wanted = {"says": "on a plate that was loaded", "column": "Plate", "listed_in": "screenA/idr9999-screenA-plates.tsv"}
    assert rules == ([wanted] if rule else [])
    assert said in " ".join(told) and bool(told) == bool(said or rule)


@pytest.mark.parametrize(
    ("cells", "declared", "rule"),
    [
        (["", "no images", "no images", ""], "6", {"without": "no images"}),  # three of each well that is left
        (["", "no images", "x; No image available", ""], "2", {"none_of": ["no images", "x; No image available"]}),
        (["", "no images", "no images", ""], "12", None),  # or three of every well
        (["", "no images", "no images", ""], "5", None),
        (["", "no images", "no images", ""], None, {"without": "no images"}),
        (["", "no annotation but image available", "", ""], "3", None),
        (["no images"] * 4, "4", None),
    ],
)
def test_wells_without_an_image(tmp_path: Path, cells: list[str], declared: str | None, rule: dict | None) -> None:  # type: ignore[type-arg]
    rules, told = rules_of(tmp_path, {**PLATES, "Comments": cells}, **({"images_5d": declared} if declared else {}))
    assert rules == ([{"says": "with an image", "column": "Comments", **rule}] if rule else [])
    assert bool(told) == any("no image" in c for c in cells)


@pytest.mark.parametrize(
    ("declared", "rule"),
    [("2", True), ("3", True), ("4", False), (None, False)],  # as many as rows: derived images are counted too
)
def test_raw_images(tmp_path: Path, declared: str | None, rule: bool) -> None:
    table = {**PLATES, "Comment [Image File Type]": ["raw", "Raw", "derived", "hed"]}
    rules, told = rules_of(tmp_path, table, **({"images_5d": declared} if declared else {}))
    assert rules == ([{"says": "raw", "column": "Comment [Image File Type]", "any_of": ["Raw", "raw"]}] if rule else [])
    assert len(told) == 1
