"""Which sample of its component's table an image shows: by plate and well, by dataset and name, or by its name alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ingest.images.names import Placed
from portal.problems import Place, Problem, nearest

# Container → the names of its samples, as the table has them.
Samples = Mapping[str, Collection[str]]
NAMED = 3  # images that a warning names
MOST_NEAR = 20_000  # names among which the nearest is looked for: it takes a millisecond a hundred


def joined(members: Iterable[Placed], samples: Samples) -> list[Placed]:
    """The images of an experiment, where one outside datasets joins the only sample of its name, without or with the file's suffix.

    Its id and address stay those of its name alone, so that a second sample of this name moves no page.
    """
    homes: dict[str, list[str]] = {}
    for container, names in samples.items():
        for name in names:
            homes.setdefault(name, []).append(container)
    out = []
    for member in members:
        spelt = [n for n in (member.name, member.path.rpartition("/")[2]) if n in homes] if member.container is None else []
        if spelt and len(homes[spelt[0]]) == 1:
            member = replace(member, container=homes[spelt[0]][0], kind="dataset", sample=spelt[0], by_table=True)
        out.append(member)
    return out


def strangers(members: Sequence[Placed], samples: Samples, at: Place) -> list[Problem]:
    """A warning for images that show no sample of the table: one for those of plates, one for the others.

    Samples without images are no mistake: many a screen publishes a few of its images.
    """
    lost = [m for m in members if m.sample not in samples.get(m.container or "", ())]
    wells = list(dict.fromkeys((m.container or "", m.sample or "") for m in lost if m.kind == "plate"))
    others = [m for m in lost if m.kind != "plate"]
    found = []
    if wells:
        images = sum(m.kind == "plate" for m in lost)
        named = ", ".join(f"{well} of plate {plate!r}" for plate, well in wells[:NAMED])
        where = f"in well{'s' if len(wells) > 1 else ''} {named}" if len(wells) <= NAMED else f"in {len(wells):,} wells, such as {named}"
        mend = "correct the table, or the names of the files"
        if (plate := wells[0][0]) not in samples:
            mend = nearest(plate, sorted(samples)[:MOST_NEAR], mend)
        found.append(Problem(at, f"{_count(images, 'lies', 'lie')} {where}, of which the table has no row", mend, "warning"))
    if others:
        first = others[0]
        known = sorted({name for names in samples.values() for name in names})
        mend = "write {dataset} in the pattern, or correct the names"
        if first.name in known:
            where = f"other datasets than {first.container!r}" if first.container else "several datasets"
            mend = f"{first.name!r} is a sample of {where}; {mend}"
        elif (near := nearest(first.name, known[:MOST_NEAR], "-")) != "-":
            mend = f"{near} Or {mend}"
        named = ", ".join(repr(m.name) for m in others[:NAMED])
        what = f"{_count(len(others), 'shows', 'show')} no sample of the table{':' if len(others) <= NAMED else ', such as'} {named}"
        found.append(Problem(at, what, mend, "warning"))
    return found


def _count(images: int, one: str, more: str) -> str:
    return f"1 image {one}" if images == 1 else f"{images:,} images {more}"
