// Wells or samples that a reader selects, two to four, to see their images side by side below the grid. Which are selected, and
// whether they are seen, stands in the address.

import { el, intoView } from './dom.js'
import { say } from './plate-words.js'
import { readHash, targetHash } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {import('./viewer-chooser.js').Field} Field */
/** @typedef {{word: string, words: string, named: (sample: string | null) => string | null, image: (target: Target) => Field | undefined, shown: (target: Target) => {element: HTMLElement, link: HTMLElement}[],
 *   told: (target: Target) => string, view: () => View | null, changed: (step: boolean) => void, moved: (view: string) => void}} Grid
 *   `named`: the sample that an address means; `shown`: where the grid has it; `told`: what is said of it beside its name; `view`: one of an image like these */

export const MOST = 4

/** As the address has it: a name's own comma is escaped once more than the ones between names. @param {Target} target */
const written = (target) => encodeURIComponent(targetHash(target))

/** @param {Target} a @param {Target} b */
const same = (a, b) => a.sample === b.sample && a.field === b.field
/** @param {Target} target */
export const spoken = ({ sample, field }) => `${sample}${field > 1 ? `, field ${field}` : ''}`

export class Selection {
  /** @param {Grid} grid @param {HTMLElement} after what comes before the images side by side */
  constructor(grid, after) {
    this.grid = grid
    /** @type {Target[]} */
    this.list = []
    this.mode = this.comparing = false
    this.asked = 0
    this.host = el('section', { class: 'side-by-side wide', hidden: true, 'aria-label': `${grid.words[0].toUpperCase()}${grid.words.slice(1)} side by side` })
    after.after(this.host)
    /** @type {any[]} what marks the selected */
    this.ticks = []
  }

  /** The button, and what it leads to. @param {HTMLElement} place */
  tools(place) {
    const { word, words } = this.grid
    this.button = el('button', { type: 'button', class: 'tool', 'aria-pressed': 'false', text: 'Select', onclick: () => this.#mode(!this.mode),
      title: `Select ${words} to compare them: press this, then ${words}; or Space on a ${word}, or a click with Shift` })
    this.compareButton = el('button', { type: 'button', class: 'button primary', onclick: () => this.#compared(!this.comparing) })
    this.chips = el('ul', { class: 'selected-list' })
    this.says = el('p', { class: 'selected-says', role: 'status' })
    this.bar = el('div', { class: 'selected-bar', role: 'group', 'aria-label': `Selected ${words}`, hidden: true }, this.chips, this.says, this.compareButton,
      el('button', { type: 'button', class: 'tool', text: 'Clear', onclick: () => { this.set([]); this.button?.focus() } }))
    place.append(el('div', { class: 'plate-select' }, this.button))
    place.after(this.bar)
    place.hidden = false
    this.draw()
  }

  hash() {
    return this.list.length ? `sel=${this.list.map(written).join(',')}${this.comparing ? '&cmp=1' : ''}` : ''
  }

  /** As an address asks; its parts are taken out. @param {Map<string, string>} parts */
  follow(parts) {
    const asked = (parts.get('sel') ?? '').split(',').filter(Boolean).map((text) => readHash(text).target)
      .map(({ sample, field }) => ({ sample: this.grid.named(sample), field })).filter((t) => this.grid.image(t))
    const list = asked.filter((t, i) => asked.findIndex((other) => same(t, other)) === i).slice(0, MOST)
    this.comparing = parts.get('cmp') === '1' && list.length > 1
    parts.delete('sel')
    parts.delete('cmp')
    this.list = list
    this.draw()
  }

  /** @param {Target} target */
  toggle(target) {
    const on = !this.list.some((t) => same(t, target))
    if (on && !this.grid.image(target)) return this.#say(`${spoken(target)} has no image to compare.`)
    if (on && this.list.length >= MOST) return this.#say(`${MOST} are selected: leave one out to select ${spoken(target)}.`)
    this.set(on ? [...this.list, target] : this.list.filter((t) => !same(t, target)))
  }

  /** @param {Target[]} list @param {boolean} [compare] whether they are shown side by side at once */
  set(list, compare = this.comparing) {
    this.list = list
    this.comparing = compare && list.length > 1
    this.draw()
    this.grid.changed(compare)
  }

  /** @param {boolean} on */
  #compared(on) {
    this.comparing = on && this.list.length > 1
    this.draw()
    this.grid.changed(true)
    if (!on) this.compareButton?.focus()
  }

  /** @param {boolean} on */
  #mode(on) {
    this.mode = on
    this.draw()
  }

