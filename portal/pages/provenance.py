"""Where a study's record comes from: the ledger of its import, for a reader and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from portal import addresses
from portal.accounts import account, cells_of, is_compared
from portal.engine.step import Work, recipe
from portal.ledger import Column, Component, KeyBlock, Ledger, SourceFile, Table
from portal.pages.bars import WORDS, Bar, bar, bars, legend
from portal.pages.prose import count, words
from portal.pages.render import Crumb, Page, opened, read

# Beyond these a page lists the first and says how many more ledger.json holds: a source can have tens of thousands of files.
MOST_FILES = 500
MOST_ENTRIES = 2_000
MOST_COLUMNS = 1_000
MOST_SENTENCES = 200
# No cell of a page is longer; ledger.json has it whole.
MOST_TEXT = 400

FATES = {
    "mapped": "its values stand in the record",
    "copied": "taken over byte for byte, and read from there",
    "read": "settings were read from it",
    "compared": "compared with what is published",
    "left": "left behind",
}


@dataclass(frozen=True)
class Listed:
    """The first of many, and how many more there are."""

    shown: tuple[Any, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Block:
    """The entries about the study (`name` is empty) or a component, with their counts in words."""

    name: str
    counts: str
    entries: Listed


@dataclass(frozen=True)
class LeftFiles:
    """Files of one role that were left behind for one reason. `bytes`: of all of them; `tables`: the lines of some were counted."""

    role: str
    why: str
    files: Listed
    n: int
    bytes: int
    tables: bool


@dataclass(frozen=True)
class Read:
    """A table, with the columns that went somewhere and those that are kept as they were written."""

    table: Table
    compared: bool
    cells: Bar
    mapped: Listed
    kept: Listed
    left: Listed
    said: Listed


@dataclass(frozen=True)
class Told:
    """A component with its tables. `address` is empty where the record has no component of that name any more."""

    its: Component
    address: str
    tables: tuple[Read, ...]
    notes: Listed


def listed(values: Sequence[Any], most: int) -> Listed:
    return Listed(tuple(values[:most]), max(0, len(values) - most))


def shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def sentences(texts: Iterable[str]) -> Listed:
    return listed([shortened(t) for t in texts], MOST_SENTENCES)


def _block(block: KeyBlock) -> Block:
    counts = [f"{n:,} {word}" for fate, word in WORDS["entries"].items() if (n := block.count(fate))]
    return Block(block.component or "", words(counts), listed(block.entries, MOST_ENTRIES))


def left_files(files: Iterable[SourceFile]) -> list[LeftFiles]:
    """Those that were left behind, by role and reason, in the order of these."""

    def sort(f: SourceFile) -> tuple[str, str]:
        return f.role, f.why or ""

    there = sorted((f for f in files if f.fate == "left"), key=lambda f: (*sort(f), f.path))
    groups = [(key, list(its)) for key, its in groupby(there, key=sort)]
    return [
        LeftFiles(role, why, listed(its, MOST_FILES), len(its), sum(f.bytes for f in its), any(f.lines is not None for f in its))
        for (role, why), its in groups
    ]


def _read(ledger: Ledger, table: Table) -> Read:
    compared = is_compared(ledger, table)
    order: dict[bool, list[Column]] = {True: [], False: []}
    for column in table.columns:
        order[bool(column.to)].append(column)
    return Read(
        table=table,
        compared=compared,
        cells=bar("Cells", cells_of(table, compared), "cells"),
        mapped=listed(order[True], MOST_COLUMNS),
        kept=listed(order[False], MOST_COLUMNS),
        left=sentences(table.left),
        said=sentences(table.said),
    )


def _components(ledger: Ledger, there: Iterable[str]) -> list[Told]:
    """The ledger's components in their order, each with its tables; tables of none come last, so that none is unsaid."""
    known = {c.name for c in ledger.components}
    others = dict.fromkeys(t.component for t in ledger.tables if t.component not in known)
    components = [*ledger.components, *(Component(name=name, kind="") for name in others)]
    names = set(there)
    return [
        Told(
            its=c,
            address=addresses.component(ledger.accession, c.name) if c.name in names else "",
            tables=tuple(_read(ledger, t) for t in ledger.tables if t.component == c.name),
            notes=sentences(c.notes),
        )
        for c in components
    ]


