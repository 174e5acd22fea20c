"""OME-Zarr on another origin: a server of ranges in this process; what is asked, how often, and what happens when it is gone."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from ingest.images.assembled import opened_image
from ingest.images.batches import ImageBatch, image_steps
from ingest.images.drawing import images
from ingest.images.ome_zarr.remote import FRESH, Afar, web
from portal.facts import ComponentImages
from portal.imaging.planes import Planes
from portal.model import Images, StudyComponent
from portal.problems import Problem
from portal.publish.preview import listen
from tests.imaging import zarrs
from tests.imaging.test_layouts import grey, members, planned, work
from tests.imaging.works import load, work_of

LOCAL = ("127.0.0.1",)  # what portal.yaml would list


@dataclass
class Elsewhere:
    """A folder served at `url`; `asked` are the requests it got."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(f"{scope['method']} {scope['path']}")
            await Starlette(routes=[Mount("/", app=StaticFiles(directory=self.folder))])(scope, receive, send)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    site = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    data = np.random.default_rng(3).integers(0, 3000, (2, 2, 3, 700, 900)).astype(np.uint16)
    zarrs.image(site.folder / "five.zarr", data[..., :70, :90], levels=3, shards=True, omero={"channels": [{"label": "a"}, {"label": "b"}]})
    zarrs.image(site.folder / "wide.zarr", np.zeros((1, 1, 1, 8, 5000), np.uint8) + 7, version="0.4", levels=3)
    zarrs.image(site.folder / "flat.zarr", np.zeros((1, 1, 1, 8, 5000), np.uint8), levels=1)
    zarrs.plate(site.folder / "plate.zarr", {w: [data[0, :, 0, :40, :50]] for w in ("A/1", "C/07")})
    on = listen(port=0)
    server = uvicorn.Server(uvicorn.Config(site, log_level="error", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [on]}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{on.getsockname()[1]}"
    while not server.started:
        time.sleep(0.01)
    yield site
    server.should_exit = True
    thread.join(10)


class Clock:
    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


def far(afar: Afar | None, top: Path, **given: object) -> tuple[list[ImageBatch], list[Problem]]:
    files = tuple(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file())
    component = StudyComponent(name="screenA", kind="screen", images=(Images(**given),))
    planned = image_steps("x1", component, top, files, afar=afar)
    if afar:
        afar.save()
    return planned


def test_an_image_is_drawn_without_a_copy(elsewhere: Elsewhere, tmp_path: Path) -> None:
    url = f"{elsewhere.url}/five.zarr"
    (batch,), problems = far(Afar(tmp_path / "kept.json", hosts=LOCAL), tmp_path / "x1", url=url)
    assert not problems and batch.files == ()
    out = images(work_of({}, tmp_path / "s"), **batch.params)
    drawn = ComponentImages.model_validate(load(out, "images.json"))
    assert not drawn.refused
    (one,) = drawn.images
    assert (one.name, one.path, one.width, one.height, one.z, one.t) == ("five", url, 90, 70, 3, 2)
    assert one.pixel_size == 0.25 and [c.name for c in one.channels] == ["a", "b"]
    assert one.sha256 == hashlib.sha256((elsewhere.folder / "five.zarr/zarr.json").read_bytes()).hexdigest()


def test_a_large_image_is_drawn_from_a_coarse_resolution(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (batch,), _ = far(Afar(tmp_path / "kept.json", hosts=LOCAL), tmp_path / "x1", url=f"{elsewhere.url}/wide.zarr")
    elsewhere.asked.clear()
    with opened_image(work_of({}, tmp_path / "s").inputs[0], members([batch])[0], hosts=LOCAL) as found:
        assert isinstance(found.source, Planes)
        assert (found.source.width, found.source.height, found.full, found.pixel_size) == (1250, 2, (5000, 8), 0.25)
        assert (found.source.read(0, 0, 0) == 7).all()
    assert not [a for a in elsewhere.asked if re.search("wide.zarr/[01]/0", a)], "no chunk of a finer resolution is fetched"
    assert len(elsewhere.asked) == len(set(elsewhere.asked)), "nothing is fetched twice"
    (batch,), _ = far(Afar(tmp_path / "kept.json", hosts=LOCAL), tmp_path / "x1", url=f"{elsewhere.url}/flat.zarr")
    (refused,) = load(images(work_of({}, tmp_path / "t"), **batch.params), "images.json")["refused"]
    assert "no resolution coarse enough" in refused["why"]


def test_a_plate_has_its_wells(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (batch,), problems = far(Afar(tmp_path / "kept.json", hosts=LOCAL), tmp_path / "x1", url=f"{elsewhere.url}/plate.zarr")
    assert not problems and batch.params["kind"] == "plate"
    assert [(m.container, m.sample, m.url) for m in members([batch])] == [
        ("plate", "A1", f"{elsewhere.url}/plate.zarr/A/1/0"),
        ("plate", "C7", f"{elsewhere.url}/plate.zarr/C/07/0"),
    ]
    drawn = load(images(work_of({}, tmp_path / "s"), **batch.params), "images.json")
    assert drawn["sprites"][0]["wells"] == {"A1": 0, "C7": 1} and not drawn["refused"]


def test_what_did_not_change_is_not_asked_for(elsewhere: Elsewhere, tmp_path: Path) -> None:
    clock, kept, url = Clock(), tmp_path / "kept.json", f"{elsewhere.url}/plate.zarr"
    first = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)[0]
    elsewhere.asked.clear()
    assert far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)[0] == first and elsewhere.asked == []
    clock.now += FRESH + 1
    assert far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)[0] == first and elsewhere.asked == ["GET /plate.zarr/zarr.json"]
    place = elsewhere.folder / "plate.zarr/zarr.json"
    was = place.read_text()
    place.write_text(was.replace('"plate"', ' "plate"'))
    clock.now += FRESH + 1
    try:
        second = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)[0]
    finally:
        place.write_text(was)
    assert second[0].params != first[0].params, "other metadata, another key"


