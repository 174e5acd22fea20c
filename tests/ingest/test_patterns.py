"""No pattern that content brings can hold a build up."""

from __future__ import annotations

import re

import pytest

from ingest.patterns import MATCHED, Refused, check
from portal.outside import LINKS
from portal.pages import render
from tests.effort import effort


@pytest.mark.parametrize("pattern", [link[1] for link in LINKS])
def test_our_own_pass(pattern: str) -> None:
    check(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+$", "(ab|ab)*$", "(a?)+$", "(a{1,2})*$", "(.*a){20}", "a*a*a*a*b", "(a?){30}a{30}", "(?:a?){12}a*a*a*b", "((a+)?)+",
     r"(a)\1", "a(?=b)", "(?<!a)b", "(a)?(?(1)b|c)", "(?>a+)+", "a" * 201, "(", "a{99999999999}", "(?:(?:a{0,90}){0,90}){0,90}"],
)  # fmt: skip
def test_what_could_take_long_is_refused(pattern: str) -> None:
    with pytest.raises(Refused):
        check(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"ENSG\d+", r"(?:\.\d+)?", "[A-Z]+-[0-9]+", r"(\d\d)+", "(a|b)+", r"a*a*a*$b", r"(?:a?){3}a*a*a*b", r"\w{1,100}\w{1,100}\w{1,20}b"],
)  # fmt: skip
def test_what_passes_is_quick(pattern: str) -> None:
    check(pattern)
    for text in ("a" * MATCHED, "a" * (MATCHED - 1) + "!", "1" * MATCHED):
        assert effort(lambda text=text: re.compile(pattern).fullmatch(text)) < 20


def test_pages_match_no_longer_identifiers() -> None:
    assert render.MATCHED == MATCHED
