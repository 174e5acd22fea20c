"""How an image is shown first: what study.yaml declares, then what the file says, then what the pixels suggest.

What is declared wins, because the curator can be right and the file wrong (a stage micrometer against an objective
nobody entered). But where both speak and disagree, it is said: one of the two is wrong, and a scale bar hangs on it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ingest.images.opened import Opened, SourceChannel
from portal.imaging.limits import Limits
from portal.imaging.look import Channel, Look, Origin
from portal.imaging.planes import Rgb
from portal.imaging.strips import STACKED
from portal.model import Channel as DeclaredChannel
from portal.model import Images
from portal.problems import Place, Problem

# Colours for channels without one: by what is written in the name, else in turn. Told apart by the colour-blind.
DYES = (
    (("dapi", "hoechst", "dna", "h2b", "nucle", "405"), "#5a8bff"),
    (("gfp", "fitc", "488", "tubulin", "egfp", "alexa 488"), "#2ee57a"),
    (("rfp", "mcherry", "tritc", "cy3", "561", "568", "555", "actin", "phalloidin"), "#ff5a3c"),
    (("cy5", "647", "640", "far red", "farred"), "#f25cff"),
    (("bright", "trans", "phase", "dic", "bf"), "#ffffff"),
)
TURN = ("#2ee57a", "#f25cff", "#5a8bff", "#ffb52e", "#ff5a3c", "#39e6e6")

ALIKE = 0.02  # pixel sizes and time steps that differ by no more are the same, rounded
TOLD = 10  # files named one by one; more with the same fault are counted
# Names that writers give when nobody gave one: they contradict nothing.
_NAMELESS = re.compile(
    r"(channel|chan|ch|c|w|wavelength|wave|image|slice|t|z)?[ _:#-]*[0-9]*([ _:-][0-9]+)*|red|green|blue|gr[ae]y", re.ASCII
)


def look(
    image: Opened, told: Images, limits: tuple[Limits, ...], windows: tuple[tuple[float, float], ...], at: Place, found: list[Problem]
) -> Look:
    """How `image` is shown; `limits` has one entry a channel, none for RGB; `windows` those of its plate, or none.

    `at` is the image's file. Warnings go to `found`: what the file's reader noted, and where study.yaml and the file
    contradict each other, with both values.
    """
    for note in image.notes:
        what, _, mend = note.partition("; ")
        found.append(Problem(at, what, mend, "warning"))
    found += _contradictions(image, told, at)
    channels = []
    for c, measured in enumerate(limits):
        declared = told.channels[c] if c < len(told.channels) else None
        described = image.channels[c] if c < len(image.channels) else None
        name = (declared.name if declared else None) or (described.name if described else None) or f"channel {c + 1}"
        colour = (declared.colour if declared else None) or (described.colour if described else None)
        window, by = _window(declared, described, windows[c] if c < len(windows) else None, measured)
        label = declared.label if declared else None
        colour = colour or _colour(f"{name} {label or ''}", c, len(limits), told.brightfield)
        channels.append(Channel(name, label, colour.lower(), window, c < STACKED, by))
    size = told.pixel_size or image.pixel_size
    return Look(
        tuple(channels),
        size,
        told.pixel_size_z or image.pixel_size_z,
        told.time_step or image.time_step,
        told.brightfield,
        told.synthetic,
    )


def _window(
    declared: DeclaredChannel | None, described: SourceChannel | None, plate: tuple[float, float] | None, measured: Limits
) -> tuple[tuple[float, float], Origin]:
    if declared and declared.limits:
        return declared.limits, "declared"
    if described and described.window:
        return described.window, "file"
    return (plate, "plate") if plate else ((measured.low, measured.high), "percentiles")


def wavelengths(image: Opened, told: Images, channel: int) -> tuple[float | None, float | None]:
    """The emission and excitation of a channel, in nm: declared, else the file's."""
    declared = told.channels[channel] if channel < len(told.channels) else None
    described = image.channels[channel] if channel < len(image.channels) else SourceChannel()
    if declared is None:
        return described.emission, described.excitation
    return declared.emission or described.emission, declared.excitation or described.excitation


