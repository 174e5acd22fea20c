"""Whose fault it is that an image cannot be drawn: the file's, that of a line of ours, or that of what is around both."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.images.opened import NotInstalled, Unreadable

# What is raised where a line is wrong, whatever it reads. A decoder raises these too, for a broken file: then not in a line of ours.
_OF_A_LINE = (AssertionError, AttributeError, ImportError, NameError, TypeError)
_OURS = ("ingest", "portal")


def is_ours(error: BaseException) -> bool:
    """Whether a mistake in Slidecase's own code was met: one of the kinds above, raised in a line of ours and not in a library's."""
    while isinstance(error, Unreadable) and error.__cause__ is not None:
        error = error.__cause__
    trace = error.__traceback__
    if not isinstance(error, _OF_A_LINE) or trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] in _OURS


def may_pass(error: BaseException, *, remote: bool) -> bool:
    """Whether the same bytes may be drawn another time: a reader was not installed, or a server could not be reached."""
    return any(isinstance(e, NotInstalled) or (remote and isinstance(e, OSError)) for e in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__
