"""Bytes of a CSV or TSV file → header and rows of text, with the line of every row.

Tables come from many hands and spreadsheets. What can be mended without guessing at meaning is mended
and noted (byte order marks, encodings, line ends, blank rows, repeated headers); what cannot is a Problem.
A cell is never typed here: identifiers stay text also when they look like numbers.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.encodings import decode
from portal.problems import Place, Problem

MAX_BYTES = 256 * 2**20
MAX_CELL = 32 * 1024  # A spreadsheet's own limit is 32,767 characters.
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000

GZIP = b"\x1f\x8b"
_LFS = b"version https://git-lfs.github.com/spec/"
_END = "\ue000end of the table"  # A private-use character: no table holds it.
_URL_SUFFIX = re.compile(r"\s*%%\s*url=.*$", re.DOTALL)
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
# Control characters that neither HTML nor a reader can show; tab, line feed and carriage return are not among them.
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class RawTable:
    """A table as text. Every row has as many cells as the header; `lines[i]` is the line in the file where row i begins.

    `encoding` is the one the file was read in; `notes` say, for a person, what was mended on the way.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int]
    encoding: str
    notes: tuple[str, ...]

    def column(self, name: str) -> list[str]:
        """All cells of one column. Raises ValueError where the header has no such name."""
        at = self.header.index(name)
        return [row[at] for row in self.rows]


def read_table(raw: bytes, name: str) -> tuple[RawTable | None, list[Problem]]:
    """Reads a CSV or TSV file, gzipped or not. `name` is its path: its suffix tells CSV from TSV, and problems bear it.

    None where nothing can be read (empty, a git LFS pointer, binary, too large). Problems with severity
    "warning" leave a usable table.
    """
    text, encoding, notes, problem = read_text(raw, name)
    if problem:
        return None, [problem]
    return _parse(text, name, encoding, notes)


def read_text(raw: bytes, name: str) -> tuple[str, str, list[str], Problem | None]:
    """Unpacks and decodes: (text, encoding, notes, problem or None). Line ends are as in the file."""
    notes: list[str] = []

    def refuse(what: str, mend: str) -> tuple[str, str, list[str], Problem]:
        return "", "", notes, Problem(Place(name), what, mend)

    if raw.startswith(GZIP):
        unpacked, why = _gunzip(raw)
        if why:
            return refuse(why, "compress it again with gzip, or put the plain file here")
        raw = unpacked
        notes.append("unpacked from gzip")
    elif name.casefold().endswith(".gz") and raw and not raw.startswith(_LFS):
        notes.append("named .gz, but not compressed")
    if len(raw) > MAX_BYTES:
        return refuse(f"has more than {MAX_BYTES // 2**20} MB", "split the table by component")
    if not raw.strip():
        return refuse("is empty", "put the table here, or remove its name from study.yaml")
    if raw.startswith(_LFS):
        return refuse("is a git LFS pointer, not the table itself", "run 'git lfs pull' where the file comes from and copy it again")
    if raw.startswith(b"PK\x03\x04"):
        return refuse("is a zip archive or a spreadsheet", "unpack it, or save it as CSV")
    text, encoding, more = decode(raw)
    notes += more
    if "\0" in text:
        return refuse("is not text (it holds NUL bytes)", "save it as CSV or tab-separated text in UTF-8")
    if count := len(_CONTROL.findall(text)):
        text = _CONTROL.sub("", text)
        notes.append(f"{_count(count, 'control character')} removed")
    if not text.strip(_INVISIBLE + " \t\r\n"):
        return refuse("is empty", "put the table here, or remove its name from study.yaml")
    return text, encoding, notes, None


def _gunzip(raw: bytes) -> tuple[bytes, str]:
    """(bytes, "") or (b"", what is wrong). Never holds more than MAX_BYTES + one chunk; reads all members of the file."""
    parts: list[bytes] = []
    size = 0
    while raw:
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof:
                chunk = stream.decompress(raw, 2**20)
                raw = stream.unconsumed_tail
                size += len(chunk)
                if size > MAX_BYTES:
                    return b"", f"unpacks to more than {MAX_BYTES // 2**20} MB"
                parts.append(chunk)
                if not raw and not chunk and not stream.eof:
                    return b"", "ends in the middle of its gzip data"
        except zlib.error as error:
            return b"", f"is not sound gzip data ({str(error).split(':')[0].lower()})"
        raw = stream.unused_data.lstrip(b"\0")
        if raw and not raw.startswith(GZIP):
            break  # Bytes after the archive: gzip itself ignores them.
    return b"".join(parts), ""


