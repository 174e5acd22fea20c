"""Addresses that resolve a name: `/gene/?value=SGOL1`, and the forms that IDR has printed, `/mapr/<kind>/?value=…`.

They stand alone, without the frame of other pages: a reader who follows one should wait for few bytes (resolve.js says which).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from portal import addresses
from portal.engine.step import Work, recipe
from portal.pages.render import Page, given, opened, read


@dataclass(frozen=True)
class Resolver:
    """`kinds`: of the search index; the names of one kind, or of several where IDR's form did not tell them apart."""

    kinds: tuple[str, ...]
    what: str
    example: str
    browse: str


_GENE = Resolver(("gene",), "a gene, by symbol, synonym or identifier", "SGO1", addresses.GENES)
_PROTEIN = Resolver(("protein", "gene"), "a protein, by name or identifier", "CDK5RAP2", addresses.PROTEINS)
_COMPOUND = Resolver(("compound",), "a compound, by name or identifier", "DMSO", addresses.COMPOUNDS)
_ANTIBODY = Resolver(("antibody",), "an antibody, by identifier or what it binds", "HPA000525", addresses.ANTIBODIES)
_REAGENT = Resolver(("reagent",), "what a reagent (siRNA, pool, ORF) targets, by its identifier", "s10142", addresses.GENES)
_ORGANISM = Resolver(("organism",), "an organism, by name", "human", addresses.ORGANISMS)
_PHENOTYPE = Resolver(("phenotype",), "a phenotype, by accession or name", "CMPO_0000118", addresses.PHENOTYPES)
_CELL_LINE = Resolver(("cell line",), "a cell line, by name", "HeLa", addresses.CELL_LINES)

# IDR's own: github.com/ome/omero-mapr, as configured there (gene, phenotype, sirna, compound, organism, antibody, cellline, orf, protein).
RESOLVERS = {
    "gene": _GENE, "protein": _PROTEIN, "compound": _COMPOUND, "antibody": _ANTIBODY, "reagent": _REAGENT, "sirna": _REAGENT,
    "phenotype": _PHENOTYPE, "organism": _ORGANISM, "cell-line": _CELL_LINE,
    "mapr/gene": _GENE, "mapr/genesupplementary": _GENE, "mapr/protein": _PROTEIN, "mapr/compound": _COMPOUND,
    "mapr/antibody": _ANTIBODY, "mapr/sirna": _REAGENT,
    "mapr/orf": Resolver(("reagent", "gene"), "what an ORF is of", "YAL001C", addresses.GENES),
    "mapr/phenotype": _PHENOTYPE, "mapr/organism": _ORGANISM, "mapr/cellline": _CELL_LINE,
}  # fmt: skip


def _is_listed(work: Work, folder: str) -> bool:
    """Whether there is a list to browse: proteins, compounds and antibodies have one only where there are any, all else always."""
    if folder not in (addresses.PROTEINS, addresses.COMPOUNDS, addresses.ANTIBODIES):
        return True
    name = folder.rstrip("/") + ".json"
    return given(work, name) is not None and bool(json.loads(read(work, name)))


@recipe("code")
def resolvers(work: Work) -> dict[str, bytes]:
    """`<kind>/` and `mapr/<kind>/`. Inputs after templates and frame: the `lines` of the `entities` step."""
    site = opened(work)
    out: dict[str, bytes] = {}
    for path, r in RESOLVERS.items():
        browse = r.browse if _is_listed(work, r.browse) else ""
        page = Page(address=f"{path}/", title=f"Find {r.what.split(',')[0]}", kind="resolve", listed=False)
        out |= site.page("resolve.html", page, kinds=r.kinds, what=r.what, example=r.example, browse=browse)
    return out
