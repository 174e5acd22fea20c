"""Gene files as portal.yaml declares them: where a table lies, and what its columns are. No format is guessed.

Columns go by their name in the header. Where they are all given as numbers, from 1, the table has no header.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.scalars import Amount, ContentPath, Line, Model

Columns = Line | Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
Separator = Annotated[str, StringConstraints(min_length=1, max_length=8, strip_whitespace=False)]
Endings = Annotated[tuple[Annotated[str, StringConstraints(min_length=1, max_length=50)], ...], Field(max_length=50)]
Words = Annotated[tuple[Line, ...], Field(max_length=500)]


class LongForm(Model):
    """A table that says one thing a line: of which record, which property, and its value."""

    record: Line = Field(description="Column that says which record the line is about.")
    property: Line = Field(description="Column that says which property of the record the line tells.")
    value: Line = Field(description="Column with the value of the property.")


class GeneColumns(Model):
    """Which column is what. In the long form: which property is what; the record's own name goes by the column of the records."""

    symbol: Line | None = Field(default=None, description="The symbol: lines with one symbol are about one gene.")
    ids: Columns | None = Field(default=None, description="Identifiers, of any system.")
    synonyms: Columns | None = Field(default=None, description="Other and older names.")
    mangled: Columns | None = Field(default=None, description="What spreadsheets make of the symbol, such as 2-Mar. Never a name.")
    group: Line | None = Field(default=None, description="Name of the ortholog group; files of one source share their groups.")


class _Table(Model):
    table: ContentPath = Field(description="A table below the content folder, such as genes/hgnc.tsv.")
    source: Line = Field(description="Who says so, in a few words; shown where a name is used.")
    split: Separator | None = Field(default=None, description="What separates several values in a cell. A symbol is never split.")
    where: dict[str, Line | Words] = Field(
        default_factory=dict, description="Column → its values: only lines that have one of them are read."
    )
    no_value: Words = Field(default=(), description="Cells that mean 'nothing here', such as NA.")


class GeneFile(_Table):
    """A table of the names of one organism's genes."""

    organism: Line = Field(description="Scientific name, as the studies write it.")
    columns: GeneColumns
    long: LongForm | None = None
    drop: Endings = Field(default=(), description="Endings that are cut off identifiers, such as .1 of a transcript.")


class OrthologFile(_Table):
    """A table with a group of orthologs a line, and a column an organism."""

    columns: dict[str, Columns] = Field(description="Scientific name → the column, or columns, with identifiers or symbols of its genes.")
    group: Line | None = Field(default=None, description="Column with the group's name: lines with one name are one group.")
    drop: dict[str, Endings] = Field(default_factory=dict, description="Scientific name → endings that are cut off its identifiers.")


class Sourced(Model):
    """What was read from a gene file, or put together of several: shown on pages, so that nothing is dropped silently."""

    kind: Literal["names", "orthologs"]
    table: str | None = Field(default=None, description="None where several tables were put together.")
    source: str
    organisms: tuple[str, ...] = ()
    rows: Amount = 0
    genes: Amount = 0
    names: Amount = Field(default=0, description="Identifiers and synonyms, each counted once a gene.")
    groups: Amount = 0
    notes: tuple[str, ...] = ()
