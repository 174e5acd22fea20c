"""Formats of makers of instruments, read by libraries that are installed only where they are wanted: `pip install slidecase[czi]`.

Each module of `ingest.images.readers.optional` has `opened(path)`, as `ingest.images.opening.opened`, and imports its library when it is
imported itself. A file of a format whose library is missing is refused with the line that installs it.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ingest.images.opened import NotInstalled, Opened


@dataclass(frozen=True)
class Extra:
    """`what` ends the sentence 'This file is …'; `library` is what is imported."""

    what: str
    library: str

    @property
    def name(self) -> str:
        return next(name for name, extra in EXTRAS.items() if extra is self)

    def opened(self, path: Path) -> AbstractContextManager[Opened]:
        """Raises NotInstalled where the library is not there, or does not start."""
        try:
            module = importlib.import_module(f"ingest.images.readers.optional.{self.name}")
        except (ImportError, OSError) as missing:  # OSError: a library of its own that does not fit this machine
            absent = isinstance(missing, ModuleNotFoundError) and (missing.name or "").partition(".")[0] == self.library
            state = "is not installed" if absent else f"does not start ({' '.join(str(missing).split())[:120]})"
            said = f"is {self.what}, whose reader {state}; run pip install slidecase[{self.name}], or write it as OME-TIFF"
            raise NotInstalled(said) from None
        found: AbstractContextManager[Opened] = module.opened(path)
        return found


EXTRAS = {
    "czi": Extra("a CZI file of Zeiss", "pylibCZIrw"),
    "nd2": Extra("an ND2 file of Nikon", "nd2"),
    "lif": Extra("a LIF file of Leica", "liffile"),
    "dicom": Extra("a DICOM file", "pydicom"),
}


def extra_of(head: bytes, name: str) -> str | None:
    """Which of EXTRAS reads a file, by its first bytes. `head`: at least 132 bytes of a file that has as many."""
    if head.startswith(b"ZISRAWFILE"):
        return "czi"
    # The older kind of ND2 is a JPEG 2000 file in all but its name.
    if head.startswith(b"\xda\xce\xbe\x0a") or (head[4:8] == b"jP  " and PurePosixPath(name).suffix.casefold() == ".nd2"):
        return "nd2"
    if head.startswith(b"\x70\0\0\0") and head[8:9] == b"\x2a":
        return "lif"
    return "dicom" if head[128:132] == b"DICM" else None
