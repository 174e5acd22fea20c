"""What a term's page is made from, as frozen types: phenotypes, organisms, imaging methods, study types and cell lines.

Everything is counted twice: for the term itself (`exact`), and with all that stands below it in the ontology (`whole`), where there is
such. Figures leave controls out; `controls` counts those left out.
"""

from __future__ import annotations

from typing import Literal

from portal.facts import SampleRef
from portal.model import Model
from portal.ontology import Synonym

TermKind = Literal["phenotype", "organism", "method", "study type", "cell line"]
KINDS: tuple[TermKind, ...] = ("phenotype", "organism", "method", "study type", "cell line")


class Seen(Model):
    """One component. `words`: how the study writes the term → samples; `genes`: of these samples (of phenotypes and cell lines)."""

    study: str
    component: str
    label: str | None = None
    organism: str | None = None
    samples: int = 0
    controls: int = 0
    genes: int = 0
    words: tuple[tuple[str, int], ...] = ()
    refs: tuple[SampleRef, ...] = ()


class TermGene(Model):
    """A gene of samples with a phenotype. `samples` have it, of `sampled` samples of the gene in the components where it was met."""

    slug: str
    address: str
    name: str
    organism: str | None = None
    identifier: str | None = None
    studies: int
    components: int
    samples: int
    sampled: int


class Met(Model):
    """A phenotype found in the same samples, or in the samples of an organism, cell line or component."""

    name: str
    accession: str | None = None
    slug: str
    samples: int


class Scope(Model):
    """All counts of a term, without or with what stands below it. `studies` and `components` count those with a sample where the term is
    told sample by sample, else those that name it.
    """

    studies: int = 0
    components: int = 0
    samples: int = 0
    controls: int = 0
    genes: int = 0
    seen: tuple[Seen, ...] = ()
    first_genes: tuple[TermGene, ...] = ()
    met: tuple[Met, ...] = ()
    met_total: int = 0


class Branch(Model):
    """A term in a drawn tree. `slug` is empty where it has no page: no study uses it or anything below it. Counts hold what is below."""

    name: str
    accession: str | None = None
    slug: str = ""
    studies: int = 0
    samples: int = 0
    here: bool = False
    more: bool = False  # its branches are drawn at another of its places
    below: tuple[Branch, ...] = ()


class TermFacts(Model):
    """<kind>/<slug>.json of the `terms` step. `words`: how studies write it. `unused`: names of narrower terms without a page."""

    kind: TermKind
    slug: str
    name: str
    accession: str | None = None
    words: tuple[str, ...] = ()
    definition: str | None = None
    comment: str | None = None
    synonyms: tuple[Synonym, ...] = ()
    references: tuple[str, ...] = ()
    source: str | None = None  # the file of terms that defines it
    version: str | None = None
    obsolete: bool = False
    instead: tuple[Branch, ...] = ()  # replaced by, or to be considered
    merged: tuple[str, ...] = ()
    parents: tuple[Branch, ...] = ()
    part_of: tuple[Branch, ...] = ()
    tree: tuple[Branch, ...] = ()
    tree_cut: int = 0
    tree_far: bool = False  # more stands above than is drawn and counted
    unused: tuple[str, ...] = ()
    unused_total: int = 0
    narrower: int = 0  # terms below it that have a page
    exact: Scope = Scope()
    whole: Scope | None = None

    @property
    def shown(self) -> Scope:
        """What is shown first: with narrower terms, where there are any."""
        return self.whole or self.exact


class TermLine(Model):
    """A term in a list and in search. Counts hold what is below it; `own` is how many samples (of methods: components) it has itself."""

    kind: TermKind
    slug: str
    name: str
    accession: str | None = None
    words: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    studies: int = 0
    components: int = 0
    samples: int = 0
    genes: int = 0
    own: int = 0
    used: bool = True  # False: only terms below it are
