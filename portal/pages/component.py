"""The page of one study component: its numbers, phenotypes, plates or datasets, and its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal import addresses
from portal.facts import ComponentFacts, ContainerFacts, StudyFacts
from portal.model import StudyComponent
from portal.pages import pictures
from portal.pages.counting import Uncounted
from portal.pages.licences import licence
from portal.pages.platemaps import PlateMap
from portal.pages.render import Crumb, Page, Site
from portal.pages.tables import FirstRows, PublishedTable, first_rows

# Above this many, plates are listed by their counts: their maps would outweigh the page.
MOST_MAPS = 240


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
        ("Imaging method", [t.name + (f" ({t.term})" if t.term else "") for t in component.imaging_method]),
        ("Technology", [t.name + (f" ({t.term})" if t.term else "") for t in component.technology]),
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


def component_page(
    site: Site,
    facts: StudyFacts,
    component: StudyComponent,
    phenotypes: Sequence[Any],
    shared: Sequence[tuple[str, tuple[str, ...]]],
    maps: Mapping[str, PlateMap],
    table: Path | None,
    published: PublishedTable | None,
) -> dict[str, bytes]:
    """`studies/<accession>/<component>/`.

    `shared` are descriptions of several phenotypes, each with their names; `table` is the component's
    table.parquet, `published` the same in the dump.
    """
    study = facts.study
    its = facts.facts(component.name)
    images = pictures.images_of(facts, component.name)
    address = addresses.component(study.accession, component.name)
    rows = first_rows(table) if table else None
    page = Page(
        address=address,
        title=f"{study.accession} {component.name}",
        kind="component",
        style="record",
        scripts=("table",) if rows and published else (),
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
        organisms=[o.name for o in study.organisms_of(component)],
        tiles=tiles,
        plates=any(t.facts.kind == "plate" for t in tiles),
        uncounted=Uncounted.of(its),
        synthetic=any(i.synthetic for i in images.images),
        refused=images.refused,
        images=[pictures.picture(i, its) for i in pictures.chosen(images.images, 8)],
        images_total=len(images.images),
        rows=rows,
        linked=_linked(rows, study.accession, component.name) if rows else [],
        published=published,
        page_data=data,
    )
