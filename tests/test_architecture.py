"""The shape of the house, enforced: who imports whom, how long a file may be, what no file may hold."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("portal", "ingest", "search_index")
SKIPPED = ("node_modules", ".venv", "site", ".slidecase", "__pycache__", ".git")

# Who may import what of ours, first match wins. Patterns are of modules; the right side lists what is allowed beside
# the module's own package. `a < b` of docs/architecture.md reads: b may import a.
FOUNDATION = (
    "portal.problems", "portal.model", "portal.facts", "portal.addresses", "portal.ledger", "portal.accounts", "portal.eaten",
    "portal.checks", "portal.crossing", "portal.gene_files", "portal.ontology", "portal.terms",
    "portal.spots", "portal.changes",
)  # fmt: skip
SHARED = (*FOUNDATION, "portal.engine.step", "portal.warehouse.schema")
RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("portal.problems", ()),
    ("portal.frozen", ("portal.problems", "portal.addresses")),
    ("portal.pace", ()),
    ("portal.terminal", ("portal.problems", "portal.engine*", "portal.pace", "portal.publish.release")),
    ("portal.model", ("portal.problems", "portal.outside", "portal.spelling", "portal.scalars", "portal.gene_files")),
    ("portal.scalars", ("portal.spelling",)),
    ("portal.gene_files", ("portal.scalars",)),
    ("portal.naming", ("portal.warehouse.parquet",)),
    ("portal.outside", ()),
    ("portal.spelling", ()),
    ("portal.image_facts", ("portal.model",)),
    ("portal.facts", ("portal.problems", "portal.model", "portal.image_facts")),
    ("portal.addresses", ("portal.problems", "portal.model")),
    ("portal.eaten", ()),
    ("portal.checks", ("portal.model",)),
    ("portal.ontology", ("portal.model",)),
    ("portal.terms", ("portal.model", "portal.facts", "portal.ontology")),
    ("portal.crossing", ("portal.model",)),
    ("portal.spots", ("portal.model",)),
    ("portal.changes", ("portal.model",)),
    ("portal.ledger", ("portal.model",)),
    ("portal.accounts", ("portal.model", "portal.ledger")),
    ("portal.engine*", ("portal.problems", "portal.engine*")),
    ("portal.imaging*", ("portal.problems", "portal.imaging*")),
    ("portal.warehouse.schema", ("portal.problems",)),
    ("portal.warehouse*", (*SHARED, "portal.naming", "portal.outside", "portal.warehouse*")),
    ("portal.pages.used", ("portal.engine.step", "portal.engine.code")),
    ("portal.pages*", (*SHARED, "portal.pages*")),
    ("portal.publish*", (*SHARED, "portal.publish*")),
    ("portal", ()),
    ("ingest*", ("portal*", "ingest*")),
    ("search_index*", ("portal*", "search_index*")),
    ("build", ("portal*", "ingest*", "search_index*")),
)


@cache
def all_files() -> tuple[Path, ...]:
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in SKIPPED]
        found += [Path(folder, name) for name in names]
    return tuple(sorted(found))


def files(*patterns: str) -> Iterator[Path]:
    """Files of the checkout by a glob of their path, in order."""
    return (p for pattern in patterns for p in all_files() if fnmatch(str(p.relative_to(ROOT)), pattern))


@cache
def our_modules() -> frozenset[str]:
    return frozenset(module_of(p) for top in OURS for p in files(f"{top}/*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Every module of ours that a file imports, wherever in the file, with its line."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for name in node.names:
                inner = f"{base}.{name.name}"
                yield node.lineno, inner if inner in our_modules() else base


def allowed(module: str, imported: str) -> bool:
    rule = next((right for left, right in RULES if fnmatch(module, left)), None)
    assert rule is not None, f"{module} is new at this place: say in RULES what it may import"
    # A bare `portal` or `portal.warehouse` is the empty __init__ above a module.
    if imported in ("portal", "portal.warehouse", "portal.pages", "portal.publish", "portal.engine"):
        return True
    return any(fnmatch(imported, pattern) for pattern in rule)


CODE = [p for top in OURS for p in files(f"{top}/*.py")] + [ROOT / "build.py"]


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    module = module_of(path)
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module} imports {imported}"
        for line, imported in imports_of(path)
        if imported.split(".")[0] in (*OURS, "build") and not allowed(module, imported)
    ]
    assert not wrong, "\n".join(wrong)


def test_package_roots_are_empty() -> None:
    """`import portal.model` must run nothing else: rules about modules mean little when a package's root imports them all."""
    for path in (p for top in OURS for p in files(f"{top}/**/__init__.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert all(isinstance(node, ast.Expr | ast.ImportFrom) for node in tree.body), path
        assert not list(imports_of(path)) or path.parent.name in ("importers",), f"{path} imports"


def test_files_can_be_read_in_one_sitting() -> None:
    long = [
        f"{p.relative_to(ROOT)}: {n} lines"
        for p in files("*.py", "*.js", "*.mjs", "*.html", "*.css")
        if "golden" not in p.parts and (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert not long, "split these:\n" + "\n".join(long)
    assert len((ROOT / "build.py").read_text(encoding="utf-8").splitlines()) <= 400


def test_no_accession_in_code() -> None:
    """Differences between studies are explained from their data, never by naming one."""
    named = re.compile(r"\bidr\d{4}\b", re.IGNORECASE)
    found = []
    for path in files("portal/*.py", "ingest/*.py", "search_index/*.py", "assets/js/*.js", "templates/*.html"):
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(_without_prose(path, text).splitlines(), 1):
            if named.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


def _without_prose(path: Path, text: str) -> str:
    """Python without docstrings, comments and messages that show an example; other languages without comments."""
    if path.suffix != ".py":
        return re.sub(r"(?s)/\*.*?\*/|\{#.*?#\}|<!--.*?-->|(?m:^\s*//.*$)", lambda m: "\n" * m[0].count("\n"), text)
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        # A sentence has spaces; an accession that decides something stands alone.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return "\n".join(re.sub(r"#.*$", "", line) for line in lines)


def test_names_come_from_the_domain() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert not [p for p in files("*.py", "*.js", "*.mjs") if p.stem in vague or vague & set(p.relative_to(ROOT).parts)]


def test_templates_never_trust_text() -> None:
    wrong = []
    for path in files("templates/*.html"):
        text = re.sub(r"(?s)\{#.*?#\}", "", path.read_text(encoding="utf-8"))
        for what, pattern in {
            "|safe": r"\|\s*safe\b",
            "an inline handler": r"<[^>]*\son[a-z]+\s*=",
            "a style attribute": r"<[^>]*\sstyle\s*=",
            "autoescape off": r"autoescape\s+false",
            "an inline script": r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)[^>]*>",
        }.items():
            if m := re.search(pattern, text):
                wrong.append(f"{path.relative_to(ROOT)}: {what}: {m[0]!r}")
        if m := re.search(r"<[a-z][^>]*\s[a-z-]+=\{\{", re.sub(r'"[^"]*"', '""', text)):
            wrong.append(f"{path.relative_to(ROOT)}: an unquoted attribute: {m[0]!r}")
    assert not wrong, "\n".join(wrong)


def test_requirements_are_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def listed(name: str) -> list[str]:
        return [line for raw in (ROOT / name).read_text(encoding="utf-8").splitlines() if (line := raw.partition("#")[0].strip())]

    assert project["dependencies"] == listed("requirements.in")
    assert project["optional-dependencies"]["dev"] == listed("requirements-dev.in")
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text, f"{lock} names an index"
        assert text.count("==") <= text.count("--hash=sha256:"), f"{lock} has a package without a hash"
