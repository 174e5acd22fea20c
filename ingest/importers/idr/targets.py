"""Where the values of study.txt stand in study.yaml, and the proof that they do.

For every key that has a place in the model: its paths, and how to recognise one of its values there (`FBbi_00000246` stands as
`FBbi:00000246`, `Plates: 68` as `68`). An entry is mapped only where each of its values is found; the others are kept whole
under `source:`. So nothing is lost through a value that the mapping overlooked, and the ledger claims nothing that is not so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.importers.idr import vocabulary
from ingest.importers.idr.study_txt import Block, Entry
from ingest.importers.idr.writing import clean
from portal.ledger import KeyBlock, KeyLine


@dataclass(frozen=True)
class Here:
    """A block's data in the study's. `at`: which component it is, from 0; None for the study itself. Nothing at the targets' paths
    changes once it has been asked for.
    """

    study: dict[str, Any]
    block: dict[str, Any]
    at: int | None = None
    _stands: dict[tuple[tuple[str, ...], Same | None], Texts] = field(default_factory=dict, compare=False, repr=False)

    def texts(self, path: str) -> list[str]:
        """All texts at a dotted path; lists have no step of their own. A path that begins with `/` is below the top of study.yaml."""
        found: list[Any] = [self.study if path.startswith("/") else self.block]
        for step in path.removeprefix("/").split("."):
            inside = [f[step] for f in found if isinstance(f, Mapping) and step in f]
            found = [v for f in inside for v in (f if isinstance(f, list) else [f])]
        return [f for f in found if isinstance(f, str)]

    def at_paths(self, paths: tuple[str, ...], same: Same | None) -> Texts:
        """The texts at all of the paths, looked up once: a key may stand on thousands of lines."""
        if (paths, same) not in self._stands:
            self._stands[paths, same] = Texts.of([text for path in paths for text in self.texts(path)], same)
        return self._stands[paths, same]


@dataclass(frozen=True)
class Same:
    """A value and a text are the same where one of the value's forms is one of the text's."""

    value: Callable[[str], Iterable[str]]
    text: Callable[[str], Iterable[str]] = lambda text: [text]


@dataclass(frozen=True)
class Texts:
    """Texts of study.yaml, in their order, and which of them have a form."""

    every: tuple[str, ...]
    known: frozenset[str]
    by_form: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, texts: Iterable[str], same: Same | None) -> Texts:
        every = tuple(texts)
        forms: dict[str, list[int]] = {}
        for at, text in enumerate(every if same else ()):
            for form in set(same.text(text) if same else ()):
                forms.setdefault(form, []).append(at)
        return cls(every, frozenset(every), {form: tuple(at) for form, at in forms.items()})

    def times(self, forms: Iterable[str]) -> int:
        """How many of the texts have one of the forms."""
        found = [self.by_form[form] for form in set(forms) if form in self.by_form]
        return len(found[0]) if len(found) == 1 else len({at for some in found for at in some})


Stands = Callable[[str, Texts, Here], bool]


@dataclass(frozen=True)
class Target:
    """`paths` as the ledger tells them, and how a value is recognised there.

    same: when a text there is the value, in our spelling; once: it is written once however often the source repeats it.
    stands(value, texts, here): whether the texts together are the value, where it is no single one.
    """

    paths: tuple[str, ...]
    same: Same | None = None
    stands: Stands | None = None
    once: bool = False

    def holds(self, values: Iterable[str], here: Here, path: str | None = None) -> bool:
        """Whether each of the values stands at the paths (or at one of them), as often as it is written."""
        texts = here.at_paths(self.paths if path is None else (path,), self.same)
        return all(self._holds(value, 1 if self.once else times, texts, here) for value, times in Counter(values).items())

    def _holds(self, value: str, times: int, texts: Texts, here: Here) -> bool:
        if self.same is not None and texts.times(self.same.value(value)) >= times:
            return True
        return self.stands is not None and self.stands(value, texts, here)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _if(read: str | None) -> list[str]:
    return [] if read is None else [read]


_as_written = Same(lambda value: [_flat(value)], lambda text: [_flat(text)])


def _in_parts(value: str, texts: Texts, here: Here) -> bool:
    """Keywords and roles may stand in one cell."""
    parts = [p.strip() for p in re.split(r"[;,]", value) if p.strip()]
    return len(parts) > 1 and texts.known.issuperset(parts)


def _one_accession(value: str) -> list[str]:
    """A bare number is that of any ontology: what stands before it is said elsewhere."""
    if re.fullmatch(r"\d+", value):
        return [f"#{value.lstrip('0')}"]
    read = vocabulary.curies(value) or ()
    return list(read) if len(read) == 1 else []


_accession = Same(_one_accession, lambda text: [text, f"#{text.rpartition(':')[2].lstrip('0')}"])


def _accessions(value: str, texts: Texts, here: Here) -> bool:
    """Several in one cell."""
    read = vocabulary.curies(value) or ()
    return len(read) > 1 and texts.known.issuperset(read)


def _prefixes(value: str) -> list[str]:
    """A "Term Source REF" stands as the prefix of the accession beside it."""
    return [p.casefold() for p in (value, *(curie.partition(":")[0] for curie in vocabulary.curies("1", value) or ()))]


_prefix = Same(_prefixes, lambda text: [text.partition(":")[0].casefold()] if ":" in text else [])
_doi = Same(lambda value: _if(vocabulary.doi(value)))
_pmc = Same(lambda value: [f"PMC{m[1]}"] if (m := re.fullmatch(r"(?:PMC)?\s*(\d{1,9})", value, re.IGNORECASE)) else [])
_orcid = Same(lambda value: _if(vocabulary.orcid(value)))
_licence = Same(lambda value: _if(vocabulary.licence(value, "")))
# A table by its name; IDR packs the largest and goes on naming them without `.gz`.
_file = Same(lambda value: [_flat(value), f"{value}.gz"], lambda text: [_flat(text), text.rpartition("/")[2]])


def _size(value: str, texts: Texts, here: Here) -> bool:
    """`Plates: 68`, or the number of one that was written into two cells, or a label that was left without one."""
    label, colon, number = (part.strip() for part in value.partition(":"))
    if colon and not number:
        return bool(texts.every) and bool(vocabulary.size((f"{label}: 1",))[0])
    cells = (value,) if colon else tuple(f"{label}: {value}" for label in ("Planes", "Total Tb", "Average Image Dimension"))
    return any(read and texts.known.issuperset(read.values()) for cell in cells for read in [vocabulary.size((cell,))[0]])


def _linked(value: str, texts: Texts, here: Here) -> bool:
    """`Plate_Well`, which is joined on Plate and Well."""
    return value == "_".join(texts.every)


def _name(value: str, texts: Texts, here: Here) -> bool:
    """`idr0002-heriche-condensation/screenA` is made of three of ours."""
    label = here.study.get("label")
    study = f"{here.study.get('accession')}-{label}" if label else here.study.get("accession")
    return value in (f"{study}/{here.block.get('name')}", here.block.get("name"))


def _number(value: str, texts: Texts, here: Here) -> bool:
    """A component's number is its place, among all components or those of its kind."""
    components = here.study.get("components", [])
    if here.at is None or here.at >= len(components):
        return False
    before = [c.get("kind") for c in components[: here.at + 1]]
    return value in (str(len(before)), str(before.count(before[-1])))


