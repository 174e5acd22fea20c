// Tiles drawn from an image's own values: windowed here, not from 8-bit copies. The levels are those of the strips; where the image
// lies elsewhere and was drawn from a coarse copy, finer ones join them.

import { drawn } from './viewer-state.js'
import { add, colours } from './viewer-tiles.js'

/** @typedef {import('./viewer-tiles.js').TileInfo} TileInfo */
/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {{width: number, height: number, columns: number, rows: number, strip?: number, from: number}} Level `strip`: drawn from this level of the strips; else `from` this resolution */

/**
 * The sizes at which an image is drawn, finest first: each half the one before, until the longer side fits in a tile.
 * @param {TileInfo} info @param {{width: number, height: number}[]} resolutions of the OME-Zarr, finest first
 * @param {boolean} all from the OME-Zarr alone; else from strips where there are any of that size
 * @returns {Level[]}
 */
export function pyramid(info, resolutions, all) {
  const found = []
  for (let [width, height] = [info.width, info.height]; ; [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)]) {
    const near = (/** @type {{width: number, height: number}} */ size) => Math.abs(size.width - width) <= 1 && Math.abs(size.height - height) <= 1
    const strip = all ? -1 : info.levels.findIndex(near)
    // The coarsest that is fine enough.
    const fit = resolutions.filter((r) => r.width >= width - 1 && r.height >= height - 1).length
    found.push({
      ...(strip >= 0 ? info.levels[strip] : { width, height, columns: Math.ceil(width / info.tile), rows: Math.ceil(height / info.tile) }),
      ...(strip >= 0 ? { strip } : {}), from: Math.max(0, fit - 1),
    })
    if (Math.max(width, height) <= info.tile) return found
  }
}

/**
 * Adds a channel's values to a picture. @param {Uint8ClampedArray} rgba @param {ArrayLike<number | bigint>} values @param {number} low shown darkest @param {number} high shown brightest
 * @param {Uint8ClampedArray} table 256 colours from the one to the other
 */
export function paint(rgba, values, low, high, table) {
  const scale = high > low ? 255 / (high - low) : 0
  const bright = new Uint8ClampedArray(values.length)
  // What is clamped is rounded, too; NaN is 0.
  for (let i = 0; i < values.length; i++) bright[i] = scale ? (Number(values[i]) - low) * scale : Number(values[i]) >= high ? 255 : 0
  add(rgba, bright, table)
}

export class ExactTiles {
  /**
   * @param {TileInfo} info @param {import('./viewer-tiles.js').Strips | null} strips @param {import('./viewer-zarr.js').Zarr} zarr
   * @param {import('./viewer-zarr.js').Resolution[]} resolutions @param {boolean} all @param {(error: Error) => void} failed
   */
  constructor(info, strips, zarr, resolutions, all, failed) {
    this.info = info
    this.strips = strips
    this.zarr = zarr
    this.resolutions = resolutions
    this.failed = failed
    this.levels = pyramid(info, resolutions, all)
  }

  /** The channels that are drawn: of a colour picture, its three. @param {View} view @returns {number[]} */
  #channels(view) {
    return this.info.kind === 'rgb' ? [0, 1, 2] : drawn(view).flatMap((on, c) => (on ? [c] : []))
  }

  /** What a tile needs. @param {number} level @param {number} x @param {number} y @param {View} view @param {AbortSignal} [signal] @returns {Promise<any>} */
  async tile(level, x, y, view, signal) {
    const { tile } = this.info
    const { width, height, strip, from } = this.levels[level]
    if (strip !== undefined) return this.strips?.tile(strip, x, y, view, signal)
    const [w, h] = [Math.min(tile, width - x * tile), Math.min(tile, height - y * tile)]
    const fine = this.resolutions[from]
    // A resolution of another size than this level's: the nearest of its pixels.
    const [across, down] = [fine.width - width, fine.height - height].map((more, i) => (Math.abs(more) <= 1 ? 1 : i ? fine.height / height : fine.width / width))
    const [left, top] = [Math.floor(x * tile * across), Math.floor(y * tile * down)]
    const [wide, high] = [Math.ceil(w * across), Math.ceil(h * down)]
    const channels = this.#channels(view)
    try {
      const planes = await Promise.all(channels.map((c) => this.zarr.region(from, { t: view.t, c, z: view.z }, left, top, wide, high, signal)))
      return { width: w, height: h, channels, planes: across === 1 && down === 1 ? planes : planes.map((plane) => nearest(plane, wide, w, h, across, down)) }
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AbortError') this.failed(/** @type {Error} */ (error))
      throw error
    }
  }

  /** @param {number} level @param {number} x @param {number} y @param {View} view @param {AbortSignal} [signal] @returns {Promise<CanvasRenderingContext2D>} */
  async picture(level, x, y, view, signal) {
    const { strip } = this.levels[level]
    if (strip !== undefined && this.strips) return this.strips.picture(strip, x, y, view, signal)
    const { info } = this
    const { width, height, channels, planes } = await this.tile(level, x, y, view, signal)
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
    const picture = context.createImageData(width, height)
    for (let j = 3; j < picture.data.length; j += 4) picture.data[j] = 255
    channels.forEach((/** @type {number} */ c, /** @type {number} */ n) => {
      if (info.kind === 'rgb') return planes[n].forEach((/** @type {number} */ value, /** @type {number} */ i) => (picture.data[i * 4 + c] = value))
      const { low, high } = view.channels[c]
      // The colours between the window's ends, in 256 steps: more than a screen shows.
      const limits = info.channels.map(() => /** @type {[number, number]} */ ([low, high > low ? high : low + 1]))
      const table = colours({ ...info, coding: 'linear', limits }, c, { ...view.channels[c], high: high > low ? high : low + 1 }, view.grey)
      paint(picture.data, planes[n], low, high, table)
    })
    context.putImageData(picture, 0, 0)
    return context
  }
}

/** @param {any} plane @param {number} wide @param {number} w @param {number} h @param {number} across @param {number} down */
function nearest(plane, wide, w, h, across, down) {
  const out = new plane.constructor(w * h)
  for (let y = 0, to = 0; y < h; y++) {
    const line = Math.floor((y + 0.5) * down) * wide
    for (let x = 0; x < w; x++) out[to++] = plane[line + Math.floor((x + 0.5) * across)]
  }
  return out
}
