import assert from 'node:assert/strict'
import test from 'node:test'
import { colouring, ramp } from '../../assets/js/plate-colours.js'

const numbers = (values, asked) => colouring({ key: 'n', label: 'n', kind: 'number' }, values, asked)
const categories = (values, asked) => colouring({ key: 'c', label: 'c', kind: 'category' }, values, asked)

test('numbers go from the least to the most', () => {
  const made = numbers([3, 1, null])
  assert.deepEqual([made.of(1), made.of(3), made.of(null)], ['#440154', '#fde725', null])
  assert.deepEqual(made.legend, [{ colour: null, label: 'no value', n: 1 }])
  assert.deepEqual([made.ramp.min, made.ramp.median, made.ramp.max, made.ramp.n], [1, 2, 3, 2])
  const text = numbers(['1', ' 2 ', '3', 'n.d.', ''])
  assert.equal(text.ramp.median, 2)
  assert.deepEqual(text.legend, [{ colour: null, label: 'no number', n: 1 }, { colour: null, label: 'no value', n: 1 }])
  assert.equal(text.of('n.d.'), null)
  assert.equal(numbers([5, 5, 5]).of(5), '#23908c') // one number has the middle of the scale
})

test('one broken well leaves the colours to the others', () => {
  const many = Array.from({ length: 99 }, (_, i) => i / 10)
  const made = numbers([...many, 1e6])
  assert.ok(made.ramp.high < 10, `${made.ramp.high}`)
  assert.deepEqual([made.ramp.above, made.ramp.max, made.of(1e6)], [2, 1e6, '#fde725'])
  assert.equal(made.ramp.bins.reduce((a, b) => a + b), 100)
  assert.notEqual(made.of(1), made.of(9))
})

test('skewed numbers by their logarithm, numbers around zero from it; the reader may ask otherwise', () => {
  const skewed = Array.from({ length: 100 }, (_, i) => 1.1 ** i)
  assert.deepEqual([ramp(skewed).kind, ramp(skewed).kinds], ['log', ['linear', 'log']])
  assert.equal(ramp(skewed, 'linear').kind, 'linear')
  assert.ok(Math.abs(ramp(skewed).part(ramp(skewed).median) - 0.5) < 0.02)
  const scores = Array.from({ length: 101 }, (_, i) => i / 10 - 4)
  assert.deepEqual([ramp(scores).kind, ramp(scores).part(0)], ['diverging', 0.5])
  assert.equal(ramp(scores, 'log').kind, 'diverging') // there is no logarithm of what is below zero
  assert.equal(ramp([0, 1, 2]).kinds.includes('log'), false)
})

test('as many values as there are colours have one each; of more, one can be looked for', () => {
  const many = categories(Array.from({ length: 12 }, (_, i) => `c${String(i).padStart(2, '0')}`))
  assert.deepEqual(many.legend.at(-1), { colour: '#999999', label: '5 other values', n: 5 })
  assert.equal(new Set(many.legend.map((l) => l.colour)).size, 8)
  assert.deepEqual(categories(['A10', 'A2', 'b', 'c', 'd', 'e', 'f', 'g']).values.slice(0, 2), ['A2', 'A10'])
  const found = categories(['SGO1', 'SGO1', 'SGO1L', 'CDK1', null], { look: 'sgo1' })
  assert.deepEqual([found.lit, found.legend.map((l) => [l.label, l.n])], [3, [['2 values that hold “sgo1”', 3], ['other values', 1], ['no value', 1]]])
  assert.equal(categories(['SGO1', 'SGO1L'], { look: 'SGO1' }).lit, 1) // a whole value before parts
  assert.deepEqual([categories(['a'], { look: 'zz' }).lit, categories(['a'], { look: 'zz' }).legend[0].label], [0, 'nothing holds “zz”'])
})

test('a flag is there or not', () => {
  const flags = colouring({ key: 'f', label: 'round', kind: 'flag' }, [true, null, null])
  assert.deepEqual(flags.legend.map((l) => [l.label, l.n]), [['round', 1], ['not round', 2]])
})
