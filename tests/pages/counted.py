"""What is counted of the two studies: facts, pictures, genes, phenotypes, organisms, the catalogue, the manifest."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from portal import addresses
from portal.facts import (
    ChannelFacts,
    ComponentFacts,
    ComponentImages,
    ComponentRecord,
    ContainerFacts,
    ImageFacts,
    PhenotypeCount,
    Refusal,
    RegionFacts,
    Sprite,
    StudyFacts,
    Tally,
)
from portal.model import StudyComponent, Term
from tests.pages.content import PHENOTYPES, Content


class Counted(Content):
    """The content with everything that is derived from it."""

    def _facts_of_screen(self, name: str, rows: list[dict[str, Any]], images: int) -> ComponentFacts:
        t = self.text
        free = [r for r in rows if not r["control_type"]]
        counts = []
        for n, c, tn in PHENOTYPES:
            having = [r for r in rows if n in r["seen"]]
            counts.append(
                PhenotypeCount(
                    name=n,
                    terms=(Term(name=tn or n, term=c),) if c else (),
                    samples=len(having),
                    samples_nc=sum(not r["control_type"] for r in having),
                    genes_nc=len({r["symbol"] for r in having if r["symbol"]}),
                )
            )
        plates = []
        for plate in dict.fromkeys(r["container"] for r in rows):
            inside = [r for r in rows if r["container"] == plate]
            plates.append(
                ContainerFacts(
                    name=plate,
                    kind="plate",
                    address=addresses.container("tst0001", name, plate),
                    samples=len(inside),
                    controls=sum(bool(r["control_type"]) for r in inside),
                    with_phenotype=sum(bool(r["seen"]) for r in inside),
                    rows=16 if self.wells == 384 else 8,
                    columns=24 if self.wells == 384 else 12,
                    images=images if plate == "plate1_1_013" else 0,
                )
            )
        return ComponentFacts(
            study="tst0001",
            component=name,
            samples=len(rows),
            controls=len(rows) - len(free),
            with_phenotype=sum(bool(r["seen"]) for r in rows),
            with_phenotype_nc=sum(bool(r["seen"]) for r in free),
            genes=len({r["symbol"] for r in rows if r["symbol"]}),
            genes_nc=10,
            target_kinds={"gene": 10, "reagent": len(rows)} if rows else {},
            organisms={"Homo sapiens": len(rows)} if rows else {},
            cell_lines={t("HeLa"): len(rows)} if rows else {},
            phenotypes=tuple(counts),
            containers=tuple(plates),
            images=images,
            columns=("Plate", "Well", "Channels"),
            tally=Tally(
                rows_read={t("library.txt"): len(rows), t("processed.txt"): 60},
                rows_joined={t("processed.txt"): 58},
                unmatched_keys={t("processed.txt"): 2},
                unmatched_examples={t("processed.txt"): (t("HT99_A1"),)},
                no_value_cells={t("siRNA Pool Identifier"): 12},
                phenotype_spellings=(t("‘Round cell’ read as ‘round cell’"),),
                notes=(t("windows-1252"),),
            )
            if rows
            else Tally(),
        )

    def _image(self, n: int, **more: Any) -> ImageFacts:
        base = {
            "id": f"tst0001-screena-{n:04}",
            "study": "tst0001",
            "component": "screenA",
            "name": self.text(f"field {n}"),
            "path": self.text(f"images/{n}.ome.tif"),
            "width": 1344,
            "height": 1024,
            "dtype": "uint16",
            "pixel_size": 0.645,
            "kind": "strips",
            "tiles": f"tiles/{n:016x}/",
            "thumbnail": f"tiles/{n:016x}/thumbnail.webp",
            "preview": f"tiles/{n:016x}/preview.webp",
            "synthetic": True,
            "sha256": f"{n:064x}",
            "bytes": 2_752_512 + n,
            "channels": (
                ChannelFacts(name=self.text("DAPI"), colour="#0000ff", low=120, high=4000, label=self.text("DNA")),
                ChannelFacts(name=self.text("Cy3"), colour="#00ff00", low=90, high=2500),
            ),
        }
        return ImageFacts.model_validate(base | more)

    @cached_property
    def screen_images(self) -> ComponentImages:
        wells = [r["sample"] for r in self.rows if r["container"] == "plate1_1_013"][:96]
        found = [self._image(n, container="plate1_1_013", sample=well, featured=n == 3) for n, well in enumerate(wells)]
        sprite = Sprite(
            address="tiles/5b1e5b1e5b1e5b1e/sprite.webp",
            container="plate1_1_013",
            cell=64,
            columns=24,
            rows=4,
            wells={w: i for i, w in enumerate(wells)},
        )
        return ComponentImages(
            images=tuple(found),
            sprites=(sprite,),
            refused=(Refusal(path=self.text("images/bad.tif"), why=self.text("it is 0 bytes long")),),
        )

    @cached_property
    def stack_images(self) -> ComponentImages:
        common = {
            "study": "demo0002",
            "component": "experimentA",
            "container": "stacks",
            "z": 12,
            "t": 5,
            "pixel_size_z": 0.5,
            "time_step": 60.0,
        }
        return ComponentImages(
            images=(
                self._image(900, id="demo0002-experimenta-stack", sample="stack", featured=True, **common),
                self._image(
                    901,
                    id="demo0002-experimenta-slide",
                    sample="slide 2",
                    kind="rgb",
                    brightfield=True,
                    rois="tiles/0000000000000385/rois.json",
                    region_count=201,
                    regions=(
                        RegionFacts(name=self.text("Nucleus"), kind="polygon", x=100.5, y=20, z=2, area=12.25),
                        RegionFacts(kind="point", x=1, y=2, t=0),
                    ),
                    **common,
                ),
            )
        )

    @cached_property
    def facts(self) -> list[StudyFacts]:
        screen = StudyFacts(
            study=self.study,
            components=(self._facts_of_screen("screenA", self.rows, 96), self._facts_of_screen("screenB", [], 0)),
            images=(self.screen_images, ComponentImages()),
        )
        datasets = tuple(
            ContainerFacts(
                name=n,
                kind="dataset",
                address=addresses.container("demo0002", "experimentA", n),
                samples=s,
                controls=0,
                with_phenotype=0,
                images=i,
            )
            for n, s, i in (("stacks", 2, 2), ("kept elsewhere", 0, 0))
        )
        stack = StudyFacts(
            study=self.stack,
            images=(self.stack_images,),
            components=(ComponentFacts(study="demo0002", component="experimentA", containers=datasets, images=2),),
        )
        return [screen, stack]

    def record(self, facts: StudyFacts, component: StudyComponent) -> ComponentRecord:
        at = [c.name for c in facts.study.components].index(component.name)
        return ComponentRecord(
            study=facts.study.accession,
            label=facts.study.label,
            licence=facts.study.licence,
            organisms=facts.study.organisms,
            origin=facts.study.origin,
            component=component,
            facts=facts.components[at],
            images=facts.images[at],
        )
