"""The pages of the ledger: what they say, that their figures sum, that long lists keep their size, that nothing goes unsaid."""

from __future__ import annotations

import json
import re

import pytest

from portal.accounts import PARTS, Account, Shares, account
from portal.ledger import Ledger, Overview
from portal.pages import imports, provenance
from portal.pages.bars import bar, bars
from tests.pages import imported
from tests.pages.fixtures import Portal
from tests.pages.reading import Reading

ADDRESS = "studies/tst0001/provenance/"


def page_of(portal: Portal, ledger: Ledger, *, edited: bool = False) -> dict[str, bytes]:
    state = json.dumps({"edited": edited}).encode()
    report = portal.shelf.tree({"ledger.json": ledger.model_dump_json().encode(), "state.json": state})
    made = provenance.provenance(portal.given(report), components=["screenA", "screenB"])
    return {path: bytes(data) for path, data in made.items() if isinstance(data, bytes)}


def words(data: bytes) -> str:
    return " ".join(" ".join(Reading(data.decode()).text).split())


def test_it_says_what_was_read_and_what_became_of_it(portal: Portal) -> None:
    text = words(page_of(portal, imported.ledger())[ADDRESS + "index.html"])
    for told in (
        "7 files, 6 entries of text and 3 tables with 780 rows",
        "3 taken over",
        "394 used",
        "382 compared",
        "4 met no sample",
        "It adds up.",
        "screenB has no samples: The library file was never deposited.",
        "Of its 11 lines, 6 begin an entry, 1 continues one, 2 are blank, 1 is a comment and 1 belongs to no entry.",
        "12 keys: 40 samples have one of them; 2 keys met no sample.",
        "Rows that met no sample, for example: WDR21A , POLR3",
        "382 samples are in both.",
        "another gene : 3 samples",
        "Person 2 has no last name.",
        "1 hint of a template left out",
        "features are not imported",
    ):
        assert told in text, f"not told: {told}"
    assert "edited by hand" not in text


def test_a_record_edited_since_says_so(portal: Portal) -> None:
    assert "edited by hand after this import" in words(page_of(portal, imported.ledger(), edited=True)[ADDRESS + "index.html"])


def test_ledger_json_is_the_report_byte_for_byte(portal: Portal) -> None:
    ledger = imported.ledger()
    made = page_of(portal, ledger)
    assert made[ADDRESS + "ledger.json"] == ledger.model_dump_json().encode()
    assert Reading(made[ADDRESS + "index.html"].decode()).links.count("ledger.json") >= 1


def test_what_does_not_add_up_is_listed(portal: Portal) -> None:
    good = imported.ledger()
    table = good.tables[0].model_copy(update={"rows_used": 380})
    text = words(page_of(portal, good.model_copy(update={"tables": (table, *good.tables[1:])}))[ADDRESS + "index.html"])
    assert "This ledger does not add up." in text
    assert "380 rows used and 0 left are not its 384 rows" in text
    assert "It adds up." not in text


def test_every_file_column_and_entry_is_named(portal: Portal) -> None:
    """Up to what a page can hold, nothing is left for ledger.json alone; beyond it the page says how many."""
    ledger = imported.ledger(left=300, columns=250)
    text = words(page_of(portal, ledger)[ADDRESS + "index.html"])
    for name in [f.path for f in ledger.files] + [c.name for t in ledger.tables for c in t.columns]:
        assert name in text, f"not named: {name}"
    assert "more files" not in text


def test_long_lists_are_bounded_and_counted(portal: Portal) -> None:
    made = page_of(portal, imported.ledger(left=20_000, columns=1_500))
    text = words(made[ADDRESS + "index.html"])
    assert f"And {20_000 - provenance.MOST_FILES:,} more files" in text
    # Of 1,500 columns three have a place of their own; the others are listed apart.
    assert f"And {1_497 - provenance.MOST_COLUMNS:,} more columns" in text
    assert len(made[ADDRESS + "index.html"]) < 600_000
    assert len(json.loads(made[ADDRESS + "ledger.json"])["files"]) == 20_004


def test_a_long_text_is_cut_on_the_page_and_whole_in_the_data(portal: Portal) -> None:
    made = page_of(portal, imported.ledger(lambda s: s + " x" * 20_000))
    assert len(made[ADDRESS + "index.html"]) < 200_000
    assert len(made[ADDRESS + "ledger.json"]) > 1_000_000


def test_a_component_that_is_gone_is_no_link(portal: Portal) -> None:
    report = portal.shelf.tree({"ledger.json": imported.ledger().model_dump_json().encode(), "state.json": b'{"edited": false}'})
    links = Reading(provenance.provenance(portal.given(report), components=["screenA"])[ADDRESS + "index.html"].decode()).links
    assert "../screenA/" in links
    assert "../screenB/" not in links


