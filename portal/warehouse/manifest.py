"""The dump: the published tables under stable and under digest-named paths, and what says what is in them.

The plain names are for people. Programs, and the pages' own scripts, read manifest.json and take the digest-named
files: these never change, so that a reader that began with one release never mixes in another. Nothing here holds a clock.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portal.engine.step import Opened, Work, recipe
from portal.warehouse.guide import first_lines, readme
from portal.warehouse.keys import FOREIGN_KEYS, PRIMARY_KEYS
from portal.warehouse.parquet import FRICTIONLESS_TYPES, connect, identifier, literal, meaning, sha256_of, sql_type, unit
from portal.warehouse.schema import TABLES

VERSION = 1
DIGITS = 12
# What the Data Package specification allows as a licence's name; a portal may write a sentence there instead.
_LICENCE = re.compile(r"[-a-zA-Z0-9._]+")
_SLICE = re.compile(r"^(?:.*/)?by-study/([^/]+)/([^/]+)\.parquet$")
_COMPONENT_TABLE = re.compile(r"^(?:.*/)?studies/([^/]+)/([^/]+)\.parquet$")


@dataclass(frozen=True)
class Published:
    """One table as it is published. `plain` and `path` are relative to the site's root; `path` holds the digest."""

    plain: str
    path: str
    file: Path
    rows: int
    bytes: int
    sha256: str
    schema: pa.Schema


def publish(file: Path, plain: str) -> Published:
    """What is known of a Parquet file that is published as `plain`, such as `data/samples.parquet`."""
    sha256 = sha256_of(file)
    path = plain.removesuffix(".parquet") + f"-{sha256[:DIGITS]}.parquet"
    return Published(plain, path, file, pq.read_metadata(file).num_rows, file.stat().st_size, sha256, pq.read_schema(file))


def published_tables(inputs: tuple[Opened, ...]) -> dict[str, Published]:
    """The tables of `table` steps, in the order of schema.TABLES.

    A component's tree has a samples.parquet too, which is not the published one.
    """
    files: dict[str, Path] = {}
    for tree in inputs:
        if "targets.parquet" not in tree:
            files |= {name: tree.path(f"{name}.parquet") for name in TABLES if f"{name}.parquet" in tree}
    return {name: publish(files[name], f"data/{name}.parquet") for name in TABLES if name in files}


def component_tables(inputs: tuple[Opened, ...]) -> dict[tuple[str, str], Published]:
    """(study, component) → its own table, sorted, told by the path `studies/<accession>/<component>.parquet`.

    One without a row is left out.
    """
    files = {(m[1], m[2]): tree.path(path) for tree in inputs for path in tree if (m := _COMPONENT_TABLE.match(path))}
    tables = {(s, c): publish(file, f"data/studies/{s}/{c}.parquet") for (s, c), file in sorted(files.items())}
    return {key: table for key, table in tables.items() if table.rows}


def sliced_tables(inputs: tuple[Opened, ...]) -> dict[tuple[str, str], Published]:
    """(study, table) → the rows of one study, told by the path `by-study/<accession>/<table>.parquet`."""
    files = {(m[1], m[2]): tree.path(path) for tree in inputs for path in tree if (m := _SLICE.match(path))}
    ordered = [(s, n) for s in sorted({s for s, _ in files}) for n in TABLES if (s, n) in files]
    return {(s, n): publish(files[s, n], f"data/by-study/{s}/{n}.parquet") for s, n in ordered}


def columns_of(schema: pa.Schema) -> list[dict[str, object]]:
    """[{"name", "type" (DuckDB's), "nullable", "unit" (null where there is none), "meaning"}]."""
    return [
        {"name": f.name, "type": sql_type(f.type), "nullable": f.nullable, "unit": unit(f), "meaning": meaning(f)} for f in schema
    ]  # fmt: skip


def file_of(table: Published) -> dict[str, object]:
    return {"plain": table.plain, "path": table.path, "rows": table.rows, "bytes": table.bytes, "sha256": table.sha256}


def entry_of(table: Published) -> dict[str, object]:
    """What the manifest says of one table: {plain, path, rows, bytes, sha256, columns}."""
    return {**file_of(table), "columns": columns_of(table.schema)}


def manifest_of(
    tables: Mapping[str, Published], components: Mapping[tuple[str, str], Published], slices: Mapping[tuple[str, str], Published]
) -> dict[str, Any]:
    """{"version", "tables": [{name, meaning, sorted_by, …entry}], "components": [{study, component, …entry}], "studies": [{study,
    name, …entry without columns, which are those of the table `name`}]}; see entry_of.
    """
    return {
        "version": VERSION,
        "tables": [{"name": n, "meaning": TABLES[n][2], "sorted_by": list(TABLES[n][1]), **entry_of(t)} for n, t in tables.items()],
        "components": [{"study": s, "component": c, **entry_of(t)} for (s, c), t in components.items()],
        "studies": [{"study": s, "name": n, **file_of(t)} for (s, n), t in slices.items()],
    }


def _example(value: object) -> object:
    text = value if isinstance(value, bool | int | float) or value is None else str(value)
    return text[:119] + "…" if isinstance(text, str) and len(text) > 120 else text


