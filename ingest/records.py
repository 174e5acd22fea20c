"""Text of a CSV or TSV file → records of cells with their lines, each record as long as it is written. Bounded: told, never cut off.

A stray double quote swallows the rows behind it: where that shows, quotes are read as plain characters, and a note says so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

MAX_CELL = 32 * 1024  # A spreadsheet's own limit is 32,767 characters.
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000
MAX_CELLS = 20_000_000  # Rows × columns: what is held of a table at once.

_END = "\ue000end of the table"  # A private-use character: no table holds it.
_LONG = 8 * 2**20  # From here on equal cells are kept once: tables repeat themselves, and memory is what a long one wants most.
_SHARED = 400_000  # Distinct cells of a long table that are looked out for.
# One row's bounds as it is read, before its cells are made. A spreadsheet is 16,384 columns wide, mostly empty ones.
_ROW_CELLS = 2**16
_ROW_TEXT = 16 * 10**6
_TOO_MANY = f"has more than {MAX_CELLS:,} cells, rows and columns together"
_SPLIT = "split the table by component, or leave empty columns out"


@dataclass(frozen=True)
class Fault:
    """Why a table cannot be read to its end, and the line at which the row begins that is too much."""

    line: int
    what: str
    mend: str


class _TooMuch(Exception):
    """Of one row; the text says what."""


class _Lines:
    """The lines of a text with `\\n` ends, then the mark of the end. (io.StringIO would hold the text a second time, in four bytes a
    character.)

    Raises _TooMuch before more of one row is handed over than can be held: whoever gets a row calls `begin`.
    """

    def __init__(self, text: str, delimiter: str):
        self._text, self._delimiter, self._start, self._ended = text, delimiter, 0, False
        self._cells = self._length = 0

    def begin(self) -> None:
        self._cells = self._length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        start = self._start
        if start >= len(self._text):
            if self._ended:
                raise StopIteration
            self._ended = True
            return _END
        self._start = end = self._text.find("\n", start) + 1 or len(self._text)
        self._length += end - start
        if self._length > _ROW_TEXT:
            raise _TooMuch(f"has a row of more than {_ROW_TEXT // 10**6} million characters")
        self._cells += self._text.count(self._delimiter, start, end)
        if self._cells >= _ROW_CELLS:
            raise _TooMuch(f"has a row of more than {_ROW_CELLS:,} cells, where at most {MAX_COLUMNS:,} are read")
        line = self._text[start:end]
        return line if line.endswith("\n") else line + "\n"


@dataclass(frozen=True)
class Read:
    """Records with the first line of each; blank lines are records without cells. `still_open`: a quote never closed, or swallowed more
    than a row can hold. Where there is a `fault`, records are missing.
    """

    records: list[list[str]]
    lines: list[int]
    still_open: bool = False
    fault: Fault | None = None


def _records(text: str, delimiter: str, quoting: int) -> Read:
    """At most MAX_ROWS + 3 records."""
    records: list[list[str]] = []
    lines: list[int] = []
    source = _Lines(text, delimiter)
    line, cells = 1, 0
    shared: dict[str, str] = {}
    long = len(text) > _LONG
    # The reader's own bound, 128 KB for a cell, ends the table in the middle. Ours is kept by _Lines, which knows the row.
    before = csv.field_size_limit(2 * _ROW_TEXT)
    try:
        reader = csv.reader(source, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        for record in reader:
            source.begin()
            if long and len(shared) < _SHARED:
                record = list(map(shared.setdefault, record, record))
            records.append(record)
            lines.append(line)
            cells += len(record)
            if cells > MAX_CELLS:
                return Read(records, lines, fault=Fault(line, _TOO_MANY, _SPLIT))
            line = reader.line_num + 1
            if len(records) > MAX_ROWS + 2:
                break
    except (csv.Error, _TooMuch) as error:
        what = str(error) if isinstance(error, _TooMuch) else f"cannot be read as a table ({error})"
        mend = "shorten the row, or close the double quote that opens in it"
        return Read(records, lines, still_open=True, fault=Fault(line, what, mend))
    finally:
        csv.field_size_limit(before)
    if records and records[-1] == [_END]:
        return Read(records[:-1], lines[:-1])
    return Read(records, lines, still_open=len(records) <= MAX_ROWS)


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _ragged(records: list[list[str]]) -> int:
    """How many filled records have another number of cells than the first filled one."""
    width = next((len(r) for r in records if any(c.strip() for c in r)), 0)
    return sum(1 for r in records if r and len(r) != width)


def read_records(text: str, delimiter: str, notes: list[str]) -> Read:
    """Quote-aware, unless a stray quote swallowed rows; CR beside LF is a line end or a blank, whichever fits the header."""
    if "\r" in text:
        split, joined = text.replace("\r", "\n"), text.replace("\r", " ")
        # One after the other, for the records of both would be held at once.
        as_ends = _ragged(_records(split, delimiter, csv.QUOTE_MINIMAL).records)
        as_blanks = _ragged(_records(joined, delimiter, csv.QUOTE_MINIMAL).records)
        stray = text.count("\r")
        if as_blanks < as_ends:
            text = joined
            notes.append(f"{count(stray, 'stray carriage return')} inside rows read as blanks")
        else:
            text = split
            notes.append("line ends were mixed, CR and LF")
    read = _records(text, delimiter, csv.QUOTE_MINIMAL)
    if read.fault and not read.still_open:
        return read
    if read.still_open or _swallowed(read, delimiter):
        plain = _records(text, delimiter, csv.QUOTE_NONE)
        if not plain.fault and (read.still_open or _ragged(plain.records) < _ragged(read.records)):
            notes.append("a double quote is never closed: quotes were read as plain characters")
            return Read([[_unquote(c) for c in r] for r in plain.records], plain.lines)
        if read.still_open:
            return plain
    return read


def _swallowed(read: Read, delimiter: str) -> bool:
    """Whether a cell of several lines looks like rows: with tabs in it, or longer than a cell can be."""
    ends = [*read.lines[1:], 0]
    several = (record for record, line, end in zip(read.records, read.lines, ends, strict=True) if end != line + 1)
    return any("\n" in c and (len(c) > MAX_CELL or delimiter == "\t" and "\t" in c) for record in several for c in record)


def count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
