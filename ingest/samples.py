"""The `samples` step: a component's source tables → samples, phenotypes, targets, and what was counted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.marks import quoted
from ingest.sample_tables.counting import Counting, Listed, count_rows, list_names, read_list
from ingest.sample_tables.joining import Joined, join_tables
from ingest.sample_tables.reading import KINDS, SampleRows, counted, distinct_targets, read_samples
from ingest.sample_tables.wells import plate_sizes
from ingest.sample_tables.writing import full_table, phenotype_table, sample_table, target_table
from ingest.tables import RawTable, read_table
from portal import addresses
from portal.engine.step import Opened, Work, recipe
from portal.facts import ComponentFacts, ContainerFacts, PhenotypeCount, Tally
from portal.model import StudyComponent, Term
from portal.problems import Place, Problem, dump, errors
from portal.warehouse.parquet import write
from portal.warehouse.schema import TABLES


@recipe("code")
def samples(
    work: Work, *, folder: str, accession: str, index: int, component: Mapping[str, Any], study_organisms: list[Mapping[str, Any]]
) -> dict[str, bytes | Path]:
    """inputs[0]: every table that the component's `samples` names, also in its rules, by its path in the study folder.

    `folder` is the study's, relative to the content; `index` the component's place in study.yaml; `component` a dump of
    the StudyComponent (name, kind, organisms, phenotypes, samples are read); `study_organisms` dumps of Terms.

    `samples.parquet` (schema SAMPLES; n_images 0), `phenotypes.parquet`, `targets.parquet`, `table.parquet`,
    `summary.json` (ComponentFacts), all absent where there are errors, and `problems.json`. Problems in study.yaml have
    its path and no line: `ingest.studies.with_lines` fills it in. A component without tables gives empty ones. Of a table
    that is not in the tree nothing is said here: `ingest.folders.check_files` has told of it, and knows what is near.
    """
    it = StudyComponent.model_validate(dict(component))
    tables, problems = _tables(work.inputs[0], it, folder)
    at = Place(f"{folder}/study.yaml", path=f"components[{index}].samples")
    lists, more = _lists(work.inputs[0], it, at)
    problems += more
    joined = Joined("", {}, [], {})
    rows: SampleRows | None = SampleRows()
    counting = Counting([])
    if len(tables) < len(table_names(it)) or len(lists) < len(list_names(it)):
        rows = None
    elif it.samples is not None and not errors(problems):
        joined, more = join_tables(it.samples, tables, at)
        problems += more
        if not errors(problems):
            organisms = tuple(Term.model_validate(dict(o)) for o in study_organisms)
            rows, more = read_samples(joined, it, accession, organisms, at, folder)
            problems += more
        if rows is not None and not errors(problems):
            counting, more = count_rows(joined, it.samples.counted, lists, at)
            problems += more
    out: dict[str, bytes | Path] = {"problems.json": dump(problems)}
    if rows is None or errors(problems):
        return out
    sampled, order = sample_table(rows, it, accession, counting.counted)
    full = full_table(rows, joined, it, sampled, order)
    written = {
        "samples": (sampled, "samples"),
        "phenotypes": (phenotype_table(rows, it, accession), "sample_phenotypes"),
        "targets": (target_table(rows, it, accession), "sample_targets"),
        "table": (full, "samples"),
    }
    for name, (table, sorted_as) in written.items():
        path = work.scratch / f"{name}.parquet"
        write(path, table.schema, table.to_batches(), TABLES[sorted_as][1])
        out[path.name] = path
    out["summary.json"] = facts(rows, joined, counting, it, accession, full).model_dump_json(indent=1).encode()
    return out


def _tables(tree: Opened, it: StudyComponent, folder: str) -> tuple[dict[str, RawTable], list[Problem]]:
    """The component's tables that can be read."""
    tables: dict[str, RawTable] = {}
    problems: list[Problem] = []
    for name in table_names(it):
        if name in tree:
            table, more = read_table(tree.read(name), f"{folder}/{name}")
            problems += more
            if table is not None:
                tables[name] = table
    return tables, problems


