"""The samples of one component as pages show them: its tables' rows with phenotypes, genes and images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq

from portal import addresses
from portal.addresses import MOST_COLUMNS, MOST_ROWS
from portal.eaten import dates
from portal.facts import ComponentRecord, ImageFacts
from portal.pages.states import has_failed, is_empty
from portal.pages.study import Chip, chips, phenotype_address

MOST_GENES_A_WELL = 12
_WELL = re.compile(r"([A-Z]{1,2})(\d{1,2})")
WORDS = (
    ("gene_symbol", "Gene symbol"),
    ("gene_id", "Gene identifier"),
    ("reagent", "Reagent"),
    ("compound", "Compound"),
    ("control_type", "Control"),
    ("quality", "Quality"),
    ("cell_line", "Cell line"),
    ("organism", "Organism"),
)
_SAMPLE_COLUMNS = ("sample_id", "container", "sample", "row", "column", "has_phenotype", "counted", *(key for key, _ in WORDS))


@dataclass(frozen=True)
class Gene:
    name: str
    address: str


@dataclass(frozen=True)
class Observed:
    name: str
    address: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True)
class SampleRow:
    """One row of samples.parquet with its phenotypes, genes and images.

    `counted`: whether the study's own figures count it; `looked`: whether anybody looked for phenotypes, so that none is a finding.
    """

    sample_id: str
    container: str
    sample: str
    row: int | None
    column: int | None
    values: Mapping[str, str]
    has_phenotype: bool
    phenotypes: tuple[Observed, ...] = ()
    genes: tuple[Gene, ...] = ()
    more_genes: int = 0
    images: tuple[ImageFacts, ...] = ()
    counted: bool = True
    looked: bool = True

    @property
    def empty(self) -> bool:
        """Whether the source says that nothing was in the well; one with a phenotype was not empty."""
        return is_empty(self.values.get("control_type")) and not self.hit

    @property
    def control(self) -> bool:
        return "control_type" in self.values

    @property
    def failed(self) -> bool:
        return has_failed(self.values.get("quality"))

    @property
    def hit(self) -> bool:
        return bool(self.phenotypes) or self.has_phenotype

    @cached_property
    def state(self) -> str:
        """In words, for the legend and for readers who cannot see the grid."""
        parts = [
            self.values["control_type"] if self.control else "",
            "phenotype found" if self.hit else "",
            "failed quality control" if self.failed else "",
            "" if self.counted else "not counted",
        ]
        return ", ".join(p for p in parts if p) or ("sample, no phenotype found" if self.looked else "sample")

    @property
    def anchor(self) -> str:
        # The fragment as it stands in addresses: an id may hold no blank.
        return addresses.fragment(self.sample)


def gene_address(symbol: str | None, identifier: str | None, organism: str | None) -> str:
    """The gene's page where its address follows from this row alone, else the search for it.

    Genes are told apart by the whole portal: spellings that differ by case may be one gene, named by the first
    by code point, and an identifier without a symbol may belong to a symbol met elsewhere. A symbol in capitals
    is always the first of its spellings.
    """
    if symbol and identifier and dates(symbol):
        symbol = None  # A spreadsheet's date: the gene goes by another name, or by its identifier.
    if symbol and symbol.isascii() and symbol == symbol.upper():
        return addresses.gene(addresses.gene_slug(symbol, organism))
    return f"{addresses.SEARCH}?q={quote(symbol or identifier or '', safe='')}"


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    names = set(pq.read_schema(path).names)
    return pq.read_table(path, columns=[c for c in columns if c in names]).to_pylist()


def samples_of_tables(record: ComponentRecord, files: Mapping[str, Path]) -> dict[str, list[SampleRow]]:
    """Container → its samples in the table's order; after them those of which only images tell."""
    declared = {p.name: p.all_terms for p in record.component.phenotypes}
    observed: dict[str, dict[str, Observed]] = {}
    for seen in _rows(files["phenotypes.parquet"], ("sample_id", "phenotype")):
        name = seen["phenotype"]
        terms = declared.get(name, ())
        observed.setdefault(seen["sample_id"], {}).setdefault(name, Observed(name, phenotype_address(name, terms), chips(terms)))
    genes: dict[str, dict[str, Gene]] = {}
    for row in _rows(files["targets.parquet"], ("sample_id", "kind", "id", "symbol", "organism")):
        if row["kind"] == "gene" and (row["symbol"] or row["id"]):
            address = gene_address(row["symbol"], row["id"], row["organism"])
            genes.setdefault(row["sample_id"], {}).setdefault(address, Gene(row["symbol"] or row["id"], address))
    images: dict[tuple[str, str], list[ImageFacts]] = {}
    for image in record.images.images:
        if image.container is not None and image.sample is not None:
            images.setdefault((image.container, image.sample), []).append(image)
    looked = bool(record.component.phenotypes)
    found: dict[str, list[SampleRow]] = {}
    for row in _rows(files["samples.parquet"], _SAMPLE_COLUMNS):
        its = list(genes.get(row["sample_id"], {}).values())
        found.setdefault(row["container"], []).append(
            SampleRow(
                sample_id=row["sample_id"],
                container=row["container"],
                sample=row["sample"],
                row=row["row"],
                column=row["column"],
                values={key: str(row[key]) for key, _ in WORDS if row.get(key) not in (None, "")},
                has_phenotype=row["has_phenotype"],
                phenotypes=tuple(observed.get(row["sample_id"], {}).values()),
                genes=tuple(its[:MOST_GENES_A_WELL]),
                more_genes=max(0, len(its) - MOST_GENES_A_WELL),
                images=tuple(sorted(images.pop((row["container"], row["sample"]), []), key=lambda i: i.field)),
                counted=row["counted"],
                looked=looked,
            )
        )
    # Images of which no table knows are shown all the same.
    for container, rows in samples_of_images(record, [i for rest in images.values() for i in rest]).items():
        found.setdefault(container, []).extend(rows)
    return found


def row_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def row_letters(number: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def samples_of_images(record: ComponentRecord, images: Iterable[ImageFacts]) -> dict[str, list[SampleRow]]:
    """Container → a sample for each well or image name, where no table tells of them."""
    by: dict[tuple[str, str], list[ImageFacts]] = {}
    for image in images:
        if image.container is not None:
            by.setdefault((image.container, image.sample or image.name), []).append(image)
    found: dict[str, list[SampleRow]] = {}
    for (container, sample), its in sorted(by.items()):
        at = _WELL.fullmatch(sample) if record.component.kind == "screen" else None
        if at and (row_number(at[1]) > MOST_ROWS or int(at[2]) > MOST_COLUMNS):
            at = None
        found.setdefault(container, []).append(
            SampleRow(
                sample_id=addresses.sample_id(record.study, record.component.name, container, sample),
                container=container,
                sample=sample,
                row=row_number(at[1]) if at else None,
                column=int(at[2]) if at else None,
                values={},
                has_phenotype=False,
                looked=False,
                images=tuple(sorted(its, key=lambda i: i.field)),
            )
        )
    return found
