"""Where a site may be published: never among the content, never in place of more than it brings."""

from __future__ import annotations

from pathlib import Path

from portal.publish import release


class Entangled(release.NotOurs):
    """The place of output and the content lie in each other."""


class Emptied(Exception):
    """A site with studies would give way to one without any."""


def _real(path: Path) -> Path:
    """The place of `path` itself: links on the way are followed, but not one that stands there."""
    path = path.absolute()
    return path.parent.resolve() / path.name if path.name else path.resolve()


def check(content: Path, out: Path, store: Path) -> None:
    """Raises NotOurs where `out` may not be replaced, or where a build would read what it published, or publish over what it reads."""
    release.current(out)
    at, read = _real(out), content.resolve()
    studies = (content / "studies").resolve()
    if read.is_relative_to(at) or read.is_relative_to(at.resolve()):
        raise Entangled(f"the content folder {content} lies in {out}, where the site would be; choose another place with --out")
    for what, place, option in (("the site", at, "--out"), ("the store", _real(store), "--store")):
        if place.is_relative_to(studies):
            raise Entangled(f"{what} would lie among the studies, at {place}; choose a place outside {content / 'studies'} with {option}")


def check_not_emptied(studies: int, content: Path, out: Path) -> None:
    """Raises Emptied where the content has no study, and what is published at `out` has one."""
    if not studies and next(out.glob("studies/*/index.html"), None) is not None:
        raise Emptied(
            f"{content} holds no study, and the site at {out} does: it stays as it was. "
            f"Mend --content, or, to begin anew, remove {out} and build again"
        )
