"""Every link, source and form target of a portal's HTML, followed on disk: the file and the fragment must be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit

from tests.browser import kinds

FOLLOWED = {("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("source", "src"), ("form", "action"), ("iframe", "src")}
# These carry addresses that scripts open.
CARRIED = ("data-info", "data-rois", "data-parquet")


# Our own pages, whose attributes are all quoted and whose scripts hold no `<`: Python's HTMLParser takes ten times as long, a minute
# of every test run. What this would not read (an attribute without quotes) is counted by `read`.
_TAG = re.compile(r"""<([a-z][a-z0-9]*)((?:\s+[a-zA-Z_:][\w:.-]*(?:="[^"]*")?)*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:][\w:.-]*)="([^"]*)\"""")
_OPEN = re.compile(r"<[a-z]")


@dataclass
class Page:
    """What one page links to, the fragments it offers, and ids that occur twice."""

    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)

    def tag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                (self.twice if value in self.ids else self.ids).add(value)
            elif (tag, name) in FOLLOWED or (name in CARRIED and value):
                self.links.append(value)
            elif name == "srcset" and value:
                self.links += [part.split()[0] for part in value.split(",") if part.strip()]


def read(html: str) -> Page:
    """Raises AssertionError where the page holds a tag that is written otherwise than ours are."""
    page, met = Page(), 0
    for found in _TAG.finditer(html):
        met += 1
        if "=" in found[2]:
            page.tag(found[1], [(name, unescape(value)) for name, value in _ATTRIBUTE.findall(found[2])])
    tags = len(_OPEN.findall(html))
    assert met == tags, f"{tags - met} of {tags} tags could not be read"
    return page


def target_of(address: str, link: str) -> tuple[str, str] | None:
    """(address, fragment as it is written) that a link on page `address` leads to; None for one that leaves the portal."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return address, parts.fragment
    folder = address if address.endswith("/") or not address else address.rpartition("/")[0] + "/"
    # The page's own relative link to a folder keeps its last slash, which normpath takes away.
    end = "/" if parts.path.endswith(("/", "/.", "/..")) or parts.path in (".", "..") else ""
    return (normpath(join("/" + folder, unquote(parts.path))) + end).lstrip("/"), parts.fragment


def broken(site: Path, pages: Iterable[str] | None = None) -> list[str]:
    """`page: link: why`, for these pages or all. A link that climbs above the site is broken: the site may lie below a path."""
    parsed = cache(lambda address: read(kinds.html(site, address)))
    known = frozenset(kinds.pages(site))
    return [f"{a}: {why}" for a in (sorted(known) if pages is None else pages) for why in _broken_on(site, a, parsed, known)]


def _broken_on(site: Path, address: str, parsed: Callable[[str], Page], known: frozenset[str]) -> Iterator[str]:
    for twice in sorted(parsed(address).twice):
        yield f"id {twice!r} occurs twice"
    for link in parsed(address).links:
        if address == "404.html":
            # It answers at any depth, so its links begin at the root of the host (portal.yaml's site_url says which).
            link = link.removeprefix("/")
        if link.startswith("/"):
            yield f"{link}: begins at the host's root"
            continue
        if link.count("../") > address.count("/"):
            yield f"{link}: climbs above the site"
            continue
        where = target_of(address, link)
        if where is None:
            continue
        target, fragment = where
        if not (site / (target + "index.html" if not target or target.endswith("/") else target)).is_file():
            yield f"{link}: is not there"
        elif fragment and target in known and not _has(parsed(target), fragment):
            yield f"{link}: the page has no such place"


def _has(page: Page, fragment: str) -> bool:
    # A browser looks for the fragment as it is written, then decoded (HTML, "find a potential indicated element").
    # `#A2.f3` is a field of well A2, and `#f=…` a state that scripts read.
    whole = {fragment, fragment.partition(".f")[0], fragment.partition("&")[0]}
    return "=" in fragment or any(f in page.ids or unquote(f) in page.ids for f in whole)
