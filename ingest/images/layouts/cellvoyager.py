"""The folders of Yokogawa's CellVoyager (CV6000 to CV8000): `<plate>_B03_T0001F001L01A01Z01C01.tif`, and its XML files beside.

MeasurementDetail.mrf tells the plate's name and the pixel sizes, the .mes file that it names the channels and the
steps in z, MeasurementData.mlf (where the .mes says no step) the height of each plane. Seen in the set of faim-ipa
(github.com/fmi-faim/faim-ipa, resources/CV8000) and in Bio-Formats' CV7000Reader.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from ingest.folders import read_below
from ingest.images.layouts.known import Laid
from ingest.images.names import PartChannel, Placed, Spot, in_well

NAME = re.compile(
    r"(?P<plate>[^/]+)_(?P<well>[A-Z]{1,2}[0-9]{1,2})_"
    r"T(?P<t>[0-9]{1,6})F(?P<field>[0-9]{1,4})L(?P<line>[0-9]{1,3})A(?P<action>[0-9]{1,3})Z(?P<z>[0-9]{1,6})C(?P<channel>[0-9]{1,2})\.tiff?",
    re.IGNORECASE,
)
# Dark and shading images for correction, and the geometry's own; not of any well.
CORRECTION = re.compile(r"(DC|SC|CAM|Shading|CameraCalibration)_.*\.tiff?", re.IGNORECASE)
DESCRIBING = (".mlf", ".mrf", ".mes", ".wpi", ".wpp", ".xml", ".ppf", ".icr", ".ini", ".log", ".csv")
MAX_XML = 16_000_000


def cellvoyager(chosen: Iterable[str], files: tuple[str, ...], folder: Path) -> Laid:
    """Plates, wells, fields, channels, planes and time points of such folders.

    A plate is named as MeasurementDetail.mrf says, else by the name in the files. Where two actions took a channel of
    the same field and time point, one as a stack and one as a single plane, the plane is its projection and is not
    taken; else they are two channels.
    """
    found: dict[tuple[str, str, int, int, str], dict[str, dict[int, str]]] = {}
    strangers: list[str] = []
    corrections: list[str] = []
    measured: dict[str, _Measured] = {}
    twice: list[tuple[Placed, Spot]] = []
    for path in chosen:
        above, _, base = path.rpartition("/")
        match = NAME.fullmatch(base)
        if match is None:
            if CORRECTION.fullmatch(base):
                corrections.append(path)
            elif not base.lower().endswith(DESCRIBING):
                strangers.append(path)
            continue
        if above not in measured:
            measured[above] = _Measured.of(f"{above}/" if above else "", files, folder, match["plate"])
        told = measured[above]
        well = in_well(path, told.plate, match["well"], 1).sample or ""
        key = (above, well, int(match["field"]), int(match["t"]), str(int(match["channel"])))
        action = f"{int(match['line'])}.{int(match['action'])}"
        planes = found.setdefault(key, {}).setdefault(action, {})
        planes.setdefault(int(match["z"]), path)
        if planes[int(match["z"])] != path:
            twice.append((in_well(path, told.plate, well, key[2]), Spot(key[4], int(match["z"]), key[3])))
    placed: list[tuple[Placed, Spot]] = []
    projections: list[str] = []
    channels: dict[tuple[str, str], PartChannel] = {}
    # Channels that more than one action took, where that is not one stack and its projections.
    several = {(key[0], key[4]) for key, actions in found.items() if len(actions) > 1 and sum(len(p) > 1 for p in actions.values()) != 1}
    for (above, well, field, t, channel), actions in found.items():
        told = measured[above]
        stacked = any(len(planes) > 1 for planes in actions.values())
        for action, planes in sorted(actions.items()):
            if stacked and len(planes) == 1 and (above, channel) not in several:
                projections += planes.values()
                continue
            name = f"{channel} action {action}" if (above, channel) in several else channel
            of = told.channels.get(channel, PartChannel(f"C{int(channel):02}"))
            channels[told.plate, name] = replace(of, name=f"{of.name} action {action}") if name != channel else of
            for z, path in planes.items():
                here = in_well(path, told.plate, well, field)
                here = replace(here, pixel_size=told.pixel_size, pixel_size_z=told.step if len(planes) > 1 else None)
                placed.append((here, Spot(name, z if len(planes) > 1 else None, t)))
    passed = {"projections": tuple(sorted(projections)), "images for correction": tuple(sorted(corrections))}
    return Laid((*placed, *twice), channels, tuple(strangers), {kind: paths for kind, paths in passed.items() if paths})


class _Measured:
    """What the XML files of one measurement say: the plate's name, channels by number, µm per pixel, µm between planes."""

    def __init__(self, plate: str) -> None:
        self.plate = plate
        self.channels: dict[str, PartChannel] = {}
        self.pixel_size: float | None = None
        self.step: float | None = None

    @classmethod
    def of(cls, top: str, files: tuple[str, ...], folder: Path, plate: str) -> _Measured:
        found, here = cls(plate), {f[len(top) :].casefold(): f for f in files if f.startswith(top) and "/" not in f[len(top) :]}
        detail = _xml(folder, here.get("measurementdetail.mrf"))
        setting = None
        for element in detail.iter() if detail is not None else ():
            if _is(element, "MeasurementSamplePlate"):
                found.plate = _clean(_get(element, "Name")) or plate
            elif _is(element, "MeasurementChannel"):
                found.pixel_size = found.pixel_size or _number(_get(element, "HorizontalPixelDimension"))
            elif _is(element, "MeasurementDetail"):
                setting = (_get(element, "MeasurementSettingFileName") or "").casefold()
        # The setting is looked for beside the measurement only, whatever path the file says.
        named = here.get((setting or "").rpartition("\\")[2]) or next(
            (f for name, f in sorted(here.items()) if name.endswith(".mes")), None
        )
        settings = _xml(folder, named)
        for element in settings.iter() if settings is not None else ():
            if _is(element, "Channel") and (number := _get(element, "Ch") or "").isdecimal():
                found.channels[str(int(number))] = _channel(element)
            elif _is(element, "ActionAcquire3D"):
                found.step = found.step or _number(_get(element, "SliceLength"))
        found.step = found.step or _step(folder, here.get("measurementdata.mlf"))
        return found


