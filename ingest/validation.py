"""Marked YAML → a frozen model, with every error of pydantic told as a Problem in a curator's words.

studies/idr0002/study.yaml:14: components[0].phenotypes[1].term 'CMPO_329' is not a CMPO accession; write CMPO:0000329
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ingest.marks import Marked, Path, quoted
from portal import checks, gene_files, model
from portal.problems import Place, Problem, nearest

M = TypeVar("M", bound=BaseModel)

NOUNS: dict[type[BaseModel], str] = {
    model.Study: "a study", model.StudyComponent: "a component", model.Samples: "samples", model.Join: "a join",
    model.PhenotypeColumn: "a phenotype column", model.Phenotype: "a phenotype", model.Term: "a term", model.Person: "a person",
    model.Publication: "a publication", model.Protocol: "a protocol", model.Biosample: "a biosample", model.Specimen: "a specimen",
    model.Acquisition: "an acquisition", model.AnalysedData: "analysed data", model.Correlation: "a correlation",
    model.Channel: "a channel", model.Images: "images", model.Size: "size", model.File: "a file", model.Origin: "origin",
    model.Event: "an event", model.Counted: "a rule of counted", model.Portal: "a portal", model.LinkTemplate: "a link",
    checks.Check: "a check", checks.CheckSource: "a source", checks.CheckFigure: "a figure", checks.CheckRow: "a row",
    checks.CheckSum: "a sum", gene_files.GeneFile: "a gene file", gene_files.GeneColumns: "the columns of a gene file",
    gene_files.LongForm: "a long form", gene_files.OrthologFile: "an ortholog file",
}  # fmt: skip

# How a value looks, for a key that is missing or has the wrong shape.
EXAMPLES = {
    "accession": "idr0002", "title": "Mitotic condensation screen in HeLa cells", "name": "screenA", "kind": "screen",
    "table": "screenA/library.txt", "on": "siRNA Identifier", "column": "Phenotype 1", "phenotype": "shorter prophase",
    "last_name": "Curie", "source": "images/*.ome.tif", "date": "2016-05-26", "released": "2016-05-26", "imported": "2016-05-26",
    "what": "first release", "description": "what was done", "pattern": "ENSG\\d+", "url": "https://example.org/{id}",
    "study": "S-EX1",
    "sql": "SELECT study, count(*) AS value FROM samples GROUP BY study",
    "says": "on a plate that was loaded",
}  # fmt: skip

_OF: dict[tuple[type[BaseModel] | None, str], str] = {
    (model.Term, "name"): "Homo sapiens", (model.Phenotype, "name"): "shorter prophase", (model.Channel, "name"): "DAPI",
    (model.Protocol, "name"): "growth protocol", (model.AnalysedData, "name"): "nuclear area", (model.LinkTemplate, "name"): "Ensembl",
    (model.Counted, "column"): "Plate", (model.Portal, "title"): "Images of our institute",
    (model.Publication, "title"): "Condensation in living cells",
    (checks.Check, "title"): "Table 1 of the paper", (checks.CheckFigure, "name"): "targets", (checks.CheckFigure, "label"): "Targets",
    (checks.CheckFigure, "says"): "Samples, controls included.",
    (checks.CheckSource, "title"): "Williams et al., Nature Methods 2017", (checks.CheckSource, "url"): "https://example.org/paper",
    (gene_files.GeneFile, "table"): "genes/hgnc.tsv", (gene_files.OrthologFile, "table"): "genes/orthologs.tsv",
    (gene_files.GeneFile, "source"): "HGNC, July 2025", (gene_files.OrthologFile, "source"): "eggNOG 4.5",
    (gene_files.GeneFile, "organism"): "Homo sapiens", (gene_files.GeneFile, "columns"): "{symbol: Symbol, synonyms: Aliases}",
    (gene_files.OrthologFile, "columns"): "{Homo sapiens: Human, Saccharomyces cerevisiae: Yeast}",
    (gene_files.LongForm, "record"): "1", (gene_files.LongForm, "property"): "2", (gene_files.LongForm, "value"): "3",
    (model.Origin, "source"): "IDR", (model.Images, "pattern"): '"{plate}_{well}_{field}.tif"',
}  # fmt: skip

# What a value that does not match its pattern should look like: field → (what it is not, how to write it).
PATTERNS = {
    "orcid": ("an ORCID", "it as 0000-0002-1825-0097"),
    "pubmed": ("a PubMed id", "it as 24943848"),
    "pmc": ("a PMC id", "it as PMC4263453"),
    "colour": ("a colour", 'it as "#00ff00"'),
    "sha256": ("a SHA-256 digest", "it as 64 lower-case hexadecimal digits"),
    "url": ("an address", "one beginning with https://, http://, s3:// or ftp://"),
}
# A number outside its limits: what it is, and how to mend it.
_LIMITS = {
    "gt": ("not more than", "a number more than"), "ge": ("less than", "at least"),
    "lt": ("not less than", "a number less than"), "le": ("more than", "at most"),
}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Said:
    """What is wrong and how to mend it; `key` where the place is the key, not the value."""

    what: str
    mend: str
    key: bool = False


def validated(kind: type[M], marked: Marked, file: str) -> tuple[M | None, list[Problem]]:
    """The model, or None with every problem of it. Values already told of as broken are not told of again."""
    if not isinstance(marked.root, dict):
        if marked.root is None:
            return None, [Problem(Place(file), "is empty", f"describe {NOUNS[kind]} here")]
        return None, [Problem(marked.place(file, ()), f"is {shape(marked.root)}", "write keys, such as 'title: …'")]
    problems: list[Problem] = []

    def tell(path: Path, said: Said) -> None:
        problems.append(Problem(marked.place(file, path, key=said.key), said.what, said.mend))
        marked.broken.add(path)

    found = None
    try:
        found = kind.model_validate(_prepared(marked.root, kind, (), tell))
    except ValidationError as error:
        told: set[Path] = set()
        for detail in error.errors(include_url=False):
            path = _real_path(marked, detail)
            if path in told or marked.is_broken(path):
                continue
            if detail["type"] == "string_type" and isinstance(marked.at(path), list) and _may_be_listed(type_at(kind, path)):
                continue  # One text or a list of them: what is wrong is told of the list.
            if detail["type"] == "too_short" and marked.at(path):
                continue  # Its members are wrong, and told of: pydantic counts what is left.
            told.add(path)
            said = _said(kind, marked, path, detail)
            place = marked.place(file, path, key=said.key)
            problems.append(Problem(place, said.what, said.mend))
        marked.broken |= told
    return (None if problems else found), problems


def shape(value: object) -> str:
    return "empty" if value is None else "a list" if isinstance(value, list) else "a group of keys" if isinstance(value, dict) else "text"


# ---- the model's types, walked beside the data


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a type: `Annotated[X, …] | None` → X, NoneType."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _members(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _members(part)
    else:
        yield annotation


def model_of(annotation: Any) -> type[BaseModel] | None:
    return next((m for m in _members(annotation) if isinstance(m, type) and issubclass(m, BaseModel)), None)


def _may_be_listed(annotation: Any) -> bool:
    return any(typing.get_origin(m) is tuple for m in _members(annotation))


def _inside(annotation: Any, part: str | int) -> Any:
    """The type of the value at a key or index of a value of this type; None where the type has no such place."""
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            if isinstance(part, str) and part in member.model_fields:
                return member.model_fields[part].annotation
        elif typing.get_origin(member) is tuple and isinstance(part, int):
            args = typing.get_args(member)
            return args[0] if len(args) == 2 and args[1] is Ellipsis else args[part] if part < len(args) else None
        elif typing.get_origin(member) is dict and isinstance(part, str):
            return typing.get_args(member)[1]
    return None


def type_at(kind: type[BaseModel], path: Path) -> Any:
    """The annotation that the model has at a path of the data; None where it knows no such place."""
    annotation: Any = kind
    for part in path:
        annotation = _inside(annotation, part)
    return annotation


def _prepared(value: Any, annotation: Any, path: Path, tell: Any) -> Any:
    """The data as pydantic shall see it: keys left blank are left out, dates and numbers are checked for their form.

    pydantic would take `2016` for seconds since 1970, and `inf` for a pixel size.
    """
    if isinstance(value, dict):
        kind = model_of(annotation)
        out = {}
        for key, inner in value.items():
            known = kind.model_fields.get(key) if kind else None
            if inner is None and known is not None and not known.is_required():
                continue
            if inner is None and (kind is None or known is not None):
                tell((*path, key), Said("is empty", _write(kind, key), key=True))
                continue
            out[key] = _prepared(inner, _inside(annotation, key), (*path, key), tell)
        return out
    if isinstance(value, list):
        return [_prepared(inner, _inside(annotation, at), (*path, at), tell) for at, inner in enumerate(value)]
    if isinstance(value, str) and annotation is not None:
        leaves = set(_members(annotation))
        said = None
        if date in leaves and not _DATE.fullmatch(value.strip()):
            said = _not_a_date(value)
        elif int in leaves and not _WHOLE.fullmatch(value.strip()):
            said = Said(f"{quoted(value)} is not a whole number", "write digits alone")
        elif float in leaves and not _DECIMAL.fullmatch(value.strip()):
            said = Said(f"{quoted(value)} is not a number", "write it as 0.65, without a unit")
        if said:
            tell(path, said)
    return value


# ---- pydantic's errors in words


def _real_path(marked: Marked, detail: Any) -> Path:
    """pydantic's `loc` without the names of union members and `[key]`, which are no places in the file."""
    path: Path = ()
    value = marked.root
    for part in detail["loc"]:
        if isinstance(value, dict) and part in value or isinstance(value, list) and isinstance(part, int) and part < len(value):
            path, value = (*path, part), value[part]
        elif detail["type"] == "missing" and part == detail["loc"][-1] and isinstance(part, str):
            return (*path, part)  # A missing one of a fixed number of values is told of the list.
    return path


