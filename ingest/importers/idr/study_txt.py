"""IDR's study.txt → entries with lines, in one study block and a block for every screen or experiment.

A line is `Key<TAB>value<TAB>value…`, exported from a spreadsheet by many hands: quoted cells run over
several lines, quotes are opened and never closed, some keys are followed by blanks instead of a tab,
template hints are left in. The rules here: a line that begins with a known key ends whatever was open;
a line that begins with no key continues the value before it; lines that begin with `#` are comments.
(The key list is that of IDR's metadata template, with the variants met in the published studies.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.tables import line_ends

_STUDY = (
    "Study Title", "Study Type", "Study Type Term Source REF", "Study Type Term Accession", "Study Description", "Study Key Words",
    "Study Organism", "Study Organism Term Source REF", "Study Organism Term Accession", "Study Screens Number", "Study Experiments Number",
    "Study External URL", "Study Public Release Date", "Study Version History", "Study PubMed ID", "Study Publication Title",
    "Study Author List", "Study PMC ID", "Study DOI", "Study Publication Preprint", "Study License", "Study License URL", "Study Copyright",
    "Study Data Publisher", "Study Data DOI", "Study BioStudies Accession", "Study BioImage Archive Accession", "Study EMPIAR Accession",
    "Study Person Last Name", "Study Person First Name", "Study Person Email", "Study Person Address", "Study Person Roles",
    "Study Person ORCID", "Term Source Name", "Term Source URI", "Term Source File", "Term Source Version", "Comment[IDR Study Accession]",
)  # fmt: skip
# Written in the file with `Screen ` or `Experiment ` before them.
_COMPONENT = (
    "Number", "Sample Type", "Description", "Size", "Example Images", "Imaging Method", "Imaging Method Term Source REF",
    "Imaging Method Term Accession", "Technology Type", "Technology Type Term Source REF", "Technology Type Term Accession", "Type",
    "Type Term Source REF", "Type Term Accession", "Comments", "Organism", "Organism Term Source REF", "Organism Term Accession",
    "Data DOI", "Data Publisher",
)  # fmt: skip
_INSIDE = (
    "Library File Name", "Library File Format", "Library Type", "Library Type Term Source REF", "Library Type Term Accession",
    "Library Manufacturer", "Library Version", "Library Assembly", "Library Experimental Conditions",
    "Library Experimental Conditions Term Source REF", "Library Experimental Conditions Term Accession",
    "Experiment Assay File", "Experiment Assay File Format", "Assay Experimental Conditions",
    "Assay Experimental Conditions Term Source REF", "Assay Experimental Conditions Term Accession", "Quality Control Description",
    "Protocol Name", "Protocol Type", "Protocol Type Term Source REF", "Protocol Type Term Accession", "Protocol Description",
    "Phenotype Name", "Phenotype Description", "Phenotype Score Type", "Phenotype Term Source REF", "Phenotype Term Name",
    "Phenotype Term Accession", "Raw Image Data Format", "Raw Image Data Type", "Raw Image Organization", "Raw Image Channels",
    "Feature Level Data File Name", "Feature Level Data File Format", "Feature Level Data File Description",
    "Feature Level Data Column Name", "Feature Level Data Column Type", "Feature Level Data Column Description",
    "Processed Data File Name", "Processed Data File Format", "Processed Data File Description", "Processed Data Column Name",
    "Processed Data Column Type", "Processed Data Column Annotation Level", "Processed Data Column Description",
    "Processed Data Column Link To Library File", "Processed Data Column Link To Assay File",
    "Processed Data Genome Build For Target Genes", "Additional File", "Additional File description",
    "Phenotype Score Parameter", "Phenotype Scoring Method", "Phenotype Scoring Rules",
    "Processed Data Column Annotation", "Processed Data Column Source Database", "Processed Data Column Source Stem URI",
    "Processed Data Row Annotation Level", "Processed Data Row Name", "Processed Data Row Type", "Processed Data Annotation Level",
)  # fmt: skip
_VARIANTS = {
    "Study Key Word": "Study Key Words",
    "Study Organism Term Source": "Study Organism Term Source REF",
    "Comment[IDR Screen Name]": "Component Name",
    "Comment[IDR Experiment Name]": "Component Name",
    "Feature Level Data Files Name": "Feature Level Data File Name",
    "Feature Level Data Files Format": "Feature Level Data File Format",
    "Feature Level Data Files Description": "Feature Level Data File Description",
    **{f"{kind} Technology Term Source REF": "Component Technology Type Term Source REF" for kind in ("Screen", "Experiment")},
    **{f"{kind} Technology Term Accession": "Component Technology Type Term Accession" for kind in ("Screen", "Experiment")},
    **{f"{kind} Example Image": "Component Example Images" for kind in ("Screen", "Experiment")},
    **{f"{kind} Imaging Method Term Source": "Component Imaging Method Term Source REF" for kind in ("Screen", "Experiment")},
    **{f"{kind} Organism Term Source": "Component Organism Term Source REF" for kind in ("Screen", "Experiment")},
}
_WRITTEN: dict[str, str] = {
    **{key: key for key in (*_STUDY, *_INSIDE)},
    **{f"{kind} {key}": f"Component {key}" for kind in ("Screen", "Experiment") for key in _COMPONENT},
    **_VARIANTS,
}


def _fold(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.casefold())


_FOLDED = {_fold(written): key for written, key in _WRITTEN.items()}
_LONGEST_FIRST = sorted(_WRITTEN, key=len, reverse=True)
# What a key of a later template would look like; anything else without a tab-aligned key continues the line before.
_LIKE_A_KEY = re.compile(
    r"^(Study|Screen|Experiment|Library|Assay|Protocol|Phenotype|Processed Data|Raw Image|Feature Level Data|Quality Control|"
    r"Term Source|Comment ?\[|Additional) ?[A-Z\[][\w \[\]/-]{0,60}$"
)
_GLUED = re.compile(r"(?<!\s)\s{3,}(?P<key>[A-Z][A-Za-z ]{4,60}?)\s*\t")
_MAX_COMMENT = 4_000
_MAX_CELL_LINES = 500
_HINT = re.compile(r'^"?#')


@dataclass(frozen=True)
class Entry:
    """One key with its values: trimmed, inner blanks kept (values of different keys are aligned by position), trailing ones cut.

    hints: how many values were a template's hint and are not among them.
    """

    key: str
    written: str
    values: tuple[str, ...]
    line: int
    hints: int = 0

    @property
    def filled(self) -> tuple[str, ...]:
        return tuple(v for v in self.values if v)


@dataclass
class Block:
    """The study's part or one component's.

    kept: entries that stay under `source:`, by their place in the block. read: keys whose values were asked for, so that a test
    can see that each has a place in study.yaml (`targets`).
    """

    entries: list[Entry] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    def all(self, key: str) -> list[tuple[str, ...]]:
        """The values of every entry with this key, in the file's order."""
        self.read.add(key)
        return [entry.values for entry in self.entries if entry.key == key]

    def values(self, key: str) -> tuple[str, ...]:
        """The values of the first filled entry with this key (as IDR's own reader takes it), or ()."""
        return next((values for values in self.all(key) if any(values)), ())

    def first(self, key: str) -> str:
        """The first filled value, or "". Further values have no place in study.yaml and stay in `source`."""
        return next((v for v in self.values(key) if v), "")

    def keep(self, key: str) -> None:
        """Keeps an entry under `source:` also where all of it was mapped."""
        self.kept.update(at for at, entry in enumerate(self.entries) if entry.key == key and entry.filled)

    def source(self) -> dict[str, list[str]]:
        """The kept entries: key as written → values. A repeated key is numbered."""
        left: dict[str, list[str]] = {}
        numbers: Counter[str] = Counter()
        for at, entry in enumerate(self.entries):
            if at in self.kept:
                name = entry.written
                while name in left:
                    # Counted on from the last: a key may be repeated thousands of times.
                    numbers[entry.written] += 1
                    name = f"{entry.written} ({numbers[entry.written] + 1})"
                left[name] = list(entry.values)
        return left


