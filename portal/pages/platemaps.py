"""Tiny plates: runs of wells as SVG paths, a unit a well, drawn with a stroke one unit wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

Well = tuple[int, int]


@dataclass(frozen=True)
class PlateMap:
    rows: int
    columns: int
    samples: str
    controls: str
    hits: str


def runs(wells: Iterable[Well]) -> str:
    """Wells as (row, column), both from 1, as path data: `M0 .5h24` is all of row A of a 384-well plate."""
    found: list[tuple[int, int, int]] = []  # row, first column, how many
    for row, column in sorted(set(wells)):
        if found and found[-1][0] == row and found[-1][1] + found[-1][2] == column:
            found[-1] = (row, found[-1][1], found[-1][2] + 1)
        else:
            found.append((row, column, 1))
    return "".join(f"M{column - 1} {row - 1}.5h{n}" for row, column, n in found)


def plate_map(rows: int, columns: int, wells: Mapping[Well, str]) -> PlateMap:
    """A plate from the state of each well: sample, control or hit."""
    by: dict[str, list[Well]] = {"sample": [], "control": [], "hit": []}
    for well, state in wells.items():
        by[state].append(well)
    return PlateMap(rows, columns, runs(by["sample"]), runs(by["control"]), runs(by["hit"]))


def plate_maps(table: Path, sizes: Mapping[str, tuple[int, int]]) -> dict[str, PlateMap]:
    """A map for each plate of `sizes` (rows, columns) from a component's table; empty where it tells no wells.

    A control that has a phenotype is shown as a control: figures leave controls out.
    """
    names = set(pq.read_schema(table).names)
    wanted = ["container", "row", "column", "control_type", "has_phenotype"]
    if not names.issuperset(wanted):
        return {}
    rows = pq.read_table(table, columns=wanted)
    rows = rows.filter(pc.and_(pc.is_valid(rows["row"]), pc.is_valid(rows["column"])))
    found: dict[str, dict[Well, str]] = {}
    for container, row, column, control, hit in zip(*(rows[name].to_pylist() for name in wanted), strict=True):
        plate = found.setdefault(container, {})
        state = "control" if control is not None else "hit" if hit else "sample"
        # Where a source repeats a well, a phenotype found in any row counts.
        if plate.get((row, column)) != "hit":
            plate[row, column] = state
    return {name: plate_map(*size, found[name]) for name, size in sizes.items() if name in found and size[0]}
