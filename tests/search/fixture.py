"""A small portal to search in: studies, components, phenotypes, organisms and genes that resemble one another."""

from __future__ import annotations

import random

from portal import addresses
from portal.facts import Catalogue, ComponentLine, GeneLine, OrganismLine, PhenotypeLine, StudyLine
from portal.model import Term

HUMAN, POMBE, CEREVISIAE, FLY, FISH = (
    "Homo sapiens", "Schizosaccharomyces pombe", "Saccharomyces cerevisiae", "Drosophila melanogaster", "Danio rerio",
)  # fmt: skip


def _study(
    accession: str, label: str, title: str, authors: str, year: int, organism: str, method: str, identifiers: tuple[str, ...] = ()
) -> StudyLine:
    return StudyLine(
        accession=accession, label=label, title=title, record="imported", organisms=(Term(name=organism),),
        methods=(Term(name=method),),
        study_types=(Term(name="high content screen"),), kinds=("screen",), authors=authors, year=year, components=2,
        identifiers=identifiers,
    )  # fmt: skip


STUDIES = (
    _study(
        "demo0001", "graml-sysgro",
        "A genomic survey of machineries that link cell shape, microtubule organization, and cell-cycle progression",
        "Graml V, Studera X, Carazo Salas RE", 2014, POMBE, "spinning disk confocal microscopy",
    ),
    _study(
        "demo0002", "heriche-condensation", "Focused mitotic chromosome condensation screen using HeLa cells",
        "Hériché JK, Lees JG, Ellenberg J", 2014, HUMAN, "fluorescence microscopy", ("10.1091/mbc.E13-04-0221", "24943848"),
    ),
    _study(
        "demo0013", "neumann-mitocheck", "Phenotypic profiling by time-lapse microscopy reveals cell division genes",
        "Neumann B, Walter T, Heriche JK", 2010, HUMAN, "time-lapse microscopy", ("10.1038/nature08869", "20360735"),
    ),
    _study(
        "demo0023", "szymborska-nuclearpore",
        "Nuclear pore scaffold structure analyzed by super-resolution microscopy and particle averaging",
        "Szymborska A, de Marco A", 2013, HUMAN, "super-resolution microscopy",
    ),
    _study(
        "demo0051", "fulton-tailbud", "Cell rearrangement of the tailbud imaged by light sheet", "Fulton T, Steventon B", 2021, FISH,
        "light sheet fluorescence microscopy",
    ),
    _study(
        "demo0106", "dobson-clearing", "TGF-β signalling assay of pathways and display in cleared kidneys", "Gönczy P, Ørsted Å", 2019, FLY,
        "confocal microscopy",
    ),
)  # fmt: skip

COMPONENTS = tuple(
    ComponentLine(study=s.accession, component=name, kind="screen", label=s.label, organisms=tuple(o.name for o in s.organisms),
                  methods=tuple(m.name for m in s.methods), technology=("RNAi screen",), description=description)
    for s in STUDIES
    for name, description in (("screenA", f"Primary screen. {s.title}"), ("screenB", "Validation with U-2 OS cells and NF-κB reporters"))
)  # fmt: skip

PHENOTYPES = tuple(
    PhenotypeLine(slug=addresses.term_slug(term, name), name=name, term=term, author_names=authors, components=n, studies=n)
    for name, term, authors, n in (
        ("round cell phenotype", "CMPO:0000118", ("round cells", "rounded up"), 5),
        ("mitosis delayed phenotype", "CMPO:0000202", ("mitotic delay/arrest (automatic)", "mitotic delay"), 4),
        ("polylobed nuclear phenotype", "CMPO:0000357", ("acinus nuclear phenotype", "Polylobed"), 2),
        ("elongated cell phenotype", "CMPO:0000077", ("elongated cells", "Long"), 3),
        ("small cells", None, (), 1),
        ("increased number of actin stress fibres", None, (), 1),
        ("decreased number of actin stress fibres", None, (), 1),
    )
)

