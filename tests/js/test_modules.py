"""The pure modules, by Node's own test runner; and what the row filter and DuckDB say of the same rows."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa

from portal.publish.assets import node

HERE = Path(__file__).parent

CELLS = [
    "SGO1", "sgo1", "xSgo1x", "A2", "A10", "a2", "10", "9", "-1.5", "1e3", "1E+2", "007", " 5", "5 ", "+5", "0x10", "nan", "inf",
    ".5", "5.", "Hériché", "HÉRICHÉ", "ΟΔΟΣ", "οδος", "İstanbul", "straße", "ﬁ", "\U0001f9ec", "a\nb", "a'b", 'a"b', "100%", "a_b",
    "", None, "9" * 20, "plate12", "plate2", "1..3", "x" * 50 + "7",
]  # fmt: skip
TYPED = [
    "sgo", "É", "οδος", "i", "=A2", "=", "!=", "!sgo", "!=SGO1", ">5", ">=-1.5", "<10", "<=9", "1..10", "-2..1e2", "'", '"', "%", "_",
    "=a'b", "ß", "..", "x..y",
]  # fmt: skip
NUMBERS = [None, 0.0, -1.5, 5.0, 9.0, 1e3, 0.1, 123456789.25]
TYPED_NUMBERS = ["5", "!5", "=0", ">0.1", "<=-1.5", "0..10", "=", "!="]
FLAGS = [True, False, None]

SCRIPT = """
import { parse, predicate, sorted, toSql } from '%s'
const { cells, numbers, flags, cases } = JSON.parse(process.argv[1])
const columns = { text: cells, number: numbers, flag: flags }
const out = cases.map(({ kind, typed, descending }) => {
  const test = typed === null ? null : parse(typed, kind)
  let rows = columns[kind].map((_, i) => i)
  if (test) rows = rows.filter((i) => predicate(test)(columns[kind][i]))
  const sort = typed === null ? { column: 'v', descending } : null
  if (sort) rows = sorted(rows, (i) => columns[kind][i], descending)
  const sql = toSql(kind, ['v', 'i'], { filters: typed === null ? {} : { v: typed }, sort, page: 1 }, { v: kind })
  return { rows, sql, understood: test !== undefined }
})
process.stdout.write(JSON.stringify(out))
"""


def test_pure_modules() -> None:
    done = subprocess.run([node(), "--test", *sorted(map(str, HERE.glob("*.test.mjs")))], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


def test_the_row_filter_and_duckdb_agree() -> None:
    cells, numbers = random.Random(7).sample(CELLS * 3, 100), NUMBERS * 3
    cases = [{"kind": "text", "typed": t} for t in TYPED] + [{"kind": "number", "typed": t} for t in TYPED_NUMBERS]
    cases += [{"kind": "flag", "typed": t} for t in ("yes", "!yes", "no", "=", "!=")]
    cases += [{"kind": kind, "typed": None, "descending": d} for kind in ("text", "number", "flag") for d in (False, True)]
    given = json.dumps({"cells": cells, "numbers": numbers, "flags": FLAGS, "cases": cases})
    script = SCRIPT % (HERE.parents[1] / "assets/js/filters.js").as_uri()
    done = subprocess.run([node(), "--input-type=module", "-e", script, given], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    con = duckdb.connect()
    columns = {"text": pa.array(cells, pa.string()), "number": pa.array(numbers, pa.float64()), "flag": pa.array(FLAGS, pa.bool_())}
    for kind, column in columns.items():
        con.register(kind, pa.table({"v": column, "i": pa.array(range(len(column)))}))
    for case, answer in zip(cases, json.loads(done.stdout), strict=True):
        values = columns[case["kind"]].to_pylist()
        rows = con.execute(answer["sql"]).fetchall()
        if case["typed"] is None:  # equal cells may change places
            assert [r[0] for r in rows] == [values[i] for i in answer["rows"]], f"{case}\n{answer['sql']}"
        else:
            assert answer["understood"] or len(rows) == len(values)
            assert sorted(r[1] for r in rows) == answer["rows"], f"{case}\n{answer['sql']}"
