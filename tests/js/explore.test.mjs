import assert from 'node:assert/strict'
import test from 'node:test'
import { added, entriesIn, MOST } from '../../assets/js/console-history.js'
import { LONGEST, PLAIN, partOf, queryIn } from '../../assets/js/console-link.js'
import { partsOf, rowsInWords } from '../../assets/js/console-result.js'
import { fromHash, leftOut, MOST_ROWS, toHash } from '../../assets/js/explore-sql.js'

const ROW = { not: false, verb: 'has', phenotype: '', where: '' }
const QUESTION = { rows: [ROW], organism: '', technology: '', controls: false, recorded: false, exact: false }

test('a question comes back from its address, whatever its words', () => {
  for (const phenotype of ['', 'CMPO:0000118', '=50% | big & "round" #1+1', "='é~'", '=%7C']) {
    const asked = { ...QUESTION, rows: [{ ...ROW, not: true, phenotype, where: 'a/b c' }, { ...ROW, verb: 'no', where: '>=3' }], organism: 'Homo sapiens & co', exact: true }
    assert.deepEqual(fromHash(`#${toHash(asked)}`), asked)
  }
})

test('what an address does not ask is not made up', () => {
  assert.equal(fromHash(''), null)
  assert.equal(fromHash('#phenotypes'), null)
  assert.equal(fromHash('#c=and|drop|x|y'), null)
  assert.equal(fromHash('#c=and|has|%25E0%25A4|'), null)
  assert.equal(fromHash(`#${'c=and|has||&'.repeat(50)}`)?.rows.length, MOST_ROWS)
})

test('conditions that an address has too many, or that mean nothing, are counted', () => {
  assert.deepEqual(leftOut(`#${'c=and|has||&'.repeat(MOST_ROWS)}`), { more: 0, strange: 0 })
  assert.deepEqual(leftOut(`#${'c=and|has||&'.repeat(MOST_ROWS + 3)}organism=x`), { more: 3, strange: 0 })
  assert.deepEqual(leftOut('#c=and|has||&c=and|drop|x|y&c=and|has|%25E0%25A4|'), { more: 0, strange: 2 })
  assert.deepEqual(leftOut(''), { more: 0, strange: 0 })
})

test('a short query stands in the address in words, a long one packed, a longer one not at all', async () => {
  const long = `SELECT ${Array.from({ length: 900 }, (_, i) => `'idr0001/screenA/é${i}'`).join(', ')}`
  let state = 1
  const letter = () => String.fromCharCode(97 + ((state = (state * 16807) % 2147483647) >> 8) % 26)
  const endless = `SELECT '${Array.from({ length: 60_000 }, letter).join('')}'`
  for (const sql of ['SELECT 1', "SELECT '&#+%' AS \"é\"\n-- end", long]) {
    const part = await partOf(sql)
    assert.ok(part !== null && part.length <= Math.max(PLAIN, LONGEST))
    assert.equal(part.startsWith('sql='), sql !== long)
    assert.equal(await queryIn(`#${part}`), sql)
  }
  assert.equal(await partOf(endless), null)
  assert.equal(await queryIn('#elsewhere'), null)
  const cut = (await partOf(long) ?? '').slice(0, -60)
  await assert.rejects(queryIn(`#${cut}`))
})

test('a link cannot unfold to more than a query', async () => {
  const packed = await new Response(new Blob(['x'.repeat(3_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer()
  const text = Buffer.from(packed).toString('base64url')
  await assert.rejects(queryIn(`#z=${text}`), RangeError)
})

test('history keeps the last ones, each once, and forgives what storage holds', () => {
  const entry = (/** @type {string} */ sql) => ({ sql, at: 1, rows: 1, seconds: 1 })
  let kept = /** @type {ReturnType<typeof entriesIn>} */ ([])
  for (let i = 0; i < MOST + 5; i++) kept = added(kept, entry(`SELECT ${i}`))
  assert.equal(kept.length, MOST)
  assert.equal(added(kept, entry('SELECT 20'))[0].sql, 'SELECT 20')
  assert.equal(added(kept, entry('SELECT 20')).length, MOST)
  assert.equal(added(kept, entry('x'.repeat(30_000))), kept)
  assert.deepEqual(entriesIn(JSON.stringify(kept)), kept)
  for (const text of [null, '', '{', '{}', '[1, null, {"sql": 1}]']) assert.deepEqual(entriesIn(text), [])
})

test('samples and counts in words', () => {
  assert.deepEqual(partsOf('a/b/plate%2F1/A1~2'), ['a', 'b', 'plate/1', 'A1'])
  assert.deepEqual([partsOf('a/b'), partsOf(null), partsOf('a/b/%E0/c')], [null, null, null])
  const count = (/** @type {number} */ n) => n.toLocaleString('en-GB')
  assert.equal(rowsInWords(1000, 26112, count), 'first 1,000 of 26,112 rows')
  assert.deepEqual([rowsInWords(1, 1, count), rowsInWords(0, 0, count)], ['1 row', '0 rows'])
})
