// The nearest known word to a misspelt one.

/**
 * Edits (a letter more, less, other, or two exchanged) between two words, or `limit + 1` where there are more.
 * @param {string} a @param {string} b @param {number} limit
 */
export function distance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before = /** @type {number[]} */ ([])
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1)
    }
    if (Math.min(...next) > limit) return limit + 1
    ;[before, row] = [row, next]
  }
  return row[b.length]
}

/** @param {string} word */
const digits = (word) => word.replace(/[^0-9]/g, '')

/**
 * The known word with the fewest edits: one for words of five letters, two from seven. Null where none is that near.
 * Digits must be the same: of identifiers and numbered genes the nearest is simply another.
 * @param {string} word @param {Iterable<string>} known
 */
export function nearest(word, known) {
  const limit = word.length < 5 || /[0-9]{3}/.test(word) ? 0 : word.length < 7 ? 1 : 2
  if (!limit) return null
  let [best, least] = [/** @type {string | null} */ (null), limit + 1]
  for (const other of known) {
    if (other === word || digits(other) !== digits(word)) continue
    const edits = distance(word, other, limit)
    // The first letter is seldom wrong.
    const cost = edits + (other[0] === word[0] ? 0 : 0.5)
    if (edits <= limit && cost < least) [best, least] = [other, cost]
  }
  return best
}
