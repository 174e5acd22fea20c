"""The published tables: names, types and meanings are stable; columns may be added, never change meaning (DESIGN §4).

Every column has a sentence, which is also the data dictionary. All text is UTF-8; a missing value is
null, never an empty string. Identifiers are text, also when they look like numbers.
"""

from __future__ import annotations

import pyarrow as pa

S, B, I, F = pa.string(), pa.bool_(), pa.int64(), pa.float64()


def _field(name: str, type_: pa.DataType, meaning: str, nullable: bool = True, unit: str = "") -> pa.Field:
    return pa.field(name, type_, nullable=nullable, metadata={"meaning": meaning} | ({"unit": unit} if unit else {}))


_PLACE = [
    _field("sample_id", S, "Unique, stable: accession/component/container/sample, percent-encoded; ~2 where a well repeats.", False),
    _field("study", S, "Accession of the study, such as idr0002.", False),
    _field("component", S, "Name of the study component: a screen or an experiment, such as screenA.", False),
    _field("container", S, "Plate or dataset, as the source names it.", False),
    _field("sample", S, "Well (such as A2) or image name.", False),
]  # fmt: skip

STUDIES = pa.schema([
    _field("study", S, "Accession.", False),
    _field("label", S, "Short name, such as heriche-condensation."),
    _field("title", S, "Title.", False),
    _field("record", S, "deposited, indexed (metadata only) or imported.", False),
    _field("released", pa.date32(), "Day of public release."),
    _field("organisms", S, "Scientific names, joined by '; '."),
    _field("study_types", S, "Study types, joined by '; '."),
    _field("licence", S, "SPDX identifier of the licence of the data."),
    _field("doi", S, "DOI of the first publication."),
    _field("pubmed", S, "PubMed id of the first publication."),
    _field("authors", S, "Authors of the first publication."),
    _field("components", I, "How many study components."),
    _field("samples", I, "How many samples, controls included."),
    _field("counted", I, "How many of them the study's own figures count (counted in samples), controls included."),
    _field("images", I, "How many images are rendered in this portal."),
    _field("address", S, "Path of the study's page below the site's root.", False),
])  # fmt: skip

COMPONENTS = pa.schema([
    _field("study", S, "Accession of the study.", False),
    _field("component", S, "Name of the component, unique in its study.", False),
    _field("kind", S, "screen or experiment.", False),
    _field("imaging_methods", S, "Imaging methods, joined by '; '."),
    _field("imaging_method_terms", S, "Their ontology accessions, in the same order, joined by '; '."),
    _field("technology", S, "Technology types, such as RNAi screen, joined by '; '."),
    _field("organisms", S, "Scientific names, joined by '; '."),
    _field("containers", I, "How many plates or datasets."),
    _field("samples", I, "How many samples, controls included."),
    _field("counted", I, "How many of them the study's own figures count (counted in samples), controls included."),
    _field("controls", I, "How many of the samples are controls (their control type is filled)."),
    _field("with_phenotype", I, "How many samples have at least one phenotype, controls included."),
    _field("phenotypes_declared", I, "How many phenotypes the authors declare."),
    _field("phenotypes_observed", I, "How many of them at least one sample has."),
    _field("genes", I, "Distinct gene identifiers, controls included."),
    _field("phenotype_names", S, "The names of the phenotypes that the authors declare, joined by '; '."),
    _field("declared_containers", I, "Plates or datasets, as the source declares; null where it does not. Never counted here."),
    _field("declared_images", I, "5D images, as the source declares."),
    _field("declared_planes", I, "Planes of all images, as the source declares."),
    _field("declared_terabytes", F, "Size of the images in TB, as the source declares.", unit="TB"),
    _field("missing", S, "Why the tables are not here, where they are not."),
    _field("address", S, "Path of the component's page.", False),
])  # fmt: skip

CONTAINERS = pa.schema([
    _field("study", S, "Accession of the study.", False),
    _field("component", S, "Name of the component.", False),
    _field("container", S, "Plate or dataset.", False),
    _field("kind", S, "plate or dataset.", False),
    _field("rows", I, "Rows of the smallest usual plate that holds every well; null for a dataset."),
    _field("columns", I, "Its columns; null for a dataset."),
    _field("samples", I, "How many samples."),
    _field("counted", I, "How many of them the study's own figures count; 0 for a plate that was never loaded."),
    _field("controls", I, "How many controls."),
    _field("with_phenotype", I, "How many samples have a phenotype, controls included."),
    _field("images", I, "How many images are rendered in this portal."),
    _field("address", S, "Path of its page.", False),
])  # fmt: skip