def _said(kind: type[BaseModel], marked: Marked, path: Path, detail: Any) -> Said:
    value = marked.at(path)
    field = next((p for p in reversed(path) if isinstance(p, str)), "")
    context: Mapping[str, Any] = detail.get("ctx") or {}
    owner = model_of(type_at(kind, path[:-1])) if path else None
    match detail["type"]:
        case "missing":
            if owner is None or isinstance(value, list):
                return Said("has too few values", "write two numbers, such as [100, 4000]")
            return Said("is missing", _write_field(owner, field))
        case "extra_forbidden":
            return _unknown_key(kind, owner, field)
        case "literal_error":
            words = [w for m in _members(type_at(kind, path)) if typing.get_origin(m) is typing.Literal for w in typing.get_args(m)]
            return Said(f"{quoted(value)} is not a word that can stand here", nearest(str(value), words, "write " + " or ".join(words)))
        case "value_error":
            what, _, mend = str(context["error"]).partition("; ")
            return Said(f"{quoted(value)} {what}", mend or "mend it")
        case "string_pattern_mismatch":
            name, example = PATTERNS.get(field, ("of the form asked for", f"it to match {context.get('pattern')}"))
            if field in ("pubmed", "pmc") and (digits := re.fullmatch(r"\D*(\d{4,9})", str(value).strip())):
                example = ("PMC" if field == "pmc" else "") + digits[1]
            return Said(f"{quoted(value)} is not {name}", f"write {example}")
        case "string_too_short":
            return Said("is empty", _write(owner, field))
        case "string_too_long":
            return Said(f"has {len(str(value)):,} characters", f"write at most {context['max_length']:,}")
        case "too_short":
            return Said("is empty", "describe at least one screen or experiment" if field == "components" else "write at least one")
        case "too_long":
            return Said("has too many values", f"write {context.get('max_length', 'fewer')}")
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            key = next(k for k in _LIMITS if k in context)
            what, mend = _LIMITS[key]
            return Said(f"{quoted(value)} is {what} {context[key]:g}", f"write {mend} {context[key]:g}")
        case "bool_parsing" | "bool_type":
            return Said(f"{quoted(value)} is neither true nor false", "write true or false")
        case "date_from_datetime_parsing" | "date_parsing" | "date_type" | "date_from_datetime_inexact":
            return _not_a_date(value)
    return _wrong_shape(kind, path, value, field)


