"""Drawing cells: seeded noise, outlines, one cell, a field of cells. Used by `synthetic.py` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
TAU = 2 * np.pi


def seeded(*names: str) -> np.random.Generator:
    """The same names always give the same numbers; one image's do not depend on another's."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big"))


def smooth(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur; sigma in pixels. What lies beyond the edges is taken to be as the edges are."""
    reach = int(3.5 * sigma) + 1
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        wide = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        size = plane.shape[axis]
        plane = np.add.reduce([w * (wide[k : k + size] if axis == 0 else wide[:, k : k + size]) for k, w in enumerate(weights)])
    return plane


def _blurred(plane: Plane, sigma: float) -> Plane:
    """As `smooth`, but wrapping round at the edges, and as fast for a large sigma."""
    y, x = np.fft.fftfreq(plane.shape[0])[:, None], np.fft.rfftfreq(plane.shape[1])[None]
    spread = np.exp(-2 * (np.pi * sigma) ** 2 * (y * y + x * x))
    return np.fft.irfft2(np.fft.rfft2(plane) * spread, plane.shape).astype(np.float32)


def texture(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Plane:
    """Smooth noise with mean 0 and standard deviation 1."""
    noise = _blurred(rng.standard_normal(shape, dtype=np.float32), sigma)
    return (noise - noise.mean()) / max(float(noise.std()), 1e-9)


@lru_cache
def _chromatin() -> Plane:
    """One sheet of texture, of which every nucleus shows a part."""
    return texture(seeded("chromatin"), (1024, 1024), 1.6)


def enlarged(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Bilinear, to a larger shape."""
    for axis in (1, 0):
        at = np.linspace(0, plane.shape[axis] - 1, shape[axis], dtype=np.float32)
        low = np.minimum(at.astype(np.int32), plane.shape[axis] - 2)
        part = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        plane = np.take(plane, low, axis) * (1 - part) + np.take(plane, low + 1, axis) * part
    return plane


def counted(rng: np.random.Generator, light: Plane, gain: float = 0.02, offset: float = 60) -> NDArray[np.uint16]:
    """Light as a camera counts it: shot noise (normal, for speed), read noise, offset."""
    noise = rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(np.maximum(light, 0) * gain + 0.4)
    return np.clip(light + offset + noise, 0, 65_535).astype(np.uint16)


@dataclass(frozen=True)
class Outline:
    """A closed curve round a centre: radius times 1 + Σ aₖ·cos(kθ + φₖ), stretched along `angle`."""

    y: float
    x: float
    radius: float
    waves: tuple[tuple[float, float], ...]
    stretch: float = 1.0
    angle: float = 0.0

    def window(self, shape: Sequence[int], reach: float) -> tuple[slice, slice] | None:
        """The part of a plane within `reach` radii, or None where there is none."""
        r = self.radius * reach * max(self.stretch, 1 / self.stretch)
        top, bottom = max(0, int(self.y - r)), min(shape[0], int(self.y + r) + 1)
        left, right = max(0, int(self.x - r)), min(shape[1], int(self.x + r) + 1)
        return (slice(top, bottom), slice(left, right)) if bottom > top and right > left else None

    def polar(self, window: tuple[slice, slice]) -> tuple[Plane, Plane]:
        """For each pixel of the window: distance from the centre in units of the curve's radius there, and angle."""
        dy = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None] - self.y
        dx = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None] - self.x
        u = (dx * np.cos(self.angle) + dy * np.sin(self.angle)) / self.stretch
        v = (-dx * np.sin(self.angle) + dy * np.cos(self.angle)) * self.stretch
        theta = np.arctan2(v, u)
        edge = 1 + sum(a * np.cos((k + 2) * theta + phase) for k, (a, phase) in enumerate(self.waves))
        return np.hypot(u, v) / (self.radius * edge), theta

    def ring(self, points: int = 28) -> list[list[float]]:
        """The curve as a closed GeoJSON ring of [x, y]."""
        theta = np.linspace(0, TAU, points, endpoint=False)
        r = self.radius * (1 + sum(a * np.cos((k + 2) * theta + phase) for k, (a, phase) in enumerate(self.waves)))
        u, v = r * np.cos(theta) * self.stretch, r * np.sin(theta) / self.stretch
        x = self.x + u * np.cos(self.angle) - v * np.sin(self.angle)
        y = self.y + u * np.sin(self.angle) + v * np.cos(self.angle)
        ring = [[round(float(a), 1), round(float(b), 1)] for a, b in zip(x, y, strict=True)]
        return [*ring, ring[0]]


