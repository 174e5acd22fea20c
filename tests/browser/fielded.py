"""Content with a plate of several fields and channels, one without a table, and a dataset of pictures: tiny images, each of one gray.

What each picture shows follows from its place: field f of the well in row r, column c has `gray(r, c, f, channel)` all over, so that a
test can tell by a pixel which field and channel a grid shows.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import tifffile

ROWS, COLUMNS, FIELDS = 3, 4, 3
CHANNELS = ("DNA", "actin")
ONE_FIELD, NO_IMAGE = "B4", "C4"  # a well of a single field; a well without an image
ALONE = ("A1", "A2")  # the wells of the plate of which no table tells
PICTURES = 11
SIZE = 64

STUDY = """accession: fielded
title: Wells of several fields
licence: CC0-1.0
organisms: [{{name: Homo sapiens, term: "NCBITaxon:9606"}}]
components:
  - name: screenA
    kind: screen
    phenotypes: [{{name: round cell, term: "CMPO:0000118"}}]
    samples:
      table: library.csv
      columns: {{plate: Plate, well: Well, gene.symbol: Gene, control_type: Control}}
      phenotypes: [{{column: Round, phenotype: round cell}}]
    images:
      - source: images/P*.tif
        pattern: "{{plate}}_{{well}}_{{field}}.tif"
        axes: CYX
        channels: [{channels}]
  - name: screenB
    kind: screen
    images:
      - source: images/Q*.tif
        pattern: "{{plate}}_{{well}}.tif"
        axes: CYX
  - name: experimentA
    kind: experiment
    phenotypes: [{{name: round cell, term: "CMPO:0000118"}}]
    samples:
      table: assays.csv
      columns: {{dataset: Dataset, image: Image, gene.symbol: Gene, control_type: Control}}
      phenotypes: [{{column: Round, phenotype: round cell}}]
    images:
      - source: images/set/*.tif
        pattern: "images/{{dataset}}/{{image}}.tif"
        axes: CYX
"""


def gray(row: int, column: int, field: int, channel: int) -> int:
    """The 16-bit value of a picture, rows and columns from 1: below 60,000, and far apart for each field and channel."""
    return 2_000 + (field - 1) * 15_000 + channel * 7_000 + row * 400 + column * 90


def fields(well: str, most: int = FIELDS) -> int:
    return {ONE_FIELD: 1, NO_IMAGE: 0}.get(well, most)


def _picture(path: Path, grays: list[int]) -> None:
    pixels = np.empty((len(grays), SIZE, SIZE), np.uint16)
    pixels[:] = np.array(grays, np.uint16)[:, None, None]
    # A ramp along one edge, so that every image has darkest and brightest values alike.
    pixels[:, :2] = np.linspace(0, 60_000, SIZE).astype(np.uint16)
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "CYX"}, compression="zlib")


def wells(rows: int = ROWS, columns: int = COLUMNS) -> list[tuple[str, int, int]]:
    return [(f"{chr(64 + r)}{c}", r, c) for r in range(1, rows + 1) for c in range(1, columns + 1)]


def write(folder: Path, *, rows: int = ROWS, columns: int = COLUMNS, most: int = FIELDS, channels: tuple[str, ...] = CHANNELS) -> None:
    """A study folder below `folder`. A1 is a negative control, the last well of row A a positive one, B2 has the phenotype."""
    study = folder / "studies/fielded"
    (study / "images/set").mkdir(parents=True)
    limits = ", ".join(f"{{name: {name}, limits: [0, 60000]}}" for name in channels)
    (study / "study.yaml").write_text(STUDY.format(channels=limits), encoding="utf-8")
    lines = []
    for well, r, c in wells(rows, columns):
        for f in range(1, fields(well, most) + 1):
            _picture(study / f"images/P1_{well}_{f}.tif", [gray(r, c, f, i) % 60_000 for i in range(len(channels))])
        control = {"A1": "negative control", f"A{columns}": "positive control"}.get(well, "")
        lines.append(("P1", well, "" if control else f"GENE{r}{c}", control, "yes" if well == "B2" else ""))
    for well in ALONE:
        _picture(study / f"images/Q1_{well}.tif", [30_000])
    for i in range(PICTURES):
        _picture(study / f"images/set/picture_{i}.tif", [5_000 + 5_000 * i, 20_000])
    with (study / "library.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Plate", "Well", "Gene", "Control", "Round"), *lines])
    with (study / "assays.csv").open("w", newline="", encoding="utf-8") as file:
        told = [
            ("set", f"picture_{i}", f"GENE{i % 3}", "control" if i == 0 else "", "yes" if i == 1 else "", f"{(i * 7) % PICTURES}.5")
            for i in range(PICTURES)
        ]
        csv.writer(file).writerows([("Dataset", "Image", "Gene", "Control", "Round", "Age in days"), *told])
