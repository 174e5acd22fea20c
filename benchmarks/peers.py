"""A first view of our image page beside two named peers, in one browser and one run: requests, and bytes on the wire.

    python benchmarks/peers.py                      # some minutes; the first run installs the peers from their lock (170 MB)
    python benchmarks/peers.py --chunk 1024 --pictures DIR

One image, 4 channels × 3 z × 2048², 16 bits, is published with `raw: ome-zarr`. Contestants: our image page, and the same asked for
exact pixels; OpenSeadragon over the raw OME-Zarr, read by zarrita; Viv's layer in deck.gl over the same. Each peer reads both the
OME-Zarr 0.5 that we publish, a file a plane and level, and the same pixels as OME-Zarr 0.4 in a file a chunk, with the same chunks and
codec. All come from one server, which compresses text with gzip, into a browser that has seen nothing yet; the browser's own count of
each body is what is added up. All pictures are as large as that of our page in a window of 1400 × 900.

Whether each shows the image is judged by its picture, against the one that these pixels, windows and colours should give.

Ends with 1 where the image page needs more requests or more bytes than a peer, or a change of contrast fetches anything; with 2
where a picture is not that of the image, so that nothing can be compared.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numcodecs
import numpy as np
import tifffile
import zarr
from PIL import Image
from playwright.sync_api import Browser, Page, Request, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import image_view  # noqa: E402  the checkout's own folder comes first
from portal.publish.assets import node  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.browser.watched import serve  # noqa: E402
from tests.conftest import build_py  # noqa: E402

VIEWERS = Path(__file__).with_name("viewers")
IMAGE = "view0001-experimenta-set_cells"
VIEWPORT = (1400, 900)
DEPTH = 3
OURS, OSD, VIV = "our image page", "OpenSeadragon + zarrita", "Viv + deck.gl"
# The least correlation of a picture's red, green and blue with what it should be: without one of its channels it is below 0.8.
ALIKE = 0.97
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


@dataclass(frozen=True)
class Cost:
    """Requests, and bytes of bodies as they travelled."""

    requests: int
    code: int
    data: int
    missing: int  # requests that were answered 404: readers that look for what may be there

    @property
    def bytes(self) -> int:
        return self.code + self.data


# ---- the image


def publish(at: Path) -> Path:
    """The portal of the image; the folder it is served from. Plane 1 is that of image_view.py, the others are it, moved."""
    image_view.STUDY = image_view.STUDY.replace("licence: CC0-1.0\n", "licence: CC0-1.0\nraw: ome-zarr\n")
    image_view.write(at / "content")
    planes = image_view.pixels()
    stack = np.stack([np.roll(planes, 300 * z, axis=2) for z in range(DEPTH)], axis=1)
    told = {"axes": "CZYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": {"Name": ["DAPI", "GFP", "RFP", "Cy5"]}}
    tifffile.imwrite(at / "content/studies/view0001/images/set/cells.ome.tif", stack, ome=True, metadata=told)
    done = build_py("build", "--content", at / "content", "--out", at / "site", "--store", at / "store")
    if not (at / "site").exists():
        raise SystemExit(f"{done.stdout}\n{done.stderr}")
    return (at / "site").resolve()


def rechunked(source: Path, into: Path, chunk: int) -> None:
    """The same pixels as OME-Zarr 0.4, in a file a chunk, gzip as in `source`."""
    held = zarr.open_group(source, mode="r")
    told = held.attrs["ome"]
    group = zarr.open_group(into, mode="w", zarr_format=2)
    group.attrs.update({"multiscales": [{**told["multiscales"][0], "version": "0.4"}], "omero": told["omero"]})
    for level in told["multiscales"][0]["datasets"]:
        array = held[level["path"]]
        side = min(chunk, *array.shape[-2:])
        made = group.create_array(level["path"], shape=array.shape, chunks=(1, 1, 1, side, side), dtype=array.dtype,
                                  compressors=numcodecs.GZip(1), chunk_key_encoding={"name": "v2", "separator": "/"})  # fmt: skip
        made[:] = array[:]


def expected(source: Path, z: int, width: int, height: int) -> np.ndarray:
    """RGB, YXC, of a plane fitted into a window: each channel in its colour between the ends of its window, added up."""
    held = zarr.open_group(source, mode="r")
    planes = np.asarray(held["1"][0, :, z], np.float32)
    sums = np.zeros((*planes.shape[1:], 3), np.float32)
    for plane, channel in zip(planes, held.attrs["ome"]["omero"]["channels"], strict=True):
        low, high = channel["window"]["start"], channel["window"]["end"]
        colour = np.array([int(channel["color"][i : i + 2], 16) for i in (0, 2, 4)], np.float32)
        sums += np.clip((plane - low) / (high - low), 0, 1)[..., None] * colour
    whole = Image.fromarray(sums.clip(0, 255).astype(np.uint8))
    side = min(width, height)
    window = Image.new("RGB", (width, height))
    window.paste(whole.resize((side, side), Image.Resampling.BOX), ((width - side) // 2, (height - side) // 2))
    return np.asarray(window)


def likeness(picture: bytes, should: np.ndarray) -> float:
    """The least correlation of red, green and blue, in the middle half of the image, where neither controls nor scale bars lie."""
    is_ = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB").resize(should.shape[1::-1]), np.float32)
    middle, quarter = (should.shape[0] // 2, should.shape[1] // 2), min(should.shape[:2]) // 4
    cut = np.s_[middle[0] - quarter : middle[0] + quarter, middle[1] - quarter : middle[1] + quarter]
    return min(correlation(is_[cut][..., c], should[cut][..., c].astype(np.float32)) for c in range(3))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    both = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / both if both else 0.0


# ---- the pages


def bundle(into: Path) -> None:
    """The peers' pages. Installs what they are made of where it is absent or another release."""
    installed, lock = VIEWERS / "node_modules/.package-lock.json", VIEWERS / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        print("the peers are being installed into benchmarks/viewers/node_modules", file=sys.stderr)
        subprocess.run(
            [Path(node()).with_name("npm"), "ci", "--loglevel=error", "--no-progress"], cwd=VIEWERS, check=True, stdout=subprocess.DEVNULL
        )
        installed.touch()
    subprocess.run([node(), str(VIEWERS / "bundle.mjs"), str(into)], check=True)


