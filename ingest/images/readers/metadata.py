"""What a TIFF says about itself: pixel sizes, time steps, channels. Wrong or missing metadata is never an error.

OME-XML (2016-06 and older, by local names), ImageJ, and the makers of microscopes and slide scanners, as tifffile reads
them; for the rest, the resolution tags where they are believable for a microscope.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ingest.images.opened import Opened, SourceChannel
from portal.imaging.planes import Rgb, Source

MAX_XML = 20_000_000
_MICROMETRES = {"m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0,
                "nm": 1e-3, "pm": 1e-6, "å": 1e-4, "a": 1e-4, "inch": 25_400.0, "in": 25_400.0}  # fmt: skip
_SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0}
# Outside of these a resolution tag tells of a screen or a printer (72 dpi is 353 µm a pixel), not of a microscope; so does
# 300 dpi (85 µm).
_BELIEVABLE = (0.001, 20.0)
_SQUARE = 0.02


@dataclass(frozen=True)
class Said:
    """What a file says: the sizes of a pixel in µm, seconds between time points, channels."""

    x: float | None = None
    y: float | None = None
    z: float | None = None
    t: float | None = None
    channels: tuple[SourceChannel, ...] = ()


def described(tif: Any, source: Source, channels: int) -> Opened:
    """`source` with what the file says. Channels are told only where the file names as many as there are."""
    try:
        found = next((read(tif) for is_so, read in _READERS if is_so(tif)), Said())
        found = found if found.x else Said(_resolution(tif.pages[0]), None, found.z, found.t, found.channels)
    except Exception:  # metadata of a hostile or broken file may fail in any way; the pixels stand by themselves
        found = Said()
    names = found.channels
    if not names and channels == 3 and tif.series[0].keyframe.photometric in (2, 6):
        names = (SourceChannel("Red", "#ff0000"), SourceChannel("Green", "#00ff00"), SourceChannel("Blue", "#0000ff"))
    told = names if len(names) == channels and not isinstance(source, Rgb) else ()
    return Opened(source, told, found.x, found.z, found.t, notes=oblong(found.x, found.y))


def oblong(x: float | None, y: float | None) -> tuple[str, ...]:
    """A note where pixels are not square: what is drawn has square ones."""
    if not x or not y or abs(x - y) <= _SQUARE * max(x, y):
        return ()
    return (f"has pixels of {x:g} × {y:g} µm, and is drawn as if they were square; the scale bar holds for x, so resample the image",)


def _ome(tif: Any) -> Said:
    text = tif.ome_metadata
    # No DOCTYPE and no entities: expat bounds their expansion, and none is ever needed.
    if len(text) > MAX_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return Said()
    pixels = next((e for e in ElementTree.fromstring(text).iter() if _local(e) == "Pixels"), None)
    return Said() if pixels is None else ome_said(pixels)


def ome_said(pixels: ElementTree.Element) -> Said:
    """What the Pixels element of OME-XML says. Raises ValueError where a number is none."""
    at = pixels.attrib
    channels: list[SourceChannel] = []
    for element in (e for e in pixels if _local(e) == "Channel"):
        samples = int(element.get("SamplesPerPixel", 1))
        light = next((e for e in element if _local(e) == "LightSourceSettings"), None)
        excitation = _nanometres(element, "ExcitationWavelength") or (_nanometres(light, "Wavelength") if light is not None else None)
        name, colour = cleaned(element.get("Name") or element.get("Fluor")), _colour(element.get("Color"))
        channels += [SourceChannel(name, colour, _nanometres(element, "EmissionWavelength"), excitation)] * max(1, min(samples, 16))
    return Said(
        length(at.get("PhysicalSizeX"), at.get("PhysicalSizeXUnit", "µm")),
        length(at.get("PhysicalSizeY"), at.get("PhysicalSizeYUnit", "µm")),
        length(at.get("PhysicalSizeZ"), at.get("PhysicalSizeZUnit", "µm")),
        _scaled(at.get("TimeIncrement"), at.get("TimeIncrementUnit", "s"), _SECONDS),
        tuple(channels),
    )


def _nanometres(element: ElementTree.Element, name: str) -> float | None:
    """Before OME 2015-01 wavelengths have no unit, and are in nm as by default now."""
    value = length(element.get(name), element.get(f"{name}Unit", "nm"))
    return float(f"{value * 1000:.6g}") if value else None


def _imagej(tif: Any) -> Said:
    told = tif.imagej_metadata or {}
    # ImageJ writes µ as the six characters `\u00B5`.
    unit = str(told.get("unit") or "").replace("\\u00B5", "µ")
    planes = int(told.get("slices", 1)) * int(told.get("frames", 1))
    names = [cleaned(str(n)) for n in told.get("Labels") or [] if n] if planes == 1 else []
    colours = [_end(lut) for lut in told.get("LUTs") or []] if told.get("mode", "composite") != "grayscale" else []
    count = max(len(names), len(colours))
    sizes = [size for tag in ("XResolution", "YResolution") if (size := length(_per(tif.pages[0], tag), unit))]
    # Inches are what a photograph's or a printer's resolution is in.
    sizes = [s for s in sizes if "in" not in unit[:2] or _BELIEVABLE[0] <= s <= _BELIEVABLE[1]]
    return Said(
        sizes[0] if sizes else None,
        sizes[1] if len(sizes) > 1 else None,
        length(told.get("spacing"), unit),
        positive(number(told.get("finterval"))),
        tuple(
            SourceChannel(names[i] if len(names) == count else None, colours[i] if len(colours) == count else None) for i in range(count)
        ),
    )


def _metamorph(tif: Any) -> Said:
    """MetaMorph and MetaXpress, as ImageXpress writes its plates: one plane a file."""
    told = tif.metaseries_metadata["PlaneInfo"]
    calibrated = told.get("spatial-calibration-state") is True
    unit = str(told.get("spatial-calibration-units", ""))
    name = cleaned(str(told.get("_IllumSetting_") or told.get("image-name") or ""))
    return Said(
        length(told.get("spatial-calibration-x"), unit) if calibrated else None,
        length(told.get("spatial-calibration-y"), unit) if calibrated else None,
        channels=(SourceChannel(name, emission=positive(number(told.get("wavelength")))),),
    )


def _stk(tif: Any) -> Said:
    told = tif.stk_metadata
    unit = str(told.get("CalibrationUnits", ""))
    steps = [d for d in told.get("ZDistance", ()) if d]
    return Said(length(told.get("XCalibration"), unit), length(told.get("YCalibration"), unit), length(steps[0], unit) if steps else None)


def _lsm(tif: Any) -> Said:
    told = tif.lsm_metadata
    inks = told.get("ChannelColors") or {}
    names, colours = list(inks.get("ColorNames") or []), list(inks.get("Colors") or [])
    return Said(
        length(told.get("VoxelSizeX"), "m"),
        length(told.get("VoxelSizeY"), "m"),
        length(told.get("VoxelSizeZ"), "m"),
        positive(number(told.get("TimeIntervall"))),
        tuple(SourceChannel(cleaned(str(n)), _triple(c)) for n, c in zip(names, colours, strict=True))
        if len(names) == len(colours)
        else (),
    )


def _micromanager(tif: Any) -> Said:
    told = (tif.micromanager_metadata or {}).get("Summary") or {}
    step = number(told.get("Interval_ms"))
    names = [cleaned(str(n)) for n in told.get("ChNames") or []]
    # Micro-Manager's colours are those of the screen of that day, often all white: names only.
    return Said(
        length(told.get("PixelSize_um"), "µm"),
        None,
        length(told.get("z-step_um"), "µm"),
        positive(step / 1000) if step else None,
        tuple(SourceChannel(n) for n in names),
    )


def _aperio(tif: Any) -> Said:
    found = re.search(r"MPP\s*=\s*([0-9.]+)", tif.pages[0].description)
    return Said(positive(number(found[1])) if found else None)


def _qptiff(tif: Any) -> Said:
    """PerkinElmer and Akoya: each page of fluorescence has an XML of its own."""
    channels = []
    for page in list(tif.series[0].pages)[:64]:
        text = page.aspage().description
        if len(text) > MAX_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
            return Said()
        told = {_local(e): (e.text or "") for e in ElementTree.fromstring(text)}
        parts = told.get("Color", "").split(",")
        channels.append(SourceChannel(cleaned(told.get("Biomarker") or told.get("Name")), _triple(parts) if len(parts) == 3 else None))
    return Said(channels=tuple(channels))


def _electrons(tif: Any) -> Said:
    """Scanning electron microscopes of FEI and Zeiss, and Olympus' SIS."""
    if tif.is_fei:
        scan = tif.fei_metadata.get("Scan") or {}
        return Said(length(scan.get("PixelWidth"), "m"), length(scan.get("PixelHeight"), "m"))
    if tif.is_sem:
        told = tif.sem_metadata
        entry: Any = told.get("ap_image_pixel_size") or told.get("ap_pixel_size") or ()
        return Said(length(entry[1], str(entry[2]))) if len(entry) == 3 else Said()
    told = tif.sis_metadata
    return Said(length(told.get("pixelsizex"), "m"), length(told.get("pixelsizey"), "m"))


