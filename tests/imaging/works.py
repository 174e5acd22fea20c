"""A recipe's work without an engine: files on disk, their digests, an empty scratch folder."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from portal.engine.step import Opened, Tree, Work, digest_of


def work_of(files: Mapping[str, Path], scratch: Path) -> Work:
    """`files`: path below the study folder → where the bytes lie."""
    digests = {path: digest_of(place.read_bytes()) for path, place in files.items()}
    where = {digests[path]: place for path, place in files.items()}
    scratch.mkdir(parents=True, exist_ok=True)
    return Work((Opened(Tree(digests), where.__getitem__),), scratch)


def entry(**given: Any) -> dict[str, Any]:
    """What `image_steps` writes of one entry under `images:`."""
    plain: dict[str, Any] = {"channels": [], "pixel_size": None, "pixel_size_z": None, "time_step": None, "axes": None}
    plain |= {"rois": None, "localisations": None, "labels": None, "label_properties": None}
    return plain | {"brightfield": False, "slide_label": False, "synthetic": False, "featured": False} | given


def content(value: bytes | Path) -> bytes:
    return value if isinstance(value, bytes) else value.read_bytes()


def digests(out: Mapping[str, bytes | Path]) -> dict[str, str]:
    return {path: digest_of(content(value)) for path, value in sorted(out.items())}


def load(out: Mapping[str, bytes | Path], path: str) -> Any:
    return json.loads(content(out[path]))


def pixels(data: bytes) -> np.ndarray:
    """A WebP or JPEG as (y, x, 3)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def load_file(place: Path) -> Any:
    return json.loads(place.read_bytes())
