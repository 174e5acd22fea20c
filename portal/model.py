"""What a curator writes, as frozen types: REMBI's eight modules, with IDR's words for screens and plates.

REMBI: Sarkans et al., Nature Methods 2021 (study, study component, biosample, specimen, image
acquisition, image data, image correlation, analysed data). IDR: Williams et al., Nature Methods 2017.
A *screen* or an *experiment* is a study component; plate/well/field or dataset/image locate a *sample*
(the papers' word for one well, or one image outside a screen).

Past `ingest/` only these types travel. They are built from YAML by `ingest.studies`, which knows the lines.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from portal import spelling
from portal.gene_files import GeneFile, OrthologFile
from portal.outside import LINKS
from portal.scalars import Amount, Curie, Positive, RelPath
from portal.scalars import Doi as Doi
from portal.scalars import Line as Line
from portal.scalars import Model as Model
from portal.scalars import Text as Text
from portal.scalars import Url as Url
from portal.spelling import ACCESSION as ACCESSION
from portal.spelling import COMPONENT as COMPONENT
from portal.spelling import CURIE as CURIE
from portal.spelling import RESERVED as RESERVED


class Term(Model):
    """A name, and the ontology accession that fixes its meaning."""

    name: Line
    term: Curie | None = None


class Person(Model):
    last_name: Line
    first_name: Line | None = None
    email: Line | None = None
    address: Text | None = None
    orcid: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = None
    roles: tuple[Line, ...] = ()


class Publication(Model):
    title: Text | None = None
    authors: Text | None = None
    doi: Doi | None = None
    pubmed: Annotated[str, StringConstraints(pattern=r"^\d{1,9}$")] | None = None
    pmc: Annotated[str, StringConstraints(pattern=r"^PMC\d{1,9}$")] | None = None
    year: Annotated[int, Field(ge=1600, le=2200)] | None = None


class Protocol(Model):
    """How something was done, in the authors' words (Markdown)."""

    name: Line
    type: Term | None = None
    description: Text | None = None


class Phenotype(Model):
    """What the authors saw, in their words, and the ontology terms a curator matched to it."""

    name: Line
    description: Text | None = None
    score_type: Line | None = None
    term: Curie | None = None
    term_name: Line | None = None
    terms: tuple[Term, ...] = Field(default=(), description="Further terms, where one phenotype maps to several.")

    @property
    def all_terms(self) -> tuple[Term, ...]:
        first = (Term(name=self.term_name or self.name, term=self.term),) if self.term else ()
        return first + self.terms


class Biosample(Model):
    """REMBI biosample: the organism and biological entity that was imaged."""

    organism: Term | None = None
    biological_entity: Line | None = None
    description: Text | None = None
    variables: tuple[Line, ...] = ()


class Specimen(Model):
    """REMBI specimen: how the biosample was prepared for imaging."""

    preparation: Text | None = None
    growth_protocol: Text | None = None
    stains: tuple[Line, ...] = ()


class Acquisition(Model):
    """REMBI image acquisition: the instrument and how it was set."""

    instrument: Line | None = None
    parameters: Text | None = None


class AnalysedData(Model):
    """REMBI analysed data: what was computed from the images, and how."""

    name: Line
    description: Text | None = None


class Correlation(Model):
    """REMBI image correlation: how images of different modalities lie on each other.

    `transform` maps (x, y) of the moving image to (x, y) of the fixed one: x' = a·x + b·y + c, y' = d·x + e·y + f.
    """

    description: Text
    transformation: Text | None = None
    fixed: Line | None = Field(default=None, description="The name of the image that the other is laid on, as its page has it.")
    moving: Line | None = Field(default=None, description="The name of the image that is laid on it.")
    transform: Annotated[tuple[float, float, float, float, float, float], AfterValidator(spelling.affine)] | None = Field(
        default=None, description="Six numbers a, b, c, d, e, f: x' = a·x + b·y + c, y' = d·x + e·y + f."
    )
    unit: Literal["px", "µm"] = Field(default="px", description="In what the transform counts, on both sides.")


