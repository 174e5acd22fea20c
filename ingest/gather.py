"""The first stage of a build: every study folder read and checked, as steps. What is good goes on; what is not is named."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from ingest import checks, folders, ledgers, ontologies, ontologies_between, portal_yaml, recorded, samples, studies
from ingest.folders import StudyFolder
from ingest.gene_files.finding import read_gene_files
from ingest.gene_files.organisms import strange_organisms
from ingest.images.batches import ImageBatch, image_steps
from ingest.images.looks import gathered
from ingest.images.ome_zarr.remote import Afar
from ingest.images.regions import strays as regions_strays
from ingest.images.shown_samples import Samples
from ingest.marks import quoted
from ingest.releases import read_releases
from portal import frozen
from portal.checks import FOLDER as CHECKS
from portal.checks import Checked
from portal.engine.run import Engine
from portal.engine.step import Opened, Step, Tree
from portal.frozen import Row
from portal.ledger import FILE as LEDGER
from portal.model import Portal, Study, StudyComponent
from portal.ontology import FOLDER as ONTOLOGIES
from portal.ontology import OntologyFile
from portal.problems import Place, Problem, errors, load, nearest


class NoContent(Exception):
    """A path that holds nothing to read."""


class NoDay(Exception):
    """SOURCE_DATE_EPOCH says no day."""


@dataclass(frozen=True)
class Gathered:
    """What the content holds. `images` tells the `images` steps of each (study, component), `ledgers` the good studies with a report
    of their import that could be read, `overviews` the steps of the importers' overviews, `checks` the names of the checks that could
    be read (`check <name>` is their step), `ontologies` the names of the files of terms (`ontology <name>`), `recorded` what addresses.tsv
    says, `gene_files` the steps whose trees hold names.parquet or orthologs.parquet (portal.naming), `releases` the lists of
    changes between releases, `gene_sources` the steps that tell what was read of gene files (sourced.json).
    """

    portal: Portal
    good: tuple[Study, ...]
    left_out: tuple[str, ...]
    problems: tuple[Problem, ...]
    images: dict[tuple[str, str], tuple[str, ...]]
    ledgers: tuple[str, ...] = ()
    overviews: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    ontologies: tuple[str, ...] = ()
    recorded: Mapping[str, Row] = field(default_factory=dict)
    gene_files: tuple[str, ...] = ()
    releases: Tree = field(default_factory=Tree)
    gene_sources: tuple[str, ...] = ()

    @property
    def components(self) -> list[tuple[Study, StudyComponent]]:
        return [(s, c) for s in self.good for c in s.components]

    @property
    def names(self) -> list[str]:
        return [s.accession for s in self.good]

    @property
    def has_imports(self) -> bool:
        return bool(self.ledgers or self.overviews)

    @property
    def has_checks(self) -> bool:
        """Whether there is anything that was printed or declared, and can be set beside what is counted."""
        return bool(self.checks) or any(c.size is not None for _, c in self.components)


@dataclass
class _Shelf:
    """One study while it is being read: what was found in its folder so far."""

    folder: StudyFolder
    problems: list[Problem]
    study: Study | None = None
    lines: dict[str, int] | None = None


def today() -> date:
    """Today in UTC, or the day of SOURCE_DATE_EPOCH, so that a build can be repeated. Raises NoDay."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(epoch) if epoch else time.time(), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise NoDay(
            f"SOURCE_DATE_EPOCH is {quoted(epoch)}; write it in whole seconds since 1970, such as 1479600000, or leave it out"
        ) from None


