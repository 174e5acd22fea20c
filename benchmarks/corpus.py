"""What a whole corpus costs: import, build, builds after one small change, several times the corpus, others on the same tables.

    make bench-corpus ARGS='--times 2 --json costs.json'

Every import and build is the real command line in processes of its own; memory is the sum over all of them. The figures are of
this machine and of what else it did meanwhile. Exits 1 where something failed that must hold: a build where nothing changed ran
a step, or one changed template ran a step that makes a table or a tile; 2 where there is no corpus to read.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import changes, copies  # noqa: E402  the checkout's own folder comes first
from benchmarks.measuring import Cost, python  # noqa: E402
from benchmarks.sizes import Sizes, sizes_of  # noqa: E402
from portal.engine.store import Store  # noqa: E402

CORPUS = ROOT / "../shared/corpus/idr"
# Steps that make a published table of the samples, and those that make tiles: no template may run one.
TABLES, TILES = ("samples", "own table", "table", "entities", "facts", "dump"), ("images", "measured", "windows")


class Failed(Exception):
    """A command of the portal that did not end well."""


class Portal:
    """One content folder, one store, one place of output, built by a copy of this checkout's program."""

    def __init__(self, program: Path, content: Path, home: Path, jobs: int):
        self.program, self.content, self.home, self.jobs = program, content, home, jobs

    @property
    def site(self) -> Path:
        return self.home / "site"

    def build(self) -> dict[str, Any]:
        """Costs, and which steps ran: how many of each kind."""
        where = "--content", self.content, "--out", self.site, "--store", self.home / "store"
        cost = python(self.program, "build.py", "build", *where, "--jobs", str(self.jobs))
        if cost.code not in (0, 1):
            raise Failed(f"build.py build ended with {cost.code}\n{cost.text[-2000:]}\n{cost.errors[-2000:]}")
        store = Store(self.home / "store")
        ran = [name for name, state in store.builds()[0].states.items() if state != "known"]
        store.close()
        return {**_cost(cost), "ran": len(ran), "kinds": dict(Counter(map(kind_of, ran)).most_common())}


def kind_of(step: str) -> str:
    """`page study idr0002` → `page study`: what a step is, without whose. Names of studies and components hold a digit or a slash."""
    words = step.split(" ")
    return " ".join(word for n, word in enumerate(words) if n == 0 or (word.isalpha() and words[0] in ("page", "own")))


def _cost(cost: Cost) -> dict[str, Any]:
    return {"seconds": round(cost.seconds, 2), "cpu": round(cost.cpu, 2), "peak": cost.peak, "largest": cost.largest}


def _sizes(sizes: Sizes) -> dict[str, Any]:
    return {"pages": sizes.pages, **asdict(sizes)}


# ---- the measurements


def imported(sources: list[Path], into: Path) -> dict[str, Any]:
    cost = python(ROOT, "build.py", "import", "idr", *sources, "--into", into / "studies")
    studies = len(list((into / "studies").glob("*/study.yaml")))
    if not studies:
        raise Failed(f"build.py import ended with {cost.code}\n{cost.text[-2000:]}\n{cost.errors[-2000:]}")
    return {**_cost(cost), "sources": len(sources), "studies": studies}


def built(portal: Portal) -> dict[str, Any]:
    return {**portal.build(), "samples": samples_of(portal.site), "sizes": _sizes(sizes_of(portal.site))}


def samples_of(site: Path) -> int:
    manifest = json.loads((site / "data/manifest.json").read_bytes())
    return sum(t["rows"] for t in manifest["tables"] if t["name"] == "samples")


def changed(portal: Portal) -> Iterator[tuple[str, dict[str, Any]]]:
    """Builds after one change each; each change stays for the next."""
    yield "nothing", portal.build()
    for what, of in ((changes.title, portal.content), (changes.row, portal.content)):
        yield what(of), portal.build()
    for what in (changes.template, changes.style):
        yield what(portal.program), portal.build()


