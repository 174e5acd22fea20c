"""The search page: lists to browse, above which search-page.js shows results."""

from __future__ import annotations

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages.render import Page, opened, read
from portal.pages.resolve import RESOLVERS


@recipe("code")
def search(work: Work) -> dict[str, bytes]:
    """`search/`. Inputs after templates and frame: {catalogue.json}."""
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    phenotypes = sorted((p for p in catalogue.phenotypes if p.samples_nc), key=lambda p: (-p.studies, -p.samples_nc, p.slug))
    page = Page(
        address=addresses.SEARCH,
        title="Search",
        kind="search",
        style="lists",
        scripts=("search-page",),
        listed=False,
        description="Search studies, components, phenotypes and genes.",
    )
    return site.page(
        "search.html",
        page,
        studies=[(s, addresses.study(s.accession)) for s in catalogue.studies],
        phenotypes=[(p, addresses.phenotype(p.slug)) for p in phenotypes[:40]],
        more_phenotypes=max(0, len(phenotypes) - 40),
        organisms=[(o, addresses.organism(o.slug)) for o in catalogue.organisms],
        genes=catalogue.counts.get("genes", 0),
        resolvers=[(f"{path}/", r.example) for path, r in RESOLVERS.items()],
    )
