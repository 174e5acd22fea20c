"""Files made to break readers: one process opens them all, and neither crashes, hangs, nor takes more than 2 GB."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import imagecodecs
import mrcfile
import numpy as np
import pytest
import tifffile

from ingest.images.readers.claims import looked_at
from tests.imaging.test_opening_slides import dicom_slide, svs, tissue

ROOT = Path(__file__).parents[2]
FOLDERS = ("images/nasty_made", "images/nasty_pillow", "images/nasty_imagecodecs", "bad/pillow-fuzz", "bad/pngsuite-x", "bad/ome-xml-bad")

# Opens each file, reads planes and parts, and answers with one line; what it may take is bounded by the system.
READER = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from ingest.images.opening import opened, reason
from portal.imaging.planes import Planes
for line in sys.stdin:
    path = Path(line.rstrip("\\n"))
    try:
        with opened(path, path.name) as found:
            source = found.source
            rows, columns = slice(0, source.height // 2 + 1), slice(0, source.width // 2 + 1)
            if isinstance(source, Planes):
                source.read(source.t - 1, source.channels - 1, source.z // 2)
                source.region and source.region(0, 0, 0, rows, columns)
            else:
                source.read()
                source.region and source.region(rows, columns)
        said = "is read"
    except Exception as error:
        said = reason(error, path)
    # Not getrusage: its peak is that of the process that started this one, too.
    peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(path.name, said, int(peak) >> 10, sep="\\t", flush=True)
"""


