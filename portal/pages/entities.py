"""Pages of genes, proteins, compounds and antibodies: identity, where each was sampled, what was found, and the same genes elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from portal import addresses, eaten
from portal.addresses import plural
from portal.engine.step import Work, recipe
from portal.facts import Appearance, EntityKind, GeneFacts, Named, PhenotypeCount
from portal.pages import asked, prose
from portal.pages.places import Place, places, shown
from portal.pages.render import Crumb, Page, Site, given, opened, read

_WELL = re.compile(r"[A-Z]{1,2}\d{1,2}")
SHOWN_SAMPLES = 24
SHOWN_PICTURES = 8
_FACTS = TypeAdapter(list[GeneFacts])
LISTS: dict[EntityKind, str] = {
    "gene": addresses.GENES,
    "protein": addresses.PROTEINS,
    "compound": addresses.COMPOUNDS,
    "antibody": addresses.ANTIBODIES,
}

Missing = Sequence[tuple[str, str, Sequence[str]]]  # study, component, its organisms
LookedFor = Mapping[str, Sequence[str]]  # `<accession>/<component>` → the phenotypes that its authors declare


@dataclass(frozen=True)
class Found:
    """A phenotype in one component; `address` is its page where terms tell which. `samples` leave controls out, `controls` are those."""

    name: str
    address: str
    samples: int
    controls: int


@dataclass(frozen=True)
class Seen:
    """One component that sampled the entity. `not_found`: phenotypes that it looked for and that no sample of this entity has."""

    facts: Appearance
    address: str
    found: tuple[Found, ...]
    not_found: tuple[str, ...]
    looked_for: int
    places: tuple[Place, ...] = ()
    pictures: tuple[tuple[str, str, str], ...] = ()  # thumbnail, address, what it shows
    unlisted: int = 0
    other: str = ""  # an ortholog's name, where it is one's
    other_address: str = ""
    other_organism: str = ""

    @property
    def hit(self) -> bool:
        return any(f.samples for f in self.found)

    @property
    def key(self) -> str:
        """The row's mark in the page, to which reagents lead, and in the answer of the page's query."""
        return f"{self.facts.study}/{self.facts.component}"

    @property
    def spread(self) -> str:
        """`on 4 plates, by 2 reagents, 4 samples each`, as far as it says more than the number of samples."""
        a = self.facts
        wells = all(_WELL.fullmatch(r.sample) for r in a.sample_refs)
        parts = [f"{'on' if wells else 'in'} {prose.count(a.containers, 'plate' if wells else 'dataset')}"] if a.containers > 1 else []
        if a.reagents_total > 1:
            parts.append(f"by {prose.count(a.reagents_total, 'reagent')}")
        if a.replicates > 1:
            parts.append(f"{'up to ' if a.reagents_total > 1 else ''}{a.replicates:,} replicates{' each' if a.reagents_total > 1 else ''}")
        return ", ".join(parts)


def _seen(a: Appearance, looked_for: LookedFor) -> Seen:
    refs = shown(a.sample_refs, SHOWN_SAMPLES)
    declared = looked_for.get(f"{a.study}/{a.component}", ())
    has = {p.name for p in a.phenotypes}
    return Seen(
        facts=a,
        address=addresses.component(a.study, a.component),
        found=tuple(Found(p.name, _phenotype(p), p.samples_nc, p.samples - p.samples_nc) for p in a.phenotypes),
        not_found=tuple(n for n in declared if n not in has),
        looked_for=len(declared),
        places=places(a.study, a.component, refs),
        pictures=tuple((r.thumbnail, r.address, f"{r.container} {r.sample}") for r in refs if r.thumbnail)[:SHOWN_PICTURES],
        unlisted=a.more_samples + len(a.sample_refs) - len(refs),
    )


def _phenotype(count: PhenotypeCount) -> str:
    term = next((t.term for t in count.terms if t.term), None)
    return addresses.phenotype(addresses.term_slug(term, count.name)) if term else ""


def _links(site: Site, kind: str, identifier: str, own: str) -> list[tuple[str, str]]:
    """Outside pages about an identifier: the one that a study names first, unless the portal itself knows a page of that site."""
    ours = site.identifier_links(identifier, kind)
    own = prose.url(own)
    name = _site(own)
    return ours if not own or name in {_site(address) for _, address in ours} else [(name, own), *ours]


def _site(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def _others(gene: GeneFacts, looked_for: LookedFor) -> list[Seen]:
    """A row an ortholog and component that sampled it."""
    rows = []
    for ortholog in gene.orthologs:
        for a in ortholog.seen:
            row = _seen(a, looked_for)
            rows.append(Seen(
                facts=a, address=row.address, found=row.found, not_found=row.not_found, looked_for=row.looked_for, other=ortholog.name,
                other_address=addresses.gene(ortholog.slug), other_organism=ortholog.organism,
            ))  # fmt: skip
    return rows


def queries(kind: str, slug: str) -> tuple[str, str]:
    """The SQL of the page's counts a component, and of its counts a phenotype."""
    of = f"WHERE kind = {asked.text(kind)} AND entity = {asked.text(slug)}"
    counts = (
        "SELECT study, component,\n"
        "  count(DISTINCT sample_id) FILTER (WHERE NOT control) AS samples,\n"
        "  count(DISTINCT sample_id) FILTER (WHERE control) AS controls\n"
        f"FROM sample_targets\n{of}\nGROUP BY study, component ORDER BY study, component"
    )
    found = (
        "SELECT study, component, phenotype,\n"
        "  count(DISTINCT sample_id) FILTER (WHERE NOT control) AS with_it,\n"
        "  count(DISTINCT sample_id) FILTER (WHERE control) AS controls_with_it\n"
        "FROM sample_phenotypes\nWHERE sample_id IN (\n"
        f"  SELECT sample_id FROM sample_targets {of})\n"
        "GROUP BY study, component, phenotype ORDER BY study, component, with_it DESC"
    )
    return counts, found


