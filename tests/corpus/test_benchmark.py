"""The corpus benchmark on two small studies, so that it cannot rot: it runs to its end, and what must hold holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

STUDY = """\
Comment[IDR Study Accession]\t{accession}
Study Title\tA small study of {gene}
Study Organism\tHomo sapiens
Study Organism Term Source REF\tNCBITaxon
Study Organism Term Accession\t9606
Study License\tCC BY 4.0
Study License URL\thttps://creativecommons.org/licenses/by/4.0/
Study Screens Number\t1
Screen Number\t1
Comment[IDR Screen Name]\t{accession}-nobody-small/screenA
Library File Name\t{accession}-screenA-library.txt
Phenotype Name\tround cells
Processed Data File Name\t{accession}-screenA-processed.txt
Processed Data Column Link To Library File\tPlate_Well
"""
LIBRARY = "Plate\tWell\tGene Identifier\tGene Symbol\tControl Type\nP1\tA1\t9625\t{gene}\t\nP1\tA2\t\t\tempty well\nP1\tA3\t7157\tTP53\t\n"
PROCESSED = "Plate_Well\tHas Phenotype\tPhenotype 1\nP1_A1\tyes\tround cells\n"


def corpus(folder: Path) -> Path:
    for accession, gene in (("bench0001", "AATK"), ("bench0002", "CDK1"), ("other0003", "PLK1")):
        study = folder / f"{accession}-nobody-small"
        (study / "screenA").mkdir(parents=True)
        (study / f"{accession}-study.txt").write_text(STUDY.format(accession=accession, gene=gene))
        (study / "screenA" / f"{accession}-screenA-library.txt").write_text(LIBRARY.format(gene=gene))
        (study / "screenA" / f"{accession}-screenA-processed.txt").write_text(PROCESSED)
    # DuckDB alone reads UTF-8 alone.
    last = folder / "bench0002-nobody-small/screenA/bench0002-screenA-processed.txt"
    last.write_bytes(PROCESSED.encode() + "P1_A9\tyes\tn\u00e4her\n".encode("latin-1"))
    return folder


def test_the_benchmark_of_two_small_studies(tmp_path: Path) -> None:
    source, figures = corpus(tmp_path / "source"), tmp_path / "figures.json"
    arguments = [source, "--studies", "bench", "--times", "2", "--jobs", "2", "--json", figures, "--work", tmp_path]
    done = subprocess.run(
        [sys.executable, "benchmarks/corpus.py", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(figures.read_text())
    assert (told["import"]["studies"], told["build"]["samples"], told["times"]["2"]["samples"]) == (2, 6, 12)
    assert told["build"]["sizes"]["pages"] > 10 and told["build"]["peak"] > 50e6 and told["build"]["kinds"]["samples"] == 2
    assert {"pandas", "duckdb", "ours"} == told["alone"].keys()
    (unread,) = told["alone"]["duckdb"]["unread"]
    assert told["alone"]["duckdb"]["rows"] == 3 and unread.startswith("bench0002/"), "named, with the reader's own words"
    nothing, title, row, template, style = told["changed"].values()
    assert nothing["ran"] == 0 and told["broken"] == []
    assert title["kinds"]["study"] == 1 and "samples" not in title["kinds"], title
    assert row["kinds"]["samples"] == 1 and row["kinds"]["entities"] == 1, row
    assert template["kinds"]["page entities"] == 64 and "page study" not in template["kinds"], "only pages that use the template"
    assert style["kinds"]["assets"] == 1 and "samples" not in style["kinds"], style
    for line in ("import ", "build ", "pandas alone", "duckdb alone", "2 times", "  nothing ", "  templates/entity.html"):
        assert any(shown.startswith((line, f"  {line}")) for shown in done.stdout.splitlines()), line
    assert not list(tmp_path.glob("bench-*")), "nothing is left behind"


def test_no_corpus_is_said(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "benchmarks/corpus.py", str(tmp_path / "none")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "no study folders" in done.stderr
