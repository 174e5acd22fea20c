"""The published tables, one step each: every row of every study, sorted, in Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from portal import addresses
from portal.engine.step import Opened, Work, recipe
from portal.facts import ComponentRecord, ImageFacts
from portal.model import Size
from portal.warehouse.inputs import parquet_files, read_records, read_studies
from portal.warehouse.parquet import ROW_GROUP, connect, identifier, literal, write, write_rows
from portal.warehouse.rows import view_sources
from portal.warehouse.schema import TABLES

# Tables that are looked up by one symbol or name get the smallest groups (see portal.warehouse.parquet).
ROW_GROUPS = {"sample_targets": 8_192, "entities": 8_192}

# Joins the values of a cell that holds several.
SEPARATOR = "; "

_VIEWS = {"samples": "samples", "sample_phenotypes": "phenotypes", "sample_targets": "targets"}


_NO_NAMES = "CREATE VIEW named AS SELECT '' AS kind, '' AS organism, '' AS id, '' AS symbol, '' AS entity WHERE false"


def _joined(values: Iterable[str | None]) -> str | None:
    return SEPARATOR.join(v or "" for v in values) or None


def study_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for facts in read_studies(inputs):
        study = facts.study
        publication = study.publications[0] if study.publications else None
        organisms = dict.fromkeys(o.name for c in study.components for o in study.organisms_of(c))
        rows.append({
            "study": study.accession, "label": study.label, "title": study.title, "record": study.record, "released": study.released,
            "organisms": _joined(organisms), "study_types": _joined(t.name for t in study.study_type), "licence": study.licence,
            "doi": publication.doi if publication else None, "pubmed": publication.pubmed if publication else None,
            "authors": publication.authors if publication else None, "components": len(study.components),
            "samples": sum(c.samples for c in facts.components), "counted": sum(c.counted for c in facts.components),
            "images": sum(c.images for c in facts.components),
            "address": addresses.study(study.accession),
        })  # fmt: skip
    return rows


def declared(size: Size | None) -> dict[str, object]:
    """What a component's source declares about its size."""
    told = size or Size()
    return {
        "declared_containers": told.datasets if told.plates is None else told.plates, "declared_images": told.images_5d,
        "declared_planes": told.planes, "declared_terabytes": told.terabytes,
    }  # fmt: skip


def component_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    return [
        {
            "study": r.study, "component": r.component.name, "kind": r.component.kind,
            "imaging_methods": _joined(m.name for m in r.component.imaging_method),
            "imaging_method_terms": _joined(m.term for m in r.component.imaging_method),
            "technology": _joined(t.name for t in r.component.technology), "organisms": _joined(o.name for o in r.organisms),
            "containers": len(r.facts.containers), "samples": r.facts.samples, "counted": r.facts.counted, "controls": r.facts.controls,
            "with_phenotype": r.facts.with_phenotype, "phenotypes_declared": len(r.component.phenotypes),
            "phenotypes_observed": sum(p.samples > 0 for p in r.facts.phenotypes), "genes": r.facts.genes,
            "phenotype_names": _joined(p.name for p in r.component.phenotypes), **declared(r.component.size),
            "missing": r.component.missing, "address": addresses.component(r.study, r.component.name),
        }
        for r in read_records(inputs)
    ]  # fmt: skip


def container_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    return [
        {
            "study": r.study, "component": r.component.name, "container": c.name, "kind": c.kind, "rows": c.rows or None,
            "columns": c.columns or None, "samples": c.samples, "counted": c.counted, "controls": c.controls,
            "with_phenotype": c.with_phenotype, "images": c.images, "address": c.address,
        }
        for r in read_records(inputs)
        for c in r.facts.containers
    ]  # fmt: skip


def image_address(record: ComponentRecord, image: ImageFacts) -> str:
    """An image on a plate is shown on the plate's page, unless a curator features it; every other has a page of its own."""
    plates = {c.name for c in record.facts.containers if c.kind == "plate"}
    if image.container in plates and image.container and image.sample and not image.featured:
        return addresses.sample(image.study, image.component, image.container, image.sample, image.field)
    return addresses.image(image.id)


def image_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    return [
        {
            "image_id": i.id, "study": i.study, "component": i.component, "container": i.container, "sample": i.sample, "field": i.field,
            "name": i.name, "width": i.width, "height": i.height, "channels": len(i.channels), "z": i.z, "t": i.t, "dtype": i.dtype,
            "pixel_size": i.pixel_size, "pixel_size_z": i.pixel_size_z, "time_step": i.time_step, "synthetic": i.synthetic,
            "sha256": i.sha256, "address": image_address(r, i), "thumbnail": i.thumbnail,
        }
        for r in read_records(inputs)
        for i in r.images.images
    ]  # fmt: skip


def file_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    return [
        {
            "study": s.study.accession, "path": f.path, "url": f.url, "description": f.description, "size": f.size, "sha256": f.sha256,
        }
        for s in read_studies(inputs)
        for f in s.study.files
    ]  # fmt: skip


