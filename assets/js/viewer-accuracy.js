// How true the pixels and values are that a reader sees, where the exact ones are, and the switch that asks for them.

import { count, el } from './dom.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */

/** @type {['' | 'v' | 'p', string, string][]} */
const CHOICES = [['', 'Copies', 'Compressed copies, which are fetched fast'], ['v', 'Exact values', 'Exact values at the pointer (E), and at the cross in the middle (V)'], ['p', 'Exact pixels', 'Exact pixels, and exact values']]

export class Accuracy {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage
    /** @type {import('./viewer-exact.js').Exact | null} what reads exact pixels, once it is here */
    this.exact = null
    const { info, image } = stage
    /** Null where there is nothing to say: the pixels of a slide are for eyes. */
    this.element = null
    if (info.kind === 'rgb' && !image.zarr) return
    this.said = el('span', {})
    const source = image.original ? el('a', { href: image.original, text: 'source file', download: '' }) : 'source file'
    const note = el('p', { class: 'viewer-note' }, info.synthetic ? 'A synthetic image: made by a program. ' : '', this.said, ...(image.zarr ? [] : [' Exact values are in the ', source, image.original ? '.' : ', which is not published here.']))
    this.buttons = CHOICES.map(([key, text, title]) => el('button', { type: 'button', class: 'channel-tool', text, title, onclick: () => this.ask(key) }))
    this.element = el('div', { class: 'viewer-accuracy' }, note, image.zarr ? el('div', { class: 'viewer-pair', role: 'group', 'aria-label': 'Copies or exact' }, ...this.buttons) : null)
  }

  /** Says what is seen. */
  tell() {
    if (!this.element) return
    const { info, image, view: { exact, projection } } = this.stage
    this.buttons?.forEach((button, i) => button.setAttribute('aria-pressed', String((projection ? '' : exact) === CHOICES[i][0])))
    const copies = info.kind === 'rgb' ? 'compressed copies' : 'compressed 8-bit copies'
    const lies = image.zarr ? new URL(image.zarr, document.baseURI) : null
    const where = lies ? `the image’s OME-Zarr${lies.origin === location.origin ? '' : ` at ${lies.host}`}` : ''
    const maximum = (projection && where ? ' The maximum of all planes is made of copies: who asks for exact ones is shown a plane.' : '') +
      // What lies elsewhere may be asked for by its own pages alone.
      (document.documentElement.dataset.page === 'compare' ? ' This holds for images beside it whose OME-Zarr is in this portal; others are shown as copies.' : '')
    // What lies elsewhere may have been drawn from a coarse copy.
    const closer = where && info.levels[0].width < info.width ? ` up to ${count(info.levels[0].width)} px wide; closer, pixels are read from where they lie` : ''
    if (!exact || projection) this.said.textContent = `Values are approximate: tiles are ${copies}${closer}.${where ? ` Exact ones are read from ${where} when you ask for them.` : ''}${maximum}`
    else if (exact === 'v') this.said.textContent = `Values at the pointer are exact, from ${where}; tiles are ${copies}${closer}.${maximum}`
    else this.said.textContent = `Pixels and values are exact, from ${where}.${maximum}`
  }

  /** The part that reads exact pixels, fetched when it is first needed. @returns {Promise<import('./viewer-exact.js').Exact>} */
  reader() {
    return (this.reading ??= import('./viewer-exact.js').then(({ Exact }) => (this.exact = new Exact(this.stage))))
  }

  /** The reader asks: of the maximum of all planes nothing is exact, so a plane is shown. @param {'' | 'v' | 'p'} exact */
  ask(exact) {
    if (exact && this.stage.image.zarr) this.stage.project(false)
    this.set(exact)
  }

  /** What is exact: nothing, the values, pixels and values. @param {'' | 'v' | 'p'} exact */
  set(exact) {
    const { stage } = this
    if (!stage.image.zarr) return
    stage.view.exact = exact
    stage.controls()
    stage.tell()
    stage.readout.follow()
    for (const follow of stage.followers) follow(stage.view)
    if (exact || this.reading) this.reader().then((reader) => reader.again())
  }

  /** The view has changed. */
  follow() {
    if (this.reading || this.stage.view.exact) this.reader().then((reader) => reader.update())
  }

  /** An image elsewhere was drawn from a coarse copy: whoever goes closer than that sees its own pixels. @param {number} scale screen pixels a pixel of the image */
  closer(scale) {
    const { info, image } = this.stage
    const sharpest = info.levels[0].width / info.width
    if (this.went || !image.zarr || sharpest >= 1 || scale * (globalThis.devicePixelRatio || 1) <= sharpest * 1.01) return
    this.went = true
    this.reader().then((reader) => {
      reader.closer = true
      return reader.update()
    })
  }
}
