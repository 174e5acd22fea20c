"""Hostile text in every field: nothing of it becomes a tag, an attribute, a script or an address."""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path

import pytest

from portal.facts import SiteFrame
from portal.pages import cite, prose
from tests.effort import effort
from tests.pages.fixtures import Portal
from tests.pages.reading import Reading

BAD = Path(__file__).parents[2] / "../shared/bad"

# Enough to find a missing escape where the collections are not beside the checkout.
OWN = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</script><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "<svg/onload=alert(1)>",
    "</title><style>*{}</style>",
    "{{ 7*7 }}{% raw %}",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "\u202eright to left\u202c",
    "a\x00b\x07",
    '<a href="javascript:alert(1)">x</a>',
    "&#60;script&#62;",
    "</textarea><iframe src=//evil.example>",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "\u2028</script>",
)


@cache
def collected() -> tuple[str, ...]:
    """Payloads of shared collections, as lines of up to 400 characters."""
    files = [BAD / "xss-payload-list/Intruder/xss-payload-list.txt", BAD / "blns/blns.txt"]
    if not all(f.exists() for f in files):
        return ()
    lines = [line.strip() for f in files for line in f.read_text("utf-8", "replace").splitlines()]
    return tuple(dict.fromkeys(line[:400] for line in lines if line and not line.startswith("#")))


def payloads() -> tuple[str, ...]:
    if not collected():
        print("the collections of hostile strings are not beside the checkout: using our own few")
    return OWN + collected()


def _pages(folder: Path, turn: int) -> dict[str, bytes]:
    """The small portal with a payload in every free text: which one depends on the text and the turn."""
    bad = payloads()

    def text(original: str) -> str:
        payload = bad[(zlib.crc32(original.encode()) + turn * 7919) % len(bad)]
        return f"{payload} {original}"

    return Portal(folder, text=text, wells=96).pages()


@pytest.mark.parametrize("turn", range(4))
def test_text_stays_text_on_every_page(tmp_path: Path, turn: int) -> None:
    wrong = []
    for path, data in _pages(tmp_path, turn).items():
        if not path.endswith(".html"):
            continue
        reading = Reading(data.decode())
        wrong += [f"{path}: {what}" for what in reading.unsafe()]
        for _, block in reading.blocks:
            json.loads(block)
    assert not wrong, "\n".join(wrong[:20])


def test_the_first_payloads_reach_the_page(tmp_path: Path) -> None:
    """The test above would pass on empty pages."""
    pages = Portal(tmp_path, text=lambda s: f"{OWN[0]} {s}", wells=96).pages()
    text = pages["studies/tst0001/index.html"].decode()
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 20
    assert "<script>alert" not in text


def test_markdown_is_made_safe() -> None:
    for payload in payloads():
        html = str(prose.prose(payload))
        reading = Reading(f"<div>{html}</div>")
        assert not reading.unsafe(), (payload, html)
        assert not reading.named("img", "script", "svg"), (payload, html)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "[a](b" * 4_000,
        "*" * 20_000,
        "*a_ " * 5_000,
        "`" * 20_000,
        "> " * 10_000,
        "- " * 10_000,
        "<" * 20_000,
        "&" * 20_000,
        "![" * 10_000,
        "\n".join("  " * n + "- x" for n in range(190)),
        "\\" * 20_000,
        "_" * 20_000,
        "a\n" * 10_000,
        "1. " * 6_000,
        "[a]: b\n" * 2_800,
        "http://" * 2_800,
        "**a" * 6_000,
        "(" * 20_000,
        "~" * 20_000,
        "=\n" * 10_000,
        "a\n=\n" * 5_000,
        "#" * 20_000,
    ],
    ids=lambda t: repr(t[:8]),
)
def test_markdown_is_bounded(text: str) -> None:
    assert effort(lambda: prose.prose(text)) < 40


def test_markdown_keeps_what_authors_mean() -> None:
    html = str(prose.prose("# Growth\n\nAt *37 °C*, p < 0.05, siRNA_1_2.\n\n- one\n- two\n\n[x](https://example.org/a_(b))", 3))
    assert "<h3>Growth</h3>" in html
    assert "<em>37 °C</em>, p &lt; 0.05, siRNA_1_2." in html
    assert html.count("<li>") == 2
    assert 'href="https://example.org/a_(b)"' in html


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/studies/",
        "studies/",
        "https://",
        "https://good.example@evil.example/",
        'https://x"onload=',
        "https://x<y",
        "https://x y",
        "file:///etc/passwd",
        "http://[",
        "s3://bucket/x",
        "",
        None,
        "\x01https://example.org",
        "https:\\evil.example",
    ],
)
def test_addresses_that_are_refused(value: str | None) -> None:
    assert prose.url(value) == ""


def test_addresses_that_are_kept() -> None:
    assert prose.url("https://example.org/a?b=c&d#e") == "https://example.org/a?b=c&d#e"
    assert prose.url("mailto:a@example.org") == "mailto:a@example.org"
    assert prose.url("doi:10.1091/mbc.E13-04-0221") == "https://doi.org/10.1091/mbc.E13-04-0221"


def test_hostile_references_stay_in_their_fields(portal: Portal) -> None:
    bad = portal.study.model_copy(update={"title": 'x}, author={evil} "\\input{/etc/passwd}\nTY  - evil'})
    frame = portal.given().inputs[1].json("site.json")
    found = cite.references(bad, SiteFrame.model_validate(frame))
    bib = cite.bibtex(found)
    assert "\\input" not in bib
    assert bib.count("\n@") + bib.startswith("@") == 2
    ris = cite.ris(found)
    assert ris.count("\r\nTY  - ") + ris.startswith("TY  - ") == 2
    assert json.loads(cite.csl(found))[0]["title"].startswith("x}")
