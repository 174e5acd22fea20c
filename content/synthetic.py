"""Makes the images of the demonstration studies: seeded numpy, no microscope.

    python content/synthetic.py [--content DIR]

writes `studies/demo*/images/` below the content folder, only where they are absent or older than these programs
and the tables they read. What a well shows follows the tables: a phenotype is drawn, a failed well is blurred.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import tifffile
from numpy.typing import NDArray
from synthetic_cells import (
    TAU,
    Cell,
    Outline,
    Plane,
    cells,
    counted,
    dot,
    enlarged,
    field,
    inside,
    outline,
    paint,
    places,
    seeded,
    smooth,
    texture,
)

# --- files ---------------------------------------------------------------------------------------------------------


def write_ome(
    path: Path,
    pixels: NDArray[np.generic],
    channels: Sequence[tuple[str, str]],
    size: float,
    size_z: float | None = None,
    step: float | None = None,
) -> None:
    """TZCYX planes, or YXS colour, as OME-TIFF without clocks or random identifiers. Sizes in µm, step in s."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = pixels.ndim == 3
    t, z, c, height, width = (1, 1, 3, *pixels.shape[:2]) if colour else pixels.shape
    more = (f' PhysicalSizeZ="{size_z}" PhysicalSizeZUnit="&#181;m"' if size_z else "") + (f' TimeIncrement="{step}"' if step else "")
    told = "".join(
        f'<Channel ID="Channel:0:{i}" Name={quoteattr(name)} SamplesPerPixel="{3 if colour else 1}" Color="{_ome_colour(rgb)}"/>'
        for i, (name, rgb) in enumerate(channels)
    )
    ome = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
        ' Creator="content/synthetic.py">'
        f'<Image ID="Image:0" Name={quoteattr(path.name)}><Description>Synthetic: made by a program.</Description>'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="{pixels.dtype}"'
        f' SizeX="{width}" SizeY="{height}" SizeC="{c}" SizeZ="{z}" SizeT="{t}"'
        f' PhysicalSizeX="{size}" PhysicalSizeXUnit="&#181;m"'
        f' PhysicalSizeY="{size}" PhysicalSizeYUnit="&#181;m"{more}>{told}<TiffData/></Pixels>'
        "</Image></OME>"
    )
    plain = {"description": ome, "metadata": None, "software": "content/synthetic.py"}
    if colour:
        tifffile.imwrite(path, pixels, photometric="rgb", compression="jpeg", compressionargs={"level": 88}, tile=(256, 256), **plain)
    else:
        flat = pixels.reshape(-1, height, width)
        tifffile.imwrite(path, flat, photometric="minisblack", compression="zlib", predictor=True, rowsperstrip=height, **plain)


def _ome_colour(rgb: str) -> int:
    number = int(rgb[1:] + "ff", 16)
    return number - (1 << 32) if number >= 1 << 31 else number


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def phenotypes(row: dict[str, str]) -> frozenset[str]:
    return frozenset(v for k, v in row.items() if k.startswith("Phenotype ") and v and k != "Phenotype Annotation Level")


# --- the four studies ----------------------------------------------------------------------------------------------

DNA, TUBULIN, ACTIN, SPOTS = "#5a8bff", "#2ee57a", "#ff5a3c", "#ffd23c"


def screen(study: Path, images: Path) -> None:
    """Two 96-well plates, three channels; columns 1 and 6 with a second field."""
    found = {row["siRNA Identifier"]: phenotypes(row) for row in rows(study / "screenA/processed.tsv")}
    for row in rows(study / "screenA/library.tsv"):
        if row["Comments"].startswith("no image"):
            continue
        for view in (1, 2) if row["Well"][1:] in ("1", "6") else (1,):
            rng = seeded("demo0001", row["Plate"], row["Well"], str(view))
            planes, _ = field(rng, (256, 256), 31, found.get(row["siRNA Identifier"], frozenset()), 15)
            if row["Quality Control"] == "fail":
                planes = [smooth(p, 6) for p in planes]
            stack = np.stack([counted(rng, p * g) for p, g in zip(planes, (340, 260, 280), strict=True)])
            path = images / f"{row['Plate']}_{row['Well']}_{view}.ome.tif"
            write_ome(path, stack[None, None], [("Hoechst", DNA), ("Tubulin", TUBULIN), ("Actin", ACTIN)], 0.65)


