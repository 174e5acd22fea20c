"""File names: patterns, globs, wells."""

from __future__ import annotations

import json

import pytest

from ingest.images.names import BadPattern, Part, PartChannel, Placed, Spot, chosen, natural, pattern_of, placed, spotted, well_order
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
    ("path", "pattern", "wanted"),
    [
        ("p1/ZStep_3/p1_A1_s2_w4.tif", "p1/ZStep_{z}/{plate}_{well}_s{field}_w{channel}.tif", ("p1", "A1", 2, Spot("4", 3))),
        ("p1_A1_T0004F2Z10C01.tif", "{plate}_{well}_T{t}F{field}Z{z}C{channel}.tif", ("p1", "A1", 2, Spot("01", 10, 4))),
        ("cells/frame0012.tif", "cells/{image}{t}.tif", (None, "frame", 1, Spot(None, None, 12))),
        ("2024_001.tif", "{image}_{t}.tif", (None, "2024", 1, Spot(None, None, 1))),
        ("x-DAPI-z07.tif", "{image}-{channel}-z{z}.tif", (None, "x", 1, Spot("DAPI", 7))),
    ],
)
def test_planes_in_names(path: str, pattern: str, wanted: tuple[str | None, str, int, Spot]) -> None:
    found = spotted(path, pattern)
    assert found is not None
    assert (found[0].container, found[0].sample, found[0].field, found[1]) == wanted


def test_what_a_step_is_given_comes_back_as_it_was() -> None:
    parts = (Part("a.tif"), Part("b.tif", 1, 0, 2, 5))
    for whole in (
        Placed("a.tif", "a", sample="a"),
        Placed(
            "a.tif",
            "p A1",
            "p",
            "plate",
            "A1",
            2,
            parts,
            (3, 2, 1),
            (PartChannel("x"), PartChannel(None, "#ff0000", 500.0)),
            0.5,
            None,
            2.0,
        ),
        Placed("https://a.b/c.zarr", "c", url="https://a.b/c.zarr", mark="abc", sha256="0" * 64, size=3),
    ):
        assert Placed.of(json.loads(json.dumps(whole.plain()))) == whole
    assert set(Placed("a.tif", "a").plain()) == {"path", "name", "container", "kind", "sample", "field"}


def test_channels_sort_by_their_numbers() -> None:
    assert sorted(["w10", "w2", "W1", "DAPI"], key=natural) == ["DAPI", "W1", "w2", "w10"]


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
    assert effort(lambda: placed("_1" * 60 + "!", "{dataset}_{image}_{channel}{z}{t}_x")) < 100


def test_globs() -> None:
    files = ["images/a.tif", "images/b/c.tif", "images/b/d[1].tif", "images/b/e/f.tif", "a.tif"]
    assert chosen("images/*.tif", files) == ["images/a.tif"]
    assert chosen("images/**/*.tif", files) == files[:4]
    assert chosen("images/b/d[1].tif", files) == ["images/b/d[1].tif"]
    assert chosen("images/?.tif", files) == ["images/a.tif"]
    assert chosen("./a.tif", files) == ["a.tif"]
    assert chosen("**/*.tif", files) == sorted(files) and chosen("*a*/*a*.t*f", files) == ["images/a.tif"]
    assert chosen("images/**", files) == ["images/a.tif"] and chosen("**/**/e/**/f.*", files) == ["images/b/e/f.tif"]


def test_a_glob_takes_the_time_of_a_name_s_length() -> None:
    assert effort(lambda: chosen("*a" * 25 + "b.tif", ["a" * 250] * 10)) < 10
    assert effort(lambda: chosen("**/*a/" * 10 + "b", ["aa/" * 12 + "c"])) < 10


def test_wells_sort_as_plates_do() -> None:
    assert sorted(["B1", "A10", "AA1", "A2", "P24"], key=well_order) == ["A2", "A10", "B1", "P24", "AA1"]
