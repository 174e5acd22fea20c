"""What became of a well, as its control type and its quality say: the one place where their words are understood."""

from __future__ import annotations

import re

# A column of quality is written as a word, or as the answer to "did it pass?": no, false, 0. DuckDB reads the same pattern.
FAILED = r"\s*(?:(?:fail|bad|poor|reject|exclud|discard|not?[ -]?pass|out of focus).*|(?:false|no|n|f|0(?:\.0*)?)\s*$)"
# Wells in which nothing was put stand in the column of controls, and control nothing. (An empty vector is a control.)
EMPTY = r"\s*(?:.*possibly[ _-])?empty(?:[ _-]*wells?)?\s*"

_FAILED = re.compile(FAILED, re.IGNORECASE | re.DOTALL)
_EMPTY = re.compile(EMPTY, re.IGNORECASE | re.DOTALL)


def has_failed(quality: str | None) -> bool:
    """Whether a quality says that a sample is not to be used.

    >>> has_failed("Fail, out of focus"), has_failed("FALSE"), has_failed("pass"), has_failed(None)
    (True, True, False, False)
    """
    return quality is not None and bool(_FAILED.match(quality))


def is_empty(control_type: str | None) -> bool:
    """Whether a control type says that nothing was in the well.

    >>> is_empty("empty well"), is_empty("missing_info_possibly_empty"), is_empty("empty vector")
    (True, True, False)
    """
    return control_type is not None and bool(_EMPTY.fullmatch(control_type))


def state_of(control_type: str | None, hit: bool) -> str:
    """How a small map of a plate draws a well: empty, control, hit or sample. A control with a phenotype is a control."""
    if control_type is None:
        return "hit" if hit else "sample"
    return "empty" if is_empty(control_type) and not hit else "control"
