"""A sample table of 400,000 rows in a real browser: filtered and sorted with no cap, by parts, stopped when asked, and handed on."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.watched import Browsing, Served, serve
from tests.js.conftest import table_page
from tests.js.site import Site

ROWS = 400_000
ADDRESS = "studies/large/screenA/"
COLUMNS = ("container", "sample", "gene_symbol", "score", "control_type")
# DuckDB's command line as far as a script of ours uses it, for machines that have DuckDB for Python alone.
STAND_IN = """#!{python}
import sys, duckdb
flags, sql = sys.argv[1:-2], sys.argv[-1]
assert flags == ["-csv", "-noheader"] and sys.argv[-2] == "-c", sys.argv
rows = duckdb.connect().execute(sql).fetchall()
print("\\n".join(",".join(map(str, row)) for row in rows))
"""


def table() -> pa.Table:
    """Wells of 1,042 plates: the seventh well of each names one of 5,003 genes; two columns that a page does not show."""
    plate, well = [i // 384 for i in range(ROWS)], [i % 384 for i in range(ROWS)]
    names = [f"{chr(65 + w // 24)}{w % 24 + 1}" for w in range(384)]
    return pa.table({
        "sample_id": [f"large/screenA/plate{p:04d}/{names[w]}" for p, w in zip(plate, well, strict=True)],
        "container": [f"plate{p:04d}" for p in plate],
        "sample": [names[w] for w in well],
        "gene_symbol": [f"GENE{i * 7919 % 5003}" if i % 7 else None for i in range(ROWS)],
        "score": pa.array([(i * 7919 % 100_003) / 1000 - 50 for i in range(ROWS)], pa.float64()),
        "control_type": ["negative control" if w % 24 == 0 else None for w in well],
        "Source Batch": [f"batch {i % 977}" for i in range(ROWS)],
        "Remark": [f"remark {i * 31 % 99_991}" for i in range(ROWS)],
    })  # fmt: skip


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Served]]:
    site = Site(tmp_path_factory.mktemp("large") / "site")
    table_page(site, "large", table(), COLUMNS, 32_768)
    with serve(Path(site.folder)) as served:
        yield site, served


def parquet_of(site: Site) -> Path:
    return Path(site.folder) / "data/studies/large/screenA-0123456789ab.parquet"


def ask(site: Site, sql: str) -> list[tuple[object, ...]]:
    return rows_of(sql.replace("large", f"'{parquet_of(site)}'", 1))


def rows_of(sql: str) -> list[tuple[object, ...]]:
    return duckdb.connect().execute(sql).fetchall()


def settled(page: Page, said: str) -> None:
    expect(page.locator(".table-count")).to_have_text(said, timeout=60_000)


def cells(page: Page, name: str) -> list[str]:
    return page.evaluate(
        """(name) => {
          const heads = [...document.querySelectorAll('#sample-table thead tr:first-child th')]
          const at = heads.findIndex((th) => th.dataset.column === name)
          return [...document.querySelectorAll('#sample-table tbody tr')].map((tr) => tr.cells[at].textContent)
        }""",
        name,
    )


def test_the_first_view_fetches_no_row_and_a_filter_only_what_it_asks_for(large: tuple[Site, Served], open_page: Browsing) -> None:
    site, served = large
    page = open_page(served.root + ADDRESS)
    fetched: list[tuple[int, int]] = []

    def note(request: Request) -> None:
        if request.url.endswith(".parquet") and "range" in request.headers:
            start, end = request.headers["range"].removeprefix("bytes=").split("-")
            fetched.append((int(start), int(end)))

    page.on("request", note)
    settled(page, "400,000 samples")
    assert len(cells(page, "sample")) == 200
    assert fetched == []
    page.get_by_label("Filter gene_symbol").fill("=GENE77")
    expected = ask(site, "SELECT container, sample FROM large WHERE gene_symbol = 'GENE77'")
    settled(page, f"{len(expected)} of 400,000 samples")
    assert list(zip(cells(page, "container"), cells(page, "sample"), strict=True)) == expected[:200]
    got = sum(end - start + 1 for start, end in fetched)
    column = ask(site, "SELECT sum(total_compressed_size) FROM parquet_metadata(large) WHERE path_in_schema = 'gene_symbol'")[0][0]
    whole = parquet_of(site).stat().st_size
    assert int(str(column)) < got < 0.8 * whole, (column, got, whole)


def test_every_row_is_sorted_and_no_row_is_left_out(large: tuple[Site, Served], open_page: Browsing) -> None:
    site, served = large
    page = open_page(served.root + ADDRESS + "#f=control_type:!%3D&s=-score&p=3")
    n, *_ = ask(site, "SELECT count(*) FROM large WHERE control_type IS NOT NULL")[0]
    settled(page, f"{n:,} of 400,000 samples")
    wanted = ask(site, "SELECT score FROM large WHERE control_type IS NOT NULL ORDER BY score DESC LIMIT 200 OFFSET 400")
    assert [float(c) for c in cells(page, "score")] == [row[0] for row in wanted]
    page.get_by_role("button", name="score").click()  # the file's own order again
    page.get_by_role("button", name="score").click()
    page.get_by_label("Filter control_type").fill("")
    settled(page, "400,000 samples")
    assert [float(c) for c in cells(page, "score")] == [r[0] for r in ask(site, "SELECT score FROM large ORDER BY score LIMIT 200")]


def test_any_column_of_the_source_is_shown_filtered_and_kept_in_the_address(large: tuple[Site, Served], open_page: Browsing) -> None:
    site, served = large
    page = open_page(served.root + ADDRESS)
    page.locator("summary", has_text="Columns: 5 of 8").click()
    page.get_by_label("Source Batch").check()
    page.get_by_label("Filter Source Batch").fill("=batch 12")
    n, *_ = ask(site, "SELECT count(*) FROM large WHERE \"Source Batch\" = 'batch 12'")[0]
    settled(page, f"{n} of 400,000 samples")
    again = open_page(page.url)
    settled(again, f"{n} of 400,000 samples")
    assert set(cells(again, "Source Batch")) == {"batch 12"}
    expect(again.locator("summary", has_text="Columns: 6 of 8")).to_be_visible()


def test_reading_tells_how_far_it_is_and_ends_when_asked(large: tuple[Site, Served], open_page: Browsing) -> None:
    _, served = large
    page = open_page(served.root + ADDRESS)
    held: list[Route] = []
    page.route("**/*.parquet", lambda route: held.append(route))
    page.get_by_label("Filter gene_symbol").fill("=GENE77")
    expect(page.locator(".table-progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    for route in held:
        route.continue_()
    page.unroute("**/*.parquet")
    expect(page.get_by_role("alert")).to_contain_text("ended where you cancelled")
    expect(page.locator(".table-progress")).to_be_hidden()
    settled(page, "400,000 samples")
    page.get_by_label("Filter gene_symbol").fill("=GENE78")
    expect(page.locator(".table-count")).to_contain_text("of 400,000", timeout=60_000)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert set(cells(page, "gene_symbol")) == {"GENE78"}


def download(page: Page, kind: str, to: Path) -> Path:
    page.locator("summary", has_text="Download").click()
    with page.expect_download(timeout=120_000) as got:
        page.get_by_role("button", name=kind).click()
    path = to / got.value.suggested_filename
    got.value.save_as(path)
    return path


FILTERED = "#f=gene_symbol:%3DGENE77&f=score:%3E0&s=score"
SAME = "SELECT * FROM large WHERE gene_symbol = 'GENE77' AND score > 0 ORDER BY score"


def test_the_rows_that_match_are_handed_on_as_csv_and_parquet(large: tuple[Site, Served], open_page: Browsing, tmp_path: Path) -> None:
    site, served = large
    page = open_page(served.root + ADDRESS + FILTERED)
    expected = ask(site, SAME)
    settled(page, f"{len(expected)} of 400,000 samples")
    text = download(page, "CSV", tmp_path)
    with text.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == table().column_names
    assert [row[0] for row in rows[1:]] == [row[0] for row in expected]
    made = download(page, "Parquet", tmp_path)
    assert rows_of(f"SELECT * FROM '{made}'") == expected


@pytest.mark.parametrize("kind", ["Python", "Shell"])
def test_a_script_fetches_checks_and_filters_alike(large: tuple[Site, Served], open_page: Browsing, tmp_path: Path, kind: str) -> None:
    site, served = large
    page = open_page(served.root + ADDRESS + FILTERED)
    expected = ask(site, SAME)
    settled(page, f"{len(expected)} of 400,000 samples")
    script = download(page, f"{kind} script", tmp_path)
    done = run(script, tmp_path, "rows.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(expected)} rows, checked" in done.stdout
    assert rows_of(f"SELECT * FROM '{tmp_path}/rows.parquet'") == expected
    done = run(script, tmp_path, "rows.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == len(expected) + 1
    # Another file under the same name is not taken for the one that was filtered.
    digest = hashlib.sha256(parquet_of(site).read_bytes()).hexdigest()
    changed = tmp_path / f"changed{script.suffix}"
    changed.write_text(script.read_text().replace(digest, digest[::-1]))
    done = run(changed, tmp_path, "other.parquet")
    assert done.returncode == 1 and "SHA-256 differs" in done.stderr, done.stdout + done.stderr
    assert not (tmp_path / "other.parquet").exists()


def run(script: Path, folder: Path, out: str) -> subprocess.CompletedProcess[str]:
    path = folder / "bin"
    path.mkdir(exist_ok=True)
    if not shutil.which("duckdb"):
        (path / "duckdb").write_text(STAND_IN.format(python=sys.executable))
        (path / "duckdb").chmod(0o755)
    command = [sys.executable, str(script)] if script.suffix == ".py" else ["sh", str(script)]
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([*command, out], cwd=folder, capture_output=True, text=True, timeout=120, env=environment)
