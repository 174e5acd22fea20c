// A dataset's page: its samples as a grid of squares, coloured like the wells of a plate. The list below the grid is the page's own
// and its twin; the grid is made from it.

import { el, pageData } from './dom.js'
import { Paint } from './plate-paint.js'
import { Annotation } from './plate-rows.js'
import { readHash } from './viewer-state.js'

class Dataset {
  /** @param {HTMLElement} root @param {HTMLTableElement} table @param {any} data */
  constructor(root, table, data) {
    this.root = root
    this.lines = [...table.tBodies[0].rows]
    this.heads = [...table.tHead?.rows[0].cells ?? []].map((th) => th.textContent ?? '')
    this.panel = /** @type {HTMLElement} */ (document.getElementById('well'))
    this.chosen = -1
    const grid = /** @type {HTMLElement} */ (document.getElementById('cells'))
    this.links = this.lines.map((line, i) => {
      const name = line.cells[0]?.textContent?.trim() ?? ''
      const words = (line.dataset.state ?? '').split(' ').filter((w) => /^(hit|control|empty|failed|uncounted)$/.test(w))
        .map((w) => /** @type {Record<string, string>} */ ({ hit: 'phenotype found', failed: 'failed quality control', uncounted: 'not counted' })[w] ?? w)
      return el('a', { href: line.id ? `#${line.id}` : null, role: line.id ? null : 'button', tabindex: i ? '-1' : '0', 'data-name': name,
        'aria-label': [name, ...words].join(', ') })
    })
    const cells = this.links.map((link, i) => el('li', { class: this.lines[i].dataset.state ?? 'well sample' }, link))
    for (const cell of cells) if (cell.classList.contains('uncounted')) cell.firstElementChild?.append(el('span', { class: 'well-strike' }))
    grid.append(el('ul', { class: `cells-list${cells.length > 400 ? ' cells-small' : ''}` }, ...cells))
    const rows = data.table?.rows ?? 0
    this.paint = new Paint(cells.map((element, i) => ({
      element, link: this.links[i], told: data.rows?.[i] ?? {}, at: i < rows ? i : -1, hit: element.classList.contains('hit'),
    })), data, 'samples', () => this.#keep())
    this.annotation = this.paint.rows && new Annotation(this.paint.rows)
    this.rows = rows
    this.grid = grid
  }

  start() {
    this.root.hidden = false
    this.root.classList.add('plate-live')
    this.paint.tools()
    this.grid.addEventListener('click', (e) => {
      const link = e.target instanceof Element && e.target.closest('a')
      if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return
      e.preventDefault() // the page would jump to the sample's line in the list
      this.choose(this.links.indexOf(link))
    })
    this.grid.addEventListener('keydown', (e) => this.#key(e))
    addEventListener('hashchange', () => this.follow())
    this.follow()
  }

  /** Shows what the address names. */
  follow() {
    const { target, parts } = readHash(location.hash)
    this.paint.follow(parts)
    // Ids of lines are names as addresses write them.
    const id = target.sample === null ? '' : encodeURIComponent(target.sample)
    this.show(this.lines.findIndex((line) => line.id && (line.id === id || line.id === target.sample)))
  }

  /** @param {number} i */
  choose(i) {
    if (i < 0) return
    this.show(i)
    this.#keep(true)
  }

  /** @param {boolean} [step] whether a sample was chosen, which the viewer hears of */
  #keep(step = false) {
    const id = this.lines[this.chosen]?.id ?? ''
    const { target } = readHash(location.hash)
    const same = id && target.sample !== null && encodeURIComponent(target.sample) === id
    const hash = [same && target.field > 1 ? `${id}.f${target.field}` : id, this.paint.hash()].filter(Boolean).join('&')
    if (step && id && document.getElementById('viewer')) location.hash = hash
    else history.replaceState(history.state, '', hash ? `#${hash}` : location.pathname + location.search)
  }

  /** @param {number} i of a sample, or -1 */
  show(i) {
    if (i === this.chosen) return
    this.links[this.chosen]?.parentElement?.classList.remove('chosen')
    this.links[this.chosen]?.removeAttribute('aria-current')
    this.chosen = i
    const link = this.links[i]
    if (!link) return
    link.parentElement?.classList.add('chosen')
    link.setAttribute('aria-current', 'true')
    this.#tabTo(link)
    const [name, ...cells] = [...this.lines[i].cells].filter((td) => !td.classList.contains('twin-added'))
    this.panel.replaceChildren(el('h2', {}, ...[...name.childNodes].map((n) => n.cloneNode(true))),
      el('dl', { class: 'well-facts' }, ...cells.flatMap((td, at) => [el('dt', { text: this.heads[at + 1] ?? '' }), el('dd', {}, ...[...td.childNodes].map((n) => n.cloneNode(true)))])),
      ...(this.annotation && i < this.rows ? [this.annotation.element(i)] : []))
  }

  // --- the grid by keys: one stop for Tab, arrows inside ---

  /** @param {HTMLElement} link */
  #tabTo(link) {
    for (const other of this.links) if (other.tabIndex === 0) other.tabIndex = -1
    link.tabIndex = 0
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const at = e.target instanceof HTMLAnchorElement ? this.links.indexOf(e.target) : -1
    if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return
    if (e.key === 'Enter' || e.key === ' ') {
      e.preventDefault()
      return this.choose(at)
    }
    // Squares wrap as the width allows: a line is as long as the first one is.
    const top = this.links[0].offsetTop
    const found = this.links.findIndex((link) => link.offsetTop > top)
    const wide = found < 0 ? this.links.length : found
    const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - wide, ArrowDown: at + wide, Home: 0, End: this.links.length - 1 })
    const link = this.links[moves[e.key] ?? -1]
    if (!(e.key in moves)) return
    e.preventDefault()
    if (!link) return
    this.#tabTo(link)
    link.focus()
  }
}

const root = document.getElementById('grid')
const table = document.getElementById('twin')
// One square alone says nothing that its line does not.
if (root && table instanceof HTMLTableElement && table.tBodies[0].rows.length > 1) new Dataset(root, table, pageData()).start()
