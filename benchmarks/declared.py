"""What study.yaml says of its samples' tables, as plain values, for programs that use nothing of Slidecase's reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Normalised name → column of the Parquet file; the container and the sample come first.
KEPT = {
    "gene.id": "gene_id", "gene.symbol": "gene_symbol", "reagent.id": "reagent", "compound.symbol": "compound",
    "organism": "organism", "control_type": "control_type", "quality": "quality",
}  # fmt: skip
COLUMNS = ("study", "component", "container", "sample", *KEPT.values(), "phenotypes")


@dataclass(frozen=True)
class Declared:
    """The tables of one component: files (several are one table in parts), joins as (files, key columns), source columns by name."""

    study: str
    component: str
    table: tuple[Path, ...]
    joins: tuple[tuple[tuple[Path, ...], tuple[str, ...]], ...]
    columns: dict[str, str]
    phenotypes: tuple[tuple[str, str], ...]  # source column, phenotype
    listed: tuple[tuple[str, str], ...]  # a list of what counts, the source column that is looked up in it

    @property
    def name(self) -> str:
        return f"{self.study}/{self.component}"

    @property
    def wanted(self) -> dict[str, str]:
        """Published column → source column, without phenotypes."""
        container = "plate" if "plate" in self.columns and "well" in self.columns else "dataset"
        sample = "well" if container == "plate" else "image"
        named = {"container": self.columns.get(container), "sample": self.columns.get(sample)}
        named |= {column: self.columns.get(name) for name, column in KEPT.items()}
        return {column: source for column, source in named.items() if source}


def files_of(study: Path, table: str | list[str]) -> tuple[Path, ...]:
    return tuple(study / part for part in ([table] if isinstance(table, str) else table))


def declared(content: Path) -> Iterator[Declared]:
    """Every component of every study that has tables."""
    for file in sorted(content.glob("studies/*/study.yaml")):
        yield from declared_in(file)


def declared_in(file: Path) -> Iterator[Declared]:
    data: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    for component in data["components"]:
        if not (samples := component.get("samples")):
            continue
        yield Declared(
            study=data["accession"],
            component=component["name"],
            table=files_of(file.parent, samples["table"]),
            joins=tuple(
                (files_of(file.parent, j["table"]), (j["on"],) if isinstance(j["on"], str) else tuple(j["on"]))
                for j in samples.get("join", ())
            ),
            # Of several columns for one target the first: enough to compare costs by.
            columns={n: c if isinstance(c, str) else c[0] for n, c in samples["columns"].items()},
            phenotypes=tuple((p["column"], p["phenotype"]) for p in samples.get("phenotypes", ())),
            listed=tuple((rule["listed_in"], rule["column"]) for rule in samples.get("counted", ()) if rule.get("listed_in")),
        )


def separator(file: Path) -> str:
    """As the file is named, packed or not."""
    name = file.name.casefold()
    while name.endswith((".gz", ".zip")):
        name = name.rpartition(".")[0]
    return "," if name.endswith(".csv") else "\t"


def parts_of(on: tuple[str, ...], header: list[str]) -> list[str]:
    """The columns of a table that make up a key: as named, ready-made (`Plate_Well`), or its two parts. Raises KeyError."""
    if all(name in header for name in on):
        return list(on)
    if (whole := "_".join(on)) in header:
        return [whole]
    found: list[str] = []
    for name in on:
        ends = [at for at, letter in enumerate(name) if letter == "_"]
        pair = next(([name[:at], name[at + 1 :]] for at in ends if name[:at] in header and name[at + 1 :] in header), None)
        if name not in header and pair is None:
            raise KeyError(f"no column '{name}'")
        found += [name] if name in header else pair or []
    return found