@contextmanager
def browser() -> Iterator[Browser]:
    """A real one; WebGL is drawn by its own software, on every machine the same."""
    executable = chromium.find()
    if not executable:
        raise SystemExit("no Chromium: run `make setup-dev`")
    arguments = [
        *(a for a in chromium.ARGUMENTS if a != "--disable-gpu"),
        *SOFTWARE_GL,
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield launched
        launched.close()


class Traffic:
    """The requests of a page, as they are made and until they end."""

    def __init__(self, page: Page):
        self.asked: list[Request] = []
        self._open: set[Request] = set()
        page.on("request", self._begun)
        page.on("requestfinished", lambda request: self._open.discard(request))
        page.on("requestfailed", lambda request: self._open.discard(request))

    def _begun(self, request: Request) -> None:
        if request.url.startswith("http"):
            self.asked.append(request)
            self._open.add(request)

    @property
    def state(self) -> tuple[int, int]:
        return len(self.asked), len(self._open)


def settled(page: Page, stage: str, traffic: Traffic) -> bytes:
    """The picture, once a second passes in which nothing is asked for and the picture stays."""
    before: tuple[object, ...] = ()
    for _ in range(60):
        page.wait_for_timeout(1000)
        now = (page.locator(stage).screenshot(), traffic.state)
        if now == before and traffic.state[1] == 0:
            return now[0]
        before = now
    raise SystemExit(f"{page.url} never comes to rest")


def cost(asked: list[Request]) -> Cost:
    """Bodies as the browser counted them when they came, compressed where they were."""
    sizes = {"code": 0, "data": 0}
    missing = 0
    for request in asked:
        answer = request.response()
        missing += answer is not None and answer.status == 404
        if request.method != "HEAD":  # whose answer names a length, and has no body
            data = urlsplit(request.url).path.startswith(("/tiles/", "/zarr/", "/peers/data/"))
            sizes["data" if data else "code"] += request.sizes()["responseBodySize"]
    return Cost(len(asked), sizes["code"], sizes["data"], missing)


@dataclass(frozen=True)
class Contestant:
    name: str
    source: str
    url: str
    ours: bool = False

    @property
    def stage(self) -> str:
        """What holds the picture."""
        return ".viewer-canvas" if self.ours else "#stage"

    @property
    def ready(self) -> str:
        return ".viewer-ready" if self.ours else "#stage.complete"

    def plane(self, page: Page) -> None:
        """The second plane."""
        if self.ours:
            page.locator(".viewer-slider input[type=range]").first.fill("1")
        else:
            page.evaluate("() => { window.peer.plane(1) }")

    def contrast(self, page: Page) -> None:
        """The first channel, much brighter."""
        if self.ours:
            page.locator("input.channel-high").first.fill("300")
        else:
            page.evaluate("() => { window.peer.window(0, 80, 800) }")


@dataclass(frozen=True)
class Seen:
    """What a contestant cost and showed: first view, next plane, other contrast; the picture's size in CSS pixels."""

    who: Contestant
    costs: dict[str, Cost]
    pictures: dict[str, bytes]
    size: tuple[int, int]


def visit(launched: Browser, who: Contestant) -> Seen:
    """Opens a page cold, steps to the next plane, changes the contrast of a channel."""
    context = launched.new_context(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]}, reduced_motion="reduce", locale="en-GB")
    page = context.new_page()
    traffic = Traffic(page)
    page.on("pageerror", lambda error: print(f"  {who.name}: {error}", file=sys.stderr))

    def opened(page: Page) -> None:
        page.goto(who.url)
        page.locator(who.ready).first.wait_for(timeout=60_000)

    costs: dict[str, Cost] = {}
    pictures: dict[str, bytes] = {}
    for act, does in {"first": opened, "plane": who.plane, "contrast": who.contrast}.items():
        does(page)
        pictures[act] = settled(page, who.stage, traffic)
        costs[act] = cost(traffic.asked)
        traffic.asked.clear()
    box = page.locator(who.stage).bounding_box()
    assert box, who.stage
    context.close()
    return Seen(who, costs, pictures, (round(box["width"]), round(box["height"])))


