"""The dump's manifest as pages need it, and the first rows of a component's own table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portal.engine.step import Work
from portal.pages.render import given

# Source columns that the normalised `phenotypes` says already.
_REPEATED = re.compile(r"^(has )?phenotypes?( \d+)?( term.*)?$", re.IGNORECASE)

FIRST_ROWS = 200
SHOWN_COLUMNS = 14
CELL = 300

# Normalised columns in the order in which a reader wants them; what a component does not fill is left out.
_NORMALISED = (
    "container",
    "sample",
    "gene_symbol",
    "gene_id",
    "reagent",
    "compound",
    "phenotypes",
    "control_type",
    "quality",
    "annotation_level",
    "cell_line",
    "organism",
)
_NEVER_SHOWN = {"sample_id", "study", "component", "row", "column", "n_images", "has_phenotype", "counted"}
WORDS = {
    "container": "Plate or dataset",
    "sample": "Sample",
    "gene_symbol": "Gene symbol",
    "gene_id": "Gene identifier",
    "reagent": "Reagent",
    "compound": "Compound",
    "phenotypes": "Phenotypes",
    "control_type": "Control",
    "quality": "Quality",
    "cell_line": "Cell line",
    "organism": "Organism",
    "annotation_level": "Evidence level",
    "latitude": "Latitude",
    "longitude": "Longitude",
}


@dataclass(frozen=True)
class PublishedColumn:
    name: str
    type: str
    meaning: str
    example: object = None
    nulls: int | None = None
    unit: str | None = None


@dataclass(frozen=True)
class PublishedTable:
    """One published Parquet file. `address` holds its digest and never changes; `plain` is the copy for people."""

    name: str
    meaning: str
    address: str
    plain: str
    rows: int
    bytes: int
    sha256: str
    columns: tuple[PublishedColumn, ...]
    study: str = ""
    component: str = ""
    sorted_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """The rows of one study of the table `name`."""

    study: str
    name: str
    plain: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class FirstLine:
    """What one types first in a tool; `language` is that of the code."""

    tool: str
    language: str
    code: str


@dataclass(frozen=True)
class Manifest:
    tables: tuple[PublishedTable, ...]
    components: tuple[PublishedTable, ...]
    slices: tuple[Slice, ...] = ()
    first_lines: tuple[FirstLine, ...] = ()

    def component(self, study: str, name: str) -> PublishedTable | None:
        return next((t for t in self.components if (t.study, t.component) == (study, name)), None)


def _table(entry: dict[str, Any], told: dict[str, dict[str, Any]]) -> PublishedTable:
    columns = tuple(
        PublishedColumn(
            c["name"], c["type"], c.get("meaning") or "", (its := told.get(c["name"], {})).get("example"), its.get("nulls"), c.get("unit")
        )
        for c in entry.get("columns", ())
    )
    return PublishedTable(
        name=entry.get("name", ""),
        meaning=entry.get("meaning", ""),
        address=entry["path"],
        plain=entry["plain"],
        rows=entry["rows"],
        bytes=entry["bytes"],
        sha256=entry["sha256"],
        columns=columns,
        study=entry.get("study", ""),
        component=entry.get("component", ""),
        sorted_by=tuple(entry.get("sorted_by", ())),
    )


def manifest(work: Work) -> Manifest:
    """data/manifest.json, with the examples of data/dictionary.json where that is given; empty where there is no dump.

    A study's page is given the entries of its own components alone (`entry.json` each), so that another study's
    tables do not render it anew.
    """
    found = given(work, "manifest.json")
    if found is None:
        entries = [tree.json(path) for tree in work.inputs[2:] for path in tree if path == "entry.json" or path.endswith("/entry.json")]
        return Manifest((), tuple(_table(e, {}) for e in entries if e.get("path")))
    told = found[0].json(found[1])
    found = given(work, "dictionary.json")
    dictionary = found[0].json(found[1]) if found else {"tables": [], "first_lines": []}
    columns = {table["name"]: {c["name"]: c for c in table["columns"]} for table in dictionary["tables"]}
    return Manifest(
        tuple(_table(t, columns.get(t["name"], {})) for t in told["tables"]),
        tuple(_table(t, {}) for t in told["components"]),
        tuple(Slice(s["study"], s["name"], s["plain"], s["rows"], s["bytes"]) for s in told.get("studies", ())),
        tuple(FirstLine(**line) for line in dictionary["first_lines"]),
    )


def file_of(work: Work, table: PublishedTable) -> Path | None:
    """The input with the bytes of a published table: found by its SHA-256, whatever it is called."""
    for tree in work.inputs[2:]:
        for path, digest in tree.items():
            if digest == table.sha256:
                return tree.path(path)
    return None


@dataclass(frozen=True)
class ShownColumn:
    name: str
    label: str
    number: bool


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a table: text cells, None where there is no value."""

    rows: int
    total: int
    columns: tuple[ShownColumn, ...]
    all_columns: int
    cells: tuple[tuple[str | None, ...], ...]


def _text(value: object) -> str | None:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, list):
        value = "; ".join(str(v) for v in value if v is not None)
    text = str(value)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _numbers(values: Sequence[str | None]) -> bool:
    found = [v for v in values if v is not None]
    try:
        return bool(found) and all(float(v) is not None for v in found)
    except ValueError:
        return False


def chosen_columns(table: pa.Table) -> list[str]:
    """Which columns a reader is shown first: the normalised ones that say something, then the source's own that vary.

    A source column that says what a normalised one says already is left out, and so is one with a single value.
    """
    names = table.schema.names
    columns = {n: [_text(v) for v in table[n].to_pylist()] for n in names if n not in _NEVER_SHOWN}
    filled = {n: v for n, v in columns.items() if any(x is not None for x in v)}
    shown = [
        n for n in _NORMALISED if n in filled and (n in ("container", "sample", "gene_symbol", "phenotypes") or len(set(filled[n])) > 1)
    ]
    told = {tuple(filled[n]) for n in _NORMALISED if n in filled}
    for name, values in filled.items():
        if len(shown) >= SHOWN_COLUMNS:
            break
        if name in shown or name in _NORMALISED or _REPEATED.match(name) or len(set(values)) < 2 or tuple(values) in told:
            continue
        told.add(tuple(values))
        shown.append(name)
    return shown


def first_rows(path: Path) -> FirstRows:
    """The first 200 rows of a component's table.parquet; only these are read."""
    file = pq.ParquetFile(path)
    batch = next(file.iter_batches(batch_size=FIRST_ROWS), None)
    table = pa.Table.from_batches([batch]) if batch is not None else file.schema_arrow.empty_table()
    names = chosen_columns(table) or [n for n in table.schema.names if n not in _NEVER_SHOWN][:SHOWN_COLUMNS]
    columns = {n: [_text(v) for v in table[n].to_pylist()] for n in names}
    shown = tuple(ShownColumn(n, WORDS.get(n, n), _numbers(columns[n]) and n not in WORDS) for n in names)
    return FirstRows(
        rows=table.num_rows,
        total=file.metadata.num_rows,
        columns=shown,
        all_columns=len(file.schema_arrow.names),
        cells=tuple(zip(*columns.values(), strict=True)) if columns else (),
    )
