"""Pages of genes, compounds and antibodies, and the addresses that resolve a name."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.published import ask
from tests.browser.watched import SUB_PATH, Browsing, Served

GENE = """SELECT name, slug, synonyms, identifiers FROM 'data/entities.parquet' WHERE kind = 'gene' AND synonyms IS NOT NULL
          AND identifiers IS NOT NULL ORDER BY samples DESC, slug LIMIT 1"""


def arrived(page: Page, address: str) -> None:
    page.wait_for_url(lambda url: address in url, timeout=10_000)


@pytest.mark.parametrize("base", ["/", SUB_PATH])
@pytest.mark.parametrize("form", ["gene/", "mapr/gene/"])
def test_a_symbol_a_synonym_and_an_identifier_resolve(served: Served, open_page: Browsing, base: str, form: str) -> None:
    name, slug, synonyms, identifiers = ask(served.site, GENE)[0]
    synonym, identifier = synonyms.split("; ")[0], identifiers.split("; ")[0]
    for value in (name, synonym, identifier, name.lower()):
        page = open_page(served.url(base, f"{form}?value={quote(value)}"), settled=False)
        arrived(page, f"/genes/{slug}/")
    page = open_page(served.url(base, f"{form}?value={quote(synonym)}"), settled=False)
    arrived(page, "#as=")
    expect(page.locator("#matched")).to_have_text(f"Found as {synonym}.")


def test_a_reagent_resolves_to_its_row_on_the_page_of_its_target(served: Served, open_page: Browsing) -> None:
    name, address = ask(
        served.site, "SELECT name, address FROM 'data/entities.parquet' WHERE kind = 'reagent' AND contains(address, '#') ORDER BY 1"
    )[0]
    page = open_page(served.url("/", f"mapr/sirna/?value={quote(name)}"), settled=False)
    arrived(page, address)
    row = page.locator(f'[id="{address.partition("#")[2]}"]')
    expect(row).to_be_visible()
    expect(row).to_contain_text("by ")


def test_what_is_not_here_is_said_and_nothing_is_written_into_the_page(served: Served, open_page: Browsing) -> None:
    page = open_page(served.url("/", "gene/?value=" + quote("<img src=qqzz>")), settled=False)
    arrived(page, "search/?q=")
    expect(page.locator("#search-root")).to_contain_text("“<img src=qqzz>”")
    assert page.locator("main img").count() == 0
    name, slug = ask(served.site, GENE)[0][:2]
    page = open_page(served.url("/", f"genes/{slug}/#as=anything"))
    expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator("#matched")).to_be_hidden()


def test_switches_need_no_script(served: Served, open_page: Browsing) -> None:
    sql = """SELECT entity FROM 'data/sample_targets.parquet' WHERE kind = 'gene'
             GROUP BY 1 HAVING count_if(control) > 0 AND count_if(NOT control) > 0 ORDER BY 1"""
    found = ask(served.site, sql) or ask(served.site, sql.replace("AND count_if(NOT control) > 0", ""))
    page = open_page(served.url("/", f"genes/{found[0][0]}/"), scripts=False)
    controls = page.locator("td > .control-count").first
    expect(controls).to_be_hidden()
    page.locator("#with-controls").check()
    expect(controls).to_be_visible()


def test_the_address_of_another_name_sends_readers_on(served: Served, open_page: Browsing) -> None:
    aliases = [p.parent.name for p in sorted((served.site / "genes").glob("*/index.html")) if 'data-page="moved"' in p.read_text()]
    assert aliases, "the demonstration writes a gene by two names"
    page = open_page(served.url("/", f"genes/{aliases[0]}/"), settled=False)
    page.wait_for_url(lambda url: aliases[0] not in url)
    expect(page.locator("h1")).not_to_be_empty()


def test_a_cell_line_resolves(served: Served, open_page: Browsing) -> None:
    found = ask(served.site, "SELECT name, address FROM 'data/term_names.parquet' WHERE role = 'cell line' ORDER BY 1")
    assert found, "the demonstration names a cell line"
    page = open_page(served.url("/", f"mapr/cellline/?value={quote(found[0][0])}"), settled=False)
    arrived(page, f"/{found[0][1]}")
