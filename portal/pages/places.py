"""Samples as links: plate by plate, each well to its place on the plate's page."""

from __future__ import annotations

from collections.abc import Iterable
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
