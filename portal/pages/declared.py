"""What the sources declare about their size, beside what the tables hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.parquet as pq

from portal.engine.step import Opened
from portal.pages.prose import count, number

Row = dict[str, object]


@dataclass(frozen=True)
class Size:
    """One component. Counts of what is here; the declared ones None where the source declares none.

    `used`: containers with at least one sample that the study's own figures count.
    """

    study: str
    component: str
    address: str
    kind: str
    declared_containers: int | None
    containers: int
    used: int
    declared_images: int | None
    samples: int
    counted: int
    differences: tuple[str, ...] = ()

    @property
    def container(self) -> str:
        return "plate" if self.kind == "screen" else "dataset"

    @property
    def a_sample(self) -> str:
        """Declared images a counted sample; '' where there is nothing to divide."""
        return number(round(self.declared_images / self.counted, 2)) if self.declared_images and self.counted else ""


@dataclass(frozen=True)
class Declared:
    """Components that declare a size: `differ` first, `agree`, and `nothing` where no table is here to compare with."""

    differ: tuple[Size, ...]
    agree: tuple[Size, ...]
    nothing: tuple[Size, ...]

    @property
    def total(self) -> int:
        return len(self.differ) + len(self.agree) + len(self.nothing)


def _rows(trees: Sequence[Opened], table: str, columns: Sequence[str]) -> list[Row]:
    for tree in trees:
        if f"{table}.parquet" in tree:
            return pq.read_table(tree.path(f"{table}.parquet"), columns=list(columns)).to_pylist()
    return []


def labels(trees: Sequence[Opened]) -> dict[str, str]:
    """study → its short name, of the published table of studies."""
    return {str(r["study"]): str(r["label"] or "") for r in _rows(trees, "studies", ("study", "label"))}


def declared(trees: Sequence[Opened]) -> Declared:
    """From the published tables components and containers."""
    used: dict[tuple[object, object], int] = {}
    for row in _rows(trees, "containers", ("study", "component", "counted")):
        if row["counted"]:
            key = row["study"], row["component"]
            used[key] = used.get(key, 0) + 1
    wanted = ("study", "component", "address", "kind", "declared_containers", "containers", "declared_images", "samples", "counted")
    differ: list[Size] = []
    agree: list[Size] = []
    nothing: list[Size] = []
    for row in _rows(trees, "components", wanted):
        if row["declared_containers"] is None and row["declared_images"] is None:
            continue
        size = Size(**row, used=used.get((row["study"], row["component"]), 0))  # type: ignore[arg-type]
        found = tuple(_differences(size))
        size = Size(**row, used=size.used, differences=found)  # type: ignore[arg-type]
        (nothing if not size.samples else differ if found else agree).append(size)
    return Declared(tuple(differ), tuple(agree), tuple(nothing))


def _differences(size: Size) -> Iterator[str]:
    """In words. Where images are samples both numbers may be meant, with and without those that the study does not count;
    a well may have many images, but not less than one.
    """
    if size.declared_containers is not None and size.declared_containers not in (size.used, size.containers):
        yield _more(size.containers - size.declared_containers, size.container, "here")
    if size.declared_images is not None and size.kind != "screen" and size.declared_images not in (size.samples, size.counted):
        yield _more(size.samples - size.declared_images, "image", "here")
    if size.declared_images is not None and size.kind == "screen" and size.declared_images < size.counted:
        yield f"{count(size.counted - size.declared_images, 'sample')} more than there are images"


def _more(difference: int, what: str, where: str) -> str:
    return f"{count(abs(difference), what)} {'more' if difference > 0 else 'fewer'} {where}"
