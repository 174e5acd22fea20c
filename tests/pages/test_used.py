"""A page's templates are found from its code: what it does not name is no part of its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.engine.step import Tree, digest_of
from portal.engine.store import Store
from portal.pages import entities, images, redirects
from portal.pages.used import used, used_by
from portal.publish.assets import own_files

SOURCES = {
    "base.html": b"<title>{% block main %}{% endblock %}",
    "parts.html": b"{% macro help() %}{% endmacro %}",
    "gene.html": b'{% extends "base.html" %}{% from "parts.html" import help with context %}',
    "any.html": b"{% include chosen %}",
    "study.html": b'{% extends "base.html" %}',
}
TREE = Tree({name: digest_of(text) for name, text in SOURCES.items()})
BYTES = {digest_of(text): text for text in SOURCES.values()}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["gene.html", "Genes"], ["base.html", "gene.html", "parts.html"]),
        (["study.html"], ["base.html", "study.html"]),
        (["any.html"], list(TREE)),
        (["none.html"], []),
    ],
)
def test_what_is_named_and_what_that_extends_or_includes(words: list[str], named: list[str]) -> None:
    assert list(used(TREE, BYTES.__getitem__, words)) == named


def test_the_portals_own_pages(tmp_path: Path) -> None:
    store = Store(tmp_path)
    of = used_by(own_files(store, "templates"), store.read)
    assert {"entity.html", "alias.html", "base.html", "parts.html"} <= set(of(entities.entities))
    assert "study.html" not in of(entities.entities)
    assert set(of(images.images)) == {"base.html", "image.html", "parts.html", "regions.html", "embed.html", "compare.html"}
    assert set(of(redirects.redirects)) == {"base.html", "moved.html"}
