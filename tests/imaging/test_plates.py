"""A plate of many images is drawn in parts: the same plate comes out, and nothing that was drawn of it is drawn again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ingest.gather import gather
from ingest.images.batches import ImageBatch, image_steps
from ingest.images.drawing import images
from ingest.images.sprites import chosen
from portal.engine.database import FILE
from portal.engine.run import Engine
from portal.engine.step import Tree
from portal.engine.store import Store
from portal.facts import ComponentImages
from portal.model import Images, StudyComponent
from tests.conftest import ROOT
from tests.imaging.works import digests, load, pixels, work_of

PATTERN = "{plate}_{well}_{field}.ome.tif"
DRAWN = ("measured ", "windows ", "images ")


def wells(rows: str, columns: int, fields: int) -> list[tuple[str, int]]:
    return [(f"{row}{column + 1}", field + 1) for row in rows for column in range(columns) for field in range(fields)]


def paint(folder: Path, well: str, field: int, likeness: int = 0) -> Path:
    """Two channels; wells of one likeness have the same values in another order."""
    rng = np.random.default_rng(ord(well[0]) * 1000 + int(well[1:]) * 10 + field)
    data = rng.permutation(np.arange(2 * 40 * 60) % (300 + likeness) + 100).reshape(2, 40, 60).astype(np.uint16)
    path = folder / f"p1_{well}_{field}.ome.tif"
    tifffile.imwrite(path, data, ome=True, photometric="minisblack", metadata={"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}})
    return path


def planned(study: Path) -> ImageBatch:
    files = tuple(sorted(p.relative_to(study).as_posix() for p in study.rglob("*") if p.is_file()))
    told = StudyComponent(name="screenA", kind="screen", images=(Images(source="images/*.tif", pattern=PATTERN, rois="r.json"),))
    (batch,), problems = image_steps("x1", told, study, files, raw="ome-zarr")
    assert not problems
    return batch


@dataclass(frozen=True)
class Plate:
    """A plate's study folder, the store that its parts were drawn into, their trees; and the outputs of drawing it as a whole."""

    study: Path
    store: Store
    trees: dict[str, Tree]
    whole: Mapping[str, bytes | Path]


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Plate:
    """59 images in three rows, of which one is broken and one well has no first field; regions of which one is nowhere."""
    tmp_path = tmp_path_factory.mktemp("plate")
    folder = tmp_path / "studies/x1"
    (folder / "images").mkdir(parents=True)
    for well, field in wells("ABD", 10, 2):
        if (well, field) != ("D4", 1):
            paint(folder / "images", well, field, likeness=int(well[1:]))
    broken = folder / "images/p1_B3_2.ome.tif"
    broken.write_bytes(broken.read_bytes()[:600])
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5, 6]}, "properties": {"image": "p1_A2_1"}}
    bad = {"type": "Feature", "geometry": {"type": "Point", "coordinates": ["x", 6]}, "properties": {}}
    far = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5000, 6]}, "properties": {"image": f"p1_{well}_1"}}
        for well, field in wells("ABD", 10, 1)
        if well != "D4"
    ]
    (folder / "r.json").write_text(json.dumps({"type": "FeatureCollection", "features": [point, bad, *far]}))
    store, batch = Store(tmp_path / "store"), planned(folder)
    with Engine(store) as engine:
        trees = engine.run(batch.steps(partial(store.sources, folder)))
    return Plate(folder, store, trees, images(work_of({p: folder / p for p in batch.files}, tmp_path / "whole"), **batch.params))


