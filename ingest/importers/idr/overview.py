"""`imports/idr.json` of the content folder: every source folder that was ever given, so that none is missing unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from portal.ledger import Outcome, Overview

FILE = "imports/idr.json"
_MAX_BYTES = 16 * 2**20


def content_of(into: Path) -> Path | None:
    """The content folder where `into` is its `studies` folder, else None."""
    # A link to the folder is the folder by its own name, as the build takes it.
    absolute = into.absolute()
    return absolute.parent if absolute.name == "studies" else None


def merged(before: bytes | None, outcomes: Sequence[Outcome]) -> tuple[bytes, str]:
    """The overview's new bytes from the old ones and what this import says; (bytes, "" or what was wrong with the old)."""
    said = ""
    known: dict[str, Outcome] = {}
    if before is not None:
        try:
            if len(before) > _MAX_BYTES:
                raise ValueError("too large")
            known = {outcome.source: outcome for outcome in Overview.model_validate_json(before).sources}
        except (ValidationError, ValueError):
            said = f"{FILE} could not be read and was written anew"
    known |= {outcome.source: outcome for outcome in outcomes}
    overview = Overview(importer="idr", sources=tuple(known[source] for source in sorted(known)))
    return (overview.model_dump_json(indent=1) + "\n").encode(), said