# Files by path or glob; a list where there are several.
Sources = RelPath | Annotated[tuple[RelPath, ...], Field(min_length=1, max_length=100)]

# A table, or the parts that it comes in: their rows stand below one another, their columns are put together by name.
Tables = RelPath | Annotated[tuple[RelPath, ...], Field(min_length=1, max_length=1_000)]


class Join(Model):
    """Rows of `table` joined to the samples on a column; several columns are joined by `_`, as IDR's tables do."""

    table: Tables = Field(description="A table below the study folder; a list where it comes in several parts.")
    on: Line | tuple[Line, ...]
    unmatched: Literal["warn", "ignore"] = "warn"

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.table,) if isinstance(self.table, str) else self.table


class PhenotypeColumn(Model):
    """A table column that names a phenotype: a sample with a non-empty cell has it."""

    column: Line
    phenotype: Line = Field(description="The declared phenotype that a filled cell means.")


# Normalised column names that `samples.columns` may map (DESIGN §4), each to a source column.
SAMPLE_COLUMNS = (
    "plate", "well", "dataset", "image", "organism", "organism_term", "cell_line", "strain", "genotype", "tissue",
    "gene.id", "gene.symbol", "gene.synonyms", "protein.id", "protein.symbol",
    "compound.id", "compound.symbol", "antibody.id", "antibody.symbol", "reagent.id", "reagent.symbol",
    "control_type", "quality", "has_phenotype", "annotation_level", "latitude", "longitude",
)  # fmt: skip


class Counted(Model):
    """A rule that a sample's row meets when the study's own figures count it: its plate was loaded, its well has an image, its image
    is raw. A row meets a list of rules when it meets them all. Exactly one of the four conditions is given; capitals do not matter.
    """

    says: Line = Field(description="What the rows have that meet the rule, such as 'on a plate that was loaded'.")
    column: Line = Field(description="A column of the samples' table or of one joined to it.")
    listed_in: RelPath | None = Field(default=None, description="The cell stands in the first column of this table, which has no header.")
    any_of: tuple[Line, ...] | None = Field(default=None, description="The cell is one of these.")
    none_of: tuple[Line, ...] | None = Field(default=None, description="The cell is none of these.")
    without: Line | None = Field(default=None, description="The cell does not hold this text.")


class Samples(Model):
    """How the rows of a table become samples. Source tables are never edited: all is declared here."""

    table: Tables = Field(description="A table below the study folder; a list where it comes in several parts.")
    join: tuple[Join, ...] = ()
    columns: dict[str, Line | Annotated[tuple[Line, ...], Field(min_length=1, max_length=200)]] = Field(
        description="normalised name → source column; several for a target that a row may have several of, such as gene.id: "
        "the first identifier belongs to the first symbol"
    )
    split: dict[str, Annotated[str, StringConstraints(min_length=1, max_length=8)]] = Field(
        default_factory=dict, description="normalised name → separator, for cells that hold several values"
    )
    no_value: tuple[str, ...] = Field(default=(), description="Cells that mean 'nothing here', such as NA.")
    links: dict[str, Annotated[str, StringConstraints(max_length=2_000), AfterValidator(spelling.link_template)]] = Field(
        default_factory=dict, description="normalised name → address of an outside page about one of its values, with {id} in its place"
    )
    phenotypes: tuple[PhenotypeColumn, ...] = ()
    counted: tuple[Counted, ...] = Field(
        default=(), description="Which rows the study's own figures count; all, where there is no rule. The others stay in every table."
    )

    @property
    def parts(self) -> tuple[str, ...]:
        """The files that `table` is read from."""
        return (self.table,) if isinstance(self.table, str) else self.table

    def columns_of(self, name: str) -> tuple[str, ...]:
        """The source columns of a normalised name, in their order; () where it is not mapped."""
        column = self.columns.get(name, ())
        return (column,) if isinstance(column, str) else column


