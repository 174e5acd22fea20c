// Colours the cells of a grid by what a reader asks: what the page tells of each, or any column of the component's table.

import { debounce, el } from './dom.js'
import { Rows } from './plate-rows.js'
import { say } from './plate-words.js'

/** @typedef {import('./plate-colours.js').Way & {read?: boolean}} Way `read`: from the table */
/** @typedef {{shown: {element: HTMLElement, link: HTMLElement, value?: HTMLElement}[], told: Record<string, any>, at: number, hit: boolean}} Cell
 *   `shown`: where it is drawn, and where its value is written; `told`: what the page tells of it; `at`: its row in the table from 0, or -1 */

/** @param {string} key @param {string} value */
const part = (key, value) => (value ? [`${key}=${encodeURIComponent(value)}`] : [])

export class Paint {
  /**
   * @param {Cell[]} cells @param {any} data page-data @param {string} word what the cells are, in the plural
   * @param {(why: string) => void} changed a reader chose something that the address should keep
   */
  constructor(cells, data, word, changed) {
    this.cells = cells
    this.word = word
    this.changed = changed
    this.rows = data.table ? new Rows(data.table) : null
    /** @type {Way[]} */
    this.ways = data.colour_by ?? []
    /** @type {Way[]} */
    this.columns = (data.table?.columns ?? []).filter((/** @type {any[]} */ [name]) => !this.ways.some((w) => w.key === name))
      .map((/** @type {any[]} */ [name, kind, label]) => ({ key: name, label: label ?? name, kind, read: true }))
    this.by = this.look = this.scale = ''
    this.asked = 0
    this.legend = document.querySelector('.plate-legend')
    this.legendBefore = [...this.legend?.childNodes ?? []]
    this.twin = document.getElementById('twin')
    this.lines = this.twin instanceof HTMLTableElement ? [...this.twin.tBodies[0].rows] : []
  }

  /** The select. @param {HTMLElement} place */
  tools(place) {
    if (!this.ways.length && !this.columns.length) return
    const option = (/** @type {Way} */ { key, label }) => el('option', { value: key, text: label })
    const group = (/** @type {string} */ label, /** @type {Way[]} */ ways) => ways.length > 0 && el('optgroup', { label }, ...ways.map(option))
    const [flags, others] = [this.ways.filter((w) => w.kind === 'flag'), this.ways.filter((w) => w.kind !== 'flag')]
    this.select = el('select', { onchange: () => this.#choose({ by: this.select.value, look: '', scale: '' }) },
      el('option', { value: '', text: 'what was found' }), ...others.map(option), group('Phenotypes', flags),
      group('Numbers', this.columns.filter((w) => w.kind === 'number')), group('Columns of the table', this.columns.filter((w) => w.kind !== 'number')))
    this.status = el('span', { class: 'plate-status', role: 'status' })
    place.append(el('label', {}, el('span', { text: 'Colour by' }), ' ', this.select), this.status)
    place.hidden = false
  }

  /** The part of the address that says how the grid is coloured; it begins with `by`. */
  hash() {
    const way = this.#way()
    return way ? [...part('by', way.kind === 'flag' ? way.label : way.key), ...part('value', this.look), ...part('scale', this.scale)].join('&') : ''
  }

  /** As an address asks; its parts are taken out. @param {Map<string, string>} parts */
  follow(parts) {
    const [by, look, scale] = ['by', 'value', 'scale'].map((key) => {
      const value = parts.get(key) ?? ''
      parts.delete(key)
      return value
    })
    const way = [...this.ways, ...this.columns].find((w) => w.key === by) ?? this.ways.find((w) => w.label === by)
    const next = { by: way?.key ?? '', look: way ? look : '', scale: way ? scale : '' }
    if (next.by === this.by && next.look === this.look && next.scale === this.scale) return
    Object.assign(this, next)
    this.show()
  }

  #way() {
    return [...this.ways, ...this.columns].find((w) => w.key === this.by)
  }

