// A plate's page: a well is chosen by click, key or address; its facts stand in the panel, its fields in the viewer; the
// grid is coloured by what the reader asks.

import { el, intoView, pageData } from './dom.js'
import { colouring } from './plate-colours.js'
import { Chooser } from './viewer-chooser.js'
import { hashOf, readHash } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */

class Plate {
  /** @param {HTMLTableElement} table @param {any} data */
  constructor(table, data) {
    this.table = table
    this.wells = data.wells ?? {}
    /** @type {{key: string, label: string, kind: 'category' | 'number' | 'flag'}[]} */
    this.ways = data.colour_by ?? []
    this.panel = document.getElementById('well') ?? el('aside', { id: 'well', class: 'well-panel', 'aria-live': 'polite' })
    if (!this.panel.isConnected) table.after(this.panel)
    this.hint = [...this.panel.childNodes]
    /** @type {Target} */
    this.target = { sample: null, field: 1 }
    /** @type {Set<Element>} wells with a phenotype, as the page marks them */
    this.hits = new Set(table.querySelectorAll('td.hit'))
    this.by = ''
    this.view = ''
    /** @type {ChildNode[]} */
    this.legendBefore = []
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
    this.#tools()
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
    this.#colour(parts.get('by') ?? '')
    parts.delete('by')
    this.#show(this.cell(target.sample) ? target : { sample: null, field: 1 }, parts)
  }

  /** @param {Target} target */
  choose(target) {
    this.view = ''
    const opened = this.#show(target, new Map())
    this.#keep(true)
    // The viewer stands below the grid: it comes as far into view as it must, so that the grid stays where both fit.
    opened?.then(() => this.chooser && !this.chooser.root.hidden && hashOf(target, '') === hashOf(this.target, '') && intoView(this.chooser.root))
  }

  /** @param {boolean} step whether the reader can come back here */
  #keep(step) {
    const hash = hashOf(this.target, [this.view, this.by && `by=${encodeURIComponent(this.by)}`].filter(Boolean).join('&'))
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
    this.panel.replaceChildren(...content, ...(chips ? [chips] : []))
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

  // --- colours ---

  #tools() {
    if (!this.ways.length) return
    const given = document.querySelector('.plate-tools')
    const tools = given instanceof HTMLElement ? given : el('div', { class: 'plate-tools' })
    if (!given) this.table.before(tools)
    this.select = el('select', { onchange: () => { this.#colour(this.select.value); this.#keep(false) } },
      el('option', { value: '', text: 'what was found' }), ...this.ways.map(({ key, label }) => el('option', { value: key, text: label })))
    tools.replaceChildren(el('label', {}, el('span', { text: 'Colour by' }), ' ', this.select))
    tools.hidden = false
    this.legend = document.querySelector('.plate-legend')
    this.legendBefore = [...this.legend?.childNodes ?? []]
  }

  /** @param {string} key */
  #colour(key) {
    const way = this.ways.find((w) => w.key === key)
    this.by = way ? key : ''
    if (this.select) this.select.value = this.by
    const cells = /** @type {HTMLElement[]} */ ([...this.table.querySelectorAll('td[data-well]')])
    const values = cells.map((td) => this.wells[td.dataset.well ?? '']?.[key] ?? null)
    const colours = way ? colouring(way, values) : null
    cells.forEach((td, i) => {
      const colour = colours?.of(values[i]) ?? null
      td.classList.toggle('coloured', Boolean(way))
      // The mark of a phenotype found says nothing about what is asked, except where that is a phenotype the well has.
      td.classList.toggle('hit', this.hits.has(td) && (!way || (way.kind === 'flag' && Boolean(values[i]))))
      if (colour) td.style.setProperty('--well-colour', colour)
      else td.style.removeProperty('--well-colour')
    })
    if (!this.legend) return
    if (!colours) return this.legend.replaceChildren(...this.legendBefore)
    // Some marks are on the wells whatever the colour, and so is their meaning below.
    const stays = this.legendBefore.flatMap((n) => (n instanceof Element ? [...n.querySelectorAll('[data-stays]')] : [])).map((n) => n.cloneNode(true))
    this.legend.replaceChildren(el('ul', {}, ...colours.legend.map(({ colour, label, n }) => {
      const swatch = el('span', { class: 'swatch' })
      if (colour) swatch.style.background = colour
      return el('li', {}, swatch, ` ${label} `, el('span', { class: 'count', text: n === null ? '' : String(n) }))
    }), ...stays))
  }
}

const table = document.querySelector('table.plate')
if (table instanceof HTMLTableElement) new Plate(table, pageData()).start()
