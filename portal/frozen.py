"""Frozen addresses: what has been published must resolve for decades (DESIGN §5).

`build.py freeze` writes content/addresses.tsv: `address<TAB>kind<TAB>moved to`. A build never writes it.
`check` fails when a recorded address would vanish and its third column names no address that exists.
Genes are not frozen yet: their identities will still be merged.

The file comes by pull request: what a line says is bounded and checked before anything is made of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from portal.problems import Place, Problem

FILE = "addresses.tsv"
HEADER = "address\tkind\tmoved to"
KINDS = {
    "studies": ("list", "study", "component", "container"),
    "images": ("", "image"),
    "phenotypes": ("list", "phenotype"),
    "organisms": ("list", "organism"),
}
IMAGES, EMBED = "images/", "embed/"
LONGEST, DEEPEST = 600, 8  # characters and parts of an address; ours have at most 200 and four
TOLD = 50  # lines that are told of one by one; the others are counted
COMPARED, SUGGESTED = 1_000, 20  # pages that a misspelt target is compared with, and how many targets are

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True)
class Row:
    """A recorded address. `moved_to` is empty while the page stands where it stood."""

    line: int
    kind: str
    moved_to: str


def kind_of(address: str) -> str:
    """`study`, `component`, `provenance`, `container`, `image`, `phenotype`, `organism`, or '' for an address that is not frozen."""
    parts = address.strip("/").split("/")
    if parts[0] == "studies" and parts[2:] == ["provenance"]:
        return "provenance"  # a name that no component can have
    kinds = KINDS.get(parts[0], ())
    return kinds[len(parts) - 1] if len(parts) <= len(kinds) else ""


def studies_of(recorded: Iterable[str]) -> set[str]:
    """The accessions whose pages are recorded."""
    return {address.split("/")[1] for address in recorded if kind_of(address) == "study"}


# ---- reading


def read(raw: bytes) -> tuple[dict[str, Row], list[Problem]]:
    """addresses.tsv → {address: Row}, and what is wrong with it. A line with a mistake is left out, and told."""
    recorded: dict[str, Row] = {}
    folded: dict[str, int] = {}
    problems: list[Problem] = []
    wrong = 0
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip() or (number == 1 and line.split(b"\t")[0].strip() == b"address"):
            continue
        found = _row(line, number)
        if not isinstance(found, tuple):
            address, row = found.address, found.row
            before = folded.setdefault(address.casefold(), number)
            if before == number:
                recorded[address] = row
                if number > 1:
                    continue
                found = "is not the header", "write above it: address, kind, moved to, with tabs between"
            else:
                alike = "stands" if address in recorded else "stands, but for its capitals,"
                found = f"'{address}' {alike} on line {before} already", "keep one of the two"
        wrong += 1
        if wrong <= TOLD:
            problems.append(Problem(Place(FILE, number), *found))
    if wrong > TOLD:
        problems.append(Problem(Place(FILE), f"has {wrong - TOLD:,} more lines with mistakes", "mend those that are told first"))
    return recorded, problems


@dataclass(frozen=True)
class _Recorded:
    address: str
    row: Row


def _row(line: bytes, number: int) -> _Recorded | tuple[str, str]:
    """What a line records, or what is wrong with it and the mend."""
    try:
        cells = [c.strip() for c in line.decode().split("\t")]
    except UnicodeDecodeError:
        return "is not UTF-8", "save the file as UTF-8"
    if len(cells) > 3 and any(cells[3:]):
        return f"has {len(cells)} columns", "write an address, its kind and, where it moved, the new address"
    address, said, moved = [*cells, "", ""][:3]
    for written, what in ((address, ""), (moved, " to move to")):
        if (written or not what) and not _is_address(written):
            return f"{_shown(written)} is not an address{what}", "write it as studies/idr0002/"
    kind = kind_of(address)
    if not kind or (kind == "list" and moved):
        return f"'{address}' is not recorded", "remove the line: pages of studies, images, phenotypes and organisms are"
    if said and said != kind:
        return f"{_shown(said)} is not what '{address}' is", f"write {kind}"
    if moved == address:
        return f"'{address}' is said to have moved to itself", "empty the third column, or write the new address"
    return _Recorded(address, Row(number, kind, moved))


def _is_address(text: str) -> bool:
    """Whether it could be a page's: plain parts, each ending in `/`, none of them the name of a page's file."""
    if len(text) > LONGEST or not text.endswith("/"):
        return False
    parts = text[:-1].split("/")
    return len(parts) <= DEEPEST and all(_PART.fullmatch(part) and part.casefold() != "index.html" for part in parts)


def _shown(text: str) -> str:
    """Somebody's text in a message: short, and nothing in it that a terminal obeys or nobody sees."""
    short = text if len(text) <= 80 else text[:79] + "…"
    return "'" + "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in short) + "'"


# ---- writing


def write(pages: Iterable[str], before: Mapping[str, Row]) -> bytes:
    """The file for the pages there are and what was recorded before, sorted; what moved keeps its third column."""
    rows = {a: (kind, "") for a in pages if (kind := kind_of(a)) and kind != "list"}
    rows |= {a: (row.kind, row.moved_to) for a, row in before.items()}
    return "".join([HEADER + "\n", *(f"{a}\t{kind}\t{moved}\n" for a, (kind, moved) in sorted(rows.items()))]).encode()


