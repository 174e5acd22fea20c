"""Which column of IDR's tables is what: source headers → `samples.columns`, with splits and "no value" words from the cells.

A target may have numbered columns (`Comment [Gene Symbol 1]`, `… 2`; `Compound 2 Name`): all that hold something are mapped,
so that the nth identifier stands beside the nth symbol.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ingest.importers.idr.config import Config
from ingest.sample_tables.degrees import LIMITS, degrees

# Normalised name → patterns of source headers, best first, matched against the whole header without regard to case.
# `Comment [X]` and `Characteristics [X]` are ISA-Tab's wrappings of X. Targets are matched without the number of a numbered column.
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plate", (r"plate", r"plate name")),
    ("well", (r"well",)),
    ("dataset", (r"data ?set name", r"data ?set")),
    ("image", (r"image name", r"image file", r"comment \[image file\]", r"image file \(.*\)", r"image file name")),
    ("organism", (r"characteristics ?\[organism\]", r"organism", r"characteristics ?\[organism 1\]")),
    ("cell_line", (r"characteristics ?\[cell line\]", r"comment ?\[cell line\]", r"experimental condition ?\[cell line\]", r"cell line")),
    ("strain", (r"characteristics ?\[strain\]", r"comment ?\[strain\]", r"experimental condition ?\[strain\]", r"strain(?: name)?")),
    ("genotype", (r"characteristics ?\[genotype\]", r"experimental condition ?\[genotype\]", r"comment ?\[genotype\]", r"genotype")),
    ("tissue", (r"characteristics ?\[organism part\]", r"experimental condition ?\[organism part\]", r"comment ?\[organism part\]",
                r"characteristics ?\[organism part 1\]", r"characteristics ?\[tissue(?: source)?\]", r"organism part", r"tissue")),
    ("gene.id", (r"gene identifier", r"comment ?\[gene identifier\]", r"gene identifier \(.*\)", r"entrez gene identifier")),
    ("gene.symbol", (r"gene symbol", r"comment ?\[gene symbol\]", r"gene symbol \(.*\)")),
    ("gene.synonyms", (r"gene symbol synonyms", r"comment ?\[gene symbol synonyms\]", r"gene synonyms", r"comment ?\[gene synonyms\]")),
    ("reagent.id", (r"sirna identifier", r"sirna pool identifier", r"(esi|sh|sg|d?s)rna identifier", r"orf identifier",
                    r"reagent identifier", r"comment ?\[sirna identifier\]")),
    ("compound.symbol", (r"compound name", r"experimental condition ?\[compound\]",
                         r"characteristics ?\[compound\]", r"compound", r"(experimental condition ?\[)?drug(?: name)?\]?")),
    ("compound.id", (r"compound pubchem cid", r"compound chembl id", r"comment ?\[chembl identifier\]", r"compound identifier",
                     r"compound broad identifier", r"broad identifier", r"compound broad identifier short", r"compound inchikey",
                     r"pubchem inchikey")),
    ("protein.symbol", (r"experimental condition ?\[targeted protein\]", r"comment ?\[targeted protein\]",
                        r"comment ?\[protein name abbreviation\]", r"protein symbol", r"comment ?\[protein name\]", r"protein name",
                        r"comment ?\[protein\]")),
    ("protein.id", (r"uniprot id", r"uniprot (identifier|accession)", r"protein identifier", r"comment ?\[protein identifier\]")),
    ("antibody.symbol", (r"experimental condition ?\[antibody\]", r"comment ?\[antibody\]", r"antibody",
                         r"experimental condition ?\[primary antibody\]")),
    ("antibody.id", (r"antibody identifier", r"primary antibody identifier")),
    ("control_type", (r"control type", r"comment ?\[control type\]")),
    ("quality", (r"quality control",)),
    ("has_phenotype", (r"has phenotype",)),
    ("annotation_level", (r"phenotype annotation level",)),
    ("latitude", (r"(characteristics|comment) ?\[latitude\]", r"latitude")),
    ("longitude", (r"(characteristics|comment) ?\[longitude\]", r"longitude")),
)  # fmt: skip
_TARGETS = tuple(name for name, _ in _RULES if name.endswith((".id", ".symbol")))
# Pairs whose numbered columns belong together.
_PAIRS = tuple((f"{kind}.id", f"{kind}.symbol") for kind in ("gene", "protein", "compound", "antibody"))
_NUMBER = re.compile(r"(?<=[A-Za-z\]]) (\d{1,3})(?=\]|$| )")

# Spellings of "nothing here" met in IDR's tables. Lower-case `na` is not one: it is a gene of the fruit fly.
_NO_VALUE = frozenset({
    "NA", "N/A", "n/a", "N.A.", "#N/A", "none", "None", "NONE", "empty", "Empty", "EMPTY", "-", "--", "not available", "Not available",
    "Not Available", "not applicable", "Not applicable", "Not Applicable", "no data", "annotation not available", "No annotation",
})  # fmt: skip

# What a cell says where the source has no word for it; "none" may be a genotype's or a tissue's own word.
_UNTOLD = frozenset(word for word in _NO_VALUE if word[0] in "Nn#" and word.casefold() != "none")

# A template's hint that was left in a cell: "# enter an identifier for any associated genes e.g. …".
_HINT = re.compile(r"#+ ?[A-Za-z].{10,}", re.DOTALL)
_EXAMPLES = 5

Cells = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Columns:
    """What is written under `samples:`; `said` are sentences for the report. A target that has several columns maps to a list."""

    mapped: dict[str, str | list[str]]
    split: dict[str, str]
    no_value: tuple[str, ...]
    links: dict[str, str]
    said: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """Source column → normalised name."""
        return {column: name for name in self.mapped for column in _several(self.mapped[name])}

    def one(self, name: str) -> str | None:
        """The source column of a normalised name (the first, where there are several); None where it is not mapped."""
        return next(iter(_several(self.mapped[name])), None) if name in self.mapped else None


def _several(column: str | list[str]) -> list[str]:
    return [column] if isinstance(column, str) else column


def map_columns(
    header: Sequence[str], cells: Cells, located_by: str, config: Config | None = None, header_links: Mapping[str, str] | None = None
) -> Columns:
    """Maps a joined table's columns.

    header: names of all columns; cells(name): that column's cells; located_by: "plate" (plate and well) or
    "image" (dataset and image), of which a component has one; config: what the archive's own configuration says of them;
    header_links: source column → link template of a table's header.
    """
    config = config or Config()
    said: list[str] = []
    mapped: dict[str, str | list[str]] = {}
    unused = {"plate": ("dataset", "image"), "image": ("plate", "well")}[located_by]
    for name, patterns in _RULES:
        if name in unused:
            continue
        target = name in _TARGETS
        found = [h for p in patterns for h in header if re.fullmatch(p, _unnumbered(h)[0] if target else h, re.IGNORECASE)]
        if name == "gene.symbol":
            found.sort(key=lambda h: -max(map(int, re.findall(r"\d+", h)), default=0) if "(" in h else -(10**6))
        if not found:
            continue
        fill = {h: sum(1 for c in cells(h) if c and not _means_nothing(c)) for h in found}
        # A column that is filled more often says more; in a tie the rule's order decides.
        best = max(found, key=lambda h: fill[h]) if name == "reagent.id" else next((h for h in found if fill[h]), found[0])
        family = _family(best, [h for h in found if fill[h]])
        mapped[name] = best
        if target and len(family) > 1:
            mapped[name] = family
            told = ", ".join(f"'{h}' ({fill[h]:,} cells)" for h in family[:_EXAMPLES])
            said.append(f"{name} has {len(family)} columns: {told}{', …' if len(family) > _EXAMPLES else ''}")
        others = [h for h in dict.fromkeys(found) if h != best and h not in family]
        if others:
            said.append(f"{name} is '{best}' ({fill[best]:,} cells); also there: " + ", ".join(f"'{h}' ({fill[h]:,})" for h in others))
    _genes_as_configured(mapped, header, cells, config, said)
    for pair in _PAIRS:
        _align(mapped, *pair, said)
    _compounds(mapped, header, cells, said)
    _drop_coordinates(mapped, cells, said)
    if "organism" in mapped and (accession := _accession_beside(header, _several(mapped["organism"])[0])):
        mapped["organism_term"] = accession
    order = [name for name, _ in _RULES]
    order.insert(order.index("organism") + 1, "organism_term")
    mapped = {name: mapped[name] for name in order if name in mapped}

    def texts(name: str) -> list[str]:
        return list(chain.from_iterable(cells(column) for column in dict.fromkeys(_several(mapped[name]))))

    split = _splits(mapped, texts, config.splits, said)
    where = Counter(c for name in _TARGETS if name in mapped for c in texts(name) if c and _means_nothing(c))
    for name in ("strain", "genotype", "tissue"):
        where.update(c for c in (texts(name) if name in mapped else ()) if c in _UNTOLD)
    if where:
        said.append("cells that mean nothing: " + ", ".join(f"'{c[:60]}' ({where[c]:,})" for c in sorted(where)))
    return Columns(mapped, split, tuple(sorted(where)), _links(mapped, config, header_links or {}), tuple(said))


def _means_nothing(cell: str) -> bool:
    return cell in _NO_VALUE or bool(_HINT.fullmatch(cell))


def _unnumbered(header: str) -> tuple[str, int]:
    """`Comment [Gene Symbol 2]` → (`Comment [Gene Symbol]`, 2), `Compound 1 Name` → (`Compound Name`, 1); 0 where there is no number."""
    match = _NUMBER.search(header)
    return (header[: match.start()] + header[match.end() :], int(match[1])) if match else (header, 0)


def _family(best: str, found: Sequence[str]) -> list[str]:
    """The numbered columns that `best` is one of, in the order of their numbers; itself where it has no number."""
    name, number = _unnumbered(best)
    if not number:
        return [best]
    own = {n: h for h in found if (bare := _unnumbered(h))[0].casefold() == name.casefold() and (n := bare[1])}
    return [own[n] for n in sorted(own)]


def _genes_as_configured(mapped: dict[str, str | list[str]], header: Sequence[str], cells: Cells, config: Config, said: list[str]) -> None:
    """Where no column is named like a gene's, those that IDR's own configuration shows as genes."""
    if "gene.id" in mapped or "gene.symbol" in mapped:
        return
    pairs = [
        pair for pair in config.genes if all(not c or c in header for c in pair) and any(any(cells(c)) for c in pair if c)
    ]  # fmt: skip
    ids, symbols = [i for i, _ in pairs], [s for _, s in pairs]
    for name, columns in (("gene.id", ids), ("gene.symbol", symbols)):
        # A list has no gaps: one without a column for every gene could not be aligned.
        if columns and all(columns):
            mapped[name] = columns if len(columns) > 1 else columns[0]
            told = ", ".join(f"'{c}'" for c in columns[:_EXAMPLES])
            said.append(f"{name} is {told}{', …' if len(columns) > _EXAMPLES else ''}, as the bulkmap configuration says")


def _align(mapped: dict[str, str | list[str]], first: str, second: str, said: list[str]) -> None:
    """The nth identifier beside the nth symbol: columns whose number only one of the two has come last, or are left out of the second."""
    one, two = mapped.get(first, []), mapped.get(second, [])
    if isinstance(one, str) or isinstance(two, str) or not one or not two:
        return
    numbers, others = {_unnumbered(h)[1]: h for h in one}, {_unnumbered(h)[1]: h for h in two}
    if list(numbers) == list(others) or len(numbers) < len(one) or len(others) < len(two):
        return
    both = sorted(numbers.keys() & others.keys())
    rest, left = [numbers[n] for n in sorted(numbers.keys() - others.keys())], [others[n] for n in sorted(others.keys() - numbers.keys())]
    mapped[first] = [numbers[n] for n in both] + rest
    mapped[second] = [others[n] for n in both] + ([] if rest else left)
    if rest and left:
        said.append(f"{second}: " + ", ".join(f"'{h}'" for h in left) + f" has no partner among the columns of {first} and was not mapped")
    if not mapped[second]:
        del mapped[second]


def _compounds(mapped: dict[str, str | list[str]], header: Sequence[str], cells: Cells, said: list[str]) -> None:
    """Identifiers of several systems beside one name are all that compound's: the column of names stands once for each of them."""
    if "compound.id" not in mapped:
        return
    patterns = next(patterns for name, patterns in _RULES if name == "compound.id")
    known = [h for p in patterns for h in header if re.fullmatch(p, _unnumbered(h)[0], re.IGNORECASE) and any(cells(h))]
    names = _several(mapped.get("compound.symbol", []))
    ids: list[str] = []
    beside: list[str] = []
    numbers = {_unnumbered(h)[1] for h in names} | {_unnumbered(h)[1] for h in known}
    for number in sorted(numbers):
        own = [h for h in known if _unnumbered(h)[1] == number]
        named = [h for h in names if _unnumbered(h)[1] == number]
        if len(named) > 1 or (own and names and not named) or (named and not own):
            return  # Names and identifiers that are numbered otherwise: they stay as they were paired.
        ids += own
        beside += named * len(own)
    if len(ids) > len(_several(mapped["compound.id"])):
        mapped["compound.id"] = ids
        if beside:
            mapped["compound.symbol"] = beside
        said.append("compound.id has several systems: " + ", ".join(f"'{h}'" for h in ids[:_EXAMPLES]) + (", …" if ids[_EXAMPLES:] else ""))


