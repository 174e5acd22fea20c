// The rows that match as a file: CSV and Parquet made here, or a script that makes either anew from the published table.

import { atRoot, bytes, count, el, save } from './dom.js'
import { byCodePoint, quoteText, toCsv, toSql } from './filters.js'
import { SLICE, inOrder, inSlices, mapped } from './slices.js'

/** @typedef {import('./parquet-table.js').ParquetTable} ParquetTable */
/** @typedef {import('./filters.js').View} View */
/** @typedef {{file: ParquetTable, rows: number[] | null, view: View, kinds: Record<string, import('./filters.js').Kind>, shown: string[]}} Found
 *   `rows`: their numbers in order; null where that is all of them */

const WRITTEN = 1000 // rows of CSV made at once

/** @param {ArrayBuffer} digest */
const hex = (digest) => [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('')

export class Downloads {
  /**
   * @param {{url: string, bytes: number, sha256: string, rows: number, all: string[], name: string}} table
   * @param {(what: string, work: (stop: AbortSignal) => Promise<void>) => void} run does work that can be cancelled, and says so
   * @param {(stop: AbortSignal) => Promise<Found>} find the rows that match now
   * @param {(text: string) => void} say how far it is
   */
  constructor(table, run, find, say) {
    this.table = table
    this.run = run
    this.find = find
    this.say = say
    /** @type {import('./duckdb.js').Database | null} */
    this.database = null
    const columns = (/** @type {string} */ value, /** @type {boolean} */ checked) => {
      const input = el('input', { type: 'radio', name: 'download-columns', value, checked })
      const words = el('span')
      return { input, words, label: el('label', {}, input, ' ', words) }
    }
    this.every = columns('all', true)
    this.only = columns('shown', false)
    this.every.words.textContent = `all ${table.all.length} columns`
    this.lead = el('p', { class: 'download-lead' })
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {(stop: AbortSignal) => Promise<void>} */ make) =>
      el('button', { type: 'button', class: 'tool', text, title, onclick: () => {
        // What is said of the work stands where the menu would lie over it.
        this.element.open = false
        this.run(text, make)
      } })
    this.element = el('details', { class: 'table-menu' }, el('summary', { class: 'tool', text: 'Download' }),
      el('div', { class: 'table-menu-body', role: 'group', 'aria-label': 'Download' }, this.lead,
        el('div', { class: 'download-columns' }, this.every.label, this.only.label),
        el('div', { class: 'table-actions' },
          button('CSV', 'Text, a line a row', (stop) => this.csv(stop)),
          button('Parquet', 'Types kept; made by DuckDB in this page, which is 4 MB to fetch', (stop) => this.parquet(stop)),
          button('Python script', 'Fetches the table, checks it, and writes these rows', (stop) => this.script('py', stop)),
          button('Shell script', 'The same with curl and the command line of DuckDB', (stop) => this.script('sh', stop))),
        el('p', { class: 'table-note' }, 'In a CSV made here, text that a spreadsheet would run as a formula has an apostrophe before it. The scripts hold the SHA-256 of ',
          el('a', { href: table.url, download: true, text: `the whole table (Parquet, ${bytes(table.bytes)})` }), ' and check it.')))
  }

  /** @param {number} matched @param {number} shown how many columns */
  show(matched, shown) {
    this.lead.textContent = matched === this.table.rows ? `All ${count(matched)} rows, with` : `The ${count(matched)} of ${count(this.table.rows)} rows that match, with`
    this.only.words.textContent = `the ${shown} shown`
  }

  /** @param {Found} found */
  #columns({ shown }) {
    return this.only.input.checked ? shown : this.table.all
  }

  /** @param {AbortSignal} stop */
  async csv(stop) {
    const found = await this.find(stop)
    const [rows, columns] = [found.rows ?? Array.from({ length: found.file.rows }, (_, row) => row), this.#columns(found)]
    for (const [i, name] of columns.entries()) {
      // Cells are asked for row by row below; what is asked for by column comes in fewer and larger parts.
      if (rows.length > 2 * WRITTEN) await found.file.column(name, { stop })
      this.say(`CSV: column ${i + 1} of ${columns.length} read`)
    }
    // Blobs may lie on disk, which a text of a hundred megabytes may not.
    const csv = rows.length ? [] : [new Blob([toCsv(columns, [])])]
    await inSlices(rows.length, WRITTEN, async (from, to) => {
      csv.push(new Blob([toCsv(columns, await found.file.cells(rows.slice(from, to), columns), from === 0)]))
      this.say(`CSV: ${count(to)} of ${count(rows.length)} rows`)
    }, stop)
    save(new Blob(csv, { type: 'text/csv' }), `${this.table.name}.csv`)
  }

  /** @param {AbortSignal} stop */
  async parquet(stop) {
    const found = await this.find(stop)
    const wanted = found.rows ? found.rows.length : found.file.rows
    const path = decodeURIComponent(this.table.url.slice(atRoot('').length))
    // DuckDB and the scripts are fetched when somebody asks for them.
    const { Database } = await import('./duckdb.js')
    const database = this.database ??= new Database([], atRoot(''))
    this.say('Parquet: starting DuckDB …')
    const cancel = () => database.cancel()
    stop.addEventListener('abort', cancel)
    try {
      await database.start()
      stop.throwIfAborted()
      this.say(`Parquet: writing ${count(wanted)} rows …`)
      const made = await database.parquet(toSql(quoteText(path), this.#columns(found), { ...found.view, page: 1 }, found.kinds))
      stop.throwIfAborted()
      const body = made.slice().buffer
      const meta = await found.file.library.parquetMetadataAsync({ byteLength: body.byteLength, slice: async (/** @type {number} */ a, /** @type {number} */ b) => body.slice(a, b) })
      // Two readers filtered the same table: what they found must agree before anybody is given it.
      if (Number(meta.num_rows) !== wanted) throw new Error(`DuckDB found ${count(Number(meta.num_rows))} rows where this page found ${count(wanted)}`)
      save(new Blob([body], { type: 'application/vnd.apache.parquet' }), `${this.table.name}.parquet`)
    } finally {
      stop.removeEventListener('abort', cancel)
    }
  }

  /** @param {'py' | 'sh'} ending @param {AbortSignal} stop */
  async script(ending, stop) {
    const { pythonScript, shellScript } = await import('./subset.js')
    const found = await this.find(stop)
    const { url, bytes: size, sha256, name } = this.table
    const text = (ending === 'py' ? pythonScript : shellScript)({
      url, bytes: size, sha256, name, columns: this.#columns(found), view: { ...found.view, page: 1 }, kinds: found.kinds,
      rows: found.rows ? found.rows.length : found.file.rows, ids: await this.#ids(found, stop),
    })
    save(new Blob([text], { type: 'text/plain' }), `${name}-rows.${ending}`)
  }

  /** @param {Found} found @param {AbortSignal} stop @returns {Promise<string | null>} */
  async #ids({ file, rows }, stop) {
    // Digests are made in secure contexts alone: not on a portal served by plain http.
    if (!globalThis.crypto?.subtle || !file.columns.has('sample_id')) return null
    const all = await file.column('sample_id', { stop })
    const ids = await inOrder(rows ? await mapped(rows, (row) => all[row], undefined, stop) : all, byCodePoint, stop)
    /** @type {string[]} */
    const lines = []
    await inSlices(ids.length, SLICE, (from, to) => { lines.push(ids.slice(from, to).join('\n')) }, stop)
    return hex(await crypto.subtle.digest('SHA-256', await new Blob(lines.flatMap((part, i) => (i ? ['\n', part] : [part]))).arrayBuffer()))
  }
}
