"""Every real image of the shared collection is opened and read; what is refused is refused for the reason that stands here."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from ingest.images.opened import Opened
from ingest.images.opening import opened, reason
from portal.imaging.planes import Planes

SHARED = Path(__file__).parents[2] / "../shared/images"
# What the other tests read: folders of OME-Zarr, tables, XML without pixels.
NO_IMAGE = (".json", ".tsv", ".txt", ".htd", ".zarray", ".zattrs", ".zgroup", "")
TRUNCATED = "is truncated"
COMPLEX = "complex numbers"
DICOM = "slide that does not say that its tiles lie" if importlib.util.find_spec("pydicom") else r"pip install slidecase\[dicom\]"

# Name → why. Files that cannot be drawn: broken on purpose, or of a kind that is not drawn.
REFUSED = {
    "gray.c8.tif": COMPLEX,
    "gray.c16.tif": COMPLEX,
    "truncated_half.tif": TRUNCATED,
    "crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif": TRUNCATED,
    "crash-0e16d3bfb83be87356d026d66919deaefca44dac.tif": TRUNCATED,
    "crash-1152ec2d1a1a71395b6f2ce6721c38924d025bf3.tif": TRUNCATED,
    "crash-1185209cf7655b5aed8ae5e77784dfdd18ab59e9.tif": TRUNCATED,
    "crash-2020-10-test.tif": TRUNCATED,
    "crash-338516dbd2f0e83caddb8ce256c22db3bd6dc40f.tif": TRUNCATED,
    "crash-4f085cc12ece8cde18758d42608bed6a2a2cfb1c.tif": TRUNCATED,
    "crash-63b1dffefc8c075ddc606c0a2f5fdc15ece78863.tif": TRUNCATED,
    "crash-86214e58da443d2b80820cff9677a38a33dcbbca.tif": TRUNCATED,
    "crash-f46f5b2f43c370fe65706c11449f567ecc345e74.tif": TRUNCATED,
    "tiff_overflow_rows_per_strip.tif": "corrupted strip",
    "tiff_strip_cmyk_16l_jpeg.tif": "colour model CMYK in several pages, or not in 8 bits",
    "small_dicom.dcm": DICOM,
}
# OME-XML whose BinData hold nothing, or not enough.
EMPTY = {"2010-04.ome", "hcs.ome.xml", "minimum-specification.ome.xml"}
# Their pixels are of one value, as decoded by hand.
BLANK = {"folders-larger-taxonomy.ome.xml", "folders-simple-taxonomy.ome.xml"}
FILES = sorted(
    path
    for path in (SHARED.rglob("*") if SHARED.is_dir() else ())
    if path.is_file() and path.suffix.lower() not in NO_IMAGE and "zarr" not in str(path.relative_to(SHARED).parent)
)


def middle(found: Opened) -> np.ndarray:
    source = found.source
    if isinstance(source, Planes):
        plane = source.read(0, 0, source.z // 2)
        assert plane.shape == (source.height, source.width) and plane.dtype == source.dtype
        return plane
    assert source.width > 0
    if source.width * source.height > 4_000_000 and source.region is not None:  # a slide: a part of it
        return source.region(slice(source.height // 2, source.height // 2 + 256), slice(source.width // 2, source.width // 2 + 256))
    picture = source.read()
    assert picture.shape == (source.height, source.width, 3) and picture.dtype == np.uint8
    return picture


@pytest.mark.skipif(not FILES, reason=f"needs {SHARED}")
def test_every_real_image_is_read_or_refused_for_a_known_reason() -> None:
    wrong, read, flat = [], 0, []
    for path in FILES:
        why = REFUSED.get(path.name)
        if path.suffix in (".ome", ".xml") and b"BinData" not in path.read_bytes():
            why = "without pixels|describes no image|is XML"
        elif path.name in EMPTY:
            why = "without pixels|promises 8 planes and holds 1"
        try:
            with opened(path, path.name) as found:
                pixels = middle(found)
        except Exception as error:
            said = reason(error, path)
            if why is None or not re.search(why, said):
                wrong.append(f"{path.relative_to(SHARED)} {said}, expected {why or 'pixels'}")
            assert str(SHARED) not in said and len(said) < 260
            continue
        if why is not None:
            wrong.append(f"{path.relative_to(SHARED)} is read, expected {why}")
        read += 1
        if pixels.size > 100 and pixels.min() == pixels.max() and path.name not in BLANK:
            flat.append(path.name)
    assert not wrong, "\n".join(wrong)
    assert read > 290
    assert not flat, "a plane of one value is what a wrong offset looks like"


@pytest.mark.skipif(not FILES, reason=f"needs {SHARED}")
@pytest.mark.parametrize(
    ("name", "pixel_size", "channel", "emission"),
    [
        ("hcs_imx_projmix/2023-02-21/1334/Projection-Mix_E07_s1_w1*.tif", 1.3668, "FITC_05", 536.0),
        ("hcs_imx_exported/9987_Plate_3434/TimePoint_1/ZStep_0/9987_B02_s1_w1.TIF", 1.3672, "DAPI", 452.0),
    ],
)
def test_metamorph_of_real_plates(name: str, pixel_size: float, channel: str, emission: float) -> None:
    path = next(iter(sorted(SHARED.glob(name))))
    with opened(path, path.name) as found:
        assert found.pixel_size == pixel_size
        assert [(c.name, c.emission) for c in found.channels] == [(channel, emission)]
