"""What holds for every kind of page, at the root of a host and below a path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser import kinds
from tests.browser.watched import SUB_PATH, Browsing, Served

AXE = Path(__file__).parents[2] / "assets/node_modules/axe-core/axe.min.js"


def address_of(served: Served, kind: str) -> str:
    found = kinds.of(served.site)
    assert kind in found, f"the demonstration has no page of the kind {kind!r}"
    return found[kind]


def axe(page, where: str) -> list[str]:  # type: ignore[no-untyped-def]
    """What axe finds, with the element it found it in. The library is evaluated, not added: the page's policy stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{where}: {v['id']} ({v['impact']}): {v['help']}\n    " + "\n    ".join(json.dumps(n["html"])[:300] for n in v["nodes"][:3])
        for v in found["violations"]
    ]


def fits(page) -> None:  # type: ignore[no-untyped-def]
    """Nothing makes the page scroll sideways."""
    inner, scrolled = page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    assert scrolled <= inner, f"the page is {scrolled} px wide on a screen of {inner} px: {page.evaluate(WIDEST)}"


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_page_is_sound_and_can_be_used_by_everyone(served: Served, open_page: Browsing, kind: str) -> None:
    page = open_page(served.root + address_of(served, kind))
    assert page.locator("h1").count() == 1
    assert page.title().strip()
    wrong = axe(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong += axe(page, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "390 px")
    assert not wrong, "\n".join(wrong)
    fits(page)


# The elements that reach furthest to the right and are not inside something that scrolls by itself.
WIDEST = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((e) => { for (let p = e.parentElement; p; p = p.parentElement)
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(p).overflowX)) return false; return true; })
  .slice(0, 4).map((e) => `<${e.tagName.toLowerCase()} class="${e.className}">`).join(' ')"""


# 404.html answers at any depth, so it links from the root of the host; where a portal lies below a path, site_url says so.
@pytest.mark.parametrize("kind", [k for k in kinds.KINDS if k != "not found"])
def test_a_page_works_below_a_path(served: Served, open_page: Browsing, kind: str) -> None:
    page = open_page(served.url(SUB_PATH, address_of(served, kind)))
    assert page.locator("h1").count() == 1
    styled = page.evaluate("() => [...document.styleSheets].reduce((n, s) => n + s.cssRules.length, 0)")
    assert styled > 20, "the style sheet did not load"


def test_a_missing_page_says_so(served: Served, open_page: Browsing) -> None:
    page = open_page(served.root + "studies/nothing-here/", allow=("status", "404"))
    assert page.locator("h1").is_visible()
    assert page.locator('a[href]:has-text("Studies")').count() >= 1
