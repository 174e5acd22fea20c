"""`samples.counted`: which rows a study's own figures count. No row is lost by a rule, and the paper's figures come of it."""

from __future__ import annotations

import csv
import gzip
import io
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ingest.sample_tables.counting import Listed, count_rows, read_list
from ingest.sample_tables.joining import Joined
from portal.facts import ComponentFacts
from portal.model import Counted
from portal.problems import Place, Problem
from tests.ingest.test_samples import column, run, table

CORPUS = Path(__file__).parents[3] / "shared/corpus/idr"

LIBRARY = """\
Plate\tWell\tComments\tType
p1\tA1\t\tRAW
P2 \tA1\tedge; No  image available\traw
p2\tA2\tno image available\traw
p3\tA1\t\tprocessed
p3\tA2\tNo image available here\t
"""
LOADED = "P1\t/data/p1\nP2\t/data/p2\n\n\t/data/unnamed\nP9\t/data/p9\n"

LOADED_RULE = {"says": "on a plate that was loaded", "column": "Plate", "listed_in": "screenA/plates.tsv"}
COMPONENT: dict[str, Any] = {
    "name": "screenA",
    "kind": "screen",
    "samples": {"table": "library.txt", "columns": {"plate": "Plate", "well": "Well"}},
}


def counted(folder: Path, *rules: dict[str, Any], **lists: bytes) -> tuple[dict[str, bytes], ComponentFacts, list[Problem]]:
    """The component with these rules; `plates` is the list that LOADED_RULE looks into."""
    component = deepcopy(COMPONENT)
    component["samples"]["counted"] = list(rules)
    listed = {rule["listed_in"] for rule in rules if "listed_in" in rule}
    tables: dict[str, str | bytes] = {"library.txt": LIBRARY} | {name: lists.get("plates", LOADED.encode()) for name in listed}
    out, problems = run(folder, component, tables)
    return out, ComponentFacts.model_validate_json(out["summary.json"]), problems


def told(out: dict[str, bytes]) -> list[bool]:
    """`counted` of every sample, in the order p1 A1, P2 A1, p2 A2, p3 A1, p3 A2."""
    where = dict(column(out["samples.parquet"], "sample_id", "counted"))
    return [where[f"idr0002/screenA/{place}"] for place in ("p1/A1", "P2/A1", "p2/A2", "p3/A1", "p3/A2")]


def test_without_a_rule_every_row_is_counted(tmp_path: Path) -> None:
    out, facts, _ = counted(tmp_path)
    assert told(out) == [True] * 5
    assert (facts.samples, facts.counted, facts.not_counted) == (5, 5, {})
    assert {(c.uncounted, *c.not_counted) for c in facts.containers} == {(0,)}


def test_a_list_is_matched_trimmed_and_without_regard_to_capitals(tmp_path: Path) -> None:
    out, facts, problems = counted(tmp_path, LOADED_RULE)
    assert problems == []
    assert told(out) == [True, True, True, False, False]
    assert (facts.counted, facts.not_counted) == (3, {"on a plate that was loaded": 2})
    assert {c.name: (c.samples, c.counted, c.not_counted) for c in facts.containers} == {
        "P2": (1, 1, {}),
        "p1": (1, 1, {}),
        "p2": (1, 1, {}),
        "p3": (2, 0, {"on a plate that was loaded": 2}),
    }
    assert "screenA/plates.tsv: 1 name that no row has in column 'Plate', such as 'P9'" in facts.tally.notes


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"column": "Comments", "without": "NO IMAGE available"}, [True, True, False, True, False]),
        ({"column": "Type", "any_of": ["Raw"]}, [True, True, True, False, False]),
        ({"column": "Type", "none_of": [" processed "]}, [True, True, True, False, True]),
    ],
    ids=["without", "any_of", "none_of"],
)
def test_each_condition(tmp_path: Path, condition: dict[str, Any], expected: list[bool]) -> None:
    out, facts, _ = counted(tmp_path, {"says": "as said", **condition})
    assert told(out) == expected
    assert (facts.counted, facts.not_counted) == (sum(expected), {"as said": 5 - sum(expected)})


