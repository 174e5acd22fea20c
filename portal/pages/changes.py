"""What changed from release to release: the newest first, each with its tables, its studies and examples."""

from __future__ import annotations

import re

from portal import addresses
from portal.changes import Changes
from portal.engine.step import Work, recipe
from portal.facts import Catalogue
from portal.pages.render import Crumb, Page, opened, read

# Studies that a release's section names; its file names the others.
SHOWN = 200


def newest_first(name: str) -> list[tuple[int, str]]:
    """Sorts names of releases as a reader counts: 2026-9 before 2026-11."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]


@recipe("code")
def changes(work: Work) -> dict[str, bytes]:
    """`downloads/changes/`, and each list as it is below `downloads/changes/<name>.json`; nothing where no release was recorded.

    Inputs after templates and frame: {catalogue.json}, and the files of content/releases (Changes each).
    """
    site = opened(work)
    files = {p: t.read(p) for t in work.inputs[2:] for p in t if p.endswith(".json") and not p.endswith("catalogue.json")}
    found = [(path, raw, Changes.model_validate_json(raw)) for path, raw in files.items()]
    if not found:
        return {}
    found.sort(key=lambda f: newest_first(f[0].rpartition("/")[2].removesuffix(".json")), reverse=True)
    here = {s.accession for s in Catalogue.model_validate_json(read(work, "catalogue.json")).studies}
    releases = []
    out: dict[str, bytes] = {}
    for path, raw, told in found:
        name = path.rpartition("/")[2].removesuffix(".json")
        file = f"{addresses.CHANGES}{name}.json"
        out[file] = raw
        releases.append({
            "name": name,
            "anchor": addresses.slug(name),
            "file": file,
            "changes": told,
            "tables": [t for t in told.tables if t.differs],
            "same": [t.name for t in told.tables if not t.differs],
            "states": [(state, sum(s.state == state for s in told.studies)) for state in ("added", "removed", "changed")],
            "studies": [(s, addresses.study(s.study) if s.study in here else "") for s in told.studies[:SHOWN]],
            "more": told.studies_total - min(SHOWN, len(told.studies)),
        })  # fmt: skip
    page = Page(
        address=addresses.CHANGES,
        title="Changes between releases",
        kind="changes",
        style="lists",
        description="Which studies, samples, phenotypes and targets came, went or changed with each release.",
        crumbs=(Crumb("Downloads", addresses.DOWNLOADS),),
        here="Changes",
    )
    return out | site.page("changes.html", page, releases=releases)
