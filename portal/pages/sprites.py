"""A plate's pictures: which sprite shows which field and channel, and where each well lies in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.facts import ImageFacts, Sprite
from portal.pages.render import Page
from portal.pages.samples import SampleRow


@dataclass(frozen=True)
class Crop:
    """A well's place in a sprite: `x` and `y` in pixels of it."""

    sprite: Sprite
    x: int
    y: int


def shown_first(sprites: Sequence[Sprite]) -> list[Sprite]:
    """Those of the first field and of what is shown of all channels: the page shows them before its reader chooses.

    Several, where a study names the images of one plate in several entries.
    """
    whole = [s for s in sprites if s.channel is None]
    first = min((s.field for s in whole), default=1)
    return [s for s in whole if s.field == first]


def _index(sprite: Sprite, sample: str, well: str) -> int | None:
    return sprite.wells.get(sample, sprite.wells.get(well))


def crop(sprites: Sequence[Sprite], sample: str, well: str) -> Crop | None:
    """Where a well is in the first sprite that has it."""
    for sprite in sprites:
        at = _index(sprite, sample, well)
        if at is not None:
            return Crop(sprite, at % sprite.columns * sprite.cell, at // sprite.columns * sprite.cell)
    return None


def told(page: Page, sprites: Sequence[Sprite], cells: Sequence[tuple[str, SampleRow]], images: Sequence[ImageFacts]) -> dict[str, Any]:
    """What plate-pictures.js is given, where there is something to choose; else nothing.

    `sheets` begins with those that the page shows first. A sheet's `wells` are in the order of its cells; it has `without` instead where
    its wells lie as in the first sheet, but for some that are missing. `channels`: name and colour by number.
    """
    first = shown_first(sprites)
    others = sorted((s for s in sprites if s not in first), key=lambda s: (s.channel is not None, s.field, s.channel or 0))
    if not first or not others:
        return {}
    least: dict[str, int] = {}
    sheets = []
    for sprite in [*first, *others]:
        at = {well: i for well, s in cells if (i := _index(sprite, s.sample, well)) is not None}
        sheet = {"src": page.link(sprite.address), "cell": sprite.cell, "columns": sprite.columns, "rows": sprite.rows}
        sheet |= {"field": sprite.field} if sprite.field != 1 else {}
        sheet |= {"channel": sprite.channel} if sprite.channel is not None else {}
        sheets.append(sheet | _places(at, least))
        least = least or at
    most = max(images, key=lambda i: len(i.channels), default=None)
    return {"channels": [[c.label or c.name, c.colour] for c in most.channels] if most else [], "sheets": sheets}


def _places(at: Mapping[str, int], first: Mapping[str, int]) -> dict[str, list[str]]:
    if first and all(first.get(well) == i for well, i in at.items()):
        missing = [well for well in first if well not in at]
        return {"without": missing} if missing else {}
    order = [""] * (max(at.values(), default=-1) + 1)
    for well, i in at.items():
        order[i] = well
    return {"wells": order}