def gather(engine: Engine, content: Path, only: Sequence[str] = ()) -> Gathered:
    """Runs `study`, `samples` and `images` steps for every study folder of `content` (or of `only`). Raises NoContent, NoDay."""
    if not content.is_dir():
        raise NoContent(f"{content} is no folder; name the folder that holds studies/, or make it")
    portal, found = portal_yaml.read_portal(content)
    addresses, mistaken = recorded.read_recorded(content)
    found += mistaken
    listed, unreadable = folders.find_studies(content, frozen.studies_of(addresses))
    if only:
        names = [f.accession for f in listed]
        unreadable = [p for p in unreadable if _study_of(p) in only]
        found += [
            Problem(Place(f"studies/{name}"), "is no study folder", nearest(name, names, "name a folder of studies/"))
            for name in only
            if name not in names and not any(_study_of(p) == name for p in unreadable)
        ]
        listed = [f for f in listed if f.accession in only]
    shelves = {f.accession: _Shelf(f, [p for p in unreadable if _study_of(p) == f.accession]) for f in listed}
    found += [p for p in unreadable if _study_of(p) not in shelves]
    _read_studies(engine, shelves)
    images = _read_components(engine, shelves, portal.remote_hosts)
    reported = _read_ledgers(engine, shelves)
    overviews, unread = _read_overviews(engine, content)
    good_checks, wrong = _read_checks(engine, content)
    terms, mistaken = _read_ontologies(engine, content)
    lines = portal_yaml.portal_lines(content)
    gene_files = read_gene_files(engine, content, portal, lines)
    organisms, all_read = _organisms(engine, shelves)
    found += studies.with_lines(strange_organisms(portal, organisms, all_read and not only and not unreadable), portal_yaml.FILE, lines)
    releases, unfit = read_releases(engine, content)
    found += [*unread, *wrong, *mistaken, *gene_files.problems, *unfit]
    bad = {name for name, shelf in shelves.items() if shelf.study is None or errors(shelf.problems)}
    bad |= {name for p in errors(unreadable) if (name := _study_of(p)) and name not in shelves}
    return Gathered(
        portal,
        tuple(s.study for name, s in sorted(shelves.items()) if s.study is not None and name not in bad),
        tuple(sorted(bad)),
        tuple(sorted({*found, *(p for s in shelves.values() for p in s.problems)})),
        {key: steps for key, steps in images.items() if key[0] not in bad},
        tuple(name for name in reported if name not in bad),
        overviews,
        good_checks,
        terms,
        addresses,
        gene_files.known,
        releases,
        gene_files.told,
    )


def samples_step(study: Study, component: StudyComponent, tables: Tree) -> Step:
    """Only what the samples depend on is a parameter, so that a new title or description reads no table again."""
    params = {
        "folder": f"studies/{study.accession}",
        "accession": study.accession,
        "index": study.components.index(component),
        "component": component.model_dump(mode="json", include={"name", "kind", "organisms", "phenotypes", "samples"}),
        "study_organisms": [o.model_dump(mode="json") for o in study.organisms],
    }
    return Step(f"samples {study.accession}/{component.name}", samples.samples, params, (tables,))


def _study_of(problem: Problem) -> str:
    """The study folder that a problem is in, or ''."""
    parts = problem.place.file.split("/")
    return parts[1] if parts[0] == "studies" and len(parts) > 1 else ""


def _open(engine: Engine, tree: Tree) -> Opened:
    return Opened(tree, engine.store.path)


def _fault(engine: Engine, shelf: _Shelf, step: str) -> Problem:
    """A step that failed is a fault of ours, or of the machine: its study is left out, the others go on."""
    failed = engine.failed[step]
    if failed.cause.startswith(("Gone", "Unreadable")):
        return Problem(Place(shelf.folder.folder), "changed while it was being read", "build again when it is at rest")
    what = f"could not be read: step '{step}' failed ({failed.cause})"
    return Problem(Place(shelf.folder.folder), what, f"report it to the makers of Slidecase, with {failed.log}")


def _read_studies(engine: Engine, shelves: dict[str, _Shelf]) -> None:
    steps = [
        Step(f"study {name}", studies.study, {"folder": s.folder.folder}, (engine.store.sources(s.folder.path, [folders.STUDY_FILE]),))
        for name, s in sorted(shelves.items())
    ]
    trees = engine.run(steps, keep_going=True, stage="Reading studies")
    for name, shelf in shelves.items():
        if f"study {name}" in engine.failed:
            shelf.problems.append(_fault(engine, shelf, f"study {name}"))
            continue
        out = _open(engine, trees[f"study {name}"])
        shelf.lines = out.json("lines.json")
        shelf.problems += load(out.read("problems.json"))
        if "study.json" in out:
            shelf.study = Study.model_validate_json(out.read("study.json"))
            shelf.problems += folders.check_files(shelf.study, shelf.folder, shelf.lines)
            shelf.problems += studies.not_yet_released(shelf.study, shelf.folder.file, shelf.lines, today())


