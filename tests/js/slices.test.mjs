import assert from 'node:assert/strict'
import test from 'node:test'
import { byKey, keyed, sorted } from '../../assets/js/filters.js'
import { SLICE, inOrder, inSlices, kept, mapped, turn } from '../../assets/js/slices.js'

// The same numbers every time (Park and Miller's generator).
const dice = (seed) => () => (seed = (seed * 48271) % 2147483647)

/** The most that `work` counted between two tasks: somebody else asks for every turn that is free. */
async function longest(work) {
  const counted = { n: 0 }
  let [most, before, done] = [0, 0, false]
  const watching = (async () => {
    while (!done) {
      await turn()
      most = Math.max(most, counted.n - before)
      before = counted.n
    }
  })()
  await work(counted)
  done = true
  await watching
  return { most, all: counted.n }
}

test('slices give what the whole would', async () => {
  const roll = dice(7)
  for (const n of [0, 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE + 5, 40_000]) {
    const items = Array.from({ length: n }, (_, row) => ({ row, key: roll() % 50 }))
    const order = (a, b) => a.key - b.key
    assert.deepEqual(await inOrder(items, order), [...items].sort(order), `${n} in order, equal ones as they stood`)
    assert.deepEqual(await kept(items, (i) => i.key > 25), items.filter((i) => i.key > 25))
    assert.deepEqual(await mapped(items, (i, at) => i.key + at), items.map((i, at) => i.key + at))
  }
})

test('a long table sorts in slices as it does at once', async () => {
  const roll = dice(11)
  const cells = Array.from({ length: 9000 }, () => [null, `A${roll() % 900}`, String(roll() % 300), `plate${roll() % 40}_${roll() % 9}`][roll() % 4])
  const rows = cells.map((_, row) => row)
  for (const descending of [false, true]) {
    const found = await inOrder(await mapped(rows, (row) => keyed(row, cells[row])), byKey(descending))
    assert.deepEqual(found.map(({ row }) => row), sorted(rows, (row) => cells[row], descending))
  }
})

test('no task is longer than a slice, whatever the length of the table', async () => {
  const rows = Array.from({ length: 40_000 }, (_, row) => row)
  const made = await longest((counted) => mapped(rows, (row) => { counted.n++; return row }))
  assert.deepEqual(made, { most: SLICE, all: 40_000 })
  const tested = await longest((counted) => kept(rows, () => { counted.n++; return true }))
  assert.deepEqual(tested, { most: SLICE, all: 40_000 })
  const drawn = await longest((counted) => inSlices(200, 50, (from, to) => { counted.n += to - from }))
  assert.deepEqual(drawn, { most: 50, all: 200 })
  const roll = dice(3)
  const keys = rows.map(() => roll())
  const compared = await longest((counted) => inOrder(rows, (a, b) => { counted.n++; return keys[a] - keys[b] }))
  // A run of 2,000 takes some 20,000 comparisons, a step of merging 8,000.
  assert.ok(compared.most < 13 * SLICE, `${compared.most} comparisons in one task`)
  assert.ok(compared.all > 20 * compared.most, `${compared.all} comparisons in all`)
})
