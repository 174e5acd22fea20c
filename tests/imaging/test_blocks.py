"""The pyramid made in one pass: the same pixels as halving whole planes, in parts that follow the tile's size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from portal.imaging import bands
from portal.imaging.blocks import blocks, quartered
from portal.imaging.limits import Limits, measure
from portal.imaging.look import Channel, Look
from portal.imaging.planes import Plane, Planes, halved, levels
from portal.imaging.render import render
from tests.imaging.works import load_file, pixels

WIDE = 1 << 15  # bytes a pixel, said to be: bands are then one tile wide, and levels join them


@pytest.mark.parametrize("reduce", [halved, quartered])
@pytest.mark.parametrize("itemsize", [2, WIDE])
@pytest.mark.parametrize("size", [(1, 1), (512, 512), (513, 511), (1025, 3), (2100, 1537), (1023, 2051)])
def test_levels_are_those_of_whole_planes(size: tuple[int, int], itemsize: int, reduce: Callable[[Plane], Plane]) -> None:
    whole = np.random.default_rng(1).integers(0, 60_000, size).astype(np.uint16)
    sizes = levels(size[1], size[0])
    made = [np.zeros((v.height, v.width), np.uint16) for v in sizes]
    met = [np.zeros((v.height, v.width), np.uint8) for v in sizes]
    for block in blocks(sizes, lambda rows, columns: [whole[rows, columns]], reduce, itemsize):
        assert block.top % 512 == 0 and block.left % 512 == 0 and max(block.parts[0].shape) <= 512, "a tile"
        made[block.depth][block.cut] = block.parts[0]
        met[block.depth][block.cut] += 1
    for found, times in zip(made, met, strict=True):
        assert (times == 1).all(), "every pixel once"
        assert (found == whole).all()
        whole = reduce(whole)


class Counted:
    """A source that makes its pixels when asked, and notes what was asked for."""

    def __init__(self, channels: int, z: int, height: int, width: int):
        self.largest, self.read, self._width = 0, 0, width
        self.planes = Planes(width, height, channels, z, 1, np.dtype(np.uint16), self.whole, self.region)

    def region(self, t: int, c: int, z: int, rows: slice, columns: slice) -> Plane:
        y, x = np.ogrid[rows, columns]
        self.largest = max(self.largest, y.size * x.size)
        self.read += y.size * x.size
        return ((y * 7 + x * 3 + 500 * c) % 3000 + 900 * (z == 1)).astype(np.uint16)

    def whole(self, t: int, c: int, z: int) -> Plane:
        raise AssertionError("a source that reads regions is never asked for a plane")


def look_of(limits: tuple) -> Look:
    return Look(tuple(Channel(f"c{n}", None, "#ffffff", (v.low, v.high)) for n, v in enumerate(limits)))


def test_no_more_than_a_band_is_asked_for(tmp_path: Path) -> None:
    source = Counted(1, 3, 1700, 600)
    limits = (Limits(0, 4000, 0, 4000, (0,) * 64),)
    done = render(source.planes, look_of(limits), limits, tmp_path, zarr="x")
    assert source.largest <= 512 * 600, "one band of one tile's height"
    assert source.read == 3 * 1700 * 600, "every pixel once: tiles, projection, pictures and OME-Zarr in one pass"
    assert load_file(done.files["info.json"])["projection"]


def test_large_images_are_measured_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.imaging.limits.MAX_PIXELS", 3_000_000)
    source = Counted(1, 4, 2300, 1400)
    found = measure(source.planes, 0)
    assert source.read < 3_500_000 < 4 * 2300 * 1400 and source.largest <= 512 * 1400
    assert (found.planes, found.of, found.rows) == (4, 4, 5)
    monkeypatch.setattr("portal.imaging.limits.MAX_PIXELS", 10**9)
    whole = measure(source.planes, 0)
    assert whole.rows == 1
    assert abs(found.low - whole.low) < 30 and abs(found.high - whole.high) < 30


def test_a_coarser_copy_serves_for_measuring() -> None:
    source = Counted(1, 1, 2048, 2048)
    small = np.arange(512 * 512, dtype=np.uint16).reshape(512, 512) % 2000
    level = Planes(512, 512, 1, 1, 1, small.dtype, lambda t, c, z: small)
    found = measure(Planes(2048, 2048, 1, 1, 1, small.dtype, source.whole, source.region, (level,)), 0)
    assert source.read == 0 and 1900 < found.high < 2000


@pytest.mark.parametrize("room", [0, 1 << 30])
def test_sources_that_give_planes_only(room: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In memory or, where that is not enough, in files: the same tiles, and each plane decoded once."""
    monkeypatch.setattr(bands, "IN_MEMORY", room)
    rng = np.random.default_rng(3)
    stack = rng.integers(0, 1000, (2, 3, 530, 300)).astype(np.float32)
    stack[0, 1, :50] = np.nan
    asked: list[tuple[int, int, int]] = []

    def read(t: int, c: int, z: int) -> Plane:
        asked.append((t, c, z))
        return stack[c, z]

    planes = Planes(300, 530, 2, 3, 1, stack.dtype, read)
    limits = tuple(measure(planes, c) for c in range(2))
    asked.clear()
    done = render(planes, look_of(limits), limits, tmp_path)
    assert sorted(asked) == [(0, c, z) for c in range(2) for z in range(3)]
    strip = pixels(done.files["0/max/0/0/0_0.webp"].read_bytes())[..., 0].astype(float)
    wanted = np.fmax.reduce(stack[0])[:512]
    value = limits[0].lo + (strip[:512] / 255) ** 2 * (limits[0].hi - limits[0].lo)
    assert np.abs(value - wanted).mean() < 40, "NaN hides no value of another plane"
    assert not (tmp_path / "scratch").exists()


def test_a_stack_is_shown_by_its_maximum_where_that_shows_more(tmp_path: Path) -> None:
    def shown(stack: np.ndarray, name: str, **given: bool) -> object:
        planes = Planes(200, 200, 1, len(stack), 1, stack.dtype, lambda t, c, z: stack[z])
        limits = (measure(planes, 0),)
        stacked = given.pop("stacked", False)
        look = Look((Channel("c", None, "#ffffff", (100.0, 3000.0)),), **given)
        done = render(planes, look, limits, tmp_path / name, stacked=stacked)
        return load_file(done.files["info.json"])["preview"]["z"]

    same = np.full((5, 200, 200), 100, np.uint16)
    same[:, 50:100, 50:100] = 3000
    spots = np.full((5, 200, 200), 100, np.uint16)
    for z in range(5):
        spots[z, 40 * z : 40 * z + 20, 10:30] = 3000
    assert shown(same, "same") == 2 and shown(spots, "spots") == "max"
    assert shown(spots, "bright", brightfield=True) == 2 and shown(same, "plate", stacked=True) == "max"
    assert shown(spots[:1], "one") == 0
