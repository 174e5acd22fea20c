"""Reports of imports are content like the rest: bounded, checked, and never a reason to leave a study out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingest import ledgers
from ingest.ledgers import find_overviews, read_ledger
from portal.engine.step import Opened, Tree, Work, digest_of
from portal.problems import Problem, load

FILE = "studies/tst0001/import-report.json"
WHOLE: dict[str, Any] = {
    "version": 2,
    "importer": "idr",
    "source": "tst0001-source",
    "accession": "tst0001",
    "title": "A screen",
    "files": [{"path": "study.txt", "bytes": 9, "role": "study.txt", "fate": "mapped"}],
}


def told(report: object) -> tuple[bool, list[Problem]]:
    """Whether it could be read, and its problems, every one a warning."""
    raw = report if isinstance(report, bytes) else json.dumps(report).encode()
    found, problems = read_ledger(raw, FILE, "tst0001")
    assert all(p.severity == "warning" and p.mend for p in problems)
    return found is not None, problems


def test_a_whole_report_is_read() -> None:
    assert told(WHOLE) == (True, [])


@pytest.mark.parametrize(
    ("report", "what"),
    [
        ({k: v for k, v in WHOLE.items() if k != "version"}, "was written by an older release"),
        ({**WHOLE, "version": 1}, "was written by an older release"),
        ({**WHOLE, "version": 3}, "is of version 3, which is not known here"),
        ({**WHOLE, "version": "two"}, "version is not as an import writes it"),
        ({**WHOLE, "accession": "other"}, "accession is about 'other'"),
        ({**WHOLE, "colour": "red"}, "colour is not as an import writes it"),
        ({**WHOLE, "files": [{**WHOLE["files"][0], "fate": "eaten"}]}, "files[0].fate is not as an import writes it"),
        ({**WHOLE, "files": [{**WHOLE["files"][0], "bytes": -1}]}, "files[0].bytes is no count"),
        ({**WHOLE, "files": [{**WHOLE["files"][0], "bytes": 10**18}]}, "files[0].bytes is no count"),
        ([], "is not as an import writes it"),
        (b"", "is not as an import writes it"),
        (b"\xff\xfe\x00", "is not as an import writes it"),
        (b"[" * 200_000, "is not as an import writes it"),
        (b'{"a":' * 200_000, "is not as an import writes it"),
        (b'{"version": ' + b"9" * 10_000 + b"}", "is not as an import writes it"),
        (b'{"version": NaN}', "is not as an import writes it"),
    ],
    ids=range(16),
)
def test_what_cannot_be_read_is_one_warning(report: object, what: str) -> None:
    read, problems = told(report)
    assert not read
    assert [what in str(p) for p in problems] == [True], problems


def test_what_does_not_add_up_is_read_and_told() -> None:
    table = {"component": "screenA", "path": "a\u202e.txt", "role": "library, samples", "encoding": "utf-8", "rows": 3, "rows_used": 1}
    read, problems = told({**WHOLE, "tables": [{**table, "rows_left": 1}]})
    assert read
    assert len(problems) == 1
    assert "does not add up: " in str(problems[0])
    assert "\u202e" not in str(problems[0])


def _work(tmp_path: Path, files: dict[str, bytes]) -> Work:
    for data in files.values():
        (tmp_path / digest_of(data)).write_bytes(data)
    tree = Tree({name: digest_of(data) for name, data in files.items()})
    return Work((Opened(tree, lambda digest: tmp_path / digest),), tmp_path)


def test_the_step_keeps_the_bytes_and_sees_an_edited_record(tmp_path: Path) -> None:
    raw = json.dumps({**WHOLE, "study_yaml_sha256": digest_of(b"as it was written")}, indent=3).encode()
    for record, edited in ((b"as it was written", False), (b"as it was mended", True)):
        work = _work(tmp_path, {"import-report.json": raw, "study.yaml": record})
        out = ledgers.ledger(work, folder="studies/tst0001", accession="tst0001")
        assert out["ledger.json"] == raw
        assert json.loads(bytes_of(out["state.json"])) == {"edited": edited}
        assert json.loads(bytes_of(out["account.json"]))["files"]["mapped"] == 1


def bytes_of(value: bytes | Path) -> bytes:
    assert isinstance(value, bytes)
    return value


def test_a_report_beyond_the_bound_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MAX_BYTES", 50)
    work = _work(tmp_path, {"import-report.json": json.dumps(WHOLE).encode(), "study.yaml": b""})
    out = ledgers.ledger(work, folder="studies/tst0001", accession="tst0001")
    assert list(out) == ["problems.json"]
    assert "keep it below 50" in str(load(bytes_of(out["problems.json"]))[0])


def test_overviews_are_plain_files_of_a_plain_name(tmp_path: Path) -> None:
    assert find_overviews(tmp_path) == ([], [])
    here = tmp_path / "imports"
    here.mkdir()
    for name in ("idr.json", "empiar.json", "README.md", "Idr.JSON", ".hidden.json"):
        (here / name).write_text("{}")
    (here / "linked.json").symlink_to(here / "idr.json")
    (here / "folder.json").mkdir()
    os.mkfifo(here / "pipe.json")
    found, problems = find_overviews(tmp_path)
    assert found == ["empiar.json", "idr.json"]
    assert [p.place.file for p in problems] == [
        f"imports/{n}" for n in ("Idr.JSON", "README.md", "folder.json", "linked.json", "pipe.json")
    ]
    assert {p.severity for p in problems} == {"warning"}


def test_a_linked_folder_of_overviews_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "idr.json").write_text("{}")
    (tmp_path / "imports").symlink_to(tmp_path / "elsewhere")
    found, problems = find_overviews(tmp_path)
    assert found == []
    assert [p.what for p in problems] == ["is a link"]
