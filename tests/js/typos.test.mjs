import assert from 'node:assert/strict'
import test from 'node:test'
import { distance, nearest } from '../../assets/js/search-typos.js'

test('edits are counted up to the limit', () => {
  assert.equal(distance('elogated', 'elongated', 2), 1)
  assert.equal(distance('mitosis', 'mitoiss', 2), 1)
  assert.equal(distance('pombe', 'pombe', 2), 0)
  assert.equal(distance('abc', 'xyz', 1), 2)
})

test('short words are not guessed at, long ones generously', () => {
  assert.equal(nearest('sg1', ['sgo1']), null)
  assert.equal(nearest('pore', ['more', 'pores']), null)
  assert.equal(nearest('pmbe', ['pombe']), null)
  assert.equal(nearest('pombee', ['pombe', 'bomb']), 'pombe')
  assert.equal(nearest('sgol1', ['sgol2', 'sgo1']), 'sgo1')
  assert.equal(nearest('demo3', ['demo', 'demo2']), null)
  assert.equal(nearest('ensg00000123338', ['ensg00000120438']), null)
  assert.equal(nearest('shizosaccharomyces', ['saccharomyces', 'schizosaccharomyces']), 'schizosaccharomyces')
})
