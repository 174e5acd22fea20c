"""The page of one study component: its numbers, phenotypes, plates or datasets, and its samples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal import addresses
from portal.facts import ComponentFacts, ContainerFacts, StudyFacts
from portal.model import StudyComponent
from portal.pages import asked_samples, pictures
from portal.pages.counting import Uncounted
from portal.pages.licences import licence
from portal.pages.places_map import PlaceMap, map_sql
from portal.pages.platemaps import PlateMap
from portal.pages.render import Crumb, Page, Site
from portal.pages.tables import FirstRows, PublishedTable, first_rows

# Above this many, plates are listed by their counts: their maps would outweigh the page.
MOST_MAPS = 240
STRIP, ALONE = 8, 1_000  # pictures at the top of the page; in the list of those that belong to no plate or dataset


@dataclass(frozen=True)
class Tile:
    """A plate or dataset in a component's list."""

    facts: ContainerFacts
    map: PlateMap | None
    picture: pictures.Picture | None


def _tiles(study: StudyFacts, facts: ComponentFacts, maps: Mapping[str, PlateMap]) -> list[Tile]:
    first: dict[str, pictures.Picture] = {}
    for image in pictures.images_of(study, facts.component).images:
        if image.container and image.container not in first:
            first[image.container] = pictures.picture(image, facts)
    drawn = maps if len(maps) <= MOST_MAPS else {}
    return [Tile(c, drawn.get(c.name), first.get(c.name)) for c in facts.containers]


def _settings(component: StudyComponent) -> list[tuple[str, list[str]]]:
    """What is told of the component in fields of its own: label and values, only what is filled."""
    rows = [
        ("Type", [t.name for t in component.component_type]),
        ("Sample type", [component.sample_type] if component.sample_type else []),
        ("Biological entity", [b.biological_entity for b in component.biosamples if b.biological_entity]),
        ("Biosample", [b.description for b in component.biosamples if b.description]),
        ("Variables", [v for b in component.biosamples for v in b.variables]),
        ("Preparation", [s.preparation for s in component.specimens if s.preparation]),
        ("Growth", [s.growth_protocol for s in component.specimens if s.growth_protocol]),
        ("Stains and labels", [v for s in component.specimens for v in s.stains]),
        ("Instrument", [a.instrument for a in component.acquisition if a.instrument]),
        ("Settings", [a.parameters for a in component.acquisition if a.parameters]),
        ("Analysis", [f"{a.name}: {a.description}" if a.description else a.name for a in component.analysed_data]),
        ("Correlation", [c.description for c in component.correlation]),
    ]
    if size := component.size:
        told = [
            f"{n:,} {word}"
            for n, word in ((size.plates, "plates"), (size.datasets, "datasets"), (size.images_5d, "images"), (size.planes, "planes"))
            if n
        ]
        told += [size.dimensions] if size.dimensions else []
        told += [f"{size.terabytes:.3g} TB"] if size.terabytes else []
        rows.append(("Declared size", ["; ".join(told)] if told else []))
    return [(label, [v for v in values if v]) for label, values in rows if values]


def _terms(component: StudyComponent) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What has a page of its own among the terms: label, then name, accession or nothing, and page of each."""
    told = (("Imaging method", "method", component.imaging_method), ("Technology", "study type", component.technology))
    return [
        (label, [(t.name, t.term or "", addresses.named_term(kind, t.term, t.name)) for t in terms]) for label, kind, terms in told if terms
    ]


def _linked(rows: FirstRows, accession: str, component: str) -> list[list[tuple[str | None, str]]]:
    """Cells as (text, address): the plate and the well lead to the plate's page."""
    names = [c.name for c in rows.columns]
    container, sample = (names.index(n) if n in names else -1 for n in ("container", "sample"))
    linked = []
    for cells in rows.cells:
        row = [(cell, "") for cell in cells]
        held = cells[container] if container >= 0 else None
        if held is not None:
            row[container] = (held, addresses.container(accession, component, held))
            name = cells[sample] if sample >= 0 else None
            if name is not None:
                row[sample] = (name, addresses.sample(accession, component, held, name))
        linked.append(row)
    return linked