def _read_components(engine: Engine, shelves: dict[str, _Shelf], hosts: Sequence[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Tables and images of every study that could be read. A table problem in one component never hides one in the next."""
    owners: dict[str, _Shelf] = {}
    read: list[Step] = []
    drawn: list[Step] = []
    images: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, shelf in sorted(shelves.items()):
        if shelf.study is None:
            continue
        for index, component in enumerate(shelf.study.components):
            here = f"components[{index}]."
            tables = {t for path, t in folders.named_tables(shelf.study) if path.startswith(here)}
            if tables <= set(shelf.folder.files):
                read.append(samples_step(shelf.study, component, engine.store.sources(shelf.folder.path, sorted(tables))))
            owners[f"samples {name}/{component.name}"] = shelf
    trees = engine.run(read, keep_going=True, stage="Reading tables")
    afar = Afar(engine.store.root / "remote.json", hosts=hosts)
    for name, shelf in sorted(shelves.items()):
        if shelf.study is None:
            continue
        every: list[ImageBatch] = []
        for index, component in enumerate(shelf.study.components):
            known = _sampled(engine, trees.get(f"samples {name}/{component.name}")) if component.images and component.samples else None
            batches, wrong = image_steps(
                name, component, shelf.folder.path, shelf.folder.files, index=index, raw=shelf.study.raw, afar=afar, samples=known
            )
            shelf.problems += wrong
            every += batches
            steps = [step for batch in batches for step in batch.steps(partial(engine.store.sources, shelf.folder.path))]
            # Only these make what is published; the others are on the way to them.
            images[name, component.name] = tuple(s.name for s in steps if s.name.startswith("images "))
            drawn += steps
            owners |= {s.name: shelf for s in steps}
        params, files = regions_strays.of_study(every)
        if files:
            params["folder"] = shelf.folder.folder
            drawn.append(Step(f"regions {name}", regions_strays.strays, params, (engine.store.sources(shelf.folder.path, files),), 0))
            owners[f"regions {name}"] = shelf
    afar.save()
    trees |= engine.run(drawn, keep_going=True, stage="Drawing images", unit="images")
    for step in engine.failed:
        if step in owners:
            owners[step].problems.append(_fault(engine, owners[step], step))
    told = {step: load(out.read("problems.json")) for step, tree in trees.items() if "problems.json" in (out := _open(engine, tree))}
    # Over all plates and batches of a component: one mistake in study.yaml is one warning, not one a plate.
    for (name, _), its in images.items():
        shelves[name].problems += gathered([p for step in its for p in told.pop(step, [])])
    for step, problems in told.items():
        owners[step].problems += problems
    for shelf in shelves.values():
        shelf.problems[:] = studies.with_lines(shelf.problems, shelf.folder.file, shelf.lines or {})
    return images


def _sampled(engine: Engine, tree: Tree | None) -> Samples | None:
    """The samples of each container of a component, where its tables could be read."""
    if tree is None or "samples.parquet" not in tree:
        return None
    found: dict[str, set[str]] = {}
    table = pq.read_table(_open(engine, tree).path("samples.parquet"), columns=["container", "sample"])
    for container, sample in zip(*(table[name].to_pylist() for name in ("container", "sample")), strict=True):
        found.setdefault(container, set()).add(sample)
    return found


def _organisms(engine: Engine, shelves: Mapping[str, _Shelf]) -> tuple[set[str], bool]:
    """The organisms that studies declare and their tables name, and whether all of these could be read."""
    names: set[str] = set()
    whole = True
    for name, shelf in shelves.items():
        if shelf.study is None:
            whole = False
            continue
        names.update(term.name for term in shelf.study.organisms)
        for component in shelf.study.components:
            names.update(term.name for term in component.organisms)
            tree = engine.results.get(f"samples {name}/{component.name}", Tree())
            if "summary.json" in tree:
                names.update(_open(engine, tree).json("summary.json")["organisms"])
            else:
                whole = False
    return names, whole


def _read_ledgers(engine: Engine, shelves: dict[str, _Shelf]) -> list[str]:
    """The studies whose import report could be read, sorted. What is wrong with one is a warning: the study stands without it."""
    files = [LEDGER, folders.STUDY_FILE]
    steps = [
        Step(
            f"ledger {name}", ledgers.ledger, {"folder": s.folder.folder, "accession": name}, (engine.store.sources(s.folder.path, files),)
        )
        for name, s in sorted(shelves.items())
        if s.study is not None and LEDGER in s.folder.files
    ]
    trees = engine.run(steps, keep_going=True, stage="Reading reports of imports")
    for step in steps:
        shelf = shelves[step.params["accession"]]
        if step.name in engine.failed:
            shelf.problems.append(replace(_fault(engine, shelf, step.name), severity="warning"))
        else:
            shelf.problems += load(_open(engine, trees[step.name]).read("problems.json"))
    return [s.params["accession"] for s in steps if s.name in trees and "ledger.json" in trees[s.name]]


def _read_overviews(engine: Engine, content: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """The steps of the overviews in `imports/` that could be read, and what is wrong with the others."""
    names, problems = ledgers.find_overviews(content)
    here, source = content / ledgers.IMPORTS, engine.store.sources
    steps = [
        Step(f"imports {n.removesuffix('.json')}", ledgers.overview, {"file": f"{ledgers.IMPORTS}/{n}"}, (source(here, [n]),))
        for n in names
    ]
    trees = engine.run(steps, stage="Reading reports of imports")
    for tree in trees.values():
        problems += load(_open(engine, tree).read("problems.json"))
    return tuple(name for name, tree in trees.items() if "overview.json" in tree), problems


def _read_checks(engine: Engine, content: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the checks that could be read, sorted, and what is wrong with the others."""
    names, problems = checks.find_checks(content)
    here, source = content / CHECKS, engine.store.sources
    steps = [Step(f"check {n.removesuffix('.yaml')}", checks.check, {"file": f"{CHECKS}/{n}"}, (source(here, [n]),)) for n in names]
    trees = engine.run(steps)
    for tree in trees.values():
        problems += load(_open(engine, tree).read("problems.json"))
    return tuple(name.removeprefix("check ") for name, tree in trees.items() if "check.json" in tree), problems


def _read_ontologies(engine: Engine, content: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the files of terms, sorted, and what is wrong in and between them. A broken term is left out, its file is not."""
    names, problems = ontologies.find_ontologies(content)
    here, source = content / ONTOLOGIES, engine.store.sources
    file = f"{ONTOLOGIES}/{{}}".format
    steps = [Step(f"ontology {n}", ontologies.ontology, {"file": file(n)}, (source(here, [n]),)) for n in names]
    trees = [_open(engine, tree) for tree in engine.run(steps, stage="Reading ontologies").values()]
    for tree in trees:
        problems += load(tree.read("problems.json"))
    read = [OntologyFile.model_validate_json(tree.read("ontology.json")) for tree in trees]
    return tuple(names), problems + ontologies_between.across(read)


def told_by_checks(engine: Engine, found: Gathered) -> list[Problem]:
    """What the checks tell when their `counted` steps have run: differences that nobody explained, and SELECTs that failed."""
    problems: list[Problem] = []
    for name in found.checks:
        counted, read = (_open(engine, engine.results[f"{step} {name}"]) for step in ("counted", "check"))
        checked = Checked.model_validate_json(counted.read("checked.json"))
        problems += checks.told(checked, read.json("lines.json"), f"{CHECKS}/{name}.yaml")
    return problems


def contents_of(paths: Sequence[Path]) -> list[tuple[Path, list[str]]]:
    """(content folder, studies asked for; none means all) for each path: a content folder, a study folder or a file of one.

    Raises NoContent for a path that is none of these.
    """
    wanted: dict[Path, set[str]] = {}
    for path in paths:
        whole = path.absolute()
        if (whole / "studies").is_dir():
            wanted[path] = {""}
            continue
        study = next((p for p in (whole, *whole.parents) if p.parent.name == "studies"), None)
        if study is None or not whole.exists():
            raise NoContent(f"{path} is neither a content folder (with studies/ in it), nor a study folder, nor a file of one")
        wanted.setdefault(study.parent.parent, set()).add(study.name)
    return [(content, [] if "" in studies else sorted(studies)) for content, studies in wanted.items()]
