"""A page for every term: what it means, where it stands in the ontology, and where it was seen, with and without narrower terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal import addresses
from portal.engine.step import Work, recipe
from portal.pages.asked import address as query_address
from portal.pages.genes import organism_anchor
from portal.pages.places import Place, places
from portal.pages.render import Crumb, Page, Site, opened
from portal.pages.term_queries import Asked, asked
from portal.terms import Met, Scope, Seen, TermFacts, TermGene, TermKind

GENES = 200  # listed on a page; where the page lists two scopes, the second has a quarter
EXAMPLES = 25  # components with links to samples
SEEN = 200


@dataclass(frozen=True)
class Words:
    """How a kind is called: one, several, and the section of its list."""

    one: str
    many: str
    title: str
    found: str  # heading of the phenotypes beside it


WORDS: dict[TermKind, Words] = {
    "phenotype": Words("phenotype", "phenotypes", "Phenotypes", "Seen together with"),
    "organism": Words("organism", "organisms", "Organisms", "Phenotypes found"),
    "method": Words("imaging method", "imaging methods", "Imaging methods", "Phenotypes found"),
    "study type": Words("study type", "study types", "Study types", "Phenotypes found"),
    "cell line": Words("cell line", "cell lines", "Cell lines", "Phenotypes found"),
}


@dataclass(frozen=True)
class Row:
    """One component. `unlisted`: samples beyond the examples; `words` only where they differ from the page's name."""

    seen: Seen
    address: str
    words: tuple[tuple[str, int], ...]
    more_words: int
    places: tuple[Place, ...]
    unlisted: int


@dataclass(frozen=True)
class View:
    """One scope as the page shows it. `id` ends the ids of its blocks: empty for what is shown first."""

    id: str
    scope: Scope
    rows: Sequence[Row]
    silent: Sequence[Row]
    cut: int
    genes: Sequence[TermGene]
    met: Sequence[tuple[Met, str]]
    asked: Asked
    several: bool
    sql: str

    @property
    def worded(self) -> bool:
        return any(r.words for r in self.rows)

    @property
    def most(self) -> int:
        return max((r.seen.samples for r in self.rows), default=0)

    @property
    def most_met(self) -> int:
        return max((m.samples for m, _ in self.met), default=0)


def _row(term: TermFacts, seen: Seen, examples: bool) -> Row:
    words = tuple(w for w in seen.words if len(seen.words) > 1 or w[0].casefold() != term.name.casefold())
    refs = seen.refs if examples else ()
    return Row(
        seen, addresses.component(seen.study, seen.component), words[:5], len(words) - len(words[:5]),
        places(seen.study, seen.component, refs, marked=False), seen.samples + seen.controls - len(refs),
    )  # fmt: skip


def view(term: TermFacts, *, whole: bool) -> View:
    first = whole or term.whole is None
    scope = term.whole if whole and term.whole else term.exact
    met = [s for s in scope.seen if s.samples + s.controls or term.kind in ("method", "study type")]
    silent = [s for s in scope.seen if s not in met]
    questions = asked(term, whole=whole)
    genes = scope.first_genes[: GENES if first else GENES // 4]
    return View(
        id="" if first else "-exact", scope=scope, rows=[_row(term, s, first and n < EXAMPLES) for n, s in enumerate(met[:SEEN])],
        silent=[_row(term, s, False) for s in silent], cut=max(0, len(met) - SEEN), genes=genes,
        met=[(m, addresses.phenotype(m.slug)) for m in scope.met], asked=questions, several=len({g.organism for g in genes}) > 1,
        sql=questions.figures,
    )  # fmt: skip


def described(term: TermFacts) -> str:
    words, scope = WORDS[term.kind], term.shown
    where = f"{scope.samples:,} samples in {scope.components:,} study components of {scope.studies:,} studies"
    return f"{words.one.capitalize()} {term.name}: {where}." + (f" {term.definition[:200]}" if term.definition else "")


def term_page(site: Site, term: TermFacts, csv: bytes | None = None) -> dict[str, bytes]:
    words = WORDS[term.kind]
    address = addresses.term(term.kind, term.slug)
    page = Page(
        address=address,
        title=f"{term.name}{f' ({term.accession})' if term.accession else ''}",
        kind=term.kind.replace(" ", "-"),
        style="terms",
        crumbs=(Crumb(words.title, addresses.TERMS[term.kind]),),
        here=term.name,
        description=described(term),
    )
    views = [view(term, whole=True), view(term, whole=False)] if term.whole else [view(term, whole=False)]
    made = site.page(
        "term.html",
        page,
        term=term,
        words=words,
        views=views,
        folder=addresses.TERMS[term.kind],
        author_words=[w for w in term.words if w.casefold() != term.name.casefold()],
        links=site.identifier_links(term.accession) if term.accession else [],
        csv=f"{address}genes.csv" if csv is not None else "",
        query=query_address,
        genes_address=f"{addresses.GENES}#{organism_anchor(term.name)}",
        counted_by_component=term.kind in ("method", "study type"),
    )
    return made | ({f"{address}genes.csv": csv} if csv is not None else {})


@recipe("code")
def term_pages(work: Work) -> dict[str, Path]:
    """`<folder>/<slug>/` of one kind, and `genes.csv` beside a phenotype's. Inputs after templates and frame: the kind's TermFacts, one a
    file; and, of phenotypes, `<slug>.csv`.
    """
    site = opened(work)
    lists = {path.removesuffix(".csv"): tree.read(path) for tree in work.inputs[2:] for path in tree if path.endswith(".csv")}
    out: dict[str, Path] = {}
    for tree in work.inputs[2:]:
        for path in tree:
            if path.endswith(".json"):
                term = TermFacts.model_validate_json(tree.read(path))
                out |= work.keep(term_page(site, term, lists.get(term.slug) if term.kind == "phenotype" else None))
    return out
