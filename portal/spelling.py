"""How single values of the model are written: accessions, component names, ontology terms, DOIs, addresses, paths.

Each function gives the value, or raises ValueError with `what is wrong; how to mend it`.
"""

from __future__ import annotations

import math
import re

CURIE = re.compile(r"^[A-Za-z][A-Za-z0-9]*:[A-Za-z0-9][A-Za-z0-9._-]*$")
COMPONENT = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")
ACCESSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
# Names of devices on Windows, where no folder of that name can be checked out, with or without an ending.
DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)

# Words the address charter keeps for itself below /studies/<accession>/ (DESIGN §5).
RESERVED = frozenset(
    "api assets cite components data download embed files history images index metadata plates provenance".split()
    + "samples search table tiles v".split()
)


def _mend(value: str, pattern: re.Pattern[str], what: str, mend: str) -> str:
    # The message is 'what; mend': ingest.studies splits it at the semicolon.
    if not pattern.fullmatch(value):
        raise ValueError(f"{what}; {mend}")
    return value


def curie(value: str) -> str:
    guess = re.sub(r"^.*/", "", value.strip()).replace("_", ":", 1)
    # The two ontologies of IDR's phenotypes and methods number their terms with seven and eight digits.
    digits = {"CMPO": 7, "FBbi": 8}
    if m := re.match(r"^(CMPO|FBbi):(\d+)$", guess, re.IGNORECASE):
        prefix = "CMPO" if m[1].upper() == "CMPO" else "FBbi"
        guess = f"{prefix}:{int(m[2]):0{digits[prefix]}d}"
        if value != guess:
            raise ValueError(f"is not a {prefix} accession; write {guess}")
    mend = f"write {guess}" if CURIE.match(guess) else "write an ontology accession such as CMPO:0000118"
    return _mend(value, CURIE, "is not an ontology accession", mend)


def component_name(value: str) -> str:
    _mend(value, COMPONENT, "cannot be part of an address", "write letters, digits, _ or -, beginning with a letter, such as screenA")
    if value.casefold() in RESERVED or DEVICE.fullmatch(value):
        raise ValueError(f"is a word that the address charter keeps for itself; write another name, such as {value}A")
    return value


def accession(value: str) -> str:
    _mend(value, ACCESSION, "is not an accession", "write letters, digits, '.', '_' or '-', such as idr0002")
    if value.casefold() == "index.html":
        raise ValueError("is the name of the file of a page; name the study and its folder otherwise, such as idr0002")
    if value.endswith(".") or DEVICE.fullmatch(value):
        raise ValueError("cannot name a folder on Windows; name the study and its folder otherwise, such as idr0002")
    return value


def axes(value: str) -> str:
    if len(set(value)) != len(value) or not {"Y", "X"} <= set(value):
        raise ValueError("is not an order of axes; write each of Y, X and those of T, C, Z, S that the file has, once, such as TCZYX")
    return value


def affine(value: tuple[float, float, float, float, float, float]) -> tuple[float, float, float, float, float, float]:
    if not all(math.isfinite(n) and abs(n) < 1e9 for n in value) or abs(value[0] * value[4] - value[1] * value[3]) < 1e-9:
        raise ValueError("is not a transform that can be undone; write six numbers [a, b, c, d, e, f] where a·e is not b·d")
    return value


def doi(value: str) -> str:
    bare = re.sub(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", "", value.strip(), flags=re.IGNORECASE)
    mend = f"write {bare}" if re.match(r"^10\.\d{4,9}/\S+$", bare) else "write it as 10.1091/mbc.E13-04-0221"
    return _mend(value, re.compile(r"^10\.\d{4,9}/\S+$"), "is not a bare DOI", mend)


def http(value: str) -> str:
    return _mend(value, re.compile(r"^https?://[^\s<>\"']+$"), "is not a web address", "write one beginning with https://")


def store(value: str) -> str:
    pattern = re.compile(r"^(https?|s3)://(?!-)[A-Za-z0-9.\[\]:_-]+/[^\s<>\"'`{}\\?#@]*[^\s<>\"'`{}\\?#@/]/?$")
    return _mend(value, pattern, "is not the address of an OME-Zarr", "write one such as https://example.org/data/image.zarr").rstrip("/")


def host(value: str) -> str:
    pattern = re.compile(r"(?!-)[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:]{2,45}")
    return _mend(value, pattern, "is not the name of a host", "write it without https:// and without a port, such as storage.example.org")


def site(value: str) -> str:
    bare = re.split(r"[?#]", value, maxsplit=1)[0]
    return _mend(value, re.compile(r"[^?#]*"), "has a '?' or '#', and every address would be written after it", f"write {bare}")


def link_template(value: str) -> str:
    pattern = re.compile(r"^https?://[A-Za-z0-9.-]+(?::\d+)?/[^\s<>\"'`{}\\]*\{id\}[^\s<>\"'`{}\\]*$")
    return _mend(value, pattern, "is not an address with {id} in it", "write one such as https://www.ensembl.org/id/{id}")


def below(value: str, folder: str = "study folder") -> str:
    parts = value.replace("\\", "/").split("/")
    if value.startswith(("/", "~")) or ".." in parts or re.match(r"^[A-Za-z]:", value) or "\0" in value:
        raise ValueError(f"leaves the {folder}; write a path below it")
    return value


def below_content(value: str) -> str:
    return below(value, "content folder")
