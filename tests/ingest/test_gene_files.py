"""Gene files are read as portal.yaml declares them, through the real steps: small ones written here, and the real ones of the corpus."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.gather import gather
from ingest.gene_files.groups import MAX_MEMBERS
from portal.engine.run import Engine
from portal.engine.store import Store
from portal.gene_files import Sourced
from portal.naming import NAMES, ORTHOLOGS, NamedGene, OrthologGroup, read_names, read_orthologs, write_names, write_orthologs
from tests.conftest import ROOT, build_py

GENES = ROOT / "../shared/corpus/genes"
PAPER = ROOT / "../shared/corpus/paper/idr-notebooks/includes"
DATA = GENES / "ZoliQua-orthologs/data"
HUMAN, YEAST, POMBE, FLY = "Homo sapiens", "Saccharomyces cerevisiae", "Schizosaccharomyces pombe", "Drosophila melanogaster"


@dataclass(frozen=True)
class Read:
    genes: list[NamedGene]
    groups: list[OrthologGroup]
    said: dict[str, Sourced]
    problems: list[str]
    ran: list[str]

    def gene(self, symbol: str, organism: str = HUMAN) -> NamedGene:
        found = [g for g in self.genes if g.symbol == symbol and g.organism == organism]
        assert len(found) == 1, found
        return found[0]


def read(content: Path) -> Read:
    (content / "studies").mkdir(parents=True, exist_ok=True)
    with Engine(Store(content.with_name("store"))) as engine:
        found = gather(engine, content)
        trees = {name: engine.results[name] for name in (*found.gene_files, *found.gene_sources)}
        path = engine.store.path
        return Read(
            [g for tree in trees.values() if NAMES in tree for g in read_names(path(tree[NAMES]))],
            [g for tree in trees.values() if ORTHOLOGS in tree for g in read_orthologs(path(tree[ORTHOLOGS]))],
            {name: Sourced.model_validate_json(path(trees[name]["sourced.json"]).read_bytes()) for name in found.gene_sources},
            [f"{p.severity} {p}" for p in found.problems if p.place.file != "studies"],
            sorted(engine.ran),
        )


def of(tmp_path: Path, portal: str, **tables: str) -> Read:
    content = tmp_path / "content"
    (content / "genes").mkdir(parents=True, exist_ok=True)
    (content / "portal.yaml").write_text(portal)
    for name, text in tables.items():
        (content / f"genes/{name}.tsv").write_text(text)
    return read(content)


def declared(columns: str, more: str = "", table: str = "genes/a.tsv", organism: str = HUMAN) -> str:
    return f"  - table: {table}\n    source: HGNC\n    organism: {organism}\n    columns: {columns}\n{more}"


# ---- the contract


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    genes = [
        NamedGene(HUMAN, "SGO1", ("ENSG00000129810",), ("SGO", "SGOL1"), "HGNC"),
        NamedGene(HUMAN, "A1BG", (), (), "HGNC"),
        NamedGene(HUMAN, None, ("ENSP1", "P1"), (), "UniProt"),
        NamedGene(HUMAN, "MARCHF2", (), ("MARCH2",), "HGNC", ("2-Mar",)),
        *(NamedGene(FLY, f"g{n}", (f"FBgn{n:07}", f"P{n}"), (), "FlyBase") for n in range(40_000)),  # more than one row group
    ]
    assert write_names(tmp_path / NAMES, genes) == len(genes)
    assert sorted(read_names(tmp_path / NAMES), key=repr) == sorted(genes, key=repr)
    groups = [OrthologGroup("A", None, ((HUMAN, "SGO1"), (YEAST, "SGO1"))), OrthologGroup("A", "KOG1", ((FLY, "mei"), (YEAST, "SGO1")))]
    assert write_orthologs(tmp_path / ORTHOLOGS, groups[::-1]) == 2
    assert list(read_orthologs(tmp_path / ORTHOLOGS)) == groups
    write_names(tmp_path / "again", genes[::-1])
    assert (tmp_path / "again").read_bytes() == (tmp_path / NAMES).read_bytes()


# ---- names


def test_lines_with_one_symbol_are_one_gene(tmp_path: Path) -> None:
    table = "Symbol\tApproved\nSGOL1\tSGO1\nSGO1\tSGO1\nNY-BR-85\tSGO1\nAAVS1\tPPP1R12C\nAAVS1\tAAVS1\nX\t\n"
    told = of(tmp_path, "genes:\n" + declared("{symbol: Approved, synonyms: Symbol}"), a=table)
    assert told.gene("SGO1").synonyms == ("NY-BR-85", "SGOL1")
    # A synonym that is another gene's symbol stays one of both, and is said.
    assert told.gene("PPP1R12C").synonyms == ("AAVS1",) and told.gene("AAVS1").synonyms == ()
    said = told.said["gene file genes/a.tsv"]
    assert (said.rows, said.genes, said.names, said.source) == (6, 4, 4, "HGNC")
    assert said.notes == ("1 synonym that is another gene's symbol: 'AAVS1' of 'PPP1R12C'; the gene of that symbol comes first",)
    assert not told.problems


def test_what_names_no_gene_is_counted(tmp_path: Path) -> None:
    told = of(tmp_path, "genes:\n" + declared("{symbol: S, ids: I}", "    no_value: [NA]\n"), a="S\tI\tName\nA\t1\tx\nNA\t\ty\n\tNA\tz\n")
    assert [g.symbol for g in told.genes] == ["A"]
    assert told.said["gene file genes/a.tsv"].notes == ("2 lines without any name of a gene passed over",)


def test_a_table_without_a_header_goes_by_numbers(tmp_path: Path) -> None:
    table = "S1\tORF\tYOR073W\tSGO1\tYOR29-24|other\nS2\tCDS\t\t\t\nS3\tORF\tYAL069W\t\t\n"
    more = '    split: "|"\n    where: {2: [ORF]}\n'
    told = of(tmp_path, "genes:\n" + declared("{symbol: 4, ids: [3, 1], synonyms: 5}", more, organism=YEAST), a=table)
    assert told.gene("SGO1", YEAST) == NamedGene(YEAST, "SGO1", ("S1", "YOR073W"), ("YOR29-24", "other"), "HGNC")
    assert [g.identifiers for g in told.genes if g.symbol is None] == [("S3", "YAL069W")]
    assert told.said["gene file genes/a.tsv"].notes == ("1 of 3 lines are not those where '2' is 'ORF'",)


def test_the_long_form_and_its_groups(tmp_path: Path) -> None:
    long = "    long: {record: 1, property: 2, value: 4}\n"
    pombe = "P1\tGene_Name\t1\tpaa1\nP1\tconvert\t1\tSPAP8A3.09c.1\nP1\teggNOG\t1\tKOG0211\nP2\tconvert\t1\tSPX.1\nP2\teggNOG\t1\tKOG9\n"
    yeast = "Q1\tGene_Name\t2\tTPD3\nQ1\tconvert\t2\tYAL016W\nQ1\teggNOG\t2\tKOG0211\nQ2\teggNOG\t2\tKOG8\nQ2\tconvert\t2\tYX\n"
    columns = "{symbol: Gene_Name, ids: [convert, 1], group: eggNOG}"
    portal = "genes:\n" + declared(columns, long + "    drop: [.1]\n", organism=POMBE) + declared(columns, long, "genes/b.tsv", YEAST)
    told = of(tmp_path, portal, a=pombe, b=yeast)
    assert told.gene("paa1", POMBE).identifiers == ("P1", "SPAP8A3.09c")
    assert told.groups == [OrthologGroup("HGNC", "KOG0211", ((YEAST, "YAL016W"), (POMBE, "SPAP8A3.09c")))]
    assert told.said["orthologs"].notes == ("2 groups with genes of one organism alone passed over",)


def test_dates_are_no_names(tmp_path: Path) -> None:
    table = "S\tA\nMARCHF2\tMARCH2\nMARCHF2\t2-Mar\nMARCHF2\t03/02\nMARCHF2\t2-MAR\nSep-01\tSEPT1\nDEC1\tdec-1\n"
    told = of(tmp_path, "genes:\n" + declared("{symbol: S, synonyms: A}"), a=table)
    assert told.gene("MARCHF2").synonyms == ("MARCH2",)
    assert told.gene("MARCHF2").mangled == ("03/02", "2-MAR", "2-Mar")
    assert told.gene("DEC1").synonyms == ("dec-1",)  # no date: a gene of the fruit fly
    assert [g for g in told.genes if g.symbol is None] == [NamedGene(HUMAN, None, (), ("SEPT1",), "HGNC")]
    assert told.problems == [
        "warning genes/a.tsv:6: 'Sep-01' is a date that a spreadsheet made of a symbol, and is left out; write the symbol, as text"
    ]


def test_lists_of_mangled_symbols_give_no_synonym(tmp_path: Path) -> None:
    told = of(tmp_path, "genes:\n" + declared("{symbol: O, mangled: M}"), a="O\tM\nMTARC1\t1-Mar\nMARCHF1\t1-Mar\n")
    assert [(g.symbol, g.synonyms, g.mangled) for g in told.genes] == [("MARCHF1", (), ("1-Mar",)), ("MTARC1", (), ("1-Mar",))]


def test_what_cannot_be_a_name_is_told_with_its_line(tmp_path: Path) -> None:
    table = f"S\tA\nA1\t{'x' * 300}\nA2\tab\u202ecd\n" + "".join(f"B{n}\t{'y' * 250}\n" for n in range(8))
    told = of(tmp_path, "genes:\n" + declared("{symbol: S, synonyms: A}"), a=table)
    assert len(told.genes) == 10 and not any(g.synonyms for g in told.genes)
    lines = [p.split(" ")[1] for p in told.problems]
    assert lines == ["genes/a.tsv:2:", "genes/a.tsv:3:", *(f"genes/a.tsv:{n}:" for n in range(4, 8))]
    assert "(and so in 4 more places)" in told.problems[-1]


# ---- orthologs


def test_a_line_is_a_group(tmp_path: Path) -> None:
    portal = (
        "orthologs:\n  - table: genes/a.tsv\n    source: eggNOG\n    split: ','\n    group: 1\n"
        f"    columns: {{{HUMAN}: [2, 3], {POMBE}: 4, {YEAST}: 5}}\n    drop: {{{POMBE}: [.1]}}\n"
    )
    large = ",".join(f"G{n}" for n in range(MAX_MEMBERS))
    table = f"K1\tENSP1,ENSP2\tSGO1\tSPX.1\t\nK2\t\t\t\tYA.1,YB\nK3\t{large}\t\tSPY.1\t\nK4\t\t\t\t\nK2\t\t\tSPZ.1\t\n"
    told = of(tmp_path, portal, a=table)
    assert told.groups == [
        OrthologGroup("eggNOG", "K1", ((HUMAN, "ENSP1"), (HUMAN, "ENSP2"), (HUMAN, "SGO1"), (POMBE, "SPX"))),
        OrthologGroup("eggNOG", "K2", ((YEAST, "YA.1"), (YEAST, "YB"), (POMBE, "SPZ"))),  # two lines, one name
    ]
    assert told.said["orthologs"].notes == (f"1 group with more than {MAX_MEMBERS} genes left out: 'K3' (101)",)


def test_pairs_without_a_name_are_groups_of_their_own(tmp_path: Path) -> None:
    portal = f"orthologs:\n  - table: genes/a.tsv\n    source: Ensembl\n    columns: {{{HUMAN}: H, {YEAST}: Y}}\n    where: {{Screen: x}}\n"
    told = of(tmp_path, portal, a="Screen\tH\tY\nx\tA\tB\nx\tA\tB\nx\tA\tC\nz\tA\tD\n")
    assert [g.members for g in told.groups] == [((HUMAN, "A"), (YEAST, "B")), ((HUMAN, "A"), (YEAST, "C"))]


def test_large_groups_with_and_without_a_name_are_left_out_together(tmp_path: Path) -> None:
    """They are told by their size, and of one size by what they are called, which may be nothing."""
    portal = "orthologs:\n  - table: genes/a.tsv\n    source: Ensembl\n    split: ','\n    group: G\n"
    portal += f"    columns: {{{HUMAN}: H, {YEAST}: Y}}\n"
    groups = [",".join(f"{letter}{n}" for n in range(MAX_MEMBERS)) for letter in "ABC"]
    told = of(tmp_path, portal, a=f"G\tH\tY\n\t{groups[0]}\tY1\nK1\t{groups[1]}\tY2\n\t{groups[2]}\tY3\nK2\tA\tB\n")
    assert [g.name for g in told.groups] == ["K2"]
    assert told.said["orthologs"].notes == (f"3 groups with more than {MAX_MEMBERS} genes left out: 'A0' (101), 'C0' (101), 'K1' (101)",)


def test_without_orthologs_the_names_stand(tmp_path: Path) -> None:
    columns = f"    columns: {{{HUMAN}: H, {YEAST}: Y}}\n"
    portal = "genes:\n" + declared("{symbol: S}") + f"orthologs:\n  - table: genes/b.tsv\n    source: E\n{columns}"
    one = of(tmp_path, portal, a="S\nA\n", b="H\tY\nA\tB\n")
    assert one.groups and not one.problems
    # What was remembered of the first file is damaged, and a second file has all groups put together anew.
    with Engine(Store(tmp_path / "store")) as engine:
        gather(engine, tmp_path / "content")
        damaged = engine.store.path(engine.results["ortholog file genes/b.tsv"]["parts.parquet"])
    damaged.chmod(0o644)
    damaged.write_bytes(b"PAR1 no longer")
    more = f"  - table: genes/c.tsv\n    source: F\n{columns}"
    told = of(tmp_path, portal + more, a="S\nA\n", b="H\tY\nA\tB\n", c="H\tY\nA\tC\n")
    assert [g.symbol for g in told.genes] == ["A"] and not told.groups
    (problem,) = told.problems
    assert problem.startswith("error portal.yaml:6: orthologs could not be put together: step 'orthologs' failed"), problem


# ---- what goes on beside


def test_a_table_outside_the_content_folder_is_called_so(tmp_path: Path) -> None:
    told = of(tmp_path, "genes:\n" + declared("{symbol: S}", table="../x.csv"))
    assert told.problems == ["error portal.yaml:2: genes[0].table '../x.csv' leaves the content folder; write a path below it"]


def test_organisms_that_no_study_has_are_told(tmp_path: Path) -> None:
    portal = (
        "genes:\n" + declared("{symbol: S}", organism="homo sapiens") + declared("{symbol: S}", organism="Mus muscullus")
        + declared("{symbol: S}", organism=FLY) + declared("{symbol: S}", organism=YEAST)
        + f"orthologs:\n  - table: genes/b.tsv\n    source: E\n    columns:\n      {POMBE}: H\n      Saccharomyces cerevisae: Y\n"
    )  # fmt: skip
    for name, organism in (("one", HUMAN), ("two", YEAST), ("three", "Mus musculus")):
        folder = tmp_path / f"content/studies/{name}"
        folder.mkdir(parents=True)
        (folder / "study.yaml").write_text(
            f"accession: {name}\ntitle: T\nlicence: CC0-1.0\norganisms: [{{name: {organism}}}]\n"
            "components: [{name: a, kind: screen, missing: lost}]\n"
        )
    tables = {"a": "S\nA\n", "b": "H\tY\nA\tB\n"}
    told = [p for p in of(tmp_path, portal, **tables).problems if "portal.yaml" in p]
    slips = [
        "warning portal.yaml:4: genes[0].organism 'homo sapiens' is written with other capitals in the studies;"
        " did you mean 'Homo sapiens'?",
        "warning portal.yaml:8: genes[1].organism 'Mus muscullus' is the organism of no study; did you mean 'Mus musculus'?",
        "warning portal.yaml:23: orthologs[0].columns['Saccharomyces cerevisae'] 'Saccharomyces cerevisae' is the organism of no study;"
        " did you mean 'Saccharomyces cerevisiae'?",
    ]
    unused = f"warning portal.yaml:12: genes[2].organism '{FLY}' is the organism of no study, so that the names in this table find nothing;"
    # Schizosaccharomyces pombe is no slip of Saccharomyces cerevisiae, and a column of orthologs may be of an organism without studies.
    assert sorted(told) == sorted([*slips, f"{unused} write it as the studies do, or leave the table until there is one"])
    # Where a study cannot be read, nobody knows which organisms there are; a slip is one all the same.
    (tmp_path / "content/studies/three/study.yaml").write_text("accession: [")
    told = [p for p in of(tmp_path, portal, **tables).problems if "portal.yaml" in p]
    assert sorted(told) == sorted([slips[0], slips[2]])


def test_one_bad_file_leaves_the_others(tmp_path: Path) -> None:
    portal = "title: T\ngenes:\n" + declared("{symbol: S}") + declared("{symbol: Nothing}", table="genes/b.tsv")
    told = of(tmp_path, portal, a="S\nA\n", b="T\nB\n")
    assert [g.symbol for g in told.genes] == ["A"]
    what = "error portal.yaml:10: genes[1].columns.symbol 'Nothing' is not a column of 'genes/b.tsv'; write one of its header"
    assert told.problems == [what]
    shutil.copytree(ROOT / "tests/problems/gene-files/content", tmp_path / "checked")
    done = build_py("check", tmp_path / "checked")
    assert done.returncode == 1 and "genes[0].columns.synonyms" in done.stdout + done.stderr


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    portal = "genes:\n" + declared("{symbol: S}") + declared("{symbol: S}", table="genes/b.tsv")
    assert of(tmp_path, portal, a="S\nA\n", b="S\nB\n").ran == ["gene file genes/a.tsv", "gene file genes/b.tsv"]
    assert of(tmp_path, portal, a="S\nA\n", b="S\nB\nC\n").ran == ["gene file genes/b.tsv"]
    assert of(tmp_path, f"title: New\n{portal}", a="S\nA\n", b="S\nB\nC\n").ran == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "content/genes").mkdir(parents=True)
    (tmp_path / "secret.tsv").write_text("S\nA\n")
    (tmp_path / "content/genes/a.tsv").symlink_to(tmp_path / "secret.tsv")
    told = of(tmp_path, "genes:\n" + declared("{symbol: S}"))
    assert not told.genes and "is a link" in told.problems[0]


# ---- the real files

REAL = (
    f"""\
