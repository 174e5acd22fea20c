"""Serves a published folder on this computer, as a good static host would: exact ranges, types, redirects, 404.html.

Starlette's StaticFiles does most of it. What it would get wrong for us: an ETag from the modification time and size
(two releases of one second may share both), media types from the machine's own table, a 400 for a range it cannot
parse (RFC 9110 §14.2: ignore it), and a redirect that names a host.
"""

from __future__ import annotations

import gzip
import os
import re
import socket
import stat
from collections import OrderedDict
from pathlib import Path, PurePosixPath

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

# Our own table: a machine's mime.types knows neither Parquet nor, often, JavaScript. Served types are a contract with
# `X-Content-Type-Options: nosniff`.
TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json", ".map": "application/json", ".webmanifest": "application/manifest+json",
    ".geojson": "application/geo+json", ".jsonld": "application/ld+json", ".ris": "application/x-research-info-systems",
    ".bib": "text/x-bibtex; charset=utf-8", ".wasm": "application/wasm",
    ".parquet": "application/vnd.apache.parquet", ".arrow": "application/vnd.apache.arrow.file",
    ".csv": "text/csv; charset=utf-8", ".tsv": "text/tab-separated-values; charset=utf-8",
    ".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml", ".atom": "application/atom+xml", ".svg": "image/svg+xml",
    ".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".avif": "image/avif", ".ico": "image/x-icon", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".woff2": "font/woff2", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
}  # fmt: skip

# Compressed on the way where the reader takes it. Never Parquet and tiles: readers ask for their ranges.
COMPRESSED = {
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".json",
    ".map",
    ".geojson",
    ".jsonld",
    ".wasm",
    ".txt",
    ".svg",
    ".xml",
    ".csv",
    ".tsv",
    ".md",
}
SMALLEST, LARGEST = 512, 64 << 20
REMEMBERED = 128 << 20  # bytes of compressed answers kept in memory

RANGE = r"\s*(\d{1,18}\s*-\s*\d{0,18}|-\s*\d{1,18})\s*"
RANGES = re.compile(rf"\s*bytes\s*={RANGE}(,{RANGE})*", re.IGNORECASE)


def preview(root: Path, base: str = "/") -> ASGIApp:
    """An application that serves the folder (or the link to it: a swap shows at the next request) below `base`."""
    base = "/" + base.strip("/")
    site = Published(root)
    if base == "/":
        return Starlette(routes=[Mount("/", app=site)])

    async def home(request: Request) -> Response:
        return RedirectResponse(base + "/")

    return Starlette(routes=[Route("/", home), Route(base, home), Mount(base, app=site)])


class PortTaken(Exception):
    """Another program listens there."""


