"""Samples → the Arrow tables of `portal.warehouse.schema`."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ingest.sample_tables.joining import Joined
from ingest.sample_tables.reading import SampleRows
from portal.model import StudyComponent
from portal.warehouse.schema import SAMPLE_PHENOTYPES, SAMPLE_TARGETS, SAMPLES, TABLES

# Normalised columns of `table.parquet` beyond SAMPLES: what a curator mapped and the common table has no place for.
EXTRA = {
    "organism_term": "Ontology accession of the organism, as the source writes it.",
    "gene.synonyms": "Other names of the gene, as the source writes them.",
    "protein.id": "Protein identifier, source cell.",
    "protein.symbol": "Protein symbol, source cell.",
    "compound.id": "Compound identifier, source cell.",
    "compound.symbol": "Compound name, source cell.",
    "antibody.id": "Antibody identifier, source cell.",
    "antibody.symbol": "Antibody name, source cell.",
    "reagent.symbol": "Name of the reagent, source cell.",
    "annotation_level": "What the phenotype was observed on, such as gene or single replicate.",
}


def _place(rows: SampleRows, it: StudyComponent, accession: str, take: list[int]) -> list[list[str]]:
    return [
        [rows.sample_id[i] for i in take],
        [accession] * len(take),
        [it.name] * len(take),
        [rows.container[i] for i in take],
        [rows.sample[i] for i in take],
    ]


def sample_table(rows: SampleRows, it: StudyComponent, accession: str, counted: list[bool]) -> tuple[pa.Table, pa.Array]:
    """The table `samples`, sorted, and the order: row of the source table for each of its rows.

    `counted` tells of each row whether the study's own figures count it.

    Identifiers are the source's cells as they stand, also where a cell says `NA`; in every other column a cell of
    `no_value` is null.
    """
    nothing = it.samples.no_value if it.samples else ()
    count = len(rows.sample)
    none: list[None] = [None] * count

    def either(first: str, second: str) -> list[str | None]:
        return [a or b for a, b in zip(rows.cells.get(first, none), rows.cells.get(second, none), strict=True)]

    columns = {
        **dict(zip(SAMPLES.names[:5], _place(rows, it, accession, list(range(count))), strict=True)),
        "row": rows.row,
        "column": rows.column,
        "organism": rows.organism,
        **{name: rows.filled(name, nothing) for name in ("cell_line", "strain", "genotype", "tissue")},
        "gene_id": rows.cells.get("gene.id", none),
        "gene_symbol": rows.cells.get("gene.symbol", none),
        "reagent": either("reagent.id", "reagent.symbol"),
        "compound": either("compound.symbol", "compound.id"),
        "control_type": rows.control_type,
        "quality": rows.filled("quality", nothing),
        "has_phenotype": [bool(p) for p in rows.phenotypes],
        "n_images": [0] * count,
        "counted": counted,
        "latitude": rows.latitude,
        "longitude": rows.longitude,
    }
    table = pa.table([pa.array(columns[f.name], f.type) for f in SAMPLES], schema=SAMPLES)
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in TABLES["samples"][1]])
    return table.take(order), order


def phenotype_table(rows: SampleRows, it: StudyComponent, accession: str) -> pa.Table:
    """The table `sample_phenotypes`: a row a sample, phenotype and term; one with a null term where there is none."""
    terms: dict[str, list[str | None]] = {}
    for phenotype in it.phenotypes:
        curies = list(dict.fromkeys(t.term for t in phenotype.all_terms if t.term))
        terms[phenotype.name] = [*curies] or [None]
    take: list[int] = []
    names: list[str] = []
    curie: list[str | None] = []
    for row, has in enumerate(rows.phenotypes):
        for name in has:
            for term in terms[name]:
                take.append(row)
                names.append(name)
                curie.append(term)
    control = rows.control
    columns: list[Sequence[object]] = [*_place(rows, it, accession, take), names, curie, [control[i] for i in take]]
    return _sorted("sample_phenotypes", SAMPLE_PHENOTYPES, columns)


def target_table(rows: SampleRows, it: StudyComponent, accession: str) -> pa.Table:
    """The table `sample_targets`: a row a sample and target."""
    take = [row for row, targets in enumerate(rows.targets) for _ in targets]
    flat = [t for targets in rows.targets for t in targets]
    control = rows.control
    columns: list[Sequence[object]] = [
        *_place(rows, it, accession, take),
        [t[0] for t in flat],
        [t[1] for t in flat],
        [t[2] for t in flat],
        [rows.organism[i] for i in take],
        [control[i] for i in take],
    ]
    return _sorted("sample_targets", SAMPLE_TARGETS, columns)


def _sorted(name: str, schema: pa.Schema, columns: Sequence[Sequence[object]]) -> pa.Table:
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    return table.sort_by([(column, "ascending") for column in TABLES[name][1]])


def full_table(rows: SampleRows, joined: Joined, it: StudyComponent, sampled: pa.Table, order: pa.Array) -> pa.Table:
    """`table.parquet`: the normalised columns, then every source column as text, in the order of `samples`.

    A source column whose name is a normalised one's, capitals aside, gets ` (source)`; further repeats ` (2)`:
    SQL does not tell capitals apart. `n_images` is not among them: it is only known once images are rendered.
    """
    arrays: list[pa.ChunkedArray | pa.Array] = []
    fields: list[pa.Field] = []
    for field in SAMPLES:
        if field.name != "n_images":
            arrays.append(sampled.column(field.name))
            fields.append(field)
    extra: list[tuple[str, str, Sequence[str | None]]] = [
        (name.replace(".", "_"), meaning, rows.cells[name]) for name, meaning in EXTRA.items() if name in rows.cells
    ]
    if it.phenotypes:
        extra.append(("phenotypes", "Phenotypes, in the authors' words, joined by '; '.", ["; ".join(p) or None for p in rows.phenotypes]))
    for name, meaning, cells in extra:
        arrays.append(pa.array(cells, pa.string()).take(order))
        fields.append(pa.field(name, pa.string(), metadata={"meaning": meaning}))
    normalised = {f.name.casefold() for f in fields}
    taken = set(normalised)
    for column, texts in joined.columns.items():
        name = _free(f"{column} (source)" if column.casefold() in normalised else column, taken)
        meaning = f"Column {column!r} of {joined.origin[column]}, as it stands there."
        arrays.append(pa.array([c or None for c in texts], pa.string()).take(order))
        fields.append(pa.field(name, pa.string(), metadata={"meaning": meaning}))
    return pa.table(arrays, schema=pa.schema(fields))


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name} ({number})"
    taken.add(candidate.casefold())
    return candidate
