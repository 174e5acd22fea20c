"""What lies over the images of an entry: regions, localisations and masks, read from the files beside them and given to each."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Any

from ingest.images.names import SUFFIX, Placed, chosen
from ingest.images.opened import Opened, Unreadable, mended
from ingest.images.opening import opened, reason
from ingest.images.regions import ome as regions_ome
from ingest.images.regions import table as regions_table
from ingest.images.regions.label_tables import Objects, Row, rows_of
from ingest.images.regions.points import points_of
from portal.engine.step import Opened as Inputs
from portal.facts import RegionFacts
from portal.imaging.planes import LabelImage, Planes
from portal.imaging.points import Points, described, inside, packed
from portal.imaging.regions import MAX_SHOWN, Taken, Unusable, collection, measured, positions, read_features, take, within
from portal.model import Images
from portal.problems import Place, Problem

TOLD = 10  # complaints told one by one; more of the same file are counted
MAX_FILE = 64_000_000  # bytes; what each kind of file may hold is less
MAX_POINT_FILES = 20  # of an image
LISTED = 200  # regions that a page lists without scripts


@dataclass(frozen=True)
class Regions:
    """`features`: (file, feature) with the properties `image` and `dataset` where they say whose they are; `points` likewise;
    `objects`: what was measured of those of label images."""

    features: tuple[tuple[str, dict[str, Any]], ...] = ()
    points: tuple[tuple[str, Points], ...] = ()
    objects: Objects = field(default_factory=Objects)


class Beside:
    """The files of regions, localisations and masks of an entry under `images:`. `single`: it has one image. Reads nothing."""

    def __init__(self, told: Images, files: Iterable[str], *, single: bool):
        every = tuple(files)
        self.regions, self.points = tuple(_named(told.rois, every)), tuple(_named(told.localisations, every))
        self.masks = tuple(_named(told.labels, every))
        self.tables = tuple(_named(told.label_properties, every))
        self._single = single
        self._by_stem = sorted((_stem(path), path) for path in self.masks)

    def masks_of(self, member: Placed) -> list[str]:
        """The masks of one image."""
        if self._single:
            near = list(self.masks)
        else:
            own = _stem(member.path)
            first = bisect_left(self._by_stem, (own, ""))
            near = [path for _, path in takewhile(lambda at: at[0].startswith(own), islice(self._by_stem, first, None))]
        return [path for path, _ in _masks_of(member, near, single=self._single)]

    def of(self, members: Iterable[Placed]) -> tuple[str, ...]:
        """The files that a batch of images needs, sorted."""
        masks = {path for member in members for path in self.masks_of(member)} if self.masks else set()
        return tuple(sorted({*self.regions, *self.points, *self.tables, *masks}))


def missing(told: Images, files: Iterable[str]) -> list[tuple[str, str]]:
    """(key, source) of what `rois`, `localisations`, `labels` and `label_properties` name and is not there."""
    every = tuple(files)
    keys = ("rois", "localisations", "labels", "label_properties")
    return [(key, source) for key in keys for sources in [getattr(told, key)] for source in _several(sources) if not chosen(source, every)]


def is_beside(told: Images, path: str) -> bool:
    """Whether a file is one of these, and so no image, whatever else `source` matches."""
    return any(_named(sources, (path,)) for sources in (told.rois, told.localisations, told.labels, told.label_properties))


def regions_of(inputs: Inputs, told: Images, folder: str) -> tuple[Regions, list[Problem]]:
    """Everything that the files of an entry hold; a warning for each file and feature that cannot be taken."""
    features: list[tuple[str, dict[str, Any]]] = []
    points: list[tuple[str, Points]] = []
    found: list[Problem] = []
    for path in _named(told.rois, inputs):
        try:
            taken = features_of(bounded(inputs, path), path)
        except Unusable as why:
            taken = Taken(complaints=[str(why)])
        features += [(path, one) for one in taken.features]
        found += _told(f"{folder}/{path}", taken.complaints, "features")
    for path in _named(told.localisations, inputs):
        try:
            tables, complaints = points_of(inputs.path(path), path, told.pixel_size)
        except Unusable as why:
            tables, complaints = [], [str(why)]
        points += [(path, one) for one in tables]
        found += _told(f"{folder}/{path}", complaints, "complaints")
    rows: list[Row] = []
    for path in _named(told.label_properties, inputs):
        try:
            more, complaints = rows_of(bounded(inputs, path), path)
        except Unusable as why:
            more, complaints = [], [str(why)]
        rows += more
        found += _told(f"{folder}/{path}", complaints, "rows")
    return Regions(tuple(features), tuple(points), Objects(rows)), found


def overlays(
    regions: Regions, inputs: Inputs, member: Placed, size: tuple[int, int], folder: str, *, single: bool
) -> tuple[dict[str, bytes], list[Problem]]:
    """The files that are published beside the tiles of one image, `rois.json` and `points/<n>.bin`, or none.

    An image takes the features that name it (`image`, and `dataset` if any), those of a file that bears its name, those of its own
    OME-XML header, and all that name nothing where the entry has no other image. `size`: (width, height) in pixels.
    """
    found: list[Problem] = []
    mine = [one for path, one in regions.features if _is_of(member, path, one["properties"], single=single)]
    header = regions_ome.of_header(inputs.path(member.path)) if member.path in inputs and not member.parts else None
    if header:
        try:
            taken = take(regions_ome.features_of(header, first=True))
            mine, complaints = mine + taken.features, taken.complaints
        except Unusable as why:
            complaints = [f"has regions in its header that cannot be read: it {why}"]
        found += _told(f"{folder}/{member.path}", complaints, "regions in its header")
    here = [_bare(one) for one in mine if within(one, *size)]
    for count, what, mend in (
        (len(mine) - len(here), "lie outside of it", "correct their positions: pixels, y down"),
        (len(here) - MAX_SHOWN, f"are above the {MAX_SHOWN:,} of one image", "publish them as localisations or as a label image"),
    ):
        if count > 0:
            what = f"has {count:,} regions that {what}; they are left out"
            found.append(Problem(Place(f"{folder}/{member.path}"), what, mend, "warning"))
    files: dict[str, bytes] = {}
    told: list[dict[str, Any]] = []
    for path, points in regions.points:
        if not _is_of(member, path, {"image": points.image, "dataset": points.dataset}, single=single) or len(told) >= MAX_POINT_FILES:
            continue
        kept, outside = inside(points, *size)
        if outside:
            what = f"has {outside:,} localisations outside of {member.name}; they are left out"
            found.append(Problem(Place(f"{folder}/{path}"), what, "write positions in pixels, or `x [nm]`", "warning"))
        if len(kept.xy):
            name = f"points/{len(told)}.bin"
            files[name] = packed(kept)
            told.append(described(kept, name))
    if here or told:
        files["rois.json"] = collection(here[:MAX_SHOWN], **({"points": told} if told else {}))
    return files, found


def told_of(beside: dict[str, bytes], pixel_size: float | None, *, listed: bool) -> dict[str, Any]:
    """What ImageFacts says of an image's regions: `region_count`, and, where `listed`, the first LISTED `regions`; empty where there
    is no rois.json. `pixel_size` in µm."""
    if "rois.json" not in beside:
        return {}
    features = json.loads(beside["rois.json"])["features"]
    return {
        "region_count": len(features),
        "regions": tuple(_row(one, pixel_size or 1.0) for one in features[:LISTED]) if listed else (),
    }


def _row(one: dict[str, Any], scale: float) -> RegionFacts:
    told, (area, length) = one["properties"], measured(one)
    every = list(positions(one["geometry"]["coordinates"]))
    middle = [round((min(p[axis] for p in every) + max(p[axis] for p in every)) / 2, 1) for axis in (0, 1)]
    name = next((str(told[key]) for key in ("name", "label", "Name", "Label", "id") if told.get(key) not in (None, "")), "")
    kind = one["geometry"]["type"].removeprefix("Multi")
    return RegionFacts(
        name=name,
        kind="circle" if told.get("radius") else {"LineString": "line"}.get(kind, kind.lower()),
        x=middle[0],
        y=middle[1],
        z=told.get("z"),
        t=told.get("t"),
        area=None if area is None else float(f"{area * scale**2:.4g}"),
        length=None if length is None else float(f"{length * scale:.4g}"),
    )


@contextmanager
def labelled(
    image: Opened, inputs: Inputs, member: Placed, told: Images, regions: Regions, folder: str, found: list[Problem], *, single: bool
) -> Iterator[Opened]:
    """`image` with the masks beside it as further label images, readable while the context lasts; a warning for each refused.

    All of them with what tables say of their objects, beside what the file itself says.
    """
    masks = _named(told.labels, inputs)
    with ExitStack() as stack:
        labels = list(image.labels)
        stems: dict[str, str] = {}
        for path, name in _masks_of(member, masks, single=single):
            try:
                mask = stack.enter_context(opened(inputs.path(path), path)).source
                labels.append(LabelImage(_unused(name, labels), _checked(mask, image)))
                stems[labels[-1].name] = _stem(path)
            except Exception as error:  # any decoder may raise anything on a broken file: it costs this mask alone
                said, mend = mended(reason(error, inputs.path(path)), "correct the file, or the line `labels`")
                what = f"{said}; this mask of {member.name} is left out"
                found.append(Problem(Place(f"{folder}/{path}"), what, mend, "warning"))
        names = (member.name, _stem(member.path))
        for n, label in enumerate(labels):
            if more := regions.objects.given(member.path, names, label.name, stems.get(label.name), single=single):
                whole = {value: label.properties.get(value, {}) | more.get(value, {}) for value in {**label.properties, **more}}
                labels[n] = replace(label, properties=whole)
        yield replace(image, labels=tuple(labels))


def _checked(mask: object, image: Opened) -> Planes:
    source = image.source
    if not isinstance(mask, Planes) or mask.channels != 1 or mask.dtype.kind not in "uib":
        raise Unreadable("is no mask: a mask has one channel of whole numbers")
    if (mask.width, mask.height) != (source.width, source.height):
        raise Unreadable(f"has {mask.width} × {mask.height} pixels where its image has {source.width} × {source.height}")
    z, t = (source.z, source.t) if isinstance(source, Planes) else (1, 1)
    if mask.z == t and mask.t == z and mask.z not in (1, z):
        # A TIFF that does not say which of its axes is time.
        return replace(mask, z=mask.t, t=mask.z, read=lambda at, c, plane: mask.read(plane, c, at), region=None, levels=())
    if mask.z not in (1, z) or mask.t not in (1, t):
        raise Unreadable(f"has {mask.z} planes and {mask.t} time points where its image has {z} and {t}")
    return mask


def _masks_of(member: Placed, masks: Iterable[str], *, single: bool) -> list[tuple[str, str]]:
    """(path, name of the label image): a mask's file is named as its image is, with or without more after it: `a.tif`, `a_nuclei.tif`."""
    every = list(masks)
    own = _stem(member.path)
    found = []
    for path in every:
        folder, stem = path.rpartition("/")[0], _stem(path)
        if path == member.path:
            continue
        more = stem.removeprefix(own)
        if stem == own:
            found.append((path, folder.rpartition("/")[2] or "labels"))
        elif stem.startswith(own) and re.match(r"[^A-Za-z0-9]", more):
            found.append((path, more.strip("-_. ") or "labels"))
        elif single and len(every) == 1:
            found.append((path, stem))
    return found


