"""A plate as a grid of wells, its legend, and what scripts are told about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.facts import ContainerFacts, ImageFacts, Sprite
from portal.pages.render import Page
from portal.pages.samples import SampleRow, row_letters


@dataclass(frozen=True)
class WellCell:
    """One cell of the grid. `sample` is None where the plate has no sample; `crop` is its place in the sprite."""

    well: str
    sample: SampleRow | None
    repeats: int = 0
    crop: tuple[int, int] | None = None

    @property
    def classes(self) -> str:
        s = self.sample
        if s is None:
            return "well missing"
        marks = ["well", "sample"] + [
            n
            for n, on in (
                ("control", s.control),
                ("hit", s.hit),
                ("failed", s.failed),
                ("uncounted", not s.counted),
                ("pictured", self.crop is not None),
            )
            if on
        ]
        return " ".join(marks)

    @property
    def spoken(self) -> str:
        if self.sample is None:
            return f"{self.well}: no sample"
        genes = ", ".join(g.name for g in self.sample.genes[:2])
        return f"{self.well}{': ' + genes if genes else ''}: {self.sample.state}"


def grid(container: ContainerFacts, samples: Sequence[SampleRow], sprite: Sprite | None) -> list[tuple[str, list[WellCell]]]:
    """Rows of the plate: letter and cells. Where a source repeats a well, the first row with a phenotype is shown, a counted one before
    one that is not.
    """
    wells: dict[tuple[int, int], list[SampleRow]] = {}
    for s in samples:
        if s.row and s.column:
            wells.setdefault((s.row, s.column), []).append(s)
    rows = max([container.rows, *(r for r, _ in wells)])
    columns = max([container.columns, *(c for _, c in wells)])
    lines = []
    for r in range(1, rows + 1):
        cells = []
        for c in range(1, columns + 1):
            name = f"{row_letters(r)}{c}"
            here = sorted(wells.get((r, c), []), key=lambda s: (not s.hit, not s.counted))
            first = here[0] if here else None
            at = sprite.wells.get(first.sample, sprite.wells.get(name)) if sprite and first else None
            crop = (at % sprite.columns * sprite.cell, at // sprite.columns * sprite.cell) if sprite and at is not None else None
            cells.append(WellCell(name, first, len(here) - 1 if here else 0, crop))
        lines.append((row_letters(r), cells))
    return lines


def legend(cells: Iterable[WellCell]) -> list[tuple[str, str, int]]:
    """(mark, words, how many wells), only what is there.

    A well that failed or is not counted, and has no phenotype, says nothing of phenotypes.
    """
    told = {"hit": 0, "control": 0, "sample": 0, "failed": 0, "uncounted": 0, "missing": 0}
    controls_hit = 0
    for cell in cells:
        s = cell.sample
        if s is None:
            told["missing"] += 1
            continue
        told["failed"] += s.failed
        told["uncounted"] += not s.counted
        controls_hit += s.control and s.hit
        if s.control or s.hit or not (s.failed or not s.counted):
            told["hit" if s.hit and not s.control else "control" if s.control else "sample"] += 1
    words = {
        "hit": "phenotype found",
        "control": f"control ({controls_hit:,} with a phenotype)" if controls_hit else "control",
        "sample": "no phenotype found",
        "failed": "failed quality control",
        "uncounted": "not counted by the study",
        "missing": "no sample",
    }
    return [(mark, words[mark], n) for mark, n in told.items() if n]


def image_fields(page: Page, images: Sequence[ImageFacts]) -> list[dict[str, str]]:
    """What the viewer needs of each image of a sample, in the order of its fields."""
    return [
        {"info": page.link(f"{i.tiles.rstrip('/')}/info.json"), "name": i.name, "preview": page.link(i.preview)}
        | ({"rois": page.link(i.rois)} if i.rois else {})
        for i in images
    ]


def page_data(page: Page, container: ContainerFacts, cells: Sequence[tuple[str, SampleRow]], measured: Sequence[str]) -> dict[str, Any]:
    """What plate.js and viewer.js are given: wells with their fields of view, and by what the grid can be coloured."""
    shown = [n for n in measured if sum(n in s.numbers for _, s in cells) > 1]
    names = list(dict.fromkeys(o.name for _, s in cells for o in s.phenotypes))
    flags = {name: f"p{i}" for i, name in enumerate(sorted(names))}
    numbers = {name: f"n{i}" for i, name in enumerate(shown)}
    wells: dict[str, dict[str, Any]] = {}
    for well, s in cells:
        told: dict[str, Any] = {"fields": image_fields(page, s.images)} if s.images else {}
        told |= dict(s.values)
        if s.phenotypes:
            told["phenotypes"] = [o.name for o in s.phenotypes]
        told |= {flags[o.name]: True for o in s.phenotypes} | {numbers[n]: v for n, v in s.numbers.items() if n in numbers}
        wells.setdefault(well, told)
    by: list[dict[str, str]] = []
    for key, label in (
        ("control_type", "Control"),
        ("quality", "Quality"),
        ("cell_line", "Cell line"),
        ("organism", "Organism"),
        ("reagent", "Reagent"),
        ("compound", "Compound"),
    ):
        if 1 < len({s.values.get(key) for _, s in cells}) <= 13:
            by.append({"key": key, "label": label, "kind": "category"})
    by += [{"key": flags[n], "label": n, "kind": "flag"} for n in sorted(flags)]
    by += [{"key": numbers[n], "label": n, "kind": "number"} for n in shown]
    return {
        "container": container.name,
        "kind": container.kind,
        "rows": container.rows,
        "columns": container.columns,
        "wells": wells,
        "colour_by": by,
    }
