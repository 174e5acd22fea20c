"""catalogue.json: what lists, the home page and the search index need, without genes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.engine.step import Opened, Work, recipe
from portal.facts import Catalogue, ComponentImages, ComponentLine, OrganismLine, PhenotypeLine, StudyFacts, StudyLine
from portal.model import Study, Term
from portal.warehouse.inputs import paths_named, read_studies

MOST_THUMBNAILS = 4


def distinct_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Each term once, in the order given: by its accession, else by its name."""
    return tuple({(t.term or t.name).casefold(): t for t in reversed(list(terms))}.values())[::-1]


def thumbnails_of(images: Sequence[ComponentImages]) -> tuple[str, ...]:
    """Up to four thumbnails that stand for a study: featured images first, then one of each component, then the rest."""
    ranked = sorted(
        ((not image.featured, place, part) for part, images_ in enumerate(images) for place, image in enumerate(images_.images)),
    )
    chosen = [images[part].images[place].thumbnail for _, place, part in ranked]
    return tuple(dict.fromkeys(chosen))[:MOST_THUMBNAILS]


def identifiers_of(study: Study) -> tuple[str, ...]:
    """What a reader may paste to find a study: DOIs, PubMed and PMC ids, the accession at its source."""
    named = [i for p in study.publications for i in (p.doi, p.pubmed, p.pmc)]
    return tuple(dict.fromkeys(i for i in (*named, *study.data_doi, study.origin and study.origin.accession) if i))


def study_line(facts: StudyFacts, genes: int | None) -> StudyLine:
    """`genes`: distinct genes of the whole study; where it is not known, the most of any component."""
    study, components = facts.study, facts.study.components
    publication = study.publications[0] if study.publications else None
    images = [image for part in facts.images for image in part.images]
    return StudyLine(
        accession=study.accession, label=study.label, title=study.title, record=study.record,
        released=study.released.isoformat() if study.released else None,
        organisms=distinct_terms(o for c in components for o in study.organisms_of(c)),
        methods=distinct_terms(m for c in components for m in c.imaging_method), study_types=study.study_type,
        kinds=tuple(sorted({c.kind for c in components})), licence=study.licence,
        authors=publication.authors if publication else None, year=publication.year if publication else None,
        components=len(components), samples=sum(c.samples for c in facts.components),
        genes=max((c.genes for c in facts.components), default=0) if genes is None else genes,
        phenotypes=len({p.name for c in facts.components for p in c.phenotypes if p.samples}),
        phenotypes_declared=len({p.name for c in components for p in c.phenotypes}), images=len(images),
        thumbnails=thumbnails_of(facts.images), synthetic=any(i.synthetic for i in images),
        identifiers=identifiers_of(study), keywords=study.keywords,
    )  # fmt: skip


def component_lines(facts: StudyFacts) -> list[ComponentLine]:
    lines = []
    for component in facts.study.components:
        counted = facts.facts(component.name)
        lines.append(ComponentLine(
            study=facts.study.accession, component=component.name, kind=component.kind, label=facts.study.label,
            description=component.description, organisms=tuple(o.name for o in facts.study.organisms_of(component)),
            methods=tuple(m.name for m in component.imaging_method), technology=tuple(t.name for t in component.technology),
            samples=counted.samples, with_phenotype=counted.with_phenotype,
        ))  # fmt: skip
    return lines


def _lines(inputs: Sequence[Opened], name: str) -> list[dict]:
    return [line for tree, path in paths_named(inputs, name) for line in tree.json(path)]


@recipe("code")
def catalogue(work: Work) -> dict[str, bytes]:
    """catalogue.json (Catalogue). Inputs: every study's facts tree, and `lines` of the `entities` step.

    Studies are sorted by accession, components by study and their order in it, phenotypes and organisms by slug.
    `counts`: studies, components, containers, samples, images, genes, phenotypes, organisms; samples hold controls too.
    """
    studies = read_studies(work.inputs)
    genes = {study: told["genes"] for tree, path in paths_named(work.inputs, "studies.json") for study, told in tree.json(path).items()}
    phenotypes = tuple(PhenotypeLine.model_validate(line) for line in _lines(work.inputs, "phenotypes.json"))
    organisms = tuple(OrganismLine.model_validate(line) for line in _lines(work.inputs, "organisms.json"))
    lines = tuple(study_line(s, genes.get(s.study.accession, 0 if genes else None)) for s in studies)
    counts = {
        "studies": len(studies), "components": sum(s.components for s in lines),
        "containers": sum(len(c.containers) for s in studies for c in s.components),
        "samples": sum(s.samples for s in lines), "images": sum(s.images for s in lines),
        "genes": len(_lines(work.inputs, "genes.json")), "phenotypes": len(phenotypes), "organisms": len(organisms),
    }  # fmt: skip
    whole = Catalogue(
        studies=lines, components=tuple(line for s in studies for line in component_lines(s)), phenotypes=phenotypes,
        organisms=organisms, counts=counts,
    )  # fmt: skip
    return {"catalogue.json": whole.model_dump_json().encode()}
