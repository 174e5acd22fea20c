// Another image laid on this one through an affine transform: correlative pairs. Its tiles are drawn on a canvas of their own, which
// OpenSeadragon's images, that know no shear, could not be. It is seen in its own first colours and windows, at its own middle plane
// (the same plane and time point as this image, where both have as many).

import { el } from './dom.js'
import { chained, Sheet, Tiles } from './viewer-overlay-tiles.js'
import { initial } from './viewer-state.js'
import { Strips } from './viewer-tiles.js'
import { json } from './viewer-overlay.js'

/**
 * `matrix`: pixels of the other image → pixels of this one; `page`: where the other image is by itself.
 * @typedef {{info: string, name: string, page: string, matrix: import('./viewer-overlay-tiles.js').Matrix | null}} Pair null: the other is laid on none, there is but a link
 */

const OPACITY = 50

export class Correlated {
  /** @param {import('./viewer-overlay.js').Stage} stage @param {any} info of this image @param {Pair} pair @param {() => void} tell */
  static async open(stage, info, pair, tell) {
    const address = new URL(pair.info, document.baseURI).href
    return new Correlated(stage, info, pair, pair.matrix ? await json(address) : null, new URL('./', address).href, tell)
  }

  /** @param {import('./viewer-overlay.js').Stage} stage @param {any} here @param {Pair} pair @param {any} info of the other image @param {string} base @param {() => void} tell */
  constructor(stage, here, pair, info, base, tell) {
    this.stage = stage
    this.here = here
    this.pair = pair
    this.info = info
    this.tell = tell
    this.base = base
    this.shown = Boolean(pair.matrix)
    this.opacity = OPACITY
    this.origin = { x: 0, y: 0 }
    this.scale = 1
    /** @type {import('./viewer-state.js').View | null} */
    this.view = info ? initial(info) : null
    this.strips = info?.kind === 'strips' ? new Strips(info, base) : null
    this.tiles = info ? new Tiles(info.levels, info.tile, (level, x, y) => this.#paint(level, x, y), () => this.draw()) : null
    this.sheet = new Sheet('overlay-pair')
    this.elements = info ? [this.sheet.element] : []
    this.toggle = el('input', { type: 'checkbox', onchange: () => { this.shown = this.toggle.checked; this.draw(); tell() } })
    this.slider = el('input', { type: 'range', min: '0', max: '100', step: '5', 'aria-label': `Opacity of ${pair.name}`, oninput: () => { this.opacity = Number(this.slider.value); this.#show(); tell() } })
    const link = el('a', { href: pair.page, text: info ? 'its page' : pair.name })
    this.panel = el('div', { class: 'overlay-section' }, el('h2', { class: 'overlay-title', text: info ? 'Laid on this image' : 'This image is laid on' }),
      info ? el('label', { class: 'channel-label' }, this.toggle, el('span', { text: pair.name })) : null,
      info ? el('div', { class: 'overlay-row' }, el('span', { 'aria-hidden': 'true', text: 'Opacity' }), this.slider, link) : el('p', {}, link))
    this.#show()
  }

  #show() {
    this.toggle.checked = this.shown
    this.slider.value = String(this.opacity)
    this.slider.setAttribute('aria-valuetext', `${this.opacity} %`)
    this.sheet.element.style.opacity = String(this.opacity / 100)
  }

  /** @param {number} level @param {number} x @param {number} y */
  async #paint(level, x, y) {
    if (this.strips && this.view) return (await this.strips.picture(level, x, y, this.view)).canvas
    const answer = await fetch(`${this.base}${level}/${x}_${y}.jpg`)
    return answer.ok ? createImageBitmap(await answer.blob()) : null
  }

  #draw() {
    const size = this.sheet.clear(this.stage.viewer)
    if (!this.shown || !this.tiles || !this.pair.matrix) return
    // What lies elsewhere may have been drawn from a coarse copy.
    const [fine] = this.info.levels
    const [across, down] = [this.info.width / fine.width, this.info.height / fine.height]
    const map = chained(chained(Sheet.map(size, this.origin, this.scale), this.pair.matrix), [across, 0, 0, 0, down, 0])
    this.sheet.context.imageSmoothingEnabled = Math.hypot(map[0], map[3]) < 4
    this.tiles.draw(this.sheet.context, map, size)
  }

  draw() {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame(() => {
      this.waiting = false
      this.#draw()
    })
  }

  /** @param {{x: number, y: number}} origin @param {number} scale */
  place(origin, scale) {
    Object.assign(this, { origin, scale })
    this.#draw()
  }

  /** Planes and time points go together where both images have as many. @param {import('./viewer-state.js').View} view */
  update(view) {
    if (!this.view || !this.info || !this.tiles) return
    const [z, t] = [this.info.z === this.here.z ? view.z : this.view.z, this.info.t === this.here.t ? view.t : this.view.t]
    if (z !== this.view.z || t !== this.view.t) {
      Object.assign(this.view, { z, t })
      this.tiles.forget()
    }
    this.draw()
  }

  state() {
    return this.info ? { [`k${this.pair.name}`.replace(/[^A-Za-z0-9]/g, '').slice(0, 12)]: this.shown && this.opacity === OPACITY ? null : this.shown ? this.opacity : 'x' } : {}
  }

  /** @param {Map<string, string>} parts */
  restore(parts) {
    const told = parts.get(`k${this.pair.name}`.replace(/[^A-Za-z0-9]/g, '').slice(0, 12))
    this.shown = Boolean(this.pair.matrix) && told !== 'x'
    this.opacity = told !== undefined && told !== '' && Number(told) >= 0 && Number(told) <= 100 ? Number(told) : OPACITY
    this.#show()
    this.draw()
  }
}
