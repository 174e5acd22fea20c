"""Members of ortholog groups, from one file or several → groups. A group is of two organisms or more, and of so many genes at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.gene_files.reading import Entry
from ingest.marks import quoted
from ingest.records import count
from portal.naming import OrthologGroup

# Larger groups are families of genes (of zinc fingers, say), which tell little of any one of them.
MAX_MEMBERS = 100


@dataclass(frozen=True)
class Grouped:
    groups: list[OrthologGroup]
    notes: tuple[str, ...]


def groups_of(entries: Iterable[Entry], source: str) -> tuple[list[OrthologGroup], int]:
    """One group an entry, also of one organism alone (another file may hold more of it), and how many entries there were."""
    found: list[OrthologGroup] = []
    rows = 0
    for entry in entries:
        rows += 1
        members = sorted((role, name) for role, names in entry.values.items() if role != "group" for name in names)
        if members:
            name = next(iter(entry.values.get("group", ())), None)
            found.append(OrthologGroup(source, name, tuple(members)))
    return found, rows


def put_together(parts: Iterable[OrthologGroup]) -> Grouped:
    """Parts of one source and name are one group; parts without a name are groups of their own, and each is kept once."""
    named: dict[tuple[str, str], set[tuple[str, str]]] = {}
    unnamed: dict[OrthologGroup, None] = {}
    for part in parts:
        if part.name is None:
            unnamed[part] = None
        else:
            named.setdefault((part.source, part.name), set()).update(part.members)
    together = [OrthologGroup(source, name, tuple(sorted(members))) for (source, name), members in named.items()]
    groups: list[OrthologGroup] = []
    alone = 0
    large: list[OrthologGroup] = []
    for group in (*together, *unnamed):
        if len({organism for organism, _ in group.members}) < 2:
            alone += 1
        elif len(group.members) > MAX_MEMBERS:
            large.append(group)
        else:
            groups.append(group)
    notes = []
    if alone:
        notes.append(f"{count(alone, 'group')} with genes of one organism alone passed over")
    if large:
        large.sort(key=lambda g: (-len(g.members), g.source, g.name or "", g.members))
        shown = ", ".join(f"{quoted(g.name or g.members[0][1], 40)} ({len(g.members):,})" for g in large[:3])
        notes.append(f"{count(len(large), 'group')} with more than {MAX_MEMBERS} genes left out: {shown}{' …' if len(large) > 3 else ''}")
    return Grouped(groups, tuple(notes))
