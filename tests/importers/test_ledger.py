"""The ledger of small sources, made for one difficulty each, and what is said of a ledger that does not add up."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from ingest.importers.idr.folder import import_idr
from ingest.importers.idr.sources import MAX_LISTED
from portal.ledger import FILE, Component, Joined, KeyLine, Ledger, Overview, SourceFile, Table
from tests.conftest import build_py
from tests.importers.test_idr_small import LIBRARY, SCREEN, STUDY, folder


def imported(tmp_path: Path, source: Path) -> Ledger:
    report = import_idr([source], tmp_path / "out")
    assert report.imported, report.text()
    told = report.imported[0].told
    assert list(told.sums()) == []
    return told


def test_every_kind_of_line(tmp_path: Path) -> None:
    study = (
        "before any key\n# a comment\n\n"  # 1 left, 1 comment, 1 blank
        + STUDY.replace("# Study\n", '"# a comment in quotes,\nover two lines"\n')  # 2 comments, 8 entries
        + 'Study Description\t"one\n\ntwo"\nStudy Copyright\t# your name\tX et al\n'  # an entry and 2 that continue it; an entry
        + "three without a key\n\t\t\n"  # continued, blank
        + SCREEN  # 14 entries
        + "Screen Number\t2\nScreen Description\t\n"  # a section without any value
    )
    told = imported(tmp_path, folder(tmp_path, study))
    assert told.lines is not None
    found = told.lines.model_dump(exclude={"path"})
    assert found == {"total": 35, "entries": 24, "continued": 3, "blank": 2, "comments": 3, "left": 3}
    copyright_ = next(e for e in told.keys[0].entries if e.key == "Study Copyright")
    assert (copyright_.values, copyright_.hints, copyright_.fate) == (1, 1, "mapped")
    assert any("line 1: stands before the first key and was left out: 'before any key'" in note for note in told.notes)
    assert any("section without any value was left out" in note for note in told.notes)


def entries(told: Ledger) -> dict[str, KeyLine]:
    return {e.key: e for block in told.keys for e in block.entries}


@pytest.mark.parametrize(
    ("line", "key", "fate", "to"),
    [
        ("Study Data DOI\t10.17867/10000101", "Study Data DOI", "mapped", "data_doi"),
        ("Study Data DOI\tto come", "Study Data DOI", "kept", None),
        ("Study Data DOI\t10.17867/10000101\tto come", "Study Data DOI", "kept", "data_doi"),
        ("Study Version History\tv1", "Study Version History", "kept", None),
        ("Study Copyright\t", "Study Copyright", "empty", None),
        ("Study Copyright\tA et al\tB et al", "Study Copyright", "kept", "copyright"),
        ("Study Key Words\tone; two", "Study Key Words", "mapped", "keywords"),
        ("Study PubMed ID\t20531400\nStudy PubMed ID\t20531401", "Study PubMed ID", "kept", None),
        ("Study PMC ID\tPMC 2913390", "Study PMC ID", "mapped", "publications.pmc"),
        ("Study Public Release Date\t26/05/2016", "Study Public Release Date", "kept", None),
        ("Study Person Email\ta@b.org", "Study Person Email", "kept", None),  # of nobody
        ("Study Person Last Name\tA\tB\nStudy Person Email\ta@b.org\ta@b.org", "Study Person Email", "mapped", "people.email"),
        ("Study Person Last Name\tA\t\nStudy Person Email\ta@b.org\ta@b.org", "Study Person Email", "kept", "people.email"),
        ("Study Type\tscreen\nStudy Type Term Accession\tEFO_1\tEFO_2", "Study Type Term Accession", "mapped", "study_type.term"),
        ("Study Type\tscreen\nStudy Type Term Source REF\tEFO", "Study Type Term Source REF", "kept", None),
        ("Study Type\tscreen\nStudy Type Term Accession\tONT:0000000", "Study Type Term Accession", "kept", None),
    ],
)
def test_where_an_entry_goes(tmp_path: Path, line: str, key: str, fate: str, to: str | None) -> None:
    entry = entries(imported(tmp_path, folder(tmp_path, f"{STUDY}{line}\n{SCREEN}")))[key]
    assert (entry.fate, entry.to) == (fate, to)


def test_tables_that_are_named_otherwise_stay_named(tmp_path: Path) -> None:
    study = (STUDY + SCREEN).replace("idr9999-screenA-library.txt", "other-library.txt").replace("Plate_Well", "Nothing")
    told = entries(imported(tmp_path, folder(tmp_path, study)))
    assert told["Library File Name"].fate == "kept"
    assert told["Processed Data Column Link To Library File"].fate == "kept"
    assert (told["Processed Data File Name"].fate, told["Processed Data File Name"].to) == (
        "mapped",
        "samples.join.table, analysed_data.name",
    )


def test_files_of_every_fate(tmp_path: Path) -> None:
    annotation = "Plate,Well,Phenotype 1\nP1,A1,round cells\nP1,A2,\nP9,A1,\n"
    source = folder(
        tmp_path,
        **{
            "screenA__idr9999-screenA-annotation.csv": annotation,
            "screenA__idr9999-screenA-bulkmap-config.yml": "columns:\n- name: Gene Symbol\n  include: yes\n",
            "screenA__idr9999-screenA-plates.tsv": "P1\t/uod/P1\n",
            "screenA__idr9999-screenA-features.csv": "a,b,c\n1,2,3\n4,5,6",
            "screenA__rois.tsv": "x\ty\n1\t2\n",
            "screenA__render.py": "print()\n",
            "screenA__what.bin": b"\0\1",
        },
    )
    told = imported(tmp_path, source)
    fates = {f.path.removeprefix("screenA/").removeprefix("idr9999-").removeprefix("screenA-"): f for f in told.files}
    assert {name: (f.role, f.fate) for name, f in fates.items()} == {
        "study.txt": ("study.txt", "mapped"),
        "library.txt": ("library", "copied"),
        "processed.txt": ("processed", "copied"),
        "annotation.csv": ("annotation", "compared"),
        "bulkmap-config.yml": ("bulkmap config", "read"),
        "plates.tsv": ("plates", "compared"),
        "features.csv": ("feature table", "left"),
        "rois.tsv": ("ROI table", "left"),
        "render.py": ("script", "left"),
        "what.bin": ("other", "left"),
    }
    assert (fates["features.csv"].lines, fates["features.csv"].columns) == (3, 3)
    assert (fates["rois.tsv"].lines, fates["rois.tsv"].columns) == (2, 2)
    assert fates["library.txt"].to == ("screenA/idr9999-screenA-library.txt",)
    compared = next(t for t in told.tables if t.role == "annotation, compared")
    assert (compared.rows, compared.rows_used, compared.rows_left, compared.cells) == (3, 2, 1, 9)
    assert told.components[0].comparison is not None and told.components[0].comparison.rows_met == 2


def test_columns_say_where_they_went(tmp_path: Path) -> None:
    told = imported(tmp_path, folder(tmp_path))
    library, processed = told.tables
    assert {c.name: (c.filled, c.empty, c.to, c.split) for c in library.columns} == {
        "Plate": (3, 0, "plate", None),
        "Well": (3, 0, "well", None),
        "Gene Identifier": (2, 1, "gene.id", ";"),
        "Gene Symbol": (2, 1, "gene.symbol", ";"),
        "Control Type": (1, 2, "control_type", None),
    }
    assert {c.name: c.to for c in processed.columns} == {
        "Plate_Well": "key", "Has Phenotype": "has_phenotype",
        "Phenotype 1": "phenotype: round cells", "Phenotype 3": "phenotype: large nuclei",
    }  # fmt: skip


def test_links_version_control_and_odd_names(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (source / ".git").mkdir()
    (source / ".git/HEAD").write_text("ref\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    (source / "screenA/elsewhere.txt").symlink_to(tmp_path / "secret.txt")
    (source / "screenA/nowhere.txt").symlink_to("absent")
    (source / "screenA/up").symlink_to("..", target_is_directory=True)
    Path(os.fsdecode(os.fsencode(source) + b"/screenA/library-\xff.txt")).write_text(LIBRARY)
    os.mkfifo(source / "screenA/pipe-library.txt")
    told = imported(tmp_path, source)
    assert {f.path: f.why for f in told.files if f.fate == "left"} == {
        "screenA/elsewhere.txt": "it is a link that leaves the folder, or to a folder",
        "screenA/nowhere.txt": "it is a link to what is not there",
        "screenA/up": "it is a link that leaves the folder, or to a folder",
        "screenA/library-\\xff.txt": "its name holds characters that study.yaml cannot",
        "screenA/pipe-library.txt": "it is no regular file",
    }


def test_a_folder_with_more_files_than_are_listed_says_so(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (source / "zzz").mkdir()
    for number in range(MAX_LISTED):
        os.close(os.open(source / f"zzz/{number}.dat", os.O_CREAT | os.O_WRONLY))
    told = imported(tmp_path, source)
    assert len(told.files) == MAX_LISTED
    assert any(f"more than {MAX_LISTED:,} files" in note for note in told.notes)


def test_a_file_that_cannot_be_read_refuses_its_study_alone(tmp_path: Path) -> None:
    source = folder(tmp_path / "all")
    (source / "idr9999-study.txt").write_bytes(b"\0\1\2")
    (tmp_path / "all/nothing-here").mkdir()
    good = folder(tmp_path / "all/more", (STUDY + SCREEN).replace("idr9999", "idr8888"))
    report = import_idr([tmp_path / "all"], tmp_path / "content/studies")
    assert [(s.source, s.outcome) for s in report.studies] == [("idr9999-nobody-small", "refused"), (f"more/{good.name}", "imported")]
    assert [s.source for s in report.passed_over] == ["nothing-here"]
    overview = Overview.model_validate_json((tmp_path / "content/imports/idr.json").read_bytes())
    assert [(o.source, o.outcome, o.accession) for o in overview.sources] == [
        ("idr9999-nobody-small", "refused", None), (f"more/{good.name}", "imported", "idr8888"), ("nothing-here", "refused", None),
    ]  # fmt: skip


def test_overview_remembers_earlier_imports(tmp_path: Path) -> None:
    into, path = tmp_path / "content/studies", tmp_path / "content/imports/idr.json"
    source = folder(tmp_path / "one")
    import_idr([source, tmp_path / "absent"], into)
    (tmp_path / "absent").mkdir()
    report = import_idr([tmp_path / "absent"], into)
    assert [s.reason for s in report.refused] == ["neither it nor a folder in it holds a study.txt"]
    found = {o.source: (o.outcome, o.reason) for o in Overview.model_validate_json(path.read_bytes()).sources}
    assert found == {
        "idr9999-nobody-small": ("imported", None),
        "absent": ("refused", "neither it nor a folder in it holds a study.txt"),
    }
    before = path.read_bytes()
    import_idr([source], into)
    assert path.read_bytes() == before
    path.write_text("{")
    assert "imports/idr.json could not be read and was written anew." in import_idr([source], into).text()
    assert len(Overview.model_validate_json(path.read_bytes()).sources) == 1


def test_an_import_of_an_older_release_is_recognised_as_untouched(tmp_path: Path) -> None:
    """The first release's reports had no version and other fields, but the same sum of study.yaml."""
    source, written = folder(tmp_path), tmp_path / "out/idr9999"
    import_idr([source], tmp_path / "out")
    sum_ = hashlib.sha256((written / "study.yaml").read_bytes()).hexdigest()
    (written / FILE).write_text(f'{{"outcome": "imported", "keys": {{"read": 3}}, "study_yaml_sha256": "{sum_}"}}')
    (source / "idr9999-study.txt").write_text((STUDY + SCREEN).replace("A small study", "Another title"))
    assert imported(tmp_path, source).title == "Another title"


