"""Site cases: a folder is a test. `content/` is built by the real command line, `expected.txt` says what must come out.

    exit 1                       the exit code of `build`
    strict 2                     … and of `build --strict` over a site that is there already, which must stay as it is
    says <text>                  the output holds this text
    addresses studies/ images/   every page below these is listed, indented; no other may be there
    page <address>               indented lines: text that a reader finds on that page, white space aside
    without <address>            indented lines: text or markup that its HTML must not hold
    file <path>                  is there
    absent <address>             is not

A case may have a `make.py`, called with its copied content folder, for what a repository holds badly (images).
A bug is reported by adding a folder here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import STORE, build_py

CASES = sorted(p.parent for p in (Path(__file__).parent / "sites").glob("*/expected.txt"))


class Text(HTMLParser):
    """What a reader can read: the text outside scripts and styles, and the values of alt and title."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.parts += [" ", *(f" {v} " for k, v in attrs if k in ("alt", "title", "aria-label") and v)]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def readable(html: str) -> str:
    reader = Text()
    reader.feed(html)
    return squeezed("".join(reader.parts))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def page_file(site: Path, address: str) -> Path:
    return site / (address + "index.html" if not address or address.endswith("/") else address)


def expectations(path: Path) -> list[tuple[str, str, list[str]]]:
    """(keyword, its argument, the indented lines below it), in order. Lines that begin with # are comments."""
    found: list[tuple[str, str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith((" ", "\t")):
            found[-1][2].append(line.strip())
        else:
            keyword, _, argument = line.partition(" ")
            found.append((keyword, "" if argument.strip() == "(home)" else argument.strip(), []))
    return found


def digest(site: Path) -> str:
    sums = hashlib.sha256()
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        sums.update(f"{path.relative_to(site)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()


def compared(site: Path, keyword: str, argument: str, lines: list[str]) -> list[str]:
    """What is not as expected, a line each."""
    file = page_file(site, argument)
    if keyword == "addresses":
        there = sorted(p.parent.relative_to(site).as_posix() + "/" for top in argument.split() for p in (site / top).rglob("index.html"))
        return [f"is missing: {a}" for a in lines if a not in there] + [f"is there, and not listed: {a}" for a in there if a not in lines]
    if keyword == "absent":
        return [f"{argument} is there"] if file.exists() else []
    if not file.is_file():
        return [f"{argument} is not there"]
    html = file.read_text(encoding="utf-8", errors="replace") if keyword in ("page", "without") else ""
    if keyword == "page":
        return [f"{argument or 'the home page'} does not say: {x}" for x in lines if squeezed(x) not in readable(html)]
    if keyword == "without":
        return [f"{argument or 'the home page'} holds: {x}" for x in lines if x in html]
    assert keyword == "file", f"expected.txt: unknown word {keyword!r}"
    return []


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_site(case: Path, tmp_path: Path) -> None:
    content, out = tmp_path / "content", tmp_path / "site"
    shutil.copytree(case / "content", content)
    if (case / "make.py").is_file():
        subprocess.run([sys.executable, case / "make.py", content], check=True)
    wanted = expectations(case / "expected.txt")
    done = build_py("build", "--content", content, "--out", out, "--store", STORE)
    said = done.stdout + done.stderr
    wrong: list[str] = []
    for keyword, argument, lines in wanted:
        if keyword == "exit":
            wrong += [f"exit {done.returncode}, not {argument}"] if str(done.returncode) != argument else []
        elif keyword == "says":
            wrong += [f"the output does not say: {argument}"] if squeezed(argument) not in squeezed(said) else []
        elif keyword == "strict":
            before = digest(out)
            strict = build_py("build", "--content", content, "--out", out, "--store", STORE, "--strict")
            wrong += [f"--strict: exit {strict.returncode}, not {argument}"] if str(strict.returncode) != argument else []
            wrong += ["--strict changed the site"] if digest(out) != before else []
        else:
            wrong += compared(out, keyword, argument, lines)
    assert not wrong, "\n".join(wrong) + f"\n\nbuild.py said:\n{said}"
