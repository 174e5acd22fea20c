"""The portal of the whole corpus against figures that were counted apart from this code (`../shared/corpus/truth.json`).

Everything is read from what a reader can download: the published Parquet, through DuckDB. Where we differ, the reason is
a condition on the tables that the test checks, never a study's name.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

TRUTH = Path(__file__).parents[2] / "../shared/corpus/truth.json"

pytestmark = pytest.mark.skipif(not TRUTH.is_file(), reason=f"no figures at {TRUTH}")


@functools.cache
def truth() -> dict[str, Any]:
    return json.loads(TRUTH.read_text()) if TRUTH.is_file() else {}


def screens() -> list[tuple[str, str, str]]:
    """(accession, component, key in the truth) of every component that has figures."""
    return [
        (study, figures["name"].rpartition("/")[2], key)
        for study, of_study in truth().get("table1", {}).items()
        for key, figures in of_study["screens"].items()
        if figures["rows"]
    ]


class Tables:
    """The published tables, and `rows(sql, …)`."""

    def __init__(self, site: Path):
        self._connection = duckdb.connect()
        for path in sorted(p for p in (site / "data").glob("*.parquet") if "-" not in p.name):
            self._connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
        self._site = site

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(values)).fetchall()

    def one(self, sql: str, *values: object) -> Any:
        return self.rows(sql, *values)[0][0]

    def own(self, study: str, component: str) -> str:
        return f"read_parquet('{self._site}/data/studies/{study}/{component}.parquet')"

    def ledger(self, study: str) -> Any:
        return json.loads((self._site / "studies" / study / "provenance/ledger.json").read_text())

    def columns(self, study: str, component: str) -> list[str]:
        return [row[0] for row in self.rows(f"DESCRIBE FROM {self.own(study, component)}")]


@pytest.fixture(scope="module")
def tables(built_corpus: Path) -> Tables:
    return Tables(built_corpus)


def spelt(name: str, columns: list[str]) -> list[str]:
    """A source column under its name, and the later ones of that name: where two tables differ both are kept."""
    return [c for c in (name, f"{name} (2)") if c in columns]


def distinct(tables: Tables, study: str, components: list[str], column: str, where: str = "true") -> set[int]:
    """Distinct cells of a source column in all components, counted as we keep it and as the figures were counted.

    Their reader took words for missing values that stand for themselves (`nan` is a gene of the fruit fly), and of two
    tables that name a thing differently it took the second.
    """
    found = set()
    for variant in (column, f"{column} (2)"):
        cells: set[str] = set()
        for component in components:
            names = tables.columns(study, component)
            name = variant if variant in names else column
            if name in names:
                cells |= {r[0] for r in tables.rows(f'SELECT DISTINCT "{name}" FROM {tables.own(study, component)} WHERE {where}') if r[0]}
        found |= {len(cells), len(cells - {"nan"}), len(cells - {"empty", "NA"})}
    return found


@pytest.mark.parametrize(("study", "component", "key"), screens())
def test_figures_of_a_component(tables: Tables, study: str, component: str, key: str) -> None:
    figures = truth()["table1"][study]["screens"][key]
    here = "study = ? AND component = ?"
    samples = tables.rows(
        f"SELECT count(*), count(DISTINCT sample_id), count(control_type), count(*) FILTER (has_phenotype), count(DISTINCT gene_id) "
        f"FROM samples WHERE {here}",
        study, component,
    )[0]  # fmt: skip
    seen = tables.rows(
        f"SELECT count(DISTINCT lower(phenotype)), count(DISTINCT term) FROM sample_phenotypes WHERE {here}", study, component
    )
    found = dict(
        zip(
            ("rows", "distinct_plate_well_or_image", "control_rows", "rows_with_phenotype", "distinct_gene_identifiers",
             "phenotypes_observed", "terms_observed"),
            (*samples, *seen[0]), strict=True,
        )
    )  # fmt: skip
    assert found == {k: figures[k] for k in found}
    symbols = [c for c in tables.columns(study, component) if "gene symbol" in c.casefold() and "synonym" not in c.casefold()]
    assert any(figures["distinct_gene_symbols"] in distinct(tables, study, [component], s) for s in symbols), symbols


@pytest.mark.parametrize("study", sorted({s for s, _, _ in screens()}))
def test_raw_counts_of_a_study(tables: Tables, study: str) -> None:
    counts = truth()["table1"][study]["raw_counts"]
    components = [c for s, c, _ in screens() if s == study]
    found = tables.rows(
        "SELECT count(*), count(DISTINCT gene_id), count(DISTINCT gene_id) FILTER (control_type IS NULL) FROM samples WHERE study = ?",
        study,
    )[0]
    assert found == (counts["rows"], counts["distinct_gene_identifiers"], counts["distinct_gene_identifiers_non_control"])
    assert tables.one("SELECT count(*) FROM components WHERE study = ?", study) == counts["screens_in_study_txt"]
    for column, count in counts["other_target_columns"].items():
        assert count in distinct(tables, study, components, column), column


@pytest.mark.parametrize("study", sorted({s for s, _, _ in screens() if truth()["table1"][s]["ours"]["experiments"] is not None}))
def test_the_papers_own_count_of_experiments(tables: Tables, study: str) -> None:
    """Loaded plates, imaged wells, raw images: reached by the rules that the import declared in study.yaml.

    The paper counts datasets where truth.json says so, and of one study a single screen: its rule tells which. A study whose
    tables are missing has no figure there.
    """
    ours = truth()["table1"][study]["ours"]
    rule = ours["experiments_rule"]
    where = "study = ? AND counted"
    if "screen A only" in rule:
        where += " AND component = 'screenA'"
    if "empty well" in rule and "other than" in rule:
        where += " AND control_type IS DISTINCT FROM 'empty well'"
    counted = "count(DISTINCT container)" if rule.startswith("distinct Dataset") else "count(*)"
    assert tables.one(f"SELECT {counted} FROM samples WHERE {where}", study) == ours["experiments"], rule


def test_every_term_has_the_samples_that_were_counted(tables: Tables) -> None:
    """Each CMPO term in every component, controls included.

    We may have more where the source itself says so: a key on several processed rows gives a sample the phenotypes of them
    all (the figures kept one row's), and a table may name the term in a column that the figures did not know.
    """
    wrong = []
    for term, figures in truth()["cmpo_terms"].items():
        if not term.startswith("CMPO_"):
            continue
        found = tables.rows(
            "SELECT study, component, count(DISTINCT sample_id) FROM sample_phenotypes WHERE term = ? GROUP BY ALL ORDER BY ALL",
            term.replace("_", ":"),
        )
        ours = {f"{study}-{component[-1]}": (study, component, n) for study, component, n in found}
        for key in sorted(ours.keys() | figures["screens_all_incl_controls"].keys()):
            study, component, n = ours.get(key, ("", "", 0))
            expected = figures["screens_all_incl_controls"].get(key, 0)
            if n != expected and not 0 < n - expected <= repeated_keys(tables, study, component) + named(tables, study, component, term):
                wrong.append(f"{term} in {key}: {n:,} samples, {expected:,} were counted")
    assert not wrong, "\n".join(wrong)


def repeated_keys(tables: Tables, study: str, component: str) -> int:
    """Keys that stand on several rows of the joined table, as the published ledger of the import counts them."""
    told = tables.ledger(study)
    return sum(c["join"]["repeated"] for c in told["components"] if c["name"] == component and c["join"])


def named(tables: Tables, study: str, component: str, term: str) -> int:
    """Samples whose row names the term in a column of the source's for term accessions."""
    columns = [c for c in tables.columns(study, component) if re.search(r"term.*accession", c, re.IGNORECASE)]
    return max((tables.one(f'SELECT count(*) FROM {tables.own(study, component)} WHERE "{c}" = ?', term) for c in columns), default=0)


@pytest.mark.parametrize("gene", sorted(truth().get("genes", {})))
def test_samples_of_a_gene(tables: Tables, gene: str) -> None:
    """The paper's examples, found by identifier in every study: rows, controls and terms."""
    for key, figures in truth()["genes"][gene]["screens"].items():
        study, letter = key.split("-")
        for identifier, rows in figures["gene_identifiers"].items():
            found = tables.rows(
                "SELECT count(*) FROM samples WHERE study = ? AND component LIKE ? AND gene_id = ?", study, f"%{letter}", identifier
            )
            assert found == [(rows,)], (key, identifier)
            for phenotype in figures["phenotypes"]:
                terms = tables.rows(
                    "SELECT DISTINCT p.term FROM sample_phenotypes p JOIN samples s USING (sample_id) "
                    "WHERE s.study = ? AND s.component LIKE ? AND s.gene_id = ? AND lower(p.phenotype) = lower(?) AND p.term IS NOT NULL",
                    study, f"%{letter}", identifier, phenotype["phenotype"],
                )  # fmt: skip
                assert sorted(t for (t,) in terms) == sorted(t.replace("_", ":") for t in phenotype["terms"]), (key, identifier)


@pytest.mark.parametrize("key", sorted(truth().get("elongated_cell_CMPO_0000077", {})))
def test_genes_of_the_elongated_cell_phenotype(tables: Tables, key: str) -> None:
    study, letter = key.split("-")
    figures = truth()["elongated_cell_CMPO_0000077"][key]
    found = tables.rows(
        "SELECT s.gene_id, count(DISTINCT s.sample_id) FROM sample_phenotypes p JOIN samples s USING (sample_id) "
        "WHERE p.term = 'CMPO:0000077' AND s.study = ? AND s.component LIKE ? AND s.gene_id IS NOT NULL GROUP BY ALL",
        study, f"%{letter}",
    )  # fmt: skip
    expected = {g["gene_identifier"]: g["rows"] for g in figures["genes"]}
    assert dict(found) == expected
    assert len(found) == figures["n_genes"]
