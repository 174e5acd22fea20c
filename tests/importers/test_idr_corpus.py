"""Twelve real IDR studies, chosen for their differences, against figures that were counted apart from this code.

The corpus lies beside the checkout (`../shared/corpus`); without it these tests are skipped.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

from ingest.importers.idr.folder import import_idr
from portal.ledger import Component, Ledger
from tests.conftest import Whole
from tests.importers.sampled import Sampled, sampled, study_of

CORPUS = Path(__file__).parents[2] / "../shared/corpus"
TWELVE = "0001 0002 0008 0012 0013 0018 0021 0023 0027 0028 0032 0072".split()

pytestmark = pytest.mark.skipif(not (CORPUS / "truth.json").is_file(), reason=f"no corpus of real studies at {CORPUS}")


def sources() -> list[Path]:
    return [next((CORPUS / "idr").glob(f"idr{number}-*")) for number in TWELVE]


@functools.cache
def truth() -> dict:
    return json.loads((CORPUS / "truth.json").read_text())["table1"]


class Imported:
    """The twelve in the import of the whole corpus; components are read when they are asked for."""

    def __init__(self, whole: Whole, scratch: Path):
        self.into, self._scratch = whole.studies, scratch
        self.ledgers: dict[str, Ledger] = {a: whole.ledgers[a] for a in (f"idr{n}" for n in TWELVE)}
        self._sampled: dict[tuple[str, str], Sampled] = {}

    @property
    def components(self) -> dict[str, Component]:
        return {f"{a}/{c.name}": c for a, told in self.ledgers.items() for c in told.components}

    def component(self, accession: str, name: str) -> Sampled:
        if (accession, name) not in self._sampled:
            scratch = self._scratch / f"{accession}-{name}"
            scratch.mkdir()
            self._sampled[accession, name] = sampled(self.into / accession, name, scratch)
        return self._sampled[accession, name]


@pytest.fixture(scope="module")
def imported(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Imported(whole, tmp_path_factory.mktemp("idr"))


def screens() -> list[tuple[str, str, str]]:
    """(accession, component, key in the truth) of every component that has figures."""
    if not (CORPUS / "truth.json").is_file():
        return []
    known = [(a, truth()[a]["screens"]) for a in (f"idr{n}" for n in TWELVE) if a in truth()]
    return [(a, figures["name"].rpartition("/")[2], key) for a, all_ in known for key, figures in all_.items() if figures["rows"]]


def counted(components: list[Sampled], column: str) -> set[int]:
    """Distinct cells of a source column, counted as we keep it and as the figures were counted.

    Where library and processed differ in a column (`C9orf5`, `C9ORF5`; a reagent that only one names), both are kept, the
    second as `… (2)`; the figures took the processed table's cell. Their reader took words for missing values
    that stand for themselves here: `nan` is a gene of the fruit fly.
    """
    found = set()
    for name in (column, f"{column} (2)"):
        cells = {c for it in components for c in it.table.get(name, it.table.get(column, [])) if c}
        found |= {len(cells), len(cells - {"nan"}), len(cells - {"empty", "NA"})}
    return found


def test_all_twelve_are_imported(imported: Imported) -> None:
    for accession, told in imported.ledgers.items():
        assert (told.accession, told.source) == (accession, next(s.name for s in sources() if s.name.startswith(accession)))
        assert [p for p in told.problems if "has no licence" not in p] == []


@pytest.mark.parametrize(("accession", "component", "key"), screens())
def test_figures_of_a_component(imported: Imported, accession: str, component: str, key: str) -> None:
    figures = truth()[accession]["screens"][key]
    it = imported.component(accession, component)
    study = study_of(imported.into / accession).component(component)
    assert study.samples is not None
    found = {
        "rows": len(it.samples["sample_id"]),
        "distinct_plate_well_or_image": len(set(it.samples["sample_id"])),
        "control_rows": sum(1 for c in it.samples["control_type"] if c),
        "rows_with_phenotype": sum(it.samples["has_phenotype"]),
        "phenotypes_observed": len({p.casefold() for p in it.phenotypes["phenotype"]}),
        "terms_observed": len({t for t in it.phenotypes["term"] if t}),
        "distinct_gene_identifiers": len({g for g in it.samples["gene_id"] if g}),
        "phenotypes_declared_in_study_txt": len(study.phenotypes),
        "phenotype_columns": len(study.samples.phenotypes),
    }
    assert found == {k: figures[k] for k in found}
    assert it.summary["samples"] == figures["rows"]
    assert figures["distinct_gene_symbols"] in counted([it], study.samples.columns["gene.symbol"])


@pytest.mark.parametrize("accession", sorted({a for a, _, _ in screens()}))
def test_unsplit_identifier_cells_of_a_study(imported: Imported, accession: str) -> None:
    counts = truth()[accession]["raw_counts"]
    names = [c.name for c in study_of(imported.into / accession).components if c.samples]
    rows = [row for n in names for row in zip(*(imported.component(accession, n).samples[c] for c in ("gene_id", "control_type")))]
    assert len({gene for gene, _ in rows if gene}) == counts["distinct_gene_identifiers"]
    assert len({gene for gene, control in rows if gene and not control}) == counts["distinct_gene_identifiers_non_control"]
    assert sum(len(imported.component(accession, n).samples["sample_id"]) for n in names) == counts["rows"]
    for column, count in counts["other_target_columns"].items():
        assert count in counted([imported.component(accession, n) for n in names], column), column


def test_joins_are_those_that_were_counted(imported: Imported) -> None:
    for name, component in imported.components.items():
        accession = name.partition("/")[0]
        join = truth().get(accession, {}).get("screens", {}).get(f"{accession}-{name[-1]}", {}).get("join")
        if not join:
            continue
        assert component.join is not None
        found = (component.joined_on, component.join.keys, component.join.samples)
        assert found == (join["key"], join["processed_keys"], join["library_rows_matched"])
        assert component.join.unmatched == join["processed_keys_unmatched"]
        assert component.join.repeated == join["processed_dup_keys"]


def test_component_without_tables_says_why(imported: Imported) -> None:
    component = study_of(imported.into / "idr0013").component("screenA")
    assert component.samples is None
    assert component.missing and "idr0013-screenA-library.txt, which is not in the folder" in component.missing
    assert len(component.phenotypes) == 18
    assert component.protocols
    assert component.size and component.size.plates == 510


def test_cohesion_of_sister_chromatids(imported: Imported) -> None:
    """The paper's example: SGOL1 in human studies, and S. pombe's sgo1, which is another organism's gene."""

    def of(accession: str, component: str, symbol: str) -> tuple[int, set[str]]:
        it = imported.component(accession, component)
        samples = {
            s for s, kind, name in zip(*(it.targets[c] for c in ("sample_id", "kind", "symbol"))) if kind == "gene" and name == symbol
        }
        return len(samples), {t for s, t in zip(it.phenotypes["sample_id"], it.phenotypes["term"]) if s in samples and t}

    assert of("idr0012", "screenA", "SGOL1") == (1, {"CMPO:0000118", "CMPO:0000305"})
    assert of("idr0013", "screenB", "SGOL1") == (8, {"CMPO:0000156", "CMPO:0000202", "CMPO:0000338", "CMPO:0000357"})
    assert of("idr0001", "screenA", "sgo1")[0] == 2


