"""Terms of an ontology, as a file of `content/ontologies` gives them: the contract between ingest and the warehouse.

A term stands below its `parents` (is_a). What it is part of is told beside, and never climbed: a part is no kind of its whole, so
that counts down the ontology hold kinds alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from portal.model import Model

FOLDER = "ontologies"
MAX_DEPTH = 64  # steps from a term to the furthest ancestor that is counted, drawn and given a page
# The OBO Foundry's addresses of terms: http://purl.obolibrary.org/obo/CMPO_0000118 is CMPO:0000118.
_ADDRESS = re.compile(r"https?://.*[/#]([A-Za-z][A-Za-z0-9_]*?)_([A-Za-z0-9.-]+)")

SynonymScope = Literal["EXACT", "NARROW", "BROAD", "RELATED"]


class Synonym(Model):
    name: str
    scope: SynonymScope = "RELATED"


class OntologyTerm(Model):
    """One term. Accessions are CURIEs; `line` is where its stanza begins; `parents` hold no cycle of this
    file; what closes one across files, and what no file defines, `Ontologies` leaves out."""

    accession: str
    name: str
    line: int = 0
    definition: str | None = None
    comment: str | None = None
    synonyms: tuple[Synonym, ...] = ()
    parents: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    alternative: tuple[str, ...] = ()  # accessions of terms that were merged into this one
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class OntologyFile(Model):
    """ontology.json of an `ontology` step. `name` and `version` are what the file says of itself."""

    file: str
    name: str | None = None
    version: str | None = None
    terms: tuple[OntologyTerm, ...] = ()


def compact(accession: str) -> str:
    """An accession as a CURIE, also where a file writes an address.

    >>> compact("http://purl.obolibrary.org/obo/CMPO_0000118"), compact("CMPO:0000118")
    ('CMPO:0000118', 'CMPO:0000118')
    """
    found = _ADDRESS.fullmatch(accession)
    return f"{found[1]}:{found[2]}" if found else accession


def closing(up: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Term → those of the terms above it that close a circle: of each circle the step met last, following `up` in its order.

    >>> closing({"A": ["B"], "B": ["C", "A"], "C": []})
    {'B': ('A',)}
    """
    state: dict[str, int] = {}  # 1: being followed, 2: done
    found: dict[str, list[str]] = {}
    for first in up:
        if first in state:
            continue
        state[first] = 1
        way = [(first, iter(up[first]))]
        while way:
            here, rest = way[-1]
            above = next(rest, None)
            if above is None:
                state[here] = 2
                way.pop()
            elif state.get(above) == 1:
                found.setdefault(here, []).append(above)
            elif above in up and above not in state:
                state[above] = 1
                way.append((above, iter(up[above])))
    return {term: tuple(dict.fromkeys(above)) for term, above in found.items()}