def test_unreachable_is_a_warning_and_what_was_drawn_stays(elsewhere: Elsewhere, tmp_path: Path) -> None:
    clock, kept = Clock(), tmp_path / "kept.json"
    url, gone = f"{elsewhere.url}/five.zarr", elsewhere.folder / "gone"
    before = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)[0]
    clock.now += FRESH + 1
    (elsewhere.folder / "five.zarr").rename(gone)
    try:
        after, problems = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=url)
    finally:
        gone.rename(elsewhere.folder / "five.zarr")
    assert after == before and [p.severity for p in problems] == ["warning"] and "stays" in problems[0].what
    with listen(port=0) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/x.zarr"
    batches, problems = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=nobody)
    assert not batches and [p.severity for p in problems] == ["warning"] and "left out" in problems[0].what
    kept.write_text(kept.read_text().replace(url, nobody))
    batches, problems = far(Afar(kept, clock, hosts=LOCAL), tmp_path / "x1", url=nobody)
    assert batches and [p.severity for p in problems] == ["warning"] and "stays" in problems[0].what


def test_a_public_bucket_is_a_web_address() -> None:
    assert web("s3://idr/zarr/v0.5/a.zarr") == "https://idr.s3.amazonaws.com/zarr/v0.5/a.zarr"
    assert web("https://x.org/a.zarr") == "https://x.org/a.zarr"


def test_a_list_of_images(elsewhere: Elsewhere, tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for n in (1, 2, 3):
        grey(top / f"raw/{n}.tif", n)
    good, size = hashlib.sha256((top / "raw/1.tif").read_bytes()).hexdigest(), (top / "raw/1.tif").stat().st_size
    five = hashlib.sha256((elsewhere.folder / "five.zarr/zarr.json").read_bytes()).hexdigest()
    (top / "images.csv").write_text(
        "path,url,sha256,size,plate,well,field,image\n"
        f"raw/1.tif,,{good.upper()},{size},p1,A01,,\n"
        f"raw/2.tif,,{good},,p1,A2,2,\n"
        f"raw/3.tif,,,{size + 1},p1,A3,,\n"
        f",{elsewhere.url}/five.zarr,{five},,,,,remote one\n"
    )
    batches, problems = far(Afar(tmp_path / "kept.json", hosts=LOCAL), top, manifest="images.csv")
    assert not problems and sorted((m.container or "", m.sample, m.field) for m in members(batches)) == [
        ("", "remote one", 1), ("p1", "A1", 1), ("p1", "A2", 2), ("p1", "A3", 1)]  # fmt: skip
    refused = {}
    for number, batch in enumerate(batches):
        drawn = load(images(work(top, batch, tmp_path / str(number)), **batch.params), "images.json")
        refused |= {r["path"]: r["why"] for r in drawn["refused"]}
    bad = hashlib.sha256((top / "raw/2.tif").read_bytes()).hexdigest()
    assert set(refused) == {"raw/2.tif", "raw/3.tif"} and good in refused["raw/2.tif"] and bad in refused["raw/2.tif"]
    assert f"{size:,} bytes" in refused["raw/3.tif"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("../secret.tif,,,", "not in the study folder"),
        ("/etc/passwd,,,", "not in the study folder"),
        ("a.tif,https://x.org/y.zarr,,", "or both"),
        (",,,", "neither"),
        (",file:///etc/x.zarr,,", "not the address"),
        ("a.tif,,12,", "64 hexadecimal"),
        ("a.tif,,,many", "no number of bytes"),
    ],
)
def test_wrong_rows(row: str, why: str, tmp_path: Path) -> None:
    grey(tmp_path / "x1/a.tif", 1)
    (tmp_path / "x1/list.tsv").write_text("path\turl\tsha256\tsize\n" + row.replace(",", "\t") + "\n")
    batches, problems = planned(tmp_path / "x1", manifest="list.tsv")
    assert not batches and [(p.severity, p.place.line) for p in problems] == [("error", 2)] and why in problems[0].what + problems[0].mend


@pytest.mark.parametrize(
    ("given", "where"),
    [({}, ""), ({"source": "a.tif", "manifest": "b.csv"}, ""), ({"manifest": "b.csv"}, ".manifest"),
     ({"source": "a.tif", "layout": "cellvoyager", "pattern": "{image}.tif"}, ".pattern")],
)  # fmt: skip
def test_entries_that_say_too_much_or_too_little(given: dict[str, str], where: str, tmp_path: Path) -> None:
    grey(tmp_path / "x1/a.tif", 1)
    _, problems = planned(tmp_path / "x1", **given)
    assert [(p.severity, p.place.path) for p in problems] == [("error", f"components[0].images[0]{where}")]
