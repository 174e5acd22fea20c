"""What one import read of its source and where each part of it went: import-report.json, the same for every importer.

A ledger sums to its input, and says so of itself (`sums`): of every file, key, row, column and cell there was it is
told whether it went into study.yaml or a table, stays beside them as it was written, or was left behind, and why.
No clock and no absolute path is in it, so that the same source gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from portal.model import Model

FILE = "import-report.json"
VERSION = 2


class SourceFile(Model):
    """A file of the source folder. `fate`: its values went into study.yaml (mapped); it was taken over byte for byte and is
    read from there (copied); only settings were read from it (read); it was compared, and not published (compared); left.

    path: below the source folder; to: where a copied file is, below the study folder that was written. `why` says more of any
    fate, and always why a file was left. lines, columns: the lines of a text table that was left and the cells of its first,
    so that a reader learns what is there; None where it is no text table, or too large to be counted.
    """

    path: str
    bytes: int
    role: str
    fate: Literal["mapped", "copied", "read", "compared", "left"]
    why: str | None = None
    sha256: str | None = None
    to: tuple[str, ...] = ()
    lines: int | None = None
    columns: int | None = None


class Lines(Model):
    """The lines of a text of keys and values, as a text editor numbers them, by what they became.

    entries: an entry begins here; continued: its value goes on here; blank; comments; left: nothing was read from it, as it is
    in a section without any value or before the first key. total is their sum.
    """

    path: str
    total: int
    entries: int = 0
    continued: int = 0
    blank: int = 0
    comments: int = 0
    left: int = 0


class KeyLine(Model):
    """An entry of a text of keys and values. `values` counts those that are filled; `hints` those of a template, left out.

    mapped: all of it stands in study.yaml at `to`: dotted paths below its block (lists have no step of their own, and one that
    begins with `/` is below the top of study.yaml), several joined by a comma and a blank;
    kept: it stands under `source:`, and where part of it was mapped too, `to` says where; empty: it has no value.
    """

    line: int
    key: str
    values: int
    fate: Literal["mapped", "kept", "empty"]
    to: str | None = None
    hints: int = 0


class KeyBlock(Model):
    """The entries about the study (component None) or about one component."""

    component: str | None = None
    entries: tuple[KeyLine, ...] = ()

    def count(self, fate: str) -> int:
        return sum(1 for e in self.entries if e.fate == fate)


class Column(Model):
    """A column of a table. `filled` + `empty` cells = rows. `to`: a normalised name (`gene.id`), `phenotype: <name>`,
    `counted: <rule>`, `key` (the tables are joined on it), several of these joined by a comma and a blank, or None (an original
    column of the component's own table, as it was written).
    """

    name: str
    filled: int
    empty: int
    to: str | None = None
    split: str | None = None


class Table(Model):
    """A table that was read. rows = rows_used + rows_left; every one of its cells is in one of its columns.

    path: of its file, as in `files`. role: what it is and what it served for, such as `library, samples`, `processed, joined`
    or `annotation, compared`. `rows_used` became samples, were joined to some or compared with them; `rows_left` met none, and
    `left` names some of their keys. Lines that are no row (blank ones, a header) are told in `said`, with what was mended or odd.
    """

    component: str
    path: str
    role: str
    encoding: str
    rows: int
    rows_used: int
    rows_left: int
    left: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        return sum(c.filled + c.empty for c in self.columns)


class Difference(Model):
    """Samples on which two tables differ in one respect, with a few examples."""

    what: str
    samples: int
    examples: tuple[str, ...] = ()


class Comparison(Model):
    """A table of the source's own that says the same again, compared sample by sample with what is published.

    file: its name. rows_met: how many of its rows are about a sample that is published.
    """

    file: str
    rows: int
    rows_met: int = 0
    both: int
    only_joined: int
    only_annotation: int
    repeated: int
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.only_joined or self.only_annotation or self.differences)


class Joined(Model):
    """What the keys of a join say: distinct keys of the joined table, samples that have one of them, keys that no sample has,
    keys that stand on more than one row.
    """

    keys: int
    samples: int
    unmatched: int
    repeated: int


class Component(Model):
    """A component: what became of its tables. `missing` says why it has no samples."""

    name: str
    kind: str
    samples: int = 0
    missing: str | None = None
    joined_on: str | None = None
    join: Joined | None = None
    phenotypes_declared: int = 0
    phenotype_columns: int = 0
    no_value: tuple[str, ...] = ()
    comparison: Comparison | None = None
    notes: tuple[str, ...] = ()


class Ledger(Model):
    """import-report.json of a study folder."""

    version: int = VERSION
    importer: str
    source: str
    accession: str
    title: str
    files: tuple[SourceFile, ...] = ()
    lines: Lines | None = None
    keys: tuple[KeyBlock, ...] = ()
    tables: tuple[Table, ...] = ()
    components: tuple[Component, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    study_yaml_sha256: str | None = None

    @property
    def samples(self) -> int:
        return sum(c.samples for c in self.components)

    def entries(self, fate: str | None = None) -> int:
        """How many entries there are, of one fate or all."""
        return sum(1 for block in self.keys for e in block.entries if fate in (None, e.fate))

    def sums(self) -> Iterator[str]:
        """What does not add up, a sentence each; nothing where the ledger is whole."""
        yield from self._files()
        yield from self._lines()
        yield from self._keys()
        yield from self._tables()
        yield from self._components()

    def _files(self) -> Iterator[str]:
        yield from _twice("file", (f.path for f in self.files))
        for f in self.files:
            if f.fate == "left" and not f.why:
                yield f"{f.path} was left, and it is not said why"
            if f.fate in ("copied", "compared") and not f.sha256:
                yield f"{f.path} was {f.fate}, and has no SHA-256"

    def _lines(self) -> Iterator[str]:
        if self.lines is None:
            return
        told = self.lines
        became = told.entries + told.continued + told.blank + told.comments + told.left
        if became != told.total:
            yield f"{told.path}: {became:,} lines became something, and it has {told.total:,}"
        if told.entries != self.entries():
            yield f"{told.path}: {told.entries:,} lines begin an entry, and {self.entries():,} entries are told"
        if told.path not in {f.path for f in self.files}:
            yield f"{told.path} is no file of the source"

    def _keys(self) -> Iterator[str]:
        yield from _twice("entry at line", (str(e.line) for block in self.keys for e in block.entries))
        yield from _twice("block of entries about", (block.component or "the study" for block in self.keys))
        for block in self.keys:
            for e in block.entries:
                if (e.fate == "empty") != (e.values == 0):
                    yield f"line {e.line}: '{e.key}' is {e.fate} and has {e.values:,} values"
                if e.fate == "mapped" and not e.to:
                    yield f"line {e.line}: '{e.key}' is mapped, and it is not said where"

    def _tables(self) -> Iterator[str]:
        known = {f.path for f in self.files if f.fate in ("copied", "compared")}
        yield from _twice("table", (f"{t.path} of {t.component}" for t in self.tables))
        for table in self.tables:
            if table.rows_used + table.rows_left != table.rows:
                yield f"{table.path}: {table.rows_used:,} rows used and {table.rows_left:,} left are not its {table.rows:,} rows"
            if table.left and not table.rows_left:
                yield f"{table.path}: no row was left, and {len(table.left)} are named"
            yield from _twice(f"column of {table.path}", (c.name for c in table.columns))
            for column in table.columns:
                if column.filled + column.empty != table.rows:
                    yield f"{table.path}: column '{column.name}' has {column.filled + column.empty:,} cells for {table.rows:,} rows"
            if table.path not in known:
                yield f"{table.path} was read as a table, and is no file that was copied or compared"
            if table.component not in {c.name for c in self.components}:
                yield f"{table.path} is a table of '{table.component}', which is no component"

    def _components(self) -> Iterator[str]:
        yield from _twice("component", (c.name for c in self.components))
        for c in self.components:
            own = [t for t in self.tables if t.component == c.name]
            samples = sum(t.rows for t in own if t.role.endswith(_SAMPLES))
            if samples != c.samples:
                yield f"{c.name}: {c.samples:,} samples, and {samples:,} rows of its tables of samples"
            if bool(c.missing) == any(t.role.endswith(_SAMPLES) for t in own):
                yield f"{c.name}: " + (
                    "has a table of samples, and says that it is missing" if c.missing else "has no samples, and does not say why"
                )
            if bool(c.joined_on) != any(t.role.endswith(_JOINED) for t in own):
                yield (
                    f"{c.name}: a table is joined, and it is not said on what"
                    if not c.joined_on
                    else f"{c.name}: no table is joined on {c.joined_on}"
                )
            compared = sum(t.rows for t in own if t.role.endswith(_COMPARED))
            if compared != (c.comparison.rows if c.comparison else 0):
                yield f"{c.name}: {compared:,} rows of tables were compared, and the comparison has other figures"


_SAMPLES, _JOINED, _COMPARED = ", samples", ", joined", ", compared"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that is told more than once."""
    yield from (f"{what} {name} is told {n} times" for name, n in Counter(names).items() if n > 1)


class Outcome(Model):
    """One source folder in an overview: imported, or refused with the reason."""

    source: str
    outcome: Literal["imported", "refused"]
    accession: str | None = None
    reason: str | None = None


class Overview(Model):
    """imports/<importer>.json of a content folder: every source that was ever given to the importer, so that none is missing unsaid."""

    importer: str
    sources: tuple[Outcome, ...] = ()
