"""One component: its block of study.txt and its tables → the data under `components:` and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.importers.idr import study as study_text
from ingest.importers.idr.accounting import component_told, tables_told
from ingest.importers.idr.columns import Columns, map_columns
from ingest.importers.idr.compare import compare
from ingest.importers.idr.config import header_links, read_config
from ingest.importers.idr.figures import Figures, counting_rules
from ingest.importers.idr.finding import Found, find_tables
from ingest.importers.idr.phenotype_columns import PhenotypeColumns, map_phenotypes
from ingest.importers.idr.study_txt import Block
from ingest.importers.idr.tables import Join, Joined, Table, find_join, joined_header, located_by, names_other_images
from portal import ledger

_EXAMPLES = 5


@dataclass(frozen=True)
class Component:
    """`data` is without its `source`; `told` and `tables_told` are its part of the ledger. `tables` are taken over; `compared` is not."""

    data: dict[str, Any]
    told: ledger.Component
    tables_told: tuple[ledger.Table, ...]
    tables: tuple[Table, ...]
    compared: Table | None = None
    copied: tuple[tuple[Path, str], ...] = ()  # further files that are taken over, and their path in the study folder we write


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
    base, why = _base(found, data["kind"], notes)
    join: Join | None = None
    joined_table: Table | None = None
    tables: list[Table] = []
    columns: Columns | None = None
    phenotypes = PhenotypeColumns((), (), ())
    figures = Figures()
    comparison: ledger.Comparison | None = None
    met: list[bool] = []
    if base:
        tables.append(base)
        for other in _others(found, base):
            if joined_table:
                notes.append(f"{other.path.name} was not joined: {joined_table.path.name} is joined already")
                continue
            join, why_not = find_join(base, other, block)
            if join:
                joined_table = other
                tables.append(other)
            else:
                notes.append(f"{why_not}: it was not joined")
        joined = Joined(base, joined_table, join)
        header = joined_header(base, joined_table, join)
        notes += [
            f"'{column}' stands in both tables and differs in {count:,} matched rows: the samples table's is mapped, both are kept"
            for column, count in joined.differing().items()
        ]
        config = read_config(files, folder, name)
        notes += config.said
        further = {**header_links(found.get("annotation")), **header_links(joined_table), **header_links(base)}
        columns = map_columns(header, joined.cells, located_by(base), config, further)
        notes += columns.said
        notes += _not_shown(header, config.shown)
        figures = counting_rules(header, joined.cells, columns.one("plate"), data.get("size", {}), files, folder, name)
        notes += figures.said
        phenotypes = map_phenotypes(header, joined.cells, positions)
        notes += phenotypes.said
        declared += phenotypes.undeclared
        for phenotype in declared:
            if "term" not in phenotype and (theirs := phenotypes.terms.get(phenotype["name"].casefold())):
                phenotype |= {**theirs, "name": phenotype["name"]}
                notes.append(f"phenotype '{phenotype['name']}' has its term {theirs['term']} from the table: study.txt gives none")
        annotation = found.get("annotation")
        if annotation and base.kind != "annotation":
            places = {n: c for n in ("plate", "well", "dataset", "image") if (c := columns.one(n))}
            outcome = compare(joined, header, places, annotation)
            if isinstance(outcome, str):
                notes.append(outcome)
            else:
                comparison, met = outcome
    elif processed := found.get("processed"):
        notes.append(f"{processed.path.name} ({len(processed.raw.rows):,} rows) was read: there is no table of samples to join it to")
    if declared:
        data["phenotypes"] = declared
    else:
        data.pop("phenotypes", None)
    data = _placed(data, base, join, joined_table, columns, phenotypes, figures, why)
    if not study_has_organisms and "organisms" not in data and (columns is None or "organism" not in columns.mapped):
        notes.append("neither study.txt nor the tables name an organism")
    annotation = found.get("annotation") if comparison else None
    told = tables_told(data, folder, base, joined_table, join, annotation, met)
    return Component(data, component_told(data, base, join, comparison, notes), told, tuple(tables), annotation, figures.copied)


def _not_shown(header: Sequence[str], shown: frozenset[str] | None) -> list[str]:
    """The columns that IDR itself does not show with its images: a sentence, or nothing."""
    hidden = [column for column in header if shown is not None and column not in shown]
    if not hidden or not shown:
        return []
    names = ", ".join(f"'{column}'" for column in hidden[:_EXAMPLES])
    more = f" and {len(hidden) - _EXAMPLES} more" if len(hidden) > _EXAMPLES else ""
    return [f"IDR's own configuration does not show {len(hidden):,} of {len(header):,} columns ({names}{more}): they are kept"]


def _others(found: Found, base: Table) -> list[Table]:
    """Tables that may be joined to the samples, the best first."""
    roles = ("processed", "assays", "library") if base.kind == "annotation" else ("processed",)
    return [table for role in roles if (table := found.get(role)) and table is not base]


def _base(found: Found, kind: str, notes: list[str]) -> tuple[Table | None, str]:
    """The table whose rows are the samples: (table, "") or (None, why there is none)."""
    order = ("library", "assays", "annotation") if kind == "screen" else ("assays", "library", "annotation")
    for role in order:
        table = found.get(role)
        place = located_by(table) if table else ""
        if not table or not (place == "plate" or place == "image" and kind == "experiment"):
            continue
        annotation = found.get("annotation")
        if place == "image" and annotation and annotation is not table and names_other_images(annotation, table):
            both, ours = len(annotation.raw.rows), len(table.raw.rows)
            notes.append(
                f"{annotation.path.name} ({both:,} rows) names other images than {table.path.name} ({ours:,} rows): the samples are its own"
            )
            return annotation, ""
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
    figures: Figures,
    why: str,
) -> dict[str, Any]:
    """The data with `samples` (or `missing`) after `phenotypes`, as a reader of study.yaml expects them."""
    if base and columns:
        samples = {
            "table": base.targets,
            "join": [{"table": joined.targets, "on": join.on[0] if len(join.on) == 1 else list(join.on)}] if join and joined else [],
            "columns": columns.mapped,
            "split": columns.split,
            "no_value": list(columns.no_value),
            "links": columns.links,
            "phenotypes": [{"column": c, "phenotype": p} for c, p in phenotypes.columns],
            "counted": list(figures.rules),
        }
        part: dict[str, Any] = {"samples": study_text.filled(samples)}
    else:
        part = {"missing": why}
    after = ("size", "example_images")
    return {**{k: v for k, v in data.items() if k not in after}, **part, **{k: data[k] for k in after if k in data}}
