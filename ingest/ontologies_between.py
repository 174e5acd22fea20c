"""What is wrong between the files of terms: each may be in order, and what they make together not.

They are put together by the class that the pages and tables are made with, so that what is told here is what is left out there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ingest.marks import quoted
from ingest.ontology_limits import Told, listed, named
from portal.ontology import MAX_DEPTH, OntologyFile, OntologyTerm
from portal.problems import Place, Problem
from portal.warehouse.ontology import Ontologies
from portal.warehouse.term_nodes import slug_of

_FIRST = "mend these first"


def across(files: Sequence[OntologyFile]) -> list[Problem]:
    """Parents that no file defines, terms that two define, circles, terms too far down to be counted at the root, and terms whose pages
    would be at one address.
    """
    ontologies = Ontologies(files)
    return [
        *_twice(files), *_loose(files, ontologies), *_circles(files, ontologies), *_too_deep(ontologies), *_one_address(files, ontologies)
    ]  # fmt: skip


def _twice(files: Sequence[OntologyFile]) -> list[Problem]:
    owner: dict[str, str] = {}
    twice: dict[tuple[str, str], list[OntologyTerm]] = defaultdict(list)
    for f in files:
        for term in f.terms:
            if owner.setdefault(term.accession, f.file) != f.file:
                twice[f.file, owner[term.accession]].append(term)
    return [
        Problem(
            Place(file, terms[0].line),
            f"defines {named(terms[0].accession)}{f' and {len(terms) - 1:,} more' if len(terms) > 1 else ''}, which {first} defines too",
            "keep one of the two files; the first by name counts", "warning",
        )
        for (file, first), terms in twice.items()
    ]  # fmt: skip


def _loose(files: Sequence[OntologyFile], ontologies: Ontologies) -> list[Problem]:
    told = {f.file: Told("more parents that no file defines", "add the file that does, or remove these is_a") for f in files}
    for f in files:
        for term in f.terms:
            for parent in term.parents:
                if parent not in ontologies:
                    what = f"stands below {named(parent)}, which no file defines"
                    mend = "add the file that does, or remove this is_a"
                    told[f.file].add(Problem(Place(f.file, term.line), what, mend, "warning"))
    return [p for file, found in told.items() for p in found.problems(file)]


def _circles(files: Sequence[OntologyFile], ontologies: Ontologies) -> list[Problem]:
    told = {f.file: Told("more circles across files or by replaced_by", _FIRST) for f in files}
    for accession, above in ontologies.closing.items():
        file, term = _where(ontologies, accession)
        ways = ("is_a", [p for p in above if p in term.parents]), ("replaced_by", [p for p in above if p not in term.parents])
        what = " and ".join(f"{tag} {listed(accessions)}" for tag, accessions in ways if accessions)
        what += f" {'makes' if len(above) == 1 else 'make'} {named(accession)} stand below itself"
        told[file].add(Problem(Place(file, term.line), what, "break the circle at one of its terms; this step is left out", "warning"))
    return [p for file, found in told.items() for p in found.problems(file)]


def _too_deep(ontologies: Ontologies) -> list[Problem]:
    """One warning for all files, at the first term that is further below a root than is counted."""
    depth: dict[str, int] = {}
    for first in ontologies:
        way = [first.accession]
        while way:
            here = way[-1]
            above = ontologies.above(here)
            waiting = [p for p in above if p not in depth]
            if waiting and here not in depth:
                way += waiting
                continue
            depth.setdefault(here, 1 + max((depth[p] for p in above), default=-1))
            way.pop()
    deep = [t for t in depth if depth[t] > MAX_DEPTH]
    if not deep:
        return []
    file, term = _where(ontologies, deep[0])
    what = f"stands {depth[deep[0]]} steps below its root" + (f", and {len(deep) - 1:,} more further than {MAX_DEPTH}" if deep[1:] else "")
    return [Problem(Place(file, term.line), what, f"ancestors further than {MAX_DEPTH} steps are left out", "warning")]


def _one_address(files: Sequence[OntologyFile], ontologies: Ontologies) -> list[Problem]:
    """Terms whose accessions make one address (capitals aside, a colon as an underscore): pages of terms above others that are used."""
    told = {f.file: Told("more terms whose page another one has", "change the accession of one of each two") for f in files}
    meet: dict[str, list[str]] = defaultdict(list)
    for term in ontologies:
        meet[slug_of(term.accession).casefold()].append(term.accession)
    for accessions in meet.values():
        # The order in which the pages of terms that no study uses are given out.
        first, *others = sorted(accessions)
        for accession in others:
            (file, term), (_, kept) = _where(ontologies, accession), _where(ontologies, first)
            what = f"{_full(term)} would have its page at '{quoted(slug_of(first), 60)[1:-1]}', as {_full(kept)} has"
            mend = "change one of the accessions; where studies use one of the two alone, the page is that one's"
            told[file].add(Problem(Place(file, term.line), what, mend, "warning"))
    return [p for file, found in told.items() for p in found.problems(file)]


def _where(ontologies: Ontologies, accession: str) -> tuple[str, OntologyTerm]:
    file, term = ontologies.file(accession), ontologies.term(accession)
    assert file is not None and term is not None, f"{accession} is of these files"
    return file.file, term


def _full(term: OntologyTerm) -> str:
    return f"{named(term.accession)} ({quoted(term.name, 60)})"
