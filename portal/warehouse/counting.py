"""A check's SELECTs, run over the published tables in a DuckDB that can do nothing else.

A check comes with the content, so its SQL is as little trusted as the rest: one SELECT, no file but the tables, no network, no
extension, no setting, one thread, bounded memory and time. Words that give another answer each time are refused.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from portal.checks import Asked, Check, Checked, CheckRow, Fault, Number
from portal.engine.step import Work, recipe
from portal.warehouse.parquet import literal
from portal.warehouse.schema import TABLES

MEMORY = "1GB"
SECONDS = 60.0
MOST_STUDIES = 100_000
# Tables with a row of or below a component: what a row's `components` leaves out, it leaves out of all of these.
_OF_COMPONENTS = tuple(name for name, (schema, _, _) in TABLES.items() if {"study", "component"} <= set(schema.names) and name != "files")
# Their answer depends on the hour, on chance or on the connection (duckdb_functions() calls them volatile).
_FICKLE = re.compile(
    r"(?i)\b(random|uuid\w*|gen_random_uuid|now|today|current_\w+|get_current_\w+|transaction_timestamp|txid_current|setseed|nextval|"
    r"currval|setval|sleep_ms|stats|getvariable|pg_\w+|duckdb_\w+)\s*\(|\b(current_date|current_timestamp|localtime\w*|tablesample|"
    r"using\s+sample)\b"
)
_NUMBERS = re.compile(r"(?i)(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?HUGEINT|FLOAT|DOUBLE|REAL|DECIMAL\(.*\))")
_EXAMPLE = "write one such as SELECT study, count(*) AS value FROM samples GROUP BY study"


class Refused(Exception):
    """A SELECT that cannot be counted: `what; mend`."""

    def __init__(self, what: str, mend: str):
        super().__init__(f"{what}; {mend}")
        self.what, self.mend = what, mend


# ---- the queries


def scoped(sql: str, rows: Sequence[CheckRow]) -> str:
    """The SELECT as it is run and shown: one that counts only the components that `rows` mean, and runs as it stands in the console."""
    inner = sql.strip().rstrip(";").rstrip()
    limits = [
        f"(study <> {literal(row.study)} OR component IN ({', '.join(literal(c) for c in sorted(row.components))}))"
        for row in rows
        if row.components
    ]
    named = [t for t in _OF_COMPONENTS if limits and re.search(rf"(?i)\b{t}\b", inner)]
    if not named:
        return inner
    condition = "\n     AND ".join(limits)
    views = ",\n".join(f"{t} AS (\n  SELECT * FROM main.{t}\n  WHERE {condition}\n)" for t in named)
    indented = "\n".join("  " + line for line in inner.splitlines())
    return f"WITH {views}\nSELECT study, value FROM (\n{indented}\n)\nORDER BY study"


def queries(check: Check) -> Iterator[tuple[str, Asked]]:
    """(dotted path in the file, the SELECT to be run) of every figure, and of every row that has its own."""
    for index, figure in enumerate(check.figures):
        yield f"figures[{index}].sql", Asked(figure=figure.name, sql=scoped(figure.sql, check.rows))
    for index, row in enumerate(check.rows):
        for name, sql in row.sql.items():
            yield f"rows[{index}].sql.{name}", Asked(figure=name, sql=scoped(sql, [row]), study=row.study)


# ---- the desk


@contextmanager
def desk(tables: Mapping[str, Path] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A locked DuckDB with a view of each table; without `tables`, with all of them, empty, to try whether a SELECT can be run."""
    con = duckdb.connect(
        config={
            "threads": 1, "memory_limit": MEMORY, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
            "python_enable_replacements": False, "temp_directory": "",
        }
    )  # fmt: skip
    try:
        if tables is None:
            for name, (schema, _, _) in TABLES.items():
                con.register(name, schema.empty_table())
        else:
            con.execute(f"SET allowed_paths = [{', '.join(literal(str(p)) for p in tables.values())}]")
        con.execute("SET enable_progress_bar = false")
        con.execute("SET enable_external_access = false")
        for name, path in (tables or {}).items():
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({literal(str(path))})")
        con.execute("SET lock_configuration = true")
        yield con
    finally:
        con.close()


