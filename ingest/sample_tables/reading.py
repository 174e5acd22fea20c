"""Joined rows → samples: where each lies, its organism, its targets and phenotypes. No tables are written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import zip_longest

from ingest.marks import BIDI, quoted
from ingest.sample_tables.degrees import LIMITS, degrees
from ingest.sample_tables.joining import Joined
from ingest.sample_tables.wells import PLATES, well, well_name
from portal import addresses
from portal.eaten import could_be, dates
from portal.model import Samples, StudyComponent, Term
from portal.problems import Place, Problem, Severity, nearest

KINDS = ("gene", "protein", "compound", "antibody", "reagent")
MAX_NAME = 500  # Characters of a plate, dataset or image name: longer ones break addresses and file systems.
MAX_TOLD = 10  # Problems of one kind in one table.

# Cells of a phenotype column that say no more than that the sample has it.
_YES = frozenset(("yes", "y", "true", "1", "x", "+"))

Target = tuple[str, str | None, str | None]  # kind, id, symbol


@dataclass
class SampleRows:
    """One entry a sample in every list, in the order of the table's rows. `None` where there is nothing."""

    container: list[str] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    sample_id: list[str] = field(default_factory=list)
    row: list[int | None] = field(default_factory=list)
    column: list[int | None] = field(default_factory=list)
    organism: list[str | None] = field(default_factory=list)
    control_type: list[str | None] = field(default_factory=list)
    latitude: list[float | None] = field(default_factory=list)
    longitude: list[float | None] = field(default_factory=list)
    phenotypes: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[tuple[Target, ...]] = field(default_factory=list)
    cells: dict[str, list[str | None]] = field(default_factory=dict)  # normalised name → source cells
    no_value_cells: dict[str, int] = field(default_factory=dict)
    spellings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def filled(self, name: str, no_value: Iterable[str] = ()) -> list[str | None]:
        """The cells of a mapped column, with those that mean 'nothing here' as None; all None where it is not mapped."""
        nothing = frozenset(no_value)
        return [None if c in nothing else c for c in self.cells.get(name, [None] * len(self.sample))]

    @property
    def control(self) -> list[bool]:
        return [c is not None for c in self.control_type]


def read_samples(
    joined: Joined, component: StudyComponent, accession: str, study_organisms: tuple[Term, ...], at: Place, folder: str
) -> tuple[SampleRows | None, list[Problem]]:
    """The samples of one component. `at` is the place of its `samples` in study.yaml, `folder` the study's in problems.

    None where a mapped column is missing. Rows that cannot be located are told, at most MAX_TOLD of a kind, and left out
    of nothing: any such problem is an error of the study.
    """
    samples = component.samples
    assert samples is not None
    problems = _missing_columns(joined, samples, at)
    if problems:
        return None, problems
    nothing = frozenset(samples.no_value)
    rows = SampleRows()
    for name in samples.columns:
        columns = [joined.columns[column] for column in samples.columns_of(name)]
        if len(columns) == 1:
            rows.cells[name] = [c or None for c in columns[0]]
        else:
            rows.cells[name] = ["; ".join(dict.fromkeys(filter(None, cells))) or None for cells in zip(*columns, strict=True)]
        if count := sum(_nothings(c, samples.split.get(name), nothing) for cells in columns for c in cells if c):
            rows.no_value_cells[name] = count
    problems += _locate(rows, joined, component, accession, folder)
    problems += _coordinates(rows, joined, samples, nothing, folder)
    rows.control_type = rows.filled("control_type", nothing)
    inherited = component.organisms or study_organisms
    only = inherited[0].name if len(inherited) == 1 else None
    # Capitals tell no organism from another: "Homo Sapiens" in a table is the organism that study.yaml declares.
    declared = {_folded(term.name): term.name for term in (*study_organisms, *component.organisms)}
    rows.organism = [declared.get(_folded(o), o) if o else only for o in rows.filled("organism", nothing)]
    problems += _phenotypes(rows, joined, component, nothing, at)
    _targets(rows, joined, samples, nothing)
    problems += _eaten(rows, joined, samples, folder)
    _has_phenotype_agrees(rows, samples, nothing)
    return rows, problems


