"""File names: patterns, globs, wells."""

from __future__ import annotations

import pytest

from ingest.images.names import BadPattern, chosen, pattern_of, placed, well_order
from tests.effort import effort


@pytest.mark.parametrize(
    ("path", "pattern", "wanted"),
    [
        ("images/plate1_A2_1.ome.tif", "{plate}_{well}_{field}.ome.tif", ("plate1", "A2", 1)),
        ("plate_1_h12_03.ome.tif", "{plate}_{well}_{field}.ome.tif", ("plate_1", "H12", 3)),
        ("a/P1/W_AA09.tif", "a/{plate}/W_{well}.tif", ("P1", "AA9", 1)),
        ("p1-A1.png", "{plate}-{well}.png", ("p1", "A1", 1)),
        ("p(1)+A1.png", "{plate}+{well}.png", ("p(1)", "A1", 1)),
    ],
)
def test_wells(path: str, pattern: str, wanted: tuple[str, str, int]) -> None:
    found = placed(path, pattern)
    assert found is not None and (found.container, found.sample, found.field) == wanted and found.kind == "plate"


@pytest.mark.parametrize(
    "path", ["plate1_A_1.ome.tif", "plate1_A2_1xomextif", "plate1_2A_1.ome.tif", "_A2_1.ome.tif", "plate1_A2_1.ome.tif.bak"]
)
def test_strangers(path: str) -> None:
    assert placed(path, "{plate}_{well}_{field}.ome.tif") is None


def test_datasets_and_plain_names() -> None:
    found = placed("images/control/cell 1.ome.tif", "images/{dataset}/{image}.ome.tif")
    assert found is not None and (found.container, found.kind, found.sample, found.name) == ("control", "dataset", "cell 1", "cell 1")
    plain = placed("x/slide.OME.TIFF", None)
    assert plain is not None and (plain.name, plain.container, plain.sample) == ("slide", None, "slide")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{plat}_{well}", "unknown part"),
        ("{plate}_{well", "not closed"),
        ("{plate}.tif", "without the other"),
        ("{field}_{image}", "without {plate}"),
        ("{plate}_{well}_{well}", "twice"),
        ("{plate}_{well}_{image}", "a plate and a dataset"),
        ("x.tif", "neither"),
    ],
)
def test_bad_patterns_say_the_mend(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern, match="; ") as told:
        pattern_of(pattern)
    assert why in str(told.value)


def test_a_hostile_name_costs_little() -> None:
    assert placed("_".join(["a"] * 127) + "!", "{dataset}_{image}_x") is None
    assert effort(lambda: placed("_".join(["b"] * 127) + "!", "{dataset}_{image}_x")) < 10


def test_globs() -> None:
    files = ["images/a.tif", "images/b/c.tif", "images/b/d[1].tif", "images/b/e/f.tif", "a.tif"]
    assert chosen("images/*.tif", files) == ["images/a.tif"]
    assert chosen("images/**/*.tif", files) == files[:4]
    assert chosen("images/b/d[1].tif", files) == ["images/b/d[1].tif"]
    assert chosen("images/?.tif", files) == ["images/a.tif"]
    assert chosen("./a.tif", files) == ["a.tif"]


def test_wells_sort_as_plates_do() -> None:
    assert sorted(["B1", "A10", "AA1", "A2", "P24"], key=well_order) == ["A2", "A10", "B1", "P24", "AA1"]
