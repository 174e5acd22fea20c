"""Bytes and files of a site, by what they are and where they lie."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 8

KINDS = {
    ".html": "HTML", ".parquet": "Parquet", ".json": "JSON", ".jsonld": "JSON", ".webp": "images", ".jpg": "images", ".jpeg": "images",
    ".png": "images", ".js": "scripts", ".css": "styles", ".wasm": "WebAssembly", ".xml": "feeds, sitemaps", ".atom": "feeds, sitemaps",
}  # fmt: skip


@dataclass
class Tally:
    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.files += 1
        self.bytes += size


@dataclass
class Sizes:
    all: Tally = field(default_factory=Tally)
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    extensions: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    folders: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    largest: list[tuple[str, int]] = field(default_factory=list)

    @property
    def pages(self) -> int:
        return self.kinds["HTML"].files if "HTML" in self.kinds else 0


def sizes_of(site: Path) -> Sizes:
    found = Sizes()
    listed: list[tuple[int, str]] = []
    for file in site.resolve().rglob("*"):
        if not file.is_file():
            continue
        path, size = file.relative_to(site.resolve()).as_posix(), file.stat().st_size
        top = path.split("/")[0] if "/" in path else "(top)"
        # The index of names is the one thing that is told by its place: its parts are gzip, as other files could be.
        kind = "search shards" if top == "search" and file.suffix == ".gz" else KINDS.get(file.suffix, "other")
        for tally in (found.all, found.kinds[kind], found.extensions[file.suffix or "(none)"], found.folders[top]):
            tally.add(size)
        listed.append((size, path))
    found.kinds, found.extensions, found.folders = dict(found.kinds), dict(found.extensions), dict(found.folders)
    found.largest = [(path, size) for size, path in sorted(listed, key=lambda pair: (-pair[0], pair[1]))[:LARGEST]]
    return found
