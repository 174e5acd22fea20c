"""Which terms have a page: those that studies use, and what stands above them in the ontology.

Spellings are folded kind by kind: a phenotype by its term, an organism as its genes' addresses tell it, a cell line without capitals,
blanks and hyphens, a method or study type by its term, else its name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from portal import addresses
from portal.facts import ComponentRecord
from portal.model import Term
from portal.terms import TermKind
from portal.warehouse.identity import refuse_collisions
from portal.warehouse.ontology import Ontologies
from portal.warehouse.organisms import most_frequent, organisms_of
from portal.warehouse.phenotypes import declared_uses, phenotypes_of

Component = tuple[str, str]  # study, component

_ACCESSION = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*:[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Node:
    """A term of a kind. `words`: how studies write it; `declared`: the components that name it, with their words."""

    kind: TermKind
    slug: str
    name: str
    accession: str | None
    words: tuple[str, ...] = ()
    declared: frozenset[tuple[Component, str]] = field(default=frozenset(), compare=False)
    used: bool = True

    @property
    def address(self) -> str:
        return addresses.term(self.kind, self.slug)


@dataclass(frozen=True)
class Nodes:
    """All terms of one kind, sorted by slug, and `index`: each use of tables and declarations → its place among them."""

    kind: TermKind
    nodes: tuple[Node, ...]
    index: Mapping[tuple[str, str | None], int]

    def below(self, ontologies: Ontologies) -> dict[int, tuple[int, ...]]:
        """Place → places of all terms at or below it, itself first."""
        at = {n.accession: place for place, n in enumerate(self.nodes) if n.accession}
        found: dict[int, list[int]] = {place: [place] for place in range(len(self.nodes))}
        for accession, place in at.items():
            for ancestor in ontologies.ancestors(accession):
                if ancestor != accession and ancestor in at:
                    found[at[ancestor]].append(place)
        return {place: tuple(places) for place, places in found.items()}


def slug_of(accession: str) -> str:
    """A file of terms may write anything as an accession: what is none gets a slug of its name."""
    return addresses.term_slug(accession, accession) if _ACCESSION.fullmatch(accession) else addresses.slug(accession)


def phenotype_nodes(con: duckdb.DuckDBPyConnection, records: Sequence[ComponentRecord], ontologies: Ontologies) -> Nodes:
    declared = [(record, use, name) for record in records for use, name in declared_uses(record)]
    observed = con.execute("SELECT DISTINCT phenotype, term FROM observed ORDER BY ALL").fetchall()
    found, index = phenotypes_of(((use, name) for _, use, name in declared), observed)
    named: dict[int, set[tuple[Component, str]]] = defaultdict(set)
    for record, use, _ in declared:
        named[index[use]].add(((record.study, record.component.name), use[0]))
    nodes = [Node("phenotype", p.slug, p.name, p.term, p.author_names, frozenset(named[n])) for n, p in enumerate(found)]
    return climbed("phenotype", nodes, index, ontologies)


def organism_nodes(con: duckdb.DuckDBPyConnection, records: Sequence[ComponentRecord], ontologies: Ontologies) -> Nodes:
    """`index` is by (spelling, None)."""
    organisms = organisms_of(records, con)
    distinct = {o.slug: o for o in organisms.values()}
    place = {slug: n for n, slug in enumerate(sorted(distinct))}
    words, named = defaultdict[int, set[str]](set), defaultdict[int, set[tuple[Component, str]]](set)
    for spelling, o in organisms.items():
        words[place[o.slug]].add(spelling)
    for record in records:
        for term in record.organisms:
            if term.name in organisms:
                named[place[organisms[term.name].slug]].add(((record.study, record.component.name), term.name))
    nodes = [
        Node("organism", o.slug, o.name, o.term, tuple(sorted(words[n])), frozenset(named[n]))
        for n, o in enumerate(distinct[s] for s in sorted(distinct))
    ]
    return climbed("organism", nodes, {(s, None): place[o.slug] for s, o in organisms.items()}, ontologies)


def cell_line_nodes(con: duckdb.DuckDBPyConnection, ontologies: Ontologies) -> Nodes:
    """`index` is by (spelling, None). Authors give no accessions for cell lines; the name is the spelling of most components."""
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    for name, times in con.execute("""
        SELECT cell_line, count(DISTINCT (study, component)) FROM samples WHERE cell_line IS NOT NULL GROUP BY cell_line ORDER BY cell_line
    """).fetchall():
        spelt[addresses.cell_line_key(name)][name] += times
    nodes = [
        Node("cell line", addresses.slug(key), most_frequent(names), None, tuple(sorted(names))) for key, names in sorted(spelt.items())
    ]
    nodes.sort(key=lambda n: n.slug)
    place = {name: at for at, n in enumerate(nodes) for name in n.words}
    return climbed("cell line", nodes, {(name, None): at for name, at in place.items()}, ontologies)


def declared_nodes(kind: TermKind, uses: Iterable[tuple[Component, Term]], ontologies: Ontologies) -> Nodes:
    """Methods or study types. `index` is by (name, accession)."""
    grouped: dict[str, list[tuple[Component, Term]]] = defaultdict(list)
    for use in uses:
        grouped[addresses.named_term_slug(use[1].term, use[1].name).casefold()].append(use)
    nodes: list[Node] = []
    index: dict[tuple[str, str | None], int] = {}
    for _, its in sorted(grouped.items()):
        names = Counter(t.name for _, t in its)
        accession = most_frequent(Counter(t.term for _, t in its if t.term)) if its[0][1].term else None
        name = most_frequent(names)
        slug = addresses.named_term_slug(accession, name)
        index |= {(t.name, t.term): len(nodes) for _, t in its}
        nodes.append(Node(kind, slug, name, accession, tuple(sorted(names)), frozenset((where, t.name) for where, t in its)))
    return climbed(kind, nodes, index, ontologies)


def climbed(kind: TermKind, nodes: Sequence[Node], index: Mapping[tuple[str, str | None], int], ontologies: Ontologies) -> Nodes:
    """The terms with the names that the ontology gives them, and with every term above them; sorted by slug.

    Raises SlugCollision where two would share an address.
    """
    taken = {n.slug.casefold() for n in nodes}
    found = []
    for n in nodes:
        told = ontologies.term(n.accession)
        # Of an accession that was merged into another, the name is that of the other's page.
        named = told is not None and told.accession.casefold() == (n.accession or "").casefold()
        found.append(Node(n.kind, n.slug, told.name, n.accession, n.words, n.declared) if told and named else n)
    for accession in sorted({a for n in nodes if n.accession for a in ontologies.ancestors(n.accession)}):
        told, slug = ontologies.term(accession), slug_of(accession)
        if told is not None and slug.casefold() not in taken:
            taken.add(slug.casefold())
            found.append(Node(kind, slug, told.name, accession, used=False))
    order = sorted(range(len(found)), key=lambda n: found[n].slug)
    refuse_collisions((found[n].slug, f"{kind} {found[n].accession or repr(found[n].name)}") for n in order)
    place = {n: at for at, n in enumerate(order)}
    return Nodes(kind, tuple(found[n] for n in order), {use: place[n] for use, n in index.items()})
