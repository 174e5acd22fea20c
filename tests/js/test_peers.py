"""The comparison with other viewers: what it installs is pinned, what it judges can fail. Nothing is installed or opened here."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import zarr
from PIL import Image

from benchmarks.peers import ALIKE, OSD, VIEWERS, VIV, Cost, expected, judged, likeness, rechunked

ROOT = Path(__file__).parents[2]
COLOURS = ("5A8BFF", "2EE57A", "FF5A3C", "F25CFF")


def raw(at: Path, left_out: int | None = None) -> Path:
    """An OME-Zarr of 4 channels × 2 z × 128², one channel empty if asked."""
    dice = np.random.default_rng(3)
    y, x = np.mgrid[:128, :128].astype(np.float32)
    planes = np.full((1, 4, 2, 128, 128), 100, np.uint16)
    for channel in range(4):
        for cy, cx in dice.integers(0, 128, (20, 2)):
            blob = (900 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 60)).astype(np.uint16)
            planes[0, channel] += blob if channel != left_out else 0
    group = zarr.open_group(at, mode="w", zarr_format=3)
    for level in range(2):
        data = planes[..., :: 2**level, :: 2**level]
        group.create_array(str(level), shape=data.shape, chunks=data.shape, dtype=data.dtype)[:] = data
    channels = [{"color": colour, "window": {"start": 100.0, "end": 900.0}} for colour in COLOURS]
    told = {"version": "0.5", "multiscales": [{"datasets": [{"path": "0"}, {"path": "1"}]}], "omero": {"channels": channels}}
    group.attrs["ome"] = told
    return at


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_a_picture_that_lacks_one_channel_is_not_the_image(tmp_path: Path) -> None:
    should = expected(raw(tmp_path / "all.zarr"), 0, 300, 200)
    assert likeness(png(should), should) == pytest.approx(1)
    for channel in range(4):
        lacking = expected(raw(tmp_path / f"{channel}.zarr", left_out=channel), 0, 300, 200)
        assert likeness(png(lacking), should) < ALIKE - 0.05
    assert likeness(png(np.zeros_like(should)), should) == 0
    assert likeness(png(should[:, ::-1]), should) < ALIKE - 0.05


def test_peers_read_the_same_pixels_in_the_chunks_that_were_asked(tmp_path: Path) -> None:
    source = raw(tmp_path / "source.zarr")
    rechunked(source, tmp_path / "peer.zarr", 64)
    held, made = zarr.open_group(source, mode="r"), zarr.open_group(tmp_path / "peer.zarr", mode="r")
    assert made.metadata.zarr_format == 2
    assert made.attrs["omero"] == held.attrs["ome"]["omero"]
    for level in ("0", "1"):
        assert made[level].chunks == (1, 1, 1, 64, 64)
        assert np.array_equal(made[level][:], held[level][:])


def test_the_page_must_need_no_more_than_what_suits_a_peer_best() -> None:
    def costs(requests: int, size: int, contrast: int = 0) -> dict[str, Cost]:
        return {"first": Cost(requests, size, 0, 0), "contrast": Cost(contrast, 0, 0, 0)}

    beside = [(OSD, costs(30, 900)), (OSD, costs(20, 1000)), (VIV, costs(40, 800))]
    assert not judged(costs(20, 800), beside)
    assert judged(costs(21, 800), beside) == [f"requests of the first view: 21 beside 20 of {OSD}"]
    assert judged(costs(20, 850), beside) == [f"bytes of the first view: 850 beside 800 of {VIV}"]
    assert judged(costs(20, 800, contrast=4), beside) == ["a change of contrast makes 4 requests"]


def test_the_peers_are_pinned_and_their_lock_names_no_host() -> None:
    package = json.loads((VIEWERS / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package.values())
    lock = json.loads((VIEWERS / "package-lock.json").read_text())["packages"]
    assert not [path for path, entry in lock.items() if "resolved" in entry]
    assert all(entry.get("integrity") for path, entry in lock.items() if path)
    # The same OpenSeadragon and zarrita as the portal's, so that the tiles are what is compared.
    ours = json.loads((ROOT / "assets/package.json").read_text())["dependencies"]
    assert {name: package[name] for name in ("openseadragon", "zarrita")} == {name: ours[name] for name in ("openseadragon", "zarrita")}
