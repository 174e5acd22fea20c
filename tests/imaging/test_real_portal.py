"""A portal of every real image of the shared collection, by the study folders of tests/imaging/real: nothing is passed over
silently, what is known of the images is told, and the published pixels are those of the files, upright and in their order.

By hand: `python tests/imaging/test_real_portal.py FOLDER` lays all study folders with their images there, to build and to look at.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pyarrow.parquet as pq
import pytest
import tifffile
import yaml
import zarr
from PIL import Image

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "../shared/images"
REAL = Path(__file__).with_name("real")
STUDIES = sorted(p.parent.name for p in REAL.glob("*/study.yaml"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs {SHARED}")

# study → (images that are drawn, images that are refused)
COUNTS = {
    "cellprofiler_misc": (3, 0),
    "hcs_imx_exported": (13, 0),
    "hcs_imx_projmix": (6, 0),
    "hcs_zarr_synthetic": (1, 0),
    "multifile_ome_companion": (0, 2),
    "nasty_imagecodecs": (43, 2),
    "nasty_made": (5, 1),
    "nasty_pillow": (54, 12),
    "ome_tiff": (2, 0),
    "ome_xml_rois": (36, 20),
    "skimage": (10, 0),
    "stardist_masks": (3, 0),
    "timelapse_imx": (2, 0),
    "wsi": (3, 1),
    "zarr_v05_idr6001240_labels": (1, 0),
}


def lay(content: Path) -> None:
    """The study folders with their images beside them. Copies: a hard link changes the time stamp (ctime) of a file that another
    build may be reading."""
    shutil.copytree(REAL, content / "studies", ignore=shutil.ignore_patterns("portal.yaml"))
    shutil.copyfile(REAL / "portal.yaml", content / "portal.yaml")
    for name in STUDIES:
        shutil.copytree(SHARED / name, content / "studies" / name / "images", copy_function=shutil.copyfile)


@dataclass(frozen=True)
class Built:
    content: Path
    site: Path
    said: str
    images: list[dict[str, Any]]

    def one(self, study: str, name: str, component: str | None = None) -> dict[str, Any]:
        return next(i for i in self.images if (i["study"], i["name"]) == (study, name) and component in (None, i["component"]))

    def tiles(self, image: dict[str, Any]) -> Path:
        return (self.site / image["thumbnail"]).parent

    def info(self, image: dict[str, Any]) -> dict[str, Any]:
        return dict(json.loads((self.tiles(image) / "info.json").read_bytes()))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    from tests.conftest import STORE, build_py

    at = tmp_path_factory.mktemp("real")
    lay(at / "content")
    done = build_py("build", "--content", at / "content", "--out", at / "site", "--store", STORE)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
    return Built(at / "content", at / "site", done.stdout + done.stderr, pq.read_table(at / "site/data/images.parquet").to_pylist())


# ---- nothing is passed over


def page(built: Built, study: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", (built.site / "studies" / study / "index.html").read_text(encoding="utf-8")))


@pytest.mark.parametrize("study", STUDIES)
def test_every_file_is_an_image_or_of_one_or_refused(built: Built, study: str) -> None:
    from ingest.images.batches import image_steps
    from ingest.images.names import Placed
    from portal.addresses import image_id
    from portal.model import Study

    folder = built.content / "studies" / study
    files = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()))
    told = Study.model_validate(yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8")))
    # The pages and tables say how many there are ...
    drawn, refused = COUNTS[study]
    mine = [i for i in built.images if i["study"] == study]
    text = page(built, study)
    assert len(mine) == drawn
    assert (f"{refused} of {drawn + refused} images of" in text) == (refused > 0)
    # ... and what was planned is one or the other, with its reason.
    known = {"study.yaml", *(f.path for f in told.files)}
    planned = 0
    for index, component in enumerate(told.components):
        batches, _ = image_steps(study, component, folder, files, index=index, raw=told.raw)
        planned += sum(len(b.params["placed"]) for b in batches)
        known |= {f for b in batches for f in b.files} | {i.manifest for i in component.images if i.manifest}
        known |= {component.samples.table} if component.samples else set()
        shown = {i["image_id"] for i in mine}
        for placed in (p for b in batches for p in b.params["placed"]):
            if image_id(study, component.name, Placed.of(placed).identity) in shown:
                continue
            why = re.search(rf"{re.escape(placed['path'])}: (\w[^\n]+)", text)
            assert why and len(why[1]) > 10, f"{placed['path']} is neither shown nor refused"
    assert planned == drawn + refused
    # What is left over belongs to an image: an instrument's own list of a plate, the groups and tables of an OME-Zarr.
    left = [f for f in files if f not in known and not f.endswith(".HTD") and ".zarr/" not in f]
    assert not left, f"passed over: {left[:5]}"


def test_what_the_instrument_wrote_beside_is_told(built: Built) -> None:
    assert "12 projections that the instrument wrote beside the planes are not taken" in " ".join(built.said.split())
    assert "6 projections that the instrument wrote beside the planes are not taken" in " ".join(built.said.split())
    shown = {i["container"] for i in built.images if i["component"] == "screenB"}
    assert shown == {"9987_Plate_3434", "Projection-Mix"}, "both are shown in components of their own"


def test_readers_find_every_image(built: Built) -> None:
    """From its component's page, or from the pages of its plates and datasets."""
    for study in {i["study"] for i in built.images}:
        at = built.site / "studies" / study
        pages = "".join(p.read_text(encoding="utf-8") for p in at.rglob("index.html"))
        for image in (i for i in built.images if i["study"] == study):
            page, _, well = re.sub(r"\.f\d+$", "", image["address"]).partition("#")  # a well opens with all of its fields
            assert f"{page}#{well}" in pages or f'href="#{well}"' in pages if well else f'{page}"' in pages, image["address"]