def _wrong_shape(kind: type[BaseModel], path: Path, value: Any, field: str) -> Said:
    """A list where a text is asked for, and so on."""
    wanted = type_at(kind, path)
    members = [m for m in _members(wanted) if m is not types.NoneType]
    listed = any(typing.get_origin(m) is tuple for m in members)
    inner = model_of(wanted)
    if value is None:
        return Said("is empty", "write a value, or remove the '-'" if path and isinstance(path[-1], int) else _write(None, field), key=True)
    shown = f"{quoted(value)} is text" if isinstance(value, str) else f"is {shape(value)}"
    if inner is not None and not listed:
        first = next(iter(inner.model_fields))
        hint = f"'{first}: {value}'" if isinstance(value, str) and len(value) < 40 else f"'{first}: …'"
        return Said(shown, f"write the keys of {NOUNS[inner]}, such as {hint}")
    if any(typing.get_origin(m) is dict for m in members):
        return Said(shown, "write keys, such as 'plate: Plate'" if field == "columns" else "write keys and values")
    if listed and isinstance(value, str) and len(value) < 40 and not re.search(r"[\[\]{},#]|: ", value):
        entry = next((m for w in members if typing.get_origin(w) is tuple and (m := model_of(typing.get_args(w)[0]))), None)
        one = f"{{{next(iter(entry.model_fields))}: {value}}}" if entry is not None else value
        return Said(shown, f"write a list, such as [{one}]")
    if listed:
        return Said(shown, "write a list, a line beginning with '- ' for each")
    return Said(shown, f"write one text, such as {EXAMPLES[field]}" if field in EXAMPLES else "write one text")


