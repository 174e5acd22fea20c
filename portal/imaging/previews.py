"""The picture for people, gathered while tiles are made: no plane is read for it again.

A z stack is shown by its middle plane, as microscopists expect, unless the maximum over z is clearly the better picture: where
it shows twice as many bright pixels, the middle plane hides most of what there is (beads, spots, tilted cells). Brightfield is
shown by its middle plane always, because there dark is signal; the wells of a plate by the maximum always, because they are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from portal.imaging.blocks import Block
from portal.imaging.composite import PREVIEW, blended, fitted
from portal.imaging.look import Look
from portal.imaging.planes import Picture, Plane, Planes, levels

SHOWN = 4  # channels of a picture, where the look says nothing
CLEARLY = 2  # times as many bright pixels
BRIGHT = 0.5  # of the way from black to full colour


class Previews:
    """A Watcher of `strips`: keeps the middle plane of the first time point, and the maximum over z, below twice a preview's size."""

    def __init__(self, planes: Planes, look: Look, *, stacked: bool = False):
        self._look, self._stacked = look, stacked
        self._shown = [c for c, channel in enumerate(look.channels) if channel.shown] or list(range(min(planes.channels, SHOWN)))
        self._middle = planes.z // 2
        sizes = levels(planes.width, planes.height)
        self._depth = next(d for d, v in enumerate(sizes) if max(v.width, v.height) < 2 * PREVIEW)
        self._size = sizes[self._depth].height, sizes[self._depth].width
        self._kept: dict[int | str, dict[int, Plane]] = {}

    def __call__(self, t: int, channels: Sequence[int], z: int | str, block: Block) -> None:
        if t == 0 and block.depth == self._depth and (z == self._middle or isinstance(z, str)):
            for c, part in zip(channels, block.parts, strict=True):
                if c in self._shown:
                    self._kept.setdefault(z, {}).setdefault(c, np.empty(self._size, part.dtype))[block.cut] = part

    def picture(self) -> tuple[Picture, int | str]:
        """At most 1024 px, and which z it shows."""
        middle, highest = self._kept[self._middle], self._kept.get("max")
        if highest and not self._look.brightfield and (self._stacked or self._bright(highest) >= CLEARLY * max(1, self._bright(middle))):
            return self._blended(highest), "max"
        return self._blended(middle), self._middle

    def _blended(self, kept: dict[int, Plane]) -> Picture:
        channels = self._look.channels
        return fitted(
            blended([kept[c] for c in self._shown], [channels[c].window for c in self._shown], [channels[c].colour for c in self._shown]),
            PREVIEW,
        )

    def _bright(self, kept: dict[int, Plane]) -> int:
        windows = {c: self._look.channels[c].window for c in self._shown}
        return sum(int(np.count_nonzero(kept[c] > low + BRIGHT * (high - low))) for c, (low, high) in windows.items())
