"""Images of a component: which files, in which batches, and the steps that draw them.

A plate is one batch, so that its wells share one window and its sprites; a plate of many images is drawn in parts (see `plates`).
Other images go in batches of up to 100, fewer where they are large. A file that cannot be drawn is refused with a reason and the
rest is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from ingest.correlation import wrong_pairs
from ingest.images import plates
from ingest.images.drawing import images as draw
from ingest.images.members import Entry, files_of
from ingest.images.names import Placed, row_and_column, well_order
from ingest.images.ome_zarr.remote import Afar
from ingest.images.regions.read import Beside, missing
from ingest.images.regions.strays import lonely_masks
from ingest.images.shown_samples import Samples, joined, strangers
from portal import addresses
from portal.engine.step import Need, Step, Tree, digest_of
from portal.model import Images, StudyComponent
from portal.problems import Place, Problem

BATCH = 100
LARGE = 512 << 20  # bytes of files after which a batch ends
SOON, ONE_OF = 32, 32  # images after which a batch may end, and of how many images one ends it: see `_runs`
PART = 48  # images of a plate that one step draws: what a crash costs at most, of each process
ACROSS = 24  # columns of a plate's part


@dataclass(frozen=True)
class ImageBatch:
    """What is drawn together. `name` is unique in a plan, such as `demo0001/screenA/plate1`; `files` lie below the study folder, among
    them those that lie over the images, `beside`; `over` are all such files of its entry.
    `parts`: the steps that a larger plate is drawn in.
    """

    name: str
    files: tuple[str, ...]
    params: dict[str, Any]
    beside: tuple[str, ...] = ()
    parts: tuple[ImageBatch, ...] = ()
    over: Beside | None = field(default=None, compare=False)

    def steps(self, source: Callable[[tuple[str, ...]], Tree]) -> list[Step]:
        """Those called `images …` make what is published, the last of them images.json and problems.json. `source`: files → their tree."""
        if not self.parts:
            return [Step(f"images {self.name}", draw, self.params, (source(self.files),), len(self.params["placed"]))]
        measured, drawn = [], []
        windows = Step(f"windows {self.name}", plates.windows, {}, tuple(Need(f"measured {p.name}", "limits.json") for p in self.parts), 0)
        for part in self.parts:
            whole, entry = source(part.files), part.params["entry"]
            alone = source(tuple(f for f in part.files if f not in part.beside)) if part.beside else whole
            params = {"placed": part.params["placed"], "axes": entry["axes"], "brightfield": entry["brightfield"]}
            params |= {"hosts": part.params["hosts"]} if "hosts" in part.params else {}
            measured.append(Step(f"measured {part.name}", plates.measured, params, (alone,), 0))
            needs = whole, Need(f"measured {part.name}", "limits.json"), Need(windows.name, "windows.json")
            drawn.append(Step(f"images {part.name}", plates.part, part.params, needs, len(part.params["placed"])))
        # Not what is published of a part, so that only this step waits for all.
        left = tuple(Need(step.name, "plate") for step in drawn)
        common = {name: value for name, value in self.params.items() if name not in ("placed", "hosts")}
        return [*measured, windows, *drawn, Step(f"images {self.name}", plates.plate, common, left, 0)]


def image_steps(
    accession: str,
    component: StudyComponent,
    folder: Path,
    files: tuple[str, ...],
    *,
    index: int = 0,
    raw: str = "none",
    afar: Afar | None = None,
    samples: Samples | None = None,
) -> tuple[list[ImageBatch], list[Problem]]:
    """The batches of one component, and what is wrong with the names of its files.

    No pixel is read: only the texts that instruments, OME-Zarr and lists of images put beside them.

    `files` are all paths below the study folder; `index` is the component's place in study.yaml, for problems;
    `raw` is the study's; `afar` knows of remote images, which are left out where there is none;
    `samples` are those of the component's table, if it has one that could be read.
    """
    batches: list[ImageBatch] = []
    found: list[Problem] = []
    claimed: dict[str, str] = {}
    named: list[Placed] = []
    files = tuple(sorted(files))
    hosts = tuple(afar.hosts) if afar else ()
    study_yaml = f"studies/{folder.name}/study.yaml"
    for number, images in enumerate(component.images):
        where = f"components[{index}].images[{number}]"
        members = Entry(images, where, folder, files, afar, found).members()
        if samples and component.kind == "experiment":
            members = joined(members, samples)
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
        if images.slide_label:
            what = "shows the label and the overview of every slide, which can name a patient"
            found.append(
                Problem(Place(study_yaml, path=f"{where}.slide_label"), what, "look at each of them before you publish", "warning")
            )
        for key, source in missing(images, files):
            what = f"names {source}, which is not there"
            found.append(Problem(Place(study_yaml, path=f"{where}.{key}"), what, "put the file there, or remove the line"))
        beside = Beside(images, files, single=len(members) == 1)
        found += lonely_masks(beside.masks, beside.of(members) if beside.masks else (), f"studies/{folder.name}")
        batch_of = partial(
            _batch, accession, component.name, folder, images, files, beside, single=len(members) == 1, raw=raw, number=number, hosts=hosts
        )
        for (container, kind), group in sorted(groups.items(), key=lambda g: (g[0][0] or "", g[0][1] or "")):
            group.sort(key=_order)
            name = "/".join(filter(None, (accession, component.name, container, f"{number}" if number else "")))
            if kind == "plate":
                parts = tuple(batch_of(f"{name} from {p[0].sample}", p) for p in _parts(group)) if len(group) > PART else ()
                batches.append(replace(batch_of(name, group), parts=parts))
                continue
            for number_of, run in enumerate(_runs(group, folder, files)):
                batches.append(batch_of(f"{name} from {run[0].name}" if number_of else name, run))
    if samples:
        found += strangers(named, samples, Place(study_yaml, path=f"components[{index}].images"))
    return _told_apart(batches), found + wrong_pairs(component, named, study_yaml, index=index)


def _order(member: Placed) -> tuple[object, ...]:
    return (*well_order(member.sample or ""), member.field) if member.kind == "plate" else (member.path,)


def _runs(group: list[Placed], folder: Path, files: tuple[str, ...]) -> Iterator[list[Placed]]:
    """Images of no plate in runs of at most BATCH, and of about LARGE bytes. Where they end the images themselves say, by a digest of
    their names: a new image makes its own run another, and the runs after it stay as they were.
    """
    run: list[Placed] = []
    size = 0
    for member in group:
        run.append(member)
        size += sum(_size(folder / f) for f in files_of(member, files))
        ends = len(run) >= SOON and int(digest_of(member.identity.encode())[:8], 16) % ONE_OF == 0
        if ends or len(run) == BATCH or size >= LARGE:
            yield run
            run, size = [], 0
    if run:
        yield run


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # whoever reads it says so
        return 0


def _told_apart(batches: list[ImageBatch]) -> list[ImageBatch]:
    """With names of which none is another's: a dataset may be called as an entry is numbered, or a well's part is."""
    taken: set[str] = set()

    def own(batch: ImageBatch) -> ImageBatch:
        name = next(n for n in chain([batch.name], (f"{batch.name} ({k})" for k in count(2))) if n not in taken)
        taken.add(name)
        return replace(batch, name=name, parts=tuple(own(part) for part in batch.parts))

    return [own(batch) for batch in batches]


def _parts(group: list[Placed]) -> list[list[Placed]]:
    """A plate cut into rectangles of wells, each of about PART images or one well: such that a new well, or a new field where others
    have as many, moves no well from one part to another.
    """
    fields = max(Counter(m.sample for m in group).values())
    wells = max(1, PART >> (fields - 1).bit_length())
    rows, columns = max(1, wells // ACROSS), min(wells, ACROSS)
    parts: dict[tuple[int, int], list[Placed]] = {}
    for member in group:
        row, column = row_and_column(member.sample or "")
        parts.setdefault((row // rows, column // columns), []).append(member)
    return [parts[at] for at in sorted(parts)]


def _batch(
    accession: str,
    component: str,
    folder: Path,
    images: Images,
    files: tuple[str, ...],
    over: Beside,
    name: str,
    members: list[Placed],
    *,
    single: bool,
    raw: str,
    number: int,
    hosts: tuple[str, ...],
) -> ImageBatch:
    """The parameters are plain values only: they are the key of the step, so a title changed in study.yaml draws nothing again."""
    container, kind = members[0].container, members[0].kind
    params: dict[str, Any] = {
        "accession": accession,
        "component": component,
        "folder": f"studies/{folder.name}",
        "container": container,
        "kind": kind,
        "placed": [m.plain() for m in members],
        "entry": images.model_dump(mode="json", exclude={"source", "pattern", "layout", "url", "manifest"}),
        "single": single,
    }
    if raw != "none":
        params |= {"raw": raw} | ({"number": number} if kind == "plate" and number else {})
    if hosts and any(m.url for m in members):
        params["hosts"] = list(hosts)
    own = {f for m in members for f in files_of(m, files)}
    beside = over.of(members)
    return ImageBatch(name, tuple(sorted({*own, *beside})), params, tuple(f for f in beside if f not in own), over=over)
