// The list of studies: filters that stand in the address. Every row says what it is in data attributes; values of one
// attribute are joined by `|`.

import { count, debounce, el } from './dom.js'

const FIELDS = [
  ['organism', 'Organism'], ['method', 'Imaging method'], ['type', 'Study type'], ['kind', 'Kind'], ['licence', 'Licence'],
]

/** @param {HTMLElement} row @param {string} field */
const values = (row, field) => (row.dataset[field] ?? '').split('|').map((v) => v.trim()).filter(Boolean)

/** @param {HTMLElement[]} rows */
function start(rows) {
  const given = document.getElementById('study-filters')
  const form = given instanceof HTMLFormElement ? given : el('form', { id: 'study-filters' })
  if (!given) (rows[0].closest('[data-list], table, ul, ol') ?? rows[0]).before(form)
  const text = el('input', { type: 'search', name: 'q', class: 'filter-text', autocomplete: 'off', placeholder: 'Words of a title, an author …' })
  const fields = [el('label', { class: 'filter' }, el('span', { text: 'Text' }), text)]
  /** @type {Record<string, HTMLSelectElement>} */
  const selects = {}
  for (const [field, label] of FIELDS) {
    /** @type {Map<string, number>} */
    const counts = new Map()
    for (const row of rows) for (const value of new Set(values(row, field))) counts.set(value, (counts.get(value) ?? 0) + 1)
    if (counts.size < 2) continue
    const options = [...counts].sort(([a], [b]) => a.localeCompare(b, 'en')).map(([value, n]) =>
      el('option', { value, text: `${value} (${n})` }))
    selects[field] = el('select', { name: field, class: 'filter-select' }, el('option', { value: '', text: 'Any' }), ...options)
    fields.push(el('label', { class: 'filter' }, el('span', { text: label }), selects[field]))
  }
  const clear = el('button', { type: 'button', class: 'filter-clear', text: 'Clear filters', hidden: true })
  const says = el('p', { class: 'filter-count', role: 'status' })
  const empty = el('p', { class: 'empty', hidden: true, text: 'No study matches every filter. Clear one of them, or search for a gene or phenotype above.' })
  form.replaceChildren(...fields, clear)
  form.classList.add('filters')
  form.hidden = false
  form.after(says, empty)

  const read = () => {
    const from = new URLSearchParams(location.search)
    text.value = from.get('q') ?? ''
    for (const [field, select] of Object.entries(selects)) {
      const wanted = from.get(field) ?? ''
      select.value = [...select.options].some((option) => option.value === wanted) ? wanted : ''
    }
  }
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean)
    let left = 0
    for (const row of rows) {
      const all = (row.textContent ?? '').toLowerCase()
      const fits = words.every((/** @type {string} */ word) => all.includes(word)) &&
        Object.entries(selects).every(([field, select]) => !select.value || values(row, field).includes(select.value))
      row.hidden = !fits
      if (fits) left++
    }
    for (const group of document.querySelectorAll('[data-group]')) {
      // Groups that only link to studies stay: they are another way in.
      if (group instanceof HTMLElement && group.querySelector('[data-study]')) group.hidden = !group.querySelector('[data-study]:not([hidden])')
    }
    const filtered = words.length > 0 || Object.values(selects).some((select) => select.value)
    says.textContent = filtered ? `${count(left)} of ${count(rows.length)} studies` : `${count(rows.length)} studies`
    clear.hidden = !filtered
    empty.hidden = left > 0
  }
  const keep = () => {
    const to = new URLSearchParams()
    if (text.value.trim()) to.set('q', text.value.trim())
    for (const [field, select] of Object.entries(selects)) if (select.value) to.set(field, select.value)
    const query = to.toString()
    history.replaceState(history.state, '', location.pathname + (query ? `?${query}` : '') + location.hash)
  }
  const changed = () => { apply(); keep() }
  const soon = debounce(changed, 120)
  text.addEventListener('input', soon)
  form.addEventListener('change', changed)
  form.addEventListener('submit', (/** @type {Event} */ e) => { e.preventDefault(); changed() })
  clear.addEventListener('click', () => {
    text.value = ''
    for (const select of Object.values(selects)) select.value = ''
    changed()
    text.focus()
  })
  addEventListener('popstate', () => { read(); apply() })
  read()
  apply()
}

const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-study]')])
if (rows.length) start(rows)
