"""A portal of a test's own content, built by the real command line and served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.watched import Served, serve
from tests.conftest import STORE, build_py


@contextmanager
def built(folder: Path) -> Iterator[Served]:
    """The portal of `content` in the folder, built into `site` beside it."""
    done = build_py("build", "--content", folder / "content", "--out", folder / "site", "--store", STORE)
    assert done.returncode == 0, done.stdout + done.stderr
    with serve(folder / "site") as served:
        yield served