def line_ends(text: str) -> tuple[str, str]:
    """Text with `\\n` ends, and a note or "". CR CR LF, CR LF and CR alone (where no LF is in the file) all end a line."""
    crlf, cr, lf = text.count("\r\n"), text.count("\r"), text.count("\n")
    if not cr:
        return text, ""
    doubled = text.count("\r\r\n")
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n")
    if doubled:
        return text.replace("\r", "\n"), "lines ended CR CR LF"
    if cr == crlf:
        return text, "lines ended CR LF" if crlf == lf else "line ends were mixed, CR LF and LF"
    if not lf:
        return text.replace("\r", "\n"), "lines ended CR"
    return text, ""  # CR beside LF: the caller decides what the CRs are.


def _delimiter(text: str, name: str, notes: list[str]) -> str:
    """Comma for .csv, tab otherwise, unless the header says another."""
    bare = re.sub(r"\.gz$", "", name.casefold())
    expected = "," if bare.endswith(".csv") else "\t"
    head = text.lstrip("\n")[: 4 * MAX_CELL]

    def cells(mark: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(head, newline="\n"), delimiter=mark), []))
        except csv.Error:
            return 0

    found = {mark: cells(mark) for mark in ("\t", ",", ";")}
    best = max(found, key=lambda mark: (found[mark], mark == expected))
    if found[expected] > 1 or found[best] <= 1:
        # A header cell may hold commas: a tab-separated file keeps its tabs unless they are absent.
        return expected
    words = {"\t": "tabs", ",": "commas", ";": "semicolons"}
    notes.append(f"cells are separated by {words[best]}, not {words[expected]} as the name says")
    return best