def _count_of(kind: str) -> Stands:
    return lambda value, texts, here: value == str(texts.every.count(kind))


def _at(*paths: str, by: Same = _as_written, together: Stands | None = None, once: bool = False) -> Target:
    return Target(paths, by, together, once)


def _made(*paths: str, by: Stands) -> Target:
    return Target(paths, stands=by)


def _terms(key: str, path: str) -> dict[str, Target]:
    return {
        key: _at(f"{path}.name"),
        f"{key} Term Source REF": _at(f"{path}.term", by=_prefix),
        f"{key} Term Accession": _at(f"{path}.term", by=_accession, together=_accessions),
    }


_SIZES = tuple(f"size.{part}" for part in ("plates", "datasets", "images_5d", "planes", "dimensions", "terabytes"))

TARGETS: dict[str, Target] = {
    "Comment[IDR Study Accession]": _at("accession"),
    "Study Title": _at("title"),
    "Study Description": _at("description"),
    **_terms("Study Type", "study_type"),
    "Study Key Words": _at("keywords", together=_in_parts, once=True),
    **_terms("Study Organism", "organisms"),
    "Study Screens Number": _made("components.kind", by=_count_of("screen")),
    "Study Experiments Number": _made("components.kind", by=_count_of("experiment")),
    "Study External URL": _at("links", once=True),
    "Study Public Release Date": _at("released"),
    "Study Publication Title": _at("publications.title"),
    "Study Author List": _at("publications.authors"),
    "Study DOI": _at("publications.doi", by=_doi),
    "Study PubMed ID": _at("publications.pubmed"),
    "Study PMC ID": _at("publications.pmc", by=_pmc),
    "Study License": _at("licence", by=_licence),
    "Study License URL": _at("licence_url"),
    "Study Copyright": _at("copyright"),
    "Study Data DOI": _at("data_doi", by=_doi, once=True),
    "Study Person Last Name": _at("people.last_name"),
    "Study Person First Name": _at("people.first_name", "people.last_name"),
    "Study Person Email": _at("people.email"),
    "Study Person Address": _at("people.address"),
    "Study Person ORCID": _at("people.orcid", by=_orcid),
    "Study Person Roles": _at("people.roles", together=_in_parts),
    "Component Number": _made("/components.name", by=_number),
    "Component Name": _made("name", "/label", "/accession", by=_name),
    "Component Description": _at("description"),
    "Component Sample Type": _at("sample_type"),
    "Component Size": _made(*_SIZES, by=_size),
    "Component Example Images": _at("example_images", once=True),
    "Component Data DOI": _at("/data_doi", by=_doi, once=True),
    **_terms("Component Organism", "organisms"),
    **_terms("Component Imaging Method", "imaging_method"),
    **_terms("Component Technology Type", "technology"),
    **_terms("Component Type", "component_type"),
    "Library File Name": _at("samples.table", by=_file),
    "Experiment Assay File": _at("samples.table", by=_file),
    "Feature Level Data File Name": _at("analysed_data.name", by=_file),
    "Feature Level Data File Description": _at("analysed_data.description"),
    "Processed Data File Name": _at("samples.join.table", "analysed_data.name", by=_file),
    "Processed Data File Description": _at("analysed_data.description"),
    "Processed Data Column Link To Library File": _at("samples.join.on", together=_linked),
    "Processed Data Column Link To Assay File": _at("samples.join.on", together=_linked),
    "Protocol Name": _at("protocols.name"),
    "Protocol Type": _at("protocols.type.name", "protocols.name"),
    "Protocol Type Term Source REF": _at("protocols.type.term", by=_prefix),
    "Protocol Type Term Accession": _at("protocols.type.term", by=_accession, together=_accessions),
    "Protocol Description": _at("protocols.description"),
    "Phenotype Name": _at("phenotypes.name"),
    "Phenotype Description": _at("phenotypes.description"),
    "Phenotype Score Type": _at("phenotypes.score_type"),
    "Phenotype Term Source REF": _at("phenotypes.term", "phenotypes.terms.term", by=_prefix),
    "Phenotype Term Name": _at("phenotypes.term_name", "phenotypes.terms.name"),
    "Phenotype Term Accession": _at("phenotypes.term", "phenotypes.terms.term", by=_accession, together=_accessions),
}