@dataclass(frozen=True)
class Became:
    """What the lines of a study.txt became; portal.ledger.Lines has the words."""

    total: int
    entries: int
    continued: int
    blank: int
    comments: int
    left: int


@dataclass(frozen=True)
class StudyText:
    study: Block
    components: list[Block]
    notes: list[str]
    lines: Became


def read_study_txt(text: str) -> StudyText:
    """Reads the decoded text of a study.txt. Never fails: what makes no sense is noted, with its line."""
    notes: list[str] = []
    body, ends = line_ends(text)
    if "\r" in body:  # CR beside LF: in a file of keyed lines every CR ends a line.
        body, ends = body.replace("\r", "\n"), "line ends were mixed, CR and LF"
    if ends:
        notes.append(ends)
    physical = body.removesuffix("\n").split("\n") if body else []
    became = [""] * len(physical)
    entries = _continued(_keyed(physical, became, notes), became, notes)
    study = Block()
    components: list[Block] = []
    named = False
    for entry in entries:
        key = entry.key
        if key.startswith(("Study ", "Term Source", "Comment[IDR Study")):
            study.entries.append(entry)
            continue
        if key == "Component Number" or (key == "Component Name" and (named or not components)):
            components.append(Block())
            named = False
        named = named or (bool(components) and key == "Component Name" and any(entry.values))
        (components[-1] if components else study).entries.append(entry)
    filled = []
    for block in components:
        if any(any(e.values) for e in block.entries if e.key != "Component Number"):
            filled.append(block)
        else:
            notes.append(f"line {block.entries[0].line}: a screen or experiment section without any value was left out")
            _leave(became, block.entries)
    count = Counter(became)
    lines = Became(len(became), *(count[word] for word in ("entry", "continued", "blank", "comment", "left")))
    return StudyText(study, filled, notes, lines)


