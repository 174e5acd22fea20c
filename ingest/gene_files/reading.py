"""A gene file → lines, each with the values of its mapped columns. Wide tables and the long form come out alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ingest.marks import BIDI, quoted
from ingest.records import MAX_ROWS, count, read_records
from ingest.tables import RawTable, delimiter_of, line_ends, read_table, read_text
from portal.gene_files import Columns, GeneFile, LongForm, OrthologFile
from portal.naming import nfc
from portal.problems import Place, Problem, nearest

PORTAL = "portal.yaml"
MAX_NAME = 200  # Characters of a symbol or an identifier; a gene's full name is none of them.
MAX_TOLD = 5  # Problems of one kind in one file.
WHOLE = ("symbol", "group")  # Roles whose cells are never split.


@dataclass(frozen=True)
class Entry:
    """One line of a wide table, or all lines of one record: the values of each role, in their order, without repeats."""

    line: int
    values: Mapping[str, tuple[str, ...]]


@dataclass
class Told:
    """Problems of lines; of each kind the first few, and how many more there are."""

    file: str
    first: dict[str, list[Problem]] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    def tell(self, line: int, what: str, mend: str, kind: str) -> None:
        self.count[kind] += 1
        told = self.first.setdefault(kind, [])
        if len(told) < MAX_TOLD:
            told.append(Problem(Place(self.file, line), what, mend, "warning"))

    def problems(self) -> list[Problem]:
        out = []
        for kind, told in self.first.items():
            if more := self.count[kind] - len(told):
                told[-1] = replace(told[-1], what=f"{told[-1].what} (and so in {count(more, 'more place')})")
            out += told
        return out


def several(columns: Columns | None) -> tuple[str, ...]:
    return () if columns is None else (columns,) if isinstance(columns, str) else columns


def table_of(raw: bytes, file: str, names: Iterable[str]) -> tuple[RawTable | None, list[Problem]]:
    """The table. Where all the `names` of its columns are numbers it has no header, and its columns are called 1, 2 …"""
    if not all(name.isdecimal() for name in names):
        table, problems = read_table(raw, file)
    else:
        table, problems = _without_header(raw, file)
    # Tables of studies are named in another file.
    return table, [replace(p, mend=p.mend.replace("study.yaml", PORTAL).replace(" by component", "")) for p in problems]


def _without_header(raw: bytes, file: str) -> tuple[RawTable | None, list[Problem]]:
    text, encoding, notes, problem = read_text(raw, file)
    if problem:
        return None, [problem]
    text, ends = line_ends(text)
    notes += [ends] if ends else []
    read = read_records(text, delimiter_of(text, file, notes), notes)
    if read.fault:
        return None, [Problem(Place(file, read.fault.line), read.fault.what, read.fault.mend)]
    if len(read.records) > MAX_ROWS:
        return None, [Problem(Place(file), f"has more than {MAX_ROWS:,} rows", "split the table")]
    filled = [
        (line, [c.strip() for c in cells]) for line, cells in zip(read.lines, read.records, strict=True) if any(map(str.strip, cells))
    ]
    width = max((len(cells) for _, cells in filled), default=0)
    if not width:
        return None, [Problem(Place(file), "is empty", f"put the table here, or remove its name from {PORTAL}")]
    rows = [tuple(cells) if len(cells) == width else (*cells, *[""] * (width - len(cells))) for _, cells in filled]
    return RawTable(tuple(map(str, range(1, width + 1))), rows, [line for line, _ in filled], encoding, tuple(notes)), []


def wrong_columns(table: RawTable, file: str, named: Iterable[tuple[str, str]], path: str) -> list[Problem]:
    """A problem in portal.yaml for each of the (path, column) that the table does not have."""
    problems = []
    for below, column in named:
        if column not in table.header:
            if column.isdecimal() and table.header[0] == "1":
                what, mend = f"{quoted(file)} has no column {column}", f"write a number from 1 to {len(table.header)}"
            else:
                what = f"{quoted(column)} is not a column of {quoted(file)}"
                mend = nearest(column, list(table.header), "write one of its header" if table.header[0] != "1" else "write a number")
            problems.append(Problem(Place(PORTAL, path=f"{path}.{below}"), what, mend))
    return problems


def paths_of(key: str, columns: Columns | None) -> Iterator[tuple[str, str]]:
    """(path, column) of one column, or of each of several."""
    if isinstance(columns, str):
        yield key, columns
    else:
        yield from ((f"{key}[{at}]", column) for at, column in enumerate(columns or ()))


def kept(table: RawTable, where: Mapping[str, str | tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, cells) of the rows that have, in each column of `where`, one of its values."""
    asked = [(table.header.index(column), frozenset(several(values))) for column, values in where.items()]
    for line, row in zip(table.lines, table.rows, strict=True):
        if all(row[at] in values for at, values in asked):
            yield line, row


class Cells:
    """Cells → names: split, trimmed, the endings of a role cut off; what cannot be a name is told and left out."""

    def __init__(self, declared: GeneFile | OrthologFile, told: Told):
        self._split, self._nothing, self._told = declared.split, frozenset(declared.no_value), told
        self._drop = {"ids": declared.drop} if isinstance(declared, GeneFile) else declared.drop

    def row(self, role: str, line: int, texts: Iterable[str]) -> tuple[str, ...]:
        """The values of a role in their order, each once."""
        return tuple(dict.fromkeys(name for text in texts if text for name in self._values(role, line, text)))

    def _values(self, role: str, line: int, cell: str) -> Iterator[str]:
        endings = self._drop.get(role, ())
        for piece in [cell] if role in WHOLE or not self._split else cell.split(self._split):
            name = nfc(piece.strip())
            if not name or name in self._nothing:
                continue
            if len(name) > MAX_NAME:
                what = f"{quoted(name)} has {len(name):,} characters, and is left out"
                self._told.tell(line, what, f"write at most {MAX_NAME}, or say under 'split:' what separates several names", "long")
            elif BIDI.search(name) or not name.isprintable():
                self._told.tell(line, f"{quoted(name)} holds a character that cannot be seen, and is left out", "remove it", "unseen")
            else:
                yield next((name.removesuffix(e) for e in endings if name.endswith(e) and len(name) > len(e)), name)


def wide(
    table: RawTable, where: Mapping[str, str | tuple[str, ...]], roles: Mapping[str, tuple[str, ...]], cells: Cells
) -> Iterator[Entry]:
    """An entry a row: the values of each role's columns."""
    at = {role: [table.header.index(c) for c in columns] for role, columns in roles.items()}
    for line, row in kept(table, where):
        yield Entry(line, {role: cells.row(role, line, (row[i] for i in columns)) for role, columns in at.items()})


def long(
    table: RawTable, form: LongForm, where: Mapping[str, str | tuple[str, ...]], roles: Mapping[str, tuple[str, ...]], cells: Cells
) -> Iterator[Entry]:
    """An entry a record: the values of each role's properties. The column of the records, as a property, is the record's own name."""
    record, key, value = (table.header.index(c) for c in (form.record, form.property, form.value))
    properties = {p for names in roles.values() for p in names}
    found: dict[str, tuple[int, dict[str, list[str]]]] = {}
    for line, row in kept(table, where):
        _, told = found.setdefault(row[record], (line, {form.record: [row[record]]}))
        if row[key] in properties:
            told.setdefault(row[key], []).append(row[value])
    for line, told in found.values():
        yield Entry(line, {role: cells.row(role, line, (t for n in names for t in told.get(n, ()))) for role, names in roles.items()})