def slide(study: Path, images: Path) -> None:
    """A tissue section as haematoxylin and eosin stain it: crypts cut across, stroma between, glass around."""
    height, width = 4000, 6000
    rng = seeded("demo0002", "section_01")
    small = (height // 8, width // 8)
    y, x = np.linspace(-1, 1, small[0], dtype=np.float32)[:, None], np.linspace(-1, 1, small[1], dtype=np.float32)[None]
    beyond = np.hypot(y * 1.02, x * 0.98) - 0.86 + 0.07 * texture(rng, small, 22) - 0.012 * texture(rng, small, 3)
    tissue = 1 / (1 + np.exp(np.clip(beyond, -0.1, 0.1) * 260))
    fibres = 0.5 + 0.13 * texture(rng, small, 2.2) + 0.10 * texture(rng, small, 9)
    eosin = enlarged(tissue * np.clip(fibres, 0.12, 1), (height, width))
    blue = enlarged(tissue * np.clip(0.07 + 0.02 * texture(rng, small, 4), 0, 1), (height, width))
    here = enlarged(tissue, (height, width))
    nuclei: list[Outline] = []
    for cy, cx in places(rng, (height, width), 420, 205):
        around = [
            (min(max(int(cy + b), 0), height - 1), min(max(int(cx + a), 0), width - 1)) for b in (-115, 0, 115) for a in (-115, 0, 115)
        ]
        if not (0 < cy < height and 0 < cx < width) or min(here[at] for at in around) < 0.9:
            continue
        crypt = outline(rng, cy, cx, float(rng.uniform(74, 96)), 0.06, float(rng.uniform(1.0, 1.3)))
        at = crypt.window((height, width), 1.5)
        assert at is not None
        far, theta = crypt.polar(at)
        wall, lumen = inside(far, 0.03), inside(far / 0.34, 0.10)
        goblets = np.clip(np.cos(theta * int(rng.integers(9, 14)) + rng.uniform(0, TAU)), 0, 1) * np.exp(-(((far - 0.62) / 0.16) ** 2))
        eosin[at] = eosin[at] * (1 - wall) + wall * (0.40 - 0.22 * goblets)
        blue[at] = blue[at] * (1 - wall) + wall * (0.17 - 0.05 * goblets)
        eosin[at] *= 1 - 0.93 * lumen
        blue[at] *= 1 - 0.95 * lumen
        for k, point in enumerate(crypt.ring(int(rng.integers(26, 34)))[:-1]):
            inward = float(rng.uniform(0.80, 0.88))
            py, px = cy + (point[1] - cy) * inward, cx + (point[0] - cx) * inward
            lean = float(np.arctan2(point[1] - cy, point[0] - cx))
            nuclei.append(Outline(py, px, float(rng.uniform(7.5, 9.5)), ((0.05, k * 1.0),), 1.35, lean))
    for cy, cx in rng.uniform((0, 0), (height - 1, width - 1), (26_000, 2)):
        if here[int(cy), int(cx)] > 0.9 and eosin[int(cy), int(cx)] > 0.2 and blue[int(cy), int(cx)] < 0.13:
            nuclei.append(Outline(cy, cx, float(rng.uniform(5, 8)), ((0.06, cy),), float(rng.uniform(1.0, 1.9)), float(cx)))
    for nucleus in nuclei:
        if (at := nucleus.window((height, width), 1.4)) is not None:
            blue[at] = np.maximum(blue[at], inside(nucleus.polar(at)[0], 0.13) * (0.62 + 0.18 * np.sin(nucleus.y * 7)))
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, 250):
        band = slice(top, top + 250)
        grain = 1 + 0.05 * rng.standard_normal((250, width), dtype=np.float32)
        for c, (h, e) in enumerate(((1.00, 0.09), (1.15, 0.72), (0.42, 0.22))):
            pixels[band, :, c] = np.clip(246 * np.exp(-(h * blue[band] + e * eosin[band]) * 1.5 * grain), 0, 255)
    write_ome(images / "sections" / "section_01.ome.tif", pixels, [("H&E", "#ffffff")], 0.5)


