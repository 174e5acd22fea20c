"""What a curator writes, as frozen types: REMBI's eight modules, with IDR's words for screens and plates.

REMBI: Sarkans et al., Nature Methods 2021 (study, study component, biosample, specimen, image
acquisition, image data, image correlation, analysed data). IDR: Williams et al., Nature Methods 2017.
A *screen* or an *experiment* is a study component; plate/well/field or dataset/image locate a *sample*
(the papers' word for one well, or one image outside a screen).

Past `ingest/` only these types travel. They are built from YAML by `ingest.studies`, which knows the lines.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

CURIE = re.compile(r"^[A-Za-z][A-Za-z0-9]*:[A-Za-z0-9][A-Za-z0-9._-]*$")
COMPONENT = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")
ACCESSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")

# Words the address charter keeps for itself below /studies/<accession>/ (DESIGN §5).
RESERVED = frozenset(
    "api assets cite components data download embed files history images index metadata plates provenance".split()
    + "samples search table tiles v".split()
)


def _mend(value: str, pattern: re.Pattern[str], what: str, mend: str) -> str:
    # The message is 'what; mend': ingest.studies splits it at the semicolon.
    if not pattern.match(value):
        raise ValueError(f"{what}; {mend}")
    return value


def _curie(value: str) -> str:
    guess = re.sub(r"^.*/", "", value.strip()).replace("_", ":", 1)
    # The two ontologies of IDR's phenotypes and methods number their terms with seven and eight digits.
    digits = {"CMPO": 7, "FBbi": 8}
    if m := re.match(r"^(CMPO|FBbi):(\d+)$", guess, re.IGNORECASE):
        prefix = "CMPO" if m[1].upper() == "CMPO" else "FBbi"
        guess = f"{prefix}:{int(m[2]):0{digits[prefix]}d}"
        if value != guess:
            raise ValueError(f"is not a {prefix} accession; write {guess}")
    mend = f"write {guess}" if CURIE.match(guess) else "write an ontology accession such as CMPO:0000118"
    return _mend(value, CURIE, "is not an ontology accession", mend)


def _component_name(value: str) -> str:
    _mend(value, COMPONENT, "cannot be part of an address", "write letters, digits, _ or -, beginning with a letter, such as screenA")
    if value.casefold() in RESERVED:
        raise ValueError(f"is a word that the address charter keeps for itself; write another name, such as {value}A")
    return value


def _accession(value: str) -> str:
    return _mend(value, ACCESSION, "is not an accession", "write letters, digits, '.', '_' or '-', such as idr0002")


def _doi(value: str) -> str:
    bare = re.sub(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", "", value.strip(), flags=re.IGNORECASE)
    mend = f"write {bare}" if re.match(r"^10\.\d{4,9}/\S+$", bare) else "write it as 10.1091/mbc.E13-04-0221"
    return _mend(value, re.compile(r"^10\.\d{4,9}/\S+$"), "is not a bare DOI", mend)


def _http(value: str) -> str:
    return _mend(value, re.compile(r"^https?://[^\s<>\"']+$"), "is not a web address", "write one beginning with https://")


def _below(value: str) -> str:
    parts = value.replace("\\", "/").split("/")
    if value.startswith(("/", "~")) or ".." in parts or re.match(r"^[A-Za-z]:", value) or "\0" in value:
        raise ValueError("leaves the study folder; write a path below it")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Curie = Annotated[str, AfterValidator(_curie)]
Doi = Annotated[str, AfterValidator(_doi)]
Url = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_http)]
RelPath = Annotated[str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(_below)]
Positive = Annotated[float, Field(gt=0)]


class Model(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


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
    """REMBI image correlation: how images of different modalities lie on each other."""

    description: Text
    transformation: Text | None = None


class Join(Model):
    """Rows of `table` joined to the samples on a column; several columns are joined by `_`, as IDR's tables do."""

    table: RelPath
    on: Line | tuple[Line, ...]
    unmatched: Literal["warn", "ignore"] = "warn"


class PhenotypeColumn(Model):
    """A table column that names a phenotype: a sample with a non-empty cell has it."""

    column: Line
    phenotype: Line = Field(description="The declared phenotype that a filled cell means.")


# Normalised column names that `samples.columns` may map (DESIGN §4), each to a source column.
SAMPLE_COLUMNS = (
    "plate", "well", "dataset", "image", "organism", "organism_term", "cell_line",
    "gene.id", "gene.symbol", "gene.synonyms", "protein.id", "protein.symbol",
    "compound.id", "compound.symbol", "antibody.id", "antibody.symbol", "reagent.id", "reagent.symbol",
    "control_type", "quality", "has_phenotype", "annotation_level", "latitude", "longitude",
)  # fmt: skip


