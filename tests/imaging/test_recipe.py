"""From names to batches, and a batch drawn: what is published, what is refused, and that the same input gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ingest.images.batches import image_steps
from ingest.images.drawing import images
from ingest.images.names import Part, Placed
from portal.engine.step import Tree
from portal.facts import ComponentImages
from portal.model import Images, StudyComponent
from portal.problems import errors
from tests.imaging.works import content, digests, entry, load, pixels, work_of

FOLDER = Path("content/studies/x1")


def component(**given: Any) -> StudyComponent:
    return StudyComponent(name="screenA", kind="screen", images=(Images(**given),))


def plate_files(folder: Path, wells: list[str], broken: tuple[str, ...] = ()) -> dict[str, Path]:
    found = {}
    for number, well in enumerate(wells):
        rng = np.random.default_rng(number)
        data = (rng.integers(90, 130, (2, 40, 60)) + np.arange(60) * (number + 1)).astype(np.uint16)
        path = folder / f"p1_{well}_1.ome.tif"
        told = {"axes": "CYX", "PhysicalSizeX": 0.65, "Channel": {"Name": ["DAPI", "GFP"]}}
        tifffile.imwrite(path, data, ome=True, photometric="minisblack", metadata=told)
        if well in broken:
            path.write_bytes(path.read_bytes()[:600])
        found[f"images/{path.name}"] = path
    return found


def drawn(tmp_path: Path, files: dict[str, Path], scratch: str = "scratch", **given: Any) -> dict[str, bytes | Path]:
    """Every batch of a component with one entry, drawn."""
    batches, problems = image_steps("x1", component(source="images/*.ome.tif", **given), FOLDER, tuple(files))
    assert not problems
    out: dict[str, bytes | Path] = {}
    for number, batch in enumerate(batches):
        work = work_of({path: files[path] for path in batch.files}, tmp_path / scratch / str(number))
        out |= images(work, **batch.params)
    return out


PATTERN = "{plate}_{well}_{field}.ome.tif"


def test_a_plate_is_one_batch() -> None:
    files = tuple(f"images/p{p}_{r}{c}_{f}.ome.tif" for p in (1, 2) for r in "ABCDEFGH" for c in range(1, 13) for f in (1, 2))
    batches, problems = image_steps("x1", component(source="images/*.ome.tif", pattern=PATTERN), FOLDER, files)
    assert not problems and [(b.name, len(b.files)) for b in batches] == [("x1/screenA/p1", 192), ("x1/screenA/p2", 192)]
    placed = batches[0].params["placed"]
    assert [(m["sample"], m["field"]) for m in placed[:4]] == [("A1", 1), ("A1", 2), ("A2", 1), ("A2", 2)]


def test_other_images_go_by_the_hundred_and_a_new_one_moves_few() -> None:
    def batched(*files: str) -> set[tuple[str, ...]]:
        batches, problems = image_steps("x1", component(source="images/*.png"), FOLDER, files)
        assert not problems and len({b.name for b in batches}) == len(batches)
        assert sorted(f for b in batches for f in b.files) == sorted(files) and max(len(b.files) for b in batches) <= 100
        return {b.files for b in batches}

    assert len(batched(*(f"images/i{n:03}.png" for n in range(30)))) == 1
    names = [f"images/i{n:04}.png" for n in range(2000)]
    before = batched(*names)
    assert 20 < len(before) < 50
    for new in ("images/a.png", "images/i0700b.png", "images/z.png"):
        assert len(batched(*names, new) - before) <= 3, "other batches stay as they were"


def test_large_images_go_in_small_batches(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    files = [f"images/i{n}.tif" for n in range(8)]
    for name in files:
        with (tmp_path / name).open("wb") as file:
            file.truncate(200 << 20)  # holes: nothing is written
    batches, _ = image_steps("x1", component(source="images/*.tif"), tmp_path, tuple(files))
    assert [len(b.files) for b in batches] == [3, 3, 2]


def test_no_two_steps_have_one_name() -> None:
    files = tuple(f"images/{name}.png" for name in ("1_a", "b", "p1 from B1_x")) + tuple(
        f"plates/p1_{well}{n}.tif" for well in "AC" for n in range(1, 25)
    )
    images = (
        Images(source="images/*_*.png", pattern="{dataset}_{image}.png"),
        Images(source="images/b.png"),
        Images(source="plates/*.tif", pattern="{plate}_{well}.tif"),
        Images(source="plates/p1_B*.tif", pattern="{plate}_{well}.tif"),
    )
    batches, _ = image_steps("x1", StudyComponent(name="screenA", kind="screen", images=images), FOLDER, (*files, "plates/p1_B1.tif"))
    names = [step.name for batch in batches for step in batch.steps(lambda files: Tree())]
    assert len(names) == len(set(names)) > 8


def test_problems_of_names() -> None:
    files = ("images/p1_A1_1.ome.tif", "images/p1_A01_1.ome.tif", "images/readme.ome.tif")
    batches, problems = image_steps("x1", component(source="images/*.ome.tif", pattern=PATTERN), FOLDER, files, index=2)
    assert [len(b.files) for b in batches] == [1]
    assert sorted((p.severity, p.place.file) for p in problems) == [
        ("error", "studies/x1/images/p1_A1_1.ome.tif"),
        ("warning", "studies/x1/images/readme.ome.tif"),
    ]
    for given, path in (
        ({"source": "other/*.tif"}, "components[2].images[0].source"),
        ({"source": "images/*.ome.tif", "pattern": "{plate}"}, "components[2].images[0].pattern"),
        ({"source": "images/*.ome.tif", "pattern": "{plate}_{well}_of.tif"}, "components[2].images[0].pattern"),
        ({"source": "images/p1_A1_1.ome.tif", "rois": "r.json"}, "components[2].images[0].rois"),
    ):
        _, problems = image_steps("x1", component(**given), FOLDER, files, index=2)
        assert [(p.place.path, p.severity) for p in errors(problems)] == [(path, "error")]
        assert problems[0].mend


def test_strangers_are_counted_not_listed_without_end() -> None:
    files = ("images/p1_A1_1.ome.tif", *(f"images/s{n}.ome.tif" for n in range(50)))
    _, problems = image_steps("x1", component(source="images/*.ome.tif", pattern=PATTERN), FOLDER, files)
    assert len(problems) == 11 and any("40 more" in p.what for p in problems)


def test_a_plate_is_drawn(tmp_path: Path) -> None:
    files = plate_files(tmp_path, ["A1", "B12", "A2"])
    out = drawn(tmp_path, files, pattern=PATTERN, channels=[{"name": "DNA", "colour": "#AA00ff", "limits": [100, 300]}])
    found = ComponentImages.model_validate(load(out, "images.json"))
    assert load(out, "problems.json") == [] and not found.refused
    assert [(i.sample, i.field, i.container) for i in found.images] == [("A1", 1, "p1"), ("A2", 1, "p1"), ("B12", 1, "p1")]
    first = found.images[0]
    assert first.id.startswith("x1-screena-p1_a1_1") and first.pixel_size == 0.65 and first.bytes == files[first.path].stat().st_size
    assert [(c.name, c.colour) for c in first.channels] == [("DNA", "#aa00ff"), ("GFP", "#2ee57a")]
    assert (first.channels[0].low, first.channels[0].high) == (100, 300)
    assert len({(i.channels[1].low, i.channels[1].high) for i in found.images}) == 1, "wells of a plate share their window"
    assert [(s.field, s.channel) for s in found.sprites] == [(1, None), (1, 0), (1, 1)]
    assert all(s.wells == {"A1": 0, "A2": 1, "B12": 2} and f"site/{s.address}" in out for s in found.sprites)
    for image in found.images:
        told = {p.removeprefix(f"site/{image.tiles}") for p in out if p.startswith(f"site/{image.tiles}")}
        assert told == {"0/0/0/0/0_0.webp", "info.json", "preview.webp", "thumbnail.webp"}
        info = load(out, f"site/{image.tiles}info.json")
        assert [w["from"] for w in info["windows"]] == ["declared", "plate"]
        assert info["version"] == 3 and info["channels"][0] == {
            "name": "DNA", "label": None, "colour": "#aa00ff", "low": 100, "high": 300, "shown": True,
        }  # fmt: skip
        assert f"site/{image.preview}" in out and f"site/{image.thumbnail}" in out


def test_a_broken_image_costs_itself_alone(tmp_path: Path) -> None:
    out = drawn(tmp_path, plate_files(tmp_path, ["A1", "A2", "A3"], broken=("A2",)), pattern=PATTERN)
    found = ComponentImages.model_validate(load(out, "images.json"))
    assert [i.sample for i in found.images] == ["A1", "A3"] and [r.path for r in found.refused] == ["images/p1_A2_1.ome.tif"]
    (problem,) = load(out, "problems.json")
    assert problem["severity"] == "warning" and problem["file"] == "studies/x1/images/p1_A2_1.ome.tif" and problem["mend"]


def test_images_of_one_file_are_measured_each_for_itself(tmp_path: Path) -> None:
    dark, bright = (np.arange(2400).reshape(1, 40, 60) % 50 + low for low in (100, 9000))
    tifffile.imwrite(tmp_path / "both.tif", np.concatenate([dark, bright]).astype(np.uint16), photometric="minisblack")
    files = {"both.tif": tmp_path / "both.tif"}
    (batch,), _ = image_steps("x1", component(source="both.tif"), FOLDER, tuple(files))
    two = [Placed("both.tif", name, sample=name, parts=(Part("both.tif", page=n),)) for n, name in enumerate(("dark", "bright"))]
    out = images(work_of(files, tmp_path / "scratch"), **batch.params | {"placed": [one.plain() for one in two]})
    found = {i.name: i.channels[0] for i in ComponentImages.model_validate(load(out, "images.json")).images}
    assert found["dark"].high < 200 and found["bright"].low > 8000


def test_nothing_but_broken_images(tmp_path: Path) -> None:
    out = drawn(tmp_path, plate_files(tmp_path, ["A1"], broken=("A1",)), pattern=PATTERN)
    assert set(out) == {"images.json", "problems.json"} and load(out, "images.json")["sprites"] == []


def test_regions_go_to_their_images(tmp_path: Path) -> None:
    files = plate_files(tmp_path, ["A1", "A2"])
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5, 6]}, "properties": {"image": "p1_A1_1"}}
    far = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5000, 6]}, "properties": {"image": "p1_A2_1"}}
    bad = {"type": "Feature", "geometry": {"type": "Point", "coordinates": ["x", 6]}, "properties": {}}
    files["r.json"] = tmp_path / "r.json"
    files["r.json"].write_text(__import__("json").dumps({"type": "FeatureCollection", "features": [point, far, bad]}))
    out = drawn(tmp_path, files, rois="r.json")
    found = ComponentImages.model_validate(load(out, "images.json"))
    assert [bool(i.rois) for i in found.images] == [True, False]
    assert load(out, f"site/{found.images[0].rois}")["features"][0]["geometry"]["coordinates"] == [5.0, 6.0]
    assert {p["file"] for p in load(out, "problems.json")} == {"studies/x1/r.json", "studies/x1/images/p1_A2_1.ome.tif"}


def test_a_single_image_takes_regions_without_a_name(tmp_path: Path) -> None:
    files = plate_files(tmp_path, ["A1"])
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5, 6]}, "properties": {}}
    files["r.json"] = tmp_path / "r.json"
    files["r.json"].write_text(__import__("json").dumps({"type": "FeatureCollection", "features": [point]}))
    assert load(drawn(tmp_path, files, rois="r.json"), "images.json")["images"][0]["rois"]


@pytest.mark.parametrize("given", [{"pattern": PATTERN}, {}])
def test_the_same_files_give_the_same_bytes(given: dict[str, str], tmp_path: Path) -> None:
    files = plate_files(tmp_path, ["A1", "C3"])
    first, second = drawn(tmp_path, files, "one", **given), drawn(tmp_path, files, "two", **given)
    assert digests(first) == digests(second)


def test_brightfield_gray_lies_on_white(tmp_path: Path) -> None:
    data = np.full((40, 80), 200, np.uint8)
    tifffile.imwrite(tmp_path / "p_A1_1.ome.tif", data)
    out = drawn(tmp_path, {"images/p_A1_1.ome.tif": tmp_path / "p_A1_1.ome.tif"}, pattern=PATTERN, brightfield=True)
    sprite = load(out, "images.json")["sprites"][0]
    assert pixels(content(out[f"site/{sprite['address']}"]))[2, 48].min() > 240


def test_params_are_plain_and_hold_no_title(tmp_path: Path) -> None:
    batches, _ = image_steps("x1", component(source="images/*.tif"), FOLDER, ("images/a.tif",))
    assert set(batches[0].params) == {"accession", "component", "folder", "container", "kind", "placed", "entry", "single"}
    assert batches[0].params["entry"] == entry()


def test_an_image_outside_datasets_joins_the_only_sample_of_its_name(tmp_path: Path) -> None:
    def planned(samples: dict[str, set[str]]) -> tuple[dict[str, tuple[object, ...]], list[str]]:
        flat = StudyComponent(name="screenA", kind="experiment", images=[Images(source="images/*.tif")])
        batches, problems = image_steps("x1", flat, FOLDER, ("images/a.tif", "images/b.tif", "images/c.tif"), samples=samples)
        members = [Placed.of(plain) for batch in batches for plain in batch.params["placed"]]
        return {m.name: (m.container, m.sample, m.kind, m.identity) for m in members}, [p.what for p in problems]

    found, said = planned({"one": {"a", "c"}, "two": {"b.tif", "c"}})
    assert found["a"] == ("one", "a", "dataset", "a") and found["b"] == ("two", "b.tif", "dataset", "b"), "their addresses stay"
    assert found["c"] == (None, "c", None, "c") and said == ["1 image shows no sample of the table: 'c'"]
    assert planned({"one": {"a", "b", "c", "d", "e"}})[1] == [], "samples without images are no mistake"
