"""The tables of one component: whose rows are its samples, and how another is joined to them, as study.txt says.

library.txt (a row per well) or assays.txt (a row per image) is the base, processed.txt is joined to it; annotation.csv is
IDR's own join of the two, and the base where neither is there or where it names other images than assays.txt does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.importers.idr.study_txt import Block
from ingest.tables import RawTable

_LINKS = ("Processed Data Column Link To Library File", "Processed Data Column Link To Assay File")
_MAX_PARTS = 8
# Names of columns that tell a sample, or what it was made from, alone or two together.
_IDENTITIES = ("Dataset Name", "Image Name", "Assay Name", "Image File", "Source Name")
BETWEEN = "\x1f"  # Between container and sample: no cell holds it.
_NUMBERS = re.compile(r"[-+.,\d\seE]+")


@dataclass(frozen=True)
class Table:
    """A table that was found and read. `target` is its path in the study folder we write.

    A table in several `parts` has their rows below one another in `raw`, and path and target of the first.
    """

    kind: str
    path: Path
    target: str
    raw: RawTable
    said: tuple[str, ...]
    parts: tuple[Table, ...] = ()

    @property
    def files(self) -> tuple[Table, ...]:
        """The table itself, or its parts: one for each file."""
        return self.parts or (self,)

    @property
    def targets(self) -> str | list[str]:
        """As model.Samples.table has it."""
        return [t.target for t in self.parts] if self.parts else self.target

    def position(self, column: str) -> int | None:
        """Where a column is, by its exact name, else without regard to case and blanks (`AssayName`)."""
        if column in self.raw.header:
            return self.raw.header.index(column)
        folded = [folded_name(h) for h in self.raw.header]
        return folded.index(folded_name(column)) if folded.count(folded_name(column)) == 1 else None


def sample_names(table: Table) -> set[str]:
    """The samples that a table names: plate and well, else dataset and image; empty where it names none."""
    pairs = [("Plate", "Well")] if located_by(table) == "plate" else []
    pairs += [(d, i) for i in ("Image Name", "Image File", "Comment [Image File]") for d in ("Dataset Name", "Dataset", "")]
    for first, second in pairs:
        columns = [table.position(c) for c in (first, second) if c]
        if all(c is not None for c in columns):
            return {BETWEEN.join(row[c] for c in columns if c is not None) for row in table.raw.rows}
    return set()


def names_other_images(annotation: Table, base: Table) -> bool:
    """Whether annotation.csv is about other images than the table whose rows would be the samples, and about no fewer.

    Authors list the files they sent, IDR the images it has: files may have been split, fused or named anew in between.
    """
    theirs, ours = sample_names(annotation), sample_names(base)
    return bool(theirs) and len(theirs & ours) * 2 < len(theirs) and len(theirs) >= len(ours)


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
    links = [v for key in _LINKS for v in block.values(key) if v] if processed.kind == "processed" else []
    if base.kind == "annotation":
        return _onto_annotation(base, processed, links)
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


def _onto_annotation(base: Table, other: Table, links: Sequence[str]) -> tuple[Join | None, str]:
    """A join to IDR's own table, which is mostly whole without it: only where one row says something of one sample or of several.

    A table with many rows for each key measures parts of a sample, such as its cells: a join would keep one row of them.
    """
    many = ""
    for on in _ways(links, base):
        join = _join(base, other, on)
        if join and len(join.unmatched) * 2 <= len(set(join.other_keys)):
            if len(join.repeated) * 50 <= len(set(join.other_keys)):
                return join, ""
            many = _many(other, join)
    shared = [c for c in _IDENTITIES if base.position(c) is not None and other.position(c) is not None]
    pairs = [(a, b) for i, a in enumerate(shared) for b in shared[i + 1 :]]
    if inferred := _inferred(base, other, pairs):
        told = f"joined on {'_'.join(inferred.on)!r}, which both tables have"
        return Join(inferred.on, inferred.base_keys, inferred.other_keys, (told,)), ""
    for column in shared:
        join = _join(base, other, (column,))
        if join and len(join.unmatched) * 2 <= len(set(join.other_keys)) > 1:
            many = many or _many(other, join)
    return None, many or f"{other.path.name} has no column that joins it to {base.path.name}"


def _many(other: Table, join: Join) -> str:
    keys = len({k for k in join.other_keys if k})
    return f"{other.path.name} has {len(other.raw.rows):,} rows for {keys:,} values of '{'_'.join(join.on)}': it tells of parts of samples"


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
    # Written as the base's columns are, where the key is not put together from them.
    positions = [base.position(c) for c in on]
    written = tuple(c if p is None else base.raw.header[p] for c, p in zip(on, positions, strict=True))
    return Join(written, ours, theirs, ())


def _inferred(base: Table, processed: Table, pairs: Sequence[tuple[str, str]] = ()) -> Join | None:
    """The shared key that matches most: plate and well, else a shared column that names every processed row once.

    pairs: further keys of two columns. Numbers are no key to IDR's own table: they agree by accident.
    """
    ways: list[tuple[str, ...]] = [("Plate", "Well"), ("Plate_Well",)]
    not_a_key = re.compile(r"(has )?phenotype|control|term source", re.IGNORECASE)
    shared = [h for h in processed.raw.header if base.position(h) is not None and not not_a_key.match(h)]
    best: tuple[float, int, Join] | None = None
    for order, on in enumerate([*ways, *((h,) for h in shared), *pairs]):
        join = _join(base, processed, on)
        if not join:
            continue
        keys = [k for k in join.other_keys if k]
        if not keys or len(set(keys)) < len(keys) * 0.98 or len(keys) < len(join.other_keys) * 0.98:
            continue
        if base.kind == "annotation" and len(on) == 1 and all(map(_NUMBERS.fullmatch, keys)):
            continue
        share = 1 - len(join.unmatched) / len(set(keys))
        if share >= 0.5 and (best is None or (share, -order) > (best[0], -best[1])):
            best = (share, order, join)
    return best[2] if best else None


def joined_header(base: Table, processed: Table | None, join: Join | None = None) -> list[str]:
    """Columns of the joined table: the base's, then those that only the other has. Its keys are said by the base's already."""
    if not processed:
        return list(base.raw.header)
    keys = {processed.position(c) for c in join.on} if join else set()
    extra = [h for at, h in enumerate(processed.raw.header) if h not in base.raw.header and at not in keys]
    return [*base.raw.header, *extra]


def folded_name(column: str) -> str:
    """A column's name without blanks and capitals."""
    return "".join(column.split()).casefold()


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
