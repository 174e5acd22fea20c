"""A term's place in the ontology, drawn small: from the roots down to it, and one step below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.ontology import MAX_DEPTH
from portal.terms import Branch, Scope
from portal.warehouse.ontology import Ontologies
from portal.warehouse.term_nodes import Nodes

MOST_PATHS = 8  # ways from a root to a term that are drawn
MOST_BELOW = 60
MOST_UNUSED = 40


@dataclass(frozen=True)
class Place:
    """`cut`: how many ways up are not drawn; `far`: one that is drawn goes on above, further than is counted."""

    parents: tuple[Branch, ...] = ()
    part_of: tuple[Branch, ...] = ()
    instead: tuple[Branch, ...] = ()
    tree: tuple[Branch, ...] = ()
    cut: int = 0
    far: bool = False
    unused: tuple[str, ...] = ()
    unused_total: int = 0


class Tree:
    """Places of one kind's terms. `best`: the counts that a term's page shows first."""

    def __init__(self, nodes: Nodes, best: Mapping[int, Scope], ontologies: Ontologies):
        self._nodes, self._best, self._ontologies = nodes, best, ontologies
        self._at = {n.accession: place for place, n in enumerate(nodes.nodes) if n.accession}

    def place(self, n: int) -> Place:
        accession = self._nodes.nodes[n].accession
        told = self._ontologies.term(accession)
        if accession is None or told is None:
            return Place()
        paths = self._paths(accession)
        below = self._ontologies.below(accession)
        # An old accession that a study still writes stands below the present one.
        below = (*below, *(a for a in self._at if a not in below and accession in self._ontologies.above(a)))
        unused = sorted((t.name for a in below if a not in self._at and (t := self._ontologies.term(a))), key=str.casefold)
        children = sorted((self.branch(a) for a in below if a in self._at), key=lambda b: (-b.studies, -b.samples, b.name))
        itself = self.branch(accession).model_copy(update={"here": True, "below": tuple(children[:MOST_BELOW])})
        drawn = self._drawn([path[:-1] for path in paths[:MOST_PATHS]], itself)
        return Place(
            parents=tuple(self.branch(a) for a in self._ontologies.above(accession)),
            part_of=tuple(self.branch(a) for a in told.part_of if self._ontologies.term(a)),
            instead=tuple(self.branch(a) for a in (*told.replaced_by, *told.consider) if self._ontologies.term(a)) if told.obsolete else (),
            tree=drawn, cut=max(0, len(paths) - MOST_PATHS),
            far=any(len(path) > MAX_DEPTH and self._ontologies.above(path[0]) for path in paths[:MOST_PATHS]),
            unused=tuple(unused[:MOST_UNUSED]), unused_total=len(unused),
        )  # fmt: skip

    def branch(self, accession: str) -> Branch:
        place = self._at.get(accession)
        told = self._ontologies.term(accession)
        if place is None:
            return Branch(name=told.name if told else accession, accession=accession)
        node, scope = self._nodes.nodes[place], self._best[place]
        return Branch(name=node.name, accession=accession, slug=node.slug, studies=scope.studies, samples=scope.samples)

    def _paths(self, accession: str) -> list[tuple[str, ...]]:
        """Ways from a root to the term, shortest first; at most 64, as they multiply with every term that has two parents, and none
        longer than what is counted."""
        found: list[tuple[str, ...]] = []
        waiting: list[tuple[str, ...]] = [(accession,)]
        while waiting and len(found) + len(waiting) <= 64:
            path = waiting.pop(0)
            above = [a for a in self._ontologies.above(path[0]) if a not in path] if len(path) <= MAX_DEPTH else []
            if above:
                waiting += [(a, *path) for a in above]
            else:
                found.append(path)
        return found + waiting

    def _drawn(self, paths: Sequence[tuple[str, ...]], itself: Branch) -> tuple[Branch, ...]:
        """The paths as one tree. The term's own branches are drawn once, at its first place."""
        first = True

        def grown(here: Sequence[tuple[str, ...]]) -> tuple[Branch, ...]:
            nonlocal first
            made: list[Branch] = []
            for accession in dict.fromkeys(p[0] for p in here if p):
                branches = grown([p[1:] for p in here if p and p[0] == accession])
                made.append(self.branch(accession).model_copy(update={"below": branches}))
            if any(not p for p in here):
                made.insert(0, itself if first else itself.model_copy(update={"below": (), "more": bool(itself.below)}))
                first = False
            return tuple(made)

        return grown(paths)