  /** @param {{by?: string, look?: string, scale?: string}} next */
  #choose(next) {
    Object.assign(this, next)
    this.changed('colour')
    return this.show()
  }

  async show() {
    const way = this.#way()
    const asked = ++this.asked
    if (this.select) this.select.value = this.by
    // Colours and their legend are fetched with the first colouring.
    const palette = way ? await Promise.all([import('./plate-colours.js'), import('./plate-legend.js')]) : null
    if (asked !== this.asked) return
    /** @type {any[]} */
    let column = []
    if (way?.read && this.rows) {
      if (this.status) this.status.textContent = `Reading ${way.label} …`
      try {
        column = await this.rows.column(way.key)
      } catch (error) {
        if (asked !== this.asked) return
        if (this.status) this.status.textContent = `${way.label} could not be read: ${/** @type {Error} */ (error).message}. Choose it again to try again.`
        return
      }
      if (asked !== this.asked) return
    }
    if (this.status) this.status.textContent = ''
    this.#paint(palette, way, way ? this.#cells(way, column) : [])
    this.#twin(way?.read ? way : null, column)
  }

  /** @param {Way} way @param {any[]} column */
  #cells(way, column) {
    return this.cells.map(({ told, at }) => (way.read ? column[at] : told[way.key]) ?? null)
  }

  /** What each cell has of a way to colour it. @param {string} key @returns {Promise<any[]>} */
  async values(key) {
    const way = [...this.ways, ...this.columns].find((w) => w.key === key)
    return way ? this.#cells(way, way.read && this.rows ? await this.rows.column(key) : []) : []
  }

  /**
   * @param {[typeof import('./plate-colours.js'), typeof import('./plate-legend.js')] | null} palette
   * @param {Way | undefined} way @param {any[]} values one a cell
   */
  #paint(palette, way, values) {
    const colours = way && palette ? palette[0].colouring(way, values, { scale: this.scale, look: this.look }) : null
    this.cells.forEach(({ shown, hit }, i) => {
      const colour = colours?.of(values[i]) ?? null
      const value = way && (way.kind === 'flag' ? (values[i] ? 'yes' : 'no') : values[i] === null ? 'no value' : String(values[i]).slice(0, 200))
      for (const { element, link, value: told } of shown) {
        element.classList.toggle('coloured', Boolean(way))
        element.classList.toggle('no-value', Boolean(way) && way?.kind !== 'flag' && colour === null)
        // The mark of a phenotype found says nothing about what is asked, except where that is a phenotype the well has.
        element.classList.toggle('hit', hit && (!way || (way.kind === 'flag' && Boolean(values[i]))))
        if (colour) element.style.setProperty('--well-colour', colour)
        else element.style.removeProperty('--well-colour')
        const said = way ? `${way.label}: ${value}` : ''
        if (told) told.textContent = said
        else say(link, 'colour', said)
        if (said) link.title = `${link.dataset.name ?? element.dataset.well ?? ''} · ${said}`
        else link.removeAttribute('title')
      }
    })
    if (!(this.legend instanceof HTMLElement)) return
    if (!colours || !way || !palette) return this.legend.replaceChildren(...this.legendBefore)
    // Some marks are on the wells whatever the colour, and so is their meaning below.
    const stays = this.legendBefore.flatMap((n) => (n instanceof Element ? [...n.querySelectorAll('[data-stays]')] : []))
      .map((n) => /** @type {Element} */ (n.cloneNode(true)))
    const typed = debounce((text) => this.#choose({ look: text }), 150)
    palette[1].draw(this.legend, colours, {
      label: way.label, cells: this.word, stays, look: this.look, scale: this.scale,
      setLook: (text) => (document.activeElement instanceof HTMLInputElement ? typed(text) : this.#choose({ look: text })),
      setScale: (scale) => this.#choose({ scale }),
    })
  }

  /** The grid's table twin has the chosen column too. @param {Way | null} way @param {any[]} column */
  #twin(way, column) {
    if (!(this.twin instanceof HTMLTableElement)) return
    for (const cell of this.twin.querySelectorAll('.twin-added')) cell.remove()
    if (!way) return
    this.twin.tHead?.rows[0].append(el('th', { scope: 'col', class: `twin-added${way.kind === 'number' ? ' number' : ''}`, text: way.label }))
    this.lines.forEach((row, i) => {
      const value = column[i] ?? null
      row.append(el('td', { class: `twin-added${way.kind === 'number' ? ' number' : ''}`, text: value === null ? '–' : String(value) }))
    })
  }
}
