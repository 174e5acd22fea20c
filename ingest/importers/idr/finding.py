"""Which files of a study folder are a component's tables: by the names that study.txt gives, or by their pattern.

Names are off pattern in many ways (`assay_file.txt`, `annotations.csv`, `idr0000-experimentC_assays.txt`), and one table may come
in several parts: a file for each run, in folders of their own or numbered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.importers.idr.study_txt import Block
from ingest.importers.idr.tables import BETWEEN, Table, located_by, sample_names
from ingest.sample_tables.parts import stack
from ingest.tables import MAX_BYTES, read_table
from portal.problems import errors

_SUFFIX = r"\.(?:txt|tsv|csv)(?:\.gz|\.zip)?$"
_KINDS = {
    "library": re.compile(r"librar(?:y|ies)[^/]*" + _SUFFIX, re.IGNORECASE),
    "assays": re.compile(r"assays?(?:[_-]?file)?[^/]*" + _SUFFIX, re.IGNORECASE),
    "processed": re.compile(r"processed[^/]*" + _SUFFIX, re.IGNORECASE),
    "annotation": re.compile(r"annotations?[^/]*" + _SUFFIX, re.IGNORECASE),
}
_NOT_A_TABLE = re.compile(r"(bulkmap|renderdef|-bulk\.|plates\.tsv|filepaths|features?)", re.IGNORECASE)
_OF_COMPONENT = re.compile(r"(?:screen|experiment)([A-Z])(?![A-Za-z])")
_DECLARED = {
    "library": ("Library File Name",),
    "assays": ("Experiment Assay File",),
    "processed": ("Processed Data File Name",),
    "annotation": (),
}
_FILE_NAME = re.compile(r"[^\s,;]+\.[A-Za-z]{2,4}(?:\.gz|\.zip)?")
_PART_NUMBER = re.compile(r"[_-](?:part[_-]?)?(\d{1,3})$", re.IGNORECASE)
_SHOWN = 3


@dataclass(frozen=True)
class Found:
    """The tables of a component, and why others are not among them."""

    tables: dict[str, Table]
    refused: tuple[str, ...]

    def get(self, kind: str) -> Table | None:
        return self.tables.get(kind)


def find_tables(files: Sequence[Path], folder: Path, component: str, block: Block, names: Sequence[str]) -> Found:
    """Finds and reads a component's tables among the `files` of a study `folder`; `names` are all components' names."""
    tables: dict[str, Table] = {}
    refused: list[str] = []
    for kind in _KINDS:
        declared = declared_files(v for key in _DECLARED[kind] for v in block.values(key) if v)
        candidates = _candidates(files, folder, component, kind, declared, names)
        first: Table | None = None
        for path in candidates:
            first, why = _read(path, folder, component, kind, declared)
            if first:
                break
            refused.append(why)
        if first:
            read = [first]
            for path in _parts(first.path, candidates, folder, declared):
                part, why = _read(path, folder, component, kind, declared)
                read += [part] if part else []
                refused += [] if part else [f"a part of the {kind} table is missing: {why}"]
            tables[kind], versions = _together(read, folder, component)
            refused += _missing_parts(tables[kind], files, folder)
            taken = {t.path for t in tables[kind].files}
            rest = [_below(p, folder) for p in candidates if p not in taken and not any(_below(p, folder) in r for r in refused)]
            if rest:
                why_not = "with the same samples, " if versions else ""
                refused.append(f"{kind}: {_shown(tables[kind], folder)} was taken; {why_not}also there: {', '.join(rest)}")
        elif not candidates:
            refused += _absent(files, folder, component, kind, declared)
    return Found(tables, tuple(refused))


def declared_files(values: Iterable[str]) -> list[str]:
    """The names in study.txt's cells, of which one may hold several: `a.txt, b.txt and c.txt`."""
    names: list[str] = []
    for value in values:
        pieces = [p for p in re.split(r"\s*[,;]\s*|\s+and\s+", value.strip()) if p]
        names += pieces if len(pieces) > 1 and all(_FILE_NAME.fullmatch(p) for p in pieces) else [value.strip()]
    return names


