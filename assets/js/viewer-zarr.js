// An image's OME-Zarr (0.1 to 0.5, Zarr 2 or 3), read by zarrita piece by piece: its sizes, single values, parts of planes.
// Fetched where a reader asks for exact values.

import { atRoot } from './dom.js'
import { Kept } from './viewer-kept.js'
import { vendor } from './vendor.js'

/** @typedef {{t: number, c: number, z: number}} Plane from 0 */
/** @typedef {{data: any, stride: number[], bytes: number}} Chunk */
/** @typedef {{array: any, width: number, height: number, size: (axis: string) => number}} Resolution */

const KEPT = 192 << 20 // bytes of decoded chunks
const MOST = 64 << 20 // bytes of one chunk
const PATIENCE = 30_000 // ms for one answer

/** The letters t, c, z, y, x of an image's axes, in their order. @param {any} told @param {number} count */
function letters(told, count) {
  const all = ['t', 'c', 'z', 'y', 'x']
  if (!Array.isArray(told)) return all.slice(-count)
  const found = told.map((axis) => (typeof axis === 'string' ? axis : { time: 't', channel: 'c' }[/** @type {string} */ (axis?.type)] ?? String(axis?.name).toLowerCase()))
  if (found.length !== count || new Set(found).size !== count || found.some((l) => !all.includes(l)) || !found.includes('y') || !found.includes('x')) throw new Error(`it has the axes ${found.join(', ')}`)
  return found
}

export class Zarr {
  /** @param {string} address of the group, absolute @param {string} format of Zarr: 2 or 3 @returns {Promise<Zarr>} */
  static async open(address, format) {
    const zarr = await vendor('zarrita')
    const codecs = () => import('./viewer-codecs.js')
    for (const prefix of ['', 'numcodecs.']) {
      zarr.registry.set(`${prefix}blosc`, async () => (await codecs()).BLOSC)
      zarr.registry.set(`${prefix}zstd`, async () => (await codecs()).ZSTD)
      zarr.registry.delete(`${prefix}lz4`)
    }
    // One request finds the end of a file of ours. Elsewhere it takes two: a server that allows others to read need not allow that.
    const ours = address.startsWith(atRoot(''))
    const store = new zarr.FetchStore(address, {
      useSuffixRequest: ours,
      fetch: (/** @type {Request} */ request) => fetch(request, { signal: AbortSignal.any?.([request.signal, AbortSignal.timeout(PATIENCE)]) ?? request.signal }),
    })
    const open = format === '2' ? zarr.open.v2 : zarr.open.v3
    const group = await open(zarr.root(store), { kind: 'group' })
    const told = (group.attrs.ome ?? group.attrs).multiscales?.[0]
    const paths = (Array.isArray(told?.datasets) ? told.datasets : []).slice(0, 30).map((/** @type {any} */ d) => String(d?.path))
    if (!paths.length) throw new Error('it holds no image')
    return new Zarr(paths, told.axes, (path) => open(group.resolve(path), { kind: 'array', attrs: false }))
  }

  /** @param {string[]} paths finest first @param {any} axes @param {(path: string) => Promise<any>} open an array of zarrita */
  constructor(paths, axes, open) {
    this.paths = paths
    this.axes = axes
    this.open = open
    /** @type {Promise<Resolution>[]} */
    this.opened = []
    /** @type {Kept<Chunk>} */
    this.kept = new Kept(KEPT)
  }

