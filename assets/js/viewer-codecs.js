// Chunks that Blosc or Zstandard made small, read without WebAssembly: a page's policy need not allow it, and decoders of that kind
// that exist make functions of texts, which no page of ours may. Fetched where an image needs them.
//
// Blosc 1 (github.com/Blosc/c-blosc, README_CHUNK_FORMAT.rst): a header of 16 bytes, the start of each block, the blocks; a block is
// one stream, or one for each byte of a value, which lie shuffled: all first bytes, then all second ones …

import { vendor } from './vendor.js'

/** @typedef {(packed: Uint8Array, size: number) => Uint8Array | Promise<Uint8Array>} Unpack */

/** Bytes of a value, by the names that zarrita gives to types. @param {string} type */
export const bytesOf = (type) => Math.max(1, Number(/\d+$/.exec(type)?.[0] ?? 8) / 8)

/** One LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md). @param {Uint8Array} packed @param {number} size @returns {Uint8Array} */
export function lz4(packed, size) {
  const out = new Uint8Array(size)
  let [at, to] = [0, 0]
  const more = (/** @type {number} */ length) => {
    for (let next = 255; length >= 15 && next === 255;) length += next = packed[at++]
    return length
  }
  while (at < packed.length) {
    const token = packed[at++]
    const literals = more(token >> 4)
    if (at + literals > packed.length || to + literals > size) throw new Error('an LZ4 block is damaged')
    out.set(packed.subarray(at, at + literals), to)
    at += literals
    to += literals
    if (at >= packed.length) break
    const back = packed[at] | (packed[at + 1] << 8)
    at += 2
    const length = more(token & 15) + 4
    if (!back || back > to || to + length > size) throw new Error('an LZ4 block is damaged')
    if (back >= length) out.copyWithin(to, to - back, to - back + length)
    else for (let i = 0; i < length; i++) out[to + i] = out[to - back + i] // it repeats what it writes
    to += length
  }
  if (to !== size) throw new Error('an LZ4 block is too short')
  return out
}

/** @param {Uint8Array} packed @param {number} size */
async function zlib(packed, size) {
  const stream = new Blob([/** @type {any} */ (packed)]).stream().pipeThrough(new DecompressionStream('deflate'))
  return sized(new Uint8Array(await new Response(stream).arrayBuffer()), size)
}

/** @param {Uint8Array} packed @param {number} size */
async function zstd(packed, size) {
  const { decompress } = await vendor('fzstd')
  return sized(decompress(packed, new Uint8Array(size)), size)
}

/** @param {Uint8Array} bytes @param {number} size */
function sized(bytes, size) {
  if (bytes.length !== size) throw new Error(`a chunk has ${bytes.length} bytes, not ${size}`)
  return bytes
}

/** All first bytes, then all second ones … → values. What is over at the end stays as it is. @param {Uint8Array} from @param {number} width bytes a value */
function unshuffled(from, width) {
  const to = new Uint8Array(from)
  const count = Math.floor(from.length / width)
  for (let b = 0, i = 0; b < width; b++) for (let n = 0, j = b; n < count; n++, j += width) to[j] = from[i++]
  return to
}

/** The same for bits: all lowest bits of the first bytes, then the next … @param {Uint8Array} from @param {number} width bytes a value */
function bitsUnshuffled(from, width) {
  const count = Math.floor(from.length / width)
  if (count % 8) return from // c-blosc leaves such a block as it is
  const to = new Uint8Array(from)
  to.fill(0, 0, count * width)
  for (let b = 0, i = 0; b < width; b++) for (let bit = 0; bit < 8; bit++) for (let n = 0; n < count; n += 8, i++) {
    for (let k = 0, byte = from[i]; byte; k++, byte >>= 1) if (byte & 1) to[(n + k) * width + b] |= 1 << bit
  }
  return to
}

/** By the number in the header: BloscLZ, LZ4, Snappy, zlib, Zstandard. @type {(Unpack | null)[]} */
const FORMATS = [null, lz4, null, zlib, zstd]

/** @param {Uint8Array} packed @param {number} most bytes @returns {Promise<Uint8Array>} */
export async function blosc(packed, most) {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const [flags, width] = [packed[2], packed[3]]
  const [size, block] = [view.getUint32(4, true), view.getUint32(8, true)]
  if (size > most) throw new Error(`a chunk claims ${size} bytes`)
  if (flags & 2) return sized(packed.slice(16, 16 + size), size)
  const unpack = FORMATS[flags >> 5]
  if (!unpack) throw new Error('a chunk is compressed by BloscLZ or Snappy, which are not read here')
  const out = new Uint8Array(size)
  for (let n = 0, start = 0; start < size; n++, start += block) {
    const length = Math.min(block, size - start)
    const split = !(flags & 16) && width <= 16 && block / width >= 128 && length === block
    const part = length / (split ? width : 1)
    let whole = new Uint8Array(length)
    for (let at = view.getUint32(16 + 4 * n, true), to = 0; to < length; to += part) {
      const held = view.getUint32(at, true)
      const bytes = packed.subarray(at + 4, at + 4 + held)
      whole.set(held === part ? bytes : await unpack(bytes, part), to)
      at += 4 + held
    }
    if (width > 1 && flags & 1) whole = unshuffled(whole, width)
    else if (flags & 4) whole = bitsUnshuffled(whole, width)
    out.set(whole, start)
  }
  return out
}

/** @param {Unpack} unpack */
const codec = (unpack) => ({
  /** @param {any} _ @param {{shape: number[], dataType: string}} meta of a chunk */
  fromConfig(_, { shape, dataType }) {
    const size = shape.reduce((a, b) => a * b, 1) * bytesOf(dataType)
    return { kind: 'bytes_to_bytes', decode: (/** @type {Uint8Array} */ packed) => unpack(packed, size), encode() { throw new Error('nothing is written') } }
  },
})

export const BLOSC = codec(blosc)
export const ZSTD = codec(zstd)
