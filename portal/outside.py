"""Outside pages about identifiers, where portal.yaml lists none: name, pattern of the whole identifier, address, and of what kinds.

A bare number is an Entrez identifier of a gene and a PubChem identifier of a compound: the kind tells which. No kinds: all.
"""

from __future__ import annotations

_OLS = "https://www.ebi.ac.uk/ols4/search?q={id}&ontology="

# Patterns as identifiers.org gives them, but without what any word could match.
_GENES = ("gene", "protein")
LINKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Ensembl", r"ENS[A-Z]*[GTP]\d{11}", "https://www.ensembl.org/id/{id}", ()),
    ("NCBI Gene", r"\d{1,9}", "https://www.ncbi.nlm.nih.gov/gene/{id}", _GENES),
    ("RefSeq", r"[NX][MR]_\d{6,9}(?:\.\d+)?", "https://www.ncbi.nlm.nih.gov/nuccore/{id}", ()),
    ("RefSeq", r"[NXY]P_\d{6,9}(?:\.\d+)?", "https://www.ncbi.nlm.nih.gov/protein/{id}", ()),
    ("UniProt", r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}", "https://www.uniprot.org/uniprotkb/{id}", ()),
    ("PomBase", r"SP[A-Z]{2,3}[0-9]+[A-Za-z0-9]*\.[0-9]+[A-Za-z]?", "https://www.pombase.org/gene/{id}", ()),
    ("SGD", r"Y[A-P][LR]\d{3}[CW](?:-[A-Z])?", "https://www.yeastgenome.org/locus/{id}", ()),
    ("FlyBase", r"FBgn\d{7}", "https://flybase.org/reports/{id}", ()),
    ("TAIR", r"A[Tt][1-5CM][Gg]\d{5}", "https://www.arabidopsis.org/locus?name={id}", ()),
    ("CMPO", r"CMPO:\d{7}", _OLS + "cmpo", ()),
    ("FBbi", r"FBbi:\d{8}", _OLS + "fbbi", ()),
    ("NCBI Taxonomy", r"NCBITaxon:\d{1,8}", _OLS + "ncbitaxon", ()),
    ("EFO", r"EFO:\d{7}", _OLS + "efo", ()),
    ("PubMed", r"PMID:\d{1,9}", "https://identifiers.org/{id}", ()),
    ("DOI", r"10\.\d{4,9}/\S+", "https://doi.org/{id}", ()),
    ("PubChem", r"\d{1,9}", "https://pubchem.ncbi.nlm.nih.gov/compound/{id}", ("compound",)),
    ("PubChem", r"[A-Z]{14}-[A-Z]{10}-[A-Z]", "https://pubchem.ncbi.nlm.nih.gov/#query={id}", ("compound",)),
    ("ChEMBL", r"CHEMBL\d{1,9}", "https://www.ebi.ac.uk/chembl/explore/compound/{id}", ("compound",)),
    ("Antibody Registry", r"AB_\d{4,9}", "https://www.antibodyregistry.org/{id}", ("antibody",)),
    ("Human Protein Atlas", r"(?:HPA|CAB)\d{6}", "https://www.proteinatlas.org/search/{id}", ("antibody",)),
)
