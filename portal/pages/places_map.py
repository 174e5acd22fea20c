"""Maps of the places where samples were taken: one of all studies, and a small one for a study and for each component."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portal import addresses
from portal.engine.step import Work, recipe
from portal.model import Model
from portal.pages.asked import text
from portal.pages.outlines import WORLD, Outlines, Window, flat
from portal.pages.render import Page, given, opened
from portal.spots import Placed, Spot

# A map as it is drawn. Marks keep their size while the Earth below them is scaled, so they are placed in these units.
WIDTH, HEIGHT = 1000, 560
LEAST = 600  # units of the Earth across (380 km): nearer than this, the outlines say nothing
APART = 34  # marks nearer than this are one
SMALLEST, LARGEST = 9.0, 22.0  # radius of a mark
SHOWN = 8  # plates or datasets that a row of the table links to


class Mark(Model):
    """One place, or several that lie too near each other to be told apart. `address`: the first of them in the table."""

    x: float
    y: float
    r: float
    places: int
    samples: int
    words: str
    address: str


class PlaceMap(Model):
    """All that a map's SVG holds, `WIDTH` by `HEIGHT`. `scale` and `window` lay the Earth below the marks."""

    window: Window
    scale: float
    land: str
    borders: str
    edge: str
    marks: tuple[Mark, ...]
    places: int
    samples: int
    elsewhere: int


@dataclass(frozen=True)
class Row:
    """One place in one component. `more`: plates or datasets that are not linked to."""

    id: str
    name: str
    latitude: float
    longitude: float
    study: str
    component: str
    address: str
    key: str
    samples: int
    controls: int
    with_phenotype: int
    holders: tuple[tuple[str, str, int], ...]  # name, address, samples
    containers: int

    @property
    def more(self) -> int:
        return self.containers - len(self.holders)


def coordinates(latitude: float, longitude: float) -> str:
    """Degrees as a reader knows them, to four digits, which is some ten metres.

    >>> coordinates(-12.5, 7.00004)
    '12.5° S, 7° E'
    """
    north, east = f"{abs(latitude):.4f}".rstrip("0").rstrip("."), f"{abs(longitude):.4f}".rstrip("0").rstrip(".")
    return f"{north}° {'S' if latitude < 0 else 'N'}, {east}° {'W' if longitude < 0 else 'E'}"


def anchor(latitude: float, longitude: float) -> str:
    """Where a place stands on the page of places."""
    return f"at_{latitude!r}_{longitude!r}"