def _unknown_key(kind: type[BaseModel], owner: type[BaseModel] | None, key: str) -> Said:
    if owner is None:
        return Said("is not a key that can stand here", "remove it", key=True)
    known = list(owner.model_fields)
    mend = nearest(key, known, "-")
    if mend == "-":
        # Perhaps the right word in the wrong place: only where one kind of thing alone has it.
        homes = [m for m in NOUNS if m is not owner and key in m.model_fields and m in _reach(kind)]
        mend = f"it belongs to {' or '.join(NOUNS[h] for h in homes)}" if 0 < len(homes) < 3 else f"write one of {', '.join(known[:14])}"
    return Said(f"is not a key of {NOUNS[owner]}", mend, key=True)


def _reach(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """Every model that a model holds."""
    found: set[type[BaseModel]] = set()
    todo = [kind]
    while todo:
        here = todo.pop()
        if here in found:
            continue
        found.add(here)
        for field in here.model_fields.values():
            for member in _members(field.annotation):
                inner = member if typing.get_origin(member) is None else next(iter(typing.get_args(member)), None)
                if (m := model_of(inner)) is not None:
                    todo.append(m)
    return found


def _not_a_date(value: object) -> Said:
    text = str(value).strip()
    if m := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text):
        # Only where day and month cannot be taken for each other.
        first, second = int(m[1]), int(m[2])
        if 12 < first <= 31 and 1 <= second <= 12:
            return Said(f"{quoted(value)} is not a date", f"write {m[3]}-{second:02}-{first:02}")
        if 12 < second <= 31 and 1 <= first <= 12:
            return Said(f"{quoted(value)} is not a date", f"write {m[3]}-{first:02}-{second:02}")
    return Said(f"{quoted(value)} is not a date", "write it as 2016-05-26")


def _example(owner: type[BaseModel] | None, field: str) -> str | None:
    return _OF.get((owner, field), EXAMPLES.get(field))


def _write(owner: type[BaseModel] | None, field: str) -> str:
    example = _example(owner, field)
    return f"write a value, such as {example}" if example else "write a value, or remove the line"


def _write_field(owner: type[BaseModel], field: str) -> str:
    if field == "components":
        return "describe at least one screen or experiment under 'components:'"
    if field == "columns":
        return "write 'columns:' and under it which column of the table is what, such as 'plate: Plate'"
    return f"write '{field}: {_example(owner, field) or '…'}'"
