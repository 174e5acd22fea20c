"""Regions, localisations and masks that no image takes: an image's name misspelt is a mistake that no batch of images can see by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ingest.images.names import SUFFIX
from ingest.images.regions.points import points_of
from ingest.images.regions.read import TOLD, bounded, features_of, named_after
from portal import problems
from portal.engine.step import Work, recipe
from portal.imaging.regions import Unusable
from portal.problems import Place, Problem, nearest

NEAR = 2_000  # names that a misspelt one is compared with


@recipe("1")
def strays(work: Work, *, folder: str, files: dict[str, dict[str, Any]], entries: list[dict[str, Any]]) -> dict[str, bytes]:
    """A warning for each image that a file names and none of its entries has, and for each file that names none.

    Input: the files, at their paths below the study folder. `files`: path → `points` (whether they are localisations), `pixel_size`
    (µm, or None) and `entries`, the numbers of those that name it. `entries`: of each, `images`, a list of [its dataset or plate, its
    name, its file's name without suffix], and `single`, whether it has one image. Outputs `problems.json`.
    """
    found: list[Problem] = []
    for path, told in sorted(files.items()):
        mine = [entries[n] for n in told["entries"]]
        names = {name for entry in mine for _, *both in entry["images"] for name in both}
        placed = {(held, name) for entry in mine for held, *both in entry["images"] for name in both}
        missed: dict[tuple[str, str], tuple[int, str]] = {}
        loose = 0
        try:
            every = list(_points(work, path, told["pixel_size"]) if told["points"] else _regions(work, path))
        except Unusable:
            continue  # told of where images take them
        for image, dataset, where, count in every:
            if image is None:
                loose += count
            elif image not in names or (dataset is not None and (dataset, image) not in placed):
                before, first = missed.get((image, dataset or ""), (0, where))
                missed[image, dataset or ""] = before + count, first
        at, kind = f"{folder}/{path}", "localisations" if told["points"] else "regions"
        for (image, dataset), (count, where) in list(missed.items())[:TOLD]:
            what = f"names the image {image[:80]!r}{f' of {dataset[:80]!r}' if dataset else ''}, which is none of those it belongs to"
            line = int(row[1]) if (row := re.fullmatch(r"row (\d+)", where)) else 0
            mend = nearest(image, sorted(names)[:NEAR], "write the image's name, or its file's")
            said = f"{what}; {_count(count, kind)} left out"
            found.append(Problem(Place(at, line, path="" if line else where), said, mend, "warning"))
        if len(missed) > TOLD:
            left = sum(count for count, _ in list(missed.values())[TOLD:])
            what = f"names {len(missed) - TOLD:,} more images that are not there; {_count(left, kind)} left out"
            found.append(Problem(Place(at), what, "see the first ones", "warning"))
        if loose and named_after(path) not in names and not any(entry["single"] for entry in mine):
            what = f"holds {_count(loose, kind, '')} of no image: neither they nor the file's name say which; they are left out"
            found.append(Problem(Place(at), what, "name the file after its image, or write a column or property `image`", "warning"))
    return {"problems.json": problems.dump(found)}


def of_study(batches: Sequence[Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(params of `strays` without `folder`, the files it reads) for the batches of a study; no files where it has none. `batches`: with
    their entries' files as `over` (ingest.images.regions.read.Beside), and the images as the `placed` of their `params`."""
    numbers: dict[int, int] = {}
    entries: list[dict[str, Any]] = []
    files: dict[str, dict[str, Any]] = {}
    for batch in batches:
        if batch.over is None or not (batch.over.regions or batch.over.points):
            continue
        number = numbers.setdefault(id(batch.over), len(numbers))
        if number == len(entries):
            entries.append({"images": [], "single": batch.params["single"]})
            for path in (*batch.over.regions, *batch.over.points):
                points, size = path in batch.over.points, batch.params["entry"]["pixel_size"]
                files.setdefault(path, {"points": points, "pixel_size": size, "entries": []})["entries"].append(number)
        entries[number]["images"] += [
            [m["container"], m["name"], SUFFIX.sub("", m["path"].rpartition("/")[2])] for m in batch.params["placed"]
        ]
    return {"files": files, "entries": entries}, tuple(sorted(files))


def lonely_masks(masks: Iterable[str], taken: Iterable[str], folder: str) -> list[Problem]:
    """A warning for each mask that belongs to no image, by its name alone."""
    used = set(taken)
    left = [path for path in masks if path not in used]
    mend = "name it after its image, with or without more: a.tif, a_nuclei.tif"
    found = [Problem(Place(f"{folder}/{path}"), "is a mask of no image, and is left out", mend, "warning") for path in left[:TOLD]]
    if len(left) > TOLD:
        what = f"{len(left) - TOLD:,} more masks are of no image, and are left out"
        found.append(Problem(Place(f"{folder}/study.yaml"), what, "see the first ones", "warning"))
    return found


def _regions(work: Work, path: str) -> Iterable[tuple[str | None, str | None, str, int]]:
    taken = features_of(bounded(work.inputs[0], path), path)
    for one, where in zip(taken.features, taken.places, strict=True):
        told = one["properties"]
        yield _text(told.get("image")), _text(told.get("dataset")), where, 1


def _points(work: Work, path: str, pixel_size: float | None) -> Iterable[tuple[str | None, str | None, str, int]]:
    for points in points_of(work.inputs[0].path(path), path, pixel_size)[0]:
        yield points.image, points.dataset, "", len(points.xy)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _count(count: int, kind: str, verb: str = " is| are") -> str:
    one, _, many = verb.partition("|")
    return f"{count:,} {kind[:-1]}{one}" if count == 1 else f"{count:,} {kind}{many}"
