// One image in a viewer: OpenSeadragon over our tiles, the controls around it, the view in the address.

import { Accuracy } from './viewer-accuracy.js'
import { debounce, el } from './dom.js'
import { handleKey, toolbar } from './viewer-acts.js'
import { ScaleBar, stepper } from './viewer-controls.js'
import { Drawing } from './viewer-drawing.js'
import { json, openLayer, placeLayer } from './viewer-layer.js'
import { autoWindow, panel, shortNumber } from './viewer-panel.js'
import { Readout } from './viewer-readout.js'
import { Strips } from './viewer-tiles.js'
import { viewHash, viewOf } from './viewer-state.js'
import { vendor } from './vendor.js'

/** @typedef {import('./viewer-tiles.js').TileInfo} TileInfo */
/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {{info: string, name: string, rois?: string | null, zarr?: string, zarrformat?: string, original?: string} & Record<string, any>} ImageAddress
 *   `zarr`: its OME-Zarr, here or elsewhere; `zarrformat`: of Zarr, 3 if it is not said; `original`: its source file */
/** @typedef {import('./viewer-layer.js').Overlays} Overlays */
/** @typedef {{parts?: Map<string, string>, keep?: View | null, moved?: (view: string) => void, address?: () => string, reference?: string, plain?: boolean}} Options
 *   `parts` is what the address asks for; `keep` a view of an image like this one; `moved` hears of every change; `address` tells the
 *   link to this view; `reference` how other pages find this image (viewer-resolve.js); `plain` leaves out buttons and panel */

// OpenSeadragon would add a <style>, which the page's policy forbids, unless something by that name is there already.
// An element of no namespace has the name and no effect; its one rule is in our style sheet.
function withoutItsStyle() {
  if (document.querySelector('style[data-openseadragon-mobile-css]')) return
  const mark = document.createElementNS('urn:slidecase', 'style')
  mark.setAttribute('data-openseadragon-mobile-css', '')
  document.head.append(mark)
}

export class Stage {
  /**
   * Replaces what the element holds by a viewer.
   * @param {HTMLElement} root @param {ImageAddress} image addresses relative to the page @param {Options} [options]
   * @returns {Promise<Stage>}
   */
  static async open(root, image, options = {}) {
    const address = new URL(image.info, document.baseURI).href
    const [OpenSeadragon, info] = await Promise.all([vendor('openseadragon').then((module) => module.default), json(address)])
    return new Stage(root, image, OpenSeadragon, info, new URL('./', address).href, options)
  }

  /** @param {HTMLElement} root @param {ImageAddress} image @param {any} OpenSeadragon @param {TileInfo} info @param {string} base @param {Options} options */
  constructor(root, image, OpenSeadragon, info, base, { parts = new Map(), keep = null, moved = () => {}, address = () => location.href, reference = '', plain = false }) {
    this.root = root
    this.image = image
    this.info = info
    this.base = base
    this.OpenSeadragon = OpenSeadragon
    this.address = address
    this.reference = reference
    this.plain = plain
    this.moved = moved
    this.strips = info.kind === 'strips' ? new Strips(info, base) : null
    this.view = viewOf(parts, info)
    // Wells of a plate are compared under one contrast, unless the address says otherwise.
    if (keep && !parts.has('c') && keep.channels.length === this.view.channels.length) {
      this.view.channels = keep.channels.map((c) => ({ ...c }))
      this.view.grey = keep.grey
    }
    if (keep && !parts.has('z')) this.view.z = Math.min(keep.z, info.z - 1)
    if (keep && !parts.has('t')) this.view.t = Math.min(keep.t, info.t - 1)
    if (keep && !parts.has('p') && !parts.has('z') && info.projection) this.view.projection = keep.projection
    if (keep && !parts.has('e')) this.view.exact = keep.exact
    if (!image.zarr) this.view.exact = ''
    /** What the address asks of the overlays. */
    this.asked = parts.get('o') ?? ''
    /** @type {Overlays | null} */
    this.overlays = null
    /** @type {Set<(view: View) => void>} who follows this view: linked images, the small map */
    this.followers = new Set()
    this.drawing = new Drawing(this)
    /** Whether pixels are smoothed on the screen. */
    this.smooth = true
    this.onkey = (/** @type {KeyboardEvent} */ e) => handleKey(this, e)
    this.stop = new AbortController()
    this.tell = debounce(() => this.closed || this.moved(this.hash()), 250)
    this.#build()
    this.#open()
  }

  /** The view as the address has it. @param {boolean} [whole] with what is default too */
  hash(whole = false) {
    const overlays = this.overlays ? this.overlays.state() : this.asked
    return viewHash(this.view, this.info, { whole, overlays })
  }

