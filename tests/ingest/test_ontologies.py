"""Files of terms: real ones whole, broken ones told with line and mend, big ones bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import ontologies, ontology_limits
from ingest.ontologies import find_ontologies, read_ontology
from ingest.ontologies_between import across
from portal.ontology import OntologyTerm, compact

CORPUS = Path(__file__).parents[2] / "../shared/corpus/ontology"


def read(text: str) -> tuple[dict[str, OntologyTerm], list[str]]:
    found, problems = read_ontology(text.encode(), "ontologies/x.obo")
    return {t.accession: t for t in found.terms}, [f"{p.place.line}: {p.what}" for p in problems]


def between(**files: str) -> list[str]:
    """What is told of files together: `a="…"` is the text of ontologies/a.obo."""
    read_files = [read_ontology(("format-version: 1.4\n" + text).encode(), f"ontologies/{name}.obo")[0] for name, text in files.items()]
    return [f"{p.severity} {p}" for p in across(read_files)]


def term(accession: str, *lines: str) -> str:
    return f"\n[Term]\nid: {accession}\nname: name of {accession.replace(':', ' ')}\n" + "".join(f"{line}\n" for line in lines)


def stanza(*lines: str) -> str:
    return "format-version: 1.4\n\n[Term]\n" + "\n".join(lines) + "\n"


def test_all_that_a_term_says_is_read() -> None:
    terms, problems = read(
        stanza(
            "id: http://purl.obolibrary.org/obo/X_0001",
            r"name: a\, b",
            'def: "What \\"it\\" is." [PMID:1]',
            "alt_id: X:0002",
            'synonym: "exactly" EXACT layperson [X:3]',
            'synonym: "exactly" BROAD []',
            "xref: Y:1",
            "is_obsolete: true",
            "replaced_by: X:0005",
            "consider: X:0006",
            "relationship: part_of X:0007 ! whole",
            "relationship: BFO:0000050 X:0008",
            "relationship: develops_from X:0009",
        )
    )
    term = terms["X:0001"]
    assert not problems
    assert (term.name, term.definition, term.line) == ("a, b", 'What "it" is.', 3)
    assert [(s.name, s.scope) for s in term.synonyms] == [("exactly", "EXACT")]
    assert (term.alternative, term.references, term.obsolete) == (("X:0002",), ("Y:1",), True)
    assert (term.replaced_by, term.consider, term.part_of) == (("X:0005",), ("X:0006",), ("X:0007", "X:0008"))


def test_lines_may_end_as_they_do_elsewhere_and_other_stanzas_are_passed_over() -> None:
    text = stanza("id: X:1", "name: one") + "\n[Typedef]\nid: part_of\nname: part of\n"
    for end in ("\n", "\r\n", "\r"):
        terms, problems = read(text.replace("\n", end))
        assert (list(terms), problems) == (["X:1"], [])
    assert read("\ufeff" + text)[0].keys() == {"X:1"}


def test_a_broken_term_costs_that_term_alone() -> None:
    text = stanza("id: X:1", "name: one") + "\n[Term]\nid: X:2\nname two\n\n[Term]\nid: X:3\nname: three\n"
    terms, problems = read(text)
    assert list(terms) == ["X:1", "X:3"] and problems == ["9: cannot be read as OBO: 'name two'"]


def test_a_thousand_broken_terms_are_counted() -> None:
    text = "format-version: 1.4\n" + "\n[Term]\nid: X:1\nname\n" * 1_000
    _, problems = read(text)
    assert len(problems) == ontology_limits.MAX_TOLD + 1 and "0: has 980 further terms that cannot be read" in problems


def test_circles_are_cut_once_and_what_is_far_is_told() -> None:
    terms, problems = read("format-version: 1.4\n" + "".join(f"\n[Term]\nid: X:{n}\nname: n\nis_a: X:{(n + 1) % 3}\n" for n in range(3)))
    assert [len(t.parents) for t in terms.values()] == [1, 1, 0] and len(problems) == 1
    told = between(a="".join(term(f"X:{n}", f"is_a: X:{n + 1}") for n in range(2_999)) + term("X:2999"))
    assert told == [
        "warning ontologies/a.obo:14673: stands 65 steps below its root, and 2,934 more further than 64; "
        "ancestors further than 64 steps are left out"
    ], "the first that is too deep"


def test_what_is_far_is_told_across_files_too() -> None:
    halves = [[term(f"X:{n}", *([f"is_a: X:{n + 1}"] if n < 70 else [])) for n in range(*ends)] for ends in ((0, 40), (40, 71))]
    told = between(a="".join(halves[0]), b="".join(halves[1]))
    assert [t.partition("; ")[0] for t in told] == [
        "warning ontologies/a.obo:28: stands 65 steps below its root, and 5 more further than 64"
    ]


@pytest.mark.parametrize(
    ("text", "first", "more"),
    [
        ("[A]\n" * 5_000, "begins with [A]; write [Term]", "has 4,980 more stanzas that are no [Term]"),
        ("[Term]\nid: X:1\n" * 5_001, "defines X:1 again, which line 2 does", "has 4,980 more terms that come again"),
    ],
)
def test_problems_of_every_sort_are_bounded(text: str, first: str, more: str) -> None:
    _, problems = read_ontology(b"format-version: 1.4\n" + text.encode(), "x.obo")
    assert len(problems) == ontology_limits.MAX_TOLD + 1 and str(problems[0]).startswith(f"x.obo: {more}")
    assert all(first in str(p) for p in problems[1:]) and len({p.severity for p in problems}) == 1


def test_terms_that_cannot_be_read_or_come_again_end_at_the_bound_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ontologies, "MAX_TERMS", 3)
    _, problems = read("format-version: 1.4\n" + term("X:1") + "\n[Term]\nid: X:2\nname\n" + term("X:1") + term("X:3"))
    assert problems[-1] == "15: is past 3 terms"


def test_a_circle_across_files_is_told() -> None:
    assert between(a=term("T:1", "is_a: T:2"), b=term("T:2", "is_a: T:3") + term("T:3", "is_a: T:1")) == [
        "warning ontologies/b.obo:8: is_a T:1 makes T:3 stand below itself; break the circle at one of its terms; this step is left out"
    ]
    gone = ("is_obsolete: true", "replaced_by: ")
    assert between(a=term("T:1", gone[0], gone[1] + "T:2") + term("T:2", gone[0], gone[1] + "T:1")) == [
        "warning ontologies/a.obo:9: replaced_by T:1 makes T:2 stand below itself; "
        "break the circle at one of its terms; this step is left out"
    ]
    many = {side: "".join(term(f"{side}:{n}", f"is_a: {other}:{n}") for n in range(100)) for side, other in ("ab", "ba")}
    told = between(**many)
    assert len(told) == ontology_limits.MAX_TOLD + 1 and "has 80 more circles" in told[-1]


def test_terms_whose_pages_would_be_at_one_address_are_told() -> None:
    told = between(a=term("A:B_C") + term("X:1"), b=term("A_B:C") + term("x:1"))
    mend = "change one of the accessions; where studies use one of the two alone, the page is that one's"
    assert told == [
        f"warning ontologies/b.obo:3: A_B:C ('name of A_B C') would have its page at 'A_B_C', as A:B_C ('name of A B_C') has; {mend}",
        f"warning ontologies/b.obo:7: x:1 ('name of x 1') would have its page at 'X_1', as X:1 ('name of X 1') has; {mend}",
    ]


def test_what_is_cut_of_terms_is_counted_once_a_file() -> None:
    parents, synonyms = [f"is_a: X:{n}" for n in range(203)], [f'synonym: "{n}" EXACT []' for n in range(202)]
    references = [f"xref: Y:{n}" for n in range(201)]
    text = term("T:1", *parents) + term("T:2", *parents, *synonyms, *references, f'def: "{"d" * 5_001}" []') + term("T:3", 'def: "d" []')
    terms, problems = read("format-version: 1.4\n" + text)
    assert problems == [
        "3: is the first of what is too long (T:1): left out are 6 'is_a' past 200 of a term, 2 'synonym' past 200 of a term, "
        "1 'xref' past 200 of a term, the end of 1 'def' past 5,000 characters"
    ]
    assert [len(terms[t].parents) for t in ("T:1", "T:2")] == [200, 200] and len(terms["T:2"].definition or "") == 5_000


def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read("x" * (ontologies.MAX_LINE + 1))[1] == [f"1: has more than {ontologies.MAX_LINE:,} characters"]
    assert read_ontology(b"format-version: 1.4\n\xff", "x")[1][0].place.line == 2
    monkeypatch.setattr(ontologies, "MAX_TERMS", 1)
    terms, problems = read(stanza("id: X:1", "name: one") + "\n[Term]\nid: X:2\nname: two\n")
    assert (list(terms), problems) == (["X:1"], ["7: is past 1 terms"])
    monkeypatch.setattr(ontologies, "MAX_BYTES", 3)
    folder = tmp_path / "ontologies"
    folder.mkdir()
    (folder / "big.obo").write_text("four")
    (folder / "link.obo").symlink_to(folder / "big.obo")
    names, found = find_ontologies(tmp_path)
    assert names == [] and [p.what for p in found] == ["has 4 bytes", "is no file of terms"]


def test_addresses_are_accessions() -> None:
    assert compact("http://purl.obolibrary.org/obo/FBbi_00000246") == "FBbi:00000246"
    assert compact("https://example.org/terms#X_1") == "X:1"
    assert compact("part_of") == "part_of"


@pytest.mark.parametrize(("file", "terms", "parents"), [("cmpo/cmpo.obo", 399, 525), ("fbbi-imaging-semantics/fbbi.obo", 647, None)])
def test_real_files_are_read_whole(file: str, terms: int, parents: int | None) -> None:
    if not (CORPUS / file).is_file():
        pytest.skip(f"{CORPUS / file} is not here")
    found, problems = read_ontology((CORPUS / file).read_bytes(), file)
    assert not problems and len(found.terms) == terms
    assert parents is None or sum(len(t.parents) for t in found.terms) == parents
    known = {t.accession for t in found.terms}
    assert all(p in known for t in found.terms for p in t.parents)
