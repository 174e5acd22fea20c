"""How every published table is written and read: Parquet that a browser can read by ranges, and the same bytes each time.

The rules come from measurements with 1,000,000 wells (DuckDB-WASM 1.28.0, which is DuckDB 0.9.1, and hyparquet):
zstd halves what snappy writes, and both readers decode it; rows sorted by what is looked up, in groups of 8,192
(point lookups) to 32,768 (scans), beat bloom filters, which are ignored; a footer grows by about 100 bytes a
column chunk, so that only columns whose order makes their limits useful carry statistics; data pages are of
format 1, strings are plain UTF-8 (not large or dictionary types).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 32_768

# DuckDB's name of each Arrow type in the schemas …
SQL_TYPES = {
    "string": "VARCHAR", "bool": "BOOLEAN", "int32": "INTEGER", "int64": "BIGINT", "double": "DOUBLE", "date32[day]": "DATE",
}  # fmt: skip
# … and the Table Schema's (Frictionless) name of each of DuckDB's.
FRICTIONLESS_TYPES = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "INTEGER": "integer", "BIGINT": "integer", "DOUBLE": "number", "DATE": "date",
}  # fmt: skip


def sql_type(type_: pa.DataType) -> str:
    """DuckDB's name for a column's type. Types that no published schema uses keep Arrow's name, in capitals."""
    return SQL_TYPES.get(str(type_), str(type_).upper())


def meaning(field: pa.Field) -> str:
    """The sentence that explains a column; empty where none was written."""
    return (field.metadata or {}).get(b"meaning", b"").decode()


def unit(field: pa.Field) -> str | None:
    """The unit of a column's values, such as µm; None where they have none."""
    return (field.metadata or {}).get(b"unit", b"").decode() or None


def sha256_of(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def connect(scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB of two threads, as steps run side by side; what does not fit into 384 MB spills into `scratch`."""
    con = duckdb.connect(config={"threads": 2, "memory_limit": "384MB", "preserve_insertion_order": False})
    con.execute("SET enable_progress_bar = false")  # It is written over the build's own on a terminal, and into its log elsewhere.
    if scratch is not None:
        con.execute(f"SET temp_directory = {literal(str(scratch / 'duckdb'))}")
    return con


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], sorted_by: Sequence[str], row_group: int = ROW_GROUP) -> int:
    """Write batches (already sorted) as one Parquet file in groups of exactly `row_group` rows; how many rows there were.

    Batches are cast to `schema`, whose field metadata is kept. Raises pa.ArrowInvalid where a value does not fit
    its type, or a column that must be filled has a null.
    """
    rows, waiting, held = 0, [], 0
    with pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=9, version="2.6", data_page_version="1.0",
        use_dictionary=True, write_statistics=list(sorted_by), store_schema=True,
    ) as writer:  # fmt: skip
        for batch in batches:
            waiting.append(fit(pa.Table.from_batches([batch]), schema))
            held += batch.num_rows
            rows += batch.num_rows
            if held >= row_group:
                table = pa.concat_tables(waiting)
                whole = held - held % row_group
                writer.write_table(table.slice(0, whole).combine_chunks(), row_group_size=row_group)
                waiting, held = [table.slice(whole)], held - whole
        if held or not rows:
            table = pa.concat_tables(waiting) if waiting else schema.empty_table()
            writer.write_table(table.combine_chunks(), row_group_size=row_group)
    return rows


def fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of `schema` in its order, types and metadata. Raises pa.ArrowInvalid for a null where none may be."""
    for f in schema:
        if not f.nullable and table.column(f.name).null_count:
            raise pa.ArrowInvalid(f"column {f.name} must be filled, and {table.column(f.name).null_count} rows are not")
    return pa.table([table.column(f.name).cast(f.type) for f in schema], schema=schema)


def write_rows(path: Path, schema: pa.Schema, rows: Sequence[Mapping[str, object]], sorted_by: Sequence[str]) -> int:
    """Write rows given as mappings, sorted by `sorted_by` (nulls last) and then by all that is left."""
    table = pa.Table.from_pylist([{f.name: row.get(f.name) for f in schema} for row in rows], schema=schema)
    order = [*sorted_by, *(f.name for f in schema if f.name not in sorted_by)]
    table = table.sort_by([(name, "ascending") for name in order]) if table.num_rows else table
    return write(path, schema, table.to_batches(), sorted_by)
