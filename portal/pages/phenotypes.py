"""Phenotype pages: an ontology term with every authors' name mapped to it, or an authors' phenotype without a term."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from portal import addresses
from portal.engine.step import Opened, Work, recipe
from portal.facts import PhenotypeCount, PhenotypeFacts, PhenotypeLine
from portal.pages.places import places, shown
from portal.pages.render import Crumb, Page, Site, opened, read

SHOWN_SAMPLES = 12
_LINES = TypeAdapter(list[PhenotypeLine])


def _slug(count: PhenotypeCount) -> str:
    term = next((t.term for t in count.terms if t.term), None)
    return addresses.term_slug(term, count.name)


def phenotype_page(site: Site, facts: PhenotypeFacts) -> dict[str, bytes]:
    components = []
    for a in sorted(facts.appearances, key=lambda a: (-a.samples_nc, a.study, a.component)):
        refs = shown(a.sample_refs, SHOWN_SAMPLES)
        components.append(
            {
                "facts": a,
                "address": addresses.component(a.study, a.component),
                "names": [(p.name, p.samples_nc) for p in a.phenotypes],
                "genes": max((p.genes_nc for p in a.phenotypes), default=0),
                "places": places(a.study, a.component, refs, marked=False),
                "unlisted": a.samples - len(refs),
            }
        )
    samples = sum(a.samples_nc for a in facts.appearances)
    asked = _query(facts)
    page = Page(
        address=addresses.phenotype(facts.slug),
        title=f"{facts.name}{f' ({facts.term})' if facts.term else ''}",
        kind="phenotype",
        style="record",
        crumbs=(Crumb("Phenotypes", addresses.PHENOTYPES),),
        here=facts.name,
        description=f"Phenotype {facts.name}: {samples:,} samples and {facts.genes_total:,} genes in {len(components)} study components.",
    )
    return site.page(
        "phenotype.html",
        page,
        phenotype=facts,
        components=components,
        seen=sum(bool(a.samples) for a in facts.appearances),
        studies=len({a.study for a in facts.appearances if a.samples}),
        samples=samples,
        most=max((a.samples_nc for a in facts.appearances), default=0),
        author_names=[n for n in facts.author_names if n != facts.name],
        links=site.identifier_links(facts.term) if facts.term else [],
        genes=[(g, addresses.gene(g.slug)) for g in facts.genes],
        several=len({g.organism for g in facts.genes}) > 1,
        together=[(t, addresses.phenotype(_slug(t))) for t in facts.together],
        together_most=max((t.samples_nc for t in facts.together), default=0),
        query=asked,
        query_address=f"{addresses.QUERY}#sql={quote(asked, safe='')}",
    )


def _query(facts: PhenotypeFacts) -> str:
    """The SQL that counts the same, for the reader who goes on in the query page."""

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    where = f"term = {quoted(facts.term)}" if facts.term else f"phenotype = {quoted(facts.name)} AND term IS NULL"
    return (
        "SELECT study, component, count(DISTINCT sample_id) AS samples\n"
        f"FROM sample_phenotypes\nWHERE {where} AND NOT control\n"
        "GROUP BY ALL ORDER BY samples DESC"
    )


def _jsons(work: Work) -> list[tuple[Opened, str]]:
    return [(tree, path) for tree in work.inputs[2:] for path in tree if path.endswith(".json")]


@recipe("code")
def phenotypes(work: Work) -> dict[str, Path]:
    """`phenotypes/<slug>/`. Inputs after templates and frame: one PhenotypeFacts a file."""
    site = opened(work)
    out: dict[str, Path] = {}
    for tree, path in _jsons(work):
        out |= work.keep(phenotype_page(site, PhenotypeFacts.model_validate_json(tree.read(path))))
    return out


@recipe("code")
def phenotype_list(work: Work) -> dict[str, bytes]:
    """`phenotypes/`. Inputs after templates and frame: the `lines` of the `entities` step."""
    site = opened(work)
    lines = _LINES.validate_json(read(work, "phenotypes.json"))
    ranked = sorted(lines, key=lambda p: (-p.studies, -p.samples_nc, p.name.casefold(), p.slug))
    rows: list[dict[str, Any]] = [
        {"line": p, "address": addresses.phenotype(p.slug), "others": [n for n in p.author_names if n != p.name]} for p in ranked
    ]
    page = Page(
        address=addresses.PHENOTYPES,
        title="Phenotypes",
        kind="phenotypes",
        style="lists",
        description=f"{len(lines):,} phenotypes that authors saw, by how many studies share them.",
    )
    return site.page(
        "phenotypes.html",
        page,
        shared=[r for r in rows if r["line"].studies > 1],
        single=[r for r in rows if r["line"].studies <= 1 and r["line"].samples_nc],
        unseen=[r for r in rows if r["line"].studies <= 1 and not r["line"].samples_nc],
        total=len(rows),
        terms=sum(bool(p.term) for p in lines),
        most=max((p.samples_nc for p in lines), default=0),
    )
