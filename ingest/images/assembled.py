"""Opens an image whatever it is made of: a file, several files that are one image, an OME-Zarr, a remote OME-Zarr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.images.layouts.companion import opened_pages
from ingest.images.names import Part, Placed
from ingest.images.ome_zarr.metadata import MAX_CHUNK, Fetch, Range
from ingest.images.ome_zarr.remote import fetching
from ingest.images.opened import PARTIAL, Opened, SourceChannel, Unreadable, check_size
from ingest.images.opening import opened, reason
from portal.engine.step import Opened as Files
from portal.engine.step import canonical, digest_of
from portal.imaging.planes import Plane, Planes, Rgb, Source

LONGEST = 2_048  # px: a remote image is drawn from its finest resolution that has no longer side
MOST = 512 << 20  # bytes of that resolution, decoded


@contextmanager
def opened_image(files: Files, placed: Placed, *, axes: str | None = None, hosts: Sequence[str] = ()) -> Iterator[Opened]:
    """The image, whose files lie at their paths below the study folder in `files`. Planes can be read while the context lasts.

    `axes` as in `opening.opened`, for each file; `hosts` as in `web`. Raises Unreadable where it cannot be drawn;
    decoders raise anything else, here or when planes are read: see `why`.
    """
    _agree(files, placed)
    if placed.parts:
        with opened_pages(files, placed) if placed.parts[0].page is not None else _set(files, placed, axes) as found:
            yield _told(found, placed)
    elif placed.url or placed.path not in files:
        from ingest.images.ome_zarr.pixels import zarr_image  # zarr-python takes longer to come than a small image to be drawn

        if placed.url:
            yield zarr_image(fetching(placed.url, placed.mark, hosts), "", longest=LONGEST, most=MOST)
        else:
            yield zarr_image(_local(files, placed.path), "")
    elif placed.path.lower().endswith((".zarr.zip", ".ozx")):
        raise Unreadable("is a zipped OME-Zarr; unpack it into a folder whose name ends in .zarr")
    else:
        with opened(files.path(placed.path), placed.path, axes=axes) as found:
            yield _told(found, placed)


def _local(files: Files, folder: str) -> Fetch:
    """The keys of an OME-Zarr in the study folder; nothing outside of `files` can be reached."""

    def fetch(key: str, part: Range | None) -> bytes | None:
        path = f"{folder}/{key}"
        if path not in files:
            return None
        place = files.path(path)
        size = place.stat().st_size
        start, end = part or (0, None)
        start, end = (max(0, size + start), size) if start < 0 else (start, size if end is None else min(end, size))
        if end - start > MAX_CHUNK + (1 << 20):
            raise Unreadable(f"has a part of {end - start:,} bytes ({key}); at most {MAX_CHUNK:,} are read at once")
        with place.open("rb") as handle:
            handle.seek(start)
            return handle.read(end - start)

    return fetch


def _agree(files: Files, placed: Placed) -> None:
    """Raises Unreadable where the image is refused before it is opened, or its file is not the one that a list of images says."""
    if placed.refused:
        raise Unreadable(placed.refused)
    if placed.sha256 is None and placed.size is None:
        return
    found = placed.mark if placed.url else files.get(placed.path)
    if placed.sha256 is not None and found is None:
        raise Unreadable("is a folder, which has no sha256; remove it from the list of images")
    if placed.sha256 is not None and found != placed.sha256:
        raise Unreadable(f"has the SHA-256 {found}, where the list of images says {placed.sha256}")
    if placed.size is not None and placed.path in files and files.path(placed.path).stat().st_size != placed.size:
        size = files.path(placed.path).stat().st_size
        raise Unreadable(f"has {size:,} bytes, where the list of images says {placed.size:,}")


def why(error: Exception, files: Files, placed: Placed) -> str:
    """Why an image was refused, for people."""
    return reason(error, files.path(placed.path) if placed.path in files else Path(placed.path))


def traced(files: Files, placed: Placed) -> tuple[str, int]:
    """SHA-256 and bytes of what the image is made of: of its file; of several, the digest of sorted (path, digest).

    Of a remote image, the SHA-256 of its root metadata, and 0 bytes: how many there are is not known.
    """
    if placed.url:
        return placed.mark or "", 0
    if placed.path in files and not placed.parts:
        return files[placed.path], files.path(placed.path).stat().st_size
    of = {path: files[path] for path in placed.files if path in files} or dict(files.tree.under(placed.path))
    where = {path: path if path in files else f"{placed.path}/{path}" for path in of}
    return digest_of(canonical(sorted(of.items()))), sum(files.path(w).stat().st_size for w in where.values())


def _told(found: Opened, placed: Placed) -> Opened:
    """With what an instrument's own files say, where the image's say nothing."""
    return replace(
        found,
        pixel_size=found.pixel_size or placed.pixel_size,
        pixel_size_z=placed.pixel_size_z or found.pixel_size_z,
        time_step=placed.time_step or found.time_step,
    )


@contextmanager
def _set(files: Files, placed: Placed, axes: str | None) -> Iterator[Opened]:
    """Several files as one image. Each may hold several channels, planes or time points itself: these follow one another.

    Only one file is open at a time, so that a set of any length costs the memory of one.
    """
    with ExitStack() as stack:
        at: dict[tuple[int, int, int], Part] = {(p.t, p.c, p.z): p for p in placed.parts}
        kept: dict[str, tuple[ExitStack, Opened, Planes]] = {}

        def one(path: str) -> tuple[Opened, Planes]:
            if path not in kept:
                for inner, *_ in kept.values():
                    inner.close()
                kept.clear()
                inner = stack.enter_context(ExitStack())
                image = inner.enter_context(opened(files.path(path), path, axes=axes))
                kept[path] = inner, image, _planes(image.source)
            return kept[path][1:]

        first, model = one(placed.parts[0].path)
        t, c, z = (outer * inner for outer, inner in zip(placed.shape, (model.t, model.channels, model.z), strict=True))
        check_size(model.width, model.height, t * c * z, whole=False)
        like = (model.width, model.height, model.channels, model.z, model.t, model.dtype)

        def part(t: int, c: int, z: int) -> tuple[Planes, int, int, int] | None:
            outer, inner = zip(*(divmod(n, of) for n, of in ((t, model.t), (c, model.channels), (z, model.z))), strict=True)
            found = at.get(outer)  # type: ignore[call-overload]
            if found is None:
                return None
            try:
                planes = one(found.path)[1]
            except Exception as error:
                raise Unreadable(f"has a part that cannot be used: {found.path} {reason(error, files.path(found.path))}") from error
            if (planes.width, planes.height, planes.channels, planes.z, planes.t, planes.dtype) != like:
                raise Unreadable(f"has parts that do not fit: {found.path} is {_size(planes)}, {placed.parts[0].path} {_size(model)}")
            return planes, *inner

        def read(t: int, c: int, z: int) -> Plane:
            found = part(t, c, z)
            return np.zeros((model.height, model.width), model.dtype) if found is None else found[0].read(*found[1:])

        named = [SourceChannel(n.name, n.colour, n.emission, n.excitation) for n in placed.channels]
        channels = tuple(named) if len(named) == c else first.channels if len(first.channels) == c else ()
        notes = tuple(note for note in first.notes if not note.startswith(PARTIAL))
        yield replace(first, notes=notes, source=Planes(model.width, model.height, c, z, t, model.dtype, read), channels=channels)


def _size(planes: Planes) -> str:
    more = f", {planes.channels} × {planes.z} × {planes.t} planes" if planes.channels * planes.z * planes.t > 1 else ""
    return f"{planes.width} × {planes.height} {planes.dtype}{more}"


def _planes(source: Source) -> Planes:
    """A colour picture as planes of red, green and blue: many a program writes grey frames as such."""
    if not isinstance(source, Rgb):
        return source
    check_size(source.width, source.height)
    kept: list[np.ndarray] = []

    def read(t: int, c: int, z: int) -> Plane:
        if not kept:
            kept.append(source.read())
        return np.ascontiguousarray(kept[0][..., c])

    return Planes(source.width, source.height, 3, 1, 1, np.dtype(np.uint8), read)
