"""Images of a component: which files, in which batches, and the recipe that draws them.

A plate is one batch, so that its wells share one window and one sprite; other images go in batches of up to
100. A file that cannot be drawn is refused with a reason and the rest is published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.images.names import BadPattern, Placed, chosen, pattern_of, placed, well_order
from portal import addresses
from portal.model import Images, StudyComponent
from portal.problems import Place, Problem

BATCH = 100
TOLD = 10  # files named one by one; more of the same kind are counted

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# Colours for channels without one: by what is written in the name, else in turn. Told apart by the colour-blind.
DYES = (
    (("dapi", "hoechst", "dna", "h2b", "nucle", "405"), "#5a8bff"),
    (("gfp", "fitc", "488", "tubulin", "egfp", "alexa 488"), "#2ee57a"),
    (("rfp", "mcherry", "tritc", "cy3", "561", "568", "555", "actin", "phalloidin"), "#ff5a3c"),
    (("cy5", "647", "640", "far red", "farred"), "#f25cff"),
    (("bright", "trans", "phase", "dic", "bf"), "#ffffff"),
)
TURN = ("#2ee57a", "#f25cff", "#5a8bff", "#ffb52e", "#ff5a3c", "#39e6e6")


@dataclass(frozen=True)
class ImageBatch:
    """One `images` step. `name` is unique in a plan, such as `demo0001/screenA/plate1`; `files` lie below the study folder."""

    name: str
    files: tuple[str, ...]
    params: dict[str, Any]


def image_steps(
    accession: str, component: StudyComponent, folder: Path, files: tuple[str, ...], *, index: int = 0
) -> tuple[list[ImageBatch], list[Problem]]:
    """The batches of one component, and what is wrong with the names of its files. Reads no file.

    `files` are all paths below the study folder; `index` is the component's place in study.yaml, for problems.
    """
    batches: list[ImageBatch] = []
    found: list[Problem] = []
    claimed: dict[str, str] = {}
    study_yaml = f"studies/{folder.name}/study.yaml"
    for number, images in enumerate(component.images):
        where = f"components[{index}].images[{number}]"
        members, wrong = _members(images, files, study_yaml, where, f"studies/{folder.name}")
        found += wrong
        groups: dict[tuple[str | None, str | None], list[Placed]] = {}
        for member in members:
            identity = addresses.image_id(accession, component.name, member.identity)
            if identity in claimed:
                mend = "give the two different names, or name {field} or {dataset} in the pattern"
                what = f"is the same image as {claimed[identity]}: both are {member.name!r}"
                found.append(Problem(Place(f"studies/{folder.name}/{member.path}"), what, mend))
                continue
            claimed[identity] = member.path
            groups.setdefault((member.container, member.kind), []).append(member)
        extra = (images.rois,) if images.rois and images.rois in files else ()
        if images.rois and not extra:
            what = f"names {images.rois}, which is not there"
            found.append(Problem(Place(study_yaml, path=f"{where}.rois"), what, "put the file there, or remove the line"))
        for (container, kind), group in sorted(groups.items(), key=lambda g: (g[0][0] or "", g[0][1] or "")):
            group.sort(key=_order)
            size = len(group) if kind == "plate" else BATCH
            for first in range(0, len(group), size):
                batch = group[first : first + size]
                name = "/".join(
                    filter(
                        None, (accession, component.name, container, f"{number}" if number else "", f"from {first + 1}" if first else "")
                    )
                )
                params = _params(accession, component.name, folder, container, kind, images, batch, single=len(members) == 1)
                batches.append(ImageBatch(name, tuple(sorted({*(m.path for m in batch), *extra})), params))
    return batches, found


def _members(images: Images, files: Iterable[str], study_yaml: str, where: str, folder: str) -> tuple[list[Placed], list[Problem]]:
    if images.pattern:
        try:
            pattern_of(images.pattern)
        except BadPattern as bad:
            what, _, mend = str(bad).partition("; ")
            return [], [Problem(Place(study_yaml, path=f"{where}.pattern"), what, mend)]
    matched = [f for f in chosen(images.source, files) if f != images.rois]
    if not matched:
        mend = "put the images there (content/synthetic.py makes those of the demonstration), or correct the path"
        return [], [Problem(Place(study_yaml, path=f"{where}.source"), f"{images.source!r} matches no file", mend)]
    members = {path: placed(path, images.pattern) for path in matched}
    strangers = [path for path, member in members.items() if member is None]
    told = [m for m in members.values() if m is not None]
    if not told:
        what = f"{images.pattern!r} matches none of {len(matched)} files, such as {matched[0]!r}"
        return [], [Problem(Place(study_yaml, path=f"{where}.pattern"), what, "correct the pattern, or the names")]
    what, mend = f"does not match the pattern {images.pattern!r} and is left out", "rename it, or correct the pattern in study.yaml"
    wrong = [Problem(Place(f"{folder}/{path}"), what, mend, "warning") for path in strangers[:TOLD]]
    if len(strangers) > TOLD:
        wrong.append(Problem(Place(study_yaml, path=f"{where}.pattern"), f"leaves out {len(strangers) - TOLD} more files", mend, "warning"))
    return told, wrong


def _order(member: Placed) -> tuple[object, ...]:
    return (*well_order(member.sample or ""), member.field) if member.kind == "plate" else (member.path,)


def _params(
    accession: str,
    component: str,
    folder: Path,
    container: str | None,
    kind: str | None,
    images: Images,
    batch: list[Placed],
    *,
    single: bool,
) -> dict[str, Any]:
    """Plain values only: they are the key of the step, so a title changed in study.yaml draws nothing again."""
    return {
        "accession": accession,
        "component": component,
        "folder": f"studies/{folder.name}",
        "container": container,
        "kind": kind,
        "placed": [asdict(m) for m in batch],
        "entry": images.model_dump(mode="json", exclude={"source", "pattern"}),
        "single": single,
    }
