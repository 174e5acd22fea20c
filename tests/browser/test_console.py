"""The query console: SQL in the browser, over the published files, under the page's strict policy."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from tests.browser.published import ask
from tests.browser.watched import SUB_PATH, Browsing, Served

SLOW = 60_000  # the engine's first start, on a busy machine
JOIN = """SELECT s.study, c.kind, count(*) AS n, count(DISTINCT t.symbol) AS genes
FROM samples s JOIN components c USING (study, component) LEFT JOIN sample_targets t USING (sample_id)
GROUP BY ALL ORDER BY s.study, c.kind"""


def with_sql(served: Served, sql: str, base: str = "/") -> str:
    return served.url(base, "query/") + "#" + urlencode({"sql": sql})


def rows(page: Page) -> list[list[str]]:
    """The result's cells, when the query has ended."""
    expect(page.locator(".console-facts")).to_contain_text(" s · ", timeout=SLOW)
    return [row.locator("td").all_inner_texts() for row in page.locator(".console-result tbody tr").all()]


def plain(cells: list[str]) -> list[str]:
    return [cell.replace("\n", "").replace("–no value", "").strip() for cell in cells]


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_a_join_gives_what_duckdb_gives(served: Served, open_page: Browsing, base: str) -> None:
    page = open_page(with_sql(served, JOIN, base))
    found = [plain(row) for row in rows(page)]
    native = JOIN
    for table in ("samples s", "components c", "sample_targets t"):
        name, alias = table.split()
        native = native.replace(table, f"'data/{name}.parquet' {alias}")
    assert found == [[str(cell) for cell in row] for row in ask(served.site, native)]
    expect(page.locator(".console-facts")).to_contain_text("read")


def test_every_example_runs(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "query/")
    chips = page.locator(".console-examples button")
    assert chips.count() >= 6
    for index in range(chips.count()):
        chips.nth(index).click()
        expect(page.locator(".console-facts")).to_contain_text(" s · ", timeout=SLOW)
        expect(page.locator("#console [role=alert]")).to_have_count(0)
        expect(page.locator("#console button.primary")).to_be_enabled()


def test_an_address_brings_back_query_and_result(served: Served, open_page: Browsing) -> None:
    # Where a selection of several lines is typed over, Chromium itself styles the line that is left, which the policy
    # forbids and nobody misses.
    page = open_page(served.root + "query/", allow=("Applying inline style",))
    expect(page.locator(".cm-content")).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("SELECT kind, count(*) AS n FROM components GROUP BY kind ORDER BY kind")
    page.keyboard.press("Control+Enter")
    first = rows(page)
    assert first
    again = open_page(page.url)
    assert rows(again) == first
    expect(again.locator(".cm-content")).to_contain_text("FROM components")


def test_a_mistake_is_shown_with_its_sql(served: Served, open_page: Browsing) -> None:
    page = open_page(with_sql(served, "SELECT nothing_like_it FROM samples"))
    problem = page.locator("#console [role=alert]")
    expect(problem).to_contain_text("nothing_like_it", timeout=SLOW)
    expect(problem.locator("pre.problem-sql")).to_have_text("SELECT nothing_like_it FROM samples")
    expect(page.locator("#console button.primary")).to_be_enabled()


def test_a_file_elsewhere_cannot_be_read(served: Served, open_page: Browsing) -> None:
    sql = "SELECT * FROM 'https://example.org/x.parquet'"
    page = open_page(with_sql(served, sql), allow=("Content Security Policy", "Failed to load", "ERR_", "example.org"))
    expect(page.locator("#console [role=alert] p").first).not_to_be_empty(timeout=SLOW)


def test_a_long_query_is_cancelled_and_the_next_one_runs(served: Served, open_page: Browsing) -> None:
    page = open_page(with_sql(served, "SELECT 1 AS started"))
    assert [plain(row) for row in rows(page)] == [["1"]]
    page.goto(with_sql(served, "SELECT sum(a.range * b.range) FROM range(3000000) a, range(1000000) b"))
    expect(page.locator(".console-status")).to_contain_text("Running", timeout=SLOW)
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".console-status")).to_contain_text("ancelled", timeout=15_000)
    page.goto(with_sql(served, "SELECT 42 AS answer"))
    expect(page.locator(".console-result th")).to_have_text(["answer"], timeout=SLOW)
    assert [plain(row) for row in rows(page)] == [["42"]]


