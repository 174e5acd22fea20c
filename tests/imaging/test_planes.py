"""Levels, halving, limits and coding: the arithmetic below every tile."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imaging.limits import Coder, Limits, coding_for, measure
from portal.imaging.planes import Planes, halved, levels


def planes_of(stack: np.ndarray) -> Planes:
    """TCZYX as a source."""
    t, c, z, height, width = stack.shape
    return Planes(width, height, c, z, t, stack.dtype, lambda i, j, k: stack[i, j, k])


@given(st.integers(1, 40_000), st.integers(1, 40_000))
def test_levels_halve_until_one_tile_holds_them(width: int, height: int) -> None:
    found = levels(width, height)
    assert (found[0].width, found[0].height) == (width, height)
    assert max(found[-1].width, found[-1].height) <= 512
    assert all(max(v.width, v.height) > 512 for v in found[:-1])
    for upper, lower in pairwise(found):
        assert lower.width == (upper.width + 1) // 2 and lower.height == (upper.height + 1) // 2
    assert all(v.columns == -(-v.width // 512) and v.rows == -(-v.height // 512) for v in found)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int8", "float32", "uint32", "uint64", "float64"])
@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 9), (3, 1), (1, 1)])
def test_halved_is_the_mean_of_four(dtype: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    plane = rng.integers(0, 100, shape).astype(dtype)
    small = halved(plane)
    assert small.dtype == plane.dtype and small.shape == (-(-shape[0] // 2), -(-shape[1] // 2))
    padded = np.pad(plane.astype(float), ((0, shape[0] % 2), (0, shape[1] % 2)), "edge")
    mean = padded.reshape(small.shape[0], 2, small.shape[1], 2).mean(axis=(1, 3))
    assert np.abs(small - mean).max() <= (0.5 if np.dtype(dtype).kind in "iu" else 1e-5)


def test_halving_does_not_overflow() -> None:
    assert (halved(np.full((4, 4), 65_535, np.uint16)) == 65_535).all()
    assert (halved(np.full((4, 4), -128, np.int8)) == -128).all()


def test_a_hot_pixel_does_not_stretch_the_range() -> None:
    rng = np.random.default_rng(2)
    stack = rng.integers(100, 400, (1, 1, 1, 256, 256)).astype(np.uint16)
    stack[0, 0, 0, 7, 7], stack[0, 0, 0, 9, 9] = 65_535, 0
    found = measure(planes_of(stack), 0)
    assert 95 <= found.lo <= 110 and 380 <= found.hi <= 800
    assert found.lo <= found.low < found.high <= 400
    assert sum(found.histogram) == 65_536 and len(found.histogram) == 64


def test_an_empty_plane_says_nothing() -> None:
    rng = np.random.default_rng(3)
    stack = np.zeros((3, 1, 4, 32, 32), np.uint16)
    stack[1, 0, 2] = rng.integers(1000, 2000, (32, 32))
    found = measure(planes_of(stack), 0)
    assert 1000 <= found.lo < found.hi <= 3000
    assert sum(found.histogram) == 32 * 32


@pytest.mark.parametrize("value", [0, 1, 255])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "float32"])
def test_one_value_everywhere_still_has_a_range(dtype: str, value: int) -> None:
    found = measure(planes_of(np.full((1, 1, 1, 3, 1), value).astype(dtype)), 0)
    assert found.lo < found.hi and found.low < found.high


def test_floats_with_holes() -> None:
    stack = np.linspace(-1, 1, 10_000, dtype=np.float32).reshape(1, 1, 1, 100, 100)
    stack[0, 0, 0, 0, :3] = np.nan, np.inf, -np.inf
    found = measure(planes_of(stack), 0)
    assert -1.01 <= found.lo < -0.9 and 0.9 < found.hi <= 1.01
    drawn = Coder(stack.dtype, found, "sqrt")(stack[0, 0, 0])
    assert drawn[0, 0] == 0 and drawn[0, 1] == 255 and drawn[0, 2] == 0


def test_nothing_but_nan() -> None:
    found = measure(planes_of(np.full((1, 1, 1, 4, 4), np.nan)), 0)
    assert (found.lo, found.hi) == (0, 1)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "uint32"])
@pytest.mark.parametrize("coding", ["linear", "sqrt"])
def test_coding_can_be_undone(dtype: str, coding: str) -> None:
    """The viewer's arithmetic: value = lo + f·(hi − lo), f = v/255 or (v/255)²."""
    limits = Limits(10, 3010, 10, 3010, ())
    plane = np.arange(0, 4000, 7).astype(dtype).reshape(4, -1)
    f = Coder(plane.dtype, limits, coding)(plane) / 255.0  # type: ignore[arg-type]
    back = limits.lo + (f if coding == "linear" else f * f) * (limits.hi - limits.lo)
    wanted = np.clip(plane.astype(float), 10, 3010)
    step = 3000 / 255
    allowed = step / 2 if coding == "linear" else np.maximum(step * np.sqrt((wanted - 10) / 3000), step / 255) * 1.01 + 0.1
    assert (np.abs(back - wanted) <= allowed + 1e-6).all()


def test_eight_bits_are_kept_as_they_are() -> None:
    stack = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 16, 16)
    limits = (measure(planes_of(stack), 0),)
    assert coding_for(stack.dtype, limits) == "linear"
    assert (Coder(stack.dtype, limits[0], "linear")(stack[0, 0, 0]) == stack[0, 0, 0]).all()


def test_brightfield_is_linear_and_wide_ranges_are_square_roots() -> None:
    wide = (Limits(0, 4000, 0, 4000, ()),)
    assert coding_for(np.dtype("uint16"), wide) == "sqrt"
    assert coding_for(np.dtype("uint16"), wide, brightfield=True) == "linear"