_READERS: tuple[tuple[Callable[[Any], Any], Callable[[Any], Said]], ...] = (
    (lambda tif: tif.ome_metadata, _ome),
    (lambda tif: tif.is_micromanager, _micromanager),
    (lambda tif: tif.is_imagej, _imagej),
    (lambda tif: tif.is_metaseries, _metamorph),
    (lambda tif: tif.is_stk, _stk),
    (lambda tif: tif.is_lsm, _lsm),
    (lambda tif: tif.is_svs, _aperio),
    (lambda tif: tif.is_qpi, _qptiff),
    (lambda tif: tif.is_fei or tif.is_sem or tif.is_sis, _electrons),
)


def _resolution(page: Any) -> float | None:
    unit = page.tags.get("ResolutionUnit")
    scale = {2: 25_400.0, 3: 10_000.0}.get(int(unit.value)) if unit else None
    size = _per(page, "XResolution")
    if scale is None or size is None:
        return None
    return float(f"{scale * size:.6g}") if _BELIEVABLE[0] <= scale * size <= _BELIEVABLE[1] else None


def _per(page: Any, tag: str) -> float | None:
    """Units a pixel, of a tag that says pixels a unit."""
    found = page.tags.get(tag)
    return found.value[1] / found.value[0] if found and found.value[0] else None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def positive(value: float | None) -> float | None:
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) and value > 0 else None


