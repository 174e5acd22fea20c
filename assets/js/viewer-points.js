// Localisations over an image: up to a million points, fetched when they are shown, drawn by density; far in, as dots.
//
// `points/<n>.bin` is Float32, little endian: x and y of every point, then a value of each where there are values.

import { between } from './plate-colours.js'
import { count, el } from './dom.js'
import { Sheet } from './viewer-overlay-tiles.js'
import { shortNumber } from './viewer-panel.js'

/** @typedef {{name: string, file: string, count: number, value: {name: string, low: number, high: number} | null}} PointFile */

const SCALES = /** @type {Record<string, string[]>} */ ({
  fire: ['#000000', '#2b0a57', '#7d0f8c', '#c9314a', '#f3762f', '#fcb62b', '#fdf39a', '#ffffff'],
  viridis: ['#440154', '#482878', '#3e4a89', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'],
})
const CELL = 2 // screen pixels a cell of the density
const DOTS = 4_000 // points in view, up to which each is a dot
const DOT_SCALE = 4 // screen pixels a pixel of the image, from which they are

/**
 * How many points fall into each cell of the screen.
 * @param {Float32Array} xy @param {number} n @param {{x: number, y: number}} origin of the image, in cells @param {number} scale cells a pixel of the image
 * @param {number} width cells @param {number} height
 * @returns {{counts: Uint32Array, inside: number}}
 */
export function density(xy, n, origin, scale, width, height) {
  const counts = new Uint32Array(width * height)
  const { x: left, y: top } = origin
  let inside = 0
  for (let i = 0; i < 2 * n; i += 2) {
    const x = xy[i] * scale + left
    const y = xy[i + 1] * scale + top
    if (!(x >= 0 && y >= 0 && x < width && y < height)) continue
    counts[(y | 0) * width + (x | 0)]++
    inside++
  }
  return { counts, inside }
}

/** The count that is drawn as the brightest: one in two hundred of the filled cells has more. @param {Uint32Array} counts */
export function brightest(counts) {
  let [most, filled] = [1, 0]
  for (const n of counts) {
    if (n > most) most = n
    if (n) filled++
  }
  const cells = new Uint32Array(most + 1)
  for (const n of counts) cells[n]++
  let above = 0
  while (most > 1 && (above += cells[most]) <= filled / 200) most--
  return most
}

class PointLayer {
  /** @param {Localisations} all @param {PointFile} file @param {number} number */
  constructor(all, file, number) {
    this.all = all
    this.file = file
    this.number = number
    this.shown = false
    this.colours = 'fire'
    /** @type {{xy: Float32Array, values: Float32Array | null} | null} */
    this.data = null
    this.sheet = new Sheet('overlay-points')
    this.toggle = el('input', { type: 'checkbox', onchange: () => { this.shown = this.toggle.checked; this.#load(); all.draw(); all.tell() } })
    this.select = el('select', { 'aria-label': `Colours of ${file.name}`, onchange: () => { this.colours = this.select.value; all.draw(); all.tell() } },
      el('option', { value: 'fire', text: 'Fire' }), el('option', { value: 'viridis', text: 'Viridis' }))
    this.told = el('p', { class: 'overlay-counted', role: 'status' })
    this.element = el('fieldset', { class: 'overlay-part' }, el('legend', { class: 'visually-hidden', text: file.name }),
      el('label', { class: 'channel-label' }, this.toggle, el('span', { text: file.name }), el('span', { class: 'overlay-count', text: `${count(file.count)} points` })),
      el('div', { class: 'overlay-row' }, el('span', { 'aria-hidden': 'true', text: 'Colour' }), this.select), this.told)
  }

  show() {
    this.toggle.checked = this.shown
    this.select.value = this.colours
    this.#load()
  }

  async #load() {
    if (!this.shown || this.data || this.loading) return
    this.loading = true
    this.told.textContent = 'Fetching …'
    try {
      const answer = await fetch(this.all.folder + this.file.file)
      if (!answer.ok) throw new Error(String(answer.status))
      const all = floats(await answer.arrayBuffer())
      const n = this.file.count
      if (all.length < 2 * n) throw new Error('cut short')
      this.data = { xy: all.subarray(0, 2 * n), values: this.file.value && all.length >= 3 * n ? all.subarray(2 * n, 3 * n) : null }
      this.told.textContent = ''
    } catch (error) {
      this.loading = false
      this.told.textContent = `The points could not be read (${/** @type {Error} */ (error).message}).`
      return
    }
    this.all.draw()
  }

  draw() {
    const { stage, origin, scale } = this.all
    const size = this.sheet.clear(stage.viewer)
    if (!this.shown || !this.data) return
    const [width, height] = [Math.ceil(size.width / size.ratio / CELL), Math.ceil(size.height / size.ratio / CELL)]
    const [left, top] = [origin.x - size.left, origin.y - size.top]
    const { counts, inside } = density(this.data.xy, this.file.count, { x: left / CELL, y: top / CELL }, scale / CELL, width, height)
    const dots = scale >= DOT_SCALE && inside <= DOTS
    if (dots) this.#dots(size, left, top, scale)
    else this.#density(counts, width, height, size.ratio)
    const value = dots && this.data.values && this.file.value
    const text = `${count(inside)} in view, ${dots ? 'each a dot' : 'by density'}${value ? `; colour: ${value.name}, ${shortNumber(value.low)} to ${shortNumber(value.high)}` : ''}`
    if (this.told.textContent !== text) this.told.textContent = text
  }

  /** @param {Uint32Array} counts @param {number} width @param {number} height @param {number} ratio */
  #density(counts, width, height, ratio) {
    const table = lookup(SCALES[this.colours])
    const most = Math.sqrt(brightest(counts))
    const cells = new ImageData(width, height)
    for (let i = 0; i < counts.length; i++) {
      if (!counts[i]) continue
      // By the square root, so that sparse places are seen beside dense ones; never quite transparent.
      const part = Math.min(1, Math.sqrt(counts[i]) / most)
      cells.data.set(table.subarray(Math.round((0.3 + 0.7 * part) * 255) * 3, Math.round((0.3 + 0.7 * part) * 255) * 3 + 3), i * 4)
      cells.data[i * 4 + 3] = 255
    }
    const small = new OffscreenCanvas(width, height)
    small.getContext('2d')?.putImageData(cells, 0, 0)
    const { context } = this.sheet
    context.imageSmoothingEnabled = false
    context.drawImage(small, 0, 0, width * CELL * ratio, height * CELL * ratio)
  }

  /** @param {{width: number, height: number, ratio: number}} size @param {number} left @param {number} top @param {number} scale */
  #dots({ width, height, ratio }, left, top, scale) {
    const { context } = this.sheet
    const { xy, values } = /** @type {{xy: Float32Array, values: Float32Array | null}} */ (this.data)
    const { low, high } = this.file.value ?? { low: 0, high: 1 }
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.lineWidth = 1
    context.strokeStyle = '#000'
    for (let i = 0; i < this.file.count; i++) {
      const [x, y] = [xy[2 * i] * scale + left, xy[2 * i + 1] * scale + top]
      if (x < -4 || y < -4 || x > width / ratio + 4 || y > height / ratio + 4) continue
      context.fillStyle = between(SCALES[this.colours], values && high > low ? 0.3 + (0.7 * (values[i] - low)) / (high - low) : 0.75)
      context.beginPath()
      context.arc(x, y, 3, 0, 2 * Math.PI)
      context.fill()
      context.stroke()
    }
  }
}

/** Little endian, whatever this machine is. @param {ArrayBuffer} buffer */
function floats(buffer) {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0]) return new Float32Array(buffer, 0, Math.floor(buffer.byteLength / 4))
  const view = new DataView(buffer)
  return Float32Array.from({ length: Math.floor(buffer.byteLength / 4) }, (_, i) => view.getFloat32(4 * i, true))
}

