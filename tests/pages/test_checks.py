"""What was printed beside what is here: how figures are compared and drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.checks import Cell, agrees
from portal.pages.equality import LEFT, SIDE, TOP, panel, power


@pytest.mark.parametrize(
    ("printed", "ours", "same"),
    [
        ("1152", 1152, True), ("1152", 1153, False), ("0.4", 0.39, True), ("0.40", 0.39, False), ("0.02", 0.2, False),
        ("42", 41.5638, True), ("0", 0, True), ("0.0005", 0.0, False), ("2538777", 2538877, False), ("0.12", 0.03 + 0.09, True),
    ],
)  # fmt: skip
def test_two_figures_agree_when_ours_is_rounded_as_in_print(printed: str, ours: float, same: bool) -> None:
    assert agrees(printed, ours) is same


FIGURES = st.one_of(st.just(0.0), st.floats(1e-6, 1e12))


@given(st.lists(st.tuples(FIGURES, st.one_of(st.none(), FIGURES)), max_size=30))
def test_every_dot_lies_in_the_drawing(pairs: list[tuple[float, float | None]]) -> None:
    cells = [Cell("n", f"{p:.6f}", o, "equal" if o is not None and abs(p - o) < 1e-9 else "differs") for p, o in pairs]
    drawn = panel("Samples", "", cells)
    for dot in drawn.dots:
        assert LEFT - 9 <= dot.x <= LEFT + SIDE and TOP <= dot.y <= TOP + SIDE + 9
        if dot.look == "equal":
            assert abs((dot.x - LEFT) - (TOP + SIDE - dot.y)) < 0.3, "what is equal lies on the line"
    assert drawn.decades[0] == 0 and drawn.decades[-1] == SIDE


def test_powers_are_short() -> None:
    assert [power(n) for n in (-4, -1, 0, 2, 3, 5, 6, 9, 12)] == ["0.0001", "0.1", "1", "100", "1k", "100k", "1M", "1G", "1T"]
