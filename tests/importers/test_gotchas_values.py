"""What ten years of hand-kept spreadsheets hold in their cells, a test for each trap (numbers 17 to 32 of the corpus's list).

Real studies are read from the corpus beside the checkout (`../shared/corpus`); what needs no corpus is rebuilt small.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.importers.idr import vocabulary as said
from ingest.importers.idr.folder import import_idr
from portal.model import Samples
from portal.warehouse.identity import Gene, identify
from portal.warehouse.organisms import Organism
from tests.importers.sampled import Sampled, sampled, study_of
from tests.importers.test_idr_small import SCREEN, STUDY, folder

CORPUS = Path(__file__).parents[2] / "../shared/corpus/idr"
REAL = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus of real studies at {CORPUS}")
STUDIES = "0001 0004 0005 0006 0007 0008 0011 0012 0015 0019 0023 0028 0032 0037 0040 0047 0054 0079 0151".split()
HUMAN = {"Homo sapiens": Organism("NCBITaxon:9606", "Homo sapiens", "NCBITaxon:9606", "NCBITaxon_9606")}


class Corpus:
    """Real studies, imported once; components are read when they are asked for."""

    def __init__(self, root: Path):
        self._root = root
        self._read: dict[tuple[str, str], Sampled] = {}

    def component(self, accession: str, name: str) -> Sampled:
        if (accession, name) not in self._read:
            scratch = self._root / f"scratch-{accession}-{name}"
            scratch.mkdir()
            self._read[accession, name] = sampled(self._root / "studies" / accession, name, scratch)
        return self._read[accession, name]

    def samples(self, accession: str, name: str) -> Samples:
        found = study_of(self._root / "studies" / accession).component(name).samples
        assert found is not None
        return found

    def notes(self, accession: str, name: str) -> list[str]:
        report = json.loads((self._root / "studies" / accession / "import-report.json").read_bytes())
        return next(c["notes"] for c in report["components"] if c["name"] == name)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("values")
    import_idr([next(CORPUS.glob(f"idr{number}-*")) for number in STUDIES], root / "studies")
    return Corpus(root)


def small(tmp_path: Path, library: str, study: str = STUDY + SCREEN, processed: str = "") -> Sampled:
    """A screen with this library, through the importer and the `samples` step."""
    tables = {"screenA__idr9999-screenA-library.txt": library, "screenA__idr9999-screenA-processed.txt": processed}
    import_idr([folder(tmp_path, study, **tables)], tmp_path / "out")
    return sampled(tmp_path / "out/idr9999", "screenA", tmp_path)


def genes_of(*components: Sampled) -> dict[str, Gene]:
    """Gene by identifier, over the targets of components."""
    rows = {
        r
        for c in components
        for r, k in zip(zip(c.targets["organism"], c.targets["id"], c.targets["symbol"]), c.targets["kind"])
        if k == "gene"
    }
    found, _ = identify(sorted(rows, key=str), HUMAN)
    return {i: gene for gene in found for i in gene.identifiers}


@REAL
def test_gotcha_17_spreadsheets_ate_gene_symbols(corpus: Corpus) -> None:
    """MARCH2 became `Mar-02`: the cell stays, and the gene is MARCH2 again only because another table has its identifier."""
    eaten, whole = corpus.component("idr0012", "screenA"), corpus.component("idr0006", "screenA")
    assert eaten.samples["gene_symbol"].count("Mar-02") == 1
    genes = genes_of(eaten, whole)
    assert (genes["51257"].symbol, [e.written for e in genes["51257"].eaten]) == ("MARCH2", ["Mar-02"])
    assert genes["51257"].eaten[0].proved
    # Nothing proves 55016, so that it is not mixed up with another `Mar-01`: it goes by its identifier.
    assert (genes["55016"].symbol, genes["55016"].name, genes["55016"].eaten[0].proved) == (None, "55016", False)
    assert genes_of(eaten)["51257"].symbol is None
    warning = next(p for p in eaten.problems if "a spreadsheet made of a symbol" in p["what"])
    assert warning["severity"] == "warning" and warning["line"] == 540 and "19 more cells" in warning["what"]


def test_gotcha_17_rebuilt_small(tmp_path: Path) -> None:
    """One date, two genes: the identifier decides which, and a date without one stays as it is."""
    library = (
        "Plate\tWell\tGene Identifier\tGene Symbol\nP1\tA1\t51257\tMar-02\nP1\tA2\t51257\tMARCH2\nP1\tA3\t54996\t2-Mar\n"
        "P1\tA4\t54996\tMARC2\nP1\tA5\t\tMar-02\nP1\tA6\t1731\tSep-01\n"
    )
    it = small(tmp_path, library)
    assert it.samples["gene_symbol"] == ["Mar-02", "MARCH2", "2-Mar", "MARC2", "Mar-02", "Sep-01"]
    genes = genes_of(it)
    assert {i: g.symbol for i, g in genes.items()} == {"51257": "MARCH2", "54996": "MARC2", "1731": None}
    assert any("4 cells with a date" in note for note in it.summary["tally"]["notes"])


@REAL
def test_gotcha_18_cells_with_several_values(corpus: Corpus) -> None:
    """`;` and `/` separate in one column and are part of a name in another; some studies give each gene a column of its own."""
    of = corpus.samples
    assert of("idr0012", "screenA").split == {"gene.id": ";", "gene.symbol": ";"}
    assert "gene.symbol" not in of("idr0004", "screenA").split
    assert "2-enoyl thioester reductase, E.C. 1.3.1.-" in str(corpus.component("idr0004", "screenA").table)
    assert of("idr0040", "experimentA").columns["gene.id"] == ("Comment [Gene Identifier 1]", "Comment [Gene Identifier 2]")
    it = corpus.component("idr0040", "experimentA")
    pairs = {(i, s) for k, i, s in zip(it.targets["kind"], it.targets["id"], it.targets["symbol"]) if k == "gene"}
    assert {("YNR044W", "AGA1"), ("YBR040W", "FIG1")} <= pairs and all(i and s for i, s in pairs)
    assert it.samples["gene_id"][0] == "YNR044W; YBR040W"
    # No header is named like a gene's: IDR's own configuration says which columns are.
    assert len(of("idr0151", "experimentA").columns["gene.id"]) == len(of("idr0151", "experimentA").columns["gene.symbol"]) == 7
    assert {"wg", "eve", "tll"} <= set(corpus.component("idr0151", "experimentA").targets["symbol"])


@REAL
def test_gotcha_19_identifiers_of_many_systems_stay_text(corpus: Corpus) -> None:
    """One header, "Gene Identifier", for Entrez numbers, RefSeq, FlyBase, Ensembl, SGD and PomBase."""
    wanted = {
        ("idr0012", "screenA"): "9625", ("idr0008", "screenA"): "FBgn0000008", ("idr0008", "screenB"): "NM_001025190",
        ("idr0005", "screenA"): "CG1403", ("idr0007", "screenA"): "YAL001C", ("idr0001", "screenA"): "SPAC664.03",
    }  # fmt: skip
    for (accession, name), identifier in wanted.items():
        ids = {i for k, i in zip(*(corpus.component(accession, name).targets[c] for c in ("kind", "id"))) if k == "gene" and i}
        assert all(isinstance(i, str) for i in ids)
        shape = identifier.rstrip("0123456789")[:2]
        assert identifier in ids or any(i.startswith(shape) for i in ids), (accession, name)


def test_gotcha_19_a_number_keeps_its_zeros(tmp_path: Path) -> None:
    """An identifier that looks like a number is none: 007 is not 7."""
    it = small(tmp_path, "Plate\tWell\tGene Identifier\tGene Symbol\nP1\tA1\t007\tBOND\nP1\tA2\t1e3\tX\n")
    assert it.samples["gene_id"] == ["007", "1e3"]
    assert it.targets["id"] == ["007", "1e3"]


def test_gotcha_20_one_gene_with_several_names() -> None:
    """SGOL1 is SGO1 today; sgo1 of yeast is another organism's gene."""
    organisms = {
        **HUMAN,
        "Schizosaccharomyces pombe": Organism("NCBITaxon:4896", "Schizosaccharomyces pombe", "NCBITaxon:4896", "NCBITaxon_4896"),
    }
    genes, of_row = identify(
        [("Homo sapiens", "151648", "SGOL1"), ("Homo sapiens", "151648", "SGO1"), ("Schizosaccharomyces pombe", "SPAC15A10.15", "sgo1")],
        organisms,
    )
    assert of_row[0] == of_row[1] != of_row[2]
    assert {g.name: g.synonyms for g in genes} == {"SGO1": ("SGOL1",), "sgo1": ()}


