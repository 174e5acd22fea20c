// DuckDB in the browser, behind one module: @duckdb/duckdb-wasm 1.28.0 (DuckDB 0.9.1), the last with Parquet built in.
// One engine a page, started when first asked, shared by all who ask meanwhile.

import { vendor, vendorUrl } from './vendor.js'

/** @typedef {{name: string, url: string}} Source a table of the dump: its name, and its Parquet file's address */
/** @typedef {{name: string, type: string, kind: 'number' | 'text' | 'flag'}} Field */
/** @typedef {{fields: Field[], rows: any[][], total: number, seconds: number, bytes: number}} Answer */

const START = 60_000 // ms; a policy that forbids WebAssembly makes its start hang instead of fail
export const MEMORY = '1 GB' // what a query may take; a browser's page has some 2 to 4 GB in all
const CANCEL = 1_000 // ms; a query inside one long task hears of its cancelling only after it

/** Something the reader can act on: what happened, and the SQL it happened to. */
export class QueryError extends Error {
  /** @param {string} message @param {string} sql @param {string} [hint] what to do */
  constructor(message, sql, hint = '') {
    super(message)
    this.name = 'QueryError'
    this.sql = sql
    this.hint = hint
  }
}
export class Cancelled extends QueryError {}

/**
 * Code before DuckDB's own in the worker: counts what its requests bring in, and tells it through a port. The worker
 * is a blob, so that the page's own policy binds it on hosts that send no headers.
 * @param {string} script
 */
const workerCode = (script) => `
let read = 0, port = null
const tell = () => port && port.postMessage(read)
addEventListener('message', (e) => {
  if (e.data && e.data.slidecase === 'port') { port = e.ports[0]; e.stopImmediatePropagation() }
})
const send = XMLHttpRequest.prototype.send
XMLHttpRequest.prototype.send = function (...all) {
  send.apply(this, all)
  try {
    const body = this.response
    read += typeof body === 'string' ? body.length : body ? body.byteLength : 0
  } catch (error) { /* an asynchronous request has no body yet; DuckDB reads files synchronously */ }
  tell()
}
importScripts(${JSON.stringify(script)})
`

/** @template T @param {Promise<T>} promise @param {number} ms @param {string} what @returns {Promise<T>} */
function within(promise, ms, what) {
  /** @type {any} */
  let timer
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(what)), ms) })
  return /** @type {Promise<T>} */ (Promise.race([promise, late])).finally(() => clearTimeout(timer))
}

/** A value of Arrow as something a table and a CSV can show. BigInts become numbers where they fit, else text. @param {any} v @returns {any} */
export function plain(v) {
  if (v === null || v === undefined) return null
  if (typeof v === 'bigint') return Number.isSafeInteger(Number(v)) ? Number(v) : String(v)
  if (typeof v !== 'object') return v
  if (v instanceof Date) return v.toISOString()
  if (v instanceof Uint8Array) return [...v].map((b) => b.toString(16).padStart(2, '0')).join('')
  if (typeof v.toArray === 'function' && typeof v.get === 'function') return Array.from(v, plain)
  if (ArrayBuffer.isView(v) || Array.isArray(v)) return Array.from(/** @type {any} */ (v), plain)
  if (typeof v.toJSON === 'function') return plain(v.toJSON())
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]))
}

export class Database {
  /** @param {Source[]} sources @param {string} home address of the site's root @param {string[]} [components] accession/component of every component's own table */
  constructor(sources, home, components = []) {
    this.sources = sources
    this.home = home
    this.components = components
    /** @type {Promise<any> | null} */
    this.starting = null
    this.bytes = 0
    /** @type {((e: Error) => void) | null} */
    this.abandon = null
  }

  /** The engine: {db, connection, worker, library, views}. */
  start() {
    this.starting ??= this.#start()
    this.starting.catch(() => (this.starting = null))
    return this.starting
  }

