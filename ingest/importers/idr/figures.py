"""Which rows the study's own figures count: rules for `samples.counted`, where the source's own files prove them.

IDR's libraries list every well of a library's plates; its figures count what was imaged. Three things say which that is: the
list of plates that were loaded, a comment that a well has no image, and the type of an image file where derived images lie
beside raw ones. A rule that the numbers declared in study.txt contradict is not written, and the report says why.
Wells without a sample are no such rule: some of them were imaged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.tables import read_text

_PLATES = re.compile(r"plates[^/]*\.tsv$", re.IGNORECASE)
_MAX_BYTES = 16 * 2**20
_COMMENTS = re.compile(r"(control )?comments?", re.IGNORECASE)
_NO_IMAGE = re.compile(r"\b(?:no images?(?: available)?|images? (?:are )?(?:not available|missing))\b", re.IGNORECASE)
_FILE_TYPE = re.compile(r"(comment ?\[)?image file type\]?", re.IGNORECASE)
_RAW = re.compile(r"raw(?: images?(?: stack)?| data)?", re.IGNORECASE)
_MOST_CELLS = 20

Cells = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Figures:
    """`rules` as model.Counted has them; `copied`: files that a rule reads, with their path in the study folder we write."""

    rules: tuple[dict[str, Any], ...] = ()
    copied: tuple[tuple[Path, str], ...] = ()
    said: tuple[str, ...] = ()


@dataclass
class _Rows:
    """The rows that are still counted, as one rule after another is found."""

    counted: list[bool]
    declared: int | None  # 5D images
    rules: list[dict[str, Any]] = field(default_factory=list)
    copied: list[tuple[Path, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        return sum(self.counted)

    def add(self, rule: dict[str, Any], meets: Sequence[bool]) -> None:
        self.rules.append(rule)
        self.counted = [a and b for a, b in zip(self.counted, meets, strict=True)]


def counting_rules(
    header: Sequence[str],
    cells: Cells,
    plate: str | None,
    size: Mapping[str, str],
    files: Sequence[Path],
    folder: Path,
    component: str,
) -> Figures:
    """`plate`: the column that names the plate; `size`: what study.txt declares (`images_5d`); `files` of the study `folder`."""
    if not header:
        return Figures()
    rows = _Rows([True] * len(cells(header[0])), int(size["images_5d"]) if "images_5d" in size else None)
    if plate:
        for path in files:
            inside = component.casefold() in (p.casefold() for p in path.relative_to(folder).parts[:-1])
            if inside and _PLATES.search(path.name) and path.stat().st_size <= _MAX_BYTES:
                _loaded(rows, plate, cells(plate), path, f"{component}/{path.name}")
                break
    for column in header:
        if _COMMENTS.fullmatch(column):
            _imaged(rows, column, cells(column))
        elif _FILE_TYPE.fullmatch(column):
            _raw(rows, column, cells(column))
    return Figures(tuple(rows.rules), tuple(rows.copied), tuple(rows.said))


def _loaded(rows: _Rows, column: str, cells: Sequence[str], path: Path, target: str) -> None:
    """The plates that were loaded: the first column of plates.tsv. Newer files have a path there, and the name, if any, behind it."""
    text, _, _, problem = read_text(path.read_bytes(), path.name)
    if problem:
        rows.said.append(f"{path.name} {problem.what}")
        return
    listed = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines() if line.strip()]
    plates = {cell.casefold(): cell for cell in reversed(cells) if cell}
    ways = [{row[at].casefold(): row[at] for row in listed if len(row) > at and row[at]} for at in range(2)]
    ways.append({stem.casefold(): stem for row in listed if (stem := re.sub(r"\.[a-z]+$", "", re.split(r"[/\\]", row[0])[-1]))})
    best = max(range(len(ways)), key=lambda at: (len(ways[at].keys() & plates.keys()), -at))
    named = ways[best]
    known, unlisted, other = named.keys() & plates.keys(), sorted(plates.keys() - named.keys()), sorted(named.keys() - plates.keys())
    if not known:
        examples = f"'{next(iter(plates.values()), '')}' and '{next(iter(ways[0].values()), '')[-80:]}'"
        rows.said.append(f"{path.name} names no plate as the table does (such as {examples}): all rows are counted")
        return
    spelt = [key for key in sorted(known) if plates[key] != named[key]]
    if spelt:
        example = f"'{plates[spelt[0]]}', there '{named[spelt[0]]}'"
        rows.said.append(f"{_plates(len(spelt))} in {path.name} with other capitals, such as {example}; taken as the same")
    if not unlisted:
        return
    missing = f"{len(unlisted):,} of the table's {len(plates):,} plates, such as '{plates[unlisted[0]]}'"
    if best or other or 2 * len(known) < len(plates):
        beside = f"; it names {len(other):,} that the table has not, such as '{named[other[0]][-80:]}'" if other else ""
        rows.said.append(f"{path.name} does not name {missing}{beside}: names may be spelt differently, so all rows are counted")
        return
    rows.said.append(f"{path.name} does not name {missing}: not counted, as they were not loaded")
    rows.copied.append((path, target))
    rule = {"says": "on a plate that was loaded", "column": column, "listed_in": target}
    rows.add(rule, [cell.casefold() in known for cell in cells])


def _imaged(rows: _Rows, column: str, cells: Sequence[str]) -> None:
    """Comments that a well has no image, unless the declared number of images says that it has."""
    without = Counter(cell for cell in cells if _NO_IMAGE.search(cell))
    if not without:
        return
    meets = [cell not in without for cell in cells]
    left = sum(a and b for a, b in zip(rows.counted, meets, strict=True))
    what = f"{without.total():,} cells of '{column}' say that there is no image, such as '{next(iter(without))[:80]}'"
    if rows.declared is not None and (not left or rows.declared % left or not rows.declared % rows.left):
        why = f"study.txt declares {rows.declared:,} images, which {left:,} wells do not explain"
        rows.said.append(f"{what}, but {why}: all rows are counted")
        return
    phrases = [m[0].casefold() for cell in without if (m := _NO_IMAGE.search(cell))]
    phrase = next((p for p in phrases if all(p in c.casefold() for c in without)), None)
    if phrase is None and len(without) > _MOST_CELLS:
        rows.said.append(f"{what}, in {len(without):,} wordings: no rule was made of them")
        return
    rows.said.append(f"{what}: not counted")
    condition: dict[str, Any] = {"without": phrase} if phrase else {"none_of": sorted(without)}
    rows.add({"says": "with an image", "column": column, **condition}, meets)


def _raw(rows: _Rows, column: str, cells: Sequence[str]) -> None:
    """Raw images beside derived ones, unless study.txt declares as many images as there are rows, or no number at all."""
    kinds = Counter(cells)
    raw = sorted(kind for kind in kinds if _RAW.fullmatch(kind))
    if not raw or len(raw) == len(kinds):
        return
    count = sum(kinds[kind] for kind in raw)
    what = f"{count:,} of {len(cells):,} images are {raw[0]} ('{column}')"
    if rows.declared is None or rows.declared == len(cells):
        why = "study.txt declares no number of images" if rows.declared is None else f"study.txt declares {rows.declared:,} images"
        rows.said.append(f"{what}; {why}: all rows are counted")
        return
    rows.said.append(f"{what}, study.txt declares {rows.declared:,}: the others are not counted")
    rows.add({"says": "raw", "column": column, "any_of": raw}, [cell in raw for cell in cells])


def _plates(count: int) -> str:
    return "1 plate stands" if count == 1 else f"{count:,} plates stand"
