// The small map: the whole image, and a frame around what is seen of it. Made of the coarsest tile, which is one.

import { el, svg } from './dom.js'

const SIDE = 160

export class SmallMap {
  /** @param {import('./viewer-stage.js').Stage} stage */
  constructor(stage) {
    this.stage = stage
    const { width, height } = stage.info
    const scale = SIDE / Math.max(width, height)
    this.canvas = el('canvas', { width: String(Math.max(1, Math.round(width * scale))), height: String(Math.max(1, Math.round(height * scale))) })
    this.frame = svg('polygon', { class: 'viewer-map-frame', 'vector-effect': 'non-scaling-stroke' })
    // Keys move the image itself; the map is for pointers.
    this.element = el('div', { class: 'viewer-map', 'aria-hidden': 'true' }, this.canvas, svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' }, this.frame))
    const go = (/** @type {PointerEvent} */ e) => {
      const box = this.element.getBoundingClientRect()
      const at = stage.tiledImage.imageToViewportCoordinates(((e.clientX - box.left) / box.width) * width, ((e.clientY - box.top) / box.height) * height)
      stage.viewer.viewport.panTo(at)
      stage.viewer.viewport.applyConstraints()
    }
    this.element.addEventListener('pointerdown', (/** @type {PointerEvent} */ e) => { this.element.setPointerCapture(e.pointerId); go(e) })
    this.element.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => { if (e.buttons) go(e) })
    stage.stage.append(this.element)
    this.follow = () => this.paint()
    stage.followers.add(this.follow)
    this.paint()
    this.place()
  }

  async paint() {
    const { stage } = this
    const top = stage.info.levels.length - 1
    const context = this.canvas.getContext('2d')
    const picture = stage.strips ? (await stage.strips.picture(top, 0, 0, stage.view)).canvas : await this.#rgb(`${stage.base}${top}/0_0.jpg`)
    context.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height)
  }

  /** @param {string} address */
  async #rgb(address) {
    if (!this.image) {
      this.image = new Image()
      this.image.src = address
      await this.image.decode()
    }
    return this.image
  }

  /** Puts the frame where the view is; turned where the view is turned. */
  place() {
    const { viewer, tiledImage, OpenSeadragon } = this.stage
    const { x, y } = viewer.viewport.getContainerSize()
    const corners = [[0, 0], [x, 0], [x, y], [0, y]].map(([a, b]) => tiledImage.viewerElementToImageCoordinates(new OpenSeadragon.Point(a, b)))
    this.frame.setAttribute('points', corners.map((c) => `${c.x},${c.y}`).join(' '))
  }

  /** @returns {null} */
  close() {
    this.stage.followers.delete(this.follow)
    this.element.remove()
    return null
  }
}
