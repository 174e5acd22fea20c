"""Twelve real studies: their largest pages are as sound as the demonstration's, and their links hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import kinds, links
from tests.browser.test_every_page import WIDEST, axe
from tests.browser.watched import Browsing, Served

LARGEST = {
    "study": "studies/*/index.html",
    "component": "studies/*/*/index.html",
    "plate": "studies/*/*/*/index.html",
    "gene": "genes/*--*/index.html",
    "gene list": "genes/*/*/index.html",
    "phenotype": "phenotypes/*/index.html",
    "phenotypes": "phenotypes/index.html",
    "organism": "organisms/*/index.html",
    "method": "methods/*/index.html",
    "study type": "study-types/*/index.html",
    "cell line": "cell-lines/*/index.html",
    "studies": "studies/index.html",
    "provenance": "studies/*/provenance/index.html",
    "imports": "about/imports/index.html",
    "checks": "about/checks/index.html",
}


@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_page_of_a_kind_is_sound(served_corpus: Served, open_page: Browsing, kind: str) -> None:
    site = served_corpus.site
    file = max(site.glob(LARGEST[kind]), key=lambda p: (p.stat().st_size, p))
    assert file.stat().st_size < 1_500_000, "a page of this size is slow on a phone"
    page = open_page(served_corpus.root + file.parent.relative_to(site).as_posix() + "/")
    wrong = axe(page, kind)
    page.set_viewport_size({"width": 390, "height": 844})
    inner, scrolled = page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    assert scrolled <= inner, f"{file} is {scrolled} px wide on a screen of {inner} px: {page.evaluate(WIDEST)}"
    assert not wrong, "\n".join(wrong)


def test_links_hold_on_a_hundredth_of_the_pages(served_corpus: Served) -> None:
    site: Path = served_corpus.site
    found = links.broken(site, sorted({*kinds.pages(site)[::100], *kinds.of(site).values()}))
    assert not found, f"{len(found)} broken:\n" + "\n".join(found[:40])