  /** @param {string} text */
  #say(text) {
    if (this.bar) this.bar.hidden = false
    if (this.says) this.says.textContent = text
  }

  draw() {
    const { list, grid } = this
    for (const tick of this.ticks) tick.remove()
    for (const { element, link } of this.marked ?? []) {
      element.classList.remove('selected')
      say(link, 'selected', '')
    }
    this.marked = list.flatMap((target, i) => grid.shown(target).map((cell) => {
      const tick = el('span', { class: 'well-tick', 'aria-hidden': 'true', text: String(i + 1) })
      cell.element.classList.add('selected')
      cell.link.append(tick)
      this.ticks.push(tick)
      say(cell.link, 'selected', `selected, ${i + 1} of ${list.length}`)
      return cell
    }))
    if (!this.bar || !this.button || !this.compareButton || !this.chips || !this.says) return
    this.button.setAttribute('aria-pressed', String(this.mode))
    this.bar.hidden = !list.length && !this.mode
    this.chips.replaceChildren(...list.map((target, i) => el('li', {}, el('button', { type: 'button', class: 'chip', title: 'Leave out', onclick: () => {
      this.toggle(target)
      const next = this.chips?.querySelectorAll('button')[Math.min(i, this.list.length - 1)]
      ;(next ?? this.button)?.focus()
    } }, el('b', { text: String(i + 1), 'aria-hidden': 'true' }), el('span', { class: 'visually-hidden', text: 'Leave out' }), ` ${spoken(target)} `, el('span', { 'aria-hidden': 'true', text: '×' })))))
    this.says.textContent = !list.length ? `Choose two to ${MOST} ${grid.words}.` : list.length === 1 ? `Choose one to ${MOST - 1} more.` : ''
    this.compareButton.hidden = list.length < 2
    this.compareButton.textContent = this.comparing ? 'Close the comparison' : `Compare ${list.length}`
  }

  // --- side by side ---

  /** Opens or closes what is selected, as it now is. @param {Map<string, string>} parts what the address asks of the view @param {boolean} [scroll] */
  async show(parts, scroll = false) {
    const wanted = this.comparing ? this.list.map(targetHash).join(',') : ''
    if (wanted && wanted === this.open && this.comparison) return parts.size ? this.comparison.stages[0]?.go(parts) : undefined
    const asked = ++this.asked
    const keep = this.comparison?.stages[0]?.view ?? this.grid.view()
    this.comparison?.close()
    this.comparison = null
    this.open = wanted
    this.host.hidden = !wanted
    this.host.replaceChildren()
    if (!wanted) return
    const [{ sideBySide }, { compareAddress }, { referenceHere }] = await Promise.all([import('./viewer-compare.js'), import('./viewer-compared.js'), import('./viewer-resolve.js')])
    if (asked !== this.asked) return
    const { list } = this
    const own = el('a', { text: 'On a page of its own' })
    const address = (/** @type {string} */ view) => (own.href = compareAddress(list.map((t) => referenceHere(targetHash(t))).filter(Boolean), view))
    address('')
    const images = el('div', { class: 'compare' })
    this.host.append(el('header', { class: 'side-by-side-head' }, el('h2', { text: list.map(spoken).join(' · ') }), own,
      el('button', { type: 'button', class: 'tool', text: 'Close', onclick: () => this.#compared(false) })), images)
    if (scroll) intoView(this.host)
    const moved = (/** @type {string} */ view) => {
      if (asked !== this.asked) return
      address(view)
      this.grid.moved(view)
    }
    const made = await sideBySide(images, list.map((target, i) => ({
      name: spoken(target),
      find: async () => ({ image: /** @type {Field} */ (this.grid.image(target)),
        title: [el('span', { class: 'well-tick', text: String(i + 1) }), el('b', { text: spoken(target) }), ' ', el('span', { class: 'compared-licence', text: this.grid.told(target) })] }),
      out: () => el('button', { type: 'button', class: 'compared-remove chip', 'aria-label': `Leave out ${spoken(target)}`, text: 'Leave out', onclick: () => this.toggle(target) }),
    })), { parts, keep, moved })
    if (asked !== this.asked) return made.close()
    this.comparison = made
    moved(made.stages[0]?.hash() ?? '')
    if (scroll) intoView(this.host)
  }

  /** The view of what is side by side, for what is opened after it. */
  get view() {
    return this.comparison?.stages[0]?.view ?? null
  }
}
