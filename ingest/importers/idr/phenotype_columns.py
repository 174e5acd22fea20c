"""Which column of IDR's tables names which phenotype: by its number in study.txt, by what its cells say, by the term beside it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.importers.idr.vocabulary import curies

PHENOTYPE = re.compile(r"^phenotype(?: (\d+))?$", re.IGNORECASE)
# `Phenotype 2 Term Accession`, `Phenotype Term 2 Accession`, `Phenotype 2 Term Accession a`; not `… Term Accession URL`.
_TERM = r"phenotype(?: {n} term| term {n}|{first} term) {what}(?: [a-z])?"
_MAX_PHENOTYPES = 200  # more different cells than that in one column are measurements, not names

Cells = Callable[[str], Sequence[str]]


def phenotype_number(header: str) -> int | None:
    """`Phenotype 3` → 3, `Phenotype` → 1, anything else (such as `Phenotype 3 Term Name`) → None."""
    match = PHENOTYPE.match(header)
    return int(match[1] or 1) if match else None


@dataclass(frozen=True)
class PhenotypeColumns:
    """`columns`: (source column, declared phenotype); `undeclared`: phenotypes that only the cells name, as model.Phenotype has
    them; `terms`: phenotypes, folded, that the tables give a term, as `undeclared` has it.
    """

    columns: tuple[tuple[str, str], ...]
    undeclared: tuple[dict[str, str], ...]
    said: tuple[str, ...]
    terms: dict[str, dict[str, str]] = field(default_factory=dict)


def map_phenotypes(header: Sequence[str], cells: Cells, declared: Sequence[str]) -> PhenotypeColumns:
    """Aligns `Phenotype n` columns with the n-th declared name ("" where study.txt leaves it blank).

    A cell holds the phenotype's name. Where the cells of column n name another declared phenotype, the cells
    are believed; where they name one that is not declared at position n, it is declared from the cells. So is each of them
    where one column names several, which the ontology terms of the column beside it tell apart.
    """
    known = {name.casefold(): name for name in reversed(declared) if name}
    columns, said = [], []
    undeclared: list[dict[str, str]] = []
    terms: dict[str, dict[str, str]] = {}
    for column in header:
        number = phenotype_number(column)
        if number is None:
            continue
        texts = Counter(c for c in cells(column) if c)
        expected = declared[number - 1] if 0 < number <= len(declared) else ""
        commonest = min(texts, key=lambda t: (-texts[t], t), default="")
        named = known.get(commonest.casefold(), "")
        if not expected and not texts:
            continue
        if named and named.casefold() != expected.casefold():
            said.append(f"'{column}' holds '{commonest}', which study.txt names at another place; taken as '{named}'")
            expected = named
        elif not expected:
            undeclared.append({"name": commonest[:1000]})
            known[commonest.casefold()] = commonest[:1000]
            said.append(f"'{column}' holds '{commonest}', which study.txt does not declare; declared from the table")
            expected = commonest[:1000]
        told = _terms(header, cells, column, number)
        several = 1 < len({p["term"] for p in told}) <= len(told) <= _MAX_PHENOTYPES
        for phenotype in told:
            name = phenotype["name"]
            terms.setdefault(name.casefold(), phenotype)
            if several and name.casefold() not in known:
                known[name.casefold()] = name
                undeclared.append(phenotype)
                where = f"'{column}' holds '{name}' with the term {phenotype['term']}"
                said.append(f"{where}, which study.txt does not declare; declared from the table")
        other = sorted(t for t in texts if t.casefold() not in known)
        if other:
            count = sum(texts[t] for t in other)
            cells_are = "1 cell is" if count == 1 else f"{count:,} cells are"
            said.append(f"'{column}': {cells_are} not spelt as declared ('{expected}'), such as '{other[0][:120]}'")
        columns.append((column, known.get(expected.casefold(), expected)))
    return PhenotypeColumns(tuple(columns), tuple(undeclared), tuple(said), terms)


def _terms(header: Sequence[str], cells: Cells, column: str, number: int) -> list[dict[str, str]]:
    """What the cells of a phenotype's column name, sorted: each as model.Phenotype has it, with the term that stands beside it
    most often. Where the terms do not differ, the cells are spellings of one phenotype.
    """
    accessions, names = (_beside(header, number, what) for what in ("accession", "name"))
    if not accessions:
        return []
    met: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for cell, accession, name in zip(cells(column), cells(accessions), cells(names or accessions), strict=True):
        if cell and (read := curies(accession)) and len(read) == 1:
            met[cell[:1000]][read[0], name[:1000] if names else ""] += 1
    found = {cell: min(told, key=lambda pair: (-told[pair], pair)) for cell, told in met.items()}
    return [{"name": cell, "term": term, **({"term_name": name} if name else {})} for cell, (term, name) in sorted(found.items())]


def _beside(header: Sequence[str], number: int, what: str) -> str | None:
    """The column with the term's accession or name of the n-th phenotype."""
    pattern = re.compile(_TERM.format(n=number, first="" if number == 1 else "(?!)", what=what), re.IGNORECASE)
    return next((h for h in header if pattern.fullmatch(h)), None)
