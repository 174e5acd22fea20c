"""Files made to break readers: one process opens them all, and neither crashes, hangs, nor takes more than 2 GB."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile

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
