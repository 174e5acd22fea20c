// Which samples of a dataset are shown, and in what order: words that their line in the list holds, and the values of any column.
// Pictures, squares and the list itself follow.

import { count, debounce, el } from './dom.js'
import { sorted } from './filters.js'

/** @typedef {import('./plate-paint.js').Paint} Paint */
/** @typedef {{line: HTMLElement, shown: HTMLElement[]}} Listed a sample's line in the list, and where else it is drawn */

/** Fewer than these are seen at a glance. */
const FEWEST = 4

export class Gallery {
  /** @param {Listed[]} samples @param {Paint} paint @param {() => void} changed */
  constructor(samples, paint, changed) {
    this.samples = samples
    this.paint = paint
    this.changed = changed
    this.words = this.sort = ''
    this.asked = 0
    this.order = samples.map((_, i) => i)
  }

  /** @param {HTMLElement} place */
  tools(place) {
    if (this.samples.length < FEWEST) return
    const soon = debounce((/** @type {string} */ text) => { this.words = text.trim(); this.#filter(); this.changed() }, 120)
    this.input = el('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: 'a gene, a phenotype …', oninput: () => soon(this.input.value) })
    const ways = [...this.paint.ways, ...this.paint.columns]
    this.select = el('select', { onchange: () => { this.sort = this.select.value; this.#sort(); this.changed() } },
      el('option', { value: '', text: 'as listed' }), el('option', { value: 'name', text: 'name' }),
      ...ways.flatMap(({ key, label, kind }) => (kind === 'flag' ? [el('option', { value: `-${key}`, text: `${label} first` })]
        : kind === 'number' ? [el('option', { value: key, text: `${label}, least first` }), el('option', { value: `-${key}`, text: `${label}, most first` })]
        : [el('option', { value: key, text: label })])))
    this.status = el('span', { class: 'plate-status', role: 'status' })
    place.append(el('label', {}, el('span', { text: 'Filter' }), ' ', this.input), el('label', {}, el('span', { text: 'Sort by' }), ' ', this.select), this.status)
    place.hidden = false
  }

  hash() {
    return [['q', this.words], ['sort', this.sort]].filter(([, value]) => value).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')
  }

  /** As an address asks; its parts are taken out. @param {Map<string, string>} parts */
  follow(parts) {
    const [words, sort] = [parts.get('q') ?? '', parts.get('sort') ?? '']
    parts.delete('q')
    parts.delete('sort')
    const known = !sort || Boolean(this.select && [...this.select.options].some((/** @type {HTMLOptionElement} */ o) => o.value === sort))
    const [before, order] = [this.words, this.sort]
    this.words = this.input ? words : ''
    this.sort = known ? sort : ''
    if (this.input && this.input.value.trim() !== this.words) this.input.value = this.words
    if (this.words !== before) this.#filter()
    if (this.sort !== order) this.#sort()
  }

  #filter() {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean)
    let left = 0
    for (const { line, shown } of this.samples) {
      const all = `${line.textContent} ${shown.map((e) => e.textContent).join(' ')}`.toLowerCase()
      const fits = words.every((word) => all.includes(word))
      left += Number(fits)
      for (const element of [line, ...shown]) element.hidden = !fits
    }
    if (this.status) this.status.textContent = words.length ? `${count(left)} of ${count(this.samples.length)} samples` + (left ? '' : ': fewer words find more') : ''
  }

  async #sort() {
    const asked = ++this.asked
    const descending = this.sort.startsWith('-')
    const key = this.sort.replace(/^-/, '')
    if (this.select) this.select.value = this.sort
    /** @type {any[]} */
    let values = []
    try {
      values = key === 'name' ? this.samples.map(({ line }) => line.querySelector('td')?.textContent?.trim()) : key ? await this.paint.values(key) : []
    } catch (error) {
      if (asked === this.asked && this.status) this.status.textContent = `The table could not be read: ${/** @type {Error} */ (error).message}. Choose it again to try again.`
      return
    }
    if (asked !== this.asked) return
    const rows = this.samples.map((_, i) => i)
    this.order = key ? sorted(rows, (i) => values[i], descending) : rows
    for (const i of this.order) for (const element of [this.samples[i].line, ...this.samples[i].shown]) element.parentElement?.append(element)
  }
}
