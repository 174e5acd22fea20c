"""Regions: what is taken, what is left out and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.imaging.regions import MAX_FEATURES, Unusable, collection, read_features, within


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def raw(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


SQUARE = [[[0, 0], [10.123, 0], [10.123, 10], [0, 0]]]


def test_good_features_are_kept_and_cleaned() -> None:
    taken = read_features(raw(feature("Polygon", SQUARE, area=12.5, label="a"), feature("Point", [3, 4, 5])))
    found, complaints = taken.features, taken.complaints
    assert not complaints
    assert found[0]["geometry"]["coordinates"][0][1] == [10.12, 0.0] and found[0]["properties"] == {"area": 12.5, "label": "a"}
    assert found[1]["geometry"]["coordinates"] == [3.0, 4.0]
    assert json.loads(collection(found))["features"] == found


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (feature("Polygon", [[[0, 0], [1, 0], [1, 1], [0, 1]]]), "not closed"),
        (feature("Polygon", [[[0, 0], [1, 0], [0, 0]]]), "needs 4"),
        (feature("Circle", [0, 0]), "geometry 'Circle'"),
        (feature("Point", ["a", 1]), "not two numbers"),
        (feature("Point", [True, 1]), "not two numbers"),
        (feature("Point", [1e300, 1]), "far outside"),
        (feature("Point", [[1, 2]]), "not two numbers"),
        (feature("LineString", 7), "no coordinates"),
        (feature("Point", [1, 2], deep={"a": 1}), "holds a list or mapping"),
        (feature("Point", [1, 2], long="x" * 501), "longer than 500"),
        (feature("Point", [1, 2], **{f"p{i}": i for i in range(41)}), "at most 40"),
        ({"type": "Feature", "geometry": None}, "not a Feature"),
        ("text", "not a Feature"),
    ],
)
def test_a_bad_feature_costs_itself_alone(bad: Any, why: str) -> None:
    taken = read_features(raw(feature("Point", [1, 1]), bad))
    found, complaints = taken.features, taken.complaints
    assert len(found) == 1 and len(complaints) == 1
    assert complaints[0].startswith("features[1] ") and why in complaints[0] and "; " in complaints[0]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nothing",
        b"[]",
        b'{"type": "Feature"}',
        b"\xff\xfe\x00",
        b'{"type": "FeatureCollection", "features": [NaN]}',
        b"[" * 100_000,
        raw(*[None] * (MAX_FEATURES + 1)),
        b" " * 8_000_001,
    ],
)
def test_a_bad_file_is_refused(text: bytes) -> None:
    with pytest.raises(Unusable, match="; "):
        read_features(text)


def test_within() -> None:
    assert within(feature("Polygon", SQUARE), 5, 5)
    assert not within(feature("Point", [11, 3]), 10, 10)
