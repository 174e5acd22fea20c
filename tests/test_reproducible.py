"""The same content gives the same bytes, wherever and however it is built; and nothing is made twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portal.engine.store import Store
from tests.conftest import build_py

SITES = Path(__file__).parent / "sites"


def content_in(folder: Path) -> Path:
    """A plate screen, a dataset, and pictures; files are made in another order each time."""
    studies = folder / "content/studies"
    for case in ("dataset", "bad-among-good", "only-images"):
        shutil.copytree(SITES / case / "content/studies", studies, dirs_exist_ok=True)
    for bad in ("bad", "worse"):
        shutil.rmtree(studies / bad)
    subprocess.run([sys.executable, SITES / "only-images/make.py", folder / "content"], check=True)
    return folder / "content"


def bytes_of(site: Path) -> dict[str, bytes]:
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in sorted(site.rglob("*")) if p.is_file()}


def build(content: Path, site: Path, store: Path, *options: str, **environment: str) -> None:
    done = build_py("build", "--content", content, "--out", site, "--store", store, *options, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def ran(store: Path, site: Path) -> set[str]:
    """The steps that the last build of `site` ran."""
    opened = Store(store)
    try:
        return {step for step, state in opened.builds(site)[0].states.items() if state == "ran"}
    finally:
        opened.close()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """content, site, store of a first build, by one process."""
    folder = tmp_path_factory.mktemp("first")
    content = content_in(folder)
    build(content, folder / "site", folder / "store", "--jobs", "1", TZ="Pacific/Kiritimati", PYTHONHASHSEED="1", LC_ALL="C")
    return content, folder / "site", folder / "store"


def turkish() -> str:
    """A language whose capital of i is not I, where this machine has it; else the nearest to it."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split() if shutil.which("locale") else []
    return next((name for name in ("tr_TR.utf8", "de_DE.utf8", "C.utf8") if name in listed), "C.UTF-8")


def test_path_clock_language_hash_seed_and_jobs_change_nothing(first: tuple[Path, Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "another place, with a space and ü"
    content = content_in(other)
    build(content, other / "out", other / "kept", "--jobs", "3", TZ="America/Adak", PYTHONHASHSEED="77", LC_ALL=turkish())
    one, two = bytes_of(first[1]), bytes_of(other / "out")
    assert sorted(one) == sorted(two)
    different = [path for path in one if one[path] != two[path]]
    assert not different, f"{len(different)} of {len(one)} files differ: {different[:10]}"
    for where in (str(first[0]), str(other)):
        assert not [path for path, raw in one.items() if where.encode() in raw], "a path of this machine is in the site"


def test_a_second_build_runs_no_step(first: tuple[Path, Path, Path]) -> None:
    content, site, store = first
    before = bytes_of(site)
    build(content, site, store)
    assert ran(store, site) == set()
    assert bytes_of(site) == before


def test_touched_files_and_white_space_change_nothing(first: tuple[Path, Path, Path]) -> None:
    content, site, store = first
    before = bytes_of(site)
    study = content / "studies/mice/study.yaml"
    original = study.read_text(encoding="utf-8")
    study.write_text("# a remark\n\n" + original.replace("title: ", "title:   "))
    (content / "studies/mice/annotation.csv").touch()
    build(content, site, store)
    study.write_text(original, encoding="utf-8")
    assert ran(store, site) <= {"study mice"}, "only the file itself is read again"
    assert bytes_of(site) == before


def test_a_new_title_reaches_what_shows_it_and_nothing_else(first: tuple[Path, Path, Path]) -> None:
    content, site, store = first
    before = bytes_of(site)
    study = content / "studies/mice/study.yaml"
    original = study.read_text(encoding="utf-8")
    study.write_text(original.replace("Sections through mouse cartilage", "Slices of mouse bone"))
    build(content, site, store)
    study.write_text(original, encoding="utf-8")
    steps, after = ran(store, site), bytes_of(site)
    assert steps, "nothing ran"
    untouched = ("samples ", "images ", "study good", "study pictures", "facts good", "facts pictures", "entities", "assets", "vendor")
    assert not [s for s in steps if s.startswith(untouched)], f"steps ran that show no title: {sorted(steps)}"
    gone = [path for path in before if path.startswith("data/") and path not in after]
    assert all("studies-" in path for path in gone), f"tables changed that hold no title: {gone}"
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    assert "studies/mice/index.html" in changed and "studies/index.html" in changed
    assert not [path for path in changed if path.startswith(("studies/good/", "studies/pictures/", "images/", "tiles/"))]
    for path in changed:
        if path.endswith("index.html") and path.startswith(("studies/mice/", "studies/index")):
            assert b"Slices of mouse bone" in after[path], path
