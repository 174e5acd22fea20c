"""A study's page, the pages of its components, and the files that cite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import ComponentFacts, StudyFacts
from portal.model import Phenotype, Protocol, Study, StudyComponent, Term
from portal.pages import asked_studies, cite, pictures, rembi
from portal.pages.component import component_page
from portal.pages.licences import Licence, licence
from portal.pages.places_map import map_of, map_sql
from portal.pages.platemaps import PlateMap, plate_maps
from portal.pages.prose import count
from portal.pages.render import Crumb, Page, Site, opened, read
from portal.pages.tables import Manifest, file_of, manifest


@dataclass(frozen=True)
class Figure:
    """A number of the facts line; `column`: of the answer of the line's query, where one gives it."""

    value: str
    label: str
    note: str = ""
    column: str = ""


@dataclass(frozen=True)
class Chip:
    """An ontology term as it is shown. `address` is empty where the term has no page here."""

    name: str
    curie: str
    address: str = ""


@dataclass(frozen=True)
class PhenotypeRow:
    component: str
    name: str
    address: str
    description: str
    chips: tuple[Chip, ...]
    samples: int
    controls: int
    genes: int
    counted: bool


@dataclass(frozen=True)
class Card:
    """One component on its study's page."""

    name: str
    kind: str
    address: str
    methods: tuple[tuple[str, str], ...]  # name, its page
    organisms: tuple[str, ...]
    counts: tuple[str, ...]
    missing: bool
    picture: pictures.Picture | None
    map: PlateMap | None
    map_of: str


@dataclass(frozen=True)
class Method:
    name: str
    description: str
    components: tuple[str, ...]
    term: Term | None


def figure(n: int, one: str, many: str = "", note: str = "", column: str = "") -> Figure:
    return Figure(f"{n:,}", one if n == 1 else many or one + "s", note, column)


def phenotype_address(name: str, terms: Sequence[Term]) -> str:
    """Where the authors' phenotype is told of: its first term's page, or its own where it has none."""
    curie = next((t.term for t in terms if t.term), None)
    return addresses.phenotype(addresses.term_slug(curie, name))


def chips(terms: Sequence[Term]) -> tuple[Chip, ...]:
    return tuple(Chip(t.name, t.term, addresses.phenotype(addresses.term_slug(t.term, t.name))) for t in terms if t.term)


def phenotype_rows(component: StudyComponent, facts: ComponentFacts) -> list[PhenotypeRow]:
    """The declared phenotypes with their counts, most samples first; what no sample shows comes last."""
    declared: dict[str, Phenotype] = {p.name: p for p in component.phenotypes}
    rows = [
        PhenotypeRow(
            component=component.name,
            name=p.name,
            address=phenotype_address(p.name, p.terms),
            description=(declared[p.name].description or "") if p.name in declared else "",
            chips=chips(p.terms),
            samples=p.samples_nc,
            controls=p.samples - p.samples_nc,
            genes=p.genes_nc,
            counted=facts.samples > 0,
        )
        for p in facts.phenotypes
    ]
    return sorted(rows, key=lambda r: (-r.samples, -r.controls, r.name))


def shared_descriptions(rows: Sequence[PhenotypeRow]) -> tuple[list[PhenotypeRow], list[tuple[str, tuple[str, ...]]]]:
    """The rows without descriptions that several phenotypes share, and each of those once with the names it is of.

    Some sources give one text, such as how hits were called, for every phenotype of a screen. No names where all share it.
    """
    names: dict[str, list[str]] = {}
    for r in rows:
        if r.description and r.name not in names.setdefault(r.description, []):
            names[r.description].append(r.name)
    shared = {text: its for text, its in names.items() if len(its) > 1}
    everyone = len({r.name for r in rows})
    kept = [replace(r, description="") if r.description in shared else r for r in rows]
    return kept, [(text, () if len(its) == everyone else tuple(its)) for text, its in shared.items()]


@dataclass(frozen=True)
class PhenotypeGroup:
    """The phenotypes of one component; without samples they are declared only, and nothing was counted."""

    component: str
    address: str
    counted: bool
    rows: tuple[PhenotypeRow, ...]


def phenotype_groups(accession: str, rows: Sequence[PhenotypeRow]) -> list[PhenotypeGroup]:
    """Rows by component, in the order of the study; components that were only declared come last."""
    by: dict[str, list[PhenotypeRow]] = {}
    for r in rows:
        by.setdefault(r.component, []).append(r)
    groups = [PhenotypeGroup(c, addresses.component(accession, c), its[0].counted, tuple(its)) for c, its in by.items()]
    return sorted(groups, key=lambda g: not g.counted)


