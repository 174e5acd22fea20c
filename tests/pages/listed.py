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
    OrganismFacts,
    OrganismLine,
    PhenotypeCount,
    PhenotypeFacts,
    PhenotypeLine,
    SampleRef,
    StudyLine,
)
from portal.model import Term
from portal.warehouse.schema import TABLES
from tests.pages.content import PHENOTYPES, SYMBOLS
from tests.pages.counted import Counted


class Listed(Counted):
    """The content with what lists show."""

    # ---- entities and the catalogue

    @cached_property
    def gene_facts(self) -> list[GeneFacts]:
        found = []
        for symbol in SYMBOLS:
            name = self.text(symbol)
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
    def phenotype_facts(self) -> list[PhenotypeFacts]:
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
                for r in free[:50]
            )
            others = tuple(
                PhenotypeCount(name=o, terms=(Term(name=on or o, term=oc),) if oc else (), samples=k, samples_nc=k)
                for o, oc, on in PHENOTYPES
                if o != n and (k := sum(o in r["seen"] for r in free))
            )
            found.append(
                PhenotypeFacts(
                    slug=addresses.term_slug(c, tn or n),
                    name=tn or n,
                    term=c,
                    author_names=(n,),
                    genes=tuple(self.gene_lines),
                    genes_total=len(self.gene_lines),
                    together=others,
                    appearances=(
                        Appearance(
                            study="tst0001",
                            component="screenA",
                            label=self.text("fuchs-cellmorph"),
                            organism="Homo sapiens",
                            samples=len(having),
                            samples_nc=len(free),
                            controls=len(having) - len(free),
                            with_phenotype_nc=len(free),
                            phenotypes=(PhenotypeCount(name=n, samples=len(having), samples_nc=len(free), genes_nc=7),),
                            sample_refs=refs,
                        ),
                    ),
                )
            )
        return found

    @cached_property
    def organism_facts(self) -> list[OrganismFacts]:
        def appearance(study: str, component: str, name: str, n: int) -> Appearance:
            return Appearance(
                study=study,
                component=component,
                organism=name,
                label=self.text("a label"),
                samples=n,
                samples_nc=n,
                controls=0,
                with_phenotype_nc=n // 9,
                phenotypes=(PhenotypeCount(name=self.text("round cell"), samples=n // 9, samples_nc=n // 9),) if n else (),
            )

        return [
            OrganismFacts(
                slug="NCBITaxon_9606",
                name="Homo sapiens",
                term="NCBITaxon:9606",
                studies=("tst0001",),
                appearances=(appearance("tst0001", "screenA", "Homo sapiens", len(self.rows)),),
                genes=10,
                samples=len(self.rows),
            ),
            OrganismFacts(
                slug="NCBITaxon_10090",
                name="Mus musculus",
                term="NCBITaxon:10090",
                studies=("demo0002",),
                appearances=(appearance("demo0002", "experimentA", "Mus musculus", 0),),
            ),
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
            phenotypes=tuple(
                PhenotypeLine(
                    slug=p.slug,
                    name=p.name,
                    term=p.term,
                    author_names=p.author_names,
                    studies=1,
                    components=1,
                    samples_nc=p.appearances[0].samples_nc,
                    genes=7,
                )
                for p in self.phenotype_facts
            ),
            organisms=tuple(
                OrganismLine(slug=o.slug, name=o.name, term=o.term, studies=1, components=1, samples=o.samples, genes=o.genes)
                for o in self.organism_facts
            ),
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
            "dictionary": {"version": 1, "tables": dictionary},
        }
