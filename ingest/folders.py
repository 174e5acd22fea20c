"""Study folders: which there are, which files they hold, and whether what study.yaml names is among them.

Folders come by pull request. Links are not followed (they could lead anywhere), only regular files count, and names
that a reader could not tell apart are refused (facts: `resolve()` accepts FIFOs and characters that turn the writing).
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ingest.marks import BIDI, quoted
from portal.model import ACCESSION, Study
from portal.problems import Place, Problem, Severity

STUDY_FILE = "study.yaml"
MAX_FILES = 100_000
MAX_DEPTH = 12
MAX_BYTES = 256 * 2**20
# A plate's OME-Zarr nests up to 13 folders by itself (ngff.openmicroscopy.org), and some of its files begin with a dot.
IN_ZARR = 14
ZARR_FILES = (".zattrs", ".zarray", ".zgroup", ".zmetadata")

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200d\u2060\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class StudyFolder:
    """One folder of `content/studies`. `files` are paths below it, sorted, with `/`; `folder` is relative to the content."""

    accession: str
    path: Path
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        return f"studies/{self.accession}"

    @property
    def file(self) -> str:
        """study.yaml as problems name it."""
        return f"{self.folder}/{STUDY_FILE}"


def find_studies(content: Path, recorded: Collection[str] = ()) -> tuple[list[StudyFolder], list[Problem]]:
    """Every study folder of `content/studies` with a study.yaml, sorted by name, and what is wrong with the others.

    Of folders that differ by capitals alone the one stays whose address is `recorded` (accessions); where none is, or more than
    one, all are left out: a newcomer never takes the place of what was there.
    Entries that begin with `.` and plain files beside the folders are passed over. Never raises for bad content.
    """
    root = content / "studies"
    problems: list[Problem] = []
    if not root.is_dir():
        mend = "make the folder 'studies', with a folder for each study in it"
        return [], [Problem(Place("studies"), "is not there", mend, "warning")]
    found: list[StudyFolder] = []
    entries = sorted(os.scandir(root), key=lambda e: e.name)
    alike: dict[str, list[str]] = {}
    for name in (e.name for e in entries if ACCESSION.fullmatch(e.name) and not e.is_symlink() and e.is_dir()):
        alike.setdefault(name.casefold(), []).append(name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        place = Place(f"studies/{_shown(entry.name)}")
        if entry.is_symlink():
            problems.append(Problem(place, "is a link", "put the folder itself here"))
            continue
        if not entry.is_dir():
            continue
        if not ACCESSION.fullmatch(entry.name):
            problems.append(
                Problem(place, "cannot be an accession", "name the folder with letters, digits, '.', '_' or '-', such as idr0002")
            )
            continue
        others = [name for name in alike[entry.name.casefold()] if name != entry.name]
        if others and [name for name in (entry.name, *others) if name in recorded] != [entry.name]:
            mend = "rename one of the two: addresses do not tell capitals apart"
            problems.append(Problem(place, f"differs from the folder {quoted(others[0])} by capitals alone", mend))
            continue
        files, more = _listing(Path(entry.path), f"studies/{entry.name}")
        problems += more
        if STUDY_FILE not in files:
            problems.append(Problem(place, f"has no {STUDY_FILE}", _no_study_yaml(files)))
            continue
        found.append(StudyFolder(entry.name, Path(entry.path), files))
    return found, sorted(problems)


def _no_study_yaml(files: tuple[str, ...]) -> str:
    close = [f for f in files if re.fullmatch(r"(?i)([^/]*/)?study\.ya?ml", f)]
    return f"rename '{close[0]}' to '{STUDY_FILE}' in the folder itself" if close else "write one, or move the folder out of studies"


def _listing(top: Path, shown: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Paths of the regular files below a folder, sorted, and a Problem for each entry that is none."""
    files: list[str] = []
    problems: list[Problem] = []
    todo = [""]
    while todo:
        below = todo.pop()
        for entry in sorted(os.scandir(top / below), key=lambda e: e.name):
            if entry.name.startswith(".") and entry.name not in ZARR_FILES:
                continue
            path = f"{below}{entry.name}"
            place = Place(f"{shown}/{_shown(path)}")
            if wrong := _bad_name(entry.name):
                problems.append(Problem(place, *wrong))
            elif entry.is_symlink():
                problems.append(Problem(place, "is a link", "put the file itself here: links are not followed"))
            elif entry.is_dir(follow_symlinks=False):
                if path.count("/") + 1 >= MAX_DEPTH + (IN_ZARR if ".zarr/" in path else 0):
                    problems.append(Problem(place, f"is more than {MAX_DEPTH} folders deep", "lay the folder out flatter"))
                else:
                    todo.append(path + "/")
            elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                problems.append(Problem(place, "is not a file", "remove it"))
            else:
                files.append(path)
            if len(files) > MAX_FILES:
                problems.append(
                    Problem(Place(shown), f"holds more than {MAX_FILES:,} files", "keep large image sets elsewhere and name their address")
                )
                return tuple(sorted(files)), problems
    return tuple(sorted(files)), problems


