"""read_table: what spreadsheets and editors do to CSV and TSV files."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from ingest.encodings import decode
from ingest.sample_tables.parts import stack
from ingest.tables import MAX_CELL, RawTable, read_table
from portal.problems import Problem


def table(raw: bytes | str, name: str = "a.csv") -> tuple[RawTable, list[Problem]]:
    found, problems = read_table(raw.encode() if isinstance(raw, str) else raw, name)
    assert found is not None, problems
    return found, problems


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(end: str) -> None:
    it, problems = table(end.join(["a,b", "1,2", "", "3,4"]))
    assert (it.header, it.rows, it.lines, problems) == (("a", "b"), [("1", "2"), ("3", "4")], [2, 4], [])
    assert "1 blank row skipped" in it.notes


def test_stray_carriage_returns_in_rows_are_blanks_and_mixed_ends_are_ends() -> None:
    it, _ = table("a,b,c\n1\r,2,3\n4\r,5,6\n")
    assert it.rows == [("1", "2", "3"), ("4", "5", "6")]
    it, _ = table("a,b\r1,2\r\n3,4\n")
    assert it.rows == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("codec", "text", "name"),
    [
        ("utf-8-sig", "Plate,Ort\nP1,Zürich\n", "utf-8-sig"),
        ("utf-16", "Plate,Ort\nP1,Zürich\n", "utf-16"),
        ("utf-8", "a,b\nµ ± β,“x”\n", "utf-8"),
        ("mac_roman", "a,b\nast one “obligatory” crossover’s,20\u00a0°C\n", "mac-roman"),
        ("mac_roman", "a,b\nHütter,OPERA®\n", "mac-roman"),
        ("cp1252", "a,b\nHériché,Töpfel\n", "windows-1252"),
        ("cp1252", "a,b\nParkinson’s Disease,13µm – 37°C\n", "windows-1252"),
    ],
)
def test_encodings(codec: str, text: str, name: str) -> None:
    it, _ = table(text.encode(codec))
    assert it.encoding == name
    expected = [tuple(c.strip() for c in line.split(",")) for line in text.strip().split("\n")]
    assert [it.header, *it.rows] == expected


def test_single_legacy_bytes_in_a_utf8_file() -> None:
    text, encoding, notes = decode("µm µm µm ".encode() + "37°".encode("cp1252"))
    assert (text, encoding) == ("µm µm µm 37°", "utf-8+windows-1252")
    assert notes == ["1 bytes are not UTF-8 and were read as windows-1252"]


def test_header_is_named_once_and_never_empty() -> None:
    raw = "Gene Identifier %% url=http://www.ensembl.org/id/%s\tProtocol REF\t Well\u00a0\tProtocol REF\t\tlast\t\t\n1\t2\t3\t4\t5\t6\t\t\n"
    it, problems = table(raw, "a.txt")
    assert it.header == ("Gene Identifier", "Protocol REF", "Well", "Protocol REF (2)", "column 5", "last")
    assert problems == []
    assert "2 trailing columns without name or content left out" in it.notes


def test_a_numbered_name_that_is_taken_is_passed_over() -> None:
    assert table("a,a (2),a\n1,2,3\n")[0].header == ("a", "a (2)", "a (3)")


def test_ragged_rows_are_read_and_told_with_their_line() -> None:
    it, problems = table("a,b\n1\n1,2,3\n4,5,\n")
    assert it.header == ("a", "b", "column 3")
    assert it.rows == [("1", "", ""), ("1", "2", "3"), ("4", "5", "")]
    assert [(p.place.line, p.severity) for p in problems] == [(3, "warning"), (2, "warning")]
    assert "1 row has more cells than the header (kept as column 3)" in problems[0].what


def test_newlines_in_cells_and_lines_of_rows() -> None:
    it, _ = table('a,b\n"one\ntwo",x\n"say ""hi"", you",y\n')
    assert it.rows == [("one\ntwo", "x"), ('say "hi", you', "y")]
    assert it.lines == [2, 4]


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    it, _ = table('a\tb\n"5\' end\tx\n3\t"quoted"\n', "a.tsv")
    assert it.rows == [("\"5' end", "x"), ("3", "quoted")]
    assert "a double quote is never closed: quotes were read as plain characters" in it.notes


def test_separator_by_name_unless_the_header_says_another() -> None:
    assert table("a,x\tb\n1\t2\n", "a.txt")[0].header == ("a,x", "b")
    assert table("a,b\n1,2\n", "a.txt")[0].header == ("a", "b")
    assert table("a\tb\n1\t2\n", "a.csv")[0].header == ("a", "b")
    assert table("a;b\n1;2\n", "a.csv")[0].header == ("a", "b")


def test_gzip_of_several_members_and_misnamed() -> None:
    raw = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert table(raw, "a.csv.gz")[0].rows == [("1", "2"), ("3", "4")]
    assert table(raw, "a.csv")[0].rows == [("1", "2"), ("3", "4")]
    assert table(b"a,b\n1,2\n", "a.csv.gz")[0].notes == ("named .gz, but not compressed",)


def zipped(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return raw.getvalue()


def test_a_zip_archive_with_one_table() -> None:
    it, problems = table(zipped(("inner/a.csv", b"a,b\n1,2\n"), ("__MACOSX/inner/._a.csv", b"\0")), "a.csv.zip")
    assert (it.header, it.rows, it.lines, problems) == (("a", "b"), [("1", "2")], [2], [])
    assert it.notes == ("unpacked 'a.csv' from a zip archive",)
    assert table(zipped(("a.txt", b"a,x\tb\n1\t2\n"), packing=zipfile.ZIP_STORED), "a.txt.zip")[0].header == ("a,x", "b")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (zipped(("a.csv", b"a,b\n"), ("b.csv", b"a,b\n")), "is a zip archive of 2 files ('a.csv', 'b.csv'), where one is read"),
        (zipped(), "is a zip archive of 0 files, where one is read"),
        (zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), "is a spreadsheet or another office document"),
        (zipped(("a.csv", b"a,b\n"), packing=zipfile.ZIP_LZMA), "is a zip archive packed in an unusual way"),
        (zipped(("a.csv", zipped(("b.csv", b"a,b\n")))), "is packed twice"),
        (zipped(("a.csv", b"\0" * 2**23)), "unpacks to more than 400 times its size"),
        (zipped(("a.csv", b"version https://git-lfs.github.com/spec/v1\n")), "is a git LFS pointer, not the table itself"),
        (zipped(("a.csv", b"a,b\n1,2\n"), packing=zipfile.ZIP_STORED).replace(b"1,2", b"1,3"), "is not a sound zip archive (bad crc-32"),
    ],
)
def test_zip_archives_that_are_not_read(raw: bytes, what: str) -> None:
    found, problems = read_table(raw, "a.csv.zip")
    assert found is None
    assert [p.what.startswith(what) for p in problems] == [True], problems


def test_a_zip_archive_that_says_it_is_small_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.tables.MAX_BYTES", 2**20)
    rows = b"".join(b"%d,%d\n" % (n, n * n) for n in range(200_000))
    assert read_table(zipped(("a.csv", rows)), "a.csv.zip")[1][0].what == "unpacks to more than 1 MB"


def test_parts_stand_below_one_another_with_their_columns_by_name() -> None:
    parts = {
        "a.csv": table("Plate,Well,Gene\nP1,A1,TP53\n")[0],
        "b.csv": table("\nwell,Plate,Remark\nA2,P1,dim\nA3,P1,\n")[0],
        "c.csv": table("Plate,Well,Gene\n")[0],
        "d.csv": table("Plate,Well,Gene,Remark\nP9,A1,,x\n")[0],
    }
    whole = stack(list(parts), parts)
    assert whole.name == "a.csv and 3 more parts"
    assert whole.table.header == ("Plate", "Well", "Gene", "Remark")
    assert whole.table.rows == [("P1", "A1", "TP53", ""), ("P1", "A2", "", "dim"), ("P1", "A3", "", ""), ("P9", "A1", "", "x")]
    assert [whole.place(row) for row in range(4)] == [("a.csv", 2), ("b.csv", 3), ("b.csv", 4), ("d.csv", 2)]
    assert "b.csv: has no column 'Gene', which other parts have; blank in its rows" in whole.table.notes
    assert stack(["a.csv"], parts).table is parts["a.csv"]


def test_columns_of_parts_that_differ_by_capitals_in_doubt_stay_apart() -> None:
    parts = {"a.csv": table("Plate,plate,x\n1,2,3\n")[0], "b.csv": table("PLATE,x\n4,5\n")[0]}
    assert stack(list(parts), parts).table.header == ("Plate", "plate", "x", "PLATE")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", "is a git LFS pointer, not the table itself"),
        (gzip.compress(b"version https://git-lfs.github.com/spec/v1\n"), "is a git LFS pointer, not the table itself"),
        (gzip.compress(b"a,b\n1,2\n")[:-9], "ends in the middle of its gzip data"),
        (b"\x1f\x8bnonsense", "is not sound gzip data (error -3 while decompressing data)"),
        (b"PK\x03\x04xl", "is not a sound zip archive (file is not a zip file)"),
        (b"\x93NUMPY\x00\x01", "is not text (it holds NUL bytes)"),
        (b",".join(b"c" for _ in range(3000)) + b"\n", "has 3,000 columns, where at most 2,000 are read"),
    ],
)
def test_what_is_no_table(raw: bytes, what: str) -> None:
    found, problems = read_table(raw, "a.csv")
    assert found is None
    assert [p.what for p in problems] == [what]


def test_a_gzip_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.tables.MAX_BYTES", 2**20)
    found, problems = read_table(gzip.compress(b"a" * 2**24), "a.csv.gz")
    assert found is None
    assert problems[0].what == "unpacks to more than 1 MB"


def test_a_cell_beyond_the_limit_is_an_error_with_its_line() -> None:
    _, problems = table("a,b\n1,2\nx," + "y" * (MAX_CELL + 1) + "\n")
    assert [(p.place.line, p.severity, p.what) for p in problems] == [
        (3, "error", "has a cell of 32,769 characters, where at most 32,768 are read")
    ]


def test_identifiers_stay_text_and_cells_are_trimmed() -> None:
    assert table("id,x\n007,\u00a0 a \u200b\n1e5,NA\n")[0].rows == [("007", "a"), ("1e5", "NA")]