def _unused(name: str, labels: list[LabelImage]) -> str:
    taken = {one.name for one in labels}
    return next(n for n in (name, *(f"{name} {k}" for k in range(2, len(labels) + 3))) if n not in taken)


def _several(sources: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (sources,) if isinstance(sources, str) else sources or ()


def _named(sources: str | tuple[str, ...] | None, files: Iterable[str]) -> list[str]:
    every = tuple(files) if sources else ()
    return list(dict.fromkeys(f for source in _several(sources) for f in chosen(source, every)))


def bounded(inputs: Inputs, path: str) -> bytes:
    """A file of regions, or a table. Raises Unusable where none of that size is read, and reads nothing of it."""
    if (size := inputs.path(path).stat().st_size) > MAX_FILE:
        raise Unusable(f"holds {size:,} bytes; write at most {MAX_FILE:,}")
    return inputs.read(path)


def features_of(raw: bytes, path: str) -> Taken:
    """What a file of regions holds, by its name and first bytes: a table, OME-XML, else GeoJSON. Raises Unusable."""
    start = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if path.casefold().endswith((".csv", ".tsv", ".txt")):
        return take(regions_table.features_of(raw, path))
    if start.startswith(b"<"):
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unusable(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None
        # ElementTree takes no text that declares its encoding.
        return take(regions_ome.features_of(re.sub(r"^\s*<\?xml[^>]*\?>", "", text)))
    return read_features(raw)


def _stem(path: str) -> str:
    return SUFFIX.sub("", path.rpartition("/")[2])


def named_after(path: str) -> str:
    """The image whose name a file of regions or points bears."""
    return re.sub(r"(\.rois?|[-_]rois?|\.ome)?\.\w+$", "", path.rpartition("/")[2], flags=re.IGNORECASE)


def _is_of(member: Placed, path: str, told: dict[str, Any], *, single: bool) -> bool:
    own = _stem(member.path)
    if told.get("dataset") not in (None, member.container):
        return False
    image = told.get("image")
    if image is not None:
        return image in (member.name, own)
    return single or named_after(path) in (member.name, own)


def _bare(one: dict[str, Any]) -> dict[str, Any]:
    """Without what said whose it is."""
    return one | {"properties": {k: v for k, v in one["properties"].items() if k not in ("image", "dataset")}}


def _told(file: str, complaints: list[str], kind: str) -> list[Problem]:
    found = []
    for complaint in complaints[:TOLD]:
        what, _, mend = complaint.partition("; ")
        found.append(Problem(Place(file), f"{what}, and is left out" if "left out" not in mend else what, mend, "warning"))
    if len(complaints) > TOLD:
        found.append(Problem(Place(file), f"has {len(complaints) - TOLD:,} more {kind} that are left out", "see the first ones", "warning"))
    return found