def test_two_imports_write_the_same_bytes(tmp_path: Path) -> None:
    def tree(root: Path) -> dict[str, str]:
        return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file()}

    for where in ("one", "two/deeper"):
        done = build_py("import", "idr", folder(tmp_path / where), "--into", tmp_path / where / "content/studies")
        assert done.returncode == 0, done.stderr
    first = tree(tmp_path / "one/content")
    assert first == tree(tmp_path / "two/deeper/content")
    assert {"imports/idr.json", f"studies/idr9999/{FILE}"} <= first.keys()


# ---- a ledger that does not add up


WHOLE = Ledger(
    importer="idr",
    source="s",
    accession="a1",
    title="t",
    files=(
        SourceFile(path="l.txt", bytes=1, role="library", fate="copied", sha256="0"),
        SourceFile(path="p.txt", bytes=1, role="processed", fate="copied", sha256="0"),
    ),
    tables=(
        Table(component="A", path="l.txt", role="library, samples", encoding="utf-8", rows=2, rows_used=2, rows_left=0),
        Table(component="A", path="p.txt", role="processed, joined", encoding="utf-8", rows=3, rows_used=2, rows_left=1, left=("k",)),
    ),
    components=(Component(name="A", kind="screen", samples=2, joined_on="k", join=Joined(keys=3, samples=2, unmatched=1, repeated=0)),),
)


