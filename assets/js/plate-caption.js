// The line above the viewer of a plate or dataset: which well or sample is open, the ones before and after it that have images, and
// the way back to the grid.

import { count, el } from './dom.js'
import { imageOf } from './viewer-resolve.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {import('./viewer-chooser.js').Field} Field */
/** @typedef {{word: string, place: string, names: () => string[], fields: (sample: string | null) => Field[], told: (target: Target) => string, choose: (target: Target) => void, back: () => void}} Around
 *   `place` is what the grid is called; `names` has all samples in their order; `told` is said of one beside its name */

export class Caption {
  /** @param {Around} around */
  constructor(around) {
    this.around = around
    const { word, place } = around
    this.said = el('p', { class: 'viewer-caption-said' })
    this.before = el('button', { type: 'button', class: 'viewer-button', onclick: () => this.#step(-1) })
    this.after = el('button', { type: 'button', class: 'viewer-button', onclick: () => this.#step(1) })
    this.element = el('div', { class: 'viewer-caption wide', role: 'group', 'aria-label': `The ${word} in the viewer`, hidden: true }, this.before, this.after, this.said,
      el('button', { type: 'button', class: 'viewer-button', text: `Back to the ${place}`, onclick: () => around.back() }))
  }

  /** @param {Target} target the one that is open; one without an image hides the line */
  show(target) {
    const { fields, told, word } = this.around
    const own = fields(target.sample)
    this.element.hidden = !imageOf(own, target.field)
    if (this.element.hidden) return
    this.target = target
    const field = own.length > 1 ? `field ${count(target.field)} of ${count(own.length)}` : ''
    this.said.replaceChildren(el('b', { text: target.sample ?? '' }), [field, told(target)].filter(Boolean).map((text) => ` · ${text}`).join(''))
    this.said.title = this.said.textContent
    for (const [button, by, sign, which] of /** @type {[any, number, string, string][]} */ ([[this.before, -1, '‹', 'Previous'], [this.after, 1, '›', 'Next']])) {
      const to = this.#beside(by)
      button.textContent = sign
      button.title = to === null ? `No ${word} with images ${by < 0 ? 'before' : 'after'} this one` : `${which} ${word} with images: ${to}`
      button.setAttribute('aria-label', button.title)
      // Not `disabled`: who has just pressed it stays where they are.
      button.setAttribute('aria-disabled', String(to === null))
    }
  }

  /** @param {number} by @returns {string | null} */
  #beside(by) {
    const { names, fields } = this.around
    const pictured = names().filter((name) => fields(name).length)
    const at = pictured.indexOf(this.target?.sample ?? '')
    return at < 0 ? null : pictured[at + by] ?? null
  }

  /** @param {number} by */
  #step(by) {
    const sample = this.#beside(by)
    const field = this.target?.field ?? 1
    if (sample !== null) this.around.choose({ sample, field: imageOf(this.around.fields(sample), field) ? field : 1 })
  }
}

/** A name whatever its case and its leading zeros: `b02` is `B2`. @param {string} name */
const plain = (name) => name.toUpperCase().replace(/(^|\D)0+(?=\d)/g, '$1')

/** The sample that an address means: the one with that name, else the only one that differs by case or leading zeros. @param {string[]} names @param {string | null} asked @returns {string | null} */
export function meant(names, asked) {
  if (asked === null || names.includes(asked)) return asked
  const like = [...new Set(names.filter((name) => plain(name) === plain(asked)))]
  return like.length === 1 ? like[0] : null
}
