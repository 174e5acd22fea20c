"""The tables of one component: found by the names study.txt gives or by pattern, and joined as study.txt says.

library.txt (a row per well) or assays.txt (a row per image) is the base, processed.txt is joined to it;
annotation.csv is IDR's own join of the two, and the base only where neither is there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.importers.idr.study_txt import Block
from ingest.tables import MAX_BYTES, RawTable, read_table
from portal.problems import errors

_SUFFIX = r"\.(?:txt|tsv|csv)(?:\.gz)?$"
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
_LINKS = ("Processed Data Column Link To Library File", "Processed Data Column Link To Assay File")
_MAX_LISTED = 20_000
_MAX_PARTS = 8


@dataclass(frozen=True)
class Table:
    """A table that was found and read. `target` is its path in the study folder we write."""

    kind: str
    path: Path
    target: str
    raw: RawTable
    said: tuple[str, ...]

    def position(self, column: str) -> int | None:
        """Where a column is, by its exact name, else without regard to case."""
        if column in self.raw.header:
            return self.raw.header.index(column)
        folded = [h.casefold() for h in self.raw.header]
        return folded.index(column.casefold()) if folded.count(column.casefold()) == 1 else None


@dataclass(frozen=True)
class Found:
    """The tables of a component, and why others are not among them."""

    tables: dict[str, Table]
    refused: tuple[str, ...]

    def get(self, kind: str) -> Table | None:
        return self.tables.get(kind)


def listed_files(folder: Path) -> list[Path]:
    """Every file below a study folder, sorted; a link that leaves the folder is none of its files."""
    root = folder.resolve()
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.resolve().is_relative_to(root):
            found.append(path)
        if len(found) >= _MAX_LISTED:
            break
    return found


def find_tables(files: Sequence[Path], folder: Path, component: str, block: Block, names: Sequence[str]) -> Found:
    """Finds and reads a component's tables among the `files` of a study `folder`; `names` are all components' names."""
    tables: dict[str, Table] = {}
    refused: list[str] = []
    for kind in _KINDS:
        declared = [v for key in _DECLARED[kind] for v in block.values(key) if v]
        candidates = _candidates(files, folder, component, kind, declared, names)
        parts = [p for p in candidates if len(p.parts) == len(candidates[0].parts)]
        if len({p.parent for p in parts}) > 1 and not _is_declared(parts[0], declared):
            shown = ", ".join(p.relative_to(folder).as_posix() for p in parts[:3])
            refused.append(f"the {kind} table comes in {len(parts)} parts ({shown}{', …' if len(parts) > 3 else ''})")
            continue
        for path in candidates:
            table, why = _read(path, folder, component, kind, declared)
            if table:
                tables[kind] = table
                rest = [p.name for p in candidates if p != path]
                if rest:
                    refused.append(f"{kind}: {path.name} was taken; also there: {', '.join(rest)}")
                break
            refused.append(why)
        if kind not in tables and not candidates:
            packed = _packed(files, folder, component, kind)
            refused += [f"{p.name} is neither plain nor gzipped text: unpack it, or save it as CSV" for p in packed]
            if declared:
                refused.append(f"study.txt names the {kind} table {declared[0]}, which is not in the folder")
    return Found(tables, tuple(refused))


def _packed(files: Sequence[Path], folder: Path, component: str, kind: str) -> list[Path]:
    """Files in the component's folder that would be this table, were they text."""
    inside = [p for p in files if component.casefold() in (part.casefold() for part in p.relative_to(folder).parts[:-1])]
    return [p for p in inside if re.search(rf"{kind.rstrip('s')}[^/]*\.(zip|xlsx?|ods)$", p.name, re.IGNORECASE)]


def _stem(name: str) -> str:
    return re.sub(r"(\.(txt|tsv|csv|xlsx))?(\.gz)?$", "", name.casefold())


def _is_declared(path: Path, declared: Iterable[str]) -> bool:
    return any(_stem(path.name) == _stem(d.rpartition("/")[2]) for d in declared)


