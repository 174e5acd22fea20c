"""Which rows a study's own figures count: the rules of `samples.counted`, each tried once on every distinct cell.

A row that is not counted stays in every table. Cells and lists are compared trimmed and without regard to capitals: plates are
written `P120` in one table of a study and `p120` in the next.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.marks import quoted
from ingest.records import MAX_ROWS
from ingest.sample_tables.joining import EXAMPLES, Joined
from ingest.tables import line_ends, read_text
from portal.model import Counted, StudyComponent
from portal.problems import Place, Problem


@dataclass(frozen=True)
class Counting:
    """`counted[i]` tells of row i. `missed`: a rule's words → for each row, whether it does not meet that rule; rules of the same words
    are one. `notes` name what of a list no row has.
    """

    counted: list[bool]
    missed: dict[str, list[bool]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def not_counted(self) -> dict[str, int]:
        """A rule's words → how many rows do not meet it. A row that misses two rules is in both figures."""
        return {says: sum(misses) for says, misses in self.missed.items()}


@dataclass(frozen=True)
class Listed:
    """The first column of a table without a header: each value as it is compared → as it was first written."""

    file: str
    values: Mapping[str, str]


def list_names(it: StudyComponent) -> list[str]:
    """The tables that rules look into, by their path in the study folder."""
    return list(dict.fromkeys(rule.listed_in for rule in it.samples.counted if rule.listed_in)) if it.samples else []


def read_list(raw: bytes, name: str) -> tuple[Listed | None, str, str]:
    """(list, "", "") or (None, what is wrong, how to mend it). Cells end at tabs, in a `.csv` at commas; blank ones are passed over."""
    text, _, _, problem = read_text(raw, name)
    if problem:
        return None, problem.what, problem.mend
    # What else may stand in a file of mixed line ends is no part of a name.
    text = line_ends(text)[0].replace("\r", "\n")
    delimiter = "," if name.casefold().removesuffix(".gz").endswith(".csv") else "\t"
    values: dict[str, str] = {}
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter)):
            if number > MAX_ROWS:
                return None, f"has more than {MAX_ROWS:,} rows", "keep the names alone, each once"
            if row and (cell := row[0].strip()):
                values.setdefault(cell.casefold(), cell)
    except csv.Error as error:
        return None, f"cannot be read as a table ({error})", "look for a double quote that is never closed"
    return Listed(name, values), "", ""


def count_rows(joined: Joined, rules: tuple[Counted, ...], lists: Mapping[str, Listed], at: Place) -> tuple[Counting, list[Problem]]:
    """What of the rows is counted. Every rule's column is one of the table's, and every list is in `lists`.

    `at` is the place of the component's `samples` in study.yaml. A rule that no row meets is a warning there.
    """
    missed: dict[str, list[bool]] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for index, rule in enumerate(rules):
        cells = joined.columns[rule.column]
        meets = _condition(rule, lists)
        verdict = {cell: not meets(cell.strip().casefold()) for cell in set(cells)}
        misses = [verdict[cell] for cell in cells]
        if cells and all(misses):
            problems.append(_met_by_none(rule, cells, Place(at.file, path=f"{at.path}.counted[{index}]")))
        if rule.listed_in:
            notes += _unmet(lists[rule.listed_in], rule.column, {cell.strip().casefold() for cell in verdict})
        before = missed.get(rule.says)
        missed[rule.says] = [a or b for a, b in zip(before, misses, strict=True)] if before else misses
    counted = [True] * len(joined)
    for misses in missed.values():
        counted = [c and not m for c, m in zip(counted, misses, strict=True)]
    return Counting(counted, missed, tuple(notes)), problems


def _condition(rule: Counted, lists: Mapping[str, Listed]) -> Callable[[str], bool]:
    """Whether a cell, trimmed and folded, meets a rule. `ingest.rules` has seen to it that a rule has one condition."""
    if rule.listed_in is not None:
        listed = lists[rule.listed_in].values
        return lambda cell: cell in listed
    if rule.any_of is not None:
        these = frozenset(v.strip().casefold() for v in rule.any_of)
        return lambda cell: cell in these
    if rule.none_of is not None:
        others = frozenset(v.strip().casefold() for v in rule.none_of)
        return lambda cell: cell not in others
    text = (rule.without or "").strip().casefold()
    return lambda cell: text not in cell


def _met_by_none(rule: Counted, cells: list[str], place: Place) -> Problem:
    such = next((cell for cell in cells if cell), "")
    where = f", whose cells are such as {quoted(such)}" if such else ", whose cells are all empty"
    what = f"{quoted(rule.says)} is met by no row of column {quoted(rule.column)}{where}"
    return Problem(place, what, "compare the spelling, or remove the rule: all rows are then counted", "warning")


def _unmet(listed: Listed, column: str, cells: set[str]) -> list[str]:
    absent = sorted(written for folded, written in listed.values.items() if folded not in cells)
    if not absent:
        return []
    named = ", ".join(quoted(value) for value in absent[:EXAMPLES])
    names = "name that no row has" if len(absent) == 1 else "names that no row has"
    return [f"{listed.file}: {len(absent):,} {names} in column {quoted(column)}, such as {named}"]
