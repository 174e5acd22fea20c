"""Which columns tell a row of a published table from every other, and which point to another table. Tests hold both.

Tables that are not named first have no primary key: what tells their rows apart may be empty (the term of a phenotype, the identifier
of a target, the path of a file), and a key must not be.
"""

from __future__ import annotations

PRIMARY_KEYS: dict[str, tuple[str, ...]] = {
    "studies": ("study",), "components": ("study", "component"), "containers": ("study", "component", "container"),
    "samples": ("sample_id",), "terms": ("role", "term"), "term_ancestors": ("term", "ancestor"),
    "term_names": ("study", "component", "role", "name"), "entities": ("kind", "slug"), "images": ("image_id",),
}  # fmt: skip

_COMPONENT = (("study", "component"), "components", ("study", "component"))
_SAMPLE = (("sample_id",), "samples", ("sample_id",))

# Table → (its columns, the table they point to, the columns there). Every reference that is not empty resolves; a test holds it.
FOREIGN_KEYS: dict[str, tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]] = {
    "components": ((("study",), "studies", ("study",)),),
    "containers": (_COMPONENT,),
    "samples": (_COMPONENT, (("study", "component", "container"), "containers", ("study", "component", "container"))),
    "sample_phenotypes": (_SAMPLE,),
    "sample_targets": (_SAMPLE,),
    "component_phenotypes": (_COMPONENT, (("term",), "terms", ("term",))),
    "term_ancestors": ((("term",), "terms", ("term",)), (("ancestor",), "terms", ("term",))),
    "term_names": (_COMPONENT,),
    "images": (_COMPONENT,),
    "files": ((("study",), "studies", ("study",)),),
}
