"""Which images an entry under `images:` names: by path and pattern, by an instrument's layout, as OME-Zarr here or afar, by a list."""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ingest.folders import nearest_file, read_below
from ingest.images.layouts.cellvoyager import cellvoyager
from ingest.images.layouts.companion import COMPANION, companion
from ingest.images.layouts.imagexpress import imagexpress
from ingest.images.layouts.known import Joined, Laid, joined
from ingest.images.names import BadPattern, Placed, Spot, chosen, in_well, pattern_of, placed, spotted
from ingest.images.ome_zarr import metadata as ome_zarr
from ingest.images.ome_zarr.remote import Afar, web
from ingest.images.opened import Unreadable, mended
from ingest.images.regions.read import is_beside
from portal import spelling
from portal.model import Images
from portal.problems import Place, Problem, Severity

TOLD = 10  # files named one by one; more of the same kind are counted
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_TABLE = 64 << 20
COLUMNS = ("path", "url", "sha256", "size", "plate", "well", "field", "dataset", "image")
WELL = re.compile(r"[A-Za-z]{1,2}[0-9]{1,3}")


@dataclass
class Entry:
    """One entry under `images:`, at `where` in study.yaml; `files` are all paths below the study folder `top`, sorted; `afar` knows of
    remote images (None: there is no network)."""

    images: Images
    where: str
    top: Path
    files: tuple[str, ...]
    afar: Afar | None
    problems: list[Problem]

    def members(self) -> list[Placed]:
        """Its images. What is wrong goes to `problems`."""
        images = self.images
        given = [key for key in ("source", "url", "manifest") if getattr(images, key)]
        if len(given) != 1:
            what = f"names {' and '.join(given)}" if given else "does not say where the images are"
            self._tell("", what, "write one of source, url and manifest")
            return []
        if images.pattern:
            try:
                pattern_of(images.pattern)
            except BadPattern as bad:
                what, _, mend = str(bad).partition("; ")
                self._tell("pattern", what, mend)
                return []
        if images.pattern and images.layout:
            self._tell("pattern", f"is written beside layout: {images.layout}, which says the same", "write one of the two")
            return []
        if images.url:
            return self._remote(images.url, "url")
        return self._listed(images.manifest) if images.manifest else self._local(images.source or "")

    # ---- files of the study folder

    def _local(self, source: str) -> list[Placed]:
        matched = [f for f in chosen(source, units(self.files)) if not is_beside(self.images, f)]
        if not matched:
            self._tell("source", f"{source!r} matches no file", self._nearest(source))
            return []
        if self.images.layout in ("imagexpress", "cellvoyager"):
            return self._instrument(matched)
        if self.images.layout == "ome-tiff":
            return self._companions(matched)
        companions = [f for f in matched if f.lower().endswith(COMPANION)]
        members = self._companions(companions) if companions else []
        made_of = {file for m in members for file in m.files}
        found: list[tuple[Placed, Spot]] = []
        strangers: list[str] = []
        for path in matched:
            if path in made_of or path in companions:
                continue
            if _is_zarr(path):
                members += self._zarr(path)
            elif here := spotted(path, self.images.pattern):
                found.append(here)
            else:
                strangers.append(path)
        if strangers and not found and not members:
            what = f"{self.images.pattern!r} matches none of {len(matched)} files, such as {matched[0]!r}"
            self._tell("pattern", what, "correct the pattern, or the names")
            return []
        what = f"does not match the pattern {self.images.pattern!r} and is left out"
        self._several(strangers, what, "rename it, or correct the pattern in study.yaml", "pattern")
        return members + self._joined(joined(found))

    def _nearest(self, source: str) -> str:
        """A mend for a source that matches nothing: what it would match if capitals did not count."""
        alike = chosen(source, units(self.files), capitals=False)
        if not alike:
            made = " (content/synthetic.py makes those of the demonstration)" if self.images.synthetic else ""
            return f"put the images there{made}, or correct the path"
        end = len(source.rpartition("*")[2].rpartition("?")[2])
        meant = source[: len(source) - end] + alike[0][len(alike[0]) - end :]
        if count := len(chosen(meant, alike)):
            return f"did you mean {meant!r}? ({count:,} file{'s' if count > 1 else ''})"
        return f"did you mean {alike[0]!r}? Capitals count"

    def _instrument(self, matched: list[str]) -> list[Placed]:
        laid: Laid = (imagexpress if self.images.layout == "imagexpress" else cellvoyager)(matched, self.files, self.top)
        if not laid.found:
            what = f"is {self.images.layout}, and none of {len(matched)} files is named so, such as {matched[0]!r}"
            self._tell("layout", what, "correct the source or the layout, or write a pattern")
            return []
        for kind, paths in laid.passed.items():
            what = f"{len(paths):,} {kind} that the instrument wrote beside the planes are not taken, such as {paths[0]!r}"
            self._tell("source", what, "nothing needs to be done; to show them too, name them in an entry of their own", "warning")
        self._several(list(laid.strangers), f"is not named as {self.images.layout} names images, and is left out", "move it out", "source")
        return self._joined(joined(laid.found, laid.channels, spread=True))

    def _joined(self, result: Joined) -> list[Placed]:
        for path, lacking in result.gaps[:TOLD]:
            self._warn(path, f"is the first file of an image that {lacking}", "add the missing files, if there are any")
        if len(result.gaps) > TOLD:
            self._tell("source", f"names {len(result.gaps) - TOLD} more images that lack planes", "see the first ones", "warning")
        return list(result.members)

    def _companions(self, matched: list[str]) -> list[Placed]:
        members: list[Placed] = []
        taken: set[str] = set()
        for path in sorted(matched, key=lambda f: (not f.lower().endswith(COMPANION), f)):
            if path in taken:
                continue
            try:
                made = companion(path, self.files, self.top)
            except Unreadable as why:
                members += self._refused(path, mended(str(why), "put the others beside it"))
                continue
            taken |= {file for m in made for file in m.files}
            here = spotted(path, self.images.pattern)
            members += [made[0].at(here[0])] if here and len(made) == 1 else made
        return members

    def _refused(self, path: str, why: tuple[str, str]) -> list[Placed]:
        """An image that cannot be one, as its metadata show: the recipe refuses it, so that the study's page counts it and tells why."""
        here = placed(path, self.images.pattern) or placed(path, None)
        return [replace(here, refused="; ".join(why))] if here else []

    def _zarr(self, path: str) -> list[Placed]:
        """The images of an OME-Zarr folder: one, or those of a plate."""

        def read(key: str) -> bytes | None:
            return read_below(self.top, f"{path}/{key}", ome_zarr.MAX_JSON)[0]

        try:
            images, notes = ome_zarr.images_in(read, lambda key: _groups(self.files, f"{path}/{key}" if key else path))
        except Unreadable as why:
            return self._refused(path, mended(str(why), "correct its metadata"))
        for note in notes[:TOLD]:
            self._warn(path, note, "write the missing metadata")
        return self._placed(path, images, lambda key: Placed(f"{path}/{key}" if key else path, ""))

    def _placed(self, path: str, images: list[tuple[str, str | None, int]], made: Callable[[str], Placed]) -> list[Placed]:
        base = path.rpartition("/")[2]
        found: list[Placed] = []
        for key, well, field in images:
            one: Placed = made(key)
            if well:
                plate = re.sub(r"(\.ome)?\.zarr$", "", base, flags=re.IGNORECASE) or base
                found.append(one.at(in_well("", plate, well, field)))
            elif here := placed(path if not one.url else base, self.images.pattern):
                series = f" {field}" if len(images) > 1 else ""
                found.append(one.at(replace(here, name=here.name + series, sample=f"{here.sample}{series}")))
            else:
                what = f"{self.images.pattern!r} does not match {base!r}"
                self._tell("pattern", what, "correct the pattern, or the name")
        return found

    # ---- elsewhere

    def _remote(self, url: str, key: str) -> list[Placed]:
        if self.afar is None:
            return []
        url = web(url)
        seen, trouble = self.afar.look(url)
        if url in self.afar.forbidden:
            what, mend = mended(self.afar.forbidden[url], "correct the address")
            self._tell(key, f"{url} {what}", mend)
        elif trouble:
            what = f"{url} cannot be read ({trouble}); {'what was drawn before stays' if seen else 'its images are left out'}"
            self._tell(key, what, "build again when it can be reached, or correct the address", "warning")
        if seen is None:
            return []

        def made(below: str) -> Placed:
            whole = f"{url}/{below}" if below else url
            return Placed(whole, "", url=whole, mark=seen.mark)

        return self._placed(url, seen.images, made)

    def _listed(self, manifest: str) -> list[Placed]:
        if manifest not in self.files:
            self._tell("manifest", f"{manifest!r} is not in the study folder", nearest_file(manifest, self.files))
            return []
        data, _ = read_below(self.top, manifest, MAX_TABLE)
        if data is None:
            self._tell("manifest", f"{manifest!r} cannot be read, or holds more than {MAX_TABLE:,} bytes", "write several lists")
            return []
        try:
            text = io.StringIO(data.decode("utf-8-sig"))
            # No more rows are read than are taken: of each, only the columns that have a name.
            reader = csv.DictReader(text, delimiter="," if manifest.lower().endswith(".csv") else "\t")
            if len(reader.fieldnames or ()) > MAX_COLUMNS:
                self._tell("manifest", f"{manifest!r} has {len(reader.fieldnames or ()):,} columns", f"keep at most {MAX_COLUMNS}")
                return []
            rows = list(islice(reader, MAX_ROWS + 1))
        except (UnicodeDecodeError, csv.Error):
            self._tell("manifest", f"{manifest!r} is no table in UTF-8", "write it as CSV or TSV")
            return []
        columns = list(rows[0]) if rows else []
        if not rows or not {"path", "url"} & set(columns) or len(rows) > MAX_ROWS:
            what = "has no column path or url" if rows else "has no rows"
            self._tell("manifest", f"{manifest!r} {what if len(rows) <= MAX_ROWS else f'has more than {MAX_ROWS:,} rows'}", "correct it")
            return []
        members: list[Placed] = []
        here = set(units(self.files))
        if self.afar:
            self.afar.look_all(u for row in rows if (u := _address(row.get("url"))))
        for line, row in enumerate(rows, 2):
            told = {name: (row.get(name) or "").strip() for name in COLUMNS}
            try:
                members += self._row(told, here)
            except Unreadable as why:
                what, _, mend = str(why).partition("; ")
                place = Place(f"studies/{self.top.name}/{manifest}", line)
                self.problems.append(Problem(place, what, mend, "error"))
        if unknown := [str(c) for c in columns if c not in COLUMNS]:
            what = f"{manifest!r} has columns that are not read: {', '.join(unknown)[:200]}"
            self._tell("manifest", what, f"name them as one of {', '.join(COLUMNS)}, or remove them", "warning")
        return members

    def _row(self, told: dict[str, str], here: set[str]) -> list[Placed]:
        path, url = told["path"].removeprefix("./"), told["url"]
        if bool(path) == bool(url):
            raise Unreadable("names neither a path nor a url, or both; write one")
        if told["sha256"] and not re.fullmatch(r"[0-9a-fA-F]{64}", told["sha256"]):
            raise Unreadable("has a sha256 that is not 64 hexadecimal digits; correct it")
        if told["size"] and not re.fullmatch(r"[0-9]{1,18}", told["size"]):
            raise Unreadable("has a size that is no number of bytes; correct it")
        if url:
            try:
                members = self._remote(spelling.store(url), "manifest")
            except ValueError as bad:
                raise Unreadable(str(bad)) from None
        elif path not in here:
            raise Unreadable(f"names {path!r}, which is not in the study folder; {nearest_file(path, self.files)}")
        else:
            members = self._zarr(path) if _is_zarr(path) else [one for one in [placed(path, None)] if one]
        members = [replace(m, sha256=told["sha256"].lower() or None, size=int(told["size"]) if told["size"] else None) for m in members]
        if len(members) != 1:
            return members  # a plate's wells are named by itself
        if told["plate"] or told["well"]:
            if not told["plate"] or not WELL.fullmatch(told["well"]) or (told["field"] and not re.fullmatch("[0-9]{1,4}", told["field"])):
                raise Unreadable("does not say plate and well together, such as plate1 and B3; correct it")
            return [members[0].at(in_well("", told["plate"], told["well"], int(told["field"] or 1)))]
        name, dataset = told["image"] or members[0].name, told["dataset"] or None
        return [replace(members[0], name=name, sample=name, container=dataset, kind="dataset" if dataset else None)]

    # ---- problems

    def _tell(self, key: str, what: str, mend: str, severity: Severity = "error") -> None:
        path = f"{self.where}.{key}" if key else self.where
        self.problems.append(Problem(Place(f"studies/{self.top.name}/study.yaml", path=path), what, mend, severity))

    def _warn(self, path: str, what: str, mend: str) -> None:
        self.problems.append(Problem(Place(f"studies/{self.top.name}/{path}"), what, mend, "warning"))

    def _several(self, paths: list[str], what: str, mend: str, key: str) -> None:
        for path in paths[:TOLD]:
            self._warn(path, what, mend)
        if len(paths) > TOLD:
            self._tell(key, f"leaves out {len(paths) - TOLD} more files", mend, "warning")