ORGANISMS = tuple(
    OrganismLine(slug=addresses.term_slug(term, name), name=name, term=term, studies=n, components=n, samples=10 * n)
    for name, term, n in (
        (HUMAN, "NCBITaxon:9606", 3),
        (POMBE, "NCBITaxon:4896", 1),
        (CEREVISIAE, "NCBITaxon:4932", 1),
        (FLY, "NCBITaxon:7227", 1),
        (FISH, None, 1),
    )
)

CATALOGUE = Catalogue(studies=STUDIES, components=COMPONENTS, phenotypes=PHENOTYPES, organisms=ORGANISMS)


def gene(name: str, organism: str, identifiers: tuple[str, ...] = (), synonyms: tuple[str, ...] = (), components: int = 1) -> GeneLine:
    return GeneLine(slug=addresses.gene_slug(name, organism), name=name, organism=organism, identifiers=identifiers, synonyms=synonyms,
                    studies=components, components=components, samples_nc=components * 2, with_phenotype=components)  # fmt: skip


KNOWN = (
    gene("SGOL1", HUMAN, ("ENSG00000129810", "151648"), ("SGO1", "NY-BR-85", "shugoshin 1"), 9),
    gene("sgo1", POMBE, ("SPBC16H5.07c",), (), 2),
    gene("SGOL2", HUMAN, ("ENSG00000163535",), ("SGO2", "TRIPIN"), 3),
    gene("CDK1", HUMAN, ("ENSG00000170312", "983"), ("CDC2", "CDC28A", "P34CDC2"), 7),
    gene("cdk1", FLY, ("FBgn0004106",), ("cdc2", "CG5363"), 2),
    gene("cdc2", POMBE, ("SPBC11B10.09",), (), 1),
    gene("ATM", HUMAN, ("ENSG00000149311", "472"), ("ATA", "TEL1"), 5),
    gene("atms", FLY, ("FBgn0010750",), ("dPAF1",), 1),
    gene("WAS", HUMAN, ("ENSG00000015285",), ("WASP", "THC"), 2),
    gene("IF", FLY, (), ("inflated",), 1),
    gene("TFC3", CEREVISIAE, ("YAL001C",), ("FUN24",), 1),
    gene("RELA", HUMAN, ("ENSG00000173039",), ("NF-κB p65", "NFKB3"), 2),
    gene("ENSG00000999999", HUMAN, ("ENSG00000999999",), (), 1),
    gene("E(spl)m8-HLH", FLY, ("FBgn0000591",), ("m8",), 1),
    gene("PML", HUMAN, ("ENSG00000140464",), ("MYL", "RNF71"), 2),
    gene("HIS3", CEREVISIAE, ("YOR202W",), (), 4),
    gene("His3.3A", FLY, ("FBgn0014857",), (), 1),
)


def many(n: int) -> list[GeneLine]:
    """Known genes among n others, by a fixed seed: symbols share prefixes, as families of genes do."""
    random_ = random.Random(42)
    families = ["".join(random_.choices("ABCDEFGHIKLMNPRSTVZ", k=random_.choice((2, 3, 4)))) for _ in range(400)]
    genes = [*KNOWN]
    for i in range(n):
        name = f"{random_.choice(families)}{random_.randrange(1, 99)}{random_.choice(('', '', 'A', 'B', 'L1'))}-{i}"
        synonyms = tuple(f"{random_.choice(families)}{random_.randrange(1, 999)}" for _ in range(random_.randrange(4)))
        genes.append(
            gene(
                name,
                random_.choice((HUMAN, HUMAN, FLY, CEREVISIAE)),
                (f"ENSG{10**10 + i:011d}", str(100_000 + i)),
                synonyms,
                random_.randrange(1, 9),
            )
        )
    return sorted(genes, key=lambda g: g.slug)
