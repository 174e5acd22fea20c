"""The dump as a product: others' tools read it, over the network too; a study can be taken alone; two releases can be compared."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars
import pyarrow.parquet as pq
import pytest
import uvicorn
from frictionless import Package

from ingest.releases import read_releases
from portal.changes import Changes
from portal.engine.run import Engine
from portal.engine.store import Store
from portal.publish.preview import preview
from portal.warehouse.changes import NoRelease, compare, release
from portal.warehouse.guide import first_lines
from portal.warehouse.schema import TABLES
from portal.warehouse.slices import SLICED
from tests.conftest import STORE, build_py
from tests.warehouse.conftest import Warehouse, make

MINIMAL = Path(__file__).parents[1] / "sites/minimal/content"


# ---- what others' tools say of it


def test_frictionless_validates_the_package_and_its_rows(data: Path) -> None:
    with contextlib.chdir(data):
        report = Package("datapackage.json").validate()
    assert report.valid, [(task.name, [e.message for e in task.errors][:3]) for task in report.tasks if not task.valid] + report.errors
    assert {task.name for task in report.tasks} >= set(TABLES)
    assert {task.name: task.stats.get("rows") for task in report.tasks}["samples"] == pq.read_table(data / "samples.parquet").num_rows


def test_frictionless_finds_what_is_wrong(data: Path, tmp_path: Path) -> None:
    """The test above would be worth nothing if this one passed a broken dump."""
    shutil.copytree(data, tmp_path / "data")
    samples = pq.read_table(tmp_path / "data/samples.parquet")
    pq.write_table(samples.slice(1), tmp_path / "data/samples.parquet")
    with contextlib.chdir(tmp_path / "data"):
        report = Package("datapackage.json").validate()
    assert {error.type for task in report.tasks for error in task.errors} == {"foreign-key"}


def test_units_are_told(data: Path) -> None:
    dictionary = json.loads((data / "dictionary.json").read_text("utf-8"))
    units = {(t["name"], c["name"]): c["unit"] for t in dictionary["tables"] for c in t["columns"] if c["unit"]}
    assert units["images", "pixel_size"] == "µm" and units["samples", "latitude"] == "°"
    package = json.loads((data / "datapackage.json").read_text("utf-8"))
    fields = {(r["name"], f["name"]): f for r in package["resources"] for f in r["schema"]["fields"]}
    assert fields["images", "pixel_size"]["unit"] == "µm" and fields["samples", "row"]["sqlType"] == "INTEGER"


# ---- the first lines, against a served portal


class Counting:
    """An ASGI application that notes what was asked of the one inside: (path, range or '')."""

    def __init__(self, inside):  # type: ignore[no-untyped-def]
        self.inside, self.asked = inside, []  # type: ignore[var-annotated]

    async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            self.asked.append((scope["path"], dict(scope["headers"]).get(b"range", b"").decode()))
        await self.inside(scope, receive, send)


@pytest.fixture(scope="module")
def portal(data: Path) -> Iterator[tuple[str, Counting]]:
    """The address of a served `data/`, and what is asked of it."""
    counting = Counting(preview(data.parent))
    server = uvicorn.Server(uvicorn.Config(counting, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the preview server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/data/", counting
    server.should_exit = True
    thread.join(timeout=10)


def code_of(tool: str, base: str) -> str:
    return next(code for name, _, code in first_lines(base) if name == tool)


def ran(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<first lines>", "exec"), {})
    return printed.getvalue()


def counts(data: Path) -> dict[tuple[str, str], tuple[int, int]]:
    samples = polars.read_parquet(data / "samples.parquet").filter(polars.col("control_type").is_null())
    rows = samples.group_by("study", "component").agg(polars.len(), polars.col("has_phenotype").sum())
    return {(study, component): (n, seen) for study, component, n, seen in rows.iter_rows()}


def test_pandas_asks_the_served_portal(data: Path, portal: tuple[str, Counting]) -> None:
    printed = ran(code_of("pandas", portal[0]))
    for (study, component), (n, seen) in counts(data).items():
        assert any(line.split()[-3:] == [component, str(n), str(seen)] for line in printed.splitlines()), (study, component, printed)
    assert "/data/samples.parquet" in {path for path, _ in portal[1].asked}


def test_polars_asks_the_served_portal_for_ranges(data: Path, portal: tuple[str, Counting]) -> None:
    portal[1].asked.clear()
    printed = ran(code_of("polars", portal[0]))
    for (study, component), (n, seen) in counts(data).items():
        assert any(
            [part.strip() for part in line.split("┆")] == [f"│ {study}", component, str(n), f"{seen}   │".strip()]
            or all(word in line for word in (study, component, f" {n} ", f" {seen} "))
            for line in printed.splitlines()
        ), (study, component, printed)
    assert any(asked.startswith("bytes=") for _, asked in portal[1].asked), portal[1].asked


def test_duckdb_in_the_folder(data: Path) -> None:
    with contextlib.chdir(data), duckdb.connect() as con:
        found = {(s, c): (n, seen) for s, c, n, seen in con.execute(code_of("DuckDB", "")).fetchall()}
    assert found == counts(data)


def test_duckdb_asks_the_served_portal(data: Path, portal: tuple[str, Counting]) -> None:
    with duckdb.connect() as con:
        try:
            con.execute("LOAD httpfs")
        except duckdb.Error as error:
            pytest.skip(f"DuckDB's httpfs is not installed here, and is fetched from elsewhere ({str(error).splitlines()[0]})")
        found = {(s, c): (n, seen) for s, c, n, seen in con.execute(code_of("DuckDB", portal[0])).fetchall()}
    assert found == counts(data)


def test_r_asks_the_served_portal(data: Path, portal: tuple[str, Counting]) -> None:
    rscript = shutil.which("Rscript")
    if not rscript:
        pytest.skip("Rscript is not installed here")
    if subprocess.run([rscript, "-e", "library(arrow)"], capture_output=True).returncode:
        pytest.skip("R is here without the package arrow")
    done = subprocess.run([rscript, "-e", code_of("R", portal[0])], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for (study, component), (_, seen) in counts(data).items():
        assert any(line.split()[-3:] == [study, component, str(seen)] for line in done.stdout.splitlines()), done.stdout


def test_the_portals_own_address_stands_in_its_readme(warehouse: Warehouse) -> None:
    from portal.warehouse.manifest import dump

    made = warehouse.bench.run(dump, *warehouse.tables.values(), site_url="https://atlas.example/idr/")
    assert 'scan_parquet("https://atlas.example/idr/data/samples.parquet")' in made.read("data/README.md").decode()


# ---- single studies


@pytest.mark.parametrize("name", SLICED)
def test_a_studys_slice_is_its_rows_of_the_whole_in_order(data: Path, name: str) -> None:
    whole = pq.read_table(data / f"{name}.parquet")
    studies = set(whole["study"].to_pylist())
    assert {p.parent.name for p in data.glob(f"by-study/*/{name}.parquet")} == studies
    for study in studies:
        part = pq.read_table(data / f"by-study/{study}/{name}.parquet")
        assert part.schema.equals(whole.schema, check_metadata=True)
        assert part.to_pylist() == [row for row in whole.to_pylist() if row["study"] == study]


# ---- two releases


@pytest.fixture(scope="module")
def releases(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A release, and the next: one title and two samples changed, a sample gone, a column new, a phenotype gone; told by hand."""
    root = tmp_path_factory.mktemp("releases")
    for name in ("before", "after"):
        for path in warehouse.dump:
            (root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (root / name / path).write_bytes(warehouse.dump.read(path))
    rewrite(root / "after", "studies", "SELECT * REPLACE (CASE study WHEN 'idr0012' THEN 'Another title' ELSE title END AS title) FROM t")
    rewrite(
        root / "after", "samples",
        "SELECT * REPLACE (CASE WHEN n <= 2 THEN 'poor' ELSE quality END AS quality), 'x' AS weather "
        "FROM (SELECT *, row_number() OVER (ORDER BY sample_id) AS n FROM t) WHERE n <> 3",
    )  # fmt: skip
    rewrite(root / "after", "sample_phenotypes", "SELECT * FROM t ORDER BY ALL OFFSET 1")
    return root / "before", root / "after"


def rewrite(site: Path, name: str, sql: str) -> None:
    manifest = json.loads((site / "data/manifest.json").read_text())
    path = next(site / t["path"] for t in manifest["tables"] if t["name"] == name)
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t AS SELECT * FROM '{path}'")
        con.execute(f"COPY ({sql}) TO '{path}.next' (FORMAT parquet)")
    path.with_name(path.name + ".next").replace(path)


def compared(*arguments: str | Path) -> Changes:
    done = build_py("changes", *arguments, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return Changes.model_validate_json(done.stdout)


def test_what_changed_is_found_by_key(releases: tuple[Path, Path]) -> None:
    found = compared(*releases)
    tables = {t.name: t for t in found.tables}
    assert {n for n, t in tables.items() if t.differs} == {"studies", "samples", "sample_phenotypes"}
    assert (tables["studies"].changed, tables["studies"].cells) == (1, {"title": 1})
    (example,) = tables["studies"].examples_changed
    assert example.key == (("study", "idr0012"),) and example.cells[0].after == "Another title"
    samples = tables["samples"]
    extra = {"n"}  # the row number that the hand above left in
    assert (samples.added, samples.removed, samples.changed, samples.cells) == (0, 1, 2, {"quality": 2})
    assert set(samples.columns_added) - extra == {"weather"} and samples.columns_removed == ()
    with duckdb.connect() as con:
        ids = [r[0] for r in con.execute(f"SELECT sample_id FROM '{releases[0]}/data/samples.parquet' ORDER BY 1 LIMIT 3").fetchall()]
    assert [e.key for e in samples.examples_removed] == [(("sample_id", ids[2]),)]
    assert [dict(e.key)["sample_id"] for e in samples.examples_changed] == ids[:2]
    phenotypes = tables["sample_phenotypes"]
    assert not phenotypes.keyed and (phenotypes.added, phenotypes.removed, phenotypes.changed) == (0, 1, 0)
    told = {s.study: s for s in found.studies}
    assert told["idr0012"].state == "changed" and told["idr0012"].tables["studies"] == (0, 0, 1)
    assert sum(s.tables.get("samples", (0, 0, 0))[1] for s in found.studies) == 1


def test_the_other_way_round_what_went_comes(releases: tuple[Path, Path]) -> None:
    before, after = releases
    back = compared(after / "data", before / "data")
    samples = back.table("samples")
    assert samples and (samples.added, samples.removed, samples.changed) == (1, 0, 2) and "weather" in samples.columns_removed


def test_two_builds_of_one_content_have_no_changes(warehouse: Warehouse, tmp_path: Path) -> None:
    for name, made in (("before", warehouse), ("after", make(tmp_path / "store", backwards=True))):
        for path in made.dump:
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_bytes(made.dump.read(path))
    assert build_py("changes", tmp_path / "before", tmp_path / "after").stdout == "Nothing changed.\n"


def test_a_folder_without_a_release_is_refused(tmp_path: Path) -> None:
    done = build_py("changes", tmp_path, tmp_path)
    assert done.returncode == 2 and "holds no release" in done.stderr and "Traceback" not in done.stderr


def test_damaged_releases_are_refused_in_a_sentence(releases: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = releases

    def told(change: Callable[[Path], object]) -> str:
        shutil.rmtree(tmp_path / "bad", ignore_errors=True)
        shutil.copytree(after, tmp_path / "bad")
        change(tmp_path / "bad")
        with pytest.raises(NoRelease) as refused:
            compare(release(before), release(tmp_path / "bad"))
        return str(refused.value)

    def named(site: Path, path: str) -> None:
        manifest = json.loads((site / "data/manifest.json").read_text())
        manifest["tables"][0]["path"] = path
        (site / "data/manifest.json").write_text(json.dumps(manifest))

    def cut(site: Path, end: bool) -> None:
        path = next(site / t["path"] for t in json.loads((site / "data/manifest.json").read_text())["tables"] if t["name"] == "samples")
        raw = path.read_bytes()
        # The end says what a file holds; where it stands, what is overwritten before it shows when rows are read.
        path.write_bytes(raw[: len(raw) // 2] if end else b"PAR1" + bytes(len(raw) // 2) + raw[len(raw) // 2 + 4 :])

    secret = tmp_path / "secret.parquet"
    pq.write_table(pq.read_table(before / "data/studies.parquet"), secret)
    for end in (True, False):
        said = told(lambda site, end=end: cut(site, end))  # type: ignore[misc]
        assert "is damaged or cut short" in said and "samples" in said, said
    assert "no column in common" in told(lambda site: rewrite(site, "studies", "SELECT 1 AS nothing, 2 AS known"))
    assert "manifest.json is no JSON" in told(lambda site: (site / "data/manifest.json").write_text('{"tables": ['))
    assert "manifest.json is no JSON" in told(lambda site: (site / "data/manifest.json").write_bytes(b"\xff\xfe{"))
    assert "nested too deep" in told(lambda site: (site / "data/manifest.json").write_text("[" * 200_000))
    for wrong in ("[]", "{}", "null", '{"tables": [3]}', '{"tables": {"a": 1}}', '{"tables": [{"name": [], "path": 1, "plain": 2}]}'):
        said = told(lambda site, wrong=wrong: (site / "data/manifest.json").write_text(wrong))  # type: ignore[misc]
        assert "not the manifest of a release" in said or "no whole release" in said, said
    for path in (str(secret), "../../secret.parquet", "data/../../secret.parquet", "C:\\secret.parquet"):
        assert "outside its folder; nothing was read" in told(lambda site, path=path: named(site, path))  # type: ignore[misc]
    done = build_py("changes", before, tmp_path / "bad")
    assert done.returncode == 2 and not done.stdout, done.stdout + done.stderr
    assert "itself failed" not in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_recorded_changes_have_a_page(releases: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(MINIMAL, tmp_path / "content")
    for name in ("2026-9", "2026-11"):
        done = build_py("changes", *releases, "--into", tmp_path / "content", "--name", name, "--format", "tsv")
        assert done.returncode == 0, done.stderr
    assert "samples\t\t0\t1\t2\n" in done.stdout
    (tmp_path / "content/releases/broken.json").write_text('{"tables": 3}')
    made = build_py("build", "--content", tmp_path / "content", "--out", tmp_path / "site", "--store", STORE)
    assert made.returncode == 0 and "releases/broken.json: is no list of changes" in made.stdout + made.stderr
    page = (tmp_path / "site/downloads/changes/index.html").read_text()
    assert page.index('id="release-2026-11"') < page.index('id="release-2026-9"') and "Another title" in page
    assert (tmp_path / "site/downloads/changes/2026-11.json").read_bytes() == (tmp_path / "content/releases/2026-11.json").read_bytes()
    assert 'href="changes/"' in (tmp_path / "site/downloads/index.html").read_text()


def test_without_a_recorded_release_there_is_no_page(tmp_path: Path) -> None:
    made = build_py("build", "--content", MINIMAL, "--out", tmp_path / "site", "--store", STORE)
    assert made.returncode == 0, made.stdout + made.stderr
    assert not (tmp_path / "site/downloads/changes").exists()
    assert "changes/" not in (tmp_path / "site/downloads/index.html").read_text()


def test_a_release_needs_a_name_that_is_a_file(releases: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    for name in ("", "../x", ".hidden"):
        done = build_py("changes", *releases, "--into", tmp_path / "content", "--name", name)
        assert done.returncode == 2 and "is no name of a release" in done.stderr, done.stderr
    assert not list(tmp_path.rglob("*.json"))


def test_links_and_strange_files_among_the_releases_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "content/releases"
    folder.mkdir(parents=True)
    (tmp_path / "secret.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "notes.txt").write_text("")
    with Engine(Store(tmp_path / "store"), 1) as engine:
        tree, problems = read_releases(engine, tmp_path / "content")
    assert not tree and len(problems) == 2
