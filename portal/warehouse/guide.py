"""data/README.md: what lies in the folder, and the first lines to type. Its examples are run by a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from portal.warehouse.schema import TABLES


class _Table(Protocol):
    @property
    def rows(self) -> int: ...
    @property
    def bytes(self) -> int: ...


def _size(count: int) -> str:
    """Bytes in words, in decimal units, as file managers and browsers show them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"


# What is typed first, by tool: {base} is the address of this folder, or nothing where one works in it. Each is run by a test
# against a served portal.
FIRST_LINES: tuple[tuple[str, str, str], ...] = (
    ("DuckDB", "sql", """\
SELECT study, component, count(*) AS samples, count(*) FILTER (WHERE has_phenotype) AS with_phenotype
FROM '{base}samples.parquet' WHERE control_type IS NULL GROUP BY ALL ORDER BY ALL;
"""),
    ("pandas", "python", """\
import pandas as pd

samples = pd.read_parquet("{base}samples.parquet", columns=["study", "component", "control_type", "has_phenotype"])
print(samples[samples["control_type"].isna()].groupby(["study", "component"])["has_phenotype"].agg(["size", "sum"]))
"""),
    ("polars", "python", """\
import polars as pl

samples = pl.scan_parquet("{base}samples.parquet").filter(pl.col("control_type").is_null())
print(samples.group_by("study", "component").agg(pl.len(), pl.col("has_phenotype").sum()).sort("study", "component").collect())
"""),
    ("R", "r", """\
samples <- arrow::read_parquet("{base}samples.parquet", col_select = c("study", "component", "control_type", "has_phenotype"))
print(aggregate(has_phenotype ~ study + component, data = samples[is.na(samples$control_type), ], FUN = sum))
"""),
)  # fmt: skip

_QUESTIONS = """\
## Two questions

Both are for DuckDB, in this folder.

```sql
-- Which components sampled a gene, and what was seen? Controls are left out.
SELECT t.study, t.component, count(DISTINCT t.sample_id) AS samples,
       list(DISTINCT p.phenotype ORDER BY p.phenotype) FILTER (WHERE p.phenotype IS NOT NULL) AS phenotypes
FROM 'sample_targets.parquet' t LEFT JOIN 'sample_phenotypes.parquet' p USING (sample_id)
WHERE t.kind = 'gene' AND t.symbol = 'SGOL1' AND t.organism = 'Homo sapiens' AND NOT t.control
GROUP BY ALL ORDER BY ALL;
```

```sql
-- How many samples of each study have each phenotype term?
SELECT study, term, count(DISTINCT sample_id) AS samples
FROM 'sample_phenotypes.parquet' WHERE term IS NOT NULL AND NOT control
GROUP BY ALL ORDER BY samples DESC, study, term;
```
"""


def first_lines(base: str) -> list[tuple[str, str, str]]:
    """(tool, language, code) with the address of `data/` in it, which ends in a slash; '' for someone who works in the folder."""
    return [(tool, language, code.replace("{base}", base)) for tool, language, code in FIRST_LINES]


def _first_lines(base: str) -> str:
    where = (
        "They ask the portal itself." if base else "They run in this folder; put its address before a file's name to ask the portal itself."
    )
    parts = ["## First lines", "", where, ""]
    for tool, language, code in first_lines(base):
        parts += [f"With {tool}:", "", f"```{language}", code.rstrip("\n"), "```", ""]
    return "\n".join(parts) + "\n"


def readme(
    title: str,
    tables: Mapping[str, _Table],
    components: Mapping[tuple[str, str], _Table],
    slices: Mapping[tuple[str, str], _Table],
    base: str = "",
) -> str:
    """README.md of the dump: the tables with rows and sizes, what the names mean, examples."""
    lines = [
        f"# The tables of {title.replace(chr(10), ' ')}", "",
        "Apache Parquet, one file a table. A sample is one well of a plate, or one image outside screens.", "",
        "| table | rows | size | |", "|---|---:|---:|---|",
    ]  # fmt: skip
    lines += [f"| [{n}.parquet]({n}.parquet) | {t.rows:,} | {_size(t.bytes)} | {TABLES[n][2]} |" for n, t in tables.items()]
    if components:
        rows, size = sum(t.rows for t in components.values()), sum(t.bytes for t in components.values())
        lines += [
            f"| studies/*accession*/*component*.parquet | {rows:,} | {_size(size)} "
            "| Each component's own table: every column of the source as text, and the normalised ones. |"
        ]
    for name in dict.fromkeys(name for _, name in slices):
        its = [t for (_, n), t in slices.items() if n == name]
        lines += [
            f"| by-study/*accession*/{name}.parquet | {sum(t.rows for t in its):,} | {_size(sum(t.bytes for t in its))} "
            f"| The rows of one study of {name}.parquet. |"
        ]
    lines += [
        "",
        "Every file lies here twice: under its plain name, which the next release replaces, and under a name that holds the first "
        "12 digits of its SHA-256, which never changes. `manifest.json` gives both, with rows, bytes and the whole SHA-256: cite the "
        "digest-named files, and let programs take these. `dictionary.json` explains every column and shows an example; "
        "`datapackage.json` says the same to tools that read Data Packages; the tables of single studies repeat rows and are not in it.",
        "",
        "The rows of every table stand in one order, which `manifest.json` names (`sorted_by`, then all other columns), so that two "
        "releases can be compared; `build.py changes OLD NEW` does it.",
        "",
        "Identifiers are text, also where they look like numbers. A missing value is null, never an empty string. `control` marks "
        "controls: the tables hold them all, and the figures on the portal's pages leave them out unless they say so.",
        "",
    ]
    return "\n".join(lines) + "\n" + _first_lines(base) + _QUESTIONS
