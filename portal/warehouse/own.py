"""A component's own table, as it will be published: what its page and the dump say of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from portal.engine.step import Work, recipe
from portal.warehouse.manifest import entry_of, publish


@recipe("code")
def own_table(work: Work, *, study: str, component: str) -> dict[str, bytes | Path]:
    """Input: {table.parquet} of a `samples` step. `studies/<study>/<component>.parquet` and its manifest `entry.json`.

    Nothing where the component has no rows. A step of its own, so that a component's page depends on its own table alone.
    """
    source = work.inputs[0].path("table.parquet")
    table = publish(source, f"data/studies/{study}/{component}.parquet")
    if not table.rows:
        return {}
    copy = work.scratch / f"{component}.parquet"
    shutil.copyfile(source, copy)
    entry = json.dumps({"study": study, "component": component, **entry_of(table)}, ensure_ascii=False, sort_keys=True).encode()
    return {f"studies/{study}/{component}.parquet": copy, "entry.json": entry}