def broken(builds: dict[str, dict[str, Any]]) -> list[str]:
    """What must hold and does not, a sentence each."""
    said = []
    if builds["nothing"]["ran"]:
        said.append(f"nothing had changed, and {builds['nothing']['ran']} steps ran: {builds['nothing']['kinds']}")
    for what, build in builds.items():
        if what.startswith("templates/"):
            said += [f"{what} changed, and {n} steps '{kind}' ran" for kind, n in build["kinds"].items() if kind in (*TABLES, *TILES)]
    return said


def alone(content: Path, home: Path, single: Path | None) -> dict[str, Any]:
    """Our reading of all tables with one process (`check` with an empty store), then pandas and DuckDB on the same tables."""
    cost = python(ROOT, "build.py", "check", content, "--store", home / "check", "--jobs", "1")
    if cost.code not in (0, 1):
        raise Failed(f"build.py check ended with {cost.code}\n{cost.text[-2000:]}\n{cost.errors[-2000:]}")
    found: dict[str, Any] = {"ours": _cost(cost)}
    truth = rows_of(single) if single else {}
    for which in ("pandas", "duckdb"):
        cost = python(ROOT, "benchmarks/alone.py", which, content, home / f"{which}.parquet")
        if cost.code:
            raise Failed(f"alone.py {which} ended with {cost.code}\n{cost.errors[-2000:]}")
        said = json.loads(cost.text)
        other = {name: [rows, truth[name]] for name, rows in said["rows"].items() if truth.get(name, rows) != rows}
        found[which] = {
            **_cost(cost),
            "rows": sum(said["rows"].values()),
            "components": len(said["rows"]),
            "unread": said["unread"],
            "other": other,
        }
    return found


def rows_of(site: Path) -> dict[str, int]:
    import pyarrow.parquet as pq

    table = pq.read_table(site / "data/components.parquet", columns=["study", "component", "samples"]).to_pylist()
    return {f"{row['study']}/{row['component']}": row["samples"] for row in table}


# ---- the table


def mb(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:,.0f} MB"


def told_import(found: dict[str, Any], samples: int) -> Iterator[str]:
    s = found["seconds"]
    yield f"import            {s:9.1f} s   {found['studies']:,} studies of {found['sources']:,} sources ({found['studies'] / s:,.1f}/s), "\
          f"{samples:,} samples ({samples / s:,.0f}/s), peak {mb(found['peak'])}"  # fmt: skip


def told_build(name: str, found: dict[str, Any]) -> Iterator[str]:
    s, pages = found["seconds"], found["sizes"]["pages"]
    files, size = found["sizes"]["all"]["files"], found["sizes"]["all"]["bytes"]
    yield f"{name:17} {s:9.1f} s   {found['cpu']:,.0f} s of processor, {found['ran']:,} steps, {found['samples']:,} samples "\
          f"({found['samples'] / s:,.0f}/s), {pages:,} pages ({pages / s:,.0f}/s)"  # fmt: skip
    yield f"{'':31} peak {mb(found['peak'])} (largest process {mb(found['largest'])}), {files:,} files, {mb(size)}"


def told_sizes(sizes: dict[str, Any]) -> Iterator[str]:
    for title, group in (("by kind", "kinds"), ("by extension", "extensions"), ("by folder", "folders")):
        yield f"  {title}"
        for name, tally in sorted(sizes[group].items(), key=lambda pair: -pair[1]["bytes"]):
            yield f"    {name:18} {tally['files']:10,} files {mb(tally['bytes']):>12}"
    yield "  largest files"
    yield from (f"    {size / 1e6:10,.2f} MB  {path}" for path, size in sizes["largest"])


def told_changes(builds: dict[str, dict[str, Any]]) -> Iterator[str]:
    for what, found in builds.items():
        kinds = ", ".join(f"{kind} {n:,}" for kind, n in found["kinds"].items())
        yield f"  {what:42.80} {found['seconds']:7.1f} s  {found['ran']:6,} steps  peak {mb(found['peak'])}"
        if kinds:
            yield f"      {kinds}"


