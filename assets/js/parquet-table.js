// A Parquet file read in the browser by parts: a part is one column in one row group, read once when first needed.

import { mapped, turn } from './slices.js'
import { vendor } from './vendor.js'

/** @typedef {import('./filters.js').Kind} Kind */
/** @typedef {{name: string, kind: Kind, type: 'date' | 'time' | ''}} Column */

const AT_ONCE = 4 // parts of a column asked for side by side
const WHOLE = 1_000_000 // up to here one request for the file is cheaper than several for its parts

/**
 * A file as hyparquet reads it. Servers that ignore Range answer with everything, which is then kept.
 * @param {string} url @param {number} byteLength
 */
function remote(url, byteLength) {
  /** @type {Promise<ArrayBuffer> | null} */
  let whole = null
  const get = async (/** @type {Record<string, string>} */ headers) => {
    const answer = await fetch(url, { headers })
    if (!answer.ok) throw new Error(`the table could not be fetched (${answer.status}): ${url}`)
    return answer
  }
  return {
    byteLength,
    async slice(/** @type {number} */ start, /** @type {number | undefined} */ end) {
      if (byteLength <= WHOLE) {
        whole ??= get({}).then((answer) => answer.arrayBuffer())
        whole.catch(() => (whole = null))
      }
      if (whole) {
        const body = await whole
        // Columns are fetched side by side, and each is decoded in a task of its own.
        await turn()
        return body.slice(start, end)
      }
      const answer = await get({ Range: `bytes=${start}-${end === undefined ? '' : end - 1}` })
      const body = await answer.arrayBuffer()
      await turn()
      if (answer.status === 206) return body
      whole = Promise.resolve(body)
      return body.slice(start, end)
    },
  }
}

/** @param {any} node a column in Parquet's schema @returns {{kind: Kind, type: Column['type']}} */
function kindOf({ element, children }) {
  if (children.length) return { kind: 'list', type: '' }
  const logical = element.logical_type?.type ?? ''
  if (element.type === 'BOOLEAN') return { kind: 'flag', type: '' }
  if (element.converted_type === 'DATE' || logical === 'DATE') return { kind: 'text', type: 'date' }
  if (logical === 'TIMESTAMP' || /^TIMESTAMP/.test(element.converted_type ?? '')) return { kind: 'text', type: 'time' }
  if (/^(INT32|INT64|FLOAT|DOUBLE)$/.test(element.type ?? '')) return { kind: 'number', type: '' }
  return { kind: 'text', type: '' }
}

/** A cell as text, number, boolean or null; a list as its values joined, as the page writes it. @param {any} value @param {Column} column */
function plain(value, column) {
  if (value === undefined || value === null || Number.isNaN(value)) return null
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return column.type === 'date' ? value.toISOString().slice(0, 10) : value.toISOString()
  if (Array.isArray(value)) return value.filter((v) => v !== null && v !== undefined).join('; ') || null
  if (typeof value === 'object') return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v))
  return value
}

export class ParquetTable {
  /** @param {any} library @param {any} file @param {any} metadata */
  constructor(library, file, metadata) {
    this.library = library
    this.file = file
    this.metadata = metadata
    /** @type {number} */
    this.rows = Number(metadata.num_rows)
    /** @type {Map<string, Column>} */
    this.columns = new Map(library.parquetSchema(metadata).children.map((/** @type {any} */ child) =>
      [child.element.name, { name: child.element.name, ...kindOf(child) }]))
    // Where each row group begins, and at the end where the last one ends.
    this.starts = [0]
    for (const group of metadata.row_groups) this.starts.push(this.starts[this.starts.length - 1] + Number(group.num_rows))
    /** @type {Map<string, Promise<any[]>>} */
    this.parts = new Map()
  }

  /** @param {string} url @param {number} bytes size of the file, as the manifest says */
  static async open(url, bytes) {
    const library = await vendor('hyparquet')
    const file = remote(url, bytes)
    const metadata = await library.parquetMetadataAsync(file, { initialFetchSize: 1 << 15 })
    return new ParquetTable(library, file, metadata)
  }

  /** One column in one row group. @param {number} group @param {string} name @returns {Promise<any[]>} */
  part(group, name) {
    const id = `${group} ${name}`
    let part = this.parts.get(id)
    if (!part) {
      part = this.#read(group, name)
      part.catch(() => this.parts.delete(id))
      this.parts.set(id, part)
    }
    return part
  }

  /** @param {number} group @param {string} name @returns {Promise<any[]>} */
  async #read(group, name) {
    const column = this.columns.get(name)
    if (!column) throw new Error(`the table has no column ${name}`)
    /** @type {any[][]} */
    let rows = []
    await this.library.parquetRead({
      file: this.file, metadata: this.metadata, columns: [name],
      rowStart: this.starts[group], rowEnd: this.starts[group + 1],
      compressors: { ZSTD: (/** @type {Uint8Array} */ input) => this.library.zstdDecompress(input) },
      onComplete: (/** @type {any[][]} */ read) => (rows = read),
    })
    return mapped(rows, (row) => plain(row[0], column))
  }

  /**
   * A whole column. `told` hears how many of its parts have come.
   * @param {string} name @param {{told?: (done: number, all: number) => void, stop?: AbortSignal}} [how] @returns {Promise<any[]>}
   */
  async column(name, { told, stop } = {}) {
    const groups = this.starts.length - 1
    /** @type {any[][]} */
    const parts = Array(groups)
    let [next, done] = [0, 0]
    const reader = async () => {
      while (next < groups) {
        stop?.throwIfAborted()
        const group = next++
        parts[group] = await this.part(group, name)
        told?.(++done, groups)
      }
    }
    // A few at a time, so that who cancels is not sent what is left.
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, groups) }, reader))
    return parts.length === 1 ? parts[0] : parts.flat()
  }

  /**
   * Rows by their numbers, only from the row groups that hold them.
   * @param {number[]} rows @param {string[]} names @returns {Promise<any[][]>} a list of cells a row
   */
  async cells(rows, names) {
    const groupOf = (/** @type {number} */ row) => this.starts.findLastIndex((start) => start <= row)
    const places = rows.map((row) => { const group = groupOf(row); return { group, at: row - this.starts[group] } })
    const groups = [...new Set(places.map((place) => place.group))]
    /** @type {Map<string, any[]>} */
    const parts = new Map()
    await Promise.all(groups.flatMap((group) => names.map(async (name) => parts.set(`${group} ${name}`, await this.part(group, name)))))
    return places.map(({ group, at }) => names.map((name) => /** @type {any[]} */ (parts.get(`${group} ${name}`))[at]))
  }
}
