"""Samples as links: plate by plate, each well to its place on the plate's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from portal import addresses
from portal.facts import SampleRef


@dataclass(frozen=True)
class Well:
    name: str
    address: str
    hit: bool
    control: bool


@dataclass(frozen=True)
class Place:
    """A plate or dataset with some of its samples."""

    container: str
    address: str
    wells: tuple[Well, ...]


_LONG = 12  # characters of a sample's name: a longer one is an image's, and takes a line of its own on a phone


def shown(refs: Sequence[SampleRef], most: int) -> Sequence[SampleRef]:
    """The first `most` samples; a quarter of that where they are images with long names."""
    return refs[: most // 4 if any(len(r.sample) > _LONG for r in refs[:most]) else most]


def places(study: str, component: str, refs: Iterable[SampleRef], *, marked: bool = True) -> tuple[Place, ...]:
    """Samples by container, in the order of containers' names; within one, in the order given.

    `marked`: those with a phenotype are told apart; for a list where all have one, leave it out.
    """
    ordered = sorted(refs, key=lambda r: r.container)
    return tuple(
        Place(
            container,
            addresses.container(study, component, container),
            tuple(Well(r.sample, r.address, marked and bool(r.phenotypes), r.control) for r in its),
        )
        for container, its in groupby(ordered, key=lambda r: r.container)
    )
