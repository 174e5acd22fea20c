"""The warehouse of four small studies, made by the real recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.engine.step import Opened
from portal.warehouse.catalogue import catalogue
from portal.warehouse.dump import table
from portal.warehouse.entities import entities
from portal.warehouse.manifest import dump
from portal.warehouse.own import own_table
from portal.warehouse.schema import TABLES
from portal.warehouse.slices import SLICED, study_slices
from portal.warehouse.studies import facts
from portal.warehouse.terms import terms
from tests.warehouse.bench import Bench, images_file
from tests.warehouse.four_studies import four_studies


@dataclass(frozen=True)
class Warehouse:
    bench: Bench
    components: tuple[Opened, ...]
    facts: tuple[Opened, ...]
    entities: Opened
    terms: Opened
    tables: Mapping[str, Opened]
    dump: Opened
    catalogue: Opened


def make(root: Path, title: str = "Sisters apart", *, backwards: bool = False) -> Warehouse:
    """All steps of the warehouse; `backwards` gives every step its inputs in the opposite order."""
    bench = Bench(root)
    turn = -1 if backwards else 1
    components: list[Opened] = []
    studies: list[Opened] = []
    for given in four_studies(title):
        accession = given.study.accession
        trees = [bench.component(accession, component, rows, organism) for component, organism, rows in given.tables]
        images = [bench.opened({f"{name}/images.json": images_file(found)}) for name, found in given.images.items()]
        header = bench.opened({"study.json": given.study.model_dump_json().encode()})
        summaries = [bench.part(t, "summary.json") for t in trees]
        studies.append(bench.run(facts, header, *[*summaries, *images][::turn], accession=accession))
        components += trees
    parts = [bench.part(s, "components") for s in studies]
    everything = bench.run(entities, *[*components, *parts][::turn])
    words = bench.run(terms, *[*components, *parts, everything][::turn])
    tables = {name: bench.run(table, *[*components, *studies, everything, words][::turn], name=name) for name in TABLES}
    own: list[Opened] = []
    for tree in components:
        told = tree.json("summary.json")
        own.append(bench.run(own_table, tree, study=told["study"], component=told["component"]))
    cut = bench.run(study_slices, *[tables[name] for name in SLICED][::turn])
    dumped = bench.run(dump, *[*tables.values(), *own, cut][::turn])
    listed = bench.run(catalogue, *[*studies, bench.part(everything, "lines"), bench.part(words, "lines")][::turn])
    return Warehouse(bench, tuple(components), tuple(studies), everything, words, tables, dumped, listed)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return make(tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="session")
def data(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dump as files below `data/`, as a reader downloads it."""
    root = tmp_path_factory.mktemp("site")
    for path in warehouse.dump:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(warehouse.dump.read(path))
    return root / "data"
