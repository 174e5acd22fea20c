// A plate's page: a well is chosen by click, key or address; its facts stand in the panel, its fields in the viewer; the
// grid is coloured by what the reader asks.

import { el, intoView, pageData } from './dom.js'
import { Paint } from './plate-paint.js'
import { Annotation } from './plate-rows.js'
import { Chooser } from './viewer-chooser.js'
import { hashOf, readHash } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */

class Plate {
  /** @param {HTMLTableElement} table @param {any} data */
  constructor(table, data) {
    this.table = table
    this.wells = data.wells ?? {}
    this.panel = document.getElementById('well') ?? el('aside', { id: 'well', class: 'well-panel', 'aria-live': 'polite' })
    if (!this.panel.isConnected) table.after(this.panel)
    this.hint = [...this.panel.childNodes]
    /** @type {Target} */
    this.target = { sample: null, field: 1 }
    this.view = ''
    const cells = /** @type {HTMLElement[]} */ ([...table.querySelectorAll('td[data-well]')])
    const order = data.table?.order ?? cells.map((td) => td.dataset.well)
    /** @type {Map<string, number>} a well's row in the table */
    this.at = new Map(order.slice(0, data.table?.rows ?? 0).map((/** @type {string} */ well, /** @type {number} */ i) => [well, i]))
    this.paint = new Paint(cells.map((element) => ({
      element, link: /** @type {HTMLElement} */ (element.querySelector('a')), told: this.wells[element.dataset.well ?? ''] ?? {},
      at: this.at.get(element.dataset.well ?? '') ?? -1, hit: element.classList.contains('hit'),
    })), data, 'wells', () => this.#keep(false))
    this.annotation = this.paint.rows && new Annotation(this.paint.rows)
    const root = document.getElementById('viewer')
    this.chooser = root ? new Chooser(root, this.wells, (target, view) => {
      if (hashOf(target, '') !== hashOf(this.target, '')) return // a well left meanwhile
      this.view = view
      this.#keep(false)
    }) : null
  }

  start() {
    // Cards inside the grid are for readers without scripts; here their content moves to the panel.
    ;(this.table.closest('.plate-view') ?? this.table).classList.add('plate-live')
    this.paint.tools()
    this.#zoom()
    const links = this.links()
    links.forEach((link, i) => (link.tabIndex = i ? -1 : 0))
    this.table.addEventListener('click', (e) => {
      const link = e.target instanceof Element && e.target.closest('td.well > a')
      if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return
      e.preventDefault() // the page would jump to put the well at its top
      this.choose({ sample: link.closest('td')?.dataset.well ?? null, field: 1 })
    })
    this.table.addEventListener('keydown', (e) => this.#key(e))
    addEventListener('hashchange', () => this.follow())
    addEventListener('popstate', () => this.follow())
    this.follow()
  }

  links() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.table.querySelectorAll('td.well > a')])
  }

  /** @param {string | null} well @returns {HTMLTableCellElement | null} */
  cell(well) {
    return well === null ? null : [...this.table.querySelectorAll('td')].find((td) => td.dataset.well === well) ?? null
  }

  /** Shows what the address names. */
  follow() {
    const { target, parts } = readHash(location.hash)
    this.paint.follow(parts)
    this.#show(this.cell(target.sample) ? target : { sample: null, field: 1 }, parts)
  }

  /** @param {Target} target */
  choose(target) {
    this.view = ''
    const opened = this.#show(target, new Map())
    this.#keep(true)
    // On a phone the panel stands below the grid.
    if (this.panel.getBoundingClientRect().top > innerHeight - 80) intoView(this.panel)
    // The viewer stands below the grid: it comes as far into view as it must, so that the grid stays where both fit.
    opened?.then(() => this.chooser && !this.chooser.root.hidden && hashOf(target, '') === hashOf(this.target, '') && intoView(this.chooser.root))
  }

  /** @param {boolean} step whether the reader can come back here */
  #keep(step) {
    const hash = hashOf(this.target, [this.paint.hash(), this.view].filter(Boolean).join('&'))
    const address = hash ? `#${hash}` : location.pathname + location.search
    if (step) history.pushState(null, '', address)
    else history.replaceState(history.state, '', address)
  }

  /** @param {Target} target @param {Map<string, string>} parts */
  #show(target, parts) {
    this.target = target
    for (const td of this.table.querySelectorAll('td.chosen')) {
      td.classList.remove('chosen')
      td.querySelector('a')?.removeAttribute('aria-current')
    }
    const td = this.cell(target.sample)
    if (td) {
      td.classList.add('chosen')
      const link = td.querySelector('a')
      link?.setAttribute('aria-current', 'true')
      if (link) this.#tabTo(link)
    }
    this.#facts(td, target)
    return this.chooser?.choose(target, parts)
  }

  /** @param {HTMLTableCellElement | null} td @param {Target} target */
  #facts(td, target) {
    if (!td) return this.panel.replaceChildren(...this.hint)
    const card = td.querySelector('.well-card')
    const content = card ? [...card.cloneNode(true).childNodes] : [el('h2', { text: target.sample ?? '' })]
    const fields = this.chooser?.fields(target.sample) ?? []
    const chips = fields.length > 1 ? el('div', { class: 'well-fields', role: 'group', 'aria-label': 'Fields of view' }, ...fields.map((field, i) =>
      el('button', { type: 'button', class: 'chip', 'aria-pressed': String(i + 1 === target.field), title: field.name, text: `Field ${i + 1}`,
        onclick: () => this.choose({ sample: target.sample, field: i + 1 }) }))) : null
    const at = this.at.get(target.sample ?? '')
    const all = this.annotation && at !== undefined ? [this.annotation.element(at)] : []
    this.panel.replaceChildren(...content, ...(chips ? [chips] : []), ...all)
  }

  // --- the grid by keys: one stop for Tab, arrows inside ---

  /** @param {HTMLAnchorElement} link */
  #tabTo(link) {
    for (const other of this.links()) other.tabIndex = other === link ? 0 : -1
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const td = e.target instanceof Element ? e.target.closest('td') : null
    const moves = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] })
    const move = moves[e.key]
    const row = td?.parentElement
    if (!td || !(row instanceof HTMLTableRowElement) || (!move && e.key !== 'Home' && e.key !== 'End') || e.ctrlKey || e.metaKey || e.altKey) return
    e.preventDefault()
    const line = [...row.cells].filter((c) => c.querySelector(':scope > a'))
    let next = e.key === 'Home' ? line[0] : e.key === 'End' ? line[line.length - 1] : null
    if (move) {
      let [r, c] = [row.rowIndex, td.cellIndex]
      // A well that is missing is passed over.
      do {
        r += move[0]
        c += move[1]
        next = this.table.rows[r]?.cells[c] ?? null
      } while (next && !next.querySelector(':scope > a'))
    }
    const link = next?.querySelector('a')
    if (!link) return
    this.#tabTo(link)
    link.focus()
  }

  // --- size: many columns fit a small screen only where the reader may choose between sight and touch ---

  #zoom() {
    const place = document.querySelector('.plate-tools')
    if (!(place instanceof HTMLElement) || !this.table.matches('.plate-24, .plate-48')) return
    const scroll = /** @type {HTMLElement} */ (this.table.parentElement)
    let size = 0 // of the grid's own width; 0 is as the page has it
    const set = (/** @type {number} */ to) => {
      size = to
      if (size) this.table.style.setProperty('--plate-width', `${Math.round(size)}px`)
      else this.table.style.removeProperty('--plate-width')
      fit.setAttribute('aria-pressed', String(size > 0 && size <= scroll.clientWidth))
    }
    const by = (/** @type {number} */ factor) => () => {
      const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / scroll.scrollWidth
      set(Math.min(6000, Math.max(260, this.table.offsetWidth * factor)))
      scroll.scrollLeft = middle * scroll.scrollWidth - scroll.clientWidth / 2
    }
    const fit = el('button', { type: 'button', class: 'tool', text: 'Fit', title: 'The whole plate at once', 'aria-pressed': 'false',
      onclick: () => set(size && size <= scroll.clientWidth ? 0 : scroll.clientWidth - 8) })
    place.append(el('div', { class: 'plate-zoom', role: 'group', 'aria-label': 'Size of the grid' },
      el('button', { type: 'button', class: 'tool', 'aria-label': 'Smaller', text: '−', onclick: by(1 / 1.4) }), fit,
      el('button', { type: 'button', class: 'tool', 'aria-label': 'Larger', text: '+', onclick: by(1.4) })))
    place.hidden = false
  }
}

const table = document.querySelector('table.plate')
if (table instanceof HTMLTableElement) new Plate(table, pageData()).start()