def _scaled(value: object, unit: str, scales: dict[str, float]) -> float | None:
    found, scale = number(value), scales.get(unit.strip().casefold())
    return positive(found * scale) if found is not None and scale is not None else None


def length(value: object, unit: str) -> float | None:
    """In µm; None for a unit that is no length (OME's `pixel`, `reference frame`)."""
    return _scaled(value, unit, _MICROMETRES)


def _colour(value: str | None) -> str | None:
    """OME's Color: a signed 32-bit number, red first, alpha last. -1 (white) is what most writers leave there: no colour.

    So is −2³¹, the default before 2012-06, "incorrect", which "produced a transparent red not solid white" (ome.xsd, Channel/@Color).
    """
    found = number(value)
    if found is None or not math.isfinite(found) or int(found) in (-1, -(2**31)):
        return None
    return f"#{(int(found) >> 8) & 0xFFFFFF:06x}"


def _triple(values: Any) -> str | None:
    red, green, blue = (max(0, min(255, int(v))) for v in list(values)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _end(lut: Any) -> str | None:
    """The brightest colour of a lookup table of shape (3, 256)."""
    return _triple(lut[:, 255]) if getattr(lut, "shape", None) == (3, 256) else None


def cleaned(name: str | None) -> str | None:
    text = " ".join("".join(c if c.isprintable() else " " for c in name or "").split())[:100]
    return text or None
