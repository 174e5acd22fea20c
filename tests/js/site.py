"""A small static site in a folder: real Parquet, real tiles, the real bundles, and pages with the contract's markup."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portal.engine.step import Opened, Tree, Work, digest_of

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
)


def run(recipe: Any, scratch: Path, *inputs: Mapping[str, bytes | Path], **params: Any) -> dict[str, bytes]:
    """A recipe run on files in memory or on disk; every output as bytes."""
    blobs: dict[str, Path] = {}
    opened = []
    for files in inputs:
        entries = {}
        for path, data in files.items():
            raw = data if isinstance(data, bytes) else data.read_bytes()
            entries[path] = digest_of(raw)
            blob = scratch / "blobs" / entries[path]
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(raw)
            blobs[entries[path]] = blob
        opened.append(Opened(Tree(entries), blobs.__getitem__))
    work = scratch / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    made = recipe(Work(tuple(opened), work), **params)
    return {path: data if isinstance(data, bytes) else data.read_bytes() for path, data in made.items()}


class Site:
    """A folder that pages are written into. `assets` and `vendor` are the folders the real recipes named."""

    def __init__(self, folder: Path):
        from portal.publish.assets import assets, vendor

        self.folder = folder
        scratch = folder.with_name(folder.name + "-scratch")
        js = {f"js/{p.name}": p for p in sorted((ROOT / "assets/js").glob("*.js"))}
        css = {"css/test.css": CSS.encode(), "css/overlay.css": ROOT / "assets/css/overlay.css"}
        tools = {name: ROOT / "assets" / name for name in ("package-lock.json", "vendor.mjs", "bundle.mjs")}
        self.write_all(run(assets, scratch, {**js, **css}, tools))
        self.write_all(run(vendor, scratch, tools))
        self.assets = next(folder.glob("assets/*")).relative_to(folder).as_posix() + "/"
        self.vendor = next(folder.glob("vendor/*")).relative_to(folder).as_posix() + "/"
        self.search = "search/"

    def write(self, path: str, data: bytes | str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    def write_all(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            self.write(path, data)

    def parquet(self, path: str, table: pa.Table, rows: int = 1000) -> int:
        """Writes a table as the dump does; returns its size in bytes."""
        file = self.write(path, b"")
        pq.write_table(table, file, compression="zstd", row_group_size=rows)
        return file.stat().st_size

    def page(self, address: str, scripts: tuple[str, ...], body: str, data: Any = None, *, wasm: bool = False) -> None:
        root = "../" * address.count("/") or "./"
        policy = POLICY.format(wasm=" 'wasm-unsafe-eval'" if wasm else "")
        tags = "".join(f'<script type="module" src="{root}{self.assets}js/{name}.js"></script>' for name in ("page", *scripts))
        raw = json.dumps(data).replace("<", "\\u003c")
        page_data = f'<script type="application/json" id="page-data">{raw}</script>' if data is not None else ""
        self.write(
            address + "index.html",
            f'<!doctype html><html lang="en" data-root="{root}" data-assets="{root}{self.assets}" data-vendor="{root}{self.vendor}"'
            f' data-search="{root}{self.search}"><head><meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">'
            f'<meta charset="utf-8"><title>Test</title><link rel="icon" href="data:,">'
            f'<link rel="stylesheet" href="{root}{self.assets}css/test.css">{tags}</head>'
            f'<body><header><form class="search" role="search" action="{root}search/" method="get"><input name="q" type="search" '
            f'aria-label="Search"></form><button type="button" class="theme-toggle" hidden>Theme</button></header>'
            f"<main><h1>Test</h1>{body}</main>{page_data}</body></html>",
        )


# Only what makes things measurable: a viewer has a height, a shape lies over another.
CSS = """
[hidden] { display: none !important }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.viewer { position: relative } .viewer-stage { position: relative; width: 512px; height: 512px; background: #000 }
.viewer-canvas, .viewer-layer { position: absolute; inset: 0 } .viewer-layer { pointer-events: none }
.viewer-top { position: absolute; top: 0; right: 0 }
.viewer-scale { position: absolute; bottom: 0 } .viewer-scale-line { display: block }
.viewer-rois { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none }
"""


def plate_table(plates: int = 12) -> pa.Table:
    """Wells A1–H12 of some plates, with every kind of column: text, number, flag, list, empty cells, non-ASCII."""
    wells = [(p, r, c) for p in range(plates) for r in range(8) for c in range(12)]
    n = len(wells)
    genes = ["SGO1", "sgo1", "NF-κB", "CDK1", None, "=1+1", "Hériché", "-3.5", "12", "007"]
    return pa.table({
        "sample_id": [f"demo/screenA/plate{p}/{chr(65 + r)}{c + 1}" for p, r, c in wells],
        "container": [f"plate{p}" for p, _, _ in wells],
        "sample": [f"{chr(65 + r)}{c + 1}" for _, r, c in wells],
        "row": pa.array([r + 1 for _, r, _ in wells], pa.int32()),
        "Gene Symbol": [genes[i % len(genes)] for i in range(n)],
        "Score (z: robust)": pa.array([None if i % 11 == 0 else (i * 37 % 101) / 7 - 5 for i in range(n)], pa.float64()),
        "n_cells": pa.array([i * 3 for i in range(n)], pa.int64()),
        "has_phenotype": [i % 4 == 0 for i in range(n)],
        "phenotypes": pa.array([[("round", "large; flat")[k] for k in range(i % 3)] for i in range(n)], pa.list_(pa.string())),
    })  # fmt: skip
