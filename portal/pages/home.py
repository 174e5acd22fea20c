"""The home page: three doors, for REMBI's three readers, and pictures."""

from __future__ import annotations

from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages.lists import groupings, row
from portal.pages.render import Page, opened, read

SHOWN = 7
NEWEST = 6


@recipe("code")
def home(work: Work) -> dict[str, bytes]:
    """`index.html`. Inputs after templates and frame: {catalogue.json}."""
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    studies = sorted(catalogue.studies, key=lambda s: s.accession)
    studies.sort(key=lambda s: s.released or "", reverse=True)
    phenotypes = sorted((p for p in catalogue.phenotypes if p.samples_nc), key=lambda p: (-p.studies, -p.samples_nc, p.slug))
    organisms = sorted((o for o in catalogue.organisms if o.samples or o.studies), key=lambda o: (-o.studies, -o.samples, o.slug))
    methods = groupings(studies)[1].groups
    pictured = [s for s in studies if s.thumbnails]
    pictures = [(src, s) for n in range(4) for s in pictured for src in s.thumbnails[n : n + 1]]
    page = Page(address=addresses.HOME, title=site.frame.title, kind="home", style="lists", description=site.frame.tagline)
    return site.page(
        "home.html",
        page,
        counts=catalogue.counts,
        phenotypes=[(p, addresses.phenotype(p.slug)) for p in phenotypes[:SHOWN]],
        organisms=[(o, addresses.organism(o.slug)) for o in organisms[:4]],
        methods=[g for g in methods if g.name != "not stated"][:SHOWN],
        pictures=[(src, s, addresses.study(s.accession)) for src, s in pictures[:9]],
        imaged=[(s, addresses.study(s.accession)) for s in sorted(pictured, key=lambda s: (-s.images, s.accession))[:4]],
        newest=[row(s) for s in studies[:NEWEST]],
        json_ld=_catalogue_ld(site.frame.title, site.frame.tagline, site.frame.site_url, site.frame.publisher),
    )


def _catalogue_ld(title: str, tagline: str, site_url: str | None, publisher: str | None) -> dict[str, Any]:
    """schema.org DataCatalog."""
    full: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "DataCatalog",
        "name": title,
        "description": tagline,
        "url": site_url,
        "publisher": {"@type": "Organization", "name": publisher} if publisher else None,
    }
    return {k: v for k, v in full.items() if v}
