"""The help texts of docs/command-line.md. Run as a program, it rewrites them.

.venv/bin/python tests/docs/command_line.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/command-line.md"
COMMANDS = ("", "build", "serve", "check", "import", "import idr", "why", "freeze", "changes", "gc")


def help_of(command: str) -> str:
    """`build.py COMMAND --help` as on a plain terminal of 100 columns."""
    plain = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb", "_TYPER_STANDARD_TRACEBACK": "1"}
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS")}
    done = subprocess.run(
        [sys.executable, "build.py", *command.split(), "--help"],
        cwd=ROOT, env={**environment, **plain}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()) + "\n"


def section() -> str:
    parts = [f"## {('build.py ' + command).strip()}\n\n```text\n{help_of(command)}```\n" for command in COMMANDS]
    return "<!-- commands -->\n\n" + "\n".join(parts) + "\n<!-- end -->"


def written() -> str:
    """The page as it should be."""
    return re.sub(r"(?s)<!-- commands -->.*?<!-- end -->", lambda _: section(), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
