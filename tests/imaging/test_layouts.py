"""Images of several files: by a pattern, by the layouts of two instruments, by OME-XML; what is missing, what does not fit."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ingest.images.assembled import opened_image, why
from ingest.images.batches import ImageBatch, image_steps
from ingest.images.drawing import images
from ingest.images.layouts.known import positions
from ingest.images.names import Placed
from ingest.images.opened import Opened, Unreadable
from portal.facts import ComponentImages
from portal.imaging.planes import Planes
from portal.model import Images, StudyComponent
from portal.problems import Problem
from tests.imaging.works import load, work_of

SHARED = Path(__file__).parents[2] / "../shared/images"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real images of ../shared are not here")


def planned(top: Path, **given: object) -> tuple[list[ImageBatch], list[Problem]]:
    files = tuple(sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()))
    component = StudyComponent(name="screenA", kind="screen", images=(Images(**given),))
    return image_steps("x1", component, top, files)


def members(batches: list[ImageBatch]) -> list[Placed]:
    return [Placed.of(m) for b in batches for m in b.params["placed"]]


def work(top: Path, batch: ImageBatch, scratch: Path):  # type: ignore[no-untyped-def]
    return work_of({path: top / path for path in batch.files}, scratch)


def grey(path: Path, value: int, size: tuple[int, ...] = (6, 8), dtype: str = "uint16") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.full(size, value, dtype), photometric="minisblack", compression="zlib")


def seen(found: Opened) -> np.ndarray:
    """The middle value of every plane: (t, c, z)."""
    source = found.source
    assert isinstance(source, Planes)
    return np.array([[[source.read(t, c, z)[3, 3] for z in range(source.z)] for c in range(source.channels)] for t in range(source.t)])


# ---- patterns


def test_fields_that_are_counted_from_0(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for name in ("p1_A01f00d0", "p1_A01f00d1", "p1_A01f01d0", "p1_A01f01d1", "p2_A01f01d0"):
        grey(top / f"{name}.tif", 1)
    batches, problems = planned(top, source="*.tif", pattern="{plate}_{well}f{field}d{channel}.tif")
    found = {(m.container, m.sample, m.field, m.name) for m in members(batches)}
    assert not problems and found == {("p1", "A1", 1, "p1 A1"), ("p1", "A1", 2, "p1 A1 field 2"), ("p2", "A1", 1, "p2 A1")}


def test_channels_planes_and_time_points_of_a_plate(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for n, (well, c, z, t) in enumerate((w, c, z, t) for w in ("A01", "B02") for c in ("DNA", "actin") for z in (1, 2, 3) for t in (0, 5)):
        grey(top / f"t{t}/p1_{well}_{c}_Z{z}.tif", n + 1)
    batches, problems = planned(top, source="**/*.tif", pattern="t{t}/{plate}_{well}_{channel}_Z{z}.tif")
    assert not problems and len(batches) == 1 and len(batches[0].files) == 24
    first, second = members(batches)
    assert (first.sample, first.shape, [c.name for c in first.channels], len(first.parts)) == ("A1", (2, 2, 3), ["actin", "DNA"], 12)
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], second) as found:
        assert [c.name for c in found.channels] == ["actin", "DNA"]
        values = seen(found)
    # What was written for B02: n = 12 + 6·channel (DNA first) + 2·z + t.
    assert values.tolist() == [[[19 + 2 * z + t for z in range(3)], [13 + 2 * z + t for z in range(3)]] for t in range(2)]
    out = images(work(top, batches[0], tmp_path / "drawn"), **batches[0].params)
    drawn = ComponentImages.model_validate(load(out, "images.json"))
    assert not drawn.refused and [(i.z, i.t, len(i.channels), i.bytes > 0) for i in drawn.images] == [(3, 2, 2, True)] * 2
    assert drawn.images[0].sha256 != drawn.images[1].sha256


def test_a_missing_plane_is_told_and_black_and_moves_no_other(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for well in ("A1", "A2"):
        for c in (1, 2, 3):
            for z in (10, 20, 30):
                grey(top / f"p_{well}_C{c}_{z}.tif", c * 100 + z)
    for gone in ("p_A2_C1_10.tif", "p_A2_C1_20.tif", "p_A2_C1_30.tif", "p_A2_C3_10.tif"):
        (top / gone).unlink()
    batches, problems = planned(top, source="*.tif", pattern="{plate}_{well}_C{channel}_{z}.tif")
    assert [(p.severity, p.place.file) for p in problems] == [("warning", "studies/x1/p_A2_C2_10.tif")]
    assert "lacks 4 of its 9 planes (such as channel 1, z 1)" in problems[0].what
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], members(batches)[1]) as found:
        assert seen(found)[0].tolist() == [[0, 0, 0], [210, 220, 230], [0, 320, 330]]


def test_one_image_of_many_frames(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for t in (1, 2, 4):
        grey(top / f"movie/frame{t:03}.tif", t)
    batches, problems = planned(top, source="movie/*.tif", pattern="{image}{t}.tif")
    (one,) = members(batches)
    assert one.name == "frame" and one.shape == (4, 1, 1) and "t 3" in problems[0].what
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], one) as found:
        assert seen(found).ravel().tolist() == [1, 2, 0, 4]


def test_files_that_are_stacks_follow_one_another(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for t in (1, 2):
        path = top / f"m_{t}.ome.tif"
        path.parent.mkdir(exist_ok=True)
        stack = np.arange(6, dtype=np.uint16).reshape(3, 2, 1, 1) + 10 * t + np.zeros((3, 2, 5, 7), np.uint16)
        tifffile.imwrite(path, stack, ome=True, photometric="minisblack", metadata={"axes": "ZCYX"})
    batches, _ = planned(top, source="*.tif", pattern="{image}_{t}.ome.tif")
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], members(batches)[0]) as found:
        assert seen(found).tolist() == [[[10 * t + 2 * z + c for z in range(3)] for c in range(2)] for t in (1, 2)]


@pytest.mark.parametrize(("size", "dtype"), [((6, 9), "uint16"), ((6, 8), "uint8")])
def test_parts_that_do_not_fit_refuse_their_image_alone(size: tuple[int, int], dtype: str, tmp_path: Path) -> None:
    top = tmp_path / "x1"
    for well in ("A1", "A2"):
        grey(top / f"p_{well}_z1.tif", 7)
        grey(top / f"p_{well}_z2.tif", 8)
    grey(top / "p_A2_z2.tif", 8, size, dtype)
    batches, _ = planned(top, source="*.tif", pattern="{plate}_{well}_z{z}.tif")
    out = images(work(top, batches[0], tmp_path / "s"), **batches[0].params)
    drawn = ComponentImages.model_validate(load(out, "images.json"))
    assert [i.sample for i in drawn.images] == ["A1"] and [r.path for r in drawn.refused] == ["p_A2_z1.tif"]
    assert "p_A2_z2.tif" in drawn.refused[0].why and dtype in drawn.refused[0].why


def test_two_files_for_one_plane_are_an_error(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    grey(top / "a/p_A1_z1.tif", 1)
    grey(top / "b/p_A1_z1.tif", 1)
    _, problems = planned(top, source="**/*.tif", pattern="{plate}_{well}_z{z}.tif")
    assert [(p.severity, p.place.file) for p in problems] == [("error", "studies/x1/b/p_A1_z1.tif")]


def test_numbers_far_apart_are_taken_in_their_order() -> None:
    assert positions([1, 2, 1_000_000]) == {1: 0, 2: 1, 1_000_000: 2}
    assert positions([5, 7, 11]) == {5: 0, 7: 1, 11: 3}
    assert positions([3], first=1) == {3: 1}
    assert positions([]) == {}


def test_a_broken_part_is_named(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    grey(top / "i_1.tif", 1)
    (top / "i_2.tif").write_bytes((top / "i_1.tif").read_bytes()[:90])
    batches, _ = planned(top, source="*.tif", pattern="{image}_{t}.tif")
    (one,), files = members(batches), work(top, batches[0], tmp_path / "s").inputs[0]
    with pytest.raises(Unreadable) as told, opened_image(files, one) as found:
        seen(found)
    assert "i_2.tif" in why(told.value, files, one) and str(tmp_path) not in why(told.value, files, one)


# ---- ImageXpress


@real
def test_imagexpress_with_projections_and_planes(tmp_path: Path) -> None:
    top = SHARED / "hcs_imx_projmix"
    batches, problems = planned(top, source="**/*.tif", layout="imagexpress")
    assert [b.params["container"] for b in batches] == ["Projection-Mix"]
    (projections,) = problems
    assert projections.severity == "warning" and "6 projections" in projections.what
    found = members(batches)
    assert [(m.sample, m.field, m.shape) for m in found] == [("E7", 1, (1, 4, 10)), ("E7", 2, (1, 4, 10)), ("E8", 1, (1, 4, 10))]
    assert (found[0].pixel_size, found[0].pixel_size_z, found[0].channels[0].emission) == (1.3668, 5.0, 536.0)
    assert [c.name for c in found[0].channels] == [f"FITC_05 (w{n})" for n in (1, 2, 3, 4)]
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], found[0]) as image:
        source = image.source
        assert isinstance(source, Planes) and (source.width, source.channels, source.z, image.pixel_size) == (512, 4, 10, 1.3668)
        (seventh,) = (top / "2023-02-21/1334/ZStep_7").glob("*E07_s1_w2*.tif")
        assert (source.read(0, 1, 6) == tifffile.imread(seventh)).all()
        # w3 has nothing but its projection, w4 one plane: these hold for every z.
        assert (source.read(0, 2, 0) == source.read(0, 2, 9)).all() and (source.read(0, 3, 0) == source.read(0, 3, 4)).all()


@real
def test_metaxpress_export_and_a_time_lapse(tmp_path: Path) -> None:
    batches, problems = planned(SHARED / "hcs_imx_exported", source="**/*.TIF", layout="imagexpress")
    assert [b.params["container"] for b in batches] == ["9987_Plate_3420", "9987_Plate_3434", "9987_Plate_3435"]
    assert ["12 projections" in p.what for p in problems] == [True]
    one, mixed, timed = (next(m for m in members(batches) if m.container == b.params["container"]) for b in batches)
    assert [c.name for c in mixed.channels] == ["DAPI", "FITC", "Texas Red"] and mixed.shape == (1, 3, 2) and mixed.pixel_size_z == 3.0
    assert timed.shape == (2, 2, 1) and timed.time_step == pytest.approx(30.0, abs=0.1) and one.shape == (1, 1, 1)
    (batch,), problems = planned(SHARED / "timelapse_imx", source="**/*.tif", layout="imagexpress")
    found = members([batch])
    assert not problems and [(m.sample, m.field, m.shape) for m in found] == [("C7", 1, (2, 3, 1)), ("C7", 2, (2, 3, 1))]
    with opened_image(work(SHARED / "timelapse_imx", batch, tmp_path / "s").inputs[0], found[0]) as image:
        (second,) = (SHARED / "timelapse_imx").rglob("TimePoint_2/*_s1_w3*.tif")
        assert isinstance(image.source, Planes) and (image.source.read(1, 2, 0) == tifffile.imread(second)).all()


def test_imagexpress_made_here(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    guid = "0A1B2C3D-0000-1111-2222-333344445555"
    for w in (1, 2):
        for z in (0, 1, 2):
            grey(top / f"run/P9_x/ZStep_{z}/P9_B03_s1_w{w}.TIF", 10 * w + z)
    grey(top / f"run/P9_x/ZStep_1/P9_B03_s1_w1_thumb{guid}.tif", 99)
    (top / "run/P9_x/P9.HTD").write_text('"HTSInfoFile", Version 1.0\n"WaveName1", "Hoechst"\n"WaveName2", "Cy5"\n"EndFile"\n')
    (top / "run/P9_x/notes.txt").write_text("by hand")
    batches, problems = planned(top, source="run/**/*", layout="imagexpress")
    assert sorted(p.what.partition(" ")[0] for p in problems) == ["1", "2", "is"] and all(p.severity == "warning" for p in problems)
    (one,) = members(batches)
    assert (one.container, one.sample, [c.name for c in one.channels]) == ("P9_x", "B3", ["Hoechst", "Cy5"])
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], one) as found:
        assert seen(found)[0].tolist() == [[11, 12], [21, 22]] and [c.name for c in found.channels] == ["Hoechst", "Cy5"]
    _, problems = planned(top, source="run/**/*.txt", layout="imagexpress")
    assert [(p.severity, p.place.path) for p in problems] == [("error", "components[0].images[0].layout")]


# ---- CellVoyager

BTS = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"'
MRF = f"""<?xml version="1.0" encoding="utf-8"?>
<bts:MeasurementDetail bts:MeasurementSettingFileName="..\\\\elsewhere\\\\setting.mes" {BTS}>
  <bts:MeasurementSamplePlate bts:Name="Plate 7" bts:WellPlateFileName="p.wpi" />
  <bts:MeasurementChannel bts:Ch="1" bts:HorizontalPixelDimension="0.325" bts:VerticalPixelDimension="0.325" />
