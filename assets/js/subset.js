// A part of a table as a script that fetches it anew: the whole file from its immutable address, its checksum, the same SQL, and a
// check that the rows are those the page counted. Pure functions. Whatever comes from a table or an address enters a script as a
// literal that ends where it should: addresses are sent by strangers.

import { quoteText, toSql } from './filters.js'

/** @typedef {import('./filters.js').View} View */
/** @typedef {import('./filters.js').Kind} Kind */
/** @typedef {{url: string, bytes: number, sha256: string, name: string, columns: string[], view: View, kinds: Record<string, Kind>,
 *   rows: number, ids: string | null}} Subset `ids`: SHA-256 of the sample_ids of its rows, sorted, a line each; null where a
 *   browser could not make one */

const TABLE = 'table.parquet'

/** A text in Python: JSON's escapes are Python's; a lone surrogate is escaped too, and what is not ASCII stands as it is. @param {string} text */
const python = (text) => JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** @param {string} sql */
const pythonLines = (sql) => `"\\n".join([\n${sql.split('\n').map((line) => `    ${python(line)},\n`).join('')}])`

/** A text in a shell: nothing is special between single quotes but their end. @param {string} text */
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** The ids of the rows that match, for the check. @param {Subset} subset @param {string} from */
const idsSql = ({ view, kinds }, from) => toSql(from, ['sample_id'], { ...view, sort: null }, kinds)

/** @param {Subset} subset */
export function pythonScript(subset) {
  const { url, bytes, sha256, name, columns, view, kinds, rows, ids } = subset
  return `#!/usr/bin/env python3
"""Writes the rows of a table that a reader of a portal had filtered: fetches the table, checks it, filters, checks the rows.

Needs Python 3.9 or later and DuckDB: python3 -m pip install duckdb
Run it with the file to write, whose ending says how: python3 ${name}-rows.py ${name}-rows.parquet (or .csv)
"""
import hashlib
import os
import sys
import tempfile
import urllib.request

import duckdb

URL = ${python(url)}
BYTES = ${bytes}
SHA256 = ${python(sha256)}
ROWS = ${rows}
# SHA-256 of the sample_id of each row, sorted, a line each; None where the browser could not tell.
SAMPLES = ${ids === null ? 'None' : python(ids)}
SQL = ${pythonLines(toSql('source', columns, view, kinds))}
SAMPLE_IDS = ${pythonLines(idsSql(subset, 'source'))}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else ${python(`${name}-rows.parquet`)}
    form = {".parquet": "FORMAT PARQUET, COMPRESSION ZSTD", ".csv": "FORMAT CSV, HEADER"}.get(os.path.splitext(out)[1].lower())
    if form is None:
        sys.exit(f"{out}: give a name that ends in .parquet or .csv")
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, ${python(TABLE)})
        digest = hashlib.sha256()
        print(f"Fetching {BYTES:,} bytes from {URL}")
        with urllib.request.urlopen(URL) as answer, open(table, "wb") as file:
            while True:
                block = answer.read(1 << 20)
                if not block:
                    break
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != SHA256:
            sys.exit("The file that came is not the one that was filtered: its SHA-256 differs. Nothing was written.")
        connection = duckdb.connect()
        connection.execute("CREATE VIEW source AS SELECT * FROM read_parquet(" + quoted(table) + ")")
        found = sorted(str(row[0]) for row in connection.execute(SAMPLE_IDS).fetchall())
        if len(found) != ROWS:
            sys.exit(f"{len(found):,} rows match, where the page counted {ROWS:,}. Nothing was written.")
        if SAMPLES is not None and hashlib.sha256("\\n".join(found).encode()).hexdigest() != SAMPLES:
            sys.exit("As many rows match as the page counted, but they are others. Nothing was written.")
        written = connection.execute(f"COPY ({SQL}\\n) TO {quoted(out)} ({form})").fetchone()[0]
    if written != ROWS:
        sys.exit(f"{out}: {written:,} rows were written instead of {ROWS:,}")
    print(f"{out}: {written:,} rows, checked")


main()
`
}

/** @param {Subset} subset */
export function shellScript(subset) {
  const { url, bytes, sha256, name, columns, view, kinds, rows } = subset
  const sql = toSql(quoteText(TABLE), columns, view, kinds)
  let end = 'END_OF_SQL'
  while (sql.split('\n').some((line) => line.trim() === end)) end += '_'
  return `#!/bin/sh
# Writes the rows of a table that a reader of a portal had filtered: fetches the table, checks it, filters, checks the rows.
# Needs curl, sha256sum (or shasum) and DuckDB's command line, https://duckdb.org
# Run it with the file to write, whose ending says how: sh ${name}-rows.sh ${name}-rows.parquet (or .csv)
set -eu
out=\${1:-${shell(`${name}-rows.parquet`)}}
case $out in
  *.parquet) form='FORMAT PARQUET, COMPRESSION ZSTD' ;;
  *.csv) form='FORMAT CSV, HEADER' ;;
  *) echo "$out: give a name that ends in .parquet or .csv" >&2; exit 2 ;;
esac
for tool in curl duckdb; do
  if ! command -v "$tool" > /dev/null; then
    echo "$tool is not on this computer, or not in PATH: install it first (DuckDB: https://duckdb.org). Nothing was fetched." >&2
    exit 127
  fi
done
if ! command -v sha256sum > /dev/null && ! command -v shasum > /dev/null; then
  echo 'Neither sha256sum nor shasum is on this computer: the file could not be checked. Nothing was fetched.' >&2
  exit 127
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 'Fetching ${bytes} bytes'
curl -fsSL -o "$folder/${TABLE}" ${shell(url)}
sum=$({ sha256sum "$folder/${TABLE}" 2>/dev/null || shasum -a 256 "$folder/${TABLE}"; } | cut -d ' ' -f 1)
if [ "$sum" != ${shell(sha256)} ]; then
  echo 'The file that came is not the one that was filtered: its SHA-256 differs. Nothing was written.' >&2
  exit 1
fi
cat > "$folder/rows.sql" <<'${end}'
${sql}
${end}
cd_and_ask() { (cd "$folder" && duckdb -csv -noheader -c "$1"); }
sql=$(cat "$folder/rows.sql")
failed() { echo "DuckDB could not $1 the rows; its own words stand above. Nothing was written." >&2; exit 1; }
# Not in one pipe: what comes last in a pipe hides the failure of what comes before.
found=$(cd_and_ask "SELECT count(*) FROM ($sql
)") || failed count
found=$(printf '%s' "$found" | tr -d '\\r')
if [ "$found" != ${rows} ]; then
  echo "$found rows match, where the page counted ${rows}. Nothing was written." >&2
  exit 1
fi
cd_and_ask "COPY ($sql
) TO 'rows' ($form)" > /dev/null || failed write
mv "$folder/rows" "$out"
echo "$out: $found rows, checked"
`
}
