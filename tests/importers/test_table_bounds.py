"""read_table on tables that are larger than any table is: told with the line and the mend, in bounded time and memory."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys

import pytest

from ingest.encodings import decode
from ingest.tables import read_table
from tests.conftest import ROOT
from tests.effort import effort

HEAD = b"Plate\tWell\tGene\nP1\tA1\tx\n"


def said(raw: bytes, name: str = "a.tsv") -> list[str]:
    return [str(p) for p in read_table(raw, name)[1]]


@pytest.mark.parametrize("length", [40_000, 131_072, 140_000, 5_000_000])
def test_a_long_cell_is_an_error_and_no_row_is_lost(length: int) -> None:
    it, problems = read_table(HEAD + b"P1\tA2\t" + b"y" * length + b"\nP1\tA3\tz\nP1\tA4\tz\n", "a.tsv")
    assert it is not None and it.column("Well") == ["A1", "A2", "A3", "A4"] and not it.notes
    assert [str(p) for p in problems] == [
        f"a.tsv:3: has a cell of {length:,} characters, where at most 32,768 are read; shorten the cell, or put its text in a file"
    ]


def test_a_long_cell_in_quotes_with_many_lines_is_no_stray_quote() -> None:
    it, problems = read_table(b'Plate,Well,X\nP1,A1,x\nP1,A2,"' + b"y\n" * 70_000 + b'"\nP1,A3,z\n', "a.csv")
    assert it is not None and it.column("Well") == ["A1", "A2", "A3"] and not it.notes
    assert "a.csv:3: has a cell of 139,999 characters" in str(problems[0])


def test_a_quote_that_swallows_more_than_any_row_is_a_plain_character() -> None:
    it, problems = read_table(HEAD + b'P1\tA2\t"y\n' + b"P1\tA3\tz\n" * 300_000, "a.tsv")
    assert it is not None and len(it.rows) == 300_002 and not problems
    assert it.notes == ("a double quote is never closed: quotes were read as plain characters",)


def test_a_long_cell_in_the_header_is_an_error() -> None:
    assert said(b"Plate\tWell\t" + b"G" * 140_000 + b"\nP1\tA1\tx\n") == [
        "a.tsv:1: has a cell of 140,000 characters, where at most 32,768 are read; shorten the cell, or put its text in a file"
    ]


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (b"a" + b"\t" * 10_000_000, 1, "has a row of more than 65,536 cells, where at most 2,000 are read"),
        (HEAD + b"\t" * 10_000_000, 3, "has a row of more than 65,536 cells, where at most 2,000 are read"),
        (HEAD + b"x" * 20_000_000, 3, "has a row of more than 16 million characters"),
    ],
)
def test_a_row_beyond_measure(raw: bytes, line: int, what: str) -> None:
    assert said(raw) == [f"a.tsv:{line}: {what}; shorten the row, or close the double quote that opens in it"]


def test_a_table_of_one_line_says_so() -> None:
    it, problems = read_table(b"Plate\tWell" + b"\t" * 60_000 + b"\n", "a.tsv")
    assert it is not None and it.header == ("Plate", "Well") and not it.rows
    assert [(p.severity, str(p)) for p in problems] == [
        ("warning", "a.tsv:1: has a header and no row below it; put the rows below it; of a table that is lost, say so under 'missing:'")
    ]


def test_rows_times_columns() -> None:
    assert said(b"\t".join(b"c%d" % n for n in range(2_000)) + b"\n" + b"x\n" * 20_000) == [
        "a.tsv:1: has 20,000 rows of 2,000 columns, more than 20,000,000 cells together; split the table by component, or leave "
        "empty columns out"
    ]


def test_a_header_of_blanks_takes_no_time() -> None:
    assert effort(lambda: read_table(b"a" + b" " * 30_000 + b"%\tb\n1\t2\n", "a.tsv")) < 30
    assert effort(lambda: read_table(b" " * 130_000 + b"a\tb\n1\t2\n", "a.csv")) < 30


def test_many_small_gzip_members_are_read_one_after_the_other() -> None:
    raw = gzip.compress(HEAD) + gzip.compress(b"") * 200_000 + gzip.compress(b"P1\tA2\ty\n") + b"\0" * 1_000
    it, problems = read_table(raw, "a.tsv.gz")
    assert it is not None and it.column("Well") == ["A1", "A2"] and not problems
    assert effort(lambda: read_table(raw, "a.tsv.gz")) < 300


def test_bytes_that_are_no_utf8_are_counted_in_place() -> None:
    raw = "µ".encode() * 500 + b"\xb5" * 200
    text, name, notes = decode(raw)
    assert (text, name, notes) == ("µ" * 700, "utf-8+windows-1252", ["200 bytes are not UTF-8 and were read as windows-1252"])


_IN_LITTLE_MEMORY = """
import resource, sys
from ingest.tables import read_table
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
raw = {"latin": b"a,b\\n" + b"\\xe9\\xff" * 50_000_000, "control": b"a\\tb\\n" + b"\\x01" * 100_000_000,
       "blank": b"a\\tb\\n" + b"\\n" * 100_000_000}[sys.argv[1]]
table, problems = read_table(raw, "a.csv")
print(table is not None, *problems)
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("latin", "has a row of more than 16 million characters"), ("control", "True"), ("blank", "has more than 2,000,000 rows")],
)
def test_memory_stays_bounded(kind: str, expected: str) -> None:
    done = subprocess.run([sys.executable, "-c", _IN_LITTLE_MEMORY, kind], cwd=ROOT, capture_output=True, text=True, check=False)
    assert expected in done.stdout and not done.stderr, done.stdout + done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_000_000  # KB
