"""What a TIFF says about itself: pixel sizes, time steps, channels. Wrong or missing metadata is never an error.

OME-XML (2016-06 and older, by local names), ImageJ's metadata, Aperio's description, and, for the rest, the
resolution tags where they are believable for a microscope.
"""

from __future__ import annotations

import math
import re
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


def described(tif: Any, source: Source, channels: int) -> Opened:
    """`source` with what the file says. Channels are told only where the file names as many as there are."""
    try:
        if tif.ome_metadata:
            found = _ome(tif.ome_metadata)
        elif tif.is_imagej:
            found = _imagej(tif)
        elif tif.is_svs:
            found = {"x": _number((re.search(r"MPP\s*=\s*([0-9.]+)", tif.pages[0].description) or [None, None])[1])}
        else:
            found = {"x": _resolution(tif.pages[0])}
    except Exception:  # metadata of a hostile or broken file may fail in any way; the pixels stand by themselves
        found = {}
    names: list[SourceChannel] = found.get("channels", [])
    if not names and channels == 3 and tif.series[0].keyframe.photometric in (2, 6):
        names = [SourceChannel("Red", "#ff0000"), SourceChannel("Green", "#00ff00"), SourceChannel("Blue", "#0000ff")]
    told = tuple(names) if len(names) == channels and not isinstance(source, Rgb) else ()
    return Opened(source, told, found.get("x"), found.get("z"), found.get("t"))


def _ome(text: str) -> dict[str, Any]:
    # No DOCTYPE and no entities: expat bounds their expansion, and none is ever needed.
    if len(text) > MAX_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return {}
    pixels = next((e for e in ElementTree.fromstring(text).iter() if _local(e) == "Pixels"), None)
    if pixels is None:
        return {}
    at = pixels.attrib
    channels: list[SourceChannel] = []
    for element in (e for e in pixels if _local(e) == "Channel"):
        samples = int(element.get("SamplesPerPixel", 1))
        told = SourceChannel(_clean(element.get("Name") or element.get("Fluor")), _colour(element.get("Color")))
        channels += [told] * max(1, min(samples, 16))
    return {
        "x": _length(at.get("PhysicalSizeX"), at.get("PhysicalSizeXUnit", "µm")),
        "z": _length(at.get("PhysicalSizeZ"), at.get("PhysicalSizeZUnit", "µm")),
        "t": _scaled(at.get("TimeIncrement"), at.get("TimeIncrementUnit", "s"), _SECONDS),
        "channels": channels,
    }


def _imagej(tif: Any) -> dict[str, Any]:
    told = tif.imagej_metadata or {}
    # ImageJ writes µ as the six characters `\u00B5`.
    unit = str(told.get("unit") or "").replace("\\u00B5", "µ")
    tag = tif.pages[0].tags.get("XResolution")
    per_unit = tag.value[0] / tag.value[1] if tag and tag.value[1] else 0
    names = [_clean(str(n)) for n in told.get("Labels") or [] if n] if int(told.get("slices", 1)) * int(told.get("frames", 1)) == 1 else []
    return {
        "x": _length(1 / per_unit, unit) if per_unit else None,
        "z": _length(told.get("spacing"), unit),
        "t": _positive(_number(told.get("finterval"))),
        "channels": [SourceChannel(n) for n in names],
    }


def _resolution(page: Any) -> float | None:
    tag, unit = page.tags.get("XResolution"), page.tags.get("ResolutionUnit")
    scale = {2: 25_400.0, 3: 10_000.0}.get(int(unit.value)) if unit else None
    if not (tag and scale and tag.value[0]):
        return None
    size = scale * tag.value[1] / tag.value[0]
    return float(f"{size:.6g}") if _BELIEVABLE[0] <= size <= _BELIEVABLE[1] else None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _positive(value: float | None) -> float | None:
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) and value > 0 else None


def _scaled(value: object, unit: str, scales: dict[str, float]) -> float | None:
    number, scale = _number(value), scales.get(unit.strip().casefold())
    return _positive(number * scale) if number is not None and scale is not None else None


def _length(value: object, unit: str) -> float | None:
    """In µm; None for a unit that is no length (OME's `pixel`, `reference frame`)."""
    return _scaled(value, unit, _MICROMETRES)


def _colour(value: str | None) -> str | None:
    """OME's Color: a signed 32-bit number, red first, alpha last. -1 (white) is what most writers leave there: no colour."""
    number = _number(value)
    if number is None or not math.isfinite(number) or int(number) == -1:
        return None
    return f"#{(int(number) >> 8) & 0xFFFFFF:06x}"


def _clean(name: str | None) -> str | None:
    text = " ".join("".join(c if c.isprintable() else " " for c in name or "").split())[:100]
    return text or None
