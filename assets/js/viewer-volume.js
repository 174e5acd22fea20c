// A stack cut two more ways: xz and yz through a point, made of the same strips. A cut needs one row and one column of
// tiles of every plane, so it is made at the sharpest level at which that is a bounded number of strips.

import { el, svg } from './dom.js'
import { button } from './viewer-controls.js'
import { drawn } from './viewer-state.js'
import { colours } from './viewer-tiles.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */

const MOST_STRIPS = 160
const AT_ONCE = 6

/**
 * The sharpest level, and every how manyeth plane, at which a cut stays within its bound.
 * @param {import('./viewer-tiles.js').TileInfo} info @param {number} groups
 */
export function affordable(info, groups) {
  for (const [level, { columns, rows }] of info.levels.entries()) {
    const strips = (columns + rows - 1) * info.z * groups
    const last = level === info.levels.length - 1
    if (strips <= MOST_STRIPS || last) return { level, every: Math.max(1, Math.ceil(strips / MOST_STRIPS)) }
  }
  return { level: 0, every: 1 }
}

/** Opens the cuts of a stage, at the address's point or the middle of what is seen. @param {Stage} stage */
export function openVolume(stage) {
  stage.volume = new Volume(stage)
}

class Volume {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage
    const { info } = stage
    const part = (/** @type {'xz' | 'yz'} */ name) => {
      const canvas = el('canvas', { width: '1', height: '1', role: 'img', 'aria-label': `Cut ${name}` })
      const cross = svg('svg', { class: 'viewer-cut-cross', viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('path', { d: '', 'vector-effect': 'non-scaling-stroke' }))
      const caption = el('figcaption', {})
      const held = el('div', { class: 'viewer-cut-picture' }, canvas, cross)
      held.addEventListener('click', (e) => this.#chosen(name, e))
      return { name, canvas, cross, caption, held, element: el('figure', { class: 'viewer-cut' }, caption, held) }
    }
    this.parts = { xz: part('xz'), yz: part('yz') }
    this.status = el('output', { class: 'viewer-cut-status' })
    const [x, y] = [this.#number('x', info.width), this.#number('y', info.height)]
    this.inputs = { x, y }
    this.element = el('div', { class: 'viewer-cuts', role: 'group', 'aria-label': 'Orthogonal views' },
      el('div', { class: 'viewer-cut-head' }, el('span', { text: 'Through' }), el('label', {}, 'x ', x), el('label', {}, 'y ', y), this.status, button('Close', 'Close the orthogonal views (O)', () => this.close())),
      el('div', { class: 'viewer-cut-pair' }, this.parts.xz.element, this.parts.yz.element))
    this.cross = svg('path', { class: 'viewer-cross', 'vector-effect': 'non-scaling-stroke' })
    this.over = svg('svg', { class: 'viewer-cross-layer', 'aria-hidden': 'true' }, this.cross)
    stage.stage.append(this.over)
    stage.stage.after(this.element)
    this.onmove = () => this.#place()
    stage.viewer.addHandler('update-viewport', this.onmove)
    const centre = stage.tiledImage.viewportToImageCoordinates(stage.viewer.viewport.getCenter(true))
    this.at(stage.view.at ? { x: stage.view.at[0], y: stage.view.at[1] } : { x: centre.x, y: centre.y })
  }

  /** @param {'x' | 'y'} axis @param {number} n */
  #number(axis, n) {
    const input = el('input', { type: 'number', min: '0', max: String(n - 1), step: '1', onchange: () => {
      const [x, y] = /** @type {[number, number]} */ (this.stage.view.at)
      this.at({ x, y, [axis]: Number(input.value) || 0 })
    } })
    return input
  }

  /** Cuts through a pixel of the image. @param {{x: number, y: number} | null} point */
  at(point) {
    if (!point) return
    const { info } = this.stage
    const inside = (/** @type {number} */ v, /** @type {number} */ n) => Math.max(0, Math.min(n - 1, Math.floor(v)))
    this.stage.view.at = [inside(point.x, info.width), inside(point.y, info.height)]
    this.stage.tell()
    this.asked = ''
    this.paint()
    this.#place()
  }

  /** @param {'xz' | 'yz'} name @param {MouseEvent} e */
  #chosen(name, e) {
    const { info, view } = this.stage
    const box = this.parts[name].held.getBoundingClientRect()
    const [across, down] = [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height]
    const [x, y] = /** @type {[number, number]} */ (view.at)
    this.at(name === 'xz' ? { x: across * info.width, y } : { x, y: across * info.height })
    this.stage.step('z', Math.floor(down * info.z))
  }