def gathered(found: list[Problem]) -> list[Problem]:
    """The same, where warnings that differ only by file are told once or a few times, and the others are counted.

    Of contradictions with study.yaml, which have one cause, the first file is named; of the others, such as files left out, ten.
    """
    groups: dict[tuple[str, str, str, str], list[Problem]] = {}
    for problem in found:
        groups.setdefault((problem.place.path, problem.what, problem.mend, problem.severity), []).append(problem)
    out: list[Problem] = []
    for (path, what, _, _), alike in groups.items():
        told = 1 if path else TOLD + 1
        if (more := len(alike) - told) > 0:
            as_well = "does 1 more file" if more == 1 else f"do {more:,} more files"
            alike[told - 1] = replace(alike[told - 1], what=f"{what} (as {as_well})")
        out += alike[:told]
    return out


def _contradictions(image: Opened, told: Images, at: Place) -> list[Problem]:
    said: list[tuple[str, str]] = []
    for declared, described, what, unit in (
        (told.pixel_size, image.pixel_size, "pixel_size", "µm"),
        (told.pixel_size_z, image.pixel_size_z, "pixel_size_z", "µm"),
        (told.time_step, image.time_step, "time_step", "s"),
    ):
        if declared and described and abs(declared - described) > ALIKE * max(declared, described):
            said.append((what, f"says {described:g} {unit} where study.yaml says {what}: {declared:g} {unit}"))
    if told.channels and isinstance(image.source, Rgb):
        said.append(("channels", "is a colour picture without channels where study.yaml declares " + _count(len(told.channels))))
    elif told.channels and not isinstance(image.source, Rgb):
        if len(told.channels) > image.source.channels:  # fewer are a choice: the others keep what the file says
            said.append(("channels", f"has {_count(image.source.channels)} where study.yaml declares {len(told.channels)}"))
        said += _misnamed([c.name for c in told.channels], [c.name for c in image.channels])
        for c, (one, other) in enumerate(zip(told.channels, image.channels, strict=False)):
            for key, declared, described in (
                ("emission", one.emission, other.emission),
                ("excitation", one.excitation, other.excitation),
            ):
                if declared and described and abs(declared - described) > ALIKE * max(declared, described):
                    what = f"says {described:g} nm where study.yaml says channels[{c}].{key}: {declared:g} nm"
                    said.append((f"channels[{c}].{key}", what))
    mend = "study.yaml is believed; correct the one that is wrong"
    return [Problem(Place(at.file, at.line, at.column, path), what, mend, "warning") for path, what in said]


def _misnamed(declared: list[str], described: list[str | None]) -> list[tuple[str, str]]:
    """Channels that the file calls by another name. A longer name for the same, or another dye of one colour, is no other name."""
    said = []
    for c, (ours, theirs) in enumerate(zip(declared, described, strict=False)):
        one, other = _plain(ours), _plain(theirs or "")
        if not theirs or _NAMELESS.fullmatch(theirs.strip().casefold()) or _NAMELESS.fullmatch(ours.strip().casefold()):
            continue
        if one in other or other in one or (_dye(ours) is not None and _dye(ours) == _dye(theirs)):
            continue
        said.append((f"channels[{c}].name", f"calls channel {c + 1} {theirs!r} where study.yaml says {ours!r}"))
    return said


def _count(channels: int) -> str:
    return f"{channels} channel" + ("s" if channels != 1 else "")


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _dye(name: str) -> str | None:
    folded = name.casefold()
    return next((colour for words, colour in DYES if any(w in folded for w in words)), None)


def _colour(name: str, number: int, of: int, brightfield: bool) -> str:
    if brightfield or of == 1:
        return "#ffffff"
    return _dye(name) or TURN[number % len(TURN)]