def listen(host: str = "127.0.0.1", port: int = 8000) -> socket.socket:
    """A socket to serve on; port 0 takes a free one. Raises PortTaken, before anything has been built for nothing."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"port {port} cannot be had ({error.strerror}); choose another with --port, or --port 0 for any free one") from None
    return listening


def serve(root: Path, host: str = "127.0.0.1", port: int = 8000, base: str = "/", on: socket.socket | None = None) -> None:
    """Prints the address and serves until interrupted, on the socket given or on a new one. Raises PortTaken."""
    with on or listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        path = f"/{base.strip('/')}/" if base.strip("/") else "/"
        print(f"Serving {root} at http://{shown}:{listening.getsockname()[1]}{path} (Ctrl-C ends it)", flush=True)
        config = uvicorn.Config(preview(root, base), log_level="warning", access_log=False)
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            pass  # uvicorn raises it again once it has shut down


def media_type(path: str) -> str:
    return TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


class Published(StaticFiles):
    """A folder of finished files. GET and HEAD; everything else is 405."""

    def __init__(self, root: Path):
        super().__init__(directory=root, html=True, check_dir=False)
        self.root = root
        self._compressed: OrderedDict[str, bytes] = OrderedDict()

    async def check_config(self) -> None:
        """The folder may come later: until the first build has ended, everything is 404."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # RFC 9110 §14.2: a Range that is not understood, or comes with another method than GET, is ignored; so is one
        # whose If-Range is a date or a weak tag (§13.1.5), which cannot vouch for the very same bytes.
        asked = Headers(scope=scope) if scope["type"] == "http" else {}
        if "range" in asked and (
            scope["method"] != "GET" or not _sensible(asked["range"]) or not asked.get("if-range", '"').startswith('"')
        ):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
        await super().__call__(scope, receive, send)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        # The root is resolved once: a swap between two resolutions would look like a way out of the folder.
        root = os.path.realpath(self.root)
        file = os.path.realpath(os.path.join(root, path.lstrip("/\\")))  # noqa: PTH118
        if os.path.commonpath([file, root]) != root:
            return "", None
        try:
            return file, Path(file).stat()
        except (FileNotFoundError, NotADirectoryError):
            return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method Not Allowed", status_code=405, headers={"Allow": "GET, HEAD"})
        try:
            file, found = await anyio.to_thread.run_sync(self.lookup_path, path)
        except (OSError, ValueError):  # too long a name, a null byte
            file, found = "", None
        slash = scope["path"].endswith("/")
        if found is not None and stat.S_ISDIR(found.st_mode):
            index, found = await anyio.to_thread.run_sync(self.lookup_path, os.path.join(path, "index.html"))  # noqa: PTH118
            if found is not None and not slash:
                # Relative, so that it is right below any base and behind any proxy.
                query = scope["query_string"].decode("latin-1")
                name = (
                    scope["raw_path"].decode("latin-1").split("?")[0].rpartition("/")[2]
                    if scope.get("raw_path")
                    else scope["path"].rpartition("/")[2]
                )
                return RedirectResponse(f"./{name}/" + (f"?{query}" if query else ""), headers={"Cache-Control": "no-cache"})
            file = index
        elif slash:
            found = None  # a file is no folder
        if found is None or not stat.S_ISREG(found.st_mode):
            return await self._missing()
        return await self._answer(file, found, Headers(scope=scope))

    async def _missing(self) -> Response:
        file, found = await anyio.to_thread.run_sync(self.lookup_path, "404.html")
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if found is None or not stat.S_ISREG(found.st_mode):
            return PlainTextResponse("Not Found", status_code=404, headers=headers)
        body = await anyio.to_thread.run_sync(Path(file).read_bytes)
        return Response(body, status_code=404, headers=headers, media_type=TYPES[".html"])

    async def _answer(self, file: str, found: os.stat_result, asked: Headers) -> Response:
        # A blob is never written again: its inode names its bytes. The time tells a reused inode from its forerunner.
        etag = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        suffix = PurePosixPath(file).suffix.lower()
        may = suffix in COMPRESSED and SMALLEST <= found.st_size <= LARGEST
        if may:
            headers["Vary"] = "Accept-Encoding"
        if may and "range" not in asked and _takes_gzip(asked.get("accept-encoding", "")):
            # Another form of the page needs a tag of its own (RFC 9110 §8.8.3.3): a range never joins the two.
            headers |= {"ETag": f'"{etag}-gz"', "Content-Encoding": "gzip", "Accept-Ranges": "bytes"}
            if self._same(headers["ETag"], asked):
                return NotModifiedResponse(Headers(headers))
            body = self._compressed.get(etag)
            if body is None:
                body = await anyio.to_thread.run_sync(lambda: gzip.compress(Path(file).read_bytes(), 6, mtime=0))
                self._keep(etag, body)
            return Response(body, headers=headers, media_type=media_type(file))
        headers["ETag"] = f'"{etag}"'
        if self._same(headers["ETag"], asked):
            return NotModifiedResponse(Headers(headers))
        return FileResponse(file, headers=headers, media_type=media_type(file), stat_result=found)

    def _same(self, etag: str, asked: Headers) -> bool:
        given = [tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")]
        return etag in given or given == ["*"]

    def _keep(self, etag: str, body: bytes) -> None:
        self._compressed[etag] = body
        while sum(map(len, self._compressed.values())) > REMEMBERED:
            self._compressed.popitem(last=False)


def _sensible(asked: str) -> bool:
    """Whether every range is `a-b` with a ≤ b, `a-` or `-n`."""
    if not RANGES.fullmatch(asked):
        return False
    for part in asked.partition("=")[2].split(","):
        first, _, last = (side.strip() for side in part.partition("-"))
        if first and last and int(first) > int(last):
            return False
    return True


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False
