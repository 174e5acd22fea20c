"""Trap 16 of the corpus's list once more: one table that comes in several files."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.importers.sampled import sampled, study_of
from tests.importers.test_gotchas_shapes import corpus, experiment, imported, real


def test_gotcha_16_a_table_in_parts(tmp_path: Path) -> None:
    """One table comes as a file for each run, in folders of their own, numbered, or all named in one cell of study.txt."""
    second = gzip.compress(b"Image Name,dataset name,Remark\nc.tif,run 10,dim\nd.tif,run 10,\n")
    runs = {
        "run_2__idr9999-experimentA-annotation.csv": "Dataset Name,Image Name,Gene Symbol\nrun 2,b.tif,TP53\n",
        "run_10__idr9999-experimentA-annotation_2.csv.gz": second,
        "run_3__idr9999-experimentA-bulk.yml": "path: x\n",
        "old__idr9999-annotation-old.csv": "Dataset Name,Image Name\nrun 2,b.tif\n",
    }
    told = imported(tmp_path, experiment(tmp_path, **runs))["idr9999"]
    samples = study_of(tmp_path / "studies/idr9999").component("experimentA").samples
    assert samples is not None
    assert samples.table == (
        "experimentA/run_2/idr9999-experimentA-annotation.csv", "experimentA/run_10/idr9999-experimentA-annotation_2.csv.gz",
    )  # fmt: skip
    notes = " ".join(told.components[0].notes)
    assert "run_3 holds no annotation table" in notes
    assert "part 1 beside experimentA/run_10/idr9999-experimentA-annotation_2.csv.gz is not in the folder" in notes
    assert [(t.path, t.rows) for t in told.tables] == [(name, n) for name, n in zip(samples.table, (1, 2), strict=True)]
    it = sampled(tmp_path / "studies/idr9999", "experimentA", tmp_path)
    assert list(zip(it.samples["container"], it.samples["sample"], it.samples["gene_symbol"])) == [
        ("run 10", "c.tif", None), ("run 10", "d.tif", None), ("run 2", "b.tif", "TP53"),
    ]  # fmt: skip
    assert it.table["Remark"] == ["dim", None, None]
    assert any("has no column 'Remark', which other parts have" in note for note in it.summary["tally"]["notes"])


def test_gotcha_16_parts_named_in_one_cell_and_two_versions_of_one_table(tmp_path: Path) -> None:
    """study.txt lists `a.txt, b.txt and c.txt` in one cell; a second file with the same images is another version, not a part."""
    head = "Source Name\tDataset Name\tImage File\n"
    told = imported(
        tmp_path / "listed",
        experiment(
            tmp_path / "listed", "first_assay.txt, second_assay.txt and third_assay.txt",
            **{"first_assay.txt": head + "s1\tA\t1.tif\n", "second_assay.txt": head + "s2\tA\t2.tif\n"},
        ),
    )["idr9999"]  # fmt: skip
    assert [(t.path, t.rows) for t in told.tables] == [("experimentA/first_assay.txt", 1), ("experimentA/second_assay.txt", 1)]
    told = imported(
        tmp_path / "versions",
        experiment(
            tmp_path / "versions",
            **{"idr9999-experimentA-assays_1.txt": head + "s1\tA\t1.tif\n", "idr9999-experimentA-assays_2.txt": head + "s1\tA\t1.tif\n"},
        ),
    )["idr9999"]
    assert told.components[0].samples == 1
    assert any("with the same samples, also there: experimentA/idr9999-experimentA-assays_2.txt" in n for n in told.components[0].notes)


def test_gotcha_16_real_tables_in_parts(tmp_path: Path) -> None:
    """idr0043's runs, idr0050's second experiment in the folder of the first, and idr0062's five files in one cell."""
    corpus()
    told = imported(tmp_path, *(real(f"idr{n}/idr{n}-study.txt").parent for n in ("0043", "0050", "0062")))
    assert {a: (t.components[0].samples, [x.rows for x in t.tables if x.role.endswith("samples")]) for a, t in told.items()} == {
        "idr0043": (7_525, [963, 1_971, 4_591]), "idr0050": (4_816, [4_816]), "idr0062": (22, [22]),
    }  # fmt: skip
    assert [t.rows for t in told["idr0050"].tables if t.role == "assays, joined"] == [3_955, 854]
    assert [t.rows for t in told["idr0062"].tables if t.role == "assays, joined"] == [1, 3, 11, 3, 4]
    notes = " ".join(told["idr0043"].components[0].notes)
    said = {t.path.split("/")[1]: " ".join(t.said) for t in told["idr0043"].tables if t.role.endswith("samples")}
    assert "963 of its images have the name of one in a part before, in another dataset" in said["hpa_run_02"]
    assert "of its images" not in said["hpa_run_01"] + said["hpa_run_12"]
    assert "hpa_run_03, hpa_run_04" in notes and "hpa_run_11 hold no annotation table" in notes
    it = sampled(tmp_path / "studies/idr0043", "experimentA", tmp_path)
    assert len(set(it.samples["sample_id"])) == 7_525
    # Union of columns: the second run names 22 genes a sample, the others one or two.
    assert len(it.table["Comment [Gene Identifier] 22"]) == 7_525 and sum(map(bool, it.table["Comment [Gene Identifier] 22"])) < 1_971
