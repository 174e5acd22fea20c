"""Genes, proteins, compounds and antibodies across all studies: the `entities` step. Terms are counted in portal.warehouse.terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from portal import addresses
from portal.addresses import plural
from portal.engine.step import Work, canonical, recipe
from portal.facts import ComponentRecord, EntityKind, GeneLine, ReagentLine
from portal.model import Model
from portal.warehouse import genes as gene_pages
from portal.warehouse import names, rows
from portal.warehouse.identity import KINDS
from portal.warehouse.inputs import read_records, terms_of
from portal.warehouse.known import known_names, orthologs_of
from portal.warehouse.merging import NOTHING
from portal.warehouse.organisms import organisms_of
from portal.warehouse.parquet import connect, write_rows
from portal.warehouse.sample_lists import sample_lists
from portal.warehouse.schema import TABLES


@recipe("code")
def entities(work: Work) -> dict[str, bytes | Path]:
    """Everything that is not of one study.

    Inputs: each component's {samples.parquet, phenotypes.parquet, targets.parquet}, with table.parquet where annotation
    levels and synonyms are to be told, each study's facts tree: whole, below `components` (enough, and moved by no title) or
    {facts.json}, and what gene files say: {names.parquet, orthologs.parquet}.

    Outputs: `pages/<00…63>/<kind>.json` (list of GeneFacts; a file of genes in all 64), `pages/<00…63>/samples/<kind>/<slug>.csv`,
    `lines/<kind>s.json` (lines sorted by slug), `lines/reagents.json`, `lines/studies.json`
    ({accession: {"genes": how many, controls included}}), `looked_for.json` ({"<accession>/<component>": the phenotypes that its
    authors declare}), `missing.json` ([study, component, its organisms] of components whose tables are not here), entity_names.parquet,
    entities.parquet.
    Raises identity.SlugCollision where two of a kind would share an address.
    """
    records = read_records(work.inputs)
    out: dict[str, bytes | Path] = {}
    with connect(work.scratch) as con:
        rows.load(con, work.inputs, [(r.study, r.component.name) for r in records])
        rows.picture(con, records)
        organisms = organisms_of(records, con)
        known = known_names(con, work.inputs, organisms)
        found = {kind: gene_pages.number_genes(con, organisms, kind, known if kind == "gene" else NOTHING) for kind in KINDS}
        genes = found["gene"] = names.with_synonyms(con, work.inputs, records, found["gene"])
        labels = {r.study: r.label for r in records}
        related = orthologs_of(con, work.inputs, organisms, genes, known, labels)
        terms = terms_of(records)
        lines: dict[EntityKind, list[GeneLine]] = {}
        for kind in KINDS:
            lines[kind] = []
            links = links_of(records, kind)
            facts = gene_pages.gene_facts(con, found[kind], labels, terms, links, kind, related if kind == "gene" else None)
            for bucket, pages, its_lines in gene_pages.in_buckets(facts):
                lines[kind] += its_lines
                if pages or kind == "gene":
                    # Written at once: together they would take more memory than all the counting.
                    path, content = gene_pages.bucket_file(bucket, pages, kind)
                    out[path] = file = work.scratch / f"{kind}-{bucket:02d}.json"
                    file.write_bytes(content)
            lines[kind].sort(key=lambda line: line.slug)
            out |= dict(sample_lists(con, kind, found[kind], work.scratch))
        reagents = names.reagent_lines(con, genes)
        out["entity_names.parquet"] = work.scratch / "entity_names.parquet"
        names.write_entity_names(con, found, work.scratch / "entity_names.parquet")
        in_study = con.execute("""
            SELECT study, count(DISTINCT gene) FROM gene_sample JOIN sample USING (sid) JOIN component USING (cid)
            GROUP BY study ORDER BY study
        """).fetchall()
    out |= {f"lines/{plural(kind)}.json": _json(its) for kind, its in lines.items()}
    out["lines/reagents.json"] = _json(reagents)
    out["looked_for.json"] = canonical({f"{r.study}/{r.component.name}": [p.name for p in r.component.phenotypes] for r in records})
    out["missing.json"] = canonical([[r.study, r.component.name, [o.name for o in r.organisms]] for r in records if r.component.missing])
    out["lines/studies.json"] = canonical({study: {"genes": n} for study, n in in_study})
    listed = [line for its in lines.values() for line in its]
    schema, order, _ = TABLES["entities"]
    out["entities.parquet"] = file = work.scratch / "entities.parquet"
    write_rows(file, schema, [*entity_rows(listed), *reagent_rows(reagents)], order)
    return out


def links_of(records: Sequence[ComponentRecord], kind: EntityKind) -> dict[tuple[str, str], str]:
    """(study, component) → its own link template for identifiers of a kind, where it has one."""
    named = ((r, r.component.samples.links.get(f"{kind}.id", "")) for r in records if r.component.samples)
    return {(r.study, r.component.name): template for r, template in named if template}


def _json(value: Model | Sequence[Model]) -> bytes:
    return canonical(value.model_dump(mode="json") if isinstance(value, Model) else [v.model_dump(mode="json") for v in value])


def entity_rows(lines: Iterable[GeneLine]) -> list[dict[str, object]]:
    """The rows of `entities` with pages of their own."""
    return [
        {
            "kind": g.kind, "slug": g.slug, "name": g.name, "organism": g.organism or None,
            "identifiers": "; ".join(g.identifiers) or None, "synonyms": "; ".join(g.synonyms) or None, "studies": g.studies,
            "components": g.components, "samples": g.samples_nc, "with_phenotype": g.with_phenotype,
            "address": addresses.entity(g.kind, g.slug),
        }
        for g in lines
    ]  # fmt: skip


def reagent_rows(lines: Iterable[ReagentLine]) -> list[dict[str, object]]:
    """Reagents in `entities`: each is found at the page of what it targets."""
    return [
        {"kind": "reagent", "slug": addresses.slug(r.name, capitals=True), "name": r.name, "components": r.components, "address": r.address}
        for r in lines
    ]
