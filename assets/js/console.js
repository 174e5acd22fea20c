// The query console: tables and columns beside an editor, the result below, the query in the address.

import { atRoot, bytes, copyText, count, el, pageData, save } from './dom.js'
import { editor, plainEditor } from './console-editor.js'
import { History } from './console-history.js'
import { LONGEST, partOf, queryIn } from './console-link.js'
import { linker, resultTable, rowsInWords } from './console-result.js'
import { readsOnly, statements } from './console-statements.js'
import { Cancelled, Database, QueryError } from './duckdb.js'
import { toCsv } from './filters.js'

/** @typedef {{name: string, url: string, rows: number, bytes: number, columns: {name: string, type: string, meaning?: string}[]}} Table */
/** @typedef {import('./duckdb.js').Answer} Answer */

const SHOWN = 1000
const LIMITS = [100, SHOWN, 10_000]
const FILTERED = 12 // components' tables from which a list of them gets a filter

const STARTING = 'Starting the query engine (4 MB, once) …'
const TOO_LONG = `The query is too long for a link (more than ${LONGEST.toLocaleString('en-GB')} characters, packed); save it as a file.`

/** A name as SQL writes it: quoted only where it must be. @param {string} name */
const sqlName = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) && !/^(column|row|order|group|table|select|from|where)$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

class Console {
  /** @param {HTMLElement} root @param {{tables: Table[], components: string[], examples: {question: string, sql: string}[]}} data */
  constructor(root, { tables, components, examples }) {
    this.root = root
    this.tables = tables
    this.components = components
    this.examples = examples
    this.database = new Database(tables.map(({ name, url }) => ({ name, url: new URL(url, document.baseURI).href })), atRoot(''), components)
    this.history = new History()
    this.part = '' // of the address, as we wrote it
    /** @type {{text: () => string, set: (text: string) => void, insert: (text: string) => void, focus: () => void}} */
    this.editor = { text: () => '', set: () => {}, insert: () => {}, focus: () => {} } // until start()
  }

  start() {
    this.run = this.run.bind(this)
    this.host = el('div', { class: 'console-editor' })
    this.go = el('button', { type: 'button', class: 'primary', text: 'Run', onclick: this.run })
    this.stop = el('button', { type: 'button', text: 'Cancel', disabled: true, onclick: () => this.database.cancel() })
    this.plan = el('button', { type: 'button', text: 'Explain', title: 'How the query would be answered, without running it', onclick: () => this.explain() })
    this.limit = el('select', { 'aria-label': 'Rows shown', onchange: () => { if (this.result.querySelector('table') && readsOnly(this.shown ?? '')) this.run() } },
      ...LIMITS.map((n) => el('option', { value: String(n), text: `first ${count(n)} rows` })))
    this.limit.value = String(SHOWN)
    this.past = el('ol', { class: 'console-past' })
    this.pastCount = el('span', { class: 'count' })
    this.status = el('span', { class: 'console-status', role: 'status' })
    this.facts = el('p', { class: 'console-facts' })
    this.result = el('div', { class: 'console-result' })
    this.downloads = el('div', { class: 'console-downloads', hidden: true })
    const chips = this.examples.map(({ question, sql }) =>
      el('button', { type: 'button', class: 'chip', text: question, onclick: () => { this.editor.set(sql); this.run() } }))
    // On a phone the list stands above the editor: there it begins closed.
    const roomy = matchMedia('(min-width: 900px)').matches
    const section = el('section', { id: 'console', class: 'console', 'aria-label': 'Query console' },
      el('div', { class: 'console-tables' }, ...this.tables.map((table, i) => this.table(table, i === 0 && roomy)), this.components.length > 0 && this.own()),
      el('div', { class: 'console-main' },
        el('div', { class: 'console-examples', role: 'group', 'aria-label': 'Examples' }, ...chips),
        this.host,
        el('div', { class: 'console-bar' }, this.go, this.stop, this.plan, this.limit, el('kbd', { text: 'Ctrl+Enter' }), this.status),
        this.result, this.facts, this.downloads,
        el('details', { class: 'console-history' }, el('summary', {}, 'History ', this.pastCount), this.past,
          el('p', { class: 'table-note', text: 'Kept in this browser only.' }))))
    document.getElementById('console')?.remove()
    this.root.append(section)

    this.remember()
    const surface = { doc: this.examples[0]?.sql ?? 'SELECT * FROM studies', run: this.run, changed: () => {} }
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
    addEventListener('hashchange', () => { if (location.hash.slice(1) !== this.part) this.follow() })
    addEventListener('storage', () => { this.history.read(); this.remember() })
    this.follow()
  }

