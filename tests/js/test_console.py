"""The query console in a real browser, under the page's policy, against real Parquet."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from tests.browser.watched import Browsing, Served
from tests.js.site import Site

JOIN = """SELECT p.phenotype, p.term, count(*) AS wells, sum(s.n_cells) AS cells, avg("Score (z: robust)") AS score
FROM samples s JOIN sample_phenotypes p USING (sample_id)
WHERE s."Gene Symbol" = 'SGO1' GROUP BY ALL ORDER BY 1"""


def open_console(open_page: Browsing, served: Served, sql: str, base: str = "/") -> Page:
    page = open_page(served.url(base, "query/") + f"#sql={quote(sql)}")
    page.set_default_timeout(60_000)
    return page


def result(page: Page) -> list[list[str]]:
    page.locator(".console-downloads:not([hidden])").wait_for()
    return page.evaluate("() => [...document.querySelectorAll('table.result tbody tr')].map(r => [...r.cells].map(c => c.textContent))")


def run(page: Page, sql: str) -> None:
    page.evaluate("sql => { location.hash = 'sql=' + encodeURIComponent(sql) }", sql)


@pytest.mark.parametrize("base", ["/", "below"])
def test_a_join_is_answered_from_a_link(base: str, site: Site, site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, JOIN, base)
    tables = {name: site.folder / f"data/{name}-0123456789ab.parquet" for name in ("samples", "sample_phenotypes")}
    con = duckdb.connect()
    for name, path in tables.items():
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
    expected = con.execute(JOIN).fetchall()
    assert [
        (r[0], r[1].replace("–no value", "") or None, int(r[2]), int(r[3]), pytest.approx(float(r[4]))) for r in result(page)
    ] == expected
    assert expected
    facts = page.locator(".console-facts").inner_text()
    assert "read" in facts and " 0 bytes read" not in facts, facts


def test_values_keep_their_types(site_served: Served, open_page: Browsing) -> None:
    page = open_console(
        open_page, site_served,
        "SELECT 7::BIGINT AS big, [7::BIGINT, 8] AS list, {'a': 7::BIGINT} AS struct, 0.01 AS dec, "
        "sum(n_cells) AS total, DATE '2016-05-26' AS day, "
        "TIMESTAMP '2016-05-26 12:30:00' AS at, 9007199254740993::BIGINT AS huge, NULL AS nothing, true AS yes, "
        "MAP {'k': 1} AS m, 'é' AS text FROM samples",
    )  # fmt: skip
    (row,) = result(page)
    assert row == [
        "7",
        "[7,8]",
        '{"a":7}',
        "0.01",
        "1988928",
        "2016-05-26",
        "2016-05-26 12:30:00",
        "9007199254740993",
        "–no value",
        "true",
        row[10],
        "é",
    ]


def test_an_error_shows_what_happened_and_the_sql(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SELECT nonsense FROM samples")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "nonsense" in alert.locator(".problem-message").inner_text()
    assert alert.locator(".problem-sql").inner_text() == "SELECT nonsense FROM samples"
    run(page, "SELECT count(*) FROM samples")
    assert result(page) == [["1152"]]


def test_a_long_query_is_cancelled_and_the_next_one_answers(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SELECT 1")
    assert result(page) == [["1"]]
    run(page, "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE hash(a.range + b.range) = 1")
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled").wait_for()  # it would have taken days
    run(page, "SELECT count(*) FROM sample_phenotypes")
    assert result(page) == [["288"]]


def test_a_first_query_is_said_to_run_once_the_engine_has_started(site_served: Served, open_page: Browsing) -> None:
    sql = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE hash(a.range + b.range) = 1"
    page = open_console(open_page, site_served, sql)
    status = page.locator(".console-status")
    expect(status).to_have_text("Running …", timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled").wait_for()


def test_many_rows_are_counted_honestly_and_downloads_hold_them_all(site_served: Served, open_page: Browsing) -> None:
    sql = 'SELECT sample_id, "Gene Symbol" AS gene, n_cells FROM samples ORDER BY n_cells'
    page = open_console(open_page, site_served, sql)
    assert len(result(page)) == 1000
    assert page.locator(".console-facts").inner_text().startswith("first 1,000 of 1,152 rows · ")
    assert "hold all 1,152 rows" in page.locator(".console-downloads").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Parquet").click()
    table = pq.read_table(Path(download.value.path()))
    assert table.num_rows == 1152 and table["n_cells"].to_pylist()[:3] == [0, 3, 6]
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    assert len(rows) == 1153 and rows[0] == ["sample_id", "gene", "n_cells"] and rows[6][1] == "'=1+1"


def test_an_example_chip_and_the_list_of_columns_fill_the_editor(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "query/"))
    page.get_by_role("button", name="Which phenotypes are found how often?").click()
    assert result(page) == [["mitotic delay", "144"], ["round cell", "144"]]
    assert "GROUP+BY" in page.url
    editor = page.locator(".cm-content")
    editor.wait_for()
    editor.press("Control+a")
    page.get_by_role("button", name="insert samples").click()
    assert editor.inner_text() == "samples"
    editor.press("Control+a")
    editor.press_sequentially("SELECT 6*7 AS answer")
    editor.press("Control+Enter")
    page.locator("th:has-text('answer')").wait_for()
    assert result(page) == [["42"]]


def test_a_table_page_s_query_reads_its_file_by_path(site_served: Served, open_page: Browsing) -> None:
    page = open_console(
        open_page, site_served, "SELECT count(*) FROM 'data/studies/demo/screenA.parquet' WHERE contains(lower(\"Gene Symbol\"), 'sgo1')"
    )
    assert result(page) == [["232"]]


def test_show_tables_knows_them_all(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SHOW TABLES")
    assert result(page) == [["sample_phenotypes"], ["samples"]]


def test_an_error_s_caret_points_and_quotes_are_explained(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, 'SELECT * FROM samples WHERE "Gene Symbol" = "SGO1"')
    message = page.locator(".problem-message")
    message.wait_for()
    lines = message.inner_text().splitlines()
    line, caret = next((a, b) for a, b in pairwise(lines) if a.startswith("LINE 1"))
    assert line[caret.index("^") :].startswith('"SGO1"')
    assert "Text stands in single quotes: 'SGO1'" in page.locator(".problem-hint").inner_text()
    page.locator(".cm-content").press("Control+a")
    page.locator(".cm-content").press("Backspace")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("Write a query first.").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_statements_run_in_order_and_a_dropped_view_comes_back(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "CREATE TABLE two AS SELECT 2 AS n; SELECT n * 21 FROM two; -- that is all;")
    assert result(page) == [["42"]]
    assert "2 statements ran in order" in page.locator(".console-status").inner_text()
    run(page, "DROP VIEW samples")
    page.get_by_role("button", name="Copy link").wait_for()
    page.wait_for_function("() => !document.querySelector('.console-downloads').hidden && !document.querySelector('table.result td')")
    assert page.get_by_role("button", name="CSV").count() == 0
    run(page, "SELECT count(*) FROM samples")
    page.locator("table.result td").wait_for()
    assert result(page) == [["1152"]]


@pytest.mark.parametrize("table", [
    "'studies/demo/screenA'", '"studies/demo/screenA"', "'studies/demo/screenA.parquet'", "'data/studies/demo/screenA.parquet'",
])  # fmt: skip
def test_a_component_s_own_table_goes_by_study_and_component(site_served: Served, open_page: Browsing, table: str) -> None:
    page = open_console(open_page, site_served, f"SELECT count(*) FROM {table} t JOIN samples s USING (sample_id) WHERE t.n_cells > 30")
    assert result(page) == [["1141"]]


def test_a_component_that_is_not_here_is_named_with_those_that_are(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SELECT * FROM 'studies/demo/screenB'")
    page.get_by_role("alert").wait_for()
    assert page.locator(".problem-message").inner_text() == "There is no table 'studies/demo/screenB' here."
    assert page.locator(".problem-hint").inner_text() == "demo has 'studies/demo/screenA'."


def test_memory_has_an_end_and_a_sentence_says_so(site_served: Served, open_page: Browsing) -> None:
    sql = "CREATE TABLE big AS SELECT md5(range::VARCHAR) AS h, range AS r FROM range(60000000)"
    page = open_console(open_page, site_served, sql)
    page.get_by_role("alert").wait_for()
    assert page.locator(".problem-message").inner_text() == "The query needed more memory than the 1 GB that it may take in a browser."
    assert "Narrow it" in page.locator(".problem-hint").inner_text()
    run(page, "SELECT count(*) FROM samples")
    page.locator("table.result td").wait_for()
    assert result(page) == [["1152"]]


def test_explain_tells_the_plan_and_runs_nothing(site_served: Served, open_page: Browsing) -> None:
    page = open_page(site_served.url("/", "query/"))
    page.set_default_timeout(60_000)
    page.get_by_role("button", name="Explain").click()
    plan = page.locator(".console-plan")
    plan.wait_for()  # the example's: samples is only what it calls a count
    assert "PARQUET_SCAN" in plan.locator("pre").inner_text()
    assert "It reads of sample_phenotypes (" in plan.locator("p").inner_text()
    assert page.locator("table.result").count() == 0 and page.locator(".console-history .count").inner_text() == "0"
    run(page, "EXPLAIN SELECT nonsense FROM samples")
    page.get_by_role("alert").wait_for()


def test_history_is_listed_kept_and_forgotten(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SELECT 1 AS one")
    result(page)
    run(page, "SELECT 2 AS two")
    page.locator("th:has-text('two')").wait_for()
    result(page)
    page.reload()
    page.locator(".console-history summary").click()
    queries = page.locator(".console-again code")
    page.locator(".console-downloads:not([hidden])").wait_for()
    assert queries.all_inner_texts() == ["SELECT 2 AS two", "SELECT 1 AS one"]
    assert "1 row" in page.locator(".console-again").first.inner_text()
    page.locator(".cm-content").wait_for()
    page.locator(".console-again").nth(1).click()
    assert page.locator(".cm-content").inner_text() == "SELECT 1 AS one"
    page.get_by_role("button", name="Forget the query SELECT 2").click()
    assert queries.all_inner_texts() == ["SELECT 1 AS one"]
    page.get_by_role("button", name="Forget all").click()
    assert queries.count() == 0 and page.evaluate("() => localStorage.getItem('slidecase-queries')") is None


def test_a_long_query_is_packed_into_the_link_and_a_longer_one_refused(site_served: Served, open_page: Browsing) -> None:
    listed = ", ".join(f"'demo/screenA/plate1/H{n}'" for n in range(300))
    page = open_console(open_page, site_served, f"SELECT count(*) FROM samples WHERE sample_id IN ({listed})")
    assert result(page) == [["12"]]
    assert "#z=" in page.url and len(page.url) < 2500
    again = open_page(page.url)
    again.set_default_timeout(60_000)
    assert result(again) == [["12"]] and "'demo/screenA/plate1/H299'" in again.locator(".cm-content").inner_text()
    noise = "".join(str(n * n * 7919 % 10_007) for n in range(12_000))
    run(page, f"SELECT length('{noise}')")
    page.wait_for_function("() => document.querySelector('.console-status').textContent.includes('too long for a link')")
    assert "#" not in page.url and page.get_by_role("button", name="Copy link").is_disabled()
    cut = open_page(again.url[:-100])
    cut.get_by_text("The link is damaged").wait_for()


def test_the_reader_says_how_many_rows(site_served: Served, open_page: Browsing) -> None:
    page = open_console(open_page, site_served, "SELECT n_cells FROM samples ORDER BY n_cells")
    assert len(result(page)) == 1000
    page.get_by_label("Rows shown").select_option("100")
    page.get_by_text("first 100 of 1,152 rows · ").wait_for()
    assert len(result(page)) == 100


def test_columns_are_completed_behind_an_alias(site_served: Served, open_page: Browsing) -> None:
    # Typing over a selection: see tests/browser/test_console.py.
    page = open_page(site_served.url("/", "query/"), allow=("Applying inline style",))
    editor = page.locator(".cm-content")
    editor.wait_for()
    editor.press("Control+a")
    editor.press_sequentially("SELECT p.te FROM sample_phenotypes p")
    for _ in " FROM sample_phenotypes p":
        editor.press("ArrowLeft")
    editor.press("Control+Space")
    offered = page.locator(".cm-tooltip-autocomplete li")
    offered.first.wait_for()
    assert offered.first.inner_text().startswith("term")
