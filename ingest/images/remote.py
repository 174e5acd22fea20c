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
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import obstore
from obstore.exceptions import NotModifiedError
from obstore.store import HTTPStore

from ingest.images import ome_zarr
from ingest.images.ome_zarr import Fetch, Range
from ingest.images.opened import Unreadable

FRESH = 3600  # s: how long an answer stands before it is asked for again
AT_ONCE = 16
TIMEOUT = timedelta(seconds=30)
PATIENCE = 900.0  # s for all of one image
MOST = 1 << 30  # bytes for all of one image
KEPT = 128 << 20  # bytes of answers kept in memory


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
    """What is known of remote OME-Zarr, kept in one small file. Each URL is asked once at most, until `save`."""

    def __init__(self, kept: Path, now: Callable[[], float] = time.time):
        self._kept = kept
        self._now = now
        self._rows = self._known()
        self._answers: dict[str, tuple[Seen | None, str | None]] = {}

    def look(self, url: str) -> tuple[Seen | None, str | None]:
        """What the URL holds, and what went wrong when it was asked. Both, where it was known before; never raises."""
        if url not in self._answers:
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
        except Unreadable as why:
            return known, str(why)
        except Exception as error:  # the network, and what it gives, may fail in any way
            return known, plain(error)

    def _ask(self, url: str, known: Seen | None) -> Seen:
        read = _Reader(url)
        if known and known.etag:
            try:
                found = read.whole(known.root, etag=known.etag)
            except NotModifiedError:
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


def fetching(url: str, mark: str | None) -> Fetch:
    """How the keys below a URL are read, while time and bytes last. It raises Unreadable where they do not.

    An image is measured, then drawn: what was fetched for the one is kept for the other, as long as `mark` is the same.
    """
    read = _Reader(url)

    def fetch(key: str, part: Range | None) -> bytes | None:
        return _answers.get((url, mark, key, part), lambda: read(key, part))

    return fetch


def plain(error: Exception) -> str:
    """What a network library said, in the first of its lines."""
    said = " ".join(str(error).split())
    for word, short in (
        ("timed out", "it does not answer in time"),
        ("Connection refused", "nobody answers"),
        ("dns error", "there is no such server"),
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

    def __init__(self, url: str):
        self._store = _store(url)
        self._until = time.monotonic() + PATIENCE
        self._left = MOST

    def __call__(self, key: str, part: Range | None) -> bytes | None:
        self._bound(0)
        try:
            if part is None:
                found = self.whole(key)
                return found[0] if found else None
            start, end = part
            if start >= 0 and end is not None:
                data = bytes(obstore.get_range(self._store, key, start=start, end=end))
            else:
                wanted: Any = {"suffix": -start} if start < 0 else {"offset": start}
                result = obstore.get(self._store, key, options={"range": wanted})
                self._fits(result.range[1] - result.range[0])
                data = bytes(result.bytes())
        except FileNotFoundError:
            return None
        self._bound(len(data))
        return data

    def whole(self, key: str, etag: str | None = None) -> tuple[bytes, str | None] | None:
        """The bytes of a key and their ETag; None where there are none. Raises NotModifiedError where they still have `etag`."""
        try:
            result = obstore.get(self._store, key, options={"if_none_match": etag} if etag else None)
        except FileNotFoundError:
            return None
        size = int(result.meta["size"])
        self._fits(size)
        data = bytes(result.bytes())
        self._bound(len(data))
        return data, result.meta.get("e_tag")

    def _fits(self, size: int) -> None:
        limit = ome_zarr.MAX_CHUNK + (1 << 20)
        if size > limit:
            raise Unreadable(f"has a part of {size:,} bytes; at most {limit:,} are fetched at once")

    def _bound(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            raise Unreadable(f"has more than {MOST:,} bytes in its coarse resolution, which is not fetched")
        if time.monotonic() > self._until:
            raise Unreadable(f"takes longer than {PATIENCE:.0f} s to fetch")


def _store(url: str) -> HTTPStore:
    # What redirects lead to is fetched too: servers of data send readers on to where the bytes lie.
    client: Any = {"timeout": TIMEOUT, "connect_timeout": timedelta(seconds=5), "allow_http": url.startswith("http://")}
    retry: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
    return HTTPStore.from_url(url, client_options=client, retry_config=retry)


def _several(ask: Callable[[_A], _B], these: Iterable[_A]) -> Iterable[_B]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, these))