def test_in_parts_or_as_a_whole_it_is_the_same_plate(plate: Plate) -> None:
    batch, store, trees, whole = planned(plate.study), plate.store, plate.trees, plate.whole
    assert [p.name for p in batch.parts] == [f"x1/screenA/p1 from {row}1" for row in "ABD"]
    assert [len(p.params["placed"]) for p in batch.parts] == [20, 20, 19]
    last = trees[f"images {batch.name}"]
    site = {f"site/{path}": d for name, tree in trees.items() if name.startswith("images ") for path, d in tree.under("site").items()}
    assert site == {path: d for path, d in digests(whole).items() if path.startswith("site/")}
    assert {p: last[p] for p in ("images.json", "problems.json")} == {p: digests(whole)[p] for p in ("images.json", "problems.json")}

    said = ["{file}: {what}".format(**p) for p in load(whole, "problems.json")]
    assert sum("p1_B3_2" in s for s in said) == 1 and sum("r.json" in s for s in said) == 1, "what is wrong is told once"
    outside = [s for s in said if "lie outside of it" in s]
    assert len(outside) == 29, "of all parts; whoever tells of them counts those that are alike"
    found = ComponentImages.model_validate(load(whole, "images.json"))
    assert [(i.sample, i.field) for i in found.images] == [w for w in wells("ABD", 10, 2) if w not in (("B3", 2), ("D4", 1))]
    numbered = {(i.sample, i.field): str(i.zarr).rpartition("/")[2] for i in found.images}
    assert numbered["D3", 2] == "1" and numbered["D4", 2] == "0", "the images of a well are numbered from 0"
    told = json.loads(store.read(trees[f"images {batch.name}"]["site/" + str(found.images[0].zarr).rsplit("/", 3)[0] + "/zarr.json"]))
    assert len(told["attributes"]["ome"]["plate"]["wells"]) == 30


def test_each_field_and_channel_has_a_sprite(plate: Plate) -> None:
    out = plate.whole
    found = ComponentImages.model_validate(load(out, "images.json"))
    assert [(s.field, s.channel) for s in found.sprites] == [(1, None), (2, None), (1, 0), (1, 1), (2, 0), (2, 1)]
    first, second, *_ = found.sprites
    assert len(first.wells) == 30, "the first shows every well, of one without the field another"
    assert {w: i for w, i in first.wells.items() if w != "B3"} == second.wells, "the same well lies at the same place"
    assert "D4" not in found.sprites[2].wells
    drawn = [pixels(out[f"site/{s.address}"]) for s in found.sprites]
    assert len({d.shape for d in drawn}) == 1
    assert all(np.abs(d[..., 0].astype(int) - d[..., 1]).max() < 6 for d in drawn[2:]), "a channel alone is gray"

    def cell(number: int, well: str) -> np.ndarray:
        y, x = (n * first.cell for n in divmod(first.wells[well], first.columns))
        return drawn[number][y : y + first.cell, x : x + first.cell].astype(int)

    assert np.abs(cell(0, "D4") - cell(1, "D4")).mean() < 1 < np.abs(cell(0, "D3") - cell(1, "D3")).mean()
    assert cell(2, "D4").max() < 6, "an absent well is empty"
    image = next(i for i in found.images if (i.sample, i.field) == ("A7", 2))
    source = tifffile.imread(plate.study / image.path)[1].astype(float)
    low, high = image.channels[1].low, image.channels[1].high
    wanted = np.clip((source - low) / (high - low), 0, 1) * 255
    # 60 × 40 px lie in the middle of the cell, neither enlarged nor reduced.
    assert np.abs(cell(5, "A7")[28:68, 18:78, 0] - wanted).mean() < 12


def test_of_many_fields_and_channels_the_first_are_shown() -> None:
    every = [(field, channel) for field in range(40) for channel in (None, 0, 1)]
    keys = chosen(every)
    assert len(keys) == 64 and keys[:3] == [(1, None), (0, None), (2, None)] and keys[40:44] == [(1, 0), (1, 1), (0, 0), (0, 1)]
    assert chosen([k for k in every if k[0] > 4])[0] == (5, None)
    some = [k for k in every if k[0] % 3 == 2]
    assert {k for k in keys if k in some} <= set(chosen(some)), "a part keeps what its plate chooses"


