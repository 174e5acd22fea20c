"""IDR's spellings → ours: ontology accessions as CURIEs, licences as SPDX identifiers, DOIs bare, sizes as numbers."""

from __future__ import annotations

import re

from portal.model import CURIE

# Prefixes as their ontologies write them; IDR's files have every case ("Fbbi", "FBbi", "fbbi").
_PREFIXES = {
    p.casefold(): p
    for p in (
        "BAO BTO CHEBI CHMO CL CLO CMPO DICOM EDAM EFO FBbi FBbt FMA GBIF GO HP MONDO MP NCBITaxon NCIT OBI OMIT PATO PO PR SO SWO "
        "UBERON UO VIDO WBbt XAO ZFA"
    ).split()
}  # fmt: skip
_ALIASES = {"dcm": "DICOM", "taxon": "NCBITaxon", "ncbi_taxon": "NCBITaxon", "ncbi taxonomy": "NCBITaxon"}
_DIGITS = {"CMPO": 7, "FBbi": 8, "EFO": 7}
_EDAM = ("data", "topic", "operation", "format")
_NOTHING = frozenset({"", "na", "n/a", "none", "not available", "not applicable", "-"})


def curies(accession: str, source: str = "") -> tuple[str, ...] | None:
    """Accessions in one cell as CURIEs: () where the cell means nothing, None where it cannot be read.

    `source` is the "Term Source REF", the prefix of a bare number. Two accessions may stand in one cell,
    separated by blanks, commas or semicolons. A number of zeros only is a template's placeholder.
    """
    if accession.strip().casefold() in _NOTHING:
        return ()
    found = []
    for part in re.split(r"[\s,;]+", accession.strip()):
        if not part:
            continue
        bare = re.sub(r"^.*[/#?=]", "", part.rstrip("/"))
        if re.fullmatch(r"\d+", bare) and source:
            bare = f"{source.strip()}:{bare}"
        match = re.fullmatch(r"([A-Za-z][A-Za-z0-9]*)[_:](\w[\w.-]*)", bare)
        if not match or not re.search(r"\d", match[2]):
            return None
        if re.fullmatch(r"0+", match[2]):
            continue
        prefix, number = match[1], match[2]
        if prefix.casefold() in _EDAM:
            prefix, number = "EDAM", f"{prefix.casefold()}_{number}"
        prefix = _ALIASES.get(prefix.casefold(), _PREFIXES.get(prefix.casefold(), prefix))
        if prefix in _DIGITS and number.isdigit():
            number = f"{int(number):0{_DIGITS[prefix]}d}"
        curie = f"{prefix}:{number}"
        if not CURIE.match(curie):
            return None
        found.append(curie)
    return tuple(found)


def doi(text: str) -> str | None:
    """A bare DOI, whatever resolver stood before it; None where there is none."""
    bare = re.sub(r"^(?:doi:\s*|https?://(?:dx\.|www\.)?doi\.org/|https?://doi\.org/)", "", text.strip(), flags=re.IGNORECASE)
    return bare if re.fullmatch(r"10\.\d{4,9}/\S+", bare) else None


def licence(text: str, url: str) -> str | None:
    """SPDX identifier from IDR's words ("CC BY-NC-ND 4.0") or, where there are none, from the licence's address."""
    words = re.sub(r"[\s_-]+", " ", text.strip().upper())
    if re.match(r"^(CC ?0|CC ZERO|PUBLIC DOMAIN)\b", words):
        return "CC0-1.0"
    if match := re.fullmatch(r"(?:CREATIVE COMMONS|CC) ((?:BY)(?: (?:NC|ND|SA))*)(?: V?(\d\.\d))?(?: .*)?", words):
        version = match[2] or _version(url)
        return f"CC-{match[1].replace(' ', '-')}-{version}" if version else None
    if match := re.search(r"creativecommons\.org/licenses/(by(?:-(?:nc|nd|sa))*)/(\d\.\d)", url.lower()):
        return f"CC-{match[1].upper()}-{match[2]}"
    if "creativecommons.org/publicdomain/zero" in url.lower():
        return "CC0-1.0"
    return None


def _version(url: str) -> str | None:
    match = re.search(r"/(\d\.\d)", url)
    return match[1] if match else None


def orcid(text: str) -> str | None:
    match = re.search(r"\b(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b", text)
    return match[1] if match else None


_SIZES = (
    ("plates", re.compile(r"plates?", re.IGNORECASE), int),
    ("datasets", re.compile(r"data ?sets?", re.IGNORECASE), int),
    ("images_5d", re.compile(r"5d ?images?", re.IGNORECASE), int),
    ("planes", re.compile(r"planes?", re.IGNORECASE), int),
    ("dimensions", re.compile(r"average image dimensions? ?(\([XYZCT ,]*\))?", re.IGNORECASE), str),
    ("terabytes", re.compile(r"total (tb|size|terabytes?)", re.IGNORECASE), float),
)


def size(cells: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """A "Screen Size" line → (values of model.Size as text, cells not understood).

    `Plates: 68 | 5D Images: 45,692 | Total Tb: 0.27 Tb`; a value may stand in the next cell; thousands
    separators and odd blanks are taken off. A label without a value is no size.
    """
    found: dict[str, str] = {}
    left: list[str] = []
    waiting = ""
    for cell in cells:
        label, colon, value = (part.strip() for part in cell.partition(":"))
        name = next((n for n, pattern, _ in _SIZES if pattern.fullmatch(label)), "") if colon else ""
        if not name and waiting and ":" not in cell:
            name, value = waiting, cell.strip()
        waiting = ""
        if not name:
            if cell.strip():
                left.append(cell)
            continue
        if not value:
            waiting = name
            continue
        read = _measure(value, next(kind for n, _, kind in _SIZES if n == name))
        if read is None or name in found:
            left.append(cell)
        else:
            found[name] = read
    return found, left


def _measure(value: str, kind: type) -> str | None:
    if kind is str:
        return value
    bare = re.sub(r"(?i)\s*tb$", "", value.replace(",", "").replace(" ", ""))
    pattern = r"\d+" if kind is int else r"\d+(\.\d+)?|\.\d+"
    if not re.fullmatch(pattern, bare):
        return None
    return bare if kind is int else str(float(bare))


def date(text: str) -> str | None:
    """ISO day, also from 2016-05-26T00:00 and 26/05/2016 where the day tells itself from the month; else None."""
    if match := re.match(r"^(\d{4})-(\d{2})-(\d{2})", text.strip()):
        return match[0]
    if match := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text.strip()):
        day, month = int(match[1]), int(match[2])
        if day > 12 >= month:
            return f"{match[3]}-{month:02d}-{day:02d}"
    return None