genes:
  - {{table: genes/hgnc.table.tsv, source: HGNC, organism: {HUMAN}, columns: {{symbol: Approved.Symbol, synonyms: Symbol}}}}
  - {{table: genes/mog_map.csv, source: HGNChelper, organism: {HUMAN}, columns: {{symbol: original, mangled: mogrified}}}}
  - {{table: genes/HGNChelper_mog_map_MGI_AMC_2016_03_30.csv, source: MGI, organism: Mus musculus, columns: {{symbol: original,
      mangled: mogrified}}}}
  - table: genes/SGD_features.tab
    source: SGD
    organism: {YEAST}
    columns: {{symbol: 5, ids: [4, 1], synonyms: 6}}
    split: "|"
    where: {{2: [ORF, ncRNA_gene, tRNA_gene, snoRNA_gene, rRNA_gene, snRNA_gene, pseudogene, not in systematic sequence of S288C]}}
"""
    + "".join(
        f"  - {{table: genes/uniprot_convert_{taxon}.tsv, source: UniProt, organism: {organism},"
        f" long: {{record: 1, property: 2, value: 4}}, columns: {{symbol: Gene_Name, ids: [convert, 1], group: eggNOG}}, drop: [.1]}}\n"
        for taxon, organism in ((284812, POMBE), (4896, POMBE), (559292, YEAST), (7227, FLY))
    )
    + "".join(
        f"  - {{table: genes/eggnogdb_{taxon}_protein_list.tsv, source: eggNOG, organism: {organism}, columns: {{ids: 1}}}}\n"
        for taxon, organism in ((4896, POMBE), (4932, YEAST), (7227, FLY), (9606, HUMAN))
    )
    + f"""\
