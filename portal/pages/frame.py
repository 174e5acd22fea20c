"""What surrounds every page: names, licence and contact from portal.yaml, and where scripts and styles lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import SiteFrame
from portal.model import Portal


def folder(paths: Iterable[str], kind: str) -> str:
    """`assets/<digest>/` of a tree such as `assets/<digest>/js/page.js`. Raises ValueError where the tree is not of that kind."""
    for path in paths:
        first, _, rest = path.partition("/")
        if first == kind and "/" in rest:
            return f"{kind}/{rest.split('/', 1)[0]}/"
    raise ValueError(f"no {kind}/<digest>/ folder among the inputs")


@recipe("code")
def frame(work: Work, *, portal: Mapping[str, Any], search: str = addresses.SEARCH) -> dict[str, bytes]:
    """site.json (SiteFrame). Inputs: the trees of the `assets` and `vendor` steps, and of `placed`. `search` is the index's folder."""
    told = Portal.model_validate(dict(portal))
    assets, vendor, *placed = work.inputs
    site = SiteFrame(
        **{name: getattr(told, name) for name in SiteFrame.model_fields if name in Portal.model_fields},
        assets=folder(assets, "assets"),
        vendor=folder(vendor, "vendor"),
        search=search,
        places=any(placed),
    )
    return {"site.json": site.model_dump_json().encode()}