# ---- the run


def ours(root: str) -> list[Contestant]:
    """Our page as readers open it, and where they asked for exact pixels. A stack opens on its maximum projection; peers have none."""
    page = f"{root}images/{IMAGE}/#p=normal&z=1"
    return [
        Contestant(OURS, "strips, 8 bits", page, ours=True),
        Contestant(f"{OURS}, exact", "0.5, a file a plane", f"{page}&e=p", ours=True),
    ]


def peers(root: str, size: tuple[int, int], chunk: int) -> list[Contestant]:
    found = []
    for viewer, name in (("openseadragon", OSD), ("viv", VIV)):
        for source, form, told in (
            (f"zarr/{IMAGE}.zarr", 3, "0.5, a file a plane"),
            (f"peers/data/{chunk}.zarr", 2, "0.4, a file a chunk"),
        ):
            words = urlencode({"source": f"/{source}", "format": form, "width": size[0], "height": size[1]})
            found.append(Contestant(name, told, f"{root}peers/{viewer}/?{words}"))
    return found


TITLES = f"""{"":23} {"":20} {"first view":>34} {"next plane":>15} {"contrast":>9} {"alike":>6}
{"":23} {"":20} {"requests":>9} {"code kB":>8} {"data kB":>8} {"kB":>6} {"requests":>8} {"kB":>6} {"requests":>9}"""


def line(seen: Seen, alike: float) -> str:
    first, plane, contrast = (seen.costs[act] for act in ("first", "plane", "contrast"))
    missing = f"  {first.missing} answered 404" if first.missing else ""
    kilobytes = f"{first.code / 1000:8.0f} {first.data / 1000:8.0f} {first.bytes / 1000:6.0f}"
    after = f"{plane.requests:8} {plane.bytes / 1000:6.0f} {contrast.requests:9}"
    return f"{seen.who.name:23} {seen.who.source:20} {first.requests:9} {kilobytes} {after} {alike:6.3f}{missing}"


def keep(folder: Path, seen: Seen) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for act, picture in seen.pictures.items():
        name = re.sub(r"\W+", "-", f"{seen.who.name} {seen.who.source} {act}".lower())
        (folder / f"{name}.png").write_bytes(picture)


def judged(page: dict[str, Cost], beside: list[tuple[str, dict[str, Cost]]]) -> list[str]:
    """Prints how much more each peer needs than the page, with the source that suits it best; gives what is worse than promised."""
    worse = [f"a change of contrast makes {n} requests"] if (n := page["contrast"].requests) else []
    for name in dict.fromkeys(name for name, _ in beside):
        first = [costs["first"] for other, costs in beside if other == name]
        for what in ("requests", "bytes"):
            least, own = min(getattr(one, what) for one in first), getattr(page["first"], what)
            print(f"{name} needs {least / own:.1f} times the {what} of {OURS}")
            if own > least:
                worse.append(f"{what} of the first view: {own:,} beside {least:,} of {name}")
    return worse


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--chunk", type=int, default=512, help="px of the chunks of the OME-Zarr 0.4")
    words.add_argument("--pictures", type=Path, help="a folder for what each showed")
    words.add_argument("--json", type=Path)
    told = words.parse_args()
    found: list[Seen] = []
    strange: list[str] = []
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        site = publish(Path(folder))
        raw = site / f"zarr/{IMAGE}.zarr"
        bundle(site / "peers")
        rechunked(raw, site / f"peers/data/{told.chunk}.zarr", told.chunk)
        with serve(site) as served, browser() as launched:
            print(TITLES)
            todo = ours(served.root)
            while todo:
                seen = visit(launched, todo.pop(0))
                found.append(seen)
                if not todo and seen.who.ours:
                    todo = peers(served.root, found[0].size, told.chunk)
                alike = min(likeness(seen.pictures[act], expected(raw, z, *seen.size)) for z, act in enumerate(("first", "plane")))
                print(line(seen, alike), flush=True)
                if told.pictures:
                    keep(told.pictures, seen)
                if alike < ALIKE or seen.pictures["contrast"] == seen.pictures["plane"]:
                    strange.append(f"{seen.who.name}, {seen.who.source}: its picture is not that of the image, or does not follow")
    if told.json:
        told.json.write_text(
            json.dumps(
                [{"name": s.who.name, "source": s.who.source, **{k: asdict(c) for k, c in s.costs.items()}} for s in found], indent=1
            )
        )
    print(*strange, sep="\n", end="\n" if strange else "")
    if strange:
        return 2
    worse = judged(found[0].costs, [(seen.who.name, seen.costs) for seen in found if not seen.who.ours])
    for what in worse:
        print(f"worse than promised: {what}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
