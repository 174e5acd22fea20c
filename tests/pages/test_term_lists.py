"""Lists of terms as a tree: bounded in breadth and depth, and what is cut is counted."""

from __future__ import annotations

from portal.pages import term_lists
from portal.terms import Branch, TermLine


def line(n: int, *parents: int) -> TermLine:
    return TermLine(kind="phenotype", slug=f"t{n}", name=f"t{n}", accession=f"T:{n}", parents=tuple(f"t{p}" for p in parents))


def deepest(branches: tuple[Branch, ...]) -> int:
    depth = 0
    while branches:
        depth, branches = depth + 1, tuple(b for branch in branches for b in branch.below)
    return depth


def test_a_way_down_is_drawn_as_far_as_terms_are_counted() -> None:
    whole = term_lists.tree([line(0), *(line(n, n - 1) for n in range(1, 65))])
    assert (deepest(whole[0]), whole[1]) == (65, 0)
    drawn, cut = term_lists.tree([line(0), *(line(n, n - 1) for n in range(1, 790))])
    assert (deepest(drawn), cut) == (65, 1), "the rest is one branch"


def test_branches_past_the_bound_are_counted() -> None:
    drawn, cut = term_lists.tree([line(0), *(line(n, 0) for n in range(1, 900))])
    assert (len(drawn[0].below), cut) == (term_lists.MOST_BRANCHES - 1, 900 - term_lists.MOST_BRANCHES)
