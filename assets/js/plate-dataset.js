// A dataset's page: its pictures, and squares for samples without one, coloured, filtered and sorted like the wells of a plate; one
// opens in the viewer, several side by side. The list below is the page's own and their twin; squares are made from it.

import { el, pageData } from './dom.js'
import { Board } from './plate-board.js'
import { fieldStrip } from './plate-fields.js'
import { Gallery } from './plate-gallery.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {{element: HTMLElement, link: HTMLElement, value?: HTMLElement, field: number}} Shown */

const STATES = /** @type {Record<string, string>} */ ({ hit: 'phenotype found', control: 'control', empty: 'empty', failed: 'failed quality control', uncounted: 'not counted' })

class Dataset {
  /** @param {HTMLElement} root @param {HTMLTableElement} table @param {any} data */
  constructor(root, table, data) {
    this.root = root
    this.lines = [...table.tBodies[0].rows]
    this.names = this.lines.map((line) => line.cells[0]?.textContent?.trim() ?? '')
    this.heads = [...table.tHead?.rows[0].cells ?? []].map((th) => th.textContent ?? '')
    this.panel = document.getElementById('well')
    this.hint = [...this.panel?.childNodes ?? []]
    /** @type {Map<string, number>} */
    this.at = new Map(this.names.map((name, i) => /** @type {[string, number]} */ ([name, i])).reverse())
    this.gallery = document.getElementById('gallery')
    this.grid = /** @type {HTMLElement} */ (document.getElementById('cells'))
    this.pictures = this.#pictures()
    // A square says nothing that a picture does not; one alone says nothing that its line does not.
    const squares = this.lines.length > 1 && this.names.some((name) => !this.pictures.has(name))
    this.squares = squares ? this.#squares() : []
    this.rows = data.table?.rows ?? 0
    this.board = new Board({
      cells: this.names.map((name, i) => ({
        shown: this.#shown(i), told: data.rows?.[i] ?? {}, at: i < this.rows ? i : -1, hit: /\bhit\b/.test(this.lines[i].dataset.state ?? ''),
      })),
      word: 'sample', words: 'samples', place: 'grid', names: () => [...new Set((this.order?.order ?? [...this.names.keys()]).map((i) => this.names[i]))], panel: null, above: true,
      shown: ({ sample, field }) => this.#shown(this.at.get(sample ?? '') ?? -1).filter((s) => !s.field || s.field === field),
      told: ({ sample }) => this.#told(this.at.get(sample ?? '') ?? -1), show: (target) => this.#show(target),
    }, data, data.wells ?? {})
    this.order = new Gallery(this.lines.map((line, i) => ({ line, shown: this.#shown(i).map(({ element }) => element) })), this.board.paint, () => this.board.keep(false))
    this.board.parts.push(this.order)
  }

  /** The pictures of the page, sample by sample. */
  #pictures() {
    /** @type {Map<string, Shown[]>} */
    const found = new Map()
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (this.gallery?.querySelectorAll('[data-well]') ?? [])) {
      const name = element.dataset.well ?? ''
      const link = /** @type {HTMLElement} */ (element.querySelector('a'))
      const value = el('span', { class: 'gallery-value' })
      link.append(value)
      found.set(name, [...found.get(name) ?? [], { element, link, value, field: Number(element.dataset.field ?? 1) }])
    }
    return found
  }

  /** @returns {Shown[]} */
  #squares() {
    const squares = this.lines.map((line, i) => {
      const link = el('a', { href: line.id ? `#${line.id}` : null, role: line.id ? null : 'button', tabindex: i ? '-1' : '0', 'data-name': this.names[i],
        'aria-label': [this.names[i], ...this.#words(i)].join(', ') })
      const element = el('li', { class: line.dataset.state ?? 'well sample' }, link)
      if (element.classList.contains('uncounted')) link.append(el('span', { class: 'well-strike' }))
      return { element, link, field: 0 }
    })
    this.grid.append(el('ul', { class: `cells-list${squares.length > 400 ? ' cells-small' : ''}` }, ...squares.map(({ element }) => element)))
    return squares
  }

  /** What is known of a sample at once. @param {number} i */
  #words(i) {
    return (this.lines[i]?.dataset.state ?? '').split(' ').flatMap((word) => STATES[word] ?? [])
  }

  /** What is said of a sample beside its name: its genes, its marks. @param {number} i */
  #told(i) {
    const gene = this.heads.indexOf('Gene')
    const cell = gene > 0 && !this.lines[i]?.cells[gene]?.querySelector('.dash') ? this.lines[i]?.cells[gene]?.textContent?.trim() : ''
    return [cell, ...this.#words(i)].filter(Boolean).join(': ')
  }

  /** Where a sample is drawn: as a square, and in its pictures. @param {number} i @returns {Shown[]} */
  #shown(i) {
    const square = this.squares[i]
    return [...(square ? [square] : []), ...(this.at.get(this.names[i]) === i ? this.pictures.get(this.names[i]) ?? [] : [])]
  }

  start() {
    this.root.hidden = false
    this.root.classList.add('plate-live')
    const place = this.root.querySelector('.plate-tools')
    if (place instanceof HTMLElement) {
      this.board.paint.tools(place)
      this.order.tools(place)
      this.board.selection?.tools(place)
    }
    if (this.panel) this.panel.hidden = false
    this.grid.addEventListener('click', (e) => {
      const link = e.target instanceof Element && e.target.closest('a')
      if (!link) return
      e.preventDefault() // the page would jump to the sample's line in the list
      this.#act({ sample: this.names[this.squares.findIndex((s) => s.link === link)] ?? null, field: 1 }, e.ctrlKey || e.metaKey || e.shiftKey)
    })
    this.grid.addEventListener('keydown', (e) => this.#key(e))
    // A picture opens here; with Ctrl, or without scripts, its own page opens.
    this.gallery?.addEventListener('click', (e) => {
      const target = this.#pictured(e)
      if (!target || e.ctrlKey || e.metaKey) return
      e.preventDefault()
      this.#act(target, e.shiftKey)
    })
    this.gallery?.addEventListener('keydown', (e) => {
      const target = e.key === ' ' && this.#pictured(e)
      if (!target || !this.board.selection) return
      e.preventDefault()
      this.board.selection.toggle(target)
    })
    this.board.start()
  }

  /** @param {Event} e @returns {Target | null} */
  #pictured(e) {
    const picture = e.target instanceof Element && e.target.closest('[data-well]')
    return picture instanceof HTMLElement ? { sample: picture.dataset.well ?? null, field: Number(picture.dataset.field ?? 1) } : null
  }

  /** @param {Target} target @param {boolean} select */
  #act(target, select) {
    const { selection } = this.board
    if (target.sample === null) return
    if (selection && (select || selection.mode)) selection.toggle(target)
    else this.board.choose(target)
  }

  /** Marks a sample and tells of it. @param {Target} target */
  #show(target) {
    for (const { element, link } of this.marked ?? []) {
      element.classList.remove('chosen')
      link.removeAttribute('aria-current')
    }
    const i = this.at.get(target.sample ?? '') ?? -1
    this.marked = i < 0 ? [] : this.#shown(i).filter(({ field }) => !field || field === target.field)
    for (const { element, link, field } of this.marked) {
      element.classList.add('chosen')
      link.setAttribute('aria-current', 'true')
      if (!field) this.#tabTo(link)
    }
    if (!this.panel) return
    if (i < 0) return this.panel.replaceChildren(...this.hint)
    const [name, ...cells] = [...this.lines[i].cells].filter((td) => !td.classList.contains('twin-added'))
    const { annotation, chooser } = this.board
    const fields = chooser?.fields(target.sample) ?? []
    const strip = fields.length > 1 ? fieldStrip(fields, target.field, (field) => this.board.choose({ sample: target.sample, field })) : null
    this.panel.replaceChildren(el('h2', {}, ...[...name.childNodes].map((n) => n.cloneNode(true))), ...(strip ? [strip] : []),
      el('dl', { class: 'well-facts' }, ...cells.flatMap((td, at) => [el('dt', { text: this.heads[at + 1] ?? '' }), el('dd', {}, ...[...td.childNodes].map((n) => n.cloneNode(true)))])),
      ...(annotation && i < this.rows ? [annotation.element(i)] : []))
  }

