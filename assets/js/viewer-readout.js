// What lies under the pointer, or under the cross in the middle, which keys move the image below: its place and its values.

import { debounce, el, svg } from './dom.js'
import { shortNumber } from './viewer-panel.js'
import { drawn } from './viewer-state.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */
/** @typedef {{x: number, y: number}} At */

const RESTS = 120 // ms: a pointer that moves on asks nothing
const RGB = ['red', 'green', 'blue']

/** A value as it is, in as many digits as tell it from all others of its type. @param {number | bigint} value @param {string} [dtype] */
export function whole(value, dtype) {
  const digits = dtype === 'float32' && !Number.isInteger(value) ? [6, 7, 8].find((n) => Math.fround(Number(Number(value).toPrecision(n))) === value) ?? 9 : 0
  return String(digits ? Number(Number(value).toPrecision(digits)) : value)
}

/** What a value is of. @param {At | null} at @param {import('./viewer-state.js').View} view */
const place = (at, { z, t, projection }) => JSON.stringify([at, z, t, projection])

export class Readout {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage
    this.element = el('div', { class: 'viewer-readout', 'aria-hidden': 'true' })
    this.spoken = el('div', { class: 'visually-hidden', role: 'status' })
    this.cross = svg('svg', { class: 'viewer-middle', viewBox: '0 0 24 24', 'aria-hidden': 'true', hidden: true }, svg('path', { d: 'M12 0v9M12 15v9M0 12h9M15 12h9' }))
    this.elements = [this.element, this.cross, this.spoken]
    this.middle = false
    /** @type {At | null} */
    this.at = null
    this.ask = debounce(() => this.#exactly(), RESTS)
    this.speak = debounce(() => { if (this.middle) this.spoken.textContent = this.element.textContent }, 600)
  }

  /** @param {PointerEvent} e */
  pointed(e) {
    if (this.stage.tiledImage && !e.buttons) this.show(this.stage.pixelAt(e))
  }

  /** The pointer left: what is in the middle is told again, if that is asked for. */
  left() {
    this.show(null)
    this.follow()
  }

  /** Puts the cross into the middle, or takes it away. */
  toggle() {
    this.middle = !this.middle
    this.cross.toggleAttribute('hidden', !this.middle)
    this.spoken.textContent = ''
    if (this.middle) this.follow()
    else this.show(null)
  }

  /** The image or the view has changed: what is in the middle is another pixel, or has another value. */
  follow() {
    if (this.middle) this.show(this.stage.pixelInMiddle())
    else if (this.at) this.show(this.at)
  }

  /** A tile is here: what could not be told of a place before is told now. */
  arrived() {
    if (!this.stage.closed && (this.middle || this.at) && !this.element.classList.contains('viewer-exact')) this.follow()
  }

  /** With the cross in the middle, Shift and an arrow move the image by one of its pixels. @param {KeyboardEvent} e @returns {boolean} whether that was asked */
  nudged({ key, shiftKey }) {
    const [x, y] = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[key] ?? [0, 0]
    if (!this.middle || !shiftKey || (!x && !y)) return false
    const { viewer: { viewport }, OpenSeadragon, view } = this.stage
    const scale = this.stage.scaleNow()
    viewport.panBy(viewport.deltaPointsFromPixels(new OpenSeadragon.Point(view.flip ? -x * scale : x * scale, y * scale), true), true)
    return true
  }

  /** @param {At | null} at */
  show(at) {
    this.at = at
    const { stage } = this
    if (!at) {
      this.asking?.abort()
      this.element.textContent = ''
      return
    }
    this.#tell(at, stage.strips?.valuesAt(at.x, at.y, stage.view) ?? [], false)
    if (stage.view.exact) this.ask()
    else this.speak()
  }

  async #exactly() {
    const { stage, at } = this
    if (!at || !stage.view.exact || stage.closed) return
    const before = this.asking
    const asking = (this.asking = new AbortController())
    const { view } = stage
    const wanted = place(at, view)
    const coming = stage.accuracy.reader().then((exact) => exact.values(at, view, asking.signal))
    // After this one has asked, so that what both wait for is fetched on.
    setTimeout(() => before?.abort())
    const values = await coming
    if (asking.signal.aborted || !this.at || place(this.at, stage.view) !== wanted) return
    if (values) this.#tell(at, values, true)
    this.speak()
  }

  /** @param {At} at @param {(number | bigint | null)[]} values @param {boolean} exact */
  #tell(at, values, exact) {
    const { info, view } = this.stage
    const on = info.kind === 'rgb' ? [true, true, true] : drawn(view)
    const said = values.flatMap((value, c) => {
      const name = info.channels[c]?.name ?? RGB[c]
      return value === null || !on[c] ? [] : [exact ? `${name} ${whole(value, info.dtype)}` : `${name} ≈ ${shortNumber(Number(value))}`]
    })
    const size = info.pixel_size
    const length = size ? [`${shortNumber(at.x * size)}, ${shortNumber(at.y * size)} µm`] : []
    this.element.textContent = [`x ${at.x}, y ${at.y}`, ...length, ...said, ...(said.length ? [exact ? 'exact' : 'approximate'] : [])].join(' · ')
    this.element.classList.toggle('viewer-exact', exact)
  }
}
