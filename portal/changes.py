"""What changed between two releases of the dump, as frozen types: what `build.py changes` writes and the portal shows."""

from __future__ import annotations

from pydantic import Field

from portal.model import Model

FOLDER = "releases"  # below content: <name>.json, a Changes each
EXAMPLES = 10  # rows that are shown of each kind of change in a table
STUDIES = 1_000  # studies that are told of one by one
TEXT = 200  # characters of a value that is shown


class Cell(Model):
    """One value that changed; null where there was, or is, none."""

    column: str
    before: str | None
    after: str | None


class Example(Model):
    """One row by its key: (column, value) pairs; for a row that changed, what did."""

    key: tuple[tuple[str, str | None], ...]
    cells: tuple[Cell, ...] = ()


class TableChanges(Model):
    """One table. Rows are matched by its primary key; of a table that has none (`keyed` is false) whole rows come and go.

    `cells`: column → changed rows in which it differs. A column that only one release has is compared in no row.
    """

    name: str
    keyed: bool
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    cells: dict[str, int] = {}
    examples_added: tuple[Example, ...] = ()
    examples_removed: tuple[Example, ...] = ()
    examples_changed: tuple[Example, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.columns_added or self.columns_removed or self.columns_retyped)


class StudyChanges(Model):
    """One study: `state` is added, removed or changed; table → (rows added, removed, changed), only where one is not 0."""

    study: str
    state: str = Field(pattern="^(added|removed|changed)$")
    tables: dict[str, tuple[int, int, int]] = {}


class OwnTables(Model):
    """The components' own tables, compared by their SHA-256, as `study/component`."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: int = 0


class Changes(Model):
    """From one release to the next. `studies` are those that differ, the first STUDIES of `studies_total`."""

    name: str = ""
    tables: tuple[TableChanges, ...] = ()
    tables_added: tuple[str, ...] = ()
    tables_removed: tuple[str, ...] = ()
    studies: tuple[StudyChanges, ...] = ()
    studies_total: int = 0
    own: OwnTables = OwnTables()

    @property
    def differs(self) -> bool:
        return bool(self.tables_added or self.tables_removed or self.studies_total or any(t.differs for t in self.tables))

    def table(self, name: str) -> TableChanges | None:
        return next((t for t in self.tables if t.name == name), None)