  /** One resolution, 0 the finest. @param {number} level @returns {Promise<Resolution>} */
  resolution(level) {
    return (this.opened[level] ??= this.open(this.paths[level]).then((array) => {
      const order = letters(this.axes, array.shape.length)
      const one = Number(/\d+$/.exec(array.dtype)?.[0] ?? 8) / 8
      const bytes = array.chunks.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, one)
      if (bytes > MOST) throw new Error(`its chunks are of ${Math.round(bytes / 1e6)} MB, which is too much for a browser`)
      const size = (/** @type {string} */ axis) => (order.includes(axis) ? array.shape[order.indexOf(axis)] : 1)
      return { array, order, one, width: size('x'), height: size('y'), size }
    }))
  }

  /** All resolutions. @returns {Promise<Resolution[]>} */
  resolutions() {
    return Promise.all(this.paths.map((_, level) => this.resolution(level)))
  }

  /** @param {number} level @param {any} found @param {number[]} where of the chunk @param {AbortSignal} [signal] @returns {Promise<Chunk>} */
  #chunk(level, { array, one }, where, signal) {
    const fetched = async (/** @type {AbortSignal} */ stop) => {
      for (;;) {
        try {
          const { data, stride } = await array.getChunk(where, { signal: stop })
          const plain = typeof data.get === 'function' ? Uint8Array.from(data, Number) : data // bits are packed in a class of zarrita's
          return { data: plain, stride, bytes: plain.length * one }
        } catch (error) {
          // zarrita asks once for the index of a shard: who gave up waiting for it leaves those who did not without.
          if (/** @type {Error} */ (error).name !== 'AbortError' || stop.aborted) throw error
        }
      }
    }
    return this.kept.get(`${level}/${where.join('.')}`, fetched, signal)
  }

  /** The value of one pixel, if it is here. @param {any} found of level 0 @param {Plane} plane @param {number} x @param {number} y @returns {number | bigint | null} */
  #here({ array, order }, plane, x, y) {
    const at = order.map((/** @type {string} */ axis) => ({ ...plane, x, y })[axis])
    const chunk = this.kept.here(`0/${at.map((/** @type {number} */ n, /** @type {number} */ i) => Math.floor(n / array.chunks[i])).join('.')}`)
    return chunk && chunk.data[at.reduce((/** @type {number} */ sum, /** @type {number} */ n, /** @type {number} */ i) => sum + (n % array.chunks[i]) * chunk.stride[i], 0)]
  }

  /** The value of a pixel of full resolution in each plane. @param {Plane[]} planes @param {number} x @param {number} y @param {AbortSignal} [signal] @returns {Promise<(number | bigint)[]>} */
  async values(planes, x, y, signal) {
    const found = /** @type {any} */ (await this.resolution(0))
    return Promise.all(planes.map(async (plane) => {
      const where = found.order.map((/** @type {string} */ axis, /** @type {number} */ i) => Math.floor({ ...plane, x, y }[axis] / found.array.chunks[i]))
      await this.#chunk(0, found, where, signal)
      return /** @type {number | bigint} */ (this.#here(found, plane, x, y))
    }))
  }

  /**
   * A part of a plane: its values, row by row. What reaches beyond the array's edge repeats it.
   * @param {number} level @param {Plane} plane @param {number} left @param {number} top @param {number} width @param {number} height @param {AbortSignal} [signal]
   * @returns {Promise<ArrayLike<number | bigint>>}
   */
  async region(level, plane, left, top, width, height, signal) {
    const found = /** @type {any} */ (await this.resolution(level))
    const { array, order } = found
    const [xAxis, yAxis] = [order.indexOf('x'), order.indexOf('y')]
    const [wide, high] = [array.chunks[xAxis], array.chunks[yAxis]]
    const [right, bottom] = [Math.min(found.width, left + width), Math.min(found.height, top + height)]
    /** @type {any} */
    let out = null
    const pieces = []
    for (let cy = Math.floor(top / high); cy * high < bottom; cy++) for (let cx = Math.floor(left / wide); cx * wide < right; cx++) pieces.push([cx, cy])
    await Promise.all(pieces.map(async ([cx, cy]) => {
      const inside = order.map((/** @type {string} */ axis, /** @type {number} */ i) => (axis === 'x' || axis === 'y' ? 0 : /** @type {any} */ (plane)[axis] % array.chunks[i]))
      const where = order.map((/** @type {string} */ axis, /** @type {number} */ i) => (axis === 'x' ? cx : axis === 'y' ? cy : Math.floor(/** @type {any} */ (plane)[axis] / array.chunks[i])))
      const { data, stride } = await this.#chunk(level, found, where, signal)
      out ??= new data.constructor(width * height)
      const base = inside.reduce((/** @type {number} */ sum, /** @type {number} */ n, /** @type {number} */ i) => sum + n * stride[i], 0)
      const [step, line] = [stride[xAxis], stride[yAxis]]
      const [x0, x1] = [Math.max(left, cx * wide), Math.min(right, (cx + 1) * wide)]
      for (let y = Math.max(top, cy * high); y < Math.min(bottom, (cy + 1) * high); y++) {
        let from = base + (y - cy * high) * line + (x0 - cx * wide) * step
        for (let x = x0, to = (y - top) * width + x0 - left; x < x1; x++, from += step) out[to++] = data[from]
      }
    }))
    for (let y = 0; y < bottom - top; y++) for (let x = right - left; x < width; x++) out[y * width + x] = out[y * width + right - left - 1]
    for (let y = bottom - top; y < height; y++) out.copyWithin(y * width, (y - 1) * width, y * width)
    return out
  }
}
