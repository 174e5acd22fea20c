"""A small portal of three screens that share genes and phenotypes, built by the real command line: what the explorer is tried on.

Genes go by other names in other studies, a phenotype has a narrower one, a control and a study without any phenotype lie among them.
"""

from __future__ import annotations

from pathlib import Path

STUDY = """\
accession: {name}
title: Study {name}
licence: CC0-1.0
organisms: [{{name: Homo sapiens, term: "NCBITaxon:9606"}}]
components:
  - name: screenA
    kind: screen
    technology: [{{name: {technology}}}]
    phenotypes:
      - {{name: {words}, term: "CMPO:0000118", term_name: round cell phenotype}}
      - {{name: big, term: "CMPO:0000128", term_name: increased cell size phenotype}}
      - {{name: odd {name}}}
    samples:
      table: library.csv
      columns: {{plate: Plate, well: Well, gene.id: Gene, gene.symbol: Symbol, control_type: Control}}
      phenotypes:
        - {{column: Round, phenotype: {words}}}
        - {{column: Big, phenotype: big}}
        - {{column: Odd, phenotype: odd {name}}}
"""
HEAD = "Plate,Well,Gene,Symbol,Control,Round,Big,Odd"
GENES = {"KIF11": "ENSG00000138160", "PLK1": "ENSG00000166851", "WEE1": "ENSG00000166483", "CDK1": "ENSG00000170312"}

# study → (technology, the authors' words for round cell, wells: gene, control, round, big, odd)
STUDIES = {
    "one": ("RNAi screen", "rounded", [
        ("KIF11", "", 1, 0, 0), ("KIF11", "", 1, 0, 0), ("PLK1", "", 1, 1, 0), ("WEE1", "", 0, 0, 0), ("CDK1", "positive", 1, 0, 0),
        ("CDK1", "", 0, 0, 1),
    ]),
    "two": ("RNAi screen", "balls", [
        ("KIF11", "", 0, 1, 0), ("PLK1", "", 1, 0, 0), ("WEE1", "", 0, 0, 0), ("CDK1", "", 0, 0, 0),
    ]),
    "three": ("protein screen", "spheres", [("KIF11", "", 0, 0, 0), ("WEE1", "", 0, 0, 0), ("PLK1", "", 0, 0, 0)]),
}  # fmt: skip


def write(content: Path) -> Path:
    """The content folder of the three studies."""
    for name, (technology, words, wells) in STUDIES.items():
        folder = content / "studies" / name
        folder.mkdir(parents=True)
        (folder / "study.yaml").write_text(STUDY.format(name=name, technology=technology, words=words))
        rows = [f"p1,A{n},{GENES[g]},{g},{control},{'yes' * r},{'yes' * b},{'yes' * o}" for n, (g, control, r, b, o) in enumerate(wells, 1)]
        (folder / "library.csv").write_text("\n".join([HEAD, *rows, ""]))
    return content
