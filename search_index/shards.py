"""Names in sorted key ranges of at most 10 KB (gzip) each, with a directory: two small requests answer a symbol.

The bytes a reader fetches do not grow with the number of genes. Prefixes whose range spans files have their best
documents listed beside (`top/`).
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby
from operator import attrgetter

from .documents import Document, found_by

LIMIT = 6_000  # bytes of one file, compressed: with the directory and the resolver's own page and scripts, a symbol costs < 15 KB
BEST = 8  # documents listed for a prefix that spans files
SAME = 200  # documents kept for one key: beyond, a reader must say more


@dataclass(frozen=True)
class Name:
    key: str
    text: str
    rank: int
    document: Document

    def order(self) -> tuple[str, int, tuple[int, int, str, str]]:
        return (self.key, self.rank, self.document.order)


def packed(value: object) -> bytes:
    """Canonical JSON, gzip without a time: the same value is the same bytes, everywhere."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return gzip.compress(raw, compresslevel=9, mtime=0)


def sorted_names(documents: Iterable[Document]) -> list[Name]:
    names = sorted((Name(k, text, rank, d) for d in documents for k, text, rank in found_by(d)), key=Name.order)
    return [name for _, same in groupby(names, key=attrgetter("key")) for name in list(same)[:SAME]]


def _written(names: Sequence[Name], organisms: Sequence[str]) -> dict[str, list]:
    """`d`: documents [kind, title, path, detail, weight]; `n`: names [text, class, document] in key order."""
    number = {name: i for i, name in enumerate(organisms)}
    places: dict[tuple[int, str], int] = {}
    documents: list[list] = []
    listed: list[list] = []
    for name in names:
        d = name.document
        at = places.setdefault((d.kind, d.path), len(documents))
        if at == len(documents):
            # An organism's name is long and repeated: its number in the directory stands for it.
            documents.append([d.kind, d.title, d.path, number.get(d.detail, d.detail), d.weight])
        # A name that is the title is not written twice.
        listed.append(["" if name.text == d.title else name.text, name.rank, at])
    return {"d": documents, "n": listed}


def shards(names: Sequence[Name], organisms: Sequence[str]) -> list[tuple[str, bytes]]:
    """(first key, file) of each range, in order. A key is never divided between two."""
    made: list[tuple[str, bytes]] = []

    def divide(part: Sequence[Name]) -> None:
        data = packed(_written(part, organisms))
        middle = _between(part)
        if len(data) <= LIMIT or middle is None:
            made.append((part[0].key, data))
        else:
            divide(part[:middle])
            divide(part[middle:])

    # Pieces of about the right size first, by how well the last one compressed: dividing 150,000 names from the top
    # would compress each of them many times.
    begin, size, aim = 0, 0, 24_000.0
    for i, name in enumerate(names):
        if size > aim and name.key != names[i - 1].key:
            divide(names[begin:i])
            aim = min(200_000.0, 0.9 * LIMIT * size / len(made[-1][1])) if made[-1][0] == names[begin].key else 0.7 * aim
            begin, size = i, 0
        size += len(name.text) + 24
    if begin < len(names):
        divide(names[begin:])
    return _shortened(made, names)


def _shortened(made: Sequence[tuple[str, bytes]], names: Sequence[Name]) -> list[tuple[str, bytes]]:
    """The ranges, each with as much of its first key as tells it from the last one before: the directory is read by everybody."""
    keys = [name.key for name in names]
    shorter = []
    for first, data in made:
        at = bisect_left(keys, first)
        before = keys[at - 1] if at else ""
        length = next((n for n in range(1, len(first)) if first[:n] > before), len(first))
        shorter.append((first[:length] if at else first[:1], data))
    return shorter


def _between(part: Sequence[Name]) -> int | None:
    """An index near the middle where the key changes; None where all names share one."""
    for distance in range(len(part) // 2 + 1):
        for i in (len(part) // 2 - distance, len(part) // 2 + distance):
            if 0 < i < len(part) and part[i].key != part[i - 1].key:
                return i
    return None


def top(names: Sequence[Name], firsts: Sequence[str], organisms: Sequence[str]) -> dict[str, bytes]:
    """Number of a range → file with the best documents of every prefix (two letters or more) that begins in it and spans others."""
    keys = [name.key for name in names]
    spanning: set[str] = set()
    for first in firsts[1:]:
        last = keys[bisect_left(keys, first) - 1]
        length = next((i for i, (a, b) in enumerate(zip(last, first, strict=False)) if a != b), min(len(last), len(first)))
        spanning.update(first[:n] for n in range(2, length + 1))
    files: dict[str, dict[str, list]] = defaultdict(dict)
    for prefix in sorted(spanning):
        # "{" follows every character a key can hold.
        inside = names[bisect_left(keys, prefix) : bisect_left(keys, prefix + "{")]
        best = nsmallest(BEST * 3, inside, key=lambda n: (n.key != prefix, n.rank or (2.5 if n.key != prefix else 0), n.document.order))
        unique = list({(n.document.kind, n.document.path): n for n in reversed(best)}.values())[::-1][:BEST]
        files[f"{max(0, bisect_right(firsts, prefix) - 1):03d}"][prefix] = unique
    made = {}
    for number, prefixes in files.items():
        written = _written([name for unique in prefixes.values() for name in unique], organisms)
        entries = iter(written.pop("n"))
        made[number] = packed({**written, "p": {prefix: [next(entries) for _ in unique] for prefix, unique in prefixes.items()}})
    return made
