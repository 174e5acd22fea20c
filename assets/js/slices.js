// Long work in short tasks, so that a slow phone answers to a touch in between. What a slice holds is counted in items, not in
// time: the same table makes the same slices everywhere.

export const SLICE = 2000 // cells tested, keyed or sorted at once: some 20 ms on a phone
const MERGED = 8000 // items merged at once: a comparison each, and no more

/** @type {Promise<void>} */
let last = Promise.resolve()

// A timer would wait 4 ms a slice once it is nested; a message does not.
const task = () => /** @type {Promise<void>} */ (new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => { port1.close(); resolve() }
  port2.postMessage(0)
}))

/** Resolves in a task of its own, after those that asked before: what follows an `await turn()` shares its task with nobody. */
export const turn = () => (last = last.then(task))

/**
 * @param {number} n @param {number} size @param {(from: number, to: number) => void | Promise<void>} work
 * @param {AbortSignal} [stop] heard between two slices @throws what `stop` gives as its reason
 */
export async function inSlices(n, size, work, stop) {
  for (let from = 0; from < n; from += size) {
    if (from) await turn()
    stop?.throwIfAborted()
    await work(from, Math.min(n, from + size))
  }
}

/**
 * The same as `items.map(change)`. @template T, U
 * @param {T[]} items @param {(item: T, index: number) => U} change @param {number} [size] @param {AbortSignal} [stop] @returns {Promise<U[]>}
 */
export async function mapped(items, change, size = SLICE, stop) {
  /** @type {U[]} */
  const out = []
  await inSlices(items.length, size, (from, to) => { for (let i = from; i < to; i++) out.push(change(items[i], i)) }, stop)
  return out
}

/** The same as `items.filter(holds)`. @template T @param {T[]} items @param {(item: T) => boolean} holds @param {AbortSignal} [stop] @returns {Promise<T[]>} */
export async function kept(items, holds, stop) {
  /** @type {T[]} */
  const out = []
  await inSlices(items.length, SLICE, (from, to) => { for (let i = from; i < to; i++) if (holds(items[i])) out.push(items[i]) }, stop)
  return out
}

/**
 * The same as `items.toSorted(order)`: runs of a slice each, then merged.
 * @template T @param {T[]} items @param {(a: T, b: T) => number} order @param {AbortSignal} [stop] @returns {Promise<T[]>}
 */
export async function inOrder(items, order, stop) {
  /** @type {T[][]} */
  let runs = []
  await inSlices(items.length, SLICE, (from, to) => { runs.push(items.slice(from, to).sort(order)) }, stop)
  while (runs.length > 1) {
    const longer = []
    for (let i = 0; i < runs.length; i += 2) {
      await turn()
      stop?.throwIfAborted()
      longer.push(i + 1 < runs.length ? await merged(runs[i], runs[i + 1], order) : runs[i])
    }
    runs = longer
  }
  return runs[0] ?? []
}

/** @template T @param {T[]} left @param {T[]} right @param {(a: T, b: T) => number} order @returns {Promise<T[]>} */
async function merged(left, right, order) {
  /** @type {T[]} */
  const out = []
  let [l, r] = [0, 0]
  await inSlices(left.length + right.length, MERGED, (from, to) => {
    for (let i = from; i < to; i++) {
      // Of equal items the left one stood before.
      const fromLeft = r >= right.length || (l < left.length && order(left[l], right[r]) <= 0)
      out.push(fromLeft ? left[l++] : right[r++])
    }
  })
  return out
}
