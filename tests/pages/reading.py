"""Pages as a browser's parser sees them: tags with their attributes, and what in them would be unsafe."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Everything a page of ours may hold; SVG's own names are as the parser gives them, in lower case.
TAGS = frozenset(
    "html head meta title link script body a header svg g rect path circle text image span form input button nav details summary main "
    "section div "
    "h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd table caption thead tbody tfoot tr th td aside footer time img b i em strong code pre br hr "
    "blockquote sub sup bdi noscript fieldset legend label figure figcaption".split()
)
ATTRIBUTES = frozenset(
    "href src alt class id lang content charset name rel type title width height viewbox preserveaspectratio d x y cx cy r rx fill action "
    "method autocomplete spellcheck placeholder hidden popover popovertarget open datetime download scope tabindex role loading "
    "http-equiv headers checked colspan transform dy".split()
)
_PREFIXES = ("data-", "aria-")
_EXTERNAL = re.compile(r"^(https?://[^\s\"'<>]+|mailto:[^\s\"'<>]+)$")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    line: int


@dataclass
class Reading(HTMLParser):
    """One page, parsed."""

    html: str
    elements: list[Element] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)  # type and content of each script block without src
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._script: str | None = None
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {k: v or "" for k, v in attrs}, self.getpos()[0]))
        self._script = dict(attrs).get("type") or "" if tag == "script" and "src" not in dict(attrs) else None

    def handle_endtag(self, tag: str) -> None:
        self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.blocks.append((self._script, data))
        else:
            self.text.append(data)

    def named(self, *tags: str) -> list[Element]:
        return [e for e in self.elements if e.tag in tags]

    @property
    def ids(self) -> list[str]:
        return [e.attributes["id"] for e in self.elements if "id" in e.attributes]

    @property
    def links(self) -> list[str]:
        return [e.attributes[a] for e in self.elements for a in ("href", "src", "action") if a in e.attributes]

    def data(self, kind: str = "application/json") -> object:
        return next(json.loads(content) for type_, content in self.blocks if type_ == kind)

    def unsafe(self) -> list[str]:
        """What must not be there: foreign tags and attributes, handlers, styles, scripts, addresses of other schemes."""
        found = []
        for e in self.elements:
            where = f"line {e.line}: <{e.tag}>"
            if e.tag not in TAGS:
                found.append(f"{where} is not one of ours")
            for name, value in e.attributes.items():
                if name.startswith("on") or name == "style" or not (name in ATTRIBUTES or name.startswith(_PREFIXES)):
                    found.append(f"{where} has {name}={value[:60]!r}")
                if name in ("href", "src", "action", "data-info", "data-rois") and not safe_address(value):
                    found.append(f"{where} points to {value[:80]!r}")
                if name == "fill" and not re.fullmatch(r"#[0-9a-fA-F]{6}|none", value):
                    found.append(f"{where} is filled with {value[:80]!r}")
            if e.tag == "script" and e.attributes.get("type") not in ("module", "application/json", "application/ld+json"):
                found.append(f"{where} is of type {e.attributes.get('type')!r}")
            if (
                e.tag == "meta"
                and e.attributes.get("http-equiv", "").lower() == "refresh"
                and not e.attributes["content"].startswith("0; url=../")
            ):
                found.append(f"{where} refreshes to {e.attributes['content']!r}")
        return found


def safe_address(value: str) -> bool:
    """http, https, mailto, our own icon, or an address relative to the page."""
    if _EXTERNAL.match(value) or value.startswith("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'"):
        return True
    before = re.split(r"[/?#]", value, maxsplit=1)[0]
    return ":" not in before and not value.startswith("//") and not re.search(r"[\s<>\"]", value)
