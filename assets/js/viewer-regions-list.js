// The regions of an image as a list in the panel: filtered, sorted, coloured; what is chosen in it is chosen in the image.

import { count, el } from './dom.js'
import { parse, predicate, sorted } from './filters.js'
import { shortNumber } from './viewer-panel.js'
import { nameOf, whereOf } from './viewer-regions-shapes.js'

export const TAILS = /** @type {[string, string][]} */ ([['', 'Whole tails'], ['5', 'Last 5'], ['10', 'Last 10'], ['20', 'Last 20'], ['0', 'No tails']])
const LISTED = 200 // rows that are there at first; "show more" brings as many again

/** @param {string} label @param {[string, string][]} options @param {(value: string) => void} onchange */
function choice(label, options, onchange) {
  const select = el('select', { 'aria-label': label, onchange: () => onchange(select.value) }, ...options.map(([value, text]) => el('option', { value, text })))
  return select
}

/** A legend's line. @param {string | null} colour @param {string} text @param {number} n */
function line(colour, text, n) {
  const swatch = el('span', { class: 'overlay-swatch', 'aria-hidden': 'true' })
  if (colour) swatch.style.background = colour
  return el('li', {}, swatch, el('span', { class: 'overlay-legend-text', text }), el('span', { class: 'overlay-count', text: count(n) }))
}

