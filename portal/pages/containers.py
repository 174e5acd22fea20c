"""Plates and datasets: every container page of one component."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import ComponentRecord, ContainerFacts
from portal.model import StudyComponent
from portal.pages import asked_samples, exact, pictures
from portal.pages.counting import Uncounted
from portal.pages.grid_columns import Place, places, told
from portal.pages.licences import Licence, licence
from portal.pages.plates import WellCell, field_numbers, grid, image_fields, legend, marks, page_data, values_of, ways
from portal.pages.render import Crumb, Page, Site, given, opened
from portal.pages.samples import WORDS, SampleRow, samples_of_images, samples_of_tables
from portal.pages.sprites import shown_first
from portal.pages.tables import WORDS as WORDS_OF_TABLES
from portal.pages.tables import PublishedTable, manifest

# A dataset's list ends here: the rest is in the component's table and in Parquet.
MOST_LISTED = 2_000


def _page(
    site: Site,
    record: ComponentRecord,
    container: ContainerFacts,
    samples: Sequence[SampleRow],
    place: Place | None,
    published: PublishedTable | None,
    terms: Licence | None,
) -> dict[str, bytes]:
    component: StudyComponent = record.component
    plate = container.kind == "plate"
    page = Page(
        address=addresses.container(record.study, component.name, container.name),
        kind=container.kind,
        style="pictures",
        title=f"{container.name} · {record.study} {component.name}",
        scripts=("plate" if plate else "plate-dataset",),
        description=f"{container.kind.capitalize()} {container.name} of {record.study} {component.name}: "
        + (f"{container.samples:,} samples, " if container.samples else "")
        + f"{container.images:,} images shown.",
        crumbs=(
            Crumb("Studies", addresses.STUDIES),
            Crumb(record.study, addresses.study(record.study)),
            Crumb(component.name, addresses.component(record.study, component.name)),
        ),
        here=container.name,
        connect=exact.origins(i for s in samples for i in s.images),
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
        "component_pictured": bool(record.images.images),
        "uncounted": Uncounted.of(container),
        "controls_hit": sum(s.control and s.hit for s in samples),
        "empties": sum(s.empty for s in samples),
        "looked": any(s.looked or s.hit for s in samples),
        "asked": asked_samples.container_figures(record.study, component.name, container.name) if record.facts.samples else "",
        "origin": record.origin,
        "table_address": _table_address(record, container) if record.facts.samples else "",
    }
    table = _table(page, place, published)
    if plate:
        sprites = [s for s in record.images.sprites if s.container == container.name]
        lines = grid(container, samples, shown_first(sprites))
        cells = [cell for _, row in lines for cell in row]
        # The grid's table twin leaves out what is the same everywhere.
        columns = [(k, v) for k, v in filled if k not in ("gene_symbol", "gene_id") and len({s.values.get(k) for s in samples}) > 1]
        data = page_data(page, container, [(c.well, c.sample) for c in cells if c.sample], samples, table, sprites)
        # A well of which only an image tells is in no table, so that no query counts it.
        tabled = place is not None and place.rows == len(samples)
        return site.page(
            "plate.html",
            page,
            **common,
            lines=lines,
            pictured=any(c.crop for c in cells),
            legend=legend(cells),
            asked_legend=asked_samples.plate_legend(record.study, component.name, container.name) if tabled else "",
            columns=columns,
            numbers=list(range(1, len(lines[0][1]) + 1)) if lines else [],
            twin=samples,
            coloured=len(place.columns) if place and table else 0,
            page_data=data,
            same=[
                (label, next(iter(v)))
                for k, label in filled
                if k in ("organism", "cell_line") and len(v := {s.values.get(k) for s in samples}) == 1
            ],
        )
    listed = samples[:MOST_LISTED]
    gallery = [
        (s, marks(WellCell("", s)), list(zip(field_numbers(s.images), [pictures.picture(i, record.facts) for i in s.images], strict=True)))
        for s in listed
        if s.images
    ]
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
        page_data={
            "wells": {s.sample: {"fields": image_fields(page, s.images)} for s, _, _ in gallery},
            "colour_by": (by := ways(listed)),
            "rows": [values_of(s, by) for s in listed],
            **({"table": table} if table else {}),
        },
        states=[WellCell("", s).classes for s in listed],
        legend=legend(WellCell("", s) for s in listed),
        listed=list(zip(listed, anchors, strict=True)),
        total=len(samples),
        columns=columns,
        with_genes=any(s.genes for s in listed),
        with_phenotypes=any(s.phenotypes for s in listed),
    )


def _table_address(record: ComponentRecord, container: ContainerFacts) -> str:
    """The component's table, filtered to this plate or dataset (assets/js/filters.js reads the fragment)."""
    asked = urlencode({"f": f"container:={container.name}"})
    return f"{addresses.component(record.study, record.component.name)}#{asked}"


def _table(page: Page, place: Place | None, published: PublishedTable | None) -> dict[str, Any]:
    """What scripts need to read this container's rows from the component's Parquet file; empty where it has none."""
    if place is None or published is None:
        return {}
    return {
        "parquet": page.link(published.address),
        "bytes": published.bytes,
        "start": place.start,
        "rows": place.rows,
        "columns": told(place, WORDS_OF_TABLES),
    }


_PAGE_IDS = set("content page-data samples gallery viewer counts grid plate-view well legend cells twin".split())


@recipe("code")
def containers(work: Work) -> dict[str, Path]:
    """`studies/<accession>/<component>/<container>/` for every container of one component.

    Inputs after templates and frame: {components/<component>.json} (ComponentRecord), and {samples.parquet,
    phenotypes.parquet, targets.parquet, table.parquet} of that component; without tables only images make containers. With the
    {entry.json} of its own table, readers' scripts are told where the rows lie.
    """
    site = opened(work)
    record = _record(work)
    files = {
        n: found[0].path(found[1])
        for n in ("samples.parquet", "phenotypes.parquet", "targets.parquet", "table.parquet")
        if (found := given(work, n))
    }
    complete = {"samples.parquet", "phenotypes.parquet", "targets.parquet"} <= files.keys()
    samples = samples_of_tables(record, files) if complete else samples_of_images(record, record.images.images)
    published = manifest(work).component(record.study, record.component.name)
    rows = places(files.get("table.parquet")) if published else {}
    terms = licence(record.licence)
    out: dict[str, Path] = {}
    for container in record.facts.containers:
        out |= work.keep(_page(site, record, container, samples.get(container.name, []), rows.get(container.name), published, terms))
    return out


def _record(work: Work) -> ComponentRecord:
    tree = work.inputs[2]
    return ComponentRecord.model_validate_json(tree.read(next(iter(tree))))
