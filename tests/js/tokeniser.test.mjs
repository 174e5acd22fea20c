import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { key, stems, words } from '../../assets/js/tokeniser.js'

const golden = readFileSync(new URL('../search/tokens.tsv', import.meta.url), 'utf8').trimEnd().split('\n').slice(1)

test('the golden file holds', () => {
  assert.ok(golden.length >= 60)
  for (const line of golden) {
    const [json, k, w, s] = line.split('\t')
    const text = JSON.parse(json)
    assert.deepEqual([key(text), words(text).join(' '), stems(text).join(' ')], [k, w, s], json)
  }
})
