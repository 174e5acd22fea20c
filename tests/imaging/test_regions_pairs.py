"""Correlative pairs: what of study.yaml is refused, what a page hands to the viewer, what it says without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ingest.images.batches import image_steps
from portal.facts import ImageFacts
from portal.model import Correlation, Images, Study, StudyComponent
from portal.pages.pairs import in_pixels, pairs_of

AFFINE = (0.5, 0.25, 100.0, -0.1, 0.75, 50.0)


def facts(name: str, pixel_size: float | None = None, container: str | None = None) -> ImageFacts:
    plain: dict[str, Any] = {
        "study": "s1",
        "component": "a",
        "path": f"{name}.tif",
        "width": 9,
        "height": 9,
        "kind": "strips",
        "sha256": "0",
    }
    plain |= {"tiles": f"tiles/{name}/", "thumbnail": "t", "preview": "p", "bytes": 1, "pixel_size": pixel_size, "container": container}
    return ImageFacts(id=f"s1-a-{name}", name=name, **plain)


def component(**told: Any) -> StudyComponent:
    pair = Correlation(description="on each other", **told)
    return StudyComponent(name="a", kind="experiment", images=(Images(source="*.tif"),), correlation=(pair,))


@pytest.mark.parametrize("numbers", [(1, 2, 0, 2, 4, 0), (float("nan"), 0, 0, 0, 1, 0), (1, 0, 0, 0, 1), (1e300, 0, 0, 0, 1, 0)])
def test_a_transform_that_cannot_be_undone_is_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        component(fixed="x", moving="y", transform=numbers)


@pytest.mark.parametrize(
    ("told", "path", "what"),
    [
        ({"fixed": "light", "moving": "em", "transform": AFFINE}, None, ""),
        ({"fixed": "light", "moving": "en", "transform": AFFINE}, ".moving", "no image"),
        ({"fixed": "light", "moving": "light", "transform": AFFINE}, ".moving", "itself"),
        ({"fixed": "light", "transform": AFFINE}, "", "without moving"),
        ({"transformation": "by eye"}, None, ""),
    ],
)
def test_what_is_wrong_with_a_pair(told: dict[str, Any], path: str | None, what: str) -> None:
    _, found = image_steps("s1", component(**told), Path("content/studies/s1"), ("light.tif", "em.tif"))
    assert [p.place.path for p in found] == ([] if path is None else [f"components[0].correlation[0]{path}"])
    assert all(what in p.what and p.mend for p in found)


def test_both_pages_know_of_the_pair() -> None:
    study = Study(accession="s1", title="t", components=(component(fixed="light", moving="em", transform=AFFINE),))
    light, em = facts("light"), facts("em")
    (on,) = pairs_of(light, study, None, (light, em))
    assert (on.name, on.on_this, on.matrix) == ("em", True, AFFINE) and on.info == "tiles/em/info.json"
    assert on.told(lambda address: "../../" + address)["page"] == "../../images/s1-a-em/"
    (under,) = pairs_of(em, study, None, (light, em))
    assert (under.name, under.on_this, under.matrix) == ("light", False, None)
    assert pairs_of(facts("else"), study, None, (light, em)) == ()


def test_micrometres_become_pixels() -> None:
    told = component(fixed="light", moving="em", transform=(1, 0, 10, 0, 1, 20), unit="µm").correlation[0]
    assert in_pixels(told, facts("light", 0.5), facts("em", 0.1)) == pytest.approx((0.2, 0, 20, 0, 0.2, 40))
    assert in_pixels(told, facts("light", 0.5), facts("em")) is None