  /** The link to this view, the address bar set to it. @param {boolean} [whole] */
  link(whole = false) {
    this.moved(this.hash(whole))
    const link = this.address()
    if (whole) this.moved(this.hash())
    return link
  }

  // --- elements ---

  #build() {
    const { info, root } = this
    this.canvas = el('div', { class: 'viewer-canvas' })
    this.scale = new ScaleBar(info.pixel_size)
    this.readout = new Readout(this)
    this.message = el('p', { class: 'viewer-message', role: 'alert', hidden: true })
    this.panel = panel(info, () => this.view, () => this.changed())
    this.accuracy = new Accuracy(this)
    if (this.accuracy.element) this.panel.element.append(this.accuracy.element)
    this.fold = el('button', { type: 'button', class: 'viewer-button', text: 'Channels', title: 'Show or hide the panel', onclick: () => this.folded(!root.classList.contains('panel-folded')) })
    const micrometres = (/** @type {number} */ z) => (info.pixel_size_z ? ` · ${shortNumber(z * info.pixel_size_z)} µm` : '')
    const seconds = (/** @type {number} */ t) => (info.time_step ? ` · ${shortNumber(t * info.time_step)} s` : '')
    const axis = (/** @type {'z' | 't'} */ name, /** @type {string} */ label, /** @type {(n: number) => string} */ said, /** @type {any} */ extra = null) =>
      stepper(label, info[name], { get: () => this.view[name], set: (n) => this.step(name, n), ready: (n) => this.ready(name, n), said, extra })
    this.maximum = info.projection ? el('button', { type: 'button', class: 'viewer-button viewer-maximum', text: 'Max', title: 'Maximum of all planes (M)', onclick: () => this.project(!this.view.projection) }) : null
    this.planes = axis('z', 'Plane', micrometres, this.maximum)
    this.times = axis('t', 'Time point', seconds)
    this.steppers = [this.planes, this.times].filter((s) => s !== null)
    this.bottom = el('div', { class: 'viewer-bottom' }, ...(this.plain ? [] : this.steppers.map((s) => s.element)))
    const bar = this.plain ? null : toolbar(this)
    this.layer = el('div', { class: 'viewer-layer' })
    this.stage = el('div', { class: 'viewer-stage' }, this.canvas, this.layer, this.scale.element, ...this.readout.elements, bar?.element, this.message)
    this.main = el('div', { class: 'viewer-main' }, this.stage, this.bottom)
    this.help = bar?.help
    root.replaceChildren(this.main, ...(this.plain ? [] : [this.panel.element, ...(bar?.dialogs ?? [])]))
    root.classList.add('viewer-ready')
    root.classList.toggle('viewer-brightfield', info.brightfield)
    root.addEventListener('keydown', this.onkey)
    this.folded(root.classList.contains('panel-closed'))
    this.controls()
  }

  /** Shows or hides the panel; a slide without regions has nothing to set. @param {boolean} folded */
  folded(folded) {
    const empty = this.plain || !this.panel.element.childElementCount
    this.root.classList.toggle('panel-folded', folded || empty)
    this.fold.hidden = empty
    this.panel.element.hidden = empty
    this.fold.setAttribute('aria-expanded', String(!folded))
  }

  controls() {
    this.panel.update()
    this.accuracy.tell()
    for (const each of this.steppers) each.update()
    if (this.planes) this.planes.input.disabled = this.view.projection
    this.maximum?.setAttribute('aria-pressed', String(this.view.projection))
  }

  #open() {
    const { OpenSeadragon, info, image } = this
    withoutItsStyle()
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.viewer = OpenSeadragon({
      element: this.canvas, prefixUrl: '', drawer: 'canvas', showNavigationControl: false, crossOriginPolicy: false,
      animationTime: still ? 0 : 0.5, visibilityRatio: 0.5, minZoomImageRatio: 0.7, maxZoomPixelRatio: 16,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true }, imageLoaderLimit: 8,
      degrees: this.view.rotation,
      tileSources: this.drawing.source(this.strips),
    })
    this.viewer.canvas.setAttribute('role', 'application')
    this.viewer.canvas.setAttribute('aria-label', `${image.name}: arrow keys move, plus and minus zoom, question mark lists all keys`)
    this.viewer.addHandler('open', () => this.#arrive(true))
    this.viewer.addHandler('open-failed', () => this.fail('The image could not be opened.'))
    this.viewer.addHandler('tile-load-failed', (/** @type {any} */ e) => { if (!/abort/i.test(e.message ?? '')) this.drawing.missing(e.tiledImage?.source.pixels) })
    this.viewer.addHandler('update-viewport', () => this.place())
    this.viewer.addHandler('animation-finish', () => this.#moved())
    // With more or less room the view stays what the address says: the whole image, or a place at a zoom. OpenSeadragon
    // sets a zoom of its own after this event, and then tells of the change.
    this.viewer.addHandler('after-resize', () => (this.resized = this.opened))
    this.viewer.addHandler('viewport-change', () => {
      if (!this.resized) return
      this.resized = false
      this.#aim()
    })
    // Single letters are the viewer's own keys, not OpenSeadragon's (r turns, f mirrors).
    this.viewer.addHandler('canvas-key', (/** @type {any} */ e) => { if (/^[a-z]$/i.test(e.originalEvent.key) || this.readout.nudged(e.originalEvent)) e.preventDefaultAction = true })
    this.viewer.addHandler('canvas-click', (/** @type {any} */ e) => { if (e.quick) this.volume?.at(this.pixelAt(e.originalEvent)) })
    this.viewer.addHandler('tile-invalidated', (/** @type {any} */ e) => this.drawing.repaint(e))
    this.viewer.addHandler('tile-loaded', () => this.readout.arrived())
    this.canvas.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => this.readout.pointed(e))
    this.canvas.addEventListener('pointerleave', () => this.readout.left())
  }

  /** @param {string} text */
  fail(text) {
    this.message.hidden = false
    this.message.textContent = text
  }

  // --- pixels ---

  /** The view was changed: by the panel, a key, a slider. */
  changed() {
    this.drawing.revision++
    this.drawing.paint()
    this.overlays?.update(this.view)
    this.volume?.paint()
    this.accuracy.follow()
    this.readout.follow()
    this.tell()
    for (const follow of this.followers) follow(this.view)
  }

  /** Shows another plane or time point. @param {'z' | 't'} axis @param {number} value */
  step(axis, value) {
    const clamped = Math.max(0, Math.min(this.info[axis] - 1, value))
    const out = axis === 'z' && this.view.projection
    if (clamped === this.view[axis] && !out) return
    const on = clamped + Math.sign(clamped - this.view[axis])
    this.view[axis] = clamped
    if (out) this.view.projection = false
    this.#leave()
    clearTimeout(this.soon)
    // The plane that is likely asked for next is fetched when this one is here.
    this.soon = setTimeout(() => on >= 0 && on < this.info[axis] && this.ready(axis, clamped).then(() => this.ready(axis, on)).catch(() => {}), 150)
  }

  /** The maximum of all planes, or one. @param {boolean} on */
  project(on) {
    if (!this.info.projection || on === this.view.projection) return
    this.view.projection = on
    this.#leave()
  }

  /** Tiles of the plane that was left are not worth waiting for. */
  #leave() {
    this.stop.abort()
    this.stop = new AbortController()
    this.controls()
    this.changed()
  }

  /** Fetches what is seen, of another plane or time point. @param {'z' | 't'} axis @param {number} value */
  async ready(axis, value) {
    const { pixels, maxLevel: top } = this.tiledImage?.source ?? {}
    const tiles = (this.tiledImage?.getTilesToDraw() ?? []).flat().map((/** @type {any} */ d) => d.tile).slice(0, 24)
    await Promise.all(tiles.map((/** @type {any} */ t) => pixels?.tile(top - t.level, t.x, t.y, { ...this.view, [axis]: value })))
  }

  /** Windows of all channels from their histograms. */
  auto() {
    this.view.channels.forEach((c, i) => ([c.low, c.high] = autoWindow(this.info.histograms?.[i] ?? [], this.info.limits[i])))
    this.controls()
    this.changed()
  }

  // --- place ---

  get tiledImage() {
    return this.viewer.world.getItemAt(this.viewer.world.getItemCount() - 1)
  }

  /** Stage pixels a pixel of the image. */
  scaleNow() {
    return this.tiledImage ? this.tiledImage.viewportToImageZoom(this.viewer.viewport.getZoom(true)) : 1
  }

  /** Goes where the view is. */
  #aim() {
    const { x, y, zoom } = this.view
    if (zoom === null) this.viewer.viewport.goHome(true)
    if (x === null || y === null) return
    if (zoom !== null) this.viewer.viewport.zoomTo(this.tiledImage.imageToViewportZoom(zoom / 100), null, true)
    this.viewer.viewport.panTo(this.tiledImage.imageToViewportCoordinates(x, y), true)
  }

  /** @param {boolean} [first] */
  #arrive(first = false) {
    this.viewer.viewport.setRotation(this.view.rotation, true)
    this.viewer.viewport.setFlip(this.view.flip)
    this.#aim()
    this.place()
    this.opened = true
    if (first) openLayer(this)
    if (first) this.accuracy.follow()
    if (this.view.at && !this.volume) import('./viewer-volume.js').then(({ openVolume }) => this.view.at && openVolume(this))
  }

  /** Puts what lies over the pixels where they are. */
  place() {
    const item = this.tiledImage
    if (!item) return
    const scale = this.scaleNow()
    // Far in, pixels are shown as they are.
    const smooth = scale < 4
    if (smooth !== this.smooth) {
      this.smooth = smooth
      this.viewer.drawer.setImageSmoothingEnabled(smooth)
    }
    this.#touch()
    this.scale.place(scale)
    this.accuracy.closer(scale)
    if (this.readout.middle) this.readout.follow()
    this.map?.place()
    placeLayer(this, scale)
  }

  /** While the whole image is seen, one finger that moves up or down scrolls the page; closer, it moves the image. */
  #touch() {
    const { viewport, canvas, container, gestureSettingsTouch } = this.viewer
    const whole = viewport.getZoom() <= viewport.getHomeZoom() * 1.001
    if (whole === this.whole) return
    this.whole = whole
    gestureSettingsTouch.dragToPan = !whole
    this.viewer.innerTracker.setCooperativeGestureHandling(whole)
    for (const element of [this.canvas, container, canvas]) element.style.touchAction = whole ? 'pan-y' : 'none'
  }

  #moved() {
    if (!this.opened) return
    const { viewport } = this.viewer
    const home = Math.abs(viewport.getZoom() / viewport.getHomeZoom() - 1) < 0.001 && viewport.getCenter().distanceTo(viewport.getHomeBounds().getCenter()) < 0.001
    const centre = this.tiledImage.viewportToImageCoordinates(viewport.getCenter())
    Object.assign(this.view, home ? { x: null, y: null, zoom: null } : { x: centre.x, y: centre.y, zoom: this.scaleNow() * 100 })
    this.tell()
    for (const follow of this.followers) follow(this.view)
  }

  /** Flies to a part of the image. @param {{x: number, y: number, width: number, height: number}} box in pixels of the image */
  fly({ x, y, width, height }) {
    const room = Math.max(width, height, 64) * 0.5
    this.viewer.viewport.fitBoundsWithConstraints(this.tiledImage.imageToViewportRectangle(x - room, y - room, width + 2 * room, height + 2 * room))
  }

  /** Turns and mirrors what is seen. @param {number} rotation degrees clockwise @param {boolean} flip */
  turn(rotation, flip) {
    Object.assign(this.view, { rotation: (rotation + 360) % 360, flip })
    this.viewer.viewport.setRotation(this.view.rotation, true)
    this.viewer.viewport.setFlip(flip)
    this.place()
    this.tell()
    for (const follow of this.followers) follow(this.view)
  }

  /** The pixel of the image under a pointer; null beside it. @param {PointerEvent | MouseEvent} e @returns {{x: number, y: number} | null} */
  pixelAt(e) {
    const box = this.canvas.getBoundingClientRect()
    const left = this.view.flip ? box.right - e.clientX : e.clientX - box.left
    return this.#pixel(this.tiledImage.viewerElementToImageCoordinates(new this.OpenSeadragon.Point(left, e.clientY - box.top)))
  }

  /** The pixel in the middle of what is seen; null beside the image. */
  pixelInMiddle() {
    return this.tiledImage ? this.#pixel(this.tiledImage.viewportToImageCoordinates(this.viewer.viewport.getCenter(true))) : null
  }

  /** @param {{x: number, y: number}} at in pixels of the image */
  #pixel(at) {
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)]
    return x < 0 || y < 0 || x >= this.info.width || y >= this.info.height ? null : { x, y }
  }

  // --- acts ---

  reset() {
    for (const each of this.steppers) each.stop()
    this.volume?.close()
    this.go(new Map())
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen?.().catch(() => this.fail('This browser does not allow full screen here.'))
  }

  /** Follows an address typed or pasted while the image is open. @param {Map<string, string>} parts */
  go(parts) {
    this.asked = parts.get('o') ?? ''
    this.show(viewOf(parts, this.info))
    // Without a word on them, overlays are as they are at first.
    if (this.overlays && this.overlays.state() !== this.asked) this.overlays.restore(this.asked)
  }

  /** Shows a view. @param {View} view */
  show(view) {
    this.view = view
    if (!this.image.zarr) view.exact = ''
    if (!view.at) this.volume?.close()
    this.#arrive()
    this.controls()
    this.changed()
  }

  close() {
    this.closed = true
    this.readout.show(null)
    for (const each of this.steppers) each.stop()
    this.stop.abort()
    this.viewer.destroy()
    this.root.removeEventListener('keydown', this.onkey)
    this.root.replaceChildren()
  }
}
