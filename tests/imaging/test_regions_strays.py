"""Regions, localisations and masks that no image takes are told of, each with its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import tifffile

ROOT = Path(__file__).parents[2]


def point(**properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": properties}


def said(content: Path, store: Path) -> list[dict[str, object]]:
    command = [sys.executable, "build.py", "check", str(content), "--store", str(store), "--format", "json", "--jobs", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode in (0, 1), done.stderr
    return [p for p in json.loads(done.stdout) if p["file"].rpartition("/")[2] != "study.yaml"]


def test_what_no_image_takes_is_told(tmp_path: Path) -> None:
    top = tmp_path / "content/studies/x1"
    (top / "images").mkdir(parents=True)
    (top / "masks").mkdir()
    for name in ("alpha", "beta"):
        tifffile.imwrite(top / f"images/{name}.tif", np.arange(2400, dtype=np.uint16).reshape(40, 60))
    for name in ("alpha_nuclei", "alphabet", "gamma"):
        tifffile.imwrite(top / f"masks/{name}.tif", np.ones((40, 60), np.uint8))
    (top / "spots.csv").write_text("image,x,y\nalpha.tif,1,2\nalhpa.tif,1,2\nbeta,1,2\nalhpa.tif,3,4\ndelta,1,1\n")
    (top / "loose.csv").write_text("x,y\n1,2\n3,4\n")
    (top / "beta_rois.csv").write_text("x,y\n1,2\n")
    (top / "broken.geojson").write_text("[" * 100_000)
    features = [
        point(image="beta"),
        point(name="\ud800"),
        point(**{"\udfff": 1}),
        point(image="betta"),
        *(point(image=f"no {n}") for n in range(30)),
    ]
    (top / "q.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (top / "blinks.csv").write_text("image,x,y\nalpha,1,2\nomega,1,2\nomega,3,4\n")
    (top / "study.yaml").write_text(
        "accession: x1\ntitle: T\nlicence: CC0-1.0\norganisms: [{name: Homo sapiens}]\ncomponents:\n  - name: s\n    kind: screen\n"
        "    images:\n      - source: images/*.tif\n        rois: [spots.csv, loose.csv, beta_rois.csv, q.geojson, broken.geojson]\n"
        "        localisations: blinks.csv\n        labels: masks/*.tif\n"
    )
    found = said(tmp_path / "content", tmp_path / "store")
    assert all(p["severity"] == "warning" for p in found)
    told = {(str(p["file"]).rpartition("x1/")[2], p["line"], p["path"]): f"{p['what']}; {p['mend']}" for p in found}
    assert "'alhpa'" in told["spots.csv", 3, ""] and "2 regions are left out; did you mean 'alpha'?" in told["spots.csv", 3, ""]
    assert "'delta'" in told["spots.csv", 6, ""] and "1 region is left out" in told["spots.csv", 6, ""]
    assert told["loose.csv", 0, ""].startswith("holds 2 regions of no image")
    assert "did you mean 'beta'?" in told["q.geojson", 0, "features[3]"]
    assert "is not JSON" in told["broken.geojson", 0, ""]
    assert sum("half a character" in str(p["what"]) for p in found) == 2
    assert "names 21 more images that are not there; 21 regions are left out; see the first ones" in [
        f"{p['what']}; {p['mend']}" for p in found
    ]
    assert "'omega'" in told["blinks.csv", 0, ""] and "2 localisations are left out" in told["blinks.csv", 0, ""]
    assert {k[0] for k in told if k[0].startswith("masks")} == {"masks/alphabet.tif", "masks/gamma.tif"}
    assert len([k for k in told if k[0] in ("spots.csv", "beta_rois.csv")]) == 2
