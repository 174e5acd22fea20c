"""What a study.yaml must keep to across its fields. Rules read the marked data, not the model,
so that they speak also where a neighbouring value is wrong: one run tells everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from ingest.marks import BIDI, Marked, Path, quoted
from portal.model import SAMPLE_COLUMNS
from portal.problems import Problem, Severity, nearest

Finding = tuple[Path, str, str, Severity]

# The licences under which data are published (SPDX identifiers). Others are shown as written, with a warning.
LICENCES = (
    "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "CC-BY-2.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0", "CC-BY-NC-3.0",
    "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-3.0", "CC-BY-ND-4.0", "CC-BY-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-ND-3.0", "PDDL-1.0",
    "ODbL-1.0", "ODC-By-1.0", "MIT", "MIT-CMU", "HPND", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-only",
    "GPL-3.0-only", "GPL-3.0-or-later",
)  # fmt: skip

# Columns whose cells may hold several values.
SPLITTABLE = tuple(name for name in SAMPLE_COLUMNS if "." in name)


def findings(marked: Marked, folder_name: str, file: str) -> list[Problem]:
    """Every rule that is broken. `folder_name` is the name of the study's folder."""
    problems = []
    for rule in _STUDY_RULES:
        problems += [_problem(marked, file, f) for f in rule(marked.root, folder_name) if not marked.is_broken(f[0])]
    for index, component in enumerate(_listed(marked.root, "components")):
        if not isinstance(component, dict):
            continue
        here: Path = ("components", index)
        for rule in _COMPONENT_RULES:
            for path, what, mend, severity in rule(component, marked.root):
                if not marked.is_broken((*here, *path)):
                    problems.append(_problem(marked, file, ((*here, *path), what, mend, severity)))
    return problems


def _problem(marked: Marked, file: str, finding: Finding) -> Problem:
    path, what, mend, severity = finding
    return Problem(marked.place(file, path), what, mend, severity)


