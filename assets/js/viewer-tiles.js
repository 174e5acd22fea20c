// Tiles of strips: fetched as gray WebP or JPEG, kept as gray planes, windowed, coloured and added up on a canvas.
//
// `<level>/<z>/<t>/<group>/<x>_<y>.<format>` holds the n channels of a group stacked, w × h·n; level 0 is full resolution. In a
// JPEG each channel is filled up to whole blocks of 8 rows.
// A gray v stands for lo + f·(hi − lo), f = v/255 (linear) or (v/255)² (sqrt). Lossy: values are approximate.

import { Kept } from './viewer-kept.js'
import { lut } from './viewer-luts.js'
import { drawn } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').ChannelView} ChannelView */
/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {{kind: 'strips' | 'rgb', width: number, height: number, z: number, t: number, tile: number, levels: {width: number, height: number, columns: number, rows: number}[], formats?: string[],
 *   channels: {name: string, label?: string | null, colour: string, low: number, high: number, shown: boolean}[], groups: number[][], coding: 'linear' | 'sqrt', limits: [number, number][],
 *   histograms: number[][], pixel_size: number | null, pixel_size_z: number | null, time_step: number | null, dtype: string, brightfield: boolean, synthetic: boolean,
 *   projection?: boolean, preview?: {z: number | 'max'}, labels?: {name: string, ids: number | null, z: number, t: number}[]}} TileInfo */
/** @typedef {{width: number, height: number, planes: Uint8ClampedArray[], bytes: number}} Strip one plane a channel of the group */

const KEPT = 256 * 1024 * 1024 // bytes of decoded planes

/** What a gray value stands for. @param {TileInfo} info @param {number} channel @param {number} gray 0–255 */
export function valueOf(info, channel, gray) {
  const [low, high] = info.limits[channel]
  const f = gray / 255
  return low + (info.coding === 'sqrt' ? f * f : f) * (high - low)
}

/** The colour of each gray value of a channel: 256 × (red, green, blue). @param {TileInfo} info @param {number} channel @param {ChannelView} view @param {boolean} [grey] */
export function colours(info, channel, { low, high, colour, lut: name, invert }, grey = false) {
  const rgb = grey ? [255, 255, 255] : [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  const looked = name && !grey ? lut(name) : null
  const table = new Uint8ClampedArray(768)
  for (let gray = 0; gray < 256; gray++) {
    const value = valueOf(info, channel, gray)
    const within = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : value >= high ? 1 : 0
    const brightness = invert ? 1 - within : within
    for (let i = 0; i < 3; i++) table[gray * 3 + i] = looked ? looked[Math.round(brightness * 255) * 3 + i] : brightness * rgb[i]
  }
  return table
}

/** Adds a coloured plane to a picture; sums end at white. @param {Uint8ClampedArray} rgba @param {Uint8ClampedArray} plane @param {Uint8ClampedArray} table */
export function add(rgba, plane, table) {
  for (let i = 0, j = 0; i < plane.length; i++, j += 4) {
    const at = plane[i] * 3
    rgba[j] += table[at]
    rgba[j + 1] += table[at + 1]
    rgba[j + 2] += table[at + 2]
  }
}

/** The plane of a view, as a path names it. @param {View} view @returns {number | 'max'} */
export const plane = (view) => (view.projection ? 'max' : view.z)

/** The strips of one image: fetched, decoded, kept while they are used. */
export class Strips {
  /** @param {TileInfo} info @param {string} base address of the image's folder, ending in a slash */
  constructor(info, base) {
    this.info = info
    this.base = base
    this.levels = info.levels
    /** @type {Kept<Strip>} */
    this.kept = new Kept(KEPT)
  }

  /** @param {number} level @param {number | 'max'} z @param {number} t @param {number} group @param {number} x @param {number} y */
  path(level, z, t, group, x, y) {
    return `${level}/${z}/${t}/${group}/${x}_${y}.${this.info.formats?.[level] ?? 'webp'}`
  }

  /** Numbers of the groups that hold a channel drawn. @param {View} view @returns {number[]} */
  groups(view) {
    const on = drawn(view)
    return this.info.groups.flatMap((channels, number) => (channels.some((c) => on[c]) ? [number] : []))
  }

  /** The strips of one tile of a view. @param {number} level @param {number} x @param {number} y @param {View} view @param {AbortSignal} [signal] @returns {Promise<Strip[]>} */
  tile(level, x, y, view, signal) {
    return Promise.all(this.groups(view).map((group) => this.get(this.path(level, plane(view), view.t, group, x, y), this.info.groups[group].length, signal)))
  }

  /** A strip that nobody waits for any more (the reader moved on to another plane) is not fetched to its end. @param {string} path @param {number} channels @param {AbortSignal} [signal] @returns {Promise<Strip>} */
  get(path, channels, signal) {
    return this.kept.get(path, (stop) => this.#fetch(path, channels, stop), signal)
  }

  /** @param {string} path @param {number} channels @param {AbortSignal} signal @returns {Promise<Strip>} */
  async #fetch(path, channels, signal) {
    const answer = await fetch(this.base + path, { signal })
    if (!answer.ok) throw new Error(`a tile is missing (${answer.status}): ${path}`)
    // No colour management: the grays are values, not a picture.
    const bitmap = await createImageBitmap(await answer.blob(), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
    const { width } = bitmap
    const filled = bitmap.height / channels
    const [level, y] = [parseInt(path), parseInt(path.slice(path.lastIndexOf('_') + 1))]
    const height = Math.min(this.info.tile, this.info.levels[level].height - y * this.info.tile)
    const canvas = new OffscreenCanvas(width, bitmap.height)
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }))
    context.drawImage(bitmap, 0, 0)
    bitmap.close()
    const rgba = context.getImageData(0, 0, width, filled * channels).data
    const planes = Array.from({ length: channels }, (_, n) => {
      const plane = new Uint8ClampedArray(width * height)
      for (let i = 0, j = n * width * filled * 4; i < plane.length; i++, j += 4) plane[i] = rgba[j]
      return plane
    })
    return { width, height, planes, bytes: width * height * channels }
  }

  /**
   * A tile as a picture: the shown channels, coloured and added up. Fetches only the groups that hold one.
   * @param {number} level @param {number} x @param {number} y @param {View} view @param {AbortSignal} [signal]
   * @returns {Promise<CanvasRenderingContext2D>}
   */
  async picture(level, x, y, view, signal) {
    const { info } = this
    const [groups, on] = [this.groups(view), drawn(view)]
    const strips = await this.tile(level, x, y, view, signal)
    const { width: across, height: down } = info.levels[level]
    const [width, height] = strips.length ? [strips[0].width, strips[0].height] : [Math.min(info.tile, across - x * info.tile), Math.min(info.tile, down - y * info.tile)]
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
    const picture = context.createImageData(width, height)
    for (let j = 3; j < picture.data.length; j += 4) picture.data[j] = 255
    groups.forEach((group, g) => info.groups[group].forEach((c, n) => {
      if (on[c]) add(picture.data, strips[g].planes[n], colours(info, c, view.channels[c], view.grey))
    }))
    context.putImageData(picture, 0, 0)
    return context
  }

  /**
   * Approximate values under a pixel of the full image, from the sharpest tile that is here; null where none is.
   * @param {number} px @param {number} py @param {View} view @returns {(number | null)[]} a value a channel
   */
  valuesAt(px, py, view) {
    const { info } = this
    return view.channels.map((_, channel) => {
      const group = info.groups.findIndex((channels) => channels.includes(channel))
      for (const [level, { width, height }] of info.levels.entries()) {
        const at = [Math.min(width - 1, Math.floor((px * width) / info.width)), Math.min(height - 1, Math.floor((py * height) / info.height))]
        const [x, y] = at.map((n) => Math.floor(n / info.tile))
        const strip = this.kept.here(this.path(level, plane(view), view.t, group, x, y))
        if (!strip) continue
        const gray = strip.planes[info.groups[group].indexOf(channel)][(at[1] - y * info.tile) * strip.width + (at[0] - x * info.tile)]
        return valueOf(info, channel, gray)
      }
      return null
    })
  }
}

