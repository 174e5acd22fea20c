// Regions of interest over an image: SVG drawn for the plane that is seen, and the part of the panel that lists them.

import { el, svg } from './dom.js'
import { RegionList, TAILS } from './viewer-regions-list.js'
import { around, boxOf, isDot, isHere, lifted, meant, outline, ownColour, ownHue, tailOf, tracksOf, ways } from './viewer-regions-shapes.js'
import { colouring } from './plate-colours.js'

/** @typedef {import('./viewer-regions-shapes.js').Feature} Feature */
/** @typedef {import('./viewer-state.js').View} View */

const REACH = 6 // screen pixels beside a line or a point that still mean it

export class Regions {
  /**
   * @param {import('./viewer-overlay.js').Stage} stage @param {Feature[]} features @param {import('./viewer-tiles.js').TileInfo} info
   * @param {() => void} tell hears of every change of what the address says
   */
  constructor(stage, features, info, tell) {
    this.stage = stage
    this.features = features
    this.info = info
    this.tell = tell
    this.tracks = tracksOf(features)
    /** Feature → its track. */
    this.trackOf = new Map(this.tracks.flatMap((track, n) => track.members.map((i) => /** @type {[number, number]} */ ([i, n]))))
    this.ways = [...(this.tracks.length ? [{ key: 'track', label: 'track', kind: /** @type {const} */ ('category') }] : []), ...ways(features)]
    this.shown = true
    this.chosen = -1
    this.by = this.tracks.length ? 'track' : ''
    this.tail = ''
    /** @type {Set<number>} what the filter leaves */
    this.kept = new Set(features.keys())
    /** @type {View} */
    this.view = stage.view
    /** @type {SVGElement[]} */
    this.paths = features.map((feature) => svg('path', { class: isDot(feature) ? 'roi roi-point' : 'roi', d: outline(feature), 'vector-effect': 'non-scaling-stroke', fill: 'none' }))
    /** @type {SVGElement[]} */
    this.tails = this.tracks.map(() => svg('path', { class: 'roi-tail', 'vector-effect': 'non-scaling-stroke', fill: 'none' }))
    this.halo = svg('path', { class: 'roi-halo', 'vector-effect': 'non-scaling-stroke', fill: 'none' })
    this.group = svg('g', {})
    this.element = svg('svg', { class: 'viewer-rois', 'aria-hidden': 'true' }, this.group)
    this.elements = [this.element]
    this.list = new RegionList(this)
    this.panel = this.list.element
    this.colour()
  }

  // --- what a layer does ---

  /** @param {import('./viewer-overlay.js').Point} origin @param {number} scale */
  place(origin, scale) {
    this.group.setAttribute('transform', `matrix(${scale} 0 0 ${scale} ${origin.x} ${origin.y})`)
  }

  /** @param {View} view */
  update(view) {
    this.view = view
    this.draw()
    this.list.say()
  }

  state() {
    return { r: this.shown ? null : '0', rs: this.chosen < 0 ? null : this.chosen + 1, rb: this.by === (this.tracks.length ? 'track' : '') ? null : this.by || '-', rt: this.tail, ...this.list.state() }
  }

  /** @param {Map<string, string>} parts */
  restore(parts) {
    this.shown = parts.get('r') !== '0'
    const by = parts.get('rb')
    this.by = by === '-' ? '' : this.ways.some((way) => way.key === by) ? String(by) : this.tracks.length ? 'track' : ''
    this.tail = TAILS.some(([key]) => key === parts.get('rt')) ? String(parts.get('rt')) : ''
    this.list.restore(parts)
    this.colour()
    const chosen = Number(parts.get('rs')) - 1
    // The address places the view: what is chosen is marked, and nothing flies.
    this.choose(this.features[chosen] ? chosen : -1, { fly: false })
  }

  /** @param {number} x @param {number} y @param {number} scale */
  hit(x, y, scale) {
    if (!this.shown) return false
    const found = meant(this.features, this.here, x, y, REACH / scale)
    if (found >= 0) this.choose(found, { fly: false })
    return found >= 0
  }

