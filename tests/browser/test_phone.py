"""Tables on a screen of 390 px: rows one below another, all of their text in sight, and a table still for those who listen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import kinds
from tests.browser.watched import Browsing, Served

STACKED = ("study", "component", "phenotypes", "phenotype", "organisms", "organism", "gene list", "gene")

# Of every stacked table: how far its content reaches beyond it, cells that reach out of the window, rows that are mostly blank.
MEASURED = """() => [...document.querySelectorAll('table.stack')].map((table) => {
  const wide = document.documentElement.clientWidth
  const cells = [...table.querySelectorAll('tbody :is(th, td)')].filter((c) => c.getClientRects().length)
  const rows = [...table.tBodies[0].rows]
  const used = (row) => [...row.cells].reduce((sum, c) => sum + c.getBoundingClientRect().height, 0)
  return {
    over: table.parentElement.scrollWidth - table.parentElement.clientWidth,
    outside: cells.map((c) => [c.getBoundingClientRect(), c.textContent]).filter(([b]) => b.left < 0 || b.right > wide + 1),
    blank: rows.filter((r) => r.getBoundingClientRect().height > used(r) + 40).map((r) => r.textContent),
    beside: rows.filter((r) => [...r.cells].some((c) => c.matches('.words') && c.getBoundingClientRect().width < wide * 0.8)).length,
    small: [...table.querySelectorAll('tbody th > a')].map((a) => a.getBoundingClientRect().height).filter((h) => h < 24).length,
  }
})"""


@pytest.mark.parametrize("kind", STACKED)
def test_rows_stand_one_below_another_with_all_they_say(served: Served, open_page: Browsing, kind: str) -> None:
    page = open_page(served.root + kinds.of(served.site)[kind], width=390, height=844)
    found = page.evaluate(MEASURED)
    assert found, f"no table of {kind} is stacked"
    for table in found:
        assert table == {"over": 0, "outside": [], "blank": [], "beside": 0, "small": 0}


def test_a_stacked_table_is_a_table_to_those_who_listen(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + kinds.of(served.site)["phenotypes"], width=390, height=844)
    table = page.get_by_role("table").first
    rows = table.get_by_role("row")
    expect(rows.first.get_by_role("columnheader").first).to_have_text("Phenotype")
    assert rows.count() > 1
    expect(rows.nth(1).get_by_role("rowheader")).to_have_count(1)
    assert rows.nth(1).get_by_role("cell").count() == rows.first.get_by_role("columnheader").count() - 1
    # The labels that are drawn say what the heads say, and are not read out a second time.
    labels = (
        page.locator("table.stack").first.locator("td[data-label]").evaluate_all("cells => [...new Set(cells.map((c) => c.dataset.label))]")
    )
    assert labels
    assert set(labels) <= set(rows.first.get_by_role("columnheader").all_inner_texts())


def test_the_table_of_samples_draws_two_hundred_rows_however_many_there_are(served: Served, open_page: Browsing) -> None:
    address = kinds.of(served.site)["component"]
    page = open_page(served.root + address, width=390, height=844)
    assert page.locator("#sample-table tbody tr").count() <= 200
    page.locator("#sample-table th[data-column] button").first.click()
    expect(page.locator("#sample-table")).not_to_have_attribute("aria-busy", "true")
    assert 0 < page.locator("#sample-table tbody tr").count() <= 200