# ---- what is known of known images; each fact is read here from the file itself, by tifffile, zarr or OpenSlide

P = "hcs_imx_projmix/2023-02-21/1334"
T = "timelapse_imx/1well-3C-2S-Zmix-T/2024-04-22/1697"
E = "hcs_imx_exported/9987_Plate_3434/TimePoint_1"
# study, name → t, channels, z, height, width, dtype, µm, names of channels
KNOWN: dict[tuple[str, str], tuple[int, int, int, int, int, str, float | None, tuple[str, ...]]] = {
    ("hcs_imx_projmix", "Projection-Mix E7"): (1, 4, 10, 512, 512, "uint16", 1.3668, ("w1", "w2", "w3", "w4")),
    ("hcs_imx_exported", "9987_Plate_3434 B2"): (1, 3, 2, 256, 256, "uint16", 1.3672, ("DAPI", "FITC", "Texas Red")),
    ("hcs_imx_exported", "9987_Plate_3435 B3"): (2, 2, 1, 256, 256, "uint16", 1.3672, ()),
    ("timelapse_imx", "1well-3C-2S-Zmix-T C7 field 2"): (2, 3, 1, 256, 256, "uint16", 13.5504, ()),
    ("hcs_zarr_synthetic", "plate_ones_mip B3"): (1, 2, 1, 1080, 1280, "uint16", 0.1625, ()),
    ("zarr_v05_idr6001240_labels", "6001240_labels_v0.5"): (1, 2, 236, 68, 67, "uint16", 1.44159, ("LaminB1", "Dapi")),
    ("stardist_masks", "img3d"): (1, 1, 31, 61, 57, "uint16", None, ()),
    ("ome_tiff", "multi-channel"): (1, 3, 1, 167, 439, "int8", None, ()),
    ("nasty_made", "onepix_wide"): (1, 1, 1, 512, 1, "uint16", 1.3668, ()),
    ("nasty_made", "float32_nan"): (1, 1, 1, 512, 512, "float32", 1.3668, ()),
    ("cellprofiler_misc", "AS_09125_050116030001 D3"): (1, 3, 1, 512, 512, "uint8", None, ("DNA", "pH3", "Cell body")),
    ("wsi", "tcga-cr-7395-01a-01-ts1"): (1, 0, 1, 3567, 4443, "uint8", None, ()),
    ("ome_xml_rois", "multi-channel-z-series-time-series.ome.xml"): (5, 2, 5, 24, 18, "uint8", None, ()),
}


@pytest.mark.parametrize("known", KNOWN)
def test_known_facts(built: Built, known: tuple[str, str]) -> None:
    image = built.one(*known, component="screenA" if known[0].startswith("hcs") else None)
    expected = KNOWN[known]
    found = tuple(image[k] for k in ("t", "channels", "z", "height", "width", "dtype", "pixel_size"))
    assert found == expected[:-1]
    if names := expected[-1]:
        assert tuple(c["name"] for c in built.info(image)["channels"]) == names


