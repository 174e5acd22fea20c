"""The two recipes that publish scripts: ours as they are, theirs bundled, in folders named by their bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.publish import assets as published
from tests.js.site import ROOT, run

LOCK = {name: ROOT / "assets" / name for name in ("package-lock.json", "vendor.mjs")}
NAMES = {
    "openseadragon.js",
    "duckdb.js",
    "duckdb-worker.js",
    "duckdb-eh.wasm",
    "hyparquet.js",
    "lunr.js",
    "codemirror.js",
    "zarrita.js",
    "fzstd.js",
    "THIRD-PARTY.txt",
    "outlines.json",
}


def test_a_script_holds_what_it_imports_and_nothing_that_it_may_need_later(tmp_path: Path) -> None:
    files = {
        "js/page.js": b"import { said } from './dom.js'\nimport('./later.js').then(console.log)\nexport const name = said + '\xc2\xb5m'\n",
        "js/dom.js": b"export const said = 'a word of dom.js'\nexport const unused = 'nobody asks for it'\n",
        "js/later.js": b"export const late = 'asked for later'\n",
        "css/base.css": b"a {}",
        "js/notes.md": b"not published",
    }
    tools = {name: ROOT / "assets" / name for name in ("package-lock.json", "bundle.mjs")}
    made = run(published.assets, tmp_path, files, tools)
    folder = next(iter(made)).rsplit("/", 2)[0]
    assert re.fullmatch(r"assets/[0-9a-f]{12}", folder)
    assert set(made) == {f"{folder}/{path}" for path in files if not path.endswith(".md")}
    page = made[f"{folder}/js/page.js"].decode()
    assert "a word of dom.js" in page and "µm" in page and 'import("./later.js")' in page
    assert "nobody asks" not in page and "asked for later" not in page and str(tmp_path) not in page
    changed = run(published.assets, tmp_path, {**files, "css/base.css": b"b {}"}, tools)
    assert not set(made) & set(changed)


def test_the_bundles_hold_what_they_should_and_nothing_of_this_machine(tmp_path: Path) -> None:
    made = run(published.vendor, tmp_path / "a", LOCK)
    names = {path.rsplit("/", 1)[1] for path in made}
    assert names >= NAMES and all(re.fullmatch(r"chunk-\w+\.js", name) for name in names - NAMES)
    for path, data in made.items():
        assert str(ROOT).encode() not in data and b"sourceMappingURL=" not in data, path
    licences = next(data for path, data in made.items() if path.endswith("THIRD-PARTY.txt")).decode()
    for package in (
        "openseadragon 6.1.1 (BSD-3-Clause)",
        "@duckdb/duckdb-wasm 1.28.0 (MIT)",
        "apache-arrow 13.0.0 (Apache-2.0)",
        "lunr 2.3.9 (MIT)",
        "world-atlas 2.0.2 (ISC)",
    ):
        assert f"\n{package}\n" in licences
    assert "Stichting DuckDB Foundation" in licences and "Apache License" in licences


def test_the_same_bytes_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "another place" / "assets"
    shutil.copytree(ROOT / "assets", elsewhere, ignore=shutil.ignore_patterns("node_modules"))
    # Hard links: a symbolic link would be resolved to the place the first run used. Never of our own files: a link, and its removal later,
    # changes their time stamps (ctime), and another build beside this one says that they were changed after it read them.
    libraries = elsewhere / "node_modules"
    if subprocess.run(["cp", "-rl", str(ROOT / "assets/node_modules"), str(libraries)], capture_output=True).returncode:
        shutil.copytree(ROOT / "assets/node_modules", libraries, dirs_exist_ok=True)  # another file system: no links
    first = run(published.vendor, tmp_path / "a", LOCK)
    monkeypatch.setattr(published, "HOME", elsewhere)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert run(published.vendor, tmp_path / "b", LOCK) == first


def test_absent_or_other_libraries_are_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "HOME", tmp_path / "assets")
    with pytest.raises(published.NotInstalled, match="make setup"):
        run(published.vendor, tmp_path / "a", LOCK)
    lock = json.loads((ROOT / "assets/package-lock.json").read_text())
    for entry in lock["packages"].values():
        if entry.get("version") == "6.1.1":
            entry["version"] = "6.0.0"
    record = tmp_path / "assets/node_modules/.package-lock.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(lock))
    with pytest.raises(published.NotInstalled, match=r"openseadragon is 6\.0\.0 where package-lock\.json has 6\.1\.1; run `make setup`"):
        run(published.vendor, tmp_path / "a", LOCK)


def test_the_lock_names_no_host_and_pins_every_version() -> None:
    package = json.loads((ROOT / "assets/package.json").read_text())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", v) for v in {**package["dependencies"], **package["devDependencies"]}.values())
    lock = json.loads((ROOT / "assets/package-lock.json").read_text())
    assert not [path for path, entry in lock["packages"].items() if "resolved" in entry]
    assert all(entry.get("integrity") for path, entry in lock["packages"].items() if path)
    # lunr's own Python side says which release of lunr.js it writes for.
    from lunr import __TARGET_JS_VERSION__

    assert package["dependencies"]["lunr"] == __TARGET_JS_VERSION__
    assert os.access(published.node(), os.X_OK)