def division(study: Path, images: Path) -> None:
    """Four channels, five planes, three time points: a field of cells, one of which divides, or fails to."""
    shape, depth, times = (512, 512), 5, 3
    for row in rows(study / "experimentA/assays.tsv"):
        rng = seeded("demo0003", row["Image Name"])
        scattered = "chromosomes scattered" in phenotypes(row)
        found = [c for c in cells(rng, shape, 66, frozenset(), 18) if np.hypot(c.body.y - 256, c.body.x - 256) > 128]
        drift = rng.normal(0, 3, (times, 2)).cumsum(0)
        spots = [rng.uniform((0.05, 0), (0.75, TAU), (20, 2)) for _ in found]
        lean = float(rng.uniform(0, np.pi))
        pixels = np.empty((times, depth, 4, *shape), np.uint16)
        for t in range(times):
            for z in range(depth):
                dna, tubulin, actin, points = (np.zeros(shape, np.float32) for _ in range(4))
                for n, cell in enumerate(found):
                    level = abs(z - 1.2 - (n % 3) * 0.6)
                    moved = _moved(cell, *(drift[t] * (1 if n % 2 else -1)))
                    paint(dna, tubulin, actin, moved, float(np.exp(-((level / 2.1) ** 2))))
                    for d, a in spots[n]:
                        core = moved.nuclei[0]
                        dot(points, core.y + d * core.radius * np.sin(a), core.x + d * core.radius * np.cos(a), 1.6, 0.6 * np.exp(-level))
                _dividing(rng, (dna, tubulin, actin, points), t, z, lean, scattered)
                light = zip((dna, tubulin, actin, points), (300, 240, 220, 250), strict=True)
                pixels[t, z] = np.stack([counted(rng, smooth(p, 0.8 + 0.5 * abs(z - 2)) * g * 0.96**t) for p, g in light])
        names = [("H2B", DNA), ("Tubulin", TUBULIN), ("Actin", ACTIN), ("Kinetochores", SPOTS)]
        write_ome(images / row["Dataset Name"] / f"{row['Image Name']}.ome.tif", pixels, names, 0.2, 1.0, 240)


def _moved(cell: Cell, dy: float, dx: float) -> Cell:
    def move(o: Outline) -> Outline:
        return Outline(o.y + dy, o.x + dx, o.radius, o.waves, o.stretch, o.angle)

    return Cell(move(cell.body), tuple(move(n) for n in cell.nuclei), cell.mitotic, cell.grain)


def _dividing(rng: np.random.Generator, planes: tuple[Plane, ...], t: int, z: int, lean: float, scattered: bool) -> None:
    """The cell in the middle: metaphase plate at t 0, separating at 1, two daughters at 2; or scattered throughout."""
    dna, tubulin, actin, points = planes
    light = float(np.exp(-(((z - 2) / 1.7) ** 2)))
    gap = 0.0 if scattered else (0, 28, 48)[t]
    along = np.array([np.sin(lean), np.cos(lean)])
    body = Outline(256, 256, 84, ((0.10 if t == 2 and not scattered else 0.0, 0.0),), 1 + gap / 130, lean)
    at = body.window(dna.shape, 1.3)
    assert at is not None
    far, _ = body.polar(at)
    actin[at] += light * (0.10 * inside(far, 0.03) + 0.8 * np.exp(-(((far - 0.97) / 0.035) ** 2)))
    within = np.zeros(dna.shape, np.float32)
    within[at] = inside(far, 0.03)
    for side in (-1, 1):
        pole = np.array([256, 256]) + side * along * (52 + gap * 0.6)
        centre = np.array([256, 256]) + side * along * gap
        aster = Outline(float(pole[0]), float(pole[1]), 34, ((0.0, 0.0),), 1.35, lean)
        where = aster.window(dna.shape, 2.2)
        assert where is not None
        near, angle = aster.polar(where)
        tubulin[where] += (
            light * within[where] * (0.75 * np.exp(-near * 1.5) * (1 + 0.5 * np.cos(19 * angle)) + 0.8 * np.exp(-((near / 0.13) ** 2)))
        )
        bar = Outline(float(centre[0]), float(centre[1]), 26, ((0.05, 1.0), (0.04, float(t))), 0.52, lean)
        if not scattered and (where := bar.window(dna.shape, 1.5)) is not None:
            dna[where] += light * (0.6 if gap == 0 else 1.1) * inside(bar.polar(where)[0], 0.08)
        across = np.array([along[1], -along[0]])
        for k in range(14):
            sister = centre + across * (k - 6.5) * 5.6 + side * along * 3.5
            if scattered:
                sister = np.array([256, 256]) + rng.normal(0, 24, 2)
                dot(dna, float(sister[0]), float(sister[1]), 6.5, light * 0.75)
            dot(points, float(sister[0]), float(sister[1]), 1.9, light * 1.25)


