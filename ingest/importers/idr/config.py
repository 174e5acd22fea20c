"""A component's bulkmap-config.yml, which says how IDR itself shows the columns of its tables: which ones, how cells split, where
identifiers link to, and which columns name the genes.

Read from YAML's events: nothing is composed but texts, lists and mappings, aliases are not followed, and what cannot be read is said.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ingest.importers.idr.tables import Table
from ingest.tables import read_text

_MAX_BYTES = 2**20
_MAX_DEPTH = 20
# `http://www.ensembl.org/id/{{ value|urlencode }}`: the one form of an address that these files have. The host is always written out.
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]+(?::\d+)?/[^\s<>\"'`{}\\]*)\{\{ ?value ?\| ?urlencode ?\}\}([^\s<>\"'`{}\\]*)")
# `Gene Identifier %% url=http://www.ensembl.org/id/%s`, in headers of annotation.csv of 2016.
_HEADER = re.compile(r"\s*url=(https?://[A-Za-z0-9.-]+(?::\d+)?/[^\s<>\"'`{}\\%]*)%s([^\s<>\"'`{}\\%]*)")
_YES = frozenset(("yes", "true", "on", "1"))
_GENES = "mapr/gene"


@dataclass(frozen=True)
class Config:
    """`splits` and `links`: source column → separator, → address with {id}. `genes`: (identifier, symbol) columns of each of
    the genes a row may name, "" where there is none. `shown`: the columns that IDR shows; None where no configuration says so.
    """

    splits: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    genes: tuple[tuple[str, str], ...] = ()
    shown: frozenset[str] | None = None
    said: tuple[str, ...] = ()


def read_config(files: Sequence[Path], folder: Path, component: str) -> Config:
    """Reads every bulkmap-config.yml in the component's folder, one after another; the first that speaks of a column is believed."""
    splits: dict[str, str] = {}
    links: dict[str, str] = {}
    genes: dict[tuple[str, str], None] = {}
    shown: set[str] = set()
    said: list[str] = []
    read = False
    for path in files:
        inside = component.casefold() in (p.casefold() for p in path.relative_to(folder).parts[:-1])
        if not inside or not path.name.casefold().endswith("bulkmap-config.yml"):
            continue
        if path.stat().st_size > _MAX_BYTES:
            said.append(f"{path.name} has more than {_MAX_BYTES // 2**20} MB and was not read")
            continue
        data = _plain(path.read_bytes())
        if not isinstance(data, dict):
            said.append(f"{path.name} is no configuration that can be read")
            continue
        read = True
        included = str(_mapping(data.get("defaults")).get("include", "")).casefold() in _YES
        for entry in _entries(data.get("columns")):
            name, template = entry["name"], str(entry.get("clientvalue") or "").strip()
            if str(entry.get("include") or ("yes" if included else "no")).casefold() in _YES:
                shown.add(name)
            if entry.get("split"):
                splits.setdefault(name, entry["split"])
            if match := _ADDRESS.fullmatch(template):
                links.setdefault(name, f"{match[1]}{{id}}{match[2]}")
            elif template:
                said.append(f"'{name}' is shown as '{template[:100]}', which is no address of one identifier; not taken")
        genes |= dict.fromkeys(_genes(data.get("columns")))
    return Config(splits, links, tuple(genes), frozenset(shown) if read else None, tuple(dict.fromkeys(said)))


def header_links(table: Table | None) -> dict[str, str]:
    """Source column → address with {id}, from the ` %% url=…%s` in a table's header, which the reader of tables takes off."""
    if table is None or not any("%% url" in note for note in table.raw.notes):
        return {}
    text, _, _, problem = read_text(table.path.read_bytes(), table.path.name)
    first = "" if problem else next((line for line in text.splitlines() if line.strip()), "")
    try:
        cells = next(csv.reader(io.StringIO(first), delimiter="\t" if "\t" in first else ","), [])
    except csv.Error:  # A quote that is never closed, in a header of more than 128 KB.
        return {}
    parts = (cell.strip().rpartition("%%") for cell in cells)
    found = ((name.strip(), _HEADER.fullmatch(link)) for name, _, link in parts)
    return {name: f"{match[1]}{{id}}{match[2]}" for name, match in found if match}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(columns: Any) -> Iterator[dict[str, Any]]:
    """Every mapping below `columns` that names a column, in groups too."""
    for entry in columns if isinstance(columns, list) else ():
        if isinstance(entry, dict):
            if isinstance(entry.get("name"), str) and entry["name"].strip():
                yield {k: v for k, v in entry.items() if isinstance(v, str)}
            yield from _entries(_mapping(entry.get("group")).get("columns"))


def _genes(columns: Any) -> Iterator[tuple[str, str]]:
    """(identifier column, symbol column) of every group of the namespace `…/mapr/gene`."""
    for entry in columns if isinstance(columns, list) else ():
        group = _mapping(_mapping(entry).get("group"))
        if not str(group.get("namespace") or "").endswith(_GENES):
            continue
        shown = [e for e in _entries(group.get("columns")) if "clientvalue" not in e]
        named = {e.get("clientname") or e["name"]: e["name"] for e in reversed(shown)}
        pair = named.get("Gene Identifier", ""), named.get("Gene Symbol", "")
        if any(pair):
            yield pair


def _plain(raw: bytes) -> Any:
    """Texts, lists and mappings; None where it is no YAML, or nested too deeply. Of a repeated key the last value is taken."""
    stack: list[Any] = [[]]
    keys: list[str | None] = [None]

    def put(value: Any) -> None:
        if isinstance(stack[-1], list):
            stack[-1].append(value)
        elif keys[-1] is None:
            keys[-1] = value if isinstance(value, str) else ""
        else:
            stack[-1][keys[-1]], keys[-1] = value, None

    try:
        for event in yaml.parse(raw, Loader=yaml.SafeLoader):
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(stack) > _MAX_DEPTH:
                    return None
                value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                put(value)
                stack.append(value)
                keys.append(None)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
                keys.pop()
            elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
                put(event.value if isinstance(event, yaml.ScalarEvent) else "")
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    return stack[0][0] if stack[0] else None
