"""What gene files say: the names that one gene goes by, and which genes of several organisms descend from one.

`ingest.gene_files` reads them from the files that portal.yaml names; `portal.warehouse` puts them beside what the study tables
say. The study tables come first: a file adds names to a gene, and never tells which gene a sample has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from portal.warehouse.parquet import write

NAMES, ORTHOLOGS = "names.parquet", "orthologs.parquet"


@dataclass(frozen=True, slots=True, order=True)
class NamedGene:
    """One gene of one organism, as one file has it. At least one of symbol, identifiers and synonyms is there.

    `organism` is the scientific name that portal.yaml gives the file. `identifiers` may be of several systems, also of the gene's
    transcripts and proteins. `synonyms` are other and older names; one may be another gene's symbol, or several genes' synonym.
    `mangled` are what spreadsheets made of the symbol (`2-Mar`): never a name, only what it may be restored from. All sorted.
    """

    organism: str
    symbol: str | None
    identifiers: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    source: str = ""
    mangled: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that it goes by: the symbol first, then identifiers, then synonyms."""
        return (*((self.symbol,) if self.symbol else ()), *self.identifiers, *self.synonyms)


@dataclass(frozen=True, slots=True, order=True)
class OrthologGroup:
    """Genes that descend from one. `members` are (organism, identifier or symbol), sorted, of at least two organisms; two members may
    be one gene. `name` is the group's in its source, such as KOG0211; None where it has none there.
    """

    source: str
    name: str | None
    members: tuple[tuple[str, str], ...]


# names.parquet. One row a fact: each of `id`, `synonym` and `mangled` is alone on its row; a row has none of them where the gene has
# a symbol alone. Sorted by all columns in their order.
NAME_FACTS = pa.schema([
    pa.field("gene", pa.int32(), nullable=False),  # which of the file's genes, from 0
    pa.field("organism", pa.string(), nullable=False),
    pa.field("symbol", pa.string()),
    pa.field("id", pa.string()),
    pa.field("synonym", pa.string()),
    pa.field("mangled", pa.string()),
    pa.field("source", pa.string(), nullable=False),
])  # fmt: skip

# orthologs.parquet. One row a member. Sorted by all columns in their order.
ORTHOLOG_FACTS = pa.schema([
    pa.field("group", pa.int32(), nullable=False),  # which of the file's groups, from 0
    pa.field("organism", pa.string(), nullable=False),
    pa.field("member", pa.string(), nullable=False),  # identifier or symbol
    pa.field("name", pa.string()),
    pa.field("source", pa.string(), nullable=False),
])  # fmt: skip

_AT_ONCE = 32_768


def nfc(text: str) -> str:
    """A name as it is compared: one form of accents."""
    return unicodedata.normalize("NFC", text)


def write_names(path: Path, genes: Iterable[NamedGene]) -> int:
    """Writes names.parquet; how many genes it holds. Genes are sorted and numbered here."""
    ordered = sorted(genes, key=lambda g: (g.organism, g.symbol or "", g.identifiers, g.synonyms, g.mangled, g.source))

    def facts() -> Iterator[dict[str, object]]:
        for at, gene in enumerate(ordered):
            base = {"gene": at, "organism": gene.organism, "symbol": gene.symbol, "source": gene.source}
            found = [("id", i) for i in gene.identifiers] + [("synonym", s) for s in gene.synonyms] + [("mangled", m) for m in gene.mangled]
            yield from ({**base, key: value} for key, value in found)
            if not found:
                yield base

    write(path, NAME_FACTS, _batches(facts(), NAME_FACTS), ("gene",))
    return len(ordered)


def read_names(path: Path) -> Iterator[NamedGene]:
    """The genes of a names.parquet, in its order: by organism, then symbol."""
    held: list[tuple[int, str, str | None, str]] = []
    found: tuple[list[str], list[str], list[str]] = ([], [], [])

    def gene() -> NamedGene:
        _, organism, symbol, source = held[0]
        ids, synonyms, mangled = (tuple(values) for values in found)
        return NamedGene(organism, symbol, ids, synonyms, source, mangled)

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_AT_ONCE):
            columns = [batch.column(f.name).to_pylist() for f in NAME_FACTS]
            for number, organism, symbol, *values, source in zip(*columns, strict=True):
                if not held or held[0][0] != number:
                    if held:
                        yield gene()
                    held, found = [(number, organism, symbol, source)], ([], [], [])
                for into, value in zip(found, values, strict=True):
                    if value is not None:
                        into.append(value)
    if held:
        yield gene()


def write_orthologs(path: Path, groups: Iterable[OrthologGroup]) -> int:
    """Writes orthologs.parquet; how many groups it holds. Groups are sorted and numbered here."""
    ordered = sorted(groups, key=lambda g: (g.source, g.name or "", g.members))
    facts = (
        {"group": at, "organism": organism, "member": member, "name": group.name, "source": group.source}
        for at, group in enumerate(ordered)
        for organism, member in group.members
    )
    write(path, ORTHOLOG_FACTS, _batches(facts, ORTHOLOG_FACTS), ("group",))
    return len(ordered)


def read_orthologs(path: Path) -> Iterator[OrthologGroup]:
    """The groups of an orthologs.parquet, in its order."""
    held: tuple[int, str | None, str] | None = None
    members: list[tuple[str, str]] = []
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_AT_ONCE):
            columns = [batch.column(f.name).to_pylist() for f in ORTHOLOG_FACTS]
            for number, organism, member, name, source in zip(*columns, strict=True):
                if held is None or held[0] != number:
                    if held:
                        yield OrthologGroup(held[2], held[1], tuple(members))
                    held, members = (number, name, source), []
                members.append((organism, member))
    if held:
        yield OrthologGroup(held[2], held[1], tuple(members))


def _batches(rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    waiting: list[Mapping[str, object]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            yield from pa.Table.from_pylist(waiting, schema=schema).to_batches()
            waiting = []
    if waiting:
        yield from pa.Table.from_pylist(waiting, schema=schema).to_batches()
