"""Scripts and style sheets: each of our modules with what it imports, theirs bundled once; each folder named by what it holds.

A folder's name is the first twelve digits of the digest of its tree, so that it can be cached for ever and no page
ever mixes two releases.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from portal.engine.step import Tree, Work, digest_of, recipe

# Where `make setup` installs the libraries: beside assets/package.json. Not a parameter: a machine's path must not
# enter a key, and package-lock.json, which does, says what stands there.
REPOSITORY = Path(__file__).parents[2]
HOME = REPOSITORY / "assets"


class Sources(Protocol):
    """What a store does for files of this machine; publishing knows no more of the engine than the step."""

    def sources(self, folder: Path, paths: Iterable[str]) -> Tree: ...


def own_files(store: Sources, folder: str, *parts: str) -> Tree:
    """Files of this repository below one of its folders, or only those below, or called, one of `parts`."""
    home = REPOSITORY / folder
    tops = [home / part for part in parts] or [home]
    paths = [p for top in tops for p in (top.rglob("*.*") if top.is_dir() else [top])]
    return store.sources(home, sorted(p.relative_to(home).as_posix() for p in paths if p.is_file()))


class NotInstalled(Exception):
    """The JavaScript libraries are absent, or are not those of package-lock.json."""


def node() -> str:
    """The Node.js to run: the one beside this Python (its pinned wheel), else the one on PATH. Raises NotInstalled."""
    beside = Path(sys.executable).parent / ("node.exe" if os.name == "nt" else "node")
    found = str(beside) if beside.is_file() else shutil.which("node")
    if not found:
        raise NotInstalled("Node.js is not installed; run `make setup`")
    return found


def folder(kind: str, files: Mapping[str, bytes | Path]) -> dict[str, bytes | Path]:
    """The same files below `<kind>/<digest12>/`, named by their own bytes."""
    digests = {path: digest_of(data if isinstance(data, bytes) else data.read_bytes()) for path, data in files.items()}
    name = Tree(digests).digest[:12]
    return {f"{kind}/{name}/{path}": data for path, data in files.items()}


@recipe("2")
def assets(work: Work) -> Mapping[str, bytes | Path]:
    """Our scripts and style sheets: `js/…` and `css/…` of input 0 below `assets/<digest12>/`.

    Each script holds what it imports, so that a page asks for two (an image's page asked for 20 modules, one after the other).
    Input 1 holds `package-lock.json` and `bundle.mjs`. Raises as `vendor` does.
    """
    css: dict[str, bytes | Path] = {path: work.inputs[0].read(path) for path in work.inputs[0] if path.endswith(".css")}
    ours, out = work.scratch / "js", work.scratch / "out"
    ours.mkdir()
    for path in work.inputs[0]:
        if path.endswith(".js"):
            (ours / path.removeprefix("js/")).write_bytes(work.inputs[0].read(path))
    _node(work, 1, "bundle.mjs", str(ours), str(out), what="our scripts")
    return folder("assets", css | {f"js/{path.name}": path for path in sorted(out.glob("*.js"))})


@recipe("1")
def vendor(work: Work) -> Mapping[str, bytes | Path]:
    """The libraries of others, bundled by esbuild: `vendor/<digest12>/<name>.js`, WebAssembly, THIRD-PARTY.txt.

    Input 0 holds `package-lock.json` and `vendor.mjs`. Raises NotInstalled where node_modules is absent or differs from
    the lock, and RuntimeError with esbuild's words where the bundling fails.
    """
    out = work.scratch / "vendor"
    _node(work, 0, "vendor.mjs", str(out), what="the libraries")
    return folder("vendor", {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()})


def _node(work: Work, tools: int, name: str, *arguments: str, what: str) -> None:
    """Runs the script `name` of the input number `tools`, with the installed libraries as its first argument."""
    _check_installed(work.inputs[tools].json("package-lock.json"), HOME / "node_modules")
    script = work.scratch / name
    script.write_bytes(work.inputs[tools].read(name))
    done = subprocess.run([node(), str(script), str(HOME), *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode:
        words = done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode} and no word"
        # The first line travels in one sentence: of Node's story, the one that names the error.
        cause = next((line.strip() for line in words.splitlines() if re.search(r"(?i)\berror\b|E[A-Z]{4,}", line)), words.splitlines()[0])
        raise RuntimeError(f"bundling {what} failed ({cause[:300]})\n{words}")


def _check_installed(lock: Mapping[str, Any], modules: Path) -> None:
    """The versions installed are those locked; otherwise the key would name one thing and the bytes be another."""
    record = modules / ".package-lock.json"  # npm's own note of what it installed
    if not record.is_file():
        raise NotInstalled(f"the JavaScript libraries are not installed: {modules.parent.name}/node_modules is missing; run `make setup`")
    installed = json.loads(record.read_text(encoding="utf-8"))["packages"]
    for path, locked in lock["packages"].items():
        if not path or locked.get("optional"):  # optional: esbuild's binaries for other machines
            continue
        found = installed.get(path, {}).get("version")
        if found != locked["version"]:
            name = path.rpartition("node_modules/")[2]
            raise NotInstalled(f"{name} is {found or 'missing'} where package-lock.json has {locked['version']}; run `make setup`")
