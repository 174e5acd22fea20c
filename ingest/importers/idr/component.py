"""One component: its block of study.txt and its tables → the data under `components:` and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ingest.importers.idr import study as study_text
from ingest.importers.idr.columns import Columns, PhenotypeColumns, map_columns, map_phenotypes
from ingest.importers.idr.compare import Comparison, compare
from ingest.importers.idr.report import ComponentReport, JoinReport, TableReport
from ingest.importers.idr.study_txt import Block
from ingest.importers.idr.tables import Found, Join, Joined, Table, find_join, find_tables, joined_header, located_by

_EXAMPLES = 5
_MAX_CONFIG = 2**20


@dataclass(frozen=True)
class Component:
    data: dict[str, Any]
    report: ComponentReport
    tables: tuple[Table, ...]


def read_component(
    block: Block, name: str, names: Sequence[str], files: Sequence[Path], folder: Path, study_has_organisms: bool
) -> Component:
    """Reads one component. `names` are all components' names, `files` all files of the study `folder`."""
    notes: list[str] = []
    data = study_text.component_data(block, name, notes)
    positions = [p.get("name", "") for p in data.get("phenotypes", [])]
    declared = _once([p for p in data.get("phenotypes", []) if p], notes)
    found = find_tables(files, folder, name, block, names)
    notes += found.refused
    base, why = _base(found, data["kind"])
    join: Join | None = None
    joined_table: Table | None = None
    tables: list[Table] = []
    columns: Columns | None = None
    phenotypes = PhenotypeColumns((), (), ())
    comparison: Comparison | None = None
    if base:
        tables.append(base)
        processed = found.get("processed")
        if processed and base.kind != "annotation":
            join, why_not = find_join(base, processed, block)
            if join:
                joined_table = processed
                tables.append(processed)
            else:
                notes.append(f"{why_not}: it was not joined")
        elif processed:
            notes.append(f"{processed.path.name} was not joined: {base.path.name} is IDR's own join")
        joined = Joined(base, joined_table, join)
        header = joined_header(base, joined_table)
        notes += [
            f"'{column}' stands in both tables and differs in {count:,} matched rows: the samples table's is mapped, both are kept"
            for column, count in joined.differing().items()
        ]
        columns = map_columns(header, joined.cells, located_by(base), _declared_splits(files, folder, name))
        notes += columns.said
        phenotypes = map_phenotypes(header, joined.cells, positions)
        notes += phenotypes.said
        declared += [{"name": text} for text in phenotypes.undeclared]
        annotation = found.get("annotation")
        if annotation and base.kind != "annotation":
            outcome = compare(joined, header, columns.mapped, annotation)
            if isinstance(outcome, str):
                notes.append(outcome)
            else:
                comparison = outcome
    if not base:
        for key in ("Library File Name", "Experiment Assay File", "Processed Data File Name"):
            block.keep(key)
    if declared:
        data["phenotypes"] = declared
    else:
        data.pop("phenotypes", None)
    data = _placed(data, base, join, joined_table, columns, phenotypes, why)
    if source := block.source():
        data["source"] = source
    if not study_has_organisms and "organisms" not in data and (columns is None or "organism" not in columns.mapped):
        notes.append("neither study.txt nor the tables name an organism")
    report = _report(data, block, tables, base, join, columns, phenotypes, comparison, notes, why)
    return Component(data, report, tuple(tables))


def _base(found: Found, kind: str) -> tuple[Table | None, str]:
    """The table whose rows are the samples: (table, "") or (None, why there is none)."""
    order = ("library", "assays", "annotation") if kind == "screen" else ("assays", "library", "annotation")
    for role in order:
        table = found.get(role)
        place = located_by(table) if table else ""
        if table and (place == "plate" or place == "image" and kind == "experiment"):
            return table, ""
    there = [found.tables[role].path.name for role in order if role in found.tables]
    if there:
        what = "plates and wells" if kind == "screen" else "images, or plates and wells"
        return None, f"No table names {what}: {', '.join(there)}."
    reasons = [r for r in found.refused if not r.startswith("processed:")]
    text = "The source holds no library, assays or annotation table for this component"
    return None, text + (": " + "; ".join(reasons) + "." if reasons else ".")