def _missing_columns(joined: Joined, samples: Samples, at: Place) -> list[Problem]:
    wanted = [(f"columns.{name}", column) for name in samples.columns for column in samples.columns_of(name)]
    wanted += [(f"phenotypes[{i}].column", p.column) for i, p in enumerate(samples.phenotypes)]
    wanted += [(f"counted[{i}].column", rule.column) for i, rule in enumerate(samples.counted)]
    files = " or ".join(quoted(t) for t in joined.tables)
    return [
        Problem(
            Place(at.file, path=f"{at.path}.{path}"), f"{quoted(column)} is not a column of {files}", nearest(column, list(joined.columns))
        )
        for path, column in wanted
        if column not in joined.columns
    ]


class _Told:
    """Collects problems of table rows; of each kind the first few, and how many more there are."""

    def __init__(self, joined: Joined, folder: str) -> None:
        self.joined, self.folder = joined, folder
        self.first: dict[str, list[Problem]] = {}
        self.count: Counter[str] = Counter()

    def tell(self, row: int, column: str, what: str, mend: str, kind: str, severity: Severity = "error") -> None:
        self.count[kind] += 1
        told = self.first.setdefault(kind, [])
        if len(told) < MAX_TOLD:
            # A row of a joined table has no line of its own here: the row of the samples' table is named.
            file, line = self.joined.place(row)
            told.append(Problem(Place(f"{self.folder}/{file}", line, 0, f"column {quoted(column)}"), what, mend, severity))

    def problems(self) -> list[Problem]:
        out = []
        for kind, told in self.first.items():
            more = self.count[kind] - len(told)
            if more:
                told[-1] = replace(told[-1], what=f"{told[-1].what} (and {_count(more, 'more row')})")
            out += told
        return out


def _locate(rows: SampleRows, joined: Joined, component: StudyComponent, accession: str, folder: str) -> list[Problem]:
    """Container, sample, row, column and id of every sample."""
    samples = component.samples
    assert samples is not None
    told = _Told(joined, folder)
    plates = "plate" in samples.columns and "well" in samples.columns
    first, second = ("plate", "well") if plates else ("dataset", "image")
    containers: list[str | None] = rows.cells.get(first, [component.name] * len(joined))
    names = rows.cells[second]
    seen: Counter[tuple[str, str]] = Counter()
    stood: dict[tuple[str, str], int] = {}
    # Names repeat (a plate has 384 wells): each is looked at once.
    wrong = {name: _unfit(name) for name in {*containers, *names} if name}
    for at, (container, name) in enumerate(zip(containers, names, strict=True)):
        for key, value in ((first, container), (second, name)):
            if value is None:
                told.tell(at, samples.columns_of(key)[0], "is empty", f"fill in the {key}, or remove the row", key)
            elif said := wrong[value]:
                told.tell(at, samples.columns_of(key)[0], f"{quoted(value)} {said[0]}", said[1], key)
        place = well(name) if plates and name else None
        if plates and name and place is None:
            told.tell(
                at, samples.columns_of("well")[0], f"{quoted(name)} is not a well", "write a letter and a number, such as A1 or H12", "well"
            )
        if place and not (place[0] <= PLATES[-1][0] and place[1] <= PLATES[-1][1]):
            largest = well_name(*PLATES[-1])
            what = f"{quoted(name or '')} lies outside every usual plate (A1 to {largest})"
            told.tell(at, samples.columns_of("well")[0], what, "mend it, if it is a slip", "far well", "warning")
        sample = well_name(*place) if place else (name or "")
        container = container or ""
        seen[container, sample] += 1
        if seen[container, sample] > 1 and sample:
            (file, line), (here, _) = joined.place(stood[container, sample]), joined.place(at)
            other = "" if file == here else f" of {quoted(file)}"
            what = f"{quoted(sample)} of {first} {quoted(container)} stands on line {line}{other} already"
            mend = f"remove one of the two, or keep both: the later is called {sample}~{seen[container, sample]}"
            told.tell(at, samples.columns_of(second)[0], what, mend, "repeat", "warning")
        stood.setdefault((container, sample), at)
        rows.container.append(container)
        rows.sample.append(sample)
        rows.row.append(place[0] if place else None)
        rows.column.append(place[1] if place else None)
        rows.sample_id.append(addresses.sample_id(accession, component.name, container, sample, seen[container, sample]))
    if again := sum(n - 1 for n in seen.values()):
        example = next(key for key, n in seen.items() if n > 1)
        what = f"{_count(again, 'row')} repeating a sample that stands before, such as {quoted(' '.join(example))}"
        rows.notes.append(f"{what}; their ids end in ~2 and so on")
    return told.problems()


