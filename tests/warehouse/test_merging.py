"""Which names are one gene, compound or antibody: by identifiers, and by what files of names say."""

from __future__ import annotations

from portal.warehouse.identity import Row, identify
from portal.warehouse.merging import Known, contradict, put_together
from portal.warehouse.organisms import fold

ORGANISMS = fold([("Homo sapiens", "NCBITaxon:9606"), ("Drosophila melanogaster", None)], {})
HUMAN = "homo-sapiens"


def known(**genes: tuple[tuple[str, ...], tuple[str, ...]]) -> Known:
    """A file of human names: symbol=(synonyms, identifiers)."""
    of_name: dict[tuple[str, str], frozenset[str]] = {}
    of_identifier: dict[tuple[str, str], frozenset[str]] = {}
    for symbol, (synonyms, identifiers) in genes.items():
        for told, names in ((of_name, synonyms), (of_identifier, identifiers)):
            for name in names:
                told[HUMAN, name] = told.get((HUMAN, name), frozenset()) | {symbol}
    return Known(
        {(HUMAN, s): "the file" for s in genes}, of_name, of_identifier, {(HUMAN, s): n for s, (n, _) in genes.items()},
        {(HUMAN, s): i for s, (_, i) in genes.items()},
    )  # fmt: skip


def human(*rows: tuple[str | None, str | None]) -> list[Row]:
    return [("Homo sapiens", i, s) for i, s in rows]


def named(rows: list[Row], files: Known) -> list[str]:
    """The name of each row's gene."""
    genes, of_row = identify(rows, ORGANISMS, known=files)
    return [genes[n].name for n in of_row]


def test_an_identifier_makes_one_gene_of_several_symbols() -> None:
    genes, of_row = identify(human(("57221", "KIAA1244"), ("57221", "BIG3"), ("57221", "ARFGEF3"), ("57221", None)), ORGANISMS)
    assert [g.name for g in genes] == ["ARFGEF3"] and of_row == [0, 0, 0, 0]
    assert genes[0].synonyms == ("BIG3", "KIAA1244")
    assert genes[0].aliases == ("big3--homo-sapiens", "kiaa1244--homo-sapiens"), "their addresses send readers on"


def test_what_a_file_lists_as_two_genes_stays_two() -> None:
    files = known(CALB1=((), ("ENSG1",)), CALB2=((), ()))
    assert named(human(("ENSG1", "CALB1"), ("ENSG1", "CALB2")), files) == ["CALB1", "CALB2"]
    assert named(human(("ENSG1", "CALB1"), ("ENSG1", "CALB2")), Known()) == ["CALB1", "CALB1"]


def test_an_old_symbol_is_its_present_gene_also_where_no_table_has_that() -> None:
    files = known(SGO1=(("SGOL1", "NY-BR-85"), ()))
    genes, of_row = identify(human(("151648", "SGOL1"), ("ENSG00000129810", "SGO1")), ORGANISMS, known=files)
    assert [g.name for g in genes] == ["SGO1"] and of_row == [0, 0]
    assert [(n.name, n.how, n.source) for n in genes[0].also] == [("SGOL1", "file", "the file"), ("NY-BR-85", "file", "the file")]
    assert named(human(("151648", "SGOL1")), files) == ["SGO1"]
    assert named([("Drosophila melanogaster", None, "SGOL1")], files) == ["SGOL1"], "a file tells of its own organism"


def test_capitals_do_not_hide_an_old_name() -> None:
    files = known(ARHGEF39=(("C9orf100",), ()))
    assert named(human(("NM_032818", "C9ORF100"), ("84904", "C9orf100")), files) == ["ARHGEF39", "ARHGEF39"]


def test_a_synonym_of_several_genes_or_with_another_identifier_joins_nothing() -> None:
    files = known(ASPM=(("ASP",), ()), ASIP=(("ASP",), ()), EIF3B=(("PRT1",), ()))
    assert named(human((None, "ASP"), (None, "ASPM")), files) == ["ASP", "ASPM"]
    assert named(human(("93100", "PRT1"), ("8662", "EIF3B")), files) == ["PRT1", "EIF3B"], "two Entrez genes"
    assert named(human(("ENSG00000106263", "PRT1"), ("8662", "EIF3B")), files) == ["EIF3B", "EIF3B"], "no database tells them apart"


def test_an_identifier_of_a_file_names_a_row_without_a_symbol() -> None:
    files = known(RTS1=((), ("YOR014W",)))
    assert named(human(("YOR014W", None)), files) == ["RTS1"]
    assert named(human(("YOR014W", "SCS1")), files) == ["RTS1"], "and one with a symbol that the file does not know"


def test_a_date_is_restored_by_the_file_that_knows_its_identifier() -> None:
    files = known(MARCHF2=(("MARCH2",), ("51257",)))
    genes, _ = identify(human(("51257", "2-Mar")), ORGANISMS, known=files)
    assert (genes[0].name, [(e.written, e.proved) for e in genes[0].eaten]) == ("MARCHF2", [("2-Mar", True)])


def test_fillers_join_nothing_on_either_side() -> None:
    assert len(set(named(human(*(("none", f"G{n}") for n in range(30))), Known()))) == 30
    counted_up = human(*((f"{n}", "Ciz1") for n in range(100, 140)), ("110", "OTHER"))
    assert named(counted_up, Known())[-1] == "OTHER", "a spreadsheet that counted identifiers upwards makes no gene of two"


def test_compounds_differ_by_more_than_capitals_and_antibodies_by_identifier() -> None:
    rows: list[Row] = [("Homo sapiens", "679", "DMSO"), (None, "679", "Dimethyl sulfoxide"), ("Homo sapiens", None, "dmso")]
    compounds, of_row = identify(rows, ORGANISMS, kind="compound")
    assert ([c.slug for c in compounds], of_row) == (["dmso"], [0, 0, 0]) and compounds[0].organism is None
    antibodies, of_row = identify([(None, "AB_1", "CD20"), (None, "AB_2", "CD20"), (None, None, "CD20")], ORGANISMS, kind="antibody")
    assert sorted(a.name for a in antibodies) == ["CD20", "CD20 AB_1", "CD20 AB_2"] and len(set(of_row)) == 3


def test_only_identifiers_of_one_database_contradict() -> None:
    assert contradict({"8900"}, {"9821"}) and not contradict({"8900"}, {"ENSG00000129810"}) and not contradict({"M-1"}, {"M-2"})
    assert not contradict({"8900", "1"}, {"1"})


def test_groups_do_not_depend_on_the_order_of_rows() -> None:
    pairs = [(HUMAN, "B", "1"), (HUMAN, "A", "1"), (HUMAN, "A", "2"), (HUMAN, "C", "2"), (HUMAN, "D", "3")]
    for order in (pairs, pairs[::-1]):
        assert put_together(order).members((HUMAN, "C")) == ["A", "B", "C"]