def fitted(points: Sequence[tuple[int, int]]) -> Window:
    """The part of the Earth that holds all points with room around them, in the map's proportions."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    width = max((right - left) * 1.3, (bottom - top) * 1.3 * WIDTH / HEIGHT, LEAST)
    if width > 0.7 * WORLD[2]:
        width = WORLD[2] * 1.02
        return (round(-width / 2), round(-width * HEIGHT / WIDTH / 2), round(width), round(width * HEIGHT / WIDTH))
    height = width * HEIGHT / WIDTH
    return (round((left + right - width) / 2), round((top + bottom - height) / 2), round(width), round(height))


def marks(spots: Iterable[tuple[float, float, int]], window: Window) -> tuple[Mark, ...]:
    """Places (latitude, longitude, samples) as marks: the largest first, and what lies within APART of one belongs to it.

    assets/js/map.js does the same when the map is zoomed.
    """
    scale = WIDTH / window[2]
    groups: list[tuple[float, float, list[tuple[float, float, int]]]] = []
    for latitude, longitude, samples in in_order(spots):
        px, py = flat(latitude, longitude)
        x, y = (px - window[0]) * scale, (py - window[1]) * scale
        near = next((held for gx, gy, held in groups if math.hypot(gx - x, gy - y) < APART), None)
        if near is None:
            groups.append((x, y, [(latitude, longitude, samples)]))
        else:
            near.append((latitude, longitude, samples))
    most = max((sum(s[2] for s in held) for _, _, held in groups), default=0)
    out = []
    for x, y, held in groups:
        total = sum(s[2] for s in held)
        first = coordinates(*held[0][:2])
        where = first if len(held) == 1 else f"{len(held)} places around {first}"
        out.append(
            Mark(
                x=round(x, 1), y=round(y, 1), r=round(radius(total, most), 1), places=len(held), samples=total,
                words=f"{where}: {total:,} sample{'' if total == 1 else 's'}",
                address=f"{addresses.PLACES}#{anchor(*held[0][:2])}",
            )
        )  # fmt: skip
    return tuple(out)


def in_order(spots: Iterable[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """The largest first, then from north to south."""
    return sorted(spots, key=lambda s: (-s[2], -s[0], s[1]))


def radius(samples: int, most: int) -> float:
    """The area of a mark grows with its samples."""
    return SMALLEST + (LARGEST - SMALLEST) * math.sqrt(samples / most) if most else SMALLEST


def together(placed: Iterable[Placed]) -> list[tuple[float, float, int]]:
    """(latitude, longitude, samples with controls) of every place once."""
    found: dict[tuple[float, float], int] = {}
    for p in placed:
        for s in p.spots:
            found[s.latitude, s.longitude] = found.get((s.latitude, s.longitude), 0) + s.samples + s.controls
    return [(*where, n) for where, n in found.items()]


def place_map(outlines: Outlines, placed: Sequence[Placed]) -> PlaceMap:
    spots = together(placed)
    window = fitted([flat(latitude, longitude) for latitude, longitude, _ in spots])
    drawn = outlines.drawn(window)
    return PlaceMap(
        window=window, scale=round(WIDTH / window[2], 6), land=drawn.land, borders=drawn.borders, edge=drawn.edge,
        marks=marks(spots, window), places=len(spots), samples=sum(n for *_, n in spots), elsewhere=sum(p.elsewhere for p in placed),
    )  # fmt: skip


def _outlines(work: Work) -> Outlines:
    for tree in work.inputs:
        for path in tree:
            if path.endswith("/outlines.json"):
                return Outlines(tree.read(path))
    raise KeyError("no input holds outlines.json")


def _placed(work: Work) -> list[Placed]:
    found = [
        Placed.model_validate_json(tree.read(path)) for tree in work.inputs for path in sorted(tree) if path.startswith("placed/")
    ]  # fmt: skip
    return sorted(found, key=lambda p: (p.study, p.component))


@recipe("code")
def study_maps(work: Work) -> dict[str, bytes]:
    """`place-maps/study.json` and `place-maps/<component>.json` (PlaceMap) of one study; nothing where no sample has coordinates.

    Inputs: the tree of the vendor step, for its outlines.json, and the `placed` trees of the study's components.
    """
    found = _placed(work)
    if not found:
        return {}
    outlines = _outlines(work)
    maps = {"study": place_map(outlines, found)} | {f"component/{p.component}": place_map(outlines, [p]) for p in found}
    return {f"place-maps/{name}.json": told.model_dump_json().encode() for name, told in maps.items()}


def map_of(work: Work, component: str | None = None) -> PlaceMap | None:
    """The map of a study's page, or of a component's, among its inputs."""
    found = given(work, f"place-maps/component/{component}.json" if component else "place-maps/study.json")
    return PlaceMap.model_validate_json(found[0].read(found[1])) if found else None


def _row(p: Placed, s: Spot) -> Row:
    holders = tuple((h.container, addresses.container(p.study, p.component, h.container), h.samples) for h in s.holders[:SHOWN])
    return Row(
        id=anchor(s.latitude, s.longitude), name=coordinates(s.latitude, s.longitude), latitude=s.latitude, longitude=s.longitude,
        study=p.study, component=p.component, address=addresses.component(p.study, p.component),
        key=f"{s.latitude!r} {s.longitude!r} {p.study} {p.component}",
        samples=s.samples, controls=s.controls, with_phenotype=s.with_phenotype, holders=holders, containers=len(s.holders),
    )  # fmt: skip


_WHERE = "FROM samples WHERE latitude IS NOT NULL AND longitude IS NOT NULL"
FIGURES_SQL = f"""SELECT (SELECT count(*) FROM (SELECT DISTINCT latitude, longitude {_WHERE})) AS places,
       count(DISTINCT study) AS studies, count(*) FILTER (WHERE control_type IS NULL) AS samples
{_WHERE}"""
TABLE_SQL = f"""SELECT latitude, longitude, study, component,
       count(*) FILTER (WHERE control_type IS NULL) AS samples, count(control_type) AS controls,
       count(*) FILTER (WHERE has_phenotype AND control_type IS NULL) AS with_phenotype, count(DISTINCT container) AS containers
{_WHERE}
GROUP BY latitude, longitude, study, component
ORDER BY latitude DESC, longitude, study, component"""


def map_sql(study: str, component: str | None = None) -> str:
    """How many places and samples the map of a study or a component shows, controls included."""
    where = f"{_WHERE} AND study = {text(study)}" + (f" AND component = {text(component)}" if component else "")
    return f"SELECT count(*) AS places, sum(n)::BIGINT AS samples\nFROM (SELECT count(*) AS n {where} GROUP BY latitude, longitude)"


@recipe("code")
def places_page(work: Work) -> dict[str, bytes]:
    """`places/`; nothing where no sample has coordinates. Inputs after templates and frame: the vendor tree, every `placed` tree."""
    found = _placed(work)
    if not found:
        return {}
    site = opened(work)
    drawn = place_map(_outlines(work), found)
    rows = sorted((_row(p, s) for p in found for s in p.spots), key=lambda r: (-r.latitude, r.longitude, r.study, r.component))
    first = {r.id: (r.study, r.component) for r in reversed(rows)}
    page = Page(
        address=addresses.PLACES,
        title="Places",
        kind="places",
        style="map",
        scripts=("map",),
        description=f"{drawn.places} places where samples were taken, on a map and as a table.",
    )
    data: dict[str, Any] = {
        "window": drawn.window, "apart": APART, "radius": [SMALLEST, LARGEST], "least": LEAST, "world": WORLD,
        "places": [
            [*flat(a, b), n, coordinates(a, b), f"#{anchor(a, b)}"] for a, b, n in in_order(together(found))
        ],
    }  # fmt: skip
    return site.page(
        "places.html",
        page,
        map=drawn,
        data=data,
        rows=[(r, first[r.id] == (r.study, r.component)) for r in rows],
        studies=len({r.study for r in rows}),
        components=[(p, addresses.component(p.study, p.component)) for p in found],
        samples=sum(r.samples for r in rows),
        controls=sum(r.controls for r in rows),
        with_phenotype=sum(r.with_phenotype for r in rows),
        figures_sql=FIGURES_SQL,
        table_sql=TABLE_SQL,
    )
