"""Genes, phenotypes and organisms across all studies: the `entities` step."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from portal import addresses
from portal.engine.step import Work, canonical, recipe
from portal.facts import ComponentRecord, GeneLine, OrganismFacts, OrganismLine, PhenotypeFacts
from portal.model import Model, Term
from portal.warehouse import genes as gene_pages
from portal.warehouse import phenotypes as phenotype_pages
from portal.warehouse import rows
from portal.warehouse.identity import refuse_collisions
from portal.warehouse.inputs import read_records, terms_of
from portal.warehouse.organisms import UNSPECIFIED, most_frequent, organism_facts, organisms_of
from portal.warehouse.parquet import connect, write_rows
from portal.warehouse.schema import TABLES


@recipe("code")
def entities(work: Work) -> dict[str, bytes | Path]:
    """Everything that is not of one study.

    Inputs: each component's {samples.parquet, phenotypes.parquet, targets.parquet}, with table.parquet where annotation
    levels are to be told, and each study's facts tree: whole,
    below `components` (enough, and moved by no title) or {facts.json}.

    Outputs: `genes/<00…63>/genes.json` (list of GeneFacts, all 64), `phenotypes/<slug>.json` (PhenotypeFacts),
    `organisms/<slug>.json` (OrganismFacts), `lines/{genes,phenotypes,organisms}.json` (lines sorted by slug),
    `lines/studies.json` ({accession: {"genes": how many, controls included}}), entities.parquet, terms.parquet.
    Raises identity.SlugCollision where two of a kind would share an address.
    """
    records = read_records(work.inputs)
    out: dict[str, bytes | Path] = {}
    with connect(work.scratch) as con:
        rows.load(con, work.inputs, [(r.study, r.component.name) for r in records])
        organisms = organisms_of(records, con)
        genes = gene_pages.number_genes(con, organisms)
        lines: list[GeneLine] = []
        labels = {r.study: r.label for r in records}
        links = {(r.study, r.component.name): r.component.samples.links.get("gene.id", "") for r in records if r.component.samples}
        links = {where: template for where, template in links.items() if template}
        for bucket, pages, its_lines in gene_pages.in_buckets(gene_pages.gene_facts(con, genes, labels, terms_of(records), links)):
            # Written at once: together they would take more memory than all the counting.
            path, content = gene_pages.bucket_file(bucket, pages)
            out[path] = file = work.scratch / f"genes-{bucket:02d}.json"
            file.write_bytes(content)
            lines += its_lines
        lines.sort(key=lambda line: line.slug)
        of_organism = Counter(g.organism.key if g.organism else UNSPECIFIED for g in genes)
        phenotypes = phenotype_pages.phenotype_facts(con, records, genes)
        organism_list = organism_facts(con, records, organisms, of_organism)
        in_study = con.execute("""
            SELECT study, count(DISTINCT gene) FROM gene_sample JOIN sample USING (sid) JOIN component USING (cid)
            GROUP BY study ORDER BY study
        """).fetchall()
    refuse_collisions((o.slug, f"organism {o.name} ({o.term})") for o in organism_list)
    out |= {f"phenotypes/{p.slug}.json": _json(p) for p in phenotypes}
    out |= {f"organisms/{o.slug}.json": _json(o) for o in organism_list}
    out["lines/genes.json"] = _json(lines)
    out["lines/phenotypes.json"] = _json([phenotype_pages.line_of(p) for p in phenotypes])
    out["lines/organisms.json"] = _json([organism_line(o) for o in organism_list])
    out["lines/studies.json"] = canonical({study: {"genes": n} for study, n in in_study})
    for name, found in (("entities", entity_rows(lines)), ("terms", term_rows(records, phenotypes, organism_list))):
        schema, order, _ = TABLES[name]
        file = work.scratch / f"{name}.parquet"
        write_rows(file, schema, found, order)
        out[file.name] = file
    return out


def _json(value: Model | Sequence[Model]) -> bytes:
    return canonical(value.model_dump(mode="json") if isinstance(value, Model) else [v.model_dump(mode="json") for v in value])


def organism_line(page: OrganismFacts) -> OrganismLine:
    return OrganismLine(
        slug=page.slug, name=page.name, term=page.term, studies=len(page.studies), components=len(page.appearances),
        samples=page.samples, genes=page.genes,
    )  # fmt: skip


def entity_rows(lines: Iterable[GeneLine]) -> list[dict[str, object]]:
    """The rows of `entities`: genes, so far the one kind with pages of its own."""
    return [
        {
            "kind": "gene", "slug": g.slug, "name": g.name, "organism": g.organism or None, "identifiers": "; ".join(g.identifiers) or None,
            "synonyms": "; ".join(g.synonyms) or None, "studies": g.studies, "components": g.components, "samples": g.samples_nc,
            "with_phenotype": g.with_phenotype, "address": addresses.gene(g.slug),
        }
        for g in lines
    ]  # fmt: skip


def term_rows(
    records: Sequence[ComponentRecord], phenotypes: Iterable[PhenotypeFacts], organisms: Iterable[OrganismFacts]
) -> list[dict[str, object]]:
    """The rows of `terms`: every accession in each of its roles."""
    found: list[dict[str, object]] = []
    for role, address, pages in (
        ("phenotype", addresses.phenotype, phenotypes), ("organism", addresses.organism, organisms),
    ):  # fmt: skip
        for page in pages:
            if page.term:
                found.append({
                    "term": page.term, "name": page.name, "role": role, "studies": len({a.study for a in page.appearances}),
                    "components": len(page.appearances), "samples": sum(a.samples_nc for a in page.appearances),
                    "address": address(page.slug),
                })  # fmt: skip
    told: dict[tuple[str, str], list[tuple[ComponentRecord, Term]]] = defaultdict(list)
    for record in records:
        roles = (
            ("imaging method", record.component.imaging_method), ("technology", record.component.technology),
            ("study type", record.study_types),
        )  # fmt: skip
        for role, terms in roles:
            for term in terms:
                if term.term:
                    told[role, term.term].append((record, term))
    for (role, curie), uses in told.items():
        found.append({
            "term": curie, "name": most_frequent(Counter(t.name for _, t in uses)), "role": role,
            "studies": len({r.study for r, _ in uses}), "components": len({(r.study, r.component.name) for r, _ in uses}),
        })  # fmt: skip
    return found
