"""The same corpus several times over: every study again under a new accession, on plates of new names."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import shutil
from functools import lru_cache
from pathlib import Path

from benchmarks.declared import declared_in, separator
from ingest.tables import RawTable, read_table
from portal.ledger import FILE as LEDGER


def multiply(content: Path, into: Path, times: int) -> int:
    """Fills `into` with `times` times the studies of `content`; how many there are then.

    The first of each is the study as it is. Tables are written again as UTF-8 with tabs or commas, because every cell that
    names a plate or dataset gets a prefix: in its own column, and in ready-made keys that begin with it (`Plate_Well`).
    """
    studies = sorted(p for p in (content / "studies").iterdir() if (p / "study.yaml").is_file())
    (into / "studies").mkdir(parents=True)
    for file in content.iterdir():
        if file.is_file():
            shutil.copy2(file, into / file.name)
    for study in studies:
        shutil.copytree(study, into / "studies" / study.name)
        for number in range(2, times + 1):
            _again(study, into / "studies" / f"{study.name}x{number}", number)
    return len(studies) * times


def _again(study: Path, copy: Path, number: int) -> None:
    shutil.copytree(study, copy)
    text = (study / "study.yaml").read_text(encoding="utf-8")
    raw = re.sub(r"^accession: .*$", f"accession: {copy.name}", text, count=1, flags=re.MULTILINE).encode()
    (copy / "study.yaml").write_bytes(raw)
    for it in declared_in(study / "study.yaml"):
        if named := it.wanted.get("container"):
            for path in dict.fromkeys(file.relative_to(study) for files in (it.table, *(files for files, _ in it.joins)) for file in files):
                _rename(study / path, copy / path, named, f"x{number} ")
            for path in {path for path, column in it.listed if column == named}:
                _rename_list(copy / path, f"x{number} ")
    if (copy / LEDGER).is_file():
        report = json.loads((copy / LEDGER).read_bytes()) | {"accession": copy.name}
        if report.get("study_yaml_sha256"):
            report["study_yaml_sha256"] = hashlib.sha256(raw).hexdigest()
        (copy / LEDGER).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")


@lru_cache(maxsize=32)  # the tables of one study, which is copied several times in a row
def _read(file: Path) -> RawTable | None:
    return read_table(file.read_bytes(), file.name)[0] if file.is_file() else None


def _rename(file: Path, copy: Path, column: str, prefix: str) -> None:
    table = _read(file)
    if table is None:
        return
    wanted = column.casefold()
    at = [n for n, name in enumerate(table.header) if name.casefold() == wanted or name.casefold().startswith(f"{wanted}_")]
    if not at:
        return
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator(file), lineterminator="\n")
    writer.writerow(table.header)
    for cells in table.rows:
        row = list(cells)
        for n in at:
            row[n] = row[n] and prefix + row[n]
        writer.writerow(row)
    raw = text.getvalue().encode()
    copy.write_bytes(gzip.compress(raw, 1, mtime=0) if file.name.endswith(".gz") else raw)


def _rename_list(file: Path, prefix: str) -> None:
    if file.is_file():
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        file.write_text("".join(f"{prefix}{line}\n" if line.strip() else "\n" for line in lines), encoding="utf-8")
