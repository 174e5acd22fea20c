"""All samples of an entity that has more than its page shows: a CSV file beside the page, read by people and by the page's script."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from portal import addresses
from portal.facts import EntityKind
from portal.warehouse.genes import LISTED, bucket_of
from portal.warehouse.identity import Gene

# A solvent is in every second well of a screen: beyond this many, the page hands on to the tables.
MOST_LISTED = 20_000
HEADER = ("study", "component", "container", "sample", "control", "phenotypes", "address")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe before it."""
    return "'" + text if text.startswith(_FORMULA) else text


def sample_lists(con: duckdb.DuckDBPyConnection, kind: EntityKind, entities: Sequence[Gene], folder: Path) -> Iterator[tuple[str, Path]]:
    """(`pages/<bucket>/samples/<kind>/<slug>.csv`, file) of every entity with more than LISTED samples in one component. UTF-8, RFC 4180.

    Rows in the published order, at most MOST_LISTED, of which controls are left out first; `control` is yes or no, `phenotypes` the
    authors' words joined by `; `, `address`
    relative to the site's root. Needs `genes.number_genes`.
    """
    reader = con.execute(f"""
        WITH many AS (
            SELECT DISTINCT {kind} FROM {kind}_sample JOIN sample USING (sid) GROUP BY {kind}, cid HAVING count(*) > {LISTED}
        ), listed AS (
            SELECT {kind}, sid FROM {kind}_sample JOIN many USING ({kind}) JOIN sample USING (sid)
            QUALIFY row_number() OVER (PARTITION BY {kind} ORDER BY control, sid) <= {MOST_LISTED}
        ), found AS (
            SELECT sid, string_agg(DISTINCT phenotype, '; ' ORDER BY phenotype) AS phenotypes
            FROM observed WHERE sid IN (SELECT sid FROM listed) GROUP BY sid
        )
        SELECT {kind}, study, component, container, sample, control, coalesce(phenotypes, '')
        FROM listed JOIN sample USING (sid) JOIN component USING (cid) LEFT JOIN found USING (sid) ORDER BY {kind}, sid
    """)

    def rows() -> Iterator[tuple[int, str, str, str, str, bool, str]]:
        while batch := reader.fetchmany(10_000):
            yield from batch

    for n, its in groupby(rows(), key=itemgetter(0)):
        slug = entities[n].slug
        file = folder / f"{kind}-{n}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(HEADER)
            for _, study, component, container, sample, control, phenotypes in its:
                address = addresses.sample(study, component, container, sample)
                cells = (study, component, container, sample, "yes" if control else "no", phenotypes, address)
                writer.writerow([_cell(c) for c in cells])
        yield f"pages/{bucket_of(slug):02d}/samples/{kind}/{slug}.csv", file
