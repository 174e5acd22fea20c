"""Coordinates as authors write them: in decimal degrees, or in degrees, minutes and seconds."""

from __future__ import annotations

import re

LIMITS = {"latitude": 90, "longitude": 180}
_DECIMAL = re.compile(r"[+-]?\d{1,3}(\.\d{1,15})?°?")
# 48°38'17.79'' and its relations: ′ and ″, a typist's ’ and ”, two quotes for a double one; N, S, E or W before or after.
_PARTS = re.compile(
    r"(?P<before>[NSEW]?) ?(?P<degrees>\d{1,3}) ?° ?(?:(?P<minutes>\d{1,2}(?:\.\d{1,10})?) ?['′’] ?)?"
    r"(?:(?P<seconds>\d{1,2}(?:\.\d{1,10})?) ?(?:''|[\"″”]|’’|′′) ?)?(?P<after>[NSEW]?)",
    re.IGNORECASE,
)


def degrees(cell: str, name: str) -> float | None:
    """Degrees north or east of a `latitude` or `longitude`; None where the cell says none, or one that is not on the Earth.

    >>> degrees("49.41", "latitude"), degrees("48°30'", "latitude"), degrees("71°54'36'' W", "longitude"), degrees("91", "latitude")
    (49.41, 48.5, -71.91, None)
    """
    text = cell.strip()
    value = float(text.rstrip("°")) if _DECIMAL.fullmatch(text) else _parts(text, name)
    return value if value is not None and abs(value) <= LIMITS[name] else None


def _parts(text: str, name: str) -> float | None:
    found = _PARTS.fullmatch(text)
    if not found or (found["before"] and found["after"]):
        return None
    minutes, seconds = float(found["minutes"] or 0), float(found["seconds"] or 0)
    side = (found["before"] or found["after"]).upper()
    if minutes >= 60 or seconds >= 60 or (side and side not in ("NS" if name == "latitude" else "EW")):
        return None
    value = int(found["degrees"]) + minutes / 60 + seconds / 3600
    return round(-value if side in ("S", "W") else value, 9)
