// A query ↔ the part of an address after `#`: in words where it is short, packed where it is long, refused where no
// mail or chat would carry it whole.

export const PLAIN = 2_000 // characters of an address's part that are left in words
export const LONGEST = 16_000 // and those that any link may have
const UNPACKED = 1_000_000 // bytes; what a link may unfold to

/** @param {Uint8Array} bytes @param {CompressionStream | DecompressionStream} through @param {number} [most] */
async function piped(bytes, through, most = Infinity) {
  const reader = new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(/** @type {any} */ (through)).getReader()
  const parts = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer())
    size += value.byteLength
    if (size > most) {
      await reader.cancel()
      throw new RangeError('more than a query can be')
    }
    parts.push(value)
  }
}

/** The address's part that holds a query, without `#`; null where the query is too long for a link. @param {string} sql @returns {Promise<string | null>} */
export async function partOf(sql) {
  const plain = String(new URLSearchParams({ sql }))
  if (plain.length <= PLAIN) return plain
  const packed = await piped(new TextEncoder().encode(sql), new CompressionStream('deflate-raw'))
  const text = btoa(Array.from(packed, (b) => String.fromCharCode(b)).join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  return text.length + 2 <= LONGEST ? `z=${text}` : null
}

/** The query of an address; null where it holds none. @param {string} hash @returns {Promise<string | null>} @throws {Error} where a packed one is damaged */
export async function queryIn(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const sql = given.get('sql')
  if (sql !== null) return sql
  const packed = given.get('z')
  if (packed === null) return null
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true }).decode(await piped(bytes, new DecompressionStream('deflate-raw'), UNPACKED))
}
