"""The published OME-Zarr: equal pixels by two readers that share no code with the writer, metadata as OME-Zarr 0.5 has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import tifffile
import zarr

from ingest.images.batches import image_steps
from ingest.images.drawing import images
from portal.facts import ComponentImages
from portal.imaging.labels import BadLabels, check_labels
from portal.imaging.limits import measure
from portal.imaging.look import Channel, Look
from portal.imaging.planes import LabelImage, Planes, Rgb, halved
from portal.imaging.render import render
from portal.imaging.shards import shard_of
from portal.model import Images, StudyComponent
from tests.imaging.works import content, load, load_file, pixels, work_of


def planes_of(stack: np.ndarray) -> Planes:
    t, c, z, height, width = stack.shape
    return Planes(width, height, c, z, t, stack.dtype, lambda i, j, k: stack[i, j, k])


def written(stack: np.ndarray, into: Path, labels: tuple[LabelImage, ...] = ()) -> Path:
    planes = planes_of(stack)
    limits = tuple(measure(planes, c) for c in range(planes.channels))
    colours = ("#0000ff", "#00ff00", "#ff0000", "#ffffff", "#00ffff")
    look = Look(tuple(Channel(f"c{n}", None, colours[n], (v.low, v.high)) for n, v in enumerate(limits)), 0.25, 1.5, 30.0)
    done = render(planes, look, limits, into, labels=labels, zarr="an image")
    assert not done.refused
    return into / "zarr"


def read_twice(array: Path) -> np.ndarray:
    """By zarr-python and by tensorstore, which must agree."""
    one = np.asarray(zarr.open_array(array, mode="r")[...])
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(array)}}
    other = np.asarray(tensorstore.open(spec, open=True).result().read().result())
    assert one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((1, 5, 2, 530, 600), "uint16"), ((2, 1, 1, 40, 1030), "uint8"), ((1, 2, 1, 30, 514), "int16"), ((1, 1, 1, 1, 1), "uint16"),
        ((1, 1, 3, 30, 50), "uint32"), ((1, 1, 1, 700, 40), "float32"), ((1, 1, 1, 20, 600), "bool"), ((1, 1, 1, 9, 600), ">u2"),
    ],
)  # fmt: skip
def test_two_readers_find_the_pixels_of_the_source(shape: tuple[int, ...], dtype: str, tmp_path: Path) -> None:
    stack = np.random.default_rng(5).integers(0, 1000, shape)
    stack[:, :, :, :, 512:] = 0  # chunks of fill value alone
    stack = (stack - 400 if dtype in ("int16", "float32") else stack % 2 if dtype == "bool" else stack).astype(dtype)
    image = written(stack, tmp_path)
    group = load_file(image / "zarr.json")["attributes"]["ome"]
    wanted = stack.astype(np.uint8) if dtype == "bool" else stack.astype(stack.dtype.newbyteorder("="))
    for dataset in group["multiscales"][0]["datasets"]:
        found = read_twice(image / dataset["path"])
        assert found.dtype == wanted.dtype and np.array_equal(found, wanted)
        flat = [halved(plane) for plane in wanted.reshape(-1, *wanted.shape[3:])]
        wanted = np.stack(flat).reshape(*wanted.shape[:3], *flat[0].shape)
    assert max(wanted.shape[3:]) <= 512, "down to what fits in one tile"


def test_metadata_say_sizes_in_physical_units(tmp_path: Path) -> None:
    image = written(np.random.default_rng(1).integers(0, 900, (2, 2, 2, 60, 1100)).astype(np.uint16), tmp_path)
    whole = load_file(image / "zarr.json")
    assert whole["zarr_format"] == 3 and whole["node_type"] == "group"
    ome = whole["attributes"]["ome"]
    (scales,) = ome["multiscales"]
    assert ome["version"] == "0.5" and [(a["name"], a.get("unit")) for a in scales["axes"]] == [
        ("t", "second"), ("c", None), ("z", "micrometer"), ("y", "micrometer"), ("x", "micrometer"),
    ]  # fmt: skip
    transforms = [d["coordinateTransformations"] for d in scales["datasets"]]
    assert [t[0]["scale"] for t in transforms] == [[30, 1, 1.5, 0.25 * 2**d, 0.25 * 2**d] for d in range(3)]
    # The middle of a level's first pixel lies in the middle of the pixels it was made of.
    assert [t[1]["translation"][3:] for t in transforms[1:]] == [[0.125, 0.125], [0.375, 0.375]] and len(transforms[0]) == 1
    assert [(c["color"], c["label"], c["active"]) for c in ome["omero"]["channels"]] == [("0000FF", "c0", True), ("00FF00", "c1", True)]
    array = load_file(image / "0/zarr.json")
    assert array["codecs"][0]["name"] == "sharding_indexed" and array["dimension_names"] == ["t", "c", "z", "y", "x"]
    assert [c["name"] for c in array["codecs"][0]["configuration"]["codecs"]] == ["bytes", "gzip"]
    assert array["codecs"][0]["configuration"]["chunk_shape"] == [1, 1, 1, 60, 512]


@pytest.mark.parametrize(
    ("shape", "itemsize", "wanted"),
    [
        ((1, 4, 10, 512, 512), 2, (1, 4, 10, 512, 512)),  # a field of a plate: one file a level
        ((1, 4, 10, 4096, 4096), 2, (1, 1, 1, 4096, 4096)),
        ((1, 1, 1, 20_480, 20_000), 2, (1, 1, 1, 8192, 8192)),
        ((100, 2, 1, 1024, 1024), 2, (1, 2, 1, 1024, 1024)),
        ((3, 1, 1, 100, 700), 1, (3, 1, 1, 100, 1024)),
    ],
)
def test_shards_are_neither_many_nor_without_end(shape: tuple[int, ...], itemsize: int, wanted: tuple[int, ...]) -> None:
    assert shard_of(shape, (1, 1, 1, min(512, shape[3]), min(512, shape[4])), itemsize) == wanted


def labels_of(ids: np.ndarray, name: str = "nuclei", **given: Any) -> LabelImage:
    return LabelImage(name, planes_of(ids), **given)


def drawn_ids(tiles: Path, number: int, level: int = 0, z: int = 0) -> np.ndarray:
    """A level of one tile, put back to ids."""
    rgb = pixels((tiles / f"labels/{number}/{level}/{z}/0/0_0.webp").read_bytes()).astype(np.int64)
    return rgb[..., 0] + 256 * rgb[..., 1] + 65_536 * rgb[..., 2]


def test_ids_are_kept_to_the_last(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    plain = rng.integers(0, 1 << 24, (1, 1, 1, 300, 600)).astype(np.uint32)
    large = rng.choice(np.array([0, 5, 1 << 25, (1 << 31) + 7]), (1, 1, 2, 300, 600)).astype(np.uint32)
    signed = rng.choice(np.array([-3, 0, 8]), (1, 1, 1, 300, 600)).astype(np.int32)
    image = rng.integers(0, 900, (1, 1, 2, 300, 600)).astype(np.uint16)
    colours, properties = {5: "#102030", 1 << 25: "#ff0000", 99: "#ffffff"}, {(1 << 31) + 7: {"area": 3.5, "class": "cell"}}
    labels = (labels_of(plain), labels_of(large, "large / ids", colours=colours, properties=properties), labels_of(signed, "nuclei"))
    zarr_image = written(image, tmp_path, labels)
    tiles = tmp_path / "tiles"
    assert np.array_equal(drawn_ids(tiles, 0), plain[0, 0, 0, :512, :512])
    assert np.array_equal(drawn_ids(tiles, 0, 1), plain[0, 0, 0, ::2, ::2]), "one of four, never a mean"
    told = load_file(tiles / "labels/1.json")
    source = np.array([0, *told["source_ids"]])
    assert np.array_equal(source[drawn_ids(tiles, 1, z=1)], large[0, 0, 1, :, :512])
    assert told["source_ids"] == [5, 1 << 25, (1 << 31) + 7] and told["colours"] == {"1": "#102030", "2": "#ff0000"}
    assert told["properties"] == {"3": {"area": 3.5, "class": "cell"}}
    assert load_file(tiles / "labels/2.json")["source_ids"] == [-3, 8]
    info = load_file(tiles / "info.json")
    assert [(v["name"], v["z"]) for v in info["labels"]] == [("nuclei", 1), ("large / ids", 2), ("nuclei", 1)]
    assert info["labels"][1]["ids"] == 3
    # The same in the OME-Zarr, with the ids of the source.
    names = load_file(zarr_image / "labels/zarr.json")["attributes"]["ome"]["labels"]
    assert names == ["nuclei", "large_ids", "nuclei-2"]
    for name, ids in zip(names, (plain, large, signed), strict=True):
        assert np.array_equal(read_twice(zarr_image / "labels" / name / "0"), ids)
        assert np.array_equal(read_twice(zarr_image / "labels" / name / "1"), ids[..., ::2, ::2])
    told = load_file(zarr_image / "labels/large_ids/zarr.json")["attributes"]["ome"]["image-label"]
    assert told["source"] == {"image": "../../"} and told["colors"][0] == {"label-value": 5, "rgba": [16, 32, 48, 255]}
    assert told["properties"] == [{"area": 3.5, "class": "cell", "label-value": (1 << 31) + 7}]


def test_a_label_image_that_does_not_fit_costs_itself_alone(tmp_path: Path) -> None:
    stack = np.random.default_rng(2).integers(0, 900, (1, 1, 1, 30, 60)).astype(np.uint16)
    planes = planes_of(stack)
    limits = (measure(planes, 0),)

    def breaks(t: int, c: int, z: int) -> np.ndarray:
        raise OSError("broken")

    good = labels_of(np.ones((1, 1, 1, 30, 60), np.uint8), "good")
    bad = (
        labels_of(np.ones((1, 1, 1, 31, 60), np.uint8), "tall"),
        labels_of(np.ones((1, 1, 3, 30, 60), np.uint8), "deep"),
        labels_of(np.full((1, 1, 1, 30, 60), 0.5), "fractions"),
        LabelImage("broken", Planes(60, 30, 1, 1, 1, np.dtype(np.uint8), breaks)),
    )
    look = Look((Channel("c", None, "#ffffff", (0, 900)),))
    done = render(planes, look, limits, tmp_path, labels=(*bad[:2], good, *bad[2:]), zarr="x")
    assert done.labels == ("good",) and [name for name, _ in done.refused] == ["tall", "deep", "fractions", "broken"]
    assert "is 60 × 31 where its image is 60 × 30" in str(done.refused[0][1])
    assert {p for p in done.files if p.startswith("labels/")} == {"labels/0/0/0/0/0_0.webp", "labels/0.json"}
    assert {p.split("/")[1] for p in done.zarr if p.startswith("labels/")} == {"good", "zarr.json"}
    with pytest.raises(BadLabels, match="planes"):
        check_labels(bad[1], planes, 60, 30)


def test_a_colour_picture_as_three_channels(tmp_path: Path) -> None:
    y, x = np.mgrid[0:600, 0:700]
    picture = np.stack([x // 3, y // 3, (x + y) // 6], axis=-1).astype(np.uint8)
    for name, source in {
        "whole": Rgb(700, 600, lambda: picture),
        "parts": Rgb(700, 600, lambda: picture[:0], region=lambda rows, columns: picture[rows, columns]),
    }.items():
        done = render(source, Look(pixel_size=0.5), (), tmp_path / name, zarr="slide")
        assert np.array_equal(read_twice(tmp_path / name / "zarr/0")[0, :, 0], np.moveaxis(picture, -1, 0))
        assert {"0/0_0.jpg", "0/1_1.jpg", "1/0_0.jpg"} <= set(done.files)
        tile = pixels(done.files["0/1_1.jpg"].read_bytes())
        assert np.abs(tile.astype(int) - picture[512:, 512:]).mean() < 4


def step(tmp_path: Path, raw: str, files: dict[str, Path], **given: Any) -> dict[str, bytes | Path]:
    component = StudyComponent(name="screenA", kind="screen", images=(Images(**given),))
    (batch,), problems = image_steps("x1", component, Path("content/studies/x1"), tuple(files), raw=raw)
    assert not problems
    return images(work_of({path: files[path] for path in batch.files}, tmp_path / f"scratch-{raw}"), **batch.params)


def plate(tmp_path: Path) -> dict[str, Path]:
    files = {}
    for n, (well, field) in enumerate([("A2", 1), ("A2", 2), ("C11", 1), ("C11", 7)]):
        place = tmp_path / f"p 1_{well}_{field}.tif"
        tifffile.imwrite(place, np.random.default_rng(n).integers(0, 900, (2, 40, 60)).astype(np.uint16), metadata={"axes": "CYX"})
        files[f"images/{place.name}"] = place
    files["images/p 1_D1_1.tif"] = tmp_path / "broken.tif"
    files["images/p 1_D1_1.tif"].write_bytes(place.read_bytes()[:300])
    return files


def test_a_plate_is_one_zarr(tmp_path: Path) -> None:
    files = plate(tmp_path)
    out = step(tmp_path, "ome-zarr", files, source="images/*.tif", pattern="{plate}_{well}_{field}.tif")
    found = ComponentImages.model_validate(load(out, "images.json"))
    at = "zarr/plates/" + found.images[0].zarr.removeprefix("zarr/plates/").partition("/")[0]  # type: ignore[union-attr]
    assert [i.zarr for i in found.images] == [f"{at}/A/2/0", f"{at}/A/2/1", f"{at}/C/11/0", f"{at}/C/11/1"]
    assert at.endswith(".zarr") and all(i.original is None for i in found.images)
    for path, value in out.items():
        if path.startswith("site/zarr/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content(value))
    told = json.loads(content(out[f"site/{at}/zarr.json"]))["attributes"]["ome"]
    assert told["plate"] == {
        "name": "p 1", "field_count": 2, "rows": [{"name": "A"}, {"name": "C"}], "columns": [{"name": "2"}, {"name": "11"}],
        "wells": [{"path": "A/2", "rowIndex": 0, "columnIndex": 0}, {"path": "C/11", "rowIndex": 1, "columnIndex": 1}],
    }  # fmt: skip
    whole = zarr.open_group(tmp_path / "site" / at, mode="r")
    for image in found.images:
        field = whole[image.zarr.removeprefix(f"{at}/")]  # type: ignore[union-attr]
        assert np.array_equal(np.asarray(field["0"][0, :, 0]), tifffile.imread(files[image.path]))
        well = whole[str(Path(image.zarr.removeprefix(f"{at}/")).parent)]  # type: ignore[union-attr]
        assert [i["path"] for i in well.attrs["ome"]["well"]["images"]] == ["0", "1"]


def test_source_files_are_published_and_stay(tmp_path: Path) -> None:
    files = plate(tmp_path)
    before = {path: place.read_bytes() for path, place in files.items()}
    stamps = {path: (place.stat().st_ctime_ns, place.stat().st_nlink) for path, place in files.items()}
    out = step(tmp_path, "original", files, source="images/*.tif", pattern="{plate}_{well}_{field}.tif")
    found = ComponentImages.model_validate(load(out, "images.json"))
    assert len(found.images) == 4 and not any(p.startswith("site/zarr/") for p in out)
    for image in found.images:
        assert image.original == f"originals/{image.id}/{Path(image.path).name}" and image.zarr is None
        value = out[f"site/{image.original}"]
        assert isinstance(value, Path) and tmp_path / "scratch-original" in value.parents, "the store takes away what it is given"
        assert value.read_bytes() == before[image.path]
    assert {path: place.read_bytes() for path, place in files.items()} == before
    # A second name would change the time stamp by which the store knows a file, and the build would take it for changed.
    assert {path: (place.stat().st_ctime_ns, place.stat().st_nlink) for path, place in files.items()} == stamps


def test_nothing_raw_unless_asked(tmp_path: Path) -> None:
    out = step(tmp_path, "none", plate(tmp_path), source="images/*.tif", pattern="{plate}_{well}_{field}.tif")
    assert {p.split("/")[1] for p in out if p.startswith("site/")} == {"tiles"}
