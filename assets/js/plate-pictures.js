// The pictures on a plate's wells: of which field, of which channel. A sheet holds one of each for all wells; the page shows the
// first, and any other is fetched when a reader asks for it.

import { count, el, svg } from './dom.js'
import { say } from './plate-words.js'

/** @typedef {{src: string, cell: number, columns: number, rows: number, field?: number, channel?: number, wells?: string[], without?: string[]}} Sheet
 *   `channel` from 0; none: the shown ones in colour. `wells` in the order of its cells, or, where they lie as in the first sheet, those it is `without` */
/** @typedef {{channels: [string, string][], sheets: Sheet[]}} Sheets name and colour of each channel */
/** @typedef {{field: number, channel: number | null}} Seen */

/** More ways than this are a list to open, not chips. */
const MOST_CHIPS = 6

export class Pictures {
  /** @param {HTMLElement[]} cells @param {Sheets | undefined} told of the page @param {() => void} changed a reader chose something that the address should keep */
  constructor(cells, told, changed) {
    this.cells = cells
    this.channels = told?.channels ?? []
    this.sheets = told?.sheets ?? []
    this.changed = changed
    /** @type {Map<Sheet, Map<string, number>>} */
    this.places = new Map()
    this.fields = [...new Set(this.sheets.map(fieldOf))].sort((a, b) => a - b)
    /** @type {Seen} */
    this.start = { field: this.fields[0] ?? 1, channel: null }
    /** @type {Seen} what is shown */
    this.seen = { ...this.start }
    /** @type {Seen} what is asked for */
    this.wanted = { ...this.start }
    this.asked = 0
  }

  /** The field that a well opens with. */
  get field() {
    return this.seen.field
  }

