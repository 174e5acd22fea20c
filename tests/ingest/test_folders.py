"""Which studies there are, and nothing followed out of their folders."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from ingest.folders import check_files, find_studies, nearest_file, read_below
from ingest.portal_yaml import read_portal
from ingest.studies import read_study, with_lines
from portal.model import Portal
from portal.problems import Place, Problem


def study_in(content: Path, name: str = "idr0002") -> Path:
    folder = content / "studies" / name
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(f"accession: {name}\n")
    return folder


def test_folders_are_listed_in_order(tmp_path: Path) -> None:
    for name in ("idr0010", "S-BIAD7", "idr0002"):
        study_in(tmp_path, name)
    (tmp_path / "studies" / "idr0002" / "screenA").mkdir()
    (tmp_path / "studies" / "idr0002" / "screenA" / "library.txt").write_text("x")
    (tmp_path / "studies" / "idr0002" / ".DS_Store").write_text("x")
    (tmp_path / "studies" / ".git").mkdir()
    (tmp_path / "studies" / "README.md").write_text("x")
    found, problems = find_studies(tmp_path)
    assert not problems
    assert [f.accession for f in found] == ["S-BIAD7", "idr0002", "idr0010"]
    assert found[1].files == ("screenA/library.txt", "study.yaml")
    assert (found[1].folder, found[1].file) == ("studies/idr0002", "studies/idr0002/study.yaml")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("li\u202etxt.brary", "cannot be seen"),
        ("li\u200bbrary.txt", "cannot be seen"),
        ("li\nbrary.txt", "cannot be seen"),
        (unicodedata.normalize("NFD", "Hériché.txt"), "not NFC"),
        ("a\\b.txt", "backslash"),
        (os.fsdecode(b"\xff.txt"), "cannot be seen"),
    ],
)
def test_names_that_deceive_are_refused(tmp_path: Path, name: str, what: str) -> None:
    (study_in(tmp_path) / name).write_text("x")
    found, problems = find_studies(tmp_path)
    assert [f.files for f in found] == [("study.yaml",)]
    assert len(problems) == 1 and what in problems[0].what
    str(problems[0]).encode()  # can be printed


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    folder = study_in(tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "dangling.txt").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe.txt")
    found, problems = find_studies(tmp_path)
    assert found[0].files == ("study.yaml",)
    assert {p.place.file.rpartition("/")[2] for p in problems} == {"link.txt", "dangling.txt", "loop", "pipe.txt"}


def test_reading_never_leaves_the_folder(tmp_path: Path) -> None:
    folder = study_in(tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "way").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    assert read_below(folder, "study.yaml") == (b"accession: idr0002\n", None)
    assert read_below(folder, "absent.txt") == (None, None)
    for path in ("link.txt", "way/secret.txt", "pipe.txt"):
        raw, problem = read_below(folder, path)
        assert raw is None and problem is not None
    assert read_below(folder, "study.yaml", limit=3)[0] is None


def test_a_portal_without_portal_yaml_has_the_defaults(tmp_path: Path) -> None:
    assert read_portal(tmp_path) == (Portal(), [])
    (tmp_path / "portal.yaml").write_text("# nothing yet\n")
    assert read_portal(tmp_path) == (Portal(), [])
    (tmp_path / "portal.yaml").write_text("title: NO\nsite_url: https://example.org/images\n")
    portal, problems = read_portal(tmp_path)
    assert not problems and (portal.title, portal.site_url) == ("NO", "https://example.org/images")


def test_the_nearest_file_is_named() -> None:
    files = ("screenA/idr0002-library.txt.gz", "screenA/processed.txt", "study.yaml")
    assert nearest_file("screenA/idr0002-library.txt", files) == "did you mean 'screenA/idr0002-library.txt.gz'?"
    assert nearest_file("processed.txt", files) == "did you mean 'screenA/processed.txt'?"
    assert nearest_file("Screena/procesed.txt", files) == "did you mean 'screenA/processed.txt'?"
    assert nearest_file("plate.xlsx", files) == "put the file there, or mend the name"


def test_problems_of_later_steps_get_the_line_of_their_path() -> None:
    lines = {"": 1, "components": 3, "components[0]": 4, "components[0].samples": 6, "components[0].samples.columns": 7}
    lines["components[0].samples.columns.gene.id"] = 9

    def line(path: str, file: str = "s/study.yaml") -> int:
        return with_lines([Problem(Place(file, path=path), "is wrong", "mend it")], "s/study.yaml", lines)[0].place.line

    assert line("components[0].samples.columns.gene.id") == 9
    assert line("components[0].samples.columns.gene.symbol") == 7
    assert line("components[0].samples.join[0].on") == 6
    assert line("components[0].samples.columns['odd [0] key']") == 7
    assert line("components[1].name") == 3
    assert line("components[0]", "s/library.txt") == 0


def test_capitals_alone_do_not_tell_two_studies_apart(tmp_path: Path) -> None:
    study_in(tmp_path, "idr0002")
    if (tmp_path / "studies" / "IDR0002").exists():
        pytest.skip("this disk does not tell capitals apart either")
    study_in(tmp_path, "IDR0002")
    found, problems = find_studies(tmp_path)
    assert not found, "neither takes the other's place"
    mend = "by capitals alone; rename one of the two: addresses do not tell capitals apart"
    assert [str(p) for p in problems] == [
        f"studies/IDR0002: differs from the folder 'idr0002' {mend}",
        f"studies/idr0002: differs from the folder 'IDR0002' {mend}",
    ]


@pytest.mark.parametrize("name", ["index.html", "INDEX.HTML", "ends.", "CON", "nul", "con.txt", "lpt1"])
def test_accessions_that_no_folder_of_a_site_can_have(name: str) -> None:
    study, _, problems = read_study(f"accession: {name}\ntitle: A study\n".encode(), "studies/x/study.yaml", f"studies/{name}")
    assert study is None
    assert [p.place.line for p in problems if p.place.path == "accession"] == [1]


def test_a_name_that_ends_in_a_new_line_is_no_accession(tmp_path: Path) -> None:
    (tmp_path / "studies" / "s1\n").mkdir(parents=True)
    found, problems = find_studies(tmp_path)
    assert not found and [(p.place.file, p.what) for p in problems] == [("studies/s1<U+000A>", "cannot be an accession")]


def test_a_file_that_is_named_invisibly_is_told_visibly(tmp_path: Path) -> None:
    raw = b'accession: s1\ntitle: A study\nfiles: [{path: "a\\nerror studies/s2: is stolen.pdf"}]\n'
    raw += b"components: [{name: a, kind: screen, missing: No.}]\n"
    (tmp_path / "studies" / "s1").mkdir(parents=True)
    (tmp_path / "studies" / "s1" / "study.yaml").write_bytes(raw)
    (folder,), _ = find_studies(tmp_path)
    study, lines, _ = read_study(raw, folder.file, folder.folder)
    assert study is not None
    (problem,) = check_files(study, folder, lines)
    assert "\n" not in str(problem) and "a<U+000A>error studies/s2" in problem.what