def _absent(files: Sequence[Path], folder: Path, component: str, kind: str, declared: Sequence[str]) -> list[str]:
    """What is said of a table for which there is no file that could be read."""
    inside = [p for p in files if component.casefold() in (part.casefold() for part in p.relative_to(folder).parts[:-1])]
    sheets = [p for p in inside if re.search(rf"{kind.rstrip('s')}[^/]*\.(xlsx?|ods)$", p.name, re.IGNORECASE)]
    said = [f"{_below(p, folder)} is a spreadsheet, of which no cell can be read here: save it as CSV" for p in sheets]
    for name in declared:
        there = next((p for p in files if _is_declared(p, [name])), None)
        if there is None:
            said.append(f"study.txt names the {kind} table {name}, which is not in the folder")
        elif there not in sheets:
            what = "IDR's own join" if _KINDS["annotation"].search(there.name) else "which is not read as that"
            said.append(f"study.txt names as the {kind} table {there.name}, {what}")
    return said


def _stem(name: str) -> str:
    return re.sub(r"(\.(txt|tsv|csv|xlsx))?(\.gz|\.zip)?$", "", name.casefold())


def _is_declared(path: Path, declared: Iterable[str]) -> bool:
    return any(_stem(path.name) == _stem(d.rpartition("/")[2]) for d in declared)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _shown(table: Table, folder: Path) -> str:
    names = [_below(t.path, folder) for t in table.files]
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _natural(text: str) -> list[str | int]:
    """A key that sorts run 9 before run 10."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text.casefold())]


def _candidates(
    files: Sequence[Path], folder: Path, component: str, kind: str, declared: Sequence[str], names: Sequence[str]
) -> list[Path]:
    """Files that may be this table, best first: in the component's folder and named in study.txt, then by pattern."""
    letter = m[1] if (m := re.fullmatch(r"(?:screen|experiment)([A-Z])", component)) else ""
    folded = {n.casefold() for n in names}
    ranked: list[tuple[tuple[int, int, int, int], Path]] = []
    for path in files:
        parts = path.relative_to(folder).parts
        inside = any(p.casefold() == component.casefold() for p in parts[:-1])
        elsewhere = any(p.casefold() in folded for p in parts[:-1]) and not inside
        named = _OF_COMPONENT.search(path.name)
        another = bool(named and letter and named[1] != letter)
        # A name with another letter is another component's, unless there is none and the file lies in this one's folder.
        if named and another and (not inside or any(n.endswith(named[1].casefold()) for n in folded)):
            continue
        if elsewhere and not (named and letter):
            continue
        if not inside and not named and len(names) > 1:
            continue
        is_declared = _is_declared(path, declared)
        if not is_declared and (_NOT_A_TABLE.search(path.name) or not _KINDS[kind].search(path.name)):
            continue
        if not re.search(_SUFFIX, path.name, re.IGNORECASE):
            continue
        if kind == "annotation" and re.search(r"processed|librar", path.name, re.IGNORECASE):
            continue
        # study.txt may name annotation.csv under "Library File Name": it is no library for that.
        if kind != "annotation" and _KINDS["annotation"].search(path.name):
            continue
        ranked.append(((0 if is_declared else 1, 0 if inside else 1, int(another), len(parts)), path))
    # Of what is equal otherwise, that comes first of which there are most: parts of a table before an odd one beside them.
    patterns = {path: (len(path.parts), _pattern(path, folder)) for _, path in ranked}
    most = Counter(patterns.values())
    ranked.sort(key=lambda r: (*r[0], -most[patterns[r[1]]], _natural(_below(r[1], folder))))
    return [path for _, path in ranked]


def _parts(first: Path, candidates: Sequence[Path], folder: Path, declared: Sequence[str]) -> list[Path]:
    """Those of the candidates that may be further parts of one table with the first: equally deep in the folder, and named alike but
    for numbers and letters of runs, or both named in study.txt.
    """
    depth, pattern, named = len(first.parts), _pattern(first, folder), _is_declared(first, declared)
    level = [p for p in candidates if p != first and len(p.parts) == depth]
    return [p for p in level if _pattern(p, folder) == pattern or (named and _is_declared(p, declared))]


def _pattern(path: Path, folder: Path) -> str:
    *above, name = path.relative_to(folder).as_posix().split("/")
    stem = _PART_NUMBER.sub("", _stem(name))
    stem = re.sub(r"(screen|experiment)[a-z](?![a-z])", r"\1@", stem)
    return re.sub(r"\d+", "#", "/".join([*above, stem])).casefold()


