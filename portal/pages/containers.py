"""Plates and datasets: every container page of one component."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import ComponentRecord, ContainerFacts
from portal.model import StudyComponent
from portal.pages import pictures
from portal.pages.counting import Uncounted
from portal.pages.licences import Licence, licence
from portal.pages.plates import grid, image_fields, legend, page_data
from portal.pages.prose import count
from portal.pages.render import Crumb, Page, Site, given, opened
from portal.pages.samples import WORDS, SampleRow, samples_of_images, samples_of_tables

# A dataset's list ends here: the rest is in the component's table and in Parquet.
MOST_LISTED = 2_000


def _page(
    site: Site,
    record: ComponentRecord,
    container: ContainerFacts,
    samples: Sequence[SampleRow],
    measured: Sequence[str],
    terms: Licence | None,
) -> dict[str, bytes]:
    component: StudyComponent = record.component
    plate = container.kind == "plate"
    scripts = ("plate", "viewer") if plate else ("viewer",) if any(s.images for s in samples) else ()
    page = Page(
        address=addresses.container(record.study, component.name, container.name),
        kind=container.kind,
        style="pictures",
        title=f"{container.name} · {record.study} {component.name}",
        scripts=scripts,
        description=f"{container.kind.capitalize()} {container.name} of {record.study} {component.name}: "
        f"{container.samples:,} samples, {container.images:,} images shown.",
        crumbs=(
            Crumb("Studies", addresses.STUDIES),
            Crumb(record.study, addresses.study(record.study)),
            Crumb(component.name, addresses.component(record.study, component.name)),
        ),
        here=container.name,
    )
    images = [i for s in samples for i in s.images]
    filled = [(key, label) for key, label in WORDS if any(key in s.values for s in samples)]
    common: dict[str, Any] = {
        "record": record,
        "component": component,
        "container": container,
        "licence": terms,
        "synthetic": any(i.synthetic for i in images),
        "brightfield": bool(images) and all(i.brightfield for i in images),
        "shown_images": len(images),
        "uncounted": Uncounted.of(container),
        "told": _told(container, sum(s.control and s.hit for s in samples)),
        "origin": record.origin,
        "table_address": addresses.component(record.study, component.name) + "#samples-section" if record.facts.samples else "",
    }
    if plate:
        sprite = next((s for s in record.images.sprites if s.container == container.name), None)
        lines = grid(container, samples, sprite)
        cells = [cell for _, row in lines for cell in row]
        # The grid's table twin leaves out what is the same everywhere.
        columns = [(k, v) for k, v in filled if k not in ("gene_symbol", "gene_id") and len({s.values.get(k) for s in samples}) > 1]
        data = page_data(page, container, [(c.well, c.sample) for c in cells if c.sample], measured)
        return site.page(
            "plate.html",
            page,
            **common,
            lines=lines,
            sprite=sprite,
            legend=legend(cells),
            columns=columns,
            numbers=list(range(1, len(lines[0][1]) + 1)) if lines else [],
            twin=samples,
            measured=len(measured),
            page_data=data,
            same=[
                (label, next(iter(v)))
                for k, label in filled
                if k in ("organism", "cell_line") and len(v := {s.values.get(k) for s in samples}) == 1
            ],
        )
    listed = samples[:MOST_LISTED]
    gallery = [(s, [pictures.picture(i, record.facts) for i in s.images]) for s in listed if s.images]
    seen: set[str] = set()
    anchors: list[str] = []
    for s in listed:
        # `content` and the like are ids of the page itself, and a source may repeat a name.
        anchors.append("" if s.anchor in seen or s.anchor in _PAGE_IDS or s.anchor.startswith("help-") else s.anchor)
        seen.add(s.anchor)
    columns = [(k, v) for k, v in filled if k not in ("gene_symbol", "gene_id")]
    return site.page(
        "dataset.html",
        page,
        **common,
        gallery=gallery,
        page_data={"wells": {s.sample: {"fields": image_fields(page, s.images)} for s, _ in gallery}},
        listed=list(zip(listed, anchors, strict=True)),
        total=len(samples),
        columns=columns,
        with_genes=any(s.genes for s in listed),
        with_phenotypes=any(s.phenotypes for s in listed),
    )


def _told(container: ContainerFacts, controls_hit: int) -> str:
    """`96 samples, 16 of them controls; 55 with a phenotype, 8 of those controls`."""
    n, controls, hits = container.samples, container.controls, container.with_phenotype
    text = count(n, "sample")
    if controls:
        text += (
            (", a control" if n == 1 else ", all controls")
            if controls == n
            else f", {controls:,} of them {'a control' if controls == 1 else 'controls'}"
        )
    if hits:
        text += f"; {hits:,} with a phenotype"
        if controls_hit and controls < n:
            text += f", {controls_hit:,} of those {'a control' if controls_hit == 1 else 'controls'}"
    return text


_PAGE_IDS = {"content", "page-data", "pictures", "samples", "gallery", "viewer"}


@recipe("code")
def containers(work: Work) -> dict[str, Path]:
    """`studies/<accession>/<component>/<container>/` for every container of one component.

    Inputs after templates and frame: {components/<component>.json} (ComponentRecord), and {samples.parquet,
    phenotypes.parquet, targets.parquet, table.parquet} of that component; without tables only images make containers.
    """
    site = opened(work)
    record = _record(work)
    files = {
        n: found[0].path(found[1])
        for n in ("samples.parquet", "phenotypes.parquet", "targets.parquet", "table.parquet")
        if (found := given(work, n))
    }
    complete = {"samples.parquet", "phenotypes.parquet", "targets.parquet"} <= files.keys()
    samples, measured = samples_of_tables(record, files) if complete else (samples_of_images(record, record.images.images), [])
    terms = licence(record.licence)
    out: dict[str, Path] = {}
    for container in record.facts.containers:
        out |= work.keep(_page(site, record, container, samples.get(container.name, []), measured, terms))
    return out


def _record(work: Work) -> ComponentRecord:
    tree = work.inputs[2]
    return ComponentRecord.model_validate_json(tree.read(next(iter(tree))))
