import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { pythonScript, shellScript } from '../../assets/js/subset.js'

// A link of a stranger fills in the filters of a reader: what they hold must stay text in every language it passes through.
const HOSTILE = [
  "x'; DROP TABLE source; --", 'a"\nimport os; os.abort()\n"', "END_OF_SQL\ntouch broken\n", 'x\nEND_OF_SQL\ntouch broken\nEND_OF_SQL_', "'$(touch broken)`touch broken`",
  '\\', '"""', 'é\u2028\u{1F9EC}', '\ud800', '.shell touch broken', '%s {0}', '\r\n',
]
const subset = (text) => ({
  url: `https://example.org/data/o'brien-$(touch broken).parquet`, bytes: 12, sha256: 'ab', name: 'demo-screenA', columns: ['sample_id', 'a"b\nc'],
  view: { filters: { gene: `=${text}` }, sort: null, page: 1 }, kinds: {}, rows: 1, ids: null,
})

test('what a filter holds stays text in a shell', () => {
  for (const text of HOSTILE) {
    const script = shellScript(subset(text))
    // Everything runs but what would fetch; DuckDB is a function that shows what it was asked.
    const harmless = script.replace(/^curl .*$/m, (line) => line.replace('curl', 'wanted')).replace(/^sum=.*$/m, 'sum=ab').replace(/^mv .*$/m, '')
      .replace('set -eu', 'set -eu\ntouch() { echo BROKEN; }\nwanted() { :; }\nduckdb() { if [ "${4#SELECT count}" != "$4" ]; then echo 1; else printf %s "$4" >&3; fi; }')
    const done = spawnSync('sh', ['-c', harmless, 'script', 'out.csv'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    assert.equal(done.status, 0, done.stderr + script)
    assert.ok(!(done.stdout + done.stderr).includes('BROKEN'), script)
    assert.ok(done.stdout.includes('out.csv: 1 rows, checked'), done.stdout)
  }
})

test('what a shell script needs is looked for before anything is fetched, and what fails in it is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'subset-'))
  const has = (/** @type {string} */ name, /** @type {string} */ does) => writeFileSync(join(folder, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 })
  try {
    const sh = spawnSync('sh', ['-c', 'command -v sh'], { encoding: 'utf8' }).stdout.trim()
    for (const tool of ['cat', 'cut', 'mktemp', 'mv', 'rm', 'tr']) {
      symlinkSync(spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim(), join(folder, tool))
    }
    const run = () => spawnSync(sh, ['-c', shellScript(subset('x')), 'script', join(folder, 'out.csv')], { encoding: 'utf8', env: { PATH: folder } })
    has('curl', 'echo FETCHED; : > "$3"')
    let done = run()
    assert.equal(done.status, 127, done.stdout + done.stderr)
    assert.match(done.stderr, /duckdb is not on this computer/)
    assert.ok(!done.stdout.includes('FETCHED'), done.stdout)
    has('duckdb', 'echo "Error: broken" >&2; exit 1')
    done = run()
    assert.equal(done.status, 127)
    assert.match(done.stderr, /Neither sha256sum nor shasum/)
    has('sha256sum', 'echo ab')
    done = run()
    assert.ok(done.stdout.includes('FETCHED'), done.stdout + done.stderr)
    assert.equal(done.status, 1)
    assert.match(done.stderr, /Error: broken\nDuckDB could not count the rows/)
    assert.ok(!done.stderr.includes('rows match'), done.stderr)
    has('duckdb', 'case $4 in "SELECT count"*) printf "1\\r\\n" ;; *) exit 1 ;; esac')
    done = run()
    assert.equal(done.status, 1)
    assert.match(done.stderr, /DuckDB could not write the rows/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what a filter holds stays text in Python', () => {
  for (const text of HOSTILE) {
    const script = pythonScript(subset(text))
    const literals = script.slice(script.indexOf('SQL = '), script.indexOf('def quoted'))
    const shown = spawnSync('python3', ['-c', `${literals}\nimport sys\nsys.stdout.buffer.write(SQL.encode('utf-8', 'surrogatepass'))`], { encoding: 'buffer' })
    assert.equal(shown.status, 0, String(shown.stderr) + script)
    // JavaScript writes a lone surrogate as U+FFFD; Python gives it back as it is.
    const wanted = `"gene" = '${text.trim().replaceAll("'", "''")}'`
    const said = text === '\ud800' ? true : String(shown.stdout).includes(wanted) || !text.trim()
    assert.ok(said, `${shown.stdout}\n${wanted}`)
  }
})
