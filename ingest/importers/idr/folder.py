"""import_idr: source folders in, study folders out. The only part of the importer that writes files."""

from __future__ import annotations

import hashlib
import json
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingest.importers.idr import checks, overview
from ingest.importers.idr import study as study_text
from ingest.importers.idr.component import Component, read_component
from ingest.importers.idr.placing import PART, links_at, put, put_all
from ingest.importers.idr.report import ImportReport, StudyReport, markdown
from ingest.importers.idr.sources import MAX_LISTED, below, list_files, source_files
from ingest.importers.idr.study_txt import Block, StudyText, read_study_txt
from ingest.importers.idr.targets import Here, keep_the_rest, key_lines
from ingest.importers.idr.writing import clean, refused, study_yaml
from ingest.studies import read_study
from ingest.tables import read_text
from portal import ledger
from portal.ledger import Ledger
from portal.model import ACCESSION, Study

Progress = Callable[[str, int, int], None]

_STUDY_TXT = re.compile(r"(^|[-_])study\.txt$", re.IGNORECASE)
# The largest of IDR's own has 0.6 MB, 842 lines with 45,000 cells (most of them empty), and 12 components.
_MAX_STUDY_TXT = 4 * 2**20
_MAX_LINES = 20_000
_MAX_CELLS = 400_000
_MAX_VALUES = 40_000
_MAX_COMPONENTS = 200
_MAX_REASON = 1_000
_ROOT = Path(__file__).parents[3]
_MAX_NOT_ACCEPTED = 500
# What an import writes beside the tables, in the order in which it is put there.
_OURS = ("study.yaml", "import-report.md", ledger.FILE)
_NO_STUDY = "neither it nor a folder in it holds a study.txt"
# Keys that their entry cannot be without.
_NEEDED = frozenset("name last_name kind accession title components table columns column phenotype source samples".split())


class Refused(Exception):
    """A source folder that cannot become a study; the text says why."""


def import_idr(sources: Sequence[Path], into: Path, progress: Progress | None = None) -> ImportReport:
    """Imports IDR study folders.

    sources: study folders (with a `…-study.txt`), or folders that hold such folders.
    into: the folder that gets `<accession>/study.yaml`, the tables verbatim at `<accession>/<component>/<file>`,
    `import-report.json` (portal.ledger) and `import-report.md`. A study.yaml that was edited after its import is not overwritten.
    Where it is the `studies` folder of a content folder, `imports/idr.json` there tells what became of every source.
    progress: called before each study with (folder name, its number from 0, how many there are).

    One bad folder never stops the others: it is refused in the report, with the reason.
    """
    folders = [found for source in sources for found in _study_folders(Path(source))]
    reports: list[StudyReport] = []
    passed_over: list[StudyReport] = []
    taken: dict[str, str] = {}
    for number, (folder, name, why) in enumerate(folders):
        if progress:
            progress(name, number, len(folders))
        if why:
            is_given = folder in map(Path, sources)
            (passed_over if why == _NO_STUDY and not is_given else reports).append(StudyReport(name, "refused", why))
            continue
        try:
            told = _import(folder, Path(into), taken)
            reports.append(StudyReport(name, "imported", ledger=told, accession=told.accession))
        except Refused as refusal:
            reports.append(StudyReport(name, "refused", clean(str(refusal))))
        except OSError as error:
            what = f"{Path(error.filename or folder).name}: {error.strerror or error}"
            reports.append(StudyReport(name, "refused", clean(what)))
        except Exception as error:  # A fault of ours, met with this folder; the others are not to suffer for it.
            reports.append(StudyReport(name, "refused", _fault(error)))
    return ImportReport(tuple(reports), tuple(passed_over), _renewed(Path(into), [*reports, *passed_over]))


