"""What a build did, step by step: enough to say afterwards why a step ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.engine.step import Digest, Step, Tree, canonical, digest_of

State = Literal["ran", "known", "failed", "skipped"]

# A parameter up to this long is kept as it is, so that `why` can show it; a longer one by its digest.
SHOWN = 120


@dataclass(frozen=True)
class Outcome:
    """One step of one build. `inputs` are the trees it was given, in the order of its needs."""

    step: Step
    key: Digest
    state: State
    version: str
    inputs: tuple[Tree, ...] = field(repr=False)
    code: Tree | None = field(default=None, repr=False)

    def parts(self) -> dict[str, Any]:
        """The parts of the key, as plain values: recipe, version, code, params, inputs."""
        return {
            "recipe": self.step.recipe.name,
            "version": self.version,
            "code": self.code.digest if self.code is not None else "",
            "params": {name: _shown(value) for name, value in sorted(self.step.params.items())},
            "inputs": [
                ["", "", tree.digest] if isinstance(need, Tree) else [need.step, need.under, tree.digest]
                for need, tree in zip(self.step.needs, self.inputs, strict=True)
            ],
        }

    def trees(self) -> list[Tree]:
        """The trees that no step made and that `why` compares: source files and code."""
        made = [tree for need, tree in zip(self.step.needs, self.inputs, strict=True) if isinstance(need, Tree)]
        return made if self.code is None else [*made, self.code]


@dataclass(frozen=True)
class Build:
    """A finished build as the store remembers it: step → key, step → state, site path → step."""

    number: int
    out: str
    keys: Mapping[str, Digest]
    states: Mapping[str, State]
    site: Mapping[str, str]


def key_of(step: Step, version: str, inputs: tuple[Tree, ...]) -> Digest:
    """The digest of everything that a step's output depends on. Raises TypeError for params that are not plain values."""
    return digest_of(canonical(["step", step.recipe.name, version, dict(step.params), [tree.digest for tree in inputs]]))


def _shown(value: object) -> str:
    text = canonical(value).decode()
    return text if len(text) <= SHOWN else f"sha256:{digest_of(text.encode())}"
