"""Terms across studies: phenotypes, organisms, methods, study types, cell lines; alone, and down an ontology."""

from __future__ import annotations

import duckdb
import pytest

from ingest.ontologies import read_ontology
from portal import addresses
from portal.engine.step import Opened
from portal.ontology import OntologyFile, OntologyTerm
from portal.terms import TermFacts
from portal.warehouse.ontology import Ontologies, ancestor_rows
from portal.warehouse.phenotypes import phenotypes_of
from portal.warehouse.terms import terms
from tests.warehouse.conftest import Warehouse

# round stands below shape, shape below cell; an old accession was merged into round; `gone` was replaced by shape.
TERMS = b"""format-version: 1.4
data-version: 2026

[Term]
id: CMPO:0000001
name: cell phenotype

[Term]
id: CMPO:0000005
name: shape phenotype
def: "A quality of shape." []
is_a: CMPO:0000001 ! cell phenotype

[Term]
id: CMPO:0000118
name: round cell phenotype
alt_id: CMPO:0000077
synonym: "spherical cell" EXACT []
is_a: CMPO:0000005
relationship: part_of CMPO:0000300

[Term]
id: CMPO:0000300
name: cell cycle phenotype

[Term]
id: CMPO:0000305
name: big cell phenotype
is_obsolete: true
replaced_by: CMPO:0000005

[Term]
id: CMPO:0000400
name: square cell phenotype
is_a: CMPO:0000005
"""


def page(made: Opened, path: str) -> TermFacts:
    return TermFacts.model_validate(made.json(f"pages/{path}.json"))


@pytest.fixture(scope="module")
def climbed(warehouse: Warehouse) -> Opened:
    """The four studies, with a file of terms."""
    bench = warehouse.bench
    read, problems = read_ontology(TERMS, "ontologies/cmpo.obo")
    assert not problems
    file = bench.opened({"ontology.json": read.model_dump_json().encode()})
    return bench.run(terms, *warehouse.components, *warehouse.facts, warehouse.entities, file)


def test_phenotype_pages(warehouse: Warehouse) -> None:
    written = [p for p in warehouse.terms if p.startswith("pages/phenotypes/")]
    pages = {p.removeprefix("pages/phenotypes/"): TermFacts.model_validate(warehouse.terms.json(p)) for p in written}
    assert set(pages) == {f"CMPO_0000{n}.json" for n in ("077", "118", "156", "202", "213", "305", "999")} | {"lost.json"}
    shape = pages["CMPO_0000118.json"]
    assert (shape.name, shape.words, shape.exact.genes, shape.whole) == ("round phenotype", ("round",), 2, None)
    assert [(s.study, s.samples, s.controls) for s in shape.exact.seen] == [("idr0012", 1, 1), ("idr0013", 1, 0), ("idr0032", 1, 0)]
    assert (shape.exact.studies, shape.exact.components, shape.exact.samples) == (3, 3, 3)
    never = pages["CMPO_0000999.json"]
    assert [(s.study, s.samples) for s in never.exact.seen] == [("idr0012", 0)] and (never.exact.studies, never.exact.first_genes) == (
        0,
        (),
    )
    assert [(s.component, s.samples) for s in pages["CMPO_0000202.json"].exact.seen] == [("screenB", 4), ("screenA", 0)]


def test_genes_of_a_phenotype_are_ranked_without_controls(warehouse: Warehouse) -> None:
    shape = page(warehouse.terms, "phenotypes/CMPO_0000118")
    assert [(g.slug, g.studies, g.components, g.sampled, g.samples) for g in shape.exact.first_genes] == [
        ("sgol1--homo-sapiens", 2, 2, 10, 2), ("dl-2ca69e--drosophila-melanogaster", 1, 1, 2, 1),
    ], "PLK1 is a control and is not listed"  # fmt: skip
    lines = warehouse.terms.read("genes/CMPO_0000118.csv").decode().split("\r\n")
    assert lines[0].startswith("gene,organism,") and lines[1].startswith("SGOL1,Homo sapiens,") and len(lines) == 4


def test_phenotypes_that_come_together(warehouse: Warehouse) -> None:
    delay = page(warehouse.terms, "phenotypes/CMPO_0000202")
    assert [(m.accession, m.samples) for m in delay.exact.met] == [("CMPO:0000156", 4), ("CMPO:0000213", 4)]
    binuclear = page(warehouse.terms, "phenotypes/CMPO_0000156")
    assert [m.accession for m in binuclear.exact.met] == ["CMPO:0000202"], "two terms of one phenotype do not count as meeting"


