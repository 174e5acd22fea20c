"""What a portal published, asked by native DuckDB: the truth that pages are held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def ask(site: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a query in which `data/` names the portal's tables."""
    with duckdb.connect() as connection:
        quoted = str((site / "data").resolve()).replace("'", "''")
        return connection.execute(sql.replace("'data/", f"'{quoted}/"), list(values)).fetchall()


def one(site: Path, sql: str, *values: object) -> Any:
    """The first cell of the first row."""
    rows = ask(site, sql, *values)
    assert rows, f"no row: {sql}"
    return rows[0][0]
