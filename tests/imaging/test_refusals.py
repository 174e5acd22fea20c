"""What a curator is told of an image that is left out: whose fault it is, its mend said once, and nothing that is no news."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
import tifffile

from ingest.images.assembled import opened_image
from ingest.images.drawing import images
from ingest.images.readers import mrc
from portal.engine.attempts import Attempts
from portal.engine.step import Work
from tests.imaging.test_layouts import grey, members, planned, work
from tests.imaging.works import load


def told(top: Path, scratch: Path, **given: Any) -> dict[str, str]:
    """File → what its problem says and the mend."""
    (batch,), _ = planned(top, **given)
    found = load(images(work(top, batch, scratch), **batch.params), "problems.json")
    return {p["file"].rpartition("/")[2]: f"{p['what']}; {p['mend']}" for p in found}


def test_every_refusal_says_its_mend_once(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    grey(top / "whole.tif", 1)
    data = (top / "whole.tif").read_bytes()
    (top / "empty.tif").write_bytes(b"")
    (top / "packed.tif").write_bytes(b"\x1f\x8b" + bytes(100))
    (top / "cut.tif").write_bytes(data[:-8])
    grey(top / "stack.tif", 1, (4, 6, 8))
    tifffile.imwrite(top / "complex.tif", np.zeros((6, 8), np.complex64))
    found = told(top, tmp_path / "s", source="*.tif")
    assert found["packed.tif"] == "is a gzip file; it is left out; unpack it, because parts of a packed file cannot be read (gunzip)"
    assert found["empty.tif"] == "is empty; it is left out; correct the file, or remove it"
    for name in ("cut.tif", "complex.tif", "packed.tif", "empty.tif"):
        assert found[name].count("; ") == 2 and found[name].count("left out") == 1, found[name]


def test_a_fault_of_ours_is_told_apart_and_its_story_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault: a bound that our reader of MRC compares with is no number. The TIFF beside it, broken by itself, is its own fault."""
    top = tmp_path / "x1"
    grey(top / "good.tif", 1)
    (top / "bad.tif").write_bytes((top / "good.tif").read_bytes()[:-8])
    with mrcfile.new(top / "volume.mrc") as file:
        file.set_data(np.zeros((3, 6, 8), np.float32))
    monkeypatch.setattr(mrc, "check_size", None)
    (batch,), _ = planned(top, source="*.*")
    plain = work(top, batch, tmp_path / "s")
    attempts = Attempts(log=tmp_path / "logs/images-x1.log")
    (tmp_path / "logs").mkdir()
    out = images(Work(plain.inputs, plain.scratch, attempts), **batch.params)
    why = {p["path"]: p["why"] for p in load(out, "images.json")["refused"]}
    assert "Slidecase" not in why["bad.tif"] and [i["name"] for i in load(out, "images.json")["images"]] == ["good"]
    assert why["volume.mrc"].startswith("meets a fault of Slidecase (TypeError: ")
    assert why["volume.mrc"].endswith("; report it to the makers of Slidecase, with logs/images-x1.log of the store")
    story = (tmp_path / "logs/images-x1.log").read_text()
    assert "volume.mrc" in story and "Traceback" in story and "mrc.py" in story and "bad.tif" not in story
    assert "volume.mrc" in attempts.passing and "bad.tif" not in attempts.passing, "what is ours to mend is not remembered"


def test_files_put_together_are_not_told_that_each_is_a_part(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{n}"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="8" SizeY="6" SizeZ="2" SizeC="1" SizeT="1">'
        '<TiffData FirstZ="0" IFD="0" PlaneCount="1"><UUID FileName="z0.ome.tif">urn:uuid:0</UUID></TiffData>'
        '<TiffData FirstZ="1" IFD="0" PlaneCount="1"><UUID FileName="z1.ome.tif">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    top.mkdir()
    for n in (0, 1):
        tifffile.imwrite(top / f"z{n}.ome.tif", np.full((6, 8), n, np.uint16), description=ome.format(n=n), metadata=None)
    batches, _ = planned(top, source="*.ome.tif")
    with opened_image(work(top, batches[0], tmp_path / "a").inputs[0], members(batches)[0]) as alone:
        assert alone.notes[0].startswith("is one of several files")
    (batch,), _ = planned(top, source="*.ome.tif", pattern="{image}{z}.ome.tif")
    with opened_image(work(top, batch, tmp_path / "b").inputs[0], members([batch])[0]) as together:
        assert together.notes == ()


def test_what_may_be_read_another_time_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that starts no more: its library is there, and what that needs is not."""
    top = tmp_path / "x1"
    grey(top / "good.tif", 1)
    (top / "bad.tif").write_bytes(b"II*\0")
    (top / "cells.nd2").write_bytes(b"\xda\xce\xbe\x0a" + bytes(600))
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries/nd2.py").write_text("import what_nd2_stands_on\n")
    monkeypatch.syspath_prepend(tmp_path / "libraries")
    monkeypatch.delitem(sys.modules, "ingest.images.readers.optional.nd2", raising=False)
    monkeypatch.delitem(sys.modules, "nd2", raising=False)
    (batch,), _ = planned(top, source="*.*")
    plain = work(top, batch, tmp_path / "s")
    attempts = Attempts()
    out = images(Work(plain.inputs, plain.scratch, attempts), **batch.params)
    why = {p["path"]: p["why"] for p in load(out, "images.json")["refused"]}
    assert set(why) == {"bad.tif", "cells.nd2"} and set(attempts.passing) == {"cells.nd2"}
    assert "does not start (No module named 'what_nd2_stands_on'); run pip install slidecase[nd2]" in why["cells.nd2"]
