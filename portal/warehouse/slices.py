"""The tables that have a row a sample, once more study by study: what an analyst of one study downloads instead of the whole."""

from __future__ import annotations

from pathlib import Path

from portal.engine.step import Work, recipe
from portal.warehouse.inputs import parquet_files
from portal.warehouse.parquet import ROW_GROUP, connect, identifier, literal, write
from portal.warehouse.schema import TABLES

# Told by the schema: every table whose rows are samples of a study.
SLICED = tuple(name for name, (schema, _, _) in TABLES.items() if {"study", "sample_id"} <= set(schema.names))


@recipe("code")
def study_slices(work: Work) -> dict[str, Path]:
    """`by-study/<accession>/<table>.parquet`: of each table in SLICED the rows of one study, in the table's order. Empty ones are left out.

    Inputs: the trees of the `table` steps that make SLICED.
    """
    out: dict[str, Path] = {}
    for name in SLICED:
        schema, order, _ = TABLES[name]
        found = parquet_files(work.inputs, f"{name}.parquet")
        if not found:
            continue
        total = [*order, *(f.name for f in schema if f.name not in order)]
        ordering = ", ".join(f"{identifier(c)} NULLS LAST" for c in total)
        with connect(work.scratch) as con:
            # By study first, so that DuckDB finds each one's rows without reading the others'.
            con.execute(f"CREATE TABLE rows AS SELECT * FROM read_parquet([{literal(str(found[0]))}]) ORDER BY study")
            for (study,) in con.execute("SELECT DISTINCT study FROM rows ORDER BY study").fetchall():
                path = work.scratch / "by-study" / study / f"{name}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                columns = ", ".join(identifier(f.name) for f in schema)
                reader = con.sql(f"SELECT {columns} FROM rows WHERE study = {literal(study)} ORDER BY {ordering}")
                write(path, schema, reader.to_arrow_reader(ROW_GROUP), order)
                out[f"by-study/{study}/{name}.parquet"] = path
    return out
