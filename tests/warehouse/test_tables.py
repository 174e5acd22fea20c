"""The published tables: schemas, order, keys, references, bytes that any reader takes."""

from __future__ import annotations

import functools
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from portal.facts import ComponentImages, ComponentRecord, Refusal, StudyFacts
from portal.warehouse.dump import table
from portal.warehouse.keys import FOREIGN_KEYS, PRIMARY_KEYS
from portal.warehouse.parquet import write
from portal.warehouse.schema import TABLES
from portal.warehouse.studies import facts, merge_images, plate_size
from tests.warehouse.bench import HUMAN, Bench, Row, image, images_file, screen, study
from tests.warehouse.conftest import Warehouse, make
from tests.warehouse.four_studies import cell_shapes


def rows_of(data: Path, sql: str) -> list[tuple]:
    """An answer of DuckDB, asked in the dump's folder: `{samples}` stands for a table."""
    files = {name: f"'{data / name}.parquet'" for name in TABLES}
    with duckdb.connect() as con:
        return con.execute(sql.format(**files)).fetchall()


@pytest.mark.parametrize("name", TABLES)
def test_schema_is_the_contract(data: Path, name: str) -> None:
    schema, _, _ = TABLES[name]
    assert pq.read_schema(data / f"{name}.parquet").equals(schema, check_metadata=True)


@pytest.mark.parametrize("name", TABLES)
def test_sorted_by_code_point_with_nulls_last(data: Path, name: str) -> None:
    _, order, _ = TABLES[name]
    keys = [[row[c] for c in order] for row in pq.read_table(data / f"{name}.parquet").to_pylist()]
    assert keys, f"{name} has no row to look at"

    def compare(a: list, b: list) -> int:
        for x, y in zip(a, b, strict=True):
            if x != y:
                return 1 if x is None else -1 if y is None else (x > y) - (x < y)
        return 0

    assert keys == sorted(keys, key=functools.cmp_to_key(compare))


