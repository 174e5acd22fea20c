"""One address of each kind of page, found in a built portal by what the pages hold."""

from __future__ import annotations

from functools import cache
from pathlib import Path

KINDS = (
    "home", "studies", "study", "component", "plate", "dataset", "image", "genes", "gene list", "gene", "antibody",
    "phenotypes", "phenotype", "organisms", "organism",
    "methods", "method", "study types", "study type", "cell lines", "cell line", "search", "query", "explore",
    "downloads", "about", "not found",
)  # fmt: skip


@cache
def pages(site: Path) -> tuple[str, ...]:
    """Every page's address, sorted: `studies/idr0002/` for `studies/idr0002/index.html`."""
    found = (p.relative_to(site).as_posix() for p in site.rglob("*.html"))
    return tuple(sorted(f.removesuffix("index.html") if f.endswith("/index.html") or f == "index.html" else f for f in found))


def html(site: Path, address: str) -> str:
    return (site / (address + "index.html" if not address or address.endswith("/") else address)).read_text(encoding="utf-8")


@cache
def of(site: Path) -> dict[str, str]:
    """kind → address. A kind that the portal lacks is absent."""
    found: dict[str, str] = {}
    for address in pages(site):
        kind = _kind(site, address)
        # The richest page of a kind is the one that can break: prefer one with images, then the first.
        if kind and (kind not in found or ('class="viewer' in html(site, address) and 'class="viewer' not in html(site, found[kind]))):
            found[kind] = address
    return found


def _kind(site: Path, address: str) -> str | None:
    parts = address.strip("/").split("/") if address else []
    fixed = {
        "": "home", "studies/": "studies", "genes/": "genes", "phenotypes/": "phenotypes", "organisms/": "organisms",
        "methods/": "methods", "study-types/": "study types", "cell-lines/": "cell lines",
        "search/": "search", "query/": "query", "explore/": "explore",
        "downloads/": "downloads", "about/": "about", "404.html": "not found",
    }  # fmt: skip
    if address in fixed:
        return fixed[address]
    match parts:
        case ["studies", _]:
            return "study"
        case ["studies", _, "provenance"]:
            return "provenance"
        case ["studies", _, _]:
            return "component"
        case ["studies", _, _, _]:
            return "plate" if '<table class="plate' in html(site, address) else "dataset"
        case ["images", _]:
            return "image"
        case [("genes" | "compounds" | "antibodies") as kinds, _]:
            # The address of another name only sends its reader on.
            kind = {"genes": "gene", "compounds": "compound", "antibodies": "antibody"}[kinds]
            return kind if f'data-page="{kind}"' in html(site, address) else None
        case ["genes", _, _]:
            return "gene list"
        case ["phenotypes", _]:
            return "phenotype"
        case ["organisms", _]:
            return "organism"
        case ["methods", _]:
            return "method"
        case ["study-types", _]:
            return "study type"
        case ["cell-lines", _]:
            return "cell line"
    return None
