"""The tables of one component in the ledger: rows used and left, every column with its cells and where it went.

Told from what is written under `samples:`, so that the account is of the study.yaml that there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.importers.idr.tables import Join, Table
from portal import ledger

_EXAMPLES = 5


def component_told(
    data: dict[str, Any], base: Table | None, join: Join | None, comparison: ledger.Comparison | None, notes: Sequence[str]
) -> ledger.Component:
    """`data`: the component as it is written."""
    samples = data.get("samples", {})
    return ledger.Component(
        name=data["name"],
        kind=data["kind"],
        samples=len(base.raw.rows) if base else 0,
        missing=data.get("missing"),
        joined_on="_".join(join.on) if join else None,
        join=_joined(join) if join else None,
        phenotypes_declared=len(data.get("phenotypes", [])),
        phenotype_columns=len(samples.get("phenotypes", [])),
        no_value=tuple(samples.get("no_value", [])),
        comparison=comparison,
        notes=tuple(notes),
    )


def _joined(join: Join) -> ledger.Joined:
    keys = {k for k in join.other_keys if k}
    return ledger.Joined(keys=len(keys), samples=join.matched_rows, unmatched=len(join.unmatched), repeated=len(join.repeated))


def tables_told(
    data: dict[str, Any],
    folder: Path,
    base: Table | None,
    joined: Table | None,
    join: Join | None,
    annotation: Table | None,
    met: Sequence[bool],
) -> tuple[ledger.Table, ...]:
    """The tables that were read for the component `data`: its samples, what is joined to them, what was compared with them.

    folder: the source folder, below which their paths are told. met: which rows of `annotation` are about a sample that there is.
    """
    if base is None:
        return ()
    names, splits = _names(data["samples"]), data["samples"].get("split", {})
    told = list(_told(data["name"], folder, base, "samples", {**_keys(base, join), **names}, splits))
    if joined and join:
        known = set(join.base_keys)
        left = [None if key and key in known else key for key in join.other_keys]
        # Where both tables have a column, it is the samples' that is mapped.
        own = {**{c: to for c, to in names.items() if c not in base.raw.header}, **_keys(joined, join)}
        told += _told(data["name"], folder, joined, "joined", own, splits, left, join.said)
    if annotation:
        told += _told(data["name"], folder, annotation, "compared", {}, {}, [None if m else "" for m in met])
    return tuple(told)


def _keys(table: Table, join: Join | None) -> dict[str, str]:
    """The columns of a table that it is joined on: one that is named like the whole key, else its parts."""
    if join is None:
        return {}
    whole = table.position("_".join(join.on))
    found = [whole] if whole is not None else [table.position(c) for c in join.on]
    return {table.raw.header[at]: "key" for at in found if at is not None}


def _names(samples: dict[str, Any]) -> dict[str, str]:
    """Source column → what it became: normalised names, phenotypes, rules for counting."""
    found: dict[str, list[str]] = {}
    for name, columns in samples.get("columns", {}).items():
        for column in [columns] if isinstance(columns, str) else columns:
            found.setdefault(column, []).append(name)
    for entry in samples.get("phenotypes", []):
        found.setdefault(entry["column"], []).append(f"phenotype: {entry['phenotype']}")
    for rule in samples.get("counted", []):
        if "column" in rule:
            found.setdefault(rule["column"], []).append(f"counted: {rule['says']}")
    return {column: ", ".join(names) for column, names in found.items()}


def _told(
    component: str,
    folder: Path,
    table: Table,
    role: str,
    to: dict[str, str],
    splits: dict[str, str],
    left: Sequence[str | None] | None = None,
    said: Sequence[str] = (),
) -> Iterator[ledger.Table]:
    """The table, or each of its parts. `left`: for every row None where it met a sample, else its key, "" where it has none."""
    at = 0
    # What is said of the parts together is told with the first.
    of_all = [s for s in table.said if not any(s.startswith(f"{part.target}: ") for part in table.files)] if len(table.files) > 1 else []
    for part in table.files:
        rows = len(part.raw.rows)
        own = [key for key in left[at : at + rows] if key is not None] if left is not None else []
        at += rows
        columns = zip(*part.raw.rows, strict=True) if rows else ((),) * len(part.raw.header)
        yield ledger.Table(
            component=component,
            path=part.path.relative_to(folder).as_posix(),
            role=f"{part.kind}, {role}",
            encoding=part.raw.encoding,
            rows=rows,
            rows_used=rows - len(own),
            rows_left=len(own),
            left=tuple(list(dict.fromkeys(key for key in own if key))[:_EXAMPLES]),
            columns=tuple(
                _column(name, sum(map(bool, cells)), rows, to.get(name), splits)
                for name, cells in zip(part.raw.header, columns, strict=True)
            ),
            said=(*(of_all if part is table.files[0] else ()), *part.said, *said, *_without_key(own)),
        )  # fmt: skip


def _without_key(left: Sequence[str]) -> list[str]:
    count = sum(1 for key in left if not key)
    return [f"{count:,} rows left over have no key" if count > 1 else "1 row left over has no key"] if count and any(left) else []


def _column(name: str, filled: int, rows: int, to: str | None, splits: dict[str, str]) -> ledger.Column:
    split = next((splits[n] for n in (to or "").split(", ") if n in splits), None)
    return ledger.Column(name=name, filled=filled, empty=rows - filled, to=to, split=split)
