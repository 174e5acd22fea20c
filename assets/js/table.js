// A component's sample table: the first rows stand in the page; filters, order and further pages come from the Parquet
// file. What is shown is in the address, and is what CSV exports.

import { atRoot, bytes, copyText, count, debounce, el, noValue, pageData, save } from './dom.js'
import { byKey, fromHash, keyed, parse, predicate, quoteText, toCsv, toHash, toSql } from './filters.js'
import { ParquetTable } from './parquet-table.js'
import { inOrder, inSlices, kept, mapped } from './slices.js'

/** @typedef {import('./filters.js').View} View */

const PAGE = 200
const DRAWN = 50 // rows made at once
const WRITTEN = 1000 // rows of CSV made at once

/** @param {any[]} cells a whole column */
const everyRow = (cells) => Array.from(cells, (_, row) => row)

class SampleTable {
  /** @param {HTMLElement} root @param {HTMLTableElement} table @param {any} data page-data of the component's page */
  constructor(root, table, data) {
    this.root = root
    this.table = table
    this.data = data
    this.url = new URL(data.parquet, document.baseURI).href
    /** @type {string[]} */
    this.shown = [...table.tHead?.rows[0].cells ?? []].map((th) => th.dataset.column ?? '').filter(Boolean)
    // Columns of text that hold only numbers are aligned as numbers, as the page has them.
    this.numbers = new Set([...table.tHead?.rows[0].cells ?? []].filter((th) => th.classList.contains('number')).map((th) => th.dataset.column))
    this.inPage = table.tBodies[0].rows.length
    // The order in which answers come must not decide what is shown: only the last question counts.
    this.asked = 0
    /** @type {Promise<ParquetTable> | null} */
    this.opening = null
    this.matched = data.rows
    this.view = fromHash(location.hash, this.shown)
  }

  start() {
    this.#tools()
    this.#heads()
    this.#pager()
    this.#says()
    addEventListener('hashchange', () => {
      this.view = fromHash(location.hash, this.shown)
      this.#fields()
      this.show()
    })
    this.#fields()
    if (toHash(this.view)) this.show()
  }

  open() {
    this.opening ??= ParquetTable.open(this.url, this.data.bytes)
    this.opening.catch(() => (this.opening = null))
    return this.opening
  }

  // --- what stands around the rows ---

