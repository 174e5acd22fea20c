// A component's sample table: the first rows stand in the page; filters, order and further pages come from the Parquet
// file. What is shown is in the address, and is what CSV exports.

import { sampleHash } from './sample-hash.js'
import { atRoot, copyText, count, debounce, el, noValue, pageData } from './dom.js'
import { byKey, fromHash, keyed, numberIn, parse, predicate, quoteText, toHash, toSql } from './filters.js'
import { ParquetTable } from './parquet-table.js'
import { inOrder, kept, mapped } from './slices.js'
import { Columns } from './table-columns.js'
import { Downloads } from './table-downloads.js'

/** @typedef {import('./filters.js').View} View */

const PAGE = 200
const DRAWN = 50 // rows made at once
const SLOW = 300 // ms after which a reader is told what goes on, and may end it

/** @param {any[]} cells a whole column */
const everyRow = (cells) => Array.from(cells, (_, row) => row)

class SampleTable {
  /** @param {HTMLElement} root @param {HTMLTableElement} table @param {any} data page-data of the component's page */
  constructor(root, table, data) {
    this.root = root
    this.table = table
    this.data = data
    this.url = new URL(data.parquet, document.baseURI).href
    const heads = [...table.tHead?.rows[0].cells ?? []].filter((th) => th.dataset.column)
    /** @type {string[]} those the page shows */
    this.usual = heads.map((th) => th.dataset.column ?? '')
    /** @type {string[]} */
    this.all = data.all ?? this.usual
    this.labels = new Map(heads.map((th) => [th.dataset.column ?? '', th.textContent?.trim() ?? '']))
    // Columns of text that hold only numbers are aligned as numbers, as the page has them.
    this.numbers = new Set(heads.filter((th) => th.classList.contains('number')).map((th) => th.dataset.column ?? ''))
    this.inPage = table.tBodies[0].rows.length
    // The order in which answers come must not decide what is shown: only the last question counts, and ends the one before.
    this.stop = new AbortController()
    /** @type {Promise<ParquetTable> | null} */
    this.opening = null
    this.matched = data.rows
    /** @type {View} */
    this.view = fromHash(location.hash, this.all)
    this.shown = this.#columns()
    this.shownBefore = this.usual
  }

  start() {
    this.#tools()
    this.#heads()
    this.#pager()
    this.#says()
    addEventListener('hashchange', () => {
      this.view = fromHash(location.hash, this.all)
      this.#fields()
      this.show()
    })
    this.#fields()
    if (!toHash(this.view)) return
    // Who comes by a link to some rows wants to see those.
    this.root.scrollIntoView({ block: 'start' })
    this.show()
  }

  /** The columns that are shown: those chosen, and any that a filter or the order speaks of. */
  #columns() {
    const { columns = this.usual, filters, sort } = this.view
    return [...new Set([...columns, ...Object.keys(filters).filter((name) => filters[name].trim()), ...(sort ? [sort.column] : [])])]
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
    this.progress = el('p', { class: 'table-progress', hidden: true }, this.doing = el('span', { role: 'status' }), ' ',
      el('button', { type: 'button', class: 'tool', text: 'Cancel', onclick: () => this.stop.abort(new DOMException('Cancelled', 'AbortError')) }))
    this.problem = el('p', { class: 'problem', role: 'alert', hidden: true })
    this.columns = new Columns(this.all, this.usual, (columns) => {
      // The order speaks of a column that is no longer wanted: it goes with it. A filter stays until it is cleared.
      const sort = this.view.sort && columns && !columns.includes(this.view.sort.column) ? null : this.view.sort
      this.view = { ...this.view, columns, sort }
      this.#keep()
      this.#fields()
      this.show()
    })
    const { bytes, rows, sha256 = '', name = 'samples' } = this.data
    this.downloads = new Downloads({ url: this.url, bytes, sha256, rows, all: this.all, name }, (what, work) => this.#run(`The ${what}`, work),
      async (stop) => {
        const file = await this.open()
        const matching = await this.matching(file, stop)
        return { file, rows: matching, view: this.view, kinds: this.#kinds(file), shown: this.shown }
      }, (text) => this.#tell(text))
    const tools = el('div', { class: 'table-tools' }, this.count,
      el('div', { class: 'table-actions' }, this.columns.element, this.downloads.element, this.sql, link))
    // What the page says of its first rows gives way to what is shown now.
    const caption = this.root.querySelector('.table-caption')
    if (caption?.id) this.count.id = caption.id
    caption?.remove()
    const given = this.root.querySelector('.table-tools')
    if (given) given.replaceWith(tools)
    else this.root.prepend(tools)
    tools.after(this.progress, this.problem)
    const menus = [this.columns.element, this.downloads.element]
    addEventListener('click', (e) => { for (const menu of menus) if (e.target instanceof Node && !menu.contains(e.target)) menu.open = false })
    tools.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => {
      const open = menus.find((menu) => menu.open)
      if (e.key !== 'Escape' || !open) return
      open.open = false
      open.querySelector('summary')?.focus()
    })
  }

