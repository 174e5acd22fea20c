"""The search index's files: a directory, key ranges of names, best documents of short prefixes, the catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from portal.engine.step import Opened, Tree, Work, digest_of, recipe
from portal.facts import Catalogue, GeneLine, ReagentLine
from portal.terms import TermLine

from .catalogue import packed_index
from .documents import KINDS, catalogue_documents, entity_documents, organism_words, reagent_documents
from .shards import packed, shards, sorted_names, top

_ENTITIES = TypeAdapter(list[GeneLine])
_REAGENTS = TypeAdapter(list[ReagentLine])
_TERMS = TypeAdapter(list[TermLine])
_LISTS = ("genes", "proteins", "compounds", "antibodies")


def _only(tree: Opened, name: str) -> bytes:
    """The one file of this name, however deep an earlier step put it."""
    return tree.read(next(path for path in tree if path == name or path.endswith("/" + name)))


@recipe("code")
def search(work: Work) -> Mapping[str, bytes | Path]:
    """Inputs: `catalogue.json` (Catalogue); `<kind>s.json` (list of GeneLine) and `reagents.json`; `terms.json` (list
    of TermLine), where there are any. Output: `search/<digest12>/…` and
    `search/current.json`, which names that folder.

    Every file is gzip that the reader's browser unpacks (DecompressionStream), so that no server needs settings.
    """
    catalogue = Catalogue.model_validate_json(_only(work.inputs[0], "catalogue.json"))
    lines = work.inputs[1]
    entities = [line for name in _LISTS for line in _ENTITIES.validate_json(_only(lines, f"{name}.json"))]
    terms = [t for tree in work.inputs[2:] for t in _TERMS.validate_json(_only(tree, "terms.json"))]
    reagents = _REAGENTS.validate_json(_only(lines, "reagents.json"))
    files = search_files(catalogue, entities, reagents, terms)
    name = Tree({path: digest_of(data) for path, data in files.items()}).digest[:12]
    # Pages name no index, so that a new study re-renders none of them: they ask this file which one is current.
    pointer = json.dumps({"folder": f"{name}/"}).encode()
    return {"search/current.json": pointer} | {f"search/{name}/{path}": data for path, data in files.items()}


def search_files(
    catalogue: Catalogue, entities: Sequence[GeneLine], reagents: Sequence[ReagentLine] = (), terms: Sequence[TermLine] = ()
) -> dict[str, bytes]:
    """Path → bytes, below the index's folder."""
    listed = list(catalogue_documents(catalogue, terms))
    organisms = sorted({o.name for o in catalogue.organisms} | {g.organism for g in entities if g.organism})
    names = sorted_names([*listed, *entity_documents(entities), *reagent_documents(reagents)])
    ranges = shards(names, organisms)
    firsts = [first for first, _ in ranges]
    directory = {
        "kinds": [list(kind) for kind in KINDS],
        "organisms": [[name, organism_words(name)] for name in organisms],
        "firsts": firsts,
    }
    files = {f"names/{number:03d}.gz": data for number, (_, data) in enumerate(ranges)}
    files |= {f"top/{number}.gz": data for number, data in top(names, firsts, organisms).items()}
    files["catalogue.gz"] = packed(packed_index(listed))
    files["directory.gz"] = packed(directory)
    return files
