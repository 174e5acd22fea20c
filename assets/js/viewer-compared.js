// Images that a reader puts beside each other: kept for this tab, two to four of them, then seen on `compare/`.

import { atRoot, el } from './dom.js'
import { dialog } from './viewer-controls.js'
import { isReference } from './viewer-resolve.js'

const KEY = 'slidecase-compare'
export const MOST = 4

/** @returns {string[]} */
export function compared() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((text) => typeof text === 'string' && isReference(text)).slice(0, MOST) : []
  } catch {
    return []
  }
}

/** @param {string[]} references */
function keep(references) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(references))
  } catch { /* storage refused: the list lives as long as its dialog */ }
}

/** Where images are seen side by side. @param {string[]} references @param {string} [hash] */
export const compareAddress = (references, hash = '') => `${atRoot('compare/')}?images=${references.map(encodeURIComponent).join(',')}${hash ? `#${hash}` : ''}`

/** @param {string} reference */
const spoken = (reference) => decodeURIComponent(reference.replace(/^(images|studies)\//, '').replace(/\/$/, '').replace('/#', ' '))

/** Adds the image of a viewer, and says what is there. @param {import('./viewer-stage.js').Stage} stage */
export function addCompared(stage) {
  let list = compared()
  if (!list.includes(stage.reference)) list = [...list, stage.reference].slice(-MOST)
  keep(list)
  const names = el('ul', { class: 'viewer-compared' })
  const go = el('a', { class: 'viewer-button viewer-link', text: 'Compare' })
  const hint = el('p', { class: 'viewer-note' })
  const show = () => {
    names.replaceChildren(...list.map((reference) => el('li', {}, el('span', { text: spoken(reference) }),
      el('button', { type: 'button', class: 'channel-tool', text: 'Remove', 'aria-label': `Remove ${spoken(reference)}`, onclick: () => { list = list.filter((r) => r !== reference); keep(list); show() } }))))
    go.hidden = list.length < 2
    go.href = compareAddress(list, stage.hash())
    go.textContent = `Compare ${list.length} images`
    hint.textContent = list.length < 2 ? 'Open another image and press Compare there: it is put beside this one.' : `Up to ${MOST} images share window, plane and place.`
  }
  show()
  const opened = dialog('Compare', names, hint, go)
  stage.root.append(opened)
  opened.addEventListener('close', () => opened.remove())
  opened.showModal()
}
