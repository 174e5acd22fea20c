"""What the warehouse's recipes are given: the trees of earlier steps, read as frozen types or named as Parquet files.

A tree is told by what lies in it, not by its place among the inputs, so that a plan may hand over a
whole tree or the part of it below a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from portal.engine.step import Opened
from portal.facts import ComponentFacts, ComponentImages, ComponentRecord, StudyFacts
from portal.model import Study, Term


def paths_named(inputs: Sequence[Opened], name: str) -> Iterator[tuple[Opened, str]]:
    """Every file called `name`, at the top of an input or below a folder of it."""
    for tree in inputs:
        for path in tree:
            if path == name or path.endswith("/" + name):
                yield tree, path


def parquet_files(inputs: Sequence[Opened], name: str) -> list[Path]:
    """Where the files called `name` lie, in the order of the inputs."""
    return [tree.path(path) for tree, path in paths_named(inputs, name)]


def record_of(study: Study, facts: ComponentFacts, images: ComponentImages) -> ComponentRecord:
    """All that is known about one component, without the study's title."""
    component = study.component(facts.component)
    return ComponentRecord(
        study=study.accession,
        label=study.label,
        origin=study.origin,
        licence=study.licence,
        organisms=study.organisms_of(component),
        study_types=study.study_type,
        component=component,
        facts=facts,
        images=images,
    )


def records_of(facts: StudyFacts) -> list[ComponentRecord]:
    """One record a component, in the study's order; `facts.images` lies in the order of `facts.components`."""
    images = facts.images or (ComponentImages(),) * len(facts.components)
    return [record_of(facts.study, c, i) for c, i in zip(facts.components, images, strict=True)]


TermsOf = Mapping[tuple[str, str, str], tuple[Term, ...]]


def terms_of(records: Iterable[ComponentRecord]) -> TermsOf:
    """(study, component, authors' phenotype) → the terms that its component declares for it."""
    return {(r.study, r.component.name, p.name): p.all_terms for r in records for p in r.component.phenotypes}


def read_studies(inputs: Sequence[Opened]) -> list[StudyFacts]:
    """Every StudyFacts among the inputs, sorted by accession."""
    found = [StudyFacts.model_validate_json(tree.read("facts.json")) for tree in inputs if _is_study(tree)]
    return sorted(found, key=lambda f: f.study.accession)


def read_records(inputs: Sequence[Opened]) -> list[ComponentRecord]:
    """Every component among the inputs, sorted by study and name.

    A tree of a `facts` step may be given whole, below `components` (whose digest no title moves), or as facts.json alone.
    """
    found: dict[tuple[str, str], ComponentRecord] = {}
    for tree in inputs:
        whole = [p for p in tree if p.startswith("components/")]
        if whole:
            records = [ComponentRecord.model_validate_json(tree.read(p)) for p in whole]
        elif _is_study(tree):
            records = records_of(StudyFacts.model_validate_json(tree.read("facts.json")))
        elif _is_components(tree):
            records = [ComponentRecord.model_validate_json(tree.read(p)) for p in tree]
        else:
            continue
        found |= {(r.study, r.component.name): r for r in records}
    return [found[key] for key in sorted(found)]


def _is_study(tree: Opened) -> bool:
    # A component may be called `facts` too, so the content decides.
    return "facts.json" in tree and "components" in tree.json("facts.json")


def _is_components(tree: Opened) -> bool:
    if not len(tree) or not all(p.endswith(".json") and "/" not in p for p in tree):
        return False
    first = tree.json(next(iter(tree)))
    return isinstance(first, dict) and {"study", "component", "facts"} <= first.keys() and isinstance(first["component"], dict)