SAMPLES = pa.schema([
    *_PLACE,
    _field("row", pa.int32(), "Row of the well, from 1 (A); null outside plates."),
    _field("column", pa.int32(), "Column of the well, from 1; null outside plates."),
    _field("organism", S, "Scientific name; where the source leaves it blank, the component's, then the study's."),
    _field("cell_line", S, "Cell line, as the source writes it."),
    _field("strain", S, "Strain, as the source writes it."),
    _field("genotype", S, "Genotype, as the source writes it."),
    _field("tissue", S, "Tissue or part of the organism, as the source writes it."),
    _field("gene_id", S, "Source cell, as text, also where it holds several identifiers."),
    _field("gene_symbol", S, "Source cell, as text, also where it holds several symbols."),
    _field("reagent", S, "Identifier of the reagent (siRNA, pool, ORF …)."),
    _field("compound", S, "Compound."),
    _field("control_type", S, "Control type; null for what is not a control."),
    _field("quality", S, "Quality control, as the source writes it."),
    _field("has_phenotype", B, "Whether at least one phenotype is recorded.", False),
    _field("n_images", pa.int32(), "Images of this sample rendered in this portal.", False),
    _field(
        "counted", B,
        "TRUE where the row meets every rule of samples.counted in study.yaml, or there is none: its plate was loaded, its well has "
        "an image, its image is raw. The study's own figures count these rows; the others are kept beside them.",
        False,
    ),
    _field("latitude", F, "Degrees north (WGS 84).", unit="°"),
    _field("longitude", F, "Degrees east (WGS 84).", unit="°"),
])  # fmt: skip

SAMPLE_PHENOTYPES = pa.schema([
    *_PLACE,
    _field("phenotype", S, "The authors' words.", False),
    _field("term", S, "Ontology accession as a CURIE, such as CMPO:0000118; null where the authors' words have none. One row a term."),
    _field("control", B, "Whether the sample is a control.", False),
])  # fmt: skip

SAMPLE_TARGETS = pa.schema([
    *_PLACE,
    _field("kind", S, "gene, protein, compound, antibody or reagent.", False),
    _field("id", S, "One identifier."),
    _field("symbol", S, "One symbol. A cell with as many symbols as identifiers pairs them by position; otherwise each has its own row."),
    _field("organism", S, "Scientific name."),
    _field("control", B, "Whether the sample is a control.", False),
])  # fmt: skip

# As published: which entity a row means is known once all studies are read.
PUBLISHED_TARGETS = SAMPLE_TARGETS.append(
    _field("entity", S, "Which gene, protein, compound or antibody it is, under whatever name: its slug in entities; null for a reagent.")
)

COMPONENT_PHENOTYPES = pa.schema([
    _field("study", S, "Accession of the study.", False),
    _field("component", S, "Name of the component.", False),
    _field("phenotype", S, "A phenotype that the authors looked for, in their words.", False),
    _field("term", S, "Ontology accession as a CURIE; null where the authors' words have none. One row a term."),
    _field("samples", I, "Samples of the component that have it, controls left out.", False),
    _field("controls", I, "Controls that have it.", False),
])  # fmt: skip

TERMS = pa.schema([
    _field("term", S, "Accession as a CURIE.", False),
    _field("name", S, "Name of the term: the ontology's where the portal has its file, else the most frequent one."),
    _field("role", S, "phenotype, organism, imaging method, technology or study type.", False),
    _field("studies", I, "Studies that use the term itself; 0 where only terms below it are used."),
    _field("components", I, "Components that use the term itself."),
    _field("samples", I, "Samples that carry the term itself, controls left out; null where it is not told sample by sample."),
    _field("address", S, "Path of its page, where it has one."),
    _field("definition", S, "What the ontology says it means."),
    _field("synonyms", S, "The ontology's synonyms, of every scope, joined by '; '."),
    _field("parents", S, "Accessions one step up (is_a; of an obsolete term, what replaces it), joined by '; '."),
    _field("obsolete", B, "Whether the ontology has given it up."),
    _field("source", S, "The file of terms that defines it; null where the portal has none that does."),
    _field("all_studies", I, "Studies that use it or a term below it."),
    _field("all_components", I, "Components that use it or a term below it."),
    _field("all_samples", I, "Samples that carry it or a term below it, each counted once, controls left out."),
    _field("all_genes", I, "Genes of these samples; null where it is not a phenotype."),
])  # fmt: skip

TERM_ANCESTORS = pa.schema([
    _field("term", S, "Accession that a study uses, or that stands above one.", False),
    _field("ancestor", S, "An accession at or above it: join on term, ask for the ancestor, and all that is below it is found.", False),
    _field("distance", I, "Steps up (is_a), the fewest; 0 for the term itself, which every term has.", False),
])  # fmt: skip

