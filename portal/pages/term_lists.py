"""The lists of terms: phenotypes, organisms, imaging methods, study types, cell lines; and, where there is an ontology, as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from portal import addresses
from portal.engine.step import Work, recipe
from portal.ontology import MAX_DEPTH
from portal.pages.render import Page, Site, opened, read
from portal.pages.term_pages import WORDS
from portal.pages.term_queries import listed
from portal.terms import KINDS, Branch, TermKind, TermLine

MOST_BRANCHES = 800  # of a drawn tree; a term with two parents stands at both
_LINES = TypeAdapter(list[TermLine])

LEADS: dict[TermKind, str] = {
    "phenotype": "What authors saw in their samples. Samples and genes without controls; a term counts what is below it in the ontology.",
    "organism": "Organisms whose cells and tissues were imaged. Samples without controls.",
    "method": "How the images were made, as the studies say. A method counts the narrower ones below it.",
    "study type": "What kind of study it is, and the technology of its screens, as the studies say.",
    "cell line": "Cell lines as the authors write them. Spellings that differ by capitals, blanks and hyphens are one.",
}


@dataclass(frozen=True)
class Row:
    """`key`: the first column of the list's query."""

    line: TermLine
    address: str
    others: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    rows: Sequence[Row]


def _row(line: TermLine) -> Row:
    address = addresses.term(line.kind, line.slug)
    key = (line.accession or line.name) if line.kind in ("phenotype", "organism") else address
    return Row(line, address, tuple(w for w in line.words if w.casefold() != line.name.casefold()), key)


def order(line: TermLine) -> tuple[int, int, int, str, str]:
    return (-line.studies, -line.samples, -line.components, line.name.casefold(), line.slug)


def sections(kind: TermKind, lines: Sequence[TermLine]) -> list[Section]:
    """Used terms: those of several studies, of one, those declared and not seen; terms that only narrower ones fill are in the tree."""
    rows = [_row(line) for line in sorted(lines, key=order) if line.used]
    told = kind in ("phenotype", "organism", "cell line")  # sample by sample
    unseen = [r for r in rows if told and not r.line.samples]
    seen = [r for r in rows if r not in unseen]
    made = [
        Section("shared", "In more than one study", [r for r in seen if r.line.studies > 1]),
        Section("single", "In one study", [r for r in seen if r.line.studies <= 1]),
        Section("unseen", "Declared, but in no sample of the tables here", unseen),
    ]
    return [s for s in made if s.rows]


def tree(lines: Sequence[TermLine]) -> tuple[tuple[Branch, ...], int]:
    """All terms with a place in an ontology, from the roots down, and how many branches were left out with all that is below them: those
    past the bound, and those further down than is counted. Terms alone at a root are left out.
    """
    by_slug = {line.slug: line for line in lines}
    below: Mapping[str, list[TermLine]] = defaultdict(list)
    for line in sorted(lines, key=order):
        for parent in line.parents:
            if parent in by_slug:
                below[parent].append(line)
    drawn = cut = 0

    def grown(line: TermLine, way: tuple[str, ...]) -> Branch | None:
        nonlocal drawn, cut
        if drawn >= MOST_BRANCHES or len(way) > MAX_DEPTH:
            cut += 1
            return None
        drawn += 1
        branches = (grown(child, (*way, line.slug)) for child in below[line.slug] if child.slug not in way)
        return Branch(
            name=line.name, accession=line.accession, slug=line.slug, studies=line.studies, samples=line.samples,
            below=tuple(b for b in branches if b),
        )  # fmt: skip

    roots = [line for line in sorted(lines, key=order) if below[line.slug] and not any(p in by_slug for p in line.parents)]
    return tuple(b for line in roots if (b := grown(line, ()))), cut


def list_page(site: Site, kind: TermKind, lines: Sequence[TermLine]) -> dict[str, bytes]:
    words = WORDS[kind]
    branches, cut = tree(lines)
    used = [line for line in lines if line.used]
    page = Page(
        address=addresses.TERMS[kind],
        title=words.title,
        kind=words.many.replace(" ", "-"),
        style="terms",
        description=f"{len(used):,} {words.many}, by how many studies share them.",
    )
    return site.page(
        "terms.html",
        page,
        kind=kind,
        words=words,
        lead=LEADS[kind],
        sections=sections(kind, lines),
        total=len(used),
        accessions=sum(bool(line.accession) for line in used),
        most=max((line.samples for line in used), default=0),
        tree=branches,
        tree_cut=cut,
        folder=addresses.TERMS[kind],
        sql=listed(kind),
        kinds=[(WORDS[k].title, addresses.TERMS[k]) for k in KINDS],
    )


@recipe("code")
def term_lists(work: Work) -> dict[str, bytes]:
    """`phenotypes/`, `organisms/`, `methods/`, `study-types/`, `cell-lines/`. Input after templates and frame: {terms.json} (TermLine)."""
    site = opened(work)
    lines = _LINES.validate_json(read(work, "terms.json"))
    out: dict[str, bytes] = {}
    for kind in KINDS:
        out |= list_page(site, kind, [line for line in lines if line.kind == kind])
    return out
