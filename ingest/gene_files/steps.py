"""The steps of gene files: one a file, and one that puts the groups of all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.gene_files.groups import groups_of, put_together
from ingest.gene_files.names import named_genes
from ingest.gene_files.reading import PORTAL, Cells, Told, kept, long, paths_of, several, table_of, wide, wrong_columns
from ingest.marks import quoted
from ingest.tables import RawTable
from portal.engine.step import Work, recipe
from portal.gene_files import GeneFile, OrthologFile, Sourced
from portal.naming import NAMES, ORTHOLOGS, OrthologGroup, read_orthologs, write_names, write_orthologs
from portal.problems import Place, Problem, dump, errors, nearest

PARTS = "parts.parquet"  # As orthologs.parquet, before groups of several files are put together.
SAID = "sourced.json"


@recipe("code")
def gene_file(work: Work, *, index: int, declared: Mapping[str, Any]) -> dict[str, bytes | Path]:
    """The `gene file` step. inputs[0]: the one file; `index`: its place under `genes:`; `declared`: a dump of a GeneFile.

    `names.parquet`, `parts.parquet` where groups are told, `sourced.json` (Sourced), all absent where there are errors, and
    `problems.json`. Problems in portal.yaml have its path and no line.
    """
    it = GeneFile.model_validate(dict(declared))
    roles = {role: found for role in ("symbol", "ids", "synonyms", "mangled", "group") if (found := several(getattr(it.columns, role)))}
    here = f"genes[{index}]"
    if not roles.keys() & {"symbol", "ids", "synonyms"}:
        place = Place(PORTAL, path=f"{here}.columns")
        return {"problems.json": dump([Problem(place, "name no column with names", "write at least symbol, ids or synonyms")])}
    inside = [pair for role in roles for pair in paths_of(f"columns.{role}", getattr(it.columns, role))]
    named = [(f"where.{column}", column) for column in it.where]
    named += inside if it.long is None else [(f"long.{key}", column) for key, column in it.long.model_dump().items()]
    table, problems = table_of(work.inputs[0].read(next(iter(work.inputs[0]))), it.table, [column for _, column in named])
    problems += wrong_columns(table, it.table, named, here) if table else []
    if table and it.long and not errors(problems):
        problems += list(_wrong_properties(table, it, inside, here))
    if table is None or errors(problems):
        return {"problems.json": dump(problems)}
    told = Told(it.table)
    cells = Cells(it, told)
    entries = long(table, it.long, it.where, roles, cells) if it.long else wide(table, it.where, roles, cells)
    read = named_genes(entries, it.organism, it.source, told)
    said = Sourced(
        kind="names", table=it.table, source=it.source, organisms=(it.organism,), rows=len(table.rows), genes=len(read.genes),
        names=sum(len(g.identifiers) + len(g.synonyms) for g in read.genes), groups=len({group for group, _ in read.members}),
        notes=(*_filtered(table, it), *read.notes, *table.notes),
    )  # fmt: skip
    problems += told.problems()
    if not read.genes:
        problems.append(Problem(Place(it.table), "names no gene", f"check its columns in {PORTAL}", "warning"))
    path = work.scratch / NAMES
    write_names(path, read.genes)
    out: dict[str, bytes | Path] = {NAMES: path, SAID: _json(said), "problems.json": dump(problems)}
    if read.members:
        out[PARTS] = work.scratch / PARTS
        parts = [OrthologGroup(it.source, group, ((it.organism, name),)) for group, name in read.members]
        write_orthologs(work.scratch / PARTS, put_same_together(parts))
    return out


def put_same_together(parts: list[OrthologGroup]) -> Iterator[OrthologGroup]:
    """One part a group, of one file."""
    members: dict[tuple[str, str | None], set[tuple[str, str]]] = {}
    for part in parts:
        members.setdefault((part.source, part.name), set()).update(part.members)
    yield from (OrthologGroup(source, name, tuple(sorted(found))) for (source, name), found in members.items())


@recipe("code")
def ortholog_file(work: Work, *, index: int, declared: Mapping[str, Any]) -> dict[str, bytes | Path]:
    """The `ortholog file` step: as `gene_file`, of an OrthologFile. `parts.parquet`, `sourced.json`, `problems.json`."""
    it = OrthologFile.model_validate(dict(declared))
    here = f"orthologs[{index}]"
    if len(it.columns) < 2:
        place = Place(PORTAL, path=f"{here}.columns")
        return {"problems.json": dump([Problem(place, "names one organism alone", "write a column for each of two organisms or more")])}
    named = [pair for organism, columns in it.columns.items() for pair in paths_of(f"columns[{quoted(organism)}]", columns)]
    named += [(f"where.{column}", column) for column in it.where] + ([("group", it.group)] if it.group else [])
    strange = [organism for organism in it.drop if organism not in it.columns]
    if strange:
        place = Place(PORTAL, path=f"{here}.drop[{quoted(strange[0])}]")
        return {"problems.json": dump([Problem(place, "is none of its columns", nearest(strange[0], list(it.columns)))])}
    table, problems = table_of(work.inputs[0].read(next(iter(work.inputs[0]))), it.table, [column for _, column in named])
    problems += wrong_columns(table, it.table, named, here) if table else []
    if table is None or errors(problems):
        return {"problems.json": dump(problems)}
    told = Told(it.table)
    roles = {organism: several(columns) for organism, columns in it.columns.items()} | ({"group": (it.group,)} if it.group else {})
    parts, rows = groups_of(wide(table, it.where, roles, Cells(it, told)), it.source)
    silent = rows - len(parts)
    notes = (f"{silent:,} {'line' if silent == 1 else 'lines'} without any name of a gene passed over",) if silent else ()
    said = Sourced(
        kind="orthologs", table=it.table, source=it.source, organisms=tuple(it.columns), rows=len(table.rows), groups=len(parts),
        notes=(*_filtered(table, it), *notes, *table.notes),
    )  # fmt: skip
    path = work.scratch / PARTS
    write_orthologs(path, parts)
    return {PARTS: path, SAID: _json(said), "problems.json": dump([*problems, *told.problems()])}


@recipe("code")
def orthologs(work: Work) -> dict[str, bytes | Path]:
    """The `orthologs` step. inputs: the `parts.parquet` of each file that has one. `orthologs.parquet`, `sourced.json`."""
    parts: list[OrthologGroup] = []
    for tree in work.inputs:
        parts += read_orthologs(tree.path(PARTS))
    grouped = put_together(parts)
    path = work.scratch / ORTHOLOGS
    write_orthologs(path, grouped.groups)
    organisms = sorted({organism for group in grouped.groups for organism, _ in group.members})
    sources = sorted({part.source for part in parts})
    said = Sourced(
        kind="orthologs", source="; ".join(sources), organisms=tuple(organisms), groups=len(grouped.groups), notes=grouped.notes,
    )  # fmt: skip
    return {ORTHOLOGS: path, SAID: _json(said)}


def _wrong_properties(table: RawTable, it: GeneFile, named: list[tuple[str, str]], path: str) -> Iterator[Problem]:
    """A problem for each (path, property) that no line tells."""
    assert it.long is not None
    at = table.header.index(it.long.property)
    told = {row[at] for row in table.rows}
    there = sorted(told)[:1_000]
    for below, name in named:
        if name != it.long.record and name not in told:
            what = f"{quoted(name)} is not a property that {quoted(it.table)} tells"
            yield Problem(Place(PORTAL, path=f"{path}.{below}"), what, nearest(name, there, "write one that stands in its lines"))


def _filtered(table: RawTable, it: GeneFile | OrthologFile) -> tuple[str, ...]:
    if not it.where:
        return ()
    left = len(table.rows) - sum(1 for _ in kept(table, it.where))
    asked = " and ".join(f"{quoted(c, 40)} is {' or '.join(quoted(v, 40) for v in several(values))}" for c, values in it.where.items())
    return (f"{left:,} of {len(table.rows):,} lines are not those where {asked}",)


def _json(said: Sourced) -> bytes:
    return said.model_dump_json(indent=1).encode()
