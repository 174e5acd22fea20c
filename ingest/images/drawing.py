"""The recipe that draws one batch of images: limits, windows, tiles, sprite, and a refusal for each file that cannot be drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.images.assembled import opened_image, traced, why
from ingest.images.exact import Exact
from ingest.images.looks import gathered, look, wavelengths
from ingest.images.names import Placed, well_order
from ingest.images.opened import Opened
from ingest.images.regions import labelled, overlays, regions_of, told_of
from portal import addresses, problems
from portal.engine.step import Work, recipe
from portal.facts import ChannelFacts, ComponentImages, ImageFacts, Refusal, Sprite
from portal.imaging.composite import boxed
from portal.imaging.limits import Limits, measure
from portal.imaging.look import Look
from portal.imaging.planes import Picture, Planes, Rgb
from portal.imaging.render import Rendered, digest_of_files, pooled, render
from portal.imaging.sprite import CELL, sheet
from portal.model import Images
from portal.problems import Place, Problem

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@recipe("2", untrusted=True)
def images(
    work: Work,
    *,
    accession: str,
    component: str,
    folder: str,
    container: str | None,
    kind: str | None,
    placed: list[dict[str, Any]],
    entry: dict[str, Any],
    single: bool,
    raw: str = "none",
    number: int = 0,
) -> dict[str, bytes | Path]:
    """Draws one batch. Input: the image files and the file of regions, at their paths below the study folder.

    Outputs `images.json` (ComponentImages), `problems.json` (a warning for each refused image and region) and
    `site/tiles/<digest>/…`, one folder for each image and one for a plate's sprite; as `raw` says, `site/zarr/…` or
    `site/originals/…` (see `exact`). `number`: which entry under the component's `images` this is.
    """
    members, told = [Placed.of(m) for m in placed], Images(source="any", **entry)
    out: dict[str, bytes | Path] = {}
    refused: dict[str, str] = {}
    found: list[Problem] = []
    regions, wrong = regions_of(work.inputs[0], told, folder)
    found += wrong
    limits = {m.path: _measured(work, m, told, refused) for m in members}
    every = [v for path, v in limits.items() if v and path not in refused]
    windows = pooled(every) if kind == "plate" and every else ()
    facts: list[ImageFacts] = []
    cells: dict[str, Picture] = {}
    exact = Exact(work, raw, accession, component, container if kind == "plate" else None, number)
    for order, member in enumerate(members):
        if member.path in refused:
            continue
        try:
            with (
                work.attempt(member.path, _mapped(work, member)),
                opened_image(work.inputs[0], member, axes=told.axes) as alone,
                labelled(alone, work.inputs[0], member, told, folder, found, single=single) as image,
            ):
                shown = look(image, told, limits[member.path], windows, Place(f"{folder}/{member.path}"), found)
                size = (image.source.width, image.source.height)
                beside, wrong = overlays(regions, work.inputs[0], member, size, folder, single=single)
                found += wrong
                drawn = render(
                    image.source,
                    shown,
                    limits[member.path],
                    work.scratch / str(order),
                    beside=beside,
                    labels=image.labels,
                    zarr=exact.name_of(member),
                    stacked=kind == "plate",
                )
        except Exception as error:  # any decoder may raise anything on a broken file: it costs this image alone
            refused[member.path] = why(error, work.inputs[0], member)
            continue
        out |= {f"site/tiles/{drawn.digest}/{path}": place for path, place in drawn.files.items()}
        zarr, original, files = exact.published(member, drawn)
        out |= files
        for name, fault in drawn.refused:
            what = f"has the label image {name!r}, which {why(fault, work.inputs[0], member)}; it is left out"
            found.append(Problem(Place(f"{folder}/{member.path}"), what, "correct the label image, or remove it", "warning"))
        facts.append(
            _facts(
                work, accession, component, member, told, image, shown, drawn,
                regions=told_of(beside, shown.pixel_size, listed=kind != "plate" or told.featured), zarr=zarr, original=original,
            )
        )  # fmt: skip
        if kind == "plate" and member.sample and (member.sample not in cells or member.field == 1):
            cells[member.sample] = boxed(drawn.preview, CELL, WHITE if told.brightfield else BLACK)
    sprites: tuple[Sprite, ...] = ()
    if cells and container:
        made = sheet({well: cells[well] for well in sorted(cells, key=well_order)}, WHITE if told.brightfield else BLACK)
        place = work.scratch / "sprite.webp"
        place.write_bytes(made.picture)
        address = f"tiles/{digest_of_files({'sprite.webp': place})}/sprite.webp"
        out[f"site/{address}"] = place
        sprites = (Sprite(address=address, container=container, cell=made.cell, columns=made.columns, rows=made.rows, wells=made.places),)
    out |= exact.plate()
    refusals = tuple(Refusal(path=path, why=refused[path]) for path in sorted(refused))
    mend = "correct the file, or remove it"
    found += [Problem(Place(f"{folder}/{r.path}"), f"{r.why}; it is left out", mend, "warning") for r in refusals]
    out["images.json"] = ComponentImages(images=tuple(facts), sprites=sprites, refused=refusals).model_dump_json().encode()
    out["problems.json"] = problems.dump(gathered(found))
    return out


def _mapped(work: Work, member: Placed) -> int:
    """Bytes of the file that a reader may map; a set of files or an OME-Zarr is read piece by piece."""
    return work.inputs[0].path(member.path).stat().st_size if member.path in work.inputs[0] else 0


def _measured(work: Work, member: Placed, told: Images, refused: dict[str, str]) -> tuple[Limits, ...]:
    """The limits of each channel; none for RGB, and none for a file that is refused here."""
    try:
        with work.attempt(member.path, _mapped(work, member)), opened_image(work.inputs[0], member, axes=told.axes) as image:
            source = image.source
            if isinstance(source, Rgb):
                return ()
            return tuple(measure(source, c, brightfield=told.brightfield) for c in range(source.channels))
    except Exception as error:  # as above
        refused[member.path] = why(error, work.inputs[0], member)
        return ()


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
) -> ImageFacts:
    source, (sha256, size) = image.source, traced(work.inputs[0], member)
    planes = source if isinstance(source, Planes) else None
    at = f"tiles/{drawn.digest}/"
    return ImageFacts(
        id=addresses.image_id(accession, component, member.identity),
        study=accession,
        component=component,
        container=member.container,
        sample=member.sample,
        field=member.field,
        name=member.name,
        path=member.path,
        width=source.width,
        height=source.height,
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
        original=original,
        synthetic=told.synthetic,
        featured=told.featured,
        brightfield=told.brightfield,
        sha256=sha256,
        bytes=size,
    )
