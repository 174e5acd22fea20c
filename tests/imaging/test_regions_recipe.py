"""Regions, points and masks on their way to the tiles: what each image takes, what is complained of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ingest.images.batches import image_steps
from ingest.images.drawing import images
from portal.facts import ComponentImages
from portal.model import Images, StudyComponent
from tests.imaging.works import content, load, pixels, work_of

FOLDER = Path("content/studies/x1")


def drawn(tmp_path: Path, files: dict[str, Path], **given: Any) -> tuple[ComponentImages, dict[str, bytes | Path], list[str]]:
    component = StudyComponent(name="screenA", kind="screen", images=(Images(source="images/*.tif", **given),))
    (batch,), found = image_steps("x1", component, FOLDER, tuple(files))
    assert not found, found
    work = work_of({path: files[path] for path in batch.files}, tmp_path / "scratch")
    out = dict(images(work, **batch.params))
    said = [f"{p['file'].rpartition('/')[2]}: {p['what']}" for p in load(out, "problems.json")]
    return ComponentImages.model_validate(load(out, "images.json")), out, said


def study(tmp_path: Path, names: tuple[str, ...] = ("a", "b"), **others: str) -> dict[str, Path]:
    (tmp_path / "images").mkdir(exist_ok=True)
    files = {}
    for name in names:
        path = tmp_path / f"images/{name}.tif"
        tifffile.imwrite(path, np.arange(40 * 60, dtype=np.uint16).reshape(40, 60))
        files[f"images/{name}.tif"] = path
    for name, text in others.items():
        path = tmp_path / name.replace("__", ".")
        path.write_text(text)
        files[path.name] = path
    return files


def rois(out: dict[str, bytes | Path], address: str | None) -> Any:
    return load(out, f"site/{address}")


def test_files_of_several_kinds_go_to_their_images(tmp_path: Path) -> None:
    files = study(
        tmp_path,
        spots__csv="image,x,y,t,track\na.tif,1,2,0,7\nb.tif,3,4,0,8\nb.tif,900,4,0,8\n",
        a__geojson=json.dumps(
            {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [9, 9]}}]}
        ),
        pts__csv="image,x,y\na,5,6\na,7,8\na,1000,8\n",
    )
    found, out, said = drawn(tmp_path, files, rois=["spots.csv", "*.geojson"], localisations="pts.csv")
    a, b = found.images
    taken = rois(out, a.rois)
    assert [f["geometry"]["coordinates"] for f in taken["features"]] == [[1, 2], [9, 9]], "b takes no file that bears a's name"
    assert taken["features"][0]["properties"] == {"t": 0, "track": 7}, "what said whose it is, is not told again"
    assert taken["points"] == [{"name": "pts", "file": "points/0.bin", "count": 2, "value": None}]
    assert np.frombuffer(content(out[f"site/{a.tiles}points/0.bin"]), "<f4").tolist() == [5, 6, 7, 8]
    assert len(rois(out, b.rois)["features"]) == 1 and "points" not in rois(out, b.rois)
    assert said == [
        "b.tif: has 1 regions that lie outside of it; they are left out",
        "pts.csv: has 1 localisations outside of a; they are left out",
    ]


def test_regions_of_a_header(tmp_path: Path) -> None:
    files = study(tmp_path, ())
    path = tmp_path / "images/a.ome.tif"
    header = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="60" SizeY="40" SizeZ="1" SizeC="1" SizeT="1">'
        "<TiffData/></Pixels>"
        '<ROIRef ID="ROI:0"/></Image><ROI ID="ROI:0"><Union><Rectangle X="1" Y="2" Width="3" Height="4"/></Union></ROI></OME>'
    )
    tifffile.imwrite(path, np.ones((40, 60), np.uint16), description=header, metadata=None)
    found, out, said = drawn(tmp_path, {**files, "images/a.ome.tif": path})
    assert not said and rois(out, found.images[0].rois)["features"][0]["geometry"]["coordinates"][0][2] == [4, 6]


def test_masks_are_label_images_and_no_images(tmp_path: Path) -> None:
    files = study(tmp_path)
    mask = np.zeros((40, 60), np.uint16)
    mask[10:20, 30:40] = 7
    for name, data in (("a_nuclei", mask), ("b_nuclei", mask[:30]), ("b_cells", mask.astype(np.float32))):
        tifffile.imwrite(tmp_path / f"images/{name}.tif", data)
        files[f"images/{name}.tif"] = tmp_path / f"images/{name}.tif"
    found, out, said = drawn(tmp_path, files, labels=["images/*_nuclei.tif", "images/*_cells.tif"])
    assert [i.name for i in found.images] == ["a", "b"]
    info = load(out, f"site/{found.images[0].tiles}info.json")
    assert [(v["name"], v["ids"]) for v in info["labels"]] == [("nuclei", 1)]
    tile = pixels(content(out[f"site/{found.images[0].tiles}labels/0/0/0/0/0_0.webp"]))
    assert tile[15, 35].tolist() == [7, 0, 0] and tile[15, 45].tolist() == [0, 0, 0]
    assert len(said) == 2 and "60 × 30 pixels where its image has 60 × 40" in said[1] and "whole numbers" in said[0]


def test_what_is_named_and_not_there(tmp_path: Path) -> None:
    files = study(tmp_path)
    component = StudyComponent(name="s", kind="screen", images=(Images(source="images/*.tif", rois=("r.json", "*.csv"), labels="m/*.tif"),))
    _, found = image_steps("x1", component, FOLDER, tuple(files))
    assert [p.place.path for p in found] == [f"components[0].images[0].{k}" for k in ("rois", "rois", "labels")]


def test_what_was_measured_of_the_objects_of_a_mask(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint16)
    mask[2:8, 2:8], mask[20:30, 30:40] = 3, 70
    files = study(
        tmp_path,
        ("a", "b"),
        sizes__csv="image,id,area,class\na.tif,3,36,small\na.tif,70,100,large\na.tif,71,5,\na.tif,0,1,x\na.tif,1.5,1,x\nb,3,7,\n",
        a_nuclei__csv="Label,mean\n3,1.25\n70,\n70,9\n",
        bad__csv="area\n1\n",
    )
    for name in ("a_nuclei", "b_nuclei"):
        tifffile.imwrite(tmp_path / f"images/{name}.tif", mask)
        files[f"images/{name}.tif"] = tmp_path / f"images/{name}.tif"
    found, out, said = drawn(tmp_path, files, labels="images/*_nuclei.tif", label_properties=["sizes.csv", "*_nuclei.csv", "bad.csv"])
    told = [load(out, f"site/{image.tiles}labels/0.json")["properties"] for image in found.images]
    assert told == [{"3": {"area": 36, "class": "small", "mean": 1.25}, "70": {"area": 100, "class": "large"}}, {"3": {"area": 7}}]
    assert said == [
        "bad.csv: names no column id in its first row, and is left out",
        "sizes.csv: row 5 has the id '0', and is left out",
        "sizes.csv: row 6 has the id '1.5', and is left out",
        "sizes.csv: has 1 row of ids that the label image 'nuclei' of a does not have (71); they are left out",
    ]
