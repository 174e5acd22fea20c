"""Columns of coordinates in IDR's tables."""

from __future__ import annotations

from ingest.importers.idr.columns import map_columns


def test_coordinates_are_mapped_in_decimal_degrees_and_in_minutes() -> None:
    table = {"Plate": ["P"] * 2, "Well": ["A1", "A2"], "Characteristics [Latitude]": ["48.6", "48°38'17.79''"]}
    table["Characteristics [Longitude]"] = ["9.1", "9°15'12.27''"]
    found = map_columns(list(table), table.__getitem__, "plate")
    assert found.mapped["latitude"] == "Characteristics [Latitude]" and not found.said
    # What is no latitude leaves its sample without a place, and no other …
    table["Characteristics [Latitude]"] = ["132.7", "48.6"]
    found = map_columns(list(table), table.__getitem__, "plate")
    assert "latitude" in found.mapped and "1 cells of" in found.said[0] and "without a place" in found.said[0]
    # … and a column that says none at all is no column of latitudes.
    table["Characteristics [Latitude]"] = ["1517.8", "north"]
    found = map_columns(list(table), table.__getitem__, "plate")
    assert set(found.mapped) == {"plate", "well"}
    assert "not mapped" in found.said[0]
