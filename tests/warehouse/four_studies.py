"""Four small studies with the difficulties of real ones.

The same symbol in two organisms; one gene under two kinds of identifier; symbols that differ by case only, with and
without a common identifier; a repeated well; controls with phenotypes; a phenotype with two terms, one with none, one
that no sample has; a component without tables; images in and outside plates, one in no table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.facts import ImageFacts
from portal.model import File, Publication, Study, StudyComponent, Term
from tests.warehouse.bench import FLY, HUMAN, PLANT, POMBE, Row, image, screen, study

FLUORESCENCE = Term(name="fluorescence microscopy", term="FBbi:00000246")
RNAI = Term(name="RNAi screen", term="EFO:0007551")


@dataclass(frozen=True)
class Given:
    """A study, the rows of its components that have tables, and its images."""

    study: Study
    tables: Sequence[tuple[StudyComponent, str, Sequence[Row]]]  # component, organism of its rows, rows
    images: dict[str, list[ImageFacts]] = field(default_factory=dict)


def yeast() -> Given:
    it = screen("screenA", [("elongated", "CMPO:0000077"), ("lost", None)], imaging_method=(FLUORESCENCE,))
    rows = [
        Row("JL_120731_S6A", "A2", (("SPAP8A3.06", "sgo1"),), ("elongated",)),
        Row("JL_120731_S6A", "B3", (("SPAP8A3.06", "sgo1"),)),
        Row("JL_120731_S6A", "A1", (("SPBC1", None),), ("lost",)),
    ]
    return Given(study("idr0001", it, organisms=[POMBE], label="graml-sysgro", licence="CC-BY-4.0"), [(it, POMBE.name, rows)])


def cell_shapes(title: str) -> Given:
    phenotypes = [("round", "CMPO:0000118"), ("big", "CMPO:0000305"), ("never seen", "CMPO:0000999")]
    it = screen("screenA", phenotypes, imaging_method=(FLUORESCENCE,), technology=(RNAI,))
    rows = [
        Row("HT01", "B11", (("151648", "SGOL1"),), ("round", "big"), reagent="M-015475-01"),
        Row("HT01", "A1", (("1", "PLK1"),), ("round",), control="positive control"),
        Row("HT01", "P24", (("9625", None), ("651771", None), (None, "RPL14L")), ("big",)),
        Row("HT02", "A1", control="empty well"),
        Row("HT02", "C3", (("55", "C9orf100"),)),
    ]
    images = [
        image("idr0012", "screenA", "b11-1", "HT01", "B11"),
        image("idr0012", "screenA", "b11-2", "HT01", "B11", field=2),
        image("idr0012", "screenA", "shown", "HT01", "P24", featured=True),
    ]
    whole = study(
        "idr0012", it, organisms=[HUMAN], title=title, study_type=(Term(name="high content screen", term="EFO:0007550"),),
        publications=(Publication(title="A paper", authors="Fuchs F", doi="10.1038/msb.2010.25", year=2010),),
        files=(File(path="protocol.pdf", size="2 MB"), File(url="https://example.org/raw.zip")),
    )  # fmt: skip
    return Given(whole, [(it, HUMAN.name, rows)], {"screenA": images})


def mitosis() -> Given:
    missing = screen("screenA", [("mitotic delay", "CMPO:0000202")], missing="The tables were not deposited.")
    it = screen(
        "screenB",
        [("mitotic delay", "CMPO:0000202"), ("binuclear", "CMPO:0000156"), ("binuclear", "CMPO:0000213"), ("round", "CMPO:0000118")],
        technology=(Term(name="RNAi", term="EFO:0007551"), RNAI),
    )
    sgol1 = (("ENSG00000129810", "SGOL1"),)
    seen = ("mitotic delay", "binuclear")
    rows = [
        Row("LT01", f"{row}{column}", sgol1, seen if column < 3 else (), reagent=f"MCO_{row}{column}")
        for row in "AB"
        for column in range(1, 5)
    ]
    rows += [
        Row("LT01", "C1", (("ENSG00000129810", None),), ("round",)),
        Row("LT01", "A1", sgol1, repeat=2, control="negative control"),
        Row("LT01", "C2", (("55", "C9ORF100"),)),
        Row("LT01", "C3", (("77", "HELZ2"),)),
        Row("LT01", "C4", (("77", "PRIC285"),)),
        Row("LT01", "C5", (("77", None),)),
    ]
    return Given(study("idr0013", missing, it, organisms=[HUMAN]), [(it, HUMAN.name, rows)])


def fly_and_plant() -> Given:
    fly = screen("screenA", [("round", "CMPO:0000118")], organisms=(FLY,))
    leaf = screen("experimentA", kind="experiment", organisms=(PLANT,))
    dorsal_and_delta = [
        Row("P120", "A1", (("FBgn0260632", "dl"),), ("round",)),
        Row("p120", "A1", (("FBgn0000463", "Dl"),)),
        Row("p120", "A2", (("FBgn0260632", None),)),
    ]
    meristems = [Row("Meristems", "2.tif"), Row("Meristems", "1.tif", (("AT1G22260", "ZYP1a"),))]
    images = [
        image("idr0032", "experimentA", "1.tif", "Meristems", "1.tif", synthetic=True),
        image("idr0032", "experimentA", "x", "Unlisted"),
    ]
    tables = [(fly, FLY.name, dorsal_and_delta), (leaf, PLANT.name, meristems)]
    return Given(study("idr0032", fly, leaf), tables, {"experimentA": images})


def four_studies(title: str) -> list[Given]:
    return [yeast(), cell_shapes(title), mitosis(), fly_and_plant()]
