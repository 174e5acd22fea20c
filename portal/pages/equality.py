"""Printed against ours: a small square with a line of equality, both ways in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portal.checks import Cell
from portal.pages.prose import count

SIDE = 148  # of the square, in units of the drawing
LEFT, TOP = 16, 6  # of the square in the drawing
_UNITS = ("", "k", "M", "G", "T")


@dataclass(frozen=True)
class Dot:
    """A figure. `look`: equal, differs, or none, for one that is nothing on one of the sides and lies beside the square."""

    x: float
    y: float
    look: str


@dataclass(frozen=True)
class Panel:
    """`decades`: where the powers of ten lie, from the lower left corner; `low` and `high`: the ends of both axes."""

    label: str
    unit: str
    words: str
    dots: tuple[Dot, ...]
    decades: tuple[float, ...]
    low: str
    high: str


def power(exponent: int) -> str:
    """`1`, `100k`, `0.001`.

    >>> power(5), power(0), power(-3), power(7)
    ('100k', '1', '0.001', '10M')
    """
    if exponent < 0:
        return f"{10.0**exponent:.{-exponent}f}"
    return f"{10 ** (exponent % 3)}{_UNITS[min(exponent // 3, len(_UNITS) - 1)]}"


def panel(label: str, unit: str, cells: Sequence[Cell]) -> Panel:
    """Every figure that was printed and could be compared. What is nothing on both sides has no place on such axes."""
    pairs = [(float(c.printed), float(c.ours or 0), c.state) for c in cells if c.printed is not None and c.state in ("equal", "differs")]
    sizes = [value for p, o, _ in pairs for value in (p, o) if value > 0]
    low = math.floor(math.log10(min(sizes))) if sizes else 0
    high = max(math.ceil(math.log10(max(sizes))) if sizes else 1, low + 1)

    def along(value: float) -> float:
        return SIDE * (math.log10(value) - low) / (high - low)

    dots = []
    # Equal ones first: what differs lies on top.
    for p, o, state in sorted(pairs, key=lambda pair: (pair[2] != "equal", pair)):
        if p > 0 or o > 0:
            x = along(p) if p > 0 else -8.0
            y = along(o) if o > 0 else -8.0
            dots.append(Dot(round(LEFT + x, 1), round(TOP + SIDE - y, 1), state if p > 0 and o > 0 else "none"))
    steps = tuple(round(SIDE * d / (high - low), 1) for d in range(high - low + 1))
    return Panel(label, unit, _words([state for _, _, state in pairs]), tuple(dots), steps, power(low), power(high))


def _words(states: Sequence[str]) -> str:
    if not states:
        return "nothing to compare"
    equal = states.count("equal")
    if equal == len(states):
        return f"all {len(states)} equal" if len(states) > 1 else "equal"
    return f"{equal} equal, {count(len(states) - equal, 'differs', 'differ')}"
