// What an image is drawn from, and when it is drawn again: tiles that are here are painted anew, others are fetched.

import { tileSource } from './viewer-tiles.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */
/** @typedef {import('./viewer-tiles.js').Pixels} Pixels */

const MISSING = 'Some tiles could not be fetched; what is missing stays as it was.'

export class Drawing {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage
    /** Raised by every change of the view. */
    this.revision = 0
  }

  /** @param {Pixels | null} pixels null for colour pictures, which are fetched as they are */
  source(pixels) {
    const { OpenSeadragon, info, base } = this.stage
    return tileSource(OpenSeadragon, info, base, pixels, () => this.stage.view, (tile) => (tile.paintedAt = this.revision))
  }

  /** Draws other pixels; what was drawn stays until they are here. @param {Pixels | null} pixels @param {string} name of them, which the viewer then has */
  draw(pixels, name) {
    const { viewer } = this.stage
    const before = viewer.world.getItemCount()
    viewer.addTiledImage({ tileSource: this.source(pixels), success: (/** @type {any} */ { item }) => {
      const leave = () => {
        for (let i = 0; i < before && viewer.world?.getItemAt(0) !== item; i++) viewer.world.removeItem(viewer.world.getItemAt(0))
        this.stage.root.dataset.drawn = name
      }
      if (item.getFullyLoaded()) return leave()
      item.addHandler('fully-loaded-change', (/** @type {any} */ { fullyLoaded }) => fullyLoaded && leave())
    } })
  }

  /** A loaded tile, painted again as the view now is; nothing is fetched unless another plane or group is asked for. @param {any} e */
  async repaint(e) {
    const { tile, tiledImage } = e
    const { pixels, maxLevel: top } = tiledImage.source
    const { revision, stage } = this
    if (!pixels || tile.paintedAt === revision) return
    try {
      const context = await pixels.picture(top - tile.level, tile.x, tile.y, stage.view, stage.stop.signal)
      if (e.outdated() || !context) return
      tile.paintedAt = revision
      await e.setData(context, 'context2d')
      stage.readout.arrived()
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AbortError') this.missing(pixels)
    }
  }

  /** A tile did not come. Why exact pixels did not is said where they are read, and stays said. @param {any} pixels */
  missing(pixels) {
    const { stage } = this
    if (!pixels?.zarr && !stage.accuracy.exact?.broken) stage.fail(MISSING)
  }

  /** Paints again, once a frame and never twice at a time. */
  async paint() {
    if (this.painting) {
      this.again = true
      return
    }
    const { viewer } = this.stage
    this.painting = true
    await new Promise((resolve) => requestAnimationFrame(resolve))
    this.again = false
    if (viewer?.world?.getItemCount()) await Promise.race([viewer.requestInvalidate(true), new Promise((resolve) => setTimeout(resolve, 400))])
    this.painting = false
    if (this.again) this.paint()
  }
}