def outline(rng: np.random.Generator, y: float, x: float, radius: float, rough: float, stretch: float = 1.0) -> Outline:
    waves = tuple((float(rng.normal(0, rough / (k + 1))), float(rng.uniform(0, TAU))) for k in range(4))
    return Outline(y, x, radius, waves, stretch, float(rng.uniform(0, np.pi)))


def inside(distance: Plane, softness: float) -> Plane:
    """1 inside, 0 outside, a soft edge `softness` radii wide."""
    return 1 / (1 + np.exp(np.clip((distance - 1) / softness, -30, 30)))


def places(rng: np.random.Generator, shape: tuple[int, int], count: int, apart: float) -> list[tuple[float, float]]:
    """Up to `count` points, none nearer to another than `apart`; some just outside, so that cells cross the edges."""
    found: list[tuple[float, float]] = []
    for _ in range(count * 40):
        y, x = rng.uniform(-10, shape[0] + 10), rng.uniform(-10, shape[1] + 10)
        if all((y - b) ** 2 + (x - a) ** 2 > apart * apart for b, a in found):
            found.append((float(y), float(x)))
        if len(found) == count:
            break
    return found


# --- cells ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    body: Outline
    nuclei: tuple[Outline, ...]
    mitotic: bool
    grain: int


def cells(rng: np.random.Generator, shape: tuple[int, int], size: float, seen: frozenset[str], count: int) -> Iterator[Cell]:
    """Cells of about `size` px radius. `seen` holds phenotypes, in the words of the tables."""
    count = round(count * (0.4 if "fewer cells" in seen else 1.0))
    for y, x in places(rng, shape, count, size * 1.45):
        mitotic = rng.random() < (0.5 if "prolonged mitosis" in seen else 0.05)
        rounded = mitotic or ("rounded cells" in seen and rng.random() < 0.6)
        long = 1.75 if "elongated cells" in seen and not rounded else float(rng.uniform(1.0, 1.25))
        body = outline(rng, y, x, size * (0.62 if rounded else rng.uniform(0.95, 1.2)), 0.02 if rounded else 0.11, 1 if rounded else long)
        r = size * 0.40 * float(rng.uniform(0.9, 1.1)) * (1.5 if "increased nucleus size" in seen else 1.0)
        if "two nuclei in one cell" in seen and rng.random() < 0.65 and not mitotic:
            dy, dx = np.sin(body.angle) * r * 0.95, np.cos(body.angle) * r * 0.95
            nuclei = tuple(outline(rng, y + s * dy, x + s * dx, r * 0.9, 0.04, 1.1) for s in (-1, 1))
        elif "micronuclei like grapes" in seen and rng.random() < 0.7 and not mitotic:
            around = [(rng.uniform(0, TAU), rng.uniform(0.5, 1.1)) for _ in range(int(rng.integers(5, 10)))]
            nuclei = tuple(outline(rng, y + r * d * np.sin(a), x + r * d * np.cos(a), r * rng.uniform(0.25, 0.5), 0.03) for a, d in around)
        else:
            nuclei = (outline(rng, y, x, r * (0.66 if mitotic else 1), 0.10 if mitotic else 0.05, 1.6 if mitotic else rng.uniform(1, 1.3)),)
        yield Cell(body, nuclei, mitotic, int(rng.integers(0, 1 << 30)))


