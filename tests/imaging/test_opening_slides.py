"""Whole slides made here: the same pixels by OpenSlide, libvips and tifffile, parts of them, and never their labels."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ingest.images.opened import Opened, Unreadable
from ingest.images.opening import opened
from ingest.images.readers.slides import opened_slide
from ingest.images.readers.tiff import opened_tiff
from portal.imaging.planes import Rgb
from portal.imaging.rgb import tile_rgb

SHARED = Path(__file__).parents[2] / "../shared/images"


def tissue(height: int, width: int) -> np.ndarray:
    """Smooth, so that JPEG changes little."""
    y, x = np.mgrid[:height, :width]
    return np.stack([120 + 100 * np.sin(x / 40), 130 + 90 * np.cos(y / 30), 60 + (x + y) % 256 / 2], -1).clip(0, 255).astype("uint8")


def svs(path: Path, compression: str, size: tuple[int, int] = (700, 900)) -> np.ndarray:
    """As Aperio writes them: full resolution, a thumbnail, a coarser level, the label and the overview of the glass."""
    picture = tissue(*size)
    said = "Aperio Image Library v11.2.1 \r\n900x700 [0,0 900x700] (240x240) JPEG/RGB Q=95|AppMag = 20|MPP = 0.4990"
    args = {"photometric": "rgb", "compression": compression, "compressionargs": {"level": 95} if compression == "jpeg" else None}
    with tifffile.TiffWriter(path) as tif:
        tif.write(picture, description=said, tile=(240, 240), metadata=None, **args)
        tif.write(picture[::4, ::4].copy(), description=said, metadata=None, photometric="rgb")
        tif.write(picture[::2, ::2].copy(), description=said, tile=(240, 240), metadata=None, **args)
        name = np.full((60, 50, 3), (255, 0, 0), "uint8")
        tif.write(name, description="Aperio Image Library v11.2.1 \r\nlabel 50x60", subfiletype=1, metadata=None, photometric="rgb")
        tif.write(name, description="Aperio Image Library v11.2.1 \r\nmacro 50x60", subfiletype=9, metadata=None, photometric="rgb")
    return picture


def rgb(found: Opened) -> Rgb:
    assert isinstance(found.source, Rgb)
    return found.source


@pytest.mark.parametrize("compression", ["jpeg", "deflate"])
def test_svs_that_libvips_reads_is_the_same_by_openslide(compression: str, tmp_path: Path) -> None:
    path = tmp_path / "x.svs"
    picture = svs(path, compression)
    with opened(path, path.name) as found, opened_tiff(path, path.name) as by_tifffile:
        assert rgb(found).file == path and found.pixel_size == 0.499 and not found.notes
        preview = tile_rgb(rgb(found), tmp_path / "tiles")
        whole = rgb(by_tifffile).read()
    assert preview.shape == (700, 900, 3) and np.abs(preview.astype(int) - picture).mean() < 6
    if compression == "jpeg":  # OpenSlide reads no deflate of Aperio's
        with opened_slide(path) as slide:
            assert np.abs(rgb(slide).read().astype(int) - whole).max() <= 2 and slide.pixel_size == 0.499
            assert [(v.width, v.height) for v in rgb(slide).levels] == [(450, 350)]
            coarse = rgb(slide).levels[0].region
            assert coarse is not None
            part = coarse(slice(60, 160), slice(210, 390))
            assert np.abs(part.astype(int) - picture[::2, ::2][60:160, 210:390]).mean() < 6


def test_svs_with_jpeg_2000_is_read_in_parts(tmp_path: Path) -> None:
    """libvips cannot; OpenSlide takes it tile by tile."""
    path = SHARED / "wsi/tcga-cr-7395-01a-01-ts1.svs"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    with opened(path, path.name) as found, opened_tiff(path, path.name) as by_tifffile:
        slide, other = rgb(found), rgb(by_tifffile)
        assert slide.file is None and slide.region is not None and other.region is not None
        rows, columns = slice(1700, 1900), slice(2500, 2800)
        assert (slide.region(rows, columns) == other.region(rows, columns)).all()
        assert (slide.width, slide.height) == (4443, 3567) and [v.width for v in slide.levels] == [2221]
        # A level is the same picture: its means are those of the region that it stands for.
        coarse = slide.levels[0].region
        assert coarse is not None
        fine, small = slide.region(slice(1000, 1400), slice(2000, 2400)), coarse(slice(500, 700), slice(1000, 1200))
        assert np.abs(fine.mean((0, 1)) - small.mean((0, 1))).max() < 3


def element(group: int, number: int, kind: str, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2) if kind in ("OB", "UI") else b" " * (len(value) % 2)
    long = kind in ("OB", "OW", "SQ", "UN")
    size = b"\0\0" + struct.pack("<I", len(value)) if long else struct.pack("<H", len(value))
    return struct.pack("<HH", group, number) + kind.encode() + size + value


def dicom_slide(picture: np.ndarray, tile: int, flavour: str = "VOLUME") -> bytes:
    """A slide in one DICOM file (VL Whole Slide Microscopy), its tiles row by row, uncompressed."""
    height, width, _ = picture.shape
    down, across = -(-height // tile), -(-width // tile)
    padded = np.full((down * tile, across * tile, 3), 255, "uint8")
    padded[:height, :width] = picture
    frames = padded.reshape(down, tile, across, tile, 3).swapaxes(1, 2).tobytes()
    microscopy, explicit = b"1.2.840.10008.5.1.4.1.1.77.1.6", b"1.2.840.10008.1.2.1"
    spacing = element(0x28, 0x30, "DS", b"0.0005\\0.0005")
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(spacing)) + spacing
    measures = element(0x28, 0x9110, "SQ", item)
    meta = (
        element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", microscopy) + element(2, 3, "UI", b"1.2.3.4") + element(2, 0x10, "UI", explicit)
    )
    body = b"".join(
        [
            element(8, 8, "CS", f"ORIGINAL\\PRIMARY\\{flavour}\\NONE".encode()),
            element(8, 0x16, "UI", microscopy),
            element(8, 0x18, "UI", b"1.2.3.4"),
            element(8, 0x60, "CS", b"SM"),
            element(0x10, 0x10, "PN", b"Nobody^Here"),
            element(0x20, 0xD, "UI", b"1.2.3"),
            element(0x20, 0xE, "UI", b"1.2.3.5"),
            element(0x20, 0x9311, "CS", b"TILED_FULL"),
            element(0x28, 2, "US", struct.pack("<H", 3)),
            element(0x28, 4, "CS", b"RGB"),
            element(0x28, 6, "US", struct.pack("<H", 0)),
            element(0x28, 8, "IS", str(down * across).encode()),
            element(0x28, 0x10, "US", struct.pack("<H", tile)),
            element(0x28, 0x11, "US", struct.pack("<H", tile)),
            element(0x28, 0x100, "US", struct.pack("<H", 8)),
            element(0x28, 0x101, "US", struct.pack("<H", 8)),
            element(0x28, 0x102, "US", struct.pack("<H", 7)),
            element(0x28, 0x103, "US", struct.pack("<H", 0)),
            element(0x48, 6, "UL", struct.pack("<I", width)),
            element(0x48, 7, "UL", struct.pack("<I", height)),
            element(0x48, 0x302, "UL", struct.pack("<I", 1)),
            element(0x5200, 0x9229, "SQ", b"\xfe\xff\x00\xe0" + struct.pack("<I", len(measures)) + measures),
            element(0x7FE0, 0x10, "OB", frames),
        ]
    )
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + body


def test_a_dicom_slide_is_read_without_its_neighbours(tmp_path: Path) -> None:
    picture = tissue(230, 310)
    (tmp_path / "a.dcm").write_bytes(dicom_slide(picture, 64))
    (tmp_path / "b.dcm").write_bytes(dicom_slide(255 - picture[::2, ::2], 64))
    with opened(tmp_path / "a.dcm", "a.dcm") as found:
        assert (rgb(found).read() == picture).all() and found.pixel_size == 0.5 and not rgb(found).levels
        region = rgb(found).region
        assert region is not None and (region(slice(50, 150), slice(1, 300)) == picture[50:150, 1:300]).all()


@pytest.mark.parametrize("flavour", ["LABEL", "OVERVIEW"])
def test_the_label_of_a_dicom_slide_is_not_drawn(flavour: str, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(dicom_slide(tissue(60, 60), 64, flavour))
    with pytest.raises(Unreadable, match=r"DICOM|can name a patient"), opened(tmp_path / "a.dcm", "a.dcm"):
        pass


def test_a_slide_in_several_files_is_refused_and_its_cover_not_drawn(tmp_path: Path) -> None:
    """The .mrxs itself is a JPEG of the whole glass, label and all."""
    from PIL import Image

    Image.fromarray(tissue(50, 50)).save(tmp_path / "x.jpg")
    with pytest.raises(Unreadable, match="several files"), opened(tmp_path / "x.jpg", "slides/x.mrxs"):
        pass