@pytest.mark.parametrize("name", TABLES)
def test_parquet_that_old_readers_take(data: Path, name: str) -> None:
    file = pq.ParquetFile(data / f"{name}.parquet").metadata
    for group in range(file.num_row_groups):
        for column in range(file.num_columns):
            chunk = file.row_group(group).column(column)
            assert chunk.compression == "ZSTD"
            assert set(chunk.encodings) <= {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED"}
    assert {file.schema.column(c).physical_type for c in range(file.num_columns)} <= {"BYTE_ARRAY", "BOOLEAN", "INT32", "INT64", "DOUBLE"}
    lengths = [file.row_group(g).num_rows for g in range(file.num_row_groups)]
    assert all(n <= 32_768 for n in lengths)


@pytest.mark.parametrize(("name", "key"), PRIMARY_KEYS.items())
def test_keys_are_unique(data: Path, name: str, key: tuple[str, ...]) -> None:
    columns = ", ".join(f'"{k}"' for k in key)
    assert rows_of(data, f"SELECT {columns}, count(*) FROM {{{name}}} GROUP BY ALL HAVING count(*) > 1") == []
    assert not [f.name for f in TABLES[name][0] if f.name in key and f.nullable]


@pytest.mark.parametrize(("name", "columns", "target", "theirs"), [(n, *key) for n, keys in FOREIGN_KEYS.items() for key in keys])
def test_references_resolve(data: Path, name: str, columns: tuple[str, ...], target: str, theirs: tuple[str, ...]) -> None:
    assert rows_of(data, f"SELECT count(*) FROM {{{name}}}") != [(0,)]
    wanted = " AND ".join(f'a."{c}" = b."{t}"' for c, t in zip(columns, theirs, strict=True))
    filled = " AND ".join(f'a."{c}" IS NOT NULL' for c in columns)
    assert rows_of(data, f"SELECT * FROM {{{name}}} a ANTI JOIN {{{target}}} b ON {wanted} WHERE {filled}") == []


def test_samples_hold_every_row_with_its_images(data: Path) -> None:
    counted = rows_of(data, "SELECT study, component, count(*), sum(n_images) FROM {samples} GROUP BY ALL ORDER BY ALL")
    assert counted == [
        ("idr0001", "screenA", 3, 0), ("idr0012", "screenA", 5, 3), ("idr0013", "screenB", 14, 0), ("idr0032", "experimentA", 2, 1),
        ("idr0032", "screenA", 3, 0),
    ]  # fmt: skip
    repeated = rows_of(data, "SELECT sample_id FROM {samples} WHERE container = 'LT01' AND sample = 'A1' ORDER BY ALL")
    assert [r[0] for r in repeated] == ["idr0013/screenB/LT01/A1", "idr0013/screenB/LT01/A1~2"]


def test_totals_of_studies_components_and_containers_agree_with_samples(data: Path) -> None:
    for name, by in (("studies", "study"), ("components", "study, component"), ("containers", "study, component, container")):
        wrong = rows_of(
            data,
            f"""SELECT * FROM (SELECT {by}, samples FROM {{{name}}} WHERE samples > 0)
                FULL JOIN (SELECT {by}, count(*) AS n FROM {{samples}} GROUP BY ALL) USING ({by}) WHERE samples IS DISTINCT FROM n""",
        )
        assert wrong == [], name
    told = rows_of(data, "SELECT missing, samples, phenotypes_declared FROM {components} WHERE study = 'idr0013' AND component = 'screenA'")
    assert told == [("The tables were not deposited.", 0, 1)]


def test_images_say_where_they_are_shown(data: Path) -> None:
    shown = dict(rows_of(data, "SELECT name, address FROM {images}"))
    assert shown["b11-1"].startswith("studies/idr0012/screenA/ht01-") and shown["b11-1"].endswith("/#B11")
    assert shown["b11-2"].endswith("/#B11.f2"), "the second field of a well"
    assert shown["shown"] == "images/idr0012-screena-shown/", "a featured image has a page of its own"
    assert shown["x"] == "images/idr0032-experimenta-x/"


def test_a_container_that_only_images_name(warehouse: Warehouse, data: Path) -> None:
    found = rows_of(data, "SELECT kind, rows, samples, images FROM {containers} WHERE container = 'Unlisted'")
    assert found == [("dataset", None, 0, 1)]
    assert rows_of(data, "SELECT container, images FROM {containers} WHERE study = 'idr0012' ORDER BY ALL") == [("HT01", 3), ("HT02", 0)]
    record = ComponentRecord.model_validate(warehouse.facts[3].json("components/experimentA.json"))
    assert record.facts.images == 2 and [i.name for i in record.images.images] == ["1.tif", "x"]


def test_terms_in_every_role(data: Path) -> None:
    roles = rows_of(data, "SELECT role, term, name, studies, components, samples, address FROM {terms} ORDER BY ALL")
    assert ("imaging method", "FBbi:00000246", "fluorescence microscopy", 2, 2, None, "methods/FBbi_00000246/") in roles
    assert ("technology", "EFO:0007551", "RNAi screen", 2, 2, None, "study-types/EFO_0007551/") in roles, "the most frequent name"
    assert ("study type", "EFO:0007550", "high content screen", 1, 1, None, "study-types/EFO_0007550/") in roles
    assert ("phenotype", "CMPO:0000118", "round phenotype", 3, 3, 3, "phenotypes/CMPO_0000118/") in roles
    assert ("organism", "NCBITaxon:9606", "Homo sapiens", 2, 3, 16, "organisms/NCBITaxon_9606/") in roles


def test_bytes_depend_on_the_content_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    again = make(tmp_path, backwards=True)
    for before, after in ((warehouse.entities, again.entities), (warehouse.dump, again.dump), (warehouse.catalogue, again.catalogue)):
        assert dict(before) == dict(after)


def test_a_title_moves_no_gene_and_no_sample(warehouse: Warehouse, tmp_path: Path) -> None:
    renamed = make(tmp_path, title="Sisters together")
    changed = {p for p in warehouse.dump if renamed.dump.get(p) != warehouse.dump[p]}
    assert dict(renamed.entities) == dict(warehouse.entities)
    assert {p for p in changed if p.endswith(".parquet")} == {p for p in warehouse.dump if p.startswith(("data/studies.", "data/studies-"))}
    assert [w.facts[1]["components/screenA.json"] for w in (warehouse, renamed)] == [warehouse.facts[1]["components/screenA.json"]] * 2


def test_row_groups_of_a_large_table(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    it = screen("screenA")
    rows = [
        Row(f"plate{n // 384:03d}", f"{'ABCDEFGHIJKLMNOP'[n % 384 // 24]}{n % 24 + 1}", ((str(n % 9_000), None),)) for n in range(40_000)
    ]
    tree = bench.component("idr0099", it, rows, HUMAN.name)
    for name, lengths in (("samples", [32_768, 7_232]), ("sample_targets", [8_192] * 4 + [7_232])):
        file = pq.ParquetFile(bench.run(table, tree, name=name).path(f"{name}.parquet"))
        assert [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)] == lengths


def test_row_groups_do_not_depend_on_how_rows_arrive(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64())])
    made = []
    for batch in (7, 100, 64, 1_000):
        path = tmp_path / f"{batch}.parquet"
        batches = pa.table({"n": range(1_000)}, schema).to_batches(max_chunksize=batch)
        assert write(path, schema, batches, ("n",), row_group=64) == 1_000
        file = pq.ParquetFile(path)
        assert [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)] == [64] * 15 + [40]
        assert file.read().column("n").to_pylist() == list(range(1_000))
        made.append(path.read_bytes())
    assert len(set(made)) == 1


