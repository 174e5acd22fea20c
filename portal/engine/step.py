"""Step, Tree, Work: what is run, what comes out, what a recipe sees (DESIGN §2).

    key = digest(recipe name, version, params, digests of its inputs)

A recipe is a pure function `recipe(work, **params) -> {path: bytes or a file in work.scratch}`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from portal.engine.attempts import Attempts

Digest = str  # 64 hex digits of SHA-256


def digest_of(data: bytes) -> Digest:
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> bytes:
    """JSON with sorted keys: the bytes that are digested. Raises TypeError for anything that is not plain."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class Collision(Exception):
    """Two steps claim one path."""


class Tree(Mapping[str, Digest]):
    """An immutable mapping from a relative path to the digest of its bytes."""

    def __init__(self, entries: Mapping[str, Digest] | Iterable[tuple[str, Digest]] = ()):
        self._entries = dict(sorted((entries if isinstance(entries, Mapping) else dict(entries)).items()))

    def __getitem__(self, path: str) -> Digest:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Tree({len(self)} files, {self.digest[:12]})"

    @cached_property
    def digest(self) -> Digest:
        # The digest of canonical(list of all entries), a piece at a time: a site has half a million.
        found, items, comma = hashlib.sha256(b"["), iter(self._entries.items()), b""
        while piece := list(islice(items, 1000)):
            found.update(comma + canonical(piece)[1:-1])
            comma = b","
        found.update(b"]")
        return found.hexdigest()

    def under(self, prefix: str) -> Tree:
        """The part below `prefix/`, its paths shortened; or the one file named `prefix`. Empty where there is none."""
        if not prefix:
            return self
        if prefix in self._entries:
            return Tree({prefix: self._entries[prefix]})
        head = prefix.rstrip("/") + "/"
        return Tree({p[len(head) :]: d for p, d in self._entries.items() if p.startswith(head)})

    def at(self, prefix: str) -> Tree:
        """The same files, moved below `prefix/`."""
        head = prefix.rstrip("/") + "/" if prefix else ""
        return Tree({head + p: d for p, d in self._entries.items()})

    @classmethod
    def merge(cls, trees: Iterable[Tree]) -> Tree:
        """All files of all trees. Raises Collision where two differ on one path, or on paths that differ by case only."""
        entries: dict[str, Digest] = {}
        folded: dict[str, str] = {}
        for tree in trees:
            for path, digest in tree.items():
                # A path that folds to itself stands for itself: half a million of them need no second name.
                name = path.casefold()
                other = folded.get(name, name if name in entries else path)
                if name != path:
                    folded[name] = other
                if other != path or entries.get(path, digest) != digest:
                    raise Collision(f"two steps claim {path}" + (f" (and {other})" if other != path else ""))
                entries[path] = digest
        return cls(entries)


@dataclass(frozen=True)
class Need:
    """An earlier step's tree, or the part of it below `under`. Only that part's digest enters the key (early cut-off)."""

    step: str
    under: str = ""


@dataclass(frozen=True)
class Recipe:
    """A pure function with the version that enters every key. `module:function` names it, so that a worker can import it.

    `untrusted`: it decodes what may crash, hang or swell, and runs in a process of its own always.
    """

    function: Callable[..., Mapping[str, bytes | Path]]
    version: str
    untrusted: bool = False

    @property
    def name(self) -> str:
        return f"{self.function.__module__}:{self.function.__qualname__}"

    def __call__(self, work: Work, **params: Any) -> Mapping[str, bytes | Path]:
        return self.function(work, **params)

    def __reduce__(self) -> tuple[Any, ...]:
        # The module holds the Recipe under the function's name: a worker finds it there again.
        return _recipe_named, (self.function.__module__, self.function.__qualname__)


def _recipe_named(module: str, name: str) -> Recipe:
    return getattr(importlib.import_module(module), name)


def recipe(version: str, untrusted: bool = False) -> Callable[[Callable[..., Mapping[str, bytes | Path]]], Recipe]:
    """Marks a recipe. `version` is a number raised with every change of its output, or `"code"`.

    With "code" the version is a digest of the module and of everything of ours that it imports: for
    cheap recipes (pages, tables), where a forgotten bump would cost more than a re-run.
    """

    def mark(function: Callable[..., Mapping[str, bytes | Path]]) -> Recipe:
        return Recipe(function, version, untrusted)

    return mark


@dataclass(frozen=True)
class Step:
    """One run of a recipe. `name` is for people and unique in a plan, such as `samples idr0002/screenA`.

    `pieces`: how much of what a run counts for people it does, such as images; it is no part of the key.
    """

    name: str
    recipe: Recipe
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[Need | Tree, ...] = ()
    pieces: int = 1


class Opened(Mapping[str, Digest]):
    """An input tree as a recipe sees it: read-only, sorted."""

    def __init__(self, tree: Tree, locate: Callable[[Digest], Path]):
        self.tree = tree
        self._locate = locate

    def __getitem__(self, path: str) -> Digest:
        return self.tree[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tree)

    def __len__(self) -> int:
        return len(self.tree)

    def path(self, path: str) -> Path:
        """Where the bytes lie. Never write there, and never let this name into an output."""
        return self._locate(self.tree[path])

    def read(self, path: str) -> bytes:
        return self.path(path).read_bytes()

    def json(self, path: str) -> Any:
        return json.loads(self.read(path))


@dataclass(frozen=True)
class Work:
    """What a recipe is given: its inputs in the order of `needs`, and an empty folder that is removed afterwards."""

    inputs: tuple[Opened, ...]
    scratch: Path
    attempts: Attempts = field(default_factory=Attempts)

    def attempt(self, name: str, mapped: int = 0) -> AbstractContextManager[None]:
        """Around the decoding of one untrusted thing, such as an image: see portal.engine.attempts. Raises Lost."""
        return self.attempts.attempt(name, mapped)

    def keep(self, made: Mapping[str, bytes]) -> dict[str, Path]:
        """The same outputs, written down: for a recipe that makes so many that together they would fill the memory."""
        folder = self.scratch / "kept"
        folder.mkdir(exist_ok=True)
        kept: dict[str, Path] = {}
        for path, content in made.items():
            # The name says nothing of the path, which may be longer than a file's name can be.
            kept[path] = folder / digest_of(path.encode())
            kept[path].write_bytes(content)
        return kept
