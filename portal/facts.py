"""What is derived from a study's tables and images, as frozen types: the contract between ingest, warehouse and pages.

Counts leave controls out where a field says `_nc` ("not control"); every other count holds all rows.
Names sort by code point wherever an order is not given, so that bytes do not depend on a locale.
"""

from __future__ import annotations

from typing import Literal

from portal.image_facts import ChannelFacts as ChannelFacts
from portal.image_facts import ComponentImages as ComponentImages
from portal.image_facts import ImageFacts as ImageFacts
from portal.image_facts import Refusal as Refusal
from portal.image_facts import RegionFacts as RegionFacts
from portal.image_facts import Sprite as Sprite
from portal.model import LinkTemplate, Model, Origin, Study, StudyComponent, Term


class PhenotypeCount(Model):
    """One declared phenotype in one component."""

    name: str
    terms: tuple[Term, ...] = ()
    samples: int = 0
    samples_nc: int = 0
    genes_nc: int = 0


class ContainerFacts(Model):
    """A plate (rows, columns > 0 once a well was met) or a dataset (rows = columns = 0).

    `uncounted`: samples that miss a rule of `samples.counted`; `not_counted`: a rule's words → how many miss it, where any does.
    """

    name: str
    kind: Literal["plate", "dataset"]
    address: str
    samples: int
    controls: int
    with_phenotype: int
    rows: int = 0
    columns: int = 0
    images: int = 0
    uncounted: int = 0
    not_counted: dict[str, int] = {}

    @property
    def counted(self) -> int:
        return self.samples - self.uncounted


class Tally(Model):
    """What reading a component's tables found. Nothing is dropped without being counted here."""

    rows_read: dict[str, int] = {}
    rows_joined: dict[str, int] = {}
    unmatched_keys: dict[str, int] = {}
    unmatched_examples: dict[str, tuple[str, ...]] = {}
    no_value_cells: dict[str, int] = {}
    phenotype_spellings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ComponentFacts(Model):
    """summary.json of a component's `samples` step."""

    study: str
    component: str
    samples: int = 0
    controls: int = 0
    with_phenotype: int = 0
    with_phenotype_nc: int = 0
    genes: int = 0
    genes_nc: int = 0
    target_kinds: dict[str, int] = {}
    organisms: dict[str, int] = {}
    cell_lines: dict[str, int] = {}
    phenotypes: tuple[PhenotypeCount, ...] = ()
    containers: tuple[ContainerFacts, ...] = ()
    columns: tuple[str, ...] = ()
    tally: Tally = Tally()
    images: int = 0
    counted: int = 0  # samples that meet every rule of `samples.counted`; all, where there is none
    not_counted: dict[str, int] = {}  # a rule's words → samples that do not meet it


class StudyFacts(Model):
    """A study with everything counted about it; what pages, warehouse and search are made from."""

    study: Study
    components: tuple[ComponentFacts, ...]
    images: tuple[ComponentImages, ...] = ()

    def facts(self, component: str) -> ComponentFacts:
        return next(c for c in self.components if c.component == component)


class SampleRef(Model):
    sample_id: str
    container: str
    sample: str
    address: str
    control: bool
    phenotypes: tuple[str, ...] = ()
    thumbnail: str | None = None


class Appearance(Model):
    """One entity in one component. `phenotypes`: name → samples that have it, controls left out.

    `containers`, `reagents_total` and `replicates` leave controls out too: on how many plates or datasets its samples lie, by how many
    reagents (siRNA, ORF …) it was targeted, and how many samples the reagent with most of them has.
    """

    study: str
    component: str
    label: str | None = None
    organism: str | None = None
    samples: int
    samples_nc: int
    controls: int
    with_phenotype_nc: int
    phenotypes: tuple[PhenotypeCount, ...] = ()
    annotation_levels: tuple[str, ...] = ()
    matched_by: tuple[str, ...] = ()
    reagents: tuple[str, ...] = ()
    reagents_total: int = 0
    containers: int = 0
    replicates: int = 0
    sample_refs: tuple[SampleRef, ...] = ()
    more_samples: int = 0


class Eaten(Model):
    """A symbol that a spreadsheet turned into a date, as a table writes it. `proved`: the identifier beside it stands elsewhere
    beside the symbol that gives this date, which is the gene's name; otherwise nothing tells of which symbol it was made.
    """

    written: str
    identifier: str | None = None
    proved: bool = False


EntityKind = Literal["gene", "protein", "compound", "antibody"]


