"""How to cite a study: in words, BibTeX, RIS and CSL-JSON, and as schema.org JSON-LD.

Each file cites the images (the study's record here) first, then every publication. CSL-JSON:
citation-style-language/schema 1.0. RIS: one field a line, tags of the 2011 specification. JSON-LD:
schema.org Dataset with the fields that Google's data set search asks for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from portal import addresses
from portal.facts import SiteFrame, StudyFacts
from portal.model import Publication, Study
from portal.pages import prose
from portal.pages.licences import licence

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Name:
    family: str
    given: str = ""


@dataclass(frozen=True)
class Reference:
    """One thing to cite. `kind` is dataset or article."""

    kind: str
    key: str
    title: str
    authors: tuple[Name, ...]
    year: int | None
    doi: str | None
    url: str | None
    publisher: str | None = None
    note: str | None = None
    accession: str | None = None


def _line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def names(authors: str | None) -> tuple[Name, ...]:
    """`Hériché JK, Lees JG` → family and given names. A part without initials is a family name or a group's."""
    found = []
    for part in re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", _line(authors or "")):
        if m := re.match(r"^(.{1,200}?)\s+((?:[A-Z]\.?-?){1,5})(?:\s+(?:Jr|Sr|2nd|3rd)\.?)?$", part):
            found.append(Name(m[1], m[2]))
        elif part:
            found.append(Name(part))
    return tuple(found)


def short_authors(authors: str | None, shown: int = 5) -> str:
    """Authors for a headline: the first two and the last where there are many."""
    parts = [f"{n.family} {n.given}".strip() for n in names(authors)]
    if len(parts) <= shown:
        return ", ".join(parts)
    return f"{parts[0]}, {parts[1]} … {parts[-1]}"


def _year(publication: Publication, study: Study) -> int | None:
    return publication.year or (study.released.year if study.released else None)


def references(study: Study, site: SiteFrame) -> list[Reference]:
    """The record of the images, then the publications.

    An imported or indexed record is published by its source, under the source's accession and address: this site is
    where it was read, and only named in the note.
    """
    first = study.publications[0] if study.publications else None
    people = tuple(Name(p.last_name, p.first_name or "") for p in study.people)
    authors = (names(first.authors) if first else ()) or people
    address = site.site_url.rstrip("/") + "/" + addresses.study(study.accession) if site.site_url else None
    origin = prose.url(study.origin.url) if study.origin and study.origin.url else ""
    elsewhere = study.origin if study.record != "deposited" else None
    accession = (elsewhere and elsewhere.accession) or study.accession
    seen = f", read at {site.title}{f' ({address})' if address else ''}" if elsewhere else ""
    record = Reference(
        kind="dataset",
        key=study.accession,
        title=_line(study.title),
        authors=authors,
        year=study.released.year if study.released else None,
        doi=study.data_doi[0] if study.data_doi else None,
        url=((origin or address) if elsewhere else (address or origin)) or None,
        publisher=elsewhere.source if elsewhere else site.publisher or site.title,
        note=f"Images and metadata, accession {accession}{seen}",
        accession=accession,
    )
    papers = [
        Reference(
            kind="article",
            key=f"{study.accession}-paper" + (str(i) if i > 1 else ""),
            title=_line(p.title or study.title),
            authors=names(p.authors),
            year=_year(p, study) if p.year else None,
            doi=p.doi,
            url=prose.doi(p.doi) if p.doi else (f"https://pubmed.ncbi.nlm.nih.gov/{p.pubmed}/" if p.pubmed else None),
        )
        for i, p in enumerate(study.publications, 1)
    ]
    return [record, *papers]


def in_words(reference: Reference) -> str:
    """One paragraph of plain text."""
    people = ", ".join(f"{n.family} {n.given}".strip() for n in reference.authors)
    parts = [people, f"({reference.year})" if reference.year else "", reference.title]
    text = " ".join(p for p in parts if p).rstrip(".") + "."
    if reference.kind == "dataset":
        text += f" {reference.publisher}, accession {reference.accession or reference.key}."
    where = prose.doi(reference.doi) if reference.doi else reference.url
    return f"{text} {where}" if where else text


