"""What can be found: documents, and the names each is found by.

A document's names carry a class, which decides between documents that a query names exactly: identifier, then symbol or
label, then synonym, then an author's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from portal import addresses
from portal.facts import Catalogue, GeneLine, ReagentLine
from portal.terms import TermLine

from .tokeniser import key, words

# The order in which kinds are listed where nothing else decides; with the part of the address that all of a kind share.
KINDS = (
    ("study", addresses.STUDIES), ("gene", addresses.GENES), ("phenotype", addresses.PHENOTYPES),
    ("organism", addresses.ORGANISMS), ("component", addresses.STUDIES),
    ("protein", addresses.PROTEINS), ("compound", addresses.COMPOUNDS), ("antibody", addresses.ANTIBODIES), ("reagent", ""),
    ("method", addresses.METHODS), ("study type", addresses.STUDY_TYPES), ("cell line", addresses.CELL_LINES),
)  # fmt: skip
KIND = {name: number for number, (name, _) in enumerate(KINDS)}

IDENTIFIER, LABEL, SYNONYM, AUTHOR = range(4)

# What people call the organisms that screens are done in.
COMMON = {
    "Homo sapiens": ("human",), "Mus musculus": ("mouse",), "Rattus norvegicus": ("rat",),
    "Saccharomyces cerevisiae": ("budding yeast", "yeast", "baker's yeast"), "Schizosaccharomyces pombe": ("fission yeast",),
    "Drosophila melanogaster": ("fly", "fruit fly"), "Caenorhabditis elegans": ("worm", "nematode"), "Danio rerio": ("zebrafish",),
    "Arabidopsis thaliana": ("thale cress",), "Gallus gallus": ("chicken",), "Xenopus laevis": ("frog",),
    "Chlorocebus aethiops": ("green monkey",), "Canis lupus familiaris": ("dog",), "Escherichia coli": ("bacteria",),
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """One page that can be found. `detail` is shown beside the title; `weight` is how many components stand behind it."""

    kind: int
    title: str
    path: str
    detail: str
    weight: int
    names: tuple[tuple[str, int], ...]
    # Only of the catalogue: field → text that lunr searches.
    fields: tuple[tuple[str, str], ...] = ()

    @cached_property
    def order(self) -> tuple[int, int, str, str]:
        """Between documents that a query names equally well: by kind, then the one behind which more stands."""
        return (self.kind, -self.weight, self.title, self.path)


# Fields of the catalogue and how much a word in each weighs.
FIELDS = {"title": 5, "names": 5, "people": 3, "organism": 2, "method": 2, "text": 1}


def _fields(**texts: str | Iterable[str | None] | None) -> tuple[tuple[str, str], ...]:
    """Texts by field; several are kept apart by a line end."""
    joined = ((name, text if isinstance(text, str) else "\n".join(t for t in text or () if t)) for name, text in texts.items())
    return tuple((name, text) for name, text in joined if text)


def _path(address: str, kind: str) -> str:
    prefix = KINDS[KIND[kind]][1]
    assert address.startswith(prefix) and address.endswith("/")
    return address[len(prefix) : -1]


def catalogue_documents(catalogue: Catalogue, terms: Sequence[TermLine] = ()) -> Iterator[Document]:
    """Studies, components, phenotypes and organisms, with the synonyms that `terms` give them; then the other terms."""
    synonyms = {(t.kind, t.slug): t.synonyms for t in terms}
    titles = {study.accession: study.title for study in catalogue.studies}
    for s in catalogue.studies:
        year = str(s.year) if s.year else None
        first = (s.authors or "").split(",")[0].strip()
        detail = " · ".join(part for part in (s.accession, f"{first} {year or ''}".strip()) if part)
        names = [(s.accession, IDENTIFIER), *((i, IDENTIFIER) for i in s.identifiers), (s.title, LABEL)]
        names += [(text, SYNONYM) for text in (s.label, f"{s.accession}-{s.label}") if s.label and text]
        methods = [t.name for t in (*s.methods, *s.study_types)]
        yield Document(
            KIND["study"], s.title, _path(addresses.study(s.accession), "study"), detail, s.components, tuple(names),
            _fields(title=s.title, names=[s.accession, s.label, *s.keywords], people=s.authors, text=[*s.kinds, year],
                    organism=_organism_words(t.name for t in s.organisms), method=methods),
        )  # fmt: skip
    for c in catalogue.components:
        title = f"{c.study} {c.component}"
        yield Document(
            KIND["component"], title, _path(addresses.component(c.study, c.component), "component"),
            " · ".join(x for x in (c.kind, *c.technology[:1], *c.methods[:1]) if x) or titles.get(c.study, ""), 1,
            ((title, IDENTIFIER),),
            _fields(names=[title, c.label], organism=_organism_words(c.organisms), method=[*c.methods, *c.technology], text=c.description),
        )  # fmt: skip
    for p in catalogue.phenotypes:
        names = [(p.name, LABEL), *((author, AUTHOR) for author in p.author_names if author != p.name)]
        also = synonyms.get(("phenotype", p.slug), ())
        names += [(name, SYNONYM) for name in also]
        if p.term:
            names.append((p.term, IDENTIFIER))
        yield Document(
            KIND["phenotype"], p.name, _path(addresses.phenotype(p.slug), "phenotype"), p.term or "authors' phenotype", p.components,
            tuple(names), _fields(title=p.name, names=[*(n for n in p.author_names if n != p.name), *also]),
        )  # fmt: skip
    for o in catalogue.organisms:
        common = COMMON.get(o.name, ())
        names = [(o.name, LABEL), *((text, SYNONYM) for text in (*common, _abbreviated(o.name)))]
        names += [(name, SYNONYM) for name in synonyms.get(("organism", o.slug), ())]
        if o.term:
            names.append((o.term, IDENTIFIER))
        yield Document(
            KIND["organism"], o.name, _path(addresses.organism(o.slug), "organism"), common[0] if common else o.term or "", o.components,
            tuple(names), _fields(title=o.name, names=common),
        )  # fmt: skip
    told = {("phenotype", p.slug) for p in catalogue.phenotypes} | {("organism", o.slug) for o in catalogue.organisms}
    yield from term_documents(t for t in terms if (t.kind, t.slug) not in told)


def term_documents(lines: Iterable[TermLine]) -> Iterator[Document]:
    """Methods, study types and cell lines; and phenotypes and organisms that only narrower terms fill."""
    for t in lines:
        names = [(t.name, LABEL), *((name, SYNONYM) for name in t.synonyms), *((word, AUTHOR) for word in t.words if word != t.name)]
        if t.accession:
            names.append((t.accession, IDENTIFIER))
        detail = t.accession or ("authors' words" if t.kind != "cell line" else "cell line")
        yield Document(
            KIND[t.kind], t.name, _path(addresses.term(t.kind, t.slug), t.kind), detail, t.components, tuple(names),
            _fields(title=t.name, names=[*t.synonyms, *(w for w in t.words if w != t.name)]),
        )  # fmt: skip


def entity_documents(lines: Iterable[GeneLine]) -> Iterator[Document]:
    """Genes, proteins, compounds and antibodies."""
    for g in lines:
        # A gene without a symbol is named by its identifier; found_by() keeps the better class.
        names = [(g.name, LABEL), *((i, IDENTIFIER) for i in g.identifiers), *((s, SYNONYM) for s in g.synonyms)]
        yield Document(KIND[g.kind], g.name, _path(addresses.entity(g.kind, g.slug), g.kind), g.organism, g.components, tuple(names))


def reagent_documents(lines: Iterable[ReagentLine]) -> Iterator[Document]:
    """siRNAs, pools and ORFs, each at its place on the page of what it targets."""
    for r in lines:
        yield Document(KIND["reagent"], r.name, r.address.removesuffix("/"), r.target, r.components, ((r.name, IDENTIFIER),))


def _abbreviated(name: str) -> str:
    """`S. pombe`."""
    parts = name.split()
    return f"{parts[0][0]}. {' '.join(parts[1:])}" if len(parts) > 1 else name


def _organism_words(names: Iterable[str]) -> list[str]:
    """Scientific names, each with what people call it, so that `zebrafish` finds Danio rerio's studies."""
    return [text for name in names for text in (name, *COMMON.get(name, ()))]


def organism_words(name: str) -> list[str]:
    """Words of a query that mean this organism, so that `CDK1 mouse` is a question about one of several genes."""
    found = [word for text in (name, *COMMON.get(name, ())) for word in words(text)]
    return sorted({word for word in found if len(word) > 2})


def found_by(document: Document) -> Iterator[tuple[str, str, int]]:
    """(key, name, class) of every name; a key once, in its best class. Long titles are found by their words instead."""
    best: dict[str, tuple[int, str]] = {}
    for name, rank in document.names:
        k = key(name)
        if 0 < len(k) <= 60 and (k not in best or rank < best[k][0]):
            best[k] = (rank, name)
    for k, (rank, name) in best.items():
        yield k, name, rank