def _figures(facts: StudyFacts) -> list[Figure]:
    """The facts line: what was counted, then what the source declares."""
    study = facts.study
    kinds = [c.kind for c in study.components]
    found = [figure(kinds.count(kind), kind, column=f"{kind}s") for kind in ("screen", "experiment") if kind in kinds]
    samples, controls = sum(c.samples for c in facts.components), sum(c.controls for c in facts.components)
    if samples:
        counted = sum(c.counted for c in facts.components)
        notes = [count(controls, "control") if controls else "", f"{counted:,} counted" if counted < samples else ""]
        found.append(figure(samples, "sample", note=", ".join(n for n in notes if n), column="samples"))
    observed = {p.name for c in facts.components for p in c.phenotypes if p.samples}
    declared_phenotypes = {p.name for c in study.components for p in c.phenotypes}
    if observed:
        unseen = len(declared_phenotypes) > len(observed)
        note = f"seen, of {len(declared_phenotypes):,} declared" if unseen else ""
        found.append(figure(len(observed), "phenotype", note=note, column="phenotypes"))
    elif declared_phenotypes:
        found.append(
            figure(
                len(declared_phenotypes),
                "phenotype",
                note="declared, none seen in the tables here" if samples else "declared",
                column="declared",
            )
        )
    if len(facts.components) == 1 and facts.components[0].genes:
        found.append(figure(facts.components[0].genes, "gene identifier", column="genes"))
    images = sum(c.images for c in facts.components)
    if images:
        found.append(figure(images, "image", note="shown here", column="images"))
    declared = sum(c.size.images_5d or 0 for c in study.components if c.size)
    if declared:
        found.append(figure(declared, "image", note="declared", column="declared_images"))
    terabytes = sum(c.size.terabytes or 0 for c in study.components if c.size)
    if terabytes:
        found.append(Figure(f"{terabytes:.3g}", "TB", "declared"))
    return found


def _card(component: StudyComponent, facts: ComponentFacts, study: StudyFacts, maps: dict[str, PlateMap]) -> Card:
    images = pictures.chosen(pictures.images_of(study, component.name).images, 1)
    # The plate with the most phenotypes says most about a screen.
    telling = max((c for c in facts.containers if c.name in maps), key=lambda c: (c.with_phenotype, -c.controls, c.name), default=None)
    counts = []
    plates = sum(c.kind == "plate" for c in facts.containers)
    datasets = len(facts.containers) - plates
    for n, one in (
        (plates, "plate"),
        (datasets, "dataset"),
        (facts.samples, "sample"),
        (facts.genes, "gene identifier"),
        (facts.images, "image"),
    ):
        if n:
            counts.append(f"{n:,} {one if n == 1 else one + 's'}")
    return Card(
        name=component.name,
        kind=component.kind,
        address=addresses.component(study.study.accession, component.name),
        methods=tuple(
            dict.fromkeys(
                (t.name, addresses.named_term(kind, t.term, t.name))
                for kind, terms in (("method", component.imaging_method), ("study type", component.technology))
                for t in terms
            )
        ),
        organisms=tuple(t.name for t in study.study.organisms_of(component)),
        counts=tuple(counts),
        missing=component.missing is not None,
        picture=pictures.picture(images[0], facts) if images else None,
        map=maps.get(telling.name) if telling else None,
        map_of=telling.name if telling else "",
    )


def methods(study: Study) -> list[Method]:
    """The protocols, each once, with the components that followed it."""
    found: dict[tuple[str, str], list[str]] = {}
    protocols: dict[tuple[str, str], Protocol] = {}
    for c in study.components:
        for p in c.protocols:
            key = (p.name, p.description or "")
            protocols.setdefault(key, p)
            found.setdefault(key, []).append(c.name)
    everywhere = len(study.components)
    return [
        Method(name, description, () if len(used) == everywhere else tuple(used), protocols[name, description].type)
        for (name, description), used in found.items()
    ]


@dataclass(frozen=True)
class Read:
    """One component's tables: what was read, joined and left over."""

    component: str
    tables: tuple[tuple[str, int, int | None, int], ...]  # table, rows read, rows joined, keys without a sample
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    no_value: tuple[tuple[str, int], ...]
    spellings: tuple[str, ...]
    notes: tuple[str, ...]


def tallies(facts: StudyFacts) -> list[Read]:
    found = []
    for c in facts.components:
        t = c.tally
        names = dict.fromkeys([*t.rows_read, *t.rows_joined, *t.unmatched_keys])
        found.append(
            Read(
                component=c.component,
                tables=tuple((n, t.rows_read.get(n, 0), t.rows_joined.get(n), t.unmatched_keys.get(n, 0)) for n in names),
                examples=tuple((n, tuple(v)) for n, v in t.unmatched_examples.items() if v),
                no_value=tuple(t.no_value_cells.items()),
                spellings=t.phenotype_spellings,
                notes=t.notes,
            )
        )
    return [r for r in found if r.tables or r.notes or r.spellings or r.no_value]


