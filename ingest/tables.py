"""Bytes of a CSV or TSV file → header and rows of text, with the line of every row.

Tables come from many hands and spreadsheets. What can be mended without guessing at meaning is mended
and noted (byte order marks, encodings, line ends, blank rows, repeated headers); what cannot is a Problem.
A cell is never typed here: identifiers stay text also when they look like numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.encodings import decode
from ingest.packed import GZIP, ZIP, gunzip, unzip
from ingest.records import MAX_CELL, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, count, read_records
from portal.problems import Place, Problem

MAX_BYTES = 256 * 2**20

_LFS = b"version https://git-lfs.github.com/spec/"
_URL_SUFFIX = re.compile(r"%%\s*url=(.*)$", re.DOTALL)
_REMARKS = re.compile(r"(?:\s*#[^\n]*\n)+")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
# Control characters that neither HTML nor a reader can show; tab, line feed and carriage return are not among them.
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_CONTROL = dict.fromkeys((*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
_SUFFIXES = re.compile(r"(?:\.(?:gz|zip))+$")


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
    """Reads a CSV or TSV file, plain, gzipped or alone in a zip archive. `name` is its path: its suffix tells CSV from TSV, and
    problems bear it.

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
        unpacked, why = gunzip(raw, MAX_BYTES)
        if why:
            return refuse(why, "compress it again with gzip, or put the plain file here")
        raw = unpacked
        notes.append("unpacked from gzip")
    elif raw.startswith(ZIP):
        unpacked, member, why = unzip(raw, MAX_BYTES)
        if why:
            return refuse(why, "save the table as CSV, or pack it alone into the archive")
        raw = unpacked
        notes.append(f"unpacked '{member}' from a zip archive")
    elif name.casefold().endswith(".gz") and raw and not raw.startswith(_LFS):
        notes.append("named .gz, but not compressed")
    if len(raw) > MAX_BYTES:
        return refuse(f"has more than {MAX_BYTES // 2**20} MB", "split the table by component")
    if not raw.strip():
        return refuse("is empty", "put the table here, or remove its name from study.yaml")
    if raw.startswith(_LFS):
        return refuse("is a git LFS pointer, not the table itself", "run 'git lfs pull' where the file comes from and copy it again")
    if raw.startswith((GZIP, *ZIP)):
        return refuse("is packed twice", "unpack it once, or save it as CSV")
    text, encoding, more = decode(raw)
    text = text.lstrip("\ufeff")  # A second byte order mark would hide the quote of the first cell.
    notes += more
    if "\0" in text:
        return refuse("is not text (it holds NUL bytes)", "save it as CSV or tab-separated text in UTF-8")
    if _CONTROL.search(text):
        before, text = len(text), text.translate(_NO_CONTROL)
        notes.append(f"{count(before - len(text), 'control character')} removed")
    if not text.strip(_INVISIBLE + " \t\r\n"):
        return refuse("is empty", "put the table here, or remove its name from study.yaml")
    return text, encoding, notes, None


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


def delimiter_of(text: str, name: str, notes: list[str]) -> str:
    """Comma for .csv, tab otherwise, unless the header says another."""
    bare = _SUFFIXES.sub("", name.casefold())
    expected = "," if bare.endswith(".csv") else "\t"
    head = text[: 4 * MAX_CELL].lstrip("\n")
    # Remarks before the header are sentences: their commas separate nothing.
    head = head[remarks.end() :] or head if (remarks := _REMARKS.match(head)) else head

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


