"""Printed figures set beside the portal's own: content/checks/*.yaml, and what came of counting.

A check names figures, each with a SELECT over the published tables, and rows of what was printed, a study each. Two figures
agree where ours, rounded to as many decimals as were printed, is the printed one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from portal.model import ACCESSION, COMPONENT, Doi, Line, Model, Text, Url

FOLDER = "checks"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PRINTED = re.compile(r"\d{1,15}(\.\d{1,9})?")


def _figure_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("cannot name a figure; write small letters, digits and _, such as targets")
    return value


def _printed(value: str) -> str:
    bare = value.replace(",", "").replace(" ", "")
    if not _PRINTED.fullmatch(value):
        raise ValueError(f"is not a number; write {bare if _PRINTED.fullmatch(bare) else 'digits, such as 1152 or 0.20'}")
    return value


def _study(value: str) -> str:
    if not ACCESSION.match(value):
        raise ValueError("is not an accession; write one such as idr0002")
    return value


def _component(value: str) -> str:
    if not COMPONENT.match(value):
        raise ValueError("is not the name of a component; write one such as screenA")
    return value


FigureName = Annotated[str, AfterValidator(_figure_name)]
Printed = Annotated[str, AfterValidator(_printed)]
Sql = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Number = int | float


class CheckSource(Model):
    """Where the figures were printed."""

    title: Line
    doi: Doi | None = None
    url: Url | None = None


class CheckFigure(Model):
    """A figure that is compared. `declared`: ours is not counted, but what the source declares about itself."""

    name: FigureName
    label: Line
    unit: Line | None = None
    says: Text = Field(description="How it is counted here (Markdown).")
    declared: bool = Field(default=False, description="Ours is what the source declares, not what was counted.")
    sql: Sql = Field(description="One SELECT over the published tables that gives the columns study and value, a row a study.")


class CheckRow(Model):
    """What was printed about one study."""

    study: Annotated[str, AfterValidator(_study)]
    components: tuple[Annotated[str, AfterValidator(_component)], ...] = Field(
        default=(), max_length=50, description="Only these of the study's components are meant; all, where there is none."
    )
    printed: dict[FigureName, Printed]
    sql: dict[FigureName, Sql] = Field(default_factory=dict, description="Another SELECT for this study alone.")
    why: dict[FigureName, Text] = Field(default_factory=dict, description="Why the two differ (Markdown).")


class CheckSum(Model):
    """The printed row of sums. `why` explains where a printed sum is not the sum of the printed rows."""

    printed: dict[FigureName, Printed]
    why: dict[FigureName, Text] = {}


class Check(Model):
    """One file of content/checks/."""

    title: Line
    text: Text | None = None
    source: CheckSource
    figures: tuple[CheckFigure, ...] = Field(min_length=1, max_length=12)
    rows: tuple[CheckRow, ...] = Field(min_length=1, max_length=1_000)
    sum: CheckSum | None = None


class Fault(Model):
    """A SELECT that could not be counted. `path` is dotted, in the check's file."""

    path: str
    what: str
    mend: str


class Asked(Model):
    """A SELECT as it was run, and what it gave: study → value. `study`: the one it was asked for alone; '' where it was all."""

    figure: str
    sql: str
    study: str = ""
    values: dict[str, Number] = {}
    failed: bool = False


class Checked(Model):
    """A check with what was counted: `checked.json`. `studies` are those of the portal; `missing`: study → component → why it has no
    samples here.
    """

    name: str
    check: Check
    studies: tuple[str, ...]
    asked: tuple[Asked, ...]
    missing: dict[str, dict[str, str]] = {}
    faults: tuple[Fault, ...] = ()


# equal; differs; failed: its SELECT could not be run; unprinted: nothing was printed; elsewhere: the study is not in this portal
State = Literal["equal", "differs", "failed", "unprinted", "elsewhere"]


@dataclass(frozen=True)
class Cell:
    """One figure of one study. `printed` as it was printed; `ours` None where the tables hold nothing to count.

    A difference is explained by `why`, or by components whose samples are not here: `missing` has (component, reason).
    """

    figure: str
    printed: str | None
    ours: Number | None
    state: State
    why: str | None = None
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def explained(self) -> bool:
        return bool(self.why or self.missing)


@dataclass(frozen=True)
class Sum:
    """A printed sum. `rows`: the sum of the printed rows; `ours`: that of ours, of `counted` rows that have a figure here."""

    figure: str
    printed: str
    rows: Decimal
    ours: Number | None
    counted: int
    why: str | None = None

    @property
    def adds_up(self) -> bool:
        return agrees(self.printed, self.rows)

    @property
    def equal(self) -> bool:
        return self.ours is not None and agrees(self.printed, self.ours)


def agrees(printed: str, ours: Number | Decimal) -> bool:
    """Whether ours, rounded to the printed decimals, is what was printed.

    >>> agrees("0.4", 0.39), agrees("0.40", 0.39), agrees("13035", 13036)
    (True, False, False)
    """
    wanted = Decimal(printed)
    return Decimal(str(ours)).quantize(wanted, ROUND_HALF_UP) == wanted


def compare(checked: Checked) -> tuple[tuple[Cell, ...], ...]:
    """The cells of every row of the check, in the order of its figures."""
    general = {a.figure: a for a in checked.asked if not a.study}
    special = {(a.study, a.figure): a for a in checked.asked if a.study}
    here = set(checked.studies)
    return tuple(
        tuple(_cell(row, f, special.get((row.study, f.name), general[f.name]), row.study in here, missing) for f in checked.check.figures)
        for row in checked.check.rows
        for missing in [checked.missing.get(row.study, {})]
    )


def _cell(row: CheckRow, figure: CheckFigure, asked: Asked, here: bool, missing: Mapping[str, str]) -> Cell:
    printed, ours = row.printed.get(asked.figure), asked.values.get(row.study)
    state: State = "differs"
    if not here:
        state = "elsewhere"
    elif asked.failed:
        state = "failed"
    elif printed is None:
        state = "unprinted"
    elif ours is not None and agrees(printed, ours):
        state = "equal"
    cell = Cell(figure.name, printed, ours, state, row.why.get(figure.name))
    # What is not here cannot be counted; that explains too little, never too much, and nothing that is declared.
    if state == "differs" and not (cell.why or figure.declared) and (ours is None or Decimal(printed or "0") > Decimal(str(ours))):
        return replace(cell, missing=tuple((c, why) for c, why in sorted(missing.items()) if not row.components or c in row.components))
    return cell


def sums(check: Check, cells: tuple[tuple[Cell, ...], ...]) -> tuple[Sum, ...]:
    """The printed sums, in the order of the figures; none where the check prints none."""
    if check.sum is None:
        return ()
    found = []
    for at, figure in enumerate(check.figures):
        if figure.name in check.sum.printed:
            column = [row[at] for row in cells]
            ours = [Decimal(str(c.ours)) for c in column if c.ours is not None and c.state in ("equal", "differs", "unprinted")]
            printed = sum((Decimal(c.printed) for c in column if c.printed is not None), Decimal(0))
            total = sum(ours, Decimal(0))
            found.append(
                Sum(
                    figure.name,
                    check.sum.printed[figure.name],
                    printed,
                    (int(total) if total == int(total) else float(total)) if ours else None,
                    len(ours),
                    check.sum.why.get(figure.name),
                )
            )
    return tuple(found)
