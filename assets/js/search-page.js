// The search page: every result of the address's `q`, by kind, with chips for kinds and organisms. The address holds
// the whole state.

import { atRoot, count, debounce, el } from './dom.js'
import { GROUPS, search } from './search.js'
import { marked } from './search-marks.js'

/** @typedef {import('./search.js').Result} Result */

const FIRST = 20 // results of a kind shown at first

class SearchPage {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.live = el('p', { class: 'search-summary', role: 'status' })
    this.chips = el('div', { class: 'search-chips', role: 'group', 'aria-label': 'Narrow the results' })
    this.list = el('div', { class: 'search-found' })
    root.replaceChildren(this.live, this.chips, this.list)
    this.asked = 0
    this.open = new Set()
  }

  state() {
    const from = new URLSearchParams(location.search)
    return { q: (from.get('q') ?? '').trim(), kind: from.get('kind') ?? '', organism: from.get('organism') ?? '', exactly: from.get('exactly') === '1' }
  }

  /** @param {Partial<ReturnType<SearchPage['state']>>} change @param {boolean} [step] */
  go(change, step = true) {
    const { q, kind, organism, exactly } = { ...this.state(), ...change }
    const to = new URLSearchParams()
    if (q) to.set('q', q)
    if (kind) to.set('kind', kind)
    if (organism) to.set('organism', organism)
    if (exactly) to.set('exactly', '1')
    history[step ? 'pushState' : 'replaceState'](null, '', `${location.pathname}?${to}`)
    this.show()
  }

  start() {
    const inputs = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('form.search input[name="q"]')])
    for (const input of inputs) input.value = this.state().q
    const typed = debounce((/** @type {string} */ q) => this.go({ q, kind: '', organism: '', exactly: false }, false), 300)
    for (const input of inputs) input.addEventListener('input', () => typed(input.value.trim()))
    addEventListener('popstate', () => {
      for (const input of inputs) input.value = this.state().q
      this.show()
    })
    this.show()
  }

  async show() {
    const { q, exactly } = this.state()
    const asked = ++this.asked
    const browse = document.getElementById('browse')
    if (browse) browse.hidden = q.length > 1
    if (q.length < 2) {
      this.live.textContent = q ? 'Type at least two letters.' : ''
      this.chips.replaceChildren()
      return this.list.replaceChildren()
    }
    document.title = document.title.replace(/^.*?( · |$)/, `Search: ${q}$1`)
    this.live.textContent = 'Searching …'
    try {
      const found = await search(q, { limit: 500, typos: !exactly })
      if (asked === this.asked) this.#results(q, found)
    } catch (error) {
      if (asked !== this.asked) return
      this.chips.replaceChildren()
      this.live.textContent = ''
      this.list.replaceChildren(el('p', { class: 'problem', role: 'alert', text: `The search could not run: ${/** @type {Error} */ (error).message}. Try again, or browse the lists.` }))
      if (browse) browse.hidden = false
    }
  }

  /** @param {string} q @param {import('./search.js').Found} found */
  #results(q, { results, instead }) {
    const { kind, organism } = this.state()
    const organismOf = (/** @type {Result} */ r) => (r.kind === 'gene' ? r.detail : '')
    const fits = results.filter((r) => (!kind || r.kind === kind) && (!organism || organismOf(r) === organism))
    const chip = (/** @type {string} */ text, /** @type {number} */ n, /** @type {boolean} */ on, /** @type {() => void} */ onclick) =>
      el('button', { type: 'button', class: 'chip', 'aria-pressed': String(on), onclick }, `${text} `, el('span', { class: 'count', text: count(n) }))
    const tally = (/** @type {(r: Result) => string} */ of, /** @type {Result[]} */ among) => {
      /** @type {Map<string, number>} */
      const counts = new Map()
      for (const r of among) if (of(r)) counts.set(of(r), (counts.get(of(r)) ?? 0) + 1)
      return counts
    }
    const kinds = tally((r) => r.kind, results)
    const organisms = tally(organismOf, results.filter((r) => !kind || r.kind === kind))
    this.chips.replaceChildren(
      ...Object.entries(GROUPS).filter(([k]) => kinds.has(k)).map(([k, text]) => chip(text, kinds.get(k) ?? 0, kind === k, () => this.go({ kind: kind === k ? '' : k, organism: '' }))),
      ...[...organisms].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([name, n]) => chip(name, n, organism === name, () => this.go({ organism: organism === name ? '' : name }))))
    const head = instead ? [el('p', { class: 'search-instead' }, `No study, gene or phenotype is called “${q}”; showing results for “${instead}”. `,
      el('button', { type: 'button', class: 'more', text: `Search for “${q}” as it is`, onclick: () => this.go({ exactly: true }) }))] : []
    this.live.textContent = fits.length ? `${count(fits.length)} ${fits.length === 1 ? 'result' : 'results'}` : ''
    const empty = fits.length ? [] : [el('p', { class: 'empty', text: results.length
      ? 'Nothing of this kind was found. Choose another above.'
      : `No study, gene or phenotype is called “${q}”. Try a gene symbol, an identifier, an accession, or fewer words; or browse the lists below.` })]
    const browse = document.getElementById('browse')
    if (browse) browse.hidden = results.length > 0
    // Groups stand in the order of their best result.
    const order = [...new Set(fits.map((r) => r.kind))]
    this.list.replaceChildren(...head, ...empty, ...order.map((k) => this.#group(q, k, fits.filter((r) => r.kind === k))))
  }

  /** @param {string} q @param {string} kind @param {Result[]} results */
  #group(q, kind, results) {
    const shown = this.open.has(`${q} ${kind}`) ? results : results.slice(0, FIRST)
    const more = el('button', { type: 'button', class: 'more', text: `All ${count(results.length)}`, onclick: () => {
      this.open.add(`${q} ${kind}`)
      section.replaceWith(this.#group(q, kind, results))
    } })
    const section = el('section', { class: 'search-section' }, el('h2', {}, `${GROUPS[kind]} `, el('span', { class: 'count', text: count(results.length) })),
      el('ol', { class: 'search-results' }, ...shown.map((r) => el('li', { class: 'search-result' },
        el('a', { class: 'search-label', href: atRoot(r.address) }, ...marked(r.title, q)), ' ',
        r.detail && el('span', { class: 'search-detail', text: r.detail }), ' ', r.why && el('span', { class: 'search-why', text: r.why })))),
      shown.length < results.length && more)
    return section
  }
}

const root = document.getElementById('search-root') ?? document.querySelector('main')?.appendChild(el('div', { id: 'search-root' }))
if (root instanceof HTMLElement) new SearchPage(root).start()
