"""Formats of makers: what is said where their reader is not installed, and what is read where it is. EER needs none."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ingest.images.opened import Opened, SourceChannel, Unreadable
from ingest.images.opening import opened
from ingest.images.readers.extras import EXTRAS, extra_of
from portal.imaging.planes import Planes, Rgb
from tests.imaging.test_opening_slides import dicom_slide, element, tissue

HEADS = {
    "czi": b"ZISRAWFILE\0\0\0\0\0\0" + bytes(600),
    "nd2": b"\xda\xce\xbe\x0a" + bytes(600),
    "lif": b"\x70\0\0\0" + struct.pack("<I", 5) + b"\x2a" + bytes(600),
    "dicom": bytes(128) + b"DICM" + bytes(600),
}


def installed(extra: str) -> bool:
    return importlib.util.find_spec(EXTRAS[extra].library) is not None


def planes(found: Opened) -> Planes:
    assert isinstance(found.source, Planes)
    return found.source


@pytest.mark.parametrize("extra", sorted(HEADS))
def test_a_missing_reader_is_named_with_the_line_that_installs_it(extra: str, tmp_path: Path) -> None:
    assert extra_of(HEADS[extra], f"x.{extra}") == extra
    (tmp_path / "x").write_bytes(HEADS[extra])
    if installed(extra):
        # Nonsense behind a true beginning: the reader raises something, and nothing is drawn.
        with pytest.raises(Exception), opened(tmp_path / "x", f"x.{extra}"):  # noqa: B017
            pass
        return
    with pytest.raises(Unreadable, match=rf"run pip install slidecase\[{extra}\]"), opened(tmp_path / "x", f"x.{extra}"):
        pass


def eer_frame(hits: list[int], size: int) -> bytes:
    """One frame as the camera packs it: how many pixels to the next electron (8 bits), where in the pixel it fell (4 bits)."""
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend((value >> i) & 1 for i in range(count))

    at = 0
    for hit in sorted(hits):
        while hit - at >= 255:
            put(255, 8)
            at += 255
        put(hit - at, 8)
        put(0, 4)
        at = hit + 1
    while size - at >= 255:
        put(255, 8)
        at += 255
    put(size - at, 8)  # to the end of the frame
    put(0, 4)
    bits += [0] * (-len(bits) % 16 + 16)
    return np.packbits(np.array(bits, "uint8"), bitorder="little").tobytes()


def test_the_electrons_of_eer_are_summed(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    path = tmp_path / "x.eer"
    wanted = np.zeros(64 * 64, "uint16")
    xml = b'<metadata><item name="sensorPixelSize.width" unit="m">1.2e-10</item></metadata>'
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        for _ in range(5):
            hits = rng.choice(64 * 64, 30, replace=False)
            wanted[hits] += 1
            frame = eer_frame([int(h) for h in hits], 64 * 64)
            # tifffile writes no EER: the frames as they are, under another compression's name, which is then corrected.
            args = {"dtype": "bool", "compression": "zlib", "photometric": "minisblack", "rowsperstrip": 64, "metadata": None}
            tif.write(iter([frame]), shape=(64, 64), extratags=[(65001, 7, len(xml), xml, True)], **args)
    with tifffile.TiffFile(path, mode="r+b") as tif:
        for page in tif.pages:
            page.tags[259].overwrite(65000)
    with opened(path, path.name) as found:
        source = planes(found)
        assert (source.z, source.t, source.channels, source.dtype) == (1, 1, 1, "uint16")
        assert (source.read(0, 0, 0) == wanted.reshape(64, 64)).all() and wanted.sum() == 150
        assert found.pixel_size == 0.00012 and "sum of 5 frames" in found.notes[0]


@pytest.mark.skipif(not installed("czi"), reason="needs the extra czi")
def test_czi_as_its_own_library_writes_it(tmp_path: Path) -> None:
    from pylibCZIrw import czi

    data = np.random.default_rng(1).integers(0, 60_000, (2, 3, 2, 40, 50)).astype("uint16")
    with czi.create_czi(str(tmp_path / "a.czi"), compression_options="zstd1:ExplicitLevel=5") as file:
        for t, z, c in np.ndindex(2, 3, 2):
            file.write(data=data[t, z, c][..., None], plane={"T": int(t), "Z": int(z), "C": int(c)}, location=(7, 9))
        names = {0: "DAPI", 1: "GFP"}
        file.write_metadata(document_name="a", channel_names=names, scale_x=0.325e-6, scale_y=0.325e-6, scale_z=1.5e-6)
    with opened(tmp_path / "a.czi", "a.czi") as found:
        source = planes(found)
        assert all((source.read(t, c, z) == data[t, z, c]).all() for t, z, c in np.ndindex(2, 3, 2))
        assert source.region is not None and (source.region(1, 1, 2, slice(3, 9), slice(8, 40)) == data[1, 2, 1, 3:9, 8:40]).all()
        assert (found.pixel_size, found.pixel_size_z) == (0.325, 1.5) and found.channels == (SourceChannel("DAPI"), SourceChannel("GFP"))
    picture = tissue(60, 80)
    with czi.create_czi(str(tmp_path / "b.czi")) as file:
        file.write(data=picture[..., ::-1].copy(), plane={"C": 0})
    with opened(tmp_path / "b.czi", "b.czi") as found:
        assert isinstance(found.source, Rgb) and (found.source.read() == picture).all()


def lif(data: np.ndarray) -> bytes:
    """A LIF file of one image (C, Z, Y, X), 16 bits: the XML of its header, and one block of memory."""
    c, z, y, x = data.shape
    plain = 'DataType="0" ChannelTag="0" NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" IsLUTInverted="0" BitInc="0" Resolution="16"'
    lines = "".join(f'<ChannelDescription {plain} BytesInc="{i * data[0].nbytes}" LUTName="Green"/>' for i in range(c))
    steps = ((1, x, 2, (x - 1) * 0.5e-6), (2, y, 2 * x, (y - 1) * 0.5e-6), (3, z, 2 * x * y, (z - 1) * 2e-6))
    sizes = "".join(
        f'<DimensionDescription DimID="{i}" NumberOfElements="{n}" Origin="0" Length="{of}" Unit="m" BitInc="0" BytesInc="{inc}"/>'
        for i, n, inc, of in steps
    )
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="p" Visibility="1"><Data><Experiment/></Data>'
        '<Memory Size="0" MemoryBlockID="M0"/>'
        f'<Children><Element Name="i" Visibility="1"><Memory Size="{data.nbytes}" MemoryBlockID="M1"/><Data><Image><ImageDescription>'
        f"<Channels>{lines}</Channels><Dimensions>{sizes}</Dimensions></ImageDescription></Image></Data></Element></Children></Element>"
        "</LMSDataContainerHeader>"
    )
    text, name = xml.encode("utf-16-le"), "M1".encode("utf-16-le")
    head = struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(text) // 2) + text
    block = struct.pack("<IIBQBI", 0x70, len(name) + 14, 0x2A, data.nbytes, 0x2A, len(name) // 2) + name + data.tobytes()
    return head + block


@pytest.mark.skipif(not installed("lif"), reason="needs the extra lif")
def test_lif(tmp_path: Path) -> None:
    data = np.random.default_rng(1).integers(0, 60_000, (2, 3, 20, 30)).astype("uint16")
    (tmp_path / "a.lif").write_bytes(lif(data))
    with opened(tmp_path / "a.lif", "a.lif") as found:
        source = planes(found)
        assert (source.channels, source.z, source.t) == (2, 3, 1)
        assert all((source.read(0, c, z) == data[c, z]).all() for c, z in np.ndindex(2, 3))
        assert (found.pixel_size, found.pixel_size_z) == (0.5, 2)


def dicom_plain(plane: np.ndarray, photometric: str = "MONOCHROME2", *more: bytes) -> bytes:
    secondary, explicit = b"1.2.840.10008.5.1.4.1.1.7", b"1.2.840.10008.1.2.1"
    meta = (
        element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", secondary) + element(2, 3, "UI", b"1.2.3.4") + element(2, 0x10, "UI", explicit)
    )
    shorts = {0x02: 1, 0x10: plane.shape[0], 0x11: plane.shape[1], 0x100: 16, 0x101: 12, 0x102: 11, 0x103: 0}
    pieces = [(0x28, n, element(0x28, n, "US", struct.pack("<H", v))) for n, v in shorts.items()]
    pieces.append((0x28, 4, element(0x28, 4, "CS", photometric.encode())))
    pieces.append((0x28, 0x30, element(0x28, 0x30, "DS", b"0.002\\0.001")))
    body = b"".join(data for _, _, data in sorted(pieces))
    pixels = element(0x7FE0, 0x10, "OW", plane.astype("<u2").tobytes())
    first = element(8, 0x16, "UI", secondary) + element(8, 0x18, "UI", b"1.2.3.4")
    return b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + first + b"".join(more) + body + pixels


@pytest.mark.skipif(not installed("dicom"), reason="needs the extra dicom")
def test_plain_dicom(tmp_path: Path) -> None:
    plane = np.random.default_rng(1).integers(0, 4096, (20, 30)).astype("uint16")
    for photometric, wanted in (("MONOCHROME2", plane), ("MONOCHROME1", 4095 - plane)):
        (tmp_path / "a.dcm").write_bytes(dicom_plain(plane, photometric))
        with opened(tmp_path / "a.dcm", "a.dcm") as found:
            assert (planes(found).read(0, 0, 0) == wanted).all() and found.pixel_size == 1 and "1 × 2 µm" in found.notes[0]
    (tmp_path / "b.dcm").write_bytes(dicom_plain(plane, "MONOCHROME2", element(0x28, 0x301, "CS", b"YES")))
    with pytest.raises(Unreadable, match="burned into"), opened(tmp_path / "b.dcm", "b.dcm"):
        pass
    (tmp_path / "c.dcm").write_bytes(dicom_slide(tissue(60, 60), 64, "LABEL"))
    with pytest.raises(Unreadable, match="can name a patient"), opened(tmp_path / "c.dcm", "c.dcm"):
        pass