orthologs:
  - table: genes/eggnogdb_7_species_by_groups.tsv
    source: eggNOG
    group: 1
    split: ","
    columns: {{{HUMAN}: 3, Danio rerio: 4, Caenorhabditis elegans: 5, Arabidopsis thaliana: 6, {FLY}: 7, {POMBE}: 8, {YEAST}: 9}}
    drop: {{{POMBE}: [.1], Arabidopsis thaliana: [.1, .2, .3, .4, .5, .6, .7, .8]}}
  - table: genes/TableOfGenesWithElongatedCellPhenotype.csv
    source: Ensembl 84
    columns: {{{POMBE}: [Screen GeneID, Screen Gene Symbol], {HUMAN}: [Human Ortholog Ensembl 84, HGNC Gene Symbol Ensembl 84]}}
    where: {{Screen ID: idr0001-A}}
    no_value: [(null)]
"""
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Read:
    if not GENES.is_dir() or not PAPER.is_dir():
        pytest.skip(f"needs {GENES} and {PAPER}")
    content = tmp_path_factory.mktemp("real") / "content"
    (content / "genes").mkdir(parents=True)
    for file in [*GENES.rglob("*.tsv"), *GENES.rglob("*.csv"), *GENES.rglob("*.tab"), *PAPER.glob("TableOfGenes*.csv")]:
        (content / "genes" / file.name).write_bytes(file.read_bytes())
    (content / "portal.yaml").write_text(REAL)
    return read(content)


def test_the_real_files_are_read_whole(real: Read) -> None:
    assert real.problems == []
    counted = {said.table: (said.rows, said.genes) for said in real.said.values()}
    # Lines of the file less the header, and distinct approved symbols: `cut -f2 | sort -u`.
    assert counted["genes/hgnc.table.tsv"] == (101_345, 43_135)
    # Protein lists end their lines with CR alone, all but the last.
    lists = {4896: 4_425, 4932: 5_572, 7227: 12_898, 9606: 19_851}
    assert {taxon: counted[f"genes/eggnogdb_{taxon}_protein_list.tsv"][0] for taxon in lists} == lists
    assert counted["genes/uniprot_convert_7227.tsv"][0] == 60_178


def test_human_and_yeast_sgo1_are_two_genes(real: Read) -> None:
    human, yeast = ([g for g in real.genes if g.symbol == "SGO1" and g.organism == o] for o in (HUMAN, YEAST))
    assert [g.synonyms for g in human] == [("NY-BR-85", "SGOL1")]
    assert {i for g in yeast for i in g.identifiers} == {"S000005599", "YOR073W", "Q08490"}
    assert not any("SGOL1" in g.names for g in yeast)


def test_dates_of_the_real_files_name_nothing(real: Read) -> None:
    human = [g for g in real.genes if g.organism == HUMAN]
    assert not any({"1-Mar", "1-DEC", "12/01", "3/1"} & set(g.names) for g in human)
    assert {g.symbol for g in human if "1-Mar" in g.mangled} >= {"MTARC1"}
    assert {g.symbol for g in human if "1-DEC" in g.mangled} == {"BHLHE40", "DELEC1"}  # why a date alone proves nothing


def test_orthologs_of_the_real_files(real: Read) -> None:
    by_name = {(g.source, g.name): g for g in real.groups}
    # Three files of one source are put together; identifiers are those that the studies use.
    tpd3 = set(by_name["UniProt", "KOG0211"].members)
    assert {(POMBE, "SPAP8A3.09c"), (YEAST, "YAL016W")} <= tpd3
    assert any(organism == FLY for organism, _ in tpd3)
    # Endings are cut where they are declared: W01G7.4 is a worm's gene, SPBC14F5.10c.1 a transcript of SPBC14F5.10c.
    eggnog = [m for g in real.groups if g.source == "eggNOG" for m in g.members]
    assert not any(name.endswith(".1") for organism, name in eggnog if organism == POMBE)
    assert ("Caenorhabditis elegans", "W01G7.4") in eggnog
    assert "56 groups with more than 100 genes left out" in json.dumps(real.said["orthologs"].notes)
    paper = [g for g in real.groups if g.source == "Ensembl 84"]
    assert ((HUMAN, "ENSG00000113522"), (HUMAN, "RAD50"), (POMBE, "SPAC1556.01c"), (POMBE, "rad50")) in [g.members for g in paper]
    assert not any(name == "(null)" for g in paper for _, name in g.members)
