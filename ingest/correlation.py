"""What is wrong with the pairs of images that a component's `correlation` names."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.images.names import Placed
from portal.model import StudyComponent
from portal.problems import Place, Problem, nearest


def wrong_pairs(component: StudyComponent, images: Iterable[Placed], file: str, *, index: int) -> list[Problem]:
    """A pair needs `fixed`, `moving` and `transform`, and two images of the component. `index`: the component's, in study.yaml."""
    every = list(images)
    spelt = [f"{i.container}/{i.name}" if i.container else i.name for i in every]
    found = []
    for number, told in enumerate(component.correlation):
        where = f"components[{index}].correlation[{number}]"
        given = {key: getattr(told, key) for key in ("fixed", "moving", "transform")}
        absent = [key for key, value in given.items() if not value]
        if len(absent) == len(given):
            continue
        if absent:
            what = f"names a pair of images without {' and '.join(absent)}"
            found.append(Problem(Place(file, path=where), what, "write fixed, moving and transform, or none of them"))
            continue
        if told.fixed == told.moving:
            found.append(Problem(Place(file, path=f"{where}.moving"), f"is the fixed image {told.fixed!r} itself", "name another image"))
        for key in ("fixed", "moving"):
            name = str(given[key])
            same = sum(name in (image.name, full) for image, full in zip(every, spelt, strict=True))
            if same == 1:
                continue
            mend = nearest(name, spelt, "write the name that its page has, or dataset/name")
            what = f"{name!r} is no image of {component.name}" if not same else f"{name!r} is the name of {same} images of {component.name}"
            found.append(Problem(Place(file, path=f"{where}.{key}"), what, mend if not same else "write dataset/name"))
    return found
