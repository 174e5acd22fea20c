"""The sample tables of all components in one DuckDB, numbered so that joins run on integers.

    component(cid, study, component)
    sample(sid, cid, sample_id, container, sample, organism, control, has_phenotype)
    target(sid, kind, organism, id, symbol)          one row each
    observed(sid, phenotype, term)                   one row each
    level(sid, level)                                annotation levels, from the components' own tables where they have them
    pictured(cid, container, sample, thumbnail)      the first field of samples with images

Both numbers follow the published order (study, component, container, row, column, sample_id), so that ordering
by a number is ordering by that, and every result is the same whatever order the components were read in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from portal.engine.step import Opened
from portal.facts import ComponentRecord
from portal.warehouse.inputs import parquet_files
from portal.warehouse.parquet import literal
from portal.warehouse.schema import SAMPLE_PHENOTYPES, SAMPLE_TARGETS, SAMPLES

SOURCES = (
    ("samples", "samples.parquet", SAMPLES),
    ("phenotypes", "phenotypes.parquet", SAMPLE_PHENOTYPES),
    ("targets", "targets.parquet", SAMPLE_TARGETS),
)


def view_sources(con: duckdb.DuckDBPyConnection, inputs: Sequence[Opened]) -> None:
    """Views `samples`, `phenotypes` and `targets` over the Parquet files of all components, empty where there are none."""
    for view, name, schema in SOURCES:
        paths = parquet_files(inputs, name)
        if paths:
            listed = ", ".join(literal(str(p)) for p in paths)
            con.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet([{listed}])")
        else:
            con.register(view, schema.empty_table())


def load(con: duckdb.DuckDBPyConnection, inputs: Sequence[Opened], components: Iterable[tuple[str, str]]) -> None:
    """Make the tables above. `components` are (study, component) that count even where they have no sample."""
    view_sources(con, inputs)
    con.execute("CREATE TEMP TABLE declared_component (study VARCHAR, component VARCHAR)")
    pairs = sorted(set(components))
    if pairs:
        given = pa.table({"study": [s for s, _ in pairs], "component": [c for _, c in pairs]})
        con.register("given", given)
        con.execute("INSERT INTO declared_component SELECT * FROM given")
        con.unregister("given")
    con.execute("""
        CREATE TABLE component AS
        SELECT CAST(row_number() OVER (ORDER BY study, component) AS INTEGER) AS cid, study, component
        FROM (SELECT study, component FROM samples UNION SELECT study, component FROM declared_component)
    """)
    con.execute("""
        CREATE TABLE sample AS
        SELECT
            CAST(row_number() OVER (ORDER BY cid, container, "row" NULLS LAST, "column" NULLS LAST, sample_id) AS INTEGER) AS sid,
            cid, sample_id, container, sample, organism, control_type IS NOT NULL AS control, has_phenotype
        FROM samples JOIN component USING (study, component)
    """)
    con.execute("""
        CREATE TABLE target AS
        SELECT DISTINCT sid, kind, t.organism, id, symbol
        FROM targets t JOIN sample USING (sample_id)
        WHERE coalesce(id, symbol) IS NOT NULL
    """)
    con.execute("CREATE TABLE pictured (cid INTEGER, container VARCHAR, sample VARCHAR, thumbnail VARCHAR)")
    con.execute("CREATE TABLE level (sid INTEGER, level VARCHAR)")
    for path in parquet_files(inputs, "table.parquet"):
        if "annotation_level" in pq.read_schema(path).names:
            con.execute(f"""
                INSERT INTO level SELECT sid, annotation_level FROM read_parquet({literal(str(path))}) JOIN sample USING (sample_id)
                WHERE annotation_level IS NOT NULL
            """)
    con.execute("CREATE TABLE observed AS SELECT DISTINCT sid, phenotype, term FROM phenotypes JOIN sample USING (sample_id)")


def picture(con: duckdb.DuckDBPyConnection, records: Iterable[ComponentRecord]) -> None:
    """Fill `pictured` from what was rendered. Needs `load`."""
    first: dict[tuple[str, str, str, str], tuple[int, str]] = {}
    for record in records:
        for image in record.images.images:
            if image.container and image.sample:
                key = (record.study, record.component.name, image.container, image.sample)
                first[key] = min(first.get(key, (image.field, image.thumbnail)), (image.field, image.thumbnail))
    if not first:
        return
    keys = sorted(first)
    columns = {name: pa.array([k[at] for k in keys], pa.string()) for at, name in enumerate(("study", "component", "container", "sample"))}
    con.register("given", pa.table(columns | {"thumbnail": pa.array([first[k][1] for k in keys], pa.string())}))
    con.execute("""
        INSERT INTO pictured SELECT cid, container, sample, thumbnail FROM given JOIN component USING (study, component)
    """)
    con.unregister("given")


def number(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Sequence[str | None]], numbers: Mapping[str, Sequence[int]]
) -> None:
    """A small table from Python: text columns and integer columns of one length."""
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    arrays |= {name: pa.array(values, pa.int32()) for name, values in numbers.items()}
    con.register("given", pa.table(arrays))
    con.execute(f"CREATE TABLE {table} AS SELECT * FROM given")
    con.unregister("given")
