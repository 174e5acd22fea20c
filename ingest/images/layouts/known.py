"""Files that together are one image: which of its channels, planes and time points each holds, and which are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import gcd
from pathlib import Path

from ingest.images.names import Part, PartChannel, Placed, Spot, in_well, natural

Position = tuple[int, int, int]  # t, c, z


@dataclass(frozen=True)
class Laid:
    """What an instrument's layout is found to hold.

    `found`: each file that holds planes, where it belongs and of what. `channels`: (plate, channel of the file names)
    → what the instrument's own files say of it. `strangers`: files that are no part of the layout. `passed`: what the
    instrument wrote beside the planes, and is not taken, by kind (such as "projections").
    """

    found: tuple[tuple[Placed, Spot], ...]
    channels: Mapping[tuple[str, str], PartChannel] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    passed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Layout = Callable[[Iterable[str], tuple[str, ...], Path], Laid]
"""(the chosen files, all files of the study folder, the folder) → what they are."""


@dataclass(frozen=True)
class Joined:
    """`members`: one for each image, and one more for each file that claims a plane another file has. `gaps`: images
    (by their first file) that lack planes, and which, in words."""

    members: tuple[Placed, ...]
    gaps: tuple[tuple[str, str], ...] = ()


def joined(
    found: Iterable[tuple[Placed, Spot]], told: Mapping[tuple[str, str], PartChannel] | None = None, *, spread: bool = False
) -> Joined:
    """Files that differ in channel, z and t only become one image.

    Channels are ordered by name (w2 before w10). z and t follow their numbers, with the step that these share: a
    number that is missing in between is a missing plane. Wells of a plate share their channels, and where z and t
    begin, so that a missing channel moves no other. `spread`: a channel with one plane where others of its time point
    have a stack holds for every z, as instruments mean it.
    """
    images: dict[tuple[str | None, str], list[tuple[Placed, Spot]]] = {}
    for placed, spot in _fields_from_one(found):
        images.setdefault((placed.kind, placed.identity), []).append((placed, spot))
    plates: dict[str, list[Spot]] = {}
    for (kind, _), files in images.items():
        if kind == "plate":
            plates.setdefault(files[0][0].container or "", []).extend(spot for _, spot in files)
    shared = {plate: _Frame.of(spots) for plate, spots in plates.items()}
    members: list[Placed] = []
    gaps: list[tuple[str, str]] = []
    for (kind, _), files in images.items():
        if all(spot == Spot() for _, spot in files):
            members += [placed for placed, _ in files]
            continue
        files.sort(key=lambda f: (f[1].t or 0, natural(f[1].channel or ""), f[1].z or 0, f[0].path))
        own = _Frame.of([spot for _, spot in files])
        frame = replace(shared[files[0][0].container or ""], last=own.last) if kind == "plate" else own
        made, others, lacking = _image(files, frame, told or {}, spread=spread)
        members += [made, *others]
        if lacking:
            gaps.append((made.path, lacking))
    return Joined(tuple(members), tuple(gaps))


def _fields_from_one(found: Iterable[tuple[Placed, Spot]]) -> list[tuple[Placed, Spot]]:
    """Some instruments count the fields of a well from 0. Addresses count them from 1, so all of such a plate's move by one."""
    every = list(found)
    zero = {placed.container for placed, _ in every if placed.kind == "plate" and placed.field == 0}
    return [
        (
            placed.at(in_well("", placed.container or "", placed.sample or "", placed.field + 1)) if placed.container in zero else placed,
            spot,
        )
        for placed, spot in every
    ]


@dataclass(frozen=True)
class _Frame:
    """The channels, and where z and t begin and end, of files that are to be compared."""

    channels: tuple[str, ...]
    first: tuple[int | None, int | None]  # z, t
    last: tuple[frozenset[int], frozenset[int]]

    @classmethod
    def of(cls, spots: Iterable[Spot]) -> _Frame:
        spots = list(spots)
        names = tuple(sorted({s.channel or "" for s in spots}, key=lambda n: (natural(n), n)))
        z, t = frozenset(s.z for s in spots if s.z is not None), frozenset(s.t for s in spots if s.t is not None)
        return cls(names, (min(z, default=None), min(t, default=None)), (z, t))


def positions(numbers: Iterable[int], first: int | None = None) -> dict[int, int]:
    """Number → position from 0, in the step that the numbers share; by their order alone where most would be missing.

    >>> positions([0, 10, 30])
    {0: 0, 10: 1, 30: 3}
    """
    own = sorted(set(numbers))
    if not own:
        return {}
    start = own[0] if first is None else min(first, own[0])
    step = gcd(*(n - start for n in own)) or 1
    if (own[-1] - start) // step >= 2 * len(own) + 2:
        return {n: i for i, n in enumerate(own)}
    return {n: (n - start) // step for n in own}


def _image(
    files: list[tuple[Placed, Spot]], frame: _Frame, told: Mapping[tuple[str, str], PartChannel], *, spread: bool
) -> tuple[Placed, list[Placed], str]:
    """One image, the files that have no place in it since another has it, and what it lacks."""
    zs, ts = positions(frame.last[0], frame.first[0]), positions(frame.last[1], frame.first[1])
    number = {name: c for c, name in enumerate(frame.channels)}
    shape = (max(ts.values(), default=0) + 1, len(frame.channels), max(zs.values(), default=0) + 1)
    taken: dict[Position, Part] = {}
    others: list[Placed] = []
    for placed, spot in files:
        t, c = ts.get(spot.t or 0, 0) if spot.t is not None else 0, number[spot.channel or ""]
        z = zs[spot.z] if spot.z is not None else 0
        if (t, c, z) in taken:
            others.append(placed)
        else:
            taken[t, c, z] = Part(placed.path, c, z, t)
    if spread:
        _spread(taken, shape)
    first = files[0][0]
    names = [told.get((first.container or "", name), PartChannel(_shown(name))) for name in frame.channels]
    parts = tuple(taken[at] for at in sorted(taken))
    channels = tuple(names) if frame.channels != ("",) or any(n.name for n in names) else ()
    return replace(first, parts=parts, shape=shape, channels=channels), others, _lacking(taken, shape, names)


def _shown(channel: str) -> str | None:
    return f"channel {channel}" if channel.isdigit() else channel or None


def _spread(taken: dict[Position, Part], shape: Position) -> None:
    for t in range(shape[0]):
        for c in range(shape[1]):
            have = [z for z in range(shape[2]) if (t, c, z) in taken]
            if len(have) == 1:
                for z in range(shape[2]):
                    taken.setdefault((t, c, z), replace(taken[t, c, have[0]], z=z))


def _lacking(taken: Mapping[Position, Part], shape: Position, names: list[PartChannel]) -> str:
    total = shape[0] * shape[1] * shape[2]
    if len(taken) == total:
        return ""
    at = next((t, c, z) for t in range(shape[0]) for c in range(shape[1]) for z in range(shape[2]) if (t, c, z) not in taken)
    words = [names[at[1]].name or ""] if shape[1] > 1 else []
    words += [f"z {at[2] + 1}"] if shape[2] > 1 else []
    words += [f"t {at[0] + 1}"] if shape[0] > 1 else []
    number = total - len(taken)
    return f"lacks {number} of its {total} planes ({'such as ' if number > 1 else ''}{', '.join(words)}), drawn black"