def _links(mapped: Mapping[str, str | list[str]], config: Config, header_links: Mapping[str, str]) -> dict[str, str]:
    """Normalised name → link template, from the configuration, else from a table's header; capitals of the column's name aside."""
    told = {column.casefold(): template for templates in (header_links, config.links) for column, template in templates.items()}
    found = {
        # An address of one system leads nowhere for the identifiers of another.
        name: next((told[c.casefold()] for c in _several(columns) if c.casefold() in told), "") if _one_system(columns) else ""
        for name, columns in mapped.items()
    }
    return {name: template for name, template in found.items() if template}


def _one_system(columns: str | list[str]) -> bool:
    """Whether columns differ by their number alone."""
    return len({_unnumbered(column)[0].casefold() for column in _several(columns)}) == 1


def _drop_coordinates(mapped: dict[str, str | list[str]], cells: Cells, said: list[str]) -> None:
    """Tells which cells say no latitude or longitude; leaves both columns unmapped where one is missing or holds nothing else."""
    for name in LIMITS:
        texts = [c for c in cells(_several(mapped[name])[0]) if c] if name in mapped else []
        wrong = [c for c in texts if degrees(c, name) is None]
        useless = len(wrong) == len(texts) or (name not in mapped and LIMITS.keys() & mapped.keys())
        if wrong:
            left = "not mapped" if useless else "these samples are without a place"
            said.append(f"{len(wrong):,} cells of '{mapped[name]}' are no {name} in degrees, such as '{wrong[0][:40]}'; {left}")
        if useless:
            mapped.pop("latitude", None)
            mapped.pop("longitude", None)


