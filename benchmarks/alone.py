"""What a short script with one library does with the same tables: read them as study.yaml declares, join, write one sorted Parquet.

    python benchmarks/alone.py pandas|duckdb CONTENT OUT.parquet

It reads what its library reads when told no more than the separator, and lists the rest with the library's own words. It tells
no place of a problem, splits no cells, numbers no wells, keeps the mapped columns alone.

Prints JSON: {"rows": {component: rows}, "unread": {component: why}}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.declared import COLUMNS, Declared, declared, parts_of, separator

T = TypeVar("T")
KEY = "\0key"


def with_pandas(content: Path, out: Path) -> dict[str, object]:
    import pandas as pd

    def read(files: tuple[Path, ...]) -> pd.DataFrame:
        return pd.concat([pd.read_csv(f, sep=separator(f), dtype=str, keep_default_na=False) for f in files], ignore_index=True)

    def together(columns: list[pd.Series], between: str) -> pd.Series:
        return columns[0].str.cat(columns[1:], sep=between) if len(columns) > 1 else columns[0]

    def key(frame: pd.DataFrame, on: tuple[str, ...]) -> pd.Series:
        return together([frame[c] for c in parts_of(on, list(frame.columns))], "_")

    def one(it: Declared) -> pd.DataFrame:
        frame = read(it.table)
        for files, on in it.joins:
            right = read(files)
            new = [c for c in right.columns if c not in frame.columns]
            right = right[new].assign(**{KEY: key(right, on)}).drop_duplicates(KEY)
            frame = frame.assign(**{KEY: key(frame, on)}).merge(right, on=KEY, how="left").drop(columns=KEY).fillna("")
        found = pd.DataFrame({column: frame[source] for column, source in it.wanted.items()})
        marks = [frame[column].ne("").map({True: name, False: ""}) for column, name in it.phenotypes]
        found["phenotypes"] = together(marks, "; ").str.replace("(; )+", "; ", regex=True).str.strip("; ") if marks else ""
        return found.assign(study=it.study, component=it.component).reindex(columns=COLUMNS, fill_value="")

    frames, unread = _each(content, one)
    whole = pd.concat(frames).sort_values(list(COLUMNS[:4]), kind="stable")
    whole.to_parquet(out, engine="pyarrow", compression="zstd", index=False)
    return {"rows": {f"{f['study'].iloc[0]}/{f['component'].iloc[0]}": len(f) for f in frames if len(f)}, "unread": unread}


def with_duckdb(content: Path, out: Path) -> dict[str, object]:
    import duckdb

    con = duckdb.connect()
    con.execute(f"CREATE TABLE found ({', '.join(f'{c} VARCHAR' for c in COLUMNS)})")

    def text(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def name(value: str) -> str:
        return '"' + value.replace('"', '""') + '"'

    def source(files: tuple[Path, ...]) -> str:
        read = [f"SELECT * FROM read_csv({text(str(f))}, delim = {text(separator(f))}, header = true, all_varchar = true)" for f in files]
        return f"({' UNION ALL BY NAME '.join(read)})"

    def header(query: str) -> list[str]:
        return [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {query}").fetchall()]

    def key(on: tuple[str, ...], columns: list[str]) -> str:
        return "concat_ws('_', " + ", ".join(name(c) for c in parts_of(on, columns)) + ")"

    def one(it: Declared) -> None:
        base, columns = source(it.table), header(source(it.table))
        for files, on in it.joins:
            right = source(files)
            new = [c for c in header(right) if c not in columns]
            chosen = ", ".join([*(f"l.{name(c)}" for c in columns), *(f"r.{name(c)}" for c in new)])
            once = f"(SELECT DISTINCT ON (k) * FROM (SELECT {key(on, header(right))} AS k, * FROM {right}))"
            base = f"(SELECT {chosen} FROM (SELECT {key(on, columns)} AS k, * FROM {base}) l LEFT JOIN {once} r USING (k))"
            columns += new
        found = {"study": text(it.study), "component": text(it.component), **{c: name(s) for c, s in it.wanted.items()}}
        marks = [f"CASE WHEN {name(column)} <> '' THEN {text(phenotype)} END" for column, phenotype in it.phenotypes]
        found["phenotypes"] = f"concat_ws('; ', {', '.join(marks)})" if marks else "NULL"
        con.execute(f"INSERT INTO found SELECT {', '.join(found.get(c, 'NULL') for c in COLUMNS)} FROM {base}")

    _, unread = _each(content, one)
    con.execute(f"COPY (SELECT * FROM found ORDER BY {', '.join(COLUMNS[:4])}) TO {text(str(out))} (FORMAT parquet, COMPRESSION zstd)")
    rows = con.execute("SELECT study || '/' || component, count(*) FROM found GROUP BY ALL").fetchall()
    return {"rows": dict(rows), "unread": unread}


def _each(content: Path, one: Callable[[Declared], T]) -> tuple[list[T], dict[str, str]]:
    done, unread = [], {}
    for it in declared(content):
        try:
            done.append(one(it))
        except Exception as error:  # whatever the library says of it is the finding
            said = str(error).strip().splitlines() or [""]
            unread[it.name] = f"{type(error).__name__}: {said[0]}"[:160]
    return done, unread


if __name__ == "__main__":
    which, content, out = sys.argv[1:]
    json.dump({"pandas": with_pandas, "duckdb": with_duckdb}[which](Path(content), Path(out)), sys.stdout)
