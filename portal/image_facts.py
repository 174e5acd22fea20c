"""What is derived from images, as frozen types: the part of `portal.facts` that is known of pictures."""

from __future__ import annotations

from typing import Literal

from portal.model import Model


class ChannelFacts(Model):
    name: str
    colour: str
    low: float
    high: float
    shown: bool = True
    label: str | None = None
    emission: float | None = None  # nm
    excitation: float | None = None  # nm


class RegionFacts(Model):
    """A region of interest, for pages without scripts: the middle of its box in pixels, its area (µm², px² where no pixel size is
    known), or its length (µm or px). `z` and `t` count from 0; None means all."""

    name: str = ""
    kind: str
    x: float
    y: float
    z: int | None = None
    t: int | None = None
    area: float | None = None
    length: float | None = None


class ImageFacts(Model):
    """One rendered image. Sizes in pixels, planes, time points; pixel sizes in µm; `time_step` in s.

    `zarr`: the group of its OME-Zarr, an address without a slash at its end, or an absolute URL where the image lies elsewhere;
    `zarr_format` is that of Zarr.
    `original`: its source file, where the study publishes it. `slide`: of a slide, the names of the pictures of its glass (label,
    macro), each `slide/<name>.webp` below `tiles`. `labels`: the names of its label images. `projection`: whether there
    are tiles of the maximum over z.
    """

    id: str
    study: str
    component: str
    container: str | None = None
    sample: str | None = None
    field: int = 1
    name: str
    path: str
    width: int
    height: int
    z: int = 1
    t: int = 1
    channels: tuple[ChannelFacts, ...] = ()
    dtype: str = "uint16"
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None
    kind: Literal["rgb", "strips"]
    tiles: str
    thumbnail: str
    preview: str
    rois: str | None = None
    region_count: int = 0
    regions: tuple[RegionFacts, ...] = ()
    labels: tuple[str, ...] = ()
    projection: bool = False
    zarr: str | None = None
    zarr_format: Literal[2, 3] = 3
    original: str | None = None
    slide: tuple[str, ...] = ()
    synthetic: bool = False
    featured: bool = False
    brightfield: bool = False
    sha256: str
    bytes: int


class Refusal(Model):
    """An image that could not be rendered, and why."""

    path: str
    why: str


class Sprite(Model):
    """One WebP with a thumbnail a well: cells of `cell` px in `columns` columns; `wells` maps a well to its index.

    It shows one field of each well, which is absent from `wells` where it has no such field. `channel` None: the shown channels
    blended; else the channel of that number (from 0) alone, gray between the ends of its window.
    """

    address: str
    container: str
    cell: int
    columns: int
    rows: int
    wells: dict[str, int]
    field: int = 1
    channel: int | None = None


class ComponentImages(Model):
    """images.json of a component's `images` step. Addresses are relative to the site's root."""

    images: tuple[ImageFacts, ...] = ()
    sprites: tuple[Sprite, ...] = ()
    refused: tuple[Refusal, ...] = ()
