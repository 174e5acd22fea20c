"""Which columns of IDR's tables name compounds, strains, genotypes and tissues."""

from __future__ import annotations

from ingest.importers.idr.columns import map_columns


def test_identifiers_of_several_systems_are_one_compounds() -> None:
    table = {
        "Plate": ["P"] * 3, "Well": ["A1", "A2", "A3"], "Compound 1 Name": ["aspirin", "aspirin", ""], "Compound 1 SMILES": ["C"] * 3,
        "Compound 1 InChIKey": ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "", ""], "Compound 1 PubChem CID": ["2244", "2244", "679"],
        "Compound 2 Name": ["DMSO", "", ""], "Compound 2 InChIKey": ["", "", "IAZDPXIOMUYVGZ-UHFFFAOYSA-N"],
    }  # fmt: skip
    found = map_columns(list(table), table.__getitem__, "plate")
    assert found.mapped["compound.id"] == ["Compound 1 PubChem CID", "Compound 1 InChIKey", "Compound 2 InChIKey"]
    assert found.mapped["compound.symbol"] == ["Compound 1 Name", "Compound 1 Name", "Compound 2 Name"]
    assert "Compound 1 SMILES" not in found.names
    # One system, or names that are not numbered as the identifiers are: as before.
    one = {name: cells for name, cells in table.items() if "InChIKey" not in name and "2" not in name}
    assert map_columns(list(one), one.__getitem__, "plate").mapped["compound.id"] == "Compound 1 PubChem CID"
    template = {"Compound 1 PubChem CID": "https://example.org/{id}"}
    assert map_columns(list(table), table.__getitem__, "plate", header_links=template).links == {}
    assert map_columns(list(one), one.__getitem__, "plate", header_links=template).links == {"compound.id": "https://example.org/{id}"}


def test_strain_genotype_and_tissue() -> None:
    table = {
        "Plate": ["P"], "Well": ["A1"], "Characteristics [Strain]": ["BY4741"], "Characteristics [Genotype]": [""],
        "Experimental Condition [Genotype]": ["rad50 deletion"], "Characteristics [Organism Part]": ["not applicable"],
    }  # fmt: skip
    found = map_columns(list(table), table.__getitem__, "plate")
    assert {name: found.one(name) for name in ("strain", "genotype", "tissue")} == {
        "strain": "Characteristics [Strain]", "genotype": "Experimental Condition [Genotype]", "tissue": "Characteristics [Organism Part]",
    }  # fmt: skip
    assert found.no_value == ("not applicable",)


def test_a_drug_is_a_compound() -> None:
    table = {"Plate": ["p1"], "Well": ["A1"], "Drug": ["Lenalidomide"], "Drug Concentration": ["1"]}
    found = map_columns(list(table), table.__getitem__, "plate")
    assert found.mapped == {"plate": "Plate", "well": "Well", "compound.symbol": "Drug"}
