"""First views stay within benchmarks/budgets.toml: counted in bytes and requests, which no slow machine changes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks.first_view import measure
from tests.browser import kinds
from tests.browser.watched import Browsing, Served

BUDGETS = tomllib.loads((Path(__file__).parents[2] / "benchmarks/budgets.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", BUDGETS)
def test_a_first_view_is_within_its_budget(served: Served, open_page: Browsing, kind: str) -> None:
    cost = measure(open_page, served.site.resolve(), served.root + kinds.of(served.site)[kind], kind)
    assert cost.requests <= BUDGETS[kind]["requests"] and cost.kilobytes <= BUDGETS[kind]["kilobytes"], cost
