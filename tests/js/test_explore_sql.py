"""Questions across studies: the browser and the pages write the same SQL, and it finds what plain counting finds."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import asdict
from pathlib import Path

import duckdb
import pyarrow as pa

from portal.pages.explore_sql import Question, Row, fragment, sql
from portal.publish.assets import node

MODULE = (Path(__file__).parents[2] / "assets/js/explore-sql.js").as_uri()
SCRIPT = """
import { toHash, toSql, fromHash } from '%s'
const out = JSON.parse(process.argv[1]).map((q) => ({ sql: toSql(q), hash: toHash(q), again: fromHash(toHash(q)) }))
process.stdout.write(JSON.stringify(out))
"""
# a: with a narrower term, b; c has none; and words that no term names.
TERMS = {"X:a": {"X:a", "X:b"}, "X:b": {"X:b"}, "X:c": {"X:c"}}
PHENOTYPES = ["", *TERMS, "=it's odd"]
STUDIES = {"s1": ("A", "B"), "s2": ("A",), "s3": ("A",), "s4": ("A",)}
PLACES = ["", "other", ">=2", ">=3", *STUDIES, "s1/A", "s1/B"]
TECHNOLOGY = {("s1", "A"): "RNAi", ("s1", "B"): "ORF; RNAi", ("s2", "A"): "ORF", ("s3", "A"): None, ("s4", "A"): "RNAi"}


def questions(n: int) -> list[Question]:
    dice = random.Random(4)
    asked = []
    for _ in range(n):
        rows = []
        for _ in range(dice.choice((1, 1, 2, 2, 3))):
            verb = dice.choice(("has", "has", "no", "sampled"))
            phenotype = "" if verb == "sampled" else dice.choice(PHENOTYPES)
            rows.append(Row(verb, phenotype, dice.choice(PLACES), without=dice.random() < 0.25))
        asked.append(Question(
            tuple(rows), organism=dice.choice(("", "", "Homo sapiens")), technology=dice.choice(("", "", "ORF")),
            controls=dice.random() < 0.2, recorded=dice.random() < 0.2, exact=dice.random() < 0.3,
        ))  # fmt: skip
    return asked


def given(question: Question) -> dict[str, object]:
    rows = [{"not": r.without, "verb": r.verb, "phenotype": r.phenotype, "where": r.where} for r in question.rows]
    return {**asdict(question), "rows": rows}


Sample = tuple[str, str, str, str, bool, frozenset[tuple[str, str | None]]]  # gene, study, component, sample_id, control, phenotypes


def samples() -> list[Sample]:
    dice = random.Random(11)
    uses = [("alpha", "X:a"), ("beta", "X:b"), ("gamma", "X:c"), ("it's odd", None), ("delta", "X:c")]
    found: list[Sample] = []
    for gene in range(24):
        for study, components in STUDIES.items():
            for component in components:
                for k in range(dice.choice((0, 0, 1, 2))):
                    # s3 records nothing.
                    seen = frozenset(u for u in uses if study != "s3" and dice.random() < 0.18)
                    found.append((f"g{gene}", study, component, f"{study}/{component}/p/{gene}-{k}", dice.random() < 0.15, seen))
    return found


def organism(gene: str) -> str:
    return "Homo sapiens" if int(gene[1:]) % 2 else "Mus musculus"


def tables(rows: list[Sample]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    targets = [{"sample_id": i, "study": s, "component": c, "kind": "gene", "entity": g, "control": k} for g, s, c, i, k, _ in rows]
    targets += [{**t, "kind": "reagent", "entity": None} for t in targets] + [{**t, "entity": None} for t in targets[:3]]
    seen = [
        {"sample_id": i, "study": s, "component": c, "phenotype": p, "term": t, "control": k}
        for _, s, c, i, k, uses in rows for p, t in sorted(uses, key=str)
    ]  # fmt: skip
    genes = sorted({r[0] for r in rows})
    recorded = {(s, c): len(uses) for _, s, c, _, _, uses in rows if uses}
    made = {
        "sample_targets": targets,
        "sample_phenotypes": seen,
        "entities": [{"kind": "gene", "slug": g, "name": g.upper(), "organism": organism(g), "address": f"genes/{g}/"} for g in genes],
        "components": [
            {"study": s, "component": c, "technology": t, "phenotypes_observed": recorded.get((s, c), 0)}
            for (s, c), t in TECHNOLOGY.items()
        ],
        "term_ancestors": [{"term": t, "ancestor": a, "distance": int(t != a)} for a, its in TERMS.items() for t in its],
    }
    for name, its in made.items():
        con.register(name, pa.Table.from_pylist(its))
    return con


def counted(question: Question, rows: list[Sample]) -> set[str]:
    """The genes that a question means, without SQL."""
    recorded = {(s, c) for _, s, c, _, _, uses in rows if uses}
    rows = [
        r for r in rows
        if (question.controls or not r[4]) and (not question.organism or organism(r[0]) == question.organism)
        and (not question.technology or question.technology in (TECHNOLOGY[r[1], r[2]] or "").split("; "))
        and (not question.recorded or (r[1], r[2]) in recorded)
    ]  # fmt: skip

    def matches(row: Row, uses: frozenset[tuple[str, str | None]]) -> bool:
        if not row.phenotype:
            return bool(uses)
        if row.phenotype.startswith("="):
            return (row.phenotype[1:], None) in uses
        terms = {row.phenotype} if question.exact else TERMS[row.phenotype]
        return any(t in terms for _, t in uses)

    def studies(row: Row, gene: str) -> set[str]:
        """Studies in which the gene meets the row; for `>=n`, any study stands for having met it."""
        named = row.where not in ("", "other") and not row.at_least
        its = [r for r in rows if r[0] == gene and (not named or row.where in (r[1], f"{r[1]}/{r[2]}"))]
        tested, found = {r[1] for r in its}, {r[1] for r in its if matches(row, r[5])}
        if row.verb == "has":
            meets = found
        elif row.verb == "sampled":
            meets = tested
        else:
            meets = tested - found if row.where == "other" else set() if found else tested
        return meets if len(meets) >= max(1, row.at_least) else set()

    def holds(gene: str, at: int, before: tuple[tuple[int, str], ...]) -> bool:
        """Whether studies can be chosen for every row that must hold, from row `at` on, and no row that must not hold does."""
        if at == len(question.rows):
            return all(
                not [s for s in studies(r, gene) if r.where != "other" or all(s != b for n, b in before if n < k)]
                for k, r in enumerate(question.rows) if r.without
            )  # fmt: skip
        row = question.rows[at]
        if row.without:
            return holds(gene, at + 1, before)
        open_ = [s for s in studies(row, gene) if row.where != "other" or all(s != b for _, b in before)]
        return any(holds(gene, at + 1, before if row.at_least else (*before, (at, s))) for s in open_)

    return {g for g in {r[0] for r in rows} if holds(g, 0, ())}


def test_the_browser_and_the_page_write_the_same() -> None:
    asked = questions(300)
    argument = json.dumps([given(q) for q in asked])
    done = subprocess.run([node(), "--input-type=module", "-e", SCRIPT % MODULE, argument], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for question, made in zip(asked, json.loads(done.stdout), strict=True):
        assert made["sql"] == sql(question)
        assert made["hash"] == fragment(question)
        assert made["again"] == given(question)


def test_sql_finds_what_counting_finds() -> None:
    rows = samples()
    con = tables(rows)
    sizes = set()
    for question in [*questions(150), Question((Row("sampled"),), controls=True)]:  # the last has nearly every gene
        answer = con.execute(sql(question)).fetchall()
        names = [r[-2] for r in answer]
        assert len(names) == len(set(names))
        assert set(names) == counted(question, rows), f"{question}\n{sql(question)}"
        sizes.add(len(names))
    assert {0, 1, 2} < sizes and max(sizes) > 20  # questions with answers, and without


def test_an_answer_s_numbers() -> None:
    rows = samples()
    answer = tables(rows).execute(sql(Question((Row("has", "X:a", ">=2"),)))).fetchall()
    assert answer
    for name, its_organism, hit, studies, samples_hit, all_samples, found_in, phenotypes, slug, address in answer:
        its = [r for r in rows if r[0] == slug and not r[4]]
        seen = [r for r in its if r[5]]
        assert (name, its_organism, address) == (slug.upper(), organism(slug), f"genes/{slug}/")
        assert (hit, studies) == (len({r[1] for r in seen}), len({r[1] for r in its}))
        assert (samples_hit, all_samples) == (len({r[3] for r in seen}), len({r[3] for r in its}))
        assert found_in == "; ".join(sorted({r[1] for r in seen})) and phenotypes == "; ".join(sorted({p for r in seen for p, _ in r[5]}))
