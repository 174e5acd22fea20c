"""Serve on this computer and build again whenever something watched changes; a failed build leaves what is served."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import watchfiles

from portal.publish import preview


def serve_and_watch(root: Path, watched: Iterable[Path], rebuild: Callable[[], object], on: socket.socket, base: str = "/") -> None:
    """Serves `root` on a socket of `preview.listen` until interrupted.

    `rebuild` runs in a thread beside the server, one at a time, after changes have settled.
    """
    stop = threading.Event()

    def watch() -> None:
        for _ in watchfiles.watch(*(path for path in watched if path.exists()), stop_event=stop, raise_interrupt=False, debounce=400):
            rebuild()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        preview.serve(root, base=base, on=on)
    finally:
        stop.set()
        watcher.join(timeout=5)
