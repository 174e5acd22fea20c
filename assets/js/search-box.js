// The search box as a combobox (WAI-ARIA: combobox with a listbox popup, list autocomplete, nothing chosen for the
// reader). Without this script the form goes to the search page.

import { atRoot, debounce, el } from './dom.js'
import { marked } from './search-marks.js'
import { GROUPS, prepare, search } from './search.js'

let boxes = 0

export class SearchBox {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form
    this.input = /** @type {HTMLInputElement} */ (form.querySelector('input[name="q"]'))
    const { input } = this
    this.active = -1
    this.asked = 0
    /** @type {HTMLElement[]} */
    this.options = []
    const id = `search-list-${++boxes}`
    this.list = el('div', { id, class: 'search-list', role: 'listbox', 'aria-label': 'Search results', hidden: true })
    this.live = el('span', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' })
    form.append(this.list, this.live)
    for (const [name, value] of Object.entries({
      role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': id, 'aria-expanded': 'false', autocapitalize: 'off', autocorrect: 'off',
    })) input.setAttribute(name, value)
    const ask = debounce(() => this.#ask(), 150)
    input.addEventListener('input', ask)
    input.addEventListener('focus', () => {
      prepare()
      if (this.options.length) this.#open(true)
    })
    input.addEventListener('keydown', (e) => this.#key(e))
    form.addEventListener('focusout', (e) => {
      if (!form.contains(/** @type {Node | null} */ (e.relatedTarget))) this.#open(false)
    })
    // The list must not take the focus from the field before its click arrives.
    this.list.addEventListener('mousedown', (/** @type {Event} */ e) => e.preventDefault())
    addEventListener('keydown', (e) => {
      const typing = e.target instanceof HTMLElement && (e.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName))
      if (e.key !== '/' || typing || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return
      e.preventDefault()
      input.focus()
    })
  }

  async #ask() {
    const text = this.input.value.trim()
    const asked = ++this.asked
    if (text.length < 2) {
      this.#show([])
      return this.#open(false)
    }
    try {
      const found = await search(text, { limit: 8 })
      if (asked !== this.asked) return
      this.#results(text, found)
    } catch {
      if (asked !== this.asked) return
      // Offline, or a file missing: the form still goes to the search page, which says so.
      this.#show([])
      this.#open(false)
    }
  }

  /** @param {string} text @param {import('./search.js').Found} found */
  #results(text, found) {
    /** @type {HTMLElement[]} */
    const rows = []
    const best = found.results.slice(0, 12)
    if (found.instead) rows.push(el('div', { class: 'search-group search-instead', 'aria-hidden': 'true', text: `No study, gene or phenotype is called “${text}”; the nearest is “${found.instead}”` }))
    for (const [kind, heading] of Object.entries(GROUPS)) {
      const ofKind = best.filter((result) => result.kind === kind)
      if (!ofKind.length) continue
      rows.push(el('div', { role: 'group', 'aria-label': heading },
        el('div', { class: 'search-group', 'aria-hidden': 'true', text: heading }),
        ...ofKind.map((result) => this.#option(atRoot(result.address),
          el('span', { class: 'search-label' }, ...marked(result.title, text)), ' ',
          result.detail && el('span', { class: 'search-detail', text: result.detail }), ' ',
          result.why && el('span', { class: 'search-why', text: result.why })))))
    }
    if (best.length) {
      const all = new URL(this.form.action, document.baseURI)
      all.search = new URLSearchParams({ q: text }).toString()
      rows.push(this.#option(all.href, el('span', { class: 'search-label search-all', text: `All results for “${text}”` })))
    } else {
      rows.push(el('div', { class: 'search-empty', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', text: `No study, gene or phenotype is called “${text}”. Try a gene symbol, an accession or fewer words.` }))
    }
    this.#show(rows)
    this.#open(true)
    const n = best.length
    this.live.textContent = n ? `${n} ${n === 1 ? 'result' : 'results'}${found.instead ? ` for ${found.instead}` : ''}` : 'No results'
  }

  /** @param {string} href @param {...any} parts */
  #option(href, ...parts) {
    const option = el('div', { class: 'search-option', role: 'option', 'aria-selected': 'false', 'data-href': href }, ...parts)
    option.addEventListener('click', () => location.assign(href))
    option.addEventListener('mousemove', () => this.#activate(this.options.indexOf(option)))
    return option
  }

  /** @param {HTMLElement[]} rows */
  #show(rows) {
    this.list.replaceChildren(...rows)
    this.options = [...this.list.querySelectorAll('[role="option"][data-href]')]
    this.options.forEach((option, i) => (option.id = `${this.list.id}-${i}`))
    this.#activate(-1)
  }

  /** @param {boolean} open */
  #open(open) {
    this.list.hidden = !open
    this.input.setAttribute('aria-expanded', String(open))
    if (!open) this.#activate(-1)
  }

  /** @param {number} index */
  #activate(index) {
    this.options[this.active]?.setAttribute('aria-selected', 'false')
    this.active = index
    const option = this.options[index]
    if (!option) return this.input.removeAttribute('aria-activedescendant')
    option.setAttribute('aria-selected', 'true')
    option.scrollIntoView({ block: 'nearest' })
    this.input.setAttribute('aria-activedescendant', option.id)
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const open = !this.list.hidden
    const n = this.options.length
    if (e.key === 'Escape' && open) {
      e.preventDefault()
      this.#open(false)
    } else if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && n) {
      e.preventDefault()
      if (!open) this.#open(true)
      const down = e.key === 'ArrowDown'
      // From the last the field itself is next, then the first again.
      const next = this.active + (down ? 1 : -1)
      this.#activate(next >= n ? -1 : next < -1 ? n - 1 : next)
    } else if (e.key === 'Enter' && open && this.active >= 0) {
      e.preventDefault()
      location.assign(this.options[this.active].dataset.href ?? '')
    }
  }
}
