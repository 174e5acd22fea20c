"""A check is content like the rest: told with line and mend, and its SQL can do nothing but count."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ingest.checks import find_checks, read_check
from ingest.importers.idr import checks as printed
from portal.warehouse.counting import Refused, answer, desk, scoped
from tests.conftest import build_py

CHECK = """\
title: Table 1
source: {title: A paper, doi: 10.1000/182}
figures:
  - name: wells
    label: Wells
    says: Samples.
    sql: |
      SELECT study, count(*) AS value
      FROM samples
      GROUP BY study
rows:
  - study: one
    printed: {wells: 12}
"""


def problems(text: str) -> list[str]:
    check, _, found = read_check(text.encode(), "checks/t.yaml")
    assert (check is None) == any(p.severity == "error" for p in found)
    assert all(p.place.line and p.mend for p in found), found
    return [f"{p.place.line}: {p.place.path} {p.what}" for p in found]


def test_a_good_one_is_read() -> None:
    check, lines, found = read_check(CHECK.encode(), "checks/t.yaml")
    assert not found and check is not None
    assert (check.figures[0].name, check.rows[0].printed, lines["rows[0].printed.wells"]) == ("wells", {"wells": "12"}, 13)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wells: 12", 'wells: "1,152"', "13: rows[0].printed.wells '1,152' is not a number"),
        ("wells: 12", "wells: about 12", "13: rows[0].printed.wells 'about 12' is not a number"),
        ("wells: 12", "well: 12", "13: rows[0].printed.well is none of the figures"),
        ("name: wells", "name: The wells", "4: figures[0].name 'The wells' cannot name a figure"),
        ("study: one", "study: ../one", "12: rows[0].study '../one' is not an accession"),
        ("    printed", "    components: [a b]\n    printed", "13: rows[0].components[0] 'a b' is not the name of a component"),
        ("    printed", "    why: {plates: Because.}\n    printed", "13: rows[0].why.plates is none of the figures"),
        ("    says: Samples.\n", "", "4: figures[0].says is missing"),
        ("rows:\n", "rows:\n  - {study: one, printed: {wells: 3}}\n", "13: rows[1].study 'one' has two rows"),
        ("FROM samples", "FROM sample", "7: figures[0].sql cannot be run: Table with name sample does not exist!"),
        ("count(*) AS value", "count(*) AS n", "7: figures[0].sql gives the columns study, n, not study and value"),
        ("count(*) AS value", "'many' AS value", "7: figures[0].sql gives a value that is no number (VARCHAR)"),
        ("GROUP BY study", "GROUP BY study; SELECT 1", "7: figures[0].sql is not one statement"),
        ("title: Table 1", "titel: Table 1", "1: titel is not a key of a check"),
    ],
)
def test_each_mistake_is_told_at_its_line(old: str, new: str, said: str) -> None:
    assert CHECK.count(old) == 1
    assert any(line.startswith(said) for line in problems(CHECK.replace(old, new))), problems(CHECK.replace(old, new))


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT 'a' AS study, length(content) AS value FROM read_text('/etc/passwd')", "reaches for something other"),
        ("SELECT 'a' AS study, count(*) AS value FROM glob('/**')", "reaches for something other"),
        ("SELECT 'a' AS study, count(*) AS value FROM 'https://example.org/x.parquet'", "reaches for something other"),
        ("SELECT 'a' AS study, count(*) AS value FROM secret", "cannot be run"),
        ("COPY samples TO 'x.csv'", "is not a SELECT"),
        ("ATTACH 'x.db'", "is not a SELECT"),
        ("SET threads = 8", "is not a SELECT"),
        ("INSTALL httpfs", "is not a SELECT"),
        ("CREATE TABLE x AS SELECT 1", "is not a SELECT"),
        ("PRAGMA version", "is not a SELECT"),
        ("SELECT study, random() AS value FROM samples", "uses 'random'"),
        ("SELECT 'a' AS study, epoch(now()) AS value", "uses 'now'"),
        ("SELECT study, count(*) AS value FROM (FROM samples USING SAMPLE 10%) GROUP BY study", "uses 'USING SAMPLE'"),
        ("SELECT 'a' AS study, 1.0 / 0 AS value", "gives inf for a"),
        ("SELECT 'a' AS study, unnest([1, 2]) AS value", "gives two rows for a"),
        ("", "is not one statement"),
        ("-- nothing", "is not one statement"),
    ],
)
def test_sql_can_only_count(sql: str, what: str) -> None:
    secret = pa.table({"study": ["a"]})  # DuckDB would find a variable of the program by its name
    with desk() as con, pytest.raises(Refused, match=what) as refused:
        answer(con, sql)
    assert secret.num_rows and "/etc" not in str(refused.value)


def test_a_question_without_end_is_ended() -> None:
    sql = "SELECT 'a' AS study, count(*) AS value FROM range(1000000) a, range(10000000) b WHERE (a.range * b.range) % 7 = 3"
    with desk() as con, pytest.raises(Refused, match=r"took more than 0.5 seconds"):
        answer(con, sql, seconds=0.5)


def test_a_row_may_mean_some_components_alone() -> None:
    check, _, found = read_check(CHECK.replace("    printed", "    components: [screenA]\n    printed").encode(), "checks/t.yaml")
    assert check is not None and not found
    asked = scoped(check.figures[0].sql, check.rows)
    assert "component IN ('screenA')" in asked and "main.samples" in asked
    assert scoped("SELECT study, 1 AS value FROM studies", check.rows) == "SELECT study, 1 AS value FROM studies"


def test_other_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/one.yaml").write_text(CHECK)
    (tmp_path / "checks/Two.YAML").write_text(CHECK)
    (tmp_path / "checks/three.yaml").symlink_to(tmp_path / "checks/one.yaml")
    names, found = find_checks(tmp_path)
    assert names == ["one.yaml"]
    assert sorted(p.place.file for p in found) == ["checks/Two.YAML", "checks/three.yaml"]


# ---- the table that the importer brings


def test_the_printed_table_can_be_read() -> None:
    _, _, found = read_check(printed._OURS.read_bytes(), "checks/idr-table-1.yaml")
    assert not found


def source(folder: Path, accession: str) -> Path:
    """The least that the importer takes for a study."""
    folder.mkdir(parents=True)
    text = f"Comment[IDR Study Accession]\t{accession}\nStudy Title\tA title\nStudy Screens Number\t1\nScreen Number\t1\n"
    (folder / f"{accession}-study.txt").write_text(text + f"Comment[IDR Screen Name]\t{accession}-one/screenA\n")
    return folder


def test_the_importer_writes_it_beside_studies_it_names(tmp_path: Path) -> None:
    written = tmp_path / "content" / printed.PATH
    build_py("import", "idr", source(tmp_path / "a/idr9999-one", "idr9999"), "--into", tmp_path / "content/studies")
    assert (tmp_path / "content/studies/idr9999/study.yaml").is_file() and not written.exists()
    named = source(tmp_path / "a/idr0002-one", "idr0002")
    build_py("import", "idr", named, "--into", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / printed.PATH).exists() and not (tmp_path / printed.PATH).exists()
    build_py("import", "idr", named, "--into", tmp_path / "content/studies")
    assert printed.untouched(written.read_bytes())
    # An older release's file is renewed, an edited one stays.
    written.write_bytes(printed.with_digest(b"title: Old\n"))
    build_py("import", "idr", named, "--into", tmp_path / "content/studies")
    assert written.read_bytes() == printed.with_digest(printed._OURS.read_bytes())
    edited = written.read_bytes() + b"# a note\n"
    written.write_bytes(edited)
    said = build_py("import", "idr", named, "--into", tmp_path / "content/studies").stdout
    assert written.read_bytes() == edited and "was edited and stays as it is" in said