def test_a_terms_name_is_the_most_frequent_and_case_does_not_split_it() -> None:
    declared = [(("a", "CMPO:1"), "Round"), (("b", "CMPO:1"), "round cell"), (("c", "cmpo:1"), "round cell")]
    (found,), index = phenotypes_of(declared, [("d", "CMPO:1")])
    assert (found.name, found.term, found.author_names) == ("round cell", "CMPO:1", ("a", "b", "c", "d")) and set(index.values()) == {0}


def test_organism_pages(warehouse: Warehouse) -> None:
    human = page(warehouse.terms, "organisms/NCBITaxon_9606")
    assert (human.exact.studies, human.exact.genes, human.exact.samples, human.exact.controls) == (2, 7, 16, 3)
    assert [(s.study, s.component, s.samples + s.controls) for s in human.exact.seen] == [
        ("idr0013", "screenB", 14), ("idr0012", "screenA", 5), ("idr0013", "screenA", 0),
    ]  # fmt: skip


def test_methods_and_study_types_are_those_of_components(warehouse: Warehouse) -> None:
    method = page(warehouse.terms, "methods/FBbi_00000246").exact
    assert [(s.study, s.component) for s in method.seen] == [("idr0001", "screenA"), ("idr0012", "screenA")]
    assert (method.studies, method.components, method.samples) == (2, 2, 6)
    rnai = page(warehouse.terms, "study-types/EFO_0007551")
    assert (rnai.name, rnai.words, rnai.exact.components) == ("RNAi screen", ("RNAi", "RNAi screen"), 2)


def test_without_a_file_of_terms_each_is_its_own_ancestor(warehouse: Warehouse) -> None:
    path = warehouse.tables["term_ancestors"].path("term_ancestors.parquet")
    rows = duckdb.execute(f"SELECT term, ancestor, distance FROM read_parquet('{path}')").fetchall()
    assert ("CMPO:0000118", "CMPO:0000118", 0) in rows and all(t == a and d == 0 for t, a, d in rows)


def test_counts_go_down_the_ontology_and_each_sample_counts_once(climbed: Opened) -> None:
    shape = page(climbed, "phenotypes/CMPO_0000005")
    assert (shape.name, shape.definition, shape.words) == ("shape phenotype", "A quality of shape.", ())
    assert shape.exact.samples == 0 and shape.whole is not None and shape.narrower == 3
    # round 3, big 2 of which one is round too, elongated (an accession that was merged into round) 1.
    assert (shape.whole.samples, shape.whole.studies) == (5, 4)
    assert page(climbed, "phenotypes/CMPO_0000001").shown.samples == 5
    round_ = page(climbed, "phenotypes/CMPO_0000118")
    assert (round_.name, round_.exact.samples, round_.shown.samples) == ("round cell phenotype", 3, 4)
    assert "phenotypes/CMPO_0000300.json" not in [p.removeprefix("pages/") for p in climbed], "a part is no kind of its whole"
    assert [b.name for b in round_.part_of] == ["cell cycle phenotype"] and round_.synonyms[0].name == "spherical cell"
    big = page(climbed, "phenotypes/CMPO_0000305")
    assert big.obsolete and [b.slug for b in big.instead] == ["CMPO_0000005"]
    assert not [m for m in shape.whole.met if m.accession in ("CMPO:0000118", "CMPO:0000305")], "what is below is not met beside it"


def test_the_tree_goes_from_the_root_to_what_is_below(climbed: Opened) -> None:
    (root,) = page(climbed, "phenotypes/CMPO_0000005").tree
    (shape,) = root.below
    assert (root.name, shape.here, {b.name for b in shape.below}) == (
        "cell phenotype",
        True,
        {"round cell phenotype", "big cell phenotype"},
    )
    assert page(climbed, "phenotypes/CMPO_0000005").unused == ("square cell phenotype",)


