"""The schemas that editors read are made from the models, and agree with what is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ingest.schema import FOLDER, SCHEMAS, schema, schema_bytes
from ingest.studies import read_study
from portal.model import Study

CASES = Path(__file__).parents[1] / "problems"


@pytest.mark.parametrize("name", SCHEMAS)
def test_committed_schema_is_the_models(name: str) -> None:
    assert (FOLDER / name).read_bytes() == schema_bytes(SCHEMAS[name]), "run: python -m ingest.schema"


def typed(value: Any) -> Any:
    """YAML 1.2 as an editor sees it: plain numbers are numbers. (PyYAML's own 1.1 would take the key `on` for true.)"""
    if isinstance(value, dict):
        return {k: typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [typed(v) for v in value]
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else value


def complaints(raw: bytes) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema(Study))
    return [e.json_path for e in validator.iter_errors(typed(yaml.load(raw, Loader=yaml.BaseLoader)))]


def test_an_editor_agrees_with_what_is_read() -> None:
    raw = b"""\
accession: idr0002
title: 3.10
released: 2016-05-26
licence: CC-BY-4.0
organisms: [{name: Homo sapiens, term: "NCBITaxon:9606"}]
publications: [{doi: 10.1091/mbc.E13-04-0221, pubmed: 24943848, year: 2014}]
components:
  - name: screenA
    kind: screen
    size: {plates: 12, terabytes: 2.1}
    samples:
      table: library.txt
      join: [{table: processed.txt, on: [Plate, Well]}]
      columns: {plate: Plate, well: Well, gene.id: Gene Identifier}
    images: [{source: "*.tif", pixel_size: 0.65, channels: [{name: DAPI, colour: "#0000ff", limits: [0, 4000]}]}]
"""
    study, _, problems = read_study(raw, "study.yaml", "studies/idr0002")
    assert study is not None and not problems
    assert complaints(raw) == []


@pytest.mark.parametrize("case", ["readme-sentence", "unknown-key", "missing-keys", "bad-doi", "reserved-name", "twenty-mistakes"])
def test_an_editor_complains_of_what_is_refused(case: str) -> None:
    raw = (CASES / case / "content" / "studies" / "idr0002" / "study.yaml").read_bytes()
    assert complaints(raw)
