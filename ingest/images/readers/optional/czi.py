"""CZI by pylibCZIrw, Zeiss' own library: mosaics, every compression, all pixel types but complex ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from pylibCZIrw import czi

from ingest.images.opened import Opened, SourceChannel, Unreadable, check_size
from ingest.images.readers.metadata import MAX_XML, cleaned, length, number, oblong, positive
from portal.imaging.planes import Picture, Plane, Planes, Rgb

_KINDS = {"Gray8": np.uint8, "Gray16": np.uint16, "Gray32Float": np.float32, "Bgr24": np.uint8, "Bgr48": np.uint16}


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The first scene at full resolution, with all channels, z and t. Raises Unreadable, or what pylibCZIrw raises."""
    with czi.open_czi(str(path)) as file:
        yield _opened(file)


def _opened(file: Any) -> Opened:
    box, scenes = file.total_bounding_box, file.scenes_bounding_rectangle
    for letter, (start, stop) in box.items():
        if letter not in "TCZYX" and stop - start > 1:
            raise Unreadable(f"has {stop - start} positions on the axis {letter}, which is not drawn; write one file each")
    scene = min(scenes) if scenes else None
    area = scenes[scene] if scenes else file.total_bounding_rectangle
    left, top, width, height = area.x, area.y, area.w, area.h
    counts = {a: box.get(a, (0, 1))[1] - box.get(a, (0, 1))[0] for a in "TCZ"}
    starts = {a: box.get(a, (0, 1))[0] for a in "TCZ"}
    check_size(width, height, counts["T"] * counts["C"] * counts["Z"], whole=False)
    kinds = set(file.pixel_types.values())
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind not in _KINDS:
        what = ", ".join(sorted(str(k) for k in kinds))
        raise Unreadable(f"has pixels of the types {what}; one of {', '.join(_KINDS)} is read: write all channels as one")
    dtype = np.dtype(_KINDS[kind])

    def part(t: int, c: int, z: int, rows: slice, columns: slice) -> np.ndarray:
        roi = (left + columns.start, top + rows.start, columns.stop - columns.start, rows.stop - rows.start)
        plane = {"T": t + starts["T"], "C": c + starts["C"], "Z": z + starts["Z"]}
        found: np.ndarray = file.read(roi=roi, plane=plane, scene=scene)
        return found

    def whole(t: int, c: int, z: int) -> np.ndarray:
        check_size(width, height)
        return part(t, c, z, slice(0, height), slice(0, width))

    more = f"holds {len(scenes)} scenes, of which the first is drawn; write one file each"
    notes = (more,) if len(scenes) > 1 else ()
    told = _told(file.raw_metadata)
    if kind == "Bgr24" and set(counts.values()) == {1}:

        def region(rows: slice, columns: slice) -> Picture:
            return np.ascontiguousarray(part(0, 0, 0, rows, columns)[..., ::-1])

        source: Rgb | Planes = Rgb(width, height, lambda: np.ascontiguousarray(whole(0, 0, 0)[..., ::-1]), None, region)
        channels: tuple[SourceChannel, ...] = ()
    else:
        samples = 3 if kind.startswith("Bgr") else 1

        def plane(t: int, c: int, z: int) -> Plane:
            return whole(t, c // samples, z)[..., samples - 1 - c % samples]

        def piece(t: int, c: int, z: int, rows: slice, columns: slice) -> Plane:
            return part(t, c // samples, z, rows, columns)[..., samples - 1 - c % samples]

        source = Planes(width, height, counts["C"] * samples, counts["Z"], counts["T"], dtype, plane, piece)
        channels = told["channels"] if len(told["channels"]) == source.channels else ()
    x, y, z = (told.get(a) for a in "XYZ")
    return Opened(source, channels, x, z, notes=(*notes, *oblong(x, y)))


def _told(text: str) -> dict[str, Any]:
    """Sizes in µm by axis, and channels. What cannot be read is left out: the pixels stand by themselves."""
    found: dict[str, Any] = {"channels": ()}
    if len(text) > MAX_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return found
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return found
    for distance in root.iterfind(".//Scaling/Items/Distance"):
        found[distance.get("Id", "")] = length(distance.findtext("Value"), "m")
    # Colours are told in a second list of the same channels.
    colours = {e.get("Id"): e.findtext("Color") for e in root.iterfind(".//DisplaySetting/Channels/Channel")}
    found["channels"] = tuple(
        SourceChannel(
            cleaned(e.get("Name")),
            _colour(e.findtext("Color") or colours.get(e.get("Id"))),
            positive(number(e.findtext("EmissionWavelength"))),
            positive(number(e.findtext("ExcitationWavelength"))),
        )
        for e in root.iterfind(".//Information/Image/Dimensions/Channels/Channel")
    )
    return found


def _colour(text: str | None) -> str | None:
    """`#AARRGGBB`."""
    digits = (text or "").strip().lstrip("#")
    return f"#{digits[-6:].lower()}" if len(digits) in (6, 8) and all(d in "0123456789abcdefABCDEF" for d in digits) else None
