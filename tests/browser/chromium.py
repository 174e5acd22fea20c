"""Finds the Chromium that the browser tests drive, and installs one where there is none.

Looked for, in this order: $CHROMIUM, the usual names on PATH, Playwright's own download.
`python tests/browser/chromium.py --install` is what `make setup-dev` runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# No sandbox: containers that run tests as root have none. The rest keeps the browser from calling home,
# so that every request a test sees was made by a page.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


def find() -> str | None:
    """The path of a Chromium, or None. Raises FileNotFoundError where $CHROMIUM names none."""
    if named := os.environ.get("CHROMIUM"):
        found = shutil.which(named)
        if not found:
            raise FileNotFoundError(f"CHROMIUM is {named}, which cannot be run; name a Chromium's executable")
        return found
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _downloaded()


def _downloaded() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _debian() -> bool:
    # Not Ubuntu: its `chromium` package is a stub that asks for a snap.
    release = Path("/etc/os-release")
    return release.is_file() and "\nID=debian\n" in f"\n{release.read_text()}\n"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _attempts() -> list[list[list[str]]]:
    """Ways to install one, each a list of commands."""
    ways: list[list[list[str]]] = []
    if _is_root() and shutil.which("apt-get") and _debian():
        ways.append([["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"]])
    download = [sys.executable, "-m", "playwright", "install"]
    ways.append([[*download, *(["--with-deps"] if _is_root() and shutil.which("apt-get") else []), "chromium"]])
    return ways


def install() -> str | None:
    """Tries each way until a Chromium is found; returns its path, or None."""
    for commands in _attempts():
        print(f"setup: no Chromium found; trying {' '.join(commands[-1])}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in commands:
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                print("\n".join(done.stdout.splitlines()[-3:]))
                break
        if found := find():
            return found
    return None


def main() -> int:
    found = find()
    if not found and "--install" in sys.argv[1:]:
        found = install()
    if not found:
        print(
            "The browser tests need Chromium. Install it (Debian: apt-get install chromium; Fedora: dnf install chromium;"
            " macOS: brew install --cask chromium), or set CHROMIUM to the path of a Chromium or Chrome, then run this again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
