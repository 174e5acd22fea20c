// Making elements. Text always enters as text: nothing from content is ever parsed as HTML.

/**
 * An element. `attributes`: `class`, `text`, properties by name where the value is not a string or the name is one
 * of `value`, event handlers as `onclick` functions; null and false leave an attribute out, true writes it empty.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  set(node, attributes)
  for (const child of children) if (child != null && child !== false) node.append(child)
  return node
}

/** The same for SVG. @param {string} tag @param {Record<string, any>} [attributes] @param {...Node} children @returns {any} */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  set(node, attributes)
  node.append(...children)
  return node
}

/** @param {any} node @param {Record<string, any>} attributes */
function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue
    if (name === 'text') node.textContent = value
    else if (name === 'value') node.value = value
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else node.setAttribute(name, value === true ? '' : String(value))
  }
}

/** What the page hands to its script: `<script type="application/json" id="page-data">`. @returns {any} */
export function pageData() {
  const text = document.getElementById('page-data')?.textContent
  return text ? JSON.parse(text) : {}
}

/** Address of a root-relative path, from this page. @param {string} path */
export const atRoot = (path) => new URL((document.documentElement.dataset.root ?? './') + path, document.baseURI).href

/** 1,152 — digits grouped the same for every reader. @param {number} n */
export const count = (n) => n.toLocaleString('en-GB')

/** 84 KB. @param {number} n */
export function bytes(n) {
  const units = ['bytes', 'KB', 'MB', 'GB']
  let unit = 0
  while (n >= 1000 && unit < units.length - 1) (n /= 1000), unit++
  return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`
}

/** An empty cell: a dim dash that screen readers call "no value". */
export const noValue = () =>
  el('span', { class: 'dash' }, el('span', { 'aria-hidden': 'true', text: '–' }), el('span', { class: 'visually-hidden', text: 'no value' }))

/** Hands the reader a file. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = el('a', { href: URL.createObjectURL(blob), download: name })
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Copies a text and says so on the button for two seconds. @param {HTMLElement} button @param {string} text */
export async function copyText(button, text) {
  const before = button.textContent
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    // No clipboard outside a secure context: the address bar holds the same address.
    button.textContent = 'Copy it from the address bar'
  }
  setTimeout(() => (button.textContent = before), 2000)
}

/** Scrolls as little as shows an element, without motion where the reader wants none. @param {Element} element @param {boolean} [still] */
export function intoView(element, still = matchMedia('(prefers-reduced-motion: reduce)').matches) {
  element.scrollIntoView({ block: 'nearest', behavior: still ? 'auto' : 'smooth' })
}

/** Calls `run` once the calls have stopped for `wait` ms. @param {(...a: any[]) => void} run @param {number} wait */
export function debounce(run, wait) {
  /** @type {any} */
  let timer
  return (/** @type {any[]} */ ...args) => {
    clearTimeout(timer)
    timer = setTimeout(() => run(...args), wait)
  }
}
