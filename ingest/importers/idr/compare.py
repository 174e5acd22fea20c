"""IDR's annotation.csv against the join of library or assays with processed: where the two say different things."""

from __future__ import annotations

import re
from collections import Counter

from ingest.importers.idr.phenotype_columns import phenotype_number
from ingest.importers.idr.tables import Joined, Table
from portal.ledger import Comparison, Difference

_COMPARED = (
    ("gene identifiers", re.compile(r"(comment ?\[)?gene identifier\]?( \(.*\))?", re.IGNORECASE)),
    ("gene symbols", re.compile(r"(comment ?\[)?gene symbol\]?( \(.*\))?", re.IGNORECASE)),
    ("control types", re.compile(r"control type", re.IGNORECASE)),
)
_EXAMPLES = 5


def compare(joined: Joined, header: list[str], columns: dict[str, str], annotation: Table) -> tuple[Comparison, list[bool]] | str:
    """Compares by sample: what differs, and for every row of the annotation whether it is about a sample that there is.

    A text says why the two cannot be compared. Names of phenotypes are compared without regard to case.
    """
    ours = _sample_keys([joined.cells(columns[k]) if k in columns else [] for k in _places(columns)], len(joined.base.raw.rows))
    theirs_columns = [_place_column(annotation, k) for k in _places(columns)]
    if theirs_columns[-1] is None:
        return f"{annotation.path.name} has no column that names the sample"
    cells = [annotation.raw.column(c) if c else [] for c in theirs_columns]
    theirs = _sample_keys(cells, len(annotation.raw.rows))
    if not set(ours) & set(theirs) and len(theirs_columns) == 2:
        return f"{annotation.path.name} names none of the samples of {joined.base.path.name} (such as '{ours[0]}' and '{theirs[0]}')"
    repeated = sum(n - 1 for n in Counter(theirs).values() if n > 1)
    both = sorted(set(ours) & set(theirs))
    differences: list[Difference] = []
    pairs = {what: (_first(header, pattern), _first(annotation.raw.header, pattern)) for what, pattern in _COMPARED}
    for what, (left, right) in pairs.items():
        if left and right:
            a, b = _by_key(ours, joined.cells(left)), _by_key(theirs, annotation.raw.column(right))
            differ = [k for k in both if a[k] != b[k]]
            if differ:
                shown = tuple(f"{k}: '{'; '.join(sorted(a[k]))}', annotation '{'; '.join(sorted(b[k]))}'"[:300] for k in differ[:_EXAMPLES])
                differences.append(Difference(what=what, samples=len(differ), examples=shown))
    a = _phenotypes(ours, header, joined.cells)
    b = _phenotypes(theirs, list(annotation.raw.header), annotation.raw.column)
    more = [k for k in both if a.get(k, set()) - b.get(k, set())]
    fewer = [k for k in both if b.get(k, set()) - a.get(k, set())]
    if more:
        shown = tuple(f"{k}: {'; '.join(sorted(a[k] - b.get(k, set())))}"[:300] for k in more[:_EXAMPLES])
        differences.append(Difference(what="phenotypes that only the join has", samples=len(more), examples=shown))
    if fewer:
        shown = tuple(f"{k}: {'; '.join(sorted(b[k] - a.get(k, set())))}"[:300] for k in fewer[:_EXAMPLES])
        differences.append(Difference(what="phenotypes that only annotation has", samples=len(fewer), examples=shown))
    published = set(ours)
    met = [key in published for key in theirs]
    told = Comparison(
        file=annotation.path.name,
        rows=len(annotation.raw.rows),
        rows_met=sum(met),
        both=len(both),
        only_joined=len(published - set(theirs)),
        only_annotation=len(set(theirs) - published),
        repeated=repeated,
        differences=tuple(differences),
    )
    return told, met


def _places(columns: dict[str, str]) -> tuple[str, str]:
    return ("plate", "well") if "well" in columns else ("dataset", "image")


def _place_column(table: Table, place: str) -> str | None:
    wanted = {"plate": ("plate",), "well": ("well",), "dataset": ("dataset name", "dataset"), "image": ("image name", "image file")}[place]
    return next((h for w in wanted for h in table.raw.header if h.casefold() == w), None)


def _sample_keys(parts: list[list[str]], rows: int) -> list[str]:
    filled = [p for p in parts if p]
    # A01 and A1 are one well.
    return [" / ".join(re.sub(r"^([A-Za-z]{1,2})0+(\d)", r"\1\2", p[at]) for p in filled) for at in range(rows)]


def _first(header: list[str] | tuple[str, ...], pattern: re.Pattern[str]) -> str | None:
    return next((h for h in header if pattern.fullmatch(h)), None)


def _by_key(keys: list[str], cells: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, cell in zip(keys, cells, strict=True):
        found.setdefault(key, set()).add(cell)
    return found


def _phenotypes(keys: list[str], header: list[str], cells) -> dict[str, set[str]]:  # type: ignore[no-untyped-def]
    found: dict[str, set[str]] = {}
    for column in header:
        if phenotype_number(column) is None:
            continue
        for key, cell in zip(keys, cells(column), strict=True):
            if cell:
                found.setdefault(key, set()).add(cell.casefold())
    return found
