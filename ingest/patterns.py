"""Regular expressions that content brings: refused where matching one could take very long.

Python's matcher tries every way in which a text can be divided among the parts of a pattern. Where a repeated part may
itself vary, there are as many ways as 2 to the length of the text, and `(a+)+$` never ends on forty letters. So a pattern
is read as Python reads it, and the ways in which it can be tried on MATCHED characters are counted before it is ever used.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

# The parser behind `re.compile`. Its module has no public name, and nothing else says for certain how `re` reads a pattern.
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MATCHED = 100  # characters of an identifier; no longer one is ever matched (portal.pages.render)
LONGEST = 200  # characters of a pattern
OPEN = 3  # repeats without an end
WAYS = 200_000  # tries of a whole pattern: they take about a fiftieth of a second
OPEN_WAYS = 20  # how many of them an open repeat takes, as measured

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_LOOKS = {
    codes.ASSERT: "looks ahead or behind",
    codes.ASSERT_NOT: "looks ahead or behind",
    codes.GROUPREF: "refers back to a group",
    codes.GROUPREF_EXISTS: "refers back to a group",
}


class Refused(Exception):
    """Why a pattern is not used: the rest of a sentence that begins with it."""


def check(pattern: str) -> None:
    """Raises Refused for what is no pattern, or one that could take long."""
    if len(pattern) > LONGEST:
        raise Refused(f"has {len(pattern):,} characters, and at most {LONGEST} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own thoughts on odd sets
            re.compile(pattern)
            parts = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(f"is not a regular expression ({str(error)[:120]})") from None
    opened: list[bool] = []
    ways = _ways(parts, opened)
    if len(opened) > OPEN:
        raise Refused(f"has {len(opened)} repeats without an end, and at most {OPEN} are tried")
    if ways * OPEN_WAYS ** len(opened) > WAYS:
        raise Refused("could be tried in too many ways")


def _ways(parts: Iterable[tuple[Any, Any]], opened: list[bool]) -> int:
    """In how many ways these parts, one after another, can be tried. Open repeats are not multiplied but put into `opened`."""
    ways = 1
    for code, value in parts:
        ways = min(ways * _ways_of(code, value, opened), WAYS + 1)
    return ways


def _ways_of(code: Any, value: Any, opened: list[bool]) -> int:
    if code in _LOOKS:
        raise Refused(_LOOKS[code])
    if code is codes.SUBPATTERN:
        return _ways(value[-1], opened)
    if code is codes.ATOMIC_GROUP:
        return _ways(value, opened)
    if code is codes.BRANCH:
        return sum(_ways(branch, opened) for branch in value[1])
    if code not in _REPEATS:
        return 1
    least, most, part = value
    inner: list[bool] = []
    each = _ways(part, inner)
    if most <= 1:  # an optional part
        opened += inner
        return each + 1
    shortest, longest = part.getwidth()
    if inner or (most > MATCHED and (each > 1 or shortest != longest)):
        raise Refused("repeats a part that may itself be of several lengths or kinds")
    if most > MATCHED:
        opened.append(True)
        return 1
    counts = range(least, most + 1)
    return sum(min(each**n, WAYS + 1) for n in counts)
