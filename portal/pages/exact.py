"""Where a viewer finds the exact pixels of an image, and which other origins a page may ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from portal.facts import ImageFacts
from portal.pages.render import Page

# A host and a port, and nothing that could end the policy or begin another rule of it.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")


def origin(image: ImageFacts) -> str:
    """The other origin that the image's OME-Zarr lies on, such as `https://bucket.example.org`; "" where it lies here, or nowhere."""
    try:
        parts = urlsplit(image.zarr or "")
    except ValueError:  # a broken IPv6 address
        return ""
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and _HOST.fullmatch(host) else ""


def origins(images: Iterable[ImageFacts]) -> tuple[str, ...]:
    """What joins `connect-src` of a page that shows these images."""
    return tuple(sorted({found for image in images if (found := origin(image))}))


def told(page: Page, image: ImageFacts) -> dict[str, str]:
    """What the viewer is told of an image's exact pixels (ImageAddress of viewer-stage.js): the address of its OME-Zarr, and the
    format of Zarr where it is not the third; or the address of its source file.
    """
    if image.zarr and (away := "://" in image.zarr) == bool(origin(image)):
        form = {} if image.zarr_format == 3 else {"zarrformat": str(image.zarr_format)}
        return {"zarr": image.zarr if away else page.link(image.zarr)} | form
    return {"original": page.link(image.original)} if image.original else {}
