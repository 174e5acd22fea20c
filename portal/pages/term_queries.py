"""The SQL behind every figure of a term's page, on the published tables: for the term alone, and down the ontology."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal import addresses
from portal.pages.asked import text
from portal.terms import TermFacts, TermKind

ROLES = {
    "organism": ("organism",), "cell line": ("cell line",), "method": ("imaging method",), "study type": ("study type", "technology"),
}  # fmt: skip
_COLUMN = {"organism": "organism", "cell line": "cell_line"}


@dataclass(frozen=True)
class Asked:
    """The questions of one scope. `genes` is empty where the page lists none."""

    figures: str
    components: str
    met: str
    genes: str = ""
    samples: str = ""


def asked(term: TermFacts, *, whole: bool) -> Asked:
    if term.kind == "phenotype":
        return _of_phenotype(term, whole)
    if term.kind in _COLUMN:
        return _of_samples(term, whole)
    return _of_components(term, whole)


def _listed(values: Sequence[str]) -> str:
    return ", ".join(text(v) for v in values)


def _below(accession: str) -> str:
    return f"(SELECT term FROM term_ancestors WHERE ancestor = {text(accession)})"


def _of_phenotype(term: TermFacts, whole: bool) -> Asked:
    accession = term.accession
    if accession is None:
        has, lacks = (f"{{0}}phenotype = {text(term.name)} AND {{0}}term IS NULL",) * 2
        lacks = f"NOT ({lacks})"
    elif whole:
        has = f"{{0}}term IN {_below(accession)}"
        lacks = f"coalesce({{0}}term, '') NOT IN {_below(accession)}"
    else:
        has, lacks = f"{{0}}term = {text(accession)}", f"coalesce({{0}}term, '') <> {text(accession)}"
    here, of_a, not_b = has.format(""), has.format("a."), lacks.format("b.")
    return Asked(
        figures=f"""\
SELECT count(DISTINCT study) AS studies, count(DISTINCT study || ' ' || component) AS components, count(DISTINCT sample_id) AS samples,
  (SELECT count(DISTINCT entity) FROM sample_targets WHERE kind = 'gene' AND NOT control
   AND sample_id IN (SELECT sample_id FROM sample_phenotypes WHERE {here})) AS genes
FROM sample_phenotypes WHERE {here} AND NOT control""",
        components=f"""\
SELECT p.study, p.component, count(DISTINCT p.sample_id) FILTER (WHERE NOT p.control) AS samples,
  count(DISTINCT p.sample_id) FILTER (WHERE p.control) AS controls, count(DISTINCT t.entity) FILTER (WHERE NOT p.control) AS genes
FROM sample_phenotypes p LEFT JOIN sample_targets t ON t.sample_id = p.sample_id AND t.kind = 'gene'
WHERE {has.format("p.")}
GROUP BY p.study, p.component ORDER BY genes DESC, samples DESC, p.study, p.component""",
        genes=f"""\
WITH has AS (SELECT DISTINCT study, component, sample_id FROM sample_phenotypes WHERE {here} AND NOT control),
  met AS (SELECT DISTINCT study, component FROM has)
SELECT t.entity AS gene, count(DISTINCT h.study) AS studies, count(DISTINCT h.study || ' ' || h.component) AS components,
  count(DISTINCT h.sample_id) AS samples, count(DISTINCT t.sample_id) AS sampled
FROM sample_targets t JOIN met USING (study, component) LEFT JOIN has h ON h.sample_id = t.sample_id
WHERE t.kind = 'gene' AND NOT t.control
GROUP BY t.entity HAVING count(DISTINCT h.sample_id) > 0 ORDER BY studies DESC, components DESC, samples DESC, gene""",
        met=f"""\
SELECT coalesce(b.term, b.phenotype) AS phenotype, count(DISTINCT a.sample_id) AS samples
FROM sample_phenotypes a JOIN sample_phenotypes b ON a.sample_id = b.sample_id AND a.phenotype <> b.phenotype
WHERE {of_a} AND NOT a.control AND {not_b}
GROUP BY 1 ORDER BY samples DESC, phenotype""",
        samples=f"SELECT * FROM sample_phenotypes WHERE {here} ORDER BY sample_id",
    )


def _of_samples(term: TermFacts, whole: bool) -> Asked:
    column = _COLUMN[term.kind]
    names = f"IN ({_listed(term.words)})" if term.words else "IS NULL AND FALSE"
    if whole and term.accession:
        names = f"IN (SELECT name FROM term_names WHERE role = {text(term.kind)} AND term IN {_below(term.accession)})"
    where = f"{column} {names}"
    genes = f"SELECT count(*) FROM entities WHERE kind = 'gene' AND organism {names}"
    if term.kind == "cell line":
        genes = (
            "SELECT count(DISTINCT entity) FROM sample_targets WHERE kind = 'gene' AND NOT control "
            f"AND sample_id IN (SELECT sample_id FROM samples WHERE {where})"
        )
    return Asked(
        figures=f"""\
