"""One small change at a time, as a curator or a maintainer makes it, to a content folder or a copy of this checkout."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from benchmarks.declared import declared
from ingest.tables import read_table

# What a build reads of a checkout. `node_modules` is large and stays where it is.
PARTS = ("build.py", "portal", "ingest", "search_index", "templates", "assets", "schemas")


def checkout(root: Path, into: Path) -> Path:
    """A copy of the program to change templates and styles in."""
    into.mkdir(parents=True)
    for part in PARTS:
        here = root / part
        if here.is_dir():
            shutil.copytree(here, into / part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        elif here.is_file():
            shutil.copy2(here, into / part)
    (into / "assets" / "node_modules").symlink_to((root / "assets" / "node_modules").resolve(), target_is_directory=True)
    return into


def title(content: Path) -> str:
    """Changes the title of the study in the middle of the list; says which."""
    files = [f for f in sorted(content.glob("studies/*/study.yaml")) if re.search(r"^title: *[^>|\s]", f.read_text("utf-8"), re.MULTILINE)]
    file = files[len(files) // 2]
    text = re.sub(r"^(title: *[\"']?)", r"\1Anew. ", file.read_text("utf-8"), count=1, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    return f"the title of {file.parent.name}"


def row(content: Path) -> str:
    """Changes one cell in the last row of a table of middling length: a gene's symbol where it has one; says which."""
    found: list[tuple[int, Path, str, int, int]] = []
    for it in declared(content):
        column, table = it.columns.get("gene.symbol"), it.table[-1]
        if column is None or not table.is_file() or table.suffix == ".gz":
            continue
        raw = table.read_bytes()
        read, _ = read_table(raw, table.name)
        # Tables of plain lines only: one cell is changed where it stands, and every other byte stays.
        if read is not None and read.rows and column in read.header and b'"' not in raw and b"\r" not in raw:
            at, line = read.header.index(column), read.lines[-1] - 1
            cells = raw.split(b"\n")[line].split(b"\t")
            if read.rows[-1][at] and len(cells) == len(read.header):
                found.append((len(read.rows), table, column, at, line))
    if not found:
        raise LookupError("no table is plain enough to change one cell of it")
    found.sort(key=lambda f: (f[0], str(f[1])))
    _, table, column, at, line = found[len(found) // 2]
    lines = table.read_bytes().split(b"\n")
    cells = lines[line].split(b"\t")
    cells[at] += b"9"
    lines[line] = b"\t".join(cells)
    table.write_bytes(b"\n".join(lines))
    return f"'{column}' in the last row of {table.relative_to(content / 'studies').as_posix()}"


def template(program: Path) -> str:
    file = program / "templates" / "entity.html"
    file.write_text(file.read_text("utf-8").replace("{% block main %}", "{% block main %}\n<!-- anew -->", 1), encoding="utf-8")
    return "templates/entity.html"


def style(program: Path) -> str:
    file = sorted((program / "assets" / "css").glob("*.css"))[0]
    file.write_text(file.read_text("utf-8") + "\n/* anew */\n", encoding="utf-8")
    return f"assets/css/{file.name}"
