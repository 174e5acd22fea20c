"""A plate as a grid of wells, its legend, and what scripts are told about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.addresses import MOST_COLUMNS, MOST_ROWS
from portal.facts import ContainerFacts, ImageFacts, Sprite
from portal.pages import exact, sprites
from portal.pages.render import Page
from portal.pages.samples import SampleRow, row_letters

MARKS = ("hit", "control", "sample", "empty", "failed", "uncounted", "missing")


@dataclass(frozen=True)
class WellCell:
    """One cell of the grid. `sample` is None where the plate has no sample; `crop` is its place in the sprite."""

    well: str
    sample: SampleRow | None
    repeats: int = 0
    crop: sprites.Crop | None = None

    @property
    def classes(self) -> str:
        s = self.sample
        if s is None:
            return "well missing"
        marks = ["well", "sample"] + [
            n
            for n, on in (
                ("empty", s.empty),
                ("control", s.control and not s.empty),
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


def grid(container: ContainerFacts, samples: Sequence[SampleRow], pictures: Sequence[Sprite]) -> list[tuple[str, list[WellCell]]]:
    """Rows of the plate: letter and cells. Where a source repeats a well, the first row with a phenotype is shown, a counted one before
    one that is not. `pictures`: the sprites that are shown at first.
    """
    wells: dict[tuple[int, int], list[SampleRow]] = {}
    for s in samples:
        if s.row and s.column and s.row <= MOST_ROWS and s.column <= MOST_COLUMNS:  # what lies beyond stands in the table alone
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
            crop = sprites.crop(pictures, first.sample, name) if first else None
            cells.append(WellCell(name, first, len(here) - 1 if here else 0, crop))
        lines.append((row_letters(r), cells))
    return lines


def marks(cell: WellCell) -> list[tuple[str, str]]:
    """(mark, words) of what is drawn on a cell beside its picture."""
    words = {
        "hit": "phenotype found",
        "control": "control",
        "empty": "empty, says the source",
        "failed": "failed quality control",
        "uncounted": "not counted by the study",
    }
    return [(mark, words[mark]) for mark in cell.classes.split() if mark in words]


def legend(cells: Iterable[WellCell]) -> list[tuple[str, str, int]]:
    """(mark, words, how many wells), only what is there.

    A well that failed or is not counted, and has no phenotype, says nothing of phenotypes; neither does any where nobody looked.
    """
    told = dict.fromkeys(MARKS, 0)
    controls_hit, looked = 0, False
    for cell in cells:
        s = cell.sample
        if s is None:
            told["missing"] += 1
            continue
        looked |= s.looked
        told["failed"] += s.failed
        told["uncounted"] += not s.counted
        controls_hit += s.control and s.hit
        if s.control or s.hit or not (s.failed or not s.counted):
            told["empty" if s.empty else "control" if s.control else "hit" if s.hit else "sample"] += 1
    words = {
        "hit": "phenotype found",
        "control": f"control ({controls_hit:,} with a phenotype)" if controls_hit else "control",
        "sample": "no phenotype found" if looked else "sample",
        "empty": "empty, says the source",
        "failed": "failed quality control",
        "uncounted": "not counted by the study",
        "missing": "no sample",
    }
    return [(mark, words[mark], n) for mark, n in told.items() if n]


def field_numbers(images: Sequence[ImageFacts]) -> list[int]:
    """By which number each image of a sample is asked for: its field's; its place, where two have one number."""
    numbers = [i.field for i in images]
    return numbers if len({*numbers}) == len(numbers) else list(range(1, len(numbers) + 1))


def image_fields(page: Page, images: Sequence[ImageFacts]) -> list[dict[str, Any]]:
    """What the viewer needs of each image of a sample, in the order of its fields; `field` where it is not the image's place."""
    return [
        {"info": page.link(f"{i.tiles.rstrip('/')}/info.json"), "name": i.name}
        | ({"field": number} if number != place else {})
        | ({"rois": page.link(i.rois)} if i.rois else {})
        | exact.told(page, i)
        for place, (number, i) in enumerate(zip(field_numbers(images), images, strict=True), 1)
    ]


def ways(samples: Sequence[SampleRow]) -> list[dict[str, str]]:
    """By what a grid can be coloured without reading the table: what the page tells of every sample."""
    by = [
        {"key": key, "label": label, "kind": "category"}
        for key, label in (("control_type", "Control"), ("quality", "Quality"))
        if len({s.values.get(key) for s in samples}) > 1
    ]
    names = sorted({o.name for s in samples for o in s.phenotypes})
    return by + [{"key": f"p{i}", "label": n, "kind": "flag"} for i, n in enumerate(names)]


def values_of(sample: SampleRow, by: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What a sample has of each of `ways`."""
    seen = {o.name for o in sample.phenotypes}
    told: dict[str, Any] = {w["key"]: sample.values[w["key"]] for w in by if w["kind"] == "category" and w["key"] in sample.values}
    return told | {w["key"]: True for w in by if w["kind"] == "flag" and w["label"] in seen}


def page_data(
    page: Page,
    container: ContainerFacts,
    cells: Sequence[tuple[str, SampleRow]],
    samples: Sequence[SampleRow],
    table: Mapping[str, Any],
    pictures: Sequence[Sprite] = (),
) -> dict[str, Any]:
    """What plate.js is given: wells with their fields of view, what their pictures can show, and by what the grid can be coloured.

    `samples` are the container's in the order of its table; `order` names the well of each row of the table, and is left out where
    that is simply every well of the grid in turn.
    """
    by = ways([s for _, s in cells])
    wells = {
        well: ({"fields": image_fields(page, s.images)} if s.images else {}) | told
        for well, s in cells
        if (told := values_of(s, by)) or s.images
    }
    shown = {s.sample_id: well for well, s in cells}
    order = [shown.get(s.sample_id, "") for s in samples]
    sheets = sprites.told(page, pictures, cells, [i for _, s in cells for i in s.images])
    return {
        "container": container.name,
        "kind": container.kind,
        "rows": container.rows,
        "columns": container.columns,
        "wells": wells,
        "colour_by": by,
        **({"pictures": sheets} if sheets else {}),
        **({"table": {**table, **({"order": order} if order != [well for well, _ in cells] else {})}} if table else {}),
    }
