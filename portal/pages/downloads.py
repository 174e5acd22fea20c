"""Downloads: every published table with its rows, size, digest and columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages.asked import text
from portal.pages.licences import licence
from portal.pages.render import Page, opened, read
from portal.pages.tables import PublishedTable, Slice, manifest

COMPONENTS_SQL = "SELECT study, component, samples AS rows FROM components WHERE samples > 0 ORDER BY study, component"


def rows_sql(tables: Sequence[PublishedTable]) -> str:
    """How many rows each table has."""
    return "\nUNION ALL ".join(f"SELECT {text(t.name)} AS name, count(*) AS rows FROM {t.name}" for t in tables)


def nulls_sql(table: PublishedTable) -> str:
    """How many rows of a table leave each of its columns empty, as columns of the same names."""
    return "SELECT " + ", ".join(f'count(*) - count("{c.name}") AS "{c.name}"' for c in table.columns) + f" FROM {table.name}"


def _by_name(slices: Iterable[Slice]) -> dict[str, list[Slice]]:
    found: dict[str, list[Slice]] = {}
    for s in slices:
        found.setdefault(s.name, []).append(s)
    return found


@recipe("code")
def downloads(work: Work, *, changes: bool = False) -> dict[str, bytes]:
    """`downloads/`. Inputs after templates and frame: {data/manifest.json, data/dictionary.json}, {catalogue.json}.

    `changes`: releases were recorded, so that there is a page of what changed.
    """
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    tables = manifest(work)
    lines = {s.accession: s for s in catalogue.studies}
    kinds = {(c.study, c.component): c.kind for c in catalogue.components}
    page = Page(
        address=addresses.DOWNLOADS,
        title="Downloads",
        kind="downloads",
        style="lists",
        description=f"{len(tables.tables)} tables of all studies and {len(tables.components)} of single study components, in Parquet.",
    )
    return site.page(
        "downloads.html",
        page,
        tables=tables.tables,
        components=[
            {
                "table": t,
                "address": addresses.component(t.study, t.component),
                "kind": kinds.get((t.study, t.component), ""),
                "licence": licence(lines[t.study].licence) if t.study in lines else None,
            }
            for t in tables.components
        ],
        changes=addresses.CHANGES if changes else "",
        first_lines=tables.first_lines,
        site_known=bool(site.frame.site_url),
        slices=[(name, sum(1 for _ in its), sum(s.bytes for s in its)) for name, its in _by_name(tables.slices).items()],
        rows_sql=rows_sql(tables.tables),
        components_sql=COMPONENTS_SQL,
        nulls_sql={t.name: nulls_sql(t) for t in tables.tables},
        total=sum(t.bytes for t in tables.tables),
        total_components=sum(t.bytes for t in tables.components),
        data={
            "manifest": "data/manifest.json",
            "package": "data/datapackage.json",
            "dictionary": "data/dictionary.json",
            "readme": "data/README.md",
        },
    )