@REAL
def test_gotcha_21_spellings_of_no_value(corpus: Corpus) -> None:
    """Blank, NA, "empty" and "not available" are no identifiers, nor is a template's hint; `na` is a gene of the fruit fly."""
    assert corpus.samples("idr0005", "screenA").no_value == ("not available",)
    assert {"na", "nan"} <= set(corpus.component("idr0005", "screenA").targets["symbol"])
    assert corpus.component("idr0012", "screenA").summary["tally"]["no_value_cells"]["reagent.id"] == 4_715
    # A hint of the template, left in every cell.
    assert corpus.samples("idr0054", "experimentA").no_value[0].startswith("# enter")
    assert not [i for i in corpus.component("idr0054", "experimentA").targets["symbol"] if i and i.startswith("#")]


@REAL
def test_gotcha_21_wells_without_an_image_are_not_counted(corpus: Corpus) -> None:
    """ "no image available" stands in the comments alone; where the declared number of images bears it out, it is a rule."""
    rule = corpus.samples("idr0007", "screenA").counted
    assert [(r.says, r.column, r.without) for r in rule] == [("with an image", "Comments", "no image available")]
    it = corpus.component("idr0007", "screenA").summary
    assert (it["samples"], it["counted"], it["not_counted"]) == (4_608, 1_152, {"with an image": 3_456})
    assert corpus.component("idr0019", "screenA").summary["counted"] == 2_156
    # 736 cells say so, and neither they nor the others explain the 3,765 images that study.txt declares.
    assert corpus.samples("idr0004", "screenA").counted == ()
    assert any("736 cells of 'Comments'" in n and "all rows are counted" in n for n in corpus.notes("idr0004", "screenA"))


