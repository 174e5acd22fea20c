"""YAML within limits: every value's line and column, and nothing that could hang, blow up or crash the process."""

from __future__ import annotations

import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.marks import MAX_BYTES, Marked, dotted, quoted, read_yaml
from ingest.studies import read_study
from portal.problems import Problem

FILE = "studies/idr0002/study.yaml"

TEXT = b"""\
title: One
components:
  - name: screenA
    samples:
      columns:
        gene.id: Gene Identifier
        'odd key': {deep: [a, "b"]}
    description: >
      folded
      text
  -
    name: screenB
empty:
quoted: ''
"""


def marked(raw: bytes) -> Marked:
    found, problems = read_yaml(raw, FILE)
    assert not problems and found is not None
    return found


def test_every_value_and_key_has_its_place() -> None:
    it = marked(TEXT)
    assert it.lines() == {
        "": 1,
        "title": 1,
        "components": 2,
        "components[0]": 3,
        "components[0].name": 3,
        "components[0].samples": 4,
        "components[0].samples.columns": 5,
        "components[0].samples.columns.gene.id": 6,
        "components[0].samples.columns['odd key']": 7,
        "components[0].samples.columns['odd key'].deep": 7,
        "components[0].samples.columns['odd key'].deep[0]": 7,
        "components[0].samples.columns['odd key'].deep[1]": 7,
        "components[0].description": 8,
        "components[1]": 12,
        "components[1].name": 12,
        "empty": 13,
        "quoted": 14,
    }
    path = ("components", 0, "samples", "columns", "gene.id")
    place = it.place(FILE, path)
    assert (place.line, place.column) == (6, 18)
    assert it.place(FILE, path, key=True).column == 9
    assert it.mark(("components", 1, "kind")).line == 12, "what is missing is looked for at its parent"


def test_scalars_stay_text_and_blanks_are_none() -> None:
    raw = b"a: [NO, 3.10, 12:30:45, 1e3, 2016-05-26, 0x1F, true, ~, null, 'null', '', ]\nb:\n"
    root = marked(raw).root
    assert root == {"a": ["NO", "3.10", "12:30:45", "1e3", "2016-05-26", "0x1F", "true", None, None, "null", ""], "b": None}


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"[" * 100_000, "more than 40 levels deep"),
        (b"{" * 100_000, "more than 40 levels deep"),
        (b"- " * 100_000, "more than 40 levels deep"),
        (b"? " * 100_000, "more than 40 levels deep"),
        (b"a: " + b"{a: " * 50_000, "more than 40 levels deep"),
        (b"a: [" + b"x," * 300_000 + b"]", "more than 200,000 values"),
        (b"#" * (MAX_BYTES + 1), "bytes"),
        (b"".join(b"k%d: &k%d [%s]\n" % (i, i, b",".join([b"*k%d" % (i - 1)] * 9) if i else b"x") for i in range(60)), "anchor"),
        (b"a: &a {x: 1}\n" + b"".join(b"k%d: &k%d {<<: [*a, *a]}\n" % (i, i) for i in range(60)), "anchor"),
        (b"a: 1\n" * 100_000, "written twice"),
        (b'title: "' + b"a" * 3_000_000, "ends inside a quoted text"),
        (b"title: \xff\n", "not UTF-8"),
        (b"title: \x00\n", "control character U+0000"),
        (b'title: "\\x00"\n', "control character U+0000"),
    ],
    ids=lambda v: v[:10].decode("latin-1") if isinstance(v, bytes) else v,
)
def test_bombs_are_refused_at_once(raw: bytes, what: str) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    _, problems = read_yaml(raw, FILE)
    # Of this process alone: the machine may be busy. PyYAML's composer takes seconds or dies.
    assert time.process_time() - start < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    assert any(what in str(p) for p in problems)
    assert len(problems) <= 50


def test_a_large_study_is_read_at_once() -> None:
    phenotypes = "".join(f'      - {{name: phenotype {n}, description: seen in well {n}, term: "CMPO:{n:07}"}}\n' for n in range(2500))
    head = "accession: x\ntitle: x\nlicence: MIT\norganisms: [{name: x}]\ncomponents:\n"
    raw = f"{head}  - name: a\n    kind: screen\n    missing: x\n    phenotypes:\n{phenotypes}".encode()
    assert len(raw) > 190_000
    start = time.process_time()
    study, lines, problems = read_study(raw, FILE, "studies/x")
    assert time.process_time() - start < 2
    assert study is not None and not problems
    assert lines["components[0].phenotypes[2499].term"] == 2509


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}'\"&*!|>?%@# \n\t,~<\u202e\u0000", max_size=120).map(str.encode))
def test_nothing_but_problems_comes_of_any_bytes(raw: bytes) -> None:
    study, _, problems = read_study(raw, FILE, "studies/idr0002")
    assert study is None
    assert problems and all(isinstance(p, Problem) and p.mend for p in problems)


def test_messages_show_what_cannot_be_seen() -> None:
    assert quoted("a\u202eb\x07\n") == "'a<U+202E>b<U+0007><U+000A>'"
    assert quoted("x" * 200) == "'" + "x" * 79 + "…'"
    assert dotted(("a", 0, "b c", "d.e")) == "a[0]['b c'].d.e"