  #tools() {
    this.count = el('p', { class: 'table-count', role: 'status' })
    const link = el('button', { type: 'button', class: 'tool', text: 'Copy link', onclick: () => copyText(link, location.href) })
    this.sql = el('a', { class: 'tool', text: 'SQL', title: 'Open what is shown in the query console' })
    this.csv = el('button', { type: 'button', class: 'tool', text: 'CSV', title: 'Download the rows that match', onclick: () => this.export() })
    const parquet = el('a', { class: 'tool', href: this.url, download: true, text: 'Parquet', title: `The whole table, ${bytes(this.data.bytes)}` })
    this.note = el('p', { class: 'table-note', text:
      'The CSV holds the rows that match. In it, text that a spreadsheet would run as a formula has an apostrophe before it; the Parquet file has every cell as it is.' })
    this.problem = el('p', { class: 'problem', role: 'alert', hidden: true })
    const tools = el('div', { class: 'table-tools' }, this.count, el('div', { class: 'table-actions' }, this.csv, parquet, this.sql, link))
    // What the page says of its first rows gives way to what is shown now.
    const caption = this.root.querySelector('.table-caption')
    if (caption?.id) this.count.id = caption.id
    caption?.remove()
    const given = this.root.querySelector('.table-tools')
    if (given) given.replaceWith(tools)
    else this.root.prepend(tools)
    tools.after(this.problem)
    this.root.append(this.note)
  }

  #heads() {
    const head = /** @type {HTMLTableSectionElement} */ (this.table.tHead)
    const filterRow = el('tr', { class: 'filter-row' })
    /** @type {Map<string, HTMLInputElement>} */
    this.inputs = new Map()
    const typed = debounce(() => {
      this.view = { ...this.view, page: 1, filters: Object.fromEntries([...this.inputs ?? []].map(([name, input]) => [name, input.value])) }
      this.#keep()
      this.show()
    }, 200)
    for (const th of head.rows[0].cells) {
      const name = th.dataset.column
      const label = th.textContent?.trim() ?? ''
      if (!name) {
        filterRow.append(el('td'))
        continue
      }
      const mark = el('span', { class: 'sort-mark', 'aria-hidden': 'true' })
      th.replaceChildren(el('button', { type: 'button', class: 'sort', onclick: () => this.#sort(name) }, label, mark))
      const input = el('input', {
        class: 'filter-input', type: 'text', 'aria-label': `Filter ${label}`, spellcheck: 'false', autocomplete: 'off',
        title: 'Part of the text; =exact, !not, >5, 2..8, = for no value, != for any', oninput: typed,
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          if (e.key !== 'Escape' || !input.value) return
          input.value = ''
          typed()
        },
      })
      this.inputs.set(name, input)
      filterRow.append(el('td', {}, input))
    }
    head.append(filterRow)
  }

  #pager() {
    const turn = (/** @type {number} */ by) => () => {
      this.view = { ...this.view, page: this.view.page + by }
      this.#keep()
      this.show().then(() => this.root.scrollIntoView({ block: 'start' }))
    }
    this.previous = el('button', { type: 'button', class: 'tool', text: 'Previous', onclick: turn(-1) })
    this.next = el('button', { type: 'button', class: 'tool', text: 'Next', onclick: turn(1) })
    this.range = el('span', { class: 'pager-range' })
    this.pager = el('nav', { class: 'pager', 'aria-label': 'Pages of the table' }, this.previous, this.range, this.next)
    this.note?.before(this.pager)
  }

  // --- the view: fields ↔ address ---

  /** @param {string} column */
  #sort(column) {
    const { sort } = this.view
    // Up, down, then the file's own order.
    const next = sort?.column !== column ? { column, descending: false } : sort.descending ? null : { column, descending: true }
    this.view = { ...this.view, sort: next, page: 1 }
    this.#keep()
    this.#fields()
    this.show()
  }

  #fields() {
    for (const [name, input] of this.inputs ?? []) if (document.activeElement !== input) input.value = this.view.filters[name] ?? ''
    for (const th of this.table.tHead?.rows[0].cells ?? []) {
      const mine = this.view.sort && th.dataset.column === this.view.sort.column
      const way = mine ? (this.view.sort?.descending ? 'descending' : 'ascending') : ''
      if (way) th.setAttribute('aria-sort', way)
      else th.removeAttribute('aria-sort')
      const mark = th.querySelector('.sort-mark')
      if (mark) mark.textContent = way === 'ascending' ? '▲' : way === 'descending' ? '▼' : ''
    }
  }

  #keep() {
    const hash = toHash(this.view)
    history.replaceState(history.state, '', hash ? `#${hash}` : location.pathname + location.search)
  }

  // --- rows ---

  /** Row numbers that match, in order; null where that is simply all of them. @param {ParquetTable} file @returns {Promise<number[] | null>} */
  async matching(file) {
    /** @type {number[] | null} */
    let rows = null
    for (const [name, text] of Object.entries(this.view.filters)) {
      const column = file.columns.get(name)
      const test = column && parse(text, column.kind)
      if (!test) continue
      const [cells, holds] = [await file.column(name), predicate(test)]
      rows = await kept(rows ?? everyRow(cells), (row) => holds(cells[row]))
    }
    if (this.view.sort && file.columns.has(this.view.sort.column)) {
      const cells = await file.column(this.view.sort.column)
      const order = byKey(this.view.sort.descending)
      rows = (await inOrder(await mapped(rows ?? everyRow(cells), (row) => keyed(row, cells[row])), order)).map(({ row }) => row)
    }
    return rows
  }

  async show() {
    const asked = ++this.asked
    this.root.classList.add('table-busy')
    this.table.setAttribute('aria-busy', 'true')
    try {
      const file = await this.open()
      const rows = await this.matching(file)
      if (asked !== this.asked) return
      this.matched = rows ? rows.length : file.rows
      const pages = Math.max(1, Math.ceil(this.matched / PAGE))
      if (this.view.page > pages) this.view = { ...this.view, page: pages }
      const start = (this.view.page - 1) * PAGE
      const numbers = rows ? rows.slice(start, start + PAGE)
        : Array.from({ length: Math.min(PAGE, this.matched - start) }, (_, i) => start + i)
      const cells = await file.cells(numbers, this.shown)
      const made = cells.length ? await mapped(cells, (row) => this.row(row, file), DRAWN) : [this.nothing()]
      if (asked !== this.asked) return
      this.#validity(file)
      this.table.tBodies[0].replaceChildren(...made)
      this.inPage = cells.length
      if (this.problem) this.problem.hidden = true
    } catch (error) {
      if (asked !== this.asked || !this.problem) return
      this.problem.hidden = false
      this.problem.textContent = `The rows could not be read: ${/** @type {Error} */ (error).message}. Try again, or download the Parquet file.`
    } finally {
      if (asked === this.asked) {
        this.root.classList.remove('table-busy')
        this.table.removeAttribute('aria-busy')
        this.#says()
      }
    }
  }

  /** @param {any[]} cells @param {ParquetTable} file */
  row(cells, file) {
    return el('tr', {}, ...cells.map((cell, i) => {
      const name = this.shown[i]
      if (cell == null) return el('td', { class: 'none' }, noValue())
      const text = typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : String(cell)
      const link = this.link(name, cells)
      return el('td', { class: this.numbers.has(name) || file.columns.get(name)?.kind === 'number' ? 'number' : text.length > 60 ? 'wide' : null,
        title: text.length > 60 ? text : null }, link ? el('a', { href: link, text }) : text)
    }))
  }

  /** A plate's or dataset's page, and on it the well or image. @param {string} name @param {any[]} cells */
  link(name, cells) {
    const { containers = {} } = this.data
    if (name !== 'container' && name !== 'sample') return null
    const page = containers[cells[this.shown.indexOf('container')]]
    if (!page) return null
    return name === 'container' ? page : `${page}#${encodeURIComponent(cells[this.shown.indexOf(name)])}`
  }

  nothing() {
    return el('tr', {}, el('td', { class: 'empty', colspan: String(this.shown.length), text:
      'No row matches every filter. Clear a filter, or shorten what it looks for.' }))
  }

  /** @param {ParquetTable} file */
  #validity(file) {
    for (const [name, input] of this.inputs ?? []) {
      const wrong = parse(input.value, file.columns.get(name)?.kind ?? 'text') === undefined
      if (wrong) input.setAttribute('aria-invalid', 'true')
      else input.removeAttribute('aria-invalid')
    }
    this.kinds = Object.fromEntries([...file.columns].map(([name, column]) => [name, column.kind]))
  }

  #says() {
    const { view, matched, data } = this
    const start = (view.page - 1) * PAGE
    if (this.count) this.count.textContent = matched === data.rows ? `${count(data.rows)} samples` : `${count(matched)} of ${count(data.rows)} samples`
    if (this.range) this.range.textContent = matched ? `rows ${count(start + 1)}–${count(start + this.inPage)} of ${count(matched)}` : 'no rows'
    if (this.previous) this.previous.disabled = view.page <= 1
    if (this.next) this.next.disabled = start + PAGE >= matched
    if (this.pager) this.pager.hidden = matched <= PAGE
    if (this.sql) this.sql.href = `${atRoot('query/')}#${new URLSearchParams({ sql: this.query() })}`
  }

  /** What is shown, as SQL: the plain name of the file stays good when a later release gives it another digest. */
  query() {
    const path = decodeURIComponent(this.url.slice(atRoot('').length)).replace(/-[0-9a-f]{12}(?=\.parquet$)/, '')
    return toSql(quoteText(path), this.shown, this.view, this.kinds ?? {})
  }

  async export() {
    try {
      const file = await this.open()
      const rows = (await this.matching(file)) ?? Array.from({ length: file.rows }, (_, row) => row)
      /** @type {string[]} */
      const csv = []
      if (!rows.length) csv.push(toCsv(this.shown, []))
      await inSlices(rows.length, WRITTEN, async (from, to) => {
        csv.push(toCsv(this.shown, await file.cells(rows.slice(from, to), this.shown), from === 0))
      })
      const name = (this.url.split('/').pop() ?? 'samples').replace(/(-[0-9a-f]{12})?\.parquet$/, '')
      save(new Blob(csv, { type: 'text/csv' }), `${name}.csv`)
    } catch (error) {
      if (!this.problem) return
      this.problem.hidden = false
      this.problem.textContent = `The CSV could not be made: ${/** @type {Error} */ (error).message}.`
    }
  }
}

const root = document.querySelector('.table-view')
const table = root?.querySelector('table')
const data = pageData()
if (root instanceof HTMLElement && table instanceof HTMLTableElement && data.parquet) new SampleTable(root, table, data).start()