  async #start() {
    const library = await vendor('duckdb')
    const address = URL.createObjectURL(new Blob([workerCode(vendorUrl('duckdb-worker.js'))], { type: 'text/javascript' }))
    const worker = new Worker(address)
    const failed = new Promise((_, reject) => worker.addEventListener('error', (e) => reject(new Error(e.message || 'its worker could not start'))))
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = (e) => (this.bytes = e.data)
    worker.postMessage({ slidecase: 'port' }, [port2])
    this.bytes = 0
    const begin = async () => {
      const db = new library.AsyncDuckDB(new library.VoidLogger(), worker)
      await db.instantiate(vendorUrl('duckdb-eh.wasm'))
      await db.open({
        // Casting BigInt to double corrupts those inside lists and structs; they are converted in plain().
        query: { castBigIntToDouble: false, castDecimalToDouble: true },
        // A server without Range is answered by reading whole files: slow, never wrong.
        filesystem: { allowFullHTTPReads: true },
      })
      const connection = await db.connect()
      await connection.query(`SET memory_limit='${MEMORY.replace(' ', '')}'`)
      return { db, connection, worker, library, views: new Set(), files: new Set() }
    }
    try {
      const engine = await within(Promise.race([begin(), failed]), START, 'it did not start within a minute')
      // What breaks the worker later answers no query any more.
      worker.addEventListener('error', (e) => this.abandon?.(new Error(e.message || 'its worker broke')))
      return engine
    } catch (error) {
      worker.terminate()
      throw new Error(`the query engine could not start: ${/** @type {Error} */ (error).message}`)
    } finally {
      URL.revokeObjectURL(address)
    }
  }

  /**
   * Makes a view of every table that the SQL names, and opens files it names by their path below the site's root
   * ('data/….parquet') or, a component's own table, by study and component ('studies/…/…', with or without .parquet).
   * Only these are fetched from.
   * @param {any} engine @param {string} sql
   */
  async #prepare(engine, sql) {
    const text = sql.toLowerCase()
    const all = /\b(show|information_schema|duckdb_\w+|pragma|describe)\b/.test(text)
    const file = async (/** @type {string} */ name, /** @type {string} */ url) => {
      if (engine.files.has(name)) return
      await engine.db.registerFileURL(name, url, engine.library.DuckDBDataProtocol.HTTP, false)
      engine.files.add(name)
    }
    for (const { name, url } of this.sources) {
      if (engine.views.has(name) || !(all || text.includes(name.toLowerCase()))) continue
      const path = `${name}.parquet`
      await file(path, url)
      await engine.connection.query(`CREATE VIEW IF NOT EXISTS "${name.replaceAll('"', '""')}" AS SELECT * FROM parquet_scan('${path.replaceAll("'", "''")}')`)
      engine.views.add(name)
    }
    for (const [, name, study, component, end = ''] of sql.matchAll(/['"]((?:data\/)?studies\/([^'"\s/]+)\/([^'"/]+?)(\.parquet)?)['"]/g)) {
      if (name.startsWith('data/') && end) continue // a path, which may hold a digest
      if (this.components.length && !this.components.includes(`${study}/${component}`)) {
        const others = this.components.filter((c) => c.startsWith(`${study}/`))
        throw new QueryError(`There is no table '${name}' here.`, sql, others.length ? `${study} has ${others.map((c) => `'studies/${c}'`).join(', ')}.` : 'The list beside the editor names the tables of all components.')
      }
      const url = new URL(['data', 'studies', study, `${component}.parquet`].map(encodeURIComponent).join('/'), this.home).href
      const path = `studies/${study}/${component}.parquet`
      await file(path, url)
      if (end || engine.views.has(name)) continue
      await engine.connection.query(`CREATE VIEW IF NOT EXISTS "${name}" AS SELECT * FROM parquet_scan('${path.replaceAll("'", "''")}')`)
      engine.views.add(name)
    }
    for (const [, path] of sql.matchAll(/'(data\/[^'\s][^']*\.parquet)'/gi)) {
      // Each part encoded: a component's name may hold what a URL gives a meaning.
      await file(path, new URL(path.split('/').map(encodeURIComponent).join('/'), this.home).href)
    }
  }

  /**
   * Runs one statement. `total` counts every row; `rows` holds the first `limit` of them.
   * @param {string} sql
   * @param {{limit?: number, onRows?: (answer: Answer) => void, each?: (rows: any[][], fields: Field[]) => void}} [options]
   * @returns {Promise<Answer>}
   * @throws {QueryError} with the SQL; {Cancelled} after cancel()
   */
  async query(sql, { limit = 1000, onRows, each } = {}) {
    const stopped = new Promise((_, reject) => (this.abandon = reject))
    stopped.catch(() => {})
    const run = async () => {
      const engine = await this.start()
      const began = performance.now()
      const before = this.bytes
      await this.#prepare(engine, sql)
      // What this removes is made again when it is next asked for.
      if (/\b(drop|alter|rollback)\b/i.test(sql)) engine.views.clear()
      const reader = await engine.connection.send(sql)
      /** @type {Field[]} */
      let fields = []
      /** @type {any[][]} */
      const rows = []
      let total = 0
      const answer = () => ({ fields, rows, total, seconds: (performance.now() - began) / 1000, bytes: this.bytes - before })
      const batches = reader[Symbol.asyncIterator]()
      for (;;) {
        const { done, value: batch } = await batches.next()
        if (!fields.length && reader.schema) fields = reader.schema.fields.map((/** @type {any} */ f) => fieldOf(f, engine.library.DataType))
        if (done) break
        const wanted = each ? batch.numRows : Math.max(0, Math.min(batch.numRows, limit - rows.length))
        const read = rowsOf(batch, fields, wanted)
        if (each) each(read, fields)
        else rows.push(...read)
        total += batch.numRows
        onRows?.(answer())
      }
      return answer()
    }
    try {
      return /** @type {Answer} */ (await Promise.race([run(), stopped]))
    } catch (error) {
      if (error instanceof QueryError) throw error
      throw this.#told(/** @type {Error} */ (error), sql)
    } finally {
      this.abandon = null
    }
  }

  /** What happened, in words, and what to do. @param {Error} error @param {string} sql */
  #told(error, sql) {
    const { message } = error
    if (/Out of Memory|could not allocate|failed to allocate|Array buffer allocation failed/i.test(message)) {
      return new QueryError(`The query needed more memory than the ${MEMORY} that it may take in a browser.`, sql, NARROWER)
    }
    // What breaks WebAssembly itself leaves nothing that could be trusted.
    if (/out of bounds|unreachable|call stack|null function|Aborted|worker broke|signature mismatch|memory access/i.test(message) || error.name === 'RuntimeError') {
      if (this.starting) this.#end(this.starting)
      return new QueryError(`The query engine broke down, for want of memory${sql.length > 20_000 ? ' or because the query is very long' : ', most likely'}; it starts anew with the next query.`, sql, NARROWER)
    }
    return new QueryError(message, sql, hintFor(message, sql))
  }

  /** Stops the running query: asks for a second, then ends the engine; the next query starts another. */
  async cancel() {
    const { abandon, starting } = this
    if (!abandon || !starting) return
    const stop = (/** @type {string} */ how) => abandon(new Cancelled(how, ''))
    try {
      const engine = await within(starting, CANCEL, 'not started')
      await within(engine.connection.cancelSent(), CANCEL, 'not heard')
      // The stream may still wait for a task that has already begun.
      await new Promise((resolve) => setTimeout(resolve, 50))
      stop('Cancelled.')
      await within(engine.connection.query('SELECT 1'), CANCEL, 'still busy')
    } catch {
      stop('Cancelled; the query engine was started anew.')
      this.#end(starting)
    }
  }

  /** @param {Promise<any>} starting */
  #end(starting) {
    if (this.starting === starting) this.starting = null
    starting.then((engine) => engine.worker.terminate(), () => {})
  }

  /** The rows of a statement as a Parquet file. @param {string} sql @returns {Promise<Uint8Array>} */
  async parquet(sql) {
    const inner = sql.trim().replace(/;\s*$/, '')
    // The console's own names end in a number, so that a table called result cannot be meant.
    const name = `result-${Date.now()}.parquet`
    await this.query(`COPY (${inner}\n) TO '${name}' (FORMAT PARQUET, COMPRESSION ZSTD)`)
    const { db } = await this.start()
    try {
      return await db.copyFileToBuffer(name)
    } finally {
      await db.dropFile(name)
    }
  }
}

