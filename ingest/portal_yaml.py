"""content/portal.yaml → Portal. Without the file, or without a key in it, the model's defaults stand."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.folders import read_below
from ingest.marks import Marked, quoted, read_yaml
from ingest.patterns import Refused, check
from ingest.validation import validated
from portal.model import Portal
from portal.problems import Problem, errors

FILE = "portal.yaml"


def read_portal(content: Path) -> tuple[Portal, list[Problem]]:
    """The portal's own description. Where the file has errors: the defaults, and the problems."""
    raw, problem = read_below(content, FILE)
    if problem is not None:
        return Portal(), [problem]
    if raw is None or not raw.strip():
        return Portal(), []
    return portal_of(raw, FILE)


def portal_lines(content: Path) -> dict[str, int]:
    """Dotted path → line of everything in portal.yaml; empty where it cannot be read."""
    raw, _ = read_below(content, FILE)
    marked, _ = read_yaml(raw, FILE) if raw and raw.strip() else (None, [])
    return marked.lines() if marked is not None else {}


def portal_of(raw: bytes, file: str) -> tuple[Portal, list[Problem]]:
    """Bytes of a portal.yaml → Portal, and problems (sorted)."""
    marked, problems = read_yaml(raw, file)
    if marked is None:
        return Portal(), problems
    if marked.root is None:  # Comments alone.
        return Portal(), problems
    found, more = validated(Portal, marked, file)
    problems += more
    problems += _links(marked, file)
    if found is None or errors(problems):
        return Portal(), sorted(set(problems))
    return found, sorted(set(problems))


def _links(marked: Marked, file: str) -> list[Problem]:
    links = marked.at(("links",))
    problems = []
    for index, link in enumerate(links if isinstance(links, list) else []):
        if not isinstance(link, dict):
            continue
        pattern, url = link.get("pattern"), link.get("url")
        if isinstance(pattern, str):
            try:
                check(pattern)
            except Refused as refused:
                place = marked.place(file, ("links", index, "pattern"))
                problems.append(Problem(place, f"{quoted(pattern)} {refused}", "write a plain one, such as ENSG\\d+"))
        if isinstance(url, str) and (not re.match(r"https?://", url) or "{id}" not in url):
            place = marked.place(file, ("links", index, "url"))
            mend = "write an address with {id} in it, such as https://www.ensembl.org/id/{id}"
            problems.append(Problem(place, f"{quoted(url)} does not lead anywhere", mend))
    return problems