  /** Paints as the view now is; fetches where the point, the time point or the groups shown are others. */
  async paint() {
    const { stage } = this
    const { info, view } = stage
    if (!stage.strips || !view.at) return
    const groups = stage.strips.groups(view)
    const asked = JSON.stringify([view.at, view.t, groups])
    this.#told()
    if (asked === this.asked) return this.#draw()
    this.asked = asked
    const { level, every } = affordable(info, groups.length || 1)
    const size = info.levels[level]
    const point = [Math.min(size.width - 1, Math.floor((view.at[0] * size.width) / info.width)), Math.min(size.height - 1, Math.floor((view.at[1] * size.height) / info.height))]
    const planes = Array.from({ length: Math.ceil(info.z / every) }, (_, i) => i * every)
    const cut = { width: size.width, height: size.height, planes, xz: info.channels.map(() => new Uint8Array(size.width * planes.length)), yz: info.channels.map(() => new Uint8Array(size.height * planes.length)) }
    let here = 0
    const waiting = [...planes.keys()]
    const worker = async () => {
      for (let i = waiting.shift(); i !== undefined && this.asked === asked; i = waiting.shift()) {
        await this.#plane(cut, i, level, point, groups)
        this.status.textContent = ++here < planes.length ? `${here} of ${planes.length} planes` : every > 1 ? `every ${every}th plane` : ''
      }
    }
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    } catch {
      this.status.textContent = 'Some tiles could not be fetched.'
      this.asked = ''
      return
    }
    if (this.asked !== asked || this.closed) return
    this.cut = cut
    this.#draw()
  }

  /**
   * One plane's line of each cut.
   * @param {any} cut @param {number} row @param {number} level @param {number[]} point @param {number[]} groups
   */
  async #plane(cut, row, level, [px, py], groups) {
    const { info, view, strips } = this.stage
    if (!strips) return
    const { columns, rows } = info.levels[level]
    const [tx, ty] = [Math.floor(px / info.tile), Math.floor(py / info.tile)]
    const tiles = [...Array.from({ length: columns }, (_, x) => [x, ty]), ...Array.from({ length: rows }, (_, y) => [tx, y]).filter(([, y]) => y !== ty)]
    for (const group of groups) {
      await Promise.all(tiles.map(async ([x, y]) => {
        const strip = await strips.get(strips.path(level, cut.planes[row], view.t, group, x, y), info.groups[group].length)
        info.groups[group].forEach((channel, n) => {
          const plane = strip.planes[n]
          if (y === ty) cut.xz[channel].set(plane.subarray((py - ty * info.tile) * strip.width, (py - ty * info.tile + 1) * strip.width), row * cut.width + x * info.tile)
          if (x === tx) for (let i = 0; i < strip.height; i++) cut.yz[channel][row * cut.height + y * info.tile + i] = plane[i * strip.width + px - tx * info.tile]
        })
      }))
    }
  }

  #draw() {
    const { cut, stage } = this
    if (!cut) return
    const { info, view } = stage
    const on = drawn(view)
    // A plane is as thick as planes lie apart; where that is not known, as a pixel is wide.
    const thick = info.pixel_size && info.pixel_size_z ? info.pixel_size_z / info.pixel_size : 1
    for (const name of /** @type {('xz' | 'yz')[]} */ (['xz', 'yz'])) {
      const [across, whole] = name === 'xz' ? [cut.width, info.width] : [cut.height, info.height]
      const { canvas, held } = this.parts[name]
      Object.assign(canvas, { width: across, height: cut.planes.length })
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
      const picture = context.createImageData(across, cut.planes.length)
      for (let j = 3; j < picture.data.length; j += 4) picture.data[j] = 255
      cut[name].forEach((/** @type {Uint8Array} */ plane, /** @type {number} */ c) => {
        if (!on[c]) return
        const table = colours(info, c, view.channels[c], view.grey)
        for (let i = 0, j = 0; i < plane.length; i++, j += 4) for (let k = 0; k < 3; k++) picture.data[j + k] += table[plane[i] * 3 + k]
      })
      context.putImageData(picture, 0, 0)
      // As wide as there is room, and never so thin that nothing is seen.
      held.style.aspectRatio = `${whole} / ${Math.max(whole / 40, info.z * thick)}`
      held.style.maxWidth = `min(100%, ${Math.round((220 * whole) / Math.max(whole / 40, info.z * thick))}px)`
    }
  }

  /** Says where the cuts are. */
  #told() {
    const { info, view } = this.stage
    const [x, y] = /** @type {[number, number]} */ (view.at)
    this.inputs.x.value = String(x)
    this.inputs.y.value = String(y)
    this.parts.xz.caption.textContent = `xz at y ${y}`
    this.parts.yz.caption.textContent = `yz at x ${x}`
    const down = ((view.z + 0.5) / info.z) * 100
    const line = (/** @type {number} */ share) => `M${share * 100} 0V100M0 ${down}H100`
    this.parts.xz.cross.firstElementChild?.setAttribute('d', line((x + 0.5) / info.width))
    this.parts.yz.cross.firstElementChild?.setAttribute('d', line((y + 0.5) / info.height))
  }

  #place() {
    const { viewer, tiledImage, view, OpenSeadragon, info } = this.stage
    if (!view.at || !tiledImage) return
    const on = (/** @type {number} */ x, /** @type {number} */ y) => {
      const at = tiledImage.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y))
      return `${view.flip ? viewer.viewport.getContainerSize().x - at.x : at.x} ${at.y}`
    }
    const [x, y] = view.at.map((v) => v + 0.5)
    this.cross.setAttribute('d', `M${on(0, y)}L${on(info.width, y)}M${on(x, 0)}L${on(x, info.height)}`)
  }

  close() {
    this.closed = true
    this.asked = ''
    this.element.remove()
    this.over.remove()
    this.stage.viewer.removeHandler('update-viewport', this.onmove)
    this.stage.volume = null
    this.stage.view.at = null
    this.stage.tell()
  }
}