def _listed(data: Any, key: str) -> list[Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []


def _grouped(data: Any, key: str) -> dict[str, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return value.strip() if isinstance(value, str) else ""


# ---- the study


def _accession_is_folder(study: Any, folder_name: str) -> Iterator[Finding]:
    accession = _text(study, "accession")
    if accession and accession != folder_name:
        mend = f"write {folder_name}, or rename the folder to {accession}"
        yield ("accession",), f"{quoted(accession)} is not the folder's name", mend, "error"


def _names_differ(study: Any, folder_name: str) -> Iterator[Finding]:
    first: dict[str, tuple[int, str]] = {}
    for index, component in enumerate(_listed(study, "components")):
        name = _text(component, "name")
        if not name:
            continue
        where, other = first.setdefault(name.casefold(), (index, name))
        if where != index:
            differ = "" if other == name else f" ({quoted(other)}; addresses do not tell capitals apart)"
            yield (
                ("components", index, "name"),
                f"{quoted(name)} is also the name of components[{where}]{differ}",
                "write another name",
                "error",
            )


def _licence(study: Any, folder_name: str) -> Iterator[Finding]:
    licence = _text(study, "licence")
    if not licence and isinstance(study, dict) and get_close_matches("licence", map(str, study), cutoff=0.75):
        return  # `license:` is an unknown key, and told as one
    if not licence:
        yield (), "has no licence", "write 'licence: CC-BY-4.0', or the licence the data have, so that others may use them", "warning"
    elif licence not in LICENCES:
        # `CC BY 4.0` is how people write it.
        mend = nearest("-".join(licence.split()), LICENCES, "write one such as CC-BY-4.0 or CC0-1.0")
        yield ("licence",), f"{quoted(licence)} is not an SPDX identifier known here", mend, "warning"


def _files(study: Any, folder_name: str) -> Iterator[Finding]:
    for index, file in enumerate(_listed(study, "files")):
        if isinstance(file, dict) and not file.get("path") and not file.get("url"):
            yield ("files", index), "has neither path nor url", "write 'path:' (below the study folder) or 'url:'", "error"


_STUDY_RULES: tuple[Callable[[Any, str], Iterator[Finding]], ...] = (_accession_is_folder, _names_differ, _licence, _files)


# ---- a component


def _has_something(component: dict, study: Any) -> Iterator[Finding]:
    samples, missing, images = component.get("samples"), component.get("missing"), component.get("images")
    if samples and missing:
        yield ("missing",), "is written beside samples", "remove one of the two: 'missing' says why there are no tables", "error"
    if not samples and not missing and not images:
        yield (), "has no samples and no images", "name its table under 'samples:', or say in 'missing:' why there is none", "error"


def _columns(component: dict, study: Any) -> Iterator[Finding]:
    samples = component.get("samples")
    columns = _grouped(samples, "columns")
    if not columns:
        return
    meant = set()  # Misspelt: to say that it is missing as well would be noise.
    for key in columns:
        if key not in SAMPLE_COLUMNS:
            mend = nearest(key, SAMPLE_COLUMNS)
            meant |= {name for name in SAMPLE_COLUMNS if mend == f"did you mean '{name}'?"}
            yield ("samples", "columns", key), "is not a column that samples can have", mend, "error"
        elif isinstance(columns[key], list) and key not in SPLITTABLE:
            yield ("samples", "columns", key), "takes one column", "write its name alone; a list is for targets such as gene.id", "error"
    at: Path = ("samples", "columns")
    plate, well = columns.get("plate"), columns.get("well")
    kind = _text(component, "kind")
    if kind == "screen":
        for key in ("plate", "well"):
            if not columns.get(key) and key not in meant:
                yield at, f"does not say which column is the {key}", f"write '{key}: ' and the name of the column", "error"
    elif kind == "experiment" and not columns.get("image") and not (plate and well) and "image" not in meant:
        yield (
            at,
            "does not say which column is the image",
            "write 'image: ' and the name of the column (and 'dataset: ', where there is one)",
            "error",
        )
    if columns.get("image") and (plate or well):
        yield (
            at,
            "maps wells and images",
            "keep plate and well, or dataset and image: a sample is one well, or one image outside plates",
            "error",
        )
    for key in _grouped(samples, "split"):
        path = ("samples", "split", key)
        if key not in columns:
            yield path, "splits a column that is not mapped", nearest(key, list(columns), "map it under 'columns:'"), "error"
        elif key not in SPLITTABLE:
            yield path, "cannot be split", "split identifiers and symbols alone, such as gene.id", "error"
    for key in _grouped(samples, "links"):
        if key not in columns:
            yield (
                ("samples", "links", key),
                "links a column that is not mapped",
                nearest(key, list(columns), "map it under 'columns:'"),
                "error",
            )


def _phenotypes(component: dict, study: Any) -> Iterator[Finding]:
    declared: dict[str, int] = {}
    names = []
    for index, phenotype in enumerate(_listed(component, "phenotypes")):
        name = _text(phenotype, "name")
        if not name:
            continue
        names.append(name)
        first = declared.setdefault(name.casefold(), index)
        if first != index:
            mend = "write it once; a second ontology accession goes under 'terms:'"
            yield ("phenotypes", index, "name"), f"{quoted(name)} is declared twice, first in phenotypes[{first}]", mend, "error"
    for index, column in enumerate(_listed(component.get("samples"), "phenotypes")):
        name = _text(column, "phenotype")
        if name and name not in names:
            mend = nearest(name, names, "declare it under the component's 'phenotypes:'")
            yield ("samples", "phenotypes", index, "phenotype"), f"{quoted(name)} is not declared", mend, "error"


CONDITIONS = ("listed_in", "any_of", "none_of", "without")


def _counted(component: dict, study: Any) -> Iterator[Finding]:
    """A rule has one condition: with none it would say nothing, and of two a reader could not tell which a row misses."""
    for index, rule in enumerate(_listed(component.get("samples"), "counted")):
        if not isinstance(rule, dict):
            continue
        at: Path = ("samples", "counted", index)
        given = [key for key in CONDITIONS if rule.get(key) is not None]
        for key in given:
            if rule[key] == []:
                yield (*at, key), "is empty", "write at least one cell, such as [raw]", "error"
        # A key that is misspelt or empty is told as that.
        if not given and not set(rule) - {"says", "column"}:
            yield at, "says nothing of the cell", f"write one of {', '.join(CONDITIONS)}, such as 'any_of: [raw]'", "error"
        elif len(given) > 1:
            said = " and ".join(given[:2]) if len(given) == 2 else f"{len(given)} conditions"
            mend = "keep one, and write a rule for each: a row is counted when it meets them all"
            yield at, f"has {said}", mend, "error"


def _organism(component: dict, study: Any) -> Iterator[Finding]:
    if component.get("missing") or component.get("organisms") or (isinstance(study, dict) and study.get("organisms")):
        return
    if "organism" not in _grouped(component.get("samples"), "columns"):
        mend = "write 'organisms: [{name: Homo sapiens, term: \"NCBITaxon:9606\"}]' here or for the study"
        yield (), "does not say which organism was imaged", mend, "warning"


def _channel_limits(component: dict, study: Any) -> Iterator[Finding]:
    for at, images in enumerate(_listed(component, "images")):
        for index, channel in enumerate(_listed(images, "channels")):
            limits = _listed(channel, "limits")
            try:
                low, high = (float(v) for v in limits)
            except (TypeError, ValueError):
                continue
            if not low < high:
                yield (
                    ("images", at, "channels", index, "limits"),
                    "do not rise",
                    "write the darkest value first, then the brightest",
                    "error",
                )


def _paths(component: dict, study: Any) -> Iterator[Finding]:
    tables: list[tuple[Path, Any]] = [(("samples", "table"), _grouped(component, "samples").get("table"))]
    joins = enumerate(_listed(component.get("samples"), "join"))
    tables += [(("samples", "join", i, "table"), j.get("table")) for i, j in joins if isinstance(j, dict)]
    named: list[tuple[Path, Any]] = []
    for path, value in tables:
        parts = [((*path, i), part) for i, part in enumerate(value)] if isinstance(value, list) else [(path, value)]
        named += parts
        seen: set[Any] = set()
        for place, part in parts:
            if isinstance(part, str) and part in seen:
                yield place, f"{quoted(part)} is a part that stands in the list already", "write every part once", "error"
            seen.add(part if isinstance(part, str) else None)
    rules = _listed(component.get("samples"), "counted")
    named += [(("samples", "counted", i, "listed_in"), _text(rule, "listed_in")) for i, rule in enumerate(rules)]
    for i, images in enumerate(_listed(component, "images")):
        named += [(("images", i, key), _text(images, key)) for key in ("source", "manifest")]
        for key in ("rois", "localisations", "labels"):
            value = images.get(key) if isinstance(images, dict) else None
            several = [((key, n), part) for n, part in enumerate(value)] if isinstance(value, list) else [((key,), value)]
            named += [(("images", i, *place), part) for place, part in several]
    for path, value in named:
        if isinstance(value, str) and BIDI.search(value):
            yield path, f"{quoted(value)} holds a character that turns the direction of writing", "remove it, and rename the file", "error"


_COMPONENT_RULES: tuple[Callable[[dict, Any], Iterator[Finding]], ...] = (
    _has_something, _columns, _phenotypes, _counted, _organism, _channel_limits, _paths,
)  # fmt: skip
