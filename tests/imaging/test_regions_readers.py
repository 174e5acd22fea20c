"""Regions as programs write them: OME-XML, tables, QuPath's GeoJSON, masks; localisations. What is taken, what is left out and why."""

from __future__ import annotations

import base64
import json
import math
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.images.regions import ome as regions_ome
from ingest.images.regions import table as regions_table
from ingest.images.regions.masks import bits, outlines
from ingest.images.regions.points import points_of
from ingest.images.regions.read import features_of
from portal.imaging.points import Points, described, inside, packed
from portal.imaging.regions import MAX_FEATURES, Unusable, measured, take, within

SHARED = Path(__file__).parents[2] / "../shared"

OME = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0" Name="a.ome.tif"><ROIRef ID="ROI:0"/></Image><Image ID="Image:1" Name="b.tif"><ROIRef ID="ROI:0"/></Image>
<ROI ID="ROI:0" Name="cell"><Union>{}</Union></ROI></OME>"""


def read(raw: bytes, name: str) -> tuple[list[dict[str, Any]], list[str]]:
    taken = features_of(raw, name)
    return taken.features, taken.complaints


def of_ome(shapes: str, **how: Any) -> Any:
    return take(regions_ome.features_of(OME.format(shapes), **how))


def of_table(text: str, name: str = "t.csv") -> Any:
    return take(regions_table.features_of(text.encode(), name))


def test_every_shape_of_ome_xml() -> None:
    mask = base64.b64encode(np.packbits([1, 1, 0, 1, 1, 0]).tobytes()).decode()
    taken = of_ome(
        '<Point X="1" Y="2" TheZ="3" TheT="4" TheC="1" Text="here" StrokeColor="-16776961"/>'
        '<Label X="5" Y="6" Text="said"/><Line X1="0" Y1="0" X2="3" Y2="4"/><Polyline Points="0,0 1,1, 2,0"/>'
        '<Polygon Points="0,0 4,0 4,4 0,4"/><Rectangle X="1" Y="2" Width="3" Height="4"/><Ellipse X="10" Y="10" RadiusX="4" RadiusY="2"/>'
        '<Rectangle X="0" Y="0" Width="2" Height="2"><Transform A00="0" A01="-1" A02="10" A10="1" A11="0" A12="20"/></Rectangle>'
        f'<Mask X="7" Y="8" Width="3" Height="2"><BinData BigEndian="true" Length="6">{mask}</BinData></Mask>'
        '<Path Definition="M1,1"/><Line X1="0" Y1="0" X2="3"/>',
        first=True,
    )
    kinds = [f["geometry"]["type"] for f in taken.features]
    assert kinds == ["Point", "Point", "LineString", "LineString", "Polygon", "Polygon", "Polygon", "Polygon", "MultiPolygon"]
    assert taken.features[0]["properties"] == {"name": "cell", "text": "here", "colour": "#ff0000", "z": 3, "t": 4, "c": 1}
    assert [measured(f) for f in taken.features[2:6]] == [(None, 5.0), (None, pytest.approx(2 * math.sqrt(2))), (16.0, None), (12.0, None)]
    assert measured(taken.features[6])[0] == pytest.approx(math.pi * 8, rel=0.003)
    assert taken.features[7]["geometry"]["coordinates"][0][:3] == [[10, 20], [10, 22], [8, 22]], "turned by 90°, then moved"
    assert taken.features[8]["geometry"]["coordinates"] == [[[[7, 8], [9, 8], [9, 10], [7, 10], [7, 8]]]]
    assert len(taken.complaints) == 2 and all(c.startswith("ROI:0 ") and "; " in c for c in taken.complaints)


def test_a_region_goes_to_each_image_that_refers_to_it() -> None:
    taken = of_ome('<Point X="1" Y="2"/>')
    assert [f["properties"]["image"] for f in taken.features] == ["a", "b"]
    assert "image" not in of_ome('<Point X="1" Y="2"/>', first=True).features[0]["properties"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>', "DOCTYPE"),
        ("<OME><ROI></OME>", "not XML"),
        ("<svg></svg>", "not OME-XML"),
        ("<a>" * 50_000, "not XML"),
    ],
)
def test_hostile_xml_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        take(regions_ome.features_of(text))


@pytest.mark.parametrize("kind", ["none", "zlib"])
def test_masks_become_the_outlines_of_their_pixels(kind: str) -> None:
    mask = np.zeros((12, 15), bool)
    mask[1:8, 2:9] = True
    mask[3:6, 4:7] = False  # a hole
    mask[4, 5] = True  # an island in it
    mask[9, 9] = mask[10, 10] = True  # two pixels that touch at a corner
    raw = np.packbits(mask).tobytes()
    text = base64.b64encode(zlib.compress(raw) if kind == "zlib" else raw).decode()
    again = bits(text, 15, 12, kind)
    assert np.array_equal(again, mask)
    parts = outlines(again)
    assert sorted(len(part) for part in parts) == [1, 1, 1, 2]
    covered = np.zeros_like(mask, int)
    for part in parts:
        for ring in part:
            for y, x in np.ndindex(mask.shape):
                crossed = sum((a[1] > y + 0.5) != (b[1] > y + 0.5) and a[0] > x + 0.5 for a, b in pairwise(ring))
                covered[y, x] += crossed
    assert np.array_equal(covered % 2 == 1, mask), "what the rings enclose is the mask, to the pixel"


@pytest.mark.parametrize(("text", "size", "why"), [("AA==", (9, 9), "needed"), ("é", (2, 2), "decoded"), ("AA==", (10**5,) * 2, "pixels")])
def test_masks_that_lie_are_refused(text: str, size: tuple[int, int], why: str) -> None:
    with pytest.raises(Unusable, match=why):
        bits(text, *size)


def test_a_zipped_mask_is_bounded() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
    assert not bits(bomb, 8, 8, "zlib").any()


def test_tables_give_every_kind_of_shape() -> None:
    taken = of_table(
        "Image;X;Y;T;TrackID;Radius;width;height;points;type;Area [µm²];Label\n"
        "a.ome.tif;1;2;0;7;;;;;;3.5;one\n"
        "img/b.tif;1;2;1;7;4;;;;;;\n"
        "a;5;6;;;;10;20;;rectangle;;\n"
        'a;;;;;;;;"1,1 5,1 5,5";polygon;;\n'
        "a;x;6;;;;;;;;;\n"
        "a;1;;;;;;;;;;\n"
    )
    kinds = [f["geometry"]["type"] for f in taken.features]
    assert kinds == ["Point", "Point", "Polygon", "Polygon"]
    assert taken.features[0]["properties"] == {"image": "a", "t": 0, "track": 7, "name": "one", "Area [µm²]": 3.5}
    assert taken.features[1]["properties"]["radius"] == 4 and measured(taken.features[1])[0] == pytest.approx(math.pi * 16)
    assert measured(taken.features[2])[0] == 200 and measured(taken.features[3])[0] == 8
    assert taken.complaints == ["row 6 has x 'x'; write a number", "row 7 has no y; write a number of pixels"]


def test_an_export_of_omero_counts_from_one_and_has_a_row_a_channel() -> None:
    head = "image_id,image_name,roi_id,shape_id,type,text,z,t,channel,area,length,points,min,max,sum,mean,std_dev,X,Y,Width,Height,RadiusX,RadiusY,X1,Y1,X2,Y2,Points"  # noqa: E501
    rows = [
        '1,"a.tif",2,3,polygon,"n",1,2,DAPI,8,,9,0,1,2,5.5,1,,,,,,,,,,,"1.0,1.0 5.0,1.0 5.0,5.0"',
        '1,"a.tif",2,3,polygon,"n",1,2,GFP,8,,9,0,1,2,7.5,1,,,,,,,,,,,"1.0,1.0 5.0,1.0 5.0,5.0"',
        '1,"a.tif",2,4,ellipse,,,,DAPI,8,,9,0,1,2,1,1,10,10,,,4,2,,,,,',
    ]
    taken = of_table("\n".join([head, *rows]))
    assert not taken.complaints and len(taken.features) == 2
    told = taken.features[0]["properties"]
    assert (told["z"], told["t"], told["mean of DAPI"], told["mean of GFP"], told["name"]) == (0, 1, 5.5, 7.5, "n")
    assert measured(taken.features[1])[0] == pytest.approx(math.pi * 8, rel=0.003) and "z" not in taken.features[1]["properties"]


def test_an_outline_in_a_file_of_its_own() -> None:
    taken = of_table("x,y\n0,0\n10,0\n10,10\n0,10\n", "rois/a.roi.csv")
    assert measured(taken.features[0]) == (100.0, None)
    assert "row 3" in of_table("x,y\n0,0\nq,0\n", "a.roi.csv").complaints[0]


@pytest.mark.parametrize(("text", "why"), [("a,b\n1,2", "x and y"), ("", "x and y"), ("x,y\n" + "1,1\n" * (MAX_FEATURES + 1), "more than")])
def test_a_bad_table_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        of_table(text)


def test_qupath_says_class_colour_and_measurements() -> None:
    square = [[[0, 0], [4, 0], [4, 4], [0, 0]]]
    told = {"objectType": "detection", "classification": {"name": "Tumor", "color": [200, 0, 0]}, "measurements": {"Area": 12.5}}
    one = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}, "properties": told}
    features, complaints = read(json.dumps([one]).encode(), "q.geojson")
    assert not complaints and features[0]["properties"] == {"objectType": "detection", "class": "Tumor", "colour": "#c80000", "Area": 12.5}


@pytest.mark.parametrize(("name", "value"), [("z", 1.5), ("t", -1), ("colour", "red"), ("radius", "5"), ("track", True)])
def test_reserved_properties_are_checked(name: str, value: Any) -> None:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": {name: value}}
    taken = take([("here", point)])
    assert not taken.features and name in taken.complaints[0]


def test_localisations_in_nanometres(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('"id","frame","x [nm]","y [nm]","intensity [photon]"\n1,1,1000,500,10\n2,1,,7,1\n3,2,2000,500,30\n')
    ((points,), complaints) = points_of(path, "loc/p.csv", 0.1)
    assert points.xy.tolist() == [[10, 5], [20, 5]] and points.value_name == "intensity [photon]" and points.name == "p"
    assert complaints == ["has 1 rows without a position; they are not drawn"]
    with pytest.raises(Unusable, match="pixel_size"):
        points_of(path, "p.csv", None)
    raw = np.frombuffer(packed(points), "<f4")
    assert raw.tolist() == [10, 5, 20, 5, 10, 30]
    assert described(points, "points/0.bin")["count"] == 2


def test_localisations_by_image_and_bad_cells(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("image,x,y\na.tif,1,2\nb.tif,3,4\na.tif,5,6\n")
    found, _ = points_of(path, "p.csv", None)
    assert {p.image: p.xy.tolist() for p in found} == {"a": [[1, 2], [5, 6]], "b": [[3, 4]]}
    path.write_text("x,y\n1,2\n1,zwei\n")
    with pytest.raises(Unusable, match=r"Row #3.*zwei"):
        points_of(path, "p.csv", None)


def test_points_outside_are_counted_and_a_million_are_drawn() -> None:
    xy = np.stack([np.arange(1_200_000) % 100, np.zeros(1_200_000)], axis=1).astype(float)
    kept, outside = inside(Points("p", xy), 49, 10)
    assert outside == 600_000 and len(kept.xy) == 600_000
    assert len(inside(Points("p", xy), 1000, 10)[0].xy) == 1_000_000


@pytest.mark.skipif(not (SHARED / "images/ome_xml_rois").exists(), reason="the shared images are not here")
def test_real_ome_xml() -> None:
    features, complaints = read((SHARED / "images/ome_xml_rois/shape-union.ome.xml").read_bytes(), "shape-union.ome.xml")
    assert not complaints and len(features) == 9
    assert [f["properties"].get("image") for f in features] == ["C4_drawing"] * 8 + [None]
    assert features[0]["geometry"]["coordinates"][0][:2] == [[57.12, 28.75], [112.62, 28.75]]
    assert features[0]["properties"] | {"image": 0} == {"colour": "#ffff00", "z": 23, "t": 0, "image": 0}
    assert features[7]["properties"]["name"] == "this one has a comment" and all(within(f, 305, 240) for f in features)
    features, complaints = read((SHARED / "images/ome_xml_rois/6x4y1z1t3c8b-swatch-upgrade.ome").read_bytes(), "old.ome")
    assert len(features) == 10 and len(complaints) == 4, "the schema of 2009, of which paths are not drawn"


@pytest.mark.skipif(not (SHARED / "corpus/idr").exists(), reason="the shared corpus is not here")
def test_real_outlines_of_idr() -> None:
    files = sorted((SHARED / "corpus/idr").glob("idr0150*/ROIs/**/*.roi.csv"))
    assert len(files) == 12
    for file in files:
        (found,), complaints = read(file.read_bytes(), file.name)
        assert not complaints and (measured(found)[0] or 0) > 1e6