def _together(read: list[Table], folder: Path, component: str) -> tuple[Table, bool]:
    """One table of its parts, and whether some were left out, because they hold samples of those before them: another version."""
    if len(read) == 1:
        return read[0], False
    kept: list[Table] = []
    seen: set[str] = set()
    images: set[str] = set()
    for table in read:
        names = sample_names(table)
        if kept and names and len(names & seen) > len(names) / 10:
            continue
        own = {name.rpartition(BETWEEN)[2] for name in names} if located_by(table) == "image" else set()
        if again := len(own & images):
            # An author's `1.tif` of every day, or the same image in a second list: the tables do not tell which.
            note = f"{again:,} of its images have the name of one in a part before, in another dataset"
            table = replace(table, said=(*table.said, note))
        seen |= names
        images |= own
        kept.append(table)
    versions = len(kept) < len(read)
    if len(kept) == 1:
        return kept[0], versions
    parts = tuple(Table(t.kind, t.path, _target(t.path, folder, component), t.raw, t.said) for t in kept)
    raw = stack([t.target for t in parts], {t.target: t.raw for t in parts}).table
    said = (f"put together of {len(parts)} parts", *(f"{p.target}: {s}" for p in parts for s in p.said if s not in p.raw.notes), *raw.notes)
    return Table(parts[0].kind, parts[0].path, parts[0].target, raw, said, parts), versions


def _target(path: Path, folder: Path, component: str) -> str:
    """Where a part is kept: runs are told apart by their folders."""
    parts = path.relative_to(folder).parts
    at = next((i for i, p in enumerate(parts[:-1]) if p.casefold() == component.casefold()), None)
    return "/".join([component, *(parts[at + 1 :] if at is not None else parts)])


def _missing_parts(table: Table, files: Sequence[Path], folder: Path) -> list[str]:
    """Which parts are not there, as far as the folder tells: runs whose folder has no such table, numbers that are left out."""
    paths = [t.path for t in table.files]
    said = []
    runs = {p.parent for p in paths}
    if len(runs) > 1:
        alike = {re.sub(r"\d+", "#", _below(r, folder)) for r in runs}
        beside = {p.parent for p in files if p.parent not in runs and p.parent != folder}
        without = sorted((b for b in beside if re.sub(r"\d+", "#", _below(b, folder)) in alike), key=lambda b: _natural(b.name))
        if without:
            said.append(f"{', '.join(b.name for b in without)} hold{'s' if len(without) == 1 else ''} no {table.kind} table")
    for path in paths:
        number = _PART_NUMBER.search(_stem(path.name))
        have = {m[1] for p in paths if p.parent == path.parent and (m := _PART_NUMBER.search(_stem(p.name)))}
        missing = [n for n in range(1, int(number[1])) if not any(int(h) == n for h in have)] if number else []
        if number and missing and number[1] == max(have, key=int):
            said.append(f"part {', '.join(map(str, missing))} beside {_below(path, folder)} is not in the folder")
    return said


def _read(path: Path, folder: Path, component: str, kind: str, declared: Sequence[str]) -> tuple[Table | None, str]:
    name = _below(path, folder)
    if path.stat().st_size > MAX_BYTES:
        return None, f"{name} has more than {MAX_BYTES // 2**20} MB"
    raw, problems = read_table(path.read_bytes(), name)
    if raw is None or errors(problems):
        problem = errors(problems)[0]
        return None, f"{name} {problem.what}" + (f"; {problem.mend}" if "LFS" in problem.what else "")
    if not raw.rows and raw.header[-1].endswith("."):
        return None, f"{name} holds no table, but a text: '{', '.join(raw.header)[:80]} …'"
    if not raw.rows or len(raw.header) < 2:
        return None, f"{name} holds no table ({len(raw.header)} columns, {len(raw.rows)} rows)"
    said = list(raw.notes) + [f"line {p.place.line}: {p.what}" for p in problems]
    if declared and not any(path.name == d.rpartition("/")[2] for d in declared):
        said.insert(0, f"study.txt names it {', '.join(declared)[:200]}")
    elif not declared and kind != "annotation":
        said.insert(0, "found by its name; study.txt names none")
    return Table(kind, path, f"{component}/{path.name}", raw, tuple(said)), ""
