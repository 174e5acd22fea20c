"""The SQL of a question across studies, for readers without scripts: the same text that assets/js/explore-sql.js writes.

Two languages, one text: tests/js/test_explore_sql.py holds them to one another, question by question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from portal.pages.asked import text as literal


@dataclass(frozen=True)
class Row:
    """One condition. `phenotype`: '' for any, an accession, or `=words` for the authors' words without a term. `where`: '' in any
    study, `other`, `>=3` (studies), an accession, or accession/component.
    """

    verb: Literal["has", "no", "sampled"]
    phenotype: str = ""
    where: str = ""
    without: bool = False

    @property
    def at_least(self) -> int:
        """How many studies `>=3` asks for; 0 where it asks for none."""
        found = re.fullmatch(r">=([1-9]\d?)", self.where, re.ASCII)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Question:
    rows: tuple[Row, ...]
    organism: str = ""
    technology: str = ""
    controls: bool = False
    recorded: bool = False
    exact: bool = False


def _of_phenotype(row: Row, exact: bool) -> list[str]:
    if not row.phenotype:
        return []
    if row.phenotype.startswith("="):
        return [f"phenotype = {literal(row.phenotype[1:])} AND term IS NULL"]
    term = literal(row.phenotype)
    return [f"term = {term}"] if exact else [f"term IN (SELECT term FROM term_ancestors WHERE ancestor = {term})"]


def _of_place(row: Row) -> list[str]:
    if not row.where or row.where == "other" or row.at_least:
        return []
    study, slash, component = row.where.partition("/")
    return [f"study = {literal(study)} AND component = {literal(component)}" if slash else f"study = {literal(study)}"]


def _filter(conditions: list[str]) -> str:
    return f"\n  WHERE {' AND '.join(conditions)}" if conditions else ""


def _condition(row: Row, exact: bool) -> str:
    """The genes, with the studies that count, of one row."""
    place = _of_place(row)
    having = f"\n  GROUP BY entity HAVING count(DISTINCT study) >= {row.at_least}" if row.at_least else ""
    what = "entity" if row.at_least else "DISTINCT entity, study"
    if row.verb == "has":
        return f"SELECT {what} FROM found{_filter([*_of_phenotype(row, exact), *place])}{having}"
    if row.verb == "sampled":
        return f"SELECT {what} FROM tested{_filter(place)}{having}"
    found = f"FROM found{_filter([*_of_phenotype(row, exact), *place])}".replace("\n ", "", 1)
    if row.where == "other":
        return f"SELECT entity, study FROM tested\n  EXCEPT SELECT entity, study {found}"
    return f"SELECT {what} FROM tested{_filter([*place, f'entity NOT IN (SELECT entity {found})'])}{having}"


def _chosen(rows: tuple[Row, ...]) -> str:
    """The genes that meet every row; `other` is another study than those of the rows before."""
    names = [f"c{n}" for n in range(1, len(rows) + 1)]
    base = next((name for name, row in zip(names, rows, strict=True) if not row.without), "tested")
    joined: list[str] = []
    left: list[tuple[str, str]] = []
    before: list[str] = []  # rows that must hold and name a study
    for name, row in zip(names, rows, strict=True):
        others = "".join(f" AND {name}.study <> {b}.study" for b in before) if row.where == "other" else ""
        on = f"JOIN {name} ON {name}.entity = {base}.entity{others}"
        if row.without:
            left.append((f"LEFT {on}", f"{name}.entity IS NULL"))
            continue
        if name != base:
            joined.append(on)
        if not row.at_least:
            before.append(name)
    where = [f"WHERE {' AND '.join(missing for _, missing in left)}"] if left else []
    return "\n  ".join([f"SELECT DISTINCT {base}.entity FROM {base}", *joined, *(on for on, _ in left), *where])


def sql(question: Question) -> str:
    """For DuckDB 0.9.1 and later. One row a gene: name, organism, studies, samples, where and what was found, its page."""
    q = question
    asks = ["t.kind = 'gene'", "t.entity IS NOT NULL"]
    if not q.controls:
        asks.append("NOT t.control")
    if q.organism:
        asks.append(f"t.entity IN (SELECT slug FROM entities WHERE kind = 'gene' AND organism = {literal(q.organism)})")
    if q.technology:
        asks.append(f"list_contains(string_split(c.technology, '; '), {literal(q.technology)})")
    if q.recorded:
        asks.append("c.phenotypes_observed > 0")
    conditions = "\n    AND ".join(asks)
    join = "\n  JOIN components c ON c.study = t.study AND c.component = t.component" if q.technology or q.recorded else ""
    parts = [
        "tested AS MATERIALIZED (\n  SELECT DISTINCT t.entity, t.study, t.component, t.sample_id\n"
        f"  FROM sample_targets t{join}\n  WHERE {conditions}\n)",
        "found AS MATERIALIZED (\n  SELECT t.entity, t.study, t.component, t.sample_id, p.phenotype, p.term\n"
        "  FROM tested t JOIN sample_phenotypes p ON p.sample_id = t.sample_id\n)",
        *(f"c{n} AS (\n  {_condition(row, q.exact)}\n)" for n, row in enumerate(q.rows, 1)),
        f"chosen AS (\n  {_chosen(q.rows)}\n)",
    ]
    with_ = ",\n".join(parts)
    return f"""WITH {with_}
SELECT e.name AS gene, e.organism,
       count(DISTINCT f.study) AS studies_with_phenotype, count(DISTINCT t.study) AS studies,
       count(DISTINCT f.sample_id) AS samples_with_phenotype, count(DISTINCT t.sample_id) AS samples,
       string_agg(DISTINCT f.study, '; ' ORDER BY f.study) AS found_in,
       string_agg(DISTINCT f.phenotype, '; ' ORDER BY f.phenotype) AS phenotypes,
       e.slug AS entity, e.address
FROM chosen
JOIN entities e ON e.kind = 'gene' AND e.slug = chosen.entity
JOIN tested t ON t.entity = chosen.entity
LEFT JOIN found f ON f.entity = t.entity AND f.sample_id = t.sample_id
GROUP BY e.name, e.organism, e.slug, e.address
ORDER BY studies_with_phenotype DESC, studies DESC, samples_with_phenotype DESC, entity"""


def fragment(question: Question) -> str:
    """The question as the part of the explorer's address after `#`, as explore-sql.js reads it."""

    def part(value: str) -> str:
        return quote(quote(value, safe="!'()*~"), safe="!'()*~")

    rows = ["c=" + "%7C".join(map(part, ("not" if r.without else "and", r.verb, r.phenotype, r.where))) for r in question.rows]
    rest = [f"{k}={quote(v, safe='')}" for k, v in (("organism", question.organism), ("technology", question.technology)) if v]
    flags = [f"{k}=yes" for k in ("controls", "recorded", "exact") if getattr(question, k)]
    return "&".join([*rows, *rest, *flags])
