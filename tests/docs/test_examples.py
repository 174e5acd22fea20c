"""Documentation runs: every YAML example is built, every promised message appears, every link leads somewhere.

A fenced block says what it is after its language:

    yaml file=S-EX1/study.yaml   a file of a study folder; all of a document are built together
    yaml part=study              keys that are added to a small study
    yaml part=component          keys that are added to a component of one
    yaml portal=portal.yaml      a portal.yaml
    yaml check=table-1.yaml      a file of content/checks
    text ontology=cmpo.obo       a file of content/ontologies
    csv content=genes/a.csv      a table of the content folder
    text problem=…               a study.yaml, `---`, and lines that `check` must say about it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.model import SAMPLE_COLUMNS, Model, Portal, Study
from tests.conftest import STORE, build_py

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
CURATORS = ROOT / "docs/curators.md"


@dataclass(frozen=True)
class Block:
    document: str
    line: int
    language: str
    role: str
    name: str
    text: str


def blocks(path: Path) -> list[Block]:
    found, open_at, head = [], 0, ""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("```"):
            continue
        if not open_at:
            open_at, head = number, line[3:]
            continue
        language, _, rest = head.partition(" ")
        role, _, name = rest.partition("=")
        found.append(Block(path.name, open_at, language, role, name, "\n".join(lines[open_at : number - 1]) + "\n"))
        open_at = 0
    return found


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line if line.strip() else line for line in text.splitlines(keepends=True))


def small_study(accession: str, study: str = "", component: str = "") -> str:
    head = f"accession: {accession}\ntitle: A fragment\nlicence: CC0-1.0\norganisms: [{{name: Homo sapiens}}]\n{study}"
    filled = component if "images:" in component else component + "missing: This is a fragment.\n"
    return f"{head}components:\n  - name: experimentA\n    kind: experiment\n" + indented(filled, 4)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def small_images(folder: Path) -> None:
    """The files that examples of `images` name."""
    import numpy as np
    import tifffile

    from tests.imaging import zarrs

    named = [f"stacks/z{z}/P1_A1_{c}.tif" for z in (1, 2) for c in ("DAPI", "GFP")]
    for name in ("P1_A1_1.ome.tif", *named, "9987_Plate_1/TimePoint_1/9987_B02_s1_w1.TIF",
                 "overlaid/a.tif", "pair/light.tif", "pair/em.tif"):  # fmt: skip
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        both = name.endswith(".ome.tif")
        tifffile.imwrite(path, np.zeros((2, 64, 64) if both else (64, 64), np.uint16), metadata={"axes": "CYX"} if both else None)
    zarrs.image(folder / "images/embryo.zarr", np.zeros((1, 2, 1, 40, 40), np.uint16))
    (folder / "masks").mkdir()
    tifffile.imwrite(folder / "masks/a.tif", np.ones((64, 64), np.uint16))
    (folder / "masks/measured.csv").write_text("id,image,area\n1,a,4096\n")
    write(folder / "regions/a.csv", "image,x,y\na,5,5\n")
    write(folder / "blinks.csv", "image,x,y\na,5.5,5.5\n")
    write(folder / "outlines.geojson", '{"type": "FeatureCollection", "features": []}')
    (folder / "images.csv").write_text("path,plate,well\nimages/P1_A1_1.ome.tif,P1,A1\n")


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d)], ids=lambda p: p.name)
def test_examples_are_without_a_problem(document: Path, tmp_path: Path) -> None:
    studies = tmp_path / "content/studies"
    for block in blocks(document):
        part = f"part-{block.line}"
        if block.role == "file":
            write(studies / block.name, block.text)
        elif block.role == "check":
            write(tmp_path / "content/checks" / block.name, block.text)
        elif block.role == "content":
            write(tmp_path / "content" / block.name, block.text)
        elif block.role == "ontology":
            write(tmp_path / "content/ontologies" / block.name, block.text)
        elif block.role == "portal":
            write(tmp_path / "content/portal.yaml", block.text)
            write(studies / "some/study.yaml", small_study("some"))
        elif block.role == "part":
            text = small_study(part, **{block.name: block.text})
            # Images of a fragment are not there; what is tried is whether it reads.
            if "images:" in block.text:
                small_images(studies / part)
            write(studies / part / "study.yaml", text)
    if not studies.is_dir():
        return
    out = tmp_path / "site"
    done = build_py("build", "--content", tmp_path / "content", "--out", out, "--store", STORE)
    assert done.returncode == 0, done.stdout + done.stderr
    for study in studies.iterdir():
        assert (out / "studies" / study.name / "index.html").is_file(), f"{study.name} was not built"


def test_promised_messages_appear(tmp_path: Path) -> None:
    for number, block in enumerate(b for d in DOCUMENTS for b in blocks(d) if b.role == "problem"):
        text, _, promised = block.text.partition("---\n")
        content = tmp_path / str(number)
        accession = re.search(r"^accession: (\S+)", text, re.MULTILINE)
        assert accession, block
        write(content / "studies" / accession[1] / "study.yaml", text)
        done = build_py("check", content)
        assert done.returncode != 0
        said = re.sub(r"\s+", " ", done.stdout + done.stderr)
        for line in promised.splitlines():
            assert line.strip() in said, f"{block.document}:{block.line}: check does not say {line!r}, but:\n{said}"


def keys(model: type[Model], seen: set[type]) -> set[str]:
    """Every key that a study.yaml may hold, at any depth."""
    found: set[str] = set()
    if model in seen:
        return found
    seen.add(model)
    for name, field in model.model_fields.items():
        found.add(name)
        for part in re.findall(r"portal\.model\.(\w+)", str(field.annotation)):
            inner = getattr(__import__("portal.model", fromlist=[part]), part)
            if isinstance(inner, type) and issubclass(inner, Model):
                found |= keys(inner, seen)
    return found


def test_every_key_is_documented() -> None:
    text = CURATORS.read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z_.0-9]+)`|\{([a-z_, ]+)\}", text))
    documented = {w for pair in words for part in pair for w in part.replace(",", " ").split()}
    missing = (keys(Study, set()) | set(SAMPLE_COLUMNS)) - documented
    assert not missing, f"docs/curators.md does not explain: {', '.join(sorted(missing))}"
    example = next(block.text for block in blocks(ROOT / "docs/publishing.md") if block.role == "portal")
    missing = {key for key in Portal.model_fields if not re.search(rf"(?m)^{key}:", example)}
    assert not missing, f"docs/publishing.md does not show: {', '.join(sorted(missing))}"


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_links_between_documents_hold(document: Path) -> None:
    text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        there = (document.parent / name).resolve() if name else document
        assert there.exists(), f"{document.name} links to {target}"
        if fragment:
            assert fragment in anchors(there), f"{document.name} links to {target}, which has no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_the_tone_is_plain(document: Path) -> None:
    prose = re.sub(r"(?s)<!--.*?-->|```.*?```|`[^`\n]*`|!\[", "", document.read_text(encoding="utf-8"))
    assert "!" not in prose, "no exclamation marks"
