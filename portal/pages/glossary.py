"""The field's words, each in a sentence or two: shown where a word is first met, and on the about page."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    word: str
    meaning: str


GLOSSARY: dict[str, Entry] = {
    key: Entry(word, meaning)
    for key, word, meaning in (
        ("accession", "accession", "The stable identifier of a study, such as idr0002. It stays the same for good, so cite it."),
        (
            "study",
            "study",
            "One piece of research with its images: usually what one paper describes. It has one or more study components.",
        ),
        (
            "component",
            "study component",
            "A part of a study that was done in one way: a screen or an experiment. Its name, such as screenA, is part of its address.",
        ),
        (
            "screen",
            "screen",
            "Many treatments compared in one assay, usually one a well of multi-well plates: for example a library of siRNAs.",
        ),
        ("experiment", "experiment", "Images that are not laid out on plates. They are grouped in datasets."),
        ("plate", "plate", "A multi-well plate: rows have letters, columns have numbers, so A2 is the second well of the first row."),
        ("dataset", "dataset", "A named group of images of an experiment."),
        (
            "sample",
            "sample",
            "What was treated and imaged as one: a well of a plate, or one image outside screens. Counts of samples here mean these.",
        ),
        ("field", "field of view", "One image position within a well. A well can have several."),
        ("channel", "channel", "One colour of an image: usually one stain or label, recorded as grey values."),
        (
            "control",
            "control",
            "A sample with a known or no treatment, for comparison. Figures leave controls out unless they say so; tables hold them all.",
        ),
        (
            "phenotype",
            "phenotype",
            "What the authors saw in a sample, in their own words, such as ‘round cell’. Curators match it to ontology terms.",
        ),
        (
            "cmpo",
            "CMPO",
            "The Cellular Microscopy Phenotype Ontology: fixed terms, such as CMPO:0000118, to compare phenotypes across studies.",
        ),
        ("ontology", "ontology term", "A word with a fixed meaning and an accession, so that different authors' words can be compared."),
        (
            "evidence",
            "evidence level",
            "What a phenotype was judged on: a single well, one reagent, several reagents, or the gene as a whole.",
        ),
        ("gene", "gene", "Here: one gene of one organism, as the source tables name it. SGO1 of human and sgo1 of yeast are two."),
        ("reagent", "reagent", "What was given to the cells to change them, such as an siRNA."),
        (
            "rembi",
            "REMBI",
            "Recommended Metadata for Biological Images: eight modules of what should be told about images (Nature Methods, 2021).",
        ),
        (
            "parquet",
            "Parquet",
            "A compact table format with typed columns, which R, Python (pandas, polars), DuckDB and many others read.",
        ),
        ("pixel-size", "pixel size", "How much of the specimen one pixel covers, in micrometres."),
        ("synthetic", "synthetic", "Made by a program, not by a microscope. It is always said so where such an image is shown."),
    )
}
