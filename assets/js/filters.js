// One filter syntax for every table: what a reader types ↔ the address ↔ a test of a row ↔ SQL. Pure functions; a test
// holds the row test and DuckDB to one another.
//
//   sgo      holds "sgo", in any case        !sgo     does not
//   =SGO1    is exactly SGO1                 !=SGO1   is not
//   =        has no value                    !=       has a value
//   >5 >=5 <5 <=5 2..8                       numbers, also where a text column holds them
//
// In a column of numbers a bare number means equality; in a column of flags: yes, no.

/** @typedef {'text' | 'number' | 'flag' | 'list'} Kind a list is read as its values joined by `; ` */
/** @typedef {{op: 'holds' | 'lacks' | 'is' | 'not', value: string | number | boolean}
 *   | {op: 'none'} | {op: 'any'} | {op: '>' | '>=' | '<' | '<=', value: number}
 *   | {op: 'between', from: number, to: number}} Test */
/** @typedef {{filters: Record<string, string>, sort: {column: string, descending: boolean} | null, page: number,
 *   columns?: string[]}} View `columns`: those shown, where they are not the page's own */

// A number as tables write one. Short enough that every reader casts it to the same double.
const NUMBER = /^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?$/
const TAIL = /^(.*?)([0-9]{0,15})$/s

/** @param {string} text @returns {number | null} */
export const numberIn = (text) => (NUMBER.test(text) ? Number(text) : null)

/** Lower case a code point at a time, as SQL's lower() does (no final sigma, no growth). @param {string} text */
function lower(text) {
  let out = ''
  for (const c of text) {
    const l = c === 'İ' ? 'i' : c.toLowerCase()
    out += [...l].length === 1 ? l : c
  }
  return out
}

/**
 * What a reader typed, understood. Null where nothing was typed; undefined where it means nothing in such a column.
 * @param {string} text @param {Kind} kind @returns {Test | null | undefined}
 */
export function parse(text, kind) {
  const typed = text.trim()
  if (!typed) return null
  if (typed === '=') return { op: 'none' }
  if (typed === '!=') return { op: 'any' }
  const between = typed.match(/^(\S+?)\s*\.\.\s*(\S+)$/)
  const [from, to] = between ? [numberIn(between[1]), numberIn(between[2])] : [null, null]
  if (kind !== 'flag' && from !== null && to !== null) return { op: 'between', from, to }
  const [, sign, rest] = /** @type {RegExpMatchArray} */ (typed.match(/^(>=|<=|!=|[=<>!]?)\s*(.*)$/s))
  if (sign === '>' || sign === '>=' || sign === '<' || sign === '<=') {
    const value = numberIn(rest)
    return value === null || kind === 'flag' ? undefined : { op: sign, value }
  }
  const not = sign.startsWith('!')
  if (kind === 'number') {
    const value = numberIn(rest)
    return value === null ? undefined : { op: not ? 'not' : 'is', value }
  }
  if (kind === 'flag') {
    const value = /^(yes|true|1)$/i.test(rest) ? true : /^(no|false|0)$/i.test(rest) ? false : null
    return value === null ? undefined : { op: not ? 'not' : 'is', value }
  }
  if (!rest) return undefined
  return sign.endsWith('=') ? { op: not ? 'not' : 'is', value: rest } : { op: not ? 'lacks' : 'holds', value: rest }
}

/**
 * A test of one cell: text, number, boolean or null.
 * @param {Test} test @returns {(cell: any) => boolean}
 */
export function predicate(test) {
  const number = (/** @type {any} */ cell) => (typeof cell === 'number' ? cell : typeof cell === 'string' ? numberIn(cell) : null)
  switch (test.op) {
    case 'none': return (cell) => cell == null
    case 'any': return (cell) => cell != null
    case 'is': return (cell) => cell === test.value
    case 'not': return (cell) => cell !== test.value
    case 'holds': case 'lacks': {
      const wanted = lower(String(test.value))
      const holds = (/** @type {any} */ cell) => cell != null && lower(String(cell)).includes(wanted)
      return test.op === 'holds' ? holds : (cell) => !holds(cell)
    }
    case 'between': return (cell) => { const n = number(cell); return n !== null && n >= test.from && n <= test.to }
    case '>': return (cell) => { const n = number(cell); return n !== null && n > test.value }
    case '>=': return (cell) => { const n = number(cell); return n !== null && n >= test.value }
    case '<': return (cell) => { const n = number(cell); return n !== null && n < test.value }
    case '<=': return (cell) => { const n = number(cell); return n !== null && n <= test.value }
  }
}