def units(files: Iterable[str]) -> list[str]:
    """The files, where all those of an OME-Zarr count as its folder, `….zarr`. Sorted."""
    found: dict[str, None] = {}
    for path in files:
        at = path.lower().find(".zarr/")
        found[path if at < 0 else path[: at + 5]] = None
    return sorted(found)


def files_of(member: Placed, files: tuple[str, ...]) -> tuple[str, ...]:
    """The files an image is made of; `files` is sorted. Of an OME-Zarr, all of its group but tables."""
    if member.parts or member.url or not re.search(r"(?i)\.zarr(/|$)", member.path):
        return member.files
    return tuple(f for f in _under(files, member.path) if not f.startswith(f"{member.path}/tables/"))


def _under(files: tuple[str, ...], folder: str) -> tuple[str, ...]:
    # "0" is the character after "/".
    return files[bisect_left(files, f"{folder}/") : bisect_left(files, f"{folder}0")]


def _groups(files: tuple[str, ...], folder: str) -> list[str]:
    """The folders right below one that hold a group of their own."""
    names = {f[len(folder) + 1 :].split("/")[0] for f in _under(files, folder) if f.endswith(ome_zarr.FILES)}
    return sorted(n for n in names if n not in ome_zarr.FILES)


def _address(text: str | None) -> str | None:
    try:
        return web(spelling.store((text or "").strip()))
    except ValueError:
        return None


def _is_zarr(path: str) -> bool:
    return path.lower().endswith(".zarr")
