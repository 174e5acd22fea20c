"""Tiny plates: runs of wells as SVG paths, a unit a well, drawn with a stroke one unit wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from portal.engine.step import Work, recipe
from portal.facts import ComponentFacts, ContainerFacts
from portal.model import Model
from portal.pages.states import state_of

Well = tuple[int, int]


@dataclass(frozen=True)
class PlateMap:
    """`uncounted` lies over the others: wells that the study's own figures leave out, in whatever state they are.

    `empties`: wells in which, as the source says, nothing was.
    """

    rows: int
    columns: int
    samples: str
    controls: str
    hits: str
    uncounted: str = ""
    empties: str = ""


def runs(wells: Iterable[Well]) -> str:
    """Wells as (row, column), both from 1, as path data: `M0 .5h24` is all of row A of a 384-well plate."""
    found: list[tuple[int, int, int]] = []  # row, first column, how many
    for row, column in sorted(set(wells)):
        if found and found[-1][0] == row and found[-1][1] + found[-1][2] == column:
            found[-1] = (row, found[-1][1], found[-1][2] + 1)
        else:
            found.append((row, column, 1))
    return "".join(f"M{column - 1} {row - 1}.5h{n}" for row, column, n in found)


def plate_map(rows: int, columns: int, wells: Mapping[Well, str], uncounted: Iterable[Well] = ()) -> PlateMap:
    """A plate from the state of each well: sample, control, empty or hit."""
    by: dict[str, list[Well]] = {"sample": [], "control": [], "empty": [], "hit": []}
    for well, state in wells.items():
        by[state].append(well)
    return PlateMap(rows, columns, runs(by["sample"]), runs(by["control"]), runs(by["hit"]), runs(uncounted), runs(by["empty"]))


class Telling(Model):
    """The plate of a component that shows most at a glance. `evenness` is 0 (one state all over) to 2/3 (a third each)."""

    study: str
    component: str
    plate: str
    address: str
    evenness: float
    map: PlateMap


def evenness(plate: ContainerFacts) -> float:
    """How evenly its wells are controls, hits and others, times how full it is: plates of one colour, and all but empty ones, say little.

    This is Simpson's index of diversity, 1 - sum of the squared shares.
    """
    wells = plate.rows * plate.columns
    if not wells or not plate.samples:
        return 0.0
    hits = min(plate.with_phenotype, plate.samples - plate.controls)
    shares = [n / plate.samples for n in (plate.controls, hits, plate.samples - plate.controls - hits)]
    return (1 - sum(s * s for s in shares)) * min(1.0, plate.samples / wells)


@recipe("code")
def telling(work: Work) -> dict[str, bytes]:
    """`map.json` of a component's most telling plate; nothing where it has no plates. Inputs: {summary.json, table.parquet}."""
    (given,) = work.inputs
    facts = ComponentFacts.model_validate_json(given.read("summary.json"))
    plates = [c for c in facts.containers if c.kind == "plate" and c.rows]
    if not plates:
        return {}
    best = max(plates, key=lambda c: (evenness(c), c.name))
    drawn = plate_maps(given.path("table.parquet"), {best.name: (best.rows, best.columns)}).get(best.name)
    if drawn is None:
        return {}
    shown = Telling(study=facts.study, component=facts.component, plate=best.name, address=best.address, evenness=evenness(best), map=drawn)
    return {"map.json": shown.model_dump_json().encode()}


def plate_maps(table: Path, sizes: Mapping[str, tuple[int, int]]) -> dict[str, PlateMap]:
    """A map for each plate of `sizes` (rows, columns) from a component's table; empty where it tells no wells.

    A control that has a phenotype is shown as a control: figures leave controls out.
    """
    names = set(pq.read_schema(table).names)
    wanted = ["container", "row", "column", "control_type", "has_phenotype", "counted"]
    if not names.issuperset(wanted):
        return {}
    rows = pq.read_table(table, columns=wanted)
    rows = rows.filter(pc.and_(pc.is_valid(rows["row"]), pc.is_valid(rows["column"])))
    found: dict[str, dict[Well, str]] = {}
    counted: dict[str, set[Well]] = {}
    for container, row, column, control, hit, counts in zip(*(rows[name].to_pylist() for name in wanted), strict=True):
        plate = found.setdefault(container, {})
        state = state_of(control, hit)
        # Where a source repeats a well, a phenotype found in any row counts.
        if plate.get((row, column)) != "hit":
            plate[row, column] = state
        if counts:
            counted.setdefault(container, set()).add((row, column))
    return {
        name: plate_map(*size, found[name], found[name].keys() - counted.get(name, set()))
        for name, size in sizes.items()
        if name in found and size[0]
    }