def test_a_whole_ledger_adds_up() -> None:
    assert list(WHOLE.sums()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"files": WHOLE.files[:1]}, "p.txt was read as a table, and is no file that was copied or compared"),
        ({"files": (*WHOLE.files, WHOLE.files[0])}, "file l.txt is told 2 times"),
        ({"files": (*WHOLE.files, SourceFile(path="x", bytes=1, role="other", fate="left"))}, "x was left, and it is not said why"),
        ({"tables": WHOLE.tables[:1]}, "A: no table is joined on k"),
        ({"tables": WHOLE.tables[1:]}, "A: 2 samples, and 0 rows of its tables of samples"),
        (
            {"tables": (WHOLE.tables[0].model_copy(update={"rows_used": 1}), WHOLE.tables[1])},
            "l.txt: 1 rows used and 0 left are not its 2 rows",
        ),
        ({"components": ()}, "l.txt is a table of 'A', which is no component"),
        ({"components": (Component(name="A", kind="screen"),)}, "A: a table is joined, and it is not said on what"),
        ({"components": (Component(name="A", kind="screen", samples=2, joined_on="k", missing="lost"),)}, "says that it is missing"),
        ({"keys": ({"entries": ({"line": 1, "key": "K", "values": 1, "fate": "mapped"},)},)}, "'K' is mapped, and it is not said where"),
        ({"keys": ({"entries": ({"line": 1, "key": "K", "values": 1, "fate": "empty"},)},)}, "'K' is empty and has 1 values"),
        ({"lines": {"path": "l.txt", "total": 2, "entries": 0, "blank": 1}}, "l.txt: 1 lines became something, and it has 2"),
        ({"lines": {"path": "l.txt", "total": 1, "entries": 1}}, "1 lines begin an entry, and 0 entries are told"),
    ],
)
def test_what_does_not_add_up_is_said(change: dict[str, Any], sentence: str) -> None:
    broken = Ledger.model_validate(
        {**WHOLE.model_dump(), **{k: [dumped(v) for v in vs] if k != "lines" else vs for k, vs in change.items()}}
    )
    assert any(sentence in found for found in broken.sums()), list(broken.sums())


def dumped(value: Any) -> Any:
    return value if isinstance(value, dict) else value.model_dump()