def regions(study: Path, images: Path) -> None:
    """Two channels, 1024²: nuclei as polygons and the brightest spots as points, in regions.geojson."""
    features = []
    for row in rows(study / "experimentA/assays.tsv"):
        rng = seeded("demo0004", row["Image Name"])
        arrested = "mitotic arrest" in phenotypes(row)
        seen = frozenset({"prolonged mitosis", "rounded cells"} if arrested else set())
        planes, found = field(rng, (1024, 1024), 66, seen, 62)
        target = 0.10 * planes[0]
        for cell in found:
            for nucleus in cell.nuclei:
                spots = [_spot(rng, nucleus) for _ in range({"CENPA": 26, "AURKB": 14, "SGO1": 20}[row["Gene Symbol"]])]
                for y, x in spots:
                    dot(target, y, x, 2.4 if row["Gene Symbol"] == "AURKB" else 1.7, float(rng.uniform(0.5, 1.1)))
                if min(nucleus.y, nucleus.x) < nucleus.radius * 1.5 or max(nucleus.y, nucleus.x) > 1024 - nucleus.radius * 1.5:
                    continue  # an object cut by the edge is not counted
                features.append(_feature(row, nucleus, "mitotic" if cell.mitotic else "interphase"))
                if cell.mitotic:
                    y, x = spots[0]
                    at = {"type": "Point", "coordinates": [round(x, 1), round(y, 1)]}
                    features.append({"type": "Feature", "geometry": at, "properties": _named(row, "spot") | {"label": "brightest spot"}})
        pixels = np.stack([counted(rng, planes[0] * 400), counted(rng, smooth(target, 0.6) * 500)])
        path = images / row["Dataset Name"] / f"{row['Image Name']}.ome.tif"
        write_ome(path, pixels[None, None], [("Hoechst", DNA), (row["Antibody Target"], SPOTS)], 0.21)
    whole = {"type": "FeatureCollection", "features": features}
    (images / "regions.geojson").write_text(json.dumps(whole, separators=(",", ":")), encoding="utf-8")


def _spot(rng: np.random.Generator, nucleus: Outline) -> tuple[float, float]:
    a, d = rng.uniform(0, TAU), nucleus.radius * 0.85 * np.sqrt(rng.uniform(0, 1))
    u, v = d * np.cos(a) * nucleus.stretch, d * np.sin(a) / nucleus.stretch
    cos, sin = np.cos(nucleus.angle), np.sin(nucleus.angle)
    return float(nucleus.y + u * sin + v * cos), float(nucleus.x + u * cos - v * sin)


def _named(row: dict[str, str], kind: str) -> dict[str, str]:
    return {"dataset": row["Dataset Name"], "image": row["Image Name"], "class": kind}


def _feature(row: dict[str, str], nucleus: Outline, kind: str) -> dict[str, object]:
    area = round(float(np.pi * nucleus.radius**2 * 0.21**2), 1)
    shape = {"type": "Polygon", "coordinates": [nucleus.ring()]}
    return {"type": "Feature", "geometry": shape, "properties": _named(row, kind) | {"label": f"{kind} nucleus", "area_um2": area}}


STUDIES: dict[str, Callable[[Path, Path], None]] = {
    "demo0001": screen,
    "demo0002": slide,
    "demo0003": division,
    "demo0004": regions,
}


def make(content: Path, say: Callable[[str], None] = print) -> list[str]:
    """Makes what is absent or outdated below `content`, and returns the accessions that were made."""
    made = []
    programs = sorted(Path(__file__).parent.glob("synthetic*.py"))
    for accession, draw in STUDIES.items():
        study = content / "studies" / accession
        if not study.is_dir():
            continue
        images, tables = study / "images", sorted(study.glob("*/*.tsv"))
        by = hashlib.sha256(b"".join([*(p.read_bytes() for p in (*programs, *tables))])).hexdigest()
        stamp = images / "made-by.txt"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == by:
            continue
        say(f"{accession}: making images")
        shutil.rmtree(images, ignore_errors=True)
        images.mkdir(parents=True)
        draw(study, images)
        stamp.write_text(by, encoding="utf-8")  # last: an interrupted run is begun again
        made.append(accession)
    return made


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Makes the images of the demonstration studies.")
    options.add_argument("--content", type=Path, default=Path(__file__).parent, metavar="DIR", help="the content folder")
    make(options.parse_args().content)
