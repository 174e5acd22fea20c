"""What a study tells, by REMBI's eight modules, and what it leaves open.

REMBI: Sarkans et al., Nature Methods 2021. Imported records describe much of it in protocols; a protocol
counts for the module that its name or type speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.addresses import plural
from portal.facts import StudyFacts
from portal.model import StudyComponent
from portal.pages.prose import count


@dataclass(frozen=True)
class Told:
    label: str
    value: str = ""

    @property
    def filled(self) -> bool:
        return bool(self.value)


@dataclass(frozen=True)
class Module:
    name: str
    asks: str
    told: tuple[Told, ...]

    @property
    def filled(self) -> int:
        return sum(t.filled for t in self.told)


_GROWTH = re.compile(r"growth|cultur|maintenance", re.IGNORECASE)
_PREPARATION = re.compile(r"library|treatment|sample|prepar|stain|transfect|perturb|clear", re.IGNORECASE)
_ACQUISITION = re.compile(r"acqui|imaging|microscop", re.IGNORECASE)
_ANALYSIS = re.compile(r"analys|feature|segment|process", re.IGNORECASE)


def _cut(text: str, most: int = 120) -> str:
    """At most so many characters, cut between words where there is a space to cut at."""
    if len(text) <= most:
        return text
    head = text[:most].rsplit(None, 1)[0]
    return (head if len(head) >= most // 2 else text[: most - 1]).rstrip(" ,;") + " …"


def _several(values: list[str], shown: int = 3) -> str:
    seen = list(dict.fromkeys(" ".join(v.split()) for v in values if v and v.strip()))
    text = "; ".join(_cut(v) for v in seen[:shown])
    return f"{text}; {len(seen) - shown} more" if len(seen) > shown else text


def _protocols(components: tuple[StudyComponent, ...], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"protocol ‘{p.name}’"
        for c in components
        for p in c.protocols
        if p.description and pattern.search(f"{p.name} {p.type.name if p.type else ''}")
    ]


def _dimensions(facts: StudyFacts) -> list[str]:
    images = [i for part in facts.images for i in part.images]
    shapes = [f"{i.width} × {i.height} px" + (f" × {i.z} z" if i.z > 1 else "") + (f" × {i.t} t" if i.t > 1 else "") for i in images]
    return shapes + [c.size.dimensions for c in facts.study.components if c.size and c.size.dimensions]


def modules(facts: StudyFacts) -> tuple[Module, ...]:
    """The eight modules in REMBI's order."""
    s = facts.study
    cs = s.components
    images = [i for part in facts.images for i in part.images]
    samples = [b for c in cs for b in c.biosamples]
    specimens = [x for c in cs for x in c.specimens]
    acquired = [a for c in cs for a in c.acquisition]
    organisms = [o.name for c in cs for o in s.organisms_of(c)] + [b.organism.name for b in samples if b.organism]
    lines = [line for f in facts.components for line in f.cell_lines]
    kinds = [count(n, kind, plural(kind)) for f in facts.components for kind, n in f.target_kinds.items() if n]
    columns = [f.columns for f in facts.components]
    channels = [", ".join(c.name for c in i.channels) for i in images if i.channels]
    pixel = [f"{i.pixel_size:.4g} µm" for i in images if i.pixel_size]
    return (
        Module(
            "Study",
            "what it is about, by whom, under which licence",
            (
                Told("title", s.title),
                Told("description", _several([s.description or ""])),
                Told("keywords", _several(list(s.keywords), 8)),
                Told("authors", _several([p.authors or "" for p in s.publications] + [p.last_name for p in s.people])),
                Told("licence", s.licence or ""),
                Told("publication", _several([p.doi or p.pubmed or "" for p in s.publications])),
            ),
        ),
        Module(
            "Study component",
            "its parts and how each was done",
            (
                Told("description", _several([c.description or "" for c in cs])),
                Told("imaging method", _several([m.name for c in cs for m in c.imaging_method])),
                Told("technology", _several([m.name for c in cs for m in c.technology])),
            ),
        ),
        Module(
            "Biosample",
            "the organism and what of it was imaged",
            (
                Told("organism", _several(organisms)),
                Told(
                    "biological entity", _several([b.biological_entity or "" for b in samples] + [c.sample_type or "" for c in cs] + lines)
                ),
                Told("variables", _several([v for b in samples for v in b.variables] + kinds)),
            ),
        ),
        Module(
            "Specimen",
            "how it was prepared for imaging",
            (
                Told("preparation", _several([x.preparation or "" for x in specimens] + _protocols(cs, _PREPARATION))),
                Told("growth protocol", _several([x.growth_protocol or "" for x in specimens] + _protocols(cs, _GROWTH))),
                Told(
                    "stains and labels",
                    _several([v for x in specimens for v in x.stains] + ["column ‘Channels’" for c in columns if "Channels" in c]),
                ),
            ),
        ),
        Module(
            "Image acquisition",
            "the instrument and how it was set",
            (
                Told("instrument", _several([a.instrument or "" for a in acquired])),
                Told("parameters", _several([a.parameters or "" for a in acquired] + _protocols(cs, _ACQUISITION))),
            ),
        ),
        Module(
            "Image data",
            "the images: their size, channels and pixel size",
            (
                Told("dimensions", _several(_dimensions(facts))),
                Told("channels", _several(channels)),
                Told("pixel size", _several(pixel)),
            ),
        ),
        Module(
            "Image correlation",
            "how images of different kinds lie on each other",
            (Told("correlation", _several([x.description for c in cs for x in c.correlation])),),
        ),
        Module(
            "Analysed data",
            "what was computed from the images",
            (
                Told("analysis", _several([a.name for c in cs for a in c.analysed_data] + _protocols(cs, _ANALYSIS))),
                Told("phenotypes", _several([p.name for c in cs for p in c.phenotypes])),
            ),
        ),
    )
