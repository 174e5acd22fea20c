"""Rows of further tables joined to the samples, as study.yaml declares: a left join, exact after trimming.

Source tables are never edited, so what differs between them is met here: a key may be one column or several, joined
by `_` as IDR's tables do (`Plate_Well`), and either side may have it ready-made; one key may stand on several rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from ingest.marks import quoted
from ingest.sample_tables.parts import Stacked, stack
from ingest.tables import RawTable
from portal.model import Join, Samples
from portal.problems import Place, Problem, nearest

EXAMPLES = 3
_BETWEEN = "\x1f"  # Between the parts of a key where both tables have them: no cell holds it.


@dataclass
class Joined:
    """The samples' rows with every column of every table. Cells are trimmed text, empty where there is nothing.

    `lines[i]` is the line of row i in `table`, or in the part of it that `place` names; `origin` tells which table a column is from.
    """

    table: str
    columns: dict[str, list[str]]
    lines: list[int]
    origin: dict[str, str]
    rows_read: dict[str, int] = field(default_factory=dict)
    rows_joined: dict[str, int] = field(default_factory=dict)
    unmatched_keys: dict[str, int] = field(default_factory=dict)
    unmatched_examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stacked: Stacked | None = None

    def place(self, row: int) -> tuple[str, int]:
        """(file below the study folder, line) of a row."""
        return self.stacked.place(row) if self.stacked else (self.table, self.lines[row])

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def tables(self) -> list[str]:
        return list(self.rows_read)


def join_tables(samples: Samples, tables: Mapping[str, RawTable], at: Place) -> tuple[Joined, list[Problem]]:
    """The declared tables as one. `at` is the place of `components[i].samples` in study.yaml.

    A key that no sample has is counted, and warned of unless the join says `unmatched: ignore`.
    """
    whole = stack(samples.parts, tables)
    base = whole.table
    joined = Joined(
        whole.name,
        dict(zip(base.header, _columns(base), strict=True)),
        list(base.lines),
        dict.fromkeys(base.header, whole.name),
        {whole.name: len(base.rows)},
        notes=_notes(whole),
        stacked=whole,
    )
    problems: list[Problem] = []
    for index, join in enumerate(samples.join):
        here = Place(at.file, path=f"{at.path}.join[{index}].on")
        problems += _join(joined, join, stack(join.parts, tables), frozenset(samples.no_value), here)
    return joined, problems


def _notes(whole: Stacked) -> list[str]:
    """What was mended, under the name of the file; the notes of parts have theirs already."""
    return list(whole.table.notes) if len(whole.parts) > 1 else [f"{whole.name}: {note}" for note in whole.table.notes]


def _columns(table: RawTable) -> list[list[str]]:
    return [list(cells) for cells in zip(*table.rows, strict=True)] if table.rows else [[] for _ in table.header]


def _join(joined: Joined, join: Join, whole: Stacked, no_value: frozenset[str], at: Place) -> list[Problem]:
    name, table = whole.name, whole.table
    joined.rows_read[name] = len(table.rows)
    joined.notes += _notes(whole)
    on = (join.on,) if isinstance(join.on, str) else join.on
    left = key_columns(tuple(joined.columns), on)
    right = key_columns(table.header, on)
    problems = []
    for found, where, header in ((left, joined.table, tuple(joined.columns)), (right, name, table.header)):
        if found is None:
            absent = next((c for c in on if key_columns(header, (c,)) is None), "_".join(on))
            what = f"{quoted(absent)} is not a column of {quoted(where)}, nor put together from its columns with '_'"
            problems.append(Problem(at, what, nearest(absent, header)))
    if left is None or right is None:
        return problems

    # Where both sides have the same parts no `_` is needed, and `a_b`+`c` stays apart from `a`+`b_c`.
    between = _BETWEEN if len(left) == len(right) else "_"
    cells = dict(zip(table.header, _columns(table), strict=True))
    left_keys = _keys([joined.columns[c] for c in left], between, no_value)
    right_keys = _keys([cells[c] for c in right], between, no_value)
    rows = _row_of_key(right_keys, cells, no_value, joined.notes, name)

    take = [rows.get(key) if key else None for key in left_keys]
    joined.rows_joined[name] = sum(row is not None for row in take)
    _add_columns(joined, name, {c: v for c, v in cells.items() if c not in right}, take)
    keyless = sum(not key for key in right_keys)
    if keyless:
        joined.notes.append(f"{name}: {keyless:,} row{'s have' if keyless > 1 else ' has'} no key, and nothing to join")

    present = set(left_keys)
    unmatched = [key for key in rows if key not in present]
    joined.unmatched_keys[name] = len(unmatched)
    if not unmatched:
        return []
    examples = tuple(key.replace(_BETWEEN, "_") for key in sorted(unmatched)[:EXAMPLES])
    joined.unmatched_examples[name] = examples
    if join.unmatched == "ignore":
        return []
    all_keys = len(rows)
    count = f"none of the {all_keys:,} keys" if len(unmatched) == all_keys else f"{len(unmatched):,} of {all_keys:,} keys"
    does = "is a key" if len(unmatched) == all_keys else "have no row" if len(unmatched) > 1 else "has no row"
    what = f"{count} of {quoted(name)} {does} in {quoted(joined.table)}, such as {quoted(examples[0])}"
    mend = "join on another column" if len(unmatched) == all_keys else "mend the key, or write 'unmatched: ignore' beside it"
    return [Problem(at, what, mend, "warning")]


def key_columns(header: Sequence[str], on: tuple[str, ...]) -> list[str] | None:
    """The columns of a table that make up a key; None where they are not there.

    `("Plate", "Well")` is both columns, or a ready-made `Plate_Well`; `("Plate_Well",)` is that column, or its parts.
    Capitals and blanks may differ where that leaves no doubt.
    """
    found: list[str] = []
    for name in on:
        parts = _whole_or_parts(tuple(header), name)
        if parts is None:
            ready = _column(header, "_".join(on))
            return [ready] if ready is not None else None
        found += parts
    return found


def _column(header: Sequence[str], name: str) -> str | None:
    if name in header:
        return name
    wanted = "".join(name.split()).casefold()
    close = [h for h in header if "".join(h.split()).casefold() == wanted]
    return close[0] if len(close) == 1 else None


def _whole_or_parts(header: tuple[str, ...], name: str) -> list[str] | None:
    @cache
    def from_(start: int) -> tuple[str, ...] | None:
        # The longest first: a column's own name may hold `_`.
        ends = [len(name), *(i for i in range(len(name) - 1, start, -1) if name[i] == "_")]
        for end in ends:
            column = _column(header, name[start:end])
            if column is None:
                continue
            if end == len(name):
                return (column,)
            if (rest := from_(end + 1)) is not None:
                return (column, *rest)
        return None

    # More parts than that is no key; it also keeps a hostile name from costing time.
    parts = from_(0) if name.count("_") <= 16 else ((name,) if name in header else None)
    return list(parts) if parts else None


def _keys(columns: list[list[str]], between: str, no_value: frozenset[str]) -> list[str]:
    """The key of every row, empty where no part of it says anything."""
    return [between.join(parts) if any(p and p not in no_value for p in parts) else "" for parts in zip(*columns, strict=True)]


def _row_of_key(keys: list[str], cells: dict[str, list[str]], no_value: frozenset[str], notes: list[str], name: str) -> dict[str, int]:
    """Key → row. Where a key stands on several rows its first is completed, in `cells`, by what the others fill in:
    so a sample has every phenotype of all rows, and of any other column the first filled cell.
    """
    rows: dict[str, int] = {}
    again: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        if key and rows.setdefault(key, row) != row:
            again.setdefault(key, []).append(row)
    differing = 0
    for key, others in again.items():
        first = rows[key]
        for column in cells.values():
            for other in others:
                value = column[other]
                if not value or value == column[first]:
                    continue
                if not column[first] or (column[first] in no_value and value not in no_value):
                    column[first] = value
                elif value not in no_value:
                    differing += 1
    if again:
        example = quoted(next(iter(again)).replace(_BETWEEN, "_"))
        keys_word = "key stands" if len(again) == 1 else "keys stand"
        notes.append(
            f"{name}: {len(again):,} {keys_word} on several rows, such as {example}; phenotypes of all rows are kept, "
            f"of other columns the first filled cell ({differing:,} cell{'s differ' if differing != 1 else ' differs'})"
        )
    return rows


def _add_columns(joined: Joined, name: str, cells: dict[str, list[str]], take: list[int | None]) -> None:
    for column, values in cells.items():
        taken = ["" if row is None else values[row] for row in take]
        if column in joined.columns:
            here = joined.columns[column]
            if all(row is None or here[i] == taken[i] for i, row in enumerate(take)):
                continue  # Says the same again: nothing is lost.
            number = 2
            while f"{column} ({number})" in joined.columns:
                number += 1
            joined.notes.append(f"{name}: '{column}' differs from the column of that name before it; kept as '{column} ({number})'")
            column = f"{column} ({number})"
        joined.columns[column] = taken
        joined.origin[column] = name
