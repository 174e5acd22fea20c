"""Names that tables give beside a gene's own, reagents as a way to what they target, and each target row's entity: for search and dump."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from portal import addresses
from portal.engine.step import Opened
from portal.facts import ComponentRecord, EntityKind, Named, ReagentLine
from portal.warehouse.identity import Gene
from portal.warehouse.inputs import paths_named
from portal.warehouse.parquet import identifier, literal, write

MOST_SYNONYMS = 50
ENTITY_NAMES = pa.schema([
    pa.field("kind", pa.string(), nullable=False), pa.field("organism", pa.string()), pa.field("id", pa.string()),
    pa.field("symbol", pa.string()), pa.field("entity", pa.string(), nullable=False),
])  # fmt: skip


def with_synonyms(
    con: duckdb.DuckDBPyConnection, inputs: Sequence[Opened], records: Iterable[ComponentRecord], genes: list[Gene]
) -> list[Gene]:
    """The genes with the synonyms that their tables list beside them (`gene.synonyms`), where a sample has one gene: whose they are is
    not said where it has several.
    """
    declared = {
        (r.study, r.component.name): (r.component.samples.columns_of("gene.synonyms"), r.component.samples.split.get("gene.synonyms"))
        for r in records
        if r.component.samples and "gene.synonyms" in r.component.samples.columns
    }
    con.execute("CREATE TEMP TABLE alone AS SELECT sid, min(gene) AS gene FROM gene_sample GROUP BY sid HAVING count(*) = 1")
    words: dict[int, set[str]] = defaultdict(set)
    for tree, path in paths_named(inputs, "table.parquet"):
        source = f"read_parquet({literal(str(tree.path(path)))})"
        component = con.execute(f"SELECT study, component FROM {source} LIMIT 1").fetchone()
        if component not in declared:
            continue
        columns, separator = declared[component]
        for column in set(columns) & set(pq.read_schema(tree.path(path)).names):
            cell = identifier(column)
            words_of = f"unnest(string_split(CAST({cell} AS VARCHAR), {literal(separator)}))" if separator else cell
            for gene, word in con.execute(f"""
                SELECT DISTINCT gene, trim(word)
                FROM (SELECT gene, {words_of} AS word FROM {source} JOIN sample USING (sample_id) JOIN alone USING (sid))
                WHERE length(trim(word)) BETWEEN 1 AND 60
            """).fetchall():
                words[gene].add(word)
    return [_named(gene, words[n]) if n in words else gene for n, gene in enumerate(genes)]


def _named(gene: Gene, words: set[str]) -> Gene:
    new = sorted(words - {gene.name, *gene.identifiers, *gene.synonyms})[:MOST_SYNONYMS]
    return replace(gene, synonyms=(*gene.synonyms, *new), also=(*gene.also, *(Named(name=n, how="synonym") for n in new)))


def reagent_lines(con: duckdb.DuckDBPyConnection, genes: Sequence[Gene]) -> list[ReagentLine]:
    """Every reagent of a sample with a gene, sorted by name: it is found at the page of the gene that most of its samples have, at the
    row of the first component; else at the component. Needs `genes.number_genes`.
    """
    found = []
    for name, gene, study, component, components in con.execute("""
        WITH its AS (
            SELECT coalesce(t.id, t.symbol) AS name, gene, cid, count(DISTINCT t.sid) AS samples
            FROM target t JOIN sample USING (sid) LEFT JOIN gene_sample USING (sid) WHERE t.kind = 'reagent' GROUP BY ALL
        ), chosen AS (
            SELECT name, gene, min(cid) AS cid, sum(samples) AS samples FROM its GROUP BY name, gene
            QUALIFY row_number() OVER (PARTITION BY name ORDER BY gene IS NULL, sum(samples) DESC, gene) = 1
        ), spread AS (SELECT name, count(DISTINCT cid) AS components FROM its GROUP BY name)
        SELECT name, gene, study, component, components
        FROM chosen JOIN spread USING (name) JOIN component USING (cid) ORDER BY name
    """).fetchall():
        where = f"{study}/{component}"
        address = addresses.component(study, component) if gene is None else f"{addresses.gene(genes[gene].slug)}#{where}"
        found.append(ReagentLine(name=name, address=address, target=genes[gene].name if gene is not None else where, components=components))
    return found


def write_entity_names(con: duckdb.DuckDBPyConnection, entities: Mapping[EntityKind, Sequence[Gene]], path: Path) -> None:
    """entity_names.parquet: (kind, organism, id, symbol) as target rows have them → the slug of their entity's page."""
    rows: list[dict[str, object]] = []
    for kind, its in entities.items():
        for organism, id_, symbol, n in con.execute(f"SELECT organism, id, symbol, {kind} FROM {kind}_name ORDER BY ALL").fetchall():
            rows.append({"kind": kind, "organism": organism, "id": id_, "symbol": symbol, "entity": its[n].slug})
    write(path, ENTITY_NAMES, pa.Table.from_pylist(rows, schema=ENTITY_NAMES).to_batches(), ("kind",))
