"""The viewer in a frame of another page, what such a page is told of it (oEmbed 1.0, https://oembed.com), and images side by side.

One page an image that has a page of its own; wells of plates share `embed/`, which finds an image by its address
(`?image=studies/…/%23A2.f2`), so that a million fields do not make a million pages.
"""

from __future__ import annotations

import json
from html import escape

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import ImageFacts
from portal.model import Study
from portal.pages import exact
from portal.pages.render import Crumb, Page, Site, opened

WIDTH, HEIGHT = 720, 480
OEMBED = "oembed.json"


def frame_of(address: str, title: str) -> str:
    """The HTML that shows an address in a frame."""
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    return f'<iframe src="{escape(address)}" {size} title="{escape(title)}" loading="lazy" allowfullscreen></iframe>'


def of_image(site: Site, study: Study, image: ImageFacts, licence: str, alt: str) -> dict[str, bytes]:
    """`embed/<id>/`, and its oembed.json where the portal's address is known: oEmbed knows only absolute addresses."""
    address = addresses.embed(image.id)
    page = Page(
        address=address,
        title=f"{image.name} · {study.accession}",
        kind="embed",
        style="pictures",
        scripts=("viewer-embed",),
        listed=False,
        one_script=True,
        connect=exact.origins([image]),
    )
    out = site.page(
        "embed.html", page, image=image, info=f"{image.tiles.rstrip('/')}/info.json", alt=alt, back=addresses.image(image.id),
        caption=" · ".join(part for part in (image.name, study.accession, licence) if part), exact=exact.told(page, image),
    )  # fmt: skip
    if embedded := site.absolute(address):
        out[address + OEMBED] = _oembed(site, study, image, embedded)
    return out


def _oembed(site: Site, study: Study, image: ImageFacts, embedded: str) -> bytes:
    told = {
        "version": "1.0",
        "type": "rich",
        "title": f"{image.name} · {study.accession}: {study.title}"[:300],
        "provider_name": site.frame.title,
        "provider_url": site.absolute(""),
        "author_name": site.frame.publisher,
        "thumbnail_url": site.absolute(image.thumbnail),
        "thumbnail_width": 192,
        "thumbnail_height": 192,
        "width": WIDTH,
        "height": HEIGHT,
        "html": frame_of(embedded, image.name),
    }
    return json.dumps({k: v for k, v in told.items() if v}, ensure_ascii=False, indent=1).encode() + b"\n"


@recipe("code")
def shared(work: Work) -> dict[str, bytes]:
    """`embed/` and `compare/`: which image they show is told by their addresses. Inputs: templates and frame."""
    site = opened(work)
    embed = Page(
        address=addresses.EMBED,
        title="Embedded image",
        kind="embed",
        style="pictures",
        scripts=("viewer-embed",),
        listed=False,
        one_script=True,
    )
    compare = Page(
        address=addresses.COMPARE, title="Compare images", kind="compare", style="pictures", scripts=("viewer-compare",), listed=False,
        crumbs=(Crumb("Studies", addresses.STUDIES),), here="Compare images",
    )  # fmt: skip
    example = site.absolute(addresses.EMBED) or addresses.EMBED
    out = site.page("embed.html", embed, image=None, info="", alt="", back="", caption="", example=example)
    return out | site.page("compare.html", compare)
