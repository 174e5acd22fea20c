"""The examples of the query page, run on native DuckDB. (The browser's DuckDB 0.9.1 is driven by the browser tests.)"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from portal.pages.query import EXAMPLES, OF_IMAGES, OF_PLATES, Example, examples
from portal.warehouse.schema import TABLES
from tests.pages.fixtures import Portal


@pytest.fixture(scope="module")
def tables(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Every published table; those of samples hold the small portal's rows."""
    folder: Path = tmp_path_factory.mktemp("tables")
    con = duckdb.connect()
    filled = {"samples": "samples.parquet", "sample_phenotypes": "phenotypes.parquet", "sample_targets": "targets.parquet"}
    for name, (schema, _, _) in TABLES.items():
        file = folder / f"{name}.parquet"
        if name in filled:
            file.write_bytes(portal.parquets[filled[name]])
        else:
            pq.write_table(schema.empty_table(), file)
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM '{file}'")
    return con


def test_there_are_six() -> None:
    assert len(examples(0)) == len(examples(9)) == 6
    assert examples(9)[5] is OF_IMAGES


@pytest.mark.parametrize("example", [*EXAMPLES, OF_IMAGES, OF_PLATES], ids=lambda e: e.question)
def test_example_runs(tables: duckdb.DuckDBPyConnection, example: Example) -> None:
    # What DuckDB 0.9.1 lacks (toolchain notes): a newer word here would fail in the browser alone.
    assert not [w for w in ("lambda ", "TRY(", "MERGE ", "date_trunc") if w in example.sql]
    tables.execute(example.sql).fetchall()


def test_human_sgol1_across_studies(tables: duckdb.DuckDBPyConnection, portal: Portal) -> None:
    ((study, component, samples, phenotypes, _),) = tables.execute(EXAMPLES[0].sql).fetchall()
    its = [r for r in portal.rows if r["symbol"] == "SGOL1"]
    assert (study, component, samples) == ("tst0001", "screenA", len(its))
    assert phenotypes == "; ".join(sorted({n for r in its for n in r["seen"]}))