def told_times(times: int, found: dict[str, Any], single: dict[str, Any]) -> Iterator[str]:
    yield from told_build(f"{times} times", found)
    ratios = [("seconds", found["seconds"] / single["seconds"]), ("processor", found["cpu"] / single["cpu"])]
    if found["peak"] and single["peak"]:
        ratios.append(("peak", found["peak"] / single["peak"]))
    ratios += [(key, found["sizes"]["all"][key] / single["sizes"]["all"][key]) for key in ("files", "bytes")]
    yield f"{'':31} to single: " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios)


def told_alone(found: dict[str, Any]) -> Iterator[str]:
    ours = found["ours"]
    yield f"  {'check, --jobs 1':17} {ours['seconds']:7.1f} s  peak {mb(ours['peak'])}  all samples, every column, problems placed"
    for which in ("pandas", "duckdb"):
        it = found[which]
        ratio = f"ours takes {ours['seconds'] / it['seconds']:.1f} times its seconds"
        read = f"{it['rows']:,} rows of {it['components']:,} components"
        yield f"  {which + ' alone':17} {it['seconds']:7.1f} s  peak {mb(it['peak'])}  {read}; {ratio}"
        yield from (f"      not read: {name}: {why}" for name, why in it["unread"].items())
        yield from (
            f"      read otherwise: {name}: {rows[0]:,} rows, and there are {rows[1]:,} samples" for name, rows in it["other"].items()
        )


# ---- the command


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", nargs="?", type=Path, default=CORPUS, help="IDR's study folders, or a parent of them.")
    parser.add_argument("--studies", nargs="+", default=[], metavar="NAME", help="Only folders whose name begins with one of these.")
    parser.add_argument("--times", nargs="*", type=int, default=[10], metavar="N", help="Build N times the corpus as well; without N, not.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="Worker processes of each build.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write all figures there as well.")
    parser.add_argument("--work", type=Path, metavar="DIR", help="Where temporary folders go; a build of the whole needs some gigabytes.")
    return parser.parse_args()


@contextmanager
def removed(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: several times a corpus is much to keep."""
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    given = arguments()
    folders = sorted(p for p in given.source.iterdir() if p.is_dir() and not p.name.startswith("_")) if given.source.is_dir() else []
    sources = [p for p in folders if not given.studies or p.name.startswith(tuple(given.studies))]
    if not sources:
        print(f"no study folders at {given.source}; give a folder of IDR's studies", file=sys.stderr)
        return 2
    say = partial(print, flush=True)
    with tempfile.TemporaryDirectory(dir=given.work, prefix="bench-") as name:
        home = Path(name)
        content = home / "content"
        program = changes.checkout(ROOT, home / "program")
        result: dict[str, Any] = {"import": imported(sources, content)}
        single = Portal(program, content, home / "single", given.jobs)
        result["build"] = built(single)
        say(*told_import(result["import"], result["build"]["samples"]), *told_build("build", result["build"]), sep="\n")
        say(*told_sizes(result["build"]["sizes"]), sep="\n")
        result["alone"] = alone(content, home, single.site)
        say("reading the same tables", *told_alone(result["alone"]), sep="\n")
        result["times"] = {}
        for times in given.times:
            with removed(home / f"times-{times}") as here:
                copies.multiply(content, here / "content", times)
                result["times"][times] = built(Portal(program, here / "content", here / "built", given.jobs))
            say(*told_times(times, result["times"][times], result["build"]), sep="\n")
        result["changed"] = dict(changed(single))
        say("a build after a change of", *told_changes(result["changed"]), sep="\n")
        result["broken"] = broken(result["changed"])
    if given.json:
        given.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    say(*(f"BROKEN: {what}" for what in result["broken"]), sep="\n", end="\n" if result["broken"] else "")
    return 1 if result["broken"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, LookupError) as failure:
        sys.exit(str(failure))
