"""A plate in several steps, so that what was drawn of it is never drawn again: after a crash, or where one well's file is new.

    measured (a part's files) → limits of its images
    windows  (all limits)     → the windows that the plate's wells share; where these come out the same, nothing else is drawn
    part     (a part's files, its limits, the windows) → its tiles, and small pictures of its wells
    plate    (all parts)      → images.json, problems.json, sprites

Parts are cut by `batches`, and never split a well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.images.drawing import VERSION, Batch, Drawn, Measured, drawn, summary
from ingest.images.drawing import measured as limits_of
from ingest.images.names import Placed, well_order
from ingest.images.sprites import Packed, packed
from portal.engine.step import Work, recipe
from portal.facts import ImageFacts
from portal.imaging.limits import Limits
from portal.imaging.render import pooled
from portal.problems import Problem

Outputs = dict[str, bytes | Path]


@recipe(VERSION, untrusted=True)
def measured(work: Work, *, placed: Sequence[dict[str, Any]], axes: str | None, brightfield: bool, hosts: Sequence[str] = ()) -> Outputs:
    """limits.json: an image's identity → the limits of each channel, or why it is refused. Input: the image files of a part."""
    limits, refused = limits_of(work, [Placed.of(m) for m in placed], axes, brightfield=brightfield, hosts=hosts)
    told = {"limits": {image: [asdict(v) for v in every] for image, every in limits.items()}, "refused": refused}
    return {"limits.json": json.dumps(told, allow_nan=False).encode()}


@recipe(VERSION)
def windows(work: Work) -> Outputs:
    """windows.json: (low, high) of each channel, shared by all wells. Inputs: the limits.json of all parts."""
    every = [v for tree in work.inputs for v in _limits(tree.json("limits.json")["limits"]).values() if v]
    return {"windows.json": json.dumps(pooled(every), allow_nan=False).encode()}


@recipe(VERSION, untrusted=True)
def part(work: Work, **params: Any) -> Outputs:
    """Draws one part of a plate; `params` are those of `Batch.of`. Inputs: its files, its limits.json, the plate's windows.json.

    Outputs: the files of `drawing.drawn`; below `plate/` part.json and `cells/<n>.png`, of which the recipe `plate` makes its own.
    """
    told = work.inputs[1].json("limits.json")
    shared = [(low, high) for low, high in work.inputs[2].json("windows.json")]
    made = drawn(work, Batch.of(**params), _limits(told["limits"]), told["refused"], shared)
    cells, columns = packed(made.cells)
    made.files["plate/part.json"] = json.dumps(
        {
            "images": [image.model_dump(mode="json") for image in made.images],
            "refused": made.refused,
            "problems": [problem.as_dict() for problem in made.found],
            "fields": made.fields,
            "cells": columns,
        },
        ensure_ascii=False,
    ).encode()
    return made.files | {f"plate/{path}": data for path, data in cells.items()}


@recipe(VERSION)
def plate(work: Work, **params: Any) -> Outputs:
    """What there is once a plate, see `drawing.summary`. `params` are those of `Batch.of`, without `placed`. Inputs: what all parts
    put below `plate/`.
    """
    made, columns = Drawn(), []
    for tree in work.inputs:
        told = tree.json("part.json")
        made.images += [ImageFacts.model_validate(image) for image in told["images"]]
        made.refused |= told["refused"]
        made.found += [Problem.from_dict(problem) for problem in told["problems"]]
        made.fields |= told["fields"]
        columns.append((tree, told["cells"]))
    made.images.sort(key=lambda image: (*well_order(image.sample or ""), image.field))
    made.cells = Packed(columns)
    return summary(work, Batch.of(placed=[], **params), made)


def _limits(told: dict[str, list[dict[str, Any]]]) -> Measured:
    def one(plain: dict[str, Any]) -> Limits:
        return Limits(**plain | {name: tuple(plain[name]) for name in ("histogram", "percentiles")})

    return {image: tuple(one(plain) for plain in every) for image, every in told.items()}