def _leave(became: list[str], entries: list[Entry]) -> None:
    """Marks the lines of entries that were left out."""
    for entry in entries:
        at = entry.line - 1
        became[at] = "left"
        while at + 1 < len(became) and became[at + 1] in ("continued", "blank", "comment"):
            at += 1
            became[at] = "left" if became[at] == "continued" else became[at]


@dataclass
class _Line:
    """A logical line: a key ("" where it continues the line before), its cells, its first and last physical line."""

    key: str
    written: str
    cells: list[str]
    line: int
    last: int


def _keyed(lines: list[str], became: list[str], notes: list[str]) -> Iterator[_Line]:
    """The logical lines; marks in `became` the physical ones that are blank or a comment."""
    at = 0
    while at < len(lines):
        start, text = at, lines[at]
        at += 1
        if not text.strip():
            became[start] = "blank"
            continue
        if _HINT.match(text.strip()):
            glued = _GLUED.search(text[:_MAX_COMMENT])
            if glued and _fold(glued["key"]) in _FOLDED:
                notes.append(f"line {start + 1}: '{glued['key'].strip()}' stood on a comment's line and was read")
                text = text[glued.start("key") :]
            else:
                # A hint that is quoted over several lines ends with its quote.
                is_open = text.count('"') % 2 == 1
                while is_open and at < len(lines) and not _known(lines[at]) and not _HINT.match(lines[at]):
                    is_open ^= lines[at].count('"') % 2 == 1
                    at += 1
                became[start:at] = ["comment"] * (at - start)
                continue
        # A quote left open at the end of a line: the cell goes on, unless a known key says otherwise.
        parts, is_open = [text], _opens(text)
        while is_open and at < len(lines) and not _known(lines[at]) and len(parts) < _MAX_CELL_LINES:
            parts.append(lines[at])
            is_open ^= lines[at].count('"') % 2 == 1
            at += 1
        if is_open:
            at -= len(parts) - 1
            parts = parts[:1]
            if text.split("\t", 1)[-1].strip().startswith('"'):
                notes.append(f"line {start + 1}: a double quote is never closed")
        first, *cells = _cells("\n".join(parts))
        key, written, rest = _key(first, bool(cells))
        if key and rest:
            notes.append(f"line {start + 1}: no tab after '{written}'")
        yield _Line(key, written, [*rest, *cells] if key else [first, *cells], start + 1, at)


