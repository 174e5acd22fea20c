"""`about/checks/`: what was printed about studies, and what their sources declare, beside what the tables hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import quote

from portal import addresses
from portal.checks import Cell, Check, Checked, Sum, compare, sums
from portal.engine.step import Work, recipe
from portal.pages.declared import Declared, declared, labels
from portal.pages.equality import Panel, panel
from portal.pages.prose import count, number
from portal.pages.render import Crumb, Page, opened

# A link may be as long as servers and browsers take without complaint.
_LONGEST_LINK = 8_000


@dataclass(frozen=True)
class ShownCell:
    """A figure as it is shown. `note`: the number of the note that explains it, 0 for none."""

    label: str
    printed: str
    ours: str
    state: str
    note: int = 0


@dataclass(frozen=True)
class ShownRow:
    study: str
    label: str
    address: str
    only: tuple[str, ...]
    cells: tuple[ShownCell, ...]

    @property
    def all_equal(self) -> bool:
        return all(c.state == "equal" for c in self.cells)


@dataclass(frozen=True)
class Note:
    """Why figures of one study differ: (label, printed, ours in words) of each, with one reason. `why`: Markdown, None where there is none;
    `missing`: components without samples here, and why.
    """

    number: int
    study: str
    address: str
    figures: tuple[tuple[str, str, str], ...]
    why: str | None
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Query:
    """A SELECT as it was run. `study`: the one it is for alone; `link`: opens it in the console, '' where it is too long for one."""

    study: str
    sql: str
    link: str
    failed: bool


@dataclass(frozen=True)
class Definition:
    label: str
    unit: str | None
    says: str
    declared: bool
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class Shown:
    """A check as the template takes it."""

    id: str
    check: Check
    tally: str
    heads: tuple[Definition, ...]
    rows: tuple[ShownRow, ...]
    total: tuple[ShownCell, ...]
    sum_words: tuple[str, ...]
    notes: tuple[Note, ...]
    sum_notes: tuple[Note, ...]
    panels: tuple[Panel, ...]


def printed(value: str | None) -> str:
    """A printed figure with its own decimals: `10.06`, `0.20`, `109,728`."""
    return "" if value is None else f"{Decimal(value):,f}"


def shown(checked: Checked, named: dict[str, str]) -> Shown:
    """`named`: study → its short name."""
    check, cells = checked.check, compare(checked)
    heads = tuple(Definition(f.label, f.unit, f.says, f.declared, _queries(checked, f.name)) for f in check.figures)
    here = set(checked.studies)
    rows: list[ShownRow] = []
    notes: list[Note] = []
    for row, its in zip(check.rows, cells, strict=True):
        address = addresses.study(row.study) if row.study in here else ""
        kept: list[ShownCell] = []
        for head, cell in zip(heads, its, strict=True):
            if cell.state == "differs":
                _noted(notes, row.study, address, head, cell)
            kept.append(_shown_cell(head, cell, len(notes) if cell.state == "differs" else 0))
        rows.append(ShownRow(row.study, named.get(row.study, ""), address, row.components, tuple(kept)))
    total = sums(check, cells)
    by_name = {s.figure: s for s in total}
    sum_notes = _sum_notes(total, {f.name: f.label for f in check.figures}, len(notes))
    numbered = {n.figures[0][0]: n.number for n in sum_notes}
    return Shown(
        id=checked.name,
        check=check,
        tally=_tally([c for its in cells for c in its]),
        heads=heads,
        rows=tuple(rows),
        total=tuple(_sum_cell(head, by_name.get(f.name), numbered.get(head.label, 0)) for f, head in zip(check.figures, heads, strict=True))
        if total
        else (),
        sum_words=_sum_words(total, len(check.rows), {f.name: f.label for f in check.figures}),
        notes=tuple(notes),
        sum_notes=sum_notes,
        panels=tuple(panel(f.label, f.unit or "", [its[at] for its in cells]) for at, f in enumerate(check.figures)),
    )


def _noted(notes: list[Note], study: str, address: str, head: Definition, cell: Cell) -> None:
    """Adds to the last note where that has the same reason in the same study, else a note."""
    nothing = "nothing declared" if head.declared else "nothing here to count"
    figure = head.label, printed(cell.printed), nothing if cell.ours is None else f"{number(cell.ours)} here"
    last = notes[-1] if notes else None
    if last and last.study == study and cell.explained and (last.why, last.missing) == (cell.why, cell.missing):
        notes[-1] = replace(last, figures=(*last.figures, figure))
    else:
        notes.append(Note(len(notes) + 1, study, address, (figure,), cell.why, cell.missing))


def _shown_cell(head: Definition, cell: Cell, note: int) -> ShownCell:
    ours = number(cell.ours)
    if cell.state == "equal" and cell.printed and cell.ours is not None:
        # As many decimals as in print: 0.2 beside 0.20 looks like a difference.
        places = len(cell.printed.partition(".")[2])
        ours = f"{cell.ours:,.{places}f}" if round(cell.ours, places) == cell.ours else ours
    return ShownCell(head.label, printed(cell.printed), ours, cell.state, note)


def _sum_cell(head: Definition, total: Sum | None, note: int) -> ShownCell:
    if total is None:
        return ShownCell(head.label, "", "", "unprinted")
    return ShownCell(head.label, printed(total.printed), number(total.ours), "equal" if total.equal else "differs", note)


def _sum_notes(total: Sequence[Sum], labels_of: dict[str, str], first: int) -> tuple[Note, ...]:
    found = [s for s in total if not s.adds_up or s.why]
    return tuple(
        Note(first + at, "", "", ((labels_of[s.figure], printed(s.printed), printed(str(s.rows))),), s.why) for at, s in enumerate(found, 1)
    )


def _sum_words(total: Sequence[Sum], rows: int, labels_of: dict[str, str]) -> tuple[str, ...]:
    """What our sums leave out."""
    return tuple(f"{labels_of[s.figure]}: {s.counted} of {rows} rows have a figure here" for s in total if s.counted < rows)


def _tally(cells: Sequence[Cell]) -> str:
    """How the comparison went, in a sentence."""
    of = {state: sum(c.state == state for c in cells) for state in ("equal", "differs", "failed", "elsewhere")}
    unexplained = sum(c.state == "differs" and not c.explained for c in cells)
    compared = of["equal"] + of["differs"]
    if not compared:
        told = "None of these figures could be compared here."
    else:
        told = f"{of['equal']:,} of {count(compared, 'figure')} {'is' if of['equal'] == 1 else 'are'} met."
        if of["differs"]:
            several = of["differs"] > 1
            rest = f"{unexplained:,} of them not explained" if several else "and it is not explained"
            if not unexplained:
                rest = "each explained below" if several else "and it is explained below"
            told += f" {of['differs']:,} {'differ' if several else 'differs'}, {rest}."
    if of["failed"]:
        told += f" {count(of['failed'], 'figure')} could not be counted."
    if of["elsewhere"]:
        told += f" {count(of['elsewhere'], 'figure')} {'is' if of['elsewhere'] == 1 else 'are'} of studies that are not in this portal."
    return told


def _queries(checked: Checked, figure: str) -> tuple[Query, ...]:
    return tuple(Query(a.study, a.sql, _link(a.sql), a.failed) for a in checked.asked if a.figure == figure)


def _link(sql: str) -> str:
    link = f"{addresses.QUERY}#sql={quote(sql, safe='')}"
    return link if len(link) <= _LONGEST_LINK else ""


@recipe("code")
def checks(work: Work) -> dict[str, bytes]:
    """`about/checks/`; nothing where there is neither a check nor a component that declares a size.

    Inputs after templates and frame: {checked.json} of each check, and the published tables studies, components and containers.
    """
    trees = work.inputs[2:]
    named = labels(trees)
    found = [Checked.model_validate_json(t.read("checked.json")) for t in trees if "checked.json" in t]
    compared = [shown(c, named) for c in sorted(found, key=lambda c: c.name)]
    sizes: Declared = declared(trees)
    if not compared and not sizes.total:
        return {}
    page = Page(
        address=addresses.CHECKS,
        title="Checks",
        kind="checks",
        style="checks",
        crumbs=(Crumb("About", addresses.ABOUT),),
        here="Checks",
        description="Figures that were printed or declared about the studies, beside what the tables of this portal hold.",
    )
    return opened(work).page("checks.html", page, checks=compared, sizes=sizes)
