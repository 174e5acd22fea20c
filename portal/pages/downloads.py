"""Downloads: every published table with its rows, size, digest and columns."""

from __future__ import annotations

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages.licences import licence
from portal.pages.render import Page, opened, read
from portal.pages.tables import manifest


@recipe("code")
def downloads(work: Work) -> dict[str, bytes]:
    """`downloads/`. Inputs after templates and frame: {data/manifest.json, data/dictionary.json}, {catalogue.json}."""
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
        total=sum(t.bytes for t in tables.tables),
        total_components=sum(t.bytes for t in tables.components),
        data={
            "manifest": "data/manifest.json",
            "package": "data/datapackage.json",
            "dictionary": "data/dictionary.json",
            "readme": "data/README.md",
        },
    )
