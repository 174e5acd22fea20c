// The queries that were run here, kept in this browser alone: the last fifty, the newest first.

const KEY = 'slidecase-queries'
export const MOST = 50
const LONGEST = 20_000 // characters of one query; longer ones are not kept

/** @typedef {{sql: string, at: number, rows: number | null, seconds: number | null}} Entry */

/** What storage holds, as far as it is what we wrote. @param {string | null} text @returns {Entry[]} */
export function entriesIn(text) {
  try {
    const found = JSON.parse(text ?? '[]')
    if (!Array.isArray(found)) return []
    return found.filter((e) => e && typeof e.sql === 'string' && typeof e.at === 'number').slice(0, MOST).map(({ sql, at, rows, seconds }) =>
      ({ sql, at, rows: typeof rows === 'number' ? rows : null, seconds: typeof seconds === 'number' ? seconds : null }))
  } catch {
    return []
  }
}

/** The same query run again moves to the front. @param {Entry[]} entries @param {Entry} entry */
export const added = (entries, entry) =>
  (entry.sql.length > LONGEST ? entries : [entry, ...entries.filter((e) => e.sql !== entry.sql)].slice(0, MOST))

export class History {
  constructor() {
    /** @type {Entry[]} */
    this.entries = []
    this.kept = true // whether storage takes them
    this.read()
  }

  /** What other tabs wrote meanwhile is seen. */
  read() {
    try {
      this.entries = entriesIn(localStorage.getItem(KEY))
    } catch {
      this.kept = false // refused; they last as long as the page
    }
  }

  /** @param {Entry[]} entries */
  #write(entries) {
    this.entries = entries
    try {
      if (entries.length) localStorage.setItem(KEY, JSON.stringify(entries))
      else localStorage.removeItem(KEY)
    } catch {
      this.kept = false
    }
  }

  /** @param {string} sql @param {number | null} rows @param {number | null} seconds */
  add(sql, rows, seconds) {
    if (this.kept) this.read()
    this.#write(added(this.entries, { sql, at: Date.now(), rows, seconds }))
  }

  /** @param {Entry} entry */
  remove(entry) {
    if (this.kept) this.read()
    this.#write(this.entries.filter((e) => e.sql !== entry.sql))
  }

  clear() {
    this.#write([])
  }
}