def keep_the_rest(block: Block, here: Here) -> None:
    """Marks the entries that study.yaml does not hold whole, so that they are kept under `source:`."""
    block.kept.update(at for at, entry in enumerate(block.entries) if entry.filled and not _is_mapped(entry, here))


def key_lines(block: Block, here: Here, component: str | None) -> KeyBlock:
    """The account of a block's entries against the study.yaml that was written."""
    return KeyBlock(component=component, entries=tuple(_line(entry, at in block.kept, here) for at, entry in enumerate(block.entries)))


def _line(entry: Entry, is_kept: bool, here: Here) -> KeyLine:
    where = ", ".join(_places(entry, here)) or None
    told = {"line": entry.line, "key": entry.written, "values": len(entry.filled), "hints": entry.hints}
    if not entry.filled:
        return KeyLine(**told, fate="empty")
    return KeyLine(**told, fate="kept" if is_kept else "mapped", to=where)


def _is_mapped(entry: Entry, here: Here) -> bool:
    target = TARGETS.get(entry.key)
    if target is None:
        return False
    return target.holds(map(clean, entry.filled), here)


def _places(entry: Entry, here: Here) -> list[str]:
    """The paths at which at least one of the entry's values stands."""
    target = TARGETS.get(entry.key)
    if target is None:
        return []
    some = [v for v in dict.fromkeys(map(clean, entry.filled)) if target.holds([v], here)]
    found = [path for path in target.paths if any(target.holds([v], here, path) for v in some)]
    # A value that is made of several texts is at none of them alone.
    return found or [path for path in target.paths if some and here.texts(path)]
