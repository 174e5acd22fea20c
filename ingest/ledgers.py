"""What imports wrote down: `studies/<accession>/import-report.json` and `imports/<importer>.json`, read within bounds.

Both come with the content, so they are as little trusted as the rest. Neither ever leaves a study out: a report that cannot be
read, that an older release wrote or that does not add up is told as a warning, and the study stands without its page or with it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ingest.marks import quoted
from portal import ledger as kept
from portal.accounts import account
from portal.engine.step import Work, recipe
from portal.ledger import Ledger, Overview
from portal.model import Model
from portal.problems import Place, Problem, dump

IMPORTS = "imports"
MAX_BYTES = 16 * 2**20
MAX_OVERVIEWS = 100
# Nothing that an import counts comes near; what is beyond is no count, and could not be drawn.
MAX_COUNT = 10**15

_IMPORTER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\.json")
_RENEW = "import the study again to renew it"

M = TypeVar("M", bound=Model)


@recipe("code")
def ledger(work: Work, *, folder: str, accession: str) -> dict[str, bytes | Path]:
    """The `ledger` step of a study. inputs[0] holds `import-report.json` and `study.yaml`; `folder` is relative to the content.

    `ledger.json` (the report, byte for byte) and `account.json` (its figures), both absent where it cannot be read; `state.json`:
    whether study.yaml is still as the import wrote it; `problems.json`.
    """
    source, file = work.inputs[0], f"{folder}/{kept.FILE}"
    if (size := source.path(kept.FILE).stat().st_size) > MAX_BYTES:
        return {"problems.json": dump([_too_large(file, size)])}
    raw = source.read(kept.FILE)
    found, problems = read_ledger(raw, file, accession)
    if found is None:
        return {"problems.json": dump(problems)}
    # A source's tree names each file's SHA-256.
    edited = found.study_yaml_sha256 is not None and source["study.yaml"] != found.study_yaml_sha256
    return {
        "ledger.json": raw,
        "account.json": account(found).model_dump_json().encode(),
        "state.json": json.dumps({"edited": edited}).encode(),
        "problems.json": dump(problems),
    }


@recipe("code")
def overview(work: Work, *, file: str) -> dict[str, bytes | Path]:
    """The step of one overview. inputs[0] holds the file. `overview.json`, absent where it cannot be read; `problems.json`."""
    source = work.inputs[0]
    name = next(iter(source))
    if (size := source.path(name).stat().st_size) > MAX_BYTES:
        return {"problems.json": dump([_too_large(file, size)])}
    found, problems = _validated(Overview, source.read(name), file)
    out: dict[str, bytes | Path] = {"problems.json": dump(problems)}
    if found is not None:
        out["overview.json"] = found.model_dump_json(indent=1).encode()
    return out


def read_ledger(raw: bytes, file: str, accession: str) -> tuple[Ledger | None, list[Problem]]:
    """Bytes of an import-report.json → (Ledger, warnings). None where it cannot be read or is about another study."""
    version = _version(raw)
    if version is not None and version != kept.VERSION:
        older = version < kept.VERSION
        what = "was written by an older release, which noted less" if older else f"is of version {version}, which is not known here"
        return None, [_warning(file, what, _RENEW)]
    found, problems = _validated(Ledger, raw, file)
    if found is None:
        return None, problems
    if found.accession != accession:
        return None, [_warning(file, f"is about {quoted(found.accession)}", "import this study again, or remove the file", "accession")]
    if wrong := list(found.sums()):
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        problems.append(_warning(file, f"does not add up: {quoted(wrong[0], 300)[1:-1]}{more}", _RENEW))
    return found, problems


def _version(raw: bytes) -> int | None:
    """The version that a report states, 0 where it states none (the first release did not), None where it is no JSON object."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    version = told.get("version", 0)
    return version if isinstance(version, int) and 0 <= version < 10**6 else None


def _validated(model: type[M], raw: bytes, file: str) -> tuple[M | None, list[Problem]]:
    """JSON → the model, or a warning that names the first value at fault."""
    mend = "import again, or remove the file"
    try:
        found = model.model_validate_json(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        path = _dotted(faults[0]["loc"])
        more = f" (and {len(faults) - 1:,} more values)" if len(faults) > 1 else ""
        return None, [_warning(file, f"is not as an import writes it: {quoted(faults[0]['msg'], 200)[1:-1]}{more}", mend, path)]
    if path := next(_no_counts(found), ""):
        return None, [_warning(file, "is no count", mend, path)]
    return found, []


def _no_counts(value: object, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """The dotted paths of numbers that count nothing: negative, or beyond any table."""
    if isinstance(value, Model):
        for name in type(value).model_fields:
            yield from _no_counts(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _no_counts(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            if not isinstance(inner, str):
                yield from _no_counts(inner, (*path, index))
    elif isinstance(value, int) and not 0 <= value <= MAX_COUNT:
        yield _dotted(path)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{quoted(p, 60)[1:-1]}" for p in path)
    return text.removeprefix(".")[:200]


def _too_large(file: str, size: int) -> Problem:
    return _warning(file, f"has {size:,} bytes", f"keep it below {MAX_BYTES:,}, or remove it")


def _warning(file: str, what: str, mend: str, path: str = "") -> Problem:
    return Problem(Place(file, path=path), what, mend, "warning")


def find_overviews(content: Path) -> tuple[list[str], list[Problem]]:
    """Names of the overviews in `content/imports`, sorted, and a warning for each entry that is none. Links are not followed."""
    root = content / IMPORTS
    if root.is_symlink():
        return [], [_warning(IMPORTS, "is a link", "put the folder itself here: links are not followed")]
    if not root.is_dir():
        return [], []
    found: list[str] = []
    problems: list[Problem] = []
    for entry in sorted(os.scandir(root), key=lambda e: e.name):
        if entry.name.startswith("."):
            continue
        place = f"{IMPORTS}/{quoted(entry.name, 200)[1:-1]}"
        if not _IMPORTER.fullmatch(entry.name) or not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            problems.append(_warning(place, "is no overview of an importer", "name one as idr.json, or move it elsewhere"))
        elif len(found) == MAX_OVERVIEWS:
            problems.append(_warning(IMPORTS, f"holds more than {MAX_OVERVIEWS} overviews", "keep one for each importer"))
            break
        else:
            found.append(entry.name)
    return found, problems
