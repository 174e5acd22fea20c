// A gene's, protein's, compound's or antibody's page: says under which name the reader came, and shows all samples on demand.

import { atRoot, count, el } from './dom.js'

const SHOWN = 500 // rows added at once

/** The name in the address that led here: `#as=SGOL1`, as the resolver and the search write it. */
function matched() {
  const name = new URLSearchParams(location.hash.slice(1)).get('as')
  const said = document.getElementById('matched')
  const title = document.querySelector('h1')?.textContent ?? ''
  if (!said || !name || name.length > 200 || name === title) return
  // Only names that the page itself lists are said: an address cannot make a page say anything else.
  const listed = [...document.querySelectorAll('[data-name], dl.identifiers dt')].find((node) => (node.textContent ?? '').toLowerCase() === name.toLowerCase())
  if (!listed) return
  said.textContent = `Found as ${listed.textContent}.`
  said.hidden = false
}

function samples() {
  const button = document.getElementById('show-samples')
  const root = document.getElementById('samples-root')
  if (!(button instanceof HTMLButtonElement) || !root) return
  button.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    root.replaceChildren(el('p', { role: 'status', text: 'Reading …' }))
    try {
      const [{ fromCsv }, answer] = await Promise.all([import('./csv.js'), fetch('samples.csv')])
      if (!answer.ok) throw new Error(String(answer.status))
      const [, ...rows] = fromCsv(await answer.text())
      button.hidden = true
      list(root, rows)
    } catch (error) {
      button.disabled = false
      root.replaceChildren(el('p', { class: 'problem', role: 'alert', text: `The samples could not be read (${/** @type {Error} */ (error).message}). The link beside the button has the file.` }))
    }
  })
}

/** @param {HTMLElement} root @param {string[][]} rows study, component, container, sample, control, phenotypes, address */
function list(root, rows) {
  const body = el('tbody')
  const head = el('tr', {}, ...['Component', 'Plate or dataset', 'Sample', 'Control', 'Phenotypes'].map((text) => el('th', { scope: 'col', text })))
  const more = el('button', { type: 'button', class: 'button', onclick: () => add() })
  const said = el('p', { class: 'note', role: 'status' })
  let shown = 0
  const add = () => {
    for (const [study, component, container, sample, control, phenotypes, address] of rows.slice(shown, shown + SHOWN)) {
      body.append(el('tr', {}, el('th', { scope: 'row', class: 'mono', text: `${study} ${component}` }), el('td', { 'data-label': 'Plate', text: container }),
        el('td', { 'data-label': 'Sample' }, el('a', { href: atRoot(address), text: sample })), el('td', { 'data-label': 'Control', text: control === 'yes' ? 'control' : '' }),
        el('td', { 'data-label': 'Phenotypes', text: phenotypes })))
    }
    shown = Math.min(rows.length, shown + SHOWN)
    said.textContent = `${count(shown)} of ${count(rows.length)} samples`
    more.hidden = shown === rows.length
    more.textContent = `Show ${count(Math.min(SHOWN, rows.length - shown))} more`
  }
  root.replaceChildren(said, el('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'All samples' },
    el('table', { class: 'data-table stack stack-tight' }, el('thead', {}, head), body)), more)
  add()
}

matched()
addEventListener('hashchange', matched)
samples()
