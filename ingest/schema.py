"""schemas/*.schema.json for editors, from the models: `python -m ingest.schema` writes them, a test holds them to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from portal.checks import Check
from portal.model import ACCESSION, COMPONENT, CURIE, SAMPLE_COLUMNS, Portal, Study

FOLDER = Path(__file__).parents[1] / "schemas"
SCHEMAS: dict[str, type[BaseModel]] = {"study.schema.json": Study, "portal.schema.json": Portal, "check.schema.json": Check}

# What the model checks in Python, which pydantic cannot know the pattern of: (definition, field) → schema keywords.
_CHECKED: dict[tuple[str, str], dict[str, Any]] = {
    ("Study", "accession"): {"pattern": ACCESSION.pattern},
    ("StudyComponent", "name"): {"pattern": COMPONENT.pattern},
    ("Term", "term"): {"pattern": CURIE.pattern},
    ("Phenotype", "term"): {"pattern": CURIE.pattern},
    ("Publication", "doi"): {"pattern": r"^10\.\d{4,9}/\S+$"},
    ("CheckSource", "doi"): {"pattern": r"^10\.\d{4,9}/\S+$"},
    ("CheckRow", "study"): {"pattern": ACCESSION.pattern},
}


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a file that a curator writes. Frozen by the model: nothing here is written by hand twice."""
    out: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}
    for name, definition in {kind.__name__: out, **out.get("$defs", {})}.items():
        for field, of in definition.get("properties", {}).items():
            for keyword, value in _CHECKED.get((name, field), {}).items():
                next((o for o in of.get("anyOf", [of]) if o.get("type") == "string"), of)[keyword] = value
    if samples := out.get("$defs", {}).get("Samples"):
        for field in ("columns", "split", "links"):
            samples["properties"][field]["propertyNames"] = {"enum": list(SAMPLE_COLUMNS)}
    _widen(out)
    return out


def _widen(node: Any) -> None:
    """Scalars are read as text, so an editor must not complain of `pubmed: 24943848` without quotes."""
    if isinstance(node, dict):
        if node.get("type") == "string" and not {"format", "enum", "const"} & node.keys():
            node["type"] = ["string", "number"]
        for inner in node.values():
            _widen(inner)
    elif isinstance(node, list):
        for inner in node:
            _widen(inner)


def schema_bytes(kind: type[BaseModel]) -> bytes:
    return (json.dumps(schema(kind), ensure_ascii=False, indent=2) + "\n").encode()


def write_schemas(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    for name, kind in SCHEMAS.items():
        (folder / name).write_bytes(schema_bytes(kind))


if __name__ == "__main__":
    write_schemas()
