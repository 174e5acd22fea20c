// The result of a query as a table whose cells lead back to pages: studies, components, plates, samples, terms, genes.

import { el, noValue } from './dom.js'
import { literal } from './explore-sql.js'
import { sampleHash } from './sample-hash.js'

/** @typedef {import('./duckdb.js').Answer} Answer
 * @typedef {import('./duckdb.js').Database} Database
 * @typedef {(row: any[], column: number) => string | null} Linker an address below the site's root, or outside, for a cell */

const WIDE = 300 // characters of a cell that are shown; downloads hold all
const NAMES = ['gene', 'name', 'symbol', 'title', 'entity', 'slug', 'image_id']

/** @param {string} text */
const part = (text) => encodeURIComponent(text)

/** The four parts of a sample's identifier; null where it is none. @param {any} id @returns {string[] | null} */
export function partsOf(id) {
  if (typeof id !== 'string') return null
  const parts = id.replace(/~\d+$/, '').split('/')
  if (parts.length !== 4) return null
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return null
  }
}

/** @param {Iterable<any>} values */
const listed = (values) => [...new Set(values)].filter((v) => typeof v === 'string').map(literal).join(', ')

/** @param {...string} names */
const key = (...names) => JSON.stringify(names)

/**
 * Which cell leads where. Addresses of plates, terms and entities are asked of the tables that hold them, as far as
 * columns of the result name such.
 * @param {Database} database @param {Answer} answer @returns {Promise<Linker>}
 */
export async function linker(database, { fields, rows }) {
  const at = new Map(fields.map(({ name }, i) => [name.toLowerCase(), i]))
  const value = (/** @type {any[]} */ row, /** @type {string} */ name) => (at.has(name) ? row[at.get(name) ?? 0] : null)
  /** @type {Map<string, string>} */
  const plates = new Map()
  /** @type {Map<string, string>} */
  const terms = new Map()
  /** @type {Map<string, string>} */
  const entities = new Map()
  const places = rows.map((row) => (at.has('sample_id') ? partsOf(value(row, 'sample_id')) : null) ??
    [value(row, 'study'), value(row, 'component'), value(row, 'container'), value(row, 'sample')])
  const placeOf = new Map(rows.map((row, i) => [row, places[i]]))
  const has = (/** @type {string} */ name) => database.sources.some((source) => source.name === name)
  if (has('containers') && (at.has('sample_id') || at.has('container')) && places.some(([s, c, p]) => s && c && p)) {
    const asked = await database.query(`SELECT study, component, container, address FROM containers WHERE study IN (${listed(places.map((p) => p[0]))})
      AND component IN (${listed(places.map((p) => p[1]))}) AND container IN (${listed(places.map((p) => p[2]))})`, { limit: Infinity })
    for (const [s, c, p, address] of asked.rows) plates.set(key(s, c, p), address)
  }
  if (has('terms') && at.has('term') && !at.has('address')) {
    const asked = await database.query('SELECT term, address FROM terms WHERE address IS NOT NULL', { limit: Infinity })
    for (const [term, address] of asked.rows) terms.set(term, address)
  }
  if (has('entities') && at.has('entity') && !at.has('address') && rows.length) {
    const asked = await database.query(`SELECT slug, kind, address FROM entities WHERE slug IN (${listed(rows.map((row) => value(row, 'entity')))})`, { limit: Infinity })
    for (const [slug, kind, address] of asked.rows) {
      entities.set(key(slug, kind), address)
      if (!entities.has(slug) || kind === 'gene') entities.set(slug, address)
    }
  }
  return (row, column) => {
    const cell = row[column]
    if (typeof cell !== 'string' || !cell) return null
    const name = fields[column].name.toLowerCase()
    const own = value(row, 'address')
    const [s, c, p, sample] = placeOf.get(row) ?? []
    const plate = s && c && p ? plates.get(key(s, c, p)) : undefined
    if (name === 'study') return `studies/${part(cell)}/`
    if (name === 'component') return s ? `studies/${part(s)}/${part(cell)}/` : null
    if (name === 'container') return plate ?? null
    if (name === 'sample' || name === 'sample_id') return plate && sample ? `${plate}#${sampleHash(sample)}` : null
    if (name === 'term') return (terms.get(cell) ?? (own && !NAMES.some((n) => at.has(n)) ? own : null))
    if (name === 'address' || name === 'thumbnail') return cell
    if (name === 'url' && /^https?:\/\//.test(cell)) return cell
    if (name === 'entity' && !own) return entities.get(key(cell, value(row, 'kind'))) ?? entities.get(cell) ?? null
    // The first column that names what the row's address is of.
    if (own && name === fields.find((f) => NAMES.includes(f.name.toLowerCase()))?.name.toLowerCase()) return own
    return null
  }
}

/** A cell's link: within this portal, or to another site in the open. @param {string} address @param {string} home @returns {URL | null} */
function safe(address, home) {
  try {
    const url = new URL(address, home)
    const inside = url.href.startsWith(home)
    return inside || (/^https?:\/\//.test(address) && /^https?:$/.test(url.protocol)) ? url : null
  } catch {
    return null
  }
}

/**
 * The table of an answer. `hidden` columns are used for links, not shown; `words` gives headings; `lists` are columns of several
 * values joined by `; `, each with an address of its own.
 * @param {Answer} answer @param {string} home @param {Linker | null} [links]
 * @param {{hidden?: string[], words?: Record<string, string>, lists?: Record<string, (value: string) => string>}} [options]
 */
export function resultTable({ fields, rows, total }, home, links = null, { hidden = [], words = {}, lists = {} } = {}) {
  const shown = fields.map((_, i) => i).filter((i) => !hidden.includes(fields[i].name))
  const cell = (/** @type {any[]} */ row, /** @type {number} */ i) => {
    const value = row[i]
    if (value === null) return el('td', { class: 'none' }, noValue())
    const whole = typeof value === 'object' ? JSON.stringify(value) : String(value)
    const text = whole.length > WIDE ? `${whole.slice(0, WIDE)} …` : whole
    const each = lists[fields[i].name]
    if (each) return el('td', {}, ...whole.split('; ').slice(0, 50).flatMap((v, n) => [n > 0 && ' ', el('a', { href: safe(each(v), home)?.href, text: v })]))
    const address = links?.(row, i)
    const url = address ? safe(address, home) : null
    const outside = url && !url.href.startsWith(home)
    return el('td', { class: fields[i].kind === 'number' ? 'number' : null },
      url ? el('a', { href: url.href, class: outside ? 'outside' : null, rel: outside ? 'nofollow noopener' : null, text }) : text)
  }
  const head = el('tr', {}, ...shown.map((i) =>
    el('th', { scope: 'col', class: fields[i].kind === 'number' ? 'number' : null, title: fields[i].type, text: words[fields[i].name] ?? fields[i].name })))
  const table = el('table', { class: 'result' }, el('caption', { class: 'visually-hidden', text: 'Result of the query' }),
    el('thead', {}, head), el('tbody', {}, ...rows.map((row) => el('tr', {}, ...shown.map((i) => cell(row, i))))))
  return el('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Result' }, table,
    total === 0 && el('p', { class: 'empty', text: 'The query ran and found no rows.' }))
}

/** "1,152 rows" or "first 1,000 of 26,112 rows". @param {number} shown @param {number} total @param {(n: number) => string} count @param {[string, string]} [words] */
export const rowsInWords = (shown, total, count, [one, many] = ['row', 'rows']) =>
  (shown < total ? `first ${count(shown)} of ${count(total)} ${many}` : `${count(total)} ${total === 1 ? one : many}`)
