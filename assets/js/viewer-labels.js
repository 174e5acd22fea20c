// Label images over an image: each object in a colour of its own or by a property, filled or outlined; what is under the pointer
// is named. Tiles are lossless WebP, id = R + 256·G + 65,536·B (docs/tiles.md).

import { count, el } from './dom.js'
import { parse, predicate } from './filters.js'
import { Sheet, Tiles } from './viewer-overlay-tiles.js'
import { ownHue, ways } from './viewer-regions-shapes.js'
import { colouring } from './plate-colours.js'
import { shortNumber } from './viewer-panel.js'
import { json } from './viewer-overlay.js'

/** @typedef {{name: string, ids: number | null, z: number, t: number}} LabelFacts */
/** @typedef {{width: number, height: number, ids: Uint32Array}} IdTile */
/** @typedef {{colours?: Record<string, string>, properties?: Record<string, Record<string, any>>, source_ids?: Record<string, number>}} LabelTable */

const OPACITY = 50
const HELD = 48 // decoded tiles of ids, 1 MB each

/** The ids of a tile. @param {ImageData} image @returns {Uint32Array} */
export function idsOf({ data }) {
  const ids = new Uint32Array(data.length / 4)
  for (let i = 0, j = 0; i < ids.length; i++, j += 4) ids[i] = data[j] + data[j + 1] * 256 + data[j + 2] * 65536
  return ids
}

/**
 * Ids as RGBA. Outlined, only pixels beside another id (or at the tile's edge of nothing) are painted.
 * @param {IdTile} tile @param {(id: number) => number} colour 0xrrggbb, −1: not shown @param {boolean} outlined @param {number} chosen
 */
export function painted({ width, height, ids }, colour, outlined, chosen) {
  const rgba = new Uint8ClampedArray(ids.length * 4)
  let [last, rgb] = [0, -1]
  for (let i = 0, j = 0; i < ids.length; i++, j += 4) {
    const id = ids[i]
    if (!id) continue
    if (id !== last) [last, rgb] = [id, colour(id)]
    if (rgb < 0) continue
    const x = i % width
    const edge = (x > 0 && ids[i - 1] !== id) || (x < width - 1 && ids[i + 1] !== id) || (i >= width && ids[i - width] !== id) || (i < width * (height - 1) && ids[i + width] !== id)
    if (outlined && !edge) continue
    // The chosen one has a white edge.
    const mark = id === chosen && edge ? 0xffffff : rgb
    rgba[j] = mark >> 16
    rgba[j + 1] = (mark >> 8) & 255
    rgba[j + 2] = mark & 255
    rgba[j + 3] = 255
  }
  return rgba
}

