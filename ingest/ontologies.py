"""content/ontologies/*.obo → OntologyFile, and every problem with its line. OBO 1.2 and 1.4.

The grammar is fastobo's. It stops at the first mistake of a text, so a file is handed over a stanza at a time: one broken term costs
that term, and one run tells all that are broken. (A stanza alone costs about 0.2 ms; a whole file of 400 terms 20 ms.)
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastobo

from ingest.marks import quoted
from ingest.ontology_limits import MAX_NAME, Cuts, Told, listed, named
from portal.engine.step import Work, recipe
from portal.ontology import FOLDER, OntologyFile, OntologyTerm, Synonym, closing, compact
from portal.problems import Place, Problem, dump

MAX_FILES = 20
MAX_BYTES = 64 * 2**20
MAX_TERMS = 200_000  # broken ones and those that come again included: each costs the reading of it
MAX_LINE = 100_000  # characters; the header of CMPO has a line of 522
# part_of by its own name, and by the accession that newer files write.
PART_OF = frozenset({"part_of", "BFO:0000050"})

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.obo")
_STANZA = re.compile(r"\[([A-Za-z]+)\]\s*(?:!.*)?$")


@dataclass(frozen=True)
class Stanza:
    """Some lines of a file: `kind` is Term, Typedef, Instance, or empty for the header; `line` is where it begins."""

    kind: str
    line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def find_ontologies(content: Path) -> tuple[list[str], list[Problem]]:
    """Names of the files in `content/ontologies`, sorted, and a warning for each entry that is none. Links are not followed."""
    root = content / FOLDER
    if root.is_symlink():
        return [], [Problem(Place(FOLDER), "is a link", "put the folder itself here: links are not followed", "warning")]
    if not root.is_dir():
        return [], []
    found: list[str] = []
    problems: list[Problem] = []
    for entry in sorted(os.scandir(root), key=lambda e: e.name):
        if entry.name.startswith(".") or entry.name.casefold() in ("readme.md", "licence", "license"):
            continue
        place = Place(f"{FOLDER}/{quoted(entry.name, 200)[1:-1]}")
        state = entry.stat(follow_symlinks=False)
        if not _FILE.fullmatch(entry.name) or not stat.S_ISREG(state.st_mode):
            problems.append(
                Problem(place, "is no file of terms", "name one as cmpo.obo, in the OBO format, or move it elsewhere", "warning")
            )
        elif state.st_size > MAX_BYTES:
            problems.append(Problem(place, f"has {state.st_size:,} bytes", f"keep it below {MAX_BYTES:,}: take the terms you need"))
        elif len(found) == MAX_FILES:
            problems.append(Problem(Place(FOLDER), f"holds more than {MAX_FILES} files", "join some of them"))
            break
        else:
            found.append(entry.name)
    return found, problems


def stanzas(lines: Sequence[str]) -> Iterator[Stanza]:
    """The header, then every stanza, in the order of the file."""
    kind, first, held = "", 1, list[str]()
    for number, line in enumerate(lines, 1):
        if found := _STANZA.match(line):
            yield Stanza(kind, first, tuple(held))
            kind, first, held = found[1], number, []
        held.append(line)
    yield Stanza(kind, first, tuple(held))


def read_ontology(raw: bytes, file: str) -> tuple[OntologyFile, list[Problem]]:
    """Bytes of an .obo file → its terms in the order of the file, and problems (sorted). Never raises for bad content."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return OntologyFile(file=file), [Problem(Place(file, line), "is not UTF-8", "save it as UTF-8")]
    # OBO ends lines with LF; what is written on Windows or an old Mac reads the same.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if long := next((n for n, line in enumerate(lines, 1) if len(line) > MAX_LINE), None):
        return OntologyFile(file=file), [Problem(Place(file, long), f"has more than {MAX_LINE:,} characters", "shorten the line")]
    problems: list[Problem] = []
    header: dict[str, str] = {}
    found: dict[str, OntologyTerm] = {}
    broken = Told("further terms that cannot be read", "mend these first")
    again = Told("more terms that come again", "keep one of each")
    strange = Told("more stanzas that are no [Term]", "write [Term]")
    cuts = Cuts()
    stanzas_read = 0
    for stanza in stanzas(lines):
        if not stanza.kind:
            header = _header(stanza)
            if "format-version" not in header:
                problems.append(Problem(Place(file, 1), "has no 'format-version'", "begin the file with format-version: 1.4", "warning"))
            continue
        if stanza.kind in ("Typedef", "Instance"):
            continue  # kinds of relation, and things that are no terms: nothing here asks for them
        if stanza.kind != "Term":
            strange.add(Problem(Place(file, stanza.line), f"begins with [{quoted(stanza.kind, 40)[1:-1]}]", "write [Term]"))
            continue
        if stanzas_read == MAX_TERMS:
            problems.append(Problem(Place(file, stanza.line), f"is past {MAX_TERMS:,} terms", "keep the terms that the portal needs"))
            break
        stanzas_read += 1
        cut = Cuts()
        read = _term(stanza, file, cut)
        if isinstance(read, Problem):
            broken.add(read)
        elif read.accession in found:
            again.add(_again(file, read, found[read.accession]))
        else:
            found[read.accession] = read
            cuts.join(cut, read)
    problems += broken.problems(file) + again.problems(file) + strange.problems(file) + cuts.problems(file)
    if not found and not problems:
        problems.append(Problem(Place(file), "has no [Term]", "take an ontology in the OBO format", "warning"))
    terms, circles = _without_cycles(found, file)
    problems += circles
    told = OntologyFile(file=file, name=header.get("ontology"), version=header.get("data-version"), terms=tuple(terms.values()))
    return told, sorted(set(problems))


