"""Pages that moved: each old address sends its reader on."""

from __future__ import annotations

from collections.abc import Mapping

from portal.engine.step import Work, recipe
from portal.pages.render import Page, opened


@recipe("code")
def redirects(work: Work, *, moved: Mapping[str, str]) -> dict[str, bytes]:
    """A page at every old address. `moved`: old address → new one."""
    site = opened(work)
    out: dict[str, bytes] = {}
    for old, new in sorted(moved.items()):
        page = Page(address=old, title="This page has moved", kind="moved", listed=False)
        out |= site.page("moved.html", page, target=new, canonical_target=site.absolute(new))
    return out
