"""Fixtures that many tests share: the real command line, portals built by it, and a browser that forgives nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.ledger import FILE, Ledger

if TYPE_CHECKING:  # a browser is loaded by the tests that need one
    from tests.browser.watched import Browsing, Served

ROOT = Path(__file__).parents[1]
# The parts of tests/side_by_side.py run at once, and a store is one build's at a time.
STORE = ROOT / ".slidecase" / os.environ.get("SLIDECASE_TEST_STORE", "test")
CORPUS = ROOT / "../shared/corpus"
IDR = CORPUS / "idr"
# A test runs the command line hundreds of times: what Python and Jinja2 compiled stays for the next, whatever the machine's own habit.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
os.environ["PYTHONPYCACHEPREFIX"] = str(STORE.with_name("pycache"))
# Folder of the content → files of the corpus that tests/corpus/portal.yaml names.
_UNIPROT = "genes/ZoliQua-orthologs/data/uniprot_convert_{}.tsv"
BESIDE = {
    "genes": ("genes/HGNChelper/hgnc.table.tsv", "genes/balony/SGD_features.tab", *(_UNIPROT.format(n) for n in (284812, 559292, 7227))),
    "ontologies": ("ontology/cmpo/cmpo.obo", "ontology/fbbi-imaging-semantics/fbbi.obo"),
}
# Twelve of the real studies, chosen for their differences: yeast, human, fly, mouse; screens and experiments; joined, split, absent tables.
TWELVE = ("0001", "0002", "0008", "0012", "0013", "0018", "0021", "0023", "0027", "0028", "0032", "0072")


def build_py(*arguments: str | Path, environment: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`python build.py …` as a person runs it, in one process unless told otherwise; never raises for its exit code.

    Starting a worker takes longer than a build of one small study, and the parts of a test run share the processors as it is.
    """
    jobs = ["--jobs", "1"] if arguments and arguments[0] in ("build", "check") and "--jobs" not in arguments else []
    return subprocess.run(
        [sys.executable, str(ROOT / "build.py"), *map(str, arguments), *jobs],
        cwd=cwd, env={**os.environ, "COLUMNS": "200", **(environment or {})}, capture_output=True, text=True, timeout=1800,
    )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _releases_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was rendered stays in the store for the next run; the releases of this run's folders, links to it, do not."""
    yield
    ours = tmp_path_factory.getbasetemp().resolve()
    for noted in STORE.parent.glob("test*/releases/*/releases.json"):
        out = Path(os.path.normpath(noted.parent / json.loads(noted.read_text())["out"]))
        if out.is_relative_to(ours):
            shutil.rmtree(noted.parent)


def _built(content: Path, out: Path, store: Path) -> Path:
    done = build_py("build", "--content", content, "--out", out, "--store", store, "--jobs", "2")
    assert done.returncode == 0, f"build.py ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return out


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration portal, as `make build` makes it. The parts of tests/side_by_side.py share one; nobody writes to it."""
    if shared := os.environ.get("SLIDECASE_TEST_DEMO"):
        return Path(shared)
    return demonstration(tmp_path_factory.mktemp("demo") / "site", STORE)


def demonstration(out: Path, store: Path) -> Path:
    made = subprocess.run([sys.executable, str(ROOT / "content/synthetic.py")], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return _built(ROOT / "content", out, store)


@dataclass(frozen=True)
class Whole:
    """The corpus of real studies, as the importer wrote it. `said` is what the terminal showed."""

    content: Path
    said: str
    ledgers: dict[str, Ledger]

    @property
    def studies(self) -> Path:
        return self.content / "studies"

    def source(self, accession: str) -> Path:
        return next(p for p in IDR.iterdir() if p.name == self.ledgers[accession].source)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The whole corpus, imported once a session by the command line."""
    if not IDR.is_dir():
        pytest.skip(f"the real studies are not beside this checkout ({IDR})")
    content = tmp_path_factory.mktemp("whole")
    done = build_py("import", "idr", IDR, "--into", content / "studies")
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stdout + done.stderr
    # What a portal of these studies would keep beside them: names of genes, and terms.
    for folder, files in BESIDE.items():
        (content / folder).mkdir()
        for file in files:
            shutil.copyfile(CORPUS / file, content / folder / Path(file).name)
    shutil.copyfile(ROOT / "tests/corpus/portal.yaml", content / "portal.yaml")
    ledgers = [Ledger.model_validate_json(p.read_bytes()) for p in sorted(content.glob(f"studies/*/{FILE}"))]
    return Whole(content, done.stdout, {told.accession: told for told in ledgers})


@pytest.fixture(scope="session")
def built_corpus(whole: Whole) -> Path:
    """The portal of the whole corpus. It stays at one place, so that a repeat publishes nothing anew."""
    store = STORE.with_name("test-whole")
    out = store.with_name("test-corpus-site")
    done = build_py("build", "--content", whole.content, "--out", out, "--store", store, "--jobs", "2")
    assert done.returncode == 0 and (out / "index.html").is_file(), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return out


@pytest.fixture(scope="session")
def served(built_demo: Path) -> Iterator[Served]:
    from tests.browser.watched import serve

    with serve(built_demo) as both:
        yield both


@pytest.fixture(scope="session")
def served_corpus(built_corpus: Path) -> Iterator[Served]:
    from tests.browser.watched import serve

    with serve(built_corpus) as both:
        yield both


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browsing]:
    from tests.browser.watched import Browsing

    with Browsing() as browsing:
        yield browsing


@pytest.fixture
def open_page(_browser: Browsing) -> Iterator[Browsing]:
    """`open_page(url, …)`: a page in a fresh context. When the test ends, whatever went wrong in any of them fails it."""
    yield _browser
    wrong = _browser.close_pages()
    assert not wrong, "\n".join(wrong)
