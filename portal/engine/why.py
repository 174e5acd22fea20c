"""Why a step ran: which part of its key differs from the build before."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from portal.engine.database import FILE
from portal.engine.record import Build
from portal.engine.step import Digest, Tree
from portal.engine.store import Store
from portal.problems import nearest

# So many changed files, or changed inputs that are followed further, are named; the rest are counted.
NAMED = 5


class NeverBuilt(LookupError):
    """No remembered build made this output or had this step."""


def opened(root: Path) -> Store:
    """The store at `root`; asking makes none. Raises NeverBuilt."""
    if not (root / FILE).is_file():
        raise NeverBuilt(f"nothing has been built yet: there is no store at {root}; name the site with --out, or the store with --store")
    return Store(root)


def why(store: Store, what: str, out: str | None = None) -> list[str]:
    """Plain sentences about a path of the site (`studies/x/` means its index.html) or a step, as of the last build.

    `out` chooses between sites built with one store; without it, the last build of all. Raises NeverBuilt.
    """
    builds = store.builds(out)
    if not builds:
        raise NeverBuilt("nothing has been built yet")
    last, earlier = builds[0], [build for build in builds[1:] if build.out == builds[0].out]
    name, path = _found(last, what)
    said = [f"{path} was made by step '{name}'."] if path else []
    state = last.states[name]
    if state == "known":
        said.append(f"The step did not run in the last build (build {last.number}): nothing in its key had changed.")
        ran = next((n for n, build in enumerate(earlier) if build.states.get(name) in ("ran", "failed")), None)
        if ran is None:
            return [*said, "The builds still remembered did not run it either."]
        said.append(f"It last ran in build {earlier[ran].number}.")
        last, earlier = earlier[ran], earlier[ran + 1 :]
    elif state == "failed":
        said.append(f"The step failed in the last build (build {last.number}); its output is not remembered, so it will run again.")
    else:
        said.append(f"The step ran in the last build (build {last.number}).")
    return said + _changes(store, name, last, earlier, set())


def _found(build: Build, what: str) -> tuple[str, str]:
    """The step, and the site path where one was asked for. A path may be written as on the disk (`site/…`) or as in a URL."""
    if what in build.keys:
        return what, ""
    path = re.sub(r"^https?://[^/]+/", "", what).split("#")[0].split("?")[0] or "."
    on_disk = os.path.relpath(path, build.out) if build.out else path
    for spelling in (path, on_disk):
        spelling = spelling.removeprefix("./").strip("/")
        for candidate in (spelling, f"{spelling}/index.html", "index.html" if spelling in ("", ".") else ""):
            if candidate in build.site:
                return build.site[candidate], candidate
    raise NeverBuilt(f"the last build made no '{what}' and has no step of that name; {nearest(what, [*build.keys, *build.site])}")


def _changes(store: Store, name: str, build: Build, earlier: list[Build], told: set[str]) -> list[str]:
    before = next((b for b in earlier if name in b.keys), None)
    if before is None:
        return [f"'{name}' is new: no earlier build that is still remembered had it."]
    old_key, new_key = before.keys[name], build.keys[name]
    if old_key == new_key:
        if before.states[name] == "failed":
            return [f"It failed in build {before.number}, and failures are tried again."]
        return [f"Its key is the one of build {before.number}: what it had made was no longer in the store."]
    old, new = store.parts(old_key), store.parts(new_key)
    if old is None or new is None:
        return [f"Its key changed since build {before.number}, but the parts of that key are no longer remembered."]
    said = [f"Its key changed since build {before.number}:", *_recipe(store, old, new), *_params(old, new)]
    followed: list[str] = []
    old_inputs, new_inputs = cast(list[list[str]], old["inputs"]), cast(list[list[str]], new["inputs"])
    olds = {(step, under, _nth(old_inputs, n)): digest for n, (step, under, digest) in enumerate(old_inputs)}
    news = {(step, under, _nth(new_inputs, n)): digest for n, (step, under, digest) in enumerate(new_inputs)}
    for at in olds.keys() - news.keys():
        said.append(f"- the input {_called(at[0], at[1])} is gone")
    for at, digest in news.items():
        step, under, _ = at
        if at not in olds:
            said.append(f"- the input {_called(step, under)} is new")
        elif olds[at] != digest:
            said += _files(step, under, _given(store, step, under, olds[at], before), _given(store, step, under, digest, build))
            if step and step not in followed:
                followed.append(step)
    if len(said) == 1:
        said.append("- its inputs came in another order")
    for step in [step for step in followed if step not in told][:NAMED]:
        told.add(step)
        state = build.states[step]
        said += [f"'{step}' {'ran as well' if state == 'ran' else 'did not run, its earlier result was used'}."]
        said += _changes(store, step, build, earlier, told)
    return said


def _nth(inputs: list[list[str]], position: int) -> int:
    """The how-manieth of the inputs called the same, so that a new input in front does not rename the others."""
    return sum(1 for other in inputs[:position] if other[:2] == inputs[position][:2])


def _recipe(store: Store, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    if old["recipe"] != new["recipe"]:
        return [f"- its recipe is {new['recipe']} and was {old['recipe']}"]
    if old["version"] == new["version"]:
        return []
    if old["code"] and new["code"]:
        before, after = store.tree(old["code"]), store.tree(new["code"])
        if before is not None and after is not None:
            return [f"- its code changed: {_list(_differing(before, after))}"]
    return [f"- the version of its recipe is {new['version']} and was {old['version']}"]


def _params(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    before, after = old["params"], new["params"]
    said = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            said.append(f"- param '{name}' is new: {after[name]}")
        elif name not in after:
            said.append(f"- param '{name}' is gone")
        elif before[name] != after[name]:
            short = not before[name].startswith("sha256:") and not after[name].startswith("sha256:")
            said.append(f"- param '{name}' changed" + (f" from {before[name]} to {after[name]}" if short else ""))
    return said


def _given(store: Store, step: str, under: str, digest: Digest, build: Build) -> Tree | None:
    """The tree that an input was, as far as it is still known."""
    if not step:
        return store.tree(digest)
    made = store.made(build.keys[step]) if step in build.keys else None
    return made.under(under) if made is not None and made.under(under).digest == digest else None


def _files(step: str, under: str, before: Tree | None, after: Tree | None) -> list[str]:
    if before is None or after is None:
        return [f"- the input {_called(step, under)} changed"]
    names = [path if not step or path == under or not under else f"{under}/{path}" for path in _differing(before, after)]
    return [f"- {'the source file' if not step else 'input'} {_list([f'{step}:{name}' if step else name for name in names])} changed"]


def _differing(before: Tree, after: Tree) -> list[str]:
    return [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]


def _called(step: str, under: str) -> str:
    return f"`{step}{f':{under}' if under else ''}`" if step else "from source files"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:NAMED]) + more