def _header(cells: list[str], width: int, notes: list[str]) -> tuple[str, ...]:
    """Names for `width` columns: trimmed, without ` %% url=…`, never empty, never twice the same."""
    names: list[str] = []
    repeated = 0
    links: list[str] = []
    for at in range(width):
        cell = cells[at] if at < len(cells) else ""
        link = _URL_SUFFIX.search(cell)
        bare = cell[: link.start()] if link else cell
        bare = re.sub(r"[\n\t\u00a0\u2009\u202f]", " ", bare).strip().strip(_INVISIBLE).strip()
        names.append(bare or f"column {at + 1}")
        if link:
            links.append(f"'{bare[:60]}': {link[1].strip()[:120]}")
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
    if links:
        shown = "; ".join(links[:5]) + ("; …" if len(links) > 5 else "")
        notes.append(f"' %% url=…' taken off {count(len(links), 'column name')} ({shown})")
    if repeated:
        notes.append(f"{count(repeated, 'repeated column name')} numbered, such as '{numbered}'")
    return tuple(names)


def _parse(text: str, name: str, encoding: str, notes: list[str]) -> tuple[RawTable | None, list[Problem]]:
    text, ends = line_ends(text)
    if ends:
        notes.append(ends)
    delimiter = delimiter_of(text, name, notes)
    read = read_records(text, delimiter, notes)
    if read.fault:
        return None, [Problem(Place(name, read.fault.line), read.fault.what, read.fault.mend)]
    records, lines = read.records, read.lines
    if len(records) > MAX_ROWS + 1:
        return None, [Problem(Place(name), f"has more than {MAX_ROWS:,} rows", "split the table by component")]

    # Zero-width characters are looked for once: taking them off every cell would double the time.
    extra = "".join(c for c in _INVISIBLE if c in text)
    for at, record in enumerate(records):
        # In its place: both forms of a large table would be held otherwise.
        records[at] = list(map(str.strip, record)) if not extra else [c.strip().strip(extra).strip() for c in record]
    kept = [any(record) for record in records]
    filled = [record for record, keep in zip(records, kept, strict=True) if keep]
    filled_lines = [line for line, keep in zip(lines, kept, strict=True) if keep]
    blank = len(records) - len(filled)
    if not filled:
        return None, [Problem(Place(name), "is empty", "put the table here, or remove its name from study.yaml")]
    if blank:
        notes.append(f"{count(blank, 'blank row')} skipped")

    remarks = 0
    while remarks + 1 < len(filled) and _is_remark(filled[remarks]):
        remarks += 1
    if remarks and _used(filled[remarks]) > 1:
        notes.append(f"{count(remarks, 'line')} of remarks before the header left out, such as {filled[0][0][:60]!r}")
        del filled[:remarks], filled_lines[:remarks]
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
    if width * len(filled) > MAX_CELLS:
        what = f"has {len(filled):,} rows of {width:,} columns, more than {MAX_CELLS:,} cells together"
        return None, [Problem(Place(name, head_line), what, "split the table by component, or leave empty columns out")]
    if len(head) > width:
        notes.append(f"{count(len(head) - width, 'trailing column')} without name or content left out")

    problems = [*_long_cell(name, [head], [head_line]), *_shape_problems(name, filled, filled_lines, len(head), width)]
    if not filled:
        mend = "put the rows below it; of a table that is lost, say so under 'missing:'"
        problems.append(Problem(Place(name, head_line), "has a header and no row below it", mend, "warning"))
    rows: list[tuple[str, ...]] = []
    padding = ("",) * width
    for row in filled:
        rows.append(tuple(row) if len(row) == width else (*row[:width], *padding[len(row) :]))
    header = _header(head, width, notes)
    return RawTable(header, rows, filled_lines, encoding, tuple(notes)), problems


def _is_remark(record: list[str]) -> bool:
    """One cell alone that begins with `#`, as the hints of a template do."""
    return record[0].startswith("#") and _used(record) == 1


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
    yield from _long_cell(name, rows, lines)


def _long_cell(name: str, rows: list[list[str]], lines: list[int]) -> Iterator[Problem]:
    """An error for the first cell that is longer than any reader of tables takes."""
    for row, line in zip(rows, lines, strict=True):
        if max(map(len, row)) > MAX_CELL:
            what = f"has a cell of {max(map(len, row)):,} characters, where at most {MAX_CELL:,} are read"
            yield Problem(Place(name, line), what, "shorten the cell, or put its text in a file")
            return