def _records(text: str, delimiter: str, quoting: int) -> tuple[list[list[str]], list[int], bool]:
    """(records, first line of each, whether a quote stayed open). Blank lines are records without cells."""
    records: list[list[str]] = []
    lines: list[int] = []
    body = text if text.endswith("\n") else text + "\n"
    reader = csv.reader(io.StringIO(body + _END, newline="\n"), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    line = 1
    try:
        for record in reader:
            records.append(record)
            lines.append(line)
            line = reader.line_num + 1
            if len(records) > MAX_ROWS + 2:
                break
    except csv.Error:  # A field of more than 128 KB: a quote that swallowed the file.
        return records, lines, True
    if records and records[-1] == [_END]:
        return records[:-1], lines[:-1], False
    return records, lines, len(records) <= MAX_ROWS


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _ragged(records: list[list[str]]) -> int:
    """How many filled records have another number of cells than the first filled one."""
    width = next((len(r) for r in records if any(c.strip() for c in r)), 0)
    return sum(1 for r in records if r and len(r) != width)


def _read_records(text: str, delimiter: str, notes: list[str]) -> tuple[list[list[str]], list[int]]:
    """Quote-aware, unless a stray quote swallowed rows; CR beside LF is a line end or a blank, whichever fits the header."""
    if "\r" in text:
        split, joined = text.replace("\r", "\n"), text.replace("\r", " ")
        as_ends, as_blanks = _records(split, delimiter, csv.QUOTE_MINIMAL)[0], _records(joined, delimiter, csv.QUOTE_MINIMAL)[0]
        stray = text.count("\r")
        if _ragged(as_blanks) < _ragged(as_ends):
            text = joined
            notes.append(f"{_count(stray, 'stray carriage return')} inside rows read as blanks")
        else:
            text = split
            notes.append("line ends were mixed, CR and LF")
    records, lines, still_open = _records(text, delimiter, csv.QUOTE_MINIMAL)
    suspicious = still_open or (delimiter == "\t" and any("\n" in c and "\t" in c for r in records for c in r))
    if suspicious:
        plain, plain_lines, _ = _records(text, delimiter, csv.QUOTE_NONE)
        if still_open or _ragged(plain) < _ragged(records):
            notes.append("a double quote is never closed: quotes were read as plain characters")
            return [[_unquote(c) for c in r] for r in plain], plain_lines
    return records, lines


def _header(cells: list[str], width: int, notes: list[str]) -> tuple[str, ...]:
    """Names for `width` columns: trimmed, without ` %% url=…`, never empty, never twice the same."""
    names: list[str] = []
    suffixes = repeated = 0
    for at in range(width):
        cell = cells[at] if at < len(cells) else ""
        bare = _URL_SUFFIX.sub("", cell)
        suffixes += bare != cell
        bare = re.sub(r"[\n\t\u00a0\u2009\u202f]", " ", bare).strip().strip(_INVISIBLE).strip()
        names.append(bare or f"column {at + 1}")
    taken = set(names)
    seen: set[str] = set()
    numbered = ""
    for at, name in enumerate(names):
        if name in seen:
            number = 2
            while f"{name} ({number})" in taken:
                number += 1
            names[at] = f"{name} ({number})"
            taken.add(names[at])
            repeated += 1
            numbered = numbered or names[at]
        seen.add(names[at])
    if suffixes:
        notes.append(f"' %% url=…' taken off {_count(suffixes, 'column name')}")
    if repeated:
        notes.append(f"{_count(repeated, 'repeated column name')} numbered, such as '{numbered}'")
    return tuple(names)


def _parse(text: str, name: str, encoding: str, notes: list[str]) -> tuple[RawTable | None, list[Problem]]:
    text, ends = line_ends(text)
    if ends:
        notes.append(ends)
    delimiter = _delimiter(text, name, notes)
    records, lines = _read_records(text, delimiter, notes)
    if len(records) > MAX_ROWS + 1:
        return None, [Problem(Place(name), f"has more than {MAX_ROWS:,} rows", "split the table by component")]

    # Zero-width characters are looked for once: taking them off every cell would double the time.
    extra = "".join(c for c in _INVISIBLE if c in text)
    filled: list[list[str]] = []
    filled_lines: list[int] = []
    blank = 0
    for record, line in zip(records, lines, strict=True):
        cells = [c.strip() for c in record] if not extra else [c.strip().strip(extra).strip() for c in record]
        if any(cells):
            filled.append(cells)
            filled_lines.append(line)
        else:
            blank += 1
    if not filled:
        return None, [Problem(Place(name), "is empty", "put the table here, or remove its name from study.yaml")]
    if blank:
        notes.append(f"{_count(blank, 'blank row')} skipped")

    head, head_line = filled.pop(0), filled_lines.pop(0)
    named = len(head)
    while named and not head[named - 1]:
        named -= 1
    # Trailing columns with neither name nor content are a spreadsheet's leftover; one that holds something stays.
    used = max((_used(row) for row in filled if len(row) > named), default=0)
    width = max(named, used)
    if width > MAX_COLUMNS:
        what = f"has {width:,} columns, where at most {MAX_COLUMNS:,} are read"
        return None, [Problem(Place(name, head_line), what, "remove the surplus columns")]
    if len(head) > width:
        notes.append(f"{_count(len(head) - width, 'trailing column')} without name or content left out")

    problems = list(_shape_problems(name, filled, filled_lines, len(head), width))
    rows: list[tuple[str, ...]] = []
    padding = ("",) * width
    for row in filled:
        rows.append(tuple(row) if len(row) == width else (*row[:width], *padding[len(row) :]))
    header = _header(head, width, notes)
    return RawTable(header, rows, filled_lines, encoding, tuple(notes)), problems


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _rows(lines: list[int]) -> str:
    return "1 row has" if len(lines) == 1 else f"{len(lines):,} rows have"


def _used(row: list[str]) -> int:
    """Cells up to the last filled one."""
    at = len(row)
    while at and not row[at - 1]:
        at -= 1
    return at


def _shape_problems(name: str, rows: list[list[str]], lines: list[int], declared: int, width: int) -> Iterator[Problem]:
    """Long cells (errors), rows with surplus filled cells and rows that end early (one warning each, with their number)."""
    surplus = [line for row, line in zip(rows, lines, strict=True) if len(row) > declared and _used(row) > declared]
    if surplus:
        yield Problem(
            Place(name, surplus[0]),
            f"{_rows(surplus)} more cells than the header (kept as column {declared + 1}"
            + (f" to column {width})" if width > declared + 1 else ")"),
            "name the column in the header, or remove the surplus cells",
            "warning",
        )
    # Spreadsheets drop trailing blank cells: many short rows are a habit, a few are an accident.
    short = [line for row, line in zip(rows, lines, strict=True) if len(row) < min(declared, width)]
    if short:
        yield Problem(
            Place(name, short[0]),
            f"{_rows(short)} fewer cells than the header (read as blank)",
            "fill the row up with empty cells, or remove it",
            "warning",
        )
    for row, line in zip(rows, lines, strict=True):
        if max(map(len, row)) > MAX_CELL:
            what = f"has a cell of {max(map(len, row)):,} characters, where at most {MAX_CELL:,} are read"
            yield Problem(Place(name, line), what, "shorten the cell, or put its text in a file")
            return
