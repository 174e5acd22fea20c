"""Content with plates of every layout, and a dataset of more images than its page lists; what each cell holds follows from its place."""

from __future__ import annotations

import csv
from pathlib import Path

LAYOUTS = {"6": (2, 3), "24": (4, 6), "48": (6, 8), "96": (8, 12), "384": (16, 24), "1536": (32, 48), "odd": (9, 13)}
IMAGES = 2_100

STUDY = """accession: layouts
title: Plates of every layout
licence: CC0-1.0
organisms: [{name: Homo sapiens, term: "NCBITaxon:9606"}]
components:
SCREENS
  - name: screenN
    kind: screen
    samples:
      table: nothing.csv
      columns: {plate: Plate, well: Well, gene.symbol: Gene}
"""
# A component's plates are of one make: each layout is a screen of its own.
SCREEN = """  - name: screen{layout}
    kind: screen
    phenotypes: [{{name: round cell, term: "CMPO:0000118"}}]
    samples:
      table: library{layout}.csv
      columns: {{plate: Plate, well: Well, gene.symbol: Gene, control_type: Control, quality: Quality}}
      phenotypes: [{{column: Round, phenotype: round cell}}]
"""
SETS = """accession: sets
title: Images outside plates
licence: CC0-1.0
organisms: [{name: Mus musculus, term: "NCBITaxon:10090"}]
components:
  - name: experimentA
    kind: experiment
    phenotypes: [{name: round cell, term: "CMPO:0000118"}]
    samples:
      table: assays.csv
      columns: {dataset: Dataset, image: Image, control_type: Control}
      phenotypes: [{column: Round, phenotype: round cell}]
"""
HEAD = ("Plate", "Well", "Gene", "Control", "Quality", "Round", "Score", "Batch", "Signed")


def letters(row: int) -> str:
    return chr(64 + row) if row <= 26 else "A" + chr(64 + row - 26)


def cells(layout: str) -> list[tuple[str, ...]]:
    """The rows of a plate's library. A1 and A2 are empty, B1 a control, B2 failed, the last well is missing; scores have an outlier."""
    rows, columns = LAYOUTS[layout]
    found: list[tuple[str, ...]] = []
    for r in range(1, rows + 1):
        for c in range(1, columns + 1):
            well, n = f"{letters(r)}{c}", (r - 1) * columns + c - 1
            if (r, c) == (rows, columns):
                continue
            control = {"A1": "empty well", "A2": "missing_info_possibly_empty", "B1": "negative control"}.get(well, "")
            gene = "" if control else f"GENE{n % 40:02d}"
            score = "1000000" if well == "A3" else "n.d." if well == "B2" else f"{n / 10:g}"
            round_ = "yes" if n % 5 == 2 and not control and well != "B2" else ""
            found.append(
                (layout, well, gene, control, "fail" if well == "B2" else "pass", round_, score, f"batch {n % 3}", f"{n - columns}")
            )
    return found


def write(folder: Path) -> None:
    screens = "".join(SCREEN.format(layout=layout) for layout in LAYOUTS)
    for name, study in (("layouts", STUDY.replace("SCREENS\n", screens)), ("sets", SETS)):
        (folder / "studies" / name).mkdir(parents=True)
        (folder / "studies" / name / "study.yaml").write_text(study, encoding="utf-8")
    for layout in LAYOUTS:
        with (folder / f"studies/layouts/library{layout}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEAD, *cells(layout)])
    (folder / "studies/layouts/nothing.csv").write_text("Plate,Well,Gene\nN1,A1,SGO1\nN1,A2,CDK1\nN1,B1,\n", encoding="utf-8")
    with (folder / "studies/sets/assays.csv").open("w", newline="", encoding="utf-8") as file:
        lines = [
            ("many", f"image {i:04d}", "control" if i == 0 else "", "yes" if i % 7 == 1 else "", f"{i * 0.5:g}") for i in range(IMAGES)
        ]
        lines += [("few", f"picture {i}", "", "yes" if i == 1 else "", f"{i}") for i in range(12)]
        csv.writer(file).writerows([("Dataset", "Image", "Control", "Round", "Age in days"), *lines])
