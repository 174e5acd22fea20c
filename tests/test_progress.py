"""What a person is told during long work: by the real command line at a terminal, and where stderr is a file."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from portal.engine.run import Engine, Progress
from portal.engine.step import Step
from portal.engine.store import Store
from portal.pace import Pace, duration
from portal.terminal import _Stages
from tests.conftest import ROOT
from tests.engine.recipes import slow

STYLE, MOVE = re.compile(r"\x1b\[[0-9;]*m"), re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def at_a_terminal(columns: int, *arguments: str | Path) -> list[str]:
    """Every line that `build.py …` ever showed on a terminal of this width."""
    child, terminal = pty.fork()
    if not child:
        os.execve(sys.executable, [sys.executable, str(ROOT / "build.py"), *map(str, arguments)], {**os.environ, "TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), shown.decode(errors="replace")
    return [line.rstrip() for line in MOVE.sub("\n", STYLE.sub("", shown.decode())).split("\n") if line.strip()]


@pytest.mark.parametrize("columns", [80, 120])
def test_each_stage_has_a_bar_with_a_total_that_never_moves(tmp_path: Path, columns: int) -> None:
    where = ["--content", ROOT / "tests/sites/minimal/content", "--out", tmp_path / "site", "--store", tmp_path / "store"]
    shown = at_a_terminal(columns, "build", *where)
    totals: dict[str, set[str]] = {}
    for line in shown:
        if m := re.search(r"(Reading [a-z ]+?|Building) +\S*━\S* +[\d,]+/([\d,]+)  ", line):
            totals.setdefault(m[1], set()).add(m[2])
    assert totals.keys() >= {"Reading studies", "Building"}, shown[:20]
    assert all(len(of) == 1 for of in totals.values()), totals
    assert all(len(line) <= columns for line in shown if "/" in line and "━" in line)
    assert shown[-1].startswith("Published 1 study"), shown[-1]


SLOW = """
import sys, time
from pathlib import Path
from portal.engine.run import Engine
from portal.engine.step import Step
from portal.engine.store import Store
from portal.terminal import progress
from tests.engine import recipes
if __name__ == "__main__":
    with progress("Building", every=0.5) as shown:
        steps = [Step(f"slow {n}", recipes.slow, {"seconds": 0.1, "number": n}) for n in range(40)]
        Engine(Store(Path(sys.argv[1])), on_progress=shown).run(steps)
"""


def test_a_line_now_and_then_where_stderr_is_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, tmp_path / "slow.py", tmp_path / "store"], env=environment, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and len(lines) >= 4, done.stderr
    assert re.fullmatch(r"Building: \d+ of 40 steps, \d+ s so far", lines[0]), lines
    assert re.fullmatch(r"Building: \d+ of 40 steps, [\d.]+ a second, about \d+ s left", lines[-1]), lines


def test_what_is_counted_may_be_images_of_which_a_step_draws_many(tmp_path: Path) -> None:
    shown: list[Progress] = []
    steps = [Step(f"{n}", slow, {"seconds": 0.0, "number": n}, pieces=pieces) for n, pieces in enumerate((0, 48, 12))]
    with Engine(Store(tmp_path), on_progress=shown.append) as engine:
        engine.run(steps, stage="Drawing images", unit="images")
    assert {(p.total, p.unit, p.stage) for p in shown} == {(60, "images", "Drawing images")}
    assert [p.done for p in shown if p.state == "ran"] == [0, 48, 60]
    stages = _Stages("Building", "steps")
    for one in shown[:2]:
        stages(one)
    (pace,) = stages.all
    assert pace.sentence(time.monotonic() + 60).endswith("0 of 60 images, 1 min so far")
    began = time.monotonic() + 20
    for seconds, one in zip((0, 1, 1, 4), shown[2:], strict=True):
        pace.tell(one.done, one.total, one.step, free=False, now=began + seconds)
    assert pace.rate(began + 4) == pytest.approx(60 / 4), "what went before the first image was drawn slows none down"


def test_short_work_says_nothing_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text(SLOW.replace("every=0.5", "").replace("range(40)", "range(2)"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, tmp_path / "quick.py", tmp_path / "store"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_known_before_tells_nothing_of_the_speed() -> None:
    pace = Pace("Building", "steps", 0.0)
    for n in range(1, 301):
        pace.tell(n, 1200, "old", free=True, now=0.001 * n)
    assert pace.rate(1.0) is None and pace.sentence(1.0) == "Building: 300 of 1,200 steps, 1 s so far"
    pace.tell(300, 1200, "new", free=False, now=1.0)
    for n in range(1, 101):
        pace.tell(300 + n, 1200, "new", free=False, now=1.0 + 0.1 * n)
    assert pace.sentence(11.0) == "Building: 400 of 1,200 steps, 10 a second, about 1 min 20 s left"
    assert pace.short(11.0) == "400/1,200  10/s  11 s, 1 min 20 s left"


def test_a_pause_is_evened_out_and_a_change_of_pace_is_followed() -> None:
    pace = Pace("Building", "steps", 0.0)
    pace.tell(0, 1000, "a", free=False, now=0.0)
    for n in range(1, 101):
        pace.tell(n, 1000, "a", free=False, now=float(n))
    assert pace.rate(100.0) == pytest.approx(1.0, rel=0.05)
    for n in range(101, 701):
        pace.tell(n, 1000, "a", free=False, now=100.0 + (n - 100) / 10)
    assert pace.rate(160.0) == pytest.approx(10.0, rel=0.05)
    assert pace.rate(300.0) == pytest.approx(700 / 300), "nothing for two minutes: the mean of all"


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (92, "1 min 30 s"), (120, "2 min"), (7500, "2 h 5 min")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
