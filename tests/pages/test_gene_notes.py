"""What a gene's page says of a symbol that a spreadsheet ate, and of the pages outside that a study names."""

from __future__ import annotations

import pytest

from portal.facts import Eaten, GeneFacts
from portal.model import Term
from portal.pages import entities
from portal.pages.render import opened
from tests.pages.fixtures import Portal
from tests.pages.reading import Reading


def page(portal: Portal, **told: object) -> Reading:
    gene = GeneFacts.model_validate({
        "slug": "march2--homo-sapiens", "name": "MARCH2", "symbol": "MARCH2", "organism": Term(name="Homo sapiens"),
        "identifiers": ("ENSG00000129810", "CG1"), "appearances": (), **told,
    })  # fmt: skip
    return Reading(next(iter(entities.gene_page(opened(portal.given()), gene).values())).decode())


@pytest.mark.parametrize(
    ("eaten", "says"),
    [
        (
            Eaten(written="Mar-02", identifier="51257", proved=True),
            "Mar-02 , which a spreadsheet made of MARCH2 : identifier 51257 says so.",
        ),
        (Eaten(written="Mar-02", identifier="7"), "made of a symbol such as MARCH2 or MARC2; no other row with identifier 7 says which."),
        (Eaten(written="Mar-02"), "made of a symbol such as MARCH2 or MARC2; no identifier beside it says which."),
    ],
)
def test_a_page_says_what_the_table_writes(portal: Portal, eaten: Eaten, says: str) -> None:
    text = " ".join(" ".join(page(portal, eaten=(eaten,)).text).split())
    assert says.replace(" ", "") in text.replace(" ", "")


def test_a_page_that_a_study_names_comes_first_unless_the_portal_knows_the_site(portal: Portal) -> None:
    links = {"ENSG00000129810": "http://ensembl.org/old/ENSG00000129810", "CG1": "https://flies.example/CG1"}
    found = page(portal, links=links).links
    assert "https://www.ensembl.org/id/ENSG00000129810" in found and "https://flies.example/CG1" in found
    assert "http://ensembl.org/old/ENSG00000129810" not in found
    assert not [x for x in page(portal, links={"CG1": "javascript:alert(1)"}).links if "javascript" in x]
