"""What crosses studies, counted from published tables written here by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portal.crossing import Crossing, Pair
from portal.warehouse.cross import MOST_GENES, TABLES, crossing
from portal.warehouse.schema import TABLES as SCHEMAS
from tests.warehouse.bench import Bench

# gene, study, component, sample, control, its phenotypes
ROWS: list[tuple[str, str, str, str, bool, tuple[tuple[str, str | None], ...]]] = [
    ("kif11", "s1", "A", "1", False, (("arrest", "X:1"), ("stopped", "X:1"))),
    ("kif11", "s1", "A", "2", False, ()),
    ("kif11", "s2", "A", "3", False, (("round", "X:2"),)),
    ("kif11", "s3", "A", "4", False, ()),
    ("plk1", "s1", "A", "5", True, (("arrest", "X:1"),)),
    ("plk1", "s2", "A", "6", False, (("halt", "X:1"), ("odd", None))),
    ("wee1", "s1", "A", "7", False, (("arrest", "X:1"),)),
    ("wee1", "s2", "A", "8", True, (("round", "X:2"),)),
]


def filled(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as the published table has them; what a row does not say is null, or what its type has for nothing."""
    schema = SCHEMAS[name][0]
    nothing = {pa.string(): "", pa.int64(): 0, pa.bool_(): False}
    full = [{f.name: row.get(f.name, None if f.nullable else nothing[f.type]) for f in schema} for row in rows]
    return pa.Table.from_pylist(full, schema)


@pytest.fixture
def told(tmp_path: Path) -> Crossing:
    genes = sorted({r[0] for r in ROWS})
    places = [*sorted({(r[1], r[2]) for r in ROWS}), ("s4", "A")]
    looked = {(s, c, p, t) for _, s, c, _, _, uses in ROWS for p, t in uses} | {("s4", "A", "arrest", "X:1"), ("s3", "A", "nothing", "X:3")}
    rows: dict[str, list[dict[str, Any]]] = {
        "component_phenotypes": [{"study": s, "component": c, "phenotype": p, "term": t} for s, c, p, t in sorted(looked, key=str)],
        "components": [
            {"study": s, "component": c, "organisms": "Homo sapiens", "samples": 9, "genes": int(s != "s4"), "technology": "RNAi; ORF"}
            for s, c in places
        ],
        "entities": [{"kind": "gene", "slug": g, "name": g.upper(), "organism": "Homo sapiens"} for g in genes],
        "sample_phenotypes": [
            {"sample_id": i, "study": s, "component": c, "phenotype": p, "term": t, "control": k}
            for _, s, c, i, k, uses in ROWS for p, t in uses
        ],
        "sample_targets": [
            {"sample_id": i, "study": s, "component": c, "kind": kind, "entity": g if kind == "gene" else None, "control": k}
            for g, s, c, i, k, _ in ROWS for kind in ("gene", "reagent")
        ],
        "terms": [{"term": t, "name": n, "role": "phenotype"} for t, n in (("X:1", "arrested"), ("X:2", "round cell"))]
        + [{"term": "X:0", "name": "cell", "role": "phenotype", "studies": 0, "all_studies": 2}],
    }  # fmt: skip
    assert set(rows) == set(TABLES)
    bench = Bench(tmp_path)
    trees = []
    for name, its in rows.items():
        file = tmp_path / f"{name}.parquet"
        pq.write_table(filled(name, its), file)
        trees.append(bench.opened({file.name: file.read_bytes()}))
    return Crossing.model_validate_json(bench.run(crossing, *trees).read("crossing.json"))


def test_phenotypes_are_terms_and_samples_are_counted_once(told: Crossing) -> None:
    at = [f"{c.study}/{c.component}" for c in told.components]
    found = {p.key: {at[cell.at]: cell.samples for cell in p.cells} for p in told.phenotypes}
    # Two of the authors' words for one term in one sample are one sample; controls are left out; looked for in vain is 0.
    assert found == {
        "X:1": {"s1/A": 2, "s2/A": 1, "s4/A": 0}, "X:2": {"s2/A": 1}, "odd": {"s2/A": 1}, "X:3": {"s3/A": 0},
    }  # fmt: skip
    assert [(p.key, p.studies, p.looked_for) for p in told.phenotypes] == [("X:1", 2, 3), ("odd", 1, 1), ("X:2", 1, 1), ("X:3", 0, 1)]
    first = told.phenotypes[0]
    assert (first.name, first.words, first.slug) == ("arrested", ("arrest", "halt", "stopped"), "X_1")
    assert told.phenotypes[1].term is None


def test_components_tell_whether_they_record_phenotypes(told: Crossing) -> None:
    assert {c.study: c.recorded for c in told.components} == {"s1": True, "s2": True, "s3": False, "s4": False}
    assert told.places == (("s1", "A"), ("s2", "A"), ("s3", "A"))
    assert told.technologies == ("ORF", "RNAi")
    assert told.broader == (("X:0", "cell"),)


def test_genes_need_a_phenotype_in_two_studies_without_controls(told: Crossing) -> None:
    (human,) = told.genes
    (gene,) = human.genes
    assert (human.organism, human.several, gene.slug, gene.hit, gene.studies, gene.components) == ("Homo sapiens", 1, "kif11", 2, 3, 2)
    assert [told.components[at].study for at in gene.sampled] == ["s1", "s2"]  # s3 records nothing
    assert gene.found == gene.sampled
    assert len(human.genes) <= MOST_GENES


def test_the_example_has_an_answer(told: Crossing) -> None:
    assert told.pair == Pair(first="X:1", study="s1", second="X:2")
