"""Which phenotypes there are: an ontology term with every authors' name mapped to it, or an authors' phenotype without a term."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from portal import addresses
from portal.facts import ComponentRecord
from portal.warehouse.identity import refuse_collisions
from portal.warehouse.organisms import most_frequent

_Use = tuple[str, str | None]  # the authors' words, a term or none


@dataclass(frozen=True)
class Phenotype:
    slug: str
    name: str
    term: str | None
    author_names: tuple[str, ...]


def declared_uses(record: ComponentRecord) -> list[tuple[_Use, str]]:
    """((authors' words, term or None), name of the term) of everything a component declares."""
    uses: list[tuple[_Use, str]] = []
    for phenotype in record.component.phenotypes:
        terms = [t for t in phenotype.all_terms if t.term]
        uses += [((phenotype.name, t.term), t.name) for t in terms]
        if not terms:
            uses.append(((phenotype.name, None), phenotype.name))
    return uses


def phenotypes_of(declared: Iterable[tuple[_Use, str]], observed: Iterable[_Use]) -> tuple[list[Phenotype], dict[_Use, int]]:
    """The phenotypes sorted by slug, and each use → its index. A term's name is the one most often declared.

    Accessions that differ by case only are one term. Raises SlugCollision where two phenotypes would share an address.
    """
    declared = list(declared)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    curies: dict[str, Counter[str]] = defaultdict(Counter)
    uses = {use for use, _ in declared} | set(observed)
    for (_, term), name in declared:
        if term:
            names[term.casefold()][name] += 1
            curies[term.casefold()][term] += 1
    for _, term in uses:
        if term:
            curies[term.casefold()][term] += 0
    authors: dict[tuple[str, str | None], set[str]] = defaultdict(set)  # (name without a term, term)
    key_of = {}
    for author, term in uses:
        curie = most_frequent(curies[term.casefold()]) if term else None
        key_of[author, term] = key = ("" if curie else author, curie)
        authors[key].add(author)
    found = {}
    for (author, curie), author_names in authors.items():
        counted = names.get(curie.casefold()) if curie else None
        name = (most_frequent(counted) if counted else min(author_names)) if curie else author
        slug = addresses.term_slug(curie, name)
        found[author, curie] = Phenotype(slug, name, curie, tuple(sorted(author_names)))
    order = sorted(found, key=lambda key: found[key].slug)
    refuse_collisions((found[key].slug, f"phenotype {found[key].term or repr(found[key].name)}") for key in order)
    place = {key: n for n, key in enumerate(order)}
    return [found[key] for key in order], {use: place[key] for use, key in key_of.items()}
