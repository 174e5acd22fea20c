"""Which files are images of a component, and which part of a file's name says plate, well, field, dataset, image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from portal.addresses import MOST_COLUMNS, MOST_ROWS

# What each placeholder may stand for. Only {plate}, {dataset}, {image} and {channel} are free text; none crosses a folder.
PARTS = {
    "plate": r"[^/]+",
    "well": r"[A-Za-z]{1,2}[0-9]{1,2}",
    "field": r"[0-9]{1,4}",
    "dataset": r"[^/]+",
    "image": r"[^/]+",
    "channel": r"[^/]+",
    "z": r"[0-9]{1,6}",
    "t": r"[0-9]{1,6}",
}
FREE = ("plate", "dataset", "image", "channel")
SUFFIX = re.compile(
    r"(\.ome)?\.(tiff?|btf|tf[28]|png|jpe?g|svs|zarr|companion\.ome|dcm|mrcs?|czi|nd2|lif|eer|ndpi|scn|mrxs|bif)$", re.IGNORECASE
)


_FOLDERS = r"(?:[^/]+/)*"


class BadPattern(ValueError):
    """Why a pattern cannot be used: `what; mend`."""


@dataclass(frozen=True)
class Part:
    """A file of an image that several files make, and which of its channels, planes and time points it holds (from 0).

    With a `page`, only that page of the file (from 0), which is one plane.
    """

    path: str
    c: int = 0
    z: int = 0
    t: int = 0
    page: int | None = None


@dataclass(frozen=True)
class PartChannel:
    """A channel of such an image, as file names or the instrument's own files tell of it. Wavelengths in nm."""

    name: str | None = None
    colour: str | None = None
    emission: float | None = None
    excitation: float | None = None


@dataclass(frozen=True)
class Placed:
    """Where an image belongs. Plate images have a well as `sample`; others an image name, with or without a dataset.

    `path` is below the study folder: a file, or the folder of an OME-Zarr image. An image of several files has `parts`;
    then `path` is its first file, `shape` how many time points, channels and planes the parts make, and `channels` is
    empty or has one entry for each of these. A file that
    holds for several planes is several parts. A remote image has a `url`, and as `mark` what tells one version of it
    from the next. Sizes in µm, `time_step` in s, where an instrument's own files say them. `sha256` and `size` (bytes) are
    what a list of images says of its file. `refused`: why it cannot be drawn, where that is known before any pixel is read.
    `by_table`: its dataset is known from the component's table alone, and is no part of its identity.
    """

    path: str
    name: str
    container: str | None = None
    kind: str | None = None
    sample: str | None = None
    field: int = 1
    parts: tuple[Part, ...] = ()
    shape: tuple[int, int, int] = (1, 1, 1)
    channels: tuple[PartChannel, ...] = ()
    pixel_size: float | None = None
    pixel_size_z: float | None = None
    time_step: float | None = None
    url: str | None = None
    mark: str | None = None
    sha256: str | None = None
    size: int | None = None
    refused: str | None = None
    by_table: bool = False

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Placed:
        """From what `plain` gave."""
        made: dict[str, Any] = dict(plain)
        made["parts"] = tuple(Part(*p) for p in plain.get("parts", ()))
        made["channels"] = tuple(PartChannel(**c) for c in plain.get("channels", ()))
        made["shape"] = tuple(plain.get("shape", (1, 1, 1)))
        return cls(**made)

    def plain(self) -> dict[str, Any]:
        """As values of JSON, for the parameters of a step: what every image has, and of the rest what this one has."""
        always = {"path", "name", "container", "kind", "sample", "field"}
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name in always or getattr(self, f.name) != f.default}
        rows: dict[str, Any] = {
            "parts": [[p.path, p.c, p.z, p.t, *([] if p.page is None else [p.page])] for p in self.parts],
            "shape": list(self.shape),
        }
        rows["channels"] = [asdict(c) for c in self.channels]
        return {name: rows.get(name, value) for name, value in told.items()}

    def at(self, other: Placed) -> Placed:
        """The same pixels, where the other belongs."""
        return replace(self, name=other.name, container=other.container, kind=other.kind, sample=other.sample, field=other.field)

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is made of; for an OME-Zarr its folder; none, where it is remote."""
        return () if self.url else tuple(dict.fromkeys(p.path for p in self.parts)) or (self.path,)

    @property
    def identity(self) -> str:
        """What the address charter makes the image's id from; unique in a component (`image_steps` checks it)."""
        if self.kind == "plate":
            return f"{self.container}_{self.sample}_{self.field}"
        return f"{self.container}_{self.name}" if self.container and not self.by_table else self.name


@dataclass(frozen=True)
class Spot:
    """What a file name says of the planes in the file: a channel, and numbers of z and t as they are written."""

    channel: str | None = None
    z: int | None = None
    t: int | None = None


