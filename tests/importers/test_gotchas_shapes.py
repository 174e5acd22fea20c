"""What ten years of hand-kept spreadsheets do to the bytes, shapes and names of files: a test for each trap (numbers 1 to 16 of the
corpus's list).

Each first reads a small example made by hand, then the real files beside the checkout (`../shared/corpus`), where they are there.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path

import pytest

from ingest.importers.idr.folder import import_idr
from ingest.importers.idr.study_txt import StudyText, read_study_txt
from ingest.tables import RawTable, read_table, read_text
from portal.ledger import FILE, Ledger
from portal.problems import Problem
from tests.importers.sampled import sampled, study_of
from tests.importers.test_idr_small import LIBRARY, SCREEN, STUDY, folder

CORPUS = Path(__file__).parents[2] / "../shared/corpus/idr"
EXPERIMENT = """\
Experiment Number\t1
Comment[IDR Experiment Name]\tidr9999-nobody-small/experimentA
Experiment Imaging Method\tfluorescence microscopy
Experiment Assay File\t{assays}
"""


def corpus() -> Path:
    """The real studies; without them the rest of a test is skipped."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus of real studies at {CORPUS}")
    return CORPUS


def real(pattern: str) -> Path:
    """The one file of the corpus below a path such as `idr0021/experimentA/*assays*`."""
    study, _, below = pattern.partition("/")
    return next(corpus().glob(f"{study}-*/{below}"))


def table(raw: bytes | str | Path, name: str = "a.csv") -> tuple[RawTable, list[Problem]]:
    if isinstance(raw, Path):
        raw, name = raw.read_bytes(), raw.name
    found, problems = read_table(raw.encode() if isinstance(raw, str) else raw, name)
    assert found is not None, problems
    return found, problems


