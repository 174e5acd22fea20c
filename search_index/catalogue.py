"""The catalogue's words, indexed by lunr and written small.

lunr's own form holds every posting twice. Here the vectors alone are written (terms by number, scores in thousandths);
the browser makes lunr's form of them again, with the same scores.
"""

from __future__ import annotations

from collections.abc import Sequence

from lunr import __TARGET_JS_VERSION__
from lunr.builder import Builder

from .documents import FIELDS, Document
from .tokeniser import stem, words


def _tokens(text: str) -> list[str]:
    """Words, and where a plural was trimmed only its singular: the query is trimmed likewise."""
    return [stem(word) for word in words(text)]


def builder(documents: Sequence[Document]) -> Builder:
    """lunr's builder fed with our tokens; its own pipelines are empty, since they differ between Python and JavaScript."""
    made = Builder()
    made.ref("number")
    for name, boost in FIELDS.items():
        made.field(name, boost)
    for number, document in enumerate(documents):
        texts = dict(document.fields)
        made.add({"number": number, **{name: _tokens(texts.get(name, "")) for name in FIELDS}})
    return made


def packed_index(documents: Sequence[Document]) -> dict[str, object]:
    """`docs` [kind, title, path, detail, weight]; `terms` sorted; `vectors[document][field]` = [step, score, step, score …].

    A step is how far the term's number lies beyond the one before, from -1; a score is in thousandths.
    """
    docs = [[d.kind, d.title, d.path, d.detail, d.weight] for d in documents]
    empty: dict[str, object] = {"version": __TARGET_JS_VERSION__, "fields": list(FIELDS), "docs": docs, "terms": [], "vectors": []}
    if not documents:
        return empty
    made = builder(documents)
    index = made.build()
    terms = sorted(made.inverted_index)
    number = {made.inverted_index[term]["_index"]: i for i, term in enumerate(terms)}
    vectors = []
    for d in range(len(documents)):
        fields = []
        for field in FIELDS:
            elements = index.field_vectors[f"{field}/{d}"].elements
            pairs = sorted((number[int(elements[i])], round(elements[i + 1] * 1000)) for i in range(0, len(elements), 2))
            flat, before = [], -1
            for term, score in pairs:
                flat += [term - before, score]
                before = term
            fields.append(flat)
        vectors.append(fields)
    return {**empty, "terms": terms, "vectors": vectors}
