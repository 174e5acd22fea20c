"""addresses.tsv: what a line may do to a portal, and what it may not."""

from __future__ import annotations

import os
from pathlib import Path

from ingest.folders import find_studies
from ingest.recorded import read_recorded, record
from portal.frozen import HEADER, TOLD, read, settled, studies_of
from portal.problems import Problem
from tests.effort import effort

PAGES = ["index.html", "studies/index.html", "studies/s1/index.html", "studies/s1/cite.bib", "studies/s1/expA/index.html"]


def told(raw: str, paths: list[str] = PAGES, whole: bool = True) -> tuple[dict[str, str], list[str]]:
    recorded, wrong = read(f"{HEADER}\n{raw}".encode())
    assert not wrong
    moved, found = settled(recorded, paths, whole)
    return moved, [f"{p.place.line}: {p.what}; {p.mend}" for p in sorted(found)]


def test_an_old_address_leads_to_the_page_of_today() -> None:
    moved, wrong = told("studies/a/\tstudy\tstudies/b/\nstudies/b/\tstudy\tstudies/s1/\nstudies/s1/\tstudy\t\n")
    assert moved == {"studies/a/": "studies/s1/", "studies/b/": "studies/s1/"} and not wrong


def test_a_page_is_never_replaced_by_one_that_moved() -> None:
    moved, wrong = told("studies/s1/\tstudy\tstudies/s1/expA/\nstudies/S1/expA/\tcomponent\tstudies/s1/\n")
    assert not moved
    assert wrong[0] == "2: 'studies/s1/' is said to have moved, and 'studies/s1/' is there; empty its third column"
    assert wrong[1].startswith("3: 'studies/S1/expA/' is said to have moved, and 'studies/s1/expA/' is there")
    # Names of files, that no folder can have.
    moved, wrong = told("studies/s1/cite.bib/\tcomponent\tstudies/s1/\n")
    told_of = "2: 'studies/s1/cite.bib/' is said to have moved, and 'studies/s1/cite.bib' is there"
    assert not moved and wrong == [f"{told_of}; remove the line: no page can be at this address"]


def test_frames_of_other_pages_go_where_the_image_goes() -> None:
    """Only an image that moved to an image: another page is none for a frame, and a frame's own address is never recorded."""
    pages = [*PAGES, "images/new/index.html", "embed/new/index.html", "embed/taken/index.html"]
    raw = "images/old/\timage\timages/new/\nimages/lost/\timage\tstudies/s1/\nimages/taken/\timage\timages/new/\n"
    moved, wrong = told(raw, pages)
    assert not wrong and {a: t for a, t in moved.items() if a.startswith("embed/")} == {"embed/old/": "embed/new/"}
    assert read(b"embed/new/\t\t\n")[1]


def test_circles_and_mistaken_targets() -> None:
    moved, wrong = told("studies/a/\tstudy\tstudies/b/\nstudies/b/\tstudy\tstudies/a/\nstudies/c/\tstudy\tstudies/s11/\n")
    assert not moved
    assert [line.partition("; ")[0] for line in wrong] == [
        "2: 'studies/a/' is said to have moved in a circle",
        "3: 'studies/b/' is said to have moved in a circle",
        "4: 'studies/c/' is said to have moved to 'studies/s11/', which is no page",
    ]
    assert wrong[2].endswith("; did you mean 'studies/s1/'?")


def test_the_mend_is_never_the_address_that_vanished() -> None:
    _, wrong = told("studies/y0/\tstudy\tstudies/y00/\n", ["studies/unlike/index.html"])
    assert wrong == ["2: 'studies/y0/' is said to have moved to 'studies/y00/', which is no page; write the address of a page that exists"]


