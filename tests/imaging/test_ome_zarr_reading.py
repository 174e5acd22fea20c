"""OME-Zarr as others write it: axes in any order, two versions, labels, plates, coarser levels; and what hostile metadata get."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from ingest.folders import find_studies
from ingest.images.assembled import opened_image, traced
from ingest.images.drawing import images
from ingest.images.ome_zarr import metadata as ome_zarr
from ingest.images.opened import Opened, Unreadable
from portal.facts import ComponentImages
from portal.imaging.planes import Planes
from tests.imaging import zarrs
from tests.imaging.test_layouts import SHARED, members, planned, real, work
from tests.imaging.works import load

RNG = np.random.default_rng(11)
OMERO = {
    "channels": [
        {"label": "DNA", "color": "0000FF", "window": {"start": 10, "end": 900, "min": 0, "max": 65535}},
        {"label": "tubulin", "color": "00ff00", "window": {"start": 0, "end": 65535, "min": 0, "max": 65535}},
    ]
}


def planes(found: Opened) -> Planes:
    assert isinstance(found.source, Planes)
    return found.source


def whole(source: Planes) -> np.ndarray:
    """TCZYX."""
    return np.array([[[source.read(t, c, z) for z in range(source.z)] for c in range(source.channels)] for t in range(source.t)])


@pytest.mark.parametrize(
    ("axes", "version", "shards"),
    [("tczyx", "0.5", False), ("tczyx", "0.4", False), ("cyx", "0.5", True), ("zyx", "0.4", False), ("yx", "0.5", False),
     ("yxc", "0.4", False), ("zctyx", "0.5", False), ("txcyz", "0.5", False)],
)  # fmt: skip
def test_axes_in_any_order(axes: str, version: str, shards: bool, tmp_path: Path) -> None:
    sizes = {"t": 2, "c": 2, "z": 3, "y": 37, "x": 50}
    data = RNG.integers(0, 4000, [sizes[a] for a in axes]).astype(np.uint16)
    more = {"omero": OMERO} if "c" in axes else {}
    zarrs.image(tmp_path / "x1/images/a.zarr", data, axes, version=version, shards=shards, **more)
    batches, problems = planned(tmp_path / "x1", source="images/*.zarr")
    (one,) = members(batches)
    assert not problems and (one.name, one.path, one.kind) == ("a", "images/a.zarr", None)
    with opened_image(work(tmp_path / "x1", batches[0], tmp_path / "s").inputs[0], one) as found:
        source = planes(found)
        wanted = data.transpose([axes.index(a) for a in "tczyx" if a in axes]).reshape([sizes[a] if a in axes else 1 for a in "tczyx"])
        assert (whole(source) == wanted).all() and source.dtype == np.uint16
        assert source.region is not None and (source.region(0, 0, 0, slice(5, 21), slice(14, 50)) == wanted[0, 0, 0, 5:21, 14:50]).all()
        (level,) = source.levels
        assert (level.width, level.height) == (25, 19) and (whole(level) == wanted[..., ::2, ::2]).all()
        assert (found.pixel_size, found.pixel_size_z, found.time_step) == (0.25, 0.4 if "z" in axes else None, 1.5 if "t" in axes else None)
        if "c" in axes:
            assert [(c.name, c.colour, c.window) for c in found.channels] == [("DNA", "#0000ff", (10, 900)), ("tubulin", "#00ff00", None)]


def test_labels_with_colours_and_properties(tmp_path: Path) -> None:
    top = tmp_path / "x1/a.zarr"
    zarrs.image(top, RNG.integers(0, 90, (2, 3, 20, 24)).astype(np.uint8), "czyx", levels=1)
    zarrs.describe(zarrs.zarr.open_group(top / "labels", mode="w", zarr_format=3), {"labels": ["cells", "small", "../../b"]})
    ids = np.zeros((20, 24), np.int32)
    ids[4:9, 5:11] = 70_001
    told: dict[str, Any] = {
        "colors": [{"label-value": 70_001, "rgba": [255, 128, 0, 255]}, {"label-value": 2, "rgba": [1, 2]}],
        "properties": [{"label-value": 70_001, "area": 30, "class": "mitotic", "nested": {"no": 1}}],
    }
    zarrs.image(top / "labels/cells", ids, "yx", levels=1, **{"image-label": told})
    zarrs.image(top / "labels/small", ids[:7], "yx", levels=1)
    batches, _ = planned(tmp_path / "x1", source="*.zarr")
    with opened_image(work(tmp_path / "x1", batches[0], tmp_path / "s").inputs[0], members(batches)[0]) as found:
        (cells,) = found.labels
        assert (
            cells.name == "cells"
            and cells.colours == {70_001: "#ff8000"}
            and cells.properties == {70_001: {"area": 30, "class": "mitotic"}}
        )
        assert (cells.planes.read(0, 0, 0) == ids).all() and (cells.planes.z, cells.planes.t) == (1, 1)
        assert len(found.notes) == 2 and "does not fit" in found.notes[0] and "leads elsewhere" in found.notes[1]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plate_is_drawn_as_a_plate(version: str, tmp_path: Path) -> None:
    top = tmp_path / "content/studies/x1"
    wells = {well: [RNG.integers(0, 900, (2, 30, 40)).astype(np.uint16) for _ in range(2)] for well in ("A/1", "B/03", "AA/12")}
    zarrs.plate(top / "images/plate7.ome.zarr", wells, version)
    (top / "study.yaml").write_text("accession: x1\n")
    (study,), problems = find_studies(tmp_path / "content")
    assert not problems
    batches, problems = planned(top, source="images/*.zarr")
    (batch,) = batches
    assert not problems and set(batch.files) <= set(study.files), "the listing of a study folder holds all that a plate needs"
    found = members(batches)
    assert [(m.container, m.sample, m.field) for m in found] == [("plate7", w, f) for w in ("A1", "B3", "AA12") for f in (1, 2)]
    out = images(work(top, batch, tmp_path / "s"), **batch.params)
    drawn = ComponentImages.model_validate(load(out, "images.json"))
    assert not drawn.refused and drawn.sprites[0].wells == {"A1": 0, "B3": 1, "AA12": 2}
    assert [(i.width, i.height, i.pixel_size, len(i.channels)) for i in drawn.images] == [(40, 30, 0.25, 2)] * 6
    assert len({i.sha256 for i in drawn.images}) == 6 and all(i.bytes > 500 for i in drawn.images)


def test_an_image_is_traced_by_all_its_files(tmp_path: Path) -> None:
    zarrs.image(tmp_path / "x1/a.zarr", np.zeros((1, 1, 1, 20, 20), np.uint8))
    batches, _ = planned(tmp_path / "x1", source="*.zarr")
    (one,), files = members(batches), work(tmp_path / "x1", batches[0], tmp_path / "s").inputs[0]
    size = sum(p.stat().st_size for p in (tmp_path / "x1").rglob("*") if p.is_file())
    assert traced(files, one)[1] == size


def test_series_of_bioformats2raw(tmp_path: Path) -> None:
    top = tmp_path / "x1/b.zarr"
    zarrs.describe(zarrs.zarr.open_group(top, mode="w", zarr_format=2), {"bioformats2raw.layout": 3}, "0.4")
    for n in range(2):
        zarrs.image(top / str(n), np.full((1, 1, 1, 20, 20), n + 1, np.uint8), version="0.4")
    batches, problems = planned(tmp_path / "x1", source="*.zarr", pattern="{image}.zarr")
    assert not problems and [(m.name, m.path) for m in members(batches)] == [("b 1", "b.zarr/0"), ("b 2", "b.zarr/1")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"shape": [2**50] * 5}, "wrong ones"),
        ({"shape": [1, 1, 1, 2_000_000, 10]}, "pixels"),
        ({"shape": [1] * 6}, "6 axes"),
        ({"shape": [200_000, 1, 1, 20, 20]}, "planes"),
        ({"data_type": "complex64"}, "complex64"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1, 1, 30_000, 30_000]}}}, "chunks of"),
        ({"chunk_grid": 5}, "no sizes"),
        ({"codecs": [{"name": "bytes"}, {"name": "numcodecs.lzma"}]}, "lzma"),
    ],
)
def test_hostile_arrays(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    zarrs.image(tmp_path / "x1/a.zarr", np.zeros((1, 1, 1, 20, 20), np.uint8))
    place = tmp_path / "x1/a.zarr/0/zarr.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | change))
    with pytest.raises(Unreadable, match=why):
        open_one(tmp_path)


@pytest.mark.parametrize("path", ["../../secret", "/etc", "0/../../../x", "a\\b", "file:x", "", 5.5, None])
def test_paths_stay_inside(path: object, tmp_path: Path) -> None:
    zarrs.image(tmp_path / "x1/a.zarr", np.zeros((1, 1, 1, 20, 20), np.uint8))
    place = tmp_path / "x1/a.zarr/zarr.json"
    told = json.loads(place.read_text())
    told["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = path
    place.write_text(json.dumps(told))
    with pytest.raises(Unreadable, match="path"):
        open_one(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 60 + "1" + "}" * 60, "no json", "[]", "{}", '{"attributes": 3}'])
def test_metadata_that_are_none(text: str, tmp_path: Path) -> None:
    zarrs.image(tmp_path / "x1/a.zarr", np.zeros((1, 1, 1, 20, 20), np.uint8))
    (tmp_path / "x1/a.zarr/zarr.json").write_text(text)
    batches, problems = planned(tmp_path / "x1", source="*.zarr")
    (one,) = members(batches)
    assert not problems and one.refused
    out = images(work(tmp_path / "x1", batches[0], tmp_path / "s"), **batches[0].params)
    (refusal,) = ComponentImages.model_validate(load(out, "images.json")).refused
    assert refusal.path == "a.zarr" and len(refusal.why) < 200, "counted and named on the study's page"


def open_one(tmp_path: Path, source: str = "*.zarr") -> None:
    batches, _ = planned(tmp_path / "x1", source=source)
    with opened_image(work(tmp_path / "x1", batches[0], tmp_path / "s").inputs[0], members(batches)[0]) as found:
        planes(found).read(0, 0, 0)


def test_a_missing_chunk_is_its_fill_value_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    zarrs.image(tmp_path / "x1/a.zarr", np.full((1, 1, 1, 20, 40), 9, np.uint8), levels=1)
    chunks = sorted(p for p in (tmp_path / "x1/a.zarr/0/c").rglob("*") if p.is_file())
    chunks[-1].unlink()
    open_one(tmp_path)
    chunks[0].write_bytes(b"broken")
    batches, _ = planned(tmp_path / "x1", source="*.zarr")
    out = images(work(tmp_path / "x1", batches[0], tmp_path / "s"), **batches[0].params)
    assert [r["path"] for r in load(out, "images.json")["refused"]] == ["a.zarr"]


@pytest.mark.parametrize("kind", ["gzip", "zstd", "blosc"])
def test_chunks_that_grow_beyond_bounds(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = np.zeros(3 << 20, np.uint8)
    data = {"gzip": lambda: gzip.compress(zeros.tobytes()), "zstd": lambda: imagecodecs.zstd_encode(zeros.tobytes()),
            "blosc": lambda: imagecodecs.blosc_encode(zeros)}[kind]()  # fmt: skip
    ome_zarr.check_bomb(bytes(data))
    monkeypatch.setattr(ome_zarr, "MAX_CHUNK", 2 << 20)
    with pytest.raises(Unreadable, match="grows"):
        ome_zarr.check_bomb(bytes(data))


def test_a_zipped_store_says_the_mend(tmp_path: Path) -> None:
    (tmp_path / "x1").mkdir()
    (tmp_path / "x1/a.zarr.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(Unreadable, match="unpack it"):
        open_one(tmp_path, "*.zip")


def test_wells_of_any_version() -> None:
    assert ome_zarr.wells({"plate": {"wells": [{"path": "A/1"}, {"path": "b/02"}]}}) == [("A1", "A/1"), ("B2", "b/02")]
    for wrong in ({}, {"plate": {"wells": 3}}, {"plate": {"wells": [{"path": "../A"}]}}, {"plate": {"wells": [{"path": "1/A"}]}}):
        with pytest.raises(Unreadable):
            ome_zarr.wells(wrong)


@real
def test_a_published_image_with_labels(tmp_path: Path) -> None:
    top = SHARED / "zarr_v05_idr6001240_labels"
    batches, problems = planned(top, source="*.zarr")
    assert not problems
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], members(batches)[0]) as found:
        source = planes(found)
        assert (source.width, source.height, source.channels, source.z) == (67, 68, 2, 236) and found.pixel_size_z == 0.500203
        assert [c.name for c in found.channels] == ["LaminB1", "Dapi"] and source.read(0, 1, 118).max() > 1000
        (labels,) = found.labels
        assert labels.planes.read(0, 0, 118).max() == 60 and labels.properties[1]["omero:roiId"] == 1380887


@real
def test_a_plate_whose_wells_do_not_say_their_images(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    shutil.copytree(SHARED / "hcs_zarr_synthetic", top)
    batches, problems = planned(top, source="*.zarr")
    assert [(m.container, m.sample, m.field) for m in members(batches)] == [("plate_ones_mip", "B3", 1)]
    assert [p.severity for p in problems] == ["warning"] and "those that are there are taken" in problems[0].what
    assert not [f for f in batches[0].files if "/tables/" in f]