def _header(stanza: Stanza) -> dict[str, str]:
    """What the header says, first come first kept. Its other lines (axioms, subsets) say nothing that is shown."""
    found: dict[str, str] = {}
    for line in stanza.lines:
        tag, colon, value = line.partition(":")
        if colon and value.strip():
            found.setdefault(tag.strip(), value.strip()[:200])
    return found


def _term(stanza: Stanza, file: str, cuts: Cuts) -> OntologyTerm | Problem:
    try:
        document = fastobo.loads(stanza.text)
    except SyntaxError as error:
        line = stanza.line + (error.lineno or 1) - 1
        at = stanza.lines[(error.lineno or 1) - 1].strip() if 0 < (error.lineno or 1) <= len(stanza.lines) else ""
        what = f"cannot be read as OBO: {quoted(at, 60)}" if at else "cannot be read as OBO: the line is empty"
        return Problem(Place(file, line, error.offset or 0), what, _mend(str(error.msg or "")))
    except (ValueError, RuntimeError) as error:
        return Problem(Place(file, stanza.line), f"cannot be read as OBO ({quoted(error, 100)[1:-1]})", "mend the term")
    frame = document[0]
    values: dict[str, list[Any]] = {}
    for clause in frame:
        values.setdefault(clause.raw_tag(), []).append(clause)
    accession = compact(str(frame.id))
    if len(accession) > 200 or not accession.isprintable():
        return Problem(Place(file, stanza.line), "has an id that is no accession", "write one such as CMPO:0000118")
    names = [c.name for c in values.get("name", ()) if c.name.strip()]
    parts = [c.term for c in values.get("relationship", ()) if compact(str(c.typedef)) in PART_OF]
    # A general thing is written as part of itself (BFO:0000050 of continuant): that says nothing.
    return OntologyTerm(
        accession=accession,
        name=cuts.text("name", names[0], MAX_NAME) if names else accession,
        line=stanza.line,
        definition=next((cuts.text("def", c.definition) or None for c in values.get("def", ())), None),
        comment=next((cuts.text("comment", c.comment) or None for c in values.get("comment", ())), None),
        synonyms=cuts.values("synonym", _synonyms(values.get("synonym", ()), cuts)),
        parents=cuts.values("is_a", _accessions((c.term for c in values.get("is_a", ())), accession)),
        part_of=cuts.values("part_of", _accessions(parts, accession)),
        alternative=cuts.values("alt_id", _accessions((c.alt_id for c in values.get("alt_id", ())), accession)),
        obsolete=any(c.obsolete for c in values.get("is_obsolete", ())),
        replaced_by=cuts.values("replaced_by", _accessions((c.term for c in values.get("replaced_by", ())), accession)),
        consider=cuts.values("consider", _accessions((c.term for c in values.get("consider", ())), accession)),
        references=cuts.values("xref", _accessions((c.xref.id for c in values.get("xref", ())), accession)),
    )


def _synonyms(clauses: Iterable[Any], cuts: Cuts) -> tuple[Synonym, ...]:
    """Each name once, with the scope it has first."""
    found = (Synonym(name=cuts.text("synonym", c.synonym.desc, MAX_NAME), scope=c.synonym.scope) for c in clauses)
    by_name: dict[str, Synonym] = {}
    for synonym in found:
        if synonym.name:
            by_name.setdefault(synonym.name, synonym)
    return tuple(by_name.values())


def _accessions(idents: Iterable[Any], itself: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for i in idents if (a := compact(str(i))) != itself))


# What the grammar expects where it stops, as a mend.
_EXPECTED = {
    "XrefList": "write its references in brackets after the text, or [] where there are none",
    "SynonymScopeSingle": "write EXACT, BROAD, NARROW or RELATED after the text",
    "QuotedString": "write the text in quotation marks, both of them",
    "TermClause": "write a line such as name: … or is_a: …",
    "Comment": "begin the term with its id: …, then a line such as name: …",
}


def _mend(expected: str) -> str:
    return next((mend for rule, mend in _EXPECTED.items() if rule in expected.split("or ")[-1]), "") or next(
        (mend for rule, mend in _EXPECTED.items() if rule in expected), "write it as the OBO format asks for"
    )


def _again(file: str, term: OntologyTerm, first: OntologyTerm) -> Problem:
    what = f"defines {quoted(term.accession)[1:-1]} again, which line {first.line} does"
    return Problem(Place(file, term.line), what, "keep one of the two; the first counts", "warning")


def _without_cycles(terms: Mapping[str, OntologyTerm], file: str) -> tuple[dict[str, OntologyTerm], list[Problem]]:
    """The terms without the is_a that closes a cycle: of each, the one met last when terms are followed up in the order of the file."""
    told = Told("more like this", "mend these first")
    circles = closing({a: term.parents for a, term in terms.items()})
    for term, parents in circles.items():
        what = f"is_a {listed(sorted(parents))} makes {named(term)} stand below itself"
        told.add(Problem(Place(file, terms[term].line), what, "remove one is_a of the circle; this one is left out", "warning"))
    mended = {
        t: terms[t].model_copy(update={"parents": tuple(p for p in terms[t].parents if p not in parents)}) for t, parents in circles.items()
    }
    return {**terms, **mended}, told.problems(file)


@recipe("code")
def ontology(work: Work, *, file: str) -> dict[str, bytes | Path]:
    """The `ontology` step: inputs[0] holds the one file. `ontology.json` (OntologyFile), `problems.json`."""
    source = work.inputs[0]
    found, problems = read_ontology(source.read(next(iter(source))), file)
    return {"ontology.json": found.model_dump_json().encode(), "problems.json": dump(problems)}
