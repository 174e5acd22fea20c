"""What the two studies have in common, where their samples were taken, and what changed since a release before."""

from __future__ import annotations

import json
from functools import cached_property

from portal import addresses
from portal.changes import Cell, Changes, Example, StudyChanges, TableChanges
from portal.crossing import CrossComponent, CrossGene, Crossing, CrossPhenotype, GenesOfOrganism, Pair, PhenotypeCell
from portal.engine.step import Opened
from portal.pages.outlines import EARTH, WORLD
from portal.spots import Holder, Placed, Spot
from tests.pages.content import PHENOTYPES
from tests.pages.listed import Listed


class Crossed(Listed):
    """The content with what spans studies."""

    @cached_property
    def crossing(self) -> Crossing:
        """The first three phenotypes are looked for by both studies, the one without a term by the screen alone."""
        found = []
        for at, (n, c, tn) in enumerate(PHENOTYPES):
            having = sum(n in r["seen"] and not r["control_type"] for r in self.rows)
            shared = (PhenotypeCell(at=1, samples=(0, 20, 300)[at]),) if c else ()
            found.append(
                CrossPhenotype(
                    term=c, name=self.text(tn or n) if c else n, words=(self.text(n),) if c else (),
                    slug=addresses.term_slug(c, tn or n), looked_for=2 if c else 1, studies=2 if c else 1,
                    cells=(PhenotypeCell(at=0, samples=having), *shared),
                )
            )  # fmt: skip
        genes = tuple(
            CrossGene(slug=g.slug, name=g.name, organism="Homo sapiens", studies=2, hit=2, components=2, sampled=(0, 1), found=(0, at % 2))
            for at, g in enumerate(self.gene_lines)
        )
        human = self.text("Homo sapiens")
        return Crossing(
            components=(
                CrossComponent(study="tst0001", component="screenA", organism=human, samples=len(self.rows), recorded=True),
                CrossComponent(study="demo0002", component="experimentA", organism=self.text("Mus musculus"), samples=2),
            ),
            phenotypes=tuple(found),
            broader=(("CMPO:0000003", self.text("cellular phenotype")),),
            genes=(GenesOfOrganism(organism=human, several=12, genes=genes),),
            organisms=(human,),
            technologies=(self.text("RNAi screen"),),
            places=(("demo0002", "experimentA"), ("tst0001", "screenA")),
            pair=Pair(first="CMPO:0000118", study="tst0001", second="CMPO:0000140"),
        )  # fmt: skip

    @cached_property
    def placed(self) -> list[Placed]:
        """Two places in one dataset, too near each other to be told apart, and one in another."""
        near, far = Holder(container="stacks", samples=1), Holder(container="kept elsewhere", samples=2)
        spots = (
            Spot(latitude=43.5, longitude=7.25, samples=1, controls=0, with_phenotype=0, holders=(near,)),
            Spot(latitude=43.501, longitude=7.25, samples=1, controls=0, with_phenotype=0, holders=(near,)),
            Spot(latitude=-12.5, longitude=-77.0, samples=1, controls=1, with_phenotype=1, holders=(far,)),
        )
        return [Placed(study="demo0002", component="experimentA", kind="experiment", elsewhere=1, spots=spots)]

    @property
    def placed_trees(self) -> list[Opened]:
        return [self.shelf.tree({f"placed/{p.study}/{p.component}.json": p.model_dump_json().encode()}) for p in self.placed]

    @property
    def outlines(self) -> bytes:
        """outlines.json of an Earth with one square island, in the shape that assets/vendor.mjs writes."""
        left, top, width, height = WORLD
        detail = {"land": [[-1000, -1000, 2000, 0, 0, 2000, -2000, 0]], "borders": [[0, -1000, 0, 2000]]}
        edge = [[left, top, width, 0, 0, height, -width, 0]]
        return json.dumps({"earth": EARTH, "edge": edge, "coarse": detail, "fine": detail}).encode()

    @cached_property
    def releases(self) -> dict[str, bytes]:
        """One release, in which a study came, one went and one cell changed."""
        key = (("study", "tst0001"), ("sample", self.text("A1")))
        cells = (Cell(column="quality", before=self.text("pass"), after=self.text("fail")), Cell(column="gene_id", before=None, after="7"))
        samples = TableChanges(
            name="samples", keyed=True, rows_before=700, rows_after=len(self.rows), added=1, removed=1, changed=1,
            columns_added=("counted",), columns_removed=("old",), columns_retyped=("row",), cells={"quality": 1, "gene_id": 1},
            examples_added=(Example(key=key),), examples_removed=(Example(key=key),), examples_changed=(Example(key=key, cells=cells),),
        )  # fmt: skip
        told = Changes(
            name="2026.1",
            tables=(samples, TableChanges(name="images", keyed=True, rows_before=98, rows_after=98, added=0, removed=0)),
            tables_added=("term_names",),
            studies=(
                StudyChanges(study="tst0001", state="changed", tables={"samples": (1, 1, 1)}),
                StudyChanges(study="gone0009", state="removed"),
            ),
            studies_total=3,
        )
        return {f"releases/{told.name}.json": told.model_dump_json().encode()}
