// The query console: tables and columns beside an editor, the result below, the query in the address.

import { atRoot, bytes, copyText, count, el, noValue, pageData, save } from './dom.js'
import { editor, plainEditor } from './console-editor.js'
import { readsOnly, statements } from './console-statements.js'
import { Cancelled, Database, QueryError } from './duckdb.js'
import { toCsv } from './filters.js'

/** @typedef {{name: string, url: string, rows: number, bytes: number, columns: {name: string, type: string, meaning?: string}[]}} Table */
/** @typedef {import('./duckdb.js').Answer} Answer */

const SHOWN = 1000
const WIDE = 300 // characters of a cell that are shown; downloads hold all

/** A name as SQL writes it: quoted only where it must be. @param {string} name */
const sqlName = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) && !/^(column|row|order|group|table|select|from|where)$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

class Console {
  /** @param {HTMLElement} root @param {{tables: Table[], examples: {question: string, sql: string}[]}} data */
  constructor(root, { tables, examples }) {
    this.root = root
    this.tables = tables
    this.examples = examples
    this.database = new Database(tables.map(({ name, url }) => ({ name, url: new URL(url, document.baseURI).href })), atRoot(''))
    this.ran = ''
    /** @type {{text: () => string, set: (text: string) => void, insert: (text: string) => void, focus: () => void}} */
    this.editor = { text: () => '', set: () => {}, insert: () => {}, focus: () => {} } // until start()
  }

  start() {
    this.run = this.run.bind(this)
    this.host = el('div', { class: 'console-editor' })
    this.go = el('button', { type: 'button', class: 'primary', text: 'Run', onclick: this.run })
    this.stop = el('button', { type: 'button', text: 'Cancel', disabled: true, onclick: () => this.database.cancel() })
    this.status = el('span', { class: 'console-status', role: 'status' })
    this.facts = el('p', { class: 'console-facts' })
    this.result = el('div', { class: 'console-result' })
    this.downloads = el('div', { class: 'console-downloads', hidden: true })
    const chips = this.examples.map(({ question, sql }) =>
      el('button', { type: 'button', class: 'chip', text: question, onclick: () => { this.editor.set(sql); this.run() } }))
    // On a phone the list stands above the editor: there it begins closed.
    const roomy = matchMedia('(min-width: 900px)').matches
    const section = el('section', { id: 'console', class: 'console', 'aria-label': 'Query console' },
      el('div', { class: 'console-tables' }, ...this.tables.map((table, i) => this.table(table, i === 0 && roomy))),
      el('div', { class: 'console-main' },
        el('div', { class: 'console-examples', role: 'group', 'aria-label': 'Examples' }, ...chips),
        this.host,
        el('div', { class: 'console-bar' }, this.go, this.stop, el('kbd', { text: 'Ctrl+Enter' }), this.status),
        this.result, this.facts, this.downloads))
    document.getElementById('console')?.remove()
    this.root.append(section)

    const asked = new URLSearchParams(location.hash.slice(1)).get('sql')
    const surface = { doc: asked ?? this.examples[0]?.sql ?? 'SELECT * FROM studies', run: this.run, changed: () => {} }
    this.editor = plainEditor(this.host, surface)
    const host = el('div', { class: 'console-editor' })
    editor(host, { ...surface, tables: this.tables }).then((ready) => {
      ready.set(this.editor.text())
      const focused = this.host.contains(document.activeElement)
      this.host.replaceWith(host)
      this.host = host
      this.editor = ready
      if (focused) ready.focus()
    }, () => { /* the plain editor stays */ })
    addEventListener('hashchange', () => {
      const sql = new URLSearchParams(location.hash.slice(1)).get('sql')
      if (sql === null || sql === this.ran) return
      this.editor.set(sql)
      this.run()
    })
    if (asked) this.run()
  }

  /** @param {Table} table @param {boolean} open */
  table(table, open) {
    const column = (/** @type {Table['columns'][0]} */ c) => el('li', {}, el('button', {
      type: 'button', class: 'console-column', title: c.meaning ?? null, onclick: () => this.editor.insert(sqlName(c.name)),
    }, c.name, ' ', el('span', { class: 'type', text: c.type })))
    return el('details', { class: 'console-table', open },
      el('summary', {}, el('span', { class: 'console-table-name', text: table.name }), ' ',
        el('span', { class: 'type', text: `${count(table.rows)} rows · ${bytes(table.bytes)}` })),
      el('button', { type: 'button', class: 'console-column console-insert', text: `insert ${table.name}`, onclick: () => this.editor.insert(sqlName(table.name)) }),
      el('ul', {}, ...table.columns.map(column)))
  }

