"""Files of terms: real ones whole, broken ones told with line and mend, big ones bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import ontologies
from ingest.ontologies import find_ontologies, read_ontology
from portal.ontology import OntologyTerm, compact

CORPUS = Path(__file__).parents[2] / "../shared/corpus/ontology"


def read(text: str) -> tuple[dict[str, OntologyTerm], list[str]]:
    found, problems = read_ontology(text.encode(), "ontologies/x.obo")
    return {t.accession: t for t in found.terms}, [f"{p.place.line}: {p.what}" for p in problems]


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
    assert len(problems) == ontologies.MAX_TOLD + 1 and "0: has 980 further terms that cannot be read" in problems


def test_circles_are_cut_once_and_what_is_far_is_told() -> None:
    terms, problems = read("format-version: 1.4\n" + "".join(f"\n[Term]\nid: X:{n}\nname: n\nis_a: X:{(n + 1) % 3}\n" for n in range(3)))
    assert [len(t.parents) for t in terms.values()] == [1, 1, 0] and len(problems) == 1
    deep = "format-version: 1.4\n" + "".join(f"\n[Term]\nid: X:{n}\nname: n\nis_a: X:{n + 1}\n" for n in range(3_000))
    _, problems = read(deep)
    assert problems == ["14673: stands 65 steps below its root"], "the first that is too deep"


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