def study_context(facts: StudyFacts, site: Site, maps: dict[str, dict[str, PlateMap]], tables: Manifest) -> dict[str, Any]:
    """Everything that study.html shows."""
    study = facts.study
    terms: Licence | None = licence(study.licence, study.licence_url)
    references = cite.references(study, site.frame)
    rows = [r for c in study.components for r in phenotype_rows(c, facts.facts(c.name))]
    described, shared = shared_descriptions(rows)
    first = study.publications[0] if study.publications else None
    downloads = [
        (c.name, table, site.absolute(table.address))
        for c in study.components
        if (table := tables.component(study.accession, c.name)) is not None and table.rows
    ]
    found_methods = methods(study)
    organisms = list(dict.fromkeys(t for c in study.components for t in study.organisms_of(c)))
    sections = [
        ("description", "Description", study.description or study.keywords),
        ("components", "Components", True),
        ("phenotypes", "Phenotypes", rows),
        ("methods", "Methods", found_methods),
        ("metadata", "Metadata", True),
        ("files", "Files", True),
        ("provenance", "Provenance", True),
        ("history", "History", study.history or study.released),
        ("cite", "How to cite", True),
    ]
    return {
        "study": study,
        "licence": terms,
        "kinds": list(dict.fromkeys(c.kind for c in study.components)),
        "authors": cite.short_authors(first.authors) if first else ", ".join(p.last_name for p in study.people),
        "publication": first,
        "facts_line": _figures(facts),
        "facts_sql": asked_studies.study(study.accession),
        "phenotypes_sql": asked_studies.phenotypes(study.accession),
        "strip": pictures.strip(facts, 6),
        "synthetic": any(i.synthetic for part in facts.images for i in part.images),
        "sections": [(key, name) for key, name, shown in sections if shown],
        "not_rendered": [(c.name, p.refused, len(p.images)) for c, p in zip(study.components, facts.images, strict=False) if p.refused],
        "cards": [_card(c, facts.facts(c.name), facts, maps.get(c.name, {})) for c in study.components],
        "phenotypes": phenotype_groups(study.accession, described),
        "shared": shared,
        "most": max((r.samples for r in rows), default=0),
        "several": len(study.components) > 1,
        "methods": found_methods,
        "modules": rembi.modules(facts),
        "downloads": downloads,
        "tallies": tallies(facts),
        "organisms": [(o.name, addresses.organism(addresses.term_slug(o.term, o.name)) if o.term else "") for o in organisms],
        "study_types": [(t.name, addresses.named_term("study type", t.term, t.name)) for t in study.study_type],
        "release_told": any(e.date == study.released and "release" in e.what.casefold() for e in study.history),
        "extra": [(None, study.source)] + [(c.name, c.source) for c in study.components],
        "references": [(r, cite.in_words(r)) for r in references],
        "cite_files": [(name, addresses.study(study.accession) + file) for name, file in CITE_FILES],
        "json_ld": cite.json_ld(facts, site.frame, [(f"{study.accession} {name}", address) for name, _, address in downloads if address]),
    }


CITE_FILES = (("BibTeX", "cite.bib"), ("RIS", "cite.ris"), ("CSL-JSON", "cite.json"))


@recipe("code")
def study(work: Work, *, imported: bool = False) -> dict[str, bytes]:
    """`studies/<accession>/` with its cite files, and every `studies/<accession>/<component>/`. `imported`: it has a provenance page.

    Inputs after templates and frame: the study's facts.json, and for each component {entry.json} of its published table
    (or the whole manifest.json) and the table itself, told by its SHA-256.
    """
    site = opened(work)
    facts = StudyFacts.model_validate_json(read(work, "facts.json"))
    record = facts.study
    tables = manifest(work)
    maps: dict[str, dict[str, PlateMap]] = {}
    out: dict[str, bytes] = {}
    for c in record.components:
        its = facts.facts(c.name)
        published = tables.component(record.accession, c.name)
        path = file_of(work, published) if published and published.rows else None
        plates = {p.name: (p.rows, p.columns) for p in its.containers if p.kind == "plate" and p.rows}
        maps[c.name] = plate_maps(path, plates) if path and plates else {}
        shown = shared_descriptions(phenotype_rows(c, its))
        out |= component_page(site, facts, c, *shown, maps[c.name], path, published if path else None, map_of(work, c.name))
    page = Page(
        address=addresses.study(record.accession),
        title=f"{record.accession}: {record.title}",
        kind="study",
        style="record",
        description=" ".join((record.description or record.title).split())[:300],
        crumbs=(Crumb("Studies", addresses.STUDIES),),
        here=record.accession,
    )
    comes_from = addresses.provenance(record.accession) if imported else ""
    where = {"place_map": map_of(work), "place_sql": map_sql(record.accession)}
    out |= site.page("study.html", page, comes_from=comes_from, **where, **study_context(facts, site, maps, tables))
    references = cite.references(record, site.frame)
    for (_, file), make in zip(CITE_FILES, (cite.bibtex, cite.ris, cite.csl), strict=True):
        out[page.address + file] = make(references).encode("utf-8", "replace")
    return out