/** One label image. */
class LabelLayer {
  /** @param {Labels} all @param {LabelFacts} facts @param {number} number */
  constructor(all, facts, number) {
    this.all = all
    this.facts = facts
    this.number = number
    this.shown = number === 0
    this.opacity = OPACITY
    this.outlined = false
    this.by = ''
    this.words = ''
    this.chosen = 0
    /** @type {LabelTable} */
    this.table = {}
    /** @type {Map<string, Promise<IdTile | null>>} */
    this.held = new Map()
    /** @type {Map<string, IdTile>} */
    this.ready = new Map()
    /** @type {((id: number) => string | null) | null} */
    this.scale = null
    this.plane = ''
    const { levels, tile } = all.info
    this.tiles = new Tiles(levels, tile, (level, x, y) => this.#paint(level, x, y), () => all.draw())
    this.sheet = new Sheet('overlay-labels')
    const again = () => { this.tiles.forget(); all.draw(); all.tell() }
    this.toggle = el('input', { type: 'checkbox', onchange: () => { this.shown = this.toggle.checked; this.#load(); again() } })
    this.slider = el('input', { type: 'range', min: '5', max: '100', step: '5', 'aria-label': `Opacity of ${facts.name}`, oninput: () => { this.opacity = Number(this.slider.value); this.#fade(); all.tell() } })
    this.edges = el('input', { type: 'checkbox', onchange: () => { this.outlined = this.edges.checked; again() } })
    this.select = el('select', { 'aria-label': `Colour of ${facts.name} by`, onchange: () => { this.by = this.select.value; this.#colour(); again() } }, el('option', { value: '', text: 'own colours' }))
    this.typed = el('input', { type: 'search', class: 'overlay-filter', 'aria-label': `Filter ${facts.name}`, placeholder: 'Filter', autocomplete: 'off', oninput: () => { this.words = this.typed.value; again() } })
    this.choice = el('div', { class: 'overlay-row', hidden: true }, el('span', { 'aria-hidden': 'true', text: 'Colour' }), this.select, this.typed)
    this.key = el('ul', { class: 'overlay-legend' })
    this.told = el('dl', { class: 'overlay-facts', hidden: true })
    this.flat = el('p', { class: 'viewer-note', role: 'status' })
    this.element = el('fieldset', { class: 'overlay-part' }, el('legend', { class: 'visually-hidden', text: facts.name }),
      el('label', { class: 'channel-label' }, this.toggle, el('span', { text: facts.name }), facts.ids ? el('span', { class: 'overlay-count', text: `${count(facts.ids)} objects` }) : null),
      el('div', { class: 'overlay-row' }, el('span', { 'aria-hidden': 'true', text: 'Opacity' }), this.slider, el('label', { class: 'overlay-check' }, this.edges, 'Outlines')),
      this.flat, this.choice, this.key, this.told)
    this.show()
    this.#load()
  }

  /** Controls as the layer is. */
  show() {
    this.toggle.checked = this.shown
    this.slider.value = String(this.opacity)
    this.edges.checked = this.outlined
    this.typed.value = this.words
    this.#fade()
  }

  #fade() {
    this.sheet.element.style.opacity = String(this.opacity / 100)
    this.slider.setAttribute('aria-valuetext', `${this.opacity} %`)
  }

  /** Colours and properties, fetched when the layer is first shown. */
  async #load() {
    if (this.loading || !this.shown) return
    this.loading = true
    try {
      this.table = await json(`${this.all.folder}labels/${this.number}.json`)
    } catch {
      return // a label image without a table has ids alone
    }
    const { properties = {} } = this.table
    this.ways = ways(Object.values(properties).map((told) => ({ geometry: { type: 'Point', coordinates: [0, 0] }, properties: told })))
    this.select.append(...this.ways.map(({ key, label }) => el('option', { value: key, text: label })))
    this.choice.hidden = !this.ways.length
    if (!this.ways.some(({ key }) => key === this.by)) this.by = ''
    this.select.value = this.by
    this.#colour()
    this.tiles.forget()
    this.#facts()
    this.all.draw()
  }

  #colour() {
    const way = this.ways?.find(({ key }) => key === this.by)
    const told = this.table.properties ?? {}
    const made = way ? colouring(way, Object.values(told).map((p) => p[way.key] ?? null)) : null
    this.scale = made && way ? (id) => made.of(told[id]?.[way.key] ?? null) : null
    this.key.replaceChildren(...(made?.legend ?? []).filter(({ n }) => n).map(({ colour, label, n }) => {
      const swatch = el('span', { class: 'overlay-swatch' })
      if (colour) swatch.style.background = colour
      return el('li', {}, swatch, el('span', { class: 'overlay-legend-text', text: label }), el('span', { class: 'overlay-count', text: count(n) }))
    }), ...(made?.ramp ? [el('li', { text: `${shortNumber(made.ramp.low)} – ${shortNumber(made.ramp.high)}: dark to bright` })] : []))
  }

  /** After the address was read. */
  restored() {
    if (this.ways && !this.ways.some(({ key }) => key === this.by)) this.by = ''
    this.select.value = this.by
    this.#colour()
    this.#facts()
    this.#load()
  }

  /** The colour of an id as 0xrrggbb; −1 where the filter leaves it out. @returns {(id: number) => number} */
  #colours() {
    const told = this.table.properties ?? {}
    const way = this.ways?.find(({ key }) => key === this.by)
    const typed = this.words.trim().toLowerCase()
    const test = typed && way ? parse(this.words, way.kind === 'category' ? 'text' : way.kind) : null
    const left = (/** @type {number} */ id) => {
      if (!typed) return true
      if (test && way) return predicate(test)(way.kind === 'category' ? String(told[id]?.[way.key] ?? '') : told[id]?.[way.key] ?? null)
      return String(this.source(id)) === typed || Object.values(told[id] ?? {}).some((v) => String(v).toLowerCase().includes(typed))
    }
    /** @type {Map<number, number>} */
    const known = new Map()
    return (id) => {
      let rgb = known.get(id)
      if (rgb === undefined) {
        const colour = this.scale ? this.scale(id) ?? '#808080' : this.table.colours?.[id] ?? ownHue(id)
        known.set(id, (rgb = left(id) ? parseInt(colour.slice(1), 16) : -1))
      }
      return rgb
    }
  }

  /** The id that the source has. @param {number} id */
  source(id) {
    return this.table.source_ids?.[id] ?? id
  }

  /** @param {number} level @param {number} x @param {number} y @returns {Promise<IdTile | null>} */
  #ids(level, x, y) {
    const path = `labels/${this.number}/${level}/${this.plane}/${x}_${y}.webp`
    let asked = this.held.get(path)
    if (!asked) {
      asked = (async () => {
        const answer = await fetch(this.all.folder + path)
        if (!answer.ok) return null
        // No colour management, no alpha: the bytes are ids, not a picture.
        const bitmap = await createImageBitmap(await answer.blob(), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
        const { width, height } = bitmap
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true }))
        context.drawImage(bitmap, 0, 0)
        bitmap.close()
        const tile = { width, height, ids: idsOf(context.getImageData(0, 0, width, height)) }
        this.ready.set(path, tile)
        return tile
      })().catch(() => null)
      this.held.set(path, asked)
      for (const old of this.held.keys()) {
        if (this.held.size <= HELD) break
        this.held.delete(old)
        this.ready.delete(old)
      }
    }
    return asked
  }

  /** @param {number} level @param {number} x @param {number} y */
  async #paint(level, x, y) {
    const tile = await this.#ids(level, x, y)
    if (!tile) return null
    this.colours ??= this.#colours()
    const canvas = new OffscreenCanvas(tile.width, tile.height)
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'))
    context.putImageData(new ImageData(painted(tile, this.colours, this.outlined, this.chosen), tile.width, tile.height), 0, 0)
    return canvas
  }

  draw() {
    const { stage, origin, scale, view } = this.all
    const size = this.sheet.clear(stage.viewer)
    const said = view.projection && this.facts.z > 1 ? 'The label image belongs to single planes: choose a plane to see it.' : ''
    if (this.flat.textContent !== said) this.flat.textContent = said
    if (!this.seen) return
    const plane = `${this.facts.z > 1 ? view.z : 0}/${this.facts.t > 1 ? view.t : 0}`
    if (plane !== this.plane) {
      this.plane = plane
      this.tiles.forget()
    }
    if (!this.tiles.kept.size) this.colours = this.#colours()
    this.sheet.context.imageSmoothingEnabled = false
    this.tiles.draw(this.sheet.context, Sheet.map(size, origin, scale), size)
  }

  /** Whether it is drawn: planes of its own do not lie over the maximum of all planes. */
  get seen() {
    return this.shown && !(this.all.view.projection && this.facts.z > 1)
  }

  /** The id at a pixel, from the sharpest tile that is here. @param {number} x @param {number} y */
  idAt(x, y) {
    const { levels, tile, width, height } = this.all.info
    if (x < 0 || y < 0 || x >= width || y >= height) return 0
    for (const level of levels.keys()) {
      const [px, py] = [x >> level, y >> level]
      const [tx, ty] = [Math.floor(px / tile), Math.floor(py / tile)]
      const found = this.ready.get(`labels/${this.number}/${level}/${this.plane}/${tx}_${ty}.webp`)
      if (found) return found.ids[(py - ty * tile) * found.width + (px - tx * tile)] ?? 0
    }
    return 0
  }

  /** @param {number} id */
  choose(id) {
    if (id === this.chosen) return
    this.chosen = id
    this.#facts()
    this.tiles.forget()
    this.all.draw()
    this.all.tell()
  }

  #facts() {
    this.told.hidden = !this.chosen
    const facts = this.chosen ? Object.entries({ id: this.source(this.chosen), ...this.table.properties?.[this.chosen] }) : []
    this.told.replaceChildren(...facts.flatMap(([key, v]) => [el('dt', { text: key }), el('dd', { text: typeof v === 'number' ? shortNumber(v) : String(v) })]))
  }
}

export class Labels {
  /** @param {import('./viewer-overlay.js').Stage} stage @param {any} info @param {string} folder @param {() => void} tell */
  constructor(stage, info, folder, tell) {
    this.stage = stage
    this.info = info
    this.folder = folder
    this.tell = tell
    this.view = stage.view
    this.origin = { x: 0, y: 0 }
    this.scale = 1
    /** @type {LabelLayer[]} */
    this.layers = []
    this.layers = info.labels.map((/** @type {LabelFacts} */ facts, /** @type {number} */ number) => new LabelLayer(this, facts, number))
    this.elements = this.layers.map((layer) => layer.sheet.element)
    this.panel = el('div', { class: 'overlay-section' }, el('h2', { class: 'overlay-title', text: info.labels.length > 1 ? 'Label images' : 'Label image' }), ...this.layers.map((layer) => layer.element))
  }