</bts:MeasurementDetail>"""
MES = f"""<?xml version="1.0" encoding="utf-8"?>
<bts:MeasurementSetting {BTS}><bts:ActionList>
    <bts:ActionAcquire3D bts:TopDistance="5" bts:BottomDistance="-5" bts:SliceLength="3"><bts:Ch>1</bts:Ch></bts:ActionAcquire3D>
  </bts:ActionList><bts:ChannelList>
    <bts:Channel bts:Ch="1" bts:Target="DAPI" bts:Acquisition="BP445/45" bts:Color="#FF002FFF" bts:Fluorophore="">
      <bts:LightSourceName>405nm</bts:LightSourceName></bts:Channel>
    <bts:Channel bts:Ch="2" bts:Target="" bts:Acquisition="BP525/50" bts:Color="#FF00FFA1" bts:Fluorophore="" />
  </bts:ChannelList></bts:MeasurementSetting>"""


def voyager(top: Path, described: Mapping[str, str]) -> None:
    for n, (f, z, c) in enumerate((f, z, c) for f in (1, 2) for z in (1, 2, 3) for c in (1, 2)):
        grey(top / f"run/AssayPlate_x_B03_T0001F{f:03}L01A0{c}Z{z:02}C{c:02}.tif", n + 1)
    grey(top / "run/AssayPlate_x_B03_T0001F001L01A03Z01C01.tif", 99)
    grey(top / "run/SC_BP445-45_20x_M01_CH01.tif", 98)
    for name, text in described.items():
        (top / "run" / name).write_text(text)


def test_cellvoyager_with_its_own_files(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    voyager(top, {"MeasurementDetail.mrf": MRF, "setting.mes": MES})
    batches, problems = planned(top, source="run/*", layout="cellvoyager")
    assert sorted(p.what.split(" that")[0] for p in problems) == ["1 images for correction", "1 projections"]
    first, second = members(batches)
    assert (first.container, first.sample, first.field, second.field, first.shape) == ("Plate 7", "B3", 1, 2, (1, 2, 3))
    assert (first.pixel_size, first.pixel_size_z) == (0.325, 3.0)
    dapi, other = first.channels
    assert (dapi.name, dapi.colour, dapi.emission, dapi.excitation) == ("DAPI", "#002fff", 445.0, 405.0) and other.name == "BP525/50"
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], second) as found:
        assert seen(found)[0].tolist() == [[7, 9, 11], [8, 10, 12]] and found.pixel_size == 0.325


def test_cellvoyager_by_file_names_alone(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    of = 'bts:Type="IMG" bts:Row="2" bts:Column="3" bts:FieldIndex="1" bts:Ch="1"'
    heights = "".join(f'<bts:MeasurementRecord {of} bts:ZIndex="{z}" bts:Z="{2.5 * z}">x</bts:MeasurementRecord>' for z in (1, 2))
    voyager(top, {"MeasurementDetail.mrf": '<!DOCTYPE x [<!ENTITY a "b">]><x/>', "MeasurementData.mlf": heights})
    batches, _ = planned(top, source="run/*", layout="cellvoyager")
    first = members(batches)[0]
    assert (first.container, first.pixel_size, first.pixel_size_z, [c.name for c in first.channels]) == (
        "AssayPlate_x",
        None,
        2.5,
        ["C01", "C02"],
    )


# ---- OME-TIFF in several files


def ome(top: Path, name: str = "set.companion.ome") -> str:
    rows = ""
    for c in range(2):
        path = top / f"set_C{c}.ome.tif"
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(path, np.stack([np.full((5, 6), 10 * c + n, np.uint16) for n in (1, 2, 3)]), photometric="minisblack")
        named = f'<UUID FileName="{path.name}">urn:uuid:{c}</UUID>'
        rows += f'<TiffData FirstC="{c}" FirstZ="0" FirstT="0" IFD="0" PlaneCount="3">{named}</TiffData>'
    text = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
        'Type="uint16" SizeX="6" SizeY="5" SizeZ="3" SizeC="2" SizeT="1" PhysicalSizeX="160" PhysicalSizeXUnit="nm" PhysicalSizeZ="0.5">'
        f'<Channel ID="C:0" Name="GFP" EmissionWavelength="509"/><Channel ID="C:1" Name="RFP"/>{rows}</Pixels></Image></OME>'
    )
    (top / name).write_text(text)
    return text


def test_a_companion_names_its_files(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    ome(top)
    batches, problems = planned(top, source="*")
    (one,) = members(batches)
    assert not problems and (one.name, one.shape, one.pixel_size, one.pixel_size_z) == ("set", (1, 2, 3), 0.16, 0.5)
    assert batches[0].files == ("set_C0.ome.tif", "set_C1.ome.tif")
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], one) as found:
        assert seen(found)[0].tolist() == [[1, 2, 3], [11, 12, 13]] and found.channels[0].emission == 509


def test_ome_tiffs_that_name_each_other(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    text = ome(top)
    (top / "set.companion.ome").unlink()
    for c in range(2):
        planes = np.stack([np.full((5, 6), 10 * c + n, np.uint16) for n in (1, 2, 3)])
        tifffile.imwrite(top / f"set_C{c}.ome.tif", planes, photometric="minisblack", description=text, metadata=None)
    batches, problems = planned(top, source="*.ome.tif", layout="ome-tiff")
    (one,) = members(batches)
    assert not problems and one.name == "set_C0" and len(one.files) == 2
    with opened_image(work(top, batches[0], tmp_path / "s").inputs[0], one) as found:
        assert seen(found)[0].tolist() == [[1, 2, 3], [11, 12, 13]]


@pytest.mark.parametrize("name", ["../../secret.tif", "/etc/passwd", "set_C9.ome.tif", "..\\\\x.tif"])
def test_files_elsewhere_are_not_there(name: str, tmp_path: Path) -> None:
    top = tmp_path / "a/b/x1"
    top.mkdir(parents=True)
    text = ome(top)
    grey(tmp_path / "a/secret.tif", 1)
    (top / "set.companion.ome").write_text(text.replace("set_C1.ome.tif", name))
    batches, problems = planned(top, source="*.companion.ome")
    (one,) = members(batches)
    assert not problems and one.refused and name in one.refused, "refused, so that the study's page tells of it"
    out = images(work(top, batches[0], tmp_path / "s"), **batches[0].params)
    (refusal,) = ComponentImages.model_validate(load(out, "images.json")).refused
    assert refusal.path == "set.companion.ome" and name in refusal.why


@real
def test_a_companion_without_its_files(tmp_path: Path) -> None:
    top = tmp_path / "x1"
    shutil.copytree(SHARED / "multifile_ome_companion", top)
    batches, problems = planned(top, source="*.companion.ome")
    refused = [m.refused or "" for m in members(batches)]
    assert not problems and len(refused) == 2
    assert all("not there: " in why and ".ome.tif" in why for why in refused), refused