def _bad_name(name: str) -> tuple[str, str] | None:
    if _UNSEEN.search(name) or BIDI.search(name):
        return "has a name with a character that cannot be seen", "rename it"
    if unicodedata.normalize("NFC", name) != name:
        return "has a name whose accents are characters of their own (not NFC)", "rename it, typing the name anew"
    if "\\" in name:
        return "has a name with a backslash", "rename it"
    return None


def _shown(path: str) -> str:
    return quoted(path, 200)[1:-1]


# ---- what study.yaml names


def named_tables(study: Study) -> Iterator[tuple[str, str]]:
    """(YAML path, table) of every table that samples are read from, and of those that their rules look into."""
    for index, component in enumerate(study.components):
        if component.samples is None:
            continue
        here = f"components[{index}].samples"
        yield from _parts(f"{here}.table", component.samples.table)
        for at, join in enumerate(component.samples.join):
            yield from _parts(f"{here}.join[{at}].table", join.table)
        for at, rule in enumerate(component.samples.counted):
            if rule.listed_in:
                yield f"{here}.counted[{at}].listed_in", rule.listed_in


def _parts(path: str, table: str | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(YAML path, file) of a table, or of each of its parts."""
    if isinstance(table, str):
        yield path, table
    else:
        yield from ((f"{path}[{at}]", part) for at, part in enumerate(table))


def check_files(study: Study, folder: StudyFolder, lines: Mapping[str, int]) -> list[Problem]:
    """A Problem for each table and supporting file that study.yaml names and the folder does not hold.

    A missing table is an error; without a supporting file the study can still be read: a warning. (`ingest.images`
    tells of missing images.)
    """
    problems: list[Problem] = []

    def tell(path: str, value: str, what: str, mend: str, severity: Severity) -> None:
        problems.append(Problem(Place(folder.file, lines.get(path, 0), 0, path), f"{quoted(value)} {what}", mend, severity))

    here = set(folder.files)
    for path, table in named_tables(study):
        if table not in here:
            tell(path, table, "is not in the study folder", nearest_file(table, folder.files), "error")
    for index, file in enumerate(study.files):
        if file.path and file.path not in here:
            tell(f"files[{index}].path", file.path, "is not in the study folder", nearest_file(file.path, folder.files), "warning")
    return problems


def nearest_file(path: str, files: tuple[str, ...]) -> str:
    """A mend for a file that is not there: the file that is nearest by its name, then by its whole path."""
    folded = {f.casefold(): f for f in files}
    names: dict[str, list[str]] = {}
    for f in files:
        names.setdefault(f.rpartition("/")[2].casefold(), []).append(f)
    name = path.rpartition("/")[2].casefold()
    for candidate in (name, f"{name}.gz", name.removesuffix(".gz")):
        if len(names.get(candidate, ())) == 1:
            return f"did you mean '{names[candidate][0]}'?"
    if close := get_close_matches(path.casefold(), list(folded), n=1, cutoff=0.6):
        return f"did you mean '{folded[close[0]]}'?"
    return "put the file there, or mend the name"


def read_below(top: Path, path: str, limit: int = MAX_BYTES) -> tuple[bytes | None, Problem | None]:
    """The bytes of a file below a folder, opened part by part without following a link.

    (None, None) where there is no such file; a Problem where it is a link, no regular file, or larger than `limit` bytes.
    """
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        *folders, name = path.split("/")
        for part in folders:
            opened.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
        # Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
        opened.append(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened[-1]))
        state = os.fstat(opened[-1])
        if not stat.S_ISREG(state.st_mode):
            return None, Problem(Place(path), "is not a file", "put the file itself here")
        if state.st_size > limit:
            return None, Problem(Place(path), f"has {state.st_size:,} bytes", f"keep it below {limit:,}")
        with os.fdopen(opened.pop(), "rb") as stream:
            return stream.read(limit), None
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return None, Problem(
            Place(path), f"cannot be read ({os.strerror(error.errno or 0)})", "put the file itself here: links are not followed"
        )
    finally:
        for descriptor in opened:
            os.close(descriptor)
