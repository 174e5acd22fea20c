"""OME-XML that holds its pixels: every order, type and compression; and what hostile or empty files are refused for."""

from __future__ import annotations

import bz2
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest

from ingest.images.opened import Unreadable
from ingest.images.opening import opened
from ingest.images.regions.ome import of_header
from portal.imaging.planes import Planes

HEAD = '<?xml version="1.0"?>\n<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'


def written(path: Path, planes: np.ndarray, *, order: str = "XYCZT", big: bool = False, compression: str = "none", inner: str = "") -> Path:
    """`planes`: T, C, Z, Y, X."""
    kinds = {"u1": "uint8", "i2": "int16", "u2": "uint16", "f4": "float"}
    t, c, z, y, x = planes.shape
    flat = planes.transpose(*("TCZ".index(a) for a in order[:1:-1]), 3, 4).reshape(-1, y, x)
    pack = {"none": bytes, "zlib": zlib.compress, "bzip2": bz2.compress}[compression]
    data = [b64encode(pack(p.astype(p.dtype.newbyteorder(">" if big else "<")).tobytes())).decode() for p in flat]
    told = f'Compression="{compression}" BigEndian="{str(big).lower()}"'
    body = "".join(f"<BinData {told} Length='1'>\n {d[:9]}\n{d[9:]}</BinData>" for d in data)
    path.write_text(
        f'{HEAD}<Image ID="Image:0"><Pixels ID="P:0" DimensionOrder="{order}" Type="{kinds[planes.dtype.str[1:]]}" '
        f'SizeX="{x}" SizeY="{y}" SizeZ="{z}" SizeC="{c}" SizeT="{t}" PhysicalSizeX="250" PhysicalSizeXUnit="nm">'
        + "".join(f'<Channel ID="C:{n}" Name="dye {n}" Color="{(-1, -(2**31), 16711935)[n]}"/>' for n in range(c))
        + f"{body}</Pixels></Image>{inner}</OME>"
    )
    return path


@pytest.mark.parametrize(
    ("order", "kind", "big", "compression"),
    [("XYCZT", "u1", False, "none"), ("XYZTC", "u2", True, "zlib"), ("XYTCZ", "i2", False, "bzip2"), ("XYZCT", "f4", True, "none")],
)
def test_planes_are_those_that_were_written(order: str, kind: str, big: bool, compression: str, tmp_path: Path) -> None:
    planes = (np.arange(2 * 3 * 4 * 5 * 7).reshape(2, 3, 4, 5, 7) % 251).astype(kind)
    path = written(tmp_path / "a.ome.xml", planes, order=order, big=big, compression=compression)
    with opened(path, "a.ome.xml") as found:
        source = found.source
        assert isinstance(source, Planes) and (source.t, source.channels, source.z) == (2, 3, 4) and source.dtype == np.dtype(kind)
        for t, c, z in np.ndindex(2, 3, 4):
            assert np.array_equal(source.read(t, c, z), planes[t, c, z])
        assert found.pixel_size == 0.25 and [c.name for c in found.channels] == ["dye 0", "dye 1", "dye 2"] and not found.notes
        assert [c.colour for c in found.channels] == [None, None, "#00ff00"], "white, and the wrong default of old schemas, are no colour"


ONE = np.zeros((1, 1, 1, 4, 6), "u1")
FULL = b64encode(bytes(24)).decode()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<OME ", '<!DOCTYPE OME [<!ENTITY a "b">]><OME ', "DOCTYPE"),
        ("</OME>", "", "broken"),
        ('SizeT="1"', 'SizeT="2"', "promises 2 planes and holds 1"),
        ('SizeX="6"', 'SizeX="999999999999"', "no pixels"),
        ('SizeX="6"', 'SizeX="60000"', "truncated"),
        ('SizeX="6"', 'SizeX="900000" SizeQ="1"', "truncated"),
        ('Type="uint8"', 'Type="complex"', "unknown type"),
        ('"XYCZT"', '"YXCZT"', "DimensionOrder"),
        ('"none"', '"lzma"', "compressed by 'lzma'"),
        ('"none"', '"zlib"', "cannot be decoded"),
        ("AAAA</Bin", "A!</Bin", "cannot be decoded"),
        ("AAAA</Bin", "</Bin", "truncated"),
        ("<OME ", "<ome ", "is an XML file"),
        ("<Image ", "<Other ", "no image"),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, why: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ome", ONE)
    text = path.read_text().replace(FULL[:9] + "\n" + FULL[9:], FULL)
    assert old in text
    path.write_text(text.replace(old, new).replace("</ome>", "</OME>").replace("</Image>", "</Other>" if new == "<Other " else "</Image>")
                    .replace("</OME>", "</ome>" if new == "<ome " else "</OME>"))  # fmt: skip
    with pytest.raises(Unreadable, match=why), opened(path, "a.ome") as found:
        assert isinstance(found.source, Planes)
        found.source.read(0, 0, 0)


def test_a_bomb_is_unpacked_no_further_than_the_plane(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ome", ONE)
    bomb = b64encode(zlib.compress(bytes(200_000_000), 9)).decode()
    path.write_text(path.read_text().replace('"none"', '"zlib"').replace(FULL[:9] + "\n" + FULL[9:], bomb))
    with opened(path, "a.ome") as found:
        assert isinstance(found.source, Planes) and found.source.read(0, 0, 0).sum() == 0


def test_files_with_the_pixels_are_named(tmp_path: Path) -> None:
    files = "".join(f'<TiffData IFD="0"><UUID FileName="plane{n}.tif">urn:x</UUID></TiffData>' for n in range(5))
    path = tmp_path / "a.companion.ome"
    path.write_text(f'{HEAD}<Image ID="I:0"><Pixels SizeX="2" SizeY="2" SizeZ="1" SizeC="1" SizeT="5">{files}</Pixels></Image></OME>')
    with pytest.raises(Unreadable, match=r"these are in plane0\.tif, plane1\.tif, plane2\.tif and 2 more"), opened(path, path.name):
        pass


def test_its_regions_are_found(tmp_path: Path) -> None:
    roi = '<ROI ID="ROI:1"><Union><Point ID="S:1" X="1" Y="2"/></Union></ROI>'
    assert roi in (of_header(written(tmp_path / "a.ome", ONE, inner=roi)) or "")
    assert of_header(written(tmp_path / "b.ome", ONE)) is None
