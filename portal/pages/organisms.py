"""Organism pages and their list."""

from __future__ import annotations

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import OrganismFacts
from portal.pages.genes import organism_anchor
from portal.pages.render import Crumb, Page, opened


@recipe("code")
def organisms(work: Work) -> dict[str, bytes]:
    """`organisms/<slug>/` and `organisms/`. Inputs after templates and frame: one OrganismFacts a file."""
    site = opened(work)
    found = [OrganismFacts.model_validate_json(tree.read(path)) for tree in work.inputs[2:] for path in tree if path.endswith(".json")]
    found.sort(key=lambda o: (-o.samples, o.name))
    out: dict[str, bytes] = {}
    for o in found:
        page = Page(
            address=addresses.organism(o.slug),
            title=o.name,
            kind="organism",
            style="record",
            crumbs=(Crumb("Organisms", addresses.ORGANISMS),),
            here=o.name,
            description=f"{o.name}: {o.samples:,} samples and {o.genes:,} genes in {len(o.studies)} studies.",
        )
        rows = sorted(o.appearances, key=lambda a: (a.study, a.component))
        out |= site.page(
            "organism.html",
            page,
            organism=o,
            rows=[(a, addresses.component(a.study, a.component)) for a in rows],
            most=max((a.samples for a in rows), default=0),
            links=site.identifier_links(o.term) if o.term else [],
            genes_address=f"{addresses.GENES}#{organism_anchor(o.name)}" if o.genes else "",
        )
    page = Page(
        address=addresses.ORGANISMS,
        title="Organisms",
        kind="organisms",
        style="lists",
        description="Organisms whose cells and tissues were imaged.",
    )
    return out | site.page(
        "organisms.html", page, rows=[(o, addresses.organism(o.slug)) for o in found], most=max((o.samples for o in found), default=0)
    )
