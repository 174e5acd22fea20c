"""Two small images, the same on every run."""

import sys
from pathlib import Path

import numpy as np
import tifffile

folder = Path(sys.argv[1]) / "studies/pictures/images"
folder.mkdir(parents=True)
rng = np.random.default_rng(7)
for name, shape in {"one": (2, 96, 128), "two": (64, 64)}.items():
    pixels = rng.integers(0, 4000, shape, dtype=np.uint16)
    tifffile.imwrite(folder / f"{name}.tif", pixels, metadata={"axes": "CYX"[-pixels.ndim :]}, imagej=False)