def _fault(error: Exception) -> str:
    """A fault of the importer's own, with its place in our code."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_ROOT / "ingest")]
    place = f" at {Path(ours[-1].filename).relative_to(_ROOT).as_posix()}:{ours[-1].lineno}" if ours else ""
    said = f"{type(error).__name__}{place}: {error}"[:_MAX_REASON]
    return clean(f"the importer itself failed on it ({said}). Please report it, with the folder")


def _renewed(into: Path, reports: Sequence[StudyReport]) -> tuple[str, ...]:
    """Renews the overview beside the studies, and the check of the printed table that names some of them; sentences about both."""
    content = overview.content_of(into)
    if content is None:
        return (f"No {overview.FILE} was written: {into.name or into} is not the 'studies' folder of a content folder.",)
    path = content / overview.FILE
    if path.parent.is_symlink() or path.is_symlink():
        return (f"No {overview.FILE} was written: it is a link.",)
    raw, said = overview.merged(path.read_bytes() if path.is_file() else None, [r.as_outcome for r in reports])
    put(path, raw)
    printed, told = checks.renewed(content, [r.accession for r in reports if r.outcome == "imported" and r.accession])
    if printed is not None:
        put(content / checks.PATH, printed)
    return tuple(sentence for sentence in (f"{said}." if said else "", told) if sentence)


def _study_folders(source: Path) -> list[tuple[Path, str, str]]:
    """Study folders at or below a source (one or two levels), sorted by name, each with its path below the source (a folder that is
    given itself: its name) and ""; and every folder where none was found, with the reason.
    """
    name = clean(below(source.absolute(), source.absolute().parent))
    if not source.is_dir():
        return [(source, name, "it is not a folder")]
    found: list[tuple[Path, str]] = []
    try:
        if _study_txt(source):
            return [(source, name, "")]
        children = _folders(source)
    except OSError as error:
        return [(source, name, f"it cannot be read ({error.strerror})")]
    for child in children:
        try:
            inside = [] if _study_txt(child) else _folders(child)
            deeper = [(p, "" if _study_txt(p) else _NO_STUDY) for p in inside]
            is_parent = any(why == "" for _, why in deeper)
            found += deeper if is_parent else [(child, "" if _study_txt(child) else _NO_STUDY)]
        except OSError as error:
            found.append((child, f"it cannot be read ({error.strerror})"))
    if not any(why == "" for _, why in found):
        return [(source, name, _NO_STUDY)]
    # The nearer folder comes first: where two have one accession, the deeper is the older copy.
    found.sort(key=lambda f: (len(f[0].parts), f[0].name))
    return [(p, clean(below(p, source)), why) for p, why in found]


def _folders(source: Path) -> list[Path]:
    return [p for p in sorted(source.iterdir()) if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")]


def _study_txt(folder: Path) -> Path | None:
    """The study.txt; where there are several, the one named like the folder's accession. One that is a link is taken last, for
    nobody reads it.
    """
    found = [p for p in sorted(folder.iterdir()) if (p.is_file() or p.is_symlink()) and _STUDY_TXT.search(p.name)]
    found.sort(key=Path.is_symlink)
    head = folder.name.split("-")[0].casefold()
    return next((p for p in found if p.name.casefold().startswith(head)), found[0] if found else None)


def _import(folder: Path, into: Path, taken: dict[str, str]) -> Ledger:
    path = _study_txt(folder)
    assert path is not None
    parsed, notes = _parsed(path)
    accession = study_text.accession(parsed)
    if not ACCESSION.match(accession):
        raise Refused(f"{path.name} names no accession" if not accession else f"its accession {accession!r} cannot be part of an address")
    if accession.casefold() in taken:
        raise Refused(f"its accession {accession} was imported from {taken[accession.casefold()]} before")
    if not parsed.components:
        raise Refused(f"{path.name} describes no screen or experiment")

    data = study_text.study_data(parsed, accession, notes)
    if "title" not in data:
        raise Refused(f"{path.name} has no 'Study Title'")
    names = study_text.component_names(parsed, notes)
    listing = list_files(folder)
    if listing.capped:
        notes.append(f"the folder holds more than {MAX_LISTED:,} files: those beyond, in the order of their names, were not looked at")
    components = [
        read_component(block, name, names, listing.files, folder, bool(data.get("organisms")))
        for block, name in zip(parsed.components, names, strict=True)
    ]
    data["components"] = [c.data for c in components]
    if taken_out := refused(data):
        named = ", ".join(f"U+{ord(c):04X}" for c in sorted(set(taken_out)))
        notes.append(f"characters that study.yaml cannot hold were taken out of texts ({len(taken_out):,}: {named})")
    data = _accepted(clean(data), notes)
    here = _kept(parsed, data)
    raw = study_yaml(data)

    target = into / accession
    places = {place: path for component in components for place, path in _taken_over(component)}
    if links := links_at(target, [*places, *_OURS]):
        raise Refused(f"{links[0]} is a link, and nothing is written through one; remove it to import again")
    _refuse_edited(target, raw)
    _, _, problems = read_study(raw, "study.yaml", accession)
    lines = parsed.lines
    told = Ledger(
        importer="idr",
        source=clean(below(folder, folder.parent)),
        accession=accession,
        title=data["title"],
        files=source_files(folder, listing, path, components),
        lines=ledger.Lines(path=clean(below(path, folder)), **asdict(lines)),
        keys=tuple(key_lines(block, h, h.block["name"] if h.at is not None else None) for block, h in here),
        tables=tuple(t for c in components for t in c.tables_told),
        components=tuple(c.told for c in components),
        notes=tuple(clean(notes)),
        problems=tuple(clean(str(p)) for p in problems),
        study_yaml_sha256=hashlib.sha256(raw).hexdigest(),
    )
    # The study.yaml, and last the report that knows it by its digest.
    ours = (raw, markdown(told), (told.model_dump_json(indent=1) + "\n").encode())
    copied = [(place, path.read_bytes) for place, path in places.items()]
    put_all(target, [*copied, *((place, partial(bytes, content)) for place, content in zip(_OURS, ours, strict=True))])
    taken[accession.casefold()] = folder.name
    return told


def _parsed(path: Path) -> tuple[StudyText, list[str]]:
    """(study.txt as blocks of entries, notes on the way there). Raises Refused where it cannot be read, or is no study's by its size."""
    if path.is_symlink():
        raise Refused(f"{path.name} is a link, which is not followed; put the file itself there")
    if path.stat().st_size > _MAX_STUDY_TXT:
        raise Refused(f"{path.name} has more than {_MAX_STUDY_TXT // 2**20} MB")
    text, _, notes, problem = read_text(path.read_bytes(), path.name)
    if problem:
        raise Refused(f"{path.name} {problem.what}")
    lines = max(text.count("\n"), text.count("\r"))
    for number, most, what in ((lines, _MAX_LINES, "lines"), (text.count("\t"), _MAX_CELLS, "cells")):
        if number > most:
            raise Refused(f"{path.name} has {number:,} {what}, where at most {most:,} are read; take out what is no study's")
    parsed = read_study_txt(text)
    values = sum(len(entry.filled) for block in (parsed.study, *parsed.components) for entry in block.entries)
    for number, most, what in ((values, _MAX_VALUES, "values"), (len(parsed.components), _MAX_COMPONENTS, "screens and experiments")):
        if number > most:
            raise Refused(f"{path.name} has {number:,} {what}, where at most {most:,} are read; make several studies of it")
    return parsed, [f"{path.name}: {note}" for note in [*notes, *parsed.notes]]