def test_the_known_facts_are_those_of_the_files() -> None:
    for path, size in ((f"{P}/ZStep_1", 1.3668), (T, 13.5504), (f"{E}/ZStep_1", 1.3672)):
        with tifffile.TiffFile(sorted((SHARED / path).rglob("*.[tT][iI][fF]"))[0]) as tif:
            assert tif.metaseries_metadata["PlaneInfo"]["spatial-calibration-x"] == size
    assert {p.parent.name for p in (SHARED / P).glob("*/*E07_s1_w1*")} == {f"ZStep_{n}" for n in range(1, 11)}
    htd = (SHARED / "hcs_imx_exported/9987_Plate_3434/9987.HTD").read_text(encoding="latin-1")
    assert re.findall(r'"WaveName[123]", "([^"]+)"', htd) == ["DAPI", "FITC", "Texas Red"]
    store = zarr.open_group(SHARED / "zarr_v05_idr6001240_labels/6001240_labels_v0.5.zarr", mode="r")
    assert store["2"].shape == (2, 236, 68, 67)
    assert round(store.attrs["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"][3], 5) == 1.44159
    assert zarr.open_array(SHARED / "hcs_zarr_synthetic/plate_ones_mip.zarr/B/03/0/0", mode="r").shape == (2, 1, 1080, 1280)
    with openslide.OpenSlide(SHARED / "wsi/tcga-cr-7395-01a-01-ts1.svs") as slide:
        assert slide.dimensions == (4443, 3567) and "openslide.mpp-x" not in slide.properties


def metamorph(path: Path) -> dict[str, Any]:
    with tifffile.TiffFile(path) as tif:
        return dict(tif.metaseries_metadata["PlaneInfo"])


