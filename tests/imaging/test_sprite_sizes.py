"""A sprite is as small as its wells are on a screen, and stays within the bytes that a plate's first view may cost."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from portal.imaging.sprite import CELL, MOST_BYTES, sheet


def noisy(wells: int, blur: float) -> dict[str, np.ndarray]:
    """Cells of coloured noise, less dense with a larger `blur`; a few pictures stand for all wells."""
    dice = np.random.default_rng(3)
    pictures = [Image.fromarray(dice.integers(0, 255, (CELL, CELL, 3), np.uint8)).filter(ImageFilter.GaussianBlur(blur)) for _ in range(8)]
    return {f"W{i}": np.asarray(pictures[i % 8]) for i in range(wells)}


def test_a_small_plate_has_large_cells_and_many_wells_small_ones() -> None:
    for wells, side in ((12, 96), (96, 96), (384, 64), (1536, 32)):
        made = sheet(dict.fromkeys((f"W{i}" for i in range(wells)), np.full((CELL, CELL, 3), 80, np.uint8)))
        assert made.cell == side
        assert Image.open(io.BytesIO(made.picture)).size == (made.columns * side, made.rows * side)


def test_a_dense_plate_of_384_wells_keeps_within_its_bytes() -> None:
    dense = sheet(noisy(384, 0.8))
    assert 0.6 * MOST_BYTES < len(dense.picture) <= MOST_BYTES
    # A plain one is not made worse than it need be.
    plain, worse = sheet(noisy(12, 2)), Image.open(io.BytesIO(sheet(noisy(12, 2)).picture))
    out = io.BytesIO()
    worse.save(out, "WEBP", quality=45)
    assert len(out.getvalue()) < len(plain.picture)
