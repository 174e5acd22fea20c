"""TIFF further than its axes: parts of planes, pyramids, colours of printing, several images, and what makers' metadata say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ingest.images.opened import Opened, SourceChannel, Unreadable
from ingest.images.opening import opened
from ingest.images.readers.segments import Segments
from portal.imaging.planes import Planes, Rgb

PARTS = ((slice(0, 83), slice(0, 111)), (slice(5, 71), slice(40, 41)), (slice(30, 33), slice(0, 111)), (slice(82, 83), slice(110, 111)))


def planes(found: Opened) -> Planes:
    assert isinstance(found.source, Planes)
    return found.source


def noise(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    return np.random.default_rng(8).integers(0, 250, shape).astype(dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"compression": "zlib", "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "tile": (32, 48)},
        {"tile": (32, 48)},
        {"compression": "lzw", "rowsperstrip": 83},
        {"compression": "zstd", "tile": (16, 16)},
        {"compression": "jpeg2000", "tile": (64, 64)},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_part_is_cut_from_the_whole(dtype: str, given: dict, order: str, tmp_path: Path) -> None:
    if given.get("compression") == "jpeg2000" and (dtype == "float32" or order == ">"):
        pytest.skip("no such file: JPEG 2000 has integers, in its own order of bytes")
    data = noise((3, 2, 83, 111), dtype)
    path = tmp_path / "x.ome.tif"
    tifffile.imwrite(path, data, ome=True, photometric="minisblack", byteorder=order, metadata={"axes": "ZCYX"}, **given)
    with opened(path, path.name) as found:
        source = planes(found)
        assert source.region is not None
        for rows, columns in PARTS:
            got = source.region(0, 1, 2, rows, columns)
            assert got.dtype == source.dtype == dtype and (got == data[2, 1, rows, columns]).all()
        assert (source.read(0, 1, 2) == data[2, 1]).all()


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_parts_of_colours(planar: str, dtype: str, tmp_path: Path) -> None:
    data = noise((83, 111, 3), dtype)
    path = tmp_path / "x.tif"
    stored = np.moveaxis(data, -1, 0) if planar == "separate" else data
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planar, tile=(32, 48), compression="zstd", metadata=None)
    with opened(path, path.name) as found:
        for rows, columns in PARTS:
            if isinstance(found.source, Rgb):
                assert found.source.region is not None and (found.source.region(rows, columns) == data[rows, columns]).all()
            else:
                part = found.source.region
                assert part is not None and all((part(0, c, 0, rows, columns) == data[rows, columns, c]).all() for c in range(3))


def test_a_part_decodes_only_what_it_touches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, noise((2048, 2048)), tile=(256, 256), compression="zlib")
    decoded: list[int] = []
    own = Segments._segment

    def counted(self: Segments, page: object, index: int, shape: tuple[int, int, int]) -> np.ndarray:
        decoded.append(index)
        return own(self, page, index, shape)

    monkeypatch.setattr(Segments, "_segment", counted)
    with opened(path, path.name) as found:
        region = planes(found).region
        assert region is not None
        region(0, 0, 0, slice(300, 500), slice(0, 512))
    assert decoded == [8, 9]


def test_a_plane_too_large_to_decode_is_read_in_parts(tmp_path: Path) -> None:
    """12,288 × 12,288 are more than are decoded at once; the tiles of this file are all the same bytes."""
    tile = np.arange(1024 * 1024, dtype="uint32").astype("uint8").reshape(1024, 1024)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, (tile for _ in range(144)), shape=(12_288, 12_288), dtype="uint8", tile=(1024, 1024), compression="zstd")
    with opened(path, path.name) as found:
        source = planes(found)
        assert source.region is not None
        assert (source.region(0, 0, 0, slice(11_264, 12_288), slice(1024, 2048)) == tile).all()
        with pytest.raises(Unreadable, match="12,288"):
            source.read(0, 0, 0)


@pytest.mark.parametrize("colour", [False, True])
def test_a_pyramid_in_subifds_gives_its_levels(colour: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.ome.tif"
    data = noise((2, 512, 640)) if not colour else noise((512, 640, 3), "uint8")
    photometric = "rgb" if colour else "minisblack"
    step = (slice(None, None, 2), slice(None, None, 2))
    with tifffile.TiffWriter(path, ome=True) as tif:
        args = {"tile": (128, 128), "photometric": photometric, "compression": "zstd"}
        tif.write(data, subifds=2, metadata={"axes": "YXS" if colour else "CYX"}, **args)
        half = data[step] if colour else data[(slice(None), *step)]
        tif.write(half, subfiletype=1, **args)
        tif.write(half[step] if colour else half[(slice(None), *step)], subfiletype=1, **args)
    with opened(path, path.name) as found:
        assert [(v.width, v.height) for v in found.source.levels] == [(320, 256), (160, 128)] and not found.notes
        level = found.source.levels[0]
        if isinstance(level, Rgb):
            assert level.region is not None and (level.region(slice(9, 99), slice(1, 300)) == half[9:99, 1:300]).all()
        else:
            assert (level.read(0, 1, 0) == half[1]).all()


@pytest.mark.parametrize(
    ("told", "shape", "sizes"),
    [
        ("TYX", (5, 13, 17), (5, 1, 1)),
        ("CYX", (5, 13, 17), (1, 5, 1)),
        ("TZYX", (2, 3, 13, 17), (2, 1, 3)),
        ("CXY", (4, 17, 13), (1, 4, 1)),
    ],
)
def test_study_yaml_says_the_order_of_axes(told: str, shape: tuple[int, ...], sizes: tuple[int, int, int], tmp_path: Path) -> None:
    data = noise(shape)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, data, photometric="minisblack", metadata=None if len(shape) == 3 else {"axes": "QQYX"})
    with opened(path, path.name, axes=told) as found:
        source = planes(found)
        assert ((source.t, source.channels, source.z), source.width, source.height) == (sizes, 17, 13)
        last = source.read(source.t - 1, source.channels - 1, source.z - 1)
        whole = data[(-1,) * (len(shape) - 2)]
        assert (last == (whole.T if told.endswith("XY") else whole)).all()
        assert not found.notes


def test_axes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", noise((6, 13, 17)), photometric="minisblack", metadata=None)
    why = r"has 3 axes \(6 × 13 × 17\), and study.yaml says axes: TZYX"
    with pytest.raises(Unreadable, match=why), opened(tmp_path / "x.tif", "x.tif", axes="TZYX"):
        pass


def test_pages_that_do_not_say_what_they_are_and_further_images_are_noted(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as tif:
        for _ in range(3):
            tif.write(noise((13, 17)), photometric="minisblack", metadata=None)
        tif.write(noise((9, 9)), photometric="minisblack", metadata=None)
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert planes(found).z == 3 and planes(found).width == 17
        assert found.notes[0].startswith("holds 1 more image (series)") and found.notes[1].startswith("holds 3 pages and does not say")


def test_ome_tiff_with_two_images_gives_the_first_and_says_so(tmp_path: Path) -> None:
    first, second = noise((2, 13, 17)), noise((9, 9))
    with tifffile.TiffWriter(tmp_path / "x.ome.tif", ome=True) as tif:
        tif.write(first, photometric="minisblack", metadata={"axes": "CYX"})
        tif.write(second, photometric="minisblack", metadata={"axes": "YX"})
    with opened(tmp_path / "x.ome.tif", "x.ome.tif") as found:
        assert (planes(found).read(0, 1, 0) == first[1]).all()
        assert found.notes[0].startswith("holds 1 more image")


def test_one_file_of_an_ome_tiff_in_several_gives_its_own_planes(tmp_path: Path) -> None:
    data = noise((13, 17))
    ome = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
        'Type="uint16" SizeX="17" SizeY="13" SizeC="2" SizeZ="1" SizeT="1" PhysicalSizeX="0.5"><Channel ID="Channel:0:0"/>'
        '<Channel ID="Channel:0:1"/><TiffData IFD="0" FirstC="0"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>'
        '<TiffData IFD="0" FirstC="1"><UUID FileName="b.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    tifffile.imwrite(tmp_path / "a.ome.tif", data, description=ome, metadata=None, photometric="minisblack")
    with opened(tmp_path / "a.ome.tif", "a.ome.tif") as found:
        assert planes(found).channels == 1 and (planes(found).read(0, 0, 0) == data).all() and found.pixel_size == 0.5
        assert found.notes[0].startswith("is one of several files of an image")


def test_wavelengths_and_oblong_pixels_of_ome_xml(tmp_path: Path) -> None:
    told = {
        "axes": "CYX",
        "PhysicalSizeX": 0.2,
        "PhysicalSizeY": 0.3,
        "Channel": {"Name": ["DAPI", "x"], "EmissionWavelength": [461, 0.52], "EmissionWavelengthUnit": ["nm", "µm"],
                    "ExcitationWavelength": [358, 488]},
    }  # fmt: skip
    tifffile.imwrite(tmp_path / "x.ome.tif", noise((2, 13, 17)), photometric="minisblack", metadata=told)
    with opened(tmp_path / "x.ome.tif", "x.ome.tif") as found:
        assert found.channels == (SourceChannel("DAPI", None, 461, 358), SourceChannel("x", None, 520, 488))
        assert "0.2 × 0.3 µm" in found.notes[0] and found.pixel_size == 0.2


def test_imagej_colours(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype="uint8")
    none = np.zeros(256, "uint8")
    told = {"axes": "CYX", "mode": "composite", "LUTs": [np.stack([ramp, none, ramp]), np.stack([none, ramp, none])]}
    tifffile.imwrite(tmp_path / "x.tif", noise((2, 13, 17)), imagej=True, metadata=told)
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert [c.colour for c in found.channels] == ["#ff00ff", "#00ff00"]


def test_metamorph_says_its_pixel_size_and_wavelength(tmp_path: Path) -> None:
    told = (
        '<MetaData>\n<prop id="ApplicationName" type="string" value="MetaMorph"/>\n<PlaneInfo>\n'
        '<prop id="spatial-calibration-state" type="bool" value="on"/>\n<prop id="spatial-calibration-x" type="float" value="1.3668"/>\n'
        '<prop id="spatial-calibration-y" type="float" value="1.3668"/>\n'
        '<prop id="spatial-calibration-units" type="string" value="um"/>\n'
        '<prop id="wavelength" type="float" value="536"/>\n<prop id="_IllumSetting_" type="string" value="FITC_05"/>\n'
        "</PlaneInfo>\n</MetaData>"
    )
    tifffile.imwrite(tmp_path / "x.tif", noise((13, 17)), description=told, metadata=None, software="MetaSeries", resolution=(1, 1))
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert found.pixel_size == 1.3668 and found.channels == (SourceChannel("FITC_05", emission=536),)


def test_colours_of_printing(tmp_path: Path) -> None:
    """Pure colours, whose conversion nobody doubts."""
    Image.new("CMYK", (20, 10), (0, 255, 255, 0)).save(tmp_path / "cmyk.tif")
    Image.new("LAB", (20, 10), (255, 128, 128)).save(tmp_path / "lab.tif")
    for name, colour in (("cmyk.tif", (255, 0, 0)), ("lab.tif", (255, 255, 255))):
        with opened(tmp_path / name, name) as found:
            assert isinstance(found.source, Rgb)
            assert np.abs(found.source.read().astype(int) - colour).max() < 4 and found.source.file is None


def test_a_float_plane_keeps_what_is_no_number(tmp_path: Path) -> None:
    data = np.array([[np.nan, np.inf, -1.5], [0, 1e30, -np.inf]], "float32")
    tifffile.imwrite(tmp_path / "x.tif", data)
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert np.array_equal(planes(found).read(0, 0, 0), data, equal_nan=True)


def test_a_turned_tiff_is_drawn_as_it_is_stored_and_says_so(tmp_path: Path) -> None:
    data = noise((13, 17))
    tifffile.imwrite(tmp_path / "x.tif", data, extratags=[(274, 3, 1, 6, True)], metadata=None)
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert (planes(found).read(0, 0, 0) == data).all() and "Orientation 6" in found.notes[0]