export class RegionList {
  /** @param {import('./viewer-regions.js').Regions} regions */
  constructor(regions) {
    this.regions = regions
    this.words = ''
    this.of = ''
    this.order = ''
    this.descending = false
    this.length = LISTED
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map()
    const { features, ways, tracks } = regions
    const properties = /** @type {[string, string][]} */ (ways.map(({ key, label }) => [key, label]))
    this.toggle = el('input', { type: 'checkbox', onchange: () => regions.set({ shown: this.toggle.checked }) })
    this.toggle.checked = true
    this.typed = el('input', { type: 'search', class: 'overlay-filter', 'aria-label': 'Filter regions', placeholder: 'Filter', autocomplete: 'off', oninput: () => this.#ask() })
    this.property = choice('Filter by', [['', 'anywhere'], ...properties], (value) => { this.of = value; this.#ask() })
    this.sorting = choice('Sort by', [['', 'as in the file'], ['name', 'name'], ...properties], (value) => { this.order = value; this.#ask() })
    this.turn = el('button', { type: 'button', class: 'channel-tool', 'aria-pressed': 'false', title: 'Largest first', 'aria-label': 'Largest first', text: '↓', onclick: () => { this.descending = !this.descending; this.#ask() } })
    this.by = choice('Colour by', [['', 'own colours'], ...properties], (by) => regions.set({ by }))
    this.tails = tracks.length ? choice('Tails of tracks', TAILS, (tail) => regions.set({ tail })) : null
    // Where everything is of a track, tracks are what is looked for.
    this.byTrack = tracks.length > 0 && regions.trackOf.size === features.length
    this.rowsOf = tracks.length ? choice('List', [['', 'regions'], ['tracks', `tracks (${count(tracks.length)})`]], (value) => { this.byTrack = value === 'tracks'; this.#list(); regions.tell() }) : null
    if (this.rowsOf) this.rowsOf.value = this.byTrack ? 'tracks' : ''
    this.key = el('ul', { class: 'overlay-legend' })
    this.counted = el('p', { class: 'overlay-counted', role: 'status' })
    this.list = el('ol', { class: 'roi-list', onkeydown: (/** @type {KeyboardEvent} */ e) => this.#keys(e) })
    this.more = el('button', { type: 'button', class: 'channel-tool overlay-more', text: 'Show more', onclick: () => { this.length += LISTED; this.#list() } })
    this.told = el('dl', { class: 'overlay-facts', hidden: true })
    const row = (/** @type {string} */ text, /** @type {any[]} */ ...parts) => el('div', { class: 'overlay-row' }, el('span', { 'aria-hidden': 'true', text }), ...parts)
    const many = features.length > 8 || properties.length > 0
    this.element = el('div', { class: 'viewer-regions' },
      el('label', { class: 'channel-label' }, this.toggle, el('span', { text: 'Show regions' })),
      properties.length ? row('Colour', this.by) : null,
      this.tails ? row('Tracks', this.tails) : null,
      this.key,
      // A long list would push everything after it off a phone's screen.
      el('details', { class: 'viewer-region-list', open: matchMedia('(min-width: 900px)').matches },
        el('summary', { text: `Regions (${count(features.length)})` }),
        this.rowsOf ? row('List', this.rowsOf) : null,
        many ? row('Filter', properties.length ? this.property : null, this.typed) : null,
        many ? row('Sort', this.sorting, this.turn) : null,
        this.counted, this.list, this.more, this.told))
    this.#list()
  }

  /** A cell of a region, for filters and sorting. @param {number} i @param {string} key */
  #cell(i, key) {
    return key === 'name' ? nameOf(this.regions.features[i], i) : this.regions.features[i].properties?.[key] ?? null
  }

  /** The regions that the filter leaves. @returns {Set<number>} */
  #left() {
    const every = [...this.regions.features.keys()]
    const words = this.words.trim().toLowerCase()
    if (!words) return new Set(every)
    const way = this.regions.ways.find(({ key }) => key === this.of)
    if (way) {
      const test = parse(this.words, way.kind === 'category' ? 'text' : way.kind)
      this.typed.setAttribute('aria-invalid', String(test === undefined))
      const text = (/** @type {any} */ v) => (way.kind === 'category' && v !== null ? String(v) : v)
      return test ? new Set(every.filter((i) => predicate(test)(text(this.#cell(i, way.key))))) : new Set(every)
    }
    const holds = (/** @type {any} */ v) => v !== null && v !== undefined && String(v).toLowerCase().includes(words)
    return new Set(every.filter((i) => holds(nameOf(this.regions.features[i], i)) || Object.values(this.regions.features[i].properties ?? {}).some(holds)))
  }

  #ask() {
    this.words = this.typed.value
    this.length = LISTED
    this.turn.setAttribute('aria-pressed', String(this.descending))
    this.typed.removeAttribute('aria-invalid')
    this.regions.filter(this.#left())
    this.#list()
  }

  #list() {
    const { regions } = this
    let rows = [...regions.kept]
    if (this.order) rows = sorted(rows, (/** @type {number} */ i) => this.#cell(i, this.order), this.descending)
    else if (this.descending) rows.reverse()
    // A track stands where the first of its regions would.
    if (this.byTrack) rows = [...new Map(rows.flatMap((i) => (regions.trackOf.has(i) ? [[regions.trackOf.get(i), i]] : [])).reverse()).values()].reverse()
    const value = (/** @type {number} */ i) => {
      const key = this.order && this.order !== 'name' ? this.order : this.of
      const cell = key ? this.#cell(i, key) : null
      return cell === null ? '' : typeof cell === 'number' ? shortNumber(cell) : String(cell)
    }
    this.rows = new Map(rows.slice(0, this.length).map((i) => [i,
      el('button', { type: 'button', class: 'roi-name', tabindex: '-1', title: (!this.byTrack && whereOf(regions.features[i])) || null, onclick: () => regions.choose(this.byTrack ? this.#now(i) : i) },
        this.byTrack ? this.#trackSaid(i) : nameOf(regions.features[i], i), value(i) && !this.byTrack ? el('span', { class: 'overlay-value', text: ` ${value(i)}` }) : null)]))
    this.list.replaceChildren(...[...this.rows.values()].map((button) => el('li', {}, button)))
    this.more.hidden = rows.length <= this.length
    this.mark(regions.chosen, false)
    this.say()
  }

  /** The region of a track that is seen now, else the one given: a track that is chosen does not move time. @param {number} i */
  #now(i) {
    const track = this.regions.tracks[this.regions.trackOf.get(i) ?? -1]
    return track?.members.find((n) => this.regions.features[n].properties?.t === this.regions.view.t) ?? i
  }

  /** @param {number} i a region of the track */
  #trackSaid(i) {
    const track = this.regions.tracks[this.regions.trackOf.get(i) ?? 0]
    const [first, last] = [track.points[0].t, track.points[track.points.length - 1].t]
    return `Track ${track.key}: ${count(track.members.length)} points, t ${first + 1}–${last + 1}`
  }

  /** How many there are, and how many of them on this plane. */
  say() {
    const { features, kept, here } = this.regions
    const all = kept.size === features.length ? '' : `${count(kept.size)} of ${count(features.length)} regions`
    const now = here.length === kept.size ? '' : `${count(here.length)} in this view`
    const text = [all, now].filter(Boolean).join(', ')
    this.counted.hidden = !text
    if (this.counted.textContent !== text) this.counted.textContent = text
  }

  /** Marks the chosen one, brings it into the list's window, tells its properties. @param {number} index @param {boolean} [scroll] */
  mark(index, scroll = true) {
    const first = this.rows.keys().next().value
    // In a list of tracks, the track of the chosen region is the chosen one.
    const { trackOf } = this.regions
    const row = this.byTrack ? [...this.rows.keys()].find((i) => trackOf.has(index) && trackOf.get(i) === trackOf.get(index)) : index
    for (const [i, button] of this.rows) {
      button.setAttribute('aria-pressed', String(i === row))
      button.tabIndex = i === row || (i === first && !this.rows.has(row ?? -1)) ? 0 : -1
    }
    const button = this.rows.get(row ?? -1)
    if (scroll && button) this.list.scrollTop += button.getBoundingClientRect().top - this.list.getBoundingClientRect().top - this.list.clientHeight / 2
    const feature = this.regions.features[index]
    this.told.hidden = !feature
    const facts = feature ? Object.entries({ where: whereOf(feature), ...feature.properties }).filter(([key, v]) => v !== null && v !== '' && !['z', 't', 'c', 'colour', 'color', 'stroke'].includes(key)) : []
    this.told.replaceChildren(...facts.flatMap(([key, v]) => [el('dt', { text: key }), el('dd', { text: typeof v === 'number' ? shortNumber(v) : String(v) })]))
  }

  /** @param {KeyboardEvent} e */
  #keys(e) {
    if (e.key === 'Escape') return this.regions.choose(-1)
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity })
    if (!(e.key in steps)) return
    const buttons = [...this.rows.values()]
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const to = buttons[Math.max(0, Math.min(buttons.length - 1, at + steps[e.key]))]
    e.preventDefault()
    e.stopPropagation() // arrows here move in the list, not in the image
    for (const button of buttons) button.tabIndex = button === to ? 0 : -1
    to?.focus()
  }

  /** @param {import('./plate-colours.js').Way | undefined} way @param {import('./plate-colours.js').Colouring | null} made */
  legend(way, made) {
    this.by.value = way?.key ?? ''
    if (!made) return this.key.replaceChildren()
    const bar = el('span', { class: 'overlay-ramp', 'aria-hidden': 'true' })
    if (made.ramp) bar.style.background = `linear-gradient(to right, ${made.ramp.colours.map((c) => this.regions.visible(c)).join(', ')})`
    const { ramp } = made
    this.key.replaceChildren(
      ...(ramp ? [el('li', { class: 'overlay-scale' }, bar, el('span', { class: 'overlay-ends' }, el('span', { text: shortNumber(ramp.low) }), el('span', { text: ramp.kind === 'linear' ? '' : ramp.kind }), el('span', { text: shortNumber(ramp.high) })))] : []),
      ...made.legend.filter(({ n }) => n).map(({ colour, label, n }) => line(colour && this.regions.visible(colour), label, n)))
  }

  state() {
    return { rf: this.words, rp: this.words && this.of, ro: this.order, rd: this.descending ? '1' : null, rl: this.byTrack === (this.regions.tracks.length > 0 && this.regions.trackOf.size === this.regions.features.length) ? null : this.byTrack ? 't' : 'r' }
  }

  /** @param {Map<string, string>} parts */
  restore(parts) {
    const known = (/** @type {string | undefined} */ key) => (key && (key === 'name' || this.regions.ways.some((way) => way.key === key)) ? key : '')
    this.toggle.checked = this.regions.shown
    this.words = this.typed.value = parts.get('rf') ?? ''
    this.of = this.property.value = known(parts.get('rp'))
    this.order = this.sorting.value = known(parts.get('ro'))
    this.descending = parts.get('rd') === '1'
    if (this.tails) this.tails.value = this.regions.tail
    const { tracks, trackOf, features } = this.regions
    this.byTrack = this.rowsOf !== null && (parts.has('rl') ? parts.get('rl') === 't' : tracks.length > 0 && trackOf.size === features.length)
    if (this.rowsOf) this.rowsOf.value = this.byTrack ? 'tracks' : ''
    this.turn.setAttribute('aria-pressed', String(this.descending))
    this.regions.kept = this.#left()
    this.#list()
  }
}
