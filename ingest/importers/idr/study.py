"""A study.txt's blocks → the plain data of a study.yaml (model.Study), in the model's order.

What has no place in the model stays under `source:`, keyed as in study.txt (`targets` finds out what that is). Values that are aligned by
position (names, descriptions, accessions) are read as columns; blanks keep their place.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from ingest.importers.idr import vocabulary
from ingest.importers.idr.study_txt import Block, StudyText
from portal.model import COMPONENT, RESERVED

_STUDY_PAGE = "https://idr.openmicroscopy.org/study/{accession}/"
_NAMED = re.compile(r"^(?P<accession>idr\d+)(?:-(?P<label>[^/]+))?(?:/(?P<component>.+))?$", re.IGNORECASE)


def accession(text: StudyText) -> str:
    """`Comment[IDR Study Accession]`, else the accession that the components' names begin with, else ""."""
    said = text.study.first("Comment[IDR Study Accession]")
    if said:
        return said
    for block in text.components:
        if match := _NAMED.match(block.values("Component Name")[0] if block.values("Component Name") else ""):
            return match["accession"].lower()
    return ""


def study_data(text: StudyText, accession_: str, notes: list[str]) -> dict[str, Any]:
    """The study without its components, in the order of study.yaml. Keys without a value are absent."""
    block = text.study
    label = next((m["label"] for b in text.components if (m := _NAMED.match(" ".join(b.values("Component Name")))) and m["label"]), None)
    for key in ("Study Screens Number", "Study Experiments Number"):
        declared = block.first(key)
        found = sum(1 for b in text.components if _kind(b) == ("screen" if "Screens" in key else "experiment"))
        if declared and declared != str(found):
            notes.append(f"study.txt declares '{key}' {declared} and describes {found}: all were read")
    words, url = block.first("Study License"), block.first("Study License URL")
    spdx = vocabulary.licence(words, url)
    if (words or url) and not spdx:
        notes.append(f"licence '{words or url}' is not one with an SPDX identifier")
    elif words and url and (by_url := vocabulary.licence("", url)) and by_url != spdx:
        notes.append(f"licence '{words}' ({spdx}) and its address '{url}' ({by_url}) differ; the words were taken")
    data = {
        "accession": accession_,
        "label": label,
        "record": "imported",
        "title": block.first("Study Title"),
        "description": block.first("Study Description"),
        "released": _released(block, notes),
        "study_type": terms(block, "Study Type", notes),
        "keywords": _keywords(block),
        "organisms": terms(block, "Study Organism", notes),
        "licence": spdx,
        "licence_url": url if re.match(r"^https?://\S+$", url) else None,
        "copyright": block.first("Study Copyright"),
        "data_doi": _dois(block, text.components),
        "people": _people(block, notes),
        "publications": _publications(block, notes),
        "links": _addresses(block, "Study External URL"),
        "origin": {"source": "Image Data Resource", "accession": accession_, "url": _STUDY_PAGE.format(accession=accession_)},
    }
    return filled(data)


def component_data(block: Block, name: str, notes: list[str]) -> dict[str, Any]:
    """One component without its samples, in the order of study.yaml."""
    size, left = vocabulary.size(block.values("Component Size"))
    if left:
        notes.append("sizes not understood, kept as written: " + "; ".join(f"'{cell}'" for cell in left))
    data = {
        "name": name,
        "kind": _kind(block),
        "description": block.first("Component Description"),
        "sample_type": block.first("Component Sample Type"),
        "organisms": terms(block, "Component Organism", notes),
        "imaging_method": terms(block, "Component Imaging Method", notes),
        "technology": terms(block, "Component Technology Type", notes),
        "component_type": terms(block, "Component Type", notes),
        "analysed_data": _analysed(block),
        "protocols": _protocols(block, notes),
        "phenotypes": _phenotypes(block, notes),
        "size": size,
        "example_images": _addresses(block, "Component Example Images"),
    }
    return filled(data)


