"""The files of a source folder: which there are, what each is for, and what became of it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.importers.idr.component import Component
from ingest.importers.idr.writing import clean
from ingest.packed import GZIP
from portal.ledger import SourceFile

MAX_LISTED = 20_000
_MAX_COUNTED = 64 * 2**20
# Where version control keeps its own files.
_NOT_DATA = frozenset((".git", ".svn", ".hg"))
_TABLE = re.compile(r"\.(txt|tsv|csv)(\.gz)?$", re.IGNORECASE)

# Role → pattern of the path below the study's folder, the first that fits; and why such a file is left where it is.
_ROLES: tuple[tuple[str, str, str], ...] = (
    ("study.txt", r"(^|[-_/])study\.txt$", "another study.txt of the folder was read"),
    ("bulkmap config", r"bulkmap-config\.ya?ml$", "no component that has samples has its settings"),
    ("import settings", r"-bulk\.ya?ml$", "it tells IDR's own import of image files how to go; images are not fetched"),
    ("plates", r"plates\.tsv$", "it says which image file is which plate for IDR's own import; images are not fetched"),
    ("file paths", r"file-?_?paths?\.tsv$", "it says where IDR keeps the image files; images are not fetched"),
    ("rendering settings", r"render(ing|def)?[^/]*\.(ya?ml|json|txt|tsv|csv)$", "colours and contrast of "
     "IDR's own viewer; images are not fetched"),
    ("ROI table", r"(^|[-_ /.])rois?([-_ /.]|$)", "regions of single images are not imported"),
    ("feature table", r"feature|measure(d|ment)", "measurements of single objects are not imported"),
    ("library", r"librar(y|ies)[^/]*\.(txt|tsv|csv|xlsx?|zip)(\.gz|\.zip)?$", "no component took it as its table"),
    ("assays", r"assays?[^/]*\.(txt|tsv|csv|xlsx?|zip)(\.gz|\.zip)?$", "no component took it as its table"),
    ("processed", r"processed[^/]*\.(txt|tsv|csv|xlsx?|zip)(\.gz|\.zip)?$", "no component took it as its table"),
    ("annotation", r"annotations?[^/]*\.(txt|tsv|csv|xlsx?|zip)(\.gz|\.zip)?$", "no component took it as its table"),
    ("script", r"\.(py|ipynb|r|sh|m|pl|groovy|java|js|ijm|cppipe|cpproj)$|(^|/)(scripts?|Makefile|Dockerfile)(/|$)", "a program, not data"),
    ("documentation", r"(^|/)readme[^/]*$|\.(md|rst|pdf|docx?|html?)$", "it is there to be read by people"),
    ("table", r"\.(txt|tsv|csv|xlsx?)(\.gz|\.zip)?$", "it is none of the tables that an IDR study has"),
    ("other", "", "the importer does not know what it is"),
)  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """`files` may be read; `aside` may not, each with the reason; `capped`: there are more, which were not looked at."""

    files: tuple[Path, ...]
    aside: tuple[tuple[Path, str], ...] = ()
    capped: bool = False


def list_files(folder: Path) -> Listing:
    """Every file below a study folder but those of version control, sorted, at most MAX_LISTED."""
    root = folder.resolve()
    files: list[Path] = []
    aside: list[tuple[Path, str]] = []
    for path in _walked(folder):
        if len(files) + len(aside) == MAX_LISTED:
            return Listing(tuple(files), tuple(aside), capped=True)
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not path.exists():
            aside.append((path, "it is a link to what is not there"))
        elif path.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(root)):
            aside.append((path, "it is a link that leaves the folder, or to a folder"))
        elif not path.is_file():
            aside.append((path, "it is no regular file"))
        elif clean(name) != name:
            aside.append((path, "its name holds characters that study.yaml cannot"))
        else:
            files.append(path)
    return Listing(tuple(files), tuple(aside))


def _walked(folder: Path) -> list[Path]:
    """All that is no folder, links to folders among it. One more than are listed is enough."""
    found: list[Path] = []
    for at, folders, names in os.walk(folder):
        here = Path(at)
        found += [here / n for n in [*names, *(f for f in folders if (here / f).is_symlink())] if n not in _NOT_DATA]
        folders[:] = sorted(f for f in folders if f not in _NOT_DATA)
        if len(found) > 4 * MAX_LISTED:
            break
    return sorted(found)


def below(path: Path, folder: Path) -> str:
    """The path of a file below the source folder, as a ledger may hold it: bytes that are no UTF-8 are written out."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")


