"""The rows of the tables `terms` and `term_names`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from portal import addresses
from portal.facts import ComponentRecord
from portal.terms import TermFacts
from portal.warehouse.ontology import Ontologies
from portal.warehouse.term_nodes import Nodes

# Kind of page → its role in the tables; a study type may also be the technology of a screen.
ROLES = {"phenotype": "phenotype", "organism": "organism", "method": "imaging method", "study type": "study type", "cell line": "cell line"}


def term_rows(pages: Sequence[TermFacts], records: Sequence[ComponentRecord], ontologies: Ontologies) -> list[dict[str, object]]:
    """Every accession in each of its roles, with those above it."""
    technologies: dict[str, set[tuple[str, str]]] = defaultdict(set)
    types: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for r in records:
        for found, terms in ((technologies, r.component.technology), (types, r.study_types)):
            for term in terms:
                for ancestor in ontologies.ancestors(term.term) if term.term else ():
                    found[ancestor].add((r.study, r.component.name))
    named: dict[str, dict[str, set[tuple[str, str]]]] = {"technology": technologies, "study type": types}
    exact = {
        "technology": {t.term: _uses(records, "technology", t.term) for r in records for t in r.component.technology if t.term},
        "study type": {t.term: _uses(records, "study type", t.term) for r in records for t in r.study_types if t.term},
    }
    rows: list[dict[str, object]] = []
    for page in pages:
        if not page.accession:
            continue
        told = {
            "term": page.accession, "name": page.name, "definition": page.definition,
            "synonyms": "; ".join(s.name for s in page.synonyms) or None,
            "parents": "; ".join(p.accession for p in page.parents if p.accession) or None, "obsolete": page.obsolete,
            "source": page.source, "address": addresses.term(page.kind, page.slug),
        }  # fmt: skip
        if page.kind != "study type":
            sampled = page.kind in ("phenotype", "organism")
            rows.append({
                **told, "role": ROLES[page.kind], "studies": len({s.study for s in page.exact.seen}), "components": len(page.exact.seen),
                "samples": page.exact.samples if sampled else None, "all_studies": len({s.study for s in page.shown.seen}),
                "all_components": len(page.shown.seen), "all_samples": page.shown.samples if sampled else None,
                "all_genes": page.shown.genes if page.kind == "phenotype" else None,
            })  # fmt: skip
            continue
        for role, below in named.items():
            everything = below.get(page.accession)
            if everything:
                itself = exact[role].get(page.accession, set())
                rows.append({
                    **told, "role": role, "studies": len({s for s, _ in itself}), "components": len(itself),
                    "all_studies": len({s for s, _ in everything}), "all_components": len(everything),
                })  # fmt: skip
    return rows


def _uses(records: Sequence[ComponentRecord], role: str, accession: str) -> set[tuple[str, str]]:
    return {
        (r.study, r.component.name)
        for r in records
        for t in (r.component.technology if role == "technology" else r.study_types)
        if t.term == accession
    }


def name_rows(kinds: Sequence[Nodes], records: Sequence[ComponentRecord]) -> list[dict[str, object]]:
    """How each component names what has a page: organisms, methods, technologies, study types, cell lines."""
    rows: dict[tuple[str, str, str, str], dict[str, object]] = {}

    def add(record: ComponentRecord, role: str, name: str, term: str | None, nodes: Nodes, at: int) -> None:
        place = (record.study, record.component.name)
        rows[(*place, role, name)] = {
            "study": place[0], "component": place[1], "role": role, "name": name, "term": nodes.nodes[at].accession or term,
            "address": nodes.nodes[at].address,
        }  # fmt: skip

    by_kind = {nodes.kind: nodes for nodes in kinds}
    for record in records:
        declared = (
            ("imaging method", "method", record.component.imaging_method), ("technology", "study type", record.component.technology),
            ("study type", "study type", record.study_types),
        )  # fmt: skip
        for role, kind, terms in declared:
            nodes = by_kind[kind]  # type: ignore[index]
            for term in terms:
                add(record, role, term.name, term.term, nodes, nodes.index[term.name, term.term])
        for role, told in (("organism", record.facts.organisms), ("cell line", record.facts.cell_lines)):
            nodes = by_kind[role]  # type: ignore[index]
            names = [*told, *((o.name for o in record.organisms) if role == "organism" else ())]
            for name in names:
                if (name, None) in nodes.index:
                    add(record, role, name, None, nodes, nodes.index[name, None])
    return list(rows.values())