def _candidates(
    files: Sequence[Path], folder: Path, component: str, kind: str, declared: Sequence[str], names: Sequence[str]
) -> list[Path]:
    """Files that may be this table, best first: in the component's folder and named in study.txt, then by pattern."""
    letter = m[1] if (m := re.fullmatch(r"(?:screen|experiment)([A-Z])", component)) else ""
    folded = {n.casefold() for n in names}
    ranked: list[tuple[tuple[int, int, int, str], Path]] = []
    for path in files:
        parts = path.relative_to(folder).parts
        inside = any(p.casefold() == component.casefold() for p in parts[:-1])
        elsewhere = any(p.casefold() in folded for p in parts[:-1]) and not inside
        named = _OF_COMPONENT.search(path.name)
        if named and letter and named[1] != letter:
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
        ranked.append(((0 if is_declared else 1, 0 if inside else 1, len(parts), path.as_posix()), path))
    return [path for _, path in sorted(ranked, key=lambda r: r[0])]


def _read(path: Path, folder: Path, component: str, kind: str, declared: Sequence[str]) -> tuple[Table | None, str]:
    name = path.relative_to(folder).as_posix()
    if path.stat().st_size > MAX_BYTES:
        return None, f"{name} has more than {MAX_BYTES // 2**20} MB"
    raw, problems = read_table(path.read_bytes(), name)
    if raw is None or errors(problems):
        return None, f"{name} {errors(problems)[0].what}"
    if not raw.rows or len(raw.header) < 2:
        return None, f"{name} holds no table ({len(raw.header)} columns, {len(raw.rows)} rows)"
    said = list(raw.notes) + [f"line {p.place.line}: {p.what}" for p in problems]
    if declared and path.name not in {d.rpartition("/")[2] for d in declared}:
        said.insert(0, f"study.txt names it {', '.join(declared)[:200]}")
    elif not declared and kind != "annotation":
        said.insert(0, "found by its name; study.txt names none")
    return Table(kind, path, f"{component}/{path.name}", raw, tuple(said)), ""


def located_by(table: Table) -> str:
    """What tells a table's samples apart: "plate" (plates and wells), "image" (images), or ""."""
    columns = [h.casefold() for h in table.raw.header]

    def has(*patterns: str) -> bool:
        return any(re.fullmatch(p, c) for p in patterns for c in columns)

    if has("plate", "plate name") and has("well"):
        return "plate"
    return "image" if has("image name", "image file( name| \\(.*\\))?", r"comment \[image file\]") else ""


@dataclass(frozen=True)
class Join:
    """How processed rows find their base rows: `on` as model.Join has it, and what the keys say."""

    on: tuple[str, ...]
    base_keys: list[str]
    other_keys: list[str]
    said: tuple[str, ...]

    @property
    def matched_rows(self) -> int:
        known = set(self.other_keys)
        return sum(1 for k in self.base_keys if k and k in known)

    @property
    def unmatched(self) -> list[str]:
        known = set(self.base_keys)
        return sorted({k for k in self.other_keys if k and k not in known})

    @property
    def repeated(self) -> list[str]:
        return sorted(k for k, n in Counter(self.other_keys).items() if n > 1 and k)


def find_join(base: Table, processed: Table, block: Block) -> tuple[Join | None, str]:
    """The join that study.txt names, else the one that the shared columns show. (None, why) where there is none."""
    links = [v for key in _LINKS for v in block.values(key) if v]
    said: list[str] = []
    for on in _ways(links, base):
        join = _join(base, processed, on)
        if join and join.matched_rows:
            if links and on != tuple(links) and "_".join(on) != links[0]:
                said.append(f"study.txt names {', '.join(repr(link) for link in links)}")
            return Join(join.on, join.base_keys, join.other_keys, tuple(said)), ""
    inferred = _inferred(base, processed)
    if inferred:
        named = f"study.txt names {', '.join(repr(link) for link in links)}, which joins nothing" if links else "study.txt names no column"
        told = f"{named}; joined on {'_'.join(inferred.on)!r}, which both tables have"
        return Join(inferred.on, inferred.base_keys, inferred.other_keys, (told,)), ""
    why = f"on {', '.join(repr(link) for link in links)}" if links else "and study.txt names no column"
    return None, f"{processed.path.name} has no column that joins it to {base.path.name} ({why})"


def _ways(links: Sequence[str], base: Table) -> list[tuple[str, ...]]:
    """Readings of what study.txt names: one column, several columns, or columns whose names are joined by `_`."""
    ways: list[tuple[str, ...]] = []
    if len(links) == 1:
        ways.append((links[0],))
        if parts := _composite(links[0], base.raw.header):
            ways.append(parts)
    elif links:
        ways += [tuple(links), (links[0],)]
    return ways


