"""The recipe that draws one batch of images: limits, windows, tiles, sprite, and a refusal for each file that cannot be drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.images.names import Placed, well_order
from ingest.images.opened import Opened
from ingest.images.opening import opened, reason
from portal import addresses, problems
from portal.engine.step import Work, recipe
from portal.facts import ChannelFacts, ComponentImages, ImageFacts, Refusal, Sprite
from portal.imaging.composite import boxed
from portal.imaging.limits import Limits, measure
from portal.imaging.planes import Picture, Planes, Rgb
from portal.imaging.regions import Unusable, collection, read_features, within
from portal.imaging.render import Channel, Look, Rendered, digest_of_files, pooled, render
from portal.imaging.sprite import CELL, sheet
from portal.imaging.strips import STACKED
from portal.model import Images
from portal.problems import Place, Problem

BATCH = 100
TOLD = 10  # files named one by one; more of the same kind are counted

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# Colours for channels without one: by what is written in the name, else in turn. Told apart by the colour-blind.
DYES = (
    (("dapi", "hoechst", "dna", "h2b", "nucle", "405"), "#5a8bff"),
    (("gfp", "fitc", "488", "tubulin", "egfp", "alexa 488"), "#2ee57a"),
    (("rfp", "mcherry", "tritc", "cy3", "561", "568", "555", "actin", "phalloidin"), "#ff5a3c"),
    (("cy5", "647", "640", "far red", "farred"), "#f25cff"),
    (("bright", "trans", "phase", "dic", "bf"), "#ffffff"),
)
TURN = ("#2ee57a", "#f25cff", "#5a8bff", "#ffb52e", "#ff5a3c", "#39e6e6")


@recipe("1")
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
) -> dict[str, bytes | Path]:
    """Draws one batch. Input: the image files and the file of regions, at their paths below the study folder.

    Outputs `images.json` (ComponentImages), `problems.json` (a warning for each refused image and region) and
    `site/tiles/<digest>/…`, one folder for each image and one for a plate's sprite.
    """
    members, told = [Placed(**m) for m in placed], Images(source="any", **entry)
    out: dict[str, bytes | Path] = {}
    refused: dict[str, str] = {}
    found: list[Problem] = []
    regions = _regions(work, told, folder, found)
    limits = {m.path: _measured(work, m, told, refused) for m in members}
    every = [v for path, v in limits.items() if v and path not in refused]
    windows = pooled(every) if kind == "plate" and every else ()
    facts: list[ImageFacts] = []
    cells: dict[str, Picture] = {}
    for number, member in enumerate(members):
        if member.path in refused:
            continue
        try:
            with opened(work.inputs[0].path(member.path), member.path) as image:
                look = _look(image, told, limits[member.path], windows)
                rois = _own(regions, member, image, single=single)
                drawn = render(image.source, look, limits[member.path], work.scratch / str(number), rois)
        except Exception as error:  # any decoder may raise anything on a broken file: it costs this image alone
            refused[member.path] = reason(error, work.inputs[0].path(member.path))
            continue
        out |= {f"site/tiles/{drawn.digest}/{path}": place for path, place in drawn.files.items()}
        facts.append(_facts(work, accession, component, member, told, image, look, drawn, bool(rois)))
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
    refusals = tuple(Refusal(path=path, why=refused[path]) for path in sorted(refused))
    mend = "correct the file, or remove it"
    found += [Problem(Place(f"{folder}/{r.path}"), f"{r.why}; it is left out", mend, "warning") for r in refusals]
    out["images.json"] = ComponentImages(images=tuple(facts), sprites=sprites, refused=refusals).model_dump_json().encode()
    out["problems.json"] = problems.dump(found)
    return out


def _measured(work: Work, member: Placed, told: Images, refused: dict[str, str]) -> tuple[Limits, ...]:
    """The limits of each channel; none for RGB, and none for a file that is refused here."""
    place = work.inputs[0].path(member.path)
    try:
        with opened(place, member.path) as image:
            source = image.source
            if isinstance(source, Rgb):
                return ()
            return tuple(measure(source, c, brightfield=told.brightfield) for c in range(source.channels))
    except Exception as error:  # as above
        refused[member.path] = reason(error, place)
        return ()


def _look(image: Opened, told: Images, limits: tuple[Limits, ...], windows: tuple[tuple[float, float], ...]) -> Look:
    """What the study declares first, then what the file says, then what the pixels suggest."""
    channels = []
    for c, found in enumerate(limits):
        declared = told.channels[c] if c < len(told.channels) else None
        described = image.channels[c] if c < len(image.channels) else None
        name = (declared.name if declared else None) or (described.name if described else None) or f"channel {c + 1}"
        colour = (declared.colour if declared else None) or (described.colour if described else None)
        window = declared.limits if declared and declared.limits else windows[c] if c < len(windows) else (found.low, found.high)
        label = declared.label if declared else None
        colour = colour or _colour(f"{name} {label or ''}", c, len(limits), told.brightfield)
        channels.append(Channel(name, label, colour.lower(), window, shown=c < STACKED))
    return Look(
        tuple(channels),
        told.pixel_size or image.pixel_size,
        told.pixel_size_z or image.pixel_size_z,
        told.time_step or image.time_step,
        told.brightfield,
        told.synthetic,
    )


def _colour(name: str, number: int, of: int, brightfield: bool) -> str:
    if brightfield or of == 1:
        return "#ffffff"
    folded = name.casefold()
    return next((colour for words, colour in DYES if any(w in folded for w in words)), TURN[number % len(TURN)])


def _regions(work: Work, told: Images, folder: str, found: list[Problem]) -> list[dict[str, Any]]:
    if not told.rois or told.rois not in work.inputs[0]:
        return []
    place = Place(f"{folder}/{told.rois}")
    try:
        features, complaints = read_features(work.inputs[0].read(told.rois))
    except Unusable as why:
        complaints, features = [str(why)], []
    for complaint in complaints[:TOLD]:
        what, _, mend = complaint.partition("; ")
        found.append(Problem(place, f"{what}, and is left out", mend, "warning"))
    if len(complaints) > TOLD:
        found.append(Problem(place, f"has {len(complaints) - TOLD} more features that are left out", "see the first ones", "warning"))
    return features


def _own(features: list[dict[str, Any]], member: Placed, image: Opened, *, single: bool) -> bytes | None:
    """The regions of one image: those whose property `image` (and `dataset`, if any) names it; all, where the entry has one image only."""
    source = image.source
    mine = [
        f
        for f in features
        if f["properties"].get("image", member.name if single else None) == member.name
        and f["properties"].get("dataset", member.container) == member.container
    ]
    inside = [f for f in mine if within(f, source.width, source.height)]
    return collection(inside) if inside else None


def _facts(
    work: Work, accession: str, component: str, member: Placed, told: Images, image: Opened, look: Look, drawn: Rendered, has_rois: bool
) -> ImageFacts:
    source, tree = image.source, work.inputs[0]
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
            ChannelFacts(name=c.name, colour=c.colour, low=c.window[0], high=c.window[1], shown=c.shown, label=c.label)
            for c in look.channels
        ),
        dtype=str(planes.dtype) if planes else "uint8",
        pixel_size=look.pixel_size,
        pixel_size_z=look.pixel_size_z,
        time_step=look.time_step,
        kind="strips" if planes else "rgb",
        tiles=at,
        thumbnail=at + "thumbnail.webp",
        preview=at + "preview.webp",
        rois=at + "rois.json" if has_rois else None,
        synthetic=told.synthetic,
        featured=told.featured,
        brightfield=told.brightfield,
        sha256=tree[member.path],
        bytes=tree.path(member.path).stat().st_size,
    )