def dictionary_of(tables: Mapping[str, Published], base: str = "") -> dict[str, Any]:
    """{"version", "tables": [{name, meaning, rows, sorted_by, columns: [{name, type, nullable, unit, meaning, nulls, example}]}],
    "first_lines": [{tool, language, code}]}.

    `example` is the first value in the table's order, cut at 120 characters; null where there is none.
    """
    described = []
    with connect() as con:
        for name, table in tables.items():
            names = [identifier(f.name) for f in table.schema]
            counts = ", ".join(f"count(*) - count({n}), arg_min({n}, file_row_number) FILTER ({n} IS NOT NULL)" for n in names)
            (told,) = con.execute(f"SELECT {counts} FROM read_parquet({literal(str(table.file))}, file_row_number = true)").fetchall()
            columns = [
                {**column, "nulls": told[2 * at], "example": _example(told[2 * at + 1])}
                for at, column in enumerate(columns_of(table.schema))
            ]
            described.append({
                "name": name, "meaning": TABLES[name][2], "rows": table.rows, "sorted_by": list(TABLES[name][1]), "columns": columns,
            })  # fmt: skip
    lines = [{"tool": tool, "language": language, "code": code} for tool, language, code in first_lines(base)]
    return {"version": VERSION, "tables": described, "first_lines": lines}


def _resource(name: str, description: str, table: Published) -> dict[str, Any]:
    fields = []
    for f in table.schema:
        kind = sql_type(f.type)
        field: dict[str, Any] = {"name": f.name, "type": FRICTIONLESS_TYPES.get(kind, "any"), "sqlType": kind}
        # Whole numbers with gaps are called numbers: readers that go by way of pandas, as frictionless does, meet NaN in the gaps,
        # and NaN is no integer. `sqlType` says what they are.
        if field["type"] == "integer" and f.nullable:
            field["type"] = "number"
        if meaning(f):
            field["description"] = meaning(f)
        if unit(f):
            field["unit"] = unit(f)
        if not f.nullable:
            field["constraints"] = {"required": True}
        fields.append(field)
    return {
        "name": name, "type": "table", "path": table.plain.removeprefix("data/"), "description": description, "format": "parquet",
        "mediatype": "application/vnd.apache.parquet", "hash": f"sha256:{table.sha256}",
        "schema": {"fields": fields},
    }  # fmt: skip


def datapackage_of(
    tables: Mapping[str, Published], components: Mapping[tuple[str, str], Published], title: str, licence: str
) -> dict[str, Any]:
    """A Data Package (datapackage.org, version 2.0) of tabular resources, in Parquet; paths are relative to datapackage.json."""
    resources = []
    for name, table in tables.items():
        resource = _resource(name, TABLES[name][2], table)
        if name in PRIMARY_KEYS:
            resource["schema"]["primaryKey"] = list(PRIMARY_KEYS[name])
        keys = [
            {"fields": list(columns), "reference": {"resource": target, "fields": list(theirs)}}
            for columns, target, theirs in FOREIGN_KEYS.get(name, ())
            if target in tables
        ]
        if keys:
            resource["schema"]["foreignKeys"] = keys
        resources.append(resource)
    for (study, component), table in components.items():
        what = f"Every column of the source tables of {study}/{component} as text, and the normalised ones."
        resources.append(_resource(f"{study}/{component}".lower(), what, table))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "data", "title": title, **({"licenses": [{"name": licence}]} if _LICENCE.fullmatch(licence) else {}),
        "description": "Studies, samples, phenotypes and targets of every study, one table each, and every component's own table.",
        "resources": resources,
    }  # fmt: skip


def _text(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


@recipe("code")
def dump(work: Work, *, title: str = "Slidecase", licence: str = "CC0-1.0", site_url: str | None = None) -> dict[str, bytes | Path]:
    """Everything below `data/`.

    Inputs: one tree a published table ({<name>.parquet}), and each component's {studies/<accession>/<component>.parquet}, as
    portal.warehouse.own makes it, and {by-study/<accession>/<name>.parquet}, as portal.warehouse.slices makes it. `licence` (SPDX) is
    that of the metadata.

    Outputs: `data/<name>.parquet` and `data/<name>-<12 digits of its SHA-256>.parquet`, the same below `data/studies/` and
    `data/by-study/`,
    `data/manifest.json` (see manifest_of), `data/dictionary.json` (see dictionary_of), `data/datapackage.json`, `data/README.md`.
    """
    tables, components, slices = published_tables(work.inputs), component_tables(work.inputs), sliced_tables(work.inputs)
    base = f"{site_url.rstrip('/')}/data/" if site_url else ""
    out: dict[str, bytes | Path] = {
        "data/manifest.json": _text(manifest_of(tables, components, slices)),
        "data/dictionary.json": _text(dictionary_of(tables, base)),
        "data/datapackage.json": _text(datapackage_of(tables, components, title, licence)),
        "data/README.md": readme(title, tables, components, slices, base).encode(),
    }
    for table in [*tables.values(), *components.values(), *slices.values()]:
        # Copied: a step gives its files away, and these belong to another step.
        for place in (table.plain, table.path):
            copy = work.scratch / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(table.file, copy)
            out[place] = copy
    return out
