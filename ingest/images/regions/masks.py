"""Bitmaps to outlines: the masks that OME-XML holds as bits, as polygons along the edges of their pixels."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.images.readers.bin_data import NoSuchCompression, unpacked
from portal.imaging.regions import Unusable

MAX_PIXELS = 16_000_000
MAX_EDGES = 100_000
MAX_PAIRS = 200_000  # of a part and a hole

Ring = list[list[float]]  # closed: its first position is repeated at the end


def bits(text: str, width: int, height: int, compression: str = "none") -> NDArray[np.bool_]:
    """A mask as OME-XML writes it (base64 of one bit a pixel, row by row, the highest bit first): shape (height, width).

    Raises Unusable where there are too few bits, or more pixels than MAX_PIXELS.
    """
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise Unusable(f"is a mask of {width} × {height} pixels; write 1 to {MAX_PIXELS:,}")
    wanted = -(-width * height // 8)
    try:
        raw = unpacked(text, compression, wanted)
    except NoSuchCompression:
        raise Unusable(f"is a mask compressed by {compression[:40]!r}; write none, zlib or bzip2") from None
    except ValueError:
        raise Unusable("is a mask whose bits cannot be decoded; export it again") from None
    if len(raw) < wanted:
        raise Unusable(f"is a mask of {len(raw):,} bytes where {wanted:,} are needed; export it again")
    flat = np.unpackbits(np.frombuffer(raw[:wanted], np.uint8))[: width * height]
    return flat.reshape(height, width).astype(bool)


def outlines(mask: NDArray[np.bool_]) -> list[list[Ring]]:
    """The parts of a mask of shape (y, x) as polygons in pixels: of each, its outer ring, then its holes.

    Rings follow the edges of pixels and turn only where the outline does; pixels that touch at a corner alone are parts of
    their own. Raises Unusable above MAX_EDGES.
    """
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1]
    above, right, below, left = padded[:-2, 1:-1], padded[1:-1, 2:], padded[2:, 1:-1], padded[1:-1, :-2]
    count = sum(int((inner & ~beside).sum()) for beside in (above, right, below, left))
    if count > MAX_EDGES:
        raise Unusable(f"is a mask with an outline of {count:,} pixels; publish it as a label image")
    # Directed edges with the mask on their right hand (y down): outer rings then run clockwise, holes the other way.
    edges = [((x, y), (x + 1, y)) for y, x in np.argwhere(inner & ~above).tolist()]
    edges += [((x + 1, y), (x + 1, y + 1)) for y, x in np.argwhere(inner & ~right).tolist()]
    edges += [((x + 1, y + 1), (x, y + 1)) for y, x in np.argwhere(inner & ~below).tolist()]
    edges += [((x, y + 1), (x, y)) for y, x in np.argwhere(inner & ~left).tolist()]
    rings = _rings(edges)
    outer = [ring for ring in rings if _signed(ring) > 0]
    holes = [ring for ring in rings if _signed(ring) < 0]
    # Each hole is looked for in each part: what would take minutes is no outline that a person could read.
    if len(outer) * len(holes) > MAX_PAIRS:
        raise Unusable(f"is a mask of {len(outer):,} parts with {len(holes):,} holes; publish it as a label image")
    parts = [[ring] for ring in outer]
    for hole in holes:
        # A hole belongs to the smallest outer ring that it lies in; just inside of its edge is a pixel of no mask.
        around = [part for part in parts if _inside(part[0], hole)]
        if around:
            min(around, key=lambda part: _signed(part[0])).append(hole)
    return parts


def _rings(edges: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[Ring]:
    onward: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for start, end in edges:
        onward[start].append(end)
    found = []
    for start, _ in edges:
        if not onward[start]:
            continue
        ring, here, came = [start], onward[start].pop(), start
        while here != start:
            ring.append(here)
            ways = onward[here]
            # Where two pixels touch at a corner, turn right: each stays a ring of its own.
            right = (here[0] - (here[1] - came[1]), here[1] + (here[0] - came[0]))
            way = right if right in ways else ways[0]
            ways.remove(way)
            came, here = here, way
        found.append(_corners(ring))
    return found


def _corners(ring: list[tuple[int, int]]) -> Ring:
    kept = [
        list(map(float, here))
        for before, here, after in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True)
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1])
    ]
    return [*kept, kept[0]]


def _signed(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _inside(ring: Ring, hole: Ring) -> bool:
    """Whether the pixel of the hole at its top left corner lies in the ring."""
    x, y = min(hole, key=lambda p: (p[1], p[0]))
    x, y = x + 0.5, y + 0.5
    crossings = sum(1 for a, b in pairwise(ring) if (a[1] > y) != (b[1] > y) and a[0] > x)
    return crossings % 2 == 1
