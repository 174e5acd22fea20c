"""Files of a study folder, written together: all of them whole or none, and never through a link at their place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

PART = ".part"


def links_at(folder: Path, places: Iterable[str]) -> list[str]:
    """Which of the places below `folder`, or of the folders on the way to them, are links: their paths, `folder` by its name."""
    steps = {folder: folder.name}
    for place in places:
        here = folder
        for part in place.split("/"):
            here = here / part
            steps[here] = f"{folder.name}/{here.relative_to(folder).as_posix()}"
    return [name for path, name in steps.items() if path.is_symlink()]


def put_all(folder: Path, files: Sequence[tuple[str, Callable[[], bytes]]]) -> None:
    """Writes every file beside its place first, and then, when all are written, puts each there in the order given.

    Where one cannot be written, what was there before stays as it was. Raises OSError.
    """
    parts: list[tuple[Path, Path]] = []
    try:
        for place, content in files:
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + PART)
            parts.append((part, path))
            _write_new(part, content())
        for _, path in parts:
            if path.is_dir():
                raise IsADirectoryError(21, "a folder stands where a file is to be written", str(path))
        for part, path in parts:
            part.replace(path)
    except BaseException:
        for part, _ in parts:
            part.unlink(missing_ok=True)
        raise


def put(path: Path, raw: bytes) -> None:
    """One file, whole or not at all."""
    put_all(path.parent, [(path.name, lambda: raw)])


def _write_new(path: Path, raw: bytes) -> None:
    """A new file: what is left there of an import that was stopped, or a link, is taken away and not followed."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(raw)
