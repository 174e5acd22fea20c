"""The index built by Python and asked by JavaScript, as a reader's browser does; both languages' words compared."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from portal.facts import Catalogue, GeneLine
from portal.publish.assets import node
from search_index.catalogue import builder
from search_index.documents import catalogue_documents
from search_index.index import search, search_files
from search_index.tokeniser import key, stems, words
from tests.js.site import run
from tests.search.fixture import CATALOGUE, KNOWN, many

HERE = Path(__file__).parent
ASSETS = HERE.parents[1] / "assets"
CORPUS = HERE.parents[1] / "../shared/corpus"


def in_node(**given: Any) -> dict[str, Any]:
    asked = json.dumps({"assets": str(ASSETS), "limit": 10, **given})
    done = subprocess.run([node(), str(HERE / "query.mjs")], input=asked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(files: dict[str, bytes], folder: Path) -> str:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return str(folder)


def queries() -> list[tuple[str, str]]:
    lines = (HERE / "queries.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(query, expected) for query, _, expected in (line.partition("\t") for line in lines)]


@pytest.fixture(scope="module", params=[0, 3000], ids=["small", "among 3,000 genes"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield written(search_files(CATALOGUE, many(request.param)), tmp_path_factory.mktemp("search"))


def test_first_results(folder: str) -> None:
    asked = queries()
    answers = in_node(folder=folder, queries=[q for q, _ in asked])["answers"]
    wrong = [
        f"{query!r}: {[r['address'] for r in answer['results'][:3]]} instead of {expected}"
        for (query, expected), answer in zip(asked, answers, strict=True)
        if (answer["results"][0]["address"] if answer["results"] else "-") != expected
    ]
    assert not wrong, f"{len(wrong)} of {len(asked)}:\n" + "\n".join(wrong)


def test_what_was_mended_is_said_and_nonsense_finds_nothing(folder: str) -> None:
    mended, nonsense, empty = in_node(folder=folder, queries=["elogated cell", "qqqqxxyyzz", "  ?! "])["answers"]
    assert mended["instead"] == "elongated cell"
    assert nonsense == {"results": [], "instead": None} and empty == {"results": [], "instead": None}


def test_a_synonym_says_what_it_matched(folder: str) -> None:
    (answer,) = in_node(folder=folder, queries=["SGO2"])["answers"]
    assert answer["results"][0]["title"] == "SGOL2" and answer["results"][0]["why"] == "matched by synonym SGO2"


def test_a_short_or_numbered_word_is_not_guessed_at(folder: str) -> None:
    short, numbered, part, near, guess = in_node(
        folder=folder, queries=["nuclear pone", "demo3", "DEMO-si101", "SGOOL1", "fluorescence xlongated"]
    )["answers"]
    assert short["instead"] is None and short["results"]  # what holds `nuclear`; `pone` may be anything
    assert numbered == {"results": [], "instead": None} and part == {"results": [], "instead": None}
    assert near["instead"] == "sgol1" and near["results"][0]["title"] == "SGOL1"
    # A guess that answers no more of the query than what was typed is not made.
    assert guess["instead"] is None and guess["results"]


def test_lunr_scores_are_the_same_in_both_languages(folder: str) -> None:
    index = builder(list(catalogue_documents(CATALOGUE))).build()
    query = index.create_query()
    query.term("cell", use_pipeline=False)
    expected = {r["ref"]: round(r["score"], 3) for r in index.query(query)}
    found = {ref: round(score, 3) for ref, score in in_node(folder=folder)["scores"]}
    assert found == pytest.approx(expected, abs=0.002) and len(found) > 5


def test_forty_thousand_genes_take_seconds_and_small_files(tmp_path: Path) -> None:
    genes = many(40_000)
    began = time.process_time()  # other work on this machine does not count
    files = search_files(CATALOGUE, genes)
    took = time.process_time() - began
    assert took < 15, f"{took:.1f} s"
    names = {path: len(data) for path, data in files.items() if path.startswith("names/")}
    assert len(names) > 50 and max(names.values()) <= 10_000, max(names.values())
    assert max(len(data) for path, data in files.items() if path.startswith("top/")) <= 40_000
    answer = in_node(folder=written(files, tmp_path), queries=["SGOL1"])
    # The catalogue's words are read too: it does not grow with the genes.
    assert answer["answers"][0]["results"][0]["address"] == "genes/sgol1--homo-sapiens/"
    assert answer["read"] <= 45_000, answer["read"]
    total = sum(map(len, files.values())) / 1e6
    print(f"{took:.1f} s, {len(names)} ranges, {total:.1f} MB; SGOL1: {answer['read']} bytes in {answer['files']} files")


def test_every_gene_is_found_by_every_name(tmp_path: Path) -> None:
    genes = many(800)
    asked = [(name, g) for g in genes for name in (g.name, *g.identifiers[:1])][::7]
    answers = in_node(folder=written(search_files(CATALOGUE, genes), tmp_path), queries=[name for name, _ in asked])["answers"]
    missing = [name for (name, g), a in zip(asked, answers, strict=True) if f"genes/{g.slug}/" not in [r["address"] for r in a["results"]]]
    assert not missing, missing[:10]


def test_an_empty_portal_has_an_index_too(tmp_path: Path) -> None:
    answer = in_node(folder=written(search_files(Catalogue(), []), tmp_path), queries=["anything"])
    assert answer["answers"] == [{"results": [], "instead": None}]


def test_the_recipe_names_its_folder_by_its_bytes(tmp_path: Path) -> None:
    catalogue = {"catalogue.json": CATALOGUE.model_dump_json().encode()}

    def lines(genes: Sequence[GeneLine], folder: str = "") -> dict[str, bytes]:
        found = {f"{folder}{name}.json": b"[]" for name in ("proteins", "compounds", "antibodies", "reagents")}
        return found | {f"{folder}genes.json": json.dumps([g.model_dump(mode="json") for g in genes]).encode()}

    made = [run(search, tmp_path / name, catalogue, lines(KNOWN, folder)) for name, folder in (("a", "lines/"), ("b", ""))]
    assert made[0] == made[1]
    pointer = json.loads(made[0].pop("search/current.json"))
    assert re.fullmatch(r"[0-9a-f]{12}/", pointer["folder"]) and all(path.startswith(f"search/{pointer['folder']}") for path in made[0])
    # Bytes 4–7 of gzip are its time.
    assert all(data[4:8] == b"\0\0\0\0" and json.loads(gzip.decompress(data)) is not None for data in made[0].values())
    assert not set(made[0]) & set(run(search, tmp_path / "c", catalogue, lines(KNOWN[1:])))


def test_the_golden_file_holds_in_python() -> None:
    for line in (HERE / "tokens.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        text, k, w, s = line.split("\t")
        assert (key(json.loads(text)), " ".join(words(json.loads(text))), " ".join(stems(json.loads(text)))) == (k, w, s), text


def test_both_languages_read_the_corpus_alike() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus is not beside this checkout: {CORPUS}")
    texts: set[str] = set()
    for file in sorted(CORPUS.glob("idr/*/*-study.txt")) + sorted(CORPUS.glob("idr/*/screen*/*library*.txt"))[:40]:
        raw = file.read_bytes()[:400_000].decode("utf-8", "replace")
        texts.update(cell.strip()[:300] for line in raw.splitlines() for cell in line.split("\t"))
    listed = sorted(texts)[:: max(1, len(texts) // 60_000)]
    assert len(listed) > 10_000
    answers = in_node(words=listed)["tokens"]
    wrong = [text for text, answer in zip(listed, answers, strict=True) if answer != [key(text), words(text), stems(text)]]
    assert not wrong, f"{len(wrong)} of {len(listed)}: {wrong[:5]!r}"
    print(f"{len(listed)} strings")


def test_gene_lines_are_what_the_recipe_reads() -> None:
    assert GeneLine.model_validate_json(KNOWN[0].model_dump_json()) == KNOWN[0]
