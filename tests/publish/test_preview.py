"""The preview server, asked by hand over a socket: what a good static host answers, and nothing else."""

from __future__ import annotations

import gzip
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from portal.engine.step import Tree
from portal.engine.store import Store
from portal.publish.preview import preview
from portal.publish.release import publish

ROOT = Path(__file__).parents[2]
DIGITS = bytes(range(256)) * 40
PAGE = b"<!doctype html><title>s1</title>" + b"<p>metaphase</p>" * 100
FILES = {
    "index.html": b"<!doctype html><title>home</title>", "404.html": b"<!doctype html><title>not found</title>",
    "studies/s1/index.html": PAGE, "data/samples.parquet": DIGITS, "vendor/duckdb.wasm": DIGITS, "js/page.mjs": b"export {}",
    "rois.geojson": b"{}", "tiles/0_0.webp": DIGITS, "a b/\u00e9#?.tsv": b"a\tb", "empty.txt": b"", "data/none/readme": b"no index here",
}  # fmt: skip


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    port: int
    base: str
    store: Store
    out: Path

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Header names with `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, self.base + path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def publish(self, files: dict[str, bytes]) -> None:
        publish(self.store, Tree({path: self.store.put(raw) for path, raw in files.items()}), self.out)


@pytest.fixture(scope="module", params=["", "/portal/demo"], ids=["at /", "at a sub-path"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("preview")
    listening = socket.create_server(("127.0.0.1", 0))
    site = Site(listening.getsockname()[1], request.param, Store(folder / "store"), folder / "site")
    site.publish(FILES)
    server = uvicorn.Server(uvicorn.Config(preview(site.out, request.param or "/"), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield site
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=10000-", 10000, 10240), ("bytes=-8", 10232, 10240),
        ("bytes=-99999", 0, 10240), ("bytes=10239-99999", 10239, 10240), ("BYTES = 5-6", 5, 7),
    ],
)  # fmt: skip
def test_a_range(site: Site, asked: str, start: int, end: int) -> None:
    answer = site.get("/data/samples.parquet", Range=asked, Accept_Encoding="gzip")
    assert answer.status == 206 and answer.body == DIGITS[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10240"
    assert answer.headers["content-length"] == str(end - start)
    assert "content-encoding" not in answer.headers and answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=10240-10300", "bytes=-0"])
def test_a_range_outside(site: Site, asked: str) -> None:
    answer = site.get("/data/samples.parquet", Range=asked)
    assert answer.status == 416 and answer.headers["content-range"] == "bytes */10240"


@pytest.mark.parametrize("asked", ["bytes", "bytes=", "bytes=a-b", "bytes=5-2", "lines=0-1", "bytes=0-1,x", "bytes=" + "9" * 5000 + "-"])
def test_a_range_that_means_nothing_is_ignored(site: Site, asked: str) -> None:
    answer = site.get("/data/samples.parquet", Range=asked)
    assert answer.status == 200 and answer.body == DIGITS


def test_several_ranges(site: Site) -> None:
    answer = site.get("/data/samples.parquet", Range="bytes=0-3, -2")
    assert answer.status == 206 and answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert b"\r\nContent-Range: bytes 0-3/10240\r\n\r\n\x00\x01\x02\x03\r\n" in answer.body
    assert b"\r\nContent-Range: bytes 10238-10239/10240\r\n\r\n\xfe\xff\r\n" in answer.body


def test_if_range(site: Site) -> None:
    whole = site.get("/data/samples.parquet")
    tag = whole.headers["etag"]
    assert tag.startswith('"')
    assert site.get("/data/samples.parquet", Range="bytes=0-9", If_Range=tag).status == 206
    for other in ('"another"', f"W/{tag}", whole.headers["last-modified"]):
        answer = site.get("/data/samples.parquet", Range="bytes=0-9", If_Range=other)
        assert (answer.status, answer.body) == (200, DIGITS), other


def test_head(site: Site) -> None:
    answer = site.get("/data/samples.parquet", "HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"], answer.headers["accept-ranges"]) == (200, b"", "10240", "bytes")
    assert site.get("/data/samples.parquet", "HEAD", Range="bytes=0-9").status == 200
    assert site.get("/data/samples.parquet", "POST").status == 405


def test_an_etag_is_of_the_bytes(site: Site) -> None:
    """Two releases in one second, same length: the tag must differ, and be the same again for the same bytes."""
    one = site.get("/index.html").headers["etag"]
    assert site.get("/index.html", If_None_Match=one).status == 304
    assert site.get("/index.html", If_None_Match=f'"x", W/{one}').status == 304
    site.publish({**FILES, "index.html": FILES["index.html"].replace(b"home", b"huis")})
    two = site.get("/index.html", If_None_Match=one)
    assert two.status == 200 and b"huis" in two.body, "a swap shows at once"
    assert site.get("/404.html").headers["etag"] == site.get("/404.html").headers["etag"]
    unchanged = site.get("/data/samples.parquet").headers["etag"]
    site.publish(FILES)
    assert site.get("/data/samples.parquet").headers["etag"] == unchanged
    assert site.get("/index.html").headers["etag"] == one
    assert site.get("/index.html", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").status == 200


def test_compression(site: Site) -> None:
    plain, packed = site.get("/studies/s1/"), site.get("/studies/s1/", Accept_Encoding="br, gzip;q=0.8")
    assert plain.body == PAGE and packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == PAGE
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != packed.headers["etag"], "two forms of one page, two tags"
    assert site.get("/studies/s1/", Accept_Encoding="gzip", If_None_Match=packed.headers["etag"]).status == 304
    assert site.get("/studies/s1/", Accept_Encoding="gzip;q=0").body == PAGE
    assert site.get("/studies/s1/", "HEAD", Accept_Encoding="gzip").headers["content-length"] == str(len(packed.body))
    part = site.get("/studies/s1/", Accept_Encoding="gzip", Range="bytes=0-4")
    assert (part.status, part.body) == (206, PAGE[:5])
    assert site.get("/vendor/duckdb.wasm", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
    for exact in ("/data/samples.parquet", "/tiles/0_0.webp"):
        answer = site.get(exact, Accept_Encoding="gzip")
        assert "content-encoding" not in answer.headers and answer.body == DIGITS and "vary" not in answer.headers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"), ("/data/samples.parquet", "application/vnd.apache.parquet"),
        ("/rois.geojson", "application/geo+json"),
        ("/vendor/duckdb.wasm", "application/wasm"), ("/js/page.mjs", "text/javascript; charset=utf-8"), ("/tiles/0_0.webp", "image/webp"),
        ("/a%20b/%C3%A9%23%3F.tsv", "text/tab-separated-values; charset=utf-8"), ("/data/none/readme", "application/octet-stream"),
        ("/empty.txt", "text/plain; charset=utf-8"),
    ],
)  # fmt: skip
def test_types(site: Site, path: str, kind: str) -> None:
    answer = site.get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["x-content-type-options"] == "nosniff"


def test_folders(site: Site) -> None:
    answer = site.get("/studies/s1?colour=control")
    assert (answer.status, answer.headers["location"]) == (307, "./s1/?colour=control")
    assert site.get("/studies/s1/").body == PAGE


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/studies/", "/data/none", "/data/none/", "/index.html/", "/%00", "/" + "x" * 300, "/../store/lock",
     "/%2e%2e/store/store-1.sqlite",
     "/..%2f..%2fetc%2fhostname", "//etc/hostname", "/studies/s1/index.html/x"],
)  # fmt: skip
def test_what_is_not_there(site: Site, path: str) -> None:
    answer = site.get(path, Range="bytes=0-1", Accept_Encoding="gzip")
    assert answer.status == 404 and answer.body == FILES["404.html"] and answer.headers["content-type"].startswith("text/html")


def test_links_out_of_the_folder(site: Site) -> None:
    out = site.out.resolve()
    (out / "escape").symlink_to("/etc/hostname")
    try:
        assert site.get("/escape").status == 404
    finally:
        (out / "escape").unlink()


def test_the_root_leads_to_the_site(site: Site) -> None:
    root = Site(site.port, "", site.store, site.out)
    if not site.base:
        assert root.get("/").body == FILES["index.html"]
        return
    for path in ("/", site.base):
        answer = root.get(path)
        assert (answer.status, answer.headers["location"]) == (307, f"{site.base}/")
    assert root.get("/data/samples.parquet").status == 404


def test_serve_prints_the_address(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    code = f"from pathlib import Path; from portal.publish.preview import serve; serve(Path({str(tmp_path)!r}), port=0, base='/demo/')"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        port = int(line.partition("http://127.0.0.1:")[2].partition("/")[0])
        assert line.rstrip().endswith(f"http://127.0.0.1:{port}/demo/ (Ctrl-C ends it)")
        for _ in range(100):
            try:
                assert Site(port, "/demo", Store(tmp_path / "s"), tmp_path).get("/").body == b"hello"
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
    finally:
        child.send_signal(2)
        assert child.wait(10) == 0
        child.stdout.close()  # type: ignore[union-attr]