def test_second_terms_stay_beside_their_phenotype(imported: Imported) -> None:
    phenotypes = {p.name: p for p in study_of(imported.into / "idr0012").component("screenA").phenotypes}
    terms = [t.term for t in phenotypes["SM phenotype (round cells and many in metaphase)"].all_terms]
    assert terms == ["CMPO:0000118", "CMPO:0000305"]
    assert [t.term for t in phenotypes["bright nuclei"].all_terms] == ["CMPO:0000154"]
    without = {p.name for p in study_of(imported.into / "idr0012").component("screenB").phenotypes if not p.all_terms}
    assert without == {"debris", "normal cells"}


def test_study_fields(imported: Imported) -> None:
    study = study_of(imported.into / "idr0012")
    assert study.licence == "CC-BY-NC-ND-4.0"
    assert str(study.released) == "2016-12-16"
    assert [(p.doi, p.pubmed, p.pmc) for p in study.publications] == [("10.1038/msb.2010.25", "20531400", "PMC2913390")]
    assert [(p.last_name, p.first_name, p.roles) for p in study.people] == [("Boutros", "Michael", ("submitter",))]
    assert [o.term for o in study.organisms] == ["NCBITaxon:9606"]
    assert [c.name for c in study.components] == ["screenA", "screenB", "screenC"]  # study.txt declares one
    method = study.component("screenA").imaging_method[0]
    assert (method.name, method.term) == ("fluorescence microscopy", "FBbi:00000246")  # written Fbbi
    assert study.component("screenA").size.images_5d == 45_692  # type: ignore[union-attr]
    assert study.component("screenA").source["Library Manufacturer"] == ("Dharmacon",)
    fly, human = study_of(imported.into / "idr0008").components
    assert [fly.organisms[0].name, human.organisms[0].name] == ["Drosophila melanogaster", "Homo sapiens"]


def test_every_entry_is_accounted_for(imported: Imported) -> None:
    for accession, told in imported.ledgers.items():
        model = study_of(imported.into / accession)
        for block in told.keys:
            source = model.component(block.component).source if block.component else model.source
            assert block.count("kept") == len(source)
            assert block.count("mapped") + block.count("kept") + block.count("empty") == len(block.entries)


def test_tables_are_verbatim(imported: Imported) -> None:
    for source in sources():
        for copy in (imported.into / source.name.split("-")[0]).rglob("*.txt*"):
            assert copy.read_bytes() == (source / copy.parent.name / copy.name).read_bytes()


def test_same_source_same_bytes(imported: Imported, tmp_path: Path) -> None:
    def read(folder: Path) -> dict[str, bytes]:
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    again = [sources()[1], sources()[6]]
    import_idr(again[::-1], tmp_path)
    import_idr(again, tmp_path)  # over an import that nobody edited
    for accession in ("idr0002", "idr0021"):
        assert read(tmp_path / accession) == read(imported.into / accession)


def test_annotation_csv_is_compared_with_the_join(imported: Imported) -> None:
    components = imported.components
    assert components["idr0002/screenA"].comparison.same  # type: ignore[union-attr]
    different = components["idr0028/screenD"].comparison
    assert different is not None
    assert {d.what: d.samples for d in different.differences} == {
        "phenotypes that only the join has": 2,
        "phenotypes that only annotation has": 2,
    }
    # Without a library, annotation.csv is the table of samples itself.
    assert next(t.role for t in imported.ledgers["idr0072"].tables if t.component == "screenA") == "annotation, samples"
    assert components["idr0072/screenA"].comparison is None
