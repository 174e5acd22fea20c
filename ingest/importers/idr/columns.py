"""Which column of IDR's tables is what: source headers → `samples.columns`, with splits and "no value" words from the cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# Normalised name → patterns of source headers, best first, matched against the whole header without regard to case.
# `Comment [X]` and `Characteristics [X]` are ISA-Tab's wrappings of X.
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plate", (r"plate", r"plate name")),
    ("well", (r"well",)),
    ("dataset", (r"data ?set name", r"data ?set")),
    ("image", (r"image name", r"image file", r"comment \[image file\]", r"image file \(.*\)", r"image file name")),
    ("organism", (r"characteristics ?\[organism\]", r"organism", r"characteristics ?\[organism 1\]")),
    ("cell_line", (r"characteristics ?\[cell line\]", r"comment ?\[cell line\]", r"experimental condition ?\[cell line\]", r"cell line")),
    ("gene.id", (r"gene identifier", r"comment ?\[gene identifier\]", r"gene identifier \(.*\)", r"comment ?\[gene identifier 1\]",
                 r"comment ?\[gene identifier\] 1", r"entrez gene identifier")),
    ("gene.symbol", (r"gene symbol", r"comment ?\[gene symbol\]", r"gene symbol \(.*\)", r"comment ?\[gene symbol 1\]",
                     r"comment ?\[gene symbol\] 1")),
    ("gene.synonyms", (r"gene symbol synonyms", r"comment ?\[gene symbol synonyms\]", r"gene synonyms", r"comment ?\[gene synonyms\]")),
    ("reagent.id", (r"sirna identifier", r"sirna pool identifier", r"(esi|sh|sg|d?s)rna identifier", r"orf identifier",
                    r"reagent identifier", r"comment ?\[sirna identifier\]")),
    ("compound.symbol", (r"compound name", r"compound 1 name", r"experimental condition ?\[compound\]",
                         r"characteristics ?\[compound\]", r"compound")),
    ("compound.id", (r"compound pubchem cid", r"compound 1 pubchem cid", r"compound chembl id", r"compound identifier",
                     r"compound broad identifier", r"compound inchikey", r"pubchem inchikey")),
    ("protein.symbol", (r"experimental condition ?\[targeted protein\]", r"comment ?\[targeted protein\]",
                        r"comment ?\[protein name abbreviation\]", r"protein symbol", r"comment ?\[protein name\]", r"protein name")),
    ("protein.id", (r"uniprot id", r"uniprot (identifier|accession)", r"protein identifier", r"comment ?\[protein identifier\]")),
    ("antibody.symbol", (r"experimental condition ?\[antibody\]", r"comment ?\[antibody\]", r"antibody",
                         r"experimental condition ?\[primary antibody\]")),
    ("antibody.id", (r"antibody identifier", r"primary antibody identifier", r"antibody identifier 1")),
    ("control_type", (r"control type", r"comment ?\[control type\]")),
    ("quality", (r"quality control",)),
    ("has_phenotype", (r"has phenotype",)),
    ("annotation_level", (r"phenotype annotation level",)),
    ("latitude", (r"(characteristics|comment) ?\[latitude\]", r"latitude")),
    ("longitude", (r"(characteristics|comment) ?\[longitude\]", r"longitude")),
)  # fmt: skip
_TARGETS = tuple(name for name, _ in _RULES if name.endswith((".id", ".symbol")))
PHENOTYPE = re.compile(r"^phenotype(?: (\d+))?$", re.IGNORECASE)

# Spellings of "nothing here" met in IDR's tables. Lower-case `na` is not one: it is a gene of the fruit fly.
_NO_VALUE = frozenset({
    "NA", "N/A", "n/a", "N.A.", "#N/A", "none", "None", "NONE", "empty", "Empty", "EMPTY", "-", "--", "not available", "Not available",
    "Not Available", "not applicable", "Not applicable", "Not Applicable", "no data", "annotation not available", "No annotation",
})  # fmt: skip

_DEGREES = re.compile(r"[+-]?\d{1,3}(\.\d{1,15})?")

Cells = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Columns:
    """What is written under `samples:`; `said` are sentences for the report."""

    mapped: dict[str, str]
    split: dict[str, str]
    no_value: tuple[str, ...]
    said: tuple[str, ...]


def map_columns(header: Sequence[str], cells: Cells, located_by: str, declared_splits: Mapping[str, str]) -> Columns:
    """Maps a joined table's columns.

    header: names of all columns; cells(name): that column's cells; located_by: "plate" (plate and well) or
    "image" (dataset and image), of which a component has one; declared_splits: source column → separator
    that the archive's own configuration names.
    """
    said: list[str] = []
    mapped: dict[str, str] = {}
    unused = {"plate": ("dataset", "image"), "image": ("plate", "well")}[located_by]
    for name, patterns in _RULES:
        if name in unused:
            continue
        found = [h for p in patterns for h in header if re.fullmatch(p, h, re.IGNORECASE)]
        if name == "gene.symbol":
            found.sort(key=lambda h: -max(map(int, re.findall(r"\d+", h)), default=0) if "(" in h else -(10**6))
        if not found:
            continue
        fill = {h: sum(1 for c in cells(h) if c and c not in _NO_VALUE) for h in found}
        # A column that is filled more often says more; in a tie the rule's order decides.
        best = max(found, key=lambda h: fill[h]) if name == "reagent.id" else next((h for h in found if fill[h]), found[0])
        mapped[name] = best
        others = [h for h in dict.fromkeys(found) if h != best]
        if others:
            said.append(f"{name} is '{best}' ({fill[best]:,} cells); also there: " + ", ".join(f"'{h}' ({fill[h]:,})" for h in others))
    _drop_coordinates(mapped, cells, said)
    if "organism" in mapped and (accession := _accession_beside(header, mapped["organism"])):
        mapped["organism_term"] = accession
    order = [name for name, _ in _RULES]
    order.insert(order.index("organism") + 1, "organism_term")
    mapped = {name: mapped[name] for name in order if name in mapped}

    split = _splits(mapped, cells, declared_splits, said)
    met = {c for name in _TARGETS if name in mapped for c in set(cells(mapped[name])) & _NO_VALUE}
    if met:
        where = Counter({c: sum(list(cells(mapped[n])).count(c) for n in _TARGETS if n in mapped) for c in met})
        said.append("cells that mean nothing: " + ", ".join(f"'{c}' ({where[c]:,})" for c in sorted(met)))
    return Columns(mapped, split, tuple(sorted(met)), tuple(said))


def _drop_coordinates(mapped: dict[str, str], cells: Cells, said: list[str]) -> None:
    """Leaves latitude and longitude as they are where a cell is not in decimal degrees: one alone says nothing."""
    for name, limit in (("latitude", 90), ("longitude", 180)):
        wrong = [c for c in cells(mapped[name]) if c and not (_DEGREES.fullmatch(c) and abs(float(c)) <= limit)] if name in mapped else []
        if wrong or (name not in mapped and {"latitude", "longitude"} & set(mapped)):
            if wrong:
                said.append(
                    f"{len(wrong):,} cells of '{mapped[name]}' are no {name} in decimal degrees, such as '{wrong[0][:40]}'; not mapped"
                )
            mapped.pop("latitude", None)
            mapped.pop("longitude", None)


def _accession_beside(header: Sequence[str], column: str) -> str | None:
    """`Term Source n Accession` that belongs to a column: the first within the two columns after it."""
    at = list(header).index(column)
    return next((h for h in header[at + 1 : at + 3] if re.fullmatch(r"Term Source( \d+)? Accession", h)), None)


def _splits(mapped: dict[str, str], cells: Cells, declared: Mapping[str, str], said: list[str]) -> dict[str, str]:
    split: dict[str, str] = {}
    for name in ("gene.id", "reagent.id", "compound.id", "protein.id", "antibody.id"):
        if name not in mapped:
            continue
        column = mapped[name]
        filled = [c for c in cells(column) if c and c not in _NO_VALUE]
        if separator := declared.get(column):
            split[name] = separator
            said.append(f"{name} is split at '{separator}', as the bulkmap configuration says")
            continue
        for separator in (";", " / ", "/", ", ", ",", "|"):
            several = [c for c in filled if separator.strip() in c]
            single = {_shape(c) for c in filled if separator.strip() not in c}
            good = [c for c in several if all(_like_an_identifier(p.strip(), single) for p in c.split(separator.strip()) if p.strip())]
            # A few cells mix in what is no identifier ("2629;GBAP;2630"); a separator that is part of names fails in most.
            if several and len(good) >= 0.95 * len(several):
                split[name] = separator.strip()
                mixed = f", of which {len(several) - len(good):,} hold other words too" if len(good) < len(several) else ""
                said.append(f"{name} is split at '{separator.strip()}': {len(several):,} cells such as '{good[0][:60]}'{mixed}")
                break
    # Symbols may hold separators of their own ("H2A.F/Z"): they are split only where the identifiers beside them are.
    for name, beside in (("gene.symbol", "gene.id"), ("protein.symbol", "protein.id")):
        if name not in mapped:
            continue
        texts = cells(mapped[name])
        if beside in split:
            separator = split[beside]
            pairs = [(c, i) for c, i in zip(texts, cells(mapped[beside]), strict=True) if separator in i]
            together = sum(1 for c, _ in pairs if separator in c)
            if together * 2 >= len(pairs) and together:
                split[name] = separator
                said.append(f"{name} is split at '{separator}' as {beside} is: {together:,} of {len(pairs):,} cells hold several in both")
        elif several := [c for c in texts if ";" in c]:
            # No gene or protein symbol holds a semicolon.
            split[name] = ";"
            said.append(f"{name} is split at ';': {len(several):,} cells such as '{several[0][:60]}'")
    if "gene.synonyms" in mapped:
        filled = [c for c in cells(mapped["gene.synonyms"]) if c]
        for separator in (";", "|", ","):
            several = [c for c in filled if separator in c]
            # Blanks separate in some tables, where a stray semicolon ("&bgr;-synthase") is part of a name.
            if several and len(several) >= 0.05 * len(filled):
                split["gene.synonyms"] = separator
                said.append(f"gene.synonyms is split at '{separator}': {len(several):,} cells such as '{several[0][:60]}'")
                break
    return split


def _shape(cell: str) -> str:
    return re.sub(r"\d+", "9", cell)


def _like_an_identifier(part: str, single: set[str]) -> bool:
    """Letters and digits with at least one digit and no blank, or of the same shape as the column's single values."""
    return _shape(part) in single or bool(re.fullmatch(r"(?=.*\d)[A-Za-z0-9][\w.:-]*", part))