  /** @param {{x: number, y: number}} origin @param {number} scale */
  place(origin, scale) {
    Object.assign(this, { origin, scale })
    for (const layer of this.layers) layer.draw()
  }

  /** Once a frame, however many tiles came. */
  draw() {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame(() => {
      this.waiting = false
      for (const layer of this.layers) layer.draw()
    })
  }

  /** @param {import('./viewer-state.js').View} view */
  update(view) {
    this.view = view
    this.draw()
  }

  state() {
    return Object.fromEntries(this.layers.flatMap(({ shown, opacity, outlined, by, words, chosen }, n) => [
      [`l${n}`, shown === (n === 0) && opacity === OPACITY ? null : shown ? opacity : '0'], [`lo${n}`, outlined && '1'], [`lb${n}`, by], [`lf${n}`, words], [`ls${n}`, chosen || null],
    ]))
  }

  /** @param {Map<string, string>} parts */
  restore(parts) {
    this.layers.forEach((layer, n) => {
      const opacity = parts.get(`l${n}`)
      layer.shown = opacity === undefined ? n === 0 : opacity !== '0'
      layer.opacity = Number(opacity) >= 5 && Number(opacity) <= 100 ? Number(opacity) : OPACITY
      layer.outlined = parts.get(`lo${n}`) === '1'
      layer.by = parts.get(`lb${n}`) ?? ''
      layer.words = parts.get(`lf${n}`) ?? ''
      layer.chosen = Math.max(0, Math.floor(Number(parts.get(`ls${n}`)) || 0))
      layer.tiles.forget()
      layer.show()
      layer.restored()
    })
    this.draw()
  }

  /** @param {number} x @param {number} y */
  hit(x, y) {
    const layer = [...this.layers].reverse().find((each) => each.seen && each.idAt(Math.floor(x), Math.floor(y)))
    for (const each of this.layers) each.choose(each === layer ? each.idAt(Math.floor(x), Math.floor(y)) : 0)
    return Boolean(layer)
  }

  clear() {
    for (const layer of this.layers) layer.choose(0)
  }

  /** @param {number} x @param {number} y */
  over(x, y) {
    return this.layers.filter((layer) => layer.seen).map((layer) => ({ layer, id: layer.idAt(x, y) })).filter(({ id }) => id).map(({ layer, id }) => {
      const told = Object.entries(layer.table.properties?.[id] ?? {}).slice(0, 4).map(([key, v]) => `${key} ${typeof v === 'number' ? shortNumber(v) : v}`)
      return [`${layer.facts.name} ${layer.source(id)}`, ...told].join(', ')
    }).join(' · ')
  }
}
