"""An imported study folder read by the portal's own `samples` step: what the tests count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingest.sample_tables.counting import list_names
from ingest.samples import samples, table_names
from ingest.studies import read_study
from portal.engine.step import Opened, Tree, Work, digest_of
from portal.model import Study


@dataclass(frozen=True)
class Sampled:
    """One component: its summary.json, its problems, and the rows of its tables as lists by column."""

    summary: dict[str, Any]
    problems: list[dict[str, Any]]
    samples: dict[str, list[Any]]
    phenotypes: dict[str, list[Any]]
    targets: dict[str, list[Any]]
    table: dict[str, list[Any]]

    def distinct(self, column: str) -> int:
        """Distinct cells of a source column, blanks left out."""
        return len({cell for cell in self.table[column] if cell})


def study_of(folder: Path) -> Study:
    study, _, problems = read_study((folder / "study.yaml").read_bytes(), "study.yaml", folder.name)
    assert study is not None, problems
    return study


def sampled(folder: Path, component: str, scratch: Path) -> Sampled:
    study = study_of(folder)
    index = [c.name for c in study.components].index(component)
    it = study.components[index]
    paths = {name: folder / name for name in [*table_names(it), *list_names(it)]}
    files = {digest_of(path.read_bytes()): path for path in paths.values()}
    tree = Tree({name: digest_of(path.read_bytes()) for name, path in paths.items()})
    out = samples(
        Work((Opened(tree, files.__getitem__),), scratch),
        folder=f"studies/{study.accession}",
        accession=study.accession,
        index=index,
        component=it.model_dump(mode="json"),
        study_organisms=[o.model_dump(mode="json") for o in study.organisms],
    )
    problems = json.loads(_bytes(out["problems.json"]))
    assert "summary.json" in out, problems
    tables = [pq.read_table(out[f"{name}.parquet"]).to_pydict() for name in ("samples", "phenotypes", "targets", "table")]
    return Sampled(json.loads(_bytes(out["summary.json"])), problems, *tables)


def _bytes(value: bytes | Path) -> bytes:
    return value if isinstance(value, bytes) else value.read_bytes()