def test_a_row_meets_all_rules_and_each_says_what_it_left_out(tmp_path: Path) -> None:
    raw = {"says": "raw", "column": "Type", "any_of": ["raw"]}
    shown = {"says": "with an image", "column": "Comments", "without": "no image available"}
    out, facts, _ = counted(tmp_path, LOADED_RULE, raw, shown, {**raw, "column": "Well", "any_of": ["A1"]})
    assert told(out) == [True, True, False, False, False]
    assert facts.counted == 2
    # Two rules of the same words are one; a row that misses several is in the figure of each.
    assert facts.not_counted == {"on a plate that was loaded": 2, "raw": 3, "with an image": 2}
    p3 = next(c for c in facts.containers if c.name == "p3")
    assert (p3.uncounted, p3.not_counted) == (2, {"on a plate that was loaded": 2, "raw": 2, "with an image": 1})


def test_no_row_and_no_cell_is_lost(tmp_path: Path) -> None:
    ruled, facts, _ = counted(tmp_path / "ruled", LOADED_RULE)
    free, _, _ = counted(tmp_path / "free")
    for name in ("samples", "phenotypes", "targets", "table"):
        mine, other = table(ruled[f"{name}.parquet"]), table(free[f"{name}.parquet"])
        drop = ["counted"] if "counted" in mine.column_names else []
        assert mine.drop_columns(drop).equals(other.drop_columns(drop)), name
    assert table(ruled["samples.parquet"]).schema.field("counted").nullable is False
    assert column(ruled["table.parquet"], "counted") == column(ruled["samples.parquet"], "counted")
    assert facts.samples == 5


def test_a_source_column_of_that_name_keeps_its_cells(tmp_path: Path) -> None:
    component = deepcopy(COMPONENT)
    component["samples"]["counted"] = [{"says": "counted by hand", "column": "Counted", "none_of": ["no"]}]
    out, _ = run(tmp_path, component, {"library.txt": "Plate\tWell\tCounted\np1\tA1\tyes\np1\tA2\tno\n"})
    assert column(out["table.parquet"], "counted", "Counted (source)") == [(True, "yes"), (False, "no")]


def test_a_column_of_a_joined_table_may_be_asked(tmp_path: Path) -> None:
    component = deepcopy(COMPONENT)
    component["samples"] |= {
        "join": [{"table": "images.txt", "on": "Well"}],
        "counted": [{"says": "with an image", "column": "Images", "none_of": ["0", "none"]}],
    }
    library = "Plate\tWell\np1\tA1\np1\tA2\np1\tA3\n"
    out, problems = run(tmp_path, component, {"library.txt": library, "images.txt": "Well\tImages\nA1\t2\nA2\t0\n"})
    assert problems == []
    # A row that met none in the joined table has no cell that says 0.
    assert column(out["samples.parquet"], "sample", "counted") == [("A1", True), ("A2", False), ("A3", True)]


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        (b"\xef\xbb\xbfP1\t/a\r\nP2\t/b\r\n", "plates.tsv", {"P1", "P2"}),
        ("Pläte 1\t/a\n".encode("mac_roman"), "plates.tsv", {"Pläte 1"}),
        (b'"P1, second",/a\nP2,/b\n', "plates.csv", {"P1, second", "P2"}),
        (b"P1, second\nP2\n", "plates.tsv", {"P1, second", "P2"}),
        (gzip.compress(b"P1,/a\nP2,/b\n"), "plates.csv.gz", {"P1", "P2"}),
        (b"P1\np1\n", "plates.tsv", {"P1"}),
        (b"P1\rP2\r", "plates.tsv", {"P1", "P2"}),
    ],
    ids=["mark-and-crlf", "mac-roman", "csv", "comma-in-tsv", "gzip", "same-name", "cr"],
)
def test_lists_as_they_come(raw: bytes, name: str, expected: set[str]) -> None:
    listed, what, _ = read_list(raw, name)
    assert what == "" and listed is not None
    assert set(listed.values.values()) == expected


