"""What is bounded of files of terms, and what is told of it: problems past a number, texts and lists that are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from ingest.marks import quoted
from portal.ontology import OntologyTerm
from portal.problems import Place, Problem

MAX_TOLD = 20  # problems of one sort told line by line; the others are counted
MAX_VALUES = 200  # synonyms, parents … of one term
MAX_TEXT = 5_000  # characters of a definition or comment
MAX_NAME = 1_000
_MAX_LISTED = 5

Value = TypeVar("Value")


class Told:
    """Problems of one sort: the first 20, and how many `more` there are. The others are counted and not held: a file of 64 MB may hold
    millions.
    """

    def __init__(self, more: str, mend: str):
        self._more, self._mend = more, mend
        self._first: list[Problem] = []
        self._others = 0

    def add(self, problem: Problem) -> None:
        if len(self._first) < MAX_TOLD:
            self._first.append(problem)
        else:
            self._others += 1

    def problems(self, file: str) -> list[Problem]:
        if not self._others:
            return self._first
        return [*self._first, Problem(Place(file), f"has {self._others:,} {self._more}", self._mend, self._first[0].severity)]


class Cuts:
    """What was left out of the terms of a file because it is too much: by tag, how many values or texts, and the first term."""

    def __init__(self) -> None:
        self._texts: Counter[tuple[str, int]] = Counter()  # tag, characters that are kept
        self._values: Counter[str] = Counter()
        self._first: OntologyTerm | None = None

    def text(self, tag: str, value: str, most: int = MAX_TEXT) -> str:
        text = " ".join(value.split())
        self._texts[tag, most] += len(text) > most
        return text[:most]

    def values(self, tag: str, found: Sequence[Value]) -> tuple[Value, ...]:
        self._values[tag] += max(0, len(found) - MAX_VALUES)
        return tuple(found[:MAX_VALUES])

    def join(self, other: Cuts, term: OntologyTerm) -> None:
        """Add what was cut of a term."""
        self._texts += other._texts
        self._values += other._values
        if (other._texts.total() or other._values.total()) and self._first is None:
            self._first = term

    def problems(self, file: str) -> list[Problem]:
        """One warning, at the first term that is cut; none where nothing is."""
        if self._first is None:
            return []
        left = [f"{n:,} '{tag}' past {MAX_VALUES} of a term" for tag, n in sorted(self._values.items()) if n]
        left += [f"the end of {n:,} '{tag}' past {most:,} characters" for (tag, most), n in sorted(self._texts.items()) if n]
        what = f"is the first of what is too long ({named(self._first.accession)}): left out are {', '.join(left)}"
        return [Problem(Place(file, self._first.line), what, "shorten them if it matters here", "warning")]


def named(accession: str) -> str:
    """An accession as a problem names it: bounded, as files may write anything."""
    return quoted(accession, 60)[1:-1]


def listed(accessions: Sequence[str]) -> str:
    more = len(accessions) - _MAX_LISTED
    return ", ".join(map(named, accessions[:_MAX_LISTED])) + (f" and {more:,} more" if more > 0 else "")
