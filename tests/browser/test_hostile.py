"""A study whose every text tries to run something: each of its pages is opened, and nothing happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import kinds
from tests.browser.built import built
from tests.browser.watched import Browsing, Served

CASE = Path(__file__).parents[1] / "sites/hostile/content"

# Elements and attributes that no text of a curator may become.
UNSAFE = """() => [
  ...[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]
    .filter((a) => /^on/i.test(a.name) || (/^(href|src|action|formaction|srcdoc|data)$/i.test(a.name)
      && /^\\s*(javascript|vbscript|data:text)/i.test(a.value)))
    .map((a) => `${e.tagName} ${a.name}=${a.value}`)),
  ...[...document.querySelectorAll("script:not([src]), iframe, object, embed, main style")]
    .filter((e) => !/^application.(ld[+])?json$/.test(e.type))
    .map((e) => e.outerHTML.slice(0, 120)),
  ...(window.hostile ? ['it ran'] : []),
]"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(CASE, folder / "content")
    with built(folder) as served:
        yield served


def test_nothing_that_a_study_says_is_run(hostile: Served, open_page: Browsing) -> None:
    page = open_page(hostile.root)
    opened = 0
    for address in kinds.pages(hostile.site):
        page.goto(hostile.root + address, wait_until="load")
        unsafe = page.evaluate(UNSAFE)
        assert not unsafe, f"{address}: {unsafe}"
        opened += 1
    assert opened >= 15


def test_nor_by_scripts_that_show_it(hostile: Served, open_page: Browsing) -> None:
    page = open_page(hostile.root + "studies/hostile/screenA/")
    page.locator(".filter-row input").first.fill("script")
    page.wait_for_timeout(400)
    assert page.evaluate(UNSAFE) == []
    page = open_page(hostile.root)
    box = page.locator("header input[name=q]")
    box.click()
    box.press_sequentially("script", delay=5)
    page.locator("header [role=option]").first.wait_for()
    assert page.evaluate(UNSAFE) == []
