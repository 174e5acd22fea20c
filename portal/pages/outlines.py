"""The Earth, flat: where a place lies on a map, and the coasts and borders of a part of it as SVG paths.

The projection is Equal Earth (Šavrič, Patterson and Jenny, 2018), which shows areas as they are. The outlines come flat already
from the vendor step (assets/vendor.mjs), in whole units of 640 m, x to the east and y to the south.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
EARTH = 10_000  # units an Earth radius, as vendor.mjs draws
WORLD = (-27_067, -13_174, 54_134, 26_348)  # x, y, width, height of the whole Earth

Line = list[tuple[int, int]]
Window = tuple[int, int, int, int]


def flat(latitude: float, longitude: float) -> tuple[int, int]:
    """Degrees north and east (WGS 84; the few kilometres to a sphere do not show) → x, y in units.

    >>> flat(0, 0), flat(0, 180), flat(90, 0)
    ((0, 0), (27066, 0), (0, -13174))
    """
    lam, phi = math.radians(longitude), math.radians(latitude)
    a1, a2, a3, a4 = _A
    t = math.asin(_M * math.sin(phi))
    t2 = t * t
    t6 = t2**3
    x = lam * math.cos(t) / (_M * (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)))
    y = t * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))
    return round(EARTH * x), round(-EARTH * y)


@dataclass(frozen=True)
class Drawn:
    """A part of the Earth as SVG paths within `window`."""

    window: Window
    land: str
    borders: str
    edge: str


class Outlines:
    """outlines.json of the vendor step."""

    def __init__(self, content: bytes):
        told = json.loads(content)
        assert told["earth"] == EARTH, "vendor.mjs and this module draw in one unit"
        self._told = told

    @cached_property
    def edge(self) -> list[Line]:
        return [_line(flat_) for flat_ in self._told["edge"]]

    def drawn(self, window: Window) -> Drawn:
        """The part of the Earth in a window. A part smaller than a quarter of the Earth's width has the finer outlines."""
        detail = self._told["fine" if window[2] < WORLD[2] / 4 else "coarse"]
        # What is cut off is cut outside of the window, so that no cut is seen.
        margin = max(window[2:]) // 20
        wide = (window[0] - margin, window[1] - margin, window[0] + window[2] + margin, window[1] + window[3] + margin)
        land = "".join(_path(ring, closed=True) for told in detail["land"] if (ring := _within(_line(told), wide)))
        borders = "".join(_path(part) for told in detail["borders"] for part in _runs(_line(told), wide))
        return Drawn(window, land, borders, "".join(_path(line, closed=True) for line in self.edge))


def _line(told: Sequence[int]) -> Line:
    x = y = 0
    line: Line = []
    for at in range(0, len(told), 2):
        x, y = x + told[at], y + told[at + 1]
        line.append((x, y))
    return line


def _path(line: Line, closed: bool = False) -> str:
    """`M10 20l3-4 5 6z`: relative steps, which are short."""
    (x, y), *rest = line
    steps = []
    for nx, ny in rest:
        if (nx, ny) != (x, y):
            steps.append(f"{nx - x}{'' if ny < y else ' '}{ny - y}")
        x, y = nx, ny
    if not steps:
        return ""
    joined = steps[0] + "".join(s if s.startswith("-") else " " + s for s in steps[1:])
    return f"M{line[0][0]} {line[0][1]}l{joined}{'z' if closed else ''}"


def _within(ring: Line, box: Window) -> Line:
    """A ring cut at the four sides of a box (left, top, right, bottom), as Sutherland and Hodgman do; empty where it lies outside."""
    for axis, limit, sign in ((0, box[0], 1), (0, box[2], -1), (1, box[1], 1), (1, box[3], -1)):
        if not ring:
            break
        out: Line = []
        before = ring[-1]
        for point in ring:
            inside, was = sign * (point[axis] - limit) >= 0, sign * (before[axis] - limit) >= 0
            if inside != was:
                out.append(_crossing(before, point, axis, limit))
            if inside:
                out.append(point)
            before = point
        ring = out
    return ring if len(ring) > 2 else []


def _crossing(one: tuple[int, int], other: tuple[int, int], axis: int, limit: int) -> tuple[int, int]:
    share = (limit - one[axis]) / (other[axis] - one[axis])
    across = round(one[1 - axis] + share * (other[1 - axis] - one[1 - axis]))
    return (limit, across) if axis == 0 else (across, limit)


def _runs(line: Line, box: Window) -> Iterator[Line]:
    """The parts of an open line that come into a box, each with one point more at both ends."""
    left, top, right, bottom = box
    inside = [left <= x <= right and top <= y <= bottom for x, y in line]
    start: int | None = None
    for at in range(len(line)):
        near = any(inside[max(0, at - 1) : at + 2])
        if near and start is None:
            start = at
        if start is not None and (not near or at == len(line) - 1):
            part = line[start : at + 1 if near else at]
            start = None
            if len(part) > 1:
                yield part
