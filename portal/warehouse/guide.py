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


_EXAMPLES = """\
## First lines

With [DuckDB](https://duckdb.org), in this folder (or with the address of this folder before each name):

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

With pandas:

```python
import pandas as pd

samples = pd.read_parquet("samples.parquet")
print(samples.groupby(["study", "component"])[["has_phenotype"]].agg(["size", "sum"]))
```
"""


def readme(title: str, tables: Mapping[str, _Table], components: Mapping[tuple[str, str], _Table]) -> str:
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
    lines += [
        "",
        "Every file lies here twice: under its plain name, which the next release replaces, and under a name that holds the first "
        "12 digits of its SHA-256, which never changes. `manifest.json` gives both, with rows, bytes and the whole SHA-256: cite the "
        "digest-named files, and let programs take these. `dictionary.json` explains every column and shows an example; "
        "`datapackage.json` says the same to tools that read Data Packages.",
        "",
        "Identifiers are text, also where they look like numbers. A missing value is null, never an empty string. `control` marks "
        "controls: the tables hold them all, and the figures on the portal's pages leave them out unless they say so.",
        "",
    ]
    return "\n".join(lines) + "\n" + _EXAMPLES
