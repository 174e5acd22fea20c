import assert from 'node:assert/strict'
import test from 'node:test'
import { byCodePoint, fromHash, parse, predicate, sorted, toCsv, toHash, toSql } from '../../assets/js/filters.js'

const holds = (typed, kind, cell) => predicate(parse(typed, kind))(cell)

test('what a reader types means what it says', () => {
  assert.equal(parse('  ', 'text'), null)
  assert.equal(parse('>x', 'text'), undefined)
  assert.equal(parse('many', 'number'), undefined)
  assert.equal(parse('!', 'text'), undefined)
  for (const [typed, kind, yes, no] of [
    ['sgo', 'text', ['SGO1', 'xsgoX'], ['sg', null]],
    ['É', 'text', ['hériché'], ['heriche']],
    ['=SGO1', 'text', ['SGO1'], ['sgo1', 'SGO1 ', null]],
    ['!sgo', 'text', ['CDK1', null], ['SGO1']],
    ['!=SGO1', 'text', ['sgo1', null], ['SGO1']],
    ['=', 'text', [null], ['x']],
    ['!=', 'number', [0], [null]],
    ['>5', 'text', ['6', '1e2', '5.01'], ['5', 'six', '6 ', null]],
    ['-2..3', 'number', [-2, 0, 3], [-2.1, 3.1, null]],
    ['2 .. 3', 'text', ['2.5'], ['a']],
    ['<=0', 'number', [0, -1], [1, null]],
    ['5', 'number', [5], [5.5, null]],
    ['yes', 'flag', [true], [false, null]],
    ['!true', 'flag', [false, null], [true]],
    ['a..b', 'text', ['xa..by'], ['ab']],
  ]) {
    for (const cell of yes) assert.equal(holds(typed, kind, cell), true, `${typed} holds ${cell}`)
    for (const cell of no) assert.equal(holds(typed, kind, cell), false, `${typed} does not hold ${cell}`)
  }
})

test('numbers by value, wells by their number, no value last', () => {
  const cells = ['A10', null, 'A2', '10', '9', 'b', 'A2', '-1.5', '\u{1F9EC}', '\uFB01']
  const order = (descending) => sorted(cells.map((_, i) => i), (i) => cells[i], descending).map((i) => cells[i])
  assert.deepEqual(order(false), ['-1.5', '9', '10', 'A2', 'A2', 'A10', 'b', '\uFB01', '\u{1F9EC}', null])
  assert.deepEqual(order(true), ['\u{1F9EC}', '\uFB01', 'b', 'A10', 'A2', 'A2', '10', '9', '-1.5', null])
  assert.ok(byCodePoint('a', 'ab') < 0)
})

test('a view survives the address', () => {
  const columns = ['Gene Symbol', 'a:b\\c', '-x', 'Score']
  const view = { filters: { 'Gene Symbol': '=SGO1 & co', 'a:b\\c': '2..8' }, sort: { column: '-x', descending: false }, page: 3 }
  assert.deepEqual(fromHash('#' + toHash(view), columns), view)
  assert.deepEqual(fromHash('#f=nothing:1&s=nothing&p=-4', columns), { filters: {}, sort: null, page: 1 })
  assert.deepEqual(fromHash('#A2', columns), { filters: {}, sort: null, page: 1 })
})

test('SQL quotes names and text', () => {
  const view = { filters: { 'a"b': "x'y", n: '>5' }, sort: null, page: 1 }
  assert.equal(toSql('t', ['a"b'], view, { n: 'number' }),
    `SELECT "a""b"\nFROM t\nWHERE contains(lower("a""b"), 'x''y')\n  AND "n" > 5`)
})

test('CSV escapes what a spreadsheet would run, and only that', () => {
  const cells = ['=1+1', '+x', '-1.5e3', '-y', '@z', 'a"b,c', null, -3, 'plain', '\ttab']
  assert.equal(toCsv(['h'], cells.map((c) => [c])), `h\r\n'=1+1\r\n'+x\r\n-1.5e3\r\n'-y\r\n'@z\r\n"a""b,c"\r\n\r\n-3\r\nplain\r\n'\ttab\r\n`)
})
