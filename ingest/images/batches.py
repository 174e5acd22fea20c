"""Images of a component: which files, in which batches, and the recipe that draws them.

A plate is one batch, so that its wells share one window and one sprite; other images go in batches of up to
100. A file that cannot be drawn is refused with a reason and the rest is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.correlation import wrong_pairs
from ingest.images.members import Entry, files_of
from ingest.images.names import Placed, well_order
from ingest.images.regions import files_beside, missing
from ingest.images.remote import Afar
from portal import addresses
from portal.model import Images, StudyComponent
from portal.problems import Place, Problem

BATCH = 100


@dataclass(frozen=True)
class ImageBatch:
    """One `images` step. `name` is unique in a plan, such as `demo0001/screenA/plate1`; `files` lie below the study folder."""

    name: str
    files: tuple[str, ...]
    params: dict[str, Any]


def image_steps(
    accession: str,
    component: StudyComponent,
    folder: Path,
    files: tuple[str, ...],
    *,
    index: int = 0,
    raw: str = "none",
    afar: Afar | None = None,
) -> tuple[list[ImageBatch], list[Problem]]:
    """The batches of one component, and what is wrong with the names of its files.

    No pixel is read: only the texts that instruments, OME-Zarr and lists of images put beside them.

    `files` are all paths below the study folder; `index` is the component's place in study.yaml, for problems;
    `raw` is the study's; `afar` knows of remote images, which are left out where there is none.
    """
    batches: list[ImageBatch] = []
    found: list[Problem] = []
    claimed: dict[str, str] = {}
    named: list[Placed] = []
    files = tuple(sorted(files))
    study_yaml = f"studies/{folder.name}/study.yaml"
    for number, images in enumerate(component.images):
        where = f"components[{index}].images[{number}]"
        members = Entry(images, where, folder, files, afar, found).members()
        named += members
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
        for key, source in missing(images, files):
            what = f"names {source}, which is not there"
            found.append(Problem(Place(study_yaml, path=f"{where}.{key}"), what, "put the file there, or remove the line"))
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
                if raw != "none":
                    params |= {"raw": raw} | ({"number": number} if kind == "plate" and number else {})
                extra = files_beside(images, batch, files, single=len(members) == 1)
                batches.append(ImageBatch(name, tuple(sorted({*(f for m in batch for f in files_of(m, files)), *extra})), params))
    return batches, found + wrong_pairs(component, named, study_yaml, index=index)


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
        "placed": [m.plain() for m in batch],
        "entry": images.model_dump(mode="json", exclude={"source", "pattern", "layout", "url", "manifest"}),
        "single": single,
    }