def pages_of(paths: Iterable[str]) -> list[str]:
    """Addresses of the pages among a site's paths."""
    return [p.removesuffix("index.html") for p in paths if p == "index.html" or p.endswith("/index.html")]


# ---- what a build finds


def settled(recorded: Mapping[str, Row], paths: Collection[str], whole: bool) -> tuple[dict[str, str], list[Problem]]:
    """(old address → the page it leads to, for every address that moved; what is wrong), beside a site of these paths.

    `whole` is false where studies are left out: their pages are missing for a reason that is told already.
    """
    if not recorded:
        return {}, []
    pages = set(pages_of(paths))
    moved, found = _moved(recorded, paths, pages, whole)
    moved |= _embedded(moved, pages)
    return moved, found + (_vanished(recorded, pages) if whole else [])


def _moved(recorded: Mapping[str, Row], paths: Collection[str], pages: set[str], whole: bool) -> tuple[dict[str, str], list[Problem]]:
    rows = {address: row for address, row in recorded.items() if row.moved_to}
    files = {path.casefold(): path for path in paths} if rows else {}
    moved: dict[str, str] = {}
    found: list[Problem] = []
    shelves: dict[tuple[str, int], list[str]] | None = None
    for address, row in rows.items():
        target = _followed(address, rows, pages)
        if at := _in_the_way(address, files):
            what = f"'{address}' is said to have moved, and '{at.removesuffix('index.html')}' is there"
            mend = "empty its third column" if at == f"{address}index.html" else "remove the line: no page can be at this address"
        elif target in pages:
            moved[address] = target
            continue
        elif not whole:
            continue
        elif target in rows:
            what, mend = f"'{address}' is said to have moved in a circle", "write the address of a page that exists"
        else:
            shelves = _shelves(pages) if shelves is None else shelves
            near = shelves.get(_shelf(target), []) if len(found) < SUGGESTED else []
            what = f"'{address}' is said to have moved to '{target}', which is no page"
            mend = _nearest(target, [page for page in near if page != address])
        found.append(Problem(Place(FILE, row.line), what, mend))
    return moved, found


def _embedded(moved: Mapping[str, str], pages: set[str]) -> dict[str, str]:
    """The pages for frames of other pages go where their images go: each image's page has one, so none is recorded by itself."""
    both = ((EMBED + old.removeprefix(IMAGES), EMBED + new.removeprefix(IMAGES)) for old, new in moved.items() if old.startswith(IMAGES))
    return {old: new for old, new in both if new in pages and old not in pages}


def _followed(address: str, rows: Mapping[str, Row], pages: set[str]) -> str:
    """Where an address leads in the end: what moved may have moved again. In a circle, one of its addresses."""
    seen = {address}
    while (address := rows[address].moved_to) not in pages and address in rows and address not in seen:
        seen.add(address)
    return address


def _in_the_way(address: str, files: Mapping[str, str]) -> str:
    """The file of the site, if there is one, that the page at this address would replace or lie below; capitals do not matter."""
    names = (*(above.rstrip("/") for above in _above(address)), address.rstrip("/"), f"{address}index.html")
    return next((files[name.casefold()] for name in names if name.casefold() in files), "")


def _shelf(address: str) -> tuple[str, int]:
    return address.partition("/")[0], address.count("/")


def _shelves(pages: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """The pages that a misspelt address is compared with: those of its depth below the same folder, and not all of very many."""
    shelves: dict[tuple[str, int], list[str]] = {}
    for page in sorted(pages):
        shelf = shelves.setdefault(_shelf(page), [])
        if len(shelf) < COMPARED:
            shelf.append(page)
    return shelves


def _nearest(target: str, pages: Iterable[str]) -> str:
    """The mend for a target that is no page: the page whose own part of the address is nearest."""
    own = {page.rstrip("/").rpartition("/")[2].casefold(): page for page in pages}
    close = get_close_matches(target.rstrip("/").rpartition("/")[2].casefold(), list(own), n=1)
    return f"did you mean '{own[close[0]]}'?" if close else "write the address of a page that exists"


def _vanished(recorded: Mapping[str, Row], pages: set[str]) -> list[Problem]:
    gone = {address for address, row in recorded.items() if not row.moved_to and address not in pages}
    below = Counter(above for address in gone for above in _above(address))
    found = []
    for address in gone:
        if any(above in gone for above in _above(address)):
            continue  # told with the study or component that it is part of
        row = recorded[address]
        mend = f"bring the {row.kind} back, or write where it moved in the third column"
        parts = f" with {below[address]:,} addresses below it" if below[address] else ""
        found.append(Problem(Place(FILE, row.line), f"'{address}' was published and would vanish{parts}", mend))
    return found


def _above(address: str) -> list[str]:
    """`studies/a/b/` → `studies/`, `studies/a/`."""
    parts = address.strip("/").split("/")
    return ["/".join(parts[:n]) + "/" for n in range(1, len(parts))]
