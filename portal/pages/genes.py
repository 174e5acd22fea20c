"""Gene pages, one an organism and gene, and the lists to browse them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from portal import addresses, eaten
from portal.engine.step import Work, recipe
from portal.facts import Appearance, GeneFacts, GeneLine, PhenotypeCount
from portal.pages import prose
from portal.pages.places import Place, places, shown
from portal.pages.render import Crumb, Page, Site, opened, read

A_PAGE = 500
SHOWN_SAMPLES = 24
_GENES = TypeAdapter(list[GeneFacts])
_LINES = TypeAdapter(list[GeneLine])


@dataclass(frozen=True)
class Seen:
    """One component that sampled the gene. `found`: phenotype, its page where terms tell which, how many samples have it."""

    facts: Appearance
    address: str
    found: tuple[tuple[str, str, int], ...]
    in_controls: tuple[str, ...]
    places: tuple[Place, ...]
    unlisted: int


def _seen(a: Appearance) -> Seen:
    refs = shown(a.sample_refs, SHOWN_SAMPLES)
    return Seen(
        facts=a,
        address=addresses.component(a.study, a.component),
        found=tuple((p.name, _phenotype(p), p.samples_nc) for p in a.phenotypes if p.samples_nc),
        in_controls=tuple(p.name for p in a.phenotypes if p.samples and not p.samples_nc),
        places=places(a.study, a.component, refs),
        unlisted=a.more_samples + len(a.sample_refs) - len(refs),
    )


def _phenotype(count: PhenotypeCount) -> str:
    term = next((t.term for t in count.terms if t.term), None)
    return addresses.phenotype(addresses.term_slug(term, count.name)) if term else ""


def _links(site: Site, identifier: str, own: str) -> list[tuple[str, str]]:
    """Outside pages about an identifier: the one that a study names first, unless the portal itself knows a page of that site."""
    ours = site.identifier_links(identifier)
    own = prose.url(own)
    name = _site(own)
    return ours if not own or name in {_site(address) for _, address in ours} else [(name, own), *ours]


def _site(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def gene_page(site: Site, gene: GeneFacts) -> dict[str, bytes]:
    organism = gene.organism
    seen = sorted((_seen(a) for a in gene.appearances), key=lambda s: (not s.found, s.facts.study, s.facts.component))
    title = f"{gene.name} ({organism.name})" if organism else gene.name
    described = f"{title}: sampled in {len(seen)} components; a phenotype found in {sum(bool(s.found) for s in seen)}."
    page = Page(
        address=addresses.gene(gene.slug),
        title=title,
        kind="gene",
        style="record",
        description=described,
        crumbs=(Crumb("Genes", addresses.GENES),),
        here=gene.name,
    )
    return site.page(
        "gene.html",
        page,
        gene=gene,
        seen=seen,
        studies=len({s.facts.study for s in seen}),
        with_phenotype=sum(bool(s.found) for s in seen),
        evidence=any(s.facts.annotation_levels for s in seen),
        reagents=any(s.facts.reagents for s in seen),
        identifiers=[(i, _links(site, i, gene.links.get(i, ""))) for i in gene.identifiers],
        eaten=[(e, eaten.could_be(e.written)) for e in gene.eaten],
        symbol_links=site.identifier_links(gene.symbol) if gene.symbol else [],
        organism_address=addresses.organism(addresses.term_slug(organism.term, organism.name)) if organism else "",
    )


@recipe("code")
def genes(work: Work) -> dict[str, Path]:
    """`genes/<slug>/` of one bucket. Inputs after templates and frame: {genes.json}."""
    site = opened(work)
    out: dict[str, Path] = {}
    for gene in _GENES.validate_json(read(work, "genes.json")):
        out |= work.keep(gene_page(site, gene))
    return out


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


def parts(organism: str, lines: Iterable[GeneLine]) -> list[Part]:
    """The browse pages of one organism: by first character, cut at 500 genes."""
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
            found.append(Part(label, addresses.gene_list(organism or None, key if n == 1 else f"{key}-{n}"), tuple(page), letter))
    return found


def _apart(name: str, neighbour: str) -> str:
    """As much of a name as tells it from its neighbour on the next page, at least two letters."""
    n = next((n for n in range(2, len(name)) if not neighbour.upper().startswith(name[:n].upper())), len(name))
    return name[: min(n, 12)]


def organism_anchor(organism: str) -> str:
    """The part of a gene's address that tells organisms apart, as an anchor of the gene index."""
    return addresses.gene_slug("x", organism or None).partition("--")[2]


@recipe("code")
def gene_lists(work: Work) -> dict[str, bytes]:
    """`genes/` and `genes/<organism>/<part>/`. Inputs after templates and frame: the `lines` of the `entities` step."""
    site = opened(work)
    lines = _LINES.validate_json(read(work, "genes.json"))
    # Two spellings of an organism share one part of the address, so they share its list.
    by: dict[str, list[GeneLine]] = defaultdict(list)
    for line in lines:
        by[organism_anchor(line.organism)].append(line)
    listed = []
    out: dict[str, bytes] = {}
    for anchor, its in sorted(by.items(), key=lambda kv: (-len(kv[1]), kv[0])):
        organism = its[0].organism
        pages = parts(organism, its)
        top = sorted(its, key=_interest)[:8]
        listed.append(
            {
                "organism": organism,
                "anchor": anchor,
                "genes": len(its),
                "letters": letters(pages),
                "top": [(g, addresses.gene(g.slug)) for g in top if g.with_phenotype],
            }
        )
        for at, part in enumerate(pages):
            out |= _list_page(site, organism, anchor, pages, at, part)
    page = Page(
        address=addresses.GENES,
        title="Genes",
        kind="genes",
        style="lists",
        description=f"{len(lines):,} genes that samples of this portal target, by organism and name.",
    )
    return out | site.page("genes.html", page, listed=listed, total=len(lines))


def _interest(line: GeneLine) -> tuple[int, int, int, str]:
    return -(line.studies if line.with_phenotype else 0), -line.components, -line.with_phenotype, line.slug


def _list_page(site: Site, organism: str, anchor: str, pages: Sequence[Part], at: int, part: Part) -> dict[str, bytes]:
    name = organism or "no organism given"
    page = Page(
        address=part.address,
        title=f"Genes of {name}: {part.label}",
        kind="gene-list",
        style="lists",
        crumbs=(Crumb("Genes", addresses.GENES), Crumb(name, f"{addresses.GENES}#{anchor}")),
        here=part.label,
    )
    return site.page(
        "gene_list.html",
        page,
        organism=organism,
        part=part,
        letters=letters(pages),
        within=[p for p in pages if p.letter == part.letter],
        before=pages[at - 1] if at else None,
        after=pages[at + 1] if at + 1 < len(pages) else None,
        lines=[(g, addresses.gene(g.slug)) for g in part.lines],
    )