TERM_NAMES = pa.schema([
    _field("study", S, "Accession of the study.", False),
    _field("component", S, "Name of the component.", False),
    _field("role", S, "organism, cell line, imaging method, technology or study type.", False),
    _field("name", S, "How the study or a sample of it writes it, as in samples.organism and samples.cell_line.", False),
    _field("term", S, "Accession of the term that is meant."),
    _field("address", S, "Path of its page: names with the same page are one.", False),
])  # fmt: skip

ENTITIES = pa.schema([
    _field("kind", S, "gene, protein, compound, antibody or reagent.", False),
    _field("slug", S, "Last part of its page's address; of a reagent, its name in the same form.", False),
    _field("name", S, "Symbol, or identifier where there is no symbol.", False),
    _field("organism", S, "Scientific name."),
    _field("identifiers", S, "Identifiers met in the source tables or in the portal's gene files, joined by '; '."),
    _field("synonyms", S, "Other names met in either, joined by '; '."),
    _field("studies", I, "Studies that sampled it; null for a reagent."),
    _field("components", I, "Components that sampled it."),
    _field("samples", I, "Samples, controls left out."),
    _field("with_phenotype", I, "Of these, samples with a phenotype."),
    _field("address", S, "Path of its page; of a reagent, its place on the page of what it targets.", False),
])  # fmt: skip

IMAGES = pa.schema([
    _field("image_id", S, "Stable identifier.", False),
    _field("study", S, "Accession of the study.", False),
    _field("component", S, "Name of the component.", False),
    _field("container", S, "Plate or dataset."),
    _field("sample", S, "Well or image name."),
    _field("field", pa.int32(), "Field of view in the well, from 1."),
    _field("name", S, "Name.", False),
    _field("width", I, "Pixels in x.", False, "px"),
    _field("height", I, "Pixels in y.", False, "px"),
    _field("channels", pa.int32(), "How many channels.", False),
    _field("z", pa.int32(), "Planes.", False),
    _field("t", pa.int32(), "Time points.", False),
    _field("dtype", S, "Type of the source's pixels."),
    _field("pixel_size", F, "µm a pixel, x and y.", unit="µm"),
    _field("pixel_size_z", F, "µm between planes.", unit="µm"),
    _field("time_step", F, "s between time points.", unit="s"),
    _field("synthetic", B, "Made by a program.", False),
    _field("sha256", S, "Digest of the source file."),
    _field("address", S, "Path of the page, or of the plate's page with the well.", False),
    _field("thumbnail", S, "Path of the thumbnail."),
])  # fmt: skip

FILES = pa.schema([
    _field("study", S, "Accession of the study.", False),
    _field("path", S, "Path in the study folder."),
    _field("url", S, "Where it lies, if not in the study folder."),
    _field("description", S, "What it is."),
    _field("size", S, "As declared."),
    _field("sha256", S, "As declared."),
])  # fmt: skip

# Name → schema and the columns that order its rows (two releases can be compared line by line).
TABLES: dict[str, tuple[pa.Schema, tuple[str, ...], str]] = {
    "studies": (STUDIES, ("study",), "One row a study."),
    "components": (COMPONENTS, ("study", "component"), "One row a study component: a screen or an experiment."),
    "containers": (CONTAINERS, ("study", "component", "container"), "One row a plate or dataset."),
    "samples": (
        SAMPLES,
        ("study", "component", "container", "row", "column", "sample_id"),
        "One row a sample: a well, or an image outside screens.",
    ),
    "sample_phenotypes": (SAMPLE_PHENOTYPES, ("phenotype", "term", "sample_id"), "One row a sample, phenotype and ontology term."),
    "sample_targets": (PUBLISHED_TARGETS, ("kind", "symbol", "id", "sample_id"), "One row a sample and target (gene, reagent …)."),
    "component_phenotypes": (
        COMPONENT_PHENOTYPES,
        ("study", "component", "phenotype", "term"),
        "One row a component, phenotype that its authors looked for, and ontology term; also where no sample has it.",
    ),
    "terms": (TERMS, ("role", "term"), "One row an ontology term and role."),
    "term_ancestors": (TERM_ANCESTORS, ("ancestor", "distance", "term"), "One row a term and each term at or above it in the ontology."),
    "term_names": (TERM_NAMES, ("role", "name", "study", "component"), "One row a component and how it names an organism, a method …"),
    "entities": (ENTITIES, ("kind", "slug"), "One row a gene, protein, compound or antibody with a page of its own, and one a reagent."),
    "images": (IMAGES, ("image_id",), "One row an image rendered in this portal."),
    "files": (FILES, ("study", "path", "url"), "One row a supporting file."),
}  # fmt: skip