def test_downloads_hold_all_rows(served: Served, open_page: Browsing, tmp_path: Path) -> None:
    sql = "SELECT sample_id, organism FROM samples ORDER BY sample_id"
    page = open_page(with_sql(served, sql))
    rows(page)
    wanted = ask(served.site, sql.replace("FROM samples", "FROM 'data/samples.parquet'"))
    for name in ("CSV", "Parquet"):
        with page.expect_download(timeout=SLOW) as download:
            page.locator(".console-downloads").get_by_role("button", name=name).click()
        download.value.save_as(tmp_path / name)
    with (tmp_path / "CSV").open(newline="", encoding="utf-8-sig") as file:
        assert [tuple(cell or None for cell in row) for row in list(csv.reader(file))[1:]] == wanted
    table = pq.read_table(tmp_path / "Parquet")
    assert list(zip(*(table[name].to_pylist() for name in ("sample_id", "organism")), strict=True)) == wanted


def test_a_click_writes_a_column_into_the_editor(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "query/")
    expect(page.locator(".cm-content")).to_be_visible()
    page.locator("#console details summary").filter(has_text="phenotypes").first.click()
    page.locator("#console details[open] button.console-column").filter(has_text="term").first.click()
    expect(page.locator(".cm-content")).to_contain_text("term")


# Column → what answers it on a page: every kind of cell that leads back.
LINKED = {
    "SELECT study, component, container, sample, sample_id, entity FROM sample_targets WHERE kind = 'gene' AND entity IS NOT NULL LIMIT 40":
        {"study", "component", "container", "sample", "sample_id", "entity"},
    "SELECT DISTINCT term, phenotype FROM sample_phenotypes WHERE term IS NOT NULL": {"term"},
    "SELECT name, organism, address FROM entities": {"name", "address"},
    "SELECT sample_id, has_phenotype FROM samples ORDER BY sample_id DESC LIMIT 60": {"sample_id"},
    "SELECT study, title, address FROM studies": {"study", "title", "address"},
}  # fmt: skip


@pytest.mark.parametrize("base", ["/", SUB_PATH])
def test_results_lead_back_to_pages(served: Served, open_page: Browsing, base: str) -> None:
    page = open_page(served.url(base, "query/"))
    for sql, linked in LINKED.items():
        page.evaluate("sql => { location.hash = new URLSearchParams({ sql }) }", sql)
        expect(page.locator("#console-root:not(.console-busy) .console-downloads")).to_be_visible(timeout=SLOW)
        expect(page.locator(".console-result thead th").first).to_have_text(sql.split()[1 if "DISTINCT" not in sql else 2].rstrip(","))
        heads = page.locator(".console-result thead th").all_inner_texts()
        result = page.locator(".console-result tbody tr")
        cells = result.evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.querySelector('a')?.href))")
        assert cells and {h for row in cells for h, link in zip(heads, row, strict=True) if link} == linked
        for link in sorted({link for row in cells for link in row if link}):
            assert link.startswith(served.url(base, "")), link
            parts = urlsplit(link.replace(served.url(base, ""), "/"))
            file = served.site / unquote(parts.path).lstrip("/") / "index.html"
            assert file.is_file(), link
            assert not parts.fragment or f'id="{unquote(parts.fragment)}"' in file.read_text(encoding="utf-8"), link


def test_what_content_calls_an_address_leads_nowhere_else(served: Served, open_page: Browsing) -> None:
    sql = "SELECT 'javascript:alert(1)' AS address, '../../../x' AS thumbnail, 'data:text/html,x' AS url, '//example.org/' AS entity"
    page = open_page(with_sql(served, sql, SUB_PATH))
    rows(page)
    assert page.locator(".console-result tbody a").count() == 0
