"""The folders of ImageXpress and MetaXpress: `<plate>_B02_s1_w2<identifier>.tif` below TimePoint_<t> and ZStep_<z>.

Two writers are known: the database export (`<date>/<number>/ZStep_3/Name_E07_s1_w1<GUID>.tif`, projections beside the
folders of planes) and MetaXpress's own export (`9987_Plate_3434/TimePoint_1/ZStep_1/9987_B02_s1_w1.TIF`, with `.HTD`
files; ZStep_0 holds the projections). Thumbnails have `_thumb` in their names. Seen in the sets of faim-ipa
(github.com/fmi-faim/faim-ipa, resources/ImageXpress and resources/MetaXpress).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import tifffile

from ingest.folders import read_below
from ingest.images.layouts.known import Laid
from ingest.images.names import PartChannel, Placed, Spot, in_well

NAME = re.compile(
    r"(?P<plate>[^/]+?)_(?P<well>[A-Z]{1,2}[0-9]{1,2})(_s(?P<field>[0-9]{1,4}))?(_w(?P<channel>[0-9]{1,2}))?"
    r"(?P<thumb>_thumb)?([0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12})?\.tiff?",
    re.IGNORECASE,
)
FOLDER = re.compile(r"(?:(?P<t>TimePoint)|(?P<z>ZStep))_(?P<number>[0-9]{1,6})", re.IGNORECASE)
MAX_HTD = 1_000_000


def imagexpress(chosen: Iterable[str], files: tuple[str, ...], folder: Path) -> Laid:
    """Plates, wells, fields, channels, planes and time points of such folders.

    A plate is named after its folder where that begins with the name in the files (`9987_Plate_3434`), else by the
    name in the files. A projection is not taken where the planes it was made of are there too.
    """
    found: dict[tuple[str, str, int, str, int | None], dict[int | None, str]] = {}
    strangers: list[str] = []
    thumbs: list[str] = []
    twice: list[tuple[str, tuple[str, str, int, str, int | None], int | None]] = []
    tops: dict[str, str] = {}
    for path in chosen:
        *above, base = path.split("/")
        match = NAME.fullmatch(base)
        if match is None:
            strangers += [path] if not base.lower().endswith(".htd") else []
            continue
        if match["thumb"]:
            thumbs.append(path)
            continue
        number: dict[str, int] = {}
        while above and (step := FOLDER.fullmatch(above[-1])):
            number.setdefault("t" if step["t"] else "z", int(step["number"]))
            above.pop()
        plate = above[-1] if above and above[-1].startswith(match["plate"]) else match["plate"]
        tops.setdefault(plate, "/".join(above))
        well = in_well(path, plate, match["well"], 1).sample or ""
        key = (plate, well, int(match["field"] or 1), match["channel"] or "1", number.get("t"))
        if number.get("z") in found.setdefault(key, {}):
            twice.append((path, key, number.get("z")))
        else:
            found[key][number.get("z")] = path
    placed: list[tuple[Placed, Spot]] = []
    projections: dict[str, list[str]] = {}
    for (plate, well, field, channel, t), planes in found.items():
        real = {z: path for z, path in planes.items() if z}
        projections.setdefault(plate, []).extend(path for z, path in planes.items() if not z and real)
        placed += [(in_well(path, plate, well, field), Spot(channel, z or None, t)) for z, path in (real or planes).items()]
    placed += [(in_well(path, plate, well, field), Spot(channel, z or None, t)) for path, (plate, well, field, channel, t), z in twice]
    channels: dict[tuple[str, str], PartChannel] = {}
    done: list[tuple[Placed, Spot]] = []
    for plate, top in tops.items():
        mine = [(p, s) for p, s in placed if p.container == plate]
        told = _Told.of(folder, mine, sorted(projections.get(plate, ())))
        names = {**told.names, **_waves(f"{top}/" if top else "", files, folder)}
        for wave, emission in told.emissions.items():
            name = names.get(wave) or f"w{wave}"
            name = f"{name} (w{wave})" if list(names.values()).count(name) > 1 else name
            channels[plate, wave] = PartChannel(name, None, emission)
        done += [(replace(p, pixel_size=told.pixel_size, pixel_size_z=told.step, time_step=told.period), s) for p, s in mine]
    passed = {"projections": tuple(sorted(p for each in projections.values() for p in each)), "thumbnails": tuple(sorted(thumbs))}
    return Laid(tuple(done), channels, tuple(strangers), {kind: paths for kind, paths in passed.items() if paths})


@dataclass(frozen=True)
class _Told:
    """What MetaMorph wrote into a few TIFFs of a plate: names and emissions (nm) by channel number; µm per pixel, µm between planes,
    s between time points."""

    names: dict[str, str]
    emissions: dict[str, float | None]
    pixel_size: float | None = None
    step: float | None = None
    period: float | None = None

    @classmethod
    def of(cls, folder: Path, files: list[tuple[Placed, Spot]], projections: list[str]) -> _Told:
        one: dict[str, tuple[Placed, Spot]] = {}
        for placed, spot in files:
            one.setdefault(spot.channel or "", (placed, spot))
        infos = {number: _info(folder, placed.path) for number, (placed, _) in sorted(one.items())}
        info = next(iter(infos.values()))
        size = info.get("spatial-calibration-x") if info.get("spatial-calibration-units") in ("um", "µm") else None
        # The nominal step stands in the projections; where there are none, it is measured between two planes.
        step = _info(folder, projections[0]).get("Z Projection Step Size") if projections else None
        step = step or _between(folder, files, "z", lambda info: info["z-position"])
        period = _between(folder, files, "t", lambda info: info["acquisition-time-local"].timestamp())
        return cls(
            {n: name for n, i in infos.items() if (name := _clean(str(i.get("_IllumSetting_") or i.get("image-name") or "")))},
            {n: _positive(i.get("wavelength")) for n, i in infos.items()},
            _positive(size) if info.get("spatial-calibration-state") else None,
            _positive(step),
            _positive(period),
        )


def _between(
    folder: Path, files: list[tuple[Placed, Spot]], axis: Literal["z", "t"], value: Callable[[dict[str, Any]], float]
) -> float | None:
    """The mean difference of a value from one plane to the next of an image, between its first and its last."""
    rows: dict[tuple[object, ...], dict[int, str]] = {}
    for placed, spot in files:
        number, other = (spot.z, spot.t) if axis == "z" else (spot.t, spot.z)
        if number is not None:
            rows.setdefault((placed.sample, placed.field, spot.channel, other), {})[number] = placed.path
    row = next((r for r in rows.values() if len(r) > 1), None)
    if row is None:
        return None
    first, last = min(row), max(row)
    try:
        return round(abs(value(_info(folder, row[last])) - value(_info(folder, row[first]))) / (last - first), 3)
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _waves(top: str, files: tuple[str, ...], folder: Path) -> dict[str, str]:
    """Channel number → name, from the plate's `.HTD` (comma-separated lines of a key and values, in Latin-1)."""
    path = next((f for f in files if f.startswith(top) and f.lower().endswith(".htd") and "/" not in f[len(top) :]), None)
    data = read_below(folder, path, MAX_HTD)[0] if path else None
    named: dict[str, str] = {}
    try:
        for row in csv.reader((data or b"").decode("latin-1").splitlines(), skipinitialspace=True):
            if len(row) > 1 and (match := re.fullmatch(r"WaveName([0-9]{1,2})", row[0])) and (name := _clean(row[1])):
                named[match[1]] = name
    except csv.Error:
        return {}
    return named


def _info(folder: Path, path: str) -> dict[str, Any]:
    """What MetaMorph wrote into a TIFF, by its own names; {} where it did not, or the file is broken."""
    try:
        with (folder / path).open("rb") as handle, tifffile.TiffFile(handle, name=path, _multifile=False) as tif:
            told = (tif.metaseries_metadata or {}).get("PlaneInfo", {}) if tif.is_metaseries else {}
            return told if isinstance(told, dict) else {}
    except Exception:  # a broken file may raise anything; it is refused when it is drawn
        return {}


def _clean(text: str) -> str | None:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:100] or None


def _positive(value: object) -> float | None:
    return (
        float(f"{value:.6g}")
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
        else None
    )