def answers(files: list[Path]) -> list[tuple[str, str, int]]:
    given = "".join(f"{path}\n" for path in files)
    done = subprocess.run([sys.executable, "-c", READER], input=given, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"after {lines[-1:]} of {len(files)} files: {done.stderr[-2000:]}"
    return [(name, said, int(most)) for name, said, most in lines]


def check(files: list[Path]) -> list[tuple[str, str, int]]:
    found = answers(files)
    assert [name for name, *_ in found] == [path.name for path in files]
    assert max(most for *_, most in found) < 2_000
    for name, said, _ in found:
        assert "\n" not in said and len(said) < 260 and "/tmp" not in said, (name, said)
    return found


def test_files_that_broke_other_readers() -> None:
    folders = [ROOT / "../shared" / folder for folder in FOLDERS]
    files = sorted(p for folder in folders if folder.is_dir() for p in folder.rglob("*") if p.is_file())
    if not files:
        pytest.skip(f"needs {folders[0]}")
    found = check(files)
    assert sum(1 for _, said, _ in found if said == "is read") > 80


def bent(data: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, most of them where sizes and offsets are; sometimes the end is missing."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(min(len(out), dice.choice((64, 600, len(out)))))
        out[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(out[: dice.randrange(len(out) // 2, len(out))] if dice.random() < 0.2 else out)


def test_bent_files_of_every_kind(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 4_000, (3, 90, 110)).astype("uint16")
    whole = tmp_path / "whole"
    whole.mkdir()
    tifffile.imwrite(whole / "a.ome.tif", noise, photometric="minisblack", tile=(32, 32), compression="zlib", metadata={"axes": "ZYX"})
    tifffile.imwrite(whole / "b.tif", noise, imagej=True)
    tifffile.imwrite(whole / "c.tif", tissue(90, 110), photometric="rgb", compression="jpeg", rowsperstrip=16)
    tifffile.imwrite(whole / "d.tif", noise[0], compression="jpeg2000", tile=(64, 64), bigtiff=True)
    tifffile.imwrite(whole / "e.tif", noise[0], compression="lzw", predictor=True, byteorder=">")
    svs(whole / "f.svs", "jpeg", (300, 400))
    (whole / "g.dcm").write_bytes(dicom_slide(tissue(60, 60), 32))
    with mrcfile.new(whole / "h.mrc") as file:
        file.set_data(noise)
    dice = random.Random(5)
    files = []
    for path in sorted(whole.iterdir()):
        data = path.read_bytes()
        for number in range(25):
            # The name without its ending is what the store gives: a file is known by its bytes.
            place = tmp_path / f"{path.name}-{number}"
            place.write_bytes(bent(data, dice))
            files.append(place)
    found = check(files)
    assert 10 < sum(1 for _, said, _ in found if said == "is read") < len(files) - 10


def test_a_small_file_does_not_swell(tmp_path: Path) -> None:
    """270 MB of zeros packed into 1 MB, under a header that promises 512 × 512."""
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, np.zeros((512, 512), "uint16"), compression="zlib", rowsperstrip=512, metadata=None)
    with tifffile.TiffFile(path) as tif:
        offsets, counts = (tif.pages.first.tags[name].valueoffset for name in ("StripOffsets", "StripByteCounts"))
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(16)) + packer.flush()
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, offsets, len(raw))
    struct.pack_into("<I", raw, counts, len(packed))
    path.write_bytes(bytes(raw) + packed)
    ((_, said, most),) = check([path])
    assert "cannot be decoded" in said and most < 200


def tile_of(path: Path, compression: int, data: bytes) -> None:
    """A TIFF of one tile of 256 × 256 grey values, which holds `data`."""
    tifffile.imwrite(path, np.zeros((256, 256), "uint8"), tile=(256, 256), metadata=None, photometric="minisblack")
    raw = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        at = {name: tif.pages.first.tags[name].valueoffset for name in ("TileOffsets", "TileByteCounts", "Compression")}
    struct.pack_into("<I", raw, at["TileOffsets"], len(raw))
    struct.pack_into("<I", raw, at["TileByteCounts"], len(data))
    struct.pack_into("<H", raw, at["Compression"], compression)
    path.write_bytes(bytes(raw) + data)


def encoders(size: int) -> dict[str, tuple[int, bytes]]:
    """Empty pictures as every decoder reads them that goes by a header of its own: name → (TIFF's number of it, segment)."""
    empty = np.zeros((size, size), "uint8")
    return {
        "jpeg": (7, imagecodecs.jpeg8_encode(empty)),
        "jpeg2000": (34712, imagecodecs.jpeg2k_encode(empty, codecformat="j2k")),
        "jp2": (33003, imagecodecs.jpeg2k_encode(empty, codecformat="jp2")),
        "jpegxr": (34934, imagecodecs.jpegxr_encode(empty)),
        "jpegxl": (50002, imagecodecs.jpegxl_encode(empty, effort=1)),
        "jpegxl-boxes": (50002, imagecodecs.jpegxl_encode(empty, effort=1, usecontainer=True)),
        "png": (34933, imagecodecs.png_encode(empty, level=1)),
        "lerc": (34887, imagecodecs.lerc_encode(empty)),
        "webp": (50001, imagecodecs.webp_encode(np.zeros((size, size, 3), "uint8"), lossless=True, level=0)),
        "webp-lossy": (50001, imagecodecs.webp_encode(np.zeros((size, size, 3), "uint8"), lossless=False, level=10)),
    }


def test_a_tile_is_not_larger_than_its_file_says(tmp_path: Path) -> None:
    """Each tile's own header says 2,600 × 2,600 or, where a decoder takes its word, 60,000 × 60,000, in some kilobytes."""
    paths = []
    for name, (compression, data) in encoders(2_600).items():
        assert looked_at(compression)
        tile_of(tmp_path / f"{name}.tif", compression, data)
        paths.append(tmp_path / f"{name}.tif")
    png = bytearray(imagecodecs.png_encode(np.zeros((256, 256), "uint8")))
    struct.pack_into(">2I", png, 16, 60_000, 60_000)
    struct.pack_into(">I", png, 29, zlib.crc32(png[12:29]))
    lerc = bytearray(imagecodecs.lerc_encode(np.zeros((256, 256), "uint8")))
    struct.pack_into("<2i", lerc, 14, 60_000, 60_000)
    for name, compression, data in (("png-lies", 34933, png), ("lerc-lies", 34887, lerc)):
        tile_of(tmp_path / f"{name}.tif", compression, bytes(data))
        paths.append(tmp_path / f"{name}.tif")
    for name, said, most in check(paths):
        assert "has a strip or tile that says it holds" in said and most < 200, (name, said, most)


def test_a_tile_as_large_as_its_file_says_is_read(tmp_path: Path) -> None:
    every = {name: found for name, found in encoders(256).items() if not name.startswith("webp")}  # of which none is grey
    for name, (compression, data) in every.items():
        tile_of(tmp_path / f"{name}.tif", compression, data)
    found = check([tmp_path / f"{name}.tif" for name in every])
    assert [name for name, said, _ in found if said != "is read"] == []
