"""LIF (and LOF) of Leica's LAS by the library liffile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import liffile
import numpy as np

from ingest.images.opened import Opened, Unreadable, check_size
from ingest.images.readers.metadata import oblong, positive
from portal.imaging.planes import Plane, Planes, Rgb


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The first image of the file. Raises Unreadable, or what liffile raises."""
    with liffile.LifFile(path) as file:
        images = list(file.images)
        if not images:
            raise Unreadable("holds no image")
        more = f"holds {len(images)} images, of which the first is drawn; write one file each"
        yield _opened(images[0], (more,) if len(images) > 1 else ())


def _opened(image: Any, notes: tuple[str, ...]) -> Opened:
    sizes: dict[str, int] = dict(image.sizes)
    if strange := {a: n for a, n in sizes.items() if a not in "TCZYXS" and n > 1}:
        letter, count = next(iter(strange.items()))
        raise Unreadable(f"has {count} positions on the axis {letter}, which is not drawn; write one file each")
    if "Y" not in sizes or "X" not in sizes:
        raise Unreadable(f"has the axes {''.join(sizes)}, and not two of space")
    c, z, t, samples = (sizes.get(a, 1) for a in "CZTS")
    width, height = sizes["X"], sizes["Y"]
    check_size(width, height, c * z * t * samples)
    dtype = np.dtype(image.dtype).newbyteorder("=")
    if dtype.kind not in "biuf":
        raise Unreadable("holds values that are no numbers; write integers or floats")

    def frame(t_: int, c_: int, z_: int) -> np.ndarray:
        at = {a: n for a, n in (("T", t_), ("C", c_), ("Z", z_)) if a in sizes}
        return np.asarray(image.frame(**at)).reshape(height, width, samples).astype(dtype)

    def read(t_: int, c_: int, z_: int) -> Plane:
        return np.ascontiguousarray(frame(t_, c_ // samples, z_)[..., c_ % samples])

    if samples == 3 and c == z == t == 1 and dtype == np.uint8:
        source: Rgb | Planes = Rgb(width, height, lambda: np.ascontiguousarray(frame(0, 0, 0)))
    else:
        source = Planes(width, height, c * samples, z, t, dtype, read)
    x, y, step = (_step(image, a, 1e6) for a in "XYZ")
    return Opened(source, (), x, step, _step(image, "T", 1.0), notes=(*notes, *oblong(x, y)))


def _step(image: Any, axis: str, scale: float) -> float | None:
    """Between neighbours on an axis: liffile says where each lies, in m or s."""
    try:
        at = np.asarray(image.coords[axis], float)
        return positive(abs(float(at[-1] - at[0])) / (len(at) - 1) * scale) if len(at) > 1 else None
    except Exception:  # an axis without coordinates: no size
        return None
