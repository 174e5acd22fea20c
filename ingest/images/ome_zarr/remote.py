"""OME-Zarr that stays where it is, on a web server or an object store: what is known of it, and how its keys are read.

A build opens none of it where nothing changed: what the root metadata of a URL were is remembered beside the store of
results, and is asked for again (one small request, answered by "not modified") once an hour at most.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar
from urllib.parse import quote

from ingest.images.ome_zarr import metadata as ome_zarr
from ingest.images.ome_zarr.metadata import Fetch, Range
from ingest.images.ome_zarr.web import Answer, Forbidden, Web, checked
from ingest.images.opened import Unreadable

FRESH = 3600  # s: how long an answer stands before it is asked for again
AT_ONCE = 16
PATIENCE = 900.0  # s for all of one image
MOST = 1 << 30  # bytes for all of one image
KEPT = 128 << 20  # bytes of answers kept in memory
SAFE = "/~!$&'()*+,;=:@"  # in keys


_A = TypeVar("_A")
_B = TypeVar("_B")


@dataclass(frozen=True)
class Seen:
    """What was found at a URL: `mark` is the SHA-256 of its root metadata, `images` those it holds, see `ome_zarr.images_in`."""

    mark: str
    images: list[tuple[str, str | None, int]]
    root: str = ""
    etag: str | None = None
    asked: float = 0.0


class Afar:
    """What is known of remote OME-Zarr, kept in one small file. Each URL is asked once at most, until `save`.

    `hosts`: the `remote_hosts` of portal.yaml, see `web`. `forbidden`: URLs that are not asked, and why.
    """

    def __init__(self, kept: Path, now: Callable[[], float] = time.time, *, hosts: Iterable[str] = ()):
        self.hosts = tuple(hosts)
        self.forbidden: dict[str, str] = {}
        self._web = Web(self.hosts)
        self._kept = kept
        self._now = now
        self._rows = self._known()
        self._answers: dict[str, tuple[Seen | None, str | None]] = {}

    def look(self, url: str) -> tuple[Seen | None, str | None]:
        """What the URL holds, and what went wrong when it was asked. Both, where it was known before; never raises."""
        if url not in self._answers:
            try:
                checked(url, self.hosts)
            except Forbidden as why:
                self.forbidden[url] = str(why)
                self._answers[url] = None, str(why)
                return self._answers[url]
            known = self._rows.get(url)
            if known and 0 <= self._now() - known.asked < FRESH:
                self._answers[url] = known, None
            else:
                self._answers[url] = self._answer(url, known)
        return self._answers[url]

    def look_all(self, urls: Iterable[str]) -> None:
        """Asks several at once."""
        _several(self.look, dict.fromkeys(urls))

    def save(self) -> None:
        """Writes down what was found, where anything was."""
        found = {url: seen for url, (seen, _) in self._answers.items() if seen and seen != self._rows.get(url)}
        if not found:
            return
        self._rows |= found
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        draft = self._kept.with_suffix(".new")
        draft.write_text(json.dumps({url: asdict(seen) for url, seen in self._rows.items()}))
        draft.replace(self._kept)

    def _answer(self, url: str, known: Seen | None) -> tuple[Seen | None, str | None]:
        try:
            return self._ask(url, known), None
        except Forbidden as why:
            self.forbidden[url] = str(why)
            return None, str(why)
        except Unreadable as why:
            return known, str(why)
        except Exception as error:  # the network, and what it gives, may fail in any way
            return known, plain(error)

    def _ask(self, url: str, known: Seen | None) -> Seen:
        read = _Reader(url, self._web)
        if known and known.etag:
            try:
                found = read.whole(known.root, etag=known.etag)
            except NotModified:
                return replace(known, asked=self._now())
            if found and hashlib.sha256(found[0]).hexdigest() == known.mark:
                return replace(known, etag=found[1], asked=self._now())
        for root in ("zarr.json", ".zattrs"):
            if found := read.whole(root):
                break
        else:
            raise Unreadable("there is neither zarr.json nor .zattrs")
        mark = hashlib.sha256(found[0]).hexdigest()
        if known and known.mark == mark:
            return replace(known, root=root, etag=found[1], asked=self._now())
        images, _ = ome_zarr.images_in(lambda key: read(key, None), lambda _: [], _several)
        if not images:
            raise Unreadable("it lists no image")
        return Seen(mark, images, root, found[1], self._now())

    def _known(self) -> dict[str, Seen]:
        try:
            rows = json.loads(self._kept.read_bytes())
            return {url: Seen(**{**row, "images": [tuple(i) for i in row["images"]]}) for url, row in rows.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}  # a cache: what cannot be read is asked for again


def web(url: str) -> str:
    """The web address of an OME-Zarr: that of its public bucket, where it is written as `s3://`, so that readers' browsers reach it too.

    >>> web("s3://bucket/data/x.zarr")
    'https://bucket.s3.amazonaws.com/data/x.zarr'
    """
    if not url.startswith("s3://"):
        return url
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return f"https://{bucket}.s3.amazonaws.com/{key}"


def fetching(url: str, mark: str | None, hosts: Iterable[str] = ()) -> Fetch:
    """How the keys below a URL are read, while time and bytes last. It raises Unreadable where they do not, and where it may not be asked.

    An image is measured, then drawn: what was fetched for the one is kept for the other, as long as `mark` is the same.
    """
    read = _Reader(url, Web(hosts))

    def fetch(key: str, part: Range | None) -> bytes | None:
        return _answers.get((url, mark, key, part), lambda: read(key, part))

    return fetch


def plain(error: Exception) -> str:
    """What a network library said, in the first of its lines."""
    said = " ".join(str(error).split())
    for word, short in (
        ("timed out", "it does not answer in time"),
        ("Connection refused", "nobody answers"),
        ("name or service not known", "there is no such server"),
        ("name resolution", "there is no such server"),
        ("nodename nor servname", "there is no such server"),
    ):
        if word.casefold() in said.casefold():
            return short
    return f"{type(error).__name__}: {said[:160]}"


class _Answers:
    """The last answers of servers, as long as they fit in the memory they are given."""

    def __init__(self, most: int):
        self._most = most
        self._bytes = 0
        self._rows: OrderedDict[object, bytes | None] = OrderedDict()
        self._lock = Lock()

    def get(self, name: object, ask: Callable[[], bytes | None]) -> bytes | None:
        with self._lock:
            if name in self._rows:
                self._rows.move_to_end(name)
                return self._rows[name]
        data = ask()
        with self._lock:
            if name not in self._rows:
                self._rows[name] = data
                self._bytes += len(data or b"") + 300
            while self._bytes > self._most:
                self._bytes -= len(self._rows.popitem(last=False)[1] or b"") + 300
        return data


_answers = _Answers(KEPT)


class _Reader:
    """Keys below a URL. Missing ones are None; counted and timed."""

    def __init__(self, url: str, web: Web):
        self._url, self._web = url, web
        self._until = time.monotonic() + PATIENCE
        self._left = MOST

    def __call__(self, key: str, part: Range | None) -> bytes | None:
        if part is None:
            found = self.whole(key)
            return found[0] if found else None
        start, end = part
        wanted = f"{start}" if start < 0 else f"{start}-" if end is None else f"{start}-{end - 1}"
        answer = self._asked(key, {"Range": f"bytes={wanted}"})
        if answer is None or answer.status == 206:
            return answer.body if answer else None
        return answer.body[start:] if start < 0 else answer.body[start:end]  # a server that knows no ranges sends the whole

    def whole(self, key: str, etag: str | None = None) -> tuple[bytes, str | None] | None:
        """The bytes of a key and their ETag; None where there are none. Raises NotModified where they still have `etag`."""
        answer = self._asked(key, {"If-None-Match": etag} if etag else {})
        return (answer.body, answer.headers.get("ETag")) if answer else None

    def _asked(self, key: str, headers: dict[str, str]) -> Answer | None:
        if time.monotonic() > self._until:
            raise Unreadable(f"takes longer than {PATIENCE:.0f} s to fetch")
        answer = self._web.get(f"{self._url}/{quote(key, safe=SAFE)}", headers, ome_zarr.MAX_CHUNK + (1 << 20))
        if answer.status in (404, 410):
            return None
        if answer.status == 304:
            raise NotModified
        if answer.status not in (200, 206):
            raise OSError(f"the server answers {answer.status}")
        self._left -= len(answer.body)
        if self._left < 0:
            raise Unreadable(f"has more than {MOST:,} bytes in its coarse resolution, which is not fetched")
        return answer


class NotModified(Exception):
    """What is asked for is as it was."""


def _several(ask: Callable[[_A], _B], these: Iterable[_A]) -> Iterable[_B]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, these))