def _unfit(name: str) -> tuple[str, str] | None:
    if len(name) > MAX_NAME:
        return f"has {len(name):,} characters", f"write at most {MAX_NAME}"
    if BIDI.search(name):
        return "holds a character that turns the direction of writing", "remove it"
    return None


def _coordinates(rows: SampleRows, joined: Joined, samples: Samples, nothing: frozenset[str], folder: str) -> list[Problem]:
    """Degrees of every sample. What says none is told and leaves the sample without a place: one of the two alone says nothing."""
    told = _Told(joined, folder)
    cells = {name: rows.filled(name, nothing) or [None] * len(joined) for name in LIMITS}
    # Samples of one place repeat its coordinates: each wrong one is told once.
    wrong = {name: Counter(c for c in column if c and degrees(c, name) is None) for name, column in cells.items()}
    seen: set[tuple[str, str]] = set()
    for at, pair in enumerate(zip(*cells.values(), strict=True)):
        read = {name: degrees(cell, name) if cell else None for name, cell in zip(LIMITS, pair, strict=True)}
        for (name, limit), cell in zip(LIMITS.items(), pair, strict=True):
            if cell and cell in wrong[name] and (name, cell) not in seen:
                seen.add((name, cell))
                of = f", on {n:,} rows" if (n := wrong[name][cell]) > 1 else ""
                mend = f"write degrees between -{limit} and {limit}, such as 49.41 or 49°24'36'', to put its sample on the map"
                told.tell(at, samples.columns_of(name)[0], f"{quoted(cell)} is not a {name}{of}", mend, name, "warning")
        for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
            if read[name] is not None and not pair[list(LIMITS).index(other)] and other in samples.columns:
                mend = f"fill in the {other}, to put its sample on the map"
                told.tell(at, samples.columns_of(other)[0], f"is empty where there is a {name}", mend, f"no {other}", "warning")
        whole = None not in read.values()
        rows.latitude.append(read["latitude"] if whole else None)
        rows.longitude.append(read["longitude"] if whole else None)
    return told.problems()


# ---- phenotypes


