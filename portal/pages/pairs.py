"""Correlative pairs: which images lie on which, and how, for the viewer (assets/js/viewer-correlate.js) and for the page without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from portal.facts import ComponentFacts, ImageFacts
from portal.model import Correlation, Study
from portal.pages.pictures import address_of


@dataclass(frozen=True)
class Pair:
    """Another image of a pair. `matrix`: its pixels → those of this image, six numbers row by row; None where this image is the one
    that is laid on it, or where the transform is in µm and a pixel size is not known. `info`: its info.json."""

    name: str
    page: str
    info: str
    on_this: bool
    matrix: tuple[float, ...] | None
    description: str

    def told(self, link: Callable[[str], str]) -> dict[str, Any]:
        """As the viewer reads it; `link` makes an address relative to the page."""
        return {"info": link(self.info), "name": self.name, "page": link(self.page), "matrix": self.matrix}


def pairs_of(image: ImageFacts, study: Study, component: ComponentFacts | None, others: Iterable[ImageFacts]) -> tuple[Pair, ...]:
    """The pairs that an image is part of, in the order of study.yaml. `others` are the images of its component."""
    told = next((c for c in study.components if c.name == image.component), None)
    every = tuple(others)
    found = []
    for correlation in told.correlation if told else ():
        if not correlation.fixed or not correlation.moving or not correlation.transform:
            continue
        fixed, moving = named(correlation.fixed, every), named(correlation.moving, every)
        if fixed is None or moving is None or image.id not in (fixed.id, moving.id):
            continue
        other = moving if image.id == fixed.id else fixed
        found.append(
            Pair(
                name=other.name,
                page=address_of(other, component),
                info=f"{other.tiles.rstrip('/')}/info.json",
                on_this=other is moving,
                matrix=in_pixels(correlation, fixed, moving) if other is moving else None,
                description=correlation.description,
            )
        )
    return tuple(found)


def named(name: str, images: Iterable[ImageFacts]) -> ImageFacts | None:
    """The image of that name, or of that dataset and name (`set/name`); None where there is none, or several."""
    found = [i for i in images if name in (i.name, f"{i.container}/{i.name}")]
    return found[0] if len(found) == 1 else None


def in_pixels(correlation: Correlation, fixed: ImageFacts, moving: ImageFacts) -> tuple[float, ...] | None:
    """The transform between pixels; None where it counts in µm and a pixel size is not known."""
    if correlation.transform is None or correlation.unit == "px":
        return correlation.transform
    if not fixed.pixel_size or not moving.pixel_size:
        return None
    a, b, c, d, e, f = correlation.transform
    turn, shift = moving.pixel_size / fixed.pixel_size, 1 / fixed.pixel_size
    return a * turn, b * turn, c * shift, d * turn, e * turn, f * shift
