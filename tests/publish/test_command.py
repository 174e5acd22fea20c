"""The command line when something is wrong around it: what is published stays, and a sentence says what to do."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, build_py
from tests.test_sites import digest

STUDY = """\
accession: {0}
title: The study {0}
licence: CC-BY-4.0
organisms: [{{name: Homo sapiens}}]
components:
  - {{name: imagesA, kind: experiment, missing: Nothing was deposited yet.}}
"""
HEADER = "address\tkind\tmoved to\n"


def write(content: Path, *names: str) -> Path:
    for name in names:
        (content / "studies" / name).mkdir(parents=True, exist_ok=True)
        (content / "studies" / name / "study.yaml").write_text(STUDY.format(name))
    return content


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `content` (one study, s1), the `site` made of it and its own store, and a copy of it all beside it."""
    folder = tmp_path_factory.mktemp("published") / "house"
    done = build_py("build", "--content", write(folder / "content", "s1"), "--out", folder / "site")
    assert done.returncode == 0, done.stdout + done.stderr
    copied(folder, folder.with_name("kept"))
    return folder


@pytest.fixture
def house(published: Path) -> Iterator[Path]:
    """It, as it was: at one place, since a store knows its sites by their places."""
    removed(published)
    copied(published.with_name("kept"), published)
    yield published
    removed(published)


def removed(folder: Path) -> None:
    # Python's own gives up on folders as deep as these tests make them, and so would every later run that clears up.
    subprocess.run(["rm", "-rf", folder], check=True)


def copied(source: Path, target: Path) -> None:
    # With its hard links: a page is one file with its blob.
    subprocess.run(["cp", "-a", source, target], check=True)


def run(house: Path, command: str = "build", *arguments: str | Path, code: int, **environment: str) -> str:
    """What a command said; its exit code must be `code`, and no fault of ours be told."""
    content = ["--content", house / "content"] if command in ("build", "freeze") else []
    done = build_py(command, *arguments, *content, "--out", house / "site", environment=environment)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"exit {done.returncode}, not {code}\n{said}"
    assert "itself failed" not in said and "Traceback" not in said and "[Errno" not in said, said
    return said


# ---- content


@pytest.mark.parametrize("left", ["nothing", "hidden"])
def test_an_empty_content_never_replaces_a_site(house: Path, left: str) -> None:
    before = digest(house / "site")
    shutil.rmtree(house / "content/studies/s1")
    if left == "hidden":
        (house / "content/studies/.hid").mkdir()
    said = run(house, code=2)
    assert "holds no study, and the site at" in said and "remove" in said
    assert digest(house / "site") == before and (house / "site/studies/s1/index.html").is_file()


def test_addresses_that_would_break_a_portal(house: Path) -> None:
    before = digest(house / "site")
    rows = [
        "studies/",
        "studies/s1/",
        "studies/s1/imagesA/",
        "studies/index.html/",
        "data/manifest.json/",
        "studies//x/",
        "studies/" + "a/" * 3000,
    ]
    rows += ["studies/" + "a" * 300 + "/", "studies/a\0b/"]
    (house / "content/addresses.tsv").write_text(HEADER + "".join(f"{row}\t\tstudies/s1/\n" for row in rows))
    said = run(house, code=1)
    assert [f"addresses.tsv:{n}:" in said for n in range(2, len(rows) + 2)] == [True] * len(rows), said
    assert digest(house / "site") == before, "the study is published all the same"
    # … and the store is as good as before.
    (house / "content/addresses.tsv").write_text(HEADER + "studies/old/\tstudy\tstudies/s1/\n")
    run(house, code=0)
    assert "studies/s1/" in re.sub(r"\.\./", "studies/", (house / "site/studies/old/index.html").read_text())
    run(house, "gc", code=0)
    assert not list((house / ".slidecase/releases").glob("*/staging-*"))


def test_addresses_in_a_link_are_not_printed(house: Path) -> None:
    (house / "secret").write_text("root:x:0:0:secret\nstudies/x/\tstudy\tsecret\n")
    (house / "content/addresses.tsv").symlink_to(house / "secret")
    said = run(house, code=1)
    assert "addresses.tsv: " in said and "links are not followed" in said and "secret" not in said


def test_a_pattern_that_never_ends_is_told(house: Path) -> None:
    write(house / "content", "s1")
    (house / "content/portal.yaml").write_text("links:\n- {name: x, pattern: '(a+)+$', url: 'https://e.example/{id}'}\n")
    study = STUDY.format("s1").replace(
        "missing: Nothing was deposited yet.", "samples: {table: t.tsv, columns: {plate: P, well: W, gene.id: G}}"
    )
    (house / "content/studies/s1/study.yaml").write_text(study)
    (house / "content/studies/s1/t.tsv").write_text(f"P\tW\tG\np1\tA1\t{'a' * 40}!\n")
    assert "portal.yaml:2: links[0].pattern '(a+)+$' repeats a part" in run(house, code=1)


