"""Where a container's rows lie in its component's table, and by which of its columns a grid can be coloured."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from portal.pages.grid_columns import GridColumn, Place, places, told


def test_columns_that_differ_are_offered_once_and_by_kind(tmp_path: Path) -> None:
    n = 24
    table = pa.table({
        "sample_id": [f"s/c/p{i // 12}/{i}" for i in range(n)],
        "container": ["a"] * 12 + ["b"] * 12,
        "gene_symbol": [f"G{i % 12}" for i in range(n)],
        "Gene Symbol": [f"G{i % 12}" for i in range(n)],  # says what the column above says
        "gene_id": [str(100 + i) for i in range(n)],
        "Score": [str(i / 4) if i < 12 else None for i in range(n)],
        "Grade": [str(i % 3) for i in range(n)],  # few numbers are grades
        "Mostly": [str(i) if i else "n.d." for i in range(n)],
        "Words": ["1" if i % 2 else f"w{i}" for i in range(n)],
        "Same": ["x"] * n,
        "Batch": ["1"] * 12 + ["2"] * 12,
        "counted": [i != 3 for i in range(n)],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "table.parquet", row_group_size=7)
    found = places(tmp_path / "table.parquet")
    assert list(found) == ["a", "b"]
    assert (found["a"].start, found["a"].rows, found["b"].start, found["b"].rows) == (0, 12, 12, 12)
    kinds = {c.name: c.kind for c in found["a"].columns}
    assert kinds == {
        "gene_symbol": "category", "gene_id": "category", "Score": "number", "Grade": "category", "Mostly": "number",
        "Words": "category", "counted": "category",
    }  # fmt: skip
    assert {c.name for c in found["b"].columns} == set(kinds) - {"Score", "counted"}


def test_a_table_that_names_no_containers_has_no_places(tmp_path: Path) -> None:
    pq.write_table(pa.table({"sample_id": ["x"]}), tmp_path / "table.parquet")
    assert places(tmp_path / "table.parquet") == {}
    assert places(None) == {}


def test_scripts_are_told_a_label_where_the_name_is_none() -> None:
    place = Place(0, 2, (GridColumn("gene_symbol", "category"), GridColumn("Score", "number")))
    assert told(place, {"gene_symbol": "Gene symbol"}) == [["gene_symbol", "category", "Gene symbol"], ["Score", "number"]]
    assert told(None, {}) == []