class Named(Model):
    """A name under which an entity is found besides its own, and how it is known: `written` in a table, `beside` it as a synonym or
    in another row with the same identifier, or in a file of names (`source` says which).
    """

    name: str
    how: Literal["written", "identifier", "synonym", "file"]
    source: str | None = None


class Ortholog(Model):
    """The same gene of another organism, as a file of orthologs says (`source`), in one component: a row of the page's switch."""

    slug: str
    name: str
    organism: str
    source: str
    seen: tuple[Appearance, ...] = ()


class GeneFacts(Model):
    """An entity that samples target: a gene, protein, compound or antibody (`kind`). One identity, one page; see warehouse.identity.

    `also`: its other names. `listed`: whether a file beside the page holds all its samples, the page only the first.
    """

    kind: EntityKind = "gene"
    slug: str
    name: str
    symbol: str | None
    identifiers: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    also: tuple[Named, ...] = ()
    organism: Term | None
    appearances: tuple[Appearance, ...]
    orthologs: tuple[Ortholog, ...] = ()
    eaten: tuple[Eaten, ...] = ()
    links: dict[str, str] = {}  # identifier → its page outside, where a study that has it names one
    aliases: tuple[str, ...] = ()  # slugs of its other names: addresses that send readers here
    listed: bool = False


class GeneLine(Model):
    """An entity in a list: enough for browse pages and search."""

    kind: EntityKind = "gene"
    slug: str
    name: str
    organism: str
    identifiers: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    studies: int
    components: int
    samples_nc: int
    with_phenotype: int


class ReagentLine(Model):
    """A reagent (siRNA, pool, ORF …) in search: it is found at the page of what it targets, at the row of its component."""

    name: str
    address: str
    target: str
    components: int


class ComponentRecord(Model):
    """components/<name>.json of a `facts` step: all that a container's page needs, and no title, so that a new title moves no plate."""

    study: str
    label: str | None = None
    licence: str | None = None
    organisms: tuple[Term, ...] = ()
    study_types: tuple[Term, ...] = ()
    origin: Origin | None = None
    component: StudyComponent
    facts: ComponentFacts
    images: ComponentImages = ComponentImages()


class StudyLine(Model):
    """A study in a list."""

    accession: str
    label: str | None = None
    title: str
    record: str
    released: str | None = None
    organisms: tuple[Term, ...] = ()
    methods: tuple[Term, ...] = ()
    study_types: tuple[Term, ...] = ()
    kinds: tuple[str, ...] = ()
    licence: str | None = None
    authors: str | None = None
    year: int | None = None
    components: int = 0
    samples: int = 0
    genes: int = 0
    phenotypes: int = 0  # that a sample shows, controls included
    phenotypes_declared: int = 0
    images: int = 0
    thumbnails: tuple[str, ...] = ()
    synthetic: bool = False
    identifiers: tuple[str, ...] = ()  # DOIs, PubMed and PMC ids, accessions elsewhere: found by search
    keywords: tuple[str, ...] = ()


class ComponentLine(Model):
    """A component in a list or a search result."""

    study: str
    component: str
    kind: str
    label: str | None = None
    description: str | None = None
    organisms: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    technology: tuple[str, ...] = ()
    samples: int = 0
    with_phenotype: int = 0


class PhenotypeLine(Model):
    slug: str
    name: str
    term: str | None = None
    author_names: tuple[str, ...] = ()
    studies: int = 0
    components: int = 0
    samples_nc: int = 0
    genes: int = 0


class OrganismLine(Model):
    slug: str
    name: str
    term: str | None = None
    studies: int = 0
    components: int = 0
    samples: int = 0
    genes: int = 0


class Catalogue(Model):
    """catalogue.json: everything that lists, the home page and the search index need, without genes."""

    studies: tuple[StudyLine, ...] = ()
    components: tuple[ComponentLine, ...] = ()
    phenotypes: tuple[PhenotypeLine, ...] = ()
    organisms: tuple[OrganismLine, ...] = ()
    counts: dict[str, int] = {}


class SiteFrame(Model):
    """site.json: what every page shows around its content. `assets` and `vendor` are addresses of folders."""

    title: str
    tagline: str
    site_url: str | None = None
    publisher: str | None = None
    contact: str | None = None
    metadata_licence: str = "CC0-1.0"
    release: str | None = None
    source_url: str | None = None
    about: str | None = None
    links: tuple[LinkTemplate, ...] = ()
    assets: str
    vendor: str
    search: str
    places: bool = False  # whether a sample has coordinates: there is a page of places