def paint(dna: Plane, tubulin: Plane, actin: Plane, cell: Cell, strength: float = 1.0) -> None:
    """Adds one cell to three planes of one shape; about 1 is bright."""
    rng = np.random.default_rng(cell.grain)
    at = cell.body.window(dna.shape, 1.35)
    if at is None:
        return
    far, theta = cell.body.polar(at)
    filled = inside(far, 0.05)
    # Microtubules: rays that bend, brightest round the nucleus; a spindle in mitosis.
    bend = float(rng.uniform(1.5, 4))
    rays = sum(np.cos(n * theta + bend * far * (1 + n % 3) + rng.uniform(0, TAU)) for n in (17, 23, 31, 41)) / 4
    if cell.mitotic:
        spindle = np.exp(-((far / 0.55) ** 2)) * (1 + 0.5 * np.cos(8 * theta) * far)
        light = filled * 0.18 + 0.9 * spindle * filled
    else:
        light = filled * np.clip(0.30 + 0.34 * rays, 0.05, 1) * np.exp(-0.5 * np.clip(far * 2.4 - 0.9, 0, 3)) * 1.1
    # The brighter of two cells that overlap is seen: they grow beside each other, not through.
    tubulin[at] = np.maximum(tubulin[at], strength * light)
    # Actin: a cortex, and stress fibres along the cell.
    rim = np.exp(-(((far - 0.96) / 0.06) ** 2))
    u = np.sin(far * cell.body.radius * np.sin(theta) * TAU / 5.5 + 0.8 * rays)
    light = filled * (0.13 if cell.mitotic else 0.13 + 0.16 * np.clip(u, 0, 1)) + rim * (0.75 if cell.mitotic else 0.42)
    actin[at] = np.maximum(actin[at], strength * light)
    for nucleus in cell.nuclei:
        here = nucleus.window(dna.shape, 1.4)
        if here is None:
            continue
        near, angle = nucleus.polar(here)
        top, left = rng.integers(0, 800, 2)
        chromatin = _chromatin()[top : top + near.shape[0], left : left + near.shape[1]]
        mask = inside(near, 0.04)
        holes = np.zeros_like(near)
        for _ in range(0 if cell.mitotic else int(rng.integers(1, 4))):
            a, d = rng.uniform(0, TAU), rng.uniform(0.15, 0.6)
            away = (near * np.cos(angle) - d * np.cos(a)) ** 2 + (near * np.sin(angle) - d * np.sin(a)) ** 2
            holes += np.exp(-away / 0.02)
        dna[here] += strength * mask * np.clip((1.1 if cell.mitotic else 0.68) + 0.07 * chromatin - 0.3 * holes, 0.1, 2)
        tubulin[here] *= 1 - 0.6 * mask * (not cell.mitotic)


def field(
    rng: np.random.Generator, shape: tuple[int, int], size: float, seen: frozenset[str], count: int
) -> tuple[list[Plane], list[Cell]]:
    """A field of view: DNA, tubulin and actin planes with uneven light, and the cells in it."""
    planes = [np.zeros(shape, np.float32) for _ in range(3)]
    found = list(cells(rng, shape, size, seen, count))
    for cell in found:
        paint(planes[0], planes[1], planes[2], cell, float(rng.uniform(0.8, 1.15)))
    y, x = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None], np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    lamp = 1 - 0.16 * (y * y + x * x)
    return [(smooth(p, 0.7) * lamp).astype(np.float32) for p in planes], found


def dot(plane: Plane, y: float, x: float, radius: float, light: float) -> None:
    """Adds a soft spot."""
    spot = Outline(y, x, radius, ())
    if (at := spot.window(plane.shape, 3)) is not None:
        plane[at] += light * np.exp(-(spot.polar(at)[0] ** 2))
