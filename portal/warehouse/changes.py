"""Two releases of the dump compared, table by table: by primary key where a table has one, else by whole rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import duckdb

from portal.changes import EXAMPLES, STUDIES, TEXT, Cell, Changes, Example, OwnTables, StudyChanges, TableChanges
from portal.warehouse.keys import PRIMARY_KEYS
from portal.warehouse.parquet import connect, identifier, literal
from portal.warehouse.schema import TABLES


class NoRelease(Exception):
    """A folder that holds no dump, or not all of it."""


@dataclass(frozen=True)
class Release:
    """A dump on this computer: table → its Parquet file, and the components' own tables, `study/component` → SHA-256."""

    tables: Mapping[str, Path]
    own: Mapping[str, str]


def release(folder: Path) -> Release:
    """A published site, or the `data` folder of one, also a downloaded copy with the plain names alone. Raises NoRelease.

    A manifest may be anybody's: no file outside the folder is opened because it names one.
    """
    root = next((p for p in (folder, folder.parent) if (p / "data/manifest.json").is_file() and folder in (p, p / "data")), None)
    beside = folder if root is None and (folder / "manifest.json").is_file() else None
    manifest = root / "data/manifest.json" if root else folder / "manifest.json"
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"its manifest.json cannot be read, {error.strerror}" if manifest.exists() else "there is no data/manifest.json"
        raise NoRelease(f"{folder} holds no release ({what}); name a published site or its data folder") from None
    except (ValueError, RecursionError) as error:
        what = "nested too deep" if isinstance(error, RecursionError) else f"no JSON: {error}"
        raise NoRelease(f"{manifest} is {what}; build that release again, or copy it again") from None
    try:
        tables = {str(t["name"]): _file(t, root, beside, manifest) for t in told["tables"]}
        own = {f"{c['study']}/{c['component']}": str(c["sha256"]) for c in told["components"]}
    except (KeyError, TypeError) as error:
        what = f"without {error}" if isinstance(error, KeyError) else "of another form"
        raise NoRelease(f"{manifest} is not the manifest of a release, but {what}; name a published site or its data folder") from None
    except (OSError, ValueError) as error:
        raise NoRelease(f"{folder} holds no whole release ({error}); name a published site or its data folder") from None
    return Release(tables, own)


def _file(entry: Mapping[str, Any], root: Path | None, beside: Path | None, manifest: Path) -> Path:
    """The file of a table. Raises NoRelease for one outside the folder, FileNotFoundError, ValueError (a NUL in its name)."""
    names = (str(entry["path"]), str(entry["plain"]))
    for name in names:
        windows = PureWindowsPath(name)  # knows drives, and both kinds of slash
        if windows.root or windows.drive or ".." in windows.parts:
            raise NoRelease(f"{manifest} names {name[:200]!a}, which lies outside its folder; nothing was read")
    for name in names:
        path = root / name if root else (beside or Path()) / Path(name).name
        if path.is_file():
            return path
    raise FileNotFoundError(f"{entry['plain']} is not there")


def compare(before: Release, after: Release, name: str = "") -> Changes:
    """What changed. Tables that only one of the releases has are named, not compared. Raises NoRelease for a file that is damaged, and for
    tables that cannot be compared.
    """
    shared = [n for n in (*TABLES, *sorted({*before.tables} - {*TABLES})) if n in before.tables and n in after.tables]
    tables: list[TableChanges] = []
    by_study: dict[str, dict[str, tuple[int, int, int]]] = defaultdict(dict)
    for table in shared:
        with connect() as con:
            try:
                found, counted = _compare_table(con, table, before.tables[table], after.tables[table])
            except duckdb.Error as error:
                for file in (before.tables[table], after.tables[table]):
                    _read_whole(file)
                raise NoRelease(f"the two tables '{table}' cannot be compared: {_first_line(error)}") from None
        tables.append(found)
        for study, counts in counted.items():
            by_study[study][table] = counts
    own = OwnTables(
        added=tuple(sorted(after.own.keys() - before.own.keys())),
        removed=tuple(sorted(before.own.keys() - after.own.keys())),
        changed=tuple(sorted(k for k in before.own.keys() & after.own.keys() if before.own[k] != after.own[k])),
        same=sum(after.own.get(k) == digest for k, digest in before.own.items()),
    )
    for key in (*own.added, *own.removed, *own.changed):
        by_study.setdefault(key.split("/")[0], {})
    studies = [StudyChanges(study=s, state=_state(counts), tables=counts) for s, counts in sorted(by_study.items())]
    return Changes(
        name=name, tables=tuple(tables), tables_added=tuple(sorted(after.tables.keys() - before.tables.keys())),
        tables_removed=tuple(sorted(before.tables.keys() - after.tables.keys())), studies=tuple(studies[:STUDIES]),
        studies_total=len(studies), own=own,
    )  # fmt: skip


def _state(counts: Mapping[str, tuple[int, int, int]]) -> str:
    added, removed, _ = counts.get("studies", (0, 0, 0))
    return "added" if added else "removed" if removed else "changed"


def _columns(con: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(file))})").fetchall()}


def _read_whole(file: Path) -> None:
    """Raises NoRelease where not every page of a Parquet file can be read."""
    with connect() as con:
        try:
            sums = ", ".join(f"count(hash({identifier(c)}))" for c in _columns(con, file))
            con.execute(f"SELECT {sums} FROM read_parquet({literal(str(file))})").fetchall()
        except duckdb.Error as error:
            raise NoRelease(
                f"{file} is no Parquet file, or is damaged or cut short ({_first_line(error)}); copy or build that release again"
            ) from None


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n")[0][:300]