@REAL
def test_gotcha_22_vocabularies_of_controls(corpus: Corpus) -> None:
    """An empty well is written as a kind of control, and a control may show a phenotype."""
    it = corpus.component("idr0012", "screenA")
    assert {"empty well", "negative control", "positive control"} <= set(it.samples["control_type"])
    assert it.summary["controls"] == sum(1 for c in it.samples["control_type"] if c)
    b = corpus.component("idr0012", "screenB")
    both = {
        s for s, term, control in zip(*(b.phenotypes[c] for c in ("sample_id", "term", "control"))) if term == "CMPO:0000305" and control
    }
    assert len(both) == 72
    assert b.summary["with_phenotype"] - b.summary["with_phenotype_nc"] >= 72


def test_gotcha_23_wells(tmp_path: Path) -> None:
    """A01 and A1 are one well; a well that is listed twice gets ids of its own; a 384-well plate has rows to P."""
    it = small(tmp_path, "Plate\tWell\tGene Symbol\nP1\tA01\tTP53\nP1\tB2\tSGO1\nP1\tB02\tAATK\nP1\tP24\tPLK1\n")
    assert it.samples["sample"] == ["A1", "B2", "B2", "P24"]
    assert [s.rpartition("/")[2] for s in it.samples["sample_id"]] == ["A1", "B2", "B2~2", "P24"]
    assert (it.samples["row"], it.samples["column"]) == ([1, 2, 2, 16], [1, 2, 2, 24])


@REAL
def test_gotcha_24_plates_differ_between_files(corpus: Corpus) -> None:
    """P120 and p120 are one plate, three of 195 were never loaded, and what cannot be matched gives no rule but a note."""
    rule = corpus.samples("idr0001", "screenA").counted
    assert [(r.says, r.column, r.listed_in) for r in rule] == [
        ("on a plate that was loaded", "Plate", "screenA/idr0001-screenA-plates.tsv")
    ]
    it = corpus.component("idr0001", "screenA").summary
    assert (it["samples"], it["counted"]) == (18_720, 18_432)
    assert {c["name"] for c in it["containers"] if c.get("uncounted")} == {"JL_120904_S32B", "JL_130305_R1_6", "X_110227_S3"}
    assert corpus.component("idr0011", "screenB").summary["counted"] == 1_920
    assert any("'P120', there 'p120'" in n for n in corpus.notes("idr0004", "screenA"))
    for accession, name, example in (("idr0011", "screenE", "TS-Stinger-Target-1&2"), ("idr0037", "screenA", "experiment_01")):
        assert corpus.samples(accession, name).counted == ()
        assert any("plates.tsv" in n and example in n and n.endswith("all rows are counted") for n in corpus.notes(accession, name))


