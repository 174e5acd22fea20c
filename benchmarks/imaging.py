"""What drawing images costs, beside what others need for the same pixels in the same run: processor seconds, and peak memory.

    python benchmarks/imaging.py                      # all of it; some minutes, 4 GB in a temporary folder
    python benchmarks/imaging.py --side 2048 --rgb 5120 --peer PYTHON

Each contestant is a process of its own, on the same file, one after the other. Ratios are of processor time, user and system, of
one process and its threads: they stay firm where other programs keep the machine busy. `--peer` is a Python that has
ome-zarr 0.18 (it is not installed with Slidecase); without it that comparison is skipped, and said so.

Ends with 1 where a ratio or a peak is worse than what docs/benchmarks.md promises.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import imagecodecs
import numpy as np
import tifffile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MEMORY = 400e6  # bytes
RGB_RATIO, STACK_RATIO = 1.3, 5.0
FIELDS = 200


# ---- the inputs: what a microscope sees, made by arithmetic


def noise(rng: np.random.Generator, side: int) -> np.ndarray:
    """A field of cells, 16 bits: a dim background with the noise of its photons, some bright blobs."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    light = np.full((side, side), 110, np.float32)
    for _ in range(side * side // 12_000):
        cy, cx, r, peak = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(6, 22), rng.uniform(100, 2500)
        top, left, wide = int(max(0, cy - 4 * r)), int(max(0, cx - 4 * r)), int(8 * r) + 1
        cut = np.s_[top : top + wide, left : left + wide]
        light[cut] += peak * np.exp(-((y[cut] - cy) ** 2 + (x[cut] - cx) ** 2) / (2 * r * r))
    return rng.poisson(light).astype(np.uint16)


def make_stack(place: Path, side: int, channels: int = 4, z: int = 10) -> None:
    """CZYX, 16 bits, in tiles, not compressed, so that reading costs everybody the least."""
    base = [noise(np.random.default_rng(c), 1024) for c in range(channels)]

    def tiles() -> object:
        for c in range(channels):
            for k in range(z):
                for y in range(0, side, 512):
                    for x in range(0, side, 512):
                        at = np.random.default_rng((c, k, y, x)).integers(0, 1024, 2)
                        yield np.roll(base[c], at, (0, 1))[:512, :512]

    shape = (channels, z, side, side)
    tifffile.imwrite(place, tiles(), shape=shape, dtype=np.uint16, tile=(512, 512), bigtiff=True, ome=True, photometric="minisblack",
                     metadata={"axes": "CZYX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.5})  # fmt: skip


def make_rgb(place: Path, side: int) -> None:
    """A stained section as a slide scanner writes it: JPEG in tiles of 256."""
    field = np.clip(noise(np.random.default_rng(7), 1024) / 12, 0, 160).astype(np.uint8)
    picture = np.stack([240 - field, 225 - np.minimum(220, field + field // 3), 238 - field // 2], axis=-1).astype(np.uint8)

    def tiles() -> object:
        for y in range(0, side, 256):
            for x in range(0, side, 256):
                at = np.random.default_rng((y, x)).integers(0, 1024, 2)
                yield np.roll(picture, at, (0, 1))[:256, :256]

    tifffile.imwrite(place, tiles(), shape=(side, side, 3), dtype=np.uint8, tile=(256, 256), bigtiff=True, photometric="rgb",
                     compression="jpeg", compressionargs={"level": 90})  # fmt: skip


# ---- the contestants, each in a process of its own


def ours(source: Path, into: Path, zarr: bool = True) -> None:
    """The recipe's own work: measured, drawn, written."""
    from ingest.images.opening import opened
    from portal.imaging.limits import measure
    from portal.imaging.look import Channel, Look
    from portal.imaging.planes import Planes
    from portal.imaging.render import render

    with opened(source, source.name) as image:
        planes = image.source if isinstance(image.source, Planes) else None
        limits = tuple(measure(planes, c) for c in range(planes.channels)) if planes else ()
        look = Look(tuple(Channel(f"c{n}", None, "#ffffff", (v.low, v.high)) for n, v in enumerate(limits)), image.pixel_size)
        render(image.source, look, limits, into, zarr="image" if zarr else None)


def strips_only(source: Path, into: Path) -> None:
    ours(source, into, zarr=False)


def rgb_only(source: Path, into: Path) -> None:
    ours(source, into, zarr=False)


def dzsave(source: Path, into: Path) -> None:
    """pyvips as its own users call it."""
    import pyvips

    pyvips.Image.new_from_file(str(source), access="sequential").dzsave(str(into / "x"), suffix=".jpg[Q=85]", tile_size=512, overlap=0)


def rgb_limit(source: Path, into: Path) -> None:
    """Reading, and one JPEG of each tile of full resolution: less is not possible."""
    with tifffile.TiffFile(source) as tif:
        page = tif.pages[0]
        for y in range(0, page.shape[0], 512):
            rows = read_rows(page, y)
            for x in range(0, page.shape[1], 512):
                data = imagecodecs.jpeg8_encode(np.ascontiguousarray(rows[:, x : x + 512]), level=85)
                (into / f"{x}_{y}.jpg").write_bytes(data)


def read_rows(page: tifffile.TiffPage, top: int) -> np.ndarray:
    """512 rows of a tiled page."""
    across = -(-page.shape[1] // page.tilewidth)
    first, last = top // page.tilelength * across, -(-(top + 512) // page.tilelength) * across
    handle, decode, tables = page.parent.filehandle, page.decode, page.jpegtables  # asked for first: they read the file too
    found = []
    for index in range(first, min(last, len(page.dataoffsets))):
        handle.seek(page.dataoffsets[index])
        found.append(decode(handle.read(page.databytecounts[index]), index, jpegtables=tables)[0][0])
    return np.concatenate([np.concatenate(found[i : i + across], axis=1) for i in range(0, len(found), across)])


def stack_limit(source: Path, into: Path) -> None:
    """Reading, and gzip of each chunk of full resolution, as OME-Zarr holds it."""
    with tifffile.TiffFile(source) as tif, (into / "chunks").open("wb") as file:
        for page in tif.pages:
            for y in range(0, page.shape[0], 512):
                rows = read_rows(page, y)
                for x in range(0, page.shape[1], 512):
                    file.write(imagecodecs.gzip_encode(np.ascontiguousarray(rows[:, x : x + 512]).tobytes(), level=1))


def peer(source: Path, into: Path) -> None:
    """ome-zarr-py, OME-Zarr 0.5 in files of a chunk each, from a dask array of the file's tiles, as its documentation has it."""
    import dask.array
    import zarr
    from ome_zarr.writer import write_image

    array = dask.array.from_zarr(zarr.open_array(tifffile.imread(source, aszarr=True, level=0), mode="r"))
    array = array.rechunk((1, 1, 512, 512))
    write_image(array, str(into / "x.zarr"), axes="czyx", storage_options={"chunks": (1, 1, 512, 512)})


def fields(source: Path, into: Path) -> None:
    """Fields of a plate, drawn completely."""
    for place in sorted(source.glob("*.tif")):
        ours(place, into / place.stem, zarr=False)


def thumbnails(source: Path, into: Path) -> None:
    """The same fields, opened, reduced, coloured and encoded as thumbnails alone."""
    from ingest.images.opening import opened
    from portal.imaging.composite import THUMBNAIL, blended, fitted, webp
    from portal.imaging.planes import Planes, halved

    for place in sorted(source.glob("*.tif")):
        with opened(place, place.name) as image:
            assert isinstance(image.source, Planes)
            plane = halved(image.source.read(0, 0, 0))
            (into / f"{place.stem}.webp").write_bytes(webp(fitted(blended([plane], [(100, 2000)], ["#00ff00"]), THUMBNAIL)))


def pyvips_thumbnails(source: Path, into: Path) -> None:
    """The same thumbnails by pyvips: reduced, the same window, green, WebP of the same quality."""
    import pyvips

    for place in sorted(source.glob("*.tif")):
        whole = pyvips.Image.new_from_file(str(place), access="sequential")
        small = whole.resize(192 / max(whole.width, whole.height))  # its thumbnail() takes 16 bits for a photograph, and makes them black
        grey = ((small - 100) * (255 / 1900)).cast("uchar")
        green = (grey * 0).bandjoin([grey, grey * 0]).copy(interpretation="srgb")
        green.webpsave(str(into / f"{place.stem}.webp"), Q=80, effort=4)


def pillow_thumbnails(source: Path, into: Path) -> None:
    """The same by Pillow."""
    from PIL import Image

    for place in sorted(source.glob("*.tif")):
        with Image.open(place) as found:
            small = np.asarray(found.convert("F").reduce(2).resize((192, 192), Image.Resampling.BOX))
        green = np.zeros((*small.shape, 3), np.uint8)
        green[..., 1] = ((small - 100) * (255 / 1900)).clip(0, 255)
        Image.fromarray(green).save(into / f"{place.stem}.webp", quality=80, method=4)


THUMBNAILS = thumbnails, pyvips_thumbnails, pillow_thumbnails
CONTESTANTS: dict[str, Callable[[Path, Path], None]] = {
    f.__name__: f for f in (ours, strips_only, rgb_only, dzsave, rgb_limit, stack_limit, peer, fields, *THUMBNAILS)
}


# ---- the run


def cost(name: str, source: Path, folder: Path, python: str = sys.executable) -> dict[str, float]:
    """Seconds of processor and wall, peak bytes, bytes and files written, by one contestant."""
    into = folder / f"out-{name}"
    into.mkdir()
    begun = monotonic()
    pid = os.posix_spawn(python, [python, str(Path(__file__)), "--run", name, str(source), str(into)], os.environ)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{name} failed")
    written = [p.stat().st_size for p in into.rglob("*") if p.is_file()]
    told = {"cpu": used.ru_utime + used.ru_stime, "wall": monotonic() - begun, "peak": used.ru_maxrss * 1024.0,
            "bytes": float(sum(written)), "files": float(len(written))}  # fmt: skip
    shutil.rmtree(into)
    print(f"  {name:17} {told['cpu']:7.2f} s processor {told['wall']:7.2f} s  {told['peak'] / 1e6:6.0f} MB peak  "
          f"{told['bytes'] / 1e6:7.1f} MB in {len(written):,} files", flush=True)  # fmt: skip
    return told


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rgb", type=int, default=10_240, help="px of the colour picture")
    words.add_argument("--side", type=int, default=4_096, help="px of the stack's planes")
    words.add_argument("--peer", default=sys.executable, help="a Python that has ome-zarr")
    words.add_argument("--json", type=Path)
    words.add_argument("--run", nargs=3, metavar=("NAME", "SOURCE", "INTO"), help=argparse.SUPPRESS)
    told = words.parse_args()
    if told.run:
        CONTESTANTS[told.run[0]](Path(told.run[1]), Path(told.run[2]))
        return 0
    wrong: list[str] = []
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="imaging-") as name:
        folder = Path(name)
        print(f"RGB, {told.rgb:,}², JPEG in a tiled TIFF")
        make_rgb(folder / "rgb.tif", told.rgb)
        for one in ("rgb_limit", "dzsave", "rgb_only"):
            found[one] = cost(one, folder / "rgb.tif", folder)
        judge(wrong, "RGB pyramid against pyvips dzsave", found["rgb_only"]["cpu"] / found["dzsave"]["cpu"], RGB_RATIO)
        print(f"16 bits, 4 channels × 10 z × {told.side:,}², tiled TIFF, not compressed")
        make_stack(folder / "stack.ome.tif", told.side)
        for one in ("stack_limit", "strips_only", "ours"):
            found[one] = cost(one, folder / "stack.ome.tif", folder)
        ratio = found["ours"]["cpu"] / found["stack_limit"]["cpu"]
        print(f"  strips and OME-Zarr are {ratio:.1f} times reading and encoding level 0 alone")
        if has_peer(told.peer):
            found["peer"] = cost("peer", folder / "stack.ome.tif", folder, told.peer)
            judge(wrong, "ours against ome-zarr-py", found["ours"]["cpu"] / found["peer"]["cpu"], 1 / STACK_RATIO)
        else:
            print("  ome-zarr-py: skipped, --peer names no Python that has ome_zarr and dask")
        for one in ("rgb_only", "ours"):
            judge(wrong, f"peak memory of {one}, MB", found[one]["peak"] / 1e6, MEMORY / 1e6)
        print(f"{FIELDS} fields of 512², 16 bits, zlib")
        (folder / "fields").mkdir()
        field = noise(np.random.default_rng(1), 512)
        for n in range(FIELDS):
            tifffile.imwrite(folder / f"fields/f{n:03}.tif", np.roll(field, n, 1), compression="zlib")
        for one in (*(f.__name__ for f in THUMBNAILS), "fields"):
            found[one] = cost(one, folder / "fields", folder)
            print(f"  {one}: {FIELDS / found[one]['cpu']:.0f} a processor second, with the start of Python")
    if told.json:
        told.json.write_text(json.dumps(found, indent=1))
    for line in wrong:
        print(f"worse than promised: {line}")
    return 1 if wrong else 0


def has_peer(python: str) -> bool:
    if python == sys.executable:
        return importlib.util.find_spec("ome_zarr") is not None
    return os.spawnv(os.P_WAIT, python, [python, "-c", "import ome_zarr, dask"]) == 0


def judge(wrong: list[str], what: str, figure: float, most: float) -> None:
    print(f"  {what}: {figure:.2f} (at most {most:.2f})")
    if figure > most:
        wrong.append(f"{what} {figure:.2f}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raise SystemExit(main())
