"""Where samples were taken, as frozen types: what the warehouse finds in a component's tables and maps are drawn from."""

from __future__ import annotations

from typing import Literal

from portal.model import Model


class Holder(Model):
    """A plate or dataset with samples of a place, controls included."""

    container: str
    samples: int


class Spot(Model):
    """One pair of coordinates, in degrees north and east. `samples` and `with_phenotype` leave controls out."""

    latitude: float
    longitude: float
    samples: int
    controls: int
    with_phenotype: int
    holders: tuple[Holder, ...]


class Placed(Model):
    """A component whose samples, or some of them, have coordinates. `elsewhere`: samples without, controls included."""

    study: str
    component: str
    kind: Literal["screen", "experiment"]
    elsewhere: int
    spots: tuple[Spot, ...]
