// One image in a viewer: OpenSeadragon over our tiles, the controls around it, the view in the address.

import { copyText, debounce, el } from './dom.js'
import { helpDialog, panel, shortNumber, stepper } from './viewer-panel.js'
import { Regions, ScaleBar } from './viewer-overlay.js'
import { Strips, tileSource } from './viewer-tiles.js'
import { viewHash, viewOf } from './viewer-state.js'
import { vendor } from './vendor.js'

/** @typedef {import('./viewer-tiles.js').TileInfo} TileInfo */
/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {{info: string, name: string, rois?: string | null}} ImageAddress */

const KEYS = /** @type {[string, string][]} */ ([
  ['← ↑ → ↓', 'move'], ['+ −', 'zoom'], ['0', 'the whole image'], ['1 … 9', 'show or hide a channel'], ['[ ]', 'plane before, after'],
  [', .', 'time point before, after'], ['R', 'everything as it was'], ['F', 'full screen'], ['?', 'this list'],
])

/** @param {string} address @returns {Promise<any>} */
async function json(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${new URL(address).pathname.split('/').pop()} could not be read (${answer.status})`)
  return answer.json()
}

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
   * @param {HTMLElement} root @param {ImageAddress} image addresses relative to the page
   * @param {{parts?: Map<string, string>, keep?: View | null, moved?: (view: string) => void}} [options]
   *   `parts` is what the address asks for; `keep` a view of an image like this one; `moved` hears of every change
   * @returns {Promise<Stage>}
   */
  static async open(root, image, { parts = new Map(), keep = null, moved = () => {} } = {}) {
    const address = new URL(image.info, document.baseURI).href
    const [OpenSeadragon, info, rois] = await Promise.all([
      vendor('openseadragon').then((module) => module.default), json(address), image.rois ? json(new URL(image.rois, document.baseURI).href) : null,
    ])
    return new Stage(root, image, { OpenSeadragon, info, rois, base: new URL('./', address).href, parts, keep, moved })
  }

  /** @param {HTMLElement} root @param {ImageAddress} image @param {{OpenSeadragon: any, info: TileInfo, rois: any, base: string, parts: Map<string, string>, keep: View | null, moved: (view: string) => void}} given */
  constructor(root, image, { OpenSeadragon, info, rois, base, parts, keep, moved }) {
    this.root = root
    this.image = image
    this.info = info
    this.OpenSeadragon = OpenSeadragon
    this.strips = info.kind === 'strips' ? new Strips(info, base) : null
    this.view = viewOf(parts, info)
    // Wells of a plate are compared under one contrast, unless the address says otherwise.
    if (keep && !parts.has('c') && keep.channels.length === this.view.channels.length) this.view.channels = keep.channels.map((c) => ({ ...c }))
    if (keep && !parts.has('z')) this.view.z = Math.min(keep.z, info.z - 1)
    if (keep && !parts.has('t')) this.view.t = Math.min(keep.t, info.t - 1)
    this.revision = 0
    /** Whether pixels are smoothed on the screen. */
    this.smooth = true
    this.onkey = (/** @type {KeyboardEvent} */ e) => this.#key(e)
    this.stop = new AbortController()
    this.tell = debounce(() => moved(viewHash(this.view, info)), 250)
    this.#build(rois)
    this.#open(base)
  }

  // --- elements ---

  /** @param {any} rois */
  #build(rois) {
    const { info, root } = this
    this.canvas = el('div', { class: 'viewer-canvas' })
    this.scale = new ScaleBar(info.pixel_size)
    this.readout = el('div', { class: 'viewer-readout', 'aria-hidden': 'true' })
    this.message = el('p', { class: 'viewer-message', role: 'alert', hidden: true })
    this.help = helpDialog(KEYS)
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {(e: any) => void} */ onclick) =>
      el('button', { type: 'button', class: 'viewer-button', text, title, onclick })
    this.fold = button('Channels', 'Show or hide the panel', () => {
      const folded = root.classList.toggle('panel-folded')
      this.fold.setAttribute('aria-expanded', String(!folded))
    })
    this.fold.setAttribute('aria-expanded', 'true')
    const top = el('div', { class: 'viewer-top', role: 'group', 'aria-label': 'Viewer' },
      button('Copy link', 'Copy the address of this view', (e) => copyText(e.currentTarget, location.href)),
      button('Reset', 'Everything as it was (R)', () => this.reset()),
      button('Full screen', 'Full screen (F)', () => this.fullscreen()),
      this.fold,
      button('?', 'Keys', () => this.help.showModal()))
    this.regions = rois?.features?.length ? new Regions(rois.features, (box) => this.#show(box)) : null
    this.panel = panel(info, () => this.view, () => this.changed())
    if (this.regions) this.panel.element.append(this.regions.list)
    // A slide without regions has nothing to set.
    const empty = !this.panel.element.childElementCount
    root.classList.toggle('panel-folded', empty)
    this.fold.hidden = empty
    this.panel.element.hidden = empty
    const micrometres = (/** @type {number} */ z) => (info.pixel_size_z ? ` · ${shortNumber(z * info.pixel_size_z)} µm` : '')
    const seconds = (/** @type {number} */ t) => (info.time_step ? ` · ${shortNumber(t * info.time_step)} s` : '')
    this.steppers = [
      stepper('Plane', info.z, () => this.view.z, (z) => this.step('z', z), micrometres),
      stepper('Time point', info.t, () => this.view.t, (t) => this.step('t', t), seconds),
    ].filter((s) => s !== null)
    const bottom = el('div', { class: 'viewer-bottom' }, ...this.steppers.map((s) => s.element))
    const stage = el('div', { class: 'viewer-stage' }, this.canvas, this.regions?.element, this.scale.element, this.readout, top, this.message)
    root.replaceChildren(el('div', { class: 'viewer-main' }, stage, bottom), this.panel.element, this.help)
    root.classList.add('viewer-ready')
    root.classList.toggle('viewer-brightfield', info.brightfield)
    root.addEventListener('keydown', this.onkey)
    this.#controls()
  }

  #controls() {
    this.panel?.update()
    for (const each of this.steppers ?? []) each.update()
  }

  /** @param {string} base */
  #open(base) {
    const { OpenSeadragon, info, image } = this
    withoutItsStyle()
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.viewer = OpenSeadragon({
      element: this.canvas, prefixUrl: '', drawer: 'canvas', showNavigationControl: false, crossOriginPolicy: false,
      animationTime: still ? 0 : 0.5, visibilityRatio: 0.5, minZoomImageRatio: 0.7, maxZoomPixelRatio: 16,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true }, imageLoaderLimit: 8,
      tileSources: tileSource(OpenSeadragon, info, base, this.strips, () => this.view, (tile) => (tile.paintedAt = this.revision)),
    })
    this.viewer.canvas.setAttribute('role', 'application')
    this.viewer.canvas.setAttribute('aria-label', `${image.name}: arrow keys move, plus and minus zoom, question mark lists all keys`)
    this.viewer.addHandler('open', () => this.#arrive())
    this.viewer.addHandler('open-failed', () => this.#fail('The image could not be opened.'))
    this.viewer.addHandler('tile-load-failed', (/** @type {any} */ e) => { if (!/abort/i.test(e.message ?? '')) this.#fail('Some tiles could not be fetched; what is missing stays as it was.') })
    this.viewer.addHandler('update-viewport', () => this.#place())
    this.viewer.addHandler('animation-finish', () => this.#moved())
    // Single letters are the viewer's own keys, not OpenSeadragon's (r turns, f mirrors).
    this.viewer.addHandler('canvas-key', (/** @type {any} */ e) => { if (/^[a-z]$/i.test(e.originalEvent.key)) e.preventDefaultAction = true })
    if (this.strips) this.viewer.addHandler('tile-invalidated', (/** @type {any} */ e) => this.#repaint(e))
    this.canvas.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => this.#read(e))
    this.canvas.addEventListener('pointerleave', () => (this.readout.textContent = ''))
  }

  /** @param {string} text */
  #fail(text) {
    this.message.hidden = false
    this.message.textContent = text
  }

  // --- pixels ---

  /** A loaded tile, painted again as the view now is; nothing is fetched unless another plane or group is asked for. @param {any} e */
  async #repaint(e) {
    const { tile } = e
    const revision = this.revision
    if (tile.paintedAt === revision) return
    const top = this.info.levels.length - 1
    try {
      const context = await this.strips?.picture(top - tile.level, tile.x, tile.y, this.view, this.stop.signal)
      if (e.outdated() || !context) return
      tile.paintedAt = revision
      await e.setData(context, 'context2d')
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'AbortError') this.#fail('Some tiles could not be fetched; what is missing stays as it was.')
    }
  }

  /** Paints again, once a frame and never twice at a time. */
  async #paint() {
    if (this.painting) {
      this.again = true
      return
    }
    this.painting = true
    await new Promise((resolve) => requestAnimationFrame(resolve))
    this.again = false
    if (this.viewer?.world?.getItemCount()) await Promise.race([this.viewer.requestInvalidate(true), new Promise((resolve) => setTimeout(resolve, 400))])
    this.painting = false
    if (this.again) this.#paint()
  }

  /** The view was changed: by the panel, a key, a slider. */
  changed() {
    this.revision++
    this.#paint()
    this.tell()
  }

  /** @param {'z' | 't'} axis @param {number} value */
  step(axis, value) {
    const clamped = Math.max(0, Math.min(this.info[axis] - 1, value))
    if (clamped === this.view[axis]) return
    this.view[axis] = clamped
    // Tiles of the plane that was left are not worth waiting for.
    this.stop.abort()
    this.stop = new AbortController()
    this.#controls()
    this.changed()
  }

  // --- place ---

  item() {
    return this.viewer.world.getItemAt(0)
  }

  /** Stage pixels a pixel of the image. */
  scaleNow() {
    const item = this.item()
    return item ? item.viewportToImageZoom(this.viewer.viewport.getZoom(true)) : 1
  }

  #arrive() {
    const { x, y, zoom } = this.view
    if (x !== null && y !== null && zoom !== null) {
      this.viewer.viewport.zoomTo(this.item().imageToViewportZoom(zoom / 100), null, true)
      this.viewer.viewport.panTo(this.item().imageToViewportCoordinates(x, y), true)
    }
    this.#place()
    this.opened = true
  }

  #place() {
    const item = this.item()
    if (!item) return
    const scale = this.scaleNow()
    // Far in, pixels are shown as they are.
    const smooth = scale < 4
    if (smooth !== this.smooth) {
      this.smooth = smooth
      this.viewer.drawer.setImageSmoothingEnabled(smooth)
    }
    this.scale?.place(scale)
    if (this.regions) this.regions.place(item.imageToViewerElementCoordinates(new this.OpenSeadragon.Point(0, 0)), scale)
  }

  #moved() {
    if (!this.opened) return
    const { viewport } = this.viewer
    const home = Math.abs(viewport.getZoom() / viewport.getHomeZoom() - 1) < 0.001 && viewport.getCenter().distanceTo(viewport.getHomeBounds().getCenter()) < 0.001
    const centre = this.item().viewportToImageCoordinates(viewport.getCenter())
    Object.assign(this.view, home ? { x: null, y: null, zoom: null } : { x: centre.x, y: centre.y, zoom: this.scaleNow() * 100 })
    this.tell()
  }

  /** @param {{x: number, y: number, width: number, height: number}} box in pixels of the image */
  #show({ x, y, width, height }) {
    const room = Math.max(width, height, 64) * 0.5
    const rect = this.item().imageToViewportRectangle(x - room, y - room, width + 2 * room, height + 2 * room)
    this.viewer.viewport.fitBoundsWithConstraints(rect)
  }

  /** @param {PointerEvent} e */
  #read(e) {
    const item = this.item()
    if (!item || e.buttons) return
    const box = this.canvas.getBoundingClientRect()
    const at = item.viewerElementToImageCoordinates(new this.OpenSeadragon.Point(e.clientX - box.left, e.clientY - box.top))
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)]
    if (x < 0 || y < 0 || x >= this.info.width || y >= this.info.height) return (this.readout.textContent = '')
    const values = this.strips?.valuesAt(x, y, this.view).flatMap((value, c) =>
      value === null || !this.view.channels[c].shown ? [] : [`${this.info.channels[c].name} ≈ ${shortNumber(value)}`]) ?? []
    this.readout.textContent = [`x ${x}, y ${y}`, ...values].join(' · ')
  }

  // --- acts ---

  reset() {
    this.view = viewOf(new Map(), this.info)
    this.viewer.viewport.goHome()
    this.#controls()
    this.changed()
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen?.().catch(() => this.#fail('This browser does not allow full screen here.'))
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.target instanceof HTMLInputElement && e.target.type !== 'checkbox' && !'[],.?'.includes(e.key))) return
    const channel = this.view.channels[Number(e.key) - 1]
    const acts = /** @type {Record<string, () => void>} */ ({
      '[': () => this.step('z', this.view.z - 1), ']': () => this.step('z', this.view.z + 1),
      ',': () => this.step('t', this.view.t - 1), '.': () => this.step('t', this.view.t + 1),
      r: () => this.reset(), f: () => this.fullscreen(), '?': () => this.help.showModal(),
    })
    const act = channel && e.key !== '0' ? () => { channel.shown = !channel.shown; this.#controls(); this.changed() } : acts[e.key.toLowerCase()]
    if (!act || this.help.open) return
    e.preventDefault()
    act()
  }

  /** Follows an address typed or pasted while the image is open. @param {Map<string, string>} parts */
  go(parts) {
    this.view = viewOf(parts, this.info)
    if (this.view.zoom === null) this.viewer.viewport.goHome()
    this.#arrive()
    this.#controls()
    this.changed()
  }

  close() {
    this.stop.abort()
    this.viewer.destroy()
    this.root.removeEventListener('keydown', this.onkey)
    this.root.replaceChildren()
  }
}
