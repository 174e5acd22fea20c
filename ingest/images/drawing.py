"""Drawing one batch of images: limits, windows, tiles, sprites, and a refusal for each file that cannot be drawn.

A small plate, or a hundred other images, is one step, of the recipe `images`; `plates` draws a larger plate in several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.images.assembled import opened_image, traced, why
from ingest.images.exact import Exact, plate_groups
from ingest.images.faults import is_ours, may_pass
from ingest.images.looks import look, wavelengths
from ingest.images.names import Placed, well_order
from ingest.images.opened import MAX_CHANNELS, Opened, Unreadable, mended
from ingest.images.readers.slides import associated
from ingest.images.regions.label_tables import strange
from ingest.images.regions.read import labelled, overlays, regions_of, told_of
from ingest.images.sprites import Cells, Key, chosen, sprites
from portal import addresses, problems
from portal.engine.step import Work, recipe
from portal.facts import ChannelFacts, ComponentImages, ImageFacts, Refusal, Sprite
from portal.imaging.composite import boxed, fitted, webp
from portal.imaging.limits import Limits, measure
from portal.imaging.look import Look
from portal.imaging.planes import Picture, Planes, Rgb
from portal.imaging.render import Rendered, pooled, render
from portal.imaging.sprite import CELL, MOST, Gray, Singles
from portal.model import Images
from portal.problems import Place, Problem

VERSION = "3"  # of all recipes that draw: raised when any of their outputs changes (tests/imaging/test_golden.py)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SLIDE = 1_024  # px of the pictures of a slide's label and of its glass


@dataclass(frozen=True)
class Batch:
    """Images of one entry under a component's `images`, the `number`th, that lie on one plate (`container`), or on none.

    `told`: the entry. `single`: it has no other image. `raw`: what is published of the exact pixels. `hosts`: see `web`.
    """

    accession: str
    component: str
    folder: str
    container: str | None
    kind: str | None
    members: tuple[Placed, ...]
    told: Images
    single: bool
    raw: str = "none"
    number: int = 0
    hosts: Sequence[str] = ()

    @classmethod
    def of(cls, *, placed: list[dict[str, Any]], entry: dict[str, Any], **plain: Any) -> Batch:
        """From the parameters of a step, which are plain values."""
        return cls(members=tuple(Placed.of(m) for m in placed), told=Images(source="any", **entry), **plain)

    @property
    def plate(self) -> str | None:
        return self.container if self.kind == "plate" else None

    @property
    def background(self) -> tuple[int, int, int]:
        return WHITE if self.told.brightfield else BLACK


@dataclass
class Drawn:
    """What came of a batch. `files`: what its step puts out; `refused`: path → why; `fields`: well → images in the plate's OME-Zarr;
    `cells`: the small pictures of the wells, where it is of a plate.
    """

    images: list[ImageFacts] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    fields: dict[str, int] = field(default_factory=dict)
    cells: Cells = field(default_factory=dict)
    files: dict[str, bytes | Path] = field(default_factory=dict)


# By an image's identity, because a file may hold several: the limits of each channel, none for RGB.
Measured = dict[str, tuple[Limits, ...]]


@recipe(VERSION, untrusted=True)
def images(work: Work, **params: Any) -> dict[str, bytes | Path]:
    """Draws one batch as a whole: a small plate, or up to 100 other images. `params` are those of `Batch.of`.

    Input: the image files and those that lie over them, at their paths below the study folder.
    Outputs: see `drawn` and `summary`.
    """
    batch = Batch.of(**params)
    limits, refused = measured(work, batch.members, batch.told.axes, brightfield=batch.told.brightfield, hosts=batch.hosts)
    every = [limits[m.identity] for m in batch.members if limits.get(m.identity)]
    made = drawn(work, batch, limits, refused, pooled(every) if batch.plate is not None else ())
    return made.files | summary(work, batch, made)


def measured(
    work: Work, members: Iterable[Placed], axes: str | None, *, brightfield: bool, hosts: Sequence[str] = ()
) -> tuple[Measured, dict[str, str]]:
    """The limits of each image, and identity → why of those that are refused here."""
    limits: Measured = {}
    refused: dict[str, str] = {}
    for member in members:
        try:
            with (
                work.attempt(member.path, _mapped(work, member)),
                opened_image(work.inputs[0], member, axes=axes, hosts=hosts) as image,
            ):
                source = image.source
                if isinstance(source, Planes) and source.channels > MAX_CHANNELS:
                    raise Unreadable(f"claims {source.channels:,} channels; at most {MAX_CHANNELS:,} are drawn")
                every = () if isinstance(source, Rgb) else (measure(source, c, brightfield=brightfield) for c in range(source.channels))
                limits[member.identity] = tuple(every)
        except Exception as error:  # any decoder may raise anything on a broken file: it costs this image alone
            refused[member.identity] = _why(work, member, error)
    return limits, refused


def drawn(work: Work, batch: Batch, limits: Measured, refused: Mapping[str, str], windows: Sequence[tuple[float, float]]) -> Drawn:
    """Draws the images that are not `refused`. `windows`: those that the images of a plate share, one a channel.

    Files: `site/tiles/<digest>/…`, one folder for each image; as `raw` says, `site/zarr/…` or `site/originals/…` (see `exact`).
    """
    files, told, folder, single = work.inputs[0], batch.told, batch.folder, batch.single
    regions, found = regions_of(files, told, folder)
    made = Drawn(refused={m.path: refused[m.identity] for m in batch.members if m.identity in refused}, found=found)
    exact = Exact(work, batch.raw, batch.accession, batch.component, batch.plate, batch.number)
    cells: dict[Key, dict[str, Picture | Gray]] = {}
    for order, member in enumerate(batch.members):
        if member.identity in refused:
            continue
        at, limit = Place(f"{folder}/{member.path}"), limits[member.identity]
        try:
            with (
                work.attempt(member.path, _mapped(work, member)),
                opened_image(files, member, axes=told.axes, hosts=batch.hosts) as alone,
                labelled(alone, files, member, told, regions, folder, found, single=single) as image,
            ):
                shown = look(image, told, limit, tuple(windows), at, found)
                size = image.full or (image.source.width, image.source.height)
                beside, wrong = overlays(regions, files, member, size, folder, single=single)
                found += wrong
                private = exact.withheld(member, slide_label=told.slide_label)
                glass = associated(files.path(member.path)) if told.slide_label and member.path in files else {}
                planes = image.source if isinstance(image.source, Planes) else None
                singles = Singles(planes) if batch.plate is not None and planes and planes.channels > 1 else None
                one = render(
                    image.source,
                    shown,
                    limit,
                    work.scratch / str(order),
                    beside=beside | {f"slide/{name}.webp": webp(fitted(picture, SLIDE)) for name, picture in glass.items()},
                    labels=image.labels,
                    zarr=exact.name_of(member),
                    stacked=batch.plate is not None,
                    size=size,
                    watchers=[singles] if singles else [],
                )
        except Exception as error:  # as above
            made.refused[member.path] = _why(work, member, error)
            continue
        made.files |= {f"site/tiles/{one.digest}/{path}": place for path, place in one.files.items()}
        zarr, original, published = exact.published(member, one, originals=not private)
        for path, reason in private:
            said, mend = mended(reason, "write raw: ome-zarr")
            found.append(Problem(Place(f"{folder}/{path}"), f"{said}; the file is not published", mend, "warning"))
        made.files |= published
        found += strange(regions.objects.asked.get(member.path, {}), one.labels, one.files, member.name, folder)
        for name, fault in one.refused:
            said, mend = mended(_why(work, member, fault), "correct the label image, or remove it")
            found.append(Problem(at, f"has the label image {name!r}, which {said}; it is left out", mend, "warning"))
        made.images.append(
            _facts(
                work, batch.accession, batch.component, member, told, image, shown, one,
                regions=told_of(beside, shown.pixel_size, listed=batch.plate is None or told.featured), zarr=zarr, original=original,
                slide=tuple(glass),
            )
        )  # fmt: skip
        if batch.plate is not None and member.sample:
            cells.setdefault((member.field, None), {})[member.sample] = boxed(one.preview, CELL, batch.background)
            for c, cell in enumerate(singles.cells([c.window for c in shown.channels], one.shows, batch.background) if singles else ()):
                cells.setdefault((member.field, c), {})[member.sample] = cell
    made.cells, made.fields = {key: cells[key] for key in chosen(cells)}, exact.fields
    return made


def summary(work: Work, batch: Batch, made: Drawn) -> dict[str, bytes | Path]:
    """`images.json` (ComponentImages), `problems.json` (a warning for each refused image and region); of a plate its sprites, each
    `site/tiles/<digest>/sprite.webp`, and the groups above the images of its OME-Zarr.
    """
    out: dict[str, bytes | Path] = {}
    laid: tuple[Sprite, ...] = ()
    found = list(dict.fromkeys(made.found))
    if batch.plate is not None and made.cells:
        wells = sorted({i.sample for i in made.images if i.sample}, key=well_order)
        if len(wells) > MOST:
            what = f"has the plate {batch.plate!r} of {len(wells):,} wells; its picture shows the first {MOST:,}"
            found.append(Problem(Place(batch.folder), what, "publish it as several plates", "warning"))
        laid, files = sprites(work, batch.plate, wells[:MOST], made.cells, batch.background)
        out |= files
    if made.fields and batch.plate is not None:
        out |= plate_groups(work, batch.accession, batch.component, batch.plate, batch.number, made.fields)
    refusals = tuple(Refusal(path=path, why=made.refused[path]) for path in sorted(made.refused))
    for refusal in refusals:
        said, mend = mended(refusal.why, "correct the file, or remove it")
        found.append(Problem(Place(f"{batch.folder}/{refusal.path}"), f"{said}; it is left out", mend, "warning"))
    out["images.json"] = ComponentImages(images=tuple(made.images), sprites=laid, refused=refusals).model_dump_json().encode()
    out["problems.json"] = problems.dump(found)
    return out


def _mapped(work: Work, member: Placed) -> int:
    """Bytes of the file that a reader may map; a set of files or an OME-Zarr is read piece by piece."""
    return work.inputs[0].path(member.path).stat().st_size if member.path in work.inputs[0] else 0


def _why(work: Work, member: Placed, error: Exception) -> str:
    """Why an image is refused. A mistake of ours costs this image alone, too, but its story is kept: see portal.engine.attempts."""
    said = why(error, work.inputs[0], member)
    log = work.attempts.fault(member.path, error) if is_ours(error) else ""
    if may_pass(error, remote=member.url is not None):
        work.attempts.passing.append(member.path)
    return f"{said}, with {log} of the store" if log else said


def _facts(
    work: Work,
    accession: str,
    component: str,
    member: Placed,
    told: Images,
    image: Opened,
    shown: Look,
    drawn: Rendered,
    *,
    regions: dict[str, Any],
    zarr: str | None,
    original: str | None,
    slide: tuple[str, ...] = (),
) -> ImageFacts:
    source, (sha256, size) = image.source, traced(work.inputs[0], member)
    planes = source if isinstance(source, Planes) else None
    at = f"tiles/{drawn.digest}/"
    width, height = image.full or (source.width, source.height)
    return ImageFacts(
        id=addresses.image_id(accession, component, member.identity),
        study=accession,
        component=component,
        container=member.container,
        sample=member.sample,
        field=member.field,
        name=member.name,
        path=member.path,
        width=width,
        height=height,
        z=planes.z if planes else 1,
        t=planes.t if planes else 1,
        channels=tuple(
            ChannelFacts(
                name=channel.name,
                colour=channel.colour,
                low=channel.window[0],
                high=channel.window[1],
                shown=channel.shown,
                label=channel.label,
                **dict(zip(("emission", "excitation"), wavelengths(image, told, c), strict=True)),
            )
            for c, channel in enumerate(shown.channels)
        ),
        dtype=str(planes.dtype) if planes else "uint8",
        pixel_size=shown.pixel_size,
        pixel_size_z=shown.pixel_size_z,
        time_step=shown.time_step,
        kind="strips" if planes else "rgb",
        tiles=at,
        thumbnail=at + "thumbnail.webp",
        preview=at + "preview.webp",
        rois=at + "rois.json" if regions else None,
        **regions,
        labels=drawn.labels,
        projection=bool(planes and planes.z > 1),
        zarr=zarr,
        zarr_format=image.zarr_format if member.url else 3,
        original=original,
        slide=slide,
        synthetic=told.synthetic,
        featured=told.featured,
        brightfield=told.brightfield,
        sha256=sha256,
        bytes=size,
    )
