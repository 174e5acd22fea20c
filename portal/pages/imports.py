"""All imports together: a line a study with totals that sum, and every source that gave none, with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portal import addresses
from portal.accounts import Account, summed
from portal.engine.step import Work, recipe
from portal.ledger import Overview
from portal.pages.bars import SORTS, Bar, bar, bars, legend
from portal.pages.prose import count, words
from portal.pages.render import Crumb, Page, opened

FILE = addresses.IMPORTS + "imports.json"
_REFUSED = "refused by the importer"


@dataclass(frozen=True)
class Line:
    """One study's import in the table. `cells`: its bar."""

    its: Account
    address: str
    cells: Bar


@dataclass(frozen=True)
class Absent:
    """A source that was given to an importer and is no study of this portal."""

    importer: str
    source: str
    accession: str
    what: str
    why: str


def total(accounts: Sequence[Account]) -> Account:
    """All of them as one. `differences` is None only where nothing was compared anywhere."""
    compared = [a.differences for a in accounts if a.differences is not None]
    return Account(
        accession="",
        title="",
        importer="",
        source="",
        **{name: sum(getattr(a, name) for a in accounts) for name in ("components", "samples", "bytes", "compared", "not_summing")},
        **{sort: summed(getattr(a, sort) for a in accounts) for _, sort in SORTS},
        differences=sum(compared) if compared else None,
    )


def absent(overviews: Iterable[Overview], studies: Iterable[str], left_out: Iterable[str]) -> list[Absent]:
    """Every source that gave no study here: refused, left out for its errors, or imported to somewhere else. Refused ones first."""
    here, wrong = set(studies), set(left_out)
    found = []
    for overview in overviews:
        for s in overview.sources:
            name = s.accession or ""
            if s.outcome == "refused":
                found.append(Absent(overview.importer, s.source, name, _REFUSED, s.reason or "no reason was given"))
            elif name in wrong:
                found.append(Absent(overview.importer, s.source, name, "left out of the portal", "its record has errors"))
            elif name not in here:
                found.append(
                    Absent(
                        overview.importer,
                        s.source,
                        name,
                        "not in this portal",
                        "it was imported, and no study of this build has its accession",
                    )
                )
    return sorted(found, key=lambda a: (a.what != _REFUSED, a.what, a.importer, a.source))


def _lead(accounts: Sequence[Account], gone: Sequence[Absent], unreported: int) -> str:
    importers = sorted({a.importer for a in accounts})
    refused = sum(a.what == _REFUSED for a in gone)
    told = "No study here came with a report of its import."
    if accounts:
        of = f"the {words(importers)} importer{'s' if len(importers) > 1 else ''}"
        told = f"{count(len(accounts), 'study', 'studies')} came through {of}: {count(sum(a.samples for a in accounts), 'sample')}."
    if refused:
        told += f" {count(refused, 'source')} {'was' if refused == 1 else 'were'} refused, and it is told below why."
    if unreported:
        told += f" {count(unreported, 'study', 'studies')} {'has' if unreported == 1 else 'have'} no report."
    return told


def _as_json(accounts: Sequence[Account], whole: Account, gone: Sequence[Absent], unreported: Sequence[str]) -> bytes:
    told = {
        "studies": [a.model_dump(mode="json") for a in accounts],
        "total": whole.model_dump(mode="json", exclude={"accession", "title", "importer", "source", "without_samples"}),
        "without_report": list(unreported),
        "absent": [{"importer": a.importer, "source": a.source, "accession": a.accession, "what": a.what, "why": a.why} for a in gone],
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


@recipe("code")
def imports(work: Work, *, studies: Sequence[str] = (), left_out: Sequence[str] = ()) -> dict[str, bytes]:
    """`about/imports/` and `imports.json` beside it; nothing where there is neither a report nor an overview.

    Inputs after templates and frame: {account.json} of each study that has a report, {overview.json} of each importer.
    `studies` are those of the portal, `left_out` those with errors.
    """
    trees = work.inputs[2:]
    accounts = sorted(
        (Account.model_validate_json(t.read("account.json")) for t in trees if "account.json" in t), key=lambda a: a.accession
    )
    overviews = [Overview.model_validate_json(t.read("overview.json")) for t in trees if "overview.json" in t]
    if not accounts and not overviews:
        return {}
    gone = absent(overviews, studies, left_out)
    reported = {a.accession for a in accounts}
    unreported = sorted(s for s in studies if s not in reported)
    whole = total(accounts)
    drawn = bars(whole)
    page = Page(
        address=addresses.IMPORTS,
        title="Imports",
        kind="imports",
        style="record",
        crumbs=(Crumb("About", addresses.ABOUT),),
        here="Imports",
        description="What every import read, mapped, kept and left over, and which sources were refused.",
    )
    context: dict[str, Any] = {
        "lead": _lead(accounts, gone, len(unreported)),
        "lines": [Line(a, addresses.provenance(a.accession), bar("Cells", a.cells, "cells")) for a in accounts],
        "total": whole,
        "bars": drawn,
        "legend": legend(drawn),
        "absent": gone,
        "unreported": [(s, addresses.study(s)) for s in unreported],
        "not_summing": [a.accession for a in accounts if a.not_summing],
        "json": FILE,
    }
    site = opened(work)
    return {**site.page("imports.html", page, **context), FILE: _as_json(accounts, whole, gone, unreported)}
