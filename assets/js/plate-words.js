// What a cell of a grid is called, for those who hear it: its own words, then what its colour, its picture and a choice add.

import { el } from './dom.js'

/** @typedef {{own: string | null, added: Map<string, string>, hidden: HTMLElement | null}} Told */

/** @type {WeakMap<HTMLElement, Told>} */
const told = new WeakMap()

/** @param {HTMLElement} link @returns {Told} */
function of(link) {
  const known = told.get(link) ?? { own: link.getAttribute('aria-label'), added: new Map(), hidden: null }
  told.set(link, known)
  return known
}

/** The words of a cell alone. @param {HTMLElement} link */
export const ownWords = (link) => of(link).own ?? ''

/** @param {HTMLElement} link @param {'colour' | 'picture' | 'selected'} about @param {string} words none take them away */
export function say(link, about, words) {
  const { own, added } = of(link)
  if ((added.get(about) ?? '') === words) return
  if (words) added.set(about, words)
  else added.delete(about)
  const all = ['colour', 'picture', 'selected'].flatMap((key) => added.get(key) ?? [])
  if (own !== null) return link.setAttribute('aria-label', [own, ...all].join('; '))
  // What is called by the text in it has its words there, where readers do not see them.
  const known = of(link)
  known.hidden ??= el('span', { class: 'visually-hidden' })
  link.append(/** @type {HTMLElement} */ (known.hidden))
  if (known.hidden) known.hidden.textContent = all.map((w) => `; ${w}`).join('')
}
