"""The files of terms put together: what a term is, what stands above and below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from portal.ontology import MAX_DEPTH, OntologyFile, OntologyTerm, closing


class Ontologies:
    """Terms by accession, of all files; of two that define one accession, the first file by name counts.

    What stands above a term: its is_a; above an accession that was merged into another term (alt_id), that term; above an obsolete
    term, what replaces it. So samples that carry an old accession count with the present one. No step closes a circle, in one file or
    across several: `closing` holds those that did, by the term below.
    """

    def __init__(self, files: Iterable[OntologyFile] = ()):
        self._terms: dict[str, OntologyTerm] = {}
        self._file: dict[str, OntologyFile] = {}
        for file in sorted(files, key=lambda f: f.file):
            for term in file.terms:
                if term.accession not in self._terms:
                    self._terms[term.accession] = term
                    self._file[term.accession] = file
        self._folded = {a.casefold(): a for a in reversed(self._terms)}
        self._merged = {old.casefold(): a for a, t in reversed(self._terms.items()) for old in t.alternative}
        up = {a: (*t.parents, *(t.replaced_by if t.obsolete else ())) for a, t in self._terms.items()}
        self.closing = closing(up)
        self._above = {a: tuple(dict.fromkeys(p for p in way if p in up and p not in self.closing.get(a, ()))) for a, way in up.items()}
        self._below: dict[str, list[str]] = defaultdict(list)
        for accession, term in self._terms.items():
            for parent in term.parents:
                if parent in self._above[accession]:
                    self._below[parent].append(accession)

    def __len__(self) -> int:
        return len(self._terms)

    def __contains__(self, accession: str) -> bool:
        """Whether a file defines the very accession."""
        return accession in self._terms

    def __iter__(self) -> Iterator[OntologyTerm]:
        """The terms, in the order of the files."""
        return iter(self._terms.values())

    def term(self, accession: str | None) -> OntologyTerm | None:
        """The term of an accession, whatever its capitals; of one that was merged, the term that it was merged into."""
        if not accession:
            return None
        folded = accession.casefold()
        return self._terms.get(accession) or self._terms.get(self._folded.get(folded, "")) or self._terms.get(self._merged.get(folded, ""))

    def file(self, accession: str) -> OntologyFile | None:
        return self._file.get(accession)

    def above(self, accession: str) -> tuple[str, ...]:
        """The accessions one step up that some file defines, each once, in the order of the file."""
        term = self.term(accession)
        if term is None:
            return ()
        if term.accession != accession:
            return (term.accession,)
        return self._above[accession]

    def below(self, accession: str) -> tuple[str, ...]:
        """The accessions that are_a this one, in the order of the files; obsolete ones left out."""
        return tuple(a for a in self._below.get(accession, ()) if not self._terms[a].obsolete)

    def ancestors(self, accession: str) -> dict[str, int]:
        """Every accession at or above this one → steps up, the fewest; itself 0. Never more than 64 steps."""
        found = {accession: 0}
        level: Sequence[str] = (accession,)
        for distance in range(1, MAX_DEPTH + 1):
            level = [a for here in level for a in self.above(here)]
            level = [a for a in dict.fromkeys(level) if a not in found]
            if not level:
                break
            found |= dict.fromkeys(level, distance)
        return found


def ancestor_rows(ontologies: Ontologies, accessions: Iterable[str]) -> Iterator[dict[str, object]]:
    """The rows of `term_ancestors`: every accession given and each that stands above one, with those of them that are above it.

    What stands above an ancestor and is too far from every accession given has no page, and no row: else a way of 100,000 steps would
    be climbed to its end, 64 at a time.
    """
    known = {a for accession in set(accessions) for a in ontologies.ancestors(accession)}
    for accession in sorted(known):
        for ancestor, distance in ontologies.ancestors(accession).items():
            if ancestor in known:
                yield {"term": accession, "ancestor": ancestor, "distance": distance}
