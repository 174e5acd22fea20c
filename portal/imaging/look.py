"""What is known about an image beside its pixels, and how it is shown first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Origin = Literal["declared", "file", "plate", "percentiles"]


@dataclass(frozen=True)
class Channel:
    """How a channel is shown first. `window`: the values shown as black and as the full colour; `by`: where it comes from."""

    name: str
    label: str | None
    colour: str
    window: tuple[float, float]
    shown: bool = True
    by: Origin = "percentiles"


@dataclass(frozen=True)
class Look:
    """What is known about an image beside its pixels. Sizes in µm, `time_step` in s; `channels` is empty for RGB."""

    channels: tuple[Channel, ...] = ()
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None
    brightfield: bool = False
    synthetic: bool = False
