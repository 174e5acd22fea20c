"""Frozen addresses: what has been published must resolve for decades (DESIGN §5).

`build.py freeze` writes content/addresses.tsv: `address<TAB>kind<TAB>moved to`. A build never writes it.
`check` fails when a recorded address would vanish and its third column names no address that exists.
Genes are not frozen yet: their identities will still be merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.problems import Place, Problem, nearest

FILE = "addresses.tsv"
HEADER = "address\tkind\tmoved to"
KINDS = {
    "studies": ("list", "study", "component", "container"),
    "images": ("", "image"),
    "phenotypes": ("list", "phenotype"),
    "organisms": ("list", "organism"),
}


@dataclass(frozen=True)
class Row:
    """A recorded address. `moved_to` is empty while the page stands where it stood."""

    line: int
    kind: str
    moved_to: str


def kind_of(address: str) -> str:
    """`study`, `component`, `container`, `image`, `phenotype`, `organism`, or '' for an address that is not frozen."""
    parts = address.strip("/").split("/")
    kinds = KINDS.get(parts[0], ())
    return kinds[len(parts) - 1] if len(parts) <= len(kinds) else ""


def read_folder(content: Path) -> tuple[dict[str, Row], list[Problem]]:
    """The addresses recorded in a content folder; none where nothing was frozen."""
    file = content / FILE
    return read(file.read_bytes()) if file.is_file() else ({}, [])


def read(raw: bytes) -> tuple[dict[str, Row], list[Problem]]:
    """addresses.tsv → {address: Row}, and what is wrong with it."""
    frozen: dict[str, Row] = {}
    problems = []
    for number, line in enumerate(raw.decode("utf-8-sig", "replace").splitlines(), 1):
        if number == 1 or not line.strip():
            continue
        address, kind, moved = (c.strip() for c in [*line.split("\t"), "", ""][:3])
        if not address or address.startswith("/") or ".." in address.split("/") or not address.endswith("/"):
            problems.append(Problem(Place(FILE, number), f"'{address}' is not an address", "write it as studies/idr0002/"))
        elif address in frozen:
            what = f"'{address}' stands on line {frozen[address].line} already"
            problems.append(Problem(Place(FILE, number), what, "keep one of the two"))
        else:
            frozen[address] = Row(number, kind, moved)
    return frozen, problems


def write(pages: Iterable[str], before: Mapping[str, Row]) -> bytes:
    """The file for the pages there are and what was recorded before, sorted; what moved keeps its third column."""
    rows = {a: (kind, "") for a in pages if (kind := kind_of(a)) and kind != "list"}
    rows |= {a: (row.kind, row.moved_to) for a, row in before.items()}
    return "".join([HEADER + "\n", *(f"{a}\t{kind}\t{moved}\n" for a, (kind, moved) in sorted(rows.items()))]).encode()


def _above(address: str) -> list[str]:
    """`studies/a/b/` → `studies/`, `studies/a/`."""
    parts = address.strip("/").split("/")
    return ["/".join(parts[:n]) + "/" for n in range(1, len(parts))]


def pages_of(paths: Iterable[str]) -> list[str]:
    """Addresses of the pages among a site's paths."""
    return [p.removesuffix("index.html") for p in paths if p.endswith("index.html")]


def record(content: Path, paths: Iterable[str]) -> tuple[int, list[Problem]]:
    """Writes the addresses of a published site to the content folder; how many are recorded now.

    Where the file has problems nothing is written, so that no line of it is lost.
    """
    before, wrong = read_folder(content)
    if wrong:
        return len(before), wrong
    after = write(pages_of(paths), before)
    (content / FILE).write_bytes(after)
    return len(after.splitlines()) - 1, []


def problems_of(frozen: Mapping[str, Row], pages: Iterable[str]) -> list[Problem]:
    """What would break: a recorded address that is no page any more, or one that moved to what is no page."""
    here = set(pages)
    found = []
    gone = {address for address, row in frozen.items() if not row.moved_to and address not in here}
    for address, row in frozen.items():
        if any(above in gone for above in _above(address)):
            continue  # told with the study or component that it is part of
        if row.moved_to and row.moved_to not in here:
            mend = nearest(row.moved_to, sorted(here), "write the address of a page that exists")
            found.append(Problem(Place(FILE, row.line), f"'{address}' is said to have moved to '{row.moved_to}', which is no page", mend))
        elif not row.moved_to and address not in here:
            mend = f"bring the {row.kind or 'page'} back, or write where it moved in the third column"
            below = sum(address in _above(other) for other in gone)
            parts = f" with {below:,} addresses below it" if below else ""
            found.append(Problem(Place(FILE, row.line), f"'{address}' was published and would vanish{parts}", mend))
    return found
