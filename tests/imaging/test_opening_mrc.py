"""MRC files made with mrcfile: values, sizes, orientation, and plain refusals."""

from __future__ import annotations

import struct
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from ingest.images.opened import Opened, Unreadable
from ingest.images.opening import opened
from portal.imaging.planes import Planes


def planes(found: Opened) -> Planes:
    assert isinstance(found.source, Planes)
    return found.source


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "uint16", "float16"])
@pytest.mark.parametrize("packed", [b"", b"extra header" * 10])
def test_a_volume_is_read_upright(dtype: str, packed: bytes, tmp_path: Path) -> None:
    data = np.random.default_rng(3).integers(-90 if dtype != "uint16" else 0, 90, (4, 13, 17)).astype(dtype)
    path = tmp_path / "x.mrc"
    with mrcfile.new(path) as file:
        file.set_data(data)
        file.voxel_size = (2.5, 2.5, 10)
        file.set_volume()
        if packed:
            file.set_extended_header(np.frombuffer(packed, "V1"))
    with opened(path, path.name) as found:
        source = planes(found)
        assert (source.channels, source.z, source.t) == (1, 4, 1)
        assert source.dtype == ("float32" if dtype == "float16" else dtype)
        # The first row of the file is the lowest of the picture.
        assert all((source.read(0, 0, z) == data[z, ::-1]).all() for z in range(4))
        assert source.region is not None and (source.region(0, 0, 2, slice(3, 9), slice(5, 7)) == data[2, ::-1][3:9, 5:7]).all()
        assert (found.pixel_size, found.pixel_size_z) == (0.00025, 0.001) and not found.notes


def test_stacks(tmp_path: Path) -> None:
    data = np.random.default_rng(4).integers(0, 90, (6, 5, 7)).astype("int16")
    with mrcfile.new(tmp_path / "images.mrcs") as file:
        file.set_data(data)
        file.set_image_stack()
        file.voxel_size = 3
    with opened(tmp_path / "images.mrcs", "images.mrcs") as found:
        assert planes(found).z == 6 and found.pixel_size == 0.0003 and found.pixel_size_z is None
    with mrcfile.new(tmp_path / "volumes.mrc") as file:
        file.set_data(data.reshape(2, 3, 5, 7))
    with opened(tmp_path / "volumes.mrc", "volumes.mrc") as found:
        assert (planes(found).t, planes(found).z) == (2, 3)
        assert (planes(found).read(1, 0, 2) == data[5, ::-1]).all()


def test_the_other_byte_order_and_imods_unsigned_bytes(tmp_path: Path) -> None:
    data = np.arange(35, dtype="int16").reshape(1, 5, 7) * 300
    with mrcfile.new(tmp_path / "x.mrc") as file:
        file.set_data(data)
        file.set_volume()
    raw = bytearray((tmp_path / "x.mrc").read_bytes())
    header = np.frombuffer(bytes(raw[:1024]), mrcfile.dtypes.HEADER_DTYPE)
    turned = header.astype(mrcfile.dtypes.HEADER_DTYPE.newbyteorder(">"))
    turned["machst"] = (17, 17, 0, 0)
    (tmp_path / "big.mrc").write_bytes(turned.tobytes() + data.astype(">i2").tobytes())
    with opened(tmp_path / "big.mrc", "big.mrc") as found:
        assert (planes(found).read(0, 0, 0) == data[0, ::-1]).all()
    small = np.arange(200, 235, dtype="uint8").reshape(1, 5, 7)
    with mrcfile.new(tmp_path / "bytes.mrc") as file:
        file.set_data(small.view("int8"))
    raw = bytearray((tmp_path / "bytes.mrc").read_bytes())
    raw[152:160] = struct.pack("<2I", 1146047817, 0)
    (tmp_path / "bytes.mrc").write_bytes(raw)
    with opened(tmp_path / "bytes.mrc", "bytes.mrc") as found:
        assert (planes(found).read(0, 0, 0) == small[0, ::-1]).all()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((12, 4), "complex numbers"),
        ((12, 101), "mode 101"),
        ((8, 1_000_000), "claims 1,000,000 planes"),
        ((0, 50_000), "truncated"),
        ((0, -5), "no pixels"),
        ((64, 3), "axes in the order"),
        ((92, 2_130_706_432), "truncated"),
        ((92, -1), "truncated"),
    ],
)
def test_refusals(change: tuple[int, int], why: str, tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "x.mrc") as file:
        file.set_data(np.zeros((2, 5, 7), "int16"))
    raw = bytearray((tmp_path / "x.mrc").read_bytes())
    struct.pack_into("<i", raw, *change)
    (tmp_path / "x.mrc").write_bytes(raw)
    with pytest.raises(Unreadable, match=why), opened(tmp_path / "x.mrc", "x.mrc"):
        pass


def test_a_packed_file_and_an_angstrom_that_nobody_meant(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "x.mrc.gz", compression="gzip") as file:
        file.set_data(np.zeros((5, 7), "int16"))
    with pytest.raises(Unreadable, match="gzip file; unpack it"), opened(tmp_path / "x.mrc.gz", "x.mrc.gz"):
        pass
    with mrcfile.new(tmp_path / "x.mrc") as file:
        file.set_data(np.zeros((5, 7), "int16"))
        file.voxel_size = 1
    with opened(tmp_path / "x.mrc", "x.mrc") as found:
        assert found.pixel_size is None and "1 Å" in found.notes[0]
