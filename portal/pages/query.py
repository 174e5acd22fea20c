"""The query page: tables, columns and examples, to which console.js adds DuckDB in the browser."""

from __future__ import annotations

from typing import NamedTuple

from portal import addresses
from portal.engine.step import Work, recipe
from portal.pages.render import Page, opened
from portal.pages.tables import manifest


class Example(NamedTuple):
    question: str
    answer: str
    sql: str


# Each runs on DuckDB 0.9.1 (the browser's) and on native DuckDB; a test holds that. Tables are named as published.
EXAMPLES: tuple[Example, ...] = (
    Example(
        "Where was human SGOL1 sampled, and what was seen?",
        "One gene across all studies, without controls. Older tables call SGO1 SGOL1: both names are asked for; yeast's sgo1 stays apart.",
        """\
SELECT t.study, t.component,
       count(DISTINCT t.sample_id) AS samples,
       string_agg(DISTINCT p.phenotype, '; ' ORDER BY p.phenotype) AS phenotypes,
       string_agg(DISTINCT p.term, '; ' ORDER BY p.term) AS terms
FROM sample_targets t
LEFT JOIN sample_phenotypes p USING (sample_id)
WHERE t.kind = 'gene' AND t.symbol IN ('SGOL1', 'SGO1')
  AND t.organism = 'Homo sapiens' AND NOT t.control
GROUP BY t.study, t.component
ORDER BY t.study, t.component""",
    ),
    Example(
        "Which phenotypes were seen in more than one study?",
        "Ontology terms let the words of different authors be compared.",
        """\
SELECT p.term, any_value(t.name) AS name,
       count(DISTINCT p.study) AS studies,
       count(DISTINCT p.sample_id) AS samples
FROM sample_phenotypes p
LEFT JOIN terms t ON t.term = p.term AND t.role = 'phenotype'
WHERE p.term IS NOT NULL AND NOT p.control
GROUP BY p.term
HAVING count(DISTINCT p.study) > 1
ORDER BY studies DESC, samples DESC, p.term""",
    ),
    Example(
        "Which genes show a phenotype in the most studies?",
        "Genes with a phenotype in at least one sample that is no control, by organism.",
        """\
SELECT t.symbol, t.organism,
       count(DISTINCT t.study) AS studies,
       count(DISTINCT p.phenotype) AS phenotypes,
       count(DISTINCT t.sample_id) AS samples
FROM sample_targets t
JOIN sample_phenotypes p USING (sample_id)
WHERE t.kind = 'gene' AND t.symbol IS NOT NULL AND NOT t.control
GROUP BY t.symbol, t.organism
ORDER BY studies DESC, phenotypes DESC, t.symbol, t.organism
LIMIT 50""",
    ),
    Example(
        "Which phenotypes occur together in one sample?",
        "Pairs of phenotypes of the same sample: a first look at what goes with what.",
        """\
SELECT a.phenotype AS one, b.phenotype AS other,
       count(DISTINCT a.sample_id) AS samples,
       string_agg(DISTINCT a.study, ', ' ORDER BY a.study) AS studies
FROM sample_phenotypes a
JOIN sample_phenotypes b
  ON a.sample_id = b.sample_id AND a.phenotype < b.phenotype
WHERE NOT a.control
GROUP BY a.phenotype, b.phenotype
ORDER BY samples DESC, one, other
LIMIT 50""",
    ),
    Example(
        "How often is a phenotype found, component by component?",
        "The hit rate of every screen and experiment. Controls are left out.",
        """\
SELECT s.study, s.component, c.kind, c.imaging_methods,
       count(*) AS samples,
       count(*) FILTER (WHERE s.has_phenotype) AS with_phenotype,
       round(100.0 * count(*) FILTER (WHERE s.has_phenotype) / count(*), 1) AS percent
FROM samples s
JOIN components c ON c.study = s.study AND c.component = s.component
WHERE s.control_type IS NULL
GROUP BY s.study, s.component, c.kind, c.imaging_methods
ORDER BY percent DESC, s.study, s.component""",
    ),
)

# The sixth: of the images where there are any, else of the plates.
OF_IMAGES = Example(
    "Which images are rendered here, and at what pixel size?",
    "For choosing images to try a method on: size, channels, planes, time points, pixel size.",
    """\
SELECT study, component, width, height, channels, z, t,
       dtype, pixel_size, pixel_size_z, synthetic,
       count(*) AS images
FROM images
GROUP BY ALL
ORDER BY images DESC, study, component, width, height""",
)

OF_PLATES = Example(
    "Which plates hold the most samples with a phenotype?",
    "Plates and datasets by their share of samples with a phenotype, controls left out.",
    """\
SELECT s.study, s.component, s.container,
       count(*) AS samples,
       count(*) FILTER (WHERE s.has_phenotype) AS with_phenotype,
       count(DISTINCT s.gene_symbol) AS genes
FROM samples s
WHERE s.control_type IS NULL
GROUP BY s.study, s.component, s.container
HAVING count(*) >= 50
ORDER BY with_phenotype / samples DESC, s.study, s.component, s.container
LIMIT 50""",
)


def examples(images: int) -> tuple[Example, ...]:
    """Six questions worth asking of what is here."""
    return (*EXAMPLES, OF_IMAGES if images else OF_PLATES)


@recipe("code")
def query(work: Work) -> dict[str, bytes]:
    """`query/`. Inputs after templates and frame: {manifest.json, dictionary.json}."""
    site = opened(work)
    published = manifest(work)
    tables = published.tables
    asked = examples(next((t.rows for t in tables if t.name == "images"), 0))
    page = Page(
        address=addresses.QUERY,
        title="Query",
        kind="query",
        style="console",
        scripts=("console",),
        wasm=True,
        description="Ask the tables of all studies in SQL, in the browser.",
    )
    data = {
        "tables": [
            {
                "name": t.name,
                "url": page.link(t.address),
                "rows": t.rows,
                "bytes": t.bytes,
                "columns": [{"name": c.name, "type": c.type, "meaning": c.meaning} for c in t.columns],
            }
            for t in tables
        ],
        "components": [f"{t.study}/{t.component}" for t in published.components],
        "examples": [{"question": e.question, "sql": e.sql} for e in asked],
    }
    # The largest that a reader of the examples has met; every component has one.
    own = max(published.components, key=lambda t: (len(t.columns), t.study, t.component), default=None)
    return site.page("query.html", page, tables=tables, examples=asked, own=own, components=len(published.components), page_data=data)