@pytest.mark.parametrize(
    ("cell", "source", "curies"),
    [
        ("CMPO_0000077", "CMPO", ("CMPO:0000077",)),
        ("http://www.ebi.ac.uk/cmpo/CMPO_0000118", "", ("CMPO:0000118",)),
        ("http://purl.obolibrary.org/obo/PO_0020128", "PO", ("PO:0020128",)),
        ("9606", "NCBITaxon", ("NCBITaxon:9606",)),
        ("Fbbi_00000246", "Fbbi", ("FBbi:00000246",)),
        ("ONT:0000000", "", ()),
        ("NA", "CMPO", ()),
        ("N/A", "", ()),
        ("CMPO_0000393 CMPO_0000343", "CMPO", ("CMPO:0000393", "CMPO:0000343")),
        ("CMPO_0005634", "CMPO", ("CMPO:0005634",)),
        ("# if your phenotype matches an existing term", "", None),
    ],
)
def test_gotcha_25_spellings_of_an_accession(cell: str, source: str, curies: tuple[str, ...] | None) -> None:
    """Underscores, addresses, bare numbers, two in a cell, placeholders and hints."""
    assert said.curies(cell, source) == curies


@REAL
def test_gotcha_26_a_phenotype_is_spelt_otherwise_in_the_table(corpus: Corpus) -> None:
    """A full stop at the end makes no other phenotype: a filled cell means the declared one, and the spelling is kept and told."""
    it = corpus.component("idr0028", "screenD")
    spelt = [s for s in it.summary["tally"]["phenotype_spellings"] if "normalised to nuclear area." in s]
    assert spelt
    declared = {p.name for p in study_of(corpus._root / "studies/idr0028").component("screenD").phenotypes}
    assert set(it.phenotypes["phenotype"]) <= declared


@REAL
def test_gotcha_27_links_are_one_to_many(corpus: Corpus) -> None:
    """A processed row is of a gene and fans out to its wells; a key may stand twice; one finds no well, and is named."""
    a = corpus.component("idr0001", "screenA").summary["tally"]
    table = "screenA/idr0001-screenA-processed.txt"
    assert a["rows_joined"][table] > a["rows_read"][table]
    notes = corpus.component("idr0008", "screenA").summary["tally"]["notes"]
    assert any("on several rows" in n and "phenotypes of all rows are kept" in n for n in notes)
    tally = corpus.component("idr0012", "screenB").summary["tally"]
    assert list(tally["unmatched_keys"].values()) == [1] and list(tally["unmatched_examples"].values()) == [["WDR21A"]]


@REAL
def test_gotcha_28_a_phenotype_without_has_phenotype(corpus: Corpus) -> None:
    """A named phenotype counts, also where `Has Phenotype` is left blank; how many there are is said."""
    notes = corpus.component("idr0008", "screenA").summary["tally"]["notes"]
    assert any("with a phenotype named, where 'Has Phenotype' does not say so: counted as with" in n for n in notes)


def test_gotcha_28_rebuilt_small(tmp_path: Path) -> None:
    """A filled phenotype beside a blank `Has Phenotype`, and a `yes` without any phenotype."""
    library = "Plate\tWell\tGene Symbol\nP1\tA1\tTP53\nP1\tA2\tSGO1\n"
    it = small(tmp_path, library, processed="Plate_Well\tHas Phenotype\tPhenotype 1\nP1_A1\t\tround cells\nP1_A2\tyes\t\n")
    assert it.samples["has_phenotype"] == [True, False]
    assert sum("counted as" in n for n in it.summary["tally"]["notes"]) == 2