def answer(con: duckdb.DuckDBPyConnection, sql: str, seconds: float = SECONDS) -> dict[str, Number]:
    """study → value, sorted. Raises Refused where it is not one SELECT that gives them, or asks too much."""
    _one_select(con, sql)
    timer = threading.Timer(seconds, con.interrupt)
    timer.start()
    try:
        result = con.execute(sql)
        _two_columns(result)
        rows = result.fetchmany(MOST_STUDIES + 1)
    except duckdb.InterruptException:
        raise Refused(f"took more than {seconds:g} seconds", "ask for less, such as one table fewer") from None
    except duckdb.OutOfMemoryException:
        raise Refused(f"needs more than {MEMORY} of memory", "ask for less, such as one table fewer") from None
    except duckdb.Error as error:
        raise _in_words(error) from None
    finally:
        timer.cancel()
    if len(rows) > MOST_STUDIES:
        raise Refused(f"gives more than {MOST_STUDIES:,} rows", "group by study, so that each has one row")
    return _values(rows)


def _one_select(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise _in_words(error) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        what = "is not one statement" if len(statements) != 1 else "is not a SELECT"
        raise Refused(what, _EXAMPLE)
    if match := _FICKLE.search(sql):
        raise Refused(f"uses '{match[0].rstrip('( ')}', whose answer is another each time", "count what the tables hold")


def _two_columns(result: duckdb.DuckDBPyConnection) -> None:
    columns = {name: str(kind) for name, kind, *_ in result.description or ()}
    if list(columns) != ["study", "value"]:
        raise Refused(f"gives the columns {', '.join(columns)[:200] or 'of nothing'}, not study and value", _EXAMPLE)
    if columns["study"] != "VARCHAR":
        raise Refused(f"gives a study that is no text ({columns['study']})", _EXAMPLE)
    if not _NUMBERS.fullmatch(columns["value"]):
        raise Refused(f"gives a value that is no number ({columns['value']})", _EXAMPLE)


def _values(rows: Sequence[tuple[str | None, Number | Decimal | None]]) -> dict[str, Number]:
    values: dict[str, Number] = {}
    for study, value in rows:
        if study is None or value is None:
            continue
        if study in values:
            raise Refused(f"gives two rows for {study[:80]}", "group by study, so that each has one row")
        if not math.isfinite(value):
            raise Refused(f"gives {value} for {study[:80]}", "mend it, so that it gives a number")
        # Fractions are summed in binary; what is beyond twelve digits is noise.
        values[study] = int(value) if value == int(value) else float(f"{value:.12g}")
    return dict(sorted(values.items()))


def _in_words(error: duckdb.Error) -> Refused:
    """DuckDB's first sentence; nothing of it that could name a path of this machine."""
    said = str(error).split("\n", 1)[0].removesuffix(".")
    if isinstance(error, duckdb.PermissionException):
        return Refused("reaches for something other than the published tables", "count what these hold")
    said = re.sub(r"^\w+ Error: ", "", said)
    candidates = re.search(r"(?m)^(Candidate bindings: .*|Did you mean .*)$", str(error))
    mend = f"mend it ({candidates[1][:200]})" if candidates else "mend it; the query page says which tables and columns there are"
    return Refused(f"cannot be run: {said[:300]}", mend)


def fault(con: duckdb.DuckDBPyConnection, path: str, sql: str) -> Fault | None:
    """What is wrong with a SELECT, found by running it over empty tables (`desk()`)."""
    try:
        answer(con, sql)
    except Refused as refused:
        return Fault(path=path, what=refused.what, mend=refused.mend)
    return None


# ---- the step


@recipe("code")
def counted(work: Work, *, name: str, studies: Sequence[str]) -> dict[str, bytes]:
    """checked.json (Checked). Inputs: {check.json}, and {<table>.parquet} of each published table. `studies` are the portal's."""
    check = next(Check.model_validate_json(tree.read("check.json")) for tree in work.inputs if "check.json" in tree)
    tables = {t: tree.path(f"{t}.parquet") for tree in work.inputs for t in TABLES if f"{t}.parquet" in tree}
    asked, faults = [], []
    with desk(tables) as con:
        for path, query in queries(check):
            try:
                asked.append(query.model_copy(update={"values": answer(con, query.sql)}))
            except Refused as refused:
                asked.append(query.model_copy(update={"failed": True}))
                faults.append(Fault(path=path, what=refused.what, mend=refused.mend))
    # Only the rows' own studies: another study's figures move no page.
    named = {row.study for row in check.rows}
    missing: dict[str, dict[str, str]] = {}
    for row in pq.read_table(tables["components"], columns=["study", "component", "missing"]).to_pylist():
        if row["missing"] and row["study"] in named:
            missing.setdefault(row["study"], {})[row["component"]] = row["missing"]
    kept = tuple(a.model_copy(update={"values": {s: v for s, v in a.values.items() if s in named}}) for a in asked)
    here = tuple(sorted(named & set(studies)))
    done = Checked(name=name, check=check, studies=here, asked=kept, missing=missing, faults=tuple(faults))
    return {"checked.json": done.model_dump_json().encode()}
