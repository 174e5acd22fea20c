"""What can name a person is not published by the way: slides with their labels, DICOM, photographs that say where they were taken."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ingest.images.batches import image_steps
from ingest.images.drawing import images
from portal.facts import ComponentImages
from portal.model import Images, StudyComponent
from tests.imaging.test_layouts import work
from tests.imaging.test_opening_slides import dicom_slide, svs, tissue
from tests.imaging.works import content, load, pixels


def published(top: Path, scratch: Path, raw: str = "original", **given: Any) -> tuple[ComponentImages, dict[str, Any], dict[str, str]]:
    """What is known of the images, all outputs, and what is said of each file."""
    files = tuple(sorted(p.name for p in top.iterdir()))
    component = StudyComponent(name="screenA", kind="screen", images=(Images(source="*.*", **given),))
    (batch,), told = image_steps("x1", component, top, files, raw=raw)
    out = dict(images(work(top, batch, scratch), **batch.params))
    said = {p["file"].rpartition("/")[2]: f"{p['what']}; {p['mend']}" for p in load(out, "problems.json")}
    return ComponentImages.model_validate(load(out, "images.json")), out, said | {p.place.path: p.what for p in told}


def originals(out: dict[str, Any]) -> set[str]:
    return {path.rpartition("/")[2] for path in out if path.startswith("site/originals/")}


def photograph(path: Path, **tags: Any) -> None:
    image, exif = Image.fromarray(tissue(40, 50)), Image.Exif()
    exif[0x010E] = "tissue"
    if "gps" in tags:
        exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0)})
    if "owner" in tags:
        exif.get_ifd(0x8769).update({0xA430: "A. Nobody"})
    image.save(path, exif=exif, **({"xmp": tags["xmp"]} if "xmp" in tags else {}))


def test_files_that_can_name_a_person_are_drawn_and_not_published(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    top.mkdir()
    svs(top / "slide.svs", "jpeg", (300, 400))
    (top / "scan.dcm").write_bytes(dicom_slide(tissue(60, 60), 32))
    photograph(top / "here.jpg", gps=True)
    photograph(top / "there.png", gps=True)
    photograph(top / "xmp.jpg", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>51</exif:GPSLatitude></x:xmpmeta>")
    photograph(top / "mine.jpg", owner=True)
    photograph(top / "plain.jpg")
    with tifffile.TiffWriter(top / "converted.ome.tif", ome=True) as tif:
        tif.write(tissue(40, 50), photometric="rgb", metadata={"Name": "tissue"})
        tif.write(tissue(20, 30), photometric="rgb", metadata={"Name": "label image"})
    tifffile.imwrite(top / "grey.tif", np.ones((6, 8), np.uint16))
    found, out, said = published(top, tmp_path / "s")
    assert not found.refused and len(found.images) == 9
    assert originals(out) == {"plain.jpg", "grey.tif"} and {i.path for i in found.images if i.original} == {"plain.jpg", "grey.tif"}
    for name, what in (
        ("slide.svs", "aperio"), ("scan.dcm", "DICOM"), ("here.jpg", "GPS"), ("there.png", "GPS"), ("xmp.jpg", "GPS"),
        ("mine.jpg", "owner"), ("converted.ome.tif", "'label image'"),
    ):  # fmt: skip
        assert what in said[name] and "the file is not published; " in said[name] and "raw: ome-zarr" in said[name], said[name]
    assert "slide_label: true" in said["slide.svs"] and "slide_label" not in said["scan.dcm"]
    assert not [p for p in out if "/slide/" in p] and not any(i.slide for i in found.images)
    # Nothing is said where nothing of the kind was asked for.
    assert not [s for s in published(top, tmp_path / "t", raw="none")[2].values() if "published" in s]


XMP = b"<x:xmpmeta><exif:GPSLatitude>51</exif:GPSLatitude></x:xmpmeta>"


def _hexadecimal(path: Path) -> None:
    """As ImageMagick writes it."""
    texts = PngInfo()
    texts.add_text("Raw profile type xmp", f"\nxmp\n {len(XMP)}\n{XMP.hex()}\n", zip=True)
    Image.fromarray(tissue(8, 8)).save(path, pnginfo=texts)


def _after_the_pixels(path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "tissue"
    Image.fromarray(tissue(8, 8)).save(path, exif=exif)
    whole, text = path.read_bytes(), b"iTXtXML:com.adobe.xmp" + bytes(5) + XMP
    end = whole.rindex(b"IEND") - 4
    path.write_bytes(whole[:end] + struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)) + whole[end:])


def _second_page(path: Path) -> None:
    with tifffile.TiffWriter(path) as tif:
        tif.write(np.zeros((8, 8), np.uint8))
        tif.write(np.zeros((9, 9), np.uint8), extratags=[(700, 1, len(XMP), XMP, True)])


def _second_is_a_label(path: Path) -> None:
    with tifffile.TiffWriter(path) as tif:
        tif.write(np.zeros((80, 80), np.uint8))
        tif.write(np.zeros((9, 9), np.uint8), description="Label 1", subfiletype=1)


def _owner_in_xmp(path: Path) -> None:
    Image.fromarray(tissue(8, 8)).save(path, xmp=b"<x aux:OwnerName='A. Nobody'/>")


@pytest.mark.parametrize(
    ("name", "write", "what"),
    [
        ("hexadecimal.png", _hexadecimal, "GPS"),
        ("after.png", _after_the_pixels, "GPS"),
        ("second.tif", _second_page, "GPS"),
        ("label.tif", _second_is_a_label, "'Label 1'"),
        ("owner.jpg", _owner_in_xmp, "owner"),
    ],
)
def test_names_in_places_where_few_would_look(name: str, write: Callable[[Path], None], what: str, tmp_path: Path) -> None:
    from ingest.images.private import withheld

    write(tmp_path / name)
    assert what in (withheld(tmp_path / name, slide_label=False) or "")


def test_what_is_no_part_of_an_ome_zarr_is_not_published_with_it() -> None:
    from ingest.images.private import zarr_key

    parts = ("zarr.json", "0/.zarray", "0/c/0/1/2", "0/0.1.2", "0/c.0.1", "A/1/0/0/0/0/0/0/0", "OME/METADATA.ome.xml")
    assert all(map(zarr_key, parts)) and not any(map(zarr_key, ("photo.jpg", "0/photo_of_a_patient.png", "notes.txt", "0/.DS_Store")))


def test_the_label_of_a_slide_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    top.mkdir()
    svs(top / "slide.svs", "jpeg", (300, 400))
    (top / "scan.dcm").write_bytes(dicom_slide(tissue(60, 60), 32))
    found, out, said = published(top, tmp_path / "s", slide_label=True)
    assert "can name a patient" in said["components[0].images[0].slide_label"]
    scan, slide = found.images
    assert slide.slide == ("label", "macro") and scan.slide == () and originals(out) == {"slide.svs"}
    label = pixels(content(out[f"site/{slide.tiles}slide/label.webp"]))
    assert label.shape == (60, 50, 3) and np.abs(label.astype(int) - (255, 0, 0)).max() < 12
    assert "DICOM" in said["scan.dcm"], "slide_label speaks of slides' labels, not of a header's names"


@pytest.mark.parametrize("name", ["Label", "SlidePreview", "TimeStamps"])
def test_a_czi_with_the_picture_of_a_label(name: str, tmp_path: Path) -> None:
    from ingest.images.private import withheld

    entry = b"A1" + bytes(10) + bytes(8) + bytes(4) + bytes(16) + b"CZI\0\0\0\0\0" + name.encode().ljust(80, b"\0")
    (tmp_path / "a.czi").write_bytes(b"ZISRAWFILE".ljust(1_000, b"\0") + entry)
    why = withheld(tmp_path / "a.czi", slide_label=False)
    assert (why is None) == (name == "TimeStamps") and withheld(tmp_path / "a.czi", slide_label=True) is None
