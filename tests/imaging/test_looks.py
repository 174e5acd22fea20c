"""How an image is shown: who is believed, what is said about contradictions, and how often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ingest.images.looks import gathered, look, wavelengths
from ingest.images.opened import Opened, SourceChannel
from portal.imaging.limits import Limits
from portal.imaging.planes import Planes, Rgb
from portal.model import Images
from portal.problems import Place, Problem

AT = Place("studies/x1/images/a.tif")


def source(channels: int) -> Planes:
    return Planes(8, 8, channels, 1, 1, np.dtype("uint16"), lambda t, c, z: np.zeros((8, 8), "uint16"))


def limits(channels: int) -> tuple[Limits, ...]:
    return (Limits(0, 100, 5, 90, (1,) * 64),) * channels


def told(**given: Any) -> Images:
    return Images(source="images/*.tif", **given)


def said(image: Opened, **given: Any) -> list[str]:
    found: list[Problem] = []
    channels = image.source.channels if isinstance(image.source, Planes) else 0
    look(image, told(**given), limits(channels), (), AT, found)
    assert all(p.severity == "warning" and p.place.file == AT.file for p in found)
    return [f"{p.place.path} {p.what}".strip() for p in found]


def test_study_yaml_then_the_file_then_the_pixels() -> None:
    image = Opened(source(3), (SourceChannel("a", "#010203"), SourceChannel("GFP"), SourceChannel(None)), 0.5, 2.0, 10.0)
    found: list[Problem] = []
    shown = look(image, told(channels=[{"name": "DNA", "limits": [1, 2]}], pixel_size_z=2.01), limits(3), (), AT, found)
    assert [c.name for c in shown.channels] == ["DNA", "GFP", "channel 3"]
    assert [c.colour for c in shown.channels] == ["#010203", "#2ee57a", "#5a8bff"]
    assert [c.window for c in shown.channels] == [(1, 2), (5, 90), (5, 90)]
    assert (shown.pixel_size, shown.pixel_size_z, shown.time_step) == (0.5, 2.01, 10.0)
    plate = look(image, told(), limits(3), ((7, 8),) * 3, AT, found)
    assert plate.channels[1].window == (7, 8) and not found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"pixel_size": 0.325}, "pixel_size says 0.65 µm where study.yaml says pixel_size: 0.325 µm"),
        ({"pixel_size_z": 3}, "pixel_size_z says 2 µm where study.yaml says pixel_size_z: 3 µm"),
        ({"time_step": 60}, "time_step says 30 s where study.yaml says time_step: 60 s"),
        ({"channels": [{"name": "a"}] * 3}, "channels has 2 channels where study.yaml declares 3"),
        ({"channels": [{"name": "GFP"}, {"name": "DAPI"}]}, "channels[0].name calls channel 1 'DAPI' where study.yaml says 'GFP'"),
        (
            {"channels": [{"name": "DAPI", "emission": 520}]},
            "channels[0].emission says 461 nm where study.yaml says channels[0].emission: 520 nm",
        ),
    ],
)
def test_contradictions_are_said_with_both_values(given: dict[str, Any], problem: str) -> None:
    image = Opened(source(2), (SourceChannel("DAPI", None, 461, 358), SourceChannel("tubulin")), 0.65, 2, 30)
    assert problem in said(image, **given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"pixel_size": 0.651, "pixel_size_z": 1.97, "time_step": 30.5},
        {"channels": [{"name": "Hoechst", "label": "DNA"}]},
        {"channels": [{"name": "DAPI 405"}, {"name": "Anti-tubulin, Alexa 488"}]},
        {"channels": [{"name": "ch1"}]},
    ],
)
def test_what_agrees_is_no_contradiction(given: dict[str, Any]) -> None:
    image = Opened(source(2), (SourceChannel("DAPI"), SourceChannel("tubulin")), 0.65, 2, 30)
    assert said(image, **given) == []
    assert said(Opened(source(2), (SourceChannel("w1"), SourceChannel("Channel 2"))), channels=[{"name": "DNA"}, {"name": "actin"}]) == []


def test_a_colour_picture_has_no_channels_to_name_and_notes_become_warnings() -> None:
    image = Opened(
        Rgb(8, 8, lambda: np.zeros((8, 8, 3), "uint8")), notes=("holds 2 more images, of which none is drawn; write one file each",)
    )
    assert said(image, channels=[{"name": "H&E"}]) == [
        "holds 2 more images, of which none is drawn",
        "channels is a colour picture without channels where study.yaml declares 1 channel",
    ]


def test_the_files_window_is_shown_unless_one_is_declared_and_it_is_said_which() -> None:
    image = Opened(source(3), (SourceChannel("a", window=(3, 4)),) * 3)
    shown = look(image, told(channels=[{"name": "a", "limits": [1, 2]}]), limits(3), ((7, 8),) * 3, AT, [])
    assert [(c.window, c.by) for c in shown.channels] == [((1, 2), "declared"), ((3, 4), "file"), ((3, 4), "file")]


def test_the_declared_pixel_size_of_a_coarser_copy_is_that_of_the_image() -> None:
    image = Opened(source(1), pixel_size=0.5, full=(32, 32))
    assert said(image, pixel_size=0.5) == []
    assert look(image, told(pixel_size=0.51), limits(1), (), AT, []).pixel_size == 0.51
    assert said(image, pixel_size=2) == ["pixel_size says 0.5 µm where study.yaml says pixel_size: 2 µm"]


def test_wavelengths_are_declared_or_the_files() -> None:
    image = Opened(source(2), (SourceChannel("a", None, 461, 358), SourceChannel("b", None, 520, 488)))
    entry = told(channels=[{"name": "a", "emission": 455}])
    assert [wavelengths(image, entry, c) for c in range(2)] == [(455, 358), (520, 488)]
    assert wavelengths(Opened(source(2)), told(), 1) == (None, None)


def test_the_same_contradiction_of_a_plate_is_told_once_and_names_one_file() -> None:
    every = [Problem(Place(f"studies/x1/{n}.tif", path="pixel_size"), "says so", "mend it", "warning") for n in range(384)]
    found = gathered([*every, Problem(AT, "is empty", "remove it", "warning")])
    assert [p.what for p in found] == ["says so (as do 383 more files)", "is empty"] and found[0].place.file == "studies/x1/0.tif"
    assert [p.what for p in gathered(every[:2])] == ["says so (as does 1 more file)"] and gathered(every[:1]) == every[:1]
    wavelengths = [Problem(Place("studies/x1/1.tif", path=f"channels[{c}].emission"), "says so", "mend it", "warning") for c in (0, 1)]
    assert gathered(wavelengths) == wavelengths, "one file, two keys: two warnings"


def test_of_files_left_out_ten_are_named_and_the_rest_counted() -> None:
    every = [Problem(Place(f"studies/x1/{n}.tif"), "says so", "mend it", "warning") for n in range(384)]
    found = gathered([*every, Problem(AT, "is empty", "remove it", "warning")])
    assert len(found) == 12 and found[10].what == "says so (as do 373 more files)"
    assert gathered(every[:11]) == every[:11] and gathered(every[:12])[10].what == "says so (as does 1 more file)"