def _once(phenotypes: list[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """Every phenotype once: a name that is declared again, also in other capitals, gives its terms to the first."""
    seen: dict[str, dict[str, Any]] = {}
    for phenotype in phenotypes:
        first = seen.setdefault(phenotype["name"].casefold(), phenotype)
        if first is phenotype:
            continue
        notes.append(f"phenotype '{phenotype['name']}' is declared twice; written once")
        known = {first.get("term"), *(t.get("term") for t in first.get("terms", []))}
        own = [{"name": phenotype.get("term_name", phenotype["name"]), "term": phenotype["term"]}] if "term" in phenotype else []
        more = [t for t in [*own, *phenotype.get("terms", [])] if t["term"] not in known]
        if more:
            first["terms"] = [*first.get("terms", []), *more]
    return list(seen.values())


def _placed(
    data: dict[str, Any],
    base: Table | None,
    join: Join | None,
    joined: Table | None,
    columns: Columns | None,
    phenotypes: PhenotypeColumns,
    why: str,
) -> dict[str, Any]:
    """The data with `samples` (or `missing`) after `phenotypes`, as a reader of study.yaml expects them."""
    if base and columns:
        samples = {
            "table": base.target,
            "join": [{"table": joined.target, "on": join.on[0] if len(join.on) == 1 else list(join.on)}] if join and joined else [],
            "columns": columns.mapped,
            "split": columns.split,
            "no_value": list(columns.no_value),
            "phenotypes": [{"column": c, "phenotype": p} for c, p in phenotypes.columns],
        }
        part: dict[str, Any] = {"samples": study_text.filled(samples)}
    else:
        part = {"missing": why}
    after = ("size", "example_images")
    return {**{k: v for k, v in data.items() if k not in after}, **part, **{k: data[k] for k in after if k in data}}


def _report(
    data: dict[str, Any],
    block: Block,
    tables: list[Table],
    base: Table | None,
    join: Join | None,
    columns: Columns | None,
    phenotypes: PhenotypeColumns,
    comparison: Comparison | None,
    notes: list[str],
    why: str,
) -> ComponentReport:
    used = set(columns.mapped.values()) | {c for c, _ in phenotypes.columns} if columns else set()
    left = dict.fromkeys(h for t in tables for h in t.raw.header if h not in used)
    roles = {True: "samples", False: "joined"}
    return ComponentReport(
        name=data["name"],
        kind=data["kind"],
        keys=block.account(),
        samples=len(base.raw.rows) if base else 0,
        missing=None if base else why,
        tables=tuple(
            TableReport(f"{t.kind}, {roles[t is base]}", t.target, len(t.raw.rows), len(t.raw.header), t.raw.encoding, t.said)
            for t in tables
        ),
        join=_join_report(join) if join else None,
        columns_mapped=dict(columns.mapped) if columns else {},
        columns_left=tuple(left),
        phenotypes_declared=len(data.get("phenotypes", [])),
        phenotype_columns=len(phenotypes.columns),
        split=dict(columns.split) if columns else {},
        no_value=columns.no_value if columns else (),
        comparison=comparison,
        notes=tuple(notes),
    )


def _join_report(join: Join) -> JoinReport:
    return JoinReport(
        on="_".join(join.on),
        processed_keys=len({k for k in join.other_keys if k}),
        rows_matched=join.matched_rows,
        unmatched_keys=len(join.unmatched),
        unmatched_examples=tuple(join.unmatched[:_EXAMPLES]),
        repeated_keys=len(join.repeated),
        said=join.said,
    )


def _declared_splits(files: Sequence[Path], folder: Path, component: str) -> dict[str, str]:
    """Column → separator from the component's bulkmap-config.yml; {} where there is none or it cannot be read."""
    splits: dict[str, str] = {}
    for path in files:
        inside = component.casefold() in (p.casefold() for p in path.relative_to(folder).parts[:-1])
        if not inside or not path.name.casefold().endswith("bulkmap-config.yml") or path.stat().st_size > _MAX_CONFIG:
            continue
        for event_column, separator in _column_splits(path.read_bytes()):
            splits.setdefault(event_column, separator)
    return splits


def _column_splits(raw: bytes) -> list[tuple[str, str]]:
    """(name, split) of every mapping that has both, at any depth. Read from events: nothing is composed, aliases are not followed."""
    found: list[tuple[str, str]] = []
    stack: list[dict[str, str] | None] = []
    keys: list[str | None] = []
    try:
        for event in yaml.parse(raw, Loader=yaml.SafeLoader):
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if keys:
                    keys[-1] = None
                stack.append({} if isinstance(event, yaml.MappingStartEvent) else None)
                keys.append(None)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                mapping = stack.pop()
                keys.pop()
                if mapping and mapping.get("name") and mapping.get("split"):
                    found.append((mapping["name"], mapping["split"]))
            elif isinstance(event, yaml.ScalarEvent) and stack and stack[-1] is not None:
                key, keys[-1] = keys[-1], event.value if keys[-1] is None else None
                if key is not None:
                    stack[-1][key] = event.value
    except (yaml.YAMLError, UnicodeDecodeError):
        return []
    return found