def component_names(text: StudyText, notes: list[str]) -> list[str]:
    """A name for every component that can stand in an address: the part after the study's name (`…/screenA`), unique."""
    names: list[str] = []
    for at, block in enumerate(text.components):
        written = block.first("Component Name")
        match = _NAMED.match(written)
        name = (match["component"] if match and match["component"] else written).strip("/ ")
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:64]
        if not COMPONENT.match(name) or name.casefold() in RESERVED:
            name = f"{_kind(block)}{chr(ord('A') + at % 26)}"
        taken = {n.casefold() for n in names}
        base, number = name, 2
        while name.casefold() in taken:
            name, number = f"{base}-{number}", number + 1
        if not written.endswith(name):
            notes.append(f"component '{written}' is named {name}")
        names.append(name)
    return names


def filled(data: dict[str, Any]) -> dict[str, Any]:
    """Without keys that say nothing."""
    return {key: value for key, value in data.items() if value not in (None, "", [], {}, ())}


def _kind(block: Block) -> str:
    """By the name IDR gave (`screenA`, `experimentA`), else by the word before the keys."""
    name = next((v for e in block.entries if e.key == "Component Name" for v in e.values if v), "").rpartition("/")[2].casefold()
    if name.startswith(("screen", "experiment")):
        return "screen" if name.startswith("screen") else "experiment"
    return "screen" if any(e.written.casefold().startswith("screen") for e in block.entries) else "experiment"


def terms(block: Block, key: str, notes: list[str]) -> list[dict[str, str]]:
    """Names with `… Term Source REF` and `… Term Accession` aligned by position."""
    names, sources, accessions = (block.values(k) for k in (key, f"{key} Term Source REF", f"{key} Term Accession"))
    found: list[dict[str, str]] = []
    for name, source, accession_ in zip_longest(names, sources, accessions, fillvalue=""):
        read = vocabulary.curies(accession_, source or _only(sources))
        if read is None:
            notes.append(f"'{key} Term Accession' {accession_!r} is not an accession")
            read = ()
        if len(read) > 1:
            notes.append(f"'{key}' {name!r} has {len(read)} accessions in one cell; the first was taken")
        if name or read:
            found.append(filled({"name": name or read[0], "term": read[0] if read else None}))
    return found


def _only(sources: tuple[str, ...]) -> str:
    """One source for a whole row: `NCBITaxon` under the first of several organisms is meant for all."""
    given = {s for s in sources if s}
    return given.pop() if len(given) == 1 else ""


def _keywords(block: Block) -> list[str]:
    words = [w for w in block.values("Study Key Words") if w]
    if len(words) == 1 and re.search(r"[;,]", words[0]):
        words = [w.strip() for w in re.split(r"[;,]", words[0]) if w.strip()]
    return list(dict.fromkeys(words))


def _released(block: Block, notes: list[str]) -> str | None:
    written = block.first("Study Public Release Date")
    day = vocabulary.date(written)
    if written and (not day or day != written):
        notes.append(f"release date {written!r} " + (f"read as {day}" if day else "is not a day"))
    return day


def _dois(block: Block, components: list[Block]) -> list[str]:
    """The study's DOIs, then the components'. (A component's also stays in its `source`, which says whose it is.)"""
    values = list(block.values("Study Data DOI"))
    for part in components:
        values += part.values("Component Data DOI")
        part.keep("Component Data DOI")
    return list(dict.fromkeys(doi for value in values if (doi := vocabulary.doi(value))))


def _addresses(block: Block, key: str) -> list[str]:
    return list(dict.fromkeys(v for v in block.values(key) if re.match(r"^https?://[^\s<>\"']+$", v)))


def _people(block: Block, notes: list[str]) -> list[dict[str, Any]]:
    keys = ("Last Name", "First Name", "Email", "Address", "ORCID", "Roles")
    people = []
    for last, first, email, address, orcid, roles in zip_longest(*(block.values(f"Study Person {k}") for k in keys), fillvalue=""):
        if not any((last, first, email, address, orcid, roles)):
            continue
        if not last and not first:
            notes.append("a contact without a name stays under source")
            continue
        people.append(
            filled({
                "last_name": last or first,
                "first_name": first if last else None,
                "email": email,
                "address": address,
                "orcid": vocabulary.orcid(orcid),
                "roles": [r.strip() for r in re.split(r"[;,]", roles) if r.strip()],
            })
        )  # fmt: skip
    return people


