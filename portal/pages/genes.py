"""Lists to browse genes, proteins, compounds and antibodies by: by organism where a kind has one, then by first letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from portal import addresses
from portal.addresses import plural
from portal.engine.step import Work, recipe
from portal.facts import EntityKind, GeneLine
from portal.pages.entities import LISTS
from portal.pages.render import Crumb, Page, Site, given, opened, read

A_PAGE = 500
_LINES = TypeAdapter(list[GeneLine])


@dataclass(frozen=True)
class Part:
    """A browse page: `label` is what its genes begin with; `letter` gathers the pages of one first character."""

    label: str
    address: str
    lines: tuple[GeneLine, ...]
    letter: str


@dataclass(frozen=True)
class Letter:
    """A first character, with the address of its first page and how many genes begin so."""

    label: str
    address: str
    genes: int


def letters(pages: Iterable[Part]) -> list[Letter]:
    """The pages' letters, each once, in their order."""
    by: dict[str, list[Part]] = {}
    for p in pages:
        by.setdefault(p.letter, []).append(p)
    return [Letter(label, its[0].address, sum(len(p.lines) for p in its)) for label, its in by.items()]


def parts(organism: str, lines: Iterable[GeneLine], kind: EntityKind = "gene") -> list[Part]:
    """The browse pages of one kind and organism: by first character, cut at 500."""
    by: dict[str, list[GeneLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda g: (g.name.casefold(), g.name, g.slug)):
        first = line.name[:1].upper()
        by[first if "A" <= first <= "Z" else "0–9" if first.isdigit() else "other"].append(line)
    found = []
    for letter in sorted(by, key=lambda k: (k == "other", k)):
        key = "digits" if letter == "0–9" else letter.lower()
        its = by[letter]
        for n, at in enumerate(range(0, len(its), A_PAGE), 1):
            page = its[at : at + A_PAGE]
            label = letter
            if len(its) > A_PAGE:
                before, after = its[at - 1].name if at else "", its[at + A_PAGE].name if at + A_PAGE < len(its) else ""
                label = f"{_apart(page[0].name, before)}–{_apart(page[-1].name, after)}"
            address = addresses.entity_list(kind, organism or None, key if n == 1 else f"{key}-{n}")
            found.append(Part(label, address, tuple(page), letter))
    return found


def _apart(name: str, neighbour: str) -> str:
    """As much of a name as tells it from its neighbour on the next page, at least two letters."""
    n = next((n for n in range(2, len(name)) if not neighbour.upper().startswith(name[:n].upper())), len(name))
    return name[: min(n, 12)]


def organism_anchor(organism: str) -> str:
    """The part of a gene's address that tells organisms apart, as an anchor of the gene index."""
    return addresses.gene_slug("x", organism or None).partition("--")[2]


@recipe("code")
def entity_lists(work: Work) -> dict[str, bytes]:
    """`<kind>s/` and the lists below it, of every kind. Inputs after templates and frame: the `lines` of the `entities` step."""
    site = opened(work)
    out: dict[str, bytes] = {}
    found: dict[EntityKind, list[GeneLine]] = {}
    for kind in LISTS:
        name = f"{plural(kind)}.json"
        lines = _LINES.validate_json(read(work, name)) if given(work, name) else []
        if lines or kind == "gene":
            found[kind] = lines
    others = [(kind, plural(kind), LISTS[kind], len(lines)) for kind, lines in found.items()]
    for kind, lines in found.items():
        out |= _lists(site, kind, lines, [(of, to, n) for other, of, to, n in others if other != kind])
    return out


_ABOUT: dict[str, str] = {
    "gene": "target, one page each for a gene of an organism. The search finds a gene by any of its symbols and identifiers.",
    "protein": "label or look at, one page each for a protein of an organism.",
    "compound": "were treated with, one page each under whatever name.",
    "antibody": "were stained with, one page each by the identifier of its maker or registry.",
}


def _lists(site: Site, kind: EntityKind, lines: Sequence[GeneLine], others: Sequence[tuple[str, str, int]]) -> dict[str, bytes]:
    # Two spellings of an organism share one part of the address, so they share its list.
    by: dict[str, list[GeneLine]] = defaultdict(list)
    for line in lines:
        by[organism_anchor(line.organism)].append(line)
    listed = []
    out: dict[str, bytes] = {}
    for anchor, its in sorted(by.items(), key=lambda kv: (-len(kv[1]), kv[0])):
        organism = its[0].organism
        pages = parts(organism, its, kind)
        top = sorted(its, key=_interest)[:8]
        listed.append(
            {
                "organism": organism,
                "anchor": anchor,
                "genes": len(its),
                "letters": letters(pages),
                "top": [(g, addresses.entity(kind, g.slug)) for g in top if g.with_phenotype],
            }
        )
        for at, part in enumerate(pages):
            out |= _list_page(site, kind, organism, anchor, pages, at, part)
    title = plural(kind).capitalize()
    page = Page(
        address=LISTS[kind],
        title=title,
        kind="genes",
        style="lists",
        description=f"{len(lines):,} {plural(kind)} in samples of this portal, by name.",
    )
    return out | site.page(
        "genes.html", page, listed=listed, total=len(lines), kind=kind, kinds=plural(kind), about=_ABOUT[kind], others=others
    )


def _interest(line: GeneLine) -> tuple[int, int, int, str]:
    return -(line.studies if line.with_phenotype else 0), -line.components, -line.with_phenotype, line.slug


def _list_page(site: Site, kind: EntityKind, organism: str, anchor: str, pages: Sequence[Part], at: int, part: Part) -> dict[str, bytes]:
    of = addresses.of_organism(kind)
    name = (organism or "no organism given") if of else ""
    title = plural(kind).capitalize()
    page = Page(
        address=part.address,
        title=f"{title} of {name}: {part.label}" if name else f"{title}: {part.label}",
        kind="gene-list",
        style="lists",
        crumbs=(Crumb(title, LISTS[kind]), *((Crumb(name, f"{LISTS[kind]}#{anchor}"),) if name else ())),
        here=part.label,
    )
    return site.page(
        "gene_list.html",
        page,
        organism=organism,
        heading=name or title,
        kind=kind,
        kinds=plural(kind),
        part=part,
        letters=letters(pages),
        within=[p for p in pages if p.letter == part.letter],
        before=pages[at - 1] if at else None,
        after=pages[at + 1] if at + 1 < len(pages) else None,
        lines=[(g, addresses.entity(kind, g.slug)) for g in part.lines],
    )
