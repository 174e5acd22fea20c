// A plate's page: a well is chosen by click, key or address; its facts stand in the panel, its fields in the viewer, or several wells
// side by side; the grid shows a field and channel of each, and is coloured by what the reader asks.

import { el, pageData } from './dom.js'
import { Board } from './plate-board.js'
import { fieldStrip } from './plate-fields.js'
import { Pictures } from './plate-pictures.js'
import { ownWords } from './plate-words.js'
import { readHash } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */

class Plate {
  /** @param {HTMLTableElement} table @param {any} data */
  constructor(table, data) {
    this.table = table
    this.wells = data.wells ?? {}
    this.panel = document.getElementById('well') ?? el('aside', { id: 'well', class: 'well-panel', 'aria-live': 'polite' })
    if (!this.panel.isConnected) table.after(this.panel)
    this.hint = [...this.panel.childNodes]
    /** @type {Map<string, HTMLTableCellElement>} */
    this.cells = new Map([...table.querySelectorAll('td')].flatMap((td) => (td.dataset.well ? [[td.dataset.well, td]] : [])))
    const order = data.table?.order ?? [...this.cells.keys()]
    /** @type {Map<string, number>} a well's row in the table */
    this.at = new Map(order.slice(0, data.table?.rows ?? 0).map((/** @type {string} */ well, /** @type {number} */ i) => [well, i]))
    const link = (/** @type {HTMLElement} */ td) => /** @type {HTMLElement} */ (td.querySelector('a'))
    const shown = (/** @type {string | null} */ well) => [this.cells.get(well ?? '')].flatMap((td) => (td ? [{ element: td, link: link(td) }] : []))
    this.board = new Board({
      cells: [...this.cells].map(([well, td]) => ({ shown: shown(well), told: this.wells[well] ?? {}, at: this.at.get(well) ?? -1, hit: td.classList.contains('hit') })),
      word: 'well', words: 'wells', place: 'plate', names: () => [...this.cells.keys()], shown: ({ sample }) => shown(sample), panel: this.panel, above: false,
      told: ({ sample }) => this.#spoken(sample), show: (target) => this.#show(target),
    }, data, this.wells)
    this.pictures = new Pictures([...this.cells.values()], data.pictures, () => this.board.keep(false))
    this.board.parts.push(this.pictures)
  }