def _phenotypes(rows: SampleRows, joined: Joined, component: StudyComponent, nothing: frozenset[str], at: Place) -> list[Problem]:
    """A sample has a phenotype where the cell of its column is filled, however it is spelt there.

    One case apart: a cell that is the name of another declared phenotype means that one (some authors keep all their
    phenotypes in one column).
    """
    samples = component.samples
    assert samples is not None
    by_name = {_folded(p.name): p.name for p in component.phenotypes}
    found: list[list[str]] = [[] for _ in range(len(joined))]
    warnings: list[Problem] = []
    for index, declared in enumerate(samples.phenotypes):
        spelt: Counter[str] = Counter()
        elsewhere: Counter[str] = Counter()
        no_value = 0
        for row, cell in enumerate(joined.columns[declared.column]):
            if not cell:
                continue
            if cell in nothing:
                no_value += 1
                continue
            name = by_name.get(_folded(cell))
            if name is None:
                name = declared.phenotype
                if cell.casefold() not in _YES:
                    spelt[cell] += 1
            elif name != declared.phenotype:
                elsewhere[name] += 1
            if name not in found[row]:
                found[row].append(name)
        if no_value:
            rows.no_value_cells[f"phenotypes.{declared.column}"] = no_value
        if elsewhere:
            what = f"column {quoted(declared.column)}: {_count(elsewhere.total(), 'cell')} with the name of another declared phenotype"
            name = min(elsewhere, key=lambda n: (-elsewhere[n], n))
            rows.notes.append(f"{what}, such as {quoted(name)}; that one is meant")
        if spelt:
            cell = min(spelt, key=lambda c: (-spelt[c], c))
            rows.spellings += [
                f"{declared.column}: {quoted(c, 300)} ({_count(n, 'cell')}), declared {quoted(declared.phenotype, 300)}"
                for c, n in sorted(spelt.items())[:20]
            ]
            warnings.append(_spelling(at, index, cell, spelt.total(), declared.column, declared.phenotype))
    rows.phenotypes = [tuple(names) for names in found]
    if len(warnings) > 1:
        more = len(warnings) - 1
        first = warnings[0]
        warnings = [replace(first, what=f"{first.what} (and so in {_count(more, 'more column')})")]
    return warnings


def _spelling(at: Place, index: int, cell: str, count: int, column: str, name: str) -> Problem:
    place = Place(at.file, path=f"{at.path}.phenotypes[{index}].phenotype")
    cells = _count(count, "cell")
    what = f"{quoted(name)} is otherwise in {cells} of column {quoted(column)}, such as {quoted(cell)}"
    return Problem(place, what, "the declared name is used; where the cell means no phenotype, add it to samples.no_value", "warning")


@cache
def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _has_phenotype_agrees(rows: SampleRows, samples: Samples, nothing: frozenset[str]) -> None:
    if "has_phenotype" not in samples.columns:
        return
    says = [cell is not None and cell.casefold() in _YES for cell in rows.filled("has_phenotype", nothing)]
    yes = sum(s and not p for s, p in zip(says, rows.phenotypes, strict=True))
    no = sum(bool(p) and not s for s, p in zip(says, rows.phenotypes, strict=True))
    column = quoted(samples.columns_of("has_phenotype")[0])
    if yes:
        rows.notes.append(f"{_count(yes, 'row')} with {column}, but no phenotype named: counted as without")
    if no:
        rows.notes.append(f"{_count(no, 'row')} with a phenotype named, where {column} does not say so: counted as with")


# ---- targets


def _targets(rows: SampleRows, joined: Joined, samples: Samples, nothing: frozenset[str]) -> None:
    """What each sample targets: identifiers and symbols, paired by column and, where a cell holds as many of each, by position."""
    found: list[dict[Target, None]] = [{} for _ in range(len(joined))]  # A dict keeps the order and drops repeats.
    for kind in KINDS:
        id_name, symbol_name = f"{kind}.id", f"{kind}.symbol"
        for id_column, symbol_column in zip_longest(samples.columns_of(id_name), samples.columns_of(symbol_name)):
            pairs: dict[tuple[str, str], tuple[Target, ...]] = {}
            for row, pair in enumerate(zip(_cells(joined, id_column), _cells(joined, symbol_column), strict=True)):
                if pair == ("", ""):
                    continue
                if pair not in pairs:
                    ids = _values(pair[0], samples.split.get(id_name), nothing)
                    symbols = _values(pair[1], samples.split.get(symbol_name), nothing)
                    pairs[pair] = _paired(kind, ids, symbols)
                found[row].update(dict.fromkeys(pairs[pair]))
    for targets in found:  # A compound that one of its systems has no identifier of is named beside those of the others.
        for symbol in {s for kind, i, s in targets if kind == "compound" and i}:
            targets.pop(("compound", None, symbol), None)
    rows.targets = [tuple(t) for t in found]


