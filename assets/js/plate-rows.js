// The rows of one plate or dataset in its component's Parquet file: read a column at a time, when a reader asks for it.

import { el, noValue } from './dom.js'

/** @typedef {import('./parquet-table.js').ParquetTable} ParquetTable */
/** @typedef {{parquet: string, bytes: number, start: number, rows: number, columns: [string, 'number' | 'category', string?][], order?: string[]}} Table */

// What the page's head says already, or what only names the row.
const SILENT = new Set(['sample_id', 'study', 'component', 'container', 'sample', 'row', 'column'])

export class Rows {
  /** @param {Table} table */
  constructor(table) {
    this.table = table
    /** @type {Promise<ParquetTable> | null} */
    this.opening = null
  }

  open() {
    // Most readers never ask: what reads the table is not part of the first view.
    this.opening ??= import('./parquet-table.js').then(({ ParquetTable }) =>
      ParquetTable.open(new URL(this.table.parquet, document.baseURI).href, this.table.bytes))
    this.opening.catch(() => (this.opening = null))
    return this.opening
  }

  /** A column's cells for the rows of this plate or dataset, in the table's order. @param {string} name @returns {Promise<any[]>} */
  async column(name) {
    const { start, rows } = this.table
    const cells = await (await this.open()).cells(Array.from({ length: rows }, (_, i) => start + i), [name])
    return cells.map(([cell]) => cell)
  }

  /** Every column of one row that holds something: name and value; and how many are empty. @param {number} at from 0 in this plate */
  async row(at) {
    const file = await this.open()
    const names = [...file.columns.keys()].filter((name) => !SILENT.has(name))
    const [cells] = await file.cells([this.table.start + at], names)
    const filled = names.map((name, i) => [name, cells[i]]).filter(([, cell]) => cell !== null)
    return { filled, empty: names.length - filled.length }
  }
}

/** Everything the source says of one sample, read when it is opened. */
export class Annotation {
  /** @param {Rows} rows */
  constructor(rows) {
    this.rows = rows
    this.open = false
  }

  /** @param {number} at the sample's row in this plate or dataset, from 0 */
  element(at) {
    const body = el('div', { class: 'well-all-columns', 'aria-live': 'polite' })
    const details = el('details', { class: 'well-all' }, el('summary', { text: 'Every column of the source' }), body)
    let read = false
    details.addEventListener('toggle', () => {
      this.open = details.open
      if (!details.open || read) return
      read = true
      body.replaceChildren(el('p', { class: 'well-hint', text: 'Reading …' }))
      this.#fill(body, at).catch((error) => {
        read = false
        body.replaceChildren(el('p', { class: 'problem', text: `The table could not be read: ${error.message}. Close this and try again.` }))
      })
    })
    // Who has opened it for one well wants it for the next.
    details.open = this.open
    return details
  }

  /** @param {HTMLElement} body @param {number} at */
  async #fill(body, at) {
    const { filled, empty } = await this.rows.row(at)
    body.replaceChildren(el('dl', { class: 'well-facts' }, ...filled.flatMap(([name, cell]) => [
      el('dt', { text: name }),
      el('dd', {}, cell === null ? noValue() : typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : String(cell)),
    ])), ...(empty ? [el('p', { class: 'well-hint', text: `${empty} more ${empty === 1 ? 'column is' : 'columns are'} empty here.` })] : []))
  }
}