def _file_name(accession: str, component: str) -> str:
    """What a download is called on any system.

    >>> _file_name("idr0002", "screen A/1")
    'idr0002-screen_A_1'
    """
    return re.sub(r"[^A-Za-z0-9.-]", "_", f"{accession}-{component}")


def component_page(
    site: Site,
    facts: StudyFacts,
    component: StudyComponent,
    phenotypes: Sequence[Any],
    shared: Sequence[tuple[str, tuple[str, ...]]],
    maps: Mapping[str, PlateMap],
    table: Path | None,
    published: PublishedTable | None,
    place_map: PlaceMap | None = None,
) -> dict[str, bytes]:
    """`studies/<accession>/<component>/`.

    `shared` are descriptions of several phenotypes, each with their names; `table` is the component's
    table.parquet, `published` the same in the dump.
    """
    study = facts.study
    its = facts.facts(component.name)
    images = pictures.images_of(facts, component.name)
    alone = [i for i in images.images if i.container is None]
    address = addresses.component(study.accession, component.name)
    rows = first_rows(table) if table else None
    page = Page(
        address=address,
        title=f"{study.accession} {component.name}",
        kind="component",
        style="record",
        scripts=("table",) if rows and published else (),
        wasm=bool(rows and published),  # DuckDB writes the rows that match as Parquet
        description=f"{component.kind.capitalize()} {component.name} of {study.accession}: {study.title}"[:300],
        crumbs=(Crumb("Studies", addresses.STUDIES), Crumb(study.accession, addresses.study(study.accession))),
        here=component.name,
    )
    data = None
    if rows and published:
        data = {
            "parquet": page.link(published.address),
            "rows": published.rows,
            "bytes": published.bytes,
            "sha256": published.sha256,
            "name": _file_name(study.accession, component.name),
            "all": [c.name for c in published.columns],
            "columns": [c.name for c in rows.columns],
            "containers": {c.name: page.link(c.address) for c in its.containers},
        }
    tiles = _tiles(facts, its, maps)
    return site.page(
        "component.html",
        page,
        study=study,
        component=component,
        facts=its,
        licence=licence(study.licence, study.licence_url),
        phenotypes=phenotypes,
        shared=shared,
        most=max((r.samples for r in phenotypes), default=0),
        settings=_settings(component),
        terms=_terms(component),
        cell_lines=[(name, n, addresses.named_term("cell line", None, name)) for name, n in its.cell_lines.items()],
        organisms=[o.name for o in study.organisms_of(component)],
        tiles=tiles,
        plates=any(t.facts.kind == "plate" for t in tiles),
        uncounted=Uncounted.of(its),
        synthetic=any(i.synthetic for i in images.images),
        refused=images.refused,
        images=[pictures.picture(i, its) for i in pictures.chosen(images.images, STRIP)],
        # Whatever lies on a plate or in a dataset is shown there. Of the others this page is the only one that leads to them.
        alone=[pictures.picture(i, its) for i in alone[:ALONE]] if len(alone) > STRIP else [],
        alone_total=len(alone),
        images_total=len(images.images),
        rows=rows,
        linked=_linked(rows, study.accession, component.name) if rows else [],
        published=published,
        place_map=place_map,
        place_sql=map_sql(study.accession, component.name),
        page_data=data,
        empties=any(m.empties for m in maps.values()),
        target_column=asked_samples.target_column,
        asked={
            "figures": asked_samples.component_figures(study.accession, component.name, sorted(its.target_kinds)),
            "phenotypes": asked_samples.component_phenotypes(study.accession, component.name, [p.name for p in phenotypes])
            if phenotypes
            else "",
            "containers": asked_samples.component_containers(study.accession, component.name),
            "cell_lines": asked_samples.component_cell_lines(study.accession, component.name),
        },
    )
