"""A browser whose every complaint counts, and a server at `/` and below a path.

A page opened here fails its test on: an error in the console (a violated policy and a missing file are such errors),
an uncaught exception, a request to any other origin.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Worker, sync_playwright

from portal.publish.preview import preview
from tests.browser import chromium

SUB_PATH = "/sub/path/"


@dataclass(frozen=True)
class Served:
    """Two servers of one portal. Beside the path nothing answers, so that what leaves it breaks."""

    site: Path
    root: str
    below: str

    def url(self, base: str, address: str) -> str:
        return (self.root if base == "/" else self.below) + address


@contextmanager
def serve(site: Path) -> Iterator[Served]:
    with running(preview(site)) as root, running(preview(site, SUB_PATH)) as origin:
        yield Served(site, root + "/", origin + SUB_PATH)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """A server in a thread, on a port the system chooses; gives its origin."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the preview server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


class Browsing:
    """One browser; each call opens a page in a context of its own."""

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        executable = chromium.find()
        assert executable, "no Chromium: run `make setup-dev`"
        # A name that is not looked up cannot be asked: a request elsewhere fails at once, and is seen.
        arguments = [*chromium.ARGUMENTS, "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
        self._browser = self._playwright.chromium.launch(executable_path=executable, args=arguments)
        self._contexts: list[BrowserContext] = []
        self._wrong: list[str] = []
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def __call__(self, url: str, *, settled: bool = True, allow: tuple[str, ...] = (), **context: Any) -> Page:
        """Opens `url`. `settled` waits until the network is quiet; the rest is as for `blank`."""
        page = self.blank(url, allow=allow, **context)
        answer = page.goto(url, wait_until="networkidle" if settled else "load")
        if answer is not None and answer.status >= 400 and "status" not in allow:
            self._wrong.append(f"{url}: answered {answer.status}")
        return page

    def blank(
        self,
        url: str,
        *,
        scripts: bool = True,
        scheme: Literal["light", "dark"] = "light",
        width: int = 1280,
        height: int = 900,
        allow: tuple[str, ...] = (),
    ) -> Page:
        """An empty page, watched, for addresses of the origin of `url`. `allow`: parts of complaints that it may make."""
        context = self._browser.new_context(
            java_script_enabled=scripts, color_scheme=scheme, viewport={"width": width, "height": height},
            reduced_motion="reduce", locale="en-GB", timezone_id="UTC", accept_downloads=True,
        )  # fmt: skip
        self._contexts.append(context)
        context.set_default_timeout(15_000)
        origin = urlsplit(url).netloc

        def complain(what: str) -> None:
            if not any(part in what for part in allow):
                self._wrong.append(f"{url}: {what}")

        def console(message: ConsoleMessage) -> None:
            if message.type == "error" or "Content Security Policy" in message.text:
                complain(f"console: {message.text} ({message.location.get('url', '')})")

        def request(sent: Request) -> None:
            parts = urlsplit(sent.url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != origin:
                complain(f"a request to another origin: {sent.url}")

        def worker(started: Worker) -> None:
            if not started.url.startswith(("blob:", f"http://{origin}/")):
                complain(f"a worker from another origin: {started.url}")

        context.on("request", request)
        page = context.new_page()
        page.on("console", console)
        page.on("pageerror", lambda error: complain(f"uncaught: {error}"))
        page.on("worker", worker)
        return page

    def close_pages(self) -> list[str]:
        """Closes all pages; what went wrong in them since the last call."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        wrong, self._wrong = self._wrong, []
        return wrong
