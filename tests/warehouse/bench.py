"""Small, real component trees, in a real store: what the steps before the warehouse would have made."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from portal import addresses
from portal.engine.step import Opened, Recipe, Tree, Work
from portal.engine.store import Store
from portal.facts import ChannelFacts, ComponentFacts, ComponentImages, ContainerFacts, ImageFacts, PhenotypeCount
from portal.model import Phenotype, Study, StudyComponent, Term
from portal.warehouse.schema import SAMPLE_PHENOTYPES, SAMPLE_TARGETS, SAMPLES
from portal.warehouse.studies import plate_size

HUMAN = Term(name="Homo sapiens", term="NCBITaxon:9606")
POMBE = Term(name="Schizosaccharomyces pombe", term="NCBITaxon:4896")
FLY = Term(name="Drosophila melanogaster", term="NCBITaxon:7227")
PLANT = Term(name="Arabidopsis thaliana", term="NCBITaxon:3702")


# A component's own table: the source's columns as text, beside the normalised ones.
SOURCE = pa.schema([(name, pa.string()) for name in ("study", "component", "Plate", "Well", "sample_id", "Control Type", "Synonyms")])


@dataclass(frozen=True)
class Row:
    """One sample. `genes` are (identifier, symbol) pairs; `phenotypes` names that the component declares."""

    container: str
    sample: str
    genes: tuple[tuple[str | None, str | None], ...] = ()
    phenotypes: tuple[str, ...] = ()
    control: str | None = None
    reagent: str | None = None
    organism: str | None = None
    repeat: int = 1
    others: tuple[tuple[str, str | None, str | None], ...] = ()  # kind, identifier, symbol of further targets
    synonyms: str | None = None


class Bench:
    """A store, and recipes run as the engine runs them."""

    def __init__(self, root: Path):
        self.store = Store(root)

    def opened(self, files: Mapping[str, bytes | Path]) -> Opened:
        return Opened(Tree({path: self.store.put(content) for path, content in files.items()}), self.store.path)

    def part(self, tree: Opened, under: str) -> Opened:
        return Opened(tree.tree.under(under), self.store.path)

    def run(self, recipe: Recipe, *inputs: Opened, **params: object) -> Opened:
        with self.store.scratch() as scratch:
            return self.opened(recipe(Work(inputs, scratch), **params))

    def component(self, study: str, component: StudyComponent, rows: Sequence[Row], organism: str | None = None) -> Opened:
        """What a `samples` step leaves: the four Parquet files and summary.json."""
        tables = component_tables(study, component, rows, organism)
        files: dict[str, bytes | Path] = {f"{name}.parquet": parquet(table) for name, table in tables.items()}
        files["summary.json"] = summary(study, component, tables).model_dump_json().encode()
        return self.opened(files)


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _row_and_column(well: str) -> tuple[int | None, int | None]:
    rows, columns = plate_size([well])
    return (ord(well[0]) - ord("A") + 1, int(well[1:])) if rows and columns else (None, None)


def component_tables(study: str, component: StudyComponent, rows: Sequence[Row], organism: str | None) -> dict[str, pa.Table]:
    screen = component.kind == "screen"
    terms = {p.name: [t.term for t in p.all_terms] or [None] for p in component.phenotypes}
    samples: list[dict[str, object]] = []
    phenotypes: list[dict[str, object]] = []
    targets: list[dict[str, object]] = []
    source: list[dict[str, object]] = []
    for row in rows:
        place: dict[str, object] = {
            "sample_id": addresses.sample_id(study, component.name, row.container, row.sample, row.repeat),
            "study": study, "component": component.name, "container": row.container, "sample": row.sample,
        }  # fmt: skip
        species = row.organism or organism
        control = row.control is not None
        at = _row_and_column(row.sample) if screen else (None, None)
        samples.append(place | {
            "row": at[0], "column": at[1], "organism": species, "gene_id": ";".join(i for i, _ in row.genes if i) or None,
            "gene_symbol": ";".join(s for _, s in row.genes if s) or None, "reagent": row.reagent, "control_type": row.control,
            "has_phenotype": bool(row.phenotypes), "n_images": 0, "counted": True,
        })  # fmt: skip
        phenotypes += [place | {"phenotype": p, "term": t, "control": control} for p in row.phenotypes for t in terms[p]]
        named = [("gene", i, s) for i, s in row.genes] + ([("reagent", row.reagent, None)] if row.reagent else [])
        named += row.others
        targets += [place | {"kind": k, "id": i, "symbol": s, "organism": species, "control": control} for k, i, s in named]
        source.append(
            {
                "study": study,
                "component": component.name,
                "Plate": row.container,
                "Well": row.sample,
                "sample_id": place["sample_id"],
                "Control Type": row.control,
                "Synonyms": row.synonyms,
            }
        )
    return {
        "samples": pa.Table.from_pylist(samples, SAMPLES), "phenotypes": pa.Table.from_pylist(phenotypes, SAMPLE_PHENOTYPES),
        "targets": pa.Table.from_pylist(targets, SAMPLE_TARGETS),
        "table": pa.Table.from_pylist(source, SOURCE),
    }  # fmt: skip


def summary(study: str, component: StudyComponent, tables: Mapping[str, pa.Table]) -> ComponentFacts:
    samples, phenotypes, targets = (tables[n].to_pylist() for n in ("samples", "phenotypes", "targets"))
    containers = []
    for name in sorted({s["container"] for s in samples}):
        mine = [s for s in samples if s["container"] == name]
        rows, columns = plate_size(s["sample"] for s in mine) if component.kind == "screen" else (0, 0)
        containers.append(ContainerFacts(
            name=name, kind="plate" if component.kind == "screen" else "dataset",
            address=addresses.container(study, component.name, name), samples=len(mine), rows=rows, columns=columns,
            controls=sum(s["control_type"] is not None for s in mine), with_phenotype=sum(s["has_phenotype"] for s in mine),
        ))  # fmt: skip
    counted = Counter((p["phenotype"], p["sample_id"]) for p in phenotypes)
    return ComponentFacts(
        study=study, component=component.name, samples=len(samples), controls=sum(s["control_type"] is not None for s in samples),
        counted=len(samples),
        with_phenotype=sum(s["has_phenotype"] for s in samples),
        with_phenotype_nc=sum(s["has_phenotype"] and s["control_type"] is None for s in samples),
        genes=len({t["id"] for t in targets if t["kind"] == "gene" and t["id"]}), containers=tuple(containers),
        phenotypes=tuple(
            PhenotypeCount(name=p.name, terms=p.all_terms, samples=sum(n == p.name for n, _ in counted)) for p in component.phenotypes
        ),
    )  # fmt: skip


def image(study: str, component: str, name: str, container: str | None, sample: str | None = None, **more: object) -> ImageFacts:
    identifier = addresses.image_id(study, component, name)
    return ImageFacts(
        id=identifier, study=study, component=component, container=container, sample=sample, name=name, path=f"images/{name}.tif",
        width=512, height=512, channels=(ChannelFacts(name="DAPI", colour="#0000ff", low=0, high=255),), kind="strips",
        tiles=f"tiles/{identifier}/", thumbnail=f"tiles/{identifier}/thumbnail.webp", preview=f"tiles/{identifier}/preview.webp",
        sha256="0" * 64, bytes=1, **more,
    )  # fmt: skip


def images_file(images: Sequence[ImageFacts], **more: object) -> bytes:
    return ComponentImages(images=tuple(images), **more).model_dump_json().encode()


def study(accession: str, *components: StudyComponent, organisms: Sequence[Term] = (), **more: object) -> Study:
    title = str(more.pop("title", f"Title of {accession}"))
    return Study(accession=accession, title=title, components=components, organisms=tuple(organisms), **more)


def screen(name: str, phenotypes: Sequence[tuple[str, str | None]] = (), **more: object) -> StudyComponent:
    """A screen whose phenotypes are (name, term); a name given twice has two terms."""
    declared: dict[str, list[str]] = {}
    for author, term in phenotypes:
        declared.setdefault(author, []).extend([term] if term else [])
    return StudyComponent(
        name=name, kind=more.pop("kind", "screen"),
        phenotypes=tuple(Phenotype(name=n, terms=tuple(Term(name=f"{n} phenotype", term=t) for t in ts)) for n, ts in declared.items()),
        **more,
    )  # fmt: skip
