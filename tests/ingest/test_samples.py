"""The `samples` step: what a curator declares, and the samples, phenotypes and targets that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.sample_tables.joining import key_columns
from ingest.sample_tables.wells import plate_size
from ingest.samples import samples, table_names
from portal.engine.step import Opened, Tree, Work, digest_of
from portal.facts import ComponentFacts
from portal.model import StudyComponent
from portal.problems import Problem, load
from portal.warehouse.schema import SAMPLE_PHENOTYPES, SAMPLE_TARGETS, SAMPLES

LIBRARY = """\
Plate\tWell\tOrganism\tGene Identifier\tGene Symbol\tsiRNA\tControl Type\tRow
p1\tA01\tHomo Sapiens\t1;2;2\tCDC20;SGOL1;SGOL1\ts1\t\tx
p1\tA10\t\t3;4\tPLK1\ts2\tpositive control\t
p1\tA2\t\tNA\tna\ts1\tNA\t
p1\tB1\t\t\t\tempty\tempty well\t
p2\tP24\tMus musculus\tNA;5;\t\ts3\t\t
p1\tA1\t\t007\tBOND;\ts4\t\t
"""

PROCESSED = """\
siRNA\tGene Symbol\tPhenotype 1\tPhenotype 2\tScore
s1\tCDC20\tshorter prophase\t\t1
s1\tother\t\tlonger prophase\t2
s3\t\tNA\tlonger prophase\t
s9\t\tshorter prophase\t\t
"""

COMPONENT: dict[str, Any] = {
    "name": "screenA",
    "kind": "screen",
    "phenotypes": [
        {
            "name": "shorter prophase",
            "term": "CMPO:0000329",
            "terms": [{"name": "x", "term": "CMPO:0000118"}, {"name": "again", "term": "CMPO:0000329"}],
        },
        {"name": "longer prophase"},
        {"name": "binuclear", "term": "CMPO:0000213"},
    ],
    "samples": {
        "table": "library.txt",
        "join": [{"table": "processed.txt", "on": "siRNA"}],
        "columns": {
            "plate": "Plate", "well": "Well", "organism": "Organism", "gene.id": "Gene Identifier", "gene.symbol": "Gene Symbol",
            "reagent.id": "siRNA", "control_type": "Control Type",
        },
        "split": {"gene.id": ";", "gene.symbol": ";"},
        "no_value": ["NA", "empty"],
        "phenotypes": [
            {"column": "Phenotype 1", "phenotype": "shorter prophase"},
            {"column": "Phenotype 2", "phenotype": "longer prophase"},
        ],
    },
}  # fmt: skip


def run(
    folder: Path, component: dict[str, Any], tables: dict[str, str | bytes], organisms: tuple[str, ...] = ("Homo sapiens",)
) -> tuple[dict[str, bytes], list[Problem]]:
    """The recipe on tables given as text: its files as bytes, and its problems."""
    folder.mkdir(exist_ok=True)
    entries = {}
    for name, text in tables.items():
        raw = text if isinstance(text, bytes) else text.encode()
        entries[name] = digest_of(raw)
        (folder / entries[name]).write_bytes(raw)
    work = Work((Opened(Tree(entries), lambda digest: folder / digest),), folder)
    named = [{"name": o} for o in organisms]
    out = samples(work, folder="studies/idr0002", accession="idr0002", index=0, component=component, study_organisms=named)
    found = {name: value if isinstance(value, bytes) else value.read_bytes() for name, value in out.items()}
    return found, load(found["problems.json"])


def table(raw: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(raw))


def column(raw: bytes, *names: str) -> list[Any]:
    rows = table(raw).select(list(names)).to_pylist()
    return [row[names[0]] if len(names) == 1 else tuple(row.values()) for row in rows]


@pytest.fixture
def out(tmp_path: Path) -> dict[str, bytes]:
    found, problems = run(tmp_path, COMPONENT, {"library.txt": LIBRARY, "processed.txt": PROCESSED})
    assert [str(p) for p in problems] == [
        "studies/idr0002/library.txt:7: column 'Well' 'A1' of plate 'p1' stands on line 2 already; "
        "remove one of the two, or keep both: the later is called A1~2",
        "studies/idr0002/study.yaml: components[0].samples.join[0].on 1 of 3 keys of 'processed.txt' has no row in 'library.txt', "
        "such as 's9'; mend the key, or write 'unmatched: ignore' beside it",
    ]
    return found


def test_schemas_are_the_dumps(out: dict[str, bytes]) -> None:
    for name, schema in (("samples", SAMPLES), ("phenotypes", SAMPLE_PHENOTYPES), ("targets", SAMPLE_TARGETS)):
        assert table(out[f"{name}.parquet"]).schema.equals(schema)


def test_samples_are_placed_sorted_and_named_for_good(out: dict[str, bytes]) -> None:
    assert column(out["samples.parquet"], "sample_id", "row", "column") == [
        ("idr0002/screenA/p1/A1", 1, 1),
        ("idr0002/screenA/p1/A1~2", 1, 1),
        ("idr0002/screenA/p1/A2", 1, 2),
        ("idr0002/screenA/p1/A10", 1, 10),
        ("idr0002/screenA/p1/B1", 2, 1),
        ("idr0002/screenA/p2/P24", 16, 24),
    ]


def test_organism_comes_from_the_row_the_component_or_the_study(tmp_path: Path, out: dict[str, bytes]) -> None:
    # The first row writes "Homo Sapiens": capitals tell no organism from another.
    assert column(out["samples.parquet"], "organism") == ["Homo sapiens"] * 5 + ["Mus musculus"]
    tables: dict[str, str | bytes] = {"library.txt": LIBRARY, "processed.txt": PROCESSED}

    def organism_of_a2(of_component: list[str], of_study: tuple[str, ...]) -> str | None:
        component = {**COMPONENT, "organisms": [{"name": o} for o in of_component]}
        return column(run(tmp_path, component, tables, of_study)[0]["samples.parquet"], "organism")[2]

    assert organism_of_a2(["Rattus norvegicus"], ("Homo sapiens",)) == "Rattus norvegicus"
    assert organism_of_a2([], ("Homo sapiens", "Mus musculus")) is None, "one of several is not ours to choose"
    assert organism_of_a2(["Homo sapiens", "Mus musculus"], ("Homo sapiens",)) is None
    assert organism_of_a2([], ()) is None


def test_source_cells_stay_as_they_are_and_no_value_is_no_control(out: dict[str, bytes]) -> None:
    assert column(out["samples.parquet"], "gene_id", "gene_symbol", "reagent", "control_type") == [
        ("1;2;2", "CDC20;SGOL1;SGOL1", "s1", None),
        ("007", "BOND;", "s4", None),
        ("NA", "na", "s1", None),
        ("3;4", "PLK1", "s2", "positive control"),
        (None, None, "empty", "empty well"),
        ("NA;5;", None, "s3", None),
    ]


def test_targets_are_split_paired_and_counted_once(out: dict[str, bytes]) -> None:
    assert column(out["targets.parquet"], "kind", "symbol", "id", "sample", "control") == [
        ("gene", "BOND", "007", "A1", False),
        ("gene", "CDC20", "1", "A1", False),
        # Two identifiers and one symbol cannot be paired.
        ("gene", "PLK1", None, "A10", True),
        ("gene", "SGOL1", "2", "A1", False),
        # `na` is a gene of the fly; only `NA` was declared to mean nothing.
        ("gene", "na", None, "A2", False),
        ("gene", None, "3", "A10", True),
        ("gene", None, "4", "A10", True),
        ("gene", None, "5", "P24", False),
        ("reagent", None, "s1", "A1", False),
        ("reagent", None, "s1", "A2", False),
        ("reagent", None, "s2", "A10", True),
        ("reagent", None, "s3", "P24", False),
        ("reagent", None, "s4", "A1", False),
    ]


def test_phenotypes_are_the_union_of_a_keys_rows_with_a_row_a_term(out: dict[str, bytes]) -> None:
    assert column(out["phenotypes.parquet"], "phenotype", "term", "sample", "control") == [
        ("longer prophase", None, "A1", False),
        ("longer prophase", None, "A2", False),
        ("longer prophase", None, "P24", False),
        ("shorter prophase", "CMPO:0000118", "A1", False),
        ("shorter prophase", "CMPO:0000118", "A2", False),
        ("shorter prophase", "CMPO:0000329", "A1", False),
        ("shorter prophase", "CMPO:0000329", "A2", False),
    ]
    assert column(out["samples.parquet"], "has_phenotype") == [True, False, True, False, False, True]


def test_a_cell_that_names_another_declared_phenotype_means_that_one(tmp_path: Path) -> None:
    component = {
        "name": "screenA",
        "kind": "screen",
        "phenotypes": [{"name": "leaf margin"}, {"name": "leaf apex"}],
        "samples": {
            "table": "l.csv",
            "columns": {"plate": "Plate", "well": "Well"},
            "phenotypes": [{"column": "Phenotype", "phenotype": "leaf margin"}],
        },
    }
    cells = ["leaf margin", "Leaf  Apex", "leaf blade", "yes", ""]
    rows = "".join(f"p,A{n},{cell}\n" for n, cell in enumerate(cells, 1))
    found, problems = run(tmp_path, component, {"l.csv": "Plate,Well,Phenotype\n" + rows})
    assert column(found["phenotypes.parquet"], "sample", "phenotype") == [
        ("A2", "leaf apex"), ("A1", "leaf margin"), ("A3", "leaf margin"), ("A4", "leaf margin"),
    ]  # fmt: skip
    tally = ComponentFacts.model_validate_json(found["summary.json"]).tally
    assert tally.notes == (
        "column 'Phenotype': 1 cell with the name of another declared phenotype, such as 'leaf apex'; that one is meant",
    )
    assert tally.phenotype_spellings == ("Phenotype: 'leaf blade' (1 cell), declared 'leaf margin'",)
    assert len(problems) == 1 and "is otherwise in 1 cell of column 'Phenotype', such as 'leaf blade'" in problems[0].what


def test_every_source_column_is_kept_under_a_name_of_its_own(out: dict[str, bytes]) -> None:
    full = table(out["table.parquet"])
    normalised = [f.name for f in SAMPLES if f.name != "n_images"]
    assert full.column_names == [
        *normalised, "phenotypes", "Plate", "Well", "Organism (source)", "Gene Identifier", "Gene Symbol", "siRNA", "Control Type",
        "Row (source)", "Gene Symbol (2)", "Phenotype 1", "Phenotype 2", "Score",
    ]  # fmt: skip
    assert len({n.casefold() for n in full.column_names}) == len(full.column_names), "SQL does not tell capitals apart"
    # Of a key on several rows the first filled cell stays.
    assert column(out["table.parquet"], "Well", "Row (source)", "Score", "phenotypes")[0] == (
        "A01",
        "x",
        "1",
        "shorter prophase; longer prophase",
    )
    assert all("" not in c.to_pylist() for c in full.columns)
    assert full.field("Score").metadata == {b"meaning": b"Column 'Score' of processed.txt, as it stands there."}


def test_counts(out: dict[str, bytes]) -> None:
    facts = ComponentFacts.model_validate_json(out["summary.json"])
    assert (facts.samples, facts.controls, facts.with_phenotype, facts.with_phenotype_nc) == (6, 2, 3, 3)
    assert (facts.genes, facts.genes_nc) == (6, 4)
    assert facts.target_kinds == {"gene": 6, "reagent": 4}
    assert facts.organisms == {"Homo sapiens": 5, "Mus musculus": 1}
    assert [(p.name, p.samples, p.samples_nc, p.genes_nc) for p in facts.phenotypes] == [
        ("shorter prophase", 2, 2, 2),
        ("longer prophase", 3, 3, 3),
        ("binuclear", 0, 0, 0),
    ]
    assert [(c.name, c.kind, c.samples, c.controls, c.with_phenotype, c.rows, c.columns) for c in facts.containers] == [
        ("p1", "plate", 5, 2, 2, 8, 12),
        ("p2", "plate", 1, 0, 1, 16, 24),
    ]
    assert facts.columns == tuple(table(out["table.parquet"]).column_names)
    tally = facts.tally
    assert tally.rows_read == {"library.txt": 6, "processed.txt": 4}
    assert tally.rows_joined == {"processed.txt": 3}
    assert (tally.unmatched_keys, tally.unmatched_examples) == ({"processed.txt": 1}, {"processed.txt": ("s9",)})
    assert tally.no_value_cells == {"gene.id": 2, "reagent.id": 1, "control_type": 1, "phenotypes.Phenotype 1": 1}
    assert any("1 key stands on several rows, such as 's1'" in note and "(2 cells differ)" in note for note in tally.notes)
    assert any("1 row repeating a sample that stands before, such as 'p1 A1'" in note for note in tally.notes)


def test_bytes_are_the_same_each_time(tmp_path: Path, out: dict[str, bytes]) -> None:
    again, _ = run(tmp_path / "elsewhere", COMPONENT, {"library.txt": LIBRARY, "processed.txt": PROCESSED})
    assert again == out


def test_no_tables_give_empty_ones(tmp_path: Path) -> None:
    found, problems = run(tmp_path, {"name": "screenA", "kind": "screen", "phenotypes": COMPONENT["phenotypes"]}, {})
    assert not problems
    assert table(found["samples.parquet"]).num_rows == 0 and table(found["samples.parquet"]).schema.equals(SAMPLES)
    facts = ComponentFacts.model_validate_json(found["summary.json"])
    assert facts.samples == 0 and [p.samples for p in facts.phenotypes] == [0, 0, 0]


def test_images_in_datasets(tmp_path: Path) -> None:
    component = {"name": "experimentA", "kind": "experiment", "samples": {"table": "a.csv", "columns": {"dataset": "D", "image": "I"}}}
    found, problems = run(tmp_path, component, {"a.csv": "D,I\nb,2.tif\na/b,1.tif\nb,2.tif\nb,10.tif\n"})
    (again,) = problems
    assert again.severity == "warning" and again.place.line == 4 and "stands on line 2 already" in again.what
    assert column(found["samples.parquet"], "sample_id", "row") == [
        ("idr0002/experimentA/a%2Fb/1.tif", None),
        ("idr0002/experimentA/b/10.tif", None),
        ("idr0002/experimentA/b/2.tif", None),
        ("idr0002/experimentA/b/2.tif~2", None),
    ]
    facts = ComponentFacts.model_validate_json(found["summary.json"])
    assert [(c.name, c.kind, c.samples, c.rows) for c in facts.containers] == [("a/b", "dataset", 1, 0), ("b", "dataset", 3, 0)]
    component["samples"] = {"table": "a.csv", "columns": {"image": "I"}}
    found, problems = run(tmp_path, component, {"a.csv": "D,I\nb,2.tif\n"})
    assert column(found["samples.parquet"], "container") == ["experimentA"], "without datasets the component holds the images"


def test_a_well_far_outside_every_plate_is_told(tmp_path: Path) -> None:
    component = {"name": "screenA", "kind": "screen", "samples": {"table": "l.txt", "columns": {"plate": "P", "well": "W"}}}
    _, (slip,) = run(tmp_path, component, {"l.txt": "P\tW\np\tA1\np\tZ99\n"})
    assert slip.severity == "warning" and slip.place.line == 3 and "'Z99' lies outside every usual plate (A1 to AF48)" in slip.what


@pytest.mark.parametrize(
    ("library", "processed", "on"),
    [
        ("Plate\tWell\np_1\tA1\n", "Plate_Well\tP\np_1_A1\tyes\n", "Plate_Well"),
        ("Plate\tWell\tPlate_Well\np\tA1\tp_1_A1\n", "Plate_Well\tP\np_1_A1\tyes\n", "Plate_Well"),
        ("Plate\tWell\tPlate_Well\np\tA1\tp_1_A1\n", "Plate\tWell\tP\np_1\tA1\tyes\n", "Plate_Well"),
        ("Plate\tWell\np_1\tA1\n", "Plate_Well\tP\np_1_A1\tyes\n", ["Plate", "Well"]),
        ("Plate\tWell\np_1\tA1\n", "Plate\tWell\tP\np_1\tA1\tyes\n", ["Plate", "Well"]),
        ("Plate\tWell\tCondition [a_b]\tX\np\tA1\tc\td\n", "X_Condition [a_b]\tP\nd_c\tyes\n", "X_Condition [a_b]"),
        ("Plate\tWell\np_1\tA1\n", "plate_well\tP\n p_1_A1 \tyes\n", "Plate_Well"),
    ],
)
def test_a_key_may_be_ready_made_or_in_parts(tmp_path: Path, library: str, processed: str, on: str | list[str]) -> None:
    component = {
        "name": "screenA",
        "kind": "screen",
        "phenotypes": [{"name": "yes"}],
        "samples": {
            "table": "l.txt",
            "join": [{"table": "p.txt", "on": on}],
            "columns": {"plate": "Plate", "well": "Well"},
            "phenotypes": [{"column": "P", "phenotype": "yes"}],
        },
    }
    found, problems = run(tmp_path, component, {"l.txt": library, "p.txt": processed})
    assert not problems
    assert column(found["samples.parquet"], "has_phenotype") == [True]


def test_parts_in_both_tables_are_not_mixed_up(tmp_path: Path) -> None:
    component = {
        "name": "screenA",
        "kind": "screen",
        "samples": {
            "table": "l.txt",
            "join": [{"table": "p.txt", "on": ["A", "B"]}],
            "columns": {"plate": "Plate", "well": "Well", "quality": "Q"},
        },
    }
    tables: dict[str, str | bytes] = {"l.txt": "Plate\tWell\tA\tB\np\tA1\ta_b\tc\np\tA2\ta\tb_c\n", "p.txt": "A\tB\tQ\na\tb_c\tgood\n"}
    found, _ = run(tmp_path, component, tables)
    assert column(found["samples.parquet"], "quality") == [None, "good"]


def test_key_columns_of_a_hostile_header_cost_no_time() -> None:
    header = tuple("a" + "_a" * n for n in range(400))
    assert key_columns(header, ("a" + "_a" * 399 + "_b",)) is None
    assert key_columns(("Plate", "Well"), ("Plate_Well",)) == ["Plate", "Well"]
    assert key_columns(("Plate_Well",), ("Plate", "Well")) == ["Plate_Well"]
    assert key_columns(("Plate", "Row"), ("Plate", "Well")) is None


def test_plates() -> None:
    assert [plate_size([w]) for w in ((4, 6), (4, 7), (6, 8), (8, 12), (8, 13), (16, 24), (32, 48), (33, 1))] == [
        (4, 6), (6, 8), (6, 8), (8, 12), (16, 24), (16, 24), (32, 48), (33, 1),
    ]  # fmt: skip
    assert plate_size([]) == (0, 0)
    assert plate_size([(1, 1), (702, 999)]) == (2, 3), "a slip of the pen makes no plate of 700,000 wells"


# ---- real tables

CORPUS = Path(__file__).parents[2] / "../shared/corpus/idr"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the IDR tables are not beside this checkout")
@pytest.mark.parametrize(
    ("where", "base", "on", "control", "phenotypes", "wanted"),
    [
        # samples, controls, with phenotype, genes: counted once by plain counting of the source tables
        ("idr0012-fuchs-cellmorph/screenB/idr0012-screenB", "library", "Gene Symbol", "Control Type", 9, (2304, 1058, 1278, 624)),
        ("idr0028-pascualvargas-rhogtpases/screenA/idr0028-screenA", "library", "Plate_Well", "Control Type", 9, (1536, 963, 532, 140)),
        (
            "idr0023-szymborska-nuclearpore/experimentA/idr0023-experimentA",
            "assays",
            "Experimental Condition [Targeted Protein]_Experimental Condition [Antibody]",
            None,
            1,
            (527, 0, 527, 7),
        ),
    ],
    ids=["idr0012-B", "idr0028-A", "idr0023-A"],
)
def test_real_tables(
    tmp_path: Path, where: str, base: str, on: str, control: str | None, phenotypes: int, wanted: tuple[int, int, int, int]
) -> None:
    columns = {"plate": "Plate", "well": "Well", "gene.id": "Gene Identifier"}
    if base == "assays":
        columns = {"dataset": "Dataset Name", "image": "Image Name", "gene.id": "Comment [Gene Identifier]"}
    if control:
        columns["control_type"] = control
    component = {
        "name": "screenA",
        "kind": "screen" if base == "library" else "experiment",
        "phenotypes": [{"name": f"phenotype {n}"} for n in range(1, phenotypes + 1)],
        "samples": {
            "table": "base.txt",
            "join": [{"table": "processed.txt", "on": on}],
            "columns": columns,
            "phenotypes": [{"column": f"Phenotype {n}", "phenotype": f"phenotype {n}"} for n in range(1, phenotypes + 1)],
        },
    }
    assert table_names(StudyComponent.model_validate(component)) == ["base.txt", "processed.txt"]
    tables: dict[str, str | bytes] = {
        "base.txt": (CORPUS / f"{where}-{base}.txt").read_bytes(),
        "processed.txt": (CORPUS / f"{where}-processed.txt").read_bytes(),
    }
    found, _ = run(tmp_path, component, tables)
    facts = ComponentFacts.model_validate_json(found["summary.json"])
    assert (facts.samples, facts.controls, facts.with_phenotype, facts.genes) == wanted