def test_the_tables_ask_down_the_ontology(climbed: Opened, warehouse: Warehouse) -> None:
    con = duckdb.connect()
    for name in ("terms", "term_ancestors"):
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{climbed.path(name + '.parquet')}')")
    con.execute(f"CREATE VIEW p AS SELECT * FROM read_parquet('{warehouse.tables['sample_phenotypes'].path('sample_phenotypes.parquet')}')")
    asked = "SELECT count(DISTINCT sample_id) FROM p JOIN term_ancestors USING (term) WHERE ancestor = 'CMPO:0000005' AND NOT control"
    assert con.execute(asked).fetchall() == [(5,)]
    told = con.execute("SELECT studies, samples, all_studies, all_samples, parents, source FROM terms WHERE term = 'CMPO:0000005'")
    assert told.fetchall() == [(0, 0, 4, 5, "CMPO:0000001", "ontologies/cmpo.obo")]
    rows = set(con.execute("SELECT ancestor, distance FROM term_ancestors WHERE term = 'CMPO:0000077'").fetchall())
    assert rows == {("CMPO:0000077", 0), ("CMPO:0000118", 1), ("CMPO:0000005", 2), ("CMPO:0000001", 3)}


def test_cell_lines_fold_capitals_blanks_and_hyphens() -> None:
    keys = {name: addresses.cell_line_key(name) for name in ("HeLa", "Hela", "U-2 OS", "U2OS", "HeLa Kyoto", "MCF-7", "MCF7", "MCF 10A")}
    assert keys["HeLa"] == keys["Hela"] != keys["HeLa Kyoto"] and keys["U-2 OS"] == keys["U2OS"]
    assert keys["MCF-7"] == keys["MCF7"] != keys["MCF 10A"]
    assert addresses.cell_line_key("--") == "--", "a name of hyphens alone stays what it is"


def test_a_circle_and_a_missing_parent_end_the_climb() -> None:
    def term(a: str, *parents: str) -> OntologyTerm:
        return OntologyTerm(accession=a, name=a, parents=parents)

    # A circle between two files is in neither of them.
    files = [OntologyFile(file="a", terms=(term("A:1", "B:1", "A:9"),)), OntologyFile(file="b", terms=(term("B:1", "A:1"),))]
    ontologies = Ontologies(files)
    assert ontologies.ancestors("A:1") == {"A:1": 0, "B:1": 1}
    assert {(r["term"], r["ancestor"]) for r in ancestor_rows(ontologies, ["A:1"])} == {
        ("A:1", "A:1"), ("A:1", "B:1"), ("B:1", "B:1"),
    }, "no term stands both above and below another"  # fmt: skip


def test_obsolete_terms_that_replace_each_other_are_no_ancestors_of_each_other() -> None:
    one, two = (OntologyTerm(accession=a, name=a, obsolete=True, replaced_by=(b,)) for a, b in (("R:1", "R:2"), ("R:2", "R:1")))
    ontologies = Ontologies([OntologyFile(file="r", terms=(one, two))])
    assert (ontologies.ancestors("R:1"), ontologies.ancestors("R:2")) == ({"R:1": 0, "R:2": 1}, {"R:2": 0})
    assert ontologies.closing == {"R:2": ("R:1",)}


@pytest.mark.parametrize("length", [64, 65, 66, 130, 5_000])
def test_a_long_way_up_is_climbed_drawn_and_given_pages_for_64_steps(length: int, warehouse: Warehouse) -> None:
    """The way is as many steps long as told, from a phenotype that studies use: on the whole way at 64, cut behind it."""
    way = ["CMPO:0000118", *(f"T:{n}" for n in range(1, length + 1))]
    chain = [OntologyTerm(accession=a, name=a, parents=tuple(way[n + 1 : n + 2])) for n, a in enumerate(way)]
    file = warehouse.bench.opened({"ontology.json": OntologyFile(file="t.obo", terms=tuple(chain)).model_dump_json().encode()})
    made = warehouse.bench.run(terms, *warehouse.components, *warehouse.facts, warehouse.entities, file)
    climbed_to = {a for a in way if f"pages/phenotypes/{a.replace(':', '_')}.json" in made}
    assert climbed_to == set(way[:65])
    leaf = page(made, "phenotypes/CMPO_0000118")
    drawn, branches = [], leaf.tree
    while branches:
        (branch,) = branches
        drawn.append(branch.accession)
        branches = branch.below
    assert drawn == way[64::-1] and leaf.tree_far == (length > 64)
    assert [b.accession for b in page(made, "phenotypes/T_64").parents] == way[65:66]
    rows = duckdb.execute(f"SELECT term, ancestor FROM read_parquet('{made.path('term_ancestors.parquet')}') WHERE ancestor LIKE 'T:%'")
    found = rows.fetchall()
    assert {a for pair in found for a in pair} == set(way[:65]) and len(found) == 64 * 65 // 2 + 64