def plain(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def study_txt(path: Path) -> StudyText:
    text, _, _, problem = read_text(path.read_bytes(), path.name)
    assert problem is None
    return read_study_txt(text)


def imported(tmp_path: Path, *sources: Path) -> dict[str, Ledger]:
    import_idr(sources, tmp_path / "studies")
    ledgers = [Ledger.model_validate_json(p.read_bytes()) for p in sorted(tmp_path.glob(f"studies/*/{FILE}"))]
    for told in ledgers:
        assert list(told.sums()) == []
    return {told.accession: told for told in ledgers}


def experiment(tmp_path: Path, assays: str = "", **files: str | bytes) -> Path:
    """A study folder with one experiment, its tables below experimentA."""
    nothing: dict[str, str | bytes] = {"screenA__idr9999-screenA-library.txt": "", "screenA__idr9999-screenA-processed.txt": ""}
    source = folder(tmp_path, STUDY + EXPERIMENT.format(assays=assays), **nothing)
    for name, text in files.items():
        path = source / "experimentA" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return source


# ---- bytes


def test_gotcha_01_byte_order_marks() -> None:
    """A byte order mark, which Excel writes, becomes part of the first column's name, also before a quote and inside gzip."""
    text = '\ufeff"Dataset Name",Image Name\nA,1.tif\n'
    for raw in (text.encode(), gzip.compress(text.encode()), text.encode("utf-16")):
        assert table(raw)[0].header == ("Dataset Name", "Image Name")
    assert read_study_txt(read_text(b"\xef\xbb\xbfStudy Title\tx\nScreen Number\t1\n", "study.txt")[0]).study.first("Study Title") == "x"
    marked = [p for p in corpus().rglob("*annotation*.csv*") if not p.name.endswith(".zip") and plain(p).startswith(b"\xef\xbb\xbf")]
    assert len(marked) > 20
    for path in marked:
        assert not any("\ufeff" in name for name in table(path)[0].header), path


@pytest.mark.parametrize(
    ("codec", "text", "name"),
    [
        ("mac_roman", "at 4°C, Hyperion™ “early” crossover’s", "mac-roman"),
        ("mac_roman", "with\u00a0BRCA cell–cell Hütter", "mac-roman"),
        ("cp1252", "Hériché and Tüpfel", "windows-1252"),
        ("cp1252", "13µm – 37°C, Parkinson’s, 10×", "windows-1252"),
    ],
)
def test_gotcha_02_two_legacy_encodings(codec: str, text: str, name: str) -> None:
    """Eighteen files are not UTF-8 but Mac Roman or Windows-1252, and reading one as the other raises nothing and gives garbage."""
    it, _ = table(f"a\tb\n{text}\tx\n".encode(codec), "a.txt")
    assert (it.rows[0][0], it.encoding) == (text, name)


@pytest.mark.parametrize(
    ("pattern", "encoding", "words"),
    [
        ("idr0107/idr0107-study.txt", "mac-roman", ("(“early”,", "manufacturer’s", "late—pachytene")),
        ("idr0139/idr0139-study.txt", "mac-roman", ("Guy’s", "37°C")),
        ("idr0141/idr0141-study.txt", "mac-roman", ("cell–cell", "‘Google")),
        ("idr0150/idr0150-study.txt", "mac-roman", ("with\u00a0BRCA",)),
        ("idr0135/idr0135-study.txt", "mac-roman", ("Hütter", "mutations’")),
        ("idr0115/idr0115-study.txt", "mac-roman", ("Dulbecco’s",)),
        ("idr0072/idr0072-study.txt", "mac-roman", ("OPERA®",)),
        ("idr0054/experimentA/*assays.txt", "mac-roman", ("4°C", "Hyperion™")),
        ("idr0051/experimentA/*assays.txt", "windows-1252", ("Tüpfel",)),
        ("idr0050/experimentA/*experimentB-assays.txt", "windows-1252", ("40µMol",)),
        ("idr0111/idr0111-study.txt", "windows-1252", ("10×", "PerkinElmer’s")),
        ("idr0127/idr0127-study.txt", "windows-1252", ("-80°C",)),
        ("idr0144/idr0144-study.txt", "windows-1252", ("Pannoramic®", "µm")),
        ("idr0155/idr0155-study.txt", "windows-1252", ("13µm", "Parkinson’s", "–")),
    ],
)
def test_gotcha_02_two_legacy_encodings_in_real_files(pattern: str, encoding: str, words: tuple[str, ...]) -> None:
    """Every real file that is not UTF-8, with what a person reads there."""
    text, found, _, problem = read_text(real(pattern).read_bytes(), "a.txt")
    assert (problem, found) == (None, encoding)
    assert [w for w in words if w not in text] == []


def test_gotcha_03_line_ends() -> None:
    """Lines end in LF, CR LF, CR CR LF or CR alone, mixed in one file, and a stray CR stands inside rows."""
    rows = [("P1", "A1"), ("P1", "A2")]
    for end in ("\n", "\r\n", "\r\r\n", "\r"):
        assert table(end.join(["Plate,Well", "P1,A1", "P1,A2"]))[0].rows == rows
    assert table("Plate,Well\r\nP1,A1\nP1,A2\r\n")[0].rows == rows
    assert table("Plate,Well\rP1,A1\nP1,A2\r")[0].rows == rows
    # One stray CR a row, beside ends of line.
    assert table("Plate,Well,Gene\nP1,A1\r,TP53\nP1,A2\r,AATK\n")[0].rows == [("P1", "A1", "TP53"), ("P1", "A2", "AATK")]
    for end in ("\r\r\n", "\r"):
        text = end.join(["Study Title\tx", "Screen Number\t1", "Screen Description\ty"])
        assert read_study_txt(text).components[0].first("Component Description") == "y"
    assert len(table(real("idr0022/screenB/*annotation.csv*"))[0].rows) == 14_592 == 38 * 384
    assert len(table(real("idr0043/experimentA/hpa_run_01/*assays.txt"))[0].rows) == 963
    assert len(table(real("idr0087/experimentA/*processed.txt"))[0].rows) == 27
    for number in ("0093", "0068", "0107", "0120", "0114", "0095", "0118", "0101", "0140", "0099"):
        parsed = study_txt(real(f"idr{number}/idr{number}-study.txt"))
        assert parsed.components and parsed.study.first("Study Title"), number


def test_gotcha_04_no_final_newline() -> None:
    """In 379 files the last row has no end of line: whoever counts ends of lines loses it."""
    assert table("Plate,Well\nP1,A1\nP1,A2")[0].rows[-1] == ("P1", "A2")
    assert table('Plate,Well\nP1,"A2"')[0].rows == [("P1", "A2")]
    path = next(p for p in sorted(corpus().rglob("*library.txt")) if not p.read_bytes().endswith((b"\n", b"\r")))
    last = re.split(rb"[\r\n]+", path.read_bytes())[-1].decode()
    assert "\t".join(table(path)[0].rows[-1]).strip() == last.replace('"', "").strip()


def test_gotcha_05_blanks_that_are_not_spaces() -> None:
    """Non-breaking, thin and zero-width blanks stand around and inside cells; both letters mu are in one file."""
    it, _ = table("\u00a0Plate\u2009,Image File\u00a0Type\n\u00a0P1\u200b,a\u00a0b\n2\u00a0\u00b5M,2 \u03bcM\n")
    assert it.header == ("Plate", "Image File Type")
    assert it.rows == [("P1", "a\u00a0b"), ("2\u00a0\u00b5M", "2 \u03bcM")]  # inside a cell the author's blank and letter stay
    for letter, count in (("A", 309), ("B", 504), ("C", 1948)):
        path = real(f"idr0095/experiment{letter}/*annotation.csv*")
        assert plain(path).count("\u00a0".encode()) == count
        rows = table(path)[0].rows
        assert not any(cell != cell.strip() for row in rows for cell in row)


def test_gotcha_06_text_that_looks_binary() -> None:
    """Single bytes that are no UTF-8 make tools call study.txt a binary file; what really is binary is refused."""
    assert table("a\tb\nast\xd5s\tx\n".encode("latin-1"), "a.txt")[0].rows == [("ast’s", "x")]
    assert read_table(b"a\tb\n\x00\x01\x02\tx\n", "a.txt")[1][0].what == "is not text (it holds NUL bytes)"
    for number in ("0135", "0150"):
        parsed = study_txt(real(f"idr{number}/idr{number}-study.txt"))
        assert len(parsed.components) == 1
        assert parsed.study.first("Comment[IDR Study Accession]") == f"idr{number}"


# ---- shape


def test_gotcha_07_duplicate_column_names() -> None:
    """ISA-Tab tables have `Protocol REF` three times, `Term Source REF` twice: a reader by name keeps one of them."""
    it, _ = table("Image Name,Protocol REF,Image Name,Protocol REF,Protocol REF\na,1,b,2,3\n")
    assert it.header == ("Image Name", "Protocol REF", "Image Name (2)", "Protocol REF (2)", "Protocol REF (3)")
    assert it.rows == [("a", "1", "b", "2", "3")]
    assert "3 repeated column names numbered, such as 'Image Name (2)'" in it.notes
    for pattern, repeated in (
        ("idr0021/experimentA/*assays.txt", ("Protocol REF (3)", "Term Source REF (2)", "Term Source Accession (2)")),
        ("idr0043/experimentA/hpa_run_01/*annotation.csv", ("Image Name (2)",)),
    ):
        path = real(pattern)
        it, _ = table(path)
        first = next(csv.reader(io.StringIO(plain(path).decode("utf-8-sig")), delimiter="," if ".csv" in path.name else "\t"))
        assert len(it.header) == len(set(it.header)) == len(first)
        assert set(repeated) <= set(it.header)


def test_gotcha_08_empty_headers_and_trailing_separators() -> None:
    """Columns without a name are kept where a cell is filled, else left out and said; lines of study.txt end in 250 tabs."""
    it, _ = table("Plate,,Well,,\nP1,x,A1,,\n")
    assert (it.header, it.rows) == (("Plate", "column 2", "Well"), [("P1", "x", "A1")])
    assert "2 trailing columns without name or content left out" in it.notes
    tabs = "\t" * 250
    parsed = read_study_txt(f"Study Title\tx{tabs}\nScreen Number\t1{tabs}\nPhenotype Name\ta\t\tb{tabs}\n{tabs}\n")
    assert parsed.study.values("Study Title") == ("x",)
    assert list(parsed.components[0].values("Phenotype Name")) == ["a", "", "b"]
    it, _ = table(real("idr0068/experimentA/*processed.txt"))
    assert it.header == ("Dataset Name", "Processed File", "column 3", "column 4", "Processed File Type", "Comment [Processed File]")
    it, _ = table(real("idr0028/screenD/*ONTARGETPlus_features.txt*"))
    assert [name for name in it.header if name.startswith("column ")] and len(it.rows) == 4 * 384
    it, _ = table(real("idr0027/experimentA/*AllData.csv*"))
    assert sum(name.startswith("column ") for name in it.header) == 9


def test_gotcha_09_blanks_in_headers(tmp_path: Path) -> None:
    """Column names end in a blank (`Image File Type `), and a file called processed.txt is no table: its one line is a sentence."""
    assert table("Image File Type ,\tTerm Source 1  \nraw,x\n")[0].header == ("Image File Type", "Term Source 1")
    sentence = "For all images in this study, wild type expression of genes (tll, hkb, fkh, byn, and wg) was observed through imaging."
    images = "Dataset Name,Image Name\nA,1.tif\n"
    source = experiment(tmp_path, **{"idr9999-experimentA-processed.txt": sentence, "idr9999-experimentA-annotation.csv": images})
    told = imported(tmp_path, source)["idr9999"]
    assert told.components[0].samples == 1
    left = next(f for f in told.files if f.path.endswith("processed.txt"))
    assert left.fate == "left" and "holds no table, but a text: 'For all images in this study" in (left.why or "")
    for number, name in (("0068", "Image File Type"), ("0051", "Image File Type"), ("0077", "Image File Type"), ("0099", "Term Source 1")):
        assert any(h.startswith(name) for h in table(real(f"idr{number}/experimentA/*annotation.csv*"))[0].header)
    told = imported(tmp_path / "real", real("idr0118/idr0118-study.txt").parent)["idr0118"]
    assert [f.fate for f in told.files if f.path.endswith("processed.txt")] == ["left"]


def test_gotcha_10_addresses_in_headers(tmp_path: Path) -> None:
    """Headers of 2016 end in ` %% url=http://…%s`: taken off the name, told, and kept as a template for links."""
    library = LIBRARY.replace("Gene Identifier\t", "Gene Identifier %% url=http://www.ncbi.nlm.nih.gov/gene/%s\t", 1)
    it, _ = table(library, "a.txt")
    assert it.header == ("Plate", "Well", "Gene Identifier", "Gene Symbol", "Control Type")
    assert "' %% url=…' taken off 1 column name ('Gene Identifier': http://www.ncbi.nlm.nih.gov/gene/%s)" in it.notes
    imported(tmp_path, folder(tmp_path, **{"screenA__idr9999-screenA-library.txt": library}))
    samples = study_of(tmp_path / "studies/idr9999").component("screenA").samples
    assert samples is not None
    assert samples.columns["gene.id"] == "Gene Identifier"
    assert samples.links == {"gene.id": "http://www.ncbi.nlm.nih.gov/gene/{id}"}
    for pattern in ("idr0001/screenA", "idr0009/screenB", "idr0013/screenB", "idr0008/screenA", "idr0005/screenA"):
        it, _ = table(real(f"{pattern}/*annotation.csv*"))
        assert "Gene Identifier" in it.header and not any("%%" in name for name in it.header)
        assert any("Gene Identifier': http" in note for note in it.notes)


def test_gotcha_11_ragged_and_blank_rows() -> None:
    """Rows have more or fewer cells than the header, and whole rows are blank: kept, counted and told with their line."""
    it, problems = table("Plate,Well\nP1,A1,more\nP1\n,\n\nP2,A1,\n")
    assert it.header == ("Plate", "Well", "column 3")
    assert it.rows == [("P1", "A1", "more"), ("P1", "", ""), ("P2", "A1", "")]
    assert it.lines == [2, 3, 6]
    assert "2 blank rows skipped" in it.notes
    assert [(p.place.line, p.severity) for p in problems] == [(2, "warning"), (3, "warning")]
    # The hints of IDR's template stand above the header in two processed files.
    it, _ = table("# this file should contain results, such as a score\t\t\nExperiment\tPath\tScore\na\tb\t1\n", "a.txt")
    assert (it.header, it.rows, it.lines) == (("Experiment", "Path", "Score"), [("a", "b", "1")], [3])
    it, problems = table(real("idr0068/experimentA/*processed.txt"))
    assert len(it.rows) == 1 and problems[0].place.line == 2
    it, _ = table(real("idr0047/experimentA/*processed.txt*"))
    assert it.header == ("Experiment", "Directory and filename", "Descriptor") and "4 blank rows skipped" in it.notes
    it, _ = table(real("idr0038/experimentB/*assays.txt"))
    assert len(it.rows) == 4 and "26 blank rows skipped" in it.notes
    assert table(corpus() / "_website/download_urls.tsv")[0].header[-1] == "external_info"


def test_gotcha_12_newlines_in_cells_and_quotes_that_stay_open() -> None:
    """Quoted cells hold line ends; in study.txt a quote that is never closed would swallow the lines that follow."""
    it, _ = table('Plate,Comments\r\nP1,"dim\r\nand blurred"\r\nP2,x\r\n')
    assert (it.rows, it.lines) == ([("P1", "dim\nand blurred"), ("P2", "x")], [2, 4])
    assert table('Plate\tSize\nP1\t5" wide\nP2\t"7"\n', "a.txt")[0].rows == [("P1", '5" wide'), ("P2", "7")]
    parsed = read_study_txt('Study Title\t"An open quote\nStudy Copyright\tX\nScreen Number\t1\nScreen Description\ty\n')
    assert (parsed.study.first("Study Title"), parsed.study.first("Study Copyright"), len(parsed.components)) == ("An open quote", "X", 1)
    it, _ = table(real("idr0171/screenA/*annotation.csv*"))
    assert len(it.rows) == 16 * 384 and sum("\n" in cell for row in it.rows for cell in row) == 56
    for number, components in (("0041", 1), ("0071", 6), ("0085", 1)):
        path = real(f"idr{number}/idr{number}-study.txt")
        parsed = study_txt(path)
        assert plain(path).count(b'"') % 2 == 1
        assert len(parsed.components) == components and parsed.study.first("Study License")


def test_gotcha_13_tab_separated_text_is_quoted_too() -> None:
    """`.txt` tables are tab-separated with CSV's quotes, doubled ones in cells, and their headers hold commas and backslashes."""
    raw = 'Plate\t"Z-score (Large, spread)"\tCell Type\\Genetic Subtype (Neve et al., 2006)\nP1\t"GRCh37, ""release"" 61"\tx\n'
    it, _ = table(raw, "a.txt")
    assert it.header == ("Plate", "Z-score (Large, spread)", "Cell Type\\Genetic Subtype (Neve et al., 2006)")
    assert it.rows == [("P1", 'GRCh37, "release" 61', "x")]
    assert "Z-score (Large, spread)" in table(real("idr0028/screenA/*processed.txt"))[0].header
    headers = table(real("idr0019/screenA/*library.txt*"))[0].header + table(real("idr0019/screenA/*processed.txt*"))[0].header
    assert any("\\Genetic Subtype (Neve et al., " in name for name in headers)
    it, _ = table(next(p for p in corpus().rglob("*library.txt") if b'"GRCh37, Ensembl release 61' in p.read_bytes()))
    assert any(cell.startswith("GRCh37, Ensembl release 61") for row in it.rows for cell in row)


def test_gotcha_14_capitals_of_columns_differ_between_tables(tmp_path: Path) -> None:
    """`Microtubule Hits` in one table is `microtubule hits` in the next, and study.txt names a key in other capitals than both."""
    library = "Plate\tWell\tSirna identifier\tgene symbol\nP1\tA1\ts1\tTP53\nP1\tA2\ts2\tAATK\n"
    processed = "siRNA Identifier\tHas Phenotype\tphenotype 1\ns1\tyes\tround cells\n"
    study = (STUDY + SCREEN).replace("Plate_Well", "siRNA identifier")
    tables = {"screenA__idr9999-screenA-library.txt": library, "screenA__idr9999-screenA-processed.txt": processed}
    imported(tmp_path, folder(tmp_path, study, **tables))
    it = sampled(tmp_path / "studies/idr9999", "screenA", tmp_path)
    assert it.samples["gene_symbol"] == ["TP53", "AATK"]
    assert it.phenotypes["phenotype"] == ["round cells"]
    assert [p for p in it.problems if p["severity"] == "error"] == []
    corpus()
    told = imported(tmp_path / "real", *(real(f"idr{n}/idr{n}-study.txt").parent for n in ("0032", "0009")))
    samples = study_of(tmp_path / "real/studies/idr0032").components[0].samples
    assert samples is not None and str(samples.columns["dataset"]).casefold() == "dataset name"
    genes = next(c for t in told["idr0009"].tables for c in t.columns if c.to and "gene.id" in c.to)
    assert genes.filled > 10_000


def test_gotcha_15_phenotype_columns_without_numbers(tmp_path: Path) -> None:
    """`Phenotype` alone is the first; term columns lack for some, and come as `… Term Name a`, `… b` where there are two."""
    header = "Plate\tWell\tPhenotype\tPhenotype 1 Term Name a\tPhenotype 1 Term Name b\tPhenotype 3\n"
    library = header + "P1\tA1\tround cells\tx\ty\tlarge nuclei\n"
    tables = {"screenA__idr9999-screenA-library.txt": library, "screenA__idr9999-screenA-processed.txt": ""}
    imported(tmp_path, folder(tmp_path, **tables))
    samples = study_of(tmp_path / "studies/idr9999").component("screenA").samples
    assert samples is not None
    assert [(p.column, p.phenotype) for p in samples.phenotypes] == [("Phenotype", "round cells"), ("Phenotype 3", "large nuclei")]
    told = imported(tmp_path / "real", real("idr0021/idr0021-study.txt").parent)["idr0021"]
    phenotypes = [c for t in told.tables for c in t.columns if (c.to or "").startswith("phenotype: ")]
    assert [c.name for c in phenotypes] == ["Phenotype"] and phenotypes[0].filled > 0


# ---- names


def test_gotcha_16_file_names_off_pattern(tmp_path: Path) -> None:
    """Tables are named with underscores, in the plural, after another study, packed in zip archives, or are git LFS pointers."""
    source = folder(
        tmp_path, STUDY + SCREEN.replace("idr9999-screenA-library.txt", ""),
        **{"screenA__idr9999-screenA-library.txt": "", "screenA__idr0000_screenA-library.txt": LIBRARY,
           "screenA__idr9999-screenA-processed.txt": "version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 7\n"},
    )  # fmt: skip
    told = imported(tmp_path, source)["idr9999"]
    assert told.components[0].samples == 3
    why = next(f.why for f in told.files if f.path.endswith("processed.txt"))
    assert why and "is a git LFS pointer, not the table itself; run 'git lfs pull'" in why
    corpus()
    numbers = ("0041", "0062", "0068", "0135")
    told_of = imported(tmp_path / "real", *(real(f"idr{n}/idr{n}-study.txt").parent for n in numbers))
    assert {a: t.components[0].samples for a, t in told_of.items()} == {
        "idr0041": 840, "idr0062": 22, "idr0068": 1, "idr0135": 462,
    }  # fmt: skip
    packed, problems = table(real("idr0088/screenA/*annotation.csv.zip"))
    assert (len(packed.rows), problems) == (317_430, [])
    assert set(packed.column("Characteristics [Organism]")) == {"Homo sapiens"}
