"""The demonstration's images: made by the committed program, only when they must be, and always the same."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tifffile
import yaml

from ingest.images.batches import image_steps
from ingest.images.opening import opened
from portal.engine.step import digest_of
from portal.imaging.planes import Planes
from portal.imaging.regions import read_features, within
from portal.model import StudyComponent

ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "content/studies"


def make(content: Path) -> str:
    done = subprocess.run([sys.executable, ROOT / "content/synthetic.py", "--content", content], capture_output=True, text=True, check=True)
    return done.stdout


def small_content(at: Path) -> Path:
    """demo0001 with three wells: a control, a knockdown, one that failed; and one that has no image."""
    study = at / "studies/demo0001"
    shutil.copytree(STUDIES / "demo0001", study, ignore=shutil.ignore_patterns("images"))
    table = study / "screenA/library.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("Plate\t", "plate1\tA1\t", "plate1\tB3\t", "plate1\tG6\t")) or "\tno image" in line]
    assert len(kept) == 5
    table.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return at


def images(content: Path) -> dict[str, str]:
    return {p.name: digest_of(p.read_bytes()) for p in sorted(content.glob("studies/*/images/*"))}


def test_made_once_and_always_the_same(tmp_path: Path) -> None:
    one, two = small_content(tmp_path / "one"), small_content(tmp_path / "two")
    assert "demo0001" in make(one) and "demo0001" in make(two)
    assert set(images(one)) == {"made-by.txt", "plate1_A1_1.ome.tif", "plate1_A1_2.ome.tif", "plate1_B3_1.ome.tif",
                                "plate1_G6_1.ome.tif", "plate1_G6_2.ome.tif"}  # fmt: skip
    assert images(one) == images(two)
    assert make(one) == "", "nothing has changed"
    table = one / "studies/demo0001/screenA/library.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("plate1\tB3", "plate1\tB4"), encoding="utf-8")
    assert "demo0001" in make(one)
    assert "plate1_B4_1.ome.tif" in images(one) and "plate1_B3_1.ome.tif" not in images(one), "what is outdated is removed"
    with opened(one / "studies/demo0001/images/plate1_A1_1.ome.tif", "plate1_A1_1.ome.tif") as found:
        assert isinstance(found.source, Planes) and found.source.channels == 3 and found.pixel_size == 0.65
        assert [c.name for c in found.channels] == ["Hoechst", "Tubulin", "Actin"]


@pytest.mark.parametrize("accession", sorted(p.name for p in STUDIES.glob("demo*")))
def test_the_texts_say_that_nothing_was_observed(accession: str) -> None:
    text = (STUDIES / accession / "study.yaml").read_text(encoding="utf-8")
    study = yaml.load(text, yaml.BaseLoader)
    assert "synthetic" in study["description"] and study["licence"] == "CC0-1.0" and "publications" not in study
    for component in study["components"]:
        assert all(i["synthetic"] == "true" for i in component["images"])
        for row in table(STUDIES / accession / component["samples"]["table"]):
            made_up = (v for k, v in row.items() if k in ("siRNA Identifier", "Antibody Identifier", "Cell Line") and v)
            assert all(v.startswith("DEMO-") for v in made_up)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_a_gene_meets_the_reader_in_several_studies() -> None:
    tables = [p for p in STUDIES.glob("demo*/*/*.tsv") if "Gene Symbol" in p.read_text(encoding="utf-8").split("\n", 1)[0]]
    found = {p: {(r["Gene Symbol"], r["Gene Identifier"]) for r in table(p)} for p in tables}
    assert sum(("SGO1", "ENSG00000129810") in genes for genes in found.values()) == 3
    every = {g for genes in found.values() for g in genes if g[0]}
    assert len({symbol for symbol, _ in every}) == len(every), "one symbol, one identifier"


MADE = (STUDIES / "demo0004/images/made-by.txt").is_file()


@pytest.mark.skipif(not MADE, reason="content/synthetic.py has not been run")
def test_every_image_has_its_sample_and_every_region_its_image() -> None:
    for study in sorted(STUDIES.glob("demo*")):
        files = tuple(sorted(p.relative_to(study).as_posix() for p in study.rglob("*") if p.is_file()))
        for index, told in enumerate(yaml.load((study / "study.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)["components"]):
            component = StudyComponent.model_validate(told)
            batches, problems = image_steps(study.name, component, study, files, index=index)
            assert not problems and component.samples is not None
            columns, rows = component.samples.columns, table(study / component.samples.table)
            keys = ("plate", "well") if "plate" in columns else ("dataset", "image")
            samples = {tuple(row[columns[k]] for k in keys) for row in rows}
            placed = {(m["container"], m["sample"]) for b in batches for m in b.params["placed"]}
            without = {("plate2", "C9")} if study.name == "demo0001" else set()
            assert placed == samples - without
    taken = read_features((STUDIES / "demo0004/images/regions.geojson").read_bytes())
    features, complaints = taken.features, taken.complaints
    assert not complaints and len(features) > 200 and all(within(f, 1024, 1024) for f in features)
    named = {(f["properties"]["dataset"], f["properties"]["image"]) for f in features}
    assert all((STUDIES / "demo0004/images" / d / f"{i}.ome.tif").is_file() for d, i in named) and len(named) == 6
    stacks = [json.dumps(tifffile.TiffFile(p).series[0].axes) for p in sorted((STUDIES / "demo0003/images").rglob("*.tif"))]
    assert stacks == ['"TZCYX"', '"TZCYX"']
    assert sum(p.stat().st_size for p in STUDIES.glob("demo*/images/**/*")) < 60_000_000