@pytest.mark.parametrize("out", ["content/studies/s1/site", "content", "."])
def test_content_and_site_never_lie_in_each_other(house: Path, out: str) -> None:
    before = sorted(p.relative_to(house) for p in (house / "content").rglob("*"))
    done = build_py("build", "--content", house / "content", "--out", house / out)
    assert done.returncode == 2 and "with --out" in done.stderr, done.stderr
    assert sorted(p.relative_to(house) for p in (house / "content").rglob("*")) == before, "nothing was written, no store either"


# ---- the store and the disk


def database(house: Path) -> Path:
    return house / ".slidecase/store-1.sqlite"


def test_a_damaged_store_says_how_it_is_mended(house: Path) -> None:
    before = digest(house / "site")
    sqlite3.connect(database(house)).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw = database(house).read_bytes()
    for damaged in (os.urandom(9_000), raw[: len(raw) // 2]):
        database(house).write_bytes(damaged)
        for command, *arguments in (["build"], ["why", "studies/s1/"], ["freeze"], ["gc"]):
            said = run(house, command, *arguments, code=2)
            assert f"remove the file {database(house)}, it is made again by the next build" in " ".join(said.split()), said
        for file in database(house).parent.glob("store-1.sqlite*"):
            file.unlink()
    assert digest(house / "site") == before
    assert "as before" in run(house, code=0)


def test_a_page_that_was_edited_in_the_site_is_made_again(house: Path) -> None:
    before = digest(house / "site")
    page = house / "site/studies/s1/index.html"
    page.chmod(0o644)
    page.write_text("defaced")
    assert "as before" not in run(house, code=0)
    assert digest(house / "site") == before
    assert "as before" in run(house, code=0)


def test_bytes_that_changed_in_the_store_are_made_again(house: Path) -> None:
    blobs = [b for b in (house / ".slidecase/blobs").glob("*/*") if b.read_bytes().startswith(b"{")]
    assert len(blobs) > 5
    for blob in blobs:
        blob.chmod(0o644)
        blob.write_bytes(b"not JSON")
    (house / "content/portal.yaml").write_text("title: Another\n")
    run(house, code=0)
    run(house, "gc", code=0)


@pytest.mark.parametrize("noted", ["{}", ""])
def test_damaged_notes_of_releases(house: Path, noted: str) -> None:
    (file,) = (house / ".slidecase/releases").glob("*/releases.json")
    file.write_text(noted)
    assert "releases.json is damaged" in run(house, "gc", code=0)
    assert (house / "site/index.html").is_file()
    run(house, code=0)
    assert "damaged" not in run(house, "gc", code=0)


def test_what_cannot_be_removed_never_stops_a_build(house: Path) -> None:
    (family,) = [f for f in (house / ".slidecase/releases").iterdir() if f.is_dir()]
    deep = family / "staging-1-dead"
    deep.mkdir()
    handle = os.open(deep, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("a", dir_fd=handle)
        inner = os.open("a", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    (family.parent / "a file").write_text("of somebody")
    (house / ".slidecase/blobs/a file").write_text("of somebody")
    run(house, code=0)
    run(house, "gc", code=0)
    assert not deep.exists()


def test_asking_makes_no_store(tmp_path: Path) -> None:
    for command, *arguments in (["why", "studies/s1/"], ["gc"], ["freeze"]):
        assert "nothing has been built yet" in run(tmp_path, command, *arguments, code=2)
    assert not list(tmp_path.iterdir())
    assert "is no folder" in run(tmp_path, code=2)


# ---- the terminal and the day


@pytest.mark.parametrize("epoch", ["1e9", "253402300800"])
def test_a_day_that_is_none(house: Path, epoch: str) -> None:
    assert "SOURCE_DATE_EPOCH is" in run(house, code=2, SOURCE_DATE_EPOCH=epoch)


def test_a_terminal_that_knows_ascii_alone(house: Path) -> None:
    write(house / "content", "s2")
    (house / "content/studies/s2/study.yaml").write_text("título: ä\n")
    said = run(house, code=1, PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert "studies/s2/study.yaml:1:" in said and "Left out: s2" in said


def shell(line: str, house: Path) -> subprocess.CompletedProcess[str]:
    command = f"set -o pipefail; {sys.executable} {ROOT / 'build.py'} {line}"
    return subprocess.run(["bash", "-c", command], cwd=house, capture_output=True, text=True, timeout=300)


def test_a_terminal_that_is_closed(house: Path) -> None:
    done = shell("build --content content --out site >&-", house)
    assert done.returncode == 0 and "itself failed" not in done.stderr, done.stderr
    done = shell("build --content content --out site >&- 2>&-", house)
    assert done.returncode == 0


def test_a_reader_that_has_read_enough(house: Path) -> None:
    for number in range(30):
        write(house / "content", f"bad{number}")
        (house / f"content/studies/bad{number}/study.yaml").write_text("a: " + "b" * 60 + "\n" * 3 + "c: d\n" * 60)
    done = shell("check content --store .slidecase | head -1", house)
    assert "Broken pipe" not in done.stderr and "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
