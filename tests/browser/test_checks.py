"""The questions of a check, asked again in the reader's own console: the browser's older DuckDB gives what the build counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from ingest.importers.idr import checks as printed
from portal.warehouse.counting import answer, desk
from portal.warehouse.schema import TABLES
from tests.browser import links
from tests.browser.built import built
from tests.browser.test_console import plain, rows
from tests.browser.test_every_page import axe
from tests.browser.watched import Browsing, Served

CASE = Path(__file__).parents[1] / "sites/checks/content"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site case with the importer's own table, about a study that it does not know."""
    folder = tmp_path_factory.mktemp("checks")
    for source in (p for p in CASE.rglob("*") if p.is_file() and p.name != "wrong.yaml"):
        target = folder / "content" / source.relative_to(CASE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    table = printed._OURS.read_text().replace("study: idr0012\n", "study: one\n")
    (folder / "content/checks/table.yaml").write_text(table)
    with built(folder) as served:
        yield served


def test_every_question_is_answered_in_the_console(checked: Served, open_page: Browsing) -> None:
    page = open_page(checked.root + "about/checks/")
    asked = page.locator(".check-how a", has_text="Ask it in the console").evaluate_all("all => all.map(a => a.href)")
    assert len(asked) >= 3 + 2 + 6 + 6
    console = open_page(checked.root + "query/")
    with desk({name: checked.site / f"data/{name}.parquet" for name in TABLES}) as native:
        for link in asked:
            sql = parse_qs(urlsplit(link).fragment)["sql"][0]
            console.goto("about:blank")
            console.goto(link)
            found = [plain(row) for row in rows(console)]
            expect(console.locator("#console [role=alert]")).to_have_count(0)
            counted = {study: float(value.replace(",", "")) for study, value in found if value}
            assert counted == pytest.approx(answer(native, sql)), sql


def test_the_page_is_sound(checked: Served, open_page: Browsing) -> None:
    page = open_page(checked.root + "about/checks/")
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "390 px")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert not wrong, "\n".join(wrong)
    assert not links.broken(checked.site, ["about/checks/", "about/"])
