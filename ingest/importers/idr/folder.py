"""import_idr: source folders in, study folders out. The only part of the importer that writes files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingest.importers.idr import study as study_text
from ingest.importers.idr.component import Component, read_component
from ingest.importers.idr.report import ImportReport, StudyReport, markdown
from ingest.importers.idr.study_txt import read_study_txt
from ingest.importers.idr.tables import listed_files
from ingest.importers.idr.writing import clean, study_yaml
from ingest.studies import read_study
from ingest.tables import read_text
from portal.model import ACCESSION, Study

Progress = Callable[[str, int, int], None]

_STUDY_TXT = re.compile(r"(^|[-_])study\.txt$", re.IGNORECASE)
_MAX_STUDY_TXT = 16 * 2**20
# Keys that their entry cannot be without.
_NEEDED = frozenset("name last_name kind accession title components table columns column phenotype source samples".split())


class Refused(Exception):
    """A source folder that cannot become a study; the text says why."""


def import_idr(sources: Sequence[Path], into: Path, progress: Progress | None = None) -> ImportReport:
    """Imports IDR study folders.

    sources: study folders (with a `…-study.txt`), or folders that hold such folders.
    into: the folder that gets `<accession>/study.yaml`, the tables verbatim at `<accession>/<component>/<file>`,
    `import-report.json` and `import-report.md`. A study.yaml that was edited after its import is not overwritten.
    progress: called before each study with (folder name, its number from 0, how many there are).

    One bad folder never stops the others: it is refused in the report, with the reason.
    """
    folders = [folder for source in sources for folder in _study_folders(Path(source))]
    reports: list[StudyReport] = []
    taken: dict[str, str] = {}
    for number, (folder, why) in enumerate(folders):
        if progress:
            progress(folder.name, number, len(folders))
        if why:
            reports.append(StudyReport(folder.name, "refused", reason=why))
            continue
        try:
            reports.append(_import(folder, Path(into), taken))
        except Refused as refusal:
            reports.append(StudyReport(folder.name, "refused", reason=str(refusal)))
        except OSError as error:
            reports.append(StudyReport(folder.name, "refused", reason=f"{Path(error.filename or folder).name}: {error.strerror or error}"))
    return ImportReport(tuple(reports))


def _study_folders(source: Path) -> list[tuple[Path, str]]:
    """Study folders at or below a source (one or two levels), sorted by name; or the source with the reason it is none."""
    if not source.is_dir():
        return [(source, "it is not a folder")]
    if _study_txt(source):
        return [(source, "")]
    children = [p for p in sorted(source.iterdir()) if p.is_dir() and not p.is_symlink()]
    found = [p for p in children if _study_txt(p)]
    found += [p for c in children if c not in found for p in sorted(c.iterdir()) if p.is_dir() and not p.is_symlink() and _study_txt(p)]
    # The nearer folder comes first: where two have one accession, the deeper is the older copy.
    found.sort(key=lambda p: (len(p.parts), p.name))
    return [(p, "") for p in found] or [(source, "neither it nor a folder in it holds a study.txt")]


def _study_txt(folder: Path) -> Path | None:
    """The study.txt; where there are several, the one named like the folder's accession."""
    found = [p for p in sorted(folder.iterdir()) if p.is_file() and _STUDY_TXT.search(p.name)]
    head = folder.name.split("-")[0].casefold()
    return next((p for p in found if p.name.casefold().startswith(head)), found[0] if found else None)


def _import(folder: Path, into: Path, taken: dict[str, str]) -> StudyReport:
    path = _study_txt(folder)
    assert path is not None
    if path.stat().st_size > _MAX_STUDY_TXT:
        raise Refused(f"{path.name} has more than {_MAX_STUDY_TXT // 2**20} MB")
    text, _, notes, problem = read_text(path.read_bytes(), path.name)
    if problem:
        raise Refused(f"{path.name} {problem.what}")
    parsed = read_study_txt(text)
    notes = [f"{path.name}: {note}" for note in [*notes, *parsed.notes]]
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
    files = listed_files(folder)
    components = [
        read_component(block, name, names, files, folder, bool(data.get("organisms")))
        for block, name in zip(parsed.components, names, strict=True)
    ]
    data["components"] = [c.data for c in components]
    if source := parsed.study.source():
        data["source"] = source
    data = _accepted(clean(data), notes)
    raw = study_yaml(data)

    target = into / accession
    _refuse_edited(target, raw)
    _, _, problems = read_study(raw, "study.yaml", accession)
    copied = {table.path for c in components for table in c.tables}
    report = StudyReport(
        source=folder.name,
        outcome="imported",
        accession=accession,
        title=data["title"],
        keys=parsed.study.account(),
        components=tuple(replace(c.report, keys=b.account()) for c, b in zip(components, parsed.components, strict=True)),
        notes=tuple(clean(notes)),
        problems=tuple(str(p) for p in problems),
        files_left=tuple(p.relative_to(folder).as_posix() for p in files if p not in copied and p != path),
        study_yaml_sha256=hashlib.sha256(raw).hexdigest(),
    )
    _write(target, raw, report, components)
    taken[accession.casefold()] = folder.name
    return report


def _accepted(data: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The data as model.Study accepts it: a value that it does not accept moves to `source`, and the report says so.

    Raises Refused where a value is at fault that a study cannot be without.
    """
    for _ in range(500):
        try:
            Study.model_validate(data)
        except ValidationError as error:
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
    raise Refused("more than 500 of its values are not accepted")


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
    try:
        known = json.loads((target / "import-report.json").read_bytes()).get("study_yaml_sha256")
    except (OSError, ValueError, AttributeError):
        known = None
    if known != hashlib.sha256(there).hexdigest():
        raise Refused(f"{target.name}/study.yaml was edited after its import, or not imported; move it away to import again")


def _write(target: Path, raw: bytes, report: StudyReport, components: Sequence[Component]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for component in components:
        for table in component.tables:
            _put(target / table.target, table.path.read_bytes())
    _put(target / "study.yaml", raw)
    _put(target / "import-report.json", report.as_json())
    _put(target / "import-report.md", markdown(report))


def _put(path: Path, raw: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(raw)
    part.replace(path)
