"""The version of a recipe marked "code" follows the sources it reaches, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.engine.code import sources, version_of
from tests.engine import recipes

ROOT = Path(__file__).parents[2]


def tree_of(folder: Path, module: str) -> str:
    """Paths and version, as a fresh process sees them."""
    code = f"from portal.engine.code import sources; t = sources({module!r}); print(*t, t.digest)"
    path = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(ROOT)!r}]; "
    return subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=True, cwd="/").stdout


@pytest.fixture
def house(tmp_path: Path) -> Path:
    house = tmp_path / "house"
    (house / "loft").mkdir(parents=True)
    (house / "__init__.py").write_text("")
    (house / "pages.py").write_text("from . import model\nimport json\ndef f():\n    from house.loft.deep import x\n")
    (house / "model.py").write_text("from portal.problems import Place\n")
    (house / "loft" / "deep.py").write_text("from ..model import y\n")
    (house / "other.py").write_text("")
    return house


def test_everything_of_ours_that_is_reached(tmp_path: Path, house: Path) -> None:
    listed = tree_of(tmp_path, "house.pages").split()[:-1]
    assert listed == [
        "house/__init__.py", "house/loft/deep.py", "house/model.py", "house/pages.py", "portal/__init__.py", "portal/problems.py",
    ]  # fmt: skip


def test_the_version_follows_the_sources(tmp_path: Path, house: Path) -> None:
    before = tree_of(tmp_path, "house.pages")
    (house / "other.py").write_text("unrelated = 1\n")
    assert tree_of(tmp_path, "house.pages") == before
    (house / "loft" / "deep.py").write_text("from ..model import y\nx = 2\n")
    assert tree_of(tmp_path, "house.pages") != before


def test_the_version_does_not_follow_the_place(tmp_path: Path, house: Path) -> None:
    before = tree_of(tmp_path, "house.pages")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    house.rename(moved / "house")
    assert tree_of(moved, "house.pages") == before


def test_a_recipe_says_which_kind_it_is() -> None:
    assert version_of(recipes.words) == ("1", None)
    version, tree = version_of(recipes.by_code)
    assert tree is not None and version == tree.digest and "tests/engine/recipes.py" in tree and "portal/engine/step.py" in tree
    with pytest.raises(LookupError, match="can be imported"):
        sources("tests.engine.nothing")
