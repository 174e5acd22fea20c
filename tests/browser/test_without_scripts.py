"""With scripts turned off every page is complete: what it is about can be read, and the way on is a link."""

from __future__ import annotations

import pytest

from tests.browser import kinds
from tests.browser.published import ask, one
from tests.browser.watched import Browsing, Served


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_page_can_be_read(served: Served, open_page: Browsing, kind: str) -> None:
    address = kinds.of(served.site)[kind]
    page = open_page(served.root + address, scripts=False, settled=False)
    text = page.locator("main").inner_text()
    assert len(text.split()) >= 12, f"nearly nothing to read: {text!r}"
    assert page.locator("h1").inner_text().strip()
    assert page.locator("header a").count() >= 5
    # Words that only make sense where a script runs must not be shown.
    assert "Loading" not in text


def test_lists_hold_every_study_gene_and_phenotype(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "studies/", scripts=False, settled=False)
    text = page.locator("main").inner_text()
    for accession, title in ask(served.site, "SELECT study, title FROM 'data/studies.parquet'"):
        assert accession in text and title in text
    page = open_page(served.root + "phenotypes/", scripts=False, settled=False)
    text = page.locator("main").inner_text()
    for (name,) in ask(served.site, "SELECT DISTINCT phenotype FROM 'data/sample_phenotypes.parquet' WHERE NOT control AND term IS NULL"):
        assert name in text


def test_a_component_shows_its_rows_and_plates(served: Served, open_page: Browsing) -> None:
    study, component = ask(served.site, "SELECT study, component FROM 'data/components.parquet' WHERE kind = 'screen' ORDER BY samples")[0]
    page = open_page(served.root + f"studies/{study}/{component}/", scripts=False, settled=False)
    samples = one(served.site, "SELECT count(*) FROM 'data/samples.parquet' WHERE study = ? AND component = ?", study, component)
    assert page.locator("#sample-table tbody tr").count() == min(200, samples)
    for (address,) in ask(served.site, "SELECT address FROM 'data/containers.parquet' WHERE study = ? AND component = ?", study, component):
        last = address.rstrip("/").rpartition("/")[2]
        assert page.locator(f'main a[href^="{last}/"], main a[href$="/{last}/"]').count() >= 1


def test_a_plate_shows_its_wells_and_a_picture(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + kinds.of(served.site)["plate"], scripts=False, settled=False)
    wells = page.locator("table.plate td[data-well]")
    assert wells.count() >= 6
    assert page.locator("main").inner_text().count("A1") >= 1 or page.locator("#A1").count() == 1


def test_an_image_page_shows_the_image_and_its_size(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + kinds.of(served.site)["image"], scripts=False, settled=False)
    picture = page.locator("main .viewer img").first
    assert picture.evaluate("(i) => i.complete && i.naturalWidth > 0")
    assert (picture.get_attribute("alt") or "").strip()


def test_the_query_page_explains_itself(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "query/", scripts=False, settled=False)
    text = page.locator("main").inner_text()
    assert "SELECT" in text and "samples" in text and "sample_phenotypes" in text


def test_downloads_are_links(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "downloads/", scripts=False, settled=False)
    for name in ("samples", "studies", "sample_phenotypes", "sample_targets", "images"):
        assert page.locator(f'a[href*="data/{name}-"][href$=".parquet"]').count() == 1, name