SELECT count(DISTINCT study) AS studies, count(DISTINCT study || ' ' || component) AS components, count(*) AS samples,
  ({genes}) AS genes
FROM samples WHERE {where} AND control_type IS NULL""",
        components=f"""\
SELECT study, component, count(*) FILTER (WHERE control_type IS NULL) AS samples,
  count(*) FILTER (WHERE control_type IS NOT NULL) AS controls
FROM samples WHERE {where}
GROUP BY study, component ORDER BY samples DESC, study, component""",
        met=f"""\
SELECT coalesce(term, phenotype) AS phenotype, count(DISTINCT sample_id) AS samples
FROM sample_phenotypes WHERE NOT control AND sample_id IN (SELECT sample_id FROM samples WHERE {where})
GROUP BY 1 ORDER BY samples DESC, phenotype""",
        samples=f"SELECT * FROM samples WHERE {where} ORDER BY sample_id",
    )


def _of_components(term: TermFacts, whole: bool) -> Asked:
    which = f"address = {text(addresses.term(term.kind, term.slug))}"
    if whole and term.accession:
        which = f"role IN ({_listed(ROLES[term.kind])}) AND term IN {_below(term.accession)}"
    named = f"(SELECT DISTINCT study, component FROM term_names WHERE {which})"
    return Asked(
        figures=f"""\
SELECT count(DISTINCT study) AS studies, count(*) AS components, CAST(coalesce(sum(samples - controls), 0) AS BIGINT) AS samples
FROM components JOIN {named} USING (study, component)""",
        components=f"""\
SELECT study, component, samples - controls AS samples, controls
FROM components JOIN {named} USING (study, component)
ORDER BY samples DESC, study, component""",
        met=f"""\
SELECT coalesce(term, phenotype) AS phenotype, count(DISTINCT sample_id) AS samples
FROM sample_phenotypes JOIN {named} USING (study, component) WHERE NOT control
GROUP BY 1 ORDER BY samples DESC, phenotype""",
    )


def listed(kind: TermKind) -> str:
    """The figures of the list of a kind: a row a term. The first column is the accession; of what has none, the name."""
    if kind == "phenotype":
        return """\
SELECT term AS phenotype, all_studies AS studies, all_samples AS samples, all_genes AS genes
FROM terms WHERE role = 'phenotype' AND studies > 0
UNION ALL
SELECT phenotype, count(DISTINCT study), CAST(sum(samples) AS BIGINT), NULL FROM component_phenotypes WHERE term IS NULL GROUP BY phenotype
ORDER BY studies DESC, samples DESC, phenotype"""
    if kind == "organism":
        return """\
SELECT term, all_studies AS studies, all_components AS components, all_samples AS samples FROM terms WHERE role = 'organism'
UNION ALL
SELECT n.name, count(DISTINCT n.study), count(DISTINCT n.study || ' ' || n.component),
  (SELECT count(*) FROM samples s WHERE s.organism = n.name AND s.control_type IS NULL)
FROM term_names n WHERE n.role = 'organism' AND n.term IS NULL GROUP BY n.name
ORDER BY studies DESC, samples DESC, term"""
    if kind == "cell line":
        return """\
SELECT n.address, count(DISTINCT s.study) AS studies, count(DISTINCT s.study || ' ' || s.component) AS components,
  count(*) FILTER (WHERE s.control_type IS NULL) AS samples
FROM samples s JOIN term_names n ON n.role = 'cell line' AND n.study = s.study AND n.component = s.component AND n.name = s.cell_line
GROUP BY n.address ORDER BY studies DESC, samples DESC, n.address"""
    roles = _listed(ROLES[kind])
    return f"""\
SELECT coalesce(t.address, n.address) AS address, count(DISTINCT n.study) AS studies,
  count(DISTINCT n.study || ' ' || n.component) AS components
FROM term_names n LEFT JOIN term_ancestors a ON a.term = n.term
  LEFT JOIN (SELECT DISTINCT term, address FROM terms WHERE role IN ({roles})) t ON t.term = a.ancestor
WHERE n.role IN ({roles}) GROUP BY 1 ORDER BY studies DESC, components DESC, address"""
