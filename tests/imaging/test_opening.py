"""Files made here, and real ones: what is read is what was written, what cannot be read is refused with a reason."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ingest.images.opened import Opened, Unreadable
from ingest.images.opening import opened, reason
from portal.imaging.planes import Planes, Rgb
from portal.imaging.rgb import tile_rgb

SHARED = Path(__file__).parents[2] / "../shared/images"
NASTY = sorted(p for p in SHARED.glob("nasty_*/*") if p.suffix in (".tif", ".tiff", ".png", ".jpg")) if SHARED.is_dir() else []
REAL = ["ome_tiff/multi-channel.ome.tif", "ome_tiff/Channel_0.tif", "skimage/multipage_rgb.tif", "skimage/ihc.png", "skimage/retina.jpg",
        "stardist_masks/img3d.tif", "timelapse_imx", "hcs_imx_projmix", "cellprofiler_misc/30-2A1b.jpg",
        "wsi/tcga-cr-7395-01a-01-ts1.svs"]  # fmt: skip


def planes(found: Opened) -> Planes:
    assert isinstance(found.source, Planes)
    return found.source


def read_all(source: Planes) -> np.ndarray:
    """TCZYX."""
    return np.array([[[source.read(t, c, z) for z in range(source.z)] for c in range(source.channels)] for t in range(source.t)])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64", "uint32"])
@pytest.mark.parametrize("axes", ["YX", "ZYX", "TZCYX", "CZYX", "TCYX"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff_axes(dtype: str, axes: str, compression: str | None, tmp_path: Path) -> None:
    sizes = {"T": 2, "Z": 3, "C": 4, "Y": 13, "X": 17}
    shape = tuple(sizes[a] for a in axes)
    data = np.random.default_rng(4).integers(0, 120, shape).astype(dtype)
    path = tmp_path / "x.ome.tif"
    tifffile.imwrite(path, data, ome=True, photometric="minisblack", compression=compression, metadata={"axes": axes})
    with opened(path, path.name) as found:
        wanted = data.transpose(*(axes.index(a) for a in "TCZYX" if a in axes))
        wanted = wanted.reshape([sizes[a] if a in axes else 1 for a in "TCZYX"])
        source = planes(found)
        assert source.dtype == dtype and (read_all(source) == wanted).all()


@pytest.mark.parametrize("order", ["<", ">"])
def test_imagej_stacks_behind_one_page(order: str, tmp_path: Path) -> None:
    data = np.random.default_rng(5).integers(0, 60_000, (2, 3, 2, 11, 9)).astype("uint16")
    path = tmp_path / "stack.tif"
    told = {"axes": "TZCYX", "unit": "um", "spacing": 0.5, "finterval": 30.0, "Labels": ["ignored"] * 12}
    tifffile.imwrite(path, data, imagej=True, byteorder=order, resolution=(10, 10), metadata=told)
    with opened(path, path.name) as found:
        assert (read_all(planes(found)) == data.transpose(0, 2, 1, 3, 4)).all()
        assert (found.pixel_size, found.pixel_size_z, found.time_step) == (0.1, 0.5, 30.0)


def test_ome_metadata_in_any_unit(tmp_path: Path) -> None:
    path = tmp_path / "x.ome.tif"
    told = {"axes": "CYX", "PhysicalSizeX": 325.0, "PhysicalSizeXUnit": "nm", "TimeIncrement": 2, "TimeIncrementUnit": "min",
            "Channel": {"Name": [" DAPI \t stain ", "GFP"], "Color": [0x0000FFFF, -1]}}  # fmt: skip
    tifffile.imwrite(path, np.zeros((2, 8, 8), np.uint8), ome=True, photometric="minisblack", metadata=told)
    with opened(path, path.name) as found:
        assert (found.pixel_size, found.time_step) == (0.325, 120.0)
        assert [(c.name, c.colour) for c in found.channels] == [("DAPI stain", "#0000ff"), ("GFP", None)]


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
def test_rgb_tiff_is_the_same_through_libvips_and_tifffile(planar: str, compression: str | None, tmp_path: Path) -> None:
    y, x = np.mgrid[0:90, 0:130]
    data = np.stack([x, y * 2, 255 - x], axis=-1).astype(np.uint8)
    data[:20, :20] = (255, 0, 0)
    path = tmp_path / "x.tif"
    stored = data if planar == "contig" else np.moveaxis(data, -1, 0)
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planar, compression=compression)
    with opened(path, path.name) as found:
        source = found.source
        assert isinstance(source, Rgb) and (source.width, source.height) == (130, 90)
        assert (source.file is not None) == (planar == "contig")
        assert np.abs(source.read().astype(int) - data).mean() < (3 if compression == "jpeg" else 0.001)
        shown = tile_rgb(source, tmp_path)
        assert np.abs(shown.astype(int) - data).mean() < 5


def test_rgba_lies_on_white(tmp_path: Path) -> None:
    data = np.zeros((6, 8, 4), np.uint8)
    data[:, :4] = (200, 0, 0, 255)
    tifffile.imwrite(tmp_path / "x.tif", data, photometric="rgb", extrasamples=["unassalpha"])
    Image.fromarray(data, "RGBA").save(tmp_path / "x.png")
    for name in ("x.tif", "x.png"):
        with opened(tmp_path / name, name) as found:
            assert isinstance(found.source, Rgb)
            assert found.source.read()[0, 0].tolist() == [200, 0, 0] and found.source.read()[0, 7].tolist() == [255, 255, 255]


def test_wide_rgb_keeps_its_values_as_channels(tmp_path: Path) -> None:
    data = np.random.default_rng(6).integers(0, 4096, (10, 12, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", data, photometric="rgb")
    with opened(tmp_path / "x.tif", "x.tif") as found:
        assert [c.name for c in found.channels] == ["Red", "Green", "Blue"]
        assert (read_all(planes(found))[0, :, 0] == np.moveaxis(data, -1, 0)).all()


def test_white_may_be_zero_and_palettes_have_colours(tmp_path: Path) -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    tifffile.imwrite(tmp_path / "w.tif", gray, photometric="miniswhite")
    with opened(tmp_path / "w.tif", "w.tif") as found:
        assert (planes(found).read(0, 0, 0) == 255 - gray).all()
    colours = (np.arange(256, dtype=np.uint16)[None] * np.array([[257], [0], [128]], np.uint16)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", gray, photometric="palette", colormap=colours)
    with opened(tmp_path / "p.tif", "p.tif") as found:
        assert isinstance(found.source, Rgb)
        assert found.source.read()[15, 15].tolist() == [255, 0, 127]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK"])
def test_png_and_jpeg_modes(mode: str, tmp_path: Path) -> None:
    picture = Image.fromarray(np.full((9, 7), 200, np.uint16 if mode == "I;16" else np.uint8))
    path = tmp_path / ("x.jpg" if mode == "CMYK" else "x.png")
    (picture if mode == "I;16" else picture.convert(mode)).save(path)
    with opened(path, path.name) as found:
        assert (found.source.width, found.source.height) == (7, 9)
        pixels = found.source.read() if isinstance(found.source, Rgb) else found.source.read(0, 0, 0)
        assert pixels.shape[:2] == (9, 7) and pixels.max() > 0


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    data = np.zeros((40, 80, 3), np.uint8)
    data[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(data).save(tmp_path / "x.jpg", exif=exif, quality=95)
    with opened(tmp_path / "x.jpg", "x.jpg") as found:
        assert isinstance(found.source, Rgb) and (found.source.width, found.source.height) == (40, 80)
        assert found.source.read()[2, 20].min() > 200, "the left side is up"


def giant_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def giant_tiff(width: int, height: int) -> bytes:
    entries = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height),
        (279, min(width * height, 2**32 - 1)),
    ]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + struct.pack("<I", 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"%PDF-1.7", "is a PDF"),
        (b"hello", "of an unknown kind"),
        (giant_png(100_000, 100_000), "100,000 × 100,000"),
        (giant_tiff(2_000_000, 200_000), "2,000,000 × 200,000"),
        (giant_tiff(200_000, 200_000), "is truncated"),
        (giant_tiff(9_000, 9_000), "is truncated"),
        (b"II*\0" + b"\xff" * 60, "holds no image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "cannot be decoded"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, "cannot be decoded"),
    ],
)
def test_refusals_are_plain(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "3f2a"
    path.write_bytes(data)
    with pytest.raises(Exception) as told, opened(path, "x.tif") as found:
        read_all(planes(found))
    said = reason(told.value, path)
    assert why in said or (why == "100,000 × 100,000" and "larger than" in said), said
    assert str(tmp_path) not in said and len(said) < 260


def test_no_other_file_is_opened_on_a_files_word(tmp_path: Path) -> None:
    """OME-XML may name further files, by any path: they stay closed."""
    tifffile.imwrite(tmp_path / "secret.tif", np.full((8, 8), 77, np.uint8))
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="2" SizeC="1" SizeT="1">'
        '<TiffData IFD="0" FirstZ="0" PlaneCount="1"><UUID FileName="own.ome.tif">urn:uuid:1</UUID></TiffData>'
        f'<TiffData IFD="0" FirstZ="1" PlaneCount="1"><UUID FileName="{tmp_path / "secret.tif"}">urn:uuid:2</UUID></TiffData>'
        "</Pixels></Image></OME>"
    )
    path = tmp_path / "own.ome.tif"
    tifffile.imwrite(path, np.full((8, 8), 5, np.uint8), description=ome, metadata=None)
    with opened(path, "own.ome.tif") as found:
        assert set(np.unique(read_all(planes(found)))) == {5}


def test_entities_in_metadata_are_ignored(tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><OME xmlns="x"><Image Name="&b;"></Image></OME>'
    tifffile.imwrite(tmp_path / "x.ome.tif", np.ones((8, 8), np.uint8), description=bomb, metadata=None)
    with opened(tmp_path / "x.ome.tif", "x.ome.tif") as found:
        assert planes(found).read(0, 0, 0).shape == (8, 8) and found.channels == ()


@pytest.mark.skipif(not NASTY, reason="../shared/images is not beside this checkout")
def test_nasty_files_are_read_or_refused() -> None:
    read, refused = 0, {}
    for path in NASTY:
        try:
            with opened(path, path.name) as found:
                source = found.source
                pixels = source.read() if isinstance(source, Rgb) else read_all(source)
                assert pixels.size > 0
                read += 1
        except Exception as error:  # every decoder's own
            refused[path.name] = reason(error, path)
            assert str(path.parent) not in refused[path.name]
    assert read >= 90, f"only {read} of {len(NASTY)} were read: {refused}"
    assert "truncated_half.tif" in refused and "is truncated" in refused["truncated_half.tif"]
    assert all(isinstance(why, str) and why for why in refused.values())
    corrupt = {name for name in refused if name.startswith("crash-")}
    assert len(corrupt) >= 10


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/images is not beside this checkout")
@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read(name: str) -> None:
    place = SHARED / name
    if not place.exists():
        pytest.skip(f"{name} is not supplied")
    path = place if place.is_file() else next(p for p in sorted(place.rglob("*")) if p.suffix.lower() == ".tif")
    with opened(path, path.name) as found:
        assert isinstance(found.source, Rgb) or found.source.read(0, 0, 0).shape == (found.source.height, found.source.width)


def test_unreadable_is_told_as_it_is() -> None:
    assert reason(Unreadable("is empty"), Path("x")) == "is empty"
    assert reason(MemoryError(), Path("x")) == "asks for more memory than there is"


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/images is not beside this checkout")
def test_libvips_opens_what_it_is_said_to_open(tmp_path: Path) -> None:
    """Every colour TIFF of the corpus that is left to libvips gives the picture that tifffile gives."""
    compared = 0
    for path in NASTY:
        try:
            with opened(path, path.name) as found:
                if not isinstance(found.source, Rgb) or found.source.file is None or found.source.width > 1000:
                    continue
                folder = tmp_path / path.name
                folder.mkdir()
                shown, wanted = tile_rgb(found.source, folder), found.source.read()
        except Exception:
            continue
        assert shown.shape == wanted.shape and np.abs(shown.astype(int) - wanted).mean() < 8, path.name
        compared += 1
    assert compared >= 8


def test_one_limit_holds_for_png_too(tmp_path: Path) -> None:
    # Pillow's own is lower, and spoke of ours: '100 million pixels are larger than 150 million'.
    path = tmp_path / "large.png"
    Image.new("1", (10_000, 10_000)).save(path)
    with opened(path, "large.png") as found:
        assert planes(found).read(0, 0, 0).shape == (10_000, 10_000)
    path.write_bytes(png_of(13_000, 13_000))
    with pytest.raises((Unreadable, Image.DecompressionBombWarning)) as refused, opened(path, "large.png"):
        pass
    assert "150,000,000" in reason(refused.value, path)


def png_of(width: int, height: int) -> bytes:
    """A PNG's header alone."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IDAT\x35\xaf\x06\x1e"


def test_pillows_own_words_reach_nobody(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "corrupt.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\x01\0\0\0")
    with opened(path, "corrupt.jpg"):
        pass
    assert not recwarn.list