/** Order of two texts by code point, as SQL orders UTF-8. @param {string} a @param {string} b */
export function byCodePoint(a, b) {
  if (a === b) return 0
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue
    // Where code units differ, a surrogate stands for something above every other unit.
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    const [high, low] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff]
    return high !== low ? (high ? 1 : -1) : x - y
  }
  return a.length - b.length
}

/**
 * The key by which a cell sorts: numbers by value, then text by what stands before its last digits, then by those
 * digits as a number (A2 before A10), then as it is.
 * @param {any} cell
 */
function sortKey(cell) {
  if (typeof cell !== 'string') return { number: Number(cell), stem: '', tail: null, text: '' }
  const [, stem, digits] = /** @type {RegExpMatchArray} */ (cell.match(TAIL))
  return { number: numberIn(cell), stem, tail: digits ? Number(digits) : null, text: cell }
}

/** @typedef {{row: number, key: ReturnType<typeof sortKey> | null}} Keyed a row number and what it sorts by */

/** @param {number} row @param {any} cell @returns {Keyed} */
export const keyed = (row, cell) => ({ row, key: cell == null ? null : sortKey(cell) })

/** The order of a column. No value comes last either way; equal cells keep the file's order. @param {boolean} descending */
export function byKey(descending) {
  const turn = descending ? -1 : 1
  return (/** @type {Keyed} */ { row: r, key: a }, /** @type {Keyed} */ { row: s, key: b }) => {
    if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1) || r - s
    const order =
      ((a.number === null ? 1 : 0) - (b.number === null ? 1 : 0)) || ((a.number ?? 0) - (b.number ?? 0)) ||
      byCodePoint(a.stem, b.stem) || ((a.tail ?? -1) - (b.tail ?? -1)) || byCodePoint(a.text, b.text)
    return order * turn || r - s
  }
}

/**
 * Row numbers in order of a column, at once; a long table sorts by the same order in slices.
 * @param {number[]} rows @param {(row: number) => any} cellOf @param {boolean} descending @returns {number[]}
 */
export const sorted = (rows, cellOf, descending) =>
  rows.map((row) => keyed(row, cellOf(row))).sort(byKey(descending)).map(({ row }) => row)

// --- SQL ---------------------------------------------------------------------------------------------------------

/** @param {string} name */
export const quoteName = (name) => `"${name.replaceAll('"', '""')}"`
/** @param {string} text */
export const quoteText = (text) => `'${text.replaceAll("'", "''")}'`

/** @param {string} name @param {Kind} kind */
const columnSql = (name, kind) => (kind === 'list' ? `nullif(array_to_string(${quoteName(name)}, '; '), '')` : quoteName(name))

const SQL_NUMBER = NUMBER.source.replaceAll('\\.', '[.]')
/** @param {string} column @param {Kind} kind */
const numberSql = (column, kind) =>
  kind === 'number' ? column : `CASE WHEN regexp_matches(${column}, '${SQL_NUMBER}') THEN TRY_CAST(${column} AS DOUBLE) END`

/**
 * A test as a SQL condition.
 * @param {string} name @param {Test} test @param {Kind} kind
 */
function conditionSql(name, test, kind) {
  const column = columnSql(name, kind)
  const literal = (/** @type {string | number | boolean} */ v) => (typeof v === 'string' ? quoteText(v) : String(v))
  switch (test.op) {
    case 'none': return `${column} IS NULL`
    case 'any': return `${column} IS NOT NULL`
    case 'is': return `${column} = ${literal(test.value)}`
    case 'not': return `${column} IS DISTINCT FROM ${literal(test.value)}`
    case 'holds': return `contains(lower(${column}), ${quoteText(lower(String(test.value)))})`
    case 'lacks': return `NOT coalesce(contains(lower(${column}), ${quoteText(lower(String(test.value)))}), false)`
    case 'between': return `${numberSql(column, kind)} BETWEEN ${test.from} AND ${test.to}`
    default: return `${numberSql(column, kind)} ${test.op} ${test.value}`
  }
}

