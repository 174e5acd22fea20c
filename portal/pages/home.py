"""The home page: three doors, for REMBI's three readers, and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages import asked_studies
from portal.pages.lists import groupings, row
from portal.pages.platemaps import Telling
from portal.pages.render import Page, opened, read

SHOWN = 7
NEWEST = 6
MAPS = 12


@recipe("code")
def home(work: Work) -> dict[str, bytes]:
    """`index.html`. Inputs after templates and frame: {catalogue.json}, and {map.json} of each component with plates."""
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    studies = sorted(catalogue.studies, key=lambda s: s.accession)
    studies.sort(key=lambda s: s.released or "", reverse=True)
    phenotypes = sorted((p for p in catalogue.phenotypes if p.samples_nc), key=lambda p: (-p.studies, -p.samples_nc, p.slug))
    organisms = sorted((o for o in catalogue.organisms if o.samples or o.studies), key=lambda o: (-o.studies, -o.samples, o.slug))
    methods = groupings(studies)[1].groups
    pictured = [s for s in studies if s.thumbnails]
    pictures = [(src, s) for n in range(4) for s in pictured for src in s.thumbnails[n : n + 1]]
    titles = {s.accession: s.title for s in studies}
    maps = [] if pictures else telling_maps(Telling.model_validate_json(t.read("map.json")) for t in work.inputs[2:] if "map.json" in t)
    page = Page(address=addresses.HOME, title=site.frame.title, kind="home", style="lists", description=site.frame.tagline)
    return site.page(
        "home.html",
        page,
        counts=catalogue.counts,
        sql=asked_studies.HOME,
        sql_phenotypes=asked_studies.HOME_PHENOTYPES,
        sql_methods=asked_studies.HOME_METHODS,
        phenotypes=[(p, addresses.phenotype(p.slug)) for p in phenotypes[:SHOWN]],
        organisms=[(o, addresses.organism(o.slug)) for o in organisms[:4]],
        methods=[g for g in methods if g.name != "not stated"][:SHOWN],
        pictures=[(src, s, addresses.study(s.accession)) for src, s in pictures[:9]],
        maps=[(m, titles[m.study]) for m in maps],
        imaged=[(s, addresses.study(s.accession)) for s in sorted(pictured, key=lambda s: (-s.images, s.accession))[:4]],
        newest=[row(s) for s in studies[:NEWEST]],
        json_ld=_catalogue_ld(site.frame.title, site.frame.tagline, site.frame.site_url, site.frame.publisher),
    )


def telling_maps(drawn: Iterable[Telling]) -> list[Telling]:
    """What stands for pictures where no study has images: a plate a study, the most telling first, in whole rows of three."""
    best: dict[str, Telling] = {}
    for m in drawn:
        if m.evenness and (m.study not in best or (m.evenness, m.component) > (best[m.study].evenness, best[m.study].component)):
            best[m.study] = m
    ranked = sorted(best.values(), key=lambda m: (-m.evenness, m.study))[:MAPS]
    return ranked[: len(ranked) // 3 * 3] or ranked


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
