"""Templates, filters and the frame around every page.

`opened(work)` gives the site as a page recipe needs it: inputs[0] is the tree of templates, inputs[1]
holds `site.json`. Templates loop and choose; whatever is computed is computed in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import addresses
from portal.engine.step import Opened, Work
from portal.facts import SiteFrame
from portal.pages import asked, compiled, prose
from portal.pages.glossary import GLOSSARY

# What a page may load (LOOK and DESIGN §8). A page's own policy does not bind a worker loaded from a URL,
# so workers start from a blob.
POLICY = (
    "default-src 'none'; script-src 'self'{script}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'{connect}; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
)

# Identifiers are short. What is longer is not held against the patterns of outside pages, which content may bring:
# how long these can take is known for so many characters (ingest.patterns).
MATCHED = 100

# Nothing that prints needs these; HTML forbids them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


@dataclass(frozen=True)
class Crumb:
    name: str
    address: str


@dataclass(frozen=True)
class Page:
    """What the frame shows about one page. `here` ends its breadcrumbs. `fixed_root` is for 404.html, which is served at any depth;
    `one_script`: page.js is not asked for, since its script holds that, or it has no frame. `connect`: other origins that its scripts may
    ask, see `exact.origins`."""

    address: str
    title: str
    kind: str
    description: str = ""
    crumbs: tuple[Crumb, ...] = ()
    here: str = ""
    style: str = ""
    scripts: tuple[str, ...] = ()
    wasm: bool = False
    listed: bool = True
    fixed_root: str = ""
    one_script: bool = False
    connect: tuple[str, ...] = ()

    @cached_property
    def root(self) -> str:
        return self.fixed_root or addresses.root(self.address)

    @cached_property
    def policy(self) -> str:
        return POLICY.format(script=" 'wasm-unsafe-eval'" if self.wasm else "", connect="".join(f" {origin}" for origin in self.connect))

    def link(self, target: str) -> str:
        """A link from this page to an address of ours, which may end in `?q=…` or `#…`."""
        if self.fixed_root:
            return self.fixed_root + target
        path, mark, query = target.partition("?")
        if mark and "#" not in path:
            return addresses.relative(self.address, path) + mark + query
        return addresses.relative(self.address, target)


@pass_context
def _link(context: Context, target: str) -> str:
    return context["page"].link(target)


@pass_context
def _query(context: Context, sql: str) -> str:
    return _link(context, asked.address(sql))


def _data(value: object) -> Markup:
    """JSON for a `<script type="application/json">` or `ld+json` block: no character that could end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&'\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def environment(templates: Mapping[str, str]) -> Environment:
    """The Jinja2 environment over templates by name."""
    env = Environment(
        loader=DictLoader(dict(templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=compiled.kept(),
    )
    env.filters |= {
        "link": _link,
        "query": _query,
        "data": _data,
        "url": prose.url,
        "doi": prose.doi,
        "number": prose.number,
        "size": prose.size,
        "count": prose.count,
        "words": prose.words,
        "percent": prose.percent,
        "colour": prose.colour,
        "bdi": prose.bdi,
        "markdown": prose.prose,
    }
    env.globals |= {"glossary": GLOSSARY}
    return env


@dataclass(frozen=True)
class Site:
    """The templates and the frame: renders one page at a time."""

    environment: Environment
    frame: SiteFrame

    def render(self, template: str, page: Page, **context: Any) -> bytes:
        """One page as UTF-8. Raises jinja2.UndefinedError where a template asks for what it was not given."""
        frame = self.frame
        text = self.environment.get_template(template).render(
            page=page,
            frame=frame,
            assets=page.link(frame.assets),
            vendor=page.link(frame.vendor),
            search_folder=page.link(frame.search),
            canonical=frame.site_url.rstrip("/") + "/" + page.address if frame.site_url and page.listed else "",
            **context,
        )
        return _UNPRINTABLE.sub("", text).encode("utf-8", "replace")

    def page(self, template: str, page: Page, **context: Any) -> dict[str, bytes]:
        """`{file: bytes}` for one page."""
        return {addresses.file_of(page.address): self.render(template, page, **context)}

    def absolute(self, address: str) -> str | None:
        """The address with the site's own, where portal.yaml gives it."""
        return self.frame.site_url.rstrip("/") + "/" + address if self.frame.site_url else None

    def identifier_links(self, identifier: str, kind: str = "") -> list[tuple[str, str]]:
        """Outside pages about an identifier: (name, URL) for every link template that it fits. `kind`: of what it is one."""
        found: list[tuple[str, str]] = []
        if len(identifier) > MATCHED:
            return found
        for name, pattern, template, kinds in self._link_templates:
            if (not kinds or kind in kinds) and pattern.fullmatch(identifier):
                target = prose.url(template.replace("{id}", quote(identifier, safe=":")))
                if target:
                    found.append((name, target))
        return found

    @cached_property
    def _link_templates(self) -> Sequence[tuple[str, re.Pattern[str], str, tuple[str, ...]]]:
        return [(t.name, re.compile(t.pattern), t.url, t.kinds) for t in self.frame.links]


_environments: dict[str, Environment] = {}


def _environment_of(tree: Opened) -> Environment:
    # Compiled once a process and tree: 35,000 gene pages share it.
    known = _environments.get(tree.tree.digest)
    if known is None:
        _environments.clear()
        known = environment(
            {path.removeprefix("templates/"): tree.read(path).decode() for path in tree if path.endswith((".html", ".xml"))}
        )
        _environments[tree.tree.digest] = known
    return known


def opened(work: Work) -> Site:
    """The site of a page recipe: templates in inputs[0], `site.json` in inputs[1]."""
    return Site(_environment_of(work.inputs[0]), SiteFrame.model_validate_json(work.inputs[1].read("site.json")))


def given(work: Work, name: str) -> tuple[Opened, str] | None:
    """Where a data file lies among the inputs after templates and frame, whatever folder a plan puts it in."""
    for tree in work.inputs[2:]:
        for path in tree:
            if path == name or path.endswith("/" + name):
                return tree, path
    return None


def read(work: Work, name: str) -> bytes:
    """The bytes of a data file. Raises KeyError where no input holds it."""
    found = given(work, name)
    if found is None:
        raise KeyError(f"no input holds {name}")
    return found[0].read(found[1])
