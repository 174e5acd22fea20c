"""Tables of what was measured of each object of a label image (CSV, TSV): a row an object, by its id."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.images.names import SUFFIX
from ingest.images.regions.table import opened_table, typed
from portal.imaging.regions import Unusable
from portal.problems import Place, Problem

MAX_BYTES = 32_000_000
MAX_ROWS = 200_000  # of a file
MAX_COLUMNS = 40
MAX_CELL = 200  # characters

# What the column of ids is called, without capitals, spaces and underscores; the first of these that is there. CellProfiler writes
# ObjectNumber, scikit-image and MorphoLibJ label.
_IDS = ("id", "labelid", "objectid", "objectnumber", "label", "object")
_IMAGES = ("image", "imagename", "filename", "file")
_MASKS = ("labels", "mask", "labelimage")


@dataclass(frozen=True)
class Row:
    """An object. `image` and `mask` say whose it is, where the table says it; `line` counts from 1."""

    file: str
    line: int
    id: int
    values: dict[str, Any]
    image: str | None = None
    mask: str | None = None


def rows_of(raw: bytes, file: str) -> tuple[list[Row], list[str]]:
    """The objects of a table, and complaints (`what; mend`) of rows that are none. Raises Unusable where there is no such table."""
    header, lines = opened_table(raw, MAX_BYTES)
    try:
        folded = [re.sub(r"[\s_.-]", "", h.casefold()) for h in header]
        number, image, mask = (_first(folded, names) for names in (_IDS, _IMAGES, _MASKS))
        if number is None:
            raise Unusable("names no column id in its first row; call the column of the label image's values so")
        others = [(n, h[:100]) for n, h in enumerate(header) if h and n not in (number, image, mask)]
        if len(others) > MAX_COLUMNS:
            raise Unusable(f"has {len(others):,} columns besides; keep at most {MAX_COLUMNS}")
        found: list[Row] = []
        complaints: list[str] = []
        for line in lines:
            if not any(cell.strip() for cell in line):
                continue
            if len(found) >= MAX_ROWS:
                raise Unusable(f"has more than {MAX_ROWS:,} rows; write a table for each image")
            said = line[number].strip() if number < len(line) else ""
            if not re.fullmatch(r"\+?[0-9]{1,18}(\.0+)?", said) or not (value := int(said.partition(".")[0])):
                complaints.append(f"row {lines.line_num} has the id {said[:40]!r}; write a whole number above 0")
                continue
            cells = {h: line[n].strip() for n, h in others if n < len(line) and line[n].strip()}
            if long := next((h for h, cell in cells.items() if len(cell) > MAX_CELL), None):
                complaints.append(f"row {lines.line_num} has more than {MAX_CELL} characters under {long!r}; shorten it")
                continue
            whose = (line[n].strip() or None if n is not None and n < len(line) else None for n in (image, mask))
            of, under = whose
            of = SUFFIX.sub("", of.rpartition("/")[2]) if of else None
            found.append(Row(file, lines.line_num, value, {h: typed(cell) for h, cell in cells.items()}, of, under))
    except csv.Error as error:
        raise Unusable(f"is no table ({error}); save it as CSV") from None
    return found, complaints


class Objects:
    """The rows of the tables of an entry. `asked`: image's path → label image → the rows that were given to it."""

    def __init__(self, rows: Iterable[Row] = ()):
        self._of: dict[str, list[Row]] = {}  # by image
        self._in: dict[str, list[Row]] = {}  # those that name none, by file
        self.asked: dict[str, dict[str, list[Row]]] = {}
        for row in rows:
            (self._in.setdefault(row.file, []) if row.image is None else self._of.setdefault(row.image, [])).append(row)

    def given(self, path: str, names: Iterable[str], label: str, stem: str | None, *, single: bool) -> dict[int, dict[str, Any]]:
        """id → values, of the label image `label` of the image at `path`, which bears these names. `stem`: the name of the mask's own file.

        A row that names no image is of the one whose name, or whose mask's name, its file bears; of the only one of an entry in any case.
        """
        called = dict.fromkeys(names)
        rows = [row for name in called for row in self._of.get(name, ())]
        for file, loose in self._in.items():
            if single or file.rpartition("/")[2].rpartition(".")[0] in (stem, *called):
                rows += loose
        # Several tables may speak of one object; of a table that does so twice, the first row counts.
        found: dict[tuple[str, int], Row] = {}
        for row in rows:
            if row.mask in (None, label):
                found.setdefault((row.file, row.id), row)
        self.asked.setdefault(path, {})[label] = list(found.values())
        values: dict[int, dict[str, Any]] = {}
        for row in found.values():
            values[row.id] = row.values | values.get(row.id, {})
        return values


def strange(asked: Mapping[str, list[Row]], drawn: tuple[str, ...], files: Mapping[str, Path], image: str, folder: str) -> list[Problem]:
    """A warning for each table that speaks of ids which a label image of `image` has not. `asked`: label image → the rows given to it;
    `drawn`: the label images, and `files` what was written of them."""
    found: list[Problem] = []
    for number, name in enumerate(drawn):
        given = asked.get(name, [])
        if not given:
            continue
        told = json.loads(files[f"labels/{number}.json"].read_bytes())
        had, source = told.get("properties", {}), told.get("source_ids")
        there = {source[int(n) - 1] if source else int(n) for n in had}
        lost: dict[str, list[Row]] = {}
        for row in given:
            if row.id not in there:
                lost.setdefault(row.file, []).append(row)
        for file, rows in lost.items():
            some = ", ".join(str(row.id) for row in rows[:5]) + (" …" if len(rows) > 5 else "")
            many = f"{len(rows):,} row" + ("s" if len(rows) > 1 else "")
            what = f"has {many} of ids that the label image {name!r} of {image} does not have ({some}); they are left out"
            found.append(Problem(Place(f"{folder}/{file}", rows[0].line), what, "write the values of the mask's pixels", "warning"))
    return found


def _first(folded: list[str], names: tuple[str, ...]) -> int | None:
    return next((folded.index(name) for name in names if name in folded), None)
