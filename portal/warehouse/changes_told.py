"""Changes between two releases in words and as a table: what `build.py changes` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from portal.changes import Changes, Example, TableChanges


class Form(StrEnum):
    text = "text"
    json = "json"
    tsv = "tsv"


SHOWN = 3  # examples of each kind that are printed; the JSON file holds more


def told(changes: Changes, form: Form) -> str:
    return {Form.text: text, Form.json: as_json, Form.tsv: tsv}[form](changes)


def as_json(changes: Changes) -> str:
    """As `content/releases/<name>.json` holds it."""
    return changes.model_dump_json(indent=1) + "\n"


def tsv(changes: Changes) -> str:
    """table, study (blank: all of them), added, removed, changed: a line a table, then a line a study and table that differs."""
    lines = ["table\tstudy\tadded\tremoved\tchanged"]
    lines += [f"{t.name}\t\t{t.added}\t{t.removed}\t{t.changed}" for t in changes.tables]
    for study in changes.studies:
        lines += [f"{name}\t{study.study}\t" + "\t".join(map(str, counts)) for name, counts in study.tables.items()]
    return "\n".join(lines) + "\n"


def text(changes: Changes) -> str:
    if not changes.differs and not changes.own.added and not changes.own.removed and not changes.own.changed:
        return "Nothing changed.\n"
    return "\n".join(_lines(changes)) + "\n"


def _lines(changes: Changes) -> Iterator[str]:
    for word, tables in (("New", changes.tables_added), ("Gone", changes.tables_removed)):
        if tables:
            yield f"{word} tables: {', '.join(tables)}."
    for table in changes.tables:
        if table.differs:
            yield from _of_table(table)
    for state in ("added", "removed", "changed"):
        names = [s.study for s in changes.studies if s.state == state]
        if names:
            yield f"Studies {state} ({len(names):,}): {_some(names)}"
    if changes.studies_total > len(changes.studies):
        yield f"{changes.studies_total - len(changes.studies):,} further studies differ."
    own = changes.own
    counts = f"{len(own.added):,} added, {len(own.removed):,} removed, {len(own.changed):,} changed, {own.same:,} the same"
    yield f"Components' own tables: {counts}."


def _of_table(table: TableChanges) -> Iterator[str]:
    changed = f", {table.changed:,} changed" if table.keyed else " (it has no key: a changed row counts as one removed and one added)"
    yield (
        f"{table.name}: {table.rows_before:,} rows before, {table.rows_after:,} now; "
        f"{table.added:,} added, {table.removed:,} removed{changed}"
    )
    for word, names in (("new", table.columns_added), ("gone", table.columns_removed), ("of another type", table.columns_retyped)):
        if names:
            yield f"  columns {word}: {', '.join(names)}"
    if table.cells:
        yield "  changed in: " + ", ".join(f"{column} ({n:,})" for column, n in table.cells.items())
    for sign, examples in (("+", table.examples_added), ("-", table.examples_removed), ("~", table.examples_changed)):
        for example in examples[:SHOWN]:
            yield f"  {sign} {in_words(example)}"


def in_words(example: Example) -> str:
    key = " ".join(value if value is not None else "–" for _, value in example.key)
    cells = "; ".join(f"{c.column}: {c.before or '–'} → {c.after or '–'}" for c in example.cells)
    return f"{key}  {cells}" if cells else key


def _some(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more + "."
