"""The search index's files: a directory, key ranges of names, best documents of short prefixes, the catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from portal.engine.step import Opened, Tree, Work, digest_of, recipe
from portal.facts import Catalogue, GeneLine

from .catalogue import packed_index
from .documents import KINDS, catalogue_documents, gene_documents, organism_words
from .shards import packed, shards, sorted_names, top

_GENES = TypeAdapter(list[GeneLine])


def _only(tree: Opened, name: str) -> bytes:
    """The one file of this name, however deep an earlier step put it."""
    return tree.read(next(path for path in tree if path == name or path.endswith("/" + name)))


@recipe("code")
def search(work: Work) -> Mapping[str, bytes | Path]:
    """Inputs: `catalogue.json` (Catalogue); `lines/genes.json` (list of GeneLine). Output: `search/<digest12>/…` and
    `search/current.json`, which names that folder.

    Every file is gzip that the reader's browser unpacks (DecompressionStream), so that no server needs settings.
    """
    catalogue = Catalogue.model_validate_json(_only(work.inputs[0], "catalogue.json"))
    genes = _GENES.validate_json(_only(work.inputs[1], "genes.json"))
    files = search_files(catalogue, genes)
    name = Tree({path: digest_of(data) for path, data in files.items()}).digest[:12]
    # Pages name no index, so that a new study re-renders none of them: they ask this file which one is current.
    pointer = json.dumps({"folder": f"{name}/"}).encode()
    return {"search/current.json": pointer} | {f"search/{name}/{path}": data for path, data in files.items()}


def search_files(catalogue: Catalogue, genes: Sequence[GeneLine]) -> dict[str, bytes]:
    """Path → bytes, below the index's folder."""
    listed = list(catalogue_documents(catalogue))
    organisms = sorted({o.name for o in catalogue.organisms} | {g.organism for g in genes if g.organism})
    names = sorted_names([*listed, *gene_documents(genes)])
    ranges = shards(names, organisms)
    firsts = [first for first, _ in ranges]
    directory = {
        "kinds": [list(kind) for kind in KINDS],
        "organisms": [[name, organism_words(name)] for name in organisms],
        "firsts": firsts,
    }
    files = {f"names/{number:03d}.gz": data for number, (_, data) in enumerate(ranges)}
    files |= {f"top/{letter}.gz": data for letter, data in top(names, firsts, organisms).items()}
    files["catalogue.gz"] = packed(packed_index(listed))
    files["directory.gz"] = packed(directory)
    return files
