"""Localisations in tables (CSV, TSV): columns x and y in pixels, or in nm or µm where the header says so, as ThunderSTORM writes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ingest.images.names import SUFFIX
from portal.imaging.points import Points
from portal.imaging.regions import Unusable

MAX_BYTES = 400_000_000
MAX_ROWS = 5_000_000
MAX_IMAGES = 2_000
_AXIS = re.compile(r"(x|y)(?:[\s_]*[\[(]?\s*(px|pixels?|nm|µm|μm|um)\s*[\])]?)?", re.IGNORECASE)
_VALUES = ("value", "intensity", "photons", "uncertainty", "sigma")
_MICROMETRES = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0}


def points_of(path: Path, name: str, pixel_size: float | None) -> tuple[list[Points], list[str]]:
    """The points of a table, by the image it names in a column `image`; and complaints (`what; mend`) of rows left out.

    `pixel_size` in µm serves columns in units of length. Raises Unusable where there is no such table.
    """
    if path.stat().st_size > MAX_BYTES:
        raise Unusable(f"holds {path.stat().st_size:,} bytes; write at most {MAX_BYTES:,}")
    with path.open("rb") as handle:
        first = handle.readline(100_000).decode("utf-8", "replace").lstrip("\ufeff")
    delimiter = max("\t,;", key=first.count)
    header = [h.strip().strip('"') for h in first.strip().split(delimiter)]
    found = {m[1].casefold(): (h, m[2]) for h in header if (m := _AXIS.fullmatch(h))}
    if {"x", "y"} - found.keys():
        raise Unusable("names no columns x and y in its first row; name them so, in pixels, or `x [nm]`")
    unit = (found["x"][1] or "px").casefold()
    if unit != (found["y"][1] or "px").casefold():
        raise Unusable("has x and y in different units; write both in pixels")
    scale = 1.0
    if unit in _MICROMETRES:
        if not pixel_size:
            raise Unusable(f"has positions in {unit}, of an image without a pixel size; declare pixel_size, or write pixels")
        scale = _MICROMETRES[unit] / pixel_size
    folded = {h.split("[")[0].split("(")[0].strip().casefold(): h for h in header}
    value = next((folded[v] for v in _VALUES if v in folded), None)
    x, y = found["x"][0], found["y"][0]
    images = [folded[c] for c in ("image", "dataset") if c in folded]
    types = {n: pa.float64() for n in (x, y, *([value] if value else []))} | {n: pa.string() for n in images}
    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            convert_options=csv.ConvertOptions(include_columns=list(types), column_types=types, null_values=["", "NaN", "nan", "NA"]),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise Unusable(f"is no table of numbers ({' '.join(str(error).split())[:160]}); correct that row") from None
    if table.num_rows > MAX_ROWS:
        raise Unusable(f"has {table.num_rows:,} rows; write at most {MAX_ROWS:,}")
    xy = np.stack([table[x].to_numpy(), table[y].to_numpy()], axis=1) * scale
    good = np.asarray(np.isfinite(xy).all(axis=1))
    complaints = [f"has {int((~good).sum()):,} rows without a position; they are not drawn"] if not good.all() else []
    values = table[value].to_numpy() if value else None
    stem = name.rpartition("/")[2].rpartition(".")[0] or name
    made = []
    for image, dataset, rows in _by_image(table, folded, good):
        part = values[rows] if values is not None else None
        made.append(Points(stem, xy[rows], part, value, image, dataset))
    return made, complaints


def _by_image(table: pa.Table, folded: dict[str, str], good: np.ndarray) -> list[tuple[str | None, str | None, np.ndarray]]:
    if "image" not in folded:
        return [(None, None, np.flatnonzero(good))]
    names = table[folded["image"]].fill_null("")
    sets = table[folded["dataset"]].fill_null("") if "dataset" in folded else pa.chunked_array([pa.repeat("", table.num_rows)])
    keys = pc.binary_join_element_wise(sets.cast(pa.string()), names, "\0").combine_chunks().dictionary_encode()
    if len(keys.dictionary) > MAX_IMAGES:
        raise Unusable(f"names {len(keys.dictionary):,} images; at most {MAX_IMAGES:,} in a file")
    indices = keys.indices.to_numpy()
    # One sorting for all images; each has its rows in the order of the file.
    order = np.argsort(indices, kind="stable")
    ends = np.searchsorted(indices[order], np.arange(len(keys.dictionary) + 1))
    found = []
    for number, key in enumerate(keys.dictionary.to_pylist()):
        dataset, _, image = key.partition("\0")
        every = order[ends[number] : ends[number + 1]]
        rows = every[good[every]]
        found.append((SUFFIX.sub("", image.rpartition("/")[2]) or None, dataset or None, rows))
    return found
