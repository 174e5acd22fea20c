"""The SQL behind the figures of component, plate and dataset pages. Each runs on the published tables alone."""

from __future__ import annotations

from collections.abc import Sequence

from portal.pages.asked import text
from portal.pages.states import EMPTY, FAILED

_EMPTY = f"(control_type IS NOT NULL AND NOT has_phenotype AND regexp_full_match(control_type, {text('(?is)' + EMPTY)}))"
_FAILED = f"(quality IS NOT NULL AND regexp_matches(quality, {text('^(?is)' + FAILED)}))"


def _distinct(only: str = "") -> str:
    """Different identifiers; symbols where there is no identifier at all."""
    return f"coalesce(nullif(count(DISTINCT id){only}, 0), count(DISTINCT symbol){only})"


def _targets(of: str, kind: str) -> str:
    """The targets of a kind. A compound may stand in one row with identifiers of several systems on one symbol: it is one."""
    rows = f"sample_targets WHERE {of} AND kind = {text(kind)}"
    if kind != "compound":
        return rows
    return f"(SELECT min(id) AS id, min(symbol) AS symbol FROM {rows} GROUP BY sample_id, coalesce(symbol, id))"


def _of(study: str, component: str, container: str = "") -> str:
    where = f"study = {text(study)} AND component = {text(component)}"
    return f"{where} AND container = {text(container)}" if container else where


def container_figures(study: str, component: str, container: str) -> str:
    """One row: samples, controls, empties, with_phenotype, controls_with_phenotype, images."""
    of = _of(study, component, container)
    return (
        "SELECT count(*) AS samples, count(control_type) AS controls,\n"
        f"  count(*) FILTER (WHERE {_EMPTY}) AS empties,\n"
        "  count(*) FILTER (WHERE has_phenotype) AS with_phenotype,\n"
        "  count(*) FILTER (WHERE has_phenotype AND control_type IS NOT NULL) AS controls_with_phenotype,\n"
        f"  (SELECT count(*) FROM images WHERE {of}) AS images\n"
        f"FROM samples\nWHERE {of}"
    )


def plate_legend(study: str, component: str, container: str) -> str:
    """One row: how many wells have each mark of the legend. Of a well that the source repeats, the row that the grid shows."""
    of = _of(study, component, container)
    return (
        "WITH wells AS (\n"
        "  SELECT has_phenotype, counted, control_type,\n"
        f"    {_EMPTY} AS is_empty, {_FAILED} AS has_failed\n"
        f'  FROM samples WHERE {of} AND "row" IS NOT NULL AND "column" IS NOT NULL\n'
        '  QUALIFY row_number() OVER (PARTITION BY "row", "column" ORDER BY has_phenotype DESC, counted DESC, sample_id) = 1)\n'
        "SELECT count(*) FILTER (WHERE has_phenotype AND control_type IS NULL) AS hit,\n"
        "  count(*) FILTER (WHERE control_type IS NOT NULL AND NOT is_empty) AS control,\n"
        "  count(*) FILTER (WHERE control_type IS NULL AND NOT has_phenotype AND counted AND NOT has_failed) AS sample,\n"
        "  count(*) FILTER (WHERE is_empty) AS empty, count(*) FILTER (WHERE has_failed) AS failed,\n"
        "  count(*) FILTER (WHERE NOT counted) AS uncounted,\n"
        f'  (SELECT any_value("rows" * "columns") FROM containers WHERE {of}) - count(*) AS missing\n'
        "FROM wells"
    )


def component_figures(study: str, component: str, kinds: Sequence[str]) -> str:
    """One row: samples, controls, with_phenotype (controls left out), containers, genes, images, and a column for each kind of target."""
    of = _of(study, component)
    targets = "".join(
        f",\n  (SELECT {_distinct()} FROM {_targets(of, kind)}) AS {column}"
        for kind, column in (("gene", "genes"), *((k, target_column(k)) for k in kinds if k != "gene"))
    )
    return (
        "SELECT count(*) AS samples, count(control_type) AS controls,\n"
        "  count(*) FILTER (WHERE has_phenotype AND control_type IS NULL) AS with_phenotype,\n"
        f"  (SELECT count(*) FROM containers WHERE {of}) AS containers,\n"
        f"  (SELECT count(*) FROM images WHERE {of}) AS images{targets}\n"
        f"FROM samples\nWHERE {of}"
    )


def target_column(kind: str) -> str:
    """The column of a kind of target in `component_figures`: `targets_protein`; whatever is no letter becomes a line."""
    return "targets_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in kind.lower())


def component_phenotypes(study: str, component: str, names: Sequence[str]) -> str:
    """A row a declared phenotype: phenotype, samples and genes (controls left out), controls."""
    of = _of(study, component)
    listed = ", ".join(f"({text(name)})" for name in names)
    return (
        f"WITH declared(phenotype) AS (VALUES {listed}),\n"
        f"seen AS (SELECT DISTINCT phenotype, sample_id, control FROM sample_phenotypes WHERE {of}),\n"
        f"targets AS (SELECT DISTINCT sample_id, id, symbol FROM sample_targets WHERE {of} AND kind = 'gene')\n"
        "SELECT d.phenotype, count(DISTINCT s.sample_id) FILTER (WHERE NOT s.control) AS samples,\n"
        "  count(DISTINCT s.sample_id) FILTER (WHERE s.control) AS controls,\n"
        f"  {_distinct(' FILTER (WHERE NOT s.control)')} AS genes\n"
        "FROM declared d LEFT JOIN seen s ON s.phenotype = d.phenotype LEFT JOIN targets t ON t.sample_id = s.sample_id\n"
        "GROUP BY d.phenotype ORDER BY d.phenotype"
    )


def component_containers(study: str, component: str) -> str:
    """A row a plate or dataset: container, samples, counted, with_phenotype, images."""
    return f"SELECT container, samples, counted, with_phenotype, images\nFROM containers\nWHERE {_of(study, component)}\nORDER BY container"


def component_cell_lines(study: str, component: str) -> str:
    """A row a cell line: cell_line, samples."""
    return (
        "SELECT cell_line, count(*) AS samples\n"
        f"FROM samples\nWHERE {_of(study, component)} AND cell_line IS NOT NULL\nGROUP BY cell_line ORDER BY cell_line"
    )