  /** The controls, where there is something to choose. @param {HTMLElement} place */
  tools(place) {
    const numbers = [...new Set(this.sheets.flatMap(({ channel }) => channel ?? []))].sort((a, b) => a - b)
    if (this.sheets.length < 2) return
    this.status = el('p', { class: 'plate-pictured', role: 'status' })
    this.choices = [
      this.fields.length > 1 && choice('Field', 'picture-field', this.fields.map((n) => ({ value: String(n), text: count(n) })),
        (value) => this.#choose({ field: Number(value), channel: this.wanted.channel })),
      numbers.length > 0 && choice('Channel', 'picture-channel', [
        { value: '', text: 'In colour', title: 'The channels that are shown at first, in their colours' },
        ...numbers.map((n) => ({ value: String(n), text: this.#name(n), colour: this.channels[n]?.[1] })),
      ], (value) => this.#choose({ field: this.wanted.field, channel: value === '' ? null : Number(value) })),
    ].filter((c) => c !== false)
    place.append(...this.choices.map(({ element }) => element))
    place.after(this.status)
    place.hidden = false
    this.#told()
  }

  hash() {
    const { field, channel } = this.wanted
    const text = (field === this.start.field ? '' : `f${field}`) + (channel === null ? '' : `c${channel + 1}`)
    return text ? `pic=${text}` : ''
  }

  /** As an address asks; its part is taken out. @param {Map<string, string>} parts */
  follow(parts) {
    const [, field, channel] = /^(?:f(\d+))?(?:c(\d+))?$/.exec(parts.get('pic') ?? '') ?? []
    parts.delete('pic')
    const next = { field: Number(field ?? this.start.field), channel: channel ? Number(channel) - 1 : null }
    const there = this.#of(next).length ? next : { ...this.start }
    if (there.field === this.wanted.field && there.channel === this.wanted.channel) return
    this.wanted = there
    this.show()
  }

  /** @param {Seen} next */
  #choose(next) {
    // Of the last fields of many there may be no picture of each channel alone.
    this.wanted = this.#of(next).length ? next : { field: next.field, channel: null }
    this.changed()
    return this.show()
  }

  /** @param {Seen} seen */
  #of({ field, channel }) {
    return this.sheets.filter((s) => fieldOf(s) === field && (s.channel ?? null) === channel)
  }

  /** @param {number} channel */
  #name(channel) {
    return this.channels[channel]?.[0] ?? `channel ${channel + 1}`
  }

  /** @param {Seen} seen */
  #words({ field, channel }) {
    return [this.fields.length > 1 && `field ${count(field)}`, channel === null ? this.channels.length > 0 && 'in colour' : this.#name(channel)].filter(Boolean).join(', ')
  }

  /** @param {Sheet} sheet @returns {Map<string, number>} well → its cell */
  #places(sheet) {
    let at = this.places.get(sheet)
    if (!at) {
      at = sheet.wells ? new Map(sheet.wells.flatMap((well, i) => (well ? [/** @type {[string, number]} */ ([well, i])] : [])))
        : new Map(this.#places(this.sheets[0]))
      for (const well of sheet.without ?? []) at.delete(well)
      this.places.set(sheet, at)
    }
    return at
  }

  async show() {
    const asked = ++this.asked
    const [wanted, sheets] = [this.wanted, this.#of(this.wanted)]
    for (const c of this.choices ?? []) c.set(this.wanted)
    if (this.status) this.status.textContent = `Fetching the pictures: ${this.#words(wanted)} …`
    try {
      // What is there stays until all of the new is.
      await Promise.all(sheets.map(({ src }) => Object.assign(new Image(), { src }).decode()))
    } catch {
      if (asked !== this.asked) return
      this.wanted = { ...this.seen }
      for (const c of this.choices ?? []) c.set(this.wanted)
      if (this.status) this.status.textContent = `The pictures (${this.#words(wanted)}) could not be fetched. Choose them again to try again.`
      return
    }
    if (asked !== this.asked) return
    this.seen = { ...wanted }
    for (const cell of this.cells) this.#draw(cell, sheets)
    this.#told()
  }

  /** @param {HTMLElement} cell @param {Sheet[]} sheets */
  #draw(cell, sheets) {
    const link = cell.querySelector('a')
    const well = cell.dataset.well ?? ''
    const sheet = sheets.find((s) => this.#places(s).has(well))
    let picture = link?.querySelector('svg')
    cell.classList.toggle('pictured', Boolean(sheet))
    if (link) say(link, 'picture', sheet ? '' : `no picture of field ${count(this.seen.field)}`)
    if (!link || !sheet) return picture?.remove()
    const at = this.#places(sheet).get(well) ?? 0
    if (!picture) link.prepend(picture = svg('svg', { class: 'well-picture', 'aria-hidden': 'true' }, svg('image')))
    const size = sheet.cell
    picture?.setAttribute('viewBox', `${(at % sheet.columns) * size} ${Math.floor(at / sheet.columns) * size} ${size} ${size}`)
    const image = picture?.querySelector('image')
    for (const [name, value] of Object.entries({ href: sheet.src, width: sheet.columns * size, height: sheet.rows * size })) image?.setAttribute(name, String(value))
  }

  /** What is shown, in words. */
  #told() {
    for (const c of this.choices ?? []) {
      c.set(this.wanted)
      c.able((name, value) => name === 'picture-field' || value === '' || this.#of({ field: this.wanted.field, channel: Number(value) }).length > 0)
    }
    if (!this.status) return
    const sheets = this.#of(this.seen)
    const n = this.cells.filter((cell) => sheets.some((s) => this.#places(s).has(cell.dataset.well ?? ''))).length
    const missing = this.cells.length - n
    this.status.replaceChildren(`Shown: ${this.#words(this.seen)}. `, ...(missing ? [el('span', { class: 'swatch swatch-unpictured' }), ` ${count(missing)} of ${count(this.cells.length)} wells have no such picture.`] : []))
  }
}

/** @param {Sheet} sheet */
const fieldOf = (sheet) => sheet.field ?? 1

/**
 * One of several ways: chips for a few, a list for many.
 * @param {string} label @param {'picture-field' | 'picture-channel'} name @param {{value: string, text: string, title?: string, colour?: string}[]} ways @param {(value: string) => void} choose
 * @returns {{element: HTMLElement, set: (seen: Seen) => void, able: (can: (name: string, value: string) => boolean) => void}}
 */
function choice(label, name, ways, choose) {
  const valueOf = (/** @type {Seen} */ { field, channel }) => (name === 'picture-field' ? String(field) : channel === null ? '' : String(channel))
  if (ways.length > MOST_CHIPS) {
    const options = ways.map(({ value, text }) => el('option', { value, text }))
    const select = el('select', { onchange: () => choose(select.value) }, ...options)
    return {
      element: el('label', {}, el('span', { text: label }), ' ', select), set: (seen) => (select.value = valueOf(seen)),
      able: (can) => options.forEach((option) => (option.disabled = !can(name, option.getAttribute('value') ?? ''))),
    }
  }
  /** @type {HTMLInputElement[]} */
  const inputs = ways.map(({ value }) => el('input', { type: 'radio', name, value, class: 'visually-hidden', onchange: () => choose(value) }))
  const chips = ways.map(({ text, title, colour }, i) => {
    const dot = colour ? el('span', { class: 'picture-dot' }) : null
    if (dot) dot.style.background = colour
    return el('label', { class: 'picture-chip', title }, inputs[i], dot, el('span', { text }))
  })
  return {
    element: el('fieldset', { class: 'picture-choice' }, el('legend', { text: label }), el('div', {}, ...chips)),
    set: (seen) => inputs.forEach((input) => (input.checked = input.value === valueOf(seen))),
    able: (can) => inputs.forEach((input) => (input.disabled = !can(name, input.value))),
  }
}