def _kept(parsed: StudyText, data: dict[str, Any]) -> list[tuple[Block, Here]]:
    """Adds `source` to the study and its components: every entry that they do not hold whole. The blocks with their data."""
    here = [(parsed.study, Here(data, data))]
    here += [(block, Here(data, part, at)) for at, (block, part) in enumerate(zip(parsed.components, data["components"], strict=True))]
    for block, its in here:
        keep_the_rest(block, its)
    for block, its in here:
        if source := block.source():
            its.block["source"] = {**its.block.pop("source", {}), **clean(source)}
    return here


def _accepted(data: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The data as model.Study accepts it: a value that it does not accept moves to `source`, and the report says so.

    Raises Refused where a value is at fault that a study cannot be without.
    """
    for _ in range(_MAX_NOT_ACCEPTED):
        try:
            Study.model_validate(data)
        except ValidationError as error:
            if error.error_count() > _MAX_NOT_ACCEPTED:
                break
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            moved = _take_out(data, list(first["loc"]))
            if moved is None:
                raise Refused(f"{where}: {first['msg']}") from None
            holder, value = moved
            kept = holder.setdefault("source", {})
            kept[f"Not accepted: {where}"] = [value] if isinstance(value, str) else [json.dumps(value, ensure_ascii=False)]
            notes.append(f"{where} was not accepted ({first['msg']}) and stays under source")
            continue
        return data
    raise Refused(f"more than {_MAX_NOT_ACCEPTED} of its values are not accepted")


def _take_out(data: dict[str, Any], path: list[Any]) -> tuple[dict[str, Any], Any] | None:
    """Takes the optional value at `path` (or the entry that needs it) out of the data: (who keeps it, the value).

    A value that its entry cannot be without, such as a person's last name, takes the whole entry with it.
    """
    steps: list[tuple[Any, Any]] = []
    here: Any = data
    for part in path:
        if isinstance(here, dict) and part in here or isinstance(here, list) and isinstance(part, int) and part < len(here):
            steps.append((here, part))
            here = here[part]
        else:
            break
    holder = data
    if len(steps) > 2 and steps[0][1] == "components":
        holder = data["components"][steps[1][1]]
    while steps and (steps[-1][1] in _NEEDED or len(steps) > 1 and steps[-2][1] == "columns"):
        steps.pop()
    if not steps or steps[-1][0] is data.get("components"):
        return None
    parent, key = steps[-1]
    value = parent[key]
    del parent[key]
    return holder, value


def _refuse_edited(target: Path, raw: bytes) -> None:
    """Raises Refused where the study.yaml there is not what an import wrote: a curator's work is never overwritten."""
    written = target / "study.yaml"
    if not written.exists():
        return
    there = written.read_bytes()
    if there == raw:
        return
    # An import that was stopped in its last moment has put its study.yaml there, and not yet the report.
    known = {_known(target / name) for name in (ledger.FILE, ledger.FILE + PART)}
    if hashlib.sha256(there).hexdigest() not in known:
        raise Refused(f"{target.name}/study.yaml was edited after its import, or not imported; move it away to import again")


def _known(report: Path) -> str | None:
    """The digest of the study.yaml that a report tells of; None where it tells of none."""
    try:
        digest = None if report.is_symlink() else json.loads(report.read_bytes()).get("study_yaml_sha256")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return digest if isinstance(digest, str) else None


def _taken_over(component: Component) -> Iterator[tuple[str, Path]]:
    """Files that are copied byte for byte: place in the study folder, path in the source."""
    yield from ((part.target, part.path) for table in component.tables for part in table.files)
    yield from ((place, path) for path, place in component.copied)