  clear() {
    if (this.chosen >= 0) this.choose(-1)
  }

  // --- drawing ---

  /** The features of the plane that is seen, as the filter leaves them. */
  get here() {
    return [...this.kept].filter((i) => isHere(this.features[i], this.view))
  }

  draw() {
    const here = this.shown ? this.here : []
    const tracks = this.shown && this.tail !== '0' ? [...new Set([...this.kept].flatMap((i) => this.trackOf.get(i) ?? []))] : []
    for (const n of tracks) this.tails[n].setAttribute('d', tailOf(this.tracks[n], this.view.t, this.tail ? Number(this.tail) : Infinity))
    // The chosen one lies over all others, with light around it.
    const others = here.filter((i) => i !== this.chosen)
    const chosen = others.length < here.length ? [this.halo, this.paths[this.chosen]] : []
    if (chosen.length) {
      this.halo.setAttribute('d', this.paths[this.chosen].getAttribute('d') ?? '')
      this.halo.classList.toggle('roi-point', this.paths[this.chosen].classList.contains('roi-point'))
    }
    this.group.replaceChildren(...tracks.map((n) => this.tails[n]), ...others.map((i) => this.paths[i]), ...chosen)
  }

  /** A colour of a scale, as it can be seen on this image. @param {string} colour */
  visible(colour) {
    return this.info.brightfield ? colour : lifted(colour)
  }

  /** Gives every shape its colour, and tells the legend. */
  colour() {
    const way = this.ways.find(({ key }) => key === this.by)
    const values = this.features.map(({ properties }) => (way ? properties?.[way.key] ?? null : null))
    // Tracks are many: each has a colour of its own, and the list is their legend.
    const made = way && way.key !== 'track' ? colouring(way, values) : null
    this.features.forEach((feature, i) => {
      const scaled = made?.of(values[i]) ?? null
      const colour = made ? scaled && this.visible(scaled) : way && values[i] !== null ? ownHue(values[i]) : ownColour(feature)
      this.paths[i].style.stroke = colour ?? ''
      this.paths[i].classList.toggle('roi-none', Boolean(made) && colour === null)
    })
    this.tracks.forEach((track, n) => (this.tails[n].style.stroke = this.paths[track.members[0]].style.stroke))
    this.list.legend(way, made)
  }

  // --- choosing ---

  /** Marks one region in the image and in the list. @param {number} index −1: none @param {{fly?: boolean}} [how] */
  choose(index, { fly = true } = {}) {
    this.chosen = index
    const track = this.trackOf.get(index)
    this.paths.forEach((path, i) => path.classList.toggle('roi-current', i === index))
    this.tails.forEach((tail, n) => tail.classList.toggle('roi-current', n === track))
    if (index >= 0 && fly) this.#go(index)
    this.draw()
    this.list.mark(index)
    this.tell()
  }

  /** Shows where a region is: its plane and time point, then its place. @param {number} index */
  #go(index) {
    const { properties: p } = this.features[index]
    if (!isHere(this.features[index], this.view)) {
      if (typeof p?.z === 'number' && p.z < this.info.z) this.stage.step?.('z', p.z)
      if (typeof p?.t === 'number' && p.t < this.info.t) this.stage.step?.('t', p.t)
    }
    const track = this.tracks[this.trackOf.get(index) ?? -1]
    this.stage.fly(track ? around(track.members.map((i) => boxOf(this.features[i]))) : boxOf(this.features[index]))
  }

  /** @param {Set<number>} kept what the filter leaves */
  filter(kept) {
    this.kept = kept
    this.draw()
    this.tell()
  }

  /** @param {{shown?: boolean, by?: string, tail?: string}} asked */
  set(asked) {
    Object.assign(this, asked)
    if (asked.by !== undefined) this.colour()
    this.draw()
    this.tell()
  }
}