def looked_for_rows(inputs: Sequence[Opened]) -> list[dict[str, object]]:
    """What each component declares that it looked for, whether or not a sample has it."""
    return [
        {
            "study": r.study, "component": r.component.name, "phenotype": p.name, "term": term, "samples": p.samples_nc,
            "controls": p.samples - p.samples_nc,
        }
        for r in read_records(inputs)
        for p in r.facts.phenotypes
        for term in dict.fromkeys(t.term for t in p.terms if t.term) or (None,)
    ]  # fmt: skip


FROM_FACTS: dict[str, Callable[[Sequence[Opened]], list[dict[str, object]]]] = {
    "studies": study_rows,
    "components": component_rows,
    "containers": container_rows,
    "images": image_rows,
    "files": file_rows,
    "component_phenotypes": looked_for_rows,
}


def _images_of_samples(inputs: Sequence[Opened]) -> pa.Table:
    """How many images each sample has: study, component, container, sample, n."""
    counted = Counter((i.study, i.component, i.container, i.sample) for r in read_records(inputs) for i in r.images.images if i.sample)
    keys = sorted((key for key in counted if key[2]), key=str)
    columns = {name: pa.array([k[at] for k in keys], pa.string()) for at, name in enumerate(("study", "component", "container", "sample"))}
    return pa.table(columns | {"n": pa.array([counted[k] for k in keys], pa.int32())})


def write_samples(work: Work, name: str, path: Path) -> int:
    """samples, sample_phenotypes or sample_targets: rows of all components in the published order, streamed; how many.

    The order is total (the declared columns, nulls last, then every other), so that bytes depend on the rows alone.
    """
    schema, order, _ = TABLES[name]
    columns = {f.name: f"t.{identifier(f.name)}" for f in schema}
    joined = ""
    with connect(work.scratch) as con:
        view_sources(con, work.inputs)
        if name == "samples":
            con.register("counted", _images_of_samples(work.inputs))
            columns["n_images"] = "CAST(coalesce(c.n, 0) AS INTEGER)"
            joined = "LEFT JOIN counted c USING (study, component, container, sample)"
            # After USING these four belong to both sides.
            columns |= {k: identifier(k) for k in ("study", "component", "container", "sample")}
        if name == "sample_targets":
            listed = ", ".join(literal(str(p)) for p in parquet_files(work.inputs, "entity_names.parquet"))
            con.execute(f"CREATE VIEW named AS SELECT * FROM read_parquet([{listed}])" if listed else _NO_NAMES)
            columns["entity"] = "n.entity"
            joined = """LEFT JOIN named n ON n.kind = t.kind AND n.organism IS NOT DISTINCT FROM t.organism
                AND n.id IS NOT DISTINCT FROM t.id AND n.symbol IS NOT DISTINCT FROM t.symbol"""
        chosen = ", ".join(f"{expression} AS {identifier(column)}" for column, expression in columns.items())
        ordering = ", ".join(f"{identifier(c)} NULLS LAST" for c in (*order, *(f.name for f in schema if f.name not in order)))
        reader = con.sql(f"SELECT {chosen} FROM {_VIEWS[name]} t {joined} ORDER BY {ordering}").to_arrow_reader(ROW_GROUP)
        return write(path, schema, reader, order, ROW_GROUPS.get(name, ROW_GROUP))


def copy_sorted(work: Work, name: str, path: Path) -> int:
    """entities and terms, which the `entities` step makes; how many rows."""
    schema, order, _ = TABLES[name]
    found = parquet_files(work.inputs, f"{name}.parquet")
    if not found:
        return write(path, schema, [], order)
    with connect(work.scratch) as con:
        listed = ", ".join(literal(str(p)) for p in found)
        ordering = ", ".join(f"{identifier(c)} NULLS LAST" for c in (*order, *(f.name for f in schema if f.name not in order)))
        columns = ", ".join(identifier(f.name) for f in schema)
        reader = con.sql(f"SELECT {columns} FROM read_parquet([{listed}]) ORDER BY {ordering}").to_arrow_reader(ROW_GROUP)
        return write(path, schema, reader, order, ROW_GROUPS.get(name, ROW_GROUP))


@recipe("code")
def table(work: Work, *, name: str) -> dict[str, Path]:
    """`<name>.parquet`, one of schema.TABLES.

    Inputs by table: studies, files: every study's facts tree; components, containers, images, component_phenotypes: facts trees, whole
    or below `components`; samples: component trees (samples.parquet) and facts trees (for n_images); sample_phenotypes,
    sample_targets: component trees, the latter with entity_names.parquet of the `entities` tree; entities: that tree;
    terms, term_ancestors, term_names: the `terms` tree. Raises KeyError for another name.
    """
    schema, order, _ = TABLES[name]
    path = work.scratch / f"{name}.parquet"
    if name in FROM_FACTS:
        write_rows(path, schema, FROM_FACTS[name](work.inputs), order)
    elif name in _VIEWS:
        write_samples(work, name, path)
    else:
        copy_sorted(work, name, path)
    return {path.name: path}
