// The images of one well or sample, small: each opens in the viewer.

import { count, el } from './dom.js'

/** @typedef {import('./viewer-chooser.js').Field} Field */

/** The small picture beside an image's tiles (docs/tiles.md). @param {Field} field */
const thumbnail = ({ info }) => new URL('thumbnail.webp', new URL(info, document.baseURI)).href

/**
 * @param {Field[]} fields @param {number} chosen its number @param {(field: number) => void} choose
 * @returns {HTMLElement | null}
 */
export function fieldStrip(fields, chosen, choose) {
  if (!fields.length) return null
  const several = fields.length > 1
  return el('div', { class: `well-fields${several ? '' : ' well-field-alone'}`, role: 'group', 'aria-label': several ? `${count(fields.length)} fields of view` : 'Image' },
    ...fields.map((field, i) => {
      const number = field.field ?? i + 1
      return el('button', { type: 'button', class: 'field', 'aria-pressed': String(number === chosen || (!several && chosen === 1)), title: field.name, onclick: () => choose(number) },
        el('img', { src: thumbnail(field), alt: '', width: 112, height: 112, loading: 'lazy' }), el('span', { text: several ? `Field ${count(number)}` : field.name }))
    }))
}
