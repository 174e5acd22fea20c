"""Organisms that gene files are declared for, beside those of the studies: what a misspelt one names is never found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from ingest.gene_files.reading import PORTAL
from ingest.marks import quoted
from portal.model import Portal
from portal.problems import Place, Problem

# Genera of one family look alike (Saccharomyces, Schizosaccharomyces: 0.6), and so do species of one genus; what is nearer is a slip.
_NEAR = 0.85


def strange_organisms(portal: Portal, studied: Iterable[str], whole: bool) -> list[Problem]:
    """A warning for each organism under `genes:` and `orthologs:` that is not spelt as the studies do. Problems have no line.

    `studied`: names of the studies' organisms; `whole`: no study is missing there. Only then can a file be told to be of
    use to none. A column of orthologs may well be of an organism without studies: published tables have many.
    """
    names = sorted(set(studied))
    if not names:
        return []
    problems: list[Problem] = []
    for path, organism, alone in _declared(portal):
        if organism in names:
            continue
        folded = {name.casefold(): name for name in reversed(names)}
        if same := folded.get(organism.casefold()):
            what, mend = f"{quoted(organism)} is written with other capitals in the studies", f"did you mean {quoted(same)}?"
        elif near := get_close_matches(organism.casefold(), list(folded), n=1, cutoff=_NEAR):
            what, mend = f"{quoted(organism)} is the organism of no study", f"did you mean {quoted(folded[near[0]])}?"
        elif alone and whole:
            what = f"{quoted(organism)} is the organism of no study, so that the names in this table find nothing"
            mend = "write it as the studies do, or leave the table until there is one"
        else:
            continue
        problems.append(Problem(Place(PORTAL, path=path), what, mend, "warning"))
    return problems


def _declared(portal: Portal) -> Iterator[tuple[str, str, bool]]:
    """(path, organism, whether its table is of this organism alone)."""
    for index, names in enumerate(portal.genes):
        yield f"genes[{index}].organism", names.organism, True
    for index, orthologs in enumerate(portal.orthologs):
        for organism in orthologs.columns:
            yield f"orthologs[{index}].columns[{quoted(organism)}]", organism, False
