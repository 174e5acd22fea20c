"""What a study names is bounded before it is read: files of regions and tables beyond any size, lists of images without end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from ingest.images.drawing import images
from ingest.images.members import MAX_ROWS
from ingest.images.opened import MAX_CHANNELS
from tests.imaging.test_layouts import grey, planned, work
from tests.imaging.works import load


def test_a_file_of_regions_beyond_any_size_is_not_read(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    grey(top / "a.tif", 1)
    grey(top / "m/a.tif", 1, dtype="uint8")
    names = ("big.geojson", "big.csv", "tables.csv")
    for name in names:
        with (top / name).open("wb") as file:  # of which nothing is on the disk
            file.truncate(70_000_000)
    (batch,), _ = planned(top, source="a.tif", rois=["big.geojson", "big.csv"], labels="m/*.tif", label_properties="tables.csv")
    out = images(work(top, batch, tmp_path / "s"), **batch.params)
    said = {p["file"].rpartition("/")[2]: p["what"] for p in load(out, "problems.json")}
    assert set(said) == set(names) and all("holds 70,000,000 bytes" in what for what in said.values())
    assert len(load(out, "images.json")["images"]) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("path\n" + "a.tif\n" * (MAX_ROWS + 5), "more than 100,000 rows"),
        ("path," + ",".join(map(str, range(5_000))) + "\na.tif\n", "5,001 columns"),
    ],
    ids=["rows", "columns"],
)
def test_a_list_of_images_is_bounded(text: str, why: str, tmp_path: Path) -> None:
    grey(tmp_path / "x1/a.tif", 1)
    (tmp_path / "x1/list.csv").write_text(text)
    batches, (problem,) = planned(tmp_path / "x1", manifest="list.csv")
    assert not batches and why in problem.what and problem.severity == "error"


def test_more_channels_than_a_page_can_list(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    top.mkdir()
    tifffile.imwrite(top / "a.ome.tif", np.zeros((MAX_CHANNELS + 1, 4, 4), np.uint8), photometric="minisblack", metadata={"axes": "CYX"})
    (batch,), _ = planned(top, source="*.tif")
    (refused,) = load(images(work(top, batch, tmp_path / "s"), **batch.params), "images.json")["refused"]
    assert refused["why"] == "claims 1,001 channels; at most 1,000 are drawn"
