"""A table that comes in several files: its parts below one another, columns by their names, with the file and line of every row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.tables import RawTable

_SHOWN = 3


@dataclass(frozen=True)
class Stacked:
    """The parts as one table. `name` is the file's path, or what problems call several; `starts[i]` the first row of part i in `table`."""

    name: str
    table: RawTable
    parts: tuple[str, ...]
    starts: tuple[int, ...]

    def place(self, row: int) -> tuple[str, int]:
        """(file, line) of a row."""
        return self.parts[bisect_right(self.starts, row) - 1], self.table.lines[row]


def stack(parts: Sequence[str], tables: Mapping[str, RawTable]) -> Stacked:
    """The parts, in the order given. A column that a part does not have is blank in its rows, and the notes say so.

    Columns are the same where their names are, capitals aside where that leaves no doubt; they stand in the order in which they are
    first met. Encodings of the parts are told apart by `/`.
    """
    names = tuple(parts)
    read = [tables[name] for name in names]
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more part{'s' if len(names) > 2 else ''}"
    starts, count = [], 0
    for table in read:
        starts.append(count)
        count += len(table.rows)
    if len(names) == 1:
        return Stacked(name, read[0], names, (0,))
    header: list[str] = []
    positions = [_positions(table.header, header) for table in read]
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for part, table, places in zip(names, read, positions, strict=True):
        found = {at: source for source, at in enumerate(places)}
        notes += [f"{part}: {note}" for note in (f"{len(table.rows):,} row{'' if len(table.rows) == 1 else 's'}", *table.notes)]
        absent = [h for at, h in enumerate(header) if at not in found]
        if absent:
            more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
            shown = ", ".join(f"'{h[:60]}'" for h in absent[:_SHOWN])
            notes.append(f"{part}: has no column {shown}{more}, which other parts have; blank in its rows")
        if places == list(range(len(header))):
            rows += table.rows
        else:
            take = [found.get(at) for at in range(len(header))]
            rows += [tuple("" if at is None else row[at] for at in take) for row in table.rows]
    whole = RawTable(
        tuple(header),
        rows,
        [line for table in read for line in table.lines],
        "/".join(dict.fromkeys(table.encoding for table in read)),
        tuple(notes),
    )
    return Stacked(name, whole, names, tuple(starts))


def _positions(columns: Sequence[str], header: list[str]) -> list[int]:
    """Where each of a part's columns stands in the common header, which grows by those that are new."""
    exact = {h: at for at, h in enumerate(header)}
    folded: dict[str, list[int]] = {}
    for at, h in enumerate(header):
        folded.setdefault(h.casefold(), []).append(at)
    own = [c.casefold() for c in columns]
    places = []
    for column in columns:
        close = folded.get(column.casefold(), [])
        if column in exact:
            places.append(exact[column])
        elif len(close) == 1 and own.count(column.casefold()) == 1:
            places.append(close[0])
        else:
            header.append(column)
            places.append(len(header) - 1)
    return places