def _publications(block: Block, notes: list[str]) -> list[dict[str, str]]:
    keys = ("Study Publication Title", "Study Author List", "Study DOI", "Study PubMed ID", "Study PMC ID")
    publications = []
    for title, authors, doi_, pubmed, pmc in zip_longest(*(block.values(k) for k in keys), fillvalue=""):
        entry = {"title": title, "authors": authors}
        for name, key, value, read in (
            ("doi", "Study DOI", doi_, vocabulary.doi(doi_)),
            ("pubmed", "Study PubMed ID", pubmed, pubmed if re.fullmatch(r"\d{1,9}", pubmed) else None),
            ("pmc", "Study PMC ID", pmc, f"PMC{m[1]}" if (m := re.fullmatch(r"(?:PMC)?\s*(\d{1,9})", pmc, re.IGNORECASE)) else None),
        ):
            if value and not read:
                notes.append(f"'{key}' {value!r} was not understood and stays under source")
            entry[name] = read or ""
        if any(entry.values()):
            publications.append(filled(entry))
    return publications


def _analysed(block: Block) -> list[dict[str, str]]:
    """REMBI's analysed data: the feature-level and processed files with their descriptions."""
    found = []
    for level in ("Feature Level", "Processed"):
        files, descriptions = (block.values(f"{level} Data File {k}") for k in ("Name", "Description"))
        for name, description in zip_longest(files, descriptions, fillvalue=""):
            if name or description:
                found.append(filled({"name": " ".join((name or f"{level} data").split()), "description": description}))
    return found


def _protocols(block: Block, notes: list[str]) -> list[dict[str, Any]]:
    names, types, descriptions = (block.values(f"Protocol {k}") for k in ("Name", "Type", "Description"))
    sources, accessions = block.values("Protocol Type Term Source REF"), block.values("Protocol Type Term Accession")
    found = []
    for name, type_, source, accession_, description in zip_longest(names, types, sources, accessions, descriptions, fillvalue=""):
        if not (name or type_ or description):
            continue
        read = vocabulary.curies(accession_, source)
        if read is None or len(read) > 1:
            notes.append(f"'Protocol Type Term Accession' {accession_!r} is not one accession")
        kind = filled({"name": type_ or (read[0] if read else ""), "term": read[0] if read else None}) if type_ or read else None
        found.append(filled({"name": name or type_ or "protocol", "type": kind, "description": description}))
    return found


def _phenotypes(block: Block, notes: list[str]) -> list[dict[str, Any]]:
    """Phenotypes, with one term for every REF/Name/Accession triple: a triple repeated below gives second and third terms.

    The list keeps the positions of "Phenotype Name": a blank name is an empty dict, taken out by `phenotypes`.
    """
    names, descriptions, scores = (block.values(f"Phenotype {k}") for k in ("Name", "Description", "Score Type"))
    triples = list(
        zip_longest(*(block.all(f"Phenotype Term {k}") for k in ("Source REF", "Name", "Accession")), fillvalue=())
    )  # fmt: skip
    found: list[dict[str, Any]] = []
    for at, name in enumerate(names):
        mapped: list[dict[str, str]] = []
        for sources, term_names, accessions in triples:
            source, term_name, accession_ = (_at(row, at) for row in (sources, term_names, accessions))
            read = vocabulary.curies(accession_, source)
            if read is None:
                notes.append(f"phenotype {name!r}: 'Phenotype Term Accession' {accession_!r} is not an accession")
            mapped += [{"name": term_name if len(read or ()) == 1 and term_name else curie, "term": curie} for curie in read or ()]
        mapped = list({term["term"]: term for term in mapped}.values())
        first = mapped[0] if mapped else {}
        entry = {
            "name": name,
            "description": _at(descriptions, at),
            "score_type": _at(scores, at),
            "term": first.get("term"),
            "term_name": first["name"] if first and first["name"] != first["term"] else None,
            "terms": mapped[1:],
        }
        found.append(filled(entry) if name else {})
    beyond = [
        v
        for k in ("Description", "Score Type", "Term Accession")
        for row in block.all(f"Phenotype {k}")
        for v in row[len(names) :]
        if v
    ]  # fmt: skip
    if beyond:
        notes.append(f"{len(beyond)} values beside 'Phenotype Name' belong to no phenotype")
    return found


def _at(row: tuple[str, ...], at: int) -> str:
    return row[at] if at < len(row) else ""
