"""A ledger in figures: of the files, entries, rows and cells that an import met, how many became what.

One vocabulary for all four, so that they can be drawn alike; the parts of each always sum to what there was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from portal.ledger import Comparison, Ledger, Table
from portal.model import Model

# A file's fate as a share: its values or its bytes were taken over, it was read for settings, compared, or left.
_OF_FATE = {"mapped": "mapped", "copied": "mapped", "read": "kept", "compared": "compared", "left": "left"}


class Shares(Model):
    """How many of one sort became what.

    mapped: a field of the record, a sample, a normalised column; kept: beside these, as it was written; compared: read to check
    what another table says, and not published a second time; left: left behind; empty: it holds no value.
    """

    mapped: int = 0
    kept: int = 0
    compared: int = 0
    left: int = 0
    empty: int = 0

    @property
    def total(self) -> int:
        return self.mapped + self.kept + self.compared + self.left + self.empty

    def __add__(self, other: Shares) -> Shares:
        return Shares(**{part: getattr(self, part) + getattr(other, part) for part in PARTS})


PARTS = tuple(Shares.model_fields)


class Account(Model):
    """One study's ledger in figures. `differences` counts samples on which two tables differ; None where nothing was compared."""

    accession: str
    title: str
    importer: str
    source: str
    components: int = 0
    without_samples: tuple[str, ...] = ()
    samples: int = 0
    bytes: int = 0
    files: Shares = Shares()
    entries: Shares = Shares()
    rows: Shares = Shares()
    cells: Shares = Shares()
    compared: int = 0
    differences: int | None = None
    not_summing: int = 0


def is_compared(ledger: Ledger, table: Table) -> bool:
    """Whether a table was read only to compare it with what is published."""
    return table.role.endswith(", compared") or any(f.fate == "compared" and f.path == table.path for f in ledger.files)


def cells_of(table: Table, compared: bool) -> Shares:
    """The table's cells. Those of a compared table are compared, filled or not."""
    if compared:
        return Shares(compared=table.cells)
    mapped = sum(c.filled for c in table.columns if c.to)
    return Shares(mapped=mapped, kept=sum(c.filled for c in table.columns) - mapped, empty=sum(c.empty for c in table.columns))


def rows_of(table: Table, compared: bool) -> Shares:
    used = {"compared" if compared else "mapped": table.rows_used}
    return Shares(**used, left=table.rows_left)


def differing(comparison: Comparison) -> int:
    """Samples that only one of two tables has, and samples on which they differ, once for each respect in which they do."""
    return comparison.only_joined + comparison.only_annotation + sum(d.samples for d in comparison.differences)


def summed(shares: Iterable[Shares]) -> Shares:
    return sum(shares, Shares())


def account(ledger: Ledger) -> Account:
    """The ledger's figures."""
    files: Mapping[str, int] = Counter(_OF_FATE[f.fate] for f in ledger.files)
    entries: Mapping[str, int] = Counter(e.fate for block in ledger.keys for e in block.entries)
    compared = {t.path: is_compared(ledger, t) for t in ledger.tables}
    comparisons = [c.comparison for c in ledger.components if c.comparison]
    return Account(
        accession=ledger.accession,
        title=ledger.title,
        importer=ledger.importer,
        source=ledger.source,
        components=len(ledger.components),
        without_samples=tuple(c.name for c in ledger.components if c.missing),
        samples=sum(c.samples for c in ledger.components),
        bytes=sum(f.bytes for f in ledger.files),
        files=Shares(**files),
        entries=Shares(**entries),
        rows=summed(rows_of(t, compared[t.path]) for t in ledger.tables),
        cells=summed(cells_of(t, compared[t.path]) for t in ledger.tables),
        compared=len(comparisons),
        differences=sum(differing(c) for c in comparisons) if comparisons else None,
        not_summing=sum(1 for _ in ledger.sums()),
    )