def test_a_null_where_none_may_be_is_refused(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("n", pa.int64(), nullable=False)])
    with pytest.raises(pa.ArrowInvalid, match="column n must be filled, and 1 rows are not"):
        write(tmp_path / "x.parquet", schema, pa.table({"n": [1, None]}).to_batches(), ("n",))


def test_an_empty_portal_has_empty_tables(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for name, (schema, _, _) in TABLES.items():
        made = pq.read_table(bench.run(table, name=name).path(f"{name}.parquet"))
        assert made.num_rows == 0 and made.schema.equals(schema, check_metadata=True)


def test_images_of_one_component_are_merged() -> None:
    first, second = image("idr0012", "screenA", "a", "HT01", "A1"), image("idr0012", "screenA", "b", "HT01", "A2")
    twin = first.model_copy(update={"path": "images/twin.tif"})
    merged = merge_images([ComponentImages(images=(second,)), ComponentImages(images=(first,)), ComponentImages(images=(twin, first))])
    assert [i.name for i in merged.images] == ["a", "b"]
    assert [r.path for r in merged.refused] == ["images/twin.tif"], "an identifier is taken once, and the other image is named"


def test_refused_images_find_their_component(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    parts = [screen("screenA", images=({"source": "a/*.tif"},)), screen("screenB", images=({"source": "b/*.tif"},))]
    header = bench.opened({"study.json": study("idr0001", *parts).model_dump_json().encode()})
    refused = bench.opened({"images.json": images_file([], refused=(Refusal(path="b/1.tif", why="is cut off"),))})
    made = StudyFacts.model_validate(bench.run(facts, header, refused, accession="idr0001").json("facts.json"))
    assert [len(part.refused) for part in made.images] == [0, 1]


def test_facts_of_another_study_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    header = bench.opened({"study.json": cell_shapes("x").study.model_dump_json().encode()})
    with pytest.raises(ValueError, match="is of idr0012, not of idr0001"):
        bench.run(facts, header, accession="idr0001")


@pytest.mark.parametrize(
    ("wells", "size"), [(["A1"], (2, 3)), (["H12", "A1"], (8, 12)), (["P24"], (16, 24)), (["AF48"], (32, 48)), (["1.tif"], (0, 0))]
)
def test_plate_size(wells: list[str], size: tuple[int, int]) -> None:
    assert plate_size(wells) == size