def test_what_vanishes_is_told_once_with_all_below_it() -> None:
    lines = [f"studies/gone/expA/p{n}/\tcontainer\t" for n in range(9)]
    _, wrong = told("studies/gone/\tstudy\t\nstudies/gone/expA/\tcomponent\t\n" + "\n".join(lines) + "\n")
    assert wrong == [
        "2: 'studies/gone/' was published and would vanish with 10 addresses below it; "
        "bring the study back, or write where it moved in the third column"
    ]
    assert told("studies/gone/\tstudy\t\n", whole=False) == ({}, []), "a study that is left out is told already"


def test_many_addresses_take_no_longer_than_reading_them() -> None:
    # 8,000 vanished containers took 78 s, and 2,000 mistaken targets 83 s.
    vanished = "".join(f"studies/s1/expA/p{n}/\tcontainer\t\n" for n in range(8_000))
    assert effort(lambda: told(vanished)) < 200
    assert len(told(vanished)[1]) == 8_000
    here = [f"studies/y{n}/index.html" for n in range(20_000)]
    mistaken = "".join(f"studies/x{n}/\tstudy\tstudies/z{n}/\n" for n in range(2_000))
    assert effort(lambda: told(mistaken, here)) < 200
    assert len(told(mistaken, here)[1]) == 2_000


def test_a_file_of_mistakes_does_not_fill_a_screen() -> None:
    recorded, wrong = read(HEADER.encode() + b"\n" + b"no address\n" * 5_000)
    assert not recorded and len(wrong) == TOLD + 1
    assert any(p.what == f"has {5_000 - TOLD:,} more lines with mistakes" for p in wrong)


def test_only_a_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "addresses.tsv")
    recorded, wrong = read_recorded(tmp_path)
    assert not recorded and [p.what for p in wrong] == ["is not a file"]
    (tmp_path / "addresses.tsv").unlink()
    (tmp_path / "addresses.tsv").mkdir()
    assert [p.what for p in read_recorded(tmp_path)[1]] == ["is not a file"]
    (tmp_path / "addresses.tsv").rmdir()
    (tmp_path / "secret").write_text("root:x:0:0\n")
    (tmp_path / "addresses.tsv").symlink_to(tmp_path / "secret")
    (problem,) = read_recorded(tmp_path)[1]
    assert "links are not followed" in problem.mend and "root" not in str(problem)
    assert record(tmp_path, PAGES) == (0, [problem]), "nor written through"
    assert (tmp_path / "secret").read_text() == "root:x:0:0\n"


def test_recording_keeps_what_moved(tmp_path: Path) -> None:
    (tmp_path / "addresses.tsv").write_text(f"{HEADER}\nstudies/old/\tstudy\tstudies/s1/\n")
    assert record(tmp_path, PAGES) == (3, [])
    assert (tmp_path / "addresses.tsv").read_text() == (
        f"{HEADER}\nstudies/old/\tstudy\tstudies/s1/\nstudies/s1/\tstudy\t\nstudies/s1/expA/\tcomponent\t\n"
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["addresses.tsv"]


def test_a_newcomer_never_takes_the_place_of_a_published_study(tmp_path: Path) -> None:
    for name in ("s1", "S1"):
        (tmp_path / "studies" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "studies" / name / "study.yaml").write_text(f"accession: {name}\n")
    if len(list((tmp_path / "studies").iterdir())) == 1:
        return  # this disk does not tell capitals apart either: there is no newcomer

    def listed(recorded: set[str]) -> tuple[list[str], list[Problem]]:
        found, problems = find_studies(tmp_path, recorded)
        return [f.accession for f in found], problems

    names, problems = listed(set())
    assert not names and [p.place.file for p in problems] == ["studies/S1", "studies/s1"]
    (tmp_path / "addresses.tsv").write_text(f"{HEADER}\nstudies/s1/\tstudy\t\n")
    recorded = studies_of(read_recorded(tmp_path)[0])
    names, problems = listed(recorded)
    assert names == ["s1"] and [str(p) for p in problems] == [
        "studies/S1: differs from the folder 's1' by capitals alone; rename one of the two: addresses do not tell capitals apart"
    ]
    assert listed({"s1", "S1"})[0] == []