def _opens(line: str) -> bool:
    """Whether the line's last quoted cell has not ended on it."""
    at = max(line.rfind('\t"'), 0 if line.startswith('"') else -1)
    return at >= 0 and line[at:].count('"') % 2 == 1


def _known(line: str) -> bool:
    head, tab, _ = line.partition("\t")
    return bool(tab) and _fold(head) in _FOLDED


def _key(first: str, tabbed: bool) -> tuple[str, str, list[str]]:
    """(key, as written, values that follow it without a tab); ("", "", []) where a line has no key."""
    head = first.strip().strip('"').strip()
    if key := _FOLDED.get(_fold(head)):
        return key, head.rstrip(":").strip(), []
    for written in _LONGEST_FIRST:
        if head.startswith(written) and re.match(r"\s*:|\s", head[len(written) :]):
            rest = re.split(r"\s{2,}", head[len(written) :].lstrip(" :"))
            return _WRITTEN[written], written, [r for r in rest if r]
    if tabbed and _LIKE_A_KEY.match(head):
        return head, head, []
    return "", "", []


def _cells(text: str) -> list[str]:
    """Splits at tabs outside quoted cells; a quote that no tab or end follows is a plain character."""
    cells: list[str] = []
    at = 0
    quoted = re.compile(r'[^\S\t]*"((?:[^"]|"")*)"[ ]*(?=\t|$)')
    while at <= len(text):
        if match := quoted.match(text, at) if text[at : at + 1] in ('"', " ") else None:
            if match.end() == len(text) or text[match.end()] == "\t":
                cells.append(match[1].replace('""', '"'))
                at = match.end() + 1
                continue
        end = text.find("\t", at)
        end = len(text) if end < 0 else end
        cells.append(text[at:end])
        at = end + 1
    return cells


def _continued(lines: Iterator[_Line], became: list[str], notes: list[str]) -> list[Entry]:
    """Joins lines without a key to the value before them; trims; takes template hints out. Marks in `became` what lines are."""
    merged: list[_Line] = []
    open_cell: list[str] = []  # The last cell of the last line with a key, as it grows by lines that continue it.
    joined: dict[str, list[int]] = {}

    def close() -> None:
        if open_cell:
            merged[-1].cells[-1] = "\n".join(open_cell)
            open_cell.clear()

    for line in lines:
        is_filled = any(c.strip() for c in line.cells)
        word = "continued" if line.key or merged and is_filled else "left" if is_filled else "blank"
        became[line.line - 1 : line.last] = [word] * (line.last - line.line + 1)
        if line.key:
            became[line.line - 1] = "entry"
            close()
            merged.append(line)
        elif word == "left":
            notes.append(
                f"line {line.line}: stands before the first key and was left out: '{' '.join(' '.join(line.cells).split())[:120]}'"
            )
        elif word == "continued":
            before = merged[-1]
            if not open_cell:
                while before.cells and not before.cells[-1].strip():
                    before.cells.pop()
            if not before.cells:
                before.cells = line.cells
            else:
                head, *rest = line.cells
                open_cell += [head] if open_cell else [before.cells[-1], head]
                if rest:
                    close()
                    before.cells += rest
            joined.setdefault(before.written, []).append(line.line)
    close()
    for written, at in joined.items():
        where = f"line {at[0]}" if len(at) == 1 else f"lines {at[0]} to {at[-1]}"
        notes.append(f"{where}: {len(at)} without a key, read on as '{written}'")
    entries: list[Entry] = []
    for line in merged:
        values = [_trim(cell) for cell in line.cells]
        hints = sum(1 for v in values if _HINT.match(v))
        values = ["" if _HINT.match(v) else v for v in values]
        while values and not values[-1]:
            values.pop()
        entries.append(Entry(line.key, line.written, tuple(values), line.line, hints))
    if hints := sum(entry.hints for entry in entries):
        notes.append(f"{hints} template hints ('# …') left out")
    return entries


def _trim(cell: str) -> str:
    text = cell.strip().strip("\ufeff\u200b").strip()
    # An unpaired quote at the beginning is a leftover of a cell whose end was lost.
    if text.startswith('"') and text.count('"') % 2:
        text = text[1:].lstrip()
    return "\n".join(part.rstrip() for part in text.split("\n"))
