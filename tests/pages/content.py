"""What a curator writes and what the tables hold: two studies made from the models."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from portal import addresses
from portal.engine.step import Opened, Tree, digest_of
from portal.model import Study
from portal.pages.samples import row_letters
from portal.warehouse.schema import SAMPLE_PHENOTYPES, SAMPLE_TARGETS, SAMPLES


@dataclass
class Shelf:
    """Bytes by digest in a folder: what recipes are given."""

    folder: Path

    def tree(self, files: Mapping[str, bytes]) -> Opened:
        entries = {}
        for path, data in files.items():
            digest = digest_of(data)
            (self.folder / digest).write_bytes(data)
            entries[path] = digest
        return Opened(Tree(entries), lambda digest: self.folder / digest)


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


PHENOTYPES = (
    ("round cell", "CMPO:0000118", "round cell phenotype"),
    ("increased nucleus size", "CMPO:0000140", "increased nucleus size phenotype"),
    ("elongated cells with protrusions", "CMPO:0000077", "elongated cell phenotype"),
    ("odd looking", None, None),
)
SYMBOLS = ("SGOL1", "AURKB", "INCENP", "PLK1", "KIF11", "CDK1", "BUB1", "C9orf100", "TP53", "MYC")


def _same(text: str) -> str:
    return text


@dataclass
class Content:
    """Two studies. `text` maps every free text to what stands in the content."""

    folder: Path
    text: Callable[[str], str] = _same
    site_url: str | None = "https://example.org/atlas"
    wells: int = 384
    shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "store").mkdir(parents=True, exist_ok=True)
        self.shelf = Shelf(self.folder / "store")

    # ---- what a curator writes

    @cached_property
    def study(self) -> Study:
        t = self.text
        component: dict[str, Any] = {
            "kind": "screen",
            "description": t("To cluster genes, the effects of knockdowns on HeLa cells were measured (p < 0.05)."),
            "organisms": [{"name": "Homo sapiens", "term": "NCBITaxon:9606"}],
            "imaging_method": [{"name": t("fluorescence microscopy"), "term": "FBbi:00000246"}],
            "technology": [{"name": t("RNAi screen"), "term": "EFO:0007551"}],
            "protocols": [
                {
                    "name": t("growth protocol"),
                    "description": t("HeLa cells were kept in *DMEM* with 10 % serum.\n\n- at 37 °C\n- 5 % CO2"),
                },
                {"name": t("image acquisition protocol"), "description": t("Two fields of view a well, 20× objective.")},
            ],
            "phenotypes": [
                {"name": n, "description": t(f"Seen as {n}."), "score_type": "automatic", **({"term": c, "term_name": tn} if c else {})}
                for n, c, tn in PHENOTYPES
            ],
            "size": {"plates": 68, "images_5d": 45692, "terabytes": 0.38, "dimensions": t("1344 x 1024 x 1 x 3 x 1")},
            "source": {"Library Manufacturer": [t("Dharmacon")]},
            "example_images": ["https://example.org/webclient/?show=well-1"],
        }
        return Study.model_validate(
            {
                "accession": "tst0001",
                "label": t("fuchs-cellmorph"),
                "record": "imported",
                "title": t("Clustering phenotype populations by genome-wide RNAi and multiparametric imaging"),
                "description": t(
                    "Genetic screens for phenotypic similarity have made key contributions to associating genes with biological processes. "
                    "With RNA interference, highly parallel phenotyping of loss-of-function effects in cells has become feasible."
                ),
                "released": "2016-12-16",
                "study_type": [{"name": t("high content screen"), "term": "EFO:0007550"}],
                "keywords": [t("RNAi"), t("morphology")],
                "licence": "CC-BY-NC-ND-4.0",
                "copyright": t("Fuchs et al"),
                "organisms": [{"name": "Homo sapiens", "term": "NCBITaxon:9606"}],
                "people": [
                    {
                        "last_name": t("Boutros"),
                        "first_name": t("Michael"),
                        "email": "m.boutros@example.org",
                        "address": t("Heidelberg"),
                        "roles": ["submitter"],
                    }
                ],
                "publications": [
                    {
                        "title": t("Clustering phenotype populations by genome-wide RNAi and multiparametric imaging."),
                        "authors": t("Fuchs F, Pau G, Kranz D, Sklyar O, Budjan C, Steinbrink S, Horn T, Pedal A, Huber W, Boutros M"),
                        "doi": "10.1038/msb.2010.25",
                        "pubmed": "20531400",
                        "year": 2010,
                    }
                ],
                "links": ["http://www.cellmorph.org"],
                "origin": {"source": "IDR", "accession": "idr0012", "url": "https://example.org/idr0012", "imported": "2026-11-20"},
                "history": [{"date": "2018-01-10", "what": t("Phenotypes of screenB corrected.")}],
                "components": [
                    {"name": "screenA", **component, "images": [{"source": "images/*.tif"}]},
                    {"name": "screenB", **component, "missing": t("The library file was never deposited.")},
                ],
                "files": [
                    {"path": "protocol.pdf", "description": t("Protocol"), "sha256": "0" * 64},
                    {"url": "s3://bucket/features", "description": t("Features"), "size": "2.1 TB"},
                ],
            }
        )

    @cached_property
    def stack(self) -> Study:
        t = self.text
        return Study.model_validate(
            {
                "accession": "demo0002",
                "title": t("Dividing cells in five dimensions"),
                "description": t("A stack made by a program."),
                "released": "2026-11-01",
                "licence": "CC0-1.0",
                "organisms": [{"name": "Mus musculus", "term": "NCBITaxon:10090"}],
                "people": [{"last_name": t("Slidecase authors")}],
                "components": [
                    {
                        "name": "experimentA",
                        "kind": "experiment",
                        "description": t("Five time points."),
                        "imaging_method": [{"name": t("confocal microscopy")}],
                        "biosamples": [{"organism": {"name": "Mus musculus"}, "biological_entity": t("kidney")}],
                        "specimens": [{"preparation": t("none: made by a program"), "stains": [t("DAPI")]}],
                        "acquisition": [{"instrument": t("random numbers"), "parameters": t("seed 42")}],
                        "images": [{"source": "images/*.tif", "synthetic": True}],
                    }
                ],
            }
        )

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The samples of screenA: plate1 whole, plate 2 with gaps, a failed well, a repeated well."""
        t, dice, rows = self.text, random.Random(7), []
        columns = 24 if self.wells == 384 else 12
        for plate in ("plate1_1_013", "Plate [2] #x"):
            for at in range(self.wells):
                row, column = at // columns + 1, at % columns + 1
                if plate != "plate1_1_013" and column > 3 and dice.random() < 0.15:
                    continue
                well = f"{row_letters(row)}{column}"
                control = "negative control" if column == 1 else "positive control" if column == 2 else None
                symbol = None if control else SYMBOLS[(at * 7) % len(SYMBOLS)]
                seen = [n for n, _, _ in PHENOTYPES if dice.random() < (0.5 if control == "positive control" else 0.04)]
                rows.append(
                    {
                        "sample_id": addresses.sample_id("tst0001", "screenA", plate, well),
                        "study": "tst0001",
                        "component": "screenA",
                        "container": plate,
                        "sample": well,
                        "row": row,
                        "column": column,
                        "organism": "Homo sapiens",
                        "cell_line": t("HeLa"),
                        "gene_id": str(151648 + at % 10) if symbol else None,
                        "gene_symbol": t(symbol) if symbol else None,
                        "reagent": t(f"M-{at:05}"),
                        "compound": None,
                        "control_type": t(control) if control else None,
                        "quality": t("fail") if at == 77 else t("pass"),
                        "has_phenotype": bool(seen),
                        "n_images": 0,
                        "counted": True,
                        "latitude": None,
                        "longitude": None,
                        "seen": seen,
                        "symbol": t(symbol) if symbol else None,
                        "z": round(dice.gauss(0, 1), 3),
                    }
                )
        return rows

    @cached_property
    def parquets(self) -> dict[str, bytes]:
        rows = self.rows
        place = ("sample_id", "study", "component", "container", "sample")
        terms = {n: c for n, c, _ in PHENOTYPES}
        seen = [
            {k: r[k] for k in place} | {"phenotype": n, "term": terms[n], "control": bool(r["control_type"])}
            for r in rows
            for n in r["seen"]
        ]
        targets = [
            {k: r[k] for k in place}
            | {"kind": "gene", "id": r["gene_id"], "symbol": r["symbol"], "organism": r["organism"], "control": False}
            for r in rows
            if r["symbol"]
        ]
        samples = pa.Table.from_pylist([{k: r.get(k) for k in SAMPLES.names} for r in rows], schema=SAMPLES)
        table = samples.drop_columns(["n_images"])
        table = table.append_column("phenotypes", pa.array(["; ".join(r["seen"]) or None for r in rows], pa.string()))
        table = table.append_column("Z-score", pa.array([str(r["z"]) for r in rows], pa.string()))
        table = table.append_column("Comments", pa.array([self.text(f"note {i}") for i in range(len(rows))], pa.string()))
        return {
            "samples.parquet": parquet(samples),
            "phenotypes.parquet": parquet(pa.Table.from_pylist(seen, schema=SAMPLE_PHENOTYPES)),
            "targets.parquet": parquet(pa.Table.from_pylist(targets, schema=SAMPLE_TARGETS)),
            "table.parquet": parquet(table),
        }