def test_gotcha_29_study_txt_by_hand(tmp_path: Path) -> None:
    """Blanks that keep their place, repeated triples, other spellings of keys, sizes in prose, hints left in."""
    study = (STUDY + SCREEN).replace("Comment[IDR Screen Name]", "Comment[IDR Screen Name] ")
    study = study.replace("Study License\tCC BY 4.0", "Study License\t CC BY 4.0 ") + (
        "Screen Size\tPlates: 1\t5D Images:56,832 \tPlanes:107520\tTotal Tb: 0.27 Tb\nScreen Comments\t# leave blank\n"
        "Study Public Release Date\t26/05/2016\nStudy DOI\thttp://dx.doi.org/10.1091/mbc.E13-04-0221\n"
    )
    import_idr([folder(tmp_path, study)], tmp_path / "out")
    found = study_of(tmp_path / "out/idr9999")
    screen = found.component("screenA")
    assert [[t.term for t in p.all_terms] for p in screen.phenotypes] == [["CMPO:0000118"], ["CMPO:0000140", "CMPO:0000154"]]
    size = screen.size
    assert size is not None and (size.plates, size.images_5d, size.planes, size.terabytes) == (1, 56_832, 107_520, 0.27)
    assert found.licence == "CC-BY-4.0" and str(found.released) == "2016-05-26"
    assert [p.doi for p in found.publications] == ["10.1091/mbc.E13-04-0221"]
    assert "Screen Comments" not in screen.source


@pytest.mark.parametrize(
    ("cells", "size"),
    [
        (("5D Images: 56,832",), {"images_5d": "56832"}),
        (("5D Images:414 ",), {"images_5d": "414"}),
        (("Total Tb: 0.27 Tb",), {"terabytes": "0.27"}),
        (("Total Tb:", "0.1975"), {"terabytes": "0.1975"}),
        (("Plates: 68", "5D Images: ", ""), {"plates": "68"}),
    ],
)
def test_gotcha_29_sizes(cells: tuple[str, ...], size: dict[str, str]) -> None:
    """Thousands with and without separators, odd blanks, the value in the next cell."""
    assert said.size(cells) == (size, [])


def test_gotcha_29_days_that_tell_themselves() -> None:
    """03/12/13 may be two days, so it is none; 26/05/2016 is one."""
    assert [said.date(d) for d in ("2016-05-26", "26/05/2016", "03/12/13", "01/05/15")] == ["2016-05-26", "2016-05-26", None, None]


@REAL
def test_gotcha_30_names_of_studies_change(corpus: Corpus) -> None:
    """The accession is what stays: the label is the name of today."""
    labels = {a: study_of(corpus._root / "studies" / a).label for a in ("idr0015", "idr0047")}
    assert labels["idr0015"] == "colin-taraoceans"
    assert (labels["idr0047"] or "").casefold() == "neuert-yeastmrna"


def test_gotcha_30_an_old_name_beside_the_new(tmp_path: Path) -> None:
    """An old name is a link or a file that holds a path: neither makes a second study of it."""
    source = folder(tmp_path / "all")
    (source.parent / "idr9999-UNKNOWN-small").write_text("idr9999-nobody-small")
    (source.parent / "idr9999-before-small").symlink_to(source, target_is_directory=True)
    report = import_idr([source.parent], tmp_path / "out")
    assert [(s.source, s.accession) for s in report.imported] == [("idr9999-nobody-small", "idr9999")]


def test_gotcha_31_idrs_own_master_table_is_not_read(tmp_path: Path) -> None:
    """studies.tsv counts in its own way, and disagrees with the tables: nothing is taken from it, and it stops nothing."""
    source = folder(tmp_path / "all")
    website = source.parent / "_website"
    website.mkdir()
    (website / "studies.tsv").write_text("Study\tWells\tTargets\nidr9999-nobody-small\t1,999\t\n")
    report = import_idr([source.parent], tmp_path / "out")
    assert [s.source for s in report.imported] == ["idr9999-nobody-small"]
    written = "".join(p.read_text() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert "1,999" not in written and "1999" not in written and "_website" not in written
    alone = import_idr([website], tmp_path / "alone")
    assert not alone.imported and not (tmp_path / "alone").exists()


@REAL
def test_gotcha_32_images_outside_screens(corpus: Corpus) -> None:
    """A name is an image's own in its dataset alone; derived images lie beside raw ones, and not every study counts them."""
    it = corpus.component("idr0032", "experimentA")
    twice = [name for name in set(it.samples["sample"]) if it.samples["sample"].count(name) > 1]
    assert "2.tif" in twice and len(set(it.samples["sample_id"])) == len(it.samples["sample_id"]) == 458
    raw = corpus.component("idr0023", "experimentA").summary
    assert (raw["samples"], raw["counted"], raw["not_counted"]) == (527, 359, {"raw": 168})
    assert [corpus.component("idr0079", f"experiment{x}").summary["counted"] for x in "AB"] == [165, 31]
