"""The study list, with its groups by organism, imaging method and type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue, StudyLine
from portal.model import Term
from portal.pages import asked_studies
from portal.pages.cite import short_authors
from portal.pages.licences import licence
from portal.pages.render import Page, opened, read


@dataclass(frozen=True)
class Group:
    """Studies that share a value. `anchor` is unique on the page."""

    name: str
    anchor: str
    address: str
    lines: tuple[StudyLine, ...]


@dataclass(frozen=True)
class Grouping:
    key: str
    title: str
    groups: tuple[Group, ...]


def grouping(key: str, title: str, studies: Sequence[StudyLine], values: Callable[[StudyLine], Iterable[Term]]) -> Grouping:
    """Groups of one kind, the largest first; a study can stand in several, and one that says nothing in `not stated`."""
    by: dict[str, list[StudyLine]] = {}
    terms: dict[str, Term] = {}
    for study in studies:
        told = list(values(study))
        for term in told or [Term(name="not stated")]:
            # Names that differ by capitals are one value: sources write `Fluorescence microscopy` too.
            folded = term.name.casefold()
            terms.setdefault(folded, term)
            its = by.setdefault(folded, [])
            if study not in its:
                its.append(study)
    ranked = sorted(by, key=lambda k: (k == "not stated", -len(by[k]), k))
    return Grouping(
        key,
        title,
        tuple(
            Group(
                terms[k].name,
                f"{key}-{addresses.slug(terms[k].name)}",
                addresses.organism(addresses.term_slug(terms[k].term, terms[k].name)) if key == "organism" and terms[k].term else "",
                tuple(by[k]),
            )
            for k in ranked
        ),
    )


def groupings(studies: Sequence[StudyLine]) -> list[Grouping]:
    return [
        grouping("organism", "Organism", studies, lambda s: s.organisms),
        grouping("method", "Imaging method", studies, lambda s: s.methods),
        grouping("type", "Study type", studies, lambda s: s.study_types),
    ]


@dataclass(frozen=True)
class StudyRow:
    """A study in the list, with the values that the filters read."""

    line: StudyLine
    address: str
    by: str
    values: dict[str, str]


def row(line: StudyLine) -> StudyRow:
    def joined(names: Iterable[str]) -> str:
        return "|".join(n.replace("|", "/") for n in names)

    terms = licence(line.licence)
    year = line.year or (int(line.released[:4]) if line.released else None)
    by = " · ".join(p for p in (short_authors(line.authors, 3), str(year or ""), terms.name if terms else "no licence stated") if p)
    return StudyRow(
        line,
        addresses.study(line.accession),
        by,
        {
            "organism": joined(t.name for t in line.organisms),
            "method": joined(t.name for t in line.methods),
            "type": joined(t.name for t in line.study_types),
            "kind": joined(line.kinds),
            "licence": terms.name if terms else "",
            "year": str(year or ""),
        },
    )


@recipe("code")
def studies(work: Work) -> dict[str, bytes]:
    """`studies/`. Inputs after templates and frame: {catalogue.json}."""
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    newest = sorted(catalogue.studies, key=lambda s: s.accession)
    newest.sort(key=lambda s: s.released or "", reverse=True)
    page = Page(
        address=addresses.STUDIES,
        title="Studies",
        kind="studies",
        style="lists",
        scripts=("list",),
        description=f"{len(newest)} studies, by organism, imaging method and type.",
    )
    return site.page(
        "studies.html",
        page,
        rows=[row(s) for s in newest],
        groupings=groupings(newest),
        samples=sum(s.samples for s in newest),
        addresses={s.accession: addresses.study(s.accession) for s in newest},
        sql_all=asked_studies.ALL,
        sql_studies=asked_studies.STUDIES,
    )