/** @param {string[]} colours */
function lookup(colours) {
  const table = new Uint8ClampedArray(768)
  for (let i = 0; i < 256; i++) {
    const colour = between(colours, i / 255)
    for (const n of [0, 1, 2]) table[i * 3 + n] = parseInt(colour.slice(1 + 2 * n, 3 + 2 * n), 16)
  }
  return table
}

export class Localisations {
  /** @param {import('./viewer-overlay.js').Stage} stage @param {PointFile[]} files @param {string} folder @param {() => void} tell */
  constructor(stage, files, folder, tell) {
    this.stage = stage
    this.folder = folder
    this.tell = tell
    this.origin = { x: 0, y: 0 }
    this.scale = 1
    this.layers = files.map((file, number) => new PointLayer(this, file, number))
    this.elements = this.layers.map((layer) => layer.sheet.element)
    this.panel = el('div', { class: 'overlay-section' }, el('h2', { class: 'overlay-title', text: 'Localisations' }), ...this.layers.map((layer) => layer.element))
  }

  /** @param {{x: number, y: number}} origin @param {number} scale */
  place(origin, scale) {
    if (origin.x === this.origin.x && origin.y === this.origin.y && scale === this.scale) return
    Object.assign(this, { origin, scale })
    this.draw()
  }

  draw() {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame(() => {
      this.waiting = false
      for (const layer of this.layers) layer.draw()
    })
  }

  update() {}

  state() {
    return Object.fromEntries(this.layers.flatMap(({ shown, colours }, n) => [[`p${n}`, shown && '1'], [`pc${n}`, colours !== 'fire' && colours]]))
  }

  /** @param {Map<string, string>} parts */
  restore(parts) {
    this.layers.forEach((layer, n) => {
      layer.shown = parts.get(`p${n}`) === '1'
      layer.colours = parts.get(`pc${n}`) === 'viridis' ? 'viridis' : 'fire'
      layer.show()
    })
    this.draw()
  }
}