  /** @param {boolean} busy @param {string} text */
  #busy(busy, text) {
    this.go.disabled = busy
    this.stop.disabled = !busy
    this.status.textContent = text
    this.root.classList.toggle('console-busy', busy)
  }

  async run() {
    const sql = this.editor.text().trim()
    if (this.go.disabled) return
    const parts = statements(sql)
    if (!parts.length) {
      this.result.replaceChildren()
      this.facts.textContent = ''
      this.downloads.hidden = true
      this.status.textContent = 'Write a query first.'
      return
    }
    const last = parts[parts.length - 1]
    this.ran = sql
    history.replaceState(history.state, '', `#${new URLSearchParams({ sql })}`)
    this.#busy(true, this.database.starting ? 'Running …' : 'Starting the query engine (4 MB, once) …')
    this.downloads.hidden = true
    let drawn = false
    try {
      for (const part of parts.slice(0, -1)) await this.database.query(part, { limit: 0 })
      const answer = await this.database.query(last, { limit: SHOWN, onRows: (so) => {
        if (so.rows.length && !drawn) { drawn = true; this.#draw(so) }
        this.status.textContent = `Running … ${count(so.total)} rows so far`
      } })
      this.#draw(answer)
      this.#offer(last)
      this.#busy(false, parts.length > 1 ? `${count(parts.length)} statements ran in order; this is the result of the last.` : '')
    } catch (error) {
      this.#busy(false, error instanceof Cancelled ? error.message : '')
      if (!(error instanceof Cancelled)) this.#wrong(/** @type {Error} */ (error), sql)
      else if (!drawn) this.result.replaceChildren()
    }
  }

  /** @param {Error} error @param {string} sql */
  #wrong(error, sql) {
    this.facts.textContent = ''
    this.result.replaceChildren(el('div', { class: 'problem', role: 'alert' },
      // DuckDB marks the place with a caret below the line, which holds only where blanks and line breaks are kept.
      el('pre', { class: 'problem-message', text: error.message }),
      error instanceof QueryError && error.hint && el('p', { class: 'problem-hint', text: error.hint }),
      el('pre', { class: 'problem-sql', text: error instanceof QueryError && error.sql ? error.sql : sql })))
  }

  /** @param {Answer} answer */
  #draw({ fields, rows, total, seconds, bytes: read }) {
    const cell = (/** @type {any} */ value, /** @type {number} */ i) => {
      if (value === null) return el('td', { class: 'none' }, noValue())
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return el('td', { class: fields[i].kind === 'number' ? 'number' : null, text: text.length > WIDE ? `${text.slice(0, WIDE)} …` : text })
    }
    const head = el('tr', {}, ...fields.map((f) => el('th', { scope: 'col', class: f.kind === 'number' ? 'number' : null, title: f.type, text: f.name })))
    const table = el('table', { class: 'result' }, el('caption', { class: 'visually-hidden', text: 'Result of the query' }),
      el('thead', {}, head), el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map(cell)))))
    const empty = total === 0 && el('p', { class: 'empty', text: 'The query ran and found no rows.' })
    this.result.replaceChildren(el('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Result' }, table), ...(empty ? [empty] : []))
    const shown = rows.length < total ? ` (the first ${count(rows.length)} are shown)` : ''
    this.facts.textContent = `${count(total)} ${total === 1 ? 'row' : 'rows'}${shown} · ${seconds.toFixed(2)} s · ${bytes(read)} read`
  }

  /** @param {string} sql the statement whose rows are shown */
  #offer(sql) {
    const working = (/** @type {string} */ label, /** @type {() => Promise<void>} */ make) => {
      const button = el('button', { type: 'button', class: 'tool', text: label, onclick: async () => {
        if (this.go.disabled) return
        this.#busy(true, `Making the ${label} …`)
        try {
          await make()
          this.#busy(false, '')
        } catch (error) {
          this.#busy(false, error instanceof Cancelled ? error.message : `The ${label} could not be made: ${/** @type {Error} */ (error).message}`)
        }
      } })
      return button
    }
    const csv = working('CSV', async () => {
      /** @type {string[]} */
      const parts = []
      const { fields } = await this.database.query(sql, { each: (rows, fields) => {
        parts.push(toCsv(fields.map((f) => f.name), rows, parts.length === 0))
      } })
      save(new Blob(parts.length ? parts : [toCsv(fields.map((f) => f.name), [])], { type: 'text/csv' }), 'result.csv')
    })
    const parquet = working('Parquet', async () => save(new Blob([/** @type {any} */ (await this.database.parquet(sql))]), 'result.parquet'))
    const link = el('button', { type: 'button', class: 'tool', text: 'Copy link', onclick: () => copyText(link, location.href) })
    // A statement that changes something is not run again for a download.
    this.downloads.replaceChildren(...(readsOnly(sql) ? [csv, parquet, link] : [link]),
      ...(readsOnly(sql) ? [el('span', { class: 'table-note', text: 'All rows. In the CSV, text that a spreadsheet would run as a formula has an apostrophe before it.' })] : []))
    this.downloads.hidden = false
  }
}

const root = document.getElementById('console-root')
if (root) new Console(root, { tables: [], examples: [], ...pageData() }).start()
