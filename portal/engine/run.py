"""Runs a plan: each step whose key the store does not know, in an order its needs allow, in this process or in several.

    engine = Engine(store, jobs=4)
    trees = engine.run(steps)        # and again with later steps that need these

A step's key holds the digests of its inputs, not their keys: where a step ran again and made the same bytes,
nothing after it runs (early cut-off).
"""

from __future__ import annotations

import errno
import heapq
import re
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Literal

from portal.engine import code
from portal.engine.attempts import MOST, PATIENCE, Attempts
from portal.engine.pool import Crash, Pool
from portal.engine.record import Outcome, key_of
from portal.engine.step import Digest, Need, Opened, Recipe, Step, Tree, Work
from portal.engine.store import Store


class PlanError(Exception):
    """The plan itself is wrong: a mistake of ours, never of the content."""


class StepFailed(Exception):
    """A recipe raised, or its worker crashed. `step` is its name, `cause` one line, `log` the whole story.

    `also` holds the other steps that failed in the same run.
    """

    def __init__(self, step: str, cause: str, log: Path, also: tuple[StepFailed, ...] = ()):
        super().__init__(step, cause, log, also)
        self.step, self.cause, self.log, self.also = step, cause, log, also

    def __str__(self) -> str:
        more = f" (and {len(self.also)} other steps)" if len(self.also) > 1 else f" (and '{self.also[0].step}')" if self.also else ""
        try:
            story = f"the whole story is in {self.log}" if self.log.stat().st_size else "there was no room for the whole story"
        except OSError:
            story = "the whole story could not be written"
        return f"step '{self.step}' failed: {self.cause}{more}; {story}"


@dataclass(frozen=True)
class Progress:
    """Something happened to a step. `done` of `total` pieces of this run are settled; `stage` is what the run is called."""

    step: str
    state: Literal["started", "ran", "known", "failed", "skipped"]
    done: int
    total: int
    seconds: float = 0.0
    stage: str = ""
    unit: str = ""  # what is counted, where it is not steps
    pieces: int = 1  # of the step


@dataclass(frozen=True)
class Realised:
    """`passing`: something in it may turn out otherwise the next time, and so it is not remembered."""

    tree: Tree
    seconds: float
    passing: bool = False


@dataclass(frozen=True)
class Refused:
    """A recipe that raised, in a form that travels between processes."""

    what: str
    story: str