def _channel(element: ElementTree.Element) -> PartChannel:
    # The target is what the operator typed; many leave there the laser, then the filter tells no less.
    name = _clean(_get(element, "Fluorophore")) or _clean(_get(element, "Target")) or _clean(_get(element, "Acquisition"))
    colour = re.fullmatch(r"#[0-9a-fA-F]{2}([0-9a-fA-F]{6})", _get(element, "Color") or "")  # alpha first
    filtered = re.match(r"BP([0-9]{3,4})/", _get(element, "Acquisition") or "")
    source = next((re.match(r"([0-9]{3,4}) ?nm", e.text or "") for e in element if _is(e, "LightSourceName")), None)
    return PartChannel(
        name, f"#{colour[1].lower()}" if colour else None, float(filtered[1]) if filtered else None, float(source[1]) if source else None
    )


def _step(folder: Path, path: str | None) -> float | None:
    """The height between the first two planes that the list of images names; it is long, so only its beginning is read."""
    if path is None:
        return None
    with (folder / path).open("rb") as handle:
        data = handle.read(2_000_000)
    heights: dict[tuple[str, ...], list[float]] = {}
    for record in re.findall(rb"<bts:MeasurementRecord[^>]*>", data):
        told = dict(re.findall(r'bts:(\w+)="([^"]*)"', record.decode("utf-8", "replace")))
        height = _number(told.get("Z"), signed=True)
        if told.get("Type") != "IMG" or height is None:
            continue
        row = heights.setdefault(tuple(told.get(n, "") for n in ("Row", "Column", "FieldIndex", "TimePoint", "Ch", "ActionIndex")), [])
        row.append(height)
        if len(row) == 2:
            return _number(str(round(abs(row[1] - row[0]), 4)))
    return None


def _xml(folder: Path, path: str | None) -> ElementTree.Element | None:
    data = read_below(folder, path, MAX_XML)[0] if path else None
    # No DOCTYPE and no entities: none is ever needed.
    if data is None or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return None


def _attributes(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    yield from ((name.rpartition("}")[2], value) for name, value in element.attrib.items())


def _get(element: ElementTree.Element, name: str) -> str | None:
    return next((value for n, value in _attributes(element) if n == name), None)


def _is(element: ElementTree.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _number(text: str | None, *, signed: bool = False) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return float(f"{value:.6g}") if math.isfinite(value) and (signed or value > 0) else None


def _clean(text: str | None) -> str | None:
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:100] or None
