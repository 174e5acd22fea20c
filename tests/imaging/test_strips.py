"""Strips decoded again: every channel, orientation, size and edge as the grammar says; pictures likewise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from portal.imaging import composite, rgb, sprite
from portal.imaging.limits import Limits, coding_for, measure
from portal.imaging.look import Channel, Look
from portal.imaging.planes import Planes, Rgb, halved, levels
from portal.imaging.render import pooled, render
from portal.imaging.strips import groups, strips
from tests.imaging.works import load_file, pixels


def smooth_stack(t: int, c: int, z: int, height: int, width: int, dtype: str = "uint16") -> np.ndarray:
    """TCZYX, each plane different, brighter to the right and (odd channels) to the bottom."""
    y, x = np.mgrid[0:height, 0:width]
    stack = np.empty((t, c, z, height, width))
    for i, j, k in np.ndindex(t, c, z):
        stack[i, j, k] = 200 + 300 * j + 60 * k + 25 * i + 2000 * (y / height if j % 2 else x / width)
    return stack.astype(dtype)


def source_of(stack: np.ndarray) -> Planes:
    t, c, z, height, width = stack.shape
    return Planes(width, height, c, z, t, stack.dtype, lambda i, j, k: stack[i, j, k])


def undone(gray: np.ndarray, limits: Limits, coding: str) -> np.ndarray:
    f = gray / 255.0
    return limits.lo + (f if coding == "linear" else f * f) * (limits.hi - limits.lo)


@pytest.mark.parametrize(("channels", "wanted"), [(1, ((0,),)), (4, ((0, 1, 2, 3),)), (6, ((0, 1, 2, 3), (4, 5)))])
def test_groups(channels: int, wanted: tuple) -> None:
    assert groups(channels) == wanted


def ending(width: int, height: int) -> str:
    """docs/tiles.md: levels whose longer side is 2,048 px or more are JPEG."""
    return "jpg" if max(width, height) >= 2048 else "webp"


@pytest.mark.parametrize(
    "shape",
    [
        (2, 6, 2, 520, 700), (1, 2, 1, 512, 513), (1, 3, 1, 5, 40), (1, 1, 2, 64, 1), (1, 2, 1, 1, 1),
        (1, 5, 1, 2048, 30), (1, 4, 2, 523, 2047), (1, 4, 2, 523, 2049), (1, 3, 1, 1, 4100),
    ],
)  # fmt: skip
def test_every_tile_says_what_the_source_says(shape: tuple[int, ...], tmp_path: Path) -> None:
    stack = smooth_stack(*shape)
    source = source_of(stack)
    limits = tuple(measure(source, c) for c in range(source.channels))
    coding = coding_for(stack.dtype, limits)
    drawn = dict(strips(source, limits, coding, tmp_path))
    sizes = levels(source.width, source.height)
    wanted = {
        f"{d}/{z}/{t}/{g}/{x}_{y}.{ending(v.width, v.height)}"
        for d, v in enumerate(sizes)
        for z in (*range(source.z), *(["max"] if source.z > 1 else []))
        for t in range(source.t)
        for g in range(len(groups(source.channels)))
        for x in range(v.columns)
        for y in range(v.rows)
    }
    assert set(drawn) == wanted
    for path, data in drawn.items():
        depth, z, t, group, place = path.rpartition(".")[0].split("/")
        x, y = (int(n) for n in place.split("_"))
        members = groups(source.channels)[int(group)]
        strip = pixels(data)
        assert (strip[..., 0] == strip[..., 2]).all(), "gray: red and blue are the same"
        height = strip.shape[0] // len(members)
        for row, c in enumerate(members):
            plane = stack[int(t), c].max(axis=0) if z == "max" else stack[int(t), c, int(z)]
            for _ in range(int(depth)):
                plane = halved(plane)
            part = plane[y * 512 : (y + 1) * 512, x * 512 : (x + 1) * 512].astype(float)
            tile = strip[row * height : (row + 1) * height, :, 0]
            if path.endswith(".jpg"):
                assert height % 8 == 0 and height - len(part) < 8, "no block of 8 rows holds two channels"
                tile = tile[: len(part)]
            assert tile.shape == part.shape
            value = undone(tile, limits[c], coding)
            span = limits[c].hi - limits[c].lo
            assert np.abs(value - np.clip(part, limits[c].lo, limits[c].hi)).mean() < 0.012 * span, path


@pytest.mark.parametrize("height", [2053, 3, 523])
def test_channels_of_a_strip_do_not_mix(height: int, tmp_path: Path) -> None:
    """Black, white and black again, at heights that are no multiple of a block: no pixel of any tile is gray."""
    stack = np.zeros((1, 3, 1, height, 2051), np.uint16)
    stack[0, 1] = 1000
    limits = (Limits(0, 1000, 0, 1000, ()),) * 3
    source = source_of(stack)
    sizes = levels(source.width, source.height)
    for path, data in strips(source, limits, "linear", tmp_path):
        depth, _, _, _, place = path.split("/")
        y = int(place.partition(".")[0].split("_")[1])
        high = min(512, sizes[int(depth)].height - 512 * y)
        told = pixels(data)[..., 0].reshape(3, -1, pixels(data).shape[1])[:, :high]
        if path.endswith("jpg") or high < 16:
            assert told[0].max() <= 2 and told[1].min() >= 253 and told[2].max() <= 2, path


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "float32", "float64"])
def test_every_type_can_be_drawn(dtype: str, tmp_path: Path) -> None:
    stack = (smooth_stack(1, 2, 1, 30, 50) % 100).astype(dtype)
    source = source_of(stack)
    limits = tuple(measure(source, c) for c in range(2))
    look = Look(tuple(Channel(f"c{c}", None, "#ffffff", (v.low, v.high)) for c, v in enumerate(limits)))
    done = render(source, look, limits, tmp_path)
    info = load_file(done.files["info.json"])
    assert info["dtype"] == dtype and info["kind"] == "strips" and info["groups"] == [[0, 1]]
    assert info["version"] == 3 and info["formats"] == ["webp"]
    assert set(done.files) == {"0/0/0/0/0_0.webp", "info.json", "preview.webp", "thumbnail.webp"}


def gradient(height: int, width: int) -> np.ndarray:
    """Red grows to the right, green to the bottom; a blue square in the top left corner."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 200 // width, y * 200 // height, np.zeros_like(x)], axis=-1).astype(np.uint8)
    picture[: height // 8, : width // 8, 2] = 255
    return picture


@pytest.mark.parametrize(("height", "width"), [(1100, 1500), (512, 512), (300, 2050), (1, 1), (1, 700), (33, 513)])
@pytest.mark.parametrize("in_parts", [False, True])
def test_rgb_tiles_are_upright(height: int, width: int, in_parts: bool, tmp_path: Path) -> None:
    picture = gradient(height, width)
    region = (lambda rows, columns: picture[rows, columns]) if in_parts else None
    preview = rgb.tile_rgb(Rgb(width, height, lambda: picture, region=region), tmp_path)
    sizes = levels(width, height)
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {f"{d}/{x}_{y}.jpg" for d, v in enumerate(sizes) for x in range(v.columns) for y in range(v.rows)}
    for depth, size in enumerate(sizes):
        whole = np.zeros((size.height, size.width, 3), np.uint8)
        for x in range(size.columns):
            for y in range(size.rows):
                tile = pixels((tmp_path / f"{depth}/{x}_{y}.jpg").read_bytes())
                whole[y * 512 : y * 512 + tile.shape[0], x * 512 : x * 512 + tile.shape[1]] = tile
        wanted = picture
        for _ in range(depth):
            wanted = halved(wanted)
        assert np.abs(whole.astype(int) - wanted).mean() < 4, depth
    assert max(preview.shape[:2]) == min(1024, max(height, width))


def test_a_preview_blends_windows_and_colours() -> None:
    left = np.array([[0, 100, 200]], np.uint16)
    right = np.array([[200, 100, np.nan]], np.float32)
    picture = composite.blended([left, right], [(0, 200), (100, 200)], ["#ff0000", "#00ff80"])
    assert picture.tolist() == [[[0, 255, 128], [128, 0, 0], [255, 0, 0]]]


def test_pictures_are_never_enlarged_nor_vanish() -> None:
    assert composite.fitted(np.zeros((10, 20, 3), np.uint8), 192).shape == (10, 20, 3)
    assert composite.fitted(np.zeros((1, 5000, 3), np.uint8), 192).shape == (1, 192, 3)
    with pytest.raises(ValueError, match="16,383"):
        composite.webp(np.zeros((1, 16_384, 3), np.uint8))


def test_a_sprite_has_each_well_in_its_cell() -> None:
    colours = {f"W{i}": np.full((50 + i, 100, 3), (i * 5, 255 - i * 5, 60), np.uint8) for i in range(30)}
    made = sprite.sheet(colours)
    whole = pixels(made.picture)
    assert (made.columns, made.rows, made.cell) == (24, 2, 96) and whole.shape == (192, 2304, 3)
    for name, i in made.places.items():
        middle = whole[i // 24 * 96 + 48, i % 24 * 96 + 48]
        assert np.abs(middle.astype(int) - colours[name][0, 0]).max() < 12
        assert whole[i // 24 * 96 + 3, i % 24 * 96 + 48].max() < 30, "above the picture lies the background"


def test_one_bright_well_does_not_darken_the_plate() -> None:
    usual = [(Limits(0, 1000, 50, 800, ()),)] * 20
    assert pooled([*usual, (Limits(0, 60_000, 40, 50_000, ()),)]) == ((50, 800),)


def test_a_channel_that_some_wells_lack_has_a_window_of_the_plate_all_the_same() -> None:
    dna, actin = Limits(0, 1000, 50, 800, ()), Limits(0, 5000, 200, 4000, ())
    assert pooled([(dna,), (dna, actin), (dna, actin)]) == ((50, 800), (200, 4000))


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (103.27, 1847.3, (100, 1840)),
        (1012.4, 1078.1, (1012, 1078)),
        (0, 255, (0, 255)),
        (-0.00123, 0.00456, (-0.0012, 0.0046)),
        (7, 7, (7, 8)),
    ],
)
def test_the_window_of_a_plate_has_round_ends_that_one_more_well_seldom_moves(low: float, high: float, shown: tuple[float, float]) -> None:
    wells = [(Limits(min(low, 0), 255 if high == 255 else 1e6, low, high, ()),)] * 96
    (found,) = pooled(wells)
    assert found == shown and all(abs(a - b) <= (high - low) / 100 for a, b in zip(found, (low, high), strict=True) if high > low)
    assert pooled([*wells, (Limits(0, 1e6, low * 1.001, high * 1.001, ()),)]) == (found,)