def bibtex(found: list[Reference]) -> str:
    """BibTeX with LaTeX's special characters escaped."""

    def tex(text: str) -> str:
        return "".join(_LATEX.get(c, c) for c in _line(text))

    entries = []
    for r in found:
        fields = {
            "title": "{" + tex(r.title) + "}",
            "author": " and ".join(tex(f"{n.family}, {n.given}" if n.given else "{" + n.family + "}") for n in r.authors),
            "year": str(r.year or ""),
            "doi": tex(r.doi or ""),
            "url": _line(r.url or "").replace("{", "%7B").replace("}", "%7D"),
            "publisher": tex(r.publisher or ""),
            "note": tex(r.note or ""),
        }
        # A group's name stays whole: its braces are ours, not the text's.
        fields["author"] = (
            fields["author"].replace(r"\{", "{").replace(r"\}", "}")
            if fields["author"].count("{") == fields["author"].count("}")
            else fields["author"]
        )
        kind = "misc" if r.kind == "dataset" else "article"
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        entries.append("\n".join([f"@{kind}{{{r.key},", *lines, "}"]))
    return "\n\n".join(entries) + "\n"


def ris(found: list[Reference]) -> str:
    """RIS, CRLF line ends."""
    lines: list[tuple[str, str]] = []
    for r in found:
        lines.append(("TY", "DATA" if r.kind == "dataset" else "JOUR"))
        lines += [("AU", f"{n.family}, {n.given}" if n.given else n.family) for n in r.authors]
        for tag, value in (
            ("TI", r.title),
            ("PY", str(r.year or "")),
            ("DO", r.doi),
            ("UR", r.url),
            ("PB", r.publisher),
            ("AN", r.accession or ""),
            ("N1", r.note),
        ):
            if value:
                lines.append((tag, value))
        lines.append(("ER", ""))
    return "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in lines)


def csl(found: list[Reference]) -> str:
    """CSL-JSON: a list of records."""
    records = []
    for r in found:
        record: dict[str, object] = {"id": r.key, "type": "dataset" if r.kind == "dataset" else "article-journal", "title": r.title}
        if r.authors:
            record["author"] = [{"family": n.family, "given": n.given} if n.given else {"literal": n.family} for n in r.authors]
        if r.year:
            record["issued"] = {"date-parts": [[r.year]]}
        for name, value in (("DOI", r.doi), ("URL", r.url), ("publisher", r.publisher), ("note", r.note)):
            if value:
                record[name] = value
        records.append(record)
    return json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def json_ld(facts: StudyFacts, site: SiteFrame, downloads: list[tuple[str, str]]) -> dict[str, object]:
    """schema.org Dataset. `downloads`: (name, absolute address) of Parquet files; empty where the site's address is not known."""
    study = facts.study
    found = references(study, site)
    terms = licence(study.licence, study.licence_url)
    text = _line(study.description or study.title)
    methods = sorted({m.name for c in study.components for m in c.imaging_method})
    organisms = sorted({o.name for c in study.components for o in study.organisms_of(c)})
    address = (site.site_url.rstrip("/") + "/" + addresses.study(study.accession)) if site.site_url else found[0].url
    full: dict[str, object | None] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "name": study.title,
        # Google asks for 50 to 5,000 characters.
        "description": text[:5000] if len(text) >= 50 else f"{text} ({study.title}; accession {study.accession})",
        "identifier": [study.accession, *(prose.doi(d) for d in study.data_doi)],
        "url": address,
        "license": terms.url or terms.name if terms else None,
        "datePublished": study.released.isoformat() if study.released else None,
        "keywords": [*study.keywords, *organisms, *methods],
        "measurementTechnique": methods,
        "creator": [
            {"@type": "Person", "familyName": n.family, "givenName": n.given, "name": f"{n.given} {n.family}".strip()}
            for n in found[0].authors
        ],
        "citation": [in_words(r) for r in found[1:]],
        "isBasedOn": prose.url(study.origin.url) if study.origin and study.origin.url else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": site.title, "url": site.site_url}
        if site.site_url
        else {"@type": "DataCatalog", "name": site.title},
        "distribution": [
            {"@type": "DataDownload", "name": name, "encodingFormat": "application/vnd.apache.parquet", "contentUrl": url}
            for name, url in downloads
        ],
    }
    return {k: v for k, v in full.items() if v}