  /** Runs what the address holds, if it holds a query. */
  async follow() {
    let sql
    try {
      sql = await queryIn(location.hash)
    } catch {
      this.status.textContent = 'The link is damaged: the query in it cannot be read. Was it cut when it was copied?'
      return
    }
    if (!sql?.trim()) return
    // The newest question counts.
    if (this.go.disabled) await this.database.cancel()
    this.editor.set(sql)
    this.run()
  }

  /** Components' own tables, by study and component. */
  own() {
    const buttons = this.components.map((name) => el('li', { 'data-name': name.toLowerCase() }, el('button', {
      type: 'button', class: 'console-column', text: name, title: 'Every original column of this component', onclick: () => this.editor.insert(`'studies/${name}'`),
    })))
    const filter = el('input', { type: 'search', class: 'console-filter', placeholder: 'Filter', 'aria-label': 'Filter components', oninput: () => {
      const typed = filter.value.trim().toLowerCase()
      for (const item of buttons) item.hidden = !item.dataset.name.includes(typed)
    } })
    return el('details', { class: 'console-table console-own' },
      el('summary', {}, el('span', { class: 'console-table-name', text: 'studies/…' }), ' ', el('span', { class: 'type', text: `${count(this.components.length)} tables with all original columns` })),
      buttons.length > FILTERED && filter, el('ul', {}, ...buttons))
  }

  /** Shows the history as it is. */
  remember() {
    const { entries } = this.history
    this.pastCount.textContent = count(entries.length)
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
    const items = entries.map((entry) => el('li', {},
      el('button', { type: 'button', class: 'console-again', title: entry.sql.slice(0, 2000), onclick: () => { this.editor.set(entry.sql); this.editor.focus() } },
        el('code', { text: entry.sql.replace(/\s+/g, ' ').slice(0, 160) }),
        el('span', { class: 'type', text: [day.format(entry.at), entry.rows !== null && `${count(entry.rows)} ${entry.rows === 1 ? 'row' : 'rows'}`, entry.seconds !== null && `${entry.seconds.toFixed(1)} s`].filter(Boolean).join(' · ') })),
      el('button', { type: 'button', class: 'console-forget', 'aria-label': `Forget the query ${entry.sql.slice(0, 60)}`, title: 'Forget', text: '×',
        onclick: () => { this.history.remove(entry); this.remember() } })))
    this.past.replaceChildren(...items, ...(items.length
      ? [el('li', {}, el('button', { type: 'button', class: 'console-insert', text: 'Forget all', onclick: () => { this.history.clear(); this.remember() } }))]
      : [el('li', { class: 'table-note', text: 'Queries that ran are listed here.' })]))
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
    this.plan.disabled = busy
    this.stop.disabled = !busy
    this.status.textContent = text
    this.root.classList.toggle('console-busy', busy)
  }

