"""Whether what we publish as OME-Zarr is one, for others: the validators, and the pixels as their readers give them.

    python benchmarks/validators.py --peer PYTHON            # images made here, built by build.py with `raw: ome-zarr`
    python benchmarks/validators.py --peer PYTHON --site site # every OME-Zarr of a portal that is there: readers against zarr-python

`--peer` is a Python that has them; they are not installed with Slidecase:

    python -m venv peer && peer/bin/pip install 'ome-zarr==0.18.*' napari-ome-zarr ome-zarr-models yaozarrs tensorstore

Each image is compared with the array it was made from: 5-D, with labels, RGB, float, a plate. A check by hand, since these bring 150
packages with them; zarr-python and tensorstore are asked by tests/imaging/test_exact.py in each run. Ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("zarr", "tensorstore", "ome-zarr", "napari-ome-zarr", "ome-zarr-models", "yaozarrs")
STUDY = """\
accession: validated
title: Images of every kind that OME-Zarr holds
licence: CC0-1.0
organisms: [{name: Mus musculus, term: "NCBITaxon:10090"}]
raw: ome-zarr
components:
  - name: experimentA
    kind: experiment
    missing: A program made the images.
    images:
      - {source: images/five.ome.tif, pixel_size: 0.25, pixel_size_z: 1.5, time_step: 30}
      - {source: images/float.tif}
      - {source: images/rgb.png}
      - {source: images/nuclei.tif, labels: images/nuclei_masks.tif}
  - name: screenB
    kind: screen
    missing: A program made the images.
    images:
      - {source: images/plate/*.tif, pattern: "{plate}_{well}_{field}_{channel}.tif"}
"""


# ---- ours: images, and the portal of them


def make(content: Path) -> dict[str, Any]:
    """Writes a study; gives, by the names of its OME-Zarr, the arrays (T, C, Z, Y, X) that they hold. Small, yet of several levels."""
    import tifffile
    from PIL import Image

    study = content / "studies/validated"
    (study / "images/plate").mkdir(parents=True)
    (content / "portal.yaml").write_text("title: Validated\n")
    (study / "study.yaml").write_text(STUDY)
    rng = np.random.default_rng(5)
    five = rng.integers(0, 60_000, (3, 2, 4, 600, 700), np.uint16)
    tifffile.imwrite(study / "images/five.ome.tif", five.transpose(0, 2, 1, 3, 4), metadata={"axes": "TZCYX"}, photometric="minisblack")
    float_ = rng.normal(0, 3, (530, 64)).astype(np.float32)
    tifffile.imwrite(study / "images/float.tif", float_)
    rgb = rng.integers(0, 255, (40, 70, 3), np.uint8)
    Image.fromarray(rgb).save(study / "images/rgb.png")
    nuclei, masks = rng.integers(0, 4000, (600, 520), np.uint16), np.zeros((600, 520), np.uint16)
    masks[100:200, 50:90], masks[400:500, 300:510] = 7, 300
    tifffile.imwrite(study / "images/nuclei.tif", nuclei)
    tifffile.imwrite(study / "images/nuclei_masks.tif", masks)
    fields: dict[str, Any] = {}
    for n, (well, field) in enumerate((w, f) for w in ("B2", "C11") for f in (1, 2)):
        planes = rng.integers(n, 500 + n, (2, 48, 64), np.uint16)
        for c, name in enumerate(("DAPI", "GFP")):
            tifffile.imwrite(study / f"images/plate/p1_{well}_{field}_{name}.tif", planes[c])
        fields[f"{well[0]}/{well[1:]}/{field - 1}"] = planes[None, :, None]
    return {
        "five": {"": five},
        "float": {"": float_[None, None, None]},
        "rgb": {"": rgb.transpose(2, 0, 1)[None, :, None]},
        "nuclei": {"": nuclei[None, None, None], "labels/masks": masks[None, None, None]},
        "plate": fields,
    }


def built(folder: Path) -> list[dict[str, Any]]:
    """The portal of them; and for each OME-Zarr its path and the files that hold what it must hold."""
    wanted = make(folder / "content")
    command = [sys.executable, str(ROOT / "build.py"), "build", "--content", str(folder / "content"), "--out", str(folder / "site")]
    subprocess.run([*command, "--store", str(folder / "store"), "--jobs", "1"], check=True, cwd=ROOT)
    found = []
    for name, arrays in wanted.items():
        at = folder / "site/zarr"
        place = next((at / "plates").iterdir()) if name == "plate" else next(at.glob(f"*-{name}*.zarr"))
        files = {}
        for n, (key, array) in enumerate(arrays.items()):
            np.save(folder / f"{name}-{n}.npy", array)
            files[key] = str(folder / f"{name}-{n}.npy")
        found.append({"name": name, "path": str(place), "arrays": files})
    return found


def published(site: Path) -> list[dict[str, Any]]:
    """Every OME-Zarr of a portal; its images and label images, of which no other copy is known."""
    found = []
    for place in sorted([*site.glob("zarr/*.zarr"), *site.glob("zarr/plates/*.zarr")]):
        keys = [p.parent.relative_to(place).as_posix() for p in sorted(place.rglob("zarr.json")) if '"multiscales"' in p.read_text("utf-8")]
        found.append({"name": place.stem, "path": str(place), "arrays": {"" if k == "." else k: None for k in keys}})
    return found


# ---- the peer: runs where their readers are; knows nothing of ours


def by_zarr(path: str) -> np.ndarray:
    import zarr

    return np.asarray(zarr.open_array(path, mode="r")[...])


def by_tensorstore(path: str) -> np.ndarray:
    import tensorstore

    return np.asarray(tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}, read=True).result())


def by_ome_zarr(path: str) -> list[np.ndarray]:
    """The finest level of the image, then of its label images; a plate comes as one picture of its wells."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    nodes = list(Reader(parse_url(path))())
    return [np.asarray(node.data[0]) for node in nodes if node.data]


def by_napari(path: str) -> list[tuple[str, np.ndarray]]:
    """(kind of layer, its finest level) of each layer."""
    from napari_ome_zarr import napari_get_reader

    layers = napari_get_reader(path)(path)
    return [(one[2], np.asarray(one[0][0] if isinstance(one[0], list) else one[0])) for one in layers]


def mosaic(plate: dict[str, np.ndarray]) -> np.ndarray:
    """The first field of each well of {row/column/field: TCZYX}, in rows and columns; black where there is no well."""
    wells = {tuple(key.split("/")[:2]): array for key, array in plate.items() if key.endswith("/0")}
    rows, columns = sorted({r for r, _ in wells}), sorted({c for _, c in wells}, key=int)
    none = np.zeros_like(next(iter(wells.values())))
    return np.concatenate([np.concatenate([wells.get((r, c), none) for c in columns], axis=-1) for r in rows], axis=-2)


def checks(image: dict[str, Any]) -> Iterator[tuple[str, Callable[[], str]]]:
    """(who, what they find in words; raises where it is wrong)."""
    path, keys = image["path"], image["arrays"]
    wanted = {key: np.load(file) if file else by_zarr(f"{path}/{key}/0".replace("//", "/")) for key, file in keys.items()}
    labels = [key for key in wanted if "labels/" in key]
    images = {key: array for key, array in wanted.items() if key not in labels}
    plate = "" not in wanted

    def same(found: np.ndarray, expected: np.ndarray) -> int:
        if (
            found.shape != expected.shape
            or found.dtype != expected.dtype
            or not np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")
        ):
            raise AssertionError(f"has other pixels: {found.shape} {found.dtype}, wanted {expected.shape} {expected.dtype}")
        return int(found.size)

    def arrays(read: Callable[[str], np.ndarray]) -> str:
        return f"{sum(same(read(f'{path}/{key}/0'.replace('//', '/')), array) for key, array in wanted.items()):,} pixels equal"

    def ome_zarr() -> str:
        found = by_ome_zarr(path)
        expected = [mosaic(images)] if plate else [images[""], *(wanted[key] for key in labels)]
        if len(found) != len(expected):
            raise AssertionError(f"has {len(found)} images and labels, wanted {len(expected)}")
        return f"{sum(same(f, e) for f, e in zip(found, expected, strict=True)):,} pixels equal" + (" (first fields)" if plate else "")

    def napari() -> str:
        layers = by_napari(path)
        drawn = [array for kind, array in layers if kind == "image"]
        first = mosaic(images) if plate else images[""]
        total = same(drawn[0], first) if len(drawn) == 1 else 0
        masks = [array for kind, array in layers if kind == "labels"]
        total += 0 if plate else sum(same(f, wanted[key]) for f, key in zip(masks, labels, strict=True))
        return f"{total:,} pixels equal, in {len(drawn)} image and {len(masks)} label layers"

    def models() -> str:
        import ome_zarr_models
        import zarr

        return f"{type(ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode='r'))).__name__} of version 0.5"

    def yaozarrs() -> str:
        import yaozarrs

        told = yaozarrs.validate_zarr_store(path).ome_metadata()
        return f"{type(told).__name__}: metadata and structure"

    yield "zarr", lambda: arrays(by_zarr)
    yield "tensorstore", lambda: arrays(by_tensorstore)
    yield "ome-zarr", ome_zarr
    yield "napari-ome-zarr", napari
    yield "ome-zarr-models", models
    yield "yaozarrs", yaozarrs


def check(listed: Path) -> int:
    """Asks every reader of every image; prints what each found; gives how many were wrong."""
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS))
    wrong = 0
    for image in json.loads(listed.read_text()):
        for who, find in checks(image):
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # some of them talk
                    said = find()
            except Exception as error:  # whatever a reader raises is what we want to know
                wrong += 1
                said = f"WRONG: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            print(f"  {image['name']:<10} {who:<16} {said}")
    return wrong


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--peer", default=sys.executable, help="a Python that has ome-zarr, napari-ome-zarr, ome-zarr-models, yaozarrs")
    words.add_argument("--site", type=Path, help="a published portal, instead of images made here")
    words.add_argument("--check", type=Path, help=argparse.SUPPRESS)  # the peer's own part
    told = words.parse_args()
    if told.check:
        sys.exit(1 if check(told.check) else 0)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "listed.json"
        listed.write_text(json.dumps(published(told.site.resolve()) if told.site else built(Path(folder))))
        done = subprocess.run([told.peer, "-W", "ignore", __file__, "--check", str(listed)], check=False)
    print("All of them agree." if done.returncode == 0 else "Something differs, or a reader is missing: see above.")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