def _composite(name: str, header: Sequence[str]) -> tuple[str, ...] | None:
    """`Plate_Well` → (Plate, Well), where both are columns; names of parts may hold `_` themselves."""
    pieces = name.split("_")
    for at in range(1, min(len(pieces), _MAX_PARTS)):
        head, tail = "_".join(pieces[:at]), "_".join(pieces[at:])
        if head in header and tail in header:
            return head, tail
        if head in header and (rest := _composite(tail, header)):
            return head, *rest
    return None


def _keys(table: Table, on: tuple[str, ...]) -> list[str] | None:
    """One key a row: the column, the columns joined by `_`, or the one column that is named like that."""
    whole = table.position("_".join(on))
    if whole is not None:
        return [row[whole] for row in table.raw.rows]
    at = [table.position(c) for c in on]
    if any(a is None for a in at):
        return None
    return ["_".join(row[a] for a in at if a is not None) if any(row[a] for a in at if a is not None) else "" for row in table.raw.rows]


def _join(base: Table, processed: Table, on: tuple[str, ...]) -> Join | None:
    ours, theirs = _keys(base, on), _keys(processed, on)
    if ours is None or theirs is None:
        return None
    written = on
    if len(on) == 1 and on[0] not in base.raw.header:
        position = base.position(on[0])
        written = (base.raw.header[position],) if position is not None else on
    return Join(written, ours, theirs, ())


def _inferred(base: Table, processed: Table) -> Join | None:
    """The shared key that matches most: plate and well, else a shared column that names every processed row once."""
    ways: list[tuple[str, ...]] = [("Plate", "Well"), ("Plate_Well",)]
    not_a_key = re.compile(r"(has )?phenotype|control|term source", re.IGNORECASE)
    shared = [h for h in processed.raw.header if h in base.raw.header and not not_a_key.match(h)]
    best: tuple[float, int, Join] | None = None
    for order, on in enumerate([*ways, *((h,) for h in shared)]):
        join = _join(base, processed, on)
        if not join:
            continue
        keys = [k for k in join.other_keys if k]
        if not keys or len(set(keys)) < len(keys) * 0.98 or len(keys) < len(join.other_keys) * 0.98:
            continue
        share = 1 - len(join.unmatched) / len(set(keys))
        if share >= 0.5 and (best is None or (share, -order) > (best[0], -best[1])):
            best = (share, order, join)
    return best[2] if best else None


def joined_header(base: Table, processed: Table | None) -> list[str]:
    """Columns of the joined table: the base's, then those that only the other has."""
    extra = [h for h in processed.raw.header if h not in base.raw.header] if processed else []
    return [*base.raw.header, *extra]


class Joined:
    """Cells of the joined table by column: `cells(name)` has one text for every base row ("" where nothing matched).

    Where a key has several processed rows, the distinct filled cells are put together with `; ` as one text.
    """

    def __init__(self, base: Table, processed: Table | None, join: Join | None):
        self.base, self.processed = base, processed
        self._rows: dict[str, list[int]] = {}
        self._join = join
        if join:
            for at, key in enumerate(join.other_keys):
                if key:
                    self._rows.setdefault(key, []).append(at)
        self._cache: dict[str, list[str]] = {}

    def cells(self, name: str) -> list[str]:
        if name not in self._cache:
            self._cache[name] = self._column(name)
        return self._cache[name]

    def differing(self) -> dict[str, int]:
        """Columns that both tables have and that say different things, with the number of matched rows where they do."""
        if not self.processed or not self._join:
            return {}
        found = {}
        theirs = self.processed.raw
        for name in (h for h in theirs.header if h in self.base.raw.header and h not in self._join.on):
            column = theirs.column(name)
            pairs = zip(self._join.base_keys, self.base.raw.column(name), strict=True)
            count = sum(1 for key, cell in pairs if key in self._rows and any(column[r] != cell for r in self._rows[key]))
            if count:
                found[name] = count
        return found

    def _column(self, name: str) -> list[str]:
        if name in self.base.raw.header:
            return self.base.raw.column(name)
        if not self.processed or not self._join:
            return [""] * len(self.base.raw.rows)
        column = self.processed.raw.column(name)
        text = {key: "; ".join(dict.fromkeys(column[r] for r in rows if column[r])) for key, rows in self._rows.items()}
        return [text.get(key, "") for key in self._join.base_keys]
