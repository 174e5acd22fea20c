"""Which files are images of a component, and which part of a file's name says plate, well, field, dataset, image."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# What each placeholder may stand for. Only {plate}, {dataset} and {image} are free text; none crosses a folder.
PARTS = {
    "plate": r"[^/]+",
    "well": r"[A-Za-z]{1,2}[0-9]{1,2}",
    "field": r"[0-9]{1,4}",
    "dataset": r"[^/]+",
    "image": r"[^/]+",
}
SUFFIX = re.compile(r"(\.ome)?\.(tiff?|btf|tf[28]|png|jpe?g|svs)$", re.IGNORECASE)


class BadPattern(ValueError):
    """Why a pattern cannot be used: `what; mend`."""


@dataclass(frozen=True)
class Placed:
    """Where an image belongs. Plate images have a well as `sample`; others an image name, with or without a dataset."""

    path: str
    name: str
    container: str | None = None
    kind: str | None = None
    sample: str | None = None
    field: int = 1

    @property
    def identity(self) -> str:
        """What the address charter makes the image's id from; unique in a component (`image_steps` checks it)."""
        if self.kind == "plate":
            return f"{self.container}_{self.sample}_{self.field}"
        return f"{self.container}_{self.name}" if self.container else self.name


@lru_cache(maxsize=256)
def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern such as `{plate}_{well}_{field}.ome.tif` as a regular expression. Raises BadPattern.

    All between the placeholders is literal; a placeholder is used once. Matching costs at most the cube of a
    file name's length, since at most three parts are free text.
    """
    pieces, used = [], []
    for piece in re.split(r"(\{[^{}]*\})", text):
        if not (piece.startswith("{") and piece.endswith("}")):
            if "{" in piece or "}" in piece:
                raise BadPattern("has a brace that is not closed; write the parts as {plate}, {well}, {field}")
            pieces.append(re.escape(piece))
            continue
        name = piece[1:-1]
        if name not in PARTS:
            raise BadPattern(f"has the unknown part {{{name}}}; write one of {', '.join('{' + p + '}' for p in PARTS)}")
        if name in used:
            raise BadPattern(f"names {{{name}}} twice; name it once")
        used.append(name)
        pieces.append(f"(?P<{name}>{PARTS[name]})")
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

    >>> placed("images/p_1_B07_2.ome.tif", "{plate}_{well}_{field}.ome.tif")
    Placed(path='images/p_1_B07_2.ome.tif', name='p_1 B7 field 2', container='p_1', kind='plate', sample='B7', field=2)
    """
    base = path.rpartition("/")[2]
    if pattern is None:
        name = SUFFIX.sub("", base) or base
        return Placed(path, name, sample=name)
    found = pattern_of(pattern).fullmatch(path if "/" in pattern else base)
    if found is None:
        return None
    part = found.groupdict()
    if "plate" in part:
        letters, digits = re.fullmatch(r"([A-Za-z]+)([0-9]+)", part["well"]).groups()  # type: ignore[union-attr]
        well, field = f"{letters.upper()}{int(digits)}", int(part.get("field") or 1)
        name = f"{part['plate']} {well}" + (f" field {field}" if field != 1 else "")
        return Placed(path, name, part["plate"], "plate", well, field)
    dataset = part.get("dataset")
    return Placed(path, part["image"], dataset, "dataset" if dataset else None, part["image"])


def chosen(source: str, files: Iterable[str]) -> list[str]:
    """The files that a path or glob names, sorted. `*` and `?` stay within a folder, `**/` crosses any number; no brackets."""
    pieces = re.split(r"(\*\*/|\*+|\?)", source.removeprefix("./"))
    meaning = {"**/": r"(?:[^/]+/)*", "?": r"[^/]"}
    wanted = re.compile("".join(meaning.get(p) or (r"[^/]*" if p.startswith("*") else re.escape(p)) for p in pieces))
    return sorted(f for f in files if wanted.fullmatch(f))


def well_order(well: str) -> tuple[int, str, int]:
    """Sorts A1, A2, A10, B1, … Z1, AA1."""
    letters = well.rstrip("0123456789")
    return len(letters), letters, int(well[len(letters) :])
