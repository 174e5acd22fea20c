"""What an import read, mapped and left over: as data (import-report.json) and to read (import-report.md).

No clock and no absolute path is in a report, so that the same source gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from ingest.importers.idr.compare import Comparison


@dataclass(frozen=True)
class TableReport:
    """One source table: its role, its place in the study folder, its size, what was mended or odd."""

    role: str
    path: str
    rows: int
    columns: int
    encoding: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class JoinReport:
    on: str
    processed_keys: int
    rows_matched: int
    unmatched_keys: int
    unmatched_examples: tuple[str, ...]
    repeated_keys: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComponentReport:
    """A component. `keys` counts entries of study.txt (read = mapped + kept + empty); `columns_left` stay as original columns."""

    name: str
    kind: str
    keys: dict[str, int]
    samples: int = 0
    missing: str | None = None
    tables: tuple[TableReport, ...] = ()
    join: JoinReport | None = None
    columns_mapped: dict[str, str] = field(default_factory=dict)
    columns_left: tuple[str, ...] = ()
    phenotypes_declared: int = 0
    phenotype_columns: int = 0
    split: dict[str, str] = field(default_factory=dict)
    no_value: tuple[str, ...] = ()
    comparison: Comparison | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyReport:
    """One source folder: imported, or refused with the reason. `problems` are what our own reader says of the study.yaml written."""

    source: str
    outcome: Literal["imported", "refused"]
    accession: str | None = None
    reason: str | None = None
    title: str | None = None
    keys: dict[str, int] = field(default_factory=dict)
    components: tuple[ComponentReport, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    files_left: tuple[str, ...] = ()
    study_yaml_sha256: str | None = None

    def as_json(self) -> bytes:
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n").encode()

    @property
    def samples(self) -> int:
        return sum(c.samples for c in self.components)

    def line(self) -> str:
        """One line for the terminal."""
        if self.outcome == "refused":
            return f"{self.source}: refused, because {self.reason}"
        missing = [c.name for c in self.components if c.missing]
        count = "1 component" if len(self.components) == 1 else f"{len(self.components)} components"
        text = f"{self.accession}: {count}, {self.samples:,} samples"
        return text + (f"; without tables: {', '.join(missing)}" if missing else "")


@dataclass(frozen=True)
class ImportReport:
    """All sources of one call, in the order they were read."""

    studies: tuple[StudyReport, ...]

    @property
    def imported(self) -> tuple[StudyReport, ...]:
        return tuple(s for s in self.studies if s.outcome == "imported")

    @property
    def refused(self) -> tuple[StudyReport, ...]:
        return tuple(s for s in self.studies if s.outcome == "refused")

    def text(self) -> str:
        return "\n".join(s.line() for s in self.studies)


def markdown(report: StudyReport) -> bytes:
    """The report to read. Source text stands in code spans, which Markdown does not interpret."""
    lines = [f"# Import of {report.accession}", "", f"`{report.source}` was read as an IDR study folder.", ""]
    if report.title:
        lines += [f"Title: {_code(report.title)}", ""]
    total = _sum([report.keys, *(c.keys for c in report.components)])
    lines += [
        "| entries of study.txt | read | mapped | kept under `source:` | empty |",
        "|---|---:|---:|---:|---:|",
        _counts("study", report.keys),
        *(_counts(c.name, c.keys) for c in report.components),
        _counts("all", total),
        "",
    ]
    lines += _list("Notes", report.notes)
    for component in report.components:
        lines += _component(component)
    lines += _list("What the reader of study.yaml says", report.problems)
    lines += _list("Files that were left where they are", report.files_left)
    return ("\n".join(lines).rstrip() + "\n").encode()


def _component(c: ComponentReport) -> list[str]:
    lines = [f"## {c.name} ({c.kind})", ""]
    if c.missing:
        lines += [f"Without tables: {_code(c.missing)}", ""]
    else:
        lines += [f"{c.samples:,} samples.", ""]
    if c.tables:
        lines += ["| table | role | rows | columns | encoding |", "|---|---|---:|---:|---|"]
        lines += [f"| {_cell(t.path)} | {t.role} | {t.rows:,} | {t.columns} | {t.encoding} |" for t in c.tables]
        lines += [""]
        lines += _list("", [f"{t.path}: {said}" for t in c.tables for said in t.said])
    if c.join:
        j = c.join
        lines += [
            f"Joined on {_code(j.on)}: {j.processed_keys:,} keys; {j.rows_matched:,} of {c.samples:,} rows matched; "
            f"{j.unmatched_keys:,} keys match no row; {j.repeated_keys:,} keys stand on more than one row.",
            "",
        ]
        lines += _list("", [*j.said, *(f"unmatched key: {k}" for k in j.unmatched_examples)])
    if c.columns_mapped:
        lines += ["| mapped | column | split |", "|---|---|---|"]
        lines += [f"| {n} | {_cell(column)} | {_cell(c.split[n]) if n in c.split else ''} |" for n, column in c.columns_mapped.items()]
        lines += [""]
    lines += [f"Phenotypes declared: {c.phenotypes_declared}; phenotype columns: {c.phenotype_columns}.", ""]
    if c.no_value:
        lines += ["Cells that mean nothing: " + ", ".join(_code(v) for v in c.no_value) + ".", ""]
    if c.columns_left:
        lines += [f"{len(c.columns_left)} further columns stay as they are: " + ", ".join(_code(h) for h in c.columns_left) + ".", ""]
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


def _counts(name: str, keys: dict[str, int]) -> str:
    return f"| {name} | " + " | ".join(f"{keys.get(k, 0):,}" for k in ("read", "mapped", "kept", "empty")) + " |"


def _sum(counts: list[dict[str, int]]) -> dict[str, int]:
    return {k: sum(c.get(k, 0) for c in counts) for k in ("read", "mapped", "kept", "empty")}


def _list(title: str, items: tuple[str, ...] | list[str]) -> list[str]:
    if not items:
        return []
    return [*([f"### {title}", ""] if title else []), *(f"- {_code(i)}" for i in items), ""]


def _code(text: str) -> str:
    """A code span: one line, its backticks made harmless."""
    flat = " ".join(text.split()).replace("`", "'")
    return f"`{flat}`"


def _cell(text: str) -> str:
    return _code(text).replace("|", "\\|")
