"""By what a grid of wells or images can be coloured: the columns of the component's own table, and where a container's rows lie in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# What says which sample a row is, and what pages say in words of their own.
_IDENTITY = {"sample_id", "study", "component", "container", "sample", "row", "column", "n_images", "has_phenotype", "phenotypes"}
# Numbers that name something: categories, however many digits they have.
_NAMES = re.compile(r"identifier|number|(?:^|[^a-z])ids?(?:$|[^a-z])|plate|well|accession|sequence|build", re.IGNORECASE)
# As the scripts read a number (assets/js/filters.js).
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?")
# Fewer different numbers than this are grades or codes: each has a colour of its own.
FEWEST_NUMBERS = 10

Kind = Literal["number", "category"]


@dataclass(frozen=True)
class GridColumn:
    name: str
    kind: Kind


@dataclass(frozen=True)
class Place:
    """Rows of a container in the table: the first of them from 0, how many, and the columns that differ among them."""

    start: int
    rows: int
    columns: tuple[GridColumn, ...]


def places(table: Path | None) -> dict[str, Place]:
    """Container → its place in a component's table.parquet, whose rows lie together container by container.

    One column is held at a time: a table may have hundreds of thousands of rows and a hundred columns.
    """
    if table is None:
        return {}
    file = pq.ParquetFile(table)
    if "container" not in file.schema_arrow.names or not file.metadata.num_rows:
        return {}
    names, of = _codes(file, "container")
    first = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1])))
    found: list[list[GridColumn]] = [[] for _ in first]
    told: set[tuple[int, int]] = set()
    for field in file.schema_arrow:
        if field.name in _IDENTITY:
            continue
        values, codes = _codes(file, field.name)
        # A source column often says what a normalised one says already, cell by cell: it is offered once.
        same = (hash(tuple(values)), hash(codes.tobytes()))
        if same in told:
            continue
        told.add(same)
        kind: Kind = "number" if _measured(field, values, codes) else "category"
        differs = np.maximum.reduceat(codes, first) != np.minimum.reduceat(codes, first)
        for at in np.flatnonzero(differs):
            found[at].append(GridColumn(field.name, kind))
    ends = [*first[1:], len(of)]
    return {
        str(names[of[start]]): Place(int(start), int(end - start), tuple(columns))
        for start, end, columns in zip(first, ends, found, strict=True)
    }


def _codes(file: pq.ParquetFile, name: str) -> tuple[list[Any], np.ndarray[Any, np.dtype[np.int64]]]:
    """The different values of a column, and for each row the place of its own among them; -1 for none."""
    column = file.read(columns=[name])[name].combine_chunks()
    encoded = column.dictionary_encode() if not isinstance(column, pa.ChunkedArray) else column.chunk(0).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _measured(field: pa.Field, values: Sequence[Any], codes: np.ndarray[Any, np.dtype[np.int64]]) -> bool:
    """Whether a column holds measurements: nearly all filled cells are numbers, of at least ten sizes, and its name calls them no names."""
    if pa.types.is_boolean(field.type) or _NAMES.search(field.name):
        return False
    numeric = np.array([_NUMBER.fullmatch(str(v)) is not None for v in values], dtype=bool)
    if numeric.sum() < FEWEST_NUMBERS:
        return False
    filled = codes[codes >= 0]
    return bool(numeric[filled].sum() >= 0.95 * len(filled))


def told(place: Place | None, labels: Mapping[str, str]) -> list[list[str]]:
    """The columns as scripts are given them: name, kind, and a label where the name is not the label."""
    if place is None:
        return []
    return [[c.name, c.kind, labels[c.name]] if c.name in labels else [c.name, c.kind] for c in place.columns]
