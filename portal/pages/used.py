"""Which templates a page is made with, so that a change of one renders the pages that use it and no others.

A template that is missed here is missing when the page is rendered (jinja2.TemplateNotFound): never can a page be old unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from jinja2 import Environment, meta

from portal.engine.code import words
from portal.engine.step import Recipe, Tree

_PARSER = Environment()
# The statements that name a template. Parsing these alone, and not whole templates, saves half a second of every build.
_NAMING = re.compile(r"\{%[-+]?\s*(?:extends|include|import|from)\b.*?%\}", re.DOTALL)


def used_by(templates: Tree, read: Callable[[str], bytes]) -> Callable[[Recipe], Tree]:
    """A recipe → the part of `templates` that its code names. `read` gives the bytes of a digest."""
    of_module = cache(lambda module: used(templates, read, words(module)))
    return lambda recipe: of_module(recipe.function.__module__)


def used(templates: Tree, read: Callable[[str], bytes], words: Iterable[str]) -> Tree:
    """The templates that are among `words` (texts in a recipe's code), and all that these extend, import or include.

    A file that no template names, and no code, is nobody's.
    """
    waiting = [word for word in words if word in templates]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name not in templates:
            continue
        found.add(name)
        # A name that is computed may be any.
        naming = "".join(_NAMING.findall(read(templates[name]).decode()))
        parts = list(meta.find_referenced_templates(_PARSER.parse(naming)))
        waiting += [part for part in parts if part is not None] if None not in parts else list(templates)
    return Tree({name: templates[name] for name in found})
