// How a view is cited: what the study is, which image, its licence, and the address that shows the same again.

import { copyText, el, pageData } from './dom.js'
import { dialog } from './viewer-controls.js'

/** @typedef {{study: string, title: string, words: string, licence: string}} Cited accession, title, the study's own citation, licence's name */

/** What this page says of the study that its images belong to. @returns {Cited} */
export function cited() {
  const told = pageData().cited
  if (told) return told
  // Plates and datasets say it in their heads.
  const over = [...document.querySelectorAll('.head .over > span')].map((span) => span.textContent?.trim() ?? '')
  const title = document.querySelector('.head h1')?.textContent?.trim() ?? document.title
  const study = over[0] ?? ''
  const licence = document.querySelector('.head .over a[href^="http"]')?.textContent?.trim() ?? ''
  return { study, title, words: [title, study && `accession ${study}`].filter(Boolean).join(', '), licence }
}

/** One line beneath a saved picture. @param {import('./viewer-stage.js').Stage} stage */
export function line(stage) {
  const { study, title, licence } = cited()
  return [stage.image.name, title, study, licence].filter((part, i, all) => part && all.indexOf(part) === i).join(' · ')
}

/** @param {string} text ended as a sentence */
const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`)

/** @param {import('./viewer-stage.js').Stage} stage @returns {HTMLDialogElement} */
export function citeDialog(stage) {
  const { words, licence } = cited()
  const address = stage.link(true)
  const day = new Date().toISOString().slice(0, 10)
  const text = [sentence(words), `Image ${stage.image.name}${licence ? `, ${licence}` : ''}.`, `View: ${address} (accessed ${day}).`].join(' ')
  const box = el('p', { class: 'cite-text', tabindex: '0', text })
  const copy = el('button', { type: 'button', class: 'viewer-button', text: 'Copy', onclick: () => copyText(copy, text) })
  return dialog('Cite this view', box, el('p', { class: 'viewer-note', text: 'The address holds everything that is seen: channels, windows, plane, place. It shows the same when defaults have changed.' }), copy)
}