class Channel(Model):
    name: Line
    label: Line | None = None
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    limits: tuple[float, float] | None = Field(default=None, description="Darkest and brightest value shown, in the image's own units.")
    emission: Positive | None = Field(default=None, description="Wavelength of the light that was recorded, nm.")
    excitation: Positive | None = Field(default=None, description="Wavelength of the light that excites, nm.")


class Images(Model):
    """Image files of a component: exactly one of `source`, `url` and `manifest` says where they are.

    `pattern` names the parts of a file name: {plate} {well} {field}, or {dataset} {image}; and {channel} {z} {t}, where
    several files are one image. An instrument's `layout` says these by itself.
    """

    source: RelPath | None = Field(default=None, description="A path or glob below the study folder.")
    pattern: Line | None = None
    layout: Literal["imagexpress", "cellvoyager", "ome-tiff"] | None = Field(
        default=None, description="Whose folders the files lie in; then no pattern is needed."
    )
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(spelling.store)] | None = Field(
        default=None, description="An OME-Zarr that stays where it is: https://…, http://… or s3://…."
    )
    manifest: RelPath | None = Field(
        default=None, description="A CSV or TSV with a row an image: path or url, sha256, size; plate, well, field, dataset, image."
    )
    channels: tuple[Channel, ...] = ()
    pixel_size: Positive | None = Field(default=None, description="µm per pixel, x and y.")
    pixel_size_z: Positive | None = Field(default=None, description="µm between planes.")
    time_step: Positive | None = Field(default=None, description="s between time points.")
    axes: Annotated[str, StringConstraints(pattern=r"^[TCZYXS]{2,6}$"), AfterValidator(spelling.axes)] | None = Field(
        default=None, description="The order of the file's axes where the file does not say it, or says it wrongly, such as TZYX."
    )
    brightfield: bool = False
    rois: Sources | None = Field(
        default=None, description="Files with regions of interest, in pixels: GeoJSON, CSV, TSV, OME-XML. A path or glob, or a list."
    )
    localisations: Sources | None = Field(
        default=None, description="CSV or TSV with up to a million points an image (x, y), drawn by density. A path or glob, or a list."
    )
    labels: Sources | None = Field(
        default=None, description="Masks: images whose values are ids of objects, named as their images are. A path or glob, or a list."
    )
    label_properties: Sources | None = Field(
        default=None,
        description="CSV or TSV with a row an object of `labels`: its id, and what was measured of it. A path or glob, or a list.",
    )
    slide_label: bool = Field(
        default=False, description="Show the labels and overviews of slides, and publish slides as they are: these can name a patient."
    )
    synthetic: bool = Field(default=False, description="Made by a program; said so on every page that shows it.")
    featured: bool = False


class Size(Model):
    """What the source declares about the component's size; shown as declared, never as counted."""

    plates: Amount | None = None
    datasets: Amount | None = None
    images_5d: Amount | None = None
    planes: Amount | None = None
    dimensions: Line | None = None
    terabytes: Annotated[float, Field(ge=0, le=1e9)] | None = None