def test_a_million_rows_are_tried_by_their_distinct_cells() -> None:
    plates = [f"P{i}" for i in range(4_000)]
    rows = [plate for plate in plates for _ in range(250)]
    joined = Joined("t", {"Plate": rows, "Comments": ["", "no image"] * (len(rows) // 2)}, list(range(len(rows))), {})
    lists = {"plates.tsv": Listed("plates.tsv", {p.casefold(): p for p in plates[1:]})}
    rules = (
        Counted(says="loaded", column="Plate", listed_in="plates.tsv"),
        Counted(says="with an image", column="Comments", without="no image"),
    )
    began = time.process_time()
    counting, problems = count_rows(joined, rules, lists, Place("study.yaml"))
    assert time.process_time() - began < 5
    assert (problems, sum(counting.counted)) == ([], (len(rows) - 250) // 2)
    assert counting.not_counted() == {"loaded": 250, "with an image": len(rows) // 2}


# ---- real studies: the figures of the IDR paper's Table 1


def files_of(study: str, screen: str) -> dict[str, str | bytes]:
    folder = next(CORPUS.glob(f"{study}-*"), None)
    if folder is None:
        pytest.skip(f"{CORPUS} is not here")
    return {p.name: p.read_bytes() for p in sorted((folder / screen).iterdir()) if p.is_file()}


def source_rows(raw: str | bytes) -> list[dict[str, str]]:
    """The table once more, by Python's own reader alone."""
    assert isinstance(raw, bytes)
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def real(
    folder: Path, kind: str, files: dict[str, str | bytes], name: str, columns: dict[str, str], rule: dict[str, Any]
) -> ComponentFacts:
    component = {"name": "screenA", "kind": kind, "samples": {"table": name, "columns": columns, "counted": [rule]}}
    wanted = [name] + ([rule["listed_in"]] if "listed_in" in rule else [])
    out, _ = run(folder, component, {n: files[n] for n in wanted})
    assert table(out["samples.parquet"]).num_rows == len(source_rows(files[name])), "a row is lost"
    return ComponentFacts.model_validate_json(out["summary.json"])


def test_loaded_plates(tmp_path: Path) -> None:
    """195 plates in the library, 192 loaded: the paper counts 18,432 of 18,720 rows."""
    files = files_of("idr0001", "screenA")
    name = next(n for n in files if "library" in n)
    rule = {"says": "on a plate that was loaded", "column": "Plate", "listed_in": next(n for n in files if n.endswith("plates.tsv"))}
    facts = real(tmp_path, "screen", files, name, {"plate": "Plate", "well": "Well"}, rule)
    assert (facts.samples, facts.counted, facts.not_counted) == (18_720, 18_432, {"on a plate that was loaded": 288})
    assert sum(c.counted > 0 for c in facts.containers) == 192


def test_imaged_wells(tmp_path: Path) -> None:
    """384 rows a plate in the library, 96 wells of each imaged."""
    files = files_of("idr0007", "screenA")
    rule = {"says": "with an image", "column": "Comments", "without": "no image available"}
    facts = real(tmp_path, "screen", files, next(n for n in files if "library" in n), {"plate": "Plate", "well": "Well"}, rule)
    assert (facts.samples, facts.counted) == (4_608, 1_152)
    assert {c.counted for c in facts.containers} == {96}


def test_raw_images(tmp_path: Path) -> None:
    files = files_of("idr0023", "experimentA")
    rule = {"says": "raw", "column": "Comment [Image File Type]", "any_of": ["raw"]}
    columns = {"dataset": "Dataset Name", "image": "Image Name"}
    facts = real(tmp_path, "experiment", files, next(n for n in files if "assays" in n), columns, rule)
    assert (facts.samples, facts.counted) == (527, 359)