def _lists(tree: Opened, it: StudyComponent, at: Place) -> tuple[dict[str, Listed], list[Problem]]:
    """The lists of the component's rules that can be read; of the others it is said where study.yaml names them."""
    lists: dict[str, Listed] = {}
    problems: list[Problem] = []
    for index, rule in enumerate(it.samples.counted if it.samples else ()):
        name = rule.listed_in
        if name is None or name in lists or name not in tree:
            continue
        listed, what, mend = read_list(tree.read(name), name)
        if listed is None:
            problems.append(Problem(Place(at.file, path=f"{at.path}.counted[{index}].listed_in"), f"{quoted(name)} {what}", mend))
        else:
            lists[name] = listed
    return lists, problems


def table_names(it: StudyComponent) -> list[str]:
    """Every table that a component's samples are read from, by its path in the study folder."""
    return list(dict.fromkeys([*it.samples.parts, *(part for j in it.samples.join for part in j.parts)])) if it.samples else []


# ---- what was counted


def facts(rows: SampleRows, joined: Joined, counting: Counting, it: StudyComponent, accession: str, full: pa.Table) -> ComponentFacts:
    """ComponentFacts of the rows. Counts hold controls unless their name ends in `_nc`.

    Genes and other targets are counted by distinct identifier, as the IDR paper counts targets; by symbol where a
    component has no identifiers.
    """
    control = rows.control
    not_control = [not c for c in control]
    has = [bool(p) for p in rows.phenotypes]
    free_targets = [targets for targets, free in zip(rows.targets, not_control, strict=True) if free]
    return ComponentFacts(
        study=accession,
        component=it.name,
        samples=len(control),
        controls=sum(control),
        with_phenotype=sum(has),
        with_phenotype_nc=sum(h and free for h, free in zip(has, not_control, strict=True)),
        genes=distinct_targets(rows.targets, "gene"),
        genes_nc=distinct_targets(free_targets, "gene"),
        target_kinds={kind: n for kind in KINDS if (n := distinct_targets(rows.targets, kind))},
        organisms=dict(counted(rows.organism)),
        cell_lines=dict(counted(rows.filled("cell_line", it.samples.no_value if it.samples else ()))),
        phenotypes=_phenotype_counts(rows, it, not_control),
        containers=_containers(rows, counting, accession, it),
        columns=tuple(full.column_names),
        tally=Tally(
            rows_read=joined.rows_read,
            rows_joined=joined.rows_joined,
            unmatched_keys=joined.unmatched_keys,
            unmatched_examples=joined.unmatched_examples,
            no_value_cells=rows.no_value_cells,
            phenotype_spellings=tuple(rows.spellings),
            notes=(*joined.notes, *rows.notes, *counting.notes),
        ),
        counted=sum(counting.counted),
        not_counted=counting.not_counted(),
    )


def _phenotype_counts(rows: SampleRows, it: StudyComponent, not_control: list[bool]) -> tuple[PhenotypeCount, ...]:
    holders: dict[str, list[int]] = {p.name: [] for p in it.phenotypes}
    for row, names in enumerate(rows.phenotypes):
        for name in names:
            holders[name].append(row)
    counts = []
    for phenotype in it.phenotypes:
        free = [row for row in holders[phenotype.name] if not_control[row]]
        counts.append(
            PhenotypeCount(
                name=phenotype.name,
                terms=phenotype.all_terms,
                samples=len(holders[phenotype.name]),
                samples_nc=len(free),
                genes_nc=distinct_targets((rows.targets[row] for row in free), "gene"),
            )
        )
    return tuple(counts)


def _containers(rows: SampleRows, counting: Counting, accession: str, it: StudyComponent) -> tuple[ContainerFacts, ...]:
    members: dict[str, list[int]] = {}
    for row, name in enumerate(rows.container):
        members.setdefault(name, []).append(row)
    found = []
    control = rows.control
    wells_of = {
        name: [(r, c) for i in inside if (r := rows.row[i]) is not None and (c := rows.column[i]) is not None]
        for name, inside in members.items()
    }
    sizes = plate_sizes(wells_of)
    for name, inside in sorted(members.items()):
        height, width = sizes[name]
        found.append(
            ContainerFacts(
                name=name,
                kind="plate" if wells_of[name] else "dataset",
                address=addresses.container(accession, it.name, name),
                samples=len(inside),
                controls=sum(control[i] for i in inside),
                with_phenotype=sum(bool(rows.phenotypes[i]) for i in inside),
                rows=height,
                columns=width,
                uncounted=sum(not counting.counted[i] for i in inside),
                not_counted={says: n for says, misses in counting.missed.items() if (n := sum(misses[i] for i in inside))},
            )
        )
    return tuple(found)