  /** Busy: starting the engine, where nobody has yet, and then with what was asked. @param {string} text what is said of that */
  #begin(text) {
    this.#busy(true, this.database.starting ? text : STARTING)
    const engine = this.database.start()
    engine.then(() => {
      // One that was cancelled while it started says nothing of the next.
      if (this.database.starting === engine && this.status.textContent === STARTING) this.status.textContent = text
    }, () => { /* the query that waits for it tells */ })
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
    this.shown = last
    await this.#address(sql)
    this.#begin('Running …')
    this.downloads.hidden = true
    this.facts.textContent = ''
    /** @type {Answer | null} */
    let drawn = null
    try {
      for (const part of parts.slice(0, -1)) await this.database.query(part, { limit: 0 })
      const answer = await this.database.query(last, { limit: Number(this.limit.value), onRows: (so) => {
        if (so.rows.length && !drawn) this.#draw((drawn = so))
        this.status.textContent = `Running … ${count(so.total)} rows so far`
      } })
      this.history.add(sql, answer.total, answer.seconds)
      this.remember()
      this.#draw(answer, await linker(this.database, answer).catch(() => null))
      this.#offer(last, answer.total)
      this.#busy(false, [parts.length > 1 && `${count(parts.length)} statements ran in order; this is the result of the last.`,
        !this.part && TOO_LONG].filter(Boolean).join(' '))
    } catch (error) {
      this.#busy(false, error instanceof Cancelled ? error.message : this.part ? '' : TOO_LONG)
      if (!(error instanceof Cancelled)) this.#wrong(/** @type {Error} */ (error), sql)
      else if (!drawn) this.result.replaceChildren()
      else this.facts.textContent = 'Cancelled while rows were coming: those shown are the first, and there may be more.'
    }
  }

  /** Writes the query into the address, where it is short enough. @param {string} sql */
  async #address(sql) {
    this.part = (await partOf(sql)) ?? ''
    history.replaceState(history.state, '', this.part ? `#${this.part}` : location.pathname + location.search)
  }

  /** How the query would be answered: its plan, and which tables it reads. */
  async explain() {
    const parts = statements(this.editor.text())
    if (this.go.disabled || !parts.length) return
    const last = parts[parts.length - 1].replace(/^explain\s+(analyze\s+)?/i, '')
    this.#begin('Explaining …')
    this.downloads.hidden = true
    try {
      for (const part of parts.slice(0, -1)) await this.database.query(part, { limit: 0 })
      const { rows } = await this.database.query(`EXPLAIN ${last}`)
      const read = this.tables.filter(({ name }) => new RegExp(`(\\b(from|join)|,)\\s*"?${name}\\b`, 'i').test(last))
      this.result.replaceChildren(el('div', { class: 'console-plan' },
        el('p', { class: 'note', text: `The plan, read from below: every step takes what the steps under it give. ${read.length ? `It reads of ${read.map((t) => `${t.name} (${bytes(t.bytes)})`).join(', ')} the columns and parts that it needs.` : ''}` }),
        el('pre', { class: 'sql', tabindex: '0', text: rows.map((row) => row[1]).join('\n') })))
      this.facts.textContent = ''
      this.#busy(false, 'Not run; this is how it would be.')
    } catch (error) {
      this.#busy(false, error instanceof Cancelled ? error.message : '')
      if (!(error instanceof Cancelled)) this.#wrong(/** @type {Error} */ (error), this.editor.text())
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

  /** @param {Answer} answer @param {import('./console-result.js').Linker | null} [links] */
  #draw(answer, links = null) {
    this.result.replaceChildren(resultTable(answer, atRoot(''), links))
    this.facts.textContent = `${rowsInWords(answer.rows.length, answer.total, count)} · ${answer.seconds.toFixed(2)} s · ${bytes(answer.bytes)} read`
  }

  /** @param {string} sql the statement whose rows are shown @param {number} total */
  #offer(sql, total) {
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
    const link = el('button', { type: 'button', class: 'tool', text: 'Copy link', disabled: !this.part, title: this.part ? null : TOO_LONG, onclick: () => copyText(link, location.href) })
    const text = this.editor.text()
    const file = el('button', { type: 'button', class: 'tool', text: 'SQL', onclick: () => save(new Blob([text], { type: 'application/sql' }), 'query.sql') })
    // A statement that changes something is not run again for a download.
    this.downloads.replaceChildren(...(readsOnly(sql) ? [csv, parquet, file, link] : [file, link]),
      ...(readsOnly(sql) ? [el('span', { class: 'table-note', text: `CSV and Parquet hold ${total === 1 ? 'the row' : `all ${count(total)} rows`}. In the CSV, text that a spreadsheet would run as a formula has an apostrophe before it.` })] : []))
    this.downloads.hidden = false
  }
}

const root = document.getElementById('console-root')
if (root) new Console(root, { tables: [], components: [], examples: [], ...pageData() }).start()
