"""Words and numbers as a reader sees them, and Markdown made safe.

Content is hostile until parsed: Python-Markdown takes 77 s for 20 KB of `[`, so what goes in is bounded
first, and what comes out is cleaned by nh3 with an allow-list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import quote, urlsplit

import markdown
import nh3
from markupsafe import Markup, escape

# Beyond these a text is shown as plain paragraphs. Measured: the worst text within them takes 0.3 s.
MAX_LENGTH = 20_000
MAX_BRACKETS = 200
MAX_MARKS = 600
MAX_NESTING = 8
MAX_LINES = 1_000

_TAGS = {
    "p",
    "br",
    "em",
    "strong",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "sub",
    "sup",
}
_HEADING = re.compile(r"<(/?)h([1-6])>")
_DOI = re.compile(r"^doi:\s*(10\.\d{4,9}/\S+)$", re.IGNORECASE)


def url(value: str | None) -> str:
    """The address where it is safe to link to (http, https, mailto, doi:), else an empty string."""
    text = (value or "").strip()
    if not text or re.search(r"[\s<>\"'`\\\x00-\x1f\x7f-\x9f]", text):
        return ""
    if m := _DOI.match(text):
        return doi(m[1])
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme in ("http", "https"):
        return text if host and "@" not in parts.netloc else ""
    return text if parts.scheme == "mailto" and "@" in parts.path else ""


def doi(value: str) -> str:
    """A bare DOI as a link: `10.1091/mbc.E13-04-0221` → `https://doi.org/10.1091/mbc.E13-04-0221`."""
    return "https://doi.org/" + quote(value, safe="/.-_();:+")


def number(value: float | int | None) -> str:
    """`1,152`; fractions with up to four digits that matter; an empty string for nothing."""
    if value is None:
        return ""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.4g}"


def size(n: int | None) -> str:
    """Bytes in decimal units, as file managers and clouds count: `2.1 MB`."""
    if n is None:
        return ""
    value = float(n)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{n:,} bytes" if unit == "bytes" else f"{value:.3g} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def count(n: int, one: str, many: str = "") -> str:
    """`1 sample`, `1,152 samples`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def words(values: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {last} {values[-1]}"


def colour(value: str) -> str:
    """`#rrggbb`, and grey for anything else."""
    return value if re.fullmatch(r"#[0-9a-fA-F]{6}", value) else "#808080"


def bdi(value: object) -> Markup:
    """A name on its own ground, so that right-to-left marks in it do not reorder the text around it."""
    return Markup("<bdi>") + escape(value) + Markup("</bdi>")


def percent(part: float, whole: float) -> str:
    """A share as the width of a bar of 100 units; anything there is shows."""
    if not whole or not part:
        return "0"
    return f"{max(1.0, min(100.0, 100 * part / whole)):.4g}"


@cache
def _converter() -> markdown.Markdown:
    md = markdown.Markdown(output_format="html", extensions=["sane_lists"])
    # Raw HTML stays text (`p < 0.05` is no tag), and an indented line is no code.
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")
    md.inlinePatterns.deregister("entity")
    md.inlinePatterns.deregister("image_link")
    md.inlinePatterns.deregister("image_reference")
    md.inlinePatterns.deregister("short_image_ref")
    md.parser.blockprocessors.deregister("code")
    return md


def _bounded(text: str) -> bool:
    if len(text) > MAX_LENGTH or text.count("[") + text.count("(") + text.count("<") > MAX_BRACKETS:
        return False
    if text.count("\n") > MAX_LINES:
        return False
    if sum(text.count(mark) for mark in "*_`") > MAX_MARKS:
        return False
    return all(
        len(m[0].replace(" ", "").replace("\t", "    ")) <= MAX_NESTING and m[0].count(" ") <= 4 * MAX_NESTING
        for m in re.finditer(r"^[ \t>*+-]+", text, re.MULTILINE)
    )


def paragraphs(text: str) -> Markup:
    """Plain text: blank lines part paragraphs, nothing else has a meaning."""
    parts = [p.strip() for p in re.split(r"\n\s*\n", text) if p.strip()]
    return Markup("\n").join(Markup("<p>") + escape(p) + Markup("</p>") for p in parts)


def prose(text: str | None, base: int = 3) -> Markup:
    """Markdown as safe HTML. Headings begin at level `base` and never skip one; no images, no raw HTML.

    A text beyond the bounds above is shown as plain paragraphs.
    """
    if not text:
        return Markup("")
    if not _bounded(text):
        return paragraphs(text)
    md = _converter().reset()
    try:
        raw = md.convert(text)
    except RecursionError:
        return paragraphs(text)
    clean = nh3.clean(
        raw,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="nofollow noopener",
        attribute_filter=lambda tag, name, value: url(value) or None if name == "href" else value,
    )
    # An address that was refused leaves a link to nowhere: only its words stay.
    clean = re.sub(r'<a rel="nofollow noopener">(.*?)</a>', r"\1", clean, flags=re.DOTALL)
    levels = [int(m[2]) for m in _HEADING.finditer(clean)]
    if levels:
        clean = _levelled(clean, base, min(levels))
    return Markup(clean)


def _levelled(html: str, base: int, top: int) -> str:
    reached = base - 1

    def level(match: re.Match[str]) -> str:
        nonlocal reached
        if not match[1]:
            reached = min(base + int(match[2]) - top, reached + 1, 6)
        return f"<{match[1]}h{reached}>"

    return _HEADING.sub(level, html)
