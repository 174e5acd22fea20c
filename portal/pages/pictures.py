"""Pictures as templates show them: which image, its size, what a reader who cannot see it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal import addresses
from portal.facts import ComponentFacts, ComponentImages, ImageFacts, StudyFacts


@dataclass(frozen=True)
class Picture:
    src: str
    alt: str
    address: str
    name: str
    brightfield: bool
    synthetic: bool


def has_page(image: ImageFacts, facts: ComponentFacts | None) -> bool:
    """An image has a page of its own outside plates, or where a curator features it (DESIGN §5)."""
    plates = {c.name for c in facts.containers if c.kind == "plate"} if facts else set()
    return image.featured or image.container is None or image.container not in plates


def address_of(image: ImageFacts, facts: ComponentFacts | None) -> str:
    """Where an image is looked at: its own page, else its well on the plate's page."""
    if has_page(image, facts):
        return addresses.image(image.id)
    return addresses.sample(image.study, image.component, image.container or "", image.sample or "", image.field)


def described(image: ImageFacts) -> str:
    """What the picture shows, for readers who cannot see it: made from what is recorded, nothing guessed."""
    channels = [c.label or c.name for c in image.channels if c.shown]
    where = " ".join(p for p in (image.container, image.sample) if p)
    parts = ["Synthetic image" if image.synthetic else "Image", f"of {where}" if where else image.name]
    if channels:
        parts.append(f"showing {', '.join(channels)}")
    return " ".join(parts)


def picture(image: ImageFacts, facts: ComponentFacts | None, *, large: bool = False) -> Picture:
    return Picture(
        src=image.preview if large else image.thumbnail,
        alt=described(image),
        address=address_of(image, facts),
        name=image.name,
        brightfield=image.brightfield,
        synthetic=image.synthetic,
    )


def chosen(images: Iterable[ImageFacts], n: int) -> list[ImageFacts]:
    """Up to `n` images for a strip: featured ones first, then one a sample before a second of any."""
    taken: dict[tuple[str, str | None, str | None], int] = {}
    ranked = []
    for place, image in enumerate(images):
        key = (image.component, image.container, image.sample)
        taken[key] = taken.get(key, 0) + 1
        ranked.append((not image.featured, taken[key], place, image))
    return [image for *_, image in sorted(ranked, key=lambda r: r[:3])[:n]]


def strip(facts: StudyFacts, n: int) -> list[Picture]:
    """A study's thumbnails, all components in turn."""
    by_name = {c.component: c for c in facts.components}
    images = [i for part in facts.images for i in part.images]
    return [picture(i, by_name.get(i.component)) for i in chosen(images, n)]


def images_of(facts: StudyFacts, component: str) -> ComponentImages:
    """The images of one component; `facts.images` lies in the order of `facts.components`."""
    for part, c in zip(facts.images, facts.components, strict=False):
        if c.component == component:
            return part
    return ComponentImages()


def size_line(image: ImageFacts) -> Sequence[tuple[str, str]]:
    """The facts table of one image: label and value, only what is known."""
    channels = len(image.channels)
    rows = [
        ("Size", f"{image.width:,} × {image.height:,} px"),
        ("Pixel size", f"{image.pixel_size:.4g} µm" if image.pixel_size else "not recorded"),
        ("Field of view", f"{image.width * image.pixel_size:,.4g} × {image.height * image.pixel_size:,.4g} µm" if image.pixel_size else ""),
        ("Planes (z)", f"{image.z:,}" + (f", {image.pixel_size_z:.4g} µm apart" if image.pixel_size_z else "") if image.z > 1 else "1"),
        ("Time points (t)", f"{image.t:,}" + (f", every {image.time_step:.4g} s" if image.time_step else "") if image.t > 1 else "1"),
        ("Channels", "RGB colour" if image.kind == "rgb" else f"{channels}"),
        ("Pixel type", image.dtype),
    ]
    return [(label, value) for label, value in rows if value]
