"""Every ledger of the whole corpus sums to its source, recounted here by other means."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.importers.idr import study as study_text
from ingest.importers.idr.component import read_component
from ingest.importers.idr.sources import list_files
from ingest.importers.idr.study_txt import read_study_txt
from ingest.importers.idr.targets import TARGETS
from ingest.ledgers import read_ledger
from portal.ledger import FILE, KeyLine, Overview
from tests.conftest import TWELVE, Whole

csv.field_size_limit(2**27)

# Targets that hold the source's words unchanged.
VERBATIM = {
    "title", "description", "sample_type", "copyright", "publications.title", "publications.authors", "people.last_name",
    "people.email", "people.address", "protocols.description", "phenotypes.name", "phenotypes.description", "analysed_data.description",
}  # fmt: skip


def test_every_ledger_adds_up(whole: Whole) -> None:
    assert len(whole.ledgers) == len(list(whole.studies.iterdir())) > 100
    for accession, told in whole.ledgers.items():
        assert list(told.sums()) == [], accession
        assert told.lines is not None
        assert read_ledger((whole.studies / accession / FILE).read_bytes(), FILE, accession) == (told, [])


def test_every_file_is_told(whole: Whole) -> None:
    for accession, told in whole.ledgers.items():
        source = whole.source(accession)
        there = {(Path(at) / n).relative_to(source).as_posix(): (Path(at) / n).stat().st_size for at, _, ns in os.walk(source) for n in ns}
        assert {f.path: f.bytes for f in told.files} == there
        copies: Counter[str] = Counter()
        for f in told.files:
            if f.sha256:
                assert f.sha256 == hashlib.sha256((source / f.path).read_bytes()).hexdigest()
            for to in f.to:
                assert (whole.studies / accession / to).read_bytes() == (source / f.path).read_bytes()
                copies[to] += 1
        written = {p.relative_to(whole.studies / accession).as_posix() for p in (whole.studies / accession).rglob("*") if p.is_file()}
        assert written == {"study.yaml", FILE, "import-report.md", *copies}


def physical(raw: bytes) -> list[str]:
    """The lines of a study.txt, with any end that is met: CR CR LF, CR LF, LF, CR."""
    lines = re.split(r"\r\r\n|\r\n|\n|\r", raw.removeprefix(b"\xef\xbb\xbf").decode("latin-1"))
    return lines[:-1] if not lines[-1] else lines


def test_every_line_of_study_txt_is_told(whole: Whole) -> None:
    unclear: list[str] = []
    for accession, told in whole.ledgers.items():
        lines = told.lines
        assert lines is not None
        raw = (whole.source(accession) / lines.path).read_bytes()
        if re.search(rb"\r{3,}\n", raw):
            unclear.append(accession)  # Some say one line, some say two.
            continue
        text = physical(raw)
        assert lines.total == len(text), accession
        # Blank lines inside a quoted value continue it.
        assert lines.blank <= sum(1 for line in text if not line.strip(' \t"\xa0'))
        for e in (e for block in told.keys for e in block.entries):
            assert folded(e.key) in folded(text[e.line - 1]), (accession, e)
    assert len(unclear) < 2


def folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def standing(data: Any, path: str) -> list[Any]:
    """What stands at a path of a ledger, by a reading of our own."""
    steps = path.strip("/").split(".")
    found = [data]
    for step in steps:
        found = [v for f in found for v in (f if isinstance(f, list) else [f])]
        found = [f[step] for f in found if isinstance(f, dict) and step in f]
    return [v for f in found for v in (f if isinstance(f, list) else [f])]


def blocks(whole: Whole, accession: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], tuple[KeyLine, ...]]]:
    """(study.yaml, the part of it that a block is about, the block's entries)."""
    data = yaml.load((whole.studies / accession / "study.yaml").read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for block in whole.ledgers[accession].keys:
        part = next(c for c in data["components"] if c["name"] == block.component) if block.component else data
        yield data, part, block.entries


def test_every_entry_stands_where_the_ledger_says(whole: Whole) -> None:
    """The paths exist, and where a target holds the source's own words, every one of them is there."""
    compared = 0
    for accession in whole.ledgers:
        lines = whole.ledgers[accession].lines
        assert lines is not None
        text = (whole.source(accession) / lines.path).read_bytes()
        try:
            shown = re.sub(
                r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "", text.decode()
            )  # Control characters; the ledger counts those that are taken out.
        except UnicodeDecodeError:
            shown = ""  # Its letters need more than this reading of it; its paths are looked at all the same.
        own = re.split(r"\r\r\n|\r\n|\n|\r", shown)
        shown = "" if re.search(rb"\r{3,}\n", text) else shown
        for data, part, entries in blocks(whole, accession):
            for e in entries:
                for path in (e.to or "").split(", ") if e.to else ():
                    found = standing(data if path.startswith("/") else part, path)
                    assert found, (accession, e)
                    if e.fate == "mapped" and e.to in VERBATIM and shown and own[e.line - 1].count('"') == 0:
                        there = {" ".join(str(v).split()) for v in found}
                        words = {" ".join(c.split()) for c in own[e.line - 1].split("\t")[1:]} - {""}
                        beyond = {w for w in words - there if not w.startswith("#") and not any(t.startswith(w) for t in there)}
                        assert not beyond, (accession, e, beyond)
                        compared += len(words)
    assert compared > 1_000


def test_what_is_kept_is_kept_whole(whole: Whole) -> None:
    """As many entries stand under `source:` as the ledger says, each with all of its values."""
    for accession in whole.ledgers:
        for _, part, entries in blocks(whole, accession):
            kept = [e for e in entries if e.fate == "kept"]
            source = {k: v for k, v in part.get("source", {}).items() if not k.startswith("Not accepted: ")}
            assert [re.sub(r" \(\d+\)$", "", k) for k in source] == [e.key for e in kept], accession
            assert [sum(1 for v in values if v) for values in source.values()] == [e.values for e in kept], accession


@pytest.mark.parametrize("number", TWELVE)
def test_every_key_that_is_read_has_a_target(whole: Whole, number: str) -> None:
    source = whole.source(f"idr{number}")
    text = next(source.glob("*-study.txt")).read_bytes().decode("utf-8", "replace")
    parsed = read_study_txt(text)
    study_text.study_data(parsed, study_text.accession(parsed), [])
    names = study_text.component_names(parsed, [])
    for block, name in zip(parsed.components, names, strict=True):
        read_component(block, name, names, list_files(source).files, source, False)
    read = set().union(*(block.read for block in (parsed.study, *parsed.components)))
    assert len(read) > 50
    assert read <= TARGETS.keys()


def recounted(path: Path, delimiters: str = "\t,;") -> tuple[int, Counter[str]]:
    """(rows, filled cells by column) of a table, read by Python's csv module alone."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            raw = archive.read(next(n for n in archive.namelist() if not n.startswith("__MACOSX")))
    text = re.sub(r"\r+\n|\r", "\n", raw.decode("utf-8-sig", "replace"))
    mark = max(delimiters, key=text.lstrip().partition("\n")[0].count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline="\n"), delimiter=mark)]
    header, *body = [row for row in rows if any(row)]
    filled: Counter[str] = Counter()
    for row in body:
        for at, cell in enumerate(row):
            filled[header[at] if at < len(header) else ""] += cell != ""
    return len(body), filled


def test_rows_and_cells_of_every_table(whole: Whole) -> None:
    """Other than a plain reading only where the ledger says that the table was mended, and how."""
    tables = [(accession, t) for accession, told in whole.ledgers.items() for t in told.tables]
    others = []
    for accession, table in tables:
        rows, filled = recounted(whole.source(accession) / table.path)
        ours: Counter[str] = Counter()
        for column in table.columns:
            ours[column.name] += column.filled
        plain = rows == table.rows and sum(filled.values()) == sum(ours.values())
        if not plain:
            others.append((accession, table.path, rows, table.rows, sum(filled.values()), sum(ours.values()), table.said))
    unsaid = [
        o for o in others if not re.search(r"quote|carriage return|remark|line ends|lines ended CR$|zero-width|more cells", " ".join(o[-1]))
    ]
    assert not unsaid, unsaid
    assert len(others) <= len(tables) / 20, others


def test_terminal_and_overview_tell_of_every_folder(whole: Whole) -> None:
    overview = Overview.model_validate_json((whole.content / "imports/idr.json").read_bytes())
    imported = {o.accession for o in overview.sources if o.outcome == "imported"}
    assert imported == set(whole.ledgers)
    assert all(o.reason for o in overview.sources if o.outcome == "refused")
    top = {o.source.partition("/")[0] for o in overview.sources}
    assert top == {p.name for p in whole.source("idr0002").parent.iterdir() if p.is_dir()}
    last = whole.said.strip().splitlines()[-1]
    samples = sum(told.samples for told in whole.ledgers.values())
    assert last.startswith(f"All: {len(overview.sources):,} folders: {len(imported):,} studies, ")
    assert f" {samples:,} samples; " in last and "not adding up" not in last
