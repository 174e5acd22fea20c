"""ND2 by the library nd2, which reads files of NIS-Elements old and new."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nd2
import numpy as np

from ingest.images.opened import Opened, SourceChannel, Unreadable, check_size
from ingest.images.readers.metadata import cleaned, number, oblong, positive
from portal.imaging.planes import Plane, Planes, Rgb


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The first position, with all channels, z and t. Raises Unreadable, or what nd2 raises."""
    with nd2.ND2File(path) as file:
        yield _opened(file)


def _opened(file: Any) -> Opened:
    sizes: dict[str, int] = dict(file.sizes)
    samples, channels = sizes.get("S", 1), sizes.get("C", 1)
    loops = {a: n for a, n in sizes.items() if a not in "CYXS"}
    if strange := {a: n for a, n in loops.items() if a not in "TPZ" and n > 1}:
        letter, count = next(iter(strange.items()))
        raise Unreadable(f"has {count} positions on the axis {letter}, which is not drawn; write one file each")
    z, t = sizes.get("Z", 1), sizes.get("T", 1)
    width, height = sizes["X"], sizes["Y"]
    check_size(width, height, channels * samples * z * t)
    kept: dict[int, np.ndarray] = {}

    def frame(t_: int, z_: int) -> np.ndarray:
        """(channel, y, x, sample): a frame holds all channels, and gives one after the other."""
        at = {"T": t_, "Z": z_}
        number_ = int(np.ravel_multi_index([at.get(a, 0) for a in loops], list(loops.values()))) if loops else 0
        if number_ not in kept:
            kept.clear()
            kept[number_] = np.asarray(file.read_frame(number_)).reshape(channels, height, width, samples)
        return kept[number_]

    def read(t_: int, c: int, z_: int) -> Plane:
        return np.ascontiguousarray(frame(t_, z_)[c // samples, ..., c % samples])

    notes = (f"holds {sizes['P']} positions, of which the first is drawn; write one file each",) if sizes.get("P", 1) > 1 else ()
    dtype = np.dtype(file.dtype).newbyteorder("=")
    if samples == 3 and channels == z == t == 1 and dtype == np.uint8:
        source: Rgb | Planes = Rgb(width, height, lambda: np.ascontiguousarray(frame(0, 0)[0]))
        told: tuple[SourceChannel, ...] = ()
    else:
        source = Planes(width, height, channels * samples, z, t, dtype, read)
        told = _channels(file) if samples == 1 else ()
    x, y, step = (positive(number(n)) for n in file.voxel_size())
    return Opened(
        source,
        told if isinstance(source, Planes) and len(told) == source.channels else (),
        x,
        step if z > 1 else None,
        _period(file) if t > 1 else None,
        notes=(*notes, *oblong(x, y)),
    )


def _channels(file: Any) -> tuple[SourceChannel, ...]:
    try:
        every = [entry.channel for entry in file.metadata.channels]
        return tuple(
            SourceChannel(
                cleaned(c.name),
                f"#{c.color.r & 255:02x}{c.color.g & 255:02x}{c.color.b & 255:02x}",
                positive(number(c.emissionLambdaNm)),
                positive(number(c.excitationLambdaNm)),
            )
            for c in every
        )
    except Exception:  # a file may lack any of it: the pixels stand by themselves
        return ()


def _period(file: Any) -> float | None:
    try:
        steps = [loop.parameters.periodMs for loop in file.experiment if loop.type == "TimeLoop"]
    except Exception:  # as above
        return None
    return positive(steps[0] / 1000) if steps and math.isfinite(steps[0]) else None
