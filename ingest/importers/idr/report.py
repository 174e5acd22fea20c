"""What one call of the importer did: lines for the terminal, and a study's ledger to read (import-report.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from portal.ledger import Comparison, Component, KeyLine, Ledger, Outcome, SourceFile, Table


@dataclass(frozen=True)
class StudyReport:
    """One source folder: imported, with its ledger, or refused with the reason. `source`: its path below what was given."""

    source: str
    outcome: Literal["imported", "refused"]
    reason: str | None = None
    ledger: Ledger | None = None
    accession: str | None = None

    @property
    def told(self) -> Ledger:
        """The ledger of a study that was imported. Raises ValueError for one that was not."""
        if self.ledger is None:
            raise ValueError(f"{self.source} was refused: {self.reason}")
        return self.ledger

    def line(self) -> str:
        """One line for the terminal."""
        if self.ledger is None:
            return f"{self.source}: refused, because {self.reason}"
        missing = [c.name for c in self.ledger.components if c.missing]
        text = f"{self.ledger.accession}: {_count(len(self.ledger.components), 'component')}, {self.ledger.samples:,} samples"
        return text + (f"; without tables: {', '.join(missing)}" if missing else "")

    @property
    def as_outcome(self) -> Outcome:
        return Outcome(source=self.source, outcome=self.outcome, accession=self.accession, reason=self.reason)


@dataclass(frozen=True)
class ImportReport:
    """All sources of one call, in the order they were read.

    passed_over: folders beside the studies that are none; notes: sentences about the call.
    """

    studies: tuple[StudyReport, ...]
    passed_over: tuple[StudyReport, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def imported(self) -> tuple[StudyReport, ...]:
        return tuple(s for s in self.studies if s.outcome == "imported")

    @property
    def refused(self) -> tuple[StudyReport, ...]:
        return tuple(s for s in self.studies if s.outcome == "refused")

    def text(self) -> str:
        none = ", ".join(s.source for s in self.passed_over)
        passed = [f"Passed over, because no study.txt is in them: {none}."] if none else []
        return "\n".join([*(s.line() for s in self.studies), *passed, *self.notes, self.total()])

    def total(self) -> str:
        """Everything that was read, and what of it was left over."""
        ledgers = [s.told for s in self.imported]
        components = [c for told in ledgers for c in told.components]
        without = sum(1 for c in components if c.missing)
        tables = [t for told in ledgers for t in told.tables]
        fates = Counter(f.fate for told in ledgers for f in told.files)
        entries = {fate: sum(told.entries(fate) for told in ledgers) for fate in ("mapped", "kept", "empty")}
        parts = [
            f"{_count(len(self.studies) + len(self.passed_over), 'folder')}: {_count(len(self.imported), 'study', 'studies')}, "
            f"{len(self.refused):,} refused, {len(self.passed_over):,} passed over",
            _count(len(components), "component") + (f" ({without:,} without tables)" if without else ""),
            _count(sum(told.samples for told in ledgers), "sample"),
            f"{_count(sum(entries.values()), 'key')} ({', '.join(f'{n:,} {fate}' for fate, n in entries.items())})",
            f"{_count(sum(t.rows for t in tables), 'row')} ({sum(t.rows_left for t in tables):,} left over)",
            _count(sum(t.cells for t in tables), "cell"),
            f"{_count(fates.total(), 'file')} ({fates['left']:,} left where they are)",
        ]
        wrong = sum(1 for told in ledgers if any(told.sums()))
        return "All: " + "; ".join(parts) + (f"; {_count(wrong, 'ledger')} not adding up" if wrong else "") + "."


def markdown(told: Ledger) -> bytes:
    """The ledger to read. Source text stands in code spans, which Markdown does not interpret."""
    lines = [
        f"# Import of {told.accession}",
        "",
        f"`{_flat(told.source)}` was read as an IDR study folder.",
        "",
        f"Title: {_code(told.title)}",
        "",
    ]
    lines += _list("Does not add up", list(told.sums()))
    lines += _keys(told)
    lines += _list("Notes", told.notes)
    for component in told.components:
        lines += _component(component, [t for t in told.tables if t.component == component.name])
    lines += _list("What the reader of study.yaml says", told.problems)
    lines += _files(told.files)
    return ("\n".join(lines).rstrip() + "\n").encode()


def _keys(told: Ledger) -> list[str]:
    lines = ["| entries of study.txt | read | mapped | kept under `source:` | empty |", "|---|---:|---:|---:|---:|"]
    for block in told.keys:
        counts = [len(block.entries), *(block.count(fate) for fate in ("mapped", "kept", "empty"))]
        lines += [f"| {block.component or 'study'} | " + " | ".join(f"{n:,}" for n in counts) + " |"]
    counts = [told.entries(), *(told.entries(fate) for fate in ("mapped", "kept", "empty"))]
    lines += ["| all | " + " | ".join(f"{n:,}" for n in counts) + " |", ""]
    if n := told.lines:
        lines += [
            f"{n.total:,} lines: {n.entries:,} begin an entry, {n.continued:,} continue one, {n.blank:,} are blank, "
            f"{n.comments:,} comments, {n.left:,} left out.",
            "",
        ]
    for block in told.keys:
        filled = [e for e in block.entries if e.values]
        if filled:
            lines += [f"<details><summary>Where the entries about {block.component or 'the study'} went</summary>", ""]
            lines += ["| line | key | values | went to |", "|---:|---|---:|---|"]
            lines += [f"| {e.line} | {_cell(e.key)} | {e.values} | {_went(e)} |" for e in filled]
            lines += ["", "</details>", ""]
    return lines


def _went(entry: KeyLine) -> str:
    places = [_cell(entry.to)] if entry.to else []
    return ", ".join([*places, *(["`source`"] if entry.fate == "kept" else [])])


def _component(c: Component, tables: Sequence[Table]) -> list[str]:
    lines = [f"## {c.name} ({c.kind})", ""]
    lines += [f"Without tables: {_code(c.missing)}" if c.missing else f"{c.samples:,} samples.", ""]
    if tables:
        lines += ["| table | role | rows | used | left over | columns | encoding |", "|---|---|---:|---:|---:|---:|---|"]
        lines += [
            f"| {_cell(t.path)} | {t.role} | {t.rows:,} | {t.rows_used:,} | {t.rows_left:,} | {len(t.columns)} | {t.encoding} |"
            for t in tables
        ]  # fmt: skip
        lines += [""]
        lines += _list("", [f"{t.path}: {said}" for t in tables for said in t.said])
        lines += _list("", [f"{t.path}: a row left over: {key}" for t in tables for key in t.left])
    if c.join:
        j = c.join
        lines += [
            f"Joined on {_code(c.joined_on or '')}: {j.keys:,} keys; {j.samples:,} of {c.samples:,} rows matched; "
            f"{j.unmatched:,} keys match no row; {j.repeated:,} keys stand on more than one row.",
            "",
        ]
    mapped = [column for t in tables for column in t.columns if column.to]
    if mapped:
        lines += ["| mapped | column | filled | empty | split |", "|---|---|---:|---:|---|"]
        lines += [
            f"| {_cell(c.to or '')} | {_cell(c.name)} | {c.filled:,} | {c.empty:,} | {_cell(c.split) if c.split else ''} |" for c in mapped
        ]  # fmt: skip
        lines += [""]
    lines += [f"Phenotypes declared: {c.phenotypes_declared}; phenotype columns: {c.phenotype_columns}.", ""]
    if c.no_value:
        lines += ["Cells that mean nothing: " + ", ".join(_code(v) for v in c.no_value) + ".", ""]
    kept = dict.fromkeys(column.name for t in tables if not t.role.endswith(", compared") for column in t.columns if not column.to)
    if kept:
        lines += [f"{len(kept)} further columns stay as they are: " + ", ".join(_code(name) for name in kept) + ".", ""]
    if c.comparison:
        lines += _compared(c.comparison)
    return lines + _list("Notes", c.notes)


def _compared(c: Comparison) -> list[str]:
    lines = [f"Compared with {_code(c.file)} ({c.rows:,} rows): {c.both:,} samples are in both."]
    if c.repeated:
        lines += [f"{c.repeated:,} of its rows repeat a sample."]
    if c.only_joined or c.only_annotation:
        lines += [f"{c.only_joined:,} samples are only in the join, {c.only_annotation:,} only in it."]
    lines += ["No difference." if c.same else "", ""]
    for d in c.differences:
        lines += [f"- {d.what}: {d.samples:,} samples", *(f"  - {_code(e)}" for e in d.examples)]
    return [*lines, ""]


def _files(files: Sequence[SourceFile]) -> list[str]:
    """All files, those that were left last and by their reason."""
    taken = [f for f in files if f.fate != "left"]
    lines = ["## Files", "", "| file | role | bytes | became |", "|---|---|---:|---|"]
    lines += [f"| {_cell(f.path)} | {f.role} | {f.bytes:,} | {f.fate}{f': {_cell(f.why)}' if f.why else ''} |" for f in taken]
    lines += [""]
    for why in dict.fromkeys(f.why or "" for f in files if f.fate == "left"):
        lines += [f"Left, because {_code(why)}:", ""]
        lines += [
            f"- {_code(f.path)} ({f.role}, {f.bytes:,} bytes{_extent(f)})" for f in files if f.fate == "left" and (f.why or "") == why
        ]
        lines += [""]
    return lines


def _extent(f: SourceFile) -> str:
    return f"; {f.lines:,} lines, {f.columns:,} columns" if f.lines is not None and f.columns is not None else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _list(title: str, items: Iterable[str]) -> list[str]:
    items = list(items)
    if not items:
        return []
    return [*([f"### {title}", ""] if title else []), *(f"- {_code(i)}" for i in items), ""]


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


def _code(text: str) -> str:
    """A code span: one line, its backticks made harmless."""
    return f"`{_flat(text)}`"


def _cell(text: str) -> str:
    return _code(text).replace("|", "\\|")
