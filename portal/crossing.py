"""What studies have in common, as frozen types: phenotypes × components and genes × components, the contract of cross and explore."""

from __future__ import annotations

from portal.model import Model


class CrossComponent(Model):
    """A component that declares phenotypes. `recorded`: at least one of its samples, controls left out, has one."""

    study: str
    component: str
    organism: str | None = None
    samples: int = 0
    recorded: bool = False


class PhenotypeCell(Model):
    """A phenotype in a component that looked for it. `samples`: those that have it, controls left out; 0 where none has."""

    at: int  # place in Crossing.components
    samples: int = 0


class CrossPhenotype(Model):
    """A term, or the authors' words where they have none. `words`: how the authors call it, where that is another name."""

    term: str | None
    name: str
    words: tuple[str, ...] = ()
    slug: str
    looked_for: int  # studies that declare it
    studies: int  # studies with a sample that has it
    cells: tuple[PhenotypeCell, ...]

    @property
    def key(self) -> str:
        """What names it in a table of the dump: the accession, else the words."""
        return self.term or self.name


class CrossGene(Model):
    """A gene with phenotypes in several studies. `sampled` and `found` hold places in Crossing.components, `found` within `sampled`."""

    slug: str
    name: str
    organism: str
    studies: int  # that sampled it
    hit: int  # studies in which a sample of it has a phenotype
    components: int  # components of these
    sampled: tuple[int, ...]
    found: tuple[int, ...]


class GenesOfOrganism(Model):
    """Its genes with phenotypes in most studies. `several`: how many have one in two studies or more."""

    organism: str
    several: int
    genes: tuple[CrossGene, ...]


class Pair(Model):
    """An example with an answer: genes with `first` in `study` and `second` in another."""

    first: str
    study: str
    second: str


class Crossing(Model):
    """crossing.json. Phenotypes: those of most studies first."""

    components: tuple[CrossComponent, ...] = ()
    phenotypes: tuple[CrossPhenotype, ...] = ()
    broader: tuple[tuple[str, str], ...] = ()  # (accession, name) of terms above these that no study uses itself, by name
    genes: tuple[GenesOfOrganism, ...] = ()
    organisms: tuple[str, ...] = ()  # of genes, the one with most genes first
    technologies: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()  # (study, component) that sample a gene, sorted
    pair: Pair | None = None