def _lines(ledger: Ledger) -> str:
    """What the lines of the text became, in a sentence; empty where they were not counted."""
    told = ledger.lines
    if told is None:
        return ""
    became = (
        (told.entries, "begins an entry", "begin an entry"),
        (told.continued, "continues one", "continue one"),
        (told.blank, "is blank", "are blank"),
        (told.comments, "is a comment", "are comments"),
        (told.left, "belongs to no entry", "belong to no entry"),
    )
    return f"Of its {count(told.total, 'line')}, {words([f'{n:,} {one if n == 1 else many}' for n, one, many in became if n])}."


def _in_short(ledger: Ledger) -> str:
    """What was read, in a sentence that begins with the importer's name."""
    read = [count(len(ledger.files), "file")]
    if entries := sum(len(b.entries) for b in ledger.keys):
        read.append(count(entries, "entry of text", "entries of text"))
    if ledger.tables:
        rows = sum(t.rows for t in ledger.tables)
        read.append(f"{count(len(ledger.tables), 'table')} with {count(rows, 'row')}")
    return words(read)


def provenance_context(ledger: Ledger, state: Mapping[str, Any], components: Iterable[str]) -> dict[str, Any]:
    """Everything that provenance.html shows."""
    figures = account(ledger)
    drawn = bars(figures)
    blocks = [_block(b) for b in ledger.keys if b.entries]
    used = [f for f in ledger.files if f.fate != "left"]
    told = _components(ledger, components)
    texts = [f.path for f in ledger.files if f.fate == "mapped"]
    sections = [
        ("files", "Files", ledger.files),
        ("entries", "Entries", blocks),
        ("tables", "Tables", told),
        ("notes", "Notes", ledger.notes or ledger.problems),
        ("programs", "For programs", True),
    ]
    return {
        "ledger": ledger,
        "figures": figures,
        "in_short": _in_short(ledger),
        "bars": drawn,
        "legend": legend(drawn),
        "not_summing": sentences(ledger.sums()),
        "edited": bool(state["edited"]),
        "missing": [(t.its.name, t.address, shortened(t.its.missing)) for t in told if t.its.missing],
        "used": listed(used, MOST_FILES),
        "left": left_files(ledger.files),
        "text_file": ledger.lines.path if ledger.lines else texts[0] if len(texts) == 1 else "",
        "lines": _lines(ledger),
        "fate_words": FATES,
        "blocks": blocks,
        "components": told,
        "notes_of_study": sentences(ledger.notes),
        "problems": sentences(ledger.problems),
        "sections": [(key, name) for key, name, shown in sections if shown],
        "json": addresses.provenance(ledger.accession) + "ledger.json",
        "study": addresses.study(ledger.accession),
        "further_fields": addresses.study(ledger.accession) + "#provenance",
        "imports": addresses.IMPORTS,
    }


@recipe("code")
def provenance(work: Work, *, components: Sequence[str] = ()) -> dict[str, bytes]:
    """`studies/<accession>/provenance/`, and `ledger.json` beside it, byte for byte as the import wrote it.

    Inputs after templates and frame: {ledger.json, state.json} of the study's `ledger` step. `components` are the record's.
    """
    site = opened(work)
    raw = read(work, "ledger.json")
    ledger = Ledger.model_validate_json(raw)
    state = work.inputs[2].json("state.json")
    page = Page(
        address=addresses.provenance(ledger.accession),
        title=f"Where {ledger.accession} comes from",
        kind="provenance",
        style="record",
        description=f"What the import of {ledger.accession} read, where each part of it went, and what was left over."[:300],
        crumbs=(Crumb("Studies", addresses.STUDIES), Crumb(ledger.accession, addresses.study(ledger.accession))),
        here="Provenance",
    )
    out = site.page("provenance.html", page, **provenance_context(ledger, state, components))
    return {**out, f"{page.address}ledger.json": raw}
