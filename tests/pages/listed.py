"""Genes, phenotypes, organisms, the catalogue and the manifest of the two studies."""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portal import addresses
from portal.engine.step import digest_of
from portal.facts import (
    Appearance,
    Catalogue,
    ComponentLine,
    GeneFacts,
    GeneLine,
    Named,
    Ortholog,
    PhenotypeCount,
    SampleRef,
    StudyLine,
)
from portal.model import Term
from portal.ontology import Synonym
from portal.terms import Branch, Met, Scope, Seen, TermFacts, TermGene, TermKind
from portal.warehouse.schema import TABLES
from portal.warehouse.terms import organism_line, phenotype_line
from tests.pages.content import PHENOTYPES, SYMBOLS
from tests.pages.counted import Counted


def _named(name: str) -> tuple[str, str]:
    """The slug and the name of a term that has no accession."""
    return addresses.named_term_slug(None, name), name


class Listed(Counted):
    """The content with what lists show."""

    # ---- entities and the catalogue

    @cached_property
    def gene_facts(self) -> list[GeneFacts]:
        found = []
        for at, symbol in enumerate(SYMBOLS):
            name = self.text(symbol)
            other = addresses.gene_slug(self.text(SYMBOLS[at - 1]), "Homo sapiens")
            its = [r for r in self.rows if r["symbol"] == name]
            refs = tuple(
                SampleRef(
                    sample_id=r["sample_id"],
                    container=r["container"],
                    sample=r["sample"],
                    address=addresses.sample("tst0001", "screenA", r["container"], r["sample"]),
                    control=False,
                    phenotypes=tuple(r["seen"]),
                )
                for r in its[:50]
            )
            counts = tuple(
                PhenotypeCount(name=n, terms=(Term(name=tn or n, term=c),) if c else (), samples=k, samples_nc=k)
                for n, c, tn in PHENOTYPES
                if (k := sum(n in r["seen"] for r in its))
            )
            found.append(
                GeneFacts(
                    slug=addresses.gene_slug(name, "Homo sapiens"),
                    name=name,
                    symbol=name,
                    identifiers=("ENSG00000129810", "151648"),
                    synonyms=(self.text("SGO1"), self.text("NY-BR-85")),
                    organism=Term(name="Homo sapiens", term="NCBITaxon:9606"),
                    appearances=(
                        Appearance(
                            study="tst0001",
                            component="screenA",
                            label=self.text("fuchs-cellmorph"),
                            organism="Homo sapiens",
                            samples=len(its),
                            samples_nc=len(its),
                            controls=0,
                            with_phenotype_nc=sum(bool(r["seen"]) for r in its),
                            phenotypes=counts,
                            annotation_levels=(self.text("gene"),),
                            matched_by=(name,),
                            reagents=(self.text("M-00001"),),
                            sample_refs=refs,
                            more_samples=len(its) - len(refs),
                        ),
                    ),
                    also=(Named(name=self.text("SGO1"), how="file", source=self.text("HGNC")), Named(name=self.text("NY"), how="synonym")),
                    orthologs=(Ortholog(slug=other, name=self.text("sgo1"), organism=self.text("Yeast"), source=self.text("eggNOG")),),
                    aliases=(f"alias{len(found)}--homo-sapiens",),
                    listed=not found,
                )
            )
        return found

    @cached_property
    def gene_lines(self) -> list[GeneLine]:
        return [
            GeneLine(
                slug=g.slug,
                name=g.name,
                organism="Homo sapiens",
                identifiers=g.identifiers,
                synonyms=g.synonyms,
                studies=1,
                components=1,
                samples_nc=g.appearances[0].samples_nc,
                with_phenotype=g.appearances[0].with_phenotype_nc,
            )
            for g in self.gene_facts
        ]

    @cached_property
    def term_facts(self) -> list[TermFacts]:
        """Phenotypes with samples, an organism with and one without, a method below another, a study type, a cell line."""
        where = {"study": "tst0001", "component": "screenA", "label": self.text("fuchs-cellmorph"), "organism": "Homo sapiens"}
        found = []
        for n, c, tn in PHENOTYPES:
            having = [r for r in self.rows if n in r["seen"]]
            free = [r for r in having if not r["control_type"]]
            refs = tuple(
                SampleRef(
                    sample_id=r["sample_id"],
                    container=r["container"],
                    sample=r["sample"],
                    address=addresses.sample("tst0001", "screenA", r["container"], r["sample"]),
                    control=False,
                )
                for r in free[:6]
            )
            met = tuple(
                Met(name=on or o, accession=oc, slug=addresses.term_slug(oc, on or o), samples=k)
                for o, oc, on in PHENOTYPES
                if o != n and (k := sum(o in r["seen"] for r in free))
            )
            genes = tuple(
                TermGene(
                    slug=g.slug,
                    address=addresses.gene(g.slug),
                    name=g.name,
                    organism=g.organism,
                    studies=1,
                    components=1,
                    samples=1,
                    sampled=2,
                )
                for g in self.gene_lines
            )
            seen = Seen(**where, samples=len(free), controls=len(having) - len(free), genes=7, words=((n, len(free)),), refs=refs)
            scope = Scope(
                studies=1, components=1, samples=len(free), controls=len(having) - len(free), genes=len(genes), seen=(seen,),
                first_genes=genes, met=met, met_total=len(met),
            )  # fmt: skip
            slug = addresses.term_slug(c, tn or n)
            itself = Branch(name=tn or n, accession=c, slug=slug, samples=len(free), here=True)
            told = {
                "definition": self.text("What it means."), "synonyms": (Synonym(name=self.text("spherical cell"), scope="BROAD"),),
                "tree": (Branch(name=self.text("cellular phenotype"), accession="CMPO:0000003", below=(itself,)),),
                "source": "ontologies/cmpo.obo", "unused": (self.text("square cell"),), "unused_total": 1,
                "whole": scope, "narrower": 2, "comment": self.text("A comment."),
            } if c else {}  # fmt: skip
            found.append(TermFacts(kind="phenotype", slug=slug, name=tn or n, accession=c, words=(n,), exact=scope, **told))
        human = Seen(**where, samples=len(self.rows), words=(("Homo sapiens", len(self.rows)),))
        everything = Scope(studies=1, components=1, samples=len(self.rows), genes=10, seen=(human,))
        mouse = Scope(seen=(Seen(study="demo0002", component="experimentA", words=(("Mus musculus", 0),)),))

        def used(kind: TermKind, slug: str, name: str, accession: str | None = None, scope: Scope = everything) -> TermFacts:
            return TermFacts(kind=kind, slug=slug, name=name, accession=accession, words=(name,), exact=scope)

        return [
            *found,
            used("organism", "NCBITaxon_9606", "Homo sapiens", "NCBITaxon:9606"),
            used("organism", "NCBITaxon_10090", "Mus musculus", "NCBITaxon:10090", mouse),
            used("method", "FBbi_00000246", self.text("fluorescence microscopy"), "FBbi:00000246"),
            used("method", *_named(self.text("confocal microscopy"))),
            used("study type", *_named(self.text("histology"))),
            used("study type", "EFO_0007550", self.text("high content screen"), "EFO:0007550"),
            used("study type", "EFO_0007551", self.text("RNAi screen"), "EFO:0007551"),
            used("cell line", addresses.named_term("cell line", None, self.text("HeLa")).split("/")[1], self.text("HeLa")),
        ]

    @cached_property
    def catalogue(self) -> Catalogue:
        lines, components = [], []
        for f in self.facts:
            s = f.study
            lines.append(
                StudyLine(
                    accession=s.accession,
                    label=s.label,
                    title=s.title,
                    record=s.record,
                    released=str(s.released),
                    organisms=s.organisms,
                    methods=s.components[0].imaging_method,
                    study_types=s.study_type,
                    kinds=(s.components[0].kind,),
                    licence=s.licence,
                    authors=s.publications[0].authors if s.publications else None,
                    year=s.publications[0].year if s.publications else None,
                    components=len(s.components),
                    samples=sum(c.samples for c in f.components),
                    genes=10 if s.publications else 0,
                    phenotypes=4 if s.publications else 0,
                    images=sum(len(i.images) for i in f.images),
                    synthetic=True,
                    thumbnails=tuple(i.thumbnail for part in f.images for i in part.images[:4]),
                )
            )
            components += [
                ComponentLine(study=s.accession, component=c.name, kind=c.kind, label=s.label, description=c.description, samples=10)
                for c in s.components
            ]
        return Catalogue(
            studies=tuple(lines),
            components=tuple(components),
            phenotypes=tuple(phenotype_line(t) for t in self.term_facts if t.kind == "phenotype"),
            organisms=tuple(organism_line(t) for t in self.term_facts if t.kind == "organism"),
            counts={
                "studies": 2,
                "components": 3,
                "containers": 4,
                "samples": len(self.rows),
                "images": 98,
                "genes": 10,
                "phenotypes": 4,
                "organisms": 2,
            },
        )

    @cached_property
    def published(self) -> dict[str, Any]:
        """data/manifest.json and data/dictionary.json, with the columns of the real schemas."""

        def entry(name: str, schema: pa.Schema, rows: int, sha256: str) -> dict[str, Any]:
            columns = [
                {"name": f.name, "type": "VARCHAR", "nullable": f.nullable, "meaning": (f.metadata or {}).get(b"meaning", b"").decode()}
                for f in schema
            ]
            return {
                "plain": f"data/{name}.parquet",
                "path": f"data/{name}-{sha256[:12]}.parquet",
                "rows": rows,
                "bytes": 123_456,
                "sha256": sha256,
                "columns": columns,
            }

        table = self.parquets["table.parquet"]
        own = entry("studies/tst0001/screenA", pq.read_schema(io.BytesIO(table)), len(self.rows), digest_of(table))
        tables = [{"name": n, "meaning": m, **entry(n, s, 1234, digest_of(n.encode()))} for n, (s, _, m) in TABLES.items()]
        dictionary = [
            {"name": t["name"], "columns": [{"name": c["name"], "example": self.text("an example")} for c in t["columns"]]} for t in tables
        ]
        return {
            "entry": {"study": "tst0001", "component": "screenA", **own},
            "manifest": {"version": 1, "tables": tables, "components": [{"study": "tst0001", "component": "screenA", **own}]},
            "dictionary": {"version": 1, "tables": dictionary, "first_lines": []},
        }
