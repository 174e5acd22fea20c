"""Figures as questions: the SQL whose answer equals what a page says, and the link that hands it to the query page.

Every figure of a page is reachable so. `tests/corpus/test_asked.py` opens pages, runs the SQL of each link on the published tables
and compares. The SQL runs on DuckDB 0.9.1 (the browser's) and on native DuckDB, so it uses what both know.
"""

from __future__ import annotations

from urllib.parse import quote

from portal import addresses


def text(value: str) -> str:
    """A value as a SQL literal.

    >>> text("O'Brien")
    "'O''Brien'"
    """
    return "'" + value.replace("'", "''") + "'"


def address(sql: str) -> str:
    """The query page, holding this SQL."""
    return f"{addresses.QUERY}#sql={quote(sql, safe='')}"