def test_steps_between_planes_and_time_points(built: Built) -> None:
    z = [metamorph(next((SHARED / P / f"ZStep_{n}").glob("*E07_s1_w1*")))["z-position"] for n in (1, 10)]
    assert built.one("hcs_imx_projmix", "Projection-Mix E7", "screenA")["pixel_size_z"] == pytest.approx(abs(z[1] - z[0]) / 9, rel=0.01)
    at = SHARED / "hcs_imx_exported/9987_Plate_3435"
    t = [metamorph(at / f"TimePoint_{n}/9987_B02_s1_w1.TIF")["acquisition-time-local"] for n in (1, 2)]
    image = built.one("hcs_imx_exported", "9987_Plate_3435 B2")
    assert image["time_step"] == pytest.approx((t[1] - t[0]).total_seconds(), abs=0.01) and image["t"] == 2
    store = zarr.open_group(SHARED / "zarr_v05_idr6001240_labels/6001240_labels_v0.5.zarr", mode="r")
    scale = store.attrs["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert built.one("zarr_v05_idr6001240_labels", "6001240_labels_v0.5")["pixel_size_z"] == pytest.approx(scale[1])


def test_source_files_are_published_where_the_study_says_so(built: Built) -> None:
    image = built.one("cellprofiler_misc", "30-2A1b")
    assert (built.site / f"originals/{image['image_id']}/30-2A1b.jpg").read_bytes() == (
        SHARED / "cellprofiler_misc/30-2A1b.jpg"
    ).read_bytes()
    parts = sorted(p.name for p in (built.site / "originals").glob("*/AS_*"))
    assert parts == [f"AS_09125_050116030001_D03f00d{n}.tif" for n in range(3)]


# ---- the published pixels are those of the files: upright, not mirrored, channels in their order


def level_0(built: Built, image: dict[str, Any], c: int = 0, z: int = 0, t: int = 0) -> np.ndarray:
    """What a viewer shows of one plane, (y, x) in values of the source; of a colour picture (y, x, 3)."""
    info, tiles = built.info(image), built.tiles(image)
    size, first = info["tile"], info["levels"][0]
    group = next((n for n, g in enumerate(info["groups"]) if c in g), 0)
    rows = []
    for y in range(first["rows"]):
        row = []
        for x in range(first["columns"]):
            if info["kind"] == "rgb":
                row.append(picture(tiles / f"0/{x}_{y}.jpg"))
                continue
            strip = np.asarray(Image.open(tiles / f"0/{z}/{t}/{group}/{x}_{y}.webp").convert("L"))
            height = min(size, first["height"] - y * size)
            at = info["groups"][group].index(c)
            row.append(strip[at * height : (at + 1) * height])
        rows.append(np.concatenate(row, axis=1))
    whole = np.concatenate(rows)
    if info["kind"] == "rgb":
        return whole
    low, high = info["limits"][c]
    f = whole / 255
    return low + (f if info["coding"] == "linear" else f**2) * (high - low)


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def beads(channel: int, z: int, field: int = 1) -> np.ndarray:
    return tifffile.imread(next((SHARED / P / f"ZStep_{z}").glob(f"*E07_s{field}_w{channel}*")))


CUT = slice(1000, 1700), slice(1500, 2300)  # of the slide: all of it takes 20 s to compare


def slide() -> np.ndarray:
    with openslide.OpenSlide(SHARED / "wsi/tcga-cr-7395-01a-01-ts1.svs") as opened:
        return np.asarray(opened.read_region((1500, 1000), 0, (800, 700)).convert("RGB"))


def plane(path: str, *index: int) -> Callable[[], np.ndarray]:
    return lambda: tifffile.imread(SHARED / path)[index]


def stored(path: str, *index: int) -> Callable[[], np.ndarray]:
    return lambda: np.asarray(zarr.open_array(SHARED / path, mode="r")[index])


def zoomed(name: str) -> Callable[[], np.ndarray]:
    return lambda: picture(SHARED / name)


BLASTOCYST = "zarr_v05_idr6001240_labels/6001240_labels_v0.5.zarr/2"
SAME: dict[str, tuple[tuple[str, str], tuple[int, int, int], Callable[[], np.ndarray]]] = {
    # (study, name), (channel, z, t), the same plane by another reader
    "plate, w1": (("hcs_imx_projmix", "Projection-Mix E7"), (0, 3, 0), lambda: beads(1, 4)),
    "plate, w2, last plane": (("hcs_imx_projmix", "Projection-Mix E7"), (1, 9, 0), lambda: beads(2, 10)),
    "plate, w4 at every z": (("hcs_imx_projmix", "Projection-Mix E7"), (3, 6, 0), lambda: beads(4, 1)),
    "plate, field 2": (("hcs_imx_projmix", "Projection-Mix E7 field 2"), (1, 4, 0), lambda: beads(2, 5, 2)),
    "time lapse": (
        ("timelapse_imx", "1well-3C-2S-Zmix-T C7"),
        (1, 0, 1),
        lambda: tifffile.imread(next((SHARED / T / "TimePoint_2").glob("*_s1_w2*"))),
    ),
    "export, second plane": (
        ("hcs_imx_exported", "9987_Plate_3434 B3 field 2"),
        (0, 1, 0),
        plane("hcs_imx_exported/9987_Plate_3434/TimePoint_1/ZStep_2/9987_B03_s2_w1.TIF"),
    ),
    "OME-Zarr, z": (("zarr_v05_idr6001240_labels", "6001240_labels_v0.5"), (1, 100, 0), stored(BLASTOCYST, 1, 100)),
    "stack": (("stardist_masks", "img3d"), (0, 20, 0), plane("stardist_masks/img3d.tif", 20)),
    "signed bytes": (("ome_tiff", "multi-channel"), (2, 0, 0), plane("ome_tiff/multi-channel.ome.tif", 2)),
    "a file a channel": (("ome_tiff", "Channel"), (1, 0, 0), plane("ome_tiff/Channel_1.tif")),
    "field of a screen": (
        ("cellprofiler_misc", "AS_09125_050116030001 D3"),
        (1, 0, 0),
        plane("cellprofiler_misc/AS_09125_050116030001_D03f00d1.tif"),
    ),
    "float with NaN": (("nasty_made", "float32_nan"), (0, 0, 0), lambda: np.nan_to_num(plane("nasty_made/float32_nan.tif")())),
    "one pixel wide": (("nasty_made", "onepix_wide"), (0, 0, 0), plane("nasty_made/onepix_wide.tif")),
    "phase contrast": (("skimage", "cell.png"), (0, 0, 0), lambda: np.asarray(Image.open(SHARED / "skimage/cell.png"))),
    "retina": (("skimage", "retina.jpg"), (0, 0, 0), zoomed("skimage/retina.jpg")),
    "tissue": (("skimage", "ihc.png"), (0, 0, 0), zoomed("skimage/ihc.png")),
    "slide": (("wsi", "tcga-cr-7395-01a-01-ts1"), (0, 0, 0), slide),
    "part of a slide": (("wsi", "kidney-48-5"), (0, 0, 0), plane("wsi/kidney-48-5.tif")),
    "lobe": (("cellprofiler_misc", "30-2A1b"), (0, 0, 0), zoomed("cellprofiler_misc/30-2A1b.jpg")),
}


@pytest.mark.parametrize("case", SAME)
def test_published_pixels_are_those_of_the_file(built: Built, case: str) -> None:
    known, (c, z, t), read = SAME[case]
    image = built.one(*known, component="screenA" if known[0].startswith("hcs") else None)
    wanted = read().astype(float)
    shown = level_0(built, image, c, z, t)
    shown = (shown[CUT] if case == "slide" else shown).astype(float)
    wanted = wanted.reshape(shown.shape)
    if shown.ndim == 2:  # the hottest pixels lie outside of what tiles can show
        low, high = built.info(image)["limits"][c]
        wanted = wanted.clip(low, high)
    spread = wanted.max() - wanted.min()
    off = np.abs(shown - wanted).mean() / spread
    assert off < 0.02, f"{off:.1%} of the range off"
    for name, other in (("upside down", shown[::-1]), ("mirrored", shown[:, ::-1]), ("BGR", shown[..., ::-1] if shown.ndim == 3 else None)):
        if other is None or np.array_equal(other, shown):
            continue
        assert np.abs(other - wanted).mean() / spread > 1.5 * off, f"the picture fits {name} as well"


def test_label_images_are_the_masks(built: Built) -> None:
    for name, mask in (("img2d", "mask2d.tif"), ("img3d", "mask3d.tif")):
        image = built.one("stardist_masks", name)
        wanted = tifffile.imread(SHARED / "stardist_masks" / mask)
        for z in range(image["z"]):
            at = picture(built.tiles(image) / f"labels/0/0/{z}/0/0_0.webp").astype(int)
            assert np.array_equal(at[..., 0] + 256 * at[..., 1], wanted[z] if wanted.ndim == 3 else wanted)
        assert built.info(image)["labels"][0]["ids"] == len(np.unique(wanted)) - 1
    image = built.one("zarr_v05_idr6001240_labels", "6001240_labels_v0.5")
    labels = zarr.open_array(SHARED / "zarr_v05_idr6001240_labels/6001240_labels_v0.5.zarr/labels/0/2", mode="r")
    at = picture(built.tiles(image) / "labels/0/0/118/0/0_0.webp").astype(int)
    assert np.array_equal(at[..., 0] + 256 * at[..., 1], labels[0, 118])


def test_regions_lie_where_they_were_put(built: Built) -> None:
    coins = json.loads((built.tiles(built.one("skimage", "coins.png")) / "rois.json").read_bytes())["features"]
    grey = np.asarray(Image.open(SHARED / "skimage/coins.png")).astype(float)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    assert len(coins) == 20
    for coin in coins:
        (at_x, at_y), radius = coin["geometry"]["coordinates"], coin["properties"]["radius"]
        far = np.hypot(x + 0.5 - at_x, y + 0.5 - at_y)
        assert grey[far < 0.8 * radius].mean() > grey[(far > 1.15 * radius) & (far < 1.4 * radius)].mean() + 15, coin
    swatch = json.loads((built.tiles(built.one("ome_xml_rois", "ROI.ome.xml")) / "rois.json").read_bytes())["features"]
    assert {"type": "Point", "coordinates": [1, 1]} in [f["geometry"] for f in swatch]


def test_planes_in_ome_xml_are_the_base64_of_the_file(built: Built) -> None:
    from base64 import b64decode

    text = (SHARED / "ome_xml_rois/ROI.ome.xml").read_text(encoding="utf-8")
    image = built.one("ome_xml_rois", "ROI.ome.xml")
    for c, plane in enumerate(re.findall(r">([A-Za-z0-9+/=]{32})</BinData>", text)):
        wanted = np.frombuffer(b64decode(plane), np.uint8).reshape(4, 6)
        assert np.abs(level_0(built, image, c) - wanted).mean() < 20, "6 × 4 pixels, lossy"


def test_the_plates_are_plates(built: Built) -> None:
    wells: dict[tuple[str, str], set[str]] = {}
    for image in built.images:
        if image["container"] and image["component"] == "screenA":
            wells.setdefault((image["study"], image["container"]), set()).add(image["sample"])
    assert wells == {
        ("cellprofiler_misc", "AS_09125_050116030001"): {"D3"},
        ("hcs_imx_exported", "9987_Plate_3420"): {"B2"},
        ("hcs_imx_exported", "9987_Plate_3434"): {"B2", "B3"},
        ("hcs_imx_exported", "9987_Plate_3435"): {"B2", "B3"},
        ("hcs_imx_projmix", "Projection-Mix"): {"E7", "E8"},
        ("hcs_zarr_synthetic", "plate_ones_mip"): {"B3"},
        ("timelapse_imx", "1well-3C-2S-Zmix-T"): {"C7"},
    }
    for image in built.images:
        assert Image.open(io.BytesIO((built.site / image["thumbnail"]).read_bytes())).size[0] <= 192


if __name__ == "__main__":
    lay(Path(sys.argv[1]))