def test_a_new_well_draws_its_part_alone(plate: Plate) -> None:
    def ran() -> list[str]:
        with Engine(plate.store) as engine:
            engine.run(planned(plate.study).steps(partial(plate.store.sources, plate.study)))
        return engine.ran

    assert len(plate.trees) == 3 + 1 + 3 + 1 and ran() == []
    images = plate.study / "images"
    paint(images, "B11", 1, likeness=5)
    assert ran() == ["measured x1/screenA/p1 from B1", "windows x1/screenA/p1", "images x1/screenA/p1 from B1", "images x1/screenA/p1"]
    for well, field in wells("A", 10, 2):
        paint(images, well, field, likeness=5000)
    assert len([name for name in ran() if name.startswith("images ")]) == 4, "another window is another look of all wells"


# ---- by the real command line, killed


def parts_in(store: Path) -> int:
    """How many parts of a plate the store has."""
    try:
        with sqlite3.connect(f"file:{store / FILE}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT count(*) FROM results JOIN trees ON digest = tree WHERE entries LIKE '%\"plate/part.json\"%'")
            return int(rows.fetchone()[0])
    except sqlite3.Error:  # not there yet, or being written
        return 0


def test_a_killed_build_draws_what_is_missing_and_metadata_draw_nothing(tmp_path: Path) -> None:
    study, out, store = tmp_path / "content/studies/x1", tmp_path / "site", tmp_path / "store"
    (study / "images").mkdir(parents=True)
    for well, field in wells("ABCDEFGH", 4, 2):
        paint(study / "images", well, field)
    (study / "library.tsv").write_text("Plate\tWell\n" + "".join(f"p1\t{well}\n" for well, _ in wells("ABCDEFGH", 4, 1)))
    told = f"""
accession: x1
title: A plate of many images
components:
  - name: screenA
    kind: screen
    samples: {{table: library.tsv, columns: {{plate: Plate, well: Well}}}}
    images: [{{source: images/*.ome.tif, pattern: "{PATTERN}", synthetic: true}}]
"""
    (study / "study.yaml").write_text(told)
    options = ["--content", tmp_path / "content", "--out", out, "--store", store, "--jobs", "1"]
    child = subprocess.Popen(
        [sys.executable, ROOT / "build.py", "build", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while child.poll() is None and parts_in(store) < 2:
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)  # its workers, too: as when the machine stops
    assert child.wait() == -signal.SIGKILL, "it was done before it could be killed"
    assert not out.exists()
    before = parts_in(store)

    opened = Store(store)

    def built() -> Engine:
        """All of a build but its pages: they would take longer than the plate."""
        with opened.lock(), Engine(opened) as engine:
            assert [study.accession for study in gather(engine, tmp_path / "content").good] == ["x1"]
        return engine

    engine = built()
    found = {outcome.step.name: outcome for outcome in engine.outcomes if outcome.step.name.startswith(DRAWN)}
    parts = [outcome.state for name, outcome in found.items() if name.startswith("images ") and " from " in name]
    assert len(parts) == 8 and 2 <= before < 8
    assert parts.count("known") == before, "what was drawn before it was killed is drawn again"
    assert {o.state for name, o in found.items() if not name.startswith("images ")} == {"known"}
    drawn = {path.split("/")[2] for name in found for path in engine.results[name] if path.startswith("site/tiles/")}
    assert len(drawn) == 64 + 2 * 3, "every image, and the sprites of two fields"
    for name, outcome in found.items():
        part = outcome.parts()
        assert not part["code"], f"{name} would run again when any line of code changes"
        steps = {step for step, _, _ in part["inputs"]}
        assert all(not step or step.startswith(DRAWN) for step in steps), f"{name} needs {steps}: pictures depend on images alone"

    more = told.replace("A plate of many", "Many") + "organisms: [{name: Homo sapiens, term: 'NCBITaxon:9606'}]\ndescription: New.\n"
    (study / "study.yaml").write_text(more)
    (study / "images/p1_C5_1.ome.tif").write_bytes((study / "images/p1_C4_1.ome.tif").read_bytes())
    engine = built()
    opened.close()
    assert "study x1" in engine.ran
    assert sorted(name for name in engine.ran if name.startswith(DRAWN)) == [
        "images x1/screenA/p1", "images x1/screenA/p1 from C1", "measured x1/screenA/p1 from C1", "windows x1/screenA/p1",
    ]  # fmt: skip