def _compare_table(
    con: duckdb.DuckDBPyConnection, name: str, before: Path, after: Path
) -> tuple[TableChanges, dict[str, tuple[int, int, int]]]:
    """One table, and (rows added, removed, changed) of each study that differs."""
    old, new = _columns(con, before), _columns(con, after)
    both = [c for c in new if c in old]
    if not both:
        raise NoRelease(f"the two tables '{name}' have no column in common, so that no row can be compared: {before} and {after}")
    retyped = tuple(c for c in both if old[c] != new[c])
    key = [c for c in PRIMARY_KEYS.get(name, ()) if c in both]
    keyed = bool(key) and len(key) == len(PRIMARY_KEYS.get(name, ()))
    # A column whose type changed is compared as text.
    chosen = ", ".join(f"{identifier(c)}::VARCHAR AS {identifier(c)}" if c in retyped else identifier(c) for c in both)
    con.execute(
        f"CREATE TABLE differ AS SELECT {', '.join(map(identifier, both))}, sum(d) AS d FROM ("
        f"SELECT {chosen}, 1 AS d FROM read_parquet({literal(str(after))}) UNION ALL "
        f"SELECT {chosen}, -1 AS d FROM read_parquet({literal(str(before))})) GROUP BY ALL HAVING sum(d) <> 0"
    )
    # A row that stands in both with other values has two entries here.
    match = [identifier(c) for c in (key if keyed else both)]
    same = " AND ".join(f"a.{c} IS NOT DISTINCT FROM b.{c}" for c in match)
    sides = ", ".join(f"b.{identifier(c)} AS {_side('b', c)}, a.{identifier(c)} AS {_side('a', c)}" for c in both)
    con.execute(f"CREATE VIEW changed AS SELECT {sides} FROM differ a JOIN differ b ON a.d > 0 AND b.d < 0 AND {same}")
    for view, sign, other in (("added", ">", "<"), ("removed", "<", ">")):
        alone = f"AND NOT EXISTS (SELECT 1 FROM differ b WHERE b.d {other} 0 AND {same})" if keyed else ""
        con.execute(f"CREATE VIEW {view} AS SELECT * FROM differ a WHERE d {sign} 0 {alone}")
    ((n_added,),) = con.execute("SELECT coalesce(sum(d), 0)::BIGINT FROM added").fetchall()
    ((n_removed,),) = con.execute("SELECT coalesce(-sum(d), 0)::BIGINT FROM removed").fetchall()
    told = [c for c in both if c not in match and identifier(c) not in match]
    cells: dict[str, int] = {}
    n_changed = 0
    if keyed and told:
        sums = ", ".join(f"count(*) FILTER (WHERE {_side('b', c)} IS DISTINCT FROM {_side('a', c)})" for c in told)
        n_changed, *counts = con.execute(f"SELECT count(*), {sums} FROM changed").fetchall()[0]
        cells = {c: n for c, n in zip(told, counts, strict=True) if n}
    order = ", ".join(f"{c} NULLS LAST" for c in match)
    by_key = ", ".join(f"{_side('a', c)} NULLS LAST" for c in key)
    ((rows_before, rows_after),) = con.execute(
        f"SELECT (SELECT count(*) FROM read_parquet({literal(str(before))})), (SELECT count(*) FROM read_parquet({literal(str(after))}))"
    ).fetchall()
    shown = key if keyed else both
    found = TableChanges(
        name=name, keyed=keyed, rows_before=rows_before, rows_after=rows_after, added=n_added, removed=n_removed, changed=n_changed,
        columns_added=tuple(c for c in new if c not in old), columns_removed=tuple(c for c in old if c not in new),
        columns_retyped=retyped, cells=cells,
        examples_added=_examples(con, f"SELECT * FROM added ORDER BY {order} LIMIT {EXAMPLES}", shown),
        examples_removed=_examples(con, f"SELECT * FROM removed ORDER BY {order} LIMIT {EXAMPLES}", shown),
        examples_changed=_changed(con, f"SELECT * FROM changed ORDER BY {by_key} LIMIT {EXAMPLES}", key, told) if n_changed else (),
    )  # fmt: skip
    studies: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    if "study" in both:
        for at, view in enumerate(("added", "removed")):
            for study, n in con.execute(f"SELECT study, abs(sum(d))::BIGINT FROM {view} GROUP BY study").fetchall():
                studies[str(study)][at] = n
        if n_changed:
            for study, n in con.execute(f"SELECT {_side('a', 'study')}, count(*) FROM changed GROUP BY ALL").fetchall():
                studies[str(study)][2] = n
    return found, {study: (a, r, c) for study, (a, r, c) in studies.items()}


def _side(side: str, column: str) -> str:
    """A column of the old (b) or the new (a) row in the view of changed rows."""
    return identifier(f"{side}:{column}")


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _examples(con: duckdb.DuckDBPyConnection, sql: str, columns: list[str]) -> tuple[Example, ...]:
    found = con.execute(sql)
    names = [d[0] for d in found.description or ()]
    return tuple(Example(key=tuple((c, _text(row[names.index(c)])) for c in columns)) for row in found.fetchall())


def _changed(con: duckdb.DuckDBPyConnection, sql: str, key: list[str], columns: list[str]) -> tuple[Example, ...]:
    found = con.execute(sql)
    names = [d[0] for d in found.description or ()]
    out = []
    for row in found.fetchall():
        at = dict(zip(names, row, strict=True))
        cells = [
            Cell(column=c, before=_text(at[f"b:{c}"]), after=_text(at[f"a:{c}"])) for c in columns if at[f"b:{c}"] != at[f"a:{c}"]
        ]  # fmt: skip
        out.append(Example(key=tuple((c, _text(at[f"a:{c}"])) for c in key), cells=tuple(cells)))
    return tuple(out)