  #heads() {
    const head = /** @type {HTMLTableSectionElement} */ (this.table.tHead)
    const typed = debounce(() => {
      this.view = { ...this.view, page: 1, filters: Object.fromEntries([...this.inputs ?? []].map(([name, input]) => [name, input.value])) }
      this.#keep()
      this.#fields()
      this.show()
    }, 200)
    /** @type {Map<string, HTMLInputElement>} */
    const before = this.inputs ?? new Map()
    /** @type {Map<string, HTMLInputElement>} */
    this.inputs = new Map()
    const focused = [...before].find(([, input]) => input === document.activeElement)
    const caret = focused?.[1].selectionStart ?? null
    const heads = this.shown.map((name) => {
      const label = this.labels.get(name) ?? name
      return el('th', { scope: 'col', 'data-column': name, class: this.numbers.has(name) ? 'number' : null },
        el('button', { type: 'button', class: 'sort', onclick: () => this.#sort(name) }, label, el('span', { class: 'sort-mark', 'aria-hidden': 'true' })))
    })
    const fields = this.shown.map((name) => {
      const input = before.get(name) ?? el('input', {
        class: 'filter-input', type: 'text', 'aria-label': `Filter ${this.labels.get(name) ?? name}`, spellcheck: 'false', autocomplete: 'off',
        title: 'Part of the text; =exact, !not, >5, 2..8, = for no value, != for any', oninput: typed,
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          if (e.key !== 'Escape' || !input.value) return
          input.value = ''
          typed()
        },
      })
      this.inputs?.set(name, input)
      return el('td', {}, input)
    })
    head.replaceChildren(el('tr', {}, ...heads), el('tr', { class: 'filter-row' }, ...fields))
    // Taking a field out of the page and putting it back loses the cursor in it.
    if (focused?.[1].isConnected) {
      focused[1].focus({ preventScroll: true })
      focused[1].setSelectionRange(caret, caret)
    }
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
    this.root.append(this.pager)
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
    const shown = this.#columns()
    // While a reader types, its column stands where it stands; one that is no longer asked for goes with the next change of columns.
    if (shown.join('\n') !== this.shownBefore.join('\n')) {
      this.shown = shown
      this.shownBefore = shown
      this.#heads()
    }
    this.columns?.show(this.shown)
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

  /** Work that is shown, can be cancelled, and ends whatever was being done; whether it was the last that was asked for. @param {string} what @param {(stop: AbortSignal) => Promise<void>} work */
  async #run(what, work) {
    this.stop.abort(new DOMException('Another question came', 'AbortError'))
    const stop = (this.stop = new AbortController())
    const slow = setTimeout(() => { if (this.progress && this.stop === stop) this.progress.hidden = false }, SLOW)
    this.#tell('Reading the table …')
    if (this.problem) this.problem.hidden = true
    try {
      await work(stop.signal)
    } catch (error) {
      if (this.stop !== stop || !this.problem) return false
      const cancelled = stop.signal.aborted
      this.problem.hidden = false
      this.problem.textContent = cancelled ? `${what} ended where you cancelled; what is shown is as it was before.`
        : `${what} could not be made: ${/** @type {Error} */ (error).message}. Try again, or download the whole table.`
    } finally {
      clearTimeout(slow)
      if (this.stop === stop && this.progress) this.progress.hidden = true
    }
    return this.stop === stop
  }

  /** @param {string} text */
  #tell(text) {
    if (this.doing) this.doing.textContent = text
  }

