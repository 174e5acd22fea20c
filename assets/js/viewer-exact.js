// Exact values and pixels of an image, from its OME-Zarr: ours, or one elsewhere that a curator linked. Fetched when a reader asks
// for them, or goes closer to an image elsewhere than it was drawn.

import { ExactTiles } from './viewer-exact-tiles.js'
import { drawn } from './viewer-state.js'
import { Zarr } from './viewer-zarr.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */
/** @typedef {import('./viewer-state.js').View} View */

/** Why, in a few words, where the browser tells. @param {Error} error */
function why({ name, message }) {
  if (name === 'TimeoutError') return 'it does not answer in time'
  // The browser says no more: the server is away, or does not let other sites read.
  if (name === 'TypeError') return 'it does not answer, or does not let this page read'
  if (name === 'NotFoundError' || /status 404/.test(message)) return 'it is not there'
  return message.replace(/\s+/g, ' ').slice(0, 160)
}

export class Exact {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage
    /** Whether finer levels than were drawn are wanted. */
    this.closer = false
    /** What is drawn: strips, strips and what is finer, or the exact pixels alone. @type {'' | 'closer' | 'all'} */
    this.drawing = ''
    this.broken = false
  }

  /** The OME-Zarr, its metadata read once. @returns {Promise<Zarr>} */
  async zarr() {
    const { zarr, zarrformat = '3' } = this.stage.image
    return (this.opened ??= Zarr.open(new URL(/** @type {string} */ (zarr), document.baseURI).href, zarrformat).then(async (found) => {
      this.#fits(await found.resolution(0))
      return found
    }))
  }

  /** An image that was changed since it was drawn is no longer this one. @param {import('./viewer-zarr.js').Resolution} one */
  #fits({ width, height, size }) {
    const { info } = this.stage
    const channels = info.kind === 'rgb' ? 3 : info.channels.length
    if (width !== info.width || height !== info.height || size('c') !== channels || size('z') !== info.z || size('t') !== info.t) throw new Error('it is no longer the image that was drawn here')
  }

  /** Follows what the view asks. */
  async update() {
    const { stage } = this
    const { view } = stage
    // Of the maximum of all planes there are but copies.
    const wanted = view.projection || this.broken ? '' : view.exact === 'p' ? 'all' : this.closer ? 'closer' : ''
    try {
      const zarr = view.exact || wanted ? await this.zarr() : null
      if (stage.closed || wanted === this.drawing) return
      this.drawing = wanted
      if (!wanted || !zarr) return stage.drawing.draw(stage.strips, 'copies')
      const resolutions = await zarr.resolutions()
      if (!stage.closed && this.drawing === wanted) stage.drawing.draw(new ExactTiles(stage.info, stage.strips, zarr, resolutions, wanted === 'all', (error) => this.failed(error)), wanted)
    } catch (error) {
      this.failed(/** @type {Error} */ (error))
    }
  }

  /** Back to the copies, one sentence, and no further request until the reader asks again. @param {Error} error */
  failed(error) {
    const { stage } = this
    if (this.broken || stage.closed) return
    this.broken = true
    this.closer = false
    this.opened = undefined
    stage.view.exact = ''
    if (this.drawing) stage.drawing.draw(stage.strips, 'copies')
    this.drawing = ''
    stage.controls()
    stage.tell()
    stage.fail(`The exact pixels of this image could not be read from ${this.#place()}: ${why(error)}. What you see are compressed copies.`)
  }

  #place() {
    const { origin, host } = new URL(/** @type {string} */ (this.stage.image.zarr), document.baseURI)
    return origin === location.origin ? 'this portal' : host
  }

  /** The reader asks: what failed before is tried once more. */
  again() {
    this.broken = false
    this.stage.message.hidden = true
    return this.update()
  }

  /**
   * Exact values of a pixel: a value a channel that is shown, else null. Null where there are none, as of the maximum of all planes.
   * @param {{x: number, y: number}} at @param {View} view @param {AbortSignal} signal @returns {Promise<(number | bigint | null)[] | null>}
   */
  async values({ x, y }, view, signal) {
    if (!view.exact || view.projection || this.broken) return null
    const on = this.stage.info.kind === 'rgb' ? [true, true, true] : drawn(view)
    const shown = on.flatMap((yes, c) => (yes ? [c] : []))
    try {
      const found = await (await this.zarr()).values(shown.map((c) => ({ t: view.t, z: view.z, c })), x, y, signal)
      return on.map((_, c) => (shown.includes(c) ? found[shown.indexOf(c)] : null))
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AbortError') this.failed(/** @type {Error} */ (error))
      return null
    }
  }
}
