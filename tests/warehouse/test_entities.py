"""Genes across studies, and the catalogue."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from portal.facts import Catalogue, GeneFacts, GeneLine
from portal.model import Phenotype, StudyComponent, Term
from portal.warehouse.entities import entities
from portal.warehouse.genes import BUCKETS, bucket_of
from portal.warehouse.identity import Row as TargetRow
from portal.warehouse.identity import SlugCollision, identify, refuse_collisions
from portal.warehouse.organisms import fold
from portal.warehouse.studies import facts
from tests.warehouse.bench import HUMAN, Bench, Row, component_tables, parquet, screen, study
from tests.warehouse.conftest import Warehouse

ORGANISMS = fold([("Homo sapiens", "NCBITaxon:9606"), ("Drosophila melanogaster", None)], {})


def gene(warehouse: Warehouse, slug: str) -> GeneFacts:
    found = TypeAdapter(list[GeneFacts]).validate_python(warehouse.entities.json(f"pages/{bucket_of(slug):02d}/gene.json"))
    return next(g for g in found if g.slug == slug)


def slugs(warehouse: Warehouse) -> list[str]:
    return [line["slug"] for line in warehouse.entities.json("lines/genes.json")]


def names(*rows: TargetRow) -> list[tuple[str, ...]]:
    """The genes of some target rows: name, then identifiers."""
    genes, _ = identify(rows, ORGANISMS)
    return sorted((g.name, *g.identifiers) for g in genes)


# ---- identity


def test_two_kinds_of_identifier_are_one_human_gene_and_yeast_stays_apart(warehouse: Warehouse) -> None:
    human, yeast = gene(warehouse, "sgol1--homo-sapiens"), gene(warehouse, "sgo1-f67abe--schizosaccharomyces-pombe")
    assert human.identifiers == ("151648", "ENSG00000129810")
    assert [(a.study, a.component, a.samples, a.samples_nc, a.controls, a.with_phenotype_nc) for a in human.appearances] == [
        ("idr0012", "screenA", 1, 1, 0, 1), ("idr0013", "screenB", 10, 9, 1, 5),
    ]  # fmt: skip
    assert [(a.study, a.samples) for a in yeast.appearances] == [("idr0001", 2)]
    assert yeast.organism == Term(name="Schizosaccharomyces pombe", term="NCBITaxon:4896")


def test_an_identifier_alone_joins_the_gene_it_is_paired_with(warehouse: Warehouse) -> None:
    screen_b = gene(warehouse, "sgol1--homo-sapiens").appearances[1]
    assert "idr0013/screenB/LT01/C1" in [r.sample_id for r in screen_b.sample_refs], "C1 has ENSG00000129810 and no symbol"
    assert names(("Homo sapiens", "7", "A"), ("Homo sapiens", "7", None)) == [("A", "7")]
    assert names(("Homo sapiens", "7", "A"), ("Homo sapiens", "7", "B"), ("Homo sapiens", "7", None)) == [("A", "7")]
    assert names(("Homo sapiens", "7", "A"), ("Drosophila melanogaster", "7", None)) == [("7", "7"), ("A", "7")]


def test_case_tells_symbols_apart_unless_an_identifier_joins_them(warehouse: Warehouse) -> None:
    fly = [s for s in slugs(warehouse) if s.endswith("--drosophila-melanogaster")]
    assert len(fly) == 2 and len({s.partition("-")[0] for s in fly}) == 1, "dl and Dl have two pages"
    joined = gene(warehouse, "c9orf100--homo-sapiens")
    assert (joined.symbol, joined.synonyms, len(joined.appearances)) == ("C9ORF100", ("C9orf100",), 2)


def test_a_filler_identifier_joins_nothing() -> None:
    rows = [("Homo sapiens", "none", f"G{n}") for n in range(30)] + [("Homo sapiens", "none", "g1")]
    genes, _ = identify(rows, ORGANISMS)
    assert len(genes) == 31 and all(g.synonyms == () for g in genes)


def test_symbol_and_identifier_of_one_spelling_are_one_page() -> None:
    assert names(("Homo sapiens", "Y1", "Y1"), ("Homo sapiens", "Y1", "TFC3"), ("Homo sapiens", "Y1", None)) == [("TFC3", "Y1")]


def test_synonyms_share_an_identifier(warehouse: Warehouse) -> None:
    assert gene(warehouse, "helz2--homo-sapiens").synonyms == ("PRIC285",)


def test_spellings_of_an_organism_are_one() -> None:
    folded = fold([("Homo sapiens", "NCBITaxon:9606"), ("human", "NCBITaxon:9606")], {"homo sapiens": 1, "Homo sapiens": 3, "Yeast": 1})
    assert {n: (o.name, o.slug) for n, o in folded.items()} == {
        "Homo sapiens": ("Homo sapiens", "NCBITaxon_9606"), "homo sapiens": ("Homo sapiens", "NCBITaxon_9606"),
        "human": ("Homo sapiens", "NCBITaxon_9606"), "Yeast": ("Yeast", folded["Yeast"].slug),
    }  # fmt: skip
    genes, of_row = identify([("human", "1", "A"), ("homo sapiens", "2", "A"), (None, "3", "A")], folded)
    assert [g.slug for g in genes] == ["a--homo-sapiens", "a--unspecified"] and of_row == [0, 0, 1]


def test_a_collision_of_addresses_is_said() -> None:
    with pytest.raises(SlugCollision, match="gene A of fly and gene a of fly would both be at 'A--fly'"):
        refuse_collisions([("a--fly", "gene A of fly"), ("A--fly", "gene a of fly")])


# ---- pages


def test_gene_pages_lie_in_their_buckets_and_lines_list_them_all(warehouse: Warehouse) -> None:
    pages = TypeAdapter(list[GeneFacts])
    met = {b: [g.slug for g in pages.validate_python(warehouse.entities.json(f"pages/{b:02d}/gene.json"))] for b in range(BUCKETS)}
    assert all(bucket_of(slug) == b for b, found in met.items() for slug in found)
    lines = TypeAdapter(list[GeneLine]).validate_python(warehouse.entities.json("lines/genes.json"))
    assert [line.slug for line in lines] == sorted(slug for found in met.values() for slug in found)
    sgol1 = next(line for line in lines if line.slug == "sgol1--homo-sapiens")
    assert (sgol1.studies, sgol1.components, sgol1.samples_nc, sgol1.with_phenotype) == (2, 2, 10, 6)


def test_an_appearance_tells_samples_reagents_and_phenotypes(warehouse: Warehouse) -> None:
    first, second = gene(warehouse, "sgol1--homo-sapiens").appearances
    assert first.reagents == ("M-015475-01",) and first.matched_by == ("151648", "SGOL1")
    assert [(p.name, p.samples, p.samples_nc) for p in first.phenotypes] == [("big", 1, 1), ("round", 1, 1)]
    assert [t.term for p in second.phenotypes for t in p.terms] == ["CMPO:0000156", "CMPO:0000213", "CMPO:0000202", "CMPO:0000118"]
    assert first.sample_refs[0].address.startswith("studies/idr0012/screenA/ht01-") and first.sample_refs[0].phenotypes == ("big", "round")
    assert [r.sample for r in second.sample_refs][:5] == ["A1", "A2", "A3", "A4", "B1"], "in the order of the plate"
    assert second.sample_refs[-1].control, "controls come last"
    assert gene(warehouse, "plk1--homo-sapiens").appearances[0].samples_nc == 0, "a gene met in controls only has a page"


def test_sample_lists_are_cut_and_say_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    it = screen("screenA", [("round", "CMPO:0000118")])
    rows = [Row(f"p{n:03d}", "A1", (("1", "PLK1"),), ("round",), reagent=f"r{n:03d}") for n in range(120)]
    header = bench.opened({"study.json": study("idr0099", it, organisms=[HUMAN]).model_dump_json().encode()})
    tree = bench.component("idr0099", it, rows, HUMAN.name)
    made = bench.run(entities, tree, bench.run(facts, header, bench.part(tree, "summary.json"), accession="idr0099"))
    page = GeneFacts.model_validate(made.json(f"pages/{bucket_of('plk1--homo-sapiens'):02d}/gene.json")[0])
    assert (len(page.appearances[0].sample_refs), page.appearances[0].more_samples, len(page.appearances[0].reagents)) == (50, 70, 10)


def test_facts_may_come_whole_or_in_parts(warehouse: Warehouse) -> None:
    bench = warehouse.bench
    for given in (warehouse.facts, tuple(bench.part(f, "facts.json") for f in warehouse.facts)):
        assert dict(bench.run(entities, *warehouse.components, *given)) == dict(warehouse.entities)


def test_annotation_levels_come_from_the_components_own_table(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    it = StudyComponent(name="screenA", kind="screen", phenotypes=(Phenotype(name="round"),))
    tables = component_tables("idr0099", it, [Row("p", "A1", (("1", "PLK1"),)), Row("p", "A2", (("1", "PLK1"),))], HUMAN.name)
    tables["table"] = tables["table"].append_column("annotation_level", pa.array(["multiple reagents", None]))
    tree = bench.opened({f"{n}.parquet": parquet(t) for n, t in tables.items()})
    made = bench.run(entities, tree)
    page = made.json(f"pages/{bucket_of('plk1--homo-sapiens'):02d}/gene.json")[0]
    assert page["appearances"][0]["annotation_levels"] == ["multiple reagents"]


def test_catalogue(warehouse: Warehouse) -> None:
    listed = Catalogue.model_validate(warehouse.catalogue.json("catalogue.json"))
    assert listed.counts == {
        "studies": 4, "components": 6, "containers": 8, "samples": 27, "images": 5, "genes": 12, "phenotypes": 8, "organisms": 4,
    }  # fmt: skip
    by_accession = {s.accession: s for s in listed.studies}
    # SGOL1, C9ORF100, and HELZ2, which its study also writes PRIC285 and, without a symbol, 77.
    assert (by_accession["idr0013"].genes, by_accession["idr0013"].components, by_accession["idr0013"].samples) == (3, 2, 14)
    shape = by_accession["idr0012"]
    assert (shape.phenotypes, shape.phenotypes_declared) == (2, 3), "seen, and declared"
    assert by_accession["idr0012"].thumbnails[0].endswith("shown/thumbnail.webp"), "a featured image stands first"
    assert by_accession["idr0032"].synthetic and not by_accession["idr0012"].synthetic
    assert [o.name for o in by_accession["idr0032"].organisms] == ["Drosophila melanogaster", "Arabidopsis thaliana"]
    assert [(c.study, c.component, c.samples) for c in listed.components][2:4] == [("idr0013", "screenA", 0), ("idr0013", "screenB", 14)]