/** @param {any} field of Arrow @param {any} DataType @returns {Field} */
function fieldOf(field, DataType) {
  const { type } = field
  const kind = DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type) ? 'number' : DataType.isBool(type) ? 'flag' : 'text'
  const name = DataType.isDate(type) ? 'date' : DataType.isTimestamp(type) ? 'timestamp' : DataType.isUtf8(type) ? 'text' : String(type).toLowerCase()
  return { name: field.name, type: name, kind }
}

/** @param {any} batch @param {Field[]} fields @param {number} n */
function rowsOf(batch, fields, n) {
  const columns = fields.map((field, i) => {
    const vector = batch.getChildAt(i)
    return Array.from({ length: n }, (_, row) => temporal(vector.get(row), field.type))
  })
  return Array.from({ length: n }, (_, row) => columns.map((column) => column[row]))
}

/** Dates and times arrive as numbers or Dates, in UTC. @param {any} value @param {string} type */
function temporal(value, type) {
  if (value == null || (type !== 'date' && type !== 'timestamp')) return plain(value)
  const text = new Date(Number(value)).toISOString()
  return type === 'date' ? text.slice(0, 10) : text.replace('T', ' ').replace(/(\.000)?Z$/, '')
}

const NARROWER = "Narrow it: name the columns instead of *, filter by study (WHERE study = '…'), count or group before joining, or take away an ORDER BY."

/** What to do about DuckDB's message, where that is known. @param {string} message @param {string} sql */
function hintFor(message, sql) {
  const column = message.match(/Referenced column "([^"]*)" not found/)?.[1]
  if (column !== undefined && sql.includes(`"${column}"`)) return `Text stands in single quotes: '${column}'. Double quotes name a column.`
  const hints = /** @type {[RegExp, string][]} */ ([
    [/multiple statements/i, 'Run one statement at a time.'],
    [/Failed to (open|load)|HTTP|NetworkError|network/i, 'Only files of this portal can be read here; is the connection up?'],
    [/json/i, 'This console has no JSON functions (DuckDB 0.9.1).'],
    [/Table with name .* does not exist/i, 'The tables are listed beside the editor; a click writes their name.'],
  ])
  return hints.find(([pattern]) => pattern.test(message))?.[1] ?? ''
}