  /** @param {ParquetTable} file @returns {Record<string, import('./filters.js').Kind>} */
  #kinds(file) {
    return (this.kinds = Object.fromEntries([...file.columns].map(([name, column]) => [name, column.kind])))
  }

  /** @param {ParquetTable} file @param {string} name @param {AbortSignal} stop */
  #read(file, name, stop) {
    const label = this.labels.get(name) ?? name
    return file.column(name, { stop, told: (done, all) => this.#tell(`Reading ${label}: ${done} of ${all} parts`) })
  }

  /**
   * Row numbers that match, in order; null where that is simply all of them.
   * @param {ParquetTable} file @param {AbortSignal} stop @returns {Promise<number[] | null>}
   */
  async matching(file, stop) {
    /** @type {number[] | null} */
    let rows = null
    for (const [name, text] of Object.entries(this.view.filters)) {
      const column = file.columns.get(name)
      const test = column && parse(text, column.kind)
      if (!test) continue
      const [cells, holds] = [await this.#read(file, name, stop), predicate(test)]
      rows = await kept(rows ?? everyRow(cells), (row) => holds(cells[row]), stop)
    }
    if (this.view.sort && file.columns.has(this.view.sort.column)) {
      const cells = await this.#read(file, this.view.sort.column, stop)
      this.#tell(`Sorting ${count(rows?.length ?? file.rows)} rows …`)
      const keys = await mapped(rows ?? everyRow(cells), (row) => keyed(row, cells[row]), undefined, stop)
      rows = await mapped(await inOrder(keys, byKey(this.view.sort.descending), stop), ({ row }) => row, undefined, stop)
    }
    return rows
  }

  async show() {
    this.root.classList.add('table-busy')
    this.table.setAttribute('aria-busy', 'true')
    const last = await this.#run('The rows', async (stop) => {
      const file = await this.open()
      const [view, shown] = [this.view, this.shown]
      const rows = await this.matching(file, stop)
      const matched = rows ? rows.length : file.rows
      const page = Math.min(view.page, Math.max(1, Math.ceil(matched / PAGE)))
      const start = (page - 1) * PAGE
      const numbers = rows ? rows.slice(start, start + PAGE) : Array.from({ length: Math.min(PAGE, matched - start) }, (_, i) => start + i)
      const cells = await file.cells(numbers, shown)
      stop.throwIfAborted()
      this.#aligned(cells, shown)
      const made = cells.length ? await mapped(cells, (row) => this.row(row, file, shown), DRAWN, stop) : [this.nothing()]
      stop.throwIfAborted()
      this.matched = matched
      if (page !== view.page) this.view = { ...view, page }
      this.#kinds(file)
      this.#validity(file)
      this.table.tBodies[0].replaceChildren(...made)
      this.inPage = cells.length
      this.#says()
    })
    if (last) {
      this.root.classList.remove('table-busy')
      this.table.removeAttribute('aria-busy')
    }
  }

  /** Columns that the page did not show are aligned by what they hold. @param {any[][]} cells @param {string[]} shown */
  #aligned(cells, shown) {
    shown.forEach((name, i) => {
      if (this.labels.has(name) || !cells.some((row) => row[i] !== null)) return
      const number = cells.every((row) => row[i] === null || typeof row[i] === 'number' || (typeof row[i] === 'string' && numberIn(row[i]) !== null))
      this.numbers[number ? 'add' : 'delete'](name)
      this.table.tHead?.rows[0].cells[i]?.classList.toggle('number', number)
    })
  }

  /** @param {any[]} cells @param {ParquetTable} file @param {string[]} shown */
  row(cells, file, shown) {
    return el('tr', {}, ...cells.map((cell, i) => {
      const name = shown[i]
      if (cell == null) return el('td', { class: 'none' }, noValue())
      const text = typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : String(cell)
      const link = this.link(name, cells, shown)
      return el('td', { class: this.numbers.has(name) || file.columns.get(name)?.kind === 'number' ? 'number' : text.length > 60 ? 'wide' : null,
        title: text.length > 60 ? text : null }, link ? el('a', { href: link, text }) : text)
    }))
  }

  /** A plate's or dataset's page, and on it the well or image. @param {string} name @param {any[]} cells @param {string[]} shown */
  link(name, cells, shown) {
    const { containers = {} } = this.data
    if (name !== 'container' && name !== 'sample') return null
    const page = containers[cells[shown.indexOf('container')]]
    if (!page) return null
    return name === 'container' ? page : `${page}#${sampleHash(cells[shown.indexOf(name)])}`
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
  }

  #says() {
    const { view, matched, data } = this
    const start = (view.page - 1) * PAGE
    if (this.count) this.count.textContent = matched === data.rows ? `${count(data.rows)} samples` : `${count(matched)} of ${count(data.rows)} samples`
    if (this.range) this.range.textContent = matched ? `rows ${count(start + 1)}–${count(start + this.inPage)} of ${count(matched)}` : 'no rows'
    if (this.previous) this.previous.disabled = view.page <= 1
    if (this.next) this.next.disabled = start + PAGE >= matched
    if (this.pager) this.pager.hidden = matched <= PAGE
    this.downloads?.show(matched, this.shown.length)
    if (this.sql) this.sql.href = `${atRoot('query/')}#${new URLSearchParams({ sql: this.query() })}`
  }

  /** What is shown, as SQL: the plain name of the file stays good when a later release gives it another digest. */
  query() {
    const path = decodeURIComponent(this.url.slice(atRoot('').length)).replace(/-[0-9a-f]{12}(?=\.parquet$)/, '')
    return toSql(quoteText(path), this.shown, this.view, this.kinds ?? {})
  }
}

const root = document.querySelector('.table-view')
const table = root?.querySelector('table')
const data = pageData()
if (root instanceof HTMLElement && table instanceof HTMLTableElement && data.parquet) new SampleTable(root, table, data).start()
