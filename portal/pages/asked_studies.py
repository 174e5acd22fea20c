"""The SQL behind the figures of the home page, the list of studies, and a study's page (portal.pages.asked)."""

from __future__ import annotations

from portal.pages.asked import text

HOME = """\
SELECT (SELECT count(*) FROM studies) AS studies,
  (SELECT count(*) FROM samples) AS samples,
  (SELECT count(*) FROM entities WHERE kind = 'gene') AS genes,
  (SELECT count(DISTINCT coalesce(term, phenotype)) FROM component_phenotypes) AS phenotypes,
  (SELECT count(*) FROM images) AS images"""

# A phenotype that no component declares is not told apart by its words: only terms are asked for.
HOME_PHENOTYPES = """\
SELECT term, samples FROM terms
WHERE role = 'phenotype' AND samples > 0 ORDER BY studies DESC, samples DESC"""

HOME_METHODS = """\
SELECT method, count(DISTINCT study) AS studies
FROM (SELECT study, unnest(string_split(imaging_methods, '; ')) AS method FROM components)
GROUP BY method ORDER BY studies DESC, method"""

ALL = "SELECT count(*) AS studies, sum(samples) AS samples FROM studies"

STUDIES = """\
SELECT s.study, s.samples, p.phenotypes, d.declared, g.genes, s.images
FROM studies s
LEFT JOIN (SELECT study, count(DISTINCT phenotype) AS phenotypes FROM sample_phenotypes GROUP BY study) p ON p.study = s.study
LEFT JOIN (SELECT study, count(DISTINCT phenotype) AS declared FROM component_phenotypes GROUP BY study) d ON d.study = s.study
LEFT JOIN (
  SELECT study, count(DISTINCT entity) AS genes FROM sample_targets WHERE kind = 'gene' GROUP BY study
) g ON g.study = s.study
ORDER BY s.study"""


def study(accession: str) -> str:
    """The facts line of a study's page. Whole numbers: a sum of such is text in some readers."""
    of = f"WHERE study = {text(accession)}"
    return (
        f"SELECT (SELECT count(*) FROM components {of} AND kind = 'screen') AS screens,\n"
        f"  (SELECT count(*) FROM components {of} AND kind = 'experiment') AS experiments,\n"
        f"  (SELECT count(*) FROM samples {of}) AS samples,\n"
        f"  (SELECT count(*) FROM samples {of} AND control_type IS NOT NULL) AS controls,\n"
        f"  (SELECT count(*) FROM samples {of} AND counted) AS counted,\n"
        f"  (SELECT count(DISTINCT phenotype) FROM sample_phenotypes {of}) AS phenotypes,\n"
        f"  (SELECT count(DISTINCT phenotype) FROM component_phenotypes {of}) AS declared,\n"
        f"  (SELECT CAST(sum(genes) AS BIGINT) FROM components {of}) AS genes,\n"
        f"  (SELECT count(*) FROM images {of}) AS images,\n"
        f"  (SELECT CAST(sum(declared_images) AS BIGINT) FROM components {of}) AS declared_images"
    )


def phenotypes(accession: str) -> str:
    """The table of phenotypes of a study's page, controls left out; `genes` are identifiers as the tables write them."""
    return (
        "SELECT p.component, p.phenotype, max(p.samples) AS samples, max(p.controls) AS controls,\n"
        "  (SELECT count(DISTINCT t.id) FROM sample_phenotypes s JOIN sample_targets t ON t.sample_id = s.sample_id\n"
        "   WHERE t.kind = 'gene' AND NOT s.control AND s.study = p.study AND s.component = p.component\n"
        "     AND s.phenotype = p.phenotype) AS genes\n"
        f"FROM component_phenotypes p WHERE p.study = {text(accession)}\n"
        "GROUP BY p.study, p.component, p.phenotype ORDER BY p.component, samples DESC, p.phenotype"
    )