class Engine:
    """Keeps the results of earlier runs, so that a plan can grow from what its first steps made.

    `ran` and `outcomes` are in the order in which steps were settled, `known` counts the steps that did not have to run,
    `failed` and `skipped` (step → the failed step it needed) are what `keep_going` left out.
    """

    def __init__(self, store: Store, jobs: int = 1, on_progress: Callable[[Progress], None] | None = None,
                 patience: float = PATIENCE):  # fmt: skip
        self.store = store
        self.jobs = max(1, jobs)
        self.results: dict[str, Tree] = {}
        self.ran: list[str] = []
        self.known = 0
        self.failed: dict[str, StepFailed] = {}
        self.skipped: dict[str, str] = {}
        self.outcomes: list[Outcome] = []
        self._on_progress = on_progress or (lambda progress: None)
        self._parts: dict[tuple[str, str], Tree] = {}
        self._pool: Pool | None = None
        self._patience = patience
        self._lost: dict[str, dict[str, Crash]] = {}
        self._close: Callable[[], object] = lambda: None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, story: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker processes, if there are any. They end with the engine anyway."""
        self._close()
        self._pool = None

    def run(self, steps: Iterable[Step], keep_going: bool = False, stage: str = "", unit: str = "") -> dict[str, Tree]:
        """Realises these steps and says each one's tree, in the order given. `stage` is what people are told that this is, `unit`
        what they are told that the steps' `pieces` are, where it is not steps.

        Raises PlanError before anything runs. When steps fail, those that do not need them still run; then StepFailed is
        raised, or, with `keep_going`, failed and skipped steps are absent from the answer.
        """
        plan = list(steps)
        sorter = self._checked(plan)
        place = {step.name: number for number, step in enumerate(plan)}
        todo: list[int] = []
        before = set(self.failed)
        self._pieces = {step.name: step.pieces for step in plan}
        self._done, self._total, self._stage, self._unit = 0, sum(self._pieces.values()), stage, unit
        self._started: dict[str, tuple[Outcome, float]] = {}
        try:
            while sorter.is_active():
                # Whatever is known is settled at once; what has to run goes in the plan's order.
                while ready := sorter.get_ready():
                    for name in ready:
                        if self._settled(plan[place[name]]):
                            sorter.done(name)
                        else:
                            heapq.heappush(todo, place[name])
                if todo and (self._pool is None or self._pool.has_room):
                    sorter.done(*self._start(plan[heapq.heappop(todo)]))
                elif self._pool is not None and self._pool.busy:
                    for name, result in self._pool.wait():
                        sorter.done(*self._finish(name, result))
        except BaseException:
            self.close()
            raise
        failures = [failure for name, failure in self.failed.items() if name not in before]
        if failures and not keep_going:
            first, *also = sorted(failures, key=lambda failure: place[failure.step])
            raise StepFailed(first.step, first.cause, first.log, tuple(also))
        return {step.name: self.results[step.name] for step in plan if step.name in self.results}

    def _checked(self, plan: list[Step]) -> TopologicalSorter[str]:
        names: set[str] = set()
        for step in plan:
            if step.name in names or step.name in self.results or step.name in self.failed or step.name in self.skipped:
                raise PlanError(f"two steps are called '{step.name}'")
            names.add(step.name)
            if step.recipe.function.__module__ == "__main__":
                raise PlanError(f"the recipe of '{step.name}' is in the main script; a worker process cannot import it from there")
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for step in plan:
            needed = [need.step for need in step.needs if isinstance(need, Need)]
            for name in needed:
                if name not in names and name not in self.results and name not in self.failed and name not in self.skipped:
                    raise PlanError(f"step '{step.name}' needs '{name}', which is no step of this plan")
            sorter.add(step.name, *[name for name in needed if name in names])
        try:
            sorter.prepare()
        except CycleError as error:
            raise PlanError("these steps need each other: " + " ← ".join(error.args[1])) from None
        return sorter

    def _settled(self, step: Step) -> bool:
        """Computes the key; true where the step need not run: its result is known, or a step it needs has failed."""
        broken = next((n.step for n in step.needs if isinstance(n, Need) and n.step not in self.results), None)
        if broken is not None:
            self.skipped[step.name] = self.skipped.get(broken, broken)
            self._tell(step.name, "skipped")
            return True
        inputs = tuple(self._input(need) for need in step.needs)
        version, sources = code.version_of(step.recipe)
        try:
            key = key_of(step, version, inputs)
        except (TypeError, ValueError) as error:
            raise PlanError(f"the params of step '{step.name}' are not plain values: {error}") from None
        tree = self.store.recall(key)
        if tree is None:
            self._started[step.name] = Outcome(step, key, "ran", version, inputs, sources), 0.0
            return False
        self.known += 1
        self.results[step.name] = tree
        self.outcomes.append(Outcome(step, key, "known", version, inputs, sources))
        self._tell(step.name, "known")
        return True

    def _input(self, need: Need | Tree) -> Tree:
        if isinstance(need, Tree):
            return need
        at = need.step, need.under
        if at not in self._parts:
            self._parts[at] = self.results[need.step].under(need.under)
        return self._parts[at]

    def _start(self, step: Step) -> list[str]:
        """Runs the step here and says that it is settled, or hands it to a worker."""
        outcome, _ = self._started[step.name]
        self._started[step.name] = outcome, time.monotonic()
        self._tell(step.name, "started", settled=False)
        if self.jobs == 1 and not step.recipe.untrusted:
            return self._finish(step.name, realise(self.store, step.recipe, dict(step.params), outcome.inputs))
        self._submit(step, outcome)
        return []

    def _submit(self, step: Step, outcome: Outcome) -> None:
        if self._pool is None:
            self._pool = Pool(self.jobs, realise, self._patience)
            self._close = weakref.finalize(self, self._pool.close)
        note = self._pool.note() if step.recipe.untrusted else None
        lost = {at: _words(crash) for at, crash in self._lost.get(step.name, {}).items()}
        attempts = Attempts(note, lost, log=self._log(step.name, outcome))
        self._pool.submit(step.name, self.store.root, step.recipe, dict(step.params), outcome.inputs, attempts, note=note)

    def _finish(self, name: str, result: object) -> list[str]:
        """Settles a step and says so; a crash at one attempt of an untrusted one has it run again without that."""
        lost = self._lost.setdefault(name, {}) if isinstance(result, Crash) else self._lost.get(name, {})
        if isinstance(result, Crash) and result.at and result.at not in lost and len(lost) < MOST:
            lost[result.at] = result
            outcome, _ = self._started[name]
            self._submit(outcome.step, outcome)
            return []
        outcome, started = self._started.pop(name)
        seconds = time.monotonic() - started
        if isinstance(result, Realised):
            # What may turn out otherwise is tried again by the next build.
            if not result.passing and not any(crash.passing for crash in lost.values()):
                self.store.remember(outcome.key, result.tree)
            self.results[name] = result.tree
            self.ran.append(name)
            self.outcomes.append(outcome)
            self._tell(name, "ran", seconds=seconds)
            return [name]
        assert isinstance(result, Refused | Crash)
        log = self._log(name, outcome)
        with suppress(OSError):  # on a full disk the cause matters more than its story
            log.write_text(f"step:   {name}\nrecipe: {outcome.step.recipe.name}\nkey:    {outcome.key}\n\n{result.what}\n\n{result.story}")
        self.failed[name] = StepFailed(name, result.what, log)
        self.outcomes.append(Outcome(outcome.step, outcome.key, "failed", outcome.version, outcome.inputs, outcome.code))
        self._tell(name, "failed", seconds=seconds)
        return [name]

    def _log(self, name: str, outcome: Outcome) -> Path:
        return self.store.root / "logs" / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)[:80]}-{outcome.key[:12]}.log"

    def _tell(
        self, name: str, state: Literal["started", "ran", "known", "failed", "skipped"], seconds: float = 0.0, settled: bool = True
    ) -> None:
        self._done += self._pieces[name] if settled else 0
        self._on_progress(Progress(name, state, self._done, self._total, seconds, self._stage, self._unit, self._pieces[name]))


def _words(crash: Crash) -> str:
    """How an attempt ended, as the end of a sentence about the thing that was tried."""
    if crash.passing:
        return crash.what if crash.what.startswith("took") else "took more memory than there is"
    return f"crashes what decodes it ({crash.what.rpartition(' ')[2]})"


def realise(
    store: Store | Path, recipe: Recipe, params: Mapping[str, object], inputs: tuple[Tree, ...], attempts: Attempts | None = None
) -> Realised | Refused:
    """Runs one recipe, in this process or in a worker (which is given the store's folder), and keeps what it made."""
    started = time.monotonic()
    try:
        opened = store if isinstance(store, Store) else _opened(store)
        attempts = attempts or Attempts()
        tree = _made(opened, recipe, params, inputs, attempts)
        return Realised(tree, time.monotonic() - started, bool(attempts.passing))
    except Exception as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = f"the disk of {store.root if isinstance(store, Store) else store} is full; make room there, or choose another --store"
        return Refused(what.strip().splitlines()[0], traceback.format_exc())


def _made(store: Store, recipe: Recipe, params: Mapping[str, object], inputs: tuple[Tree, ...], attempts: Attempts) -> Tree:
    borrowed: dict[Digest, Path] = {}

    def locate(digest: Digest) -> Path:
        path = store.path(digest)
        if not path.is_relative_to(store.root):
            borrowed[digest] = path
        return path

    with store.scratch() as scratch:
        outputs = recipe(Work(tuple(Opened(tree, locate) for tree in inputs), scratch, attempts), **params)
        entries: dict[str, Digest] = {}
        moved: dict[Path, Digest] = {}
        for path, content in sorted(outputs.items()):
            _check_path(path)
            if isinstance(content, bytes):
                entries[path] = store.put(content)
            elif isinstance(content, Path):
                if content not in moved:
                    _check_file(content, scratch)
                    moved[content] = store.put(content)
                entries[path] = moved[content]
            else:
                raise TypeError(f"{path} is given as {type(content).__name__}; give bytes, or a file in work.scratch")
    for digest, origin in borrowed.items():
        store.check_unchanged(origin, digest)  # what was made of a file that changed meanwhile must not be remembered
    return Tree.merge([Tree(entries)])


def _check_path(path: str) -> None:
    if path != str(PurePosixPath(path)) or path.startswith("/") or path == "." or ".." in path.split("/") or "\0" in path:
        raise ValueError(f"{path!r} is not a plain relative path")


def _check_file(file: Path, scratch: Path) -> None:
    if not file.is_relative_to(scratch) or file.is_symlink() or not file.is_file() or scratch not in file.resolve().parents:
        raise ValueError(f"{file.name} is not a file in work.scratch")


_stores: dict[Path, Store] = {}


def _opened(root: Path) -> Store:
    if root not in _stores:
        _stores[root] = Store(root)
    return _stores[root]