@lru_cache(maxsize=256)
def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern such as `{plate}_{well}_{field}.ome.tif` as a regular expression. Raises BadPattern.

    All between the placeholders is literal; a placeholder is used once. Matching costs at most the cube of a
    file name's length, since at most three parts are free text. A {z} or {t} right after free text is the whole of
    a run of digits: `{image}{t}` reads `cell012` as cell and 012.
    """
    pieces: list[str] = []
    used: list[str] = []
    free = False
    for piece in re.split(r"(\{[^{}]*\})", text):
        if not (piece.startswith("{") and piece.endswith("}")):
            if "{" in piece or "}" in piece:
                raise BadPattern("has a brace that is not closed; write the parts as {plate}, {well}, {field}")
            pieces.append(re.escape(piece))
            free = free and not piece
            continue
        name = piece[1:-1]
        if name not in PARTS:
            raise BadPattern(f"has the unknown part {{{name}}}; write one of {', '.join('{' + p + '}' for p in PARTS)}")
        if name in used:
            raise BadPattern(f"names {{{name}}} twice; name it once")
        used.append(name)
        pieces.append(("(?<![0-9])" if free and name in ("z", "t") else "") + f"(?P<{name}>{PARTS[name]})")
        free = name in FREE
    if ("well" in used and "plate" not in used) or ("plate" in used and "well" not in used):
        raise BadPattern("names {plate} or {well} without the other; write both")
    if "field" in used and "well" not in used:
        raise BadPattern("names {field} without {plate} and {well}; write all three")
    if "plate" in used and ("dataset" in used or "image" in used):
        raise BadPattern("names a plate and a dataset; write {plate} and {well}, or {dataset} and {image}")
    if "plate" not in used and "image" not in used:
        raise BadPattern("names neither {well} nor {image}; write {plate}_{well}, or {image}")
    return re.compile("".join(pieces))


def placed(path: str, pattern: str | None) -> Placed | None:
    """Where the file belongs, or None where its name does not match.

    A pattern with a `/` is compared with the whole path below the study folder, another with the file's name alone.
    Without a pattern the image is named after its file. Wells are written as tables have them: `A2`, not `a02`.

    >>> found = placed("images/p_1_B07_2.ome.tif", "{plate}_{well}_{field}.ome.tif")
    >>> found.container, found.sample, found.field
    ('p_1', 'B7', 2)
    """
    found = spotted(path, pattern)
    return found[0] if found else None


def spotted(path: str, pattern: str | None) -> tuple[Placed, Spot] | None:
    """As `placed`, and what the name says of the planes in the file: files that differ in these only are one image."""
    base = path.rpartition("/")[2]
    if pattern is None:
        name = SUFFIX.sub("", base) or base
        return Placed(path, name, sample=name), Spot()
    found = pattern_of(pattern).fullmatch(path if "/" in pattern else base)
    if found is None:
        return None
    part = found.groupdict()
    spot = Spot(part.get("channel"), *(int(part[n]) if n in part else None for n in ("z", "t")))
    if "plate" in part:
        return in_well(path, part["plate"], part["well"], int(part.get("field") or 1)), spot
    dataset = part.get("dataset")
    return Placed(path, part["image"], dataset, "dataset" if dataset else None, part["image"]), spot


def in_well(path: str, plate: str, well: str, field: int) -> Placed:
    """An image of a well, which is written as tables have it: `A2`, not `a02`. Refused where no plate is so large."""
    letters, digits = re.fullmatch(r"([A-Za-z]+)([0-9]+)", well).groups()  # type: ignore[union-attr]
    well = f"{letters.upper()}{int(digits)}"
    row, column = row_and_column(well)
    beyond = row >= MOST_ROWS or column >= MOST_COLUMNS
    most = f"no plate has more than {MOST_ROWS} rows and {MOST_COLUMNS} columns"
    refused = f"lies in well {well}, and {most}; correct its name" if beyond else None
    return Placed(path, f"{plate} {well}" + (f" field {field}" if field != 1 else ""), plate, "plate", well, field, refused=refused)


def chosen(source: str, files: Iterable[str], *, capitals: bool = True) -> list[str]:
    """The files that a path or glob names, sorted. `*` and `?` stay within a folder, `**/` crosses any number; no brackets.

    Without `capitals`, a letter matches its capital, too.
    """
    wanted = re.compile(_glob(source.removeprefix("./")), 0 if capitals else re.IGNORECASE)
    return sorted(f for f in files if wanted.fullmatch(f))


@lru_cache(maxsize=1000)
def _glob(source: str) -> str:
    """As a regular expression in time that follows the name's length: where a part after a `*` is found first, it is never looked for
    again (atomic groups, as the standard library's fnmatch has them)."""
    made: list[str] = []
    parts = source.split("/")
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**" and not last:
            if made[-1:] != [_FOLDERS]:
                made.append(_FOLDERS)
            continue
        first, *rest = ["".join("[^/]" if c == "?" else re.escape(c) for c in text) for text in re.split(r"\*+", part)]
        found = "".join(f"(?>[^/]*?{text})" for text in rest[:-1]) + (f"[^/]*{rest[-1]}" if rest else "")
        made.append(first + found + ("" if last else "/"))
    return "".join(made)


def natural(text: str) -> tuple[tuple[str, int], ...]:
    """Sorts w1, w2, w10: by letters, then by the value of digits."""
    return tuple((letters.casefold(), int(digits or -1)) for letters, digits in re.findall(r"([^0-9]*)([0-9]{0,18})", text))


def well_order(well: str) -> tuple[int, str, int]:
    """Sorts A1, A2, A10, B1, … Z1, AA1."""
    letters = well.rstrip("0123456789")
    return len(letters), letters, int(well[len(letters) :])


def row_and_column(well: str) -> tuple[int, int]:
    """Where on its plate a well lies, from 0: A1 is (0, 0), AA3 (26, 2)."""
    _, letters, number = well_order(well)
    row = 0
    for letter in letters:
        row = row * 26 + ord(letter) - ord("A") + 1
    return row - 1, number - 1
