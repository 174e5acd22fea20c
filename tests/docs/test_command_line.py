"""docs/command-line.md says what the program says."""

from __future__ import annotations

import re

from tests.docs import command_line


def test_help_is_as_documented() -> None:
    page = command_line.PAGE.read_text(encoding="utf-8")
    assert command_line.written() == page, "run .venv/bin/python tests/docs/command_line.py"


def test_every_command_is_documented() -> None:
    offered = re.findall(r"(?m)^[│ ]+([a-z]+)\s{2,}\S", command_line.help_of("").partition("Commands")[2])
    assert offered, "no commands were found in the help"
    assert set(offered) <= {c.split()[0] for c in command_line.COMMANDS if c}
