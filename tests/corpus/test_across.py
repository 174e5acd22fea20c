"""The genes of truth.json across studies: the same studies, components and phenotypes in pages and in Parquet, organisms told apart."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path

import duckdb
import pytest

from tests.conftest import CORPUS
from tests.figures import tables, tree


@cache
def truth() -> dict[str, dict]:
    file = CORPUS / "truth.json"
    return json.loads(file.read_text())["genes"] if file.is_file() else {}


# Studies whose tables truth.json read whole, screen by screen.
READ = frozenset(screen[:7] for told in truth().values() for screen in told["screens"])


def expected(con: duckdb.DuckDBPyConnection, gene: str) -> dict[str, dict[str, dict[str, int]]]:
    """entity → `<study> <component>` → {phenotype: rows}, of the entities that truth's identifiers belong to."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for key, figures in truth()[gene]["screens"].items():
        accession, letter = key.split("-")
        for identifier in figures["gene_identifiers"]:
            rows = con.execute(
                "SELECT DISTINCT t.entity, t.component FROM samples s JOIN sample_targets t USING (sample_id) WHERE t.kind = 'gene' "
                "AND s.study = ? AND s.component LIKE ? AND s.gene_id = ? AND list_contains(string_split_regex(s.gene_id, '[; ]+'), t.id)",
                [accession, f"%{letter}", identifier],
            ).fetchall()
            assert rows, f"{key}: {identifier} is in no sample"
            for entity, component in rows:
                if len(figures["gene_identifiers"]) == 1:
                    found[entity][f"{accession} {component}"] = {p["phenotype"].casefold(): p["rows"] for p in figures["phenotypes"]}
    return found


@pytest.mark.parametrize("gene", sorted(truth()))
def test_pages_have_exactly_the_studies_and_phenotypes_of_the_truth(built_corpus: Path, gene: str) -> None:
    con = tables(built_corpus / "data")
    compared = 0
    for entity, wanted in expected(con, gene).items():
        page = tree((built_corpus / f"genes/{entity}/index.html").read_text())
        rows: dict[str, dict[str, int]] = defaultdict(dict)
        for node in page.all():
            if node.tag == "tr" and "ortholog" not in node.attributes.get("class", "") and "data-row" in node.attributes:
                rows[node.attributes["data-row"]] = {}
            if node.attributes.get("data-figure") == "with_it":
                row = node.nearest("data-row") or ""
                place = " ".join(row.split(" ")[:2])
                rows[place][row.removeprefix(place).strip().casefold()] = int(node.text().replace(",", ""))
        for place, phenotypes in wanted.items():
            assert rows.get(place) == phenotypes, f"{entity} in {place}"
            compared += 1
        # Beside them the page has what the truth did not look for: other names and identifiers of the gene, studies that it could not read.
        searched = {*truth()[gene]["synonyms_used"], *truth()[gene]["ids_used"]}
        names = con.execute(
            "SELECT study || ' ' || component, list(DISTINCT coalesce(symbol, id)) FROM sample_targets "
            "WHERE kind = 'gene' AND entity = ? GROUP BY ALL",
            [entity],
        ).fetchall()
        beside = {place for place, called in names if searched & set(called)} - wanted.keys()
        assert not {p for p in beside if p.split(" ")[0] in READ}, f"{entity} stands in {beside} too, by a name that the truth looked for"
        told = con.execute(
            "SELECT study || ' ' || component, count(DISTINCT sample_id) FROM sample_targets "
            "WHERE kind = 'gene' AND entity = ? GROUP BY ALL ORDER BY 1",
            [entity],
        ).fetchall()
        assert {place for place, _ in told} == set(rows), "the table and the page name the same components"
    assert compared


def test_human_yeast_and_fission_yeast_sgo1_are_three_genes(built_corpus: Path) -> None:
    con = tables(built_corpus / "data")
    rows = con.execute("""
        SELECT entity, organism, list(DISTINCT study ORDER BY study) FROM sample_targets
        WHERE kind = 'gene' AND lower(symbol) IN ('sgo1', 'sgol1') GROUP BY ALL ORDER BY organism
    """).fetchall()
    assert [(entity.partition("--")[2], organism) for entity, organism, _ in rows] == [
        ("homo-sapiens", "Homo sapiens"), ("saccharomyces-cerevisiae", "Saccharomyces cerevisiae"),
        ("schizosaccharomyces-pombe", "Schizosaccharomyces pombe"),
    ]  # fmt: skip
    assert rows[0][0] == "sgo1--homo-sapiens", "called by the symbol of today"
    moved = (built_corpus / "genes/sgol1--homo-sapiens/index.html").read_text()
    assert "sgo1--homo-sapiens/" in moved and 'data-page="moved"' in moved
    (synonyms,) = con.execute("SELECT synonyms FROM entities WHERE kind = 'gene' AND slug = 'sgo1--homo-sapiens'").fetchone() or ("",)
    assert "SGOL1" in synonyms.split("; ")