/**
 * What a table shows, as SQL for the console.
 * @param {string} from a table's name, or a quoted path of a Parquet file @param {string[]} columns
 * @param {View} view @param {Record<string, Kind>} kinds
 */
export function toSql(from, columns, view, kinds) {
  const where = Object.entries(view.filters).flatMap(([name, text]) => {
    const test = parse(text, kinds[name] ?? 'text')
    return test ? [conditionSql(name, test, kinds[name] ?? 'text')] : []
  })
  let sql = `SELECT ${columns.map(quoteName).join(', ')}\nFROM ${from}`
  if (where.length) sql += `\nWHERE ${where.join('\n  AND ')}`
  if (view.sort) {
    const { column: name, descending } = view.sort
    const kind = kinds[name] ?? 'text'
    const column = columnSql(name, kind)
    const [way, before, after] = descending ? ['DESC', 'NULLS FIRST', 'NULLS LAST'] : ['ASC', 'NULLS LAST', 'NULLS FIRST']
    const part = (/** @type {number} */ n) => `regexp_extract(${column}, '(?s)${TAIL.source}', ${n})`
    const orders = kind === 'text' || kind === 'list'
      ? [`${numberSql(column, 'text')} ${way} ${before}`, `${part(1)} ${way}`, `TRY_CAST(${part(2)} AS BIGINT) ${way} ${after}`, `${column} ${way}`]
      : [`${column} ${way}`]
    sql += `\nORDER BY ${column} IS NULL, ${orders.join(',\n  ')}`
  }
  return sql
}

// --- the address -------------------------------------------------------------------------------------------------

/** `#f=Gene Symbol:sgo&s=-Score&c=Score&p=2`, without the `#`. @param {View} view */
export function toHash(view) {
  const parts = new URLSearchParams()
  for (const [name, text] of Object.entries(view.filters)) {
    if (text.trim()) parts.append('f', name.replace(/[\\:]/g, '\\$&') + ':' + text.trim())
  }
  if (view.sort) parts.set('s', (view.sort.descending ? '-' : '') + view.sort.column)
  for (const name of view.columns ?? []) parts.append('c', name)
  if (view.page > 1) parts.set('p', String(view.page))
  return parts.toString()
}

/** Columns that the table does not have are left out. @param {string} hash @param {string[]} columns @returns {View} */
export function fromHash(hash, columns) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  /** @type {Record<string, string>} */
  const filters = {}
  for (const part of parts.getAll('f')) {
    const found = part.match(/^((?:\\.|[^\\:])*):(.*)$/s)
    const name = found?.[1].replace(/\\(.)/gs, '$1')
    if (found && name !== undefined && columns.includes(name) && found[2].trim()) filters[name] = found[2]
  }
  const s = parts.get('s') ?? ''
  // A column's own name may begin with a hyphen.
  const sort = columns.includes(s) ? { column: s, descending: false }
    : s.startsWith('-') && columns.includes(s.slice(1)) ? { column: s.slice(1), descending: true } : null
  const shown = [...new Set(parts.getAll('c'))].filter((name) => columns.includes(name))
  return { filters, sort, page: Math.max(1, Math.trunc(Number(parts.get('p'))) || 1), ...(shown.length ? { columns: shown } : {}) }
}

/**
 * Rows as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay.
 * @param {string[]} columns @param {Iterable<any[]>} rows @param {boolean} [head] whether the names come first
 */
export function toCsv(columns, rows, head = true) {
  const cell = (/** @type {any} */ value) => {
    if (value == null) return ''
    let text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    if (typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) && numberIn(text) === null) text = `'${text}`
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const lines = head ? [columns.map(cell).join(',')] : []
  for (const row of rows) lines.push(row.map(cell).join(','))
  return lines.map((line) => line + '\r\n').join('')
}