def _accession_beside(header: Sequence[str], column: str) -> str | None:
    """`Term Source n Accession` that belongs to a column: the first within the two columns after it."""
    at = list(header).index(column)
    return next((h for h in header[at + 1 : at + 3] if re.fullmatch(r"Term Source( \d+)? Accession", h)), None)


def _splits(mapped: Mapping[str, str | list[str]], texts: Cells, declared: Mapping[str, str], said: list[str]) -> dict[str, str]:
    """Separators of cells with several values. texts(name): the cells of a normalised name, of one column after another."""
    split: dict[str, str] = {}
    for name in ("gene.id", "reagent.id", "compound.id", "protein.id", "antibody.id"):
        if name not in mapped:
            continue
        filled = [c for c in texts(name) if c and not _means_nothing(c)]
        if separator := next((declared[c] for c in _several(mapped[name]) if c in declared), None):
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
        if beside in split:
            separator = split[beside]
            # Where one of the two has more columns, the further ones have no partner.
            pairs = [(c, i) for c, i in zip(texts(name), texts(beside), strict=False) if separator in i]
            together = sum(1 for c, _ in pairs if separator in c)
            if together * 2 >= len(pairs) and together:
                split[name] = separator
                said.append(f"{name} is split at '{separator}' as {beside} is: {together:,} of {len(pairs):,} cells hold several in both")
        elif several := [c for c in texts(name) if ";" in c]:
            # No gene or protein symbol holds a semicolon.
            split[name] = ";"
            said.append(f"{name} is split at ';': {len(several):,} cells such as '{several[0][:60]}'")
    if "gene.synonyms" in mapped:
        filled = [c for c in texts("gene.synonyms") if c]
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