  start() {
    // Cards inside the grid are for readers without scripts; here their content moves to the panel.
    ;(this.table.closest('.plate-view') ?? this.table).classList.add('plate-live')
    const place = document.querySelector('.plate-tools')
    if (place instanceof HTMLElement) {
      this.board.paint.tools(place)
      this.pictures.tools(place)
      this.board.selection?.tools(place)
      this.#zoom(place)
    }
    const links = this.links()
    links.forEach((link, i) => (link.tabIndex = i ? -1 : 0))
    this.table.addEventListener('click', (e) => {
      const link = e.target instanceof Element && e.target.closest('td.well > a')
      if (!link || (e.target instanceof Element && e.target.closest('.well-card'))) return
      const target = this.#targetOf(link.closest('td')?.dataset.well ?? null)
      e.preventDefault() // the page would jump to put the well at its top
      const { selection } = this.board
      if (selection && (selection.mode || e.ctrlKey || e.metaKey || e.shiftKey)) selection.toggle(target)
      else this.board.choose(target)
    })
    this.table.addEventListener('keydown', (e) => this.#key(e))
    // A well's name in the table below leads to the well, and leaves the grid as it is.
    document.getElementById('twin')?.addEventListener('click', (e) => {
      const link = e.target instanceof Element && e.target.closest('a[href^="#"]')
      const { sample } = readHash(link ? link.getAttribute('href') ?? '' : '').target
      if (!this.cells.has(sample ?? '') || e.ctrlKey || e.metaKey || e.shiftKey) return
      e.preventDefault()
      this.board.choose(this.#targetOf(sample))
    })
    this.board.start()
  }

  links() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.table.querySelectorAll('td.well > a')])
  }

  /** A well as its picture in the grid shows it. @param {string | null} sample @returns {Target} */
  #targetOf(sample) {
    const { field } = this.pictures
    return { sample, field: this.board.image({ sample, field }) ? field : 1 }
  }

  /** What is said of a well, its name left out. @param {string | null} sample */
  #spoken(sample) {
    const link = this.cells.get(sample ?? '')?.querySelector('a')
    return link ? ownWords(link).replace(`${sample}: `, '') : ''
  }

  /** Marks a well and tells of it. @param {Target} target */
  #show(target) {
    for (const td of this.table.querySelectorAll('td.chosen')) {
      td.classList.remove('chosen')
      td.querySelector('a')?.removeAttribute('aria-current')
    }
    const td = this.cells.get(target.sample ?? '')
    const link = td?.querySelector('a')
    td?.classList.add('chosen')
    link?.setAttribute('aria-current', 'true')
    if (link) this.#tabTo(link)
    if (td) this.#facts(td, target)
    else this.panel.replaceChildren(...this.hint)
  }

  /** @param {HTMLTableCellElement} td @param {Target} target */
  #facts(td, target) {
    const card = td.querySelector('.well-card')
    const content = card ? [...card.cloneNode(true).childNodes] : [el('h2', { text: target.sample ?? '' })]
    const fields = this.board.chooser?.fields(target.sample) ?? []
    const strip = fieldStrip(fields, target.field, (field) => this.board.choose({ sample: target.sample, field }))
    // The strip is sharper than the picture of the card.
    const [head, ...facts] = content.filter((node) => !strip || !(node instanceof SVGElement))
    const at = this.at.get(target.sample ?? '')
    const { annotation } = this.board
    const control = this.#controlFor(td, target)
    this.panel.replaceChildren(head, ...(strip ? [strip] : []), ...(control ? [control] : []), ...facts, ...(annotation && at !== undefined ? [annotation.element(at)] : []))
  }

  /** The control that lies nearest to a well, beside which its reader may want to see it. @param {HTMLTableCellElement} td @param {Target} target */
  #controlFor(td, target) {
    const { selection } = this.board
    if (!selection || td.classList.contains('control') || !this.board.image(target)) return null
    const place = (/** @type {HTMLTableCellElement} */ c) => [/** @type {HTMLTableRowElement} */ (c.parentElement).rowIndex, c.cellIndex]
    const [r, c] = place(td)
    const kind = (/** @type {string} */ well) => String(this.wells[well]?.control_type ?? '')
    const near = [...this.cells].filter(([well, other]) => other.matches('.control:not(.empty)') && this.board.image({ sample: well, field: 1 }))
      .map(([well, other]) => ({ well, far: Math.hypot(place(other)[0] - r, place(other)[1] - c), negative: /neg|untreated|non-?targeting|scrambled|vehicle|dmso/i.test(kind(well)) }))
    const found = near.sort((a, b) => Number(b.negative) - Number(a.negative) || a.far - b.far)[0]
    if (!found) return null
    const field = this.board.image({ sample: found.well, field: target.field }) ? target.field : 1
    return el('button', { type: 'button', class: 'tool well-beside', text: `Beside ${kind(found.well) || 'control'} ${found.well}`,
      title: `Compare with the nearest ${kind(found.well) || 'control'}, ${found.well}`, onclick: () => selection.set([target, { sample: found.well, field }], true) })
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
    if (e.key === ' ' && td?.dataset.well && e.target === td.querySelector('a')) {
      e.preventDefault()
      return this.board.selection?.toggle(this.#targetOf(td.dataset.well))
    }
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

  /** @param {HTMLElement} place */
  #zoom(place) {
    if (!this.table.matches('.plate-24, .plate-48')) return
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