@pytest.mark.parametrize("shares", [Shares(mapped=1), Shares(mapped=10**6, left=1), Shares(**dict.fromkeys(PARTS, 7)), Shares()])
def test_a_bar_is_always_full_and_shows_the_least_part(shares: Shares) -> None:
    drawn = bar("Rows", shares, "rows")
    assert sum(p.n for p in drawn.parts) == drawn.total == shares.total
    if drawn.parts:
        assert sum(p.width for p in drawn.parts) == pytest.approx(1000, abs=0.1)
        assert min(p.width for p in drawn.parts) > 5
        starts = [p.start for p in drawn.parts]
        assert starts == pytest.approx([sum(p.width for p in drawn.parts[:n]) for n in range(len(starts))], abs=0.1)


def test_figures_are_those_of_the_ledger() -> None:
    ledger = imported.ledger(left=5, columns=40)
    figures = account(ledger)
    assert figures.files.total == len(ledger.files)
    assert figures.entries.total == sum(len(b.entries) for b in ledger.keys)
    assert figures.rows.total == sum(t.rows for t in ledger.tables)
    assert figures.cells.total == sum(t.rows * len(t.columns) for t in ledger.tables)
    assert figures.differences == 2 + 2 + 3
    assert [b.total for b in bars(figures)] == [figures.files.total, figures.entries.total, figures.rows.total, figures.cells.total]


# ---- all imports together


def _imports(portal: Portal, accounts: list[Account], overviews: list[Overview], **told: list[str]) -> dict[str, bytes]:
    trees = [portal.model("account.json", a) for a in accounts] + [portal.model("overview.json", o) for o in overviews]
    return {path: bytes(data) for path, data in imports.imports(portal.given(*trees), **told).items() if isinstance(data, bytes)}


def _named(accession: str, **size: int) -> Account:
    return account(imported.ledger(**size)).model_copy(update={"accession": accession})


def test_totals_are_the_sums_of_the_lines(portal: Portal) -> None:
    accounts = [_named("b0002", left=9), _named("a0001", columns=40), _named("c0003")]
    made = _imports(portal, accounts, [], studies=["a0001", "b0002", "c0003"])
    html = made["about/imports/index.html"].decode()
    rows = [re.findall(r'<td class="number[^"]*">([\d,]+)</td>', row) for row in re.findall(r"(?s)<tr>.*?</tr>", html)]
    lines = [[int(n.replace(",", "")) for n in row] for row in rows if len(row) == 10]
    assert len(lines) == 4
    assert [sum(column) for column in zip(*lines[:3], strict=True)] == lines[3]
    assert re.findall(r'<a class="mono" href="[^"]*">(\w+)</a>', html) == ["a0001", "b0002", "c0003"]
    told = json.loads(made["about/imports/imports.json"])
    for sort in ("files", "entries", "rows", "cells"):
        for part in PARTS:
            assert told["total"][sort][part] == sum(s[sort][part] for s in told["studies"])


def test_no_source_is_missing_unsaid(portal: Portal) -> None:
    accounts = [_named("tst0001")]
    made = _imports(portal, accounts, [imported.overview()], studies=["tst0001", "mine"], left_out=["tst0007"])
    text = words(made["about/imports/index.html"])
    assert "1 source was refused" in text
    assert "tst0009-broken refused by the importer study.txt names no accession" in text
    assert "tst0007-elsewhere tst0007 left out of the portal its record has errors" in text
    assert "1 study has no report." in text
    told = json.loads(made["about/imports/imports.json"])
    assert told["without_report"] == ["mine"]
    assert [a["source"] for a in told["absent"]] == ["tst0009-broken", "tst0007-elsewhere"]
    elsewhere = _imports(portal, accounts, [imported.overview()], studies=["tst0001"])
    assert "it was imported, and no study of this build has its accession" in words(elsewhere["about/imports/index.html"])


def test_without_any_import_there_is_no_page(portal: Portal) -> None:
    assert _imports(portal, [], [], studies=["mine"]) == {}


def test_only_refused_sources_make_a_page_too(portal: Portal) -> None:
    text = words(_imports(portal, [], [imported.overview()])["about/imports/index.html"])
    assert "No study here came with a report of its import." in text
    assert "study.txt names no accession" in text


def test_study_and_about_lead_there(readings: dict[str, Reading]) -> None:
    assert "provenance/" in readings["studies/tst0001/index.html"].links
    assert "imports/" in readings["about/index.html"].links
    others = [r for path, r in readings.items() if re.fullmatch(r"studies/[^/]+/index.html", path) and "tst0001" not in path]
    assert others
    assert not [r for r in others if "provenance/" in r.links]
