"""What describes the dump is true of it, and every documented example runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from pathlib import Path

import duckdb
import jsonschema
import pyarrow.parquet as pq
import pytest

from portal.warehouse.manifest import DIGITS, dump
from portal.warehouse.own import own_table
from portal.warehouse.schema import TABLES
from tests.warehouse.bench import Bench, screen
from tests.warehouse.conftest import Warehouse

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "data.md"
CODE = re.compile(r"^```(sql|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What the Data Package specification, version 2.0, asks of what is used here (datapackage.org/standard).
DATAPACKAGE = {
    "type": "object",
    "required": ["$schema", "resources"],
    "properties": {
        "$schema": {"const": "https://datapackage.org/profiles/2.0/datapackage.json"},
        "name": {"type": "string", "pattern": "^[-a-z0-9._/]+$"},
        "licenses": {
            "type": "array", "minItems": 1, "items": {"required": ["name"], "properties": {"name": {"pattern": "^[-a-zA-Z0-9._]+$"}}},
        },
        "resources": {
            "type": "array", "minItems": 1,
            "items": {
                "type": "object", "required": ["name", "path", "type", "schema"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[-a-z0-9._/]+$"},
                    "path": {"type": "string", "pattern": r"^(?=[^./~])(?!file:)((?!/\.\./)(?!\\)(?!://).)*$"},
                    "type": {"const": "table"},
                    "hash": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
                    "schema": {
                        "type": "object", "required": ["fields"],
                        "properties": {
                            "fields": {"type": "array", "minItems": 1, "items": {
                                "required": ["name", "type"],
                                "properties": {"type": {"enum": ["string", "integer", "number", "boolean", "date"]}},
                            }},
                            "primaryKey": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                            "foreignKeys": {"type": "array", "items": {"required": ["fields", "reference"], "properties": {
                                "fields": {"type": "array"}, "reference": {"required": ["resource", "fields"]}}}},
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


def load(data: Path, name: str) -> dict:
    return json.loads((data / name).read_text("utf-8"))


def test_manifest_is_true_of_the_files(data: Path) -> None:
    manifest = load(data, "manifest.json")
    assert [t["name"] for t in manifest["tables"]] == list(TABLES)
    assert [(c["study"], c["component"]) for c in manifest["components"]] == [
        ("idr0001", "screenA"), ("idr0012", "screenA"), ("idr0013", "screenB"), ("idr0032", "experimentA"), ("idr0032", "screenA"),
    ]  # fmt: skip
    site = data.parent
    for told in manifest["studies"]:
        assert told["rows"] == pq.ParquetFile(site / told["plain"]).metadata.num_rows > 0
        assert hashlib.sha256((site / told["path"]).read_bytes()).hexdigest() == told["sha256"]
    for told in manifest["tables"] + manifest["components"]:
        raw = (site / told["path"]).read_bytes()
        assert raw == (site / told["plain"]).read_bytes()
        assert (told["sha256"], told["bytes"]) == (hashlib.sha256(raw).hexdigest(), len(raw))
        assert told["path"] == told["plain"].replace(".parquet", f"-{told['sha256'][:DIGITS]}.parquet")
        file = pq.ParquetFile(site / told["path"])
        assert (told["rows"], [c["name"] for c in told["columns"]]) == (file.metadata.num_rows, file.schema_arrow.names)


def test_a_component_without_a_row_is_not_published(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    made = bench.run(own_table, bench.component("idr0013", screen("screenA"), []), study="idr0013", component="screenA")
    assert bench.run(dump, made).json("data/manifest.json")["components"] == []


def test_a_components_page_is_told_what_the_manifest_says(warehouse: Warehouse, data: Path) -> None:
    for tree in warehouse.components:
        told = tree.json("summary.json")
        made = warehouse.bench.run(own_table, tree, study=told["study"], component=told["component"])
        assert made.json("entry.json") in load(data, "manifest.json")["components"]


def test_a_licence_that_is_a_sentence_is_left_out_of_the_datapackage(tmp_path: Path) -> None:
    made = Bench(tmp_path).run(dump, licence="All rights reserved, ask us")
    assert "licenses" not in made.json("data/datapackage.json")


def test_manifest_types_are_duckdbs(data: Path) -> None:
    for told in load(data, "manifest.json")["tables"]:
        with duckdb.connect() as con:
            described = con.execute(f"DESCRIBE SELECT * FROM '{data.parent / told['path']}'").fetchall()
        assert [(c["name"], c["type"]) for c in told["columns"]] == [(d[0], d[1]) for d in described]
        assert all(c["meaning"].endswith((".", "…")) for c in told["columns"])


def test_nothing_else_lies_in_the_dump(data: Path) -> None:
    manifest = load(data, "manifest.json")
    named = {t[k] for t in manifest["tables"] + manifest["components"] + manifest["studies"] for k in ("plain", "path")}
    described = {f"data/{n}" for n in ("manifest.json", "dictionary.json", "datapackage.json", "README.md")}
    assert {p.relative_to(data.parent).as_posix() for p in data.rglob("*") if p.is_file()} == named | described


def test_dictionary_counts_nulls_and_shows_values_that_are_there(data: Path) -> None:
    dictionary = load(data, "dictionary.json")
    assert [t["name"] for t in dictionary["tables"]] == list(TABLES)
    for told in dictionary["tables"]:
        table = pq.read_table(data / f"{told['name']}.parquet")
        assert told["rows"] == table.num_rows
        for column in told["columns"]:
            values = table.column(column["name"])
            assert column["nulls"] == values.null_count
            first = next((v for v in values.to_pylist() if v is not None), None)
            assert column["example"] == (str(first) if not isinstance(first, bool | int | float | None) else first)


def test_datapackage_follows_its_specification(data: Path) -> None:
    package = load(data, "datapackage.json")
    jsonschema.validate(package, DATAPACKAGE)
    resources = {r["name"]: r for r in package["resources"]}
    assert len(resources) == len(package["resources"]) and set(TABLES) < set(resources)
    for resource in resources.values():
        raw = (data / resource["path"]).read_bytes()
        assert resource["hash"] == "sha256:" + hashlib.sha256(raw).hexdigest()
        fields = [f["name"] for f in resource["schema"]["fields"]]
        assert set(resource["schema"].get("primaryKey", [])) <= set(fields)
        for key in resource["schema"].get("foreignKeys", []):
            there = {f["name"] for f in resources[key["reference"]["resource"]]["schema"]["fields"]}
            assert set(key["fields"]) <= set(fields) and set(key["reference"]["fields"]) <= there


def test_no_clock_and_no_place_in_the_dump(warehouse: Warehouse, data: Path) -> None:
    for path in data.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert str(warehouse.bench.store.root).encode() not in raw, f"{path.name} holds a path of this machine"
            assert not re.search(rb"\b20\d\d-\d\d-\d\dT\d\d:", raw), f"{path.name} holds a time"


def examples(text: str) -> list[tuple[str, str]]:
    return [(m[1], m[2]) for m in CODE.finditer(text)]


@pytest.mark.parametrize(("language", "code"), examples(GUIDE.read_text("utf-8")))
def test_examples_of_the_guide(data: Path, language: str, code: str) -> None:
    run_example(data, language, code)


def test_examples_of_the_readme(data: Path) -> None:
    readme = (data / "README.md").read_text("utf-8")
    found = examples(readme)
    assert {language for language, _ in found} == {"sql", "python"} and "```r\n" in readme
    for language, code in found:
        run_example(data, language, code)


def run_example(data: Path, language: str, code: str) -> None:
    printed = io.StringIO()
    with contextlib.chdir(data), contextlib.redirect_stdout(printed):
        if language == "python":
            exec(compile(code, "<example>", "exec"), {})
            assert printed.getvalue().strip()
        else:
            with duckdb.connect() as con:
                assert con.execute(code).fetchall(), "an example must answer something"


def test_sgol1_by_the_first_example(data: Path) -> None:
    sql = next(code for language, code in examples(GUIDE.read_text("utf-8")) if language == "sql")
    with contextlib.chdir(data), duckdb.connect() as con:
        answer = con.execute(sql).fetchall()
    assert answer == [
        ("idr0012", "screenA", 1, ["CMPO:0000118", "CMPO:0000305"]),
        ("idr0013", "screenB", 8, ["CMPO:0000156", "CMPO:0000202", "CMPO:0000213"]),
    ]
