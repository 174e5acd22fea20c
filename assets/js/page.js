// On every page: the theme, the phone's menu, buttons that copy, the search box.

import { atRoot, copyText } from './dom.js'
import { SearchBox } from './search-box.js'

const THEMES = ['system', 'light', 'dark']
const KEY = 'slidecase-theme'

/** The reader's choice; `system` where there is none. */
function theme() {
  try {
    const kept = localStorage.getItem(KEY)
    return kept && THEMES.includes(kept) ? kept : 'system'
  } catch {
    return 'system' // storage refused
  }
}

/** @param {string} chosen */
function show(chosen) {
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}

function themeButton() {
  let chosen = theme()
  show(chosen)
  const button = document.querySelector('.theme-toggle')
  if (!(button instanceof HTMLButtonElement)) return
  const say = () => {
    // A word that fits a phone's bar; its label says of what.
    button.textContent = { system: 'Auto', light: 'Light', dark: 'Dark' }[chosen] ?? ''
    button.setAttribute('aria-label', `Theme: ${button.textContent}`)
    button.title = 'Theme: as the system has it, light, or dark'
  }
  button.hidden = false
  say()
  button.addEventListener('click', () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length]
    try {
      if (chosen === 'system') localStorage.removeItem(KEY)
      else localStorage.setItem(KEY, chosen)
    } catch { /* shown all the same, for this page */ }
    show(chosen)
    say()
  })
  addEventListener('storage', (e) => {
    if (e.key !== KEY && e.key !== null) return
    show((chosen = theme()))
    say()
  })
}

// The menu opens and closes without scripts; here it also closes on Escape and on a tap beside it.
function menu() {
  const details = document.querySelector('details.menu')
  if (!(details instanceof HTMLDetailsElement)) return
  addEventListener('click', (e) => {
    if (details.open && !details.contains(/** @type {Node} */ (e.target))) details.open = false
  })
  details.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape' || !details.open) return
    details.open = false
    details.querySelector('summary')?.focus()
  })
}

function copies() {
  for (const button of document.querySelectorAll('button[data-copy]')) {
    if (!(button instanceof HTMLButtonElement)) continue
    const target = document.querySelector(button.dataset.copy ?? '')
    if (!target) continue
    button.hidden = false
    // Where the portal does not know its own address, the browser does.
    const { address } = button.dataset
    if (address) target.textContent = (target.textContent ?? '').replace(address, atRoot(address))
    button.addEventListener('click', () => copyText(button, target.textContent?.trim() ?? ''))
  }
}

/** What switches are on stands in the address (`#controls`), so that a link opens the page as its reader saw it. */
function switches() {
  const inputs = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[data-kept]')])
  const parts = () => new URLSearchParams(location.hash.slice(1))
  const follow = () => { for (const input of inputs) if (parts().has(input.dataset.kept ?? '')) input.checked = true }
  const keep = () => {
    const now = parts()
    for (const input of inputs) {
      if (input.checked) now.set(input.dataset.kept ?? '', '1')
      else now.delete(input.dataset.kept ?? '')
    }
    history.replaceState(history.state, '', now.size ? `#${now}` : location.pathname + location.search)
  }
  if (!inputs.length) return
  const names = new Set(inputs.map((input) => input.name))
  addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement && (target.dataset.kept || (target.name && names.has(target.name)))) keep()
  })
  addEventListener('hashchange', follow)
  follow()
}

themeButton()
menu()
copies()
switches()
// On the search page the results themselves follow what is typed.
if (!document.getElementById('search-root')) {
  for (const form of document.querySelectorAll('form.search')) if (form instanceof HTMLFormElement && form.querySelector('input[name="q"]')) new SearchBox(form)
}
