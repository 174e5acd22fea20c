"""The engine: what runs, what does not, and what becomes of failures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.engine.run import Engine, PlanError, Progress, StepFailed
from portal.engine.step import Need, Step, Tree
from portal.engine.store import Store
from tests.engine import recipes

ROOT = Path(__file__).parents[2]


def plan(text: str = "shorter prophase of mitosis", between: str = " ") -> list[Step]:
    """Three steps in a row and one aside; given in an order that is not the one to run in."""
    return [
        Step("all", recipes.joined, {"between": between}, (Need("strip", "words"), Need("words", "count.txt"))),
        Step("strip", recipes.stripped, {}, (Need("words"),)),
        Step("words", recipes.words, {"text": text}),
        Step("files", recipes.files),
    ]


def test_a_plan_is_run_in_the_order_of_its_needs(store: Store) -> None:
    engine = Engine(store)
    trees = engine.run(plan())
    assert list(trees) == ["all", "strip", "words", "files"]
    assert engine.ran == ["words", "strip", "all", "files"]
    assert store.read(trees["all"]["all.txt"]) == b"shorter prophase of mitosis 4"


def test_an_unchanged_plan_runs_nothing(store: Store) -> None:
    first = Engine(store).run(plan())
    again = Engine(Store(store.root))
    assert again.run(plan()) == first
    assert (again.ran, again.known) == ([], 4)


def test_serial_and_pool_make_the_same_bytes(tmp_path: Path) -> None:
    steps = [*plan(), *(Step(f"w{n}", recipes.outside, {"kind": "hash order"}, (Need("all"),)) for n in range(3))]
    serial = Engine(Store(tmp_path / "one")).run(steps)
    with Engine(Store(tmp_path / "two"), jobs=2) as engine:
        parallel = engine.run(steps)
        assert sorted(engine.ran) == sorted(step.name for step in steps)
    assert {name: tree.digest for name, tree in serial.items()} == {name: tree.digest for name, tree in parallel.items()}
    assert Engine(Store(tmp_path / "one"), jobs=2).run(steps) == serial


def test_early_cut_off(store: Store) -> None:
    source = store.root.parent / "study"
    source.mkdir()

    def build(text: str) -> list[str]:
        (source / "a.txt").write_text(text)
        engine = Engine(store)
        steps = [
            Step("strip", recipes.stripped, {}, (store.sources(source, ["a.txt"]),)),
            Step("all", recipes.joined, {}, (Need("strip"),)),
        ]
        engine.run(steps)
        return engine.ran

    assert build("one\ntwo") == ["strip", "all"]
    assert build("one  \n  two") == ["strip"], "changed white space makes the same bytes: nothing after it runs"
    assert build("one\nthree") == ["strip", "all"]
    assert build("one\ntwo") == [], "what was made once is still known"


def test_only_the_part_that_is_needed_counts(store: Store) -> None:
    Engine(store).run([Step("words", recipes.words, {"text": "a b"}), Step("n", recipes.joined, {}, (Need("words", "count.txt"),))])
    engine = Engine(store)
    engine.run([Step("words", recipes.words, {"text": "c d"}), Step("n", recipes.joined, {}, (Need("words", "count.txt"),))])
    assert engine.ran == ["words"]


def test_version_params_and_recipe_enter_the_key(store: Store) -> None:
    source = Step("words", recipes.words, {"text": "a b"})

    def ran(step: Step) -> list[str]:
        engine = Engine(store)
        engine.run([source, step])
        return engine.ran

    assert ran(Step("x", recipes.joined, {}, (Need("words"),))) == ["words", "x"]
    assert ran(Step("renamed", recipes.joined, {}, (Need("words"),))) == [], "a step's name is for people"
    assert ran(Step("x", recipes.joined, {"between": "-"}, (Need("words"),))) == ["x"]
    assert ran(Step("x", recipes.joined_again, {}, (Need("words"),))) == ["x"]


def test_a_plan_may_grow_by_what_its_first_steps_made(store: Store) -> None:
    engine = Engine(store)
    words = engine.run([Step("words", recipes.words, {"text": "a b c"})])["words"]
    more = [Step(f"page {path}", recipes.joined, {}, (Need("words", path),)) for path in words.under("words").at("words")]
    assert list(engine.run(more)) == ["page words/0.txt", "page words/1.txt", "page words/2.txt"]
    with pytest.raises(PlanError, match="two steps are called 'words'"):
        engine.run([Step("words", recipes.words, {"text": "other"})])


def test_a_wrong_plan_is_refused_before_anything_runs(store: Store) -> None:
    first = Step("first", recipes.words, {"text": "a"})
    wrong = {
        "two steps are called 'first'": [first, first],
        "'x' needs 'nothing', which is no step": [first, Step("x", recipes.joined, {}, (Need("nothing"),))],
        "need each other": [Step("a", recipes.joined, {}, (Need("b"),)), Step("b", recipes.joined, {}, (Need("a"),))],
        "params of step 'a' are not plain": [Step("a", recipes.words, {"text": Path("x")})],
    }
    for message, steps in wrong.items():
        engine = Engine(store)
        with pytest.raises(PlanError, match=message):
            engine.run(steps)
        assert engine.ran == []


def test_files_in_scratch_are_moved_into_the_store(store: Store) -> None:
    tree = Engine(store).run([Step("files", recipes.files)])["files"]
    assert {path: len(store.read(digest)) for path, digest in tree.items()} == {
        "again/large.bin": 100_000, "bytes": 5, "large.bin": 100_000, "small": 5,
    }  # fmt: skip
    assert not list((store.root / "scratch").iterdir())


@pytest.mark.parametrize("kind", ["path", "absolute", "twice", "file", "link", "inner link", "folder", "up", "text"])
def test_what_a_recipe_may_not_give(store: Store, kind: str) -> None:
    with pytest.raises(StepFailed):
        Engine(store).run([Step("x", recipes.outside, {"kind": kind})])
    assert Path("/etc/hostname").is_file()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_lets_the_others_finish(store: Store, jobs: int) -> None:
    steps = [
        Step("bad", recipes.raises, {"text": "no such channel\nsecond line"}),
        Step("after", recipes.joined, {}, (Need("bad"),)),
        Step("after that", recipes.joined, {}, (Need("after"),)),
        *plan(),
    ]
    with Engine(store, jobs=jobs) as engine, pytest.raises(StepFailed, match="step 'bad' failed: ValueError: no such channel") as caught:
        engine.run(steps)
    assert caught.value.step == "bad"
    log = caught.value.log.read_text()
    assert "second line" in log and "in raises" in log
    assert sorted(engine.ran) == ["all", "files", "strip", "words"]
    assert engine.skipped == {"after": "bad", "after that": "bad"}

    with Engine(store, jobs=jobs) as engine:
        trees = engine.run(steps, keep_going=True)
        assert sorted(trees) == ["all", "files", "strip", "words"]
        assert engine.known == 4 and list(engine.failed) == ["bad"], "a failure is not remembered: it is tried again"
        assert engine.run([Step("later", recipes.joined, {}, (Need("after"),))], keep_going=True) == {}
        assert engine.skipped["later"] == "bad"


def test_a_crashed_worker_names_its_step_and_costs_no_other(store: Store) -> None:
    steps = [*(Step(f"s{n}", recipes.slow, {"seconds": 0.05, "number": n}) for n in range(6)), Step("torn image", recipes.crashes)]
    steps.insert(2, steps.pop())
    with (
        Engine(store, jobs=2) as engine,
        pytest.raises(StepFailed, match="'torn image' failed: the worker process was ended by SIGSEGV") as caught,
    ):
        engine.run(steps)
    assert sorted(engine.ran) == [f"s{n}" for n in range(6)]
    assert "in crashes" in caught.value.log.read_text(), "the log says where it crashed"


def test_a_worker_that_has_grown_takes_no_further_step(store: Store) -> None:
    steps = [Step(f"s{n}", recipes.grows, {"megabytes": 420 if n == 0 else 1, "number": n}) for n in range(8)]
    with Engine(store, jobs=2) as engine:
        trees = engine.run(steps)
    ran_in = [store.read(trees[f"s{n}"][f"{n}.txt"]) for n in range(8)]
    assert ran_in[0] not in ran_in[1:], "what the large step held went with its process"
    assert len(set(ran_in[1:])) < 7, "the others are used again"


def test_progress_is_told(store: Store) -> None:
    told: list[Progress] = []
    Engine(store, on_progress=told.append).run(plan())
    assert [(p.step, p.state) for p in told[:2]] == [("words", "started"), ("words", "ran")]
    assert (told[-1].done, told[-1].total) == (4, 4)
    told.clear()
    Engine(store, on_progress=told.append).run(plan())
    assert {p.state for p in told} == {"known"}


def test_a_source_that_changes_under_a_step_is_not_remembered(store: Store) -> None:
    file = store.root.parent / "a.txt"
    file.write_bytes(b"first")
    step = Step("copy", recipes.disturbed, {"file": str(file)}, (store.sources(file.parent, ["a.txt"]),))
    with pytest.raises(StepFailed, match=r"a\.txt was changed or removed after it was read; build again"):
        Engine(store).run([step])
    file.write_bytes(b"first")
    engine = Engine(store)
    engine.run([Step("copy", step.recipe, step.params, (store.sources(file.parent, ["a.txt"]),))])
    assert (engine.ran, engine.known) == (["copy"], 0)


BUILD = """
import sys
from pathlib import Path
from portal.engine.run import Engine
from portal.engine.step import Step
from portal.engine.store import Store
from tests.engine import recipes
if __name__ == "__main__":
    store = Store(Path(sys.argv[1]))
    with store.lock():
        say = lambda p: p.state == "ran" and print(p.step, flush=True)
        steps = [Step(str(n), recipes.slow, {"seconds": 0.05, "number": n}) for n in range(12)]
        Engine(store, jobs=int(sys.argv[2]), on_progress=say).run(steps)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_build_is_resumed(store: Store, tmp_path: Path, jobs: int) -> None:
    script = tmp_path / "killed.py"
    script.write_text(BUILD)
    arguments = [sys.executable, str(script), str(store.root), str(jobs)]
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert child.stdout is not None
    finished = [child.stdout.readline().strip() for _ in range(4)]
    time.sleep(0.02)  # into the next step
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert jobs > 1 or list((store.root / "scratch").iterdir())
    time.sleep(0.1)  # orphaned workers end when they find nobody to answer
    with store.lock():
        assert not list((store.root / "scratch").iterdir()), "what the dead build left is removed"
        engine = Engine(store)
        trees = engine.run([Step(str(n), recipes.slow, {"seconds": 0.05, "number": n}) for n in range(12)])
    assert set(finished).isdisjoint(engine.ran) and 4 <= engine.known < 12 and engine.known + len(engine.ran) == 12
    assert [store.read(trees[str(n)][f"{n}.txt"]) for n in range(12)] == [str(n).encode() for n in range(12)]


def test_a_thousand_known_steps_take_less_than_a_second(store: Store) -> None:
    study = Tree({"study.yaml": store.put(b"x")})
    steps = [Step(f"page {n}", recipes.words, {"text": f"a{n} b c d e f g h i j k l"}, (study,)) for n in range(1000)]
    Engine(store).run([*steps, Step("all", recipes.joined, {}, tuple(Need(step.name, "count.txt") for step in steps))])
    started = time.process_time()
    engine = Engine(Store(store.root))
    engine.run([*steps, Step("all", recipes.joined, {}, tuple(Need(step.name, "count.txt") for step in steps))])
    engine.store.record_build(engine.outcomes, {f"{step.name}/{n}/index.html": step.name for step in steps for n in range(40)})
    taken = time.process_time() - started
    assert engine.known == 1001
    assert taken < 1, f"{taken:.2f} s of this process's own time"
