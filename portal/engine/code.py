"""The version of a recipe marked "code": a digest of its module and of everything of ours that it imports.

Found by reading the sources, not by importing them: imports inside functions count as well. What a module loads by
name at run time (importlib) or reads as a file (a template) does not count, and has to come in as an input.
Versions of libraries do not count: a build after an upgrade is made with an empty store, or `gc`.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from portal.engine.step import Recipe, Tree, digest_of

OURS = ("portal", "ingest", "search_index")


def version_of(recipe: Recipe) -> tuple[str, Tree | None]:
    """The version that enters the key, and the sources it stands for where it is their digest."""
    if recipe.version != "code":
        return recipe.version, None
    tree = sources(recipe.function.__module__)
    return tree.digest, tree


@cache
def sources(module: str) -> Tree:
    """Path (such as `portal/model.py`) → digest, for this module and whatever of ours it reaches. Raises LookupError."""
    ours = {*OURS, module.partition(".")[0]}
    if _file(module) is None:
        raise LookupError(f'the source of {module} is not found: a recipe marked "code" lives in a module that can be imported')
    reached: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in reached or name.partition(".")[0] not in ours or (file := _file(name)) is None:
            continue
        reached[name] = file
        # Importing a.b.c runs the roots of a and a.b as well.
        parts = name.split(".")
        waiting += [".".join(parts[:n]) for n in range(1, len(parts))]
        waiting += _imports(name, file)
    return Tree({_path(name, file): _read(file)[1] for name, file in reached.items()})


@cache
def _imports(module: str, file: Path) -> tuple[str, ...]:
    return tuple(sorted(set(_imported(module, file))))


def _imported(module: str, file: Path) -> Iterator[str]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(_read(file)[0], str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            # `from portal import model` names a module, `from portal.model import Study` does not: a file decides.
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def words(module: str) -> frozenset[str]:
    """Every piece of text written in this module or in whatever of ours it reaches: among them the names of the files it reads."""
    found: set[str] = set()
    for path in sources(module):
        file = _file(path.removesuffix("/__init__.py").removesuffix(".py").replace("/", "."))
        assert file is not None, path
        found |= _words(file)
    return frozenset(found)


@cache
def _words(file: Path) -> frozenset[str]:
    constants = (node for node in ast.walk(ast.parse(_read(file)[0], str(file))) if isinstance(node, ast.Constant))
    return frozenset(node.value for node in constants if isinstance(node.value, str))


@cache
def _read(file: Path) -> tuple[bytes, str]:
    raw = file.read_bytes()
    return raw, digest_of(raw)


@cache
def _file(module: str) -> Path | None:
    """The source file of a module of ours; None for a package without a root file and for names that are no modules."""
    top, _, rest = module.partition(".")
    for root in _roots(top):
        at = root.joinpath(*rest.split(".")) if rest else root
        for file in (at / "__init__.py", at.with_suffix(".py")):
            if file.is_file():
                return file
    return None


@cache
def _roots(top: str) -> tuple[Path, ...]:
    found = importlib.util.find_spec(top)
    if found is None:
        return ()
    if found.submodule_search_locations is None:
        return (Path(found.origin).with_suffix(""),) if found.origin else ()
    return tuple(Path(place) for place in found.submodule_search_locations)


def _path(module: str, file: Path) -> str:
    path = module.replace(".", "/")
    return f"{path}/__init__.py" if file.name == "__init__.py" else f"{path}.py"
