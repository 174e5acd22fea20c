"""Symbols that a spreadsheet turned into dates: what it makes of them, and when the symbol can be had back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.samples import samples
from portal.eaten import could_be, date_of, dates, restored
from portal.engine.step import Opened, Tree, Work, digest_of
from portal.facts import GeneFacts
from portal.problems import load
from portal.warehouse.entities import entities
from portal.warehouse.identity import identify
from tests.warehouse.test_entities import ORGANISMS


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("Mar-02", {(3, 2)}),
        ("2-Mar", {(3, 2)}),
        ("02-Mar", {(3, 2)}),
        ("1-Mar", {(3, 1)}),
        ("01-Mar-13", {(3, 1)}),
        ("2001-03-01", {(3, 1)}),
        ("2002-03-01", {(3, 1), (3, 2)}),  # the number may be the day, or the year
        ("2013-03-02 00:00:00", {(3, 2)}),
        ("Sep-15", {(9, 15)}),
        ("dec-1", set()),  # a gene of the fruit fly, as it stands
        ("Mar-2", set()),  # no spreadsheet writes a date like that
        ("2013-13-02", set()),
        ("MARCH2", set()),
        ("", set()),
    ],
)
def test_dates_that_a_spreadsheet_writes(cell: str, days: set[tuple[int, int]]) -> None:
    assert dates(cell) == days


@pytest.mark.parametrize(
    ("symbol", "day"),
    [("MARCH2", (3, 2)), ("MARC2", (3, 2)), ("Sept7", (9, 7)), ("SEP15", (9, 15)), ("DEC1", (12, 1)), ("dec-1", (12, 1)), ("OCT1", (10, 1)),
     ("Mar-02", None), ("MARCKS", None), ("MARCH", None), ("SEPT123", None), ("TP53", None)],
)  # fmt: skip
def test_symbols_that_a_spreadsheet_eats(symbol: str, day: tuple[int, int] | None) -> None:
    assert date_of(symbol) == day


def test_a_symbol_is_had_back_only_where_one_gives_the_date() -> None:
    assert restored("Mar-02", ["MARCH2", "Mar-02"]) == "MARCH2"
    assert restored("Mar-02", ["MARC2", "MTARC2"]) == "MARC2"
    assert restored("Mar-02", ["MARCH2", "MARC2"]) is None
    assert restored("Mar-02", ["MARCH3", "RNF172"]) is None
    assert restored("Sep-05", ["Sept5", "SEPT5"]) == "SEPT5"
    assert restored("SEPT5", ["SEPT5"]) is None
    assert could_be("Mar-02") == ("MARCH2", "MARC2") and could_be("1-Dec") == ("DEC1",)


def test_identity() -> None:
    """The identifier decides, per organism; one date of two genes is two genes; what is not proved goes by its identifier."""
    rows = [
        ("Homo sapiens", "51257", "Mar-02"), ("Homo sapiens", "51257", "MARCH2"),
        ("Homo sapiens", "54996", "2-Mar"), ("Homo sapiens", "54996", "MARC2"),
        ("Homo sapiens", "55016", "Mar-02"), ("Homo sapiens", None, "Mar-02"),
        ("Drosophila melanogaster", "51257", "Mar-02"),
    ]  # fmt: skip
    genes, of_row = identify(rows, ORGANISMS)
    told = [(genes[n].name, genes[n].symbol) for n in of_row]
    assert told == [
        ("MARCH2", "MARCH2"), ("MARCH2", "MARCH2"), ("MARC2", "MARC2"), ("MARC2", "MARC2"), ("55016", None), ("Mar-02", "Mar-02"),
        ("51257", None),
    ]  # fmt: skip
    assert [(e.written, e.identifier, e.proved) for e in genes[of_row[0]].eaten] == [("Mar-02", "51257", True)]
    assert [(e.written, e.proved) for e in genes[of_row[4]].eaten] == [("Mar-02", False)]
    assert genes[of_row[0]].synonyms == ()


def test_an_identifier_that_stands_beside_everything_proves_nothing() -> None:
    rows = [("Homo sapiens", "none", f"G{n}") for n in range(30)] + [("Homo sapiens", "none", "MARCH2"), ("Homo sapiens", "none", "Mar-02")]
    genes, of_row = identify(rows, ORGANISMS)
    assert genes[of_row[-1]].name == "none"


LIBRARY = {
    "A": "Plate,Well,Id,Symbol\nP1,A1,51257,Mar-02\nP1,A2,1731,Sep-01\n",
    "B": "Plate,Well,Id,Symbol\nP1,A1,51257,MARCH2\n",
}


def test_from_two_tables_to_pages(tmp_path: Path) -> None:
    """The proof is in another study: the source cell stays, the gene is one, search knows it by what the table writes."""
    trees = []
    for name, table in LIBRARY.items():
        component = {
            "name": "screenA", "kind": "screen", "organisms": [{"name": "Homo sapiens", "term": "NCBITaxon:9606"}],
            "samples": {
                "table": "library.csv", "columns": {"plate": "Plate", "well": "Well", "gene.id": "Id", "gene.symbol": "Symbol"},
                "links": {"gene.id": "https://genes.example/{id}"},
            },
        }  # fmt: skip
        path = tmp_path / f"{name}.csv"
        path.write_text(table)
        scratch = tmp_path / f"scratch{name}"
        scratch.mkdir()
        tree = Opened(Tree({"library.csv": digest_of(table.encode())}), lambda _, path=path: path)
        out = samples(
            Work((tree,), scratch), folder=f"studies/S{name}", accession=f"S{name}", index=0, component=component, study_organisms=[]
        )
        problems = load(_bytes(out["problems.json"]))
        if name == "A":
            assert [(p.severity, p.place.line) for p in problems] == [("warning", 2)]
            assert (
                "'Mar-02' is a date that a spreadsheet made of a symbol such as MARCH2 or MARC2 (and so in 1 more cell)" in problems[0].what
            )
        else:
            assert problems == []
        record = {"study": f"S{name}", "component": component, "facts": {"study": f"S{name}", "component": "screenA"}}
        trees.append(_tree(tmp_path, {k: out[k] for k in ("samples.parquet", "phenotypes.parquet", "targets.parquet")}))
        trees.append(_tree(tmp_path, {"screenA.json": _json(record)}))
    work = tmp_path / "entities"
    work.mkdir()
    out = entities(Work(tuple(trees), work))
    genes = {g["name"]: GeneFacts.model_validate(g) for path, raw in out.items() if path.endswith("/gene.json") for g in _read(raw)}
    assert set(genes) == {"MARCH2", "1731"}
    assert {a.study for a in genes["MARCH2"].appearances} == {"SA", "SB"}
    assert genes["MARCH2"].links == {"51257": "https://genes.example/51257"}
    lines = {line["name"]: line["synonyms"] for line in _read(out["lines/genes.json"])}
    assert lines == {"MARCH2": ["Mar-02"], "1731": ["Sep-01"]}


def _bytes(value: bytes | Path) -> bytes:
    return value if isinstance(value, bytes) else value.read_bytes()


def _read(raw: bytes | Path) -> list[dict[str, Any]]:
    return json.loads(_bytes(raw))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _tree(root: Path, files: dict[str, bytes | Path]) -> Opened:
    paths = {}
    for name, value in files.items():
        digest = digest_of(_bytes(value))
        (root / digest).write_bytes(_bytes(value))
        paths[name] = digest
    return Opened(Tree(paths), lambda digest: root / digest)
