"""Proteins, compounds, antibodies and reagents beside genes; names and orthologs from files; all samples of a gene in a file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from portal.engine.step import Opened
from portal.facts import GeneFacts
from portal.model import Samples, Term
from portal.naming import NamedGene, OrthologGroup, write_names, write_orthologs
from portal.warehouse.dump import table
from portal.warehouse.entities import entities
from portal.warehouse.genes import bucket_of
from portal.warehouse.studies import facts
from tests.warehouse.bench import HUMAN, Bench, Row, image, images_file, screen, study

ROWS = [
    Row("P1", "A1", (("151648", "SGOL1"),), ("round",), reagent="s1", others=(("compound", "679", "DMSO"),), synonyms="FLJ14230|SGO"),
    Row("P1", "A2", (("151648", "SGOL1"),), ("round",), reagent="s1", others=(("compound", None, "Dimethyl sulfoxide"),)),
    Row("P2", "A1", (("151648", "SGOL1"),), reagent="s2", others=(("compound", "679", "Dimethyl sulfoxide"), ("antibody", "AB_1", "CD20"))),
    Row("P2", "A2", (("151648", "SGOL1"),), ("round",), control="positive control", reagent="s2"),
    Row("P2", "A3", reagent="siNONE", others=(("protein", "P12345", "LMNB1"),)),
    Row("P2", "B1", (("YOR073W", "SGO1"),), organism="Saccharomyces cerevisiae"),
]
YEAST = Term(name="Saccharomyces cerevisiae", term="NCBITaxon:4932")
LINKED = Samples(table="t.csv", columns={"plate": "Plate", "well": "Well", "gene.synonyms": "Synonyms"}, split={"gene.synonyms": "|"})


def made(tmp_path: Path, rows: list[Row] = ROWS) -> tuple[Bench, Opened, Opened]:
    bench = Bench(tmp_path)
    it = screen("screenA", [("round", "CMPO:0000118"), ("never seen", None)], samples=LINKED)
    whole = study("idr0012", it, organisms=[HUMAN, YEAST])
    tree = bench.component("idr0012", it, rows, HUMAN.name)
    drawn = bench.opened({"images.json": images_file([image("idr0012", "screenA", "one", "P1", "A1")])})
    its = bench.run(
        facts, bench.opened({"study.json": whole.model_dump_json().encode()}), bench.part(tree, "summary.json"), drawn, accession="idr0012"
    )
    write_names(tmp_path / "names.parquet", [NamedGene("Homo sapiens", "SGO1", (), ("SGOL1", "NY-BR-85"), "HGNC")])
    groups = [OrthologGroup("eggNOG", "KOG1", (("Homo sapiens", "151648"), ("Saccharomyces cerevisiae", "YOR073W")))]
    write_orthologs(tmp_path / "orthologs.parquet", groups)
    named = bench.opened({name: tmp_path / name for name in ("names.parquet", "orthologs.parquet")})
    return bench, bench.run(entities, tree, its, named), tree


def page(out: Opened, kind: str, slug: str) -> GeneFacts:
    found = out.json(f"pages/{bucket_of(slug):02d}/{kind}.json")
    return next(GeneFacts.model_validate(g) for g in found if g["slug"] == slug)


def names(out: Opened, kinds: str) -> list[Any]:
    return [line["name"] for line in out.json(f"lines/{kinds}.json")]


def test_each_kind_has_its_pages(tmp_path: Path) -> None:
    _, out, _ = made(tmp_path)
    assert names(out, "compounds") == ["DMSO"] and names(out, "antibodies") == ["CD20 AB_1"] and names(out, "proteins") == ["LMNB1"]
    assert names(out, "genes") == ["SGO1", "SGO1"] and names(out, "reagents") == ["s1", "s2", "siNONE"]
    compound = page(out, "compound", "dmso")
    assert (compound.identifiers, compound.organism, compound.aliases) == (("679",), None, ("dimethyl-sulfoxide-7723ab",))
    assert [(a.samples, a.with_phenotype_nc) for a in compound.appearances] == [(3, 2)]


def test_a_gene_tells_replicates_plates_thumbnails_and_all_its_names(tmp_path: Path) -> None:
    _, out, _ = made(tmp_path)
    gene = page(out, "gene", "sgo1--homo-sapiens")
    (seen,) = gene.appearances
    assert (seen.samples_nc, seen.controls, seen.containers, seen.reagents_total, seen.replicates) == (3, 1, 2, 2, 2)
    assert [r.thumbnail for r in seen.sample_refs][:2] == ["tiles/idr0012-screena-one/thumbnail.webp", None]
    assert [(n.name, n.how) for n in gene.also] == [("SGOL1", "file"), ("NY-BR-85", "file"), ("FLJ14230", "synonym"), ("SGO", "synonym")]
    assert gene.aliases == ("sgol1--homo-sapiens",)
    assert [(o.name, o.organism, o.source, [a.samples for a in o.seen]) for o in gene.orthologs] == [
        ("SGO1", "Saccharomyces cerevisiae", "eggNOG", [1])
    ]
    assert out.json("looked_for.json") == {"idr0012/screenA": ["round", "never seen"]}


def test_reagents_stand_at_the_row_of_what_they_target(tmp_path: Path) -> None:
    _, out, _ = made(tmp_path)
    told = {r["name"]: r["address"] for r in out.json("lines/reagents.json")}
    assert told["s1"] == "genes/sgo1--homo-sapiens/#idr0012/screenA" and told["siNONE"] == "studies/idr0012/screenA/"


def test_every_target_row_says_its_entity(tmp_path: Path) -> None:
    bench, out, tree = made(tmp_path)
    dumped = bench.run(table, tree, bench.part(out, "entity_names.parquet"), name="sample_targets")
    rows = pq.read_table(dumped.path("sample_targets.parquet"), columns=["kind", "symbol", "id", "entity"]).to_pylist()
    assert {r["entity"] for r in rows if r["kind"] == "compound"} == {"dmso"}
    assert {r["entity"] for r in rows if r["kind"] == "gene"} == {"sgo1--homo-sapiens", "sgo1--saccharomyces-cerevisiae"}
    assert {r["entity"] for r in rows if r["kind"] == "reagent"} == {None}


def test_a_gene_with_many_samples_has_them_all_in_a_file(tmp_path: Path) -> None:
    many = [Row(f"p{n:02d}", "A1", (("1", "PLK1"),), ("round",) if n == 3 else ()) for n in range(30)]
    _, out, _ = made(tmp_path, [*ROWS, *many, Row("=p", "A1", (("1", "PLK1"),))])
    files = [p for p in out if "/samples/" in p]
    assert files == [f"pages/{bucket_of('plk1--homo-sapiens'):02d}/samples/gene/plk1--homo-sapiens.csv"]
    rows = list(csv.DictReader(out.path(files[0]).read_text().splitlines()))
    assert len(rows) == 31 and rows[0]["container"] == "'=p", "a spreadsheet would run it as a formula"
    assert [r["phenotypes"] for r in rows if r["phenotypes"]] == ["round"]
    assert page(out, "gene", "plk1--homo-sapiens").listed and not page(out, "gene", "sgo1--homo-sapiens").listed