let drawings = 0

/**
 * What draws the tiles of an image: strips, or the exact pixels. `tile` fetches what a tile needs.
 * @typedef {{levels: {width: number, height: number, columns: number, rows: number}[], tile: (level: number, x: number, y: number, view: View, signal?: AbortSignal) => Promise<unknown>,
 *   picture: (level: number, x: number, y: number, view: View, signal?: AbortSignal) => Promise<CanvasRenderingContext2D>}} Pixels
 */

/**
 * The image as OpenSeadragon asks for it. Its level 0 is the smallest, ours the largest; our levels round up, and of an image that
 * lies elsewhere the largest may be smaller than the image, so their own sizes are told.
 * @param {any} OpenSeadragon @param {TileInfo} info @param {string} base @param {Pixels | null} pixels null for rgb
 * @param {() => View} view @param {(tile: any) => void} painting hears of a tile that is painted as the view is now
 */
export function tileSource(OpenSeadragon, info, base, pixels, view, painting) {
  const levels = pixels?.levels ?? info.levels
  const top = levels.length - 1
  const source = new OpenSeadragon.TileSource({ width: info.width, height: info.height, tileSize: info.tile, tileOverlap: 0, minLevel: 0, maxLevel: top })
  source.pixels = pixels
  source.getLevelScale = (/** @type {number} */ level) => levels[top - level].width / info.width
  source.getNumTiles = (/** @type {number} */ level) => new OpenSeadragon.Point(levels[top - level].columns, levels[top - level].rows)
  source.getTileBounds = (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y, /** @type {boolean} */ isSource) => {
    const { width, height } = levels[top - level]
    const [w, h] = [Math.min(info.tile, width - x * info.tile), Math.min(info.tile, height - y * info.tile)]
    if (isSource) return new OpenSeadragon.Rect(0, 0, w, h)
    const aspect = info.height / info.width // the whole image is one wide
    return new OpenSeadragon.Rect((x * info.tile) / width, ((y * info.tile) / height) * aspect, w / width, (h / height) * aspect)
  }
  source.getTileUrl = (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) => `${base}${top - level}/${x}_${y}.jpg`
  source.hasTransparency = () => false
  if (!pixels) return source
  // By this name OpenSeadragon keeps a tile: another drawing of the same image has other ones.
  const mine = ++drawings
  source.getTileHashKey = (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) => `${mine}/${level}/${x}_${y}`
  source.downloadTileStart = (/** @type {any} */ job) => {
    const { level, x, y } = job.tile
    painting(job.tile)
    job.userData.stop = new AbortController()
    pixels.picture(top - level, x, y, view(), job.userData.stop.signal).then(
      (context) => job.finish(context, null, 'context2d'),
      (error) => job.fail(error.message, null))
  }
  source.downloadTileAbort = (/** @type {any} */ job) => job.userData.stop?.abort()
  return source
}
