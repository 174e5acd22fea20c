"""A study with everything counted about it: the `facts` step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from portal import addresses
from portal.engine.step import Opened, Work, recipe
from portal.facts import (
    ComponentFacts,
    ComponentImages,
    ContainerFacts,
    ImageFacts,
    PhenotypeCount,
    Refusal,
    Sprite,
    StudyFacts,
)
from portal.model import Study, StudyComponent
from portal.warehouse.inputs import paths_named, records_of

# Rows and columns of the usual plates, smallest first (ANSI/SLAS microplates and the 6- to 48-well dishes).
PLATES = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
_WELL = re.compile(r"^([A-Za-z]{1,2})(\d{1,2})$")


def merge_images(parts: Iterable[ComponentImages]) -> ComponentImages:
    """The images of one component that several steps rendered, sorted; a second image of the same identifier is refused."""
    images: dict[str, ImageFacts] = {}
    sprites: dict[tuple[str, str, int, int | None], Sprite] = {}
    refused: set[tuple[str, str]] = set()
    for part in parts:
        for image in part.images:
            first = images.setdefault(image.id, image)
            if first != image:
                refused.add((image.path, f"has the same identifier ({image.id}) as {first.path}"))
        sprites |= {(s.container, s.address, s.field, s.channel): s for s in part.sprites}
        refused |= {(r.path, r.why) for r in part.refused}
    return ComponentImages(
        images=tuple(images[i] for i in sorted(images)),
        sprites=tuple(sorted(sprites.values(), key=lambda s: s.container)),  # of one container in their order: the first is shown first
        refused=tuple(Refusal(path=p, why=w) for p, w in sorted(refused)),
    )


def plate_size(wells: Iterable[str]) -> tuple[int, int]:
    """Rows and columns of the smallest usual plate that holds all wells; (0, 0) where no name is a well's."""
    rows = columns = 0
    for well in wells:
        if m := _WELL.match(well):
            row = 0
            for letter in m[1].upper():
                row = row * 26 + ord(letter) - ord("A") + 1
            if row <= 48 and int(m[2]) <= 72:  # of the largest plate that is made, of 3,456 wells
                rows, columns = max(rows, row), max(columns, int(m[2]))
    if not rows or not columns:
        return 0, 0
    return next(((r, c) for r, c in PLATES if rows <= r and columns <= c), (rows, columns))


def count_images(study: str, component: StudyComponent, facts: ComponentFacts, images: Sequence[ImageFacts]) -> ComponentFacts:
    """Facts with image counts, and a container for images whose container no table names."""
    counted = Counter(i.container for i in images if i.container)
    containers = [c.model_copy(update={"images": counted[c.name]}) for c in facts.containers]
    screen = component.kind == "screen"
    for name in sorted(set(counted) - {c.name for c in containers}):
        rows, columns = plate_size(i.sample or "" for i in images if i.container == name) if screen else (0, 0)
        containers.append(ContainerFacts(
            name=name, kind="plate" if rows else "dataset", address=addresses.container(study, component.name, name),
            samples=0, controls=0, with_phenotype=0, rows=rows, columns=columns, images=counted[name],
        ))  # fmt: skip
    return facts.model_copy(update={"containers": tuple(containers), "images": len(images)})


def _no_samples(study: str, component: StudyComponent) -> ComponentFacts:
    """A component whose tables are not here still declares its phenotypes."""
    declared = tuple(PhenotypeCount(name=p.name, terms=p.all_terms) for p in component.phenotypes)
    return ComponentFacts(study=study, component=component.name, phenotypes=declared)


def _image_parts(inputs: Sequence[Opened], study: Study) -> Iterator[tuple[str, ComponentImages]]:
    """Each images.json with the component it belongs to: told by its images, else by its path, else by who names the refused files."""
    names = {c.name for c in study.components}
    for tree, path in paths_named(inputs, "images.json"):
        part = ComponentImages.model_validate_json(tree.read(path))
        told = [i.component for i in part.images] + [p for p in path.split("/")[:-1] if p in names]
        told += [c.name for c in study.components for i in c.images for r in part.refused if fnmatchcase(r.path, i.source or "")]
        told += [c.name for c in study.components if c.images] + [study.components[0].name]
        yield told[0], part


@recipe("code")
def facts(work: Work, *, accession: str) -> dict[str, bytes]:
    """facts.json (StudyFacts) and components/<name>.json (ComponentRecord) of one study.

    Inputs: {study.json}, each component's {summary.json} (its content names the component), any number of
    images.json. `StudyFacts.components` and `.images` both lie in the order of the study's components.
    """
    tree, path = next(paths_named(work.inputs, "study.json"))
    study = Study.model_validate_json(tree.read(path))
    if study.accession != accession:
        raise ValueError(f"study.json is of {study.accession}, not of {accession}")
    summaries = {
        f.component: f for f in (ComponentFacts.model_validate_json(t.read(p)) for t, p in paths_named(work.inputs, "summary.json"))
    }
    parts: dict[str, list[ComponentImages]] = {c.name: [] for c in study.components}
    for name, part in _image_parts(work.inputs, study):
        parts[name].append(part)
    images = {name: merge_images(p) for name, p in parts.items()}
    counted = [
        count_images(accession, c, summaries.get(c.name) or _no_samples(accession, c), images[c.name].images) for c in study.components
    ]
    result = StudyFacts(study=study, components=tuple(counted), images=tuple(images[c.name] for c in study.components))
    out = {"facts.json": result.model_dump_json().encode()}
    for record in records_of(result):
        out[f"components/{record.component.name}.json"] = record.model_dump_json().encode()
    return out
