"""A plate's sprites: which fields and channels have one, and the small pictures of wells that they are laid from."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from PIL import Image

from portal.engine.step import Opened, Work
from portal.facts import Sprite
from portal.imaging.planes import Picture
from portal.imaging.render import digest_of_files
from portal.imaging.sprite import CELL, SPRITES, Gray, sheet

Key = tuple[int, int | None]  # a field, and a channel or None: the shown channels blended
Column = Mapping[str, Picture | Gray]  # well → its cell
Cells = Mapping[Key, Column]


def shown_first(fields: Iterable[int]) -> int:
    """The field that a plate shows first: 1 where any well has it, else the lowest."""
    every = set(fields)
    return 1 if 1 in every else min(every)


def chosen(keys: Iterable[Key]) -> list[Key]:
    """Which sprites a plate has, in their order: its first field blended, the others, each channel of the first, of the others.

    Fewer keys of the same plate are chosen in the same order, and none sooner: so a part of a plate keeps all that the plate chooses.
    """
    every = set(keys)
    if not every:
        return []
    first = shown_first(field for field, _ in every)
    return sorted(every, key=lambda k: (k[1] is not None, k[0] != first, k[0], -1 if k[1] is None else k[1]))[:SPRITES]


def packed(cells: Cells) -> tuple[dict[str, bytes], list[list[object]]]:
    """The cells of a part as files, `cells/<n>.png`, one below the other, and what each is: field, channel, wells."""
    files: dict[str, bytes] = {}
    told: list[list[object]] = []
    for field, channel in chosen(cells):
        column = cells[field, channel]
        data = io.BytesIO()
        # Soon read and taken apart again: quickly written is better than small.
        Image.fromarray(np.concatenate(list(column.values()))).save(data, "PNG", compress_level=1)
        files[f"cells/{len(told)}.png"] = data.getvalue()
        told.append([field, channel, list(column)])
    return files, told


class Packed(Mapping[Key, Column]):
    """What the parts of a plate packed; the pictures of one key are read when it is asked for."""

    def __init__(self, parts: Sequence[tuple[Opened, Sequence[tuple[int, int | None, Sequence[str]]]]]):
        self._where: dict[Key, list[tuple[Opened, str, Sequence[str]]]] = {}
        for tree, told in parts:
            for n, (field, channel, wells) in enumerate(told):
                self._where.setdefault((field, channel), []).append((tree, f"cells/{n}.png", wells))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, key: Key) -> Column:
        found: dict[str, Picture | Gray] = {}
        for tree, path, wells in self._where[key]:
            with Image.open(tree.path(path)) as column:
                found |= zip(wells, np.split(np.asarray(column), column.height // CELL), strict=True)
        return found


def sprites(
    work: Work, container: str, wells: Sequence[str], cells: Cells, background: tuple[int, int, int]
) -> tuple[tuple[Sprite, ...], dict[str, bytes]]:
    """The sprites of a plate and their files. A well has the same cell in all of them. Of a well without the field that is shown
    first, the first sprite shows the lowest that it has.
    """
    made: list[Sprite] = []
    files: dict[str, bytes] = {}
    every = chosen(cells)
    for field, channel in every:
        column = dict(cells[field, channel])
        if not made:
            for other in every[1:]:
                if other[1] is not None or len(column) == len(wells):
                    break
                column = {**cells[other], **column}
        drawn = sheet(column, background, wells)
        place = work.scratch / "sprite.webp"
        place.write_bytes(drawn.picture)
        address = f"tiles/{digest_of_files({'sprite.webp': place})}/sprite.webp"
        files[f"site/{address}"] = drawn.picture
        made.append(
            Sprite(
                address=address, container=container, cell=drawn.cell, columns=drawn.columns, rows=drawn.rows, wells=drawn.places,
                field=field, channel=channel,
            )
        )  # fmt: skip
    return tuple(made), files
