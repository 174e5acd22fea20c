"""Which other origins a page may ask: those of the images it shows, and never what else an address holds."""

from __future__ import annotations

import pytest

from portal.facts import ImageFacts
from portal.pages import exact
from portal.pages.render import Page

PAGE = Page(address="images/x/", title="x", kind="image")


def image(zarr: str | None, **more: object) -> ImageFacts:
    needed = {"id": "x", "study": "s", "component": "c", "name": "x", "path": "x", "width": 1, "height": 1, "kind": "strips"}
    made = {"tiles": "tiles/0/", "thumbnail": "t", "preview": "p", "sha256": "0", "bytes": 0}
    return ImageFacts.model_validate({**needed, **made, "zarr": zarr, **more})


@pytest.mark.parametrize(
    ("zarr", "wanted"),
    [
        ("https://data.Example.org/a/b.zarr", ("https://data.example.org",)),
        ("http://127.0.0.1:8000/b.zarr", ("http://127.0.0.1:8000",)),
        ("zarr/x.zarr", ()),
        (None, ()),
        ("https://a.org;script-src */x.zarr", ()),
        ("https://a.org 'unsafe-inline'/x.zarr", ()),
        ("https://*.org/x.zarr", ()),
        ("https://user:word@a.org/x.zarr", ()),
        ("https://[::1/x.zarr", ()),
        ("ftp://a.org/x.zarr", ()),
    ],
)
def test_origins(zarr: str | None, wanted: tuple[str, ...]) -> None:
    assert exact.origins([image(zarr), image(zarr)]) == wanted
    page = Page(address="images/x/", title="x", kind="image", connect=exact.origins([image(zarr)]))
    assert page.policy.count(";") == PAGE.policy.count(";") and "*" not in page.policy
    told = exact.told(page, image(zarr))
    assert bool(told) == (bool(wanted) or zarr == "zarr/x.zarr")


def test_what_the_viewer_is_told() -> None:
    assert exact.told(PAGE, image("zarr/x.zarr")) == {"zarr": "../../zarr/x.zarr"}
    assert exact.told(PAGE, image("https://a.org/x.zarr", zarr_format=2)) == {"zarr": "https://a.org/x.zarr", "zarrformat": "2"}
    assert exact.told(PAGE, image(None, original="originals/x/a.tif")) == {"original": "../../originals/x/a.tif"}