class StudyComponent(Model):
    """A screen or an experiment. Its id is its name, unique in the study without regard to case."""

    name: Annotated[str, AfterValidator(spelling.component_name)]
    kind: Literal["screen", "experiment"]
    description: Text | None = None
    sample_type: Line | None = None
    organisms: tuple[Term, ...] = ()
    imaging_method: tuple[Term, ...] = ()
    technology: tuple[Term, ...] = ()
    component_type: tuple[Term, ...] = ()
    biosamples: tuple[Biosample, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    acquisition: tuple[Acquisition, ...] = ()
    analysed_data: tuple[AnalysedData, ...] = ()
    correlation: tuple[Correlation, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    phenotypes: tuple[Phenotype, ...] = ()
    samples: Samples | None = None
    missing: Text | None = Field(default=None, description="Why the tables of this component are not here; shown on its page.")
    images: tuple[Images, ...] = ()
    size: Size | None = None
    example_images: tuple[Url, ...] = ()
    source: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Keys of an imported source that have no place above.")


class File(Model):
    """A supporting file: below the study folder (`path`) or elsewhere (`url`)."""

    path: RelPath | None = None
    url: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^(https?|s3|ftp)://[^\s<>\"']+$")] | None = None
    description: Line | None = None
    size: Line | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Origin(Model):
    """Where an imported or indexed record comes from."""

    source: Line
    accession: Line | None = None
    url: Url | None = None
    imported: date | None = None


class Event(Model):
    date: date
    what: Line


class Study(Model):
    """One study folder's study.yaml."""

    accession: Annotated[str, AfterValidator(spelling.accession)]
    label: Line | None = Field(default=None, description="A short name shown beside the accession, such as heriche-condensation.")
    record: Literal["deposited", "indexed", "imported"] = "deposited"
    title: Line
    description: Text | None = None
    released: date | None = None
    study_type: tuple[Term, ...] = ()
    keywords: tuple[Line, ...] = ()
    organisms: tuple[Term, ...] = ()
    licence: Line | None = Field(default=None, description="SPDX identifier, such as CC-BY-4.0.")
    licence_url: Url | None = None
    copyright: Line | None = None
    data_doi: tuple[Doi, ...] = ()
    people: tuple[Person, ...] = ()
    publications: tuple[Publication, ...] = ()
    links: tuple[Url, ...] = ()
    origin: Origin | None = None
    history: tuple[Event, ...] = ()
    components: tuple[StudyComponent, ...] = Field(min_length=1)
    raw: Literal["none", "original", "ome-zarr"] = Field(
        default="none", description="Whether the exact pixels of its images are published: as the source files, or as OME-Zarr."
    )
    files: tuple[File, ...] = ()
    source: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Keys of an imported source that have no place above.")

    def component(self, name: str) -> StudyComponent:
        return next(c for c in self.components if c.name == name)

    def organisms_of(self, component: StudyComponent) -> tuple[Term, ...]:
        """The component's organisms, else the study's."""
        return component.organisms or self.organisms


class LinkTemplate(Model):
    """An outside page about an identifier: `{id}` in the address is replaced."""

    name: Line
    pattern: Line = Field(description="Regular expression that the whole identifier matches.")
    url: Line
    kinds: tuple[Literal["gene", "protein", "compound", "antibody"], ...] = Field(
        default=(), description="Of what identifiers it is, where the pattern alone does not tell; any, where none is given."
    )


class Portal(Model):
    """content/portal.yaml."""

    title: Line = "Slidecase"
    tagline: Line = "Biological images, with everything needed to read them."
    site_url: Annotated[Url, AfterValidator(spelling.site)] | None = None
    publisher: Line | None = None
    contact: Line | None = None
    metadata_licence: Line = "CC0-1.0"
    release: Line | None = Field(default=None, description="Name of this release, such as 2026.1, shown on every page.")
    source_url: Url | None = Field(default=None, description="Where the content and the code are kept.")
    about: Text | None = None
    remote_hosts: Annotated[tuple[Annotated[Line, AfterValidator(spelling.host)], ...], Field(max_length=200)] = Field(
        default=(),
        description="The hosts that images may be fetched from, such as storage.example.org; where none is listed, all on the open "
        "internet, by https. Those that are listed may also be local, and be asked by http.",
    )
    links: Annotated[tuple[LinkTemplate, ...], Field(max_length=200)] = tuple(
        LinkTemplate(name=n, pattern=p, url=u, kinds=k) for n, p, u, k in LINKS
    )
    genes: Annotated[tuple[GeneFile, ...], Field(max_length=100)] = Field(default=(), description="Tables of the names of genes.")
    orthologs: Annotated[tuple[OrthologFile, ...], Field(max_length=100)] = Field(default=(), description="Tables of orthologs.")