class Samples(Model):
    """How the rows of a table become samples. Source tables are never edited: all is declared here."""

    table: RelPath
    join: tuple[Join, ...] = ()
    columns: dict[str, Line] = Field(description="normalised name → source column")
    split: dict[str, Annotated[str, StringConstraints(min_length=1, max_length=8)]] = Field(
        default_factory=dict, description="normalised name → separator, for cells that hold several values"
    )
    no_value: tuple[str, ...] = Field(default=(), description="Cells that mean 'nothing here', such as NA.")
    phenotypes: tuple[PhenotypeColumn, ...] = ()


class Channel(Model):
    name: Line
    label: Line | None = None
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    limits: tuple[float, float] | None = Field(default=None, description="Darkest and brightest value shown, in the image's own units.")


class Images(Model):
    """Image files of a component. `pattern` names the parts of a file name: {plate} {well} {field}, or {dataset} {image}."""

    source: RelPath = Field(description="A path or glob below the study folder.")
    pattern: Line | None = None
    channels: tuple[Channel, ...] = ()
    pixel_size: Positive | None = Field(default=None, description="µm per pixel, x and y.")
    pixel_size_z: Positive | None = Field(default=None, description="µm between planes.")
    time_step: Positive | None = Field(default=None, description="s between time points.")
    brightfield: bool = False
    rois: RelPath | None = Field(default=None, description="GeoJSON with regions of interest, in pixels.")
    synthetic: bool = Field(default=False, description="Made by a program; said so on every page that shows it.")
    featured: bool = False


class Size(Model):
    """What the source declares about the component's size; shown as declared, never as counted."""

    plates: int | None = None
    datasets: int | None = None
    images_5d: int | None = None
    planes: int | None = None
    dimensions: Line | None = None
    terabytes: float | None = None


class StudyComponent(Model):
    """A screen or an experiment. Its id is its name, unique in the study without regard to case."""

    name: Annotated[str, AfterValidator(_component_name)]
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

    accession: Annotated[str, AfterValidator(_accession)]
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


def _links(*templates: tuple[str, str, str]) -> tuple[LinkTemplate, ...]:
    return tuple(LinkTemplate(name=name, pattern=pattern, url=url) for name, pattern, url in templates)


_OLS = "https://www.ebi.ac.uk/ols4/search?q={id}&ontology="

# Where portal.yaml lists none. Patterns as identifiers.org gives them, but without what any word could match.
LINKS = _links(
    ("Ensembl", r"ENS[A-Z]*[GTP]\d{11}", "https://www.ensembl.org/id/{id}"),
    ("NCBI Gene", r"\d{1,9}", "https://www.ncbi.nlm.nih.gov/gene/{id}"),
    ("RefSeq", r"[NX][MR]_\d{6,9}(?:\.\d+)?", "https://www.ncbi.nlm.nih.gov/nuccore/{id}"),
    ("RefSeq", r"[NXY]P_\d{6,9}(?:\.\d+)?", "https://www.ncbi.nlm.nih.gov/protein/{id}"),
    ("UniProt", r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}", "https://www.uniprot.org/uniprotkb/{id}"),
    ("PomBase", r"SP[A-Z]{2,3}[0-9]+[A-Za-z0-9]*\.[0-9]+[A-Za-z]?", "https://www.pombase.org/gene/{id}"),
    ("SGD", r"Y[A-P][LR]\d{3}[CW](?:-[A-Z])?", "https://www.yeastgenome.org/locus/{id}"),
    ("FlyBase", r"FBgn\d{7}", "https://flybase.org/reports/{id}"),
    ("TAIR", r"A[Tt][1-5CM][Gg]\d{5}", "https://www.arabidopsis.org/locus?name={id}"),
    ("CMPO", r"CMPO:\d{7}", _OLS + "cmpo"),
    ("FBbi", r"FBbi:\d{8}", _OLS + "fbbi"),
    ("NCBI Taxonomy", r"NCBITaxon:\d{1,8}", _OLS + "ncbitaxon"),
    ("EFO", r"EFO:\d{7}", _OLS + "efo"),
    ("PubMed", r"PMID:\d{1,9}", "https://identifiers.org/{id}"),
    ("DOI", r"10\.\d{4,9}/\S+", "https://doi.org/{id}"),
)


class Portal(Model):
    """content/portal.yaml."""

    title: Line = "Slidecase"
    tagline: Line = "Biological images, with everything needed to read them."
    site_url: Url | None = None
    publisher: Line | None = None
    contact: Line | None = None
    metadata_licence: Line = "CC0-1.0"
    release: Line | None = Field(default=None, description="Name of this release, such as 2026.1, shown on every page.")
    source_url: Url | None = Field(default=None, description="Where the content and the code are kept.")
    about: Text | None = None
    links: tuple[LinkTemplate, ...] = LINKS