def _cells(joined: Joined, column: str | None) -> list[str]:
    return joined.columns[column] if column else [""] * len(joined)


def _eaten(rows: SampleRows, joined: Joined, samples: Samples, folder: str) -> list[Problem]:
    """A warning for each column of gene symbols in which a spreadsheet made dates of some: `Mar-02`. The cells stay as they are."""
    problems = []
    for column in samples.columns_of("gene.symbol"):
        separator = samples.split.get("gene.symbol")
        words = {c: next((v for v in _values(c, separator, frozenset()) if v and dates(v)), None) for c in set(joined.columns[column])}
        found = [(at, word) for at, cell in enumerate(joined.columns[column]) if (word := words[cell])]
        if not found:
            continue
        (at, word), more = found[0], len(found) - 1
        what = f"{quoted(word)} is a date that a spreadsheet made of a symbol such as {' or '.join(could_be(word))}"
        what += f" (and so in {_count(more, 'more cell')})" if more else ""
        mend = "type the symbol in again, as text; as it is, the gene goes by its identifier, and by its symbol where another row has both"
        file, line = joined.place(at)
        problems.append(Problem(Place(f"{folder}/{file}", line, 0, f"column {quoted(column)}"), what, mend, "warning"))
        rows.notes.append(
            f"column {quoted(column)}: {_count(len(found), 'cell')} with a date that a spreadsheet made of a symbol, such as {quoted(word)}"
        )
    return problems


def _nothings(cell: str, separator: str | None, nothing: frozenset[str]) -> int:
    """How many values of a cell are said to mean nothing."""
    if cell in nothing:
        return 1
    return sum(piece.strip() in nothing for piece in cell.split(separator)) if separator else 0


def _values(cell: str, separator: str | None, nothing: frozenset[str]) -> list[str | None]:
    """The values of a cell in their order; None where one says nothing. Trailing blanks are no values."""
    if not cell or cell in nothing:
        return []
    # A separator of blanks alone (" ") may stand several times: pieces are trimmed either way.
    pieces = [p.strip() for p in (cell.split(separator) if separator else [cell])]
    values = [None if not p or p in nothing else p for p in pieces]
    while values and values[-1] is None:
        values.pop()
    return values


def _paired(kind: str, ids: list[str | None], symbols: list[str | None]) -> tuple[Target, ...]:
    if len(ids) == len(symbols):
        return tuple((kind, i, s) for i, s in zip(ids, symbols, strict=True) if i or s)
    if kind == "compound" and len(symbols) == 1:  # Of several systems, or of its salts.
        return tuple((kind, i, symbols[0]) for i in ids if i) or ((kind, None, symbols[0]),)
    return tuple([(kind, i, None) for i in ids if i] + [(kind, None, s) for s in symbols if s])


def distinct_targets(rows: Iterable[tuple[Target, ...]], kind: str) -> int:
    """How many of a kind the rows have: distinct identifiers; distinct symbols where there is no identifier at all.

    A compound may stand in one row with identifiers of several systems (PubChem, InChIKey) on one symbol: the first of them counts.
    """
    ids: set[str] = set()
    symbols: set[str] = set()
    for targets in rows:
        first: dict[str, str] = {}
        for k, i, s in targets:
            if k == kind:
                symbols |= {s} if s else set()
                ids |= {first.setdefault(s, i) if s and kind == "compound" else i} if i else set()
    return len(ids or symbols)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def counted(values: Iterable[str | None]) -> Mapping[str, int]:
    return dict(sorted(Counter(v for v in values if v).items()))
