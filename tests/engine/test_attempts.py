"""What is tried and ends the process, hangs, or swells costs itself alone, and the engine says how it ended."""

from __future__ import annotations

import os

import pytest

from portal.engine.run import Engine
from portal.engine.step import Step
from portal.engine.store import Store
from tests.engine import recipes


def said(store: Store, names: list[str], jobs: int = 1, **settings: float) -> tuple[dict[str, str], Engine]:
    with Engine(store, jobs=jobs, **settings) as engine:
        tree = engine.run([Step("tries", recipes.tries, {"names": names})])["tries"]
    return {name: store.read(tree[name]).decode() for name in names}, engine


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_crash_costs_itself_alone_and_is_remembered(store: Store, jobs: int) -> None:
    names = ["a", "crash 1", "b", "crash 2", "c"]
    told, _ = said(store, names, jobs)
    ended = "Lost crashes what decodes it (SIGSEGV)"
    assert [told[name].partition(" by ")[0] for name in names] == ["drawn", ended, "drawn", ended, "drawn"]
    assert told["a"] != f"drawn by {os.getpid()}", "never in the process of the build itself"
    _, again = said(store, names, jobs)
    assert (again.ran, again.known) == ([], 1)


def test_what_lasts_too_long_is_ended_and_tried_again_by_the_next_build(store: Store) -> None:
    told, _ = said(store, ["a", "hang", "b"], patience=0.5)
    assert told["hang"] == "Lost took longer than 0.5 s" and told["a"].startswith("drawn") and told["b"].startswith("drawn")
    _, again = said(store, ["a", "hang", "b"], patience=0.5)
    assert again.ran == ["tries"]


def test_what_swells_is_refused_and_tried_again_by_the_next_build(store: Store) -> None:
    told, _ = said(store, ["a", "swell", "b"])
    assert told["swell"].startswith("MemoryError") and told["b"].startswith("drawn")
    _, again = said(store, ["a", "swell", "b"])
    assert again.ran == ["tries"]


def test_a_batch_in_which_everything_crashes_is_given_up(store: Store) -> None:
    names = [f"crash {n}" for n in range(40)]
    with Engine(store) as engine:
        engine.run([Step("tries", recipes.tries, {"names": names})], keep_going=True)
    assert "SIGSEGV" in engine.failed["tries"].cause


def test_the_story_of_a_fault_is_kept_and_the_step_is_run_again_by_the_next_build(store: Store) -> None:
    told, _ = said(store, ["a", "fault", "b"])
    assert told["fault"].startswith("logs/tries-") and told["b"].startswith("drawn")
    story = (store.root / told["fault"]).read_text()
    assert "recipes.py" in story and "AttributeError" in story and "fault" in story
    _, again = said(store, ["a", "fault", "b"])
    assert again.ran == ["tries"]