def _also(gene: GeneFacts) -> list[tuple[str, list[str]]]:
    """Its other names by how they are known: [("in these studies", names), …]."""
    by: dict[str, list[str]] = {}
    for name in gene.also or [Named(name=n, how="written") for n in gene.synonyms]:
        told = f"says {name.source}" if name.source else "says a file of names"
        how = {"written": "", "synonym": "listed beside it in a table", "file": told}
        by.setdefault(how[name.how], []).append(name.name)
    return list(by.items())


def _untold(gene: GeneFacts, missing: Missing) -> list[tuple[str, str]]:
    """(name, address) of components of the entity's organism whose tables are not here: whether they sampled it is not known."""
    organism = gene.organism.name if gene.organism else ""
    return [(f"{s} {c}", addresses.component(s, c)) for s, c, organisms in missing if gene.kind == "gene" and organism in organisms]


def gene_page(site: Site, gene: GeneFacts, looked_for: LookedFor | None = None, missing: Missing = ()) -> dict[str, bytes]:
    """The page of one entity."""
    organism = gene.organism
    looked_for = looked_for or {}
    seen = sorted((_seen(a, looked_for) for a in gene.appearances), key=lambda s: (not s.hit, s.facts.study, s.facts.component))
    others = _others(gene, looked_for)
    title = f"{gene.name} ({organism.name})" if organism else gene.name
    hits = sum(s.hit or bool(s.facts.with_phenotype_nc) for s in seen)
    counts, found = queries(gene.kind, gene.slug)
    page = Page(
        address=addresses.entity(gene.kind, gene.slug),
        title=title,
        kind=gene.kind,
        style="record",
        scripts=("entity",),
        description=f"{title}: sampled in {len(seen)} components; a phenotype found in {hits}.",
        crumbs=(Crumb(plural(gene.kind).capitalize(), LISTS[gene.kind]),),
        here=gene.name,
    )
    return site.page(
        "entity.html",
        page,
        gene=gene,
        also=_also(gene),
        seen=seen,
        others=others,
        other_genes=[(o, addresses.gene(o.slug)) for o in gene.orthologs],
        studies=len({s.facts.study for s in seen}),
        with_phenotype=hits,
        samples=sum(s.facts.samples_nc for s in seen),
        controls=sum(s.facts.controls for s in seen),
        evidence=any(s.facts.annotation_levels for s in seen),
        identifiers=[(i, _links(site, gene.kind, i, gene.links.get(i, ""))) for i in gene.identifiers],
        eaten=[(e, eaten.could_be(e.written)) for e in gene.eaten],
        symbol_links=site.identifier_links(gene.symbol, gene.kind) if gene.symbol else [],
        organism_address=addresses.organism(addresses.term_slug(organism.term, organism.name)) if organism else "",
        counts=counts,
        found=found,
        all=f"SELECT DISTINCT sample_id, study, component, container, sample, control\nFROM sample_targets\n"
        f"WHERE kind = {asked.text(gene.kind)} AND entity = {asked.text(gene.slug)}\nORDER BY sample_id",
        untold=_untold(gene, missing),
    )


def alias_pages(site: Site, gene: GeneFacts) -> dict[str, bytes]:
    """A page at every address that one of its other names would have, which sends readers on."""
    target = addresses.entity(gene.kind, gene.slug)
    out: dict[str, bytes] = {}
    for slug in gene.aliases:
        address = addresses.entity(gene.kind, slug)
        page = Page(address=address, title=f"This is {gene.name}", kind="moved", listed=False)
        out |= site.page("alias.html", page, target=target, name=gene.name, canonical_target=site.absolute(target))
    return out


@recipe("code")
def entities(work: Work) -> dict[str, Path]:
    """`<kind>s/<slug>/` of one bucket, `samples.csv` beside those with many, and the addresses of other names.

    Inputs after templates and frame: {<kind>.json, samples/<kind>/<slug>.csv} of the bucket, {looked_for.json} and {missing.json}.
    """
    site = opened(work)
    known, untold = given(work, "looked_for.json"), given(work, "missing.json")
    looked_for: LookedFor = known[0].json(known[1]) if known else {}
    missing: Missing = untold[0].json(untold[1]) if untold else ()
    out: dict[str, Path] = {}
    for kind in LISTS:
        if given(work, f"{kind}.json") is None:
            continue
        for gene in _FACTS.validate_json(read(work, f"{kind}.json")):
            out |= work.keep(gene_page(site, gene, looked_for, missing) | alias_pages(site, gene))
            if gene.listed and (listed := given(work, f"samples/{kind}/{gene.slug}.csv")):
                copy = work.scratch / f"{kind}-{gene.slug}.csv"
                copy.write_bytes(listed[0].read(listed[1]))
                out[addresses.entity(kind, gene.slug) + "samples.csv"] = copy
    return out
