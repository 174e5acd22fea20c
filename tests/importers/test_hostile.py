"""Folders that were made, or damaged, so that an import stops, hangs, or writes where it should not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ingest.importers.idr.folder import import_idr
from portal.ledger import FILE
from tests.conftest import build_py
from tests.effort import effort
from tests.importers.test_idr_small import LIBRARY, SCREEN, STUDY, folder


def test_a_name_that_is_no_text_stops_nothing_and_can_be_mended(tmp_path: Path) -> None:
    source = folder(tmp_path)
    odd = os.fsencode(source / "screenA") + b"/idr9999-\xff-library.txt"
    os.close(os.open(odd, os.O_CREAT | os.O_WRONLY))
    done = build_py("import", "idr", source, "--into", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its name holds characters that study.yaml cannot" in (tmp_path / "out/idr9999" / FILE).read_text()
    Path(os.fsdecode(odd)).unlink()
    again = build_py("import", "idr", source, "--into", tmp_path / "out")
    assert again.returncode == 0 and "edited" not in again.stdout, again.stdout


def test_a_fault_of_ours_refuses_one_folder_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = folder(tmp_path, SCREEN.join([STUDY.replace("idr9999", "idr9998"), ""]))
    bad = folder(tmp_path / "bad")

    def fails(told: object) -> bytes:
        if getattr(told, "accession", "") == "idr9999":
            raise ZeroDivisionError("of a kind that nobody thought of")
        return b""

    # No input is known that fails: that there is one some day is what this is about.
    monkeypatch.setattr("ingest.importers.idr.folder.markdown", fails)
    report = import_idr([bad, good], tmp_path / "out")
    assert [s.outcome for s in report.studies] == ["refused", "imported"]
    reason = report.studies[0].reason or ""
    assert reason.startswith("the importer itself failed on it (ZeroDivisionError at ingest/importers/idr/folder.py:")
    assert reason.endswith(": of a kind that nobody thought of). Please report it, with the folder")
    assert str(tmp_path) not in reason
    assert not (tmp_path / "out/idr9999").exists()
    monkeypatch.undo()
    assert import_idr([bad], tmp_path / "out").imported


def test_an_import_that_stops_between_study_and_report_can_be_repeated(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert import_idr([folder(tmp_path)], out).imported
    study, report = out / "idr9999/study.yaml", out / "idr9999" / FILE
    before = json.loads(report.read_bytes())
    # As it is after a kill: the new study.yaml is in its place, its report is not.
    mended = folder(tmp_path / "mended", (STUDY + SCREEN).replace("A small study", "A mended study"))
    new = tmp_path / "new"
    assert import_idr([mended], new).imported
    study.write_bytes((new / "idr9999/study.yaml").read_bytes())
    report.with_name(FILE + ".part").write_bytes((new / "idr9999" / FILE).read_bytes())
    assert before["study_yaml_sha256"] != json.loads((new / "idr9999" / FILE).read_bytes())["study_yaml_sha256"]
    assert import_idr([mended], out).imported
    assert json.loads(report.read_bytes())["title"] == "A mended study"
    assert not list(out.rglob("*.part"))
    study.write_text(study.read_text() + "# by hand\n")
    assert "was edited after its import" in (import_idr([mended], out).refused[0].reason or "")


def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert import_idr([folder(tmp_path)], out).imported
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    (out / "idr9999/import-report.md").unlink()
    (out / "idr9999/import-report.md").mkdir()
    mended = folder(tmp_path / "mended", (STUDY + SCREEN).replace("A small study", "A mended study"))
    assert "a folder stands where a file is to be written" in (import_idr([mended], out).refused[0].reason or "")
    assert not list(out.rglob("*.part"))
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == {p: b for p, b in before.items() if p.suffix != ".md"}


def test_a_study_txt_that_is_a_link_is_refused(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (source / "idr9999-study.txt").rename(tmp_path / "elsewhere.txt")
    (source / "idr9999-study.txt").symlink_to(tmp_path / "elsewhere.txt")
    report = import_idr([source], tmp_path / "out")
    assert report.text().startswith("idr9999-nobody-small: refused, because idr9999-study.txt is a link, which is not followed;")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("link", ["idr9999", "idr9999/screenA", "idr9999/study.yaml", "idr9999/import-report.json"])
def test_nothing_is_written_through_links_at_the_target(tmp_path: Path, link: str) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(other if "." not in link else other / "file")
    report = import_idr([folder(tmp_path)], out)
    assert report.refused[0].reason == f"{link} is a link, and nothing is written through one; remove it to import again"
    assert not list(other.iterdir())


def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out/idr9999").mkdir(parents=True)
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out/idr9999/study.yaml.part").symlink_to(tmp_path / "mine")
    assert import_idr([folder(tmp_path)], tmp_path / "out").imported
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("Study Key Words\tx\n" * 800_000, "has more than 4 MB"),
        ("".join(f"Zzz {n}\tx\n" for n in range(200_000)), "lines, where at most 20,000 are read"),
        ("Study Key Words" + "\t" * 500_000 + "\n", "cells, where at most 400,000 are read"),
        ("Study Key Words" + "\tx" * 50_000 + "\n", "values, where at most 40,000 are read"),
        ("Screen Number\t1\nScreen Description\tx\n" * 300, "screens and experiments, where at most 200 are read"),
    ],
)
def test_a_study_txt_beyond_all_measure_is_refused_at_once(tmp_path: Path, more: str, why: str) -> None:
    source = folder(tmp_path, STUDY + SCREEN + more)
    report = []
    assert effort(lambda: report.append(import_idr([source], tmp_path / "out"))) < 400
    assert why in (report[0].refused[0].reason or "")


@pytest.mark.parametrize(
    "more",
    [
        "Study Key Words\tx\n" * 15_000,
        "Phenotype Name\tx\n" * 15_000,
        "".join(f"Zzz {n}\tx\n" for n in range(15_000)),
        "Study Key Words\t" + "\t".join(f"k{n}" for n in range(15_000)) + "\n",
        "Phenotype Description\t" + " \t" * 100_000 + "x\n",
        ("# " + "A" * 200 + " " * 3_000 + "\n") * 300,
    ],
)
def test_a_long_study_txt_takes_seconds(tmp_path: Path, more: str) -> None:
    source = folder(tmp_path, STUDY + SCREEN + more)
    report = []
    assert effort(lambda: report.append(import_idr([source], tmp_path / "out"))) < 800
    assert report[0].imported and not list(report[0].imported[0].told.sums())


def test_a_table_with_a_cell_beyond_measure_is_no_table_with_fewer_rows(tmp_path: Path) -> None:
    long = LIBRARY + "P1\tA4\t" + "7" * 140_000 + "\tTP53\t\nP1\tA5\t\t\t\n"
    report = import_idr([folder(tmp_path, **{"screenA__idr9999-screenA-library.txt": long})], tmp_path / "out")
    (screen,) = report.imported[0].told.components
    assert "has a cell of 140,000 characters, where at most 32,768 are read" in (screen.missing or "")