  // --- squares by keys: one stop for Tab, arrows inside ---

  /** @param {HTMLElement} link */
  #tabTo(link) {
    for (const other of this.squares) if (other.link.tabIndex === 0) other.link.tabIndex = -1
    link.tabIndex = 0
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const seen = this.order.order.flatMap((i) => (this.squares[i]?.element.hidden ? [] : [this.squares[i].link]))
    const at = e.target instanceof HTMLAnchorElement ? seen.indexOf(e.target) : -1
    if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return
    if (e.key === 'Enter' || e.key === ' ') {
      e.preventDefault()
      return this.#act({ sample: this.names[this.squares.findIndex((s) => s.link === e.target)], field: 1 }, e.key === ' ' && Boolean(this.board.selection))
    }
    // Squares wrap as the width allows: a line is as long as the first one is.
    const top = seen[0].offsetTop
    const found = seen.findIndex((link) => link.offsetTop > top)
    const wide = found < 0 ? seen.length : found
    const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - wide, ArrowDown: at + wide, Home: 0, End: seen.length - 1 })
    const link = seen[moves[e.key] ?? -1]
    if (!(e.key in moves)) return
    e.preventDefault()
    if (!link) return
    this.#tabTo(link)
    link.focus()
  }
}

const root = document.getElementById('grid')
const table = document.getElementById('twin')
if (root && table instanceof HTMLTableElement && table.tBodies[0].rows.length) new Dataset(root, table, pageData()).start()
