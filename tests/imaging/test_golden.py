"""Pixels are keyed by a number, not by the code: this fails when outputs change and the number does not.

Where it fails, either undo what changed the bytes, or raise `ingest.images.drawing.VERSION` and write the new digests:
`python -m tests.imaging.test_golden` from the root of the checkout.
"""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ingest.images.batches import image_steps
from ingest.images.drawing import images
from portal.model import Images, StudyComponent
from tests.imaging.works import digests, work_of

GOLDEN = Path(__file__).parent / "golden.json"
# The encoders whose versions decide the bytes.
LIBRARIES = ("imagecodecs", "isal", "numpy", "pillow", "pyvips-binary", "tifffile")


def painted(height: int, width: int, channels: int) -> np.ndarray:
    """Channels of rings, by integers alone, so that no processor's floats matter: CYX, 16 bits."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([((x - 40 * c) ** 2 + (y + 30 * c) ** 2) // (90 + 7 * c) % 1800 + 100 for c in range(channels)]).astype(np.uint16)


def case(folder: Path) -> dict[str, str]:
    """Everything drawn of a small component: five channels in z with a label image, a colour picture, a photograph, a broken file;
    and their OME-Zarr.
    """
    stack = painted(530, 560, 5)
    tifffile.imwrite(folder / "stack.ome.tif", np.stack([stack[None] // (z + 1) for z in range(2)], axis=1), photometric="minisblack",
                     metadata={"axes": "TZCYX", "PhysicalSizeX": 0.3}, ome=True)  # fmt: skip
    colour = np.moveaxis(painted(600, 1100, 3) // 8, 0, -1).astype(np.uint8)
    tifffile.imwrite(folder / "colour.tif", colour, photometric="rgb", compression="zlib")
    Image.fromarray(colour[:90, :70]).save(folder / "photograph.png")
    (folder / "broken.tif").write_bytes((folder / "colour.tif").read_bytes()[:300])
    for well in ("A1", "A2", "B1"):
        tifffile.imwrite(
            folder / f"p_{well}.tif",
            painted(64, 80, 2) + (well == "A2") * np.uint16(300),
            photometric="minisblack",
            metadata={"axes": "CYX"},
        )
    tifffile.imwrite(folder / "mask.tif", (painted(530, 560, 1)[0] // 400).astype(np.uint16))
    names = sorted(p.name for p in folder.iterdir())
    alone = [Images(source=n, labels="mask.tif" if n.startswith("stack") else None) for n in names if n[:2] not in ("p_", "ma")]
    whole = StudyComponent(
        name="experimentA",
        kind="experiment",
        images=(Images(source="p_*.tif", pattern="{plate}_{well}.tif"), *alone),
    )
    batches, problems = image_steps("golden1", whole, Path("studies/golden1"), tuple(names), raw="ome-zarr")
    assert not problems
    found: dict[str, str] = {}
    for number, batch in enumerate(batches):
        out = images(work_of({n: folder / n for n in batch.files}, folder / f"scratch{number}"), **batch.params)
        # images.json holds digests of the sources, which tifffile stamps with a random identifier.
        found |= {path: digest for path, digest in digests(out).items() if path.startswith("site/")}
    return found


def current(folder: Path) -> dict[str, object]:
    return {"version": images.version, "libraries": {name: version(name) for name in LIBRARIES}, "digests": case(folder)}


def test_outputs_change_only_with_the_version(tmp_path: Path) -> None:
    golden, found = json.loads(GOLDEN.read_text()), current(tmp_path)
    if golden["libraries"] != found["libraries"]:
        pytest.skip(f"digests were written with {golden['libraries']}, here are {found['libraries']}")
    if golden["digests"] != found["digests"]:
        assert golden["version"] != found["version"], "outputs changed: raise ingest.images.drawing.VERSION"
    assert golden == found, "write golden.json anew: python -m tests.imaging.test_golden"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        GOLDEN.write_text(json.dumps(current(Path(folder)), indent=1) + "\n")