def phenotype_number(header: str) -> int | None:
    """`Phenotype 3` → 3, `Phenotype` → 1, anything else (such as `Phenotype 3 Term Name`) → None."""
    match = PHENOTYPE.match(header)
    return int(match[1] or 1) if match else None


@dataclass(frozen=True)
class PhenotypeColumns:
    """`columns`: (source column, declared phenotype); `undeclared`: phenotypes that only the cells name, to be declared."""

    columns: tuple[tuple[str, str], ...]
    undeclared: tuple[str, ...]
    said: tuple[str, ...]


def map_phenotypes(header: Sequence[str], cells: Cells, declared: Sequence[str]) -> PhenotypeColumns:
    """Aligns `Phenotype n` columns with the n-th declared name ("" where study.txt leaves it blank).

    A cell holds the phenotype's name. Where the cells of column n name another declared phenotype, the cells
    are believed; where they name one that is not declared at position n, it is declared from the cells.
    """
    known = {name.casefold(): name for name in reversed(declared) if name}
    columns, undeclared, said = [], [], []
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
            undeclared.append(commonest[:1000])
            known[commonest.casefold()] = commonest[:1000]
            said.append(f"'{column}' holds '{commonest}', which study.txt does not declare; declared from the table")
            expected = commonest[:1000]
        other = sorted(t for t in texts if t.casefold() != expected.casefold())
        if other:
            count = sum(texts[t] for t in other)
            cells_are = "1 cell is" if count == 1 else f"{count:,} cells are"
            said.append(f"'{column}': {cells_are} not spelt as declared ('{expected}'), such as '{other[0][:120]}'")
        columns.append((column, known.get(expected.casefold(), expected)))
    return PhenotypeColumns(tuple(columns), tuple(undeclared), tuple(said))
