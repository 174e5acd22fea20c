"""The exact pixels beside the pictures: an image's OME-Zarr, a plate's, or its source files, as study.yaml's `raw` says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ingest.images.names import Placed
from ingest.images.private import STRANGE, withheld, zarr_key
from portal import addresses
from portal.engine.step import Work
from portal.imaging.ome_zarr import write_plate
from portal.imaging.render import Rendered


class Exact:
    """What one batch publishes of exact pixels. `raw`: none, original or ome-zarr; `plate`: its name, where the batch is one.

    A remote image stays where it is, whatever `raw` says: its own address is told.
    """

    def __init__(self, work: Work, raw: str, accession: str, component: str, plate: str | None, number: int):
        self._work, self._raw, self._plate = work, raw, plate
        self._study, self._component = accession, component
        self._whole = addresses.plate_zarr(accession, component, plate, number) if plate is not None else ""
        self.fields: dict[str, int] = {}  # well → how many images of it the plate's OME-Zarr has

    def name_of(self, member: Placed) -> str | None:
        """The name of its OME-Zarr, where one is to be written."""
        return member.name if self._raw == "ome-zarr" and not member.url else None

    def withheld(self, member: Placed, *, slide_label: bool) -> list[tuple[str, str]]:
        """(path, why: `what; mend`) of the source files that are not published though `raw` says so; then none of the image is."""
        if self._raw != "original" or member.url:
            return []
        tree = self._work.inputs[0]
        found = [(f, why) for f in member.files if f in tree and (why := withheld(tree.path(f), slide_label=slide_label))]
        folders = [f for f in member.files if f not in tree]
        return found + [(f"{f}/{inner}", STRANGE) for f in folders for inner in tree.tree.under(f) if not zarr_key(inner)]

    def published(
        self, member: Placed, drawn: Rendered, *, originals: bool = True
    ) -> tuple[str | None, str | None, dict[str, bytes | Path]]:
        """The addresses of a drawn image's OME-Zarr and source file, and the files to publish for them."""
        identity = addresses.image_id(self._study, self._component, member.identity)
        if member.url:
            return member.url, None, {}
        if self._raw == "original" and not originals:
            return None, None, {}
        if self._raw == "original":
            files = self._sources(member)
            root = addresses.original(identity, "")
            address = root + next(iter(files)) if len(files) == 1 else root
            return None, address, {f"site/{root}{name}": place for name, place in files.items()}
        if not drawn.zarr:
            return None, None, {}
        address = addresses.zarr(identity)
        if self._plate is not None and member.sample:
            row, column = _row_and_column(member.sample)
            number = self.fields.get(member.sample, 0)
            self.fields[member.sample] = number + 1
            address = f"{self._whole}/{row}/{column}/{number}"
        return address, None, {f"site/{address}/{path}": place for path, place in drawn.zarr.items()}

    def _sources(self, member: Placed) -> dict[str, Path]:
        """Copies of the image's files: the store takes away what it is given. No hard links: one changes the time stamp (ctime) of the
        curator's file, which then looks changed to the store."""
        tree = self._work.inputs[0]
        own = [p for f in member.files for p in ([f] if f in tree else [f"{f}/{inner}" for inner in tree.tree.under(f)])]
        # Below the folder that they share, so that names alone do not collide.
        shared = PurePosixPath(os.path.commonpath([str(PurePosixPath(p).parent) for p in own])) if own else PurePosixPath()
        found: dict[str, Path] = {}
        for path in own:
            name = str(PurePosixPath(path).relative_to(shared))
            place = self._work.scratch / "originals" / member.identity.replace("/", "_") / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree.path(path), place)
            found[name] = place
        return found


def plate_groups(work: Work, study: str, component: str, plate: str, number: int, fields: Mapping[str, int]) -> dict[str, bytes | Path]:
    """The groups above the images of a plate, which are numbered from 0 in each well. `fields`: well → how many they are."""
    place, address = work.scratch / "plate.zarr", addresses.plate_zarr(study, component, plate, number)
    write_plate(place, plate, {_row_and_column(well): count for well, count in fields.items()})
    return {f"site/{address}/{p.relative_to(place).as_posix()}": p for p in sorted(place.rglob("zarr.json"))}


def _row_and_column(well: str) -> tuple[str, int]:
    letters = well.rstrip("0123456789")
    return letters, int(well[len(letters) :])
