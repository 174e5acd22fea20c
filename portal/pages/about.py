"""About and glossary, the page for an address that is no page, robots.txt and the sitemap."""

from __future__ import annotations

from urllib.parse import urlsplit

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.gene_files import Sourced
from portal.pages.render import Page, Site, opened, read


@recipe("code")
def about(work: Work, *, imports: bool = False, checks: bool = False) -> dict[str, bytes]:
    """`about/`, `404.html`, `robots.txt`, and `sitemap.xml` where portal.yaml gives the site's address.

    Inputs after templates and frame: {catalogue.json}, then {sourced.json} of each file of gene names and orthologs. `imports`,
    `checks`: the portal has a page about its imports, about its checks.
    """
    site = opened(work)
    catalogue = Catalogue.model_validate_json(read(work, "catalogue.json"))
    page = Page(address=addresses.ABOUT, title=f"About {site.frame.title}", kind="about", style="lists", description=site.frame.tagline)
    out = site.page(
        "about.html",
        page,
        counts=catalogue.counts,
        sources=[Sourced.model_validate_json(tree.read("sourced.json")) for tree in work.inputs[2:] if "sourced.json" in tree],
        imports=addresses.IMPORTS if imports else "",
        checks=addresses.CHECKS if checks else "",
        third_party=f"{site.frame.vendor}THIRD-PARTY.txt",
    )
    # Hosts serve 404.html at whatever address was asked for, so its links begin at the root.
    root = (urlsplit(site.frame.site_url).path.rstrip("/") if site.frame.site_url else "") + "/"
    lost = Page(address="404.html", title="No page here", kind="missing", style="lists", listed=False, fixed_root=root)
    out |= site.page("404.html", lost)
    out |= _for_robots(site, catalogue, [a for a, there in ((addresses.IMPORTS, imports), (addresses.CHECKS, checks)) if there])
    return out


def listed_addresses(catalogue: Catalogue) -> list[str]:
    """What the sitemap names: the pages that people cite or enter by. Gene pages are found through their lists."""
    fixed = [
        addresses.HOME,
        addresses.STUDIES,
        addresses.GENES,
        addresses.PHENOTYPES,
        addresses.ORGANISMS,
        addresses.QUERY,
        addresses.DOWNLOADS,
        addresses.ABOUT,
    ]
    return [
        *fixed,
        *(addresses.study(s.accession) for s in catalogue.studies),
        *(addresses.component(c.study, c.component) for c in catalogue.components),
        *(addresses.phenotype(p.slug) for p in catalogue.phenotypes),
        *(addresses.organism(o.slug) for o in catalogue.organisms),
    ]


def _for_robots(site: Site, catalogue: Catalogue, more: list[str]) -> dict[str, bytes]:
    rules = "User-agent: *\nAllow: /\n"
    if not site.frame.site_url:
        return {"robots.txt": rules.encode()}
    page = Page(address="sitemap.xml", title="", kind="sitemap")
    found = [site.absolute(a) for a in [*listed_addresses(catalogue), *more]]
    return {
        "robots.txt": f"{rules}\nSitemap: {site.absolute('sitemap.xml')}\n".encode(),
        "sitemap.xml": site.render("sitemap.xml", page, addresses=found),
    }
