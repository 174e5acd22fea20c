"""Small study folders, made for one difficulty each. The difficulties are real: each was met in a published study.txt."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ingest.importers.idr import vocabulary as said
from ingest.importers.idr.columns import map_columns
from ingest.importers.idr.folder import import_idr
from ingest.importers.idr.phenotype_columns import map_phenotypes, phenotype_number
from ingest.importers.idr.study_txt import read_study_txt
from ingest.importers.idr.writing import study_yaml
from ingest.marks import read_yaml
from portal.ledger import Joined
from tests.importers.sampled import sampled, study_of

STUDY = """\
# Study
Comment[IDR Study Accession]\tidr9999
Study Title\tA small study
Study Organism\tHomo sapiens
Study Organism Term Source REF\tNCBITaxon
Study Organism Term Accession\t9606
Study License\tCC BY 4.0
Study License URL\thttps://creativecommons.org/licenses/by/4.0/
Study Screens Number\t1
"""
SCREEN = """\
Screen Number\t1
Comment[IDR Screen Name]\tidr9999-nobody-small/screenA
Screen Imaging Method\tfluorescence microscopy
Screen Imaging Method Term Source REF\tFbbi
Screen Imaging Method Term Accession\tFBbi_00000246
Library File Name\tidr9999-screenA-library.txt
Phenotype Name\tround cells\t\tlarge nuclei
Phenotype Term Source REF\tCMPO\t\tCMPO
Phenotype Term Accession\tCMPO_0000118\t\thttp://www.ebi.ac.uk/cmpo/CMPO_0000140
Phenotype Term Source REF\t\t\tCMPO
Phenotype Term Name\t\t\tbright nuclei phenotype
Phenotype Term Accession\t\t\tCMPO_154
Processed Data File Name\tidr9999-screenA-processed.txt
Processed Data Column Link To Library File\tPlate_Well
"""
LIBRARY = """\
Plate\tWell\tGene Identifier\tGene Symbol\tControl Type
P1\tA1\t9625;7157\tAATK;TP53\t
P1\tA2\t\t\tempty well
P1\tA3\t7157\tTP53\t
"""
PROCESSED = "Plate_Well\tHas Phenotype\tPhenotype 1\tPhenotype 3\nP1_A1\tyes\tround cells\tlarge nuclei\nP1_A9\tyes\tround cells\t\n"


def folder(tmp_path: Path, study: str | bytes = STUDY + SCREEN, **tables: str | bytes) -> Path:
    source = tmp_path / "idr9999-nobody-small"
    (source / "screenA").mkdir(parents=True)
    files = {"idr9999-study.txt": study, "screenA/idr9999-screenA-library.txt": LIBRARY, "screenA/idr9999-screenA-processed.txt": PROCESSED}
    for name, text in {**files, **{k.replace("__", "/"): v for k, v in tables.items()}}.items():
        if text:
            (source / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return source


def test_a_small_screen(tmp_path: Path) -> None:
    report = import_idr([folder(tmp_path)], tmp_path / "out")
    assert report.text().splitlines() == [
        "idr9999: 1 component, 3 samples",
        "No imports/idr.json was written: out is not the 'studies' folder of a content folder.",
        "All: 1 folder: 1 study, 0 refused, 0 passed over; 1 component; 3 samples; 22 keys (22 mapped, 0 kept, 0 empty); "
        "5 rows (1 left over); 23 cells; 3 files (0 left where they are).",
    ]
    study = study_of(tmp_path / "out/idr9999")
    screen = study.component("screenA")
    assert study.label == "nobody-small"
    # The blank between two phenotypes keeps its place: the third column is the third name.
    assert [p.name for p in screen.phenotypes] == ["round cells", "large nuclei"]
    assert [t.term for t in screen.phenotypes[1].all_terms] == ["CMPO:0000140", "CMPO:0000154"]
    assert screen.samples is not None
    assert {p.column: p.phenotype for p in screen.samples.phenotypes} == {"Phenotype 1": "round cells", "Phenotype 3": "large nuclei"}
    assert screen.samples.join[0].on == ("Plate", "Well")  # the library has no Plate_Well
    assert screen.samples.split == {"gene.id": ";", "gene.symbol": ";"}
    it = sampled(tmp_path / "out/idr9999", "screenA", tmp_path)
    assert it.samples["has_phenotype"] == [True, False, False]
    assert it.samples["control_type"] == [None, "empty well", None]
    assert list(zip(it.targets["id"], it.targets["symbol"])) == [("9625", "AATK"), ("7157", "TP53"), ("7157", "TP53")]
    told = report.imported[0].told
    assert told.components[0].joined_on == "Plate_Well"
    assert told.components[0].join == Joined(keys=2, samples=1, unmatched=1, repeated=0)
    assert told.tables[1].left == ("P1_A9",)


def test_link_left_blank_is_inferred_and_said(tmp_path: Path) -> None:
    study = (STUDY + SCREEN).replace("Library File\tPlate_Well", "Library File\t")
    report = import_idr([folder(tmp_path, study)], tmp_path / "out")
    assert "study.txt names no column; joined on 'Plate_Well', which both tables have" in report.imported[0].told.tables[1].said


def test_annotation_is_read_where_there_is_no_library(tmp_path: Path) -> None:
    annotation = "\ufeffPlate,Well,Phenotype\r\nP1,A1,round cells\r\nP1,A2,\r\n"
    tables = {"library.txt": "", "processed.txt": "", "annotations.csv": annotation}
    source = folder(tmp_path, **{f"screenA__idr9999-screenA-{name}": text for name, text in tables.items()})
    report = import_idr([source], tmp_path / "out")
    table = report.imported[0].told.tables[0]
    assert table.role == "annotation, samples"
    assert "byte order mark taken off" in table.said
    it = sampled(tmp_path / "out/idr9999", "screenA", tmp_path)
    assert it.phenotypes["term"] == ["CMPO:0000118"]  # `Phenotype` without a number is the first


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "study.txt names the library table idr9999-screenA-library.txt, which is not in the folder"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a git LFS pointer, not the table itself"),
        (b"\x1f\x8bnot gzip", "is not sound gzip data"),
        ("Gene\tValue\nTP53\t1\n", "No table names plates and wells"),
    ],
)
def test_component_without_a_usable_table_says_why(tmp_path: Path, table: str | bytes, why: str) -> None:
    report = import_idr([folder(tmp_path, **{"screenA__idr9999-screenA-library.txt": table})], tmp_path / "out")
    assert report.text().splitlines()[0] == "idr9999: 1 component, 0 samples; without tables: screenA"
    screen = study_of(tmp_path / "out/idr9999").component("screenA")
    assert screen.missing and why in screen.missing
    assert screen.source["Library File Name"] == ("idr9999-screenA-library.txt",)
    assert screen.phenotypes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "idr9999-study.txt is empty"),
        ("Study Title\tNo accession\nScreen Number\t1\nScreen Description\tx\n", "idr9999-study.txt names no accession"),
        (STUDY, "idr9999-study.txt describes no screen or experiment"),
        (STUDY.replace("Study Title\tA small study\n", "") + SCREEN, "idr9999-study.txt has no 'Study Title'"),
        (STUDY.replace("idr9999", "../evil") + SCREEN, "its accession '../evil' cannot be part of an address"),
    ],
)
def test_what_cannot_be_a_study_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    source = folder(tmp_path)
    (source / "idr9999-study.txt").write_text(text)
    report = import_idr([source, tmp_path / "absent"], tmp_path / "out")
    assert [s.reason for s in report.refused] == [why, "it is not a folder"]
    assert not (tmp_path / "out").exists()


def test_a_curators_edit_is_never_overwritten(tmp_path: Path) -> None:
    source, out = folder(tmp_path), tmp_path / "out"
    import_idr([source], out)
    written = out / "idr9999/study.yaml"
    assert import_idr([source], out).imported  # unedited: imported again
    written.write_text(written.read_text().replace("A small study", "A better title"))
    (source / "idr9999-study.txt").write_text((STUDY + SCREEN).replace("A small study", "A third title"))
    report = import_idr([source], out)
    assert "was edited after its import" in (report.refused[0].reason or "")
    assert "A better title" in written.read_text()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(LIBRARY)
    source = folder(tmp_path, **{"screenA__idr9999-screenA-library.txt": ""})
    (source / "screenA/idr9999-screenA-library.txt").symlink_to(secret)
    report = import_idr([source], tmp_path / "out")
    assert report.imported[0].told.components[0].missing


def test_values_the_model_refuses_move_to_source(tmp_path: Path) -> None:
    study = STUDY + "Study Person Last Name\tA\tB\nStudy Person Email\ta@b.org\t" + "x" * 2000 + "\n" + SCREEN
    report = import_idr([folder(tmp_path, study)], tmp_path / "out")
    read = study_of(tmp_path / "out/idr9999")
    assert [p.last_name for p in read.people] == ["A", "B"]
    assert read.people[1].email is None
    assert read.source["Not accepted: people.1.email"] == ("x" * 2000,)
    assert any("people.1.email was not accepted" in n for n in report.imported[0].told.notes)


def test_texts_a_yaml_reader_could_mistake_are_read_as_written() -> None:
    words = ["no", "1e3", "2016-05-26", "~", "null", "- x: [", "a: b # c", "'", '"', "@x", "%", "= 1", "a\tb", "0x1F", "", " x ", "1_000"]
    words += ["two\nlines", "end \nof line", "x\n", "\n", "word " * 60, "é" * 200, "12:30", "!tag", "&a *b", "---", "<<", "\U0001f9ec"]
    marked, problems = read_yaml(study_yaml({"keywords": words, "source": {"Comment[x] #": ["null"]}}), "study.yaml")
    assert marked is not None
    assert problems == []
    assert marked.root == {"keywords": words, "source": {"Comment[x] #": ["null"]}}


def test_characters_that_study_yaml_refuses_are_taken_out(tmp_path: Path) -> None:
    study = (STUDY + SCREEN).replace("A small study", "A\x85 small\u202e\x90 study").encode()
    told = import_idr([folder(tmp_path, study)], tmp_path / "out").imported[0].told
    assert told.title == "A  small study"
    assert "characters that study.yaml cannot hold were taken out of texts (2: U+0090, U+202E)" in told.notes


def test_damaged_folders_are_imported_or_refused_and_never_raise(tmp_path: Path) -> None:
    chance = random.Random(20)
    noise = [b"", b'"', b"\t", b"\r", b"\n", b"\xff", b"\x00", b"#", b";", b"_", b"Screen Number\t", b"'" * 40, b"\xe2\x80\xae"]
    for number in range(60):
        source = folder(tmp_path / str(number))
        for path in (p for p in sorted(source.rglob("*.txt")) if chance.random() < 0.7):
            raw = bytearray(path.read_bytes())
            for _ in range(chance.randrange(1, 12)):
                at = chance.randrange(len(raw) + 1)
                raw[at : at + chance.randrange(0, 40)] = chance.choice(noise)
            path.write_bytes(raw)
        report = import_idr([source], tmp_path / str(number) / "out")
        assert [s.outcome in ("imported", "refused") for s in report.studies] == [True]
        for study in report.imported:
            assert study_of(tmp_path / str(number) / "out" / str(study.accession))


def test_report_is_written_to_be_read(tmp_path: Path) -> None:
    import_idr([folder(tmp_path)], tmp_path / "out")
    text = (tmp_path / "out/idr9999/import-report.md").read_text()
    assert "| all | 22 | " in text
    assert "| `gene.id` | `Gene Identifier` | 2 | 1 | `;` |" in text
    data = (tmp_path / "out/idr9999/import-report.json").read_text()
    assert str(tmp_path) not in text + data


# ---- study.txt


def test_line_ends_quotes_and_continued_lines() -> None:
    body = (
        'Study Title\tA title\r\r\nStudy Description\t"one\r\r\n""two""\tstill"\tmore\r\r\nStudy Copyright\tX et al\r\r\nloose line\r\r\n'
    )
    study = read_study_txt(body).study
    assert study.first("Study Title") == "A title"
    assert study.values("Study Description") == ('one\n"two"\tstill', "more")
    assert study.first("Study Copyright") == "X et al\nloose line"


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    parsed = read_study_txt('Study Title\t"A title\nStudy Copyright\tX et al\nScreen Number\t1\nScreen Description\tx\n')
    assert parsed.study.first("Study Title") == "A title"
    assert parsed.study.first("Study Copyright") == "X et al"
    assert "line 1: a double quote is never closed" in parsed.notes


def test_keys_without_a_tab_in_comments_and_unknown_ones() -> None:
    parsed = read_study_txt(
        "# Study License and Data DOI          Study License\tCC BY 4.0\nStudy Key Words    ALS    motor neurons\n"
        "Study Weather\train\nStudy Copyright\t# fill in\n"
        "Screen Number\t1\nScreen Type primary screen\nComment[IDR Screen Name]\tidr1-a-b/screenA\n"
    )
    assert parsed.study.first("Study License") == "CC BY 4.0"
    assert parsed.study.values("Study Key Words") == ("ALS", "motor neurons")
    assert ("Study Weather", ("rain",)) in [(e.key, e.values) for e in parsed.study.entries]
    assert parsed.study.first("Study Copyright") == ""
    assert parsed.components[0].first("Component Type") == "primary screen"


def test_screens_and_experiments_are_one_sequence_however_many_are_declared() -> None:
    parsed = read_study_txt(
        "Study Screens Number\t1\nScreen Number\t1\nComment[IDR Screen Name]\tidr1-a-b/screenA\nExperiment Number\t2\n"
        "Comment[IDR Experiment Name]\tidr1-a-b/experimentA\nScreen Number\t3\nScreen Number\t4\nScreen Description\tunnamed\n"
    )
    assert len(parsed.components) == 3
    assert any("section without any value" in n for n in parsed.notes)


# ---- vocabulary


@pytest.mark.parametrize(
    ("written", "source", "curies"),
    [
        ("CMPO_0000118", "CMPO", ("CMPO:0000118",)),
        ("Fbbi_00000246", "Fbbi", ("FBbi:00000246",)),
        ("FBbi:246", "", ("FBbi:00000246",)),
        ("00000369", "Fbbi", ("FBbi:00000369",)),
        ("9606", "NCBITaxon", ("NCBITaxon:9606",)),
        ("http://www.ebi.ac.uk/cmpo/CMPO_0000118", "CMPO", ("CMPO:0000118",)),
        ("http://purl.obolibrary.org/obo/PO_0020128", "", ("PO:0020128",)),
        ("CMPO_0000118 CMPO_0000305", "CMPO", ("CMPO:0000118", "CMPO:0000305")),
        ("data:0940", "EDAM", ("EDAM:data_0940",)),
        ("ONT:0000000", "", ()),
        ("NA", "EFO", ()),
        ("", "EFO", ()),
        ("http://www.ebi.ac.uk/ols/ontologies/fbbi", "FBbi", None),
        ("rain", "EFO", None),
    ],
)
def test_accessions(written: str, source: str, curies: tuple[str, ...] | None) -> None:
    assert said.curies(written, source) == curies


def test_licences_dois_and_dates() -> None:
    assert said.licence("CC BY-NC-SA 3.0", "") == "CC-BY-NC-SA-3.0"
    assert said.licence("CC0 1.0", "") == "CC0-1.0"
    assert said.licence("", "https://creativecommons.org/licenses/by/4.0/ ") == "CC-BY-4.0"
    assert said.licence("", "https://v18.proteinatlas.org/about/licence") is None
    assert said.doi("http://dx.doi.org/10.1038/msb.2010.25") == said.doi("doi: 10.1038/msb.2010.25") == "10.1038/msb.2010.25"
    assert said.doi("none yet") is None
    assert said.date("2016-05-26") == "2016-05-26"
    assert said.date("26/05/2016") == "2016-05-26"
    assert said.date("03/12/2013") is None  # the third of December or March the twelfth


def test_sizes() -> None:
    cells = (
        "Plates: 68",
        "5D Images:45,692",
        "Planes: ",
        "137,076",
        "Average Image Dimension (XYZCT): 1344 x 1024 x 1",
        "Total Tb: 0.27 Tb",
    )
    assert said.size(cells)[0] == {
        "plates": "68", "images_5d": "45692", "planes": "137076", "dimensions": "1344 x 1024 x 1", "terabytes": "0.27",
    }  # fmt: skip
    assert said.size(("Plates:", "5D Images:", "Total Tb: 520GB")) == ({}, ["Total Tb: 520GB"])


# ---- columns


def test_columns_by_name_fill_and_neighbour() -> None:
    table = {
        "Plate": ["P1"], "Well": ["A1"], "Characteristics [Organism]": ["Homo sapiens"], "Term Source 1 REF": ["NCBITaxon"],
        "Term Source 1 Accession": ["NCBITaxon_9606"], "Gene Symbol (Ensembl 61)": ["A"], "Gene Symbol (Ensembl 81)": ["B"],
        "siRNA Identifier": [""], "siRNA Pool Identifier": ["M-1"], "Image Name": ["x"], "Gene Identifier": ["NA"],
    }  # fmt: skip
    found = map_columns(list(table), table.__getitem__, "plate")
    assert found.mapped == {
        "plate": "Plate", "well": "Well", "organism": "Characteristics [Organism]", "organism_term": "Term Source 1 Accession",
        "gene.id": "Gene Identifier", "gene.symbol": "Gene Symbol (Ensembl 81)", "reagent.id": "siRNA Pool Identifier",
    }  # fmt: skip
    assert found.no_value == ("NA",)


def test_a_slash_in_a_symbol_is_no_separator() -> None:
    table = {"Plate": ["P"] * 2, "Well": ["A1", "A2"], "Gene Identifier": ["YOL012C", "YBL002W"], "Gene Symbol": ["H2A.F/Z", "HTB2"]}
    assert map_columns(list(table), table.__getitem__, "plate").split == {}
    table["Gene Identifier"] = ["AT1G22260/AT1G22275", "AT1G05570"]
    table["Gene Symbol"] = ["ZYP1A/ZYP1B", "ATGSL06"]
    assert map_columns(list(table), table.__getitem__, "plate").split == {"gene.id": "/", "gene.symbol": "/"}


def test_phenotype_columns_by_their_number() -> None:
    headers = ["Phenotype", "phenotype 1", "Phenotype 12", "Phenotype 1 Term Name", "Phenotype Annotation Level", "Has Phenotype"]
    assert [phenotype_number(h) for h in headers] == [1, 1, 12, None, None, None]


def test_phenotype_columns_believe_their_cells() -> None:
    table = {
        "Phenotype 1": ["Round", ""],
        "Phenotype 2": ["small", ""],
        "Phenotype 3": ["", ""],
        "Phenotype 4": ["new one", ""],
        "Phenotype 5": ["", ""],
    }
    found = map_phenotypes(list(table), table.__getitem__, ["round", "large", "small"])
    assert found.columns == (("Phenotype 1", "round"), ("Phenotype 2", "small"), ("Phenotype 3", "small"), ("Phenotype 4", "new one"))
    assert found.undeclared == ({"name": "new one"},)
    assert [note.split(",")[0] for note in found.said] == ["'Phenotype 2' holds 'small'", "'Phenotype 4' holds 'new one'"]


def test_several_phenotypes_in_one_column_are_told_apart_by_their_terms() -> None:
    """A flora names a part of the plant in each row; study.txt declares one of them. Two spellings of one term stay one."""
    table = {
        "Phenotype": ["leaf tip", "Leaf edge", "", "spore"],
        "Phenotype Term Name": ["leaf apex", "leaf margin", "", "plant spore"],
        "Phenotype Term Accession": ["PO_0020137", "PO_0020128", "", "http://purl.obolibrary.org/obo/PO_0025017"],
        "Phenotype 2": ["round", "Round cells", "", ""],
        "Phenotype Term 2 Accession": ["CMPO_0000118", "CMPO_0000118", "", ""],
    }
    found = map_phenotypes(list(table), table.__getitem__, ["leaf edge", "round"])
    assert found.columns == (("Phenotype", "leaf edge"), ("Phenotype 2", "round"))
    assert found.undeclared == (
        {"name": "leaf tip", "term": "PO:0020137", "term_name": "leaf apex"},
        {"name": "spore", "term": "PO:0025017", "term_name": "plant spore"},
    )
    assert found.terms["leaf edge"]["term"] == "PO:0020128"  # declared in study.txt, but without a term there
    assert [n for n in found.said if "not spelt as declared" in n] == [
        "'Phenotype 2': 1 cell is not spelt as declared ('round'), such as 'Round cells'"
    ]