def source_files(folder: Path, listing: Listing, study_txt: Path, components: Sequence[Component]) -> tuple[SourceFile, ...]:
    """What became of every file of the folder. Raises OSError where one cannot be read."""
    copied: dict[Path, list[str]] = {}
    kinds: dict[Path, str] = {}
    compared: dict[Path, str | None] = {}
    read: set[Path] = set()
    for c in components:
        for path, to in [*((part.path, part.target) for t in c.tables for part in t.files), *c.copied]:
            copied.setdefault(path, []).append(to)
        against = c.compared.files if c.compared else ()
        kinds |= {part.path: part.kind for t in c.tables for part in t.files} | {part.path: part.kind for part in against}
        compared |= {part.path: f"compared with the samples of {c.told.name}" for part in against}
        if c.told.missing:
            continue
        plates = False
        for path in _inside(listing.files, folder, c.told.name):
            role = _role(path, folder)[0]
            said = _said(path, (c,))
            if role == "bulkmap config" and not said:
                read.add(path)
            elif role == "plates" and not plates and "plate" in c.data["samples"]["columns"]:
                plates = True
                compared.setdefault(path, said or f"it names the plates of {c.told.name}, and no others")
    found = [_told(path, folder, study_txt, copied, kinds, compared, read, components) for path in listing.files]
    found += [
        SourceFile(path=clean(below(p, folder)), bytes=p.lstat().st_size, role="other", fate="left", why=why) for p, why in listing.aside
    ]
    return tuple(sorted(found, key=lambda f: f.path))


def _told(
    path: Path,
    folder: Path,
    study_txt: Path,
    copied: Mapping[Path, Sequence[str]],
    kinds: Mapping[Path, str],
    compared: Mapping[Path, str | None],
    read: set[Path],
    components: Sequence[Component],
) -> SourceFile:
    name, size = below(path, folder), path.stat().st_size
    role, why = _role(path, folder)
    role = kinds.get(path, role)
    if path == study_txt:
        return SourceFile(path=name, bytes=size, role="study.txt", fate="mapped", sha256=_sha256(path))
    if path in copied:
        return SourceFile(path=name, bytes=size, role=role, fate="copied", sha256=_sha256(path), to=tuple(dict.fromkeys(copied[path])))
    if path in compared:
        return SourceFile(path=name, bytes=size, role=role, fate="compared", why=compared[path], sha256=_sha256(path))
    if path in read:
        return SourceFile(path=name, bytes=size, role=role, fate="read")
    lines, columns = _extent(path) if _TABLE.search(path.name) and role not in ("study.txt", "script", "documentation") else (None, None)
    why = _said(path, components) or why
    return SourceFile(path=name, bytes=size, role=role, fate="left", why=why, lines=lines, columns=columns)


def _role(path: Path, folder: Path) -> tuple[str, str]:
    name = path.relative_to(folder).as_posix()
    return next((role, why) for role, pattern, why in _ROLES if re.search(pattern, name, re.IGNORECASE))


def _inside(files: Sequence[Path], folder: Path, component: str) -> list[Path]:
    return [p for p in files if component.casefold() in (part.casefold() for part in p.relative_to(folder).parts[:-1])]


def _said(path: Path, components: Sequence[Component]) -> str | None:
    """What the notes of the components say of a file, the first of them."""
    return next(
        (note for c in components for note in (*c.told.notes, *([c.told.missing] if c.told.missing else [])) if path.name in note), None
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extent(path: Path) -> tuple[int | None, int | None]:
    """(lines, cells of the first) of a text table that is not parsed; (None, None) where it is none or unpacks to too much."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    first, size, ends, returns, last = b"", 0, 0, 0, b""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            while chunk := file.read(2**20):
                first = first or chunk
                size += len(chunk)
                ends, returns, last = ends + chunk.count(b"\n"), returns + chunk.count(b"\r"), chunk[-1:]
                if size > _MAX_COUNTED or b"\0" in chunk:
                    return None, None
    except (OSError, EOFError, zlib.error):
        return None, None
    head = re.split(rb"[\r\n]", first.lstrip(), maxsplit=1)[0][: 2**17].decode("latin-1")
    mark = max("\t,;", key=head.count)
    try:
        columns = len(next(csv.reader([head], delimiter=mark), []))
    except csv.Error:
        return None, None
    return (ends or returns) + (last not in (b"\n", b"\r", b"")), columns
