"""MRC, as electron cryo-microscopy writes volumes, stacks of images and tilt series: by mrcfile.

In an MRC file the first row is the lowest: "the origin is in the lower left corner", and IMOD, Chimera and others show it
so (bio3d.colorado.edu/imod/doc/mrc_format.txt; MRC2014: www.ccpem.ac.uk/mrc_format/mrc2014.php). mrcfile gives the rows as
they lie in the file, as most Python does with images, which shows them upside down. Here rows are turned, so that the
picture stands as in the programs of the field. Sections stay in their order.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mrcfile.mrcinterpreter import MrcInterpreter

from ingest.images.opened import Opened, Unreadable, check_size
from ingest.images.readers.metadata import length, oblong
from portal.imaging.planes import Plane, Planes

HEADER = 1024
_MODES = {0: np.int8, 1: np.int16, 2: np.float32, 6: np.uint16, 12: np.float16}
_IMOD, _SIGNED = 1146047817, 1  # IMOD's stamp at byte 152, its flags at byte 156


def is_mrc(head: bytes) -> bool:
    """By the word MAP, which every file since 2000 has. `head`: at least the first 212 bytes."""
    return head[208:211] == b"MAP"


@contextmanager
def opened_mrc(path: Path) -> Iterator[Opened]:
    """A volume's sections are z; volumes one after the other (a stack of volumes) are t; a stack of images is z without a step.

    Sizes come from the header, before anything is read; a plane is read when it is asked for. Raises Unreadable, and
    ValueError where mrcfile finds no MRC file.
    """
    with path.open("rb") as file:
        head = bytearray(file.read(HEADER))
    # How long the second header is, is for us to check: mrcfile would make room for whatever it claims.
    extended, head[92:96] = bytes(head[92:96]), bytes(4)
    with MrcInterpreter(io.BytesIO(bytes(head)), header_only=True) as told:
        header, order = told.header.copy(), told.header.mode.dtype.byteorder
    width, height, sections, mode = (int(header[k]) for k in ("nx", "ny", "nz", "mode"))
    if mode in (3, 4):
        raise Unreadable("holds complex numbers, which are not drawn; write magnitude or phase as a file of its own")
    if mode not in _MODES:
        raise Unreadable(f"is an MRC file of mode {mode}; modes 0, 1, 2, 6 and 12 are read: write one of these")
    kind = np.dtype(_MODES[mode]).newbyteorder(order)
    if mode == 0:
        # IMOD wrote bytes from 0 to 255 before MRC2014 made them signed, and says which by a flag.
        stamp, flags = np.frombuffer(header.tobytes()[152:160], np.dtype(np.uint32).newbyteorder(order))
        kind = np.dtype(np.uint8) if stamp == _IMOD and not flags & _SIGNED else kind
    check_size(width, height, sections, whole=False)
    start = HEADER + int.from_bytes(extended, "big" if order == ">" else "little")
    if start + width * height * sections * kind.itemsize > path.stat().st_size:
        raise Unreadable("is truncated: its header promises more pixels than it holds")
    mapped = [int(header[k]) for k in ("mapc", "mapr", "maps")]
    if mapped not in ([1, 2, 3], [0, 0, 0]):
        raise Unreadable(f"has its axes in the order {mapped}, and not x, y, z; rewrite it in that order")
    volumes, z = _volumes(header, sections)
    # float16 is drawn as float32, which holds every one of its values.
    shown = np.dtype(np.float32) if mode == 12 else kind.newbyteorder("=")

    def region(t: int, c: int, z_: int, rows: slice, columns: slice) -> Plane:
        first = ((t * z + z_) * height + height - rows.stop) * width * kind.itemsize
        count = (rows.stop - rows.start) * width
        found = np.fromfile(path, kind, count, offset=start + first).reshape(-1, width)
        return np.ascontiguousarray(found[::-1, columns]).astype(shown)

    def read(t: int, c: int, z_: int) -> Plane:
        check_size(width, height)
        return region(t, c, z_, slice(0, height), slice(0, width))

    x, y, step = _voxel(header)
    source = Planes(width, height, 1, z, volumes, shown, read, region)
    notes = oblong(x, y)
    if (x, y) == (1e-4, 1e-4):
        notes = ("says that a pixel is 1 Å, which programs write that do not know it, and has no scale bar; say pixel_size in study.yaml",)
        x = step = None
    yield Opened(source, (), x, step if int(header["ispg"]) else None, notes=notes)  # a stack of images (0) has no third length


def _volumes(header: Any, sections: int) -> tuple[int, int]:
    """How many volumes, and of how many sections each: space groups from 401 on say a stack of volumes (MRC2014)."""
    mz = int(header["mz"])
    if int(header["ispg"]) >= 401 and 0 < mz <= sections and sections % mz == 0:
        return sections // mz, mz
    return 1, sections


def _voxel(header: Any) -> tuple[float | None, float | None, float | None]:
    """In µm; the header says the cell in Å and how many voxels it has."""
    cell, counts = header["cella"], [int(header[k]) for k in ("mx", "my", "mz")]
    x, y, z = (length(float(cell[a]) / n, "å") if n > 0 else None for a, n in zip("xyz", counts, strict=True))
    return x, y, z
