"""The only way a user's error travels: a Problem says where, what is wrong, and how to mend it.

Every reader in this project collects problems and goes on, so that one run reports them all
(facts: cattrs, "validation belongs to the edges"). Nothing past the edge raises for bad content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Place:
    """Where a problem is. `file` is relative to the content folder; `line` and `column` count from 1, 0 is unknown.

    `path` is the way to the value inside the file: `components[0].phenotypes[1].term` in YAML,
    `column 'Gene Symbol'` in a table.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}" if self.path else f"{where}:"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the content. Reads `<place> <what>; <mend>`.

    An error leaves its study out of the portal; a warning does not.
    """

    place: Place
    what: str
    mend: str
    severity: Severity = field(default="error")

    def __str__(self) -> str:
        return f"{self.place} {self.what}; {self.mend}"

    def as_dict(self) -> dict[str, object]:
        p = self.place
        return {
            "file": p.file, "line": p.line, "column": p.column, "path": p.path,
            "what": self.what, "mend": self.mend, "severity": self.severity,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, d: dict) -> Problem:
        return cls(Place(d["file"], d["line"], d["column"], d["path"]), d["what"], d["mend"], d["severity"])


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [p for p in problems if p.severity == "error"]


def dump(problems: Iterable[Problem]) -> bytes:
    """Problems as canonical JSON bytes: sorted, so that the same problems have the same digest."""
    return json.dumps([p.as_dict() for p in sorted(set(problems))], ensure_ascii=False, indent=0).encode()


def load(raw: bytes) -> list[Problem]:
    return [Problem.from_dict(d) for d in json.loads(raw)]


def nearest(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """A mend for a misspelt word: `did you mean 'x'?`, or what is known when nothing is near."""
    folded = {k.casefold(): k for k in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    if otherwise:
        return otherwise
    listed = ", ".join(f"'{k}'" for k in list(known)[:12])
    return f"write one of {listed}" if listed else "remove it"
