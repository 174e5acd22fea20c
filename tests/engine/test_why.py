"""`why` in the words a curator reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.engine.run import Engine, StepFailed
from portal.engine.step import Need, Step
from portal.engine.store import Store
from portal.engine.why import NeverBuilt, why
from tests.engine import recipes

SITE = {"studies/s1/index.html": "page s1", "index.html": "home"}


def build(store: Store, folder: Path, between: str = " ", home: bool = True, aside: str = "") -> None:
    steps = [
        Step("study s1", recipes.stripped, {}, (store.sources(folder, ["study.yaml", "library.csv"]),)),
        Step("page s1", recipes.joined, {"between": between}, (Need("study s1", "study.yaml"),)),
        Step("home", recipes.joined_again if not home else recipes.joined, {}, (Need("study s1"), Need("page s1"))),
    ]
    engine = Engine(store)
    try:
        engine.run(steps + ([Step("aside", recipes.raises, {"text": aside})] if aside else []))
    except StepFailed:
        pass
    store.record_build(engine.outcomes, SITE, folder.parent / "site")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "s1"
    folder.mkdir()
    (folder / "study.yaml").write_text("title: A")
    (folder / "library.csv").write_text("a,b")
    return folder


def test_a_changed_source_file(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(store, folder)
    (folder / "study.yaml").write_text("title: B")
    build(store, folder)
    assert why(store, "studies/s1/") == [
        "studies/s1/index.html was made by step 'page s1'.",
        "The step ran in the last build (build 2).",
        "Its key changed since build 1:",
        "- input `study s1:study.yaml` changed",
        "'study s1' ran as well.",
        "Its key changed since build 1:",
        "- the source file `study.yaml` changed",
    ]
    monkeypatch.chdir(folder.parent)
    on_disk = str(folder.parent / "site" / "studies" / "s1" / "index.html")
    for spelling in ("studies/s1/index.html", "/studies/s1", "site/studies/s1/index.html", "./site/studies/s1/#A2", on_disk, "page s1"):
        assert why(store, spelling)[-1] == "- the source file `study.yaml` changed"


def test_a_changed_param_and_a_changed_recipe(store: Store, folder: Path) -> None:
    build(store, folder)
    build(store, folder, between=" | ", home=False)
    assert '- param \'between\' changed from " " to " | "' in why(store, "page s1")
    assert "- its recipe is tests.engine.recipes:joined_again and was tests.engine.recipes:joined" in why(store, "index.html")


def test_nothing_changed(store: Store, folder: Path) -> None:
    build(store, folder)
    build(store, folder, between="-")
    build(store, folder, between="-")
    assert why(store, "/")[0] == "index.html was made by step 'home'."
    assert why(store, "page s1") == [
        "The step did not run in the last build (build 3): nothing in its key had changed.",
        "It last ran in build 2.",
        "Its key changed since build 1:",
        '- param \'between\' changed from " " to "-"',
    ]
    assert why(store, "study s1")[-1] == "'study s1' is new: no earlier build that is still remembered had it."


def test_a_failure_and_lost_bytes(store: Store, folder: Path) -> None:
    build(store, folder, aside="x")
    build(store, folder, aside="x")
    assert why(store, "aside")[0].startswith("The step failed in the last build (build 2)")
    assert why(store, "aside")[-1] == "It failed in build 1, and failures are tried again."
    for blob in (store.root / "blobs").glob("*/*"):
        if blob.read_bytes() == b"title: A":
            blob.unlink()
    build(store, folder)
    assert why(store, "study s1")[-1] == "Its key is the one of build 2: what it had made was no longer in the store."


def test_what_was_never_built(store: Store, folder: Path) -> None:
    with pytest.raises(NeverBuilt, match="nothing has been built yet"):
        why(store, "index.html")
    build(store, folder)
    with pytest.raises(NeverBuilt, match=r"the last build made no 'studies/s2/index.html'.*did you mean 'studies/s1/index.html'\?"):
        why(store, "studies/s2/index.html")
