// The legend of a coloured grid: a bar with its numbers, or a line a value.

import { count, el, svg } from './dom.js'
import { between } from './plate-colours.js'

/** @typedef {import('./plate-colours.js').Colouring} Colouring */
/** @typedef {import('./plate-colours.js').Ramp} Ramp */

const [WIDTH, BARS, HEIGHT] = [300, 28, 12]
const NAMES = { linear: 'Linear', log: 'Logarithmic', diverging: 'Zero in the middle' }

/** A number as a legend writes it. @param {number} n */
export function short(n) {
  if (n === 0) return '0'
  const size = Math.abs(n)
  return size >= 1e6 || size < 1e-3 ? n.toExponential(1) : size >= 1e3 ? count(Math.round(n)) : String(Number(n.toPrecision(3)))
}

/** @param {Ramp & {part: (n: number) => number}} ramp */
function bar(ramp) {
  const most = Math.max(1, ...ramp.bins)
  const step = WIDTH / ramp.bins.length
  const drawn = svg('svg', { class: 'ramp', viewBox: `0 0 ${WIDTH} ${BARS + HEIGHT}`, 'aria-hidden': 'true' },
    ...ramp.bins.map((n, i) => svg('rect', { class: 'ramp-bar', x: i * step + 0.5, y: BARS - (n / most) * (BARS - 2), width: step - 1, height: (n / most) * (BARS - 2) })),
    ...Array.from({ length: 60 }, (_, i) => svg('rect', { x: (i * WIDTH) / 60, y: BARS, width: WIDTH / 60 + 0.5, height: HEIGHT, fill: between(ramp.colours, (i + 0.5) / 60) })),
    svg('path', { class: 'ramp-median', d: `M${ramp.part(ramp.median) * WIDTH} ${BARS - 4}v${HEIGHT + 8}` }))
  return drawn
}

/**
 * @param {HTMLElement} host @param {Colouring} colours @param {{label: string, cells: string, stays: Element[],
 *   look: string, setLook: (text: string) => void, scale: string, setScale: (kind: string) => void}} about
 *   `cells`: what is coloured, in the plural
 */
export function draw(host, colours, { label, cells, stays, look, setLook, setScale }) {
  const parts = []
  if (colours.ramp) {
    const ramp = /** @type {Ramp & {part: (n: number) => number}} */ (colours.ramp)
    const beyond = [[ramp.below, 'below'], [ramp.above, 'above']].filter(([n]) => n).map(([n, where]) => `${count(/** @type {number} */ (n))} ${where}`)
    const select = ramp.kinds.length > 1 && el('label', { class: 'ramp-scale' }, el('span', { text: 'Scale' }), ' ',
      el('select', { onchange: (/** @type {Event} */ e) => setScale(/** @type {HTMLSelectElement} */ (e.target).value) },
        ...ramp.kinds.map((kind) => el('option', { value: kind, selected: kind === ramp.kind, text: NAMES[kind] }))))
    parts.push(el('figure', { class: 'ramp-figure' },
      el('figcaption', {}, el('b', { text: label }), ` of ${count(ramp.n)} ${cells}`),
      bar(ramp),
      el('div', { class: 'ramp-ends', 'aria-hidden': 'true' }, el('span', { text: short(ramp.low) }), el('span', { text: short(ramp.high) })),
      el('p', { class: 'ramp-words', text: `Least ${short(ramp.min)}, median ${short(ramp.median)} (line), most ${short(ramp.max)}.` +
        (beyond.length ? ` ${beyond.join(' and ')} the ends of the scale have its end colours.` : '') }), select || null))
  } else if (look || colours.values.length) parts.push(search(colours, look, setLook, cells))
  const lines = colours.legend.map(({ colour, label: words, n, value }) => {
    const swatch = el('span', { class: colour ? 'swatch' : 'swatch swatch-none' })
    if (colour) swatch.style.background = colour
    const inside = [swatch, ` ${words} `, el('span', { class: 'count', text: count(n) })]
    return el('li', {}, ...(value === undefined ? inside
      : [el('button', { type: 'button', class: 'legend-value', title: 'Show these alone', onclick: () => setLook(value) }, ...inside)]))
  })
  // Typing goes on while the legend is drawn anew.
  const typing = host.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement ? document.activeElement : null
  const caret = typing?.selectionStart ?? null
  host.replaceChildren(...parts, el('ul', {}, ...lines, ...stays))
  const input = typing && host.querySelector('input')
  if (input) {
    input.focus()
    if (caret !== null) input.setSelectionRange(caret, caret)
  }
}

/** @param {Colouring} colours @param {string} look @param {(text: string) => void} setLook @param {string} cells */
function search(colours, look, setLook, cells) {
  const options = colours.values.slice(0, 2000).map((value) => el('option', { value }))
  const input = el('input', { type: 'search', list: 'legend-values', value: look, autocomplete: 'off', spellcheck: 'false', placeholder: 'a value, or a part of one',
    oninput: (/** @type {Event} */ e) => setLook(/** @type {HTMLInputElement} */ (e.target).value) })
  return el('div', { class: 'legend-search' }, el('label', {}, el('span', { text: 'Find a value' }), ' ', input), el('datalist', { id: 'legend-values' }, ...options),
    el('span', { role: 'status', text: colours.lit === null ? `${count(colours.values.length)} different values` : `${count(colours.lit)} ${cells}` }),
    look ? el('button', { type: 'button', class: 'tool', text: 'Show all', onclick: () => setLook('') }) : null)
}
